"""Attacks by addresses: redirects, odd URLs, and traps that lead on for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from tests.hostile.attack import NEVER, Attack, End, Serve, Visit, Way, document, failed, good
from tests.hostile.paper import article, listing


def _to(location: str, status: str = "HTTP/1.1 302 Found") -> Serve:
    async def serve(visit: Visit) -> None:
        target = location.format(root=visit.root, forbidden=visit.forbidden, port=urlsplit(visit.root).port)
        await visit.reply(b"moved", f"Location: {target}", status=status)

    return serve


def _redirect(name: str, serves: str, location: str, end: End) -> Attack:
    return Attack(name=name, serves=serves, way="feed", serve=_to(location), end=end)


async def _long_chain(visit: Visit) -> None:
    """Each hop one further."""
    number = int(parse_qs(urlsplit(visit.target).query).get("hop", ["0"])[0])
    await visit.reply(b"moved", f"Location: /news/redirect-chain?hop={number + 1}", status="HTTP/1.1 302 Found")


async def _two_cycle(visit: Visit) -> None:
    other = "/news/redirect-cycle" if "?" in visit.target else "/news/redirect-cycle?b"
    await visit.reply(b"moved", f"Location: {other}", status="HTTP/1.1 301 Moved Permanently")


async def _huge_location(visit: Visit) -> None:
    await visit.reply(b"moved", f"Location: /news/{'a' * 60_000}", status="HTTP/1.1 302 Found")


_SUPPORT = End(link="fetched", capture="support")
"""A redirect that is archived as one and not followed."""

_REDIRECTS = (
    _redirect("redirect-off-site", "a redirect to an address of another host", "{forbidden}/news/x", _SUPPORT),
    _redirect("redirect-metadata", "a redirect to a cloud's metadata", "http://169.254.169.254/latest/meta-data/", _SUPPORT),
    _redirect("redirect-port", "a redirect to another port of the same host", "http://127.0.0.1:22/news/x", failed("", capture="support")),
    _redirect("redirect-file", "a redirect to file:///etc/passwd", "file:///etc/passwd", _SUPPORT),
    _redirect("redirect-script", "a redirect to javascript:", "javascript:alert(1)", _SUPPORT),
    _redirect("redirect-data", "a redirect to data:", "data:text/html,<h1>x</h1>", _SUPPORT),
    _redirect("redirect-decimal", "a redirect to 127.0.0.2 as a decimal number", "http://2130706434:{port}/news/x", _SUPPORT),
    _redirect("redirect-userinfo", "a redirect to this host's name as user of another", "http://127.0.0.1@127.0.0.2:{port}/news/x", _SUPPORT),
    _redirect("redirect-backslash", "a redirect to http:\\\\127.0.0.2\\@127.0.0.1", "http:\\\\127.0.0.2:{port}\\@127.0.0.1/x", End()),
    _redirect("redirect-no-host", "a redirect to http:///x", "http:///x", _SUPPORT),
    _redirect("redirect-broken", "a redirect to a URL that cannot be read", "http://[::1/x", _SUPPORT),
    _redirect("redirect-loop", "a redirect to itself", "/news/redirect-loop", End(capture="support")),
    Attack(name="redirect-cycle", serves="two pages that redirect to each other", way="feed", serve=_two_cycle, end=End(capture="support")),
    Attack(name="redirect-chain", serves="redirects without end, each to another URL", way="feed", serve=_long_chain, end=End(capture="support")),
    Attack(name="redirect-huge", serves="a redirect to a URL of 60 kB", way="feed", serve=_huge_location, end=End(capture="support")),
)  # fmt: skip


# --- odd URLs ----------------------------------------------------------------------------------------------------------


def _at(name: str, serves: str, link: str, path: str, end: End, *, way: Way = "feed") -> Attack:
    async def serve(visit: Visit) -> None:
        await visit.reply(article(name).encode())

    return Attack(name=name, serves=serves, way=way, link=link, path=path, serve=serve, end=end)


_URLS = (
    _at("url-file", "a link to file:///etc/passwd", "file:///etc/passwd", "/etc/passwd", NEVER),
    _at("url-off-site", "a link to the forbidden address", "{forbidden}/news/url-off-site", "/news/url-off-site", NEVER),
    _at("url-octal", "a link to 127.0.0.2 in octal", "http://0177.0.0.02:{port}/news/url-octal", "/news/url-octal", NEVER),
    _at("url-hex", "a link to 127.0.0.2 in hexadecimal", "http://0x7f000002:{port}/news/url-hex", "/news/url-hex", NEVER),
    _at("url-mapped", "a link to 127.0.0.2 as IPv6", "http://[::ffff:127.0.0.2]:{port}/news/url-mapped", "/news/url-mapped", NEVER),
    _at("url-port", "a link to another port of the host", "http://127.0.0.1:22/news/url-port", "/news/url-port", End(link="failed")),
    _at("url-user", "a link with a user and a password", "http://user:secret@127.0.0.1:{port}/news/url-user", "/news/url-user", End()),
    _at("url-tls", "a link to TLS where there is none", "https://127.0.0.1:{port}/news/url-tls", "/news/url-tls", End(link="failed", capture="none")),
    _at("url-too-long", "a link of 40 kB", "{root}/news/url-too-long?" + "a" * 40_000, "/news/url-too-long?" + "a" * 40_000, NEVER),
    _at("url-dots", "a link that climbs out of the site's root", "{root}/news/a/../../../../../url-dots/etc/passwd", "/url-dots/etc/passwd", End()),
    _at("url-encoded-dots", "the same, percent-encoded", "{root}/news/url-encoded-dots/%2e%2e/%2e%2e%2f..%5c..%5cetc/passwd", "/news/url-encoded-dots/%2e%2e/%2e%2e%2f..%5c..%5cetc/passwd", End()),
    _at("url-nul", "a NUL, percent-encoded", "{root}/news/url-nul/%00.html", "/news/url-nul/%00.html", good()),
    _at("url-escapes", "escape sequences and line breaks, percent-encoded", "{root}/news/url-escapes/%1b%5b31m%0d%0aX-Injected:%20yes", "/news/url-escapes/%1b%5b31m%0d%0aX-Injected:%20yes", good()),
    _at("url-bidi", "bidi overrides and zero-width characters", "{root}/news/url-bidi/\u202egpj.exe\u200b", "/news/url-bidi/%E2%80%AEgpj.exe%E2%80%8B", good()),
    _at("url-formula", "a formula in the path", "{root}/news/=cmd%7C'/C calc'!A0", "/news/=cmd%7C'/C%20calc'!A0", good()),
    _at("url-markup", "markup in the query", "{root}/news/url-markup?q=<script>alert(1)</script>&amp;b=%22'", "/news/url-markup?q=%3Cscript%3Ealert(1)%3C/script%3E&b=%22'", good()),
)  # fmt: skip


# --- traps -------------------------------------------------------------------------------------------------------------


def _trap(name: str, serves: str, serve: Serve) -> Attack:
    return Attack(name=name, serves=serves, way="listing", serve=serve, end=document(), carries=1)


async def _calendar(visit: Visit) -> None:
    """A calendar of events, each month of which links to the next: to the end of time."""
    month = int((re.search(r"month=(\d+)", visit.target) or [0, "24299"])[1])
    days = (f"/news/calendar-trap/{month // 12}/{month % 12 + 1:02}/{day:02}/" for day in range(1, 4))
    following = f"/doc/calendar-trap?month={month + 1}"
    await visit.reply(listing([*visit.good, *days], following=following))


async def _endless_paging(visit: Visit) -> None:
    number = int((re.search(r"page=(\d+)", visit.target) or [0, "1"])[1])
    links = (f"/news/endless-paging/{number}-{each}" for each in range(3))
    await visit.reply(listing([*visit.good, *links], following=f"/doc/endless-paging?page={number + 1}"))


async def _same_page_again(visit: Visit) -> None:
    """Every page shows the same articles, under a number one higher."""
    number = int((re.search(r"page=(\d+)", visit.target) or [0, "1"])[1])
    await visit.reply(listing(visit.good, following=f"/doc/same-page-again?page={number + 1}"))


async def _session_ids(visit: Visit) -> None:
    """Each link bears the session of this visit."""
    session = f"{visit.number:032x}"
    links = (f"/news/session-ids/{each}?PHPSESSID={session}" for each in range(3))
    await visit.reply(listing([*visit.good, *links], following=f"/doc/session-ids?PHPSESSID={session}"))


async def _facets(visit: Visit) -> None:
    """All combinations of filters, in any order."""
    await visit.reply(listing([*visit.good, *_filters()]))


def _filters() -> Iterator[str]:
    for color in range(4):
        for sort in ("asc", "desc"):
            for size in range(10):
                for order in range(3):
                    facets = [f"color={color}", f"sort={sort}", f"size={size}", f"brand={order}", "view=grid"]
                    yield "/news/facets?" + "&".join(facets[order:] + facets[:order])


async def _repeating_paths(visit: Visit) -> None:
    """A relative link that a broken server resolves against itself, deeper and deeper."""
    deeper = [f"/news/repeating-paths{'/archive/news' * depth}/" for depth in range(1, 30)]
    await visit.reply(listing([*visit.good, *deeper]))


_TRAPS = (
    _trap("calendar-trap", "a calendar that leads to the next month for ever", _calendar),
    _trap("endless-paging", "a next page with new links for ever", _endless_paging),
    _trap("same-page-again", "a next page with the same links for ever", _same_page_again),
    _trap("session-ids", "links with another session id at each visit", _session_ids),
    _trap("facets", "240 combinations of five filters", _facets),
    _trap("repeating-paths", "a path that repeats itself, thirty times", _repeating_paths),
)

ATTACKS = (*_REDIRECTS, *_URLS, *_TRAPS)
