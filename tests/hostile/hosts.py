"""Attacks by whole hosts of the source, each of which has one page: busy for ever, dead, or odd in its robots.txt."""

from __future__ import annotations

from itertools import repeat

from tests.hostile.attack import Attack, End, Serve, Visit, failed, good
from tests.hostile.paper import article


def _host(name: str, number: int, serves: str, robots: Serve, page: Serve | None, end: End) -> Attack:
    async def serve(visit: Visit) -> None:
        if visit.target == "/robots.txt":
            await robots(visit)
        elif not visit.target.startswith("/news/"):
            await _nothing(visit)
        elif page:
            await page(visit)
        else:
            await visit.reply(article(name).encode())

    return Attack(name=name, serves=serves, way="listing", serve=serve, end=end, host=f"127.0.0.{number}")


async def _nothing(visit: Visit) -> None:
    await visit.reply(b"", status="HTTP/1.1 404 Not Found")


async def _unavailable(visit: Visit) -> None:
    await visit.reply(b"", status="HTTP/1.1 503 Service Unavailable")


async def _come_back(visit: Visit) -> None:
    await visit.reply(b"", "Retry-After: 99999999999999999999", status="HTTP/1.1 429 Too Many Requests")


async def _endless_robots(visit: Visit) -> None:
    await visit.stream(repeat(b"User-agent: *\nDisallow: /private\n" * 1000), kind="text/plain")


async def _robots_abroad(visit: Visit) -> None:
    await visit.reply(b"", f"Location: {visit.forbidden}/robots.txt", status="HTTP/1.1 302 Found")


async def _robots_loop(visit: Visit) -> None:
    await visit.reply(b"", "Location: /robots.txt", status="HTTP/1.1 301 Moved Permanently")


ATTACKS = (
    _host("host-busy", 4, "429 with a Retry-After of three thousand billion years", _nothing, _come_back, failed("come back", capture="rejected", reason="blocked")),
    _host("host-unavailable", 5, "a robots.txt that answers 503", _unavailable, None, failed("robots.txt could not be read")),
    _host("robots-endless", 6, "a robots.txt without end", _endless_robots, None, good()),
    _host("robots-abroad", 7, "a robots.txt that redirects to a forbidden address", _robots_abroad, None, failed("robots.txt could not be read")),
    _host("robots-loop", 8, "a robots.txt that redirects to itself", _robots_loop, None, good()),
    Attack(name="host-dead", serves="a host where nobody listens", way="listing", serve=_nothing, end=failed("refused"), host="127.0.0.9"),
)  # fmt: skip
