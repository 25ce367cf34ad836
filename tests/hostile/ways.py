"""Attacks by addresses: redirects, odd URLs, and traps that lead on for ever."""

from __future__ import annotations

import hashlib
from itertools import combinations
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
    number = _number(visit.target, "hop", 0)
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
    _redirect("redirect-port", "a redirect to another port of the same host", "http://127.0.0.1:22/news/x", failed("only public hosts", capture="support")),
    _redirect("redirect-file", "a redirect to file:///etc/passwd", "file:///etc/passwd", _SUPPORT),
    _redirect("redirect-script", "a redirect to javascript:", "javascript:alert(1)", _SUPPORT),
    _redirect("redirect-data", "a redirect to data:", "data:text/html,<h1>x</h1>", _SUPPORT),
    _redirect("redirect-decimal", "a redirect to 127.0.0.2 as a decimal number", "http://2130706434:{port}/news/x", _SUPPORT),
    _redirect("redirect-userinfo", "a redirect to this host's name as user of another", "http://127.0.0.1@127.0.0.2:{port}/news/x", _SUPPORT),
    _redirect("redirect-backslash", "a redirect to http:\\\\127.0.0.2\\@127.0.0.1", "http:\\\\127.0.0.2:{port}\\@127.0.0.1/x", _SUPPORT),
    _redirect("redirect-no-host", "a redirect to http:///x", "http:///x", _SUPPORT),
    _redirect("redirect-broken", "a redirect to a URL that cannot be read", "http://[::1/x", _SUPPORT),
    _redirect("redirect-loop", "a redirect to itself", "/news/redirect-loop", _SUPPORT),
    Attack(name="redirect-cycle", serves="two pages that redirect to each other", way="feed", serve=_two_cycle, end=_SUPPORT),
    Attack(name="redirect-chain", serves="redirects without end, each to another URL", way="feed", serve=_long_chain, end=_SUPPORT),
    Attack(name="redirect-huge", serves="a redirect to a URL of 60 kB", way="feed", serve=_huge_location, end=_SUPPORT),
)  # fmt: skip


# --- odd URLs ----------------------------------------------------------------------------------------------------------


def _at(name: str, serves: str, link: str, path: str, end: End, *, way: Way = "feed") -> Attack:
    async def serve(visit: Visit) -> None:
        await visit.reply(article(name).encode())

    return Attack(name=name, serves=serves, way=way, link=link, path=path, serve=serve, end=end)


_LEFT_OUT = End(link="left_out", why="the path repeats itself", capture="none")

_URLS = (
    _at("url-file", "a link to file:///etc/passwd", "file:///etc/passwd", "/etc/passwd", NEVER),
    _at("url-off-site", "a link to the forbidden address", "{forbidden}/news/url-off-site", "/news/url-off-site", NEVER),
    _at("url-octal", "a link to 127.0.0.2 in octal", "http://0177.0.0.02:{port}/news/url-octal", "/news/url-octal", NEVER),
    _at("url-hex", "a link to 127.0.0.2 in hexadecimal", "http://0x7f000002:{port}/news/url-hex", "/news/url-hex", NEVER),
    _at("url-mapped", "a link to 127.0.0.2 as IPv6", "http://[::ffff:127.0.0.2]:{port}/news/url-mapped", "/news/url-mapped", NEVER),
    _at("url-port", "a link to another port of the host", "http://127.0.0.1:22/news/url-port", "/news/url-port", failed("only public hosts")),
    _at("url-user", "a link with a user and a password", "http://user:secret@127.0.0.1:{port}/news/url-user", "/news/url-user", End(capture="new")),
    _at("url-tls", "a link to TLS where there is none", "https://127.0.0.1:{port}/news/url-tls", "/news/url-tls", failed("robots.txt could not be read")),
    _at("url-too-long", "a link of 40 kB", "{root}/news/url-too-long?" + "a" * 40_000, "/news/url-too-long?" + "a" * 40_000, NEVER),
    _at("url-dots", "a link that climbs out of the site's root", "{root}/news/a/../../../../../url-dots/etc/passwd", "/url-dots/etc/passwd", _LEFT_OUT),
    _at("url-encoded-dots", "the same, percent-encoded", "{root}/news/url-encoded-dots/%2e%2e/%2e%2e%2f..%5c..%5cetc/passwd", "/news/url-encoded-dots/%2e%2e/%2e%2e%2f..%5c..%5cetc/passwd", good()),
    _at("url-nul", "a NUL, percent-encoded", "{root}/news/url-nul/%00.html", "/news/url-nul/%00.html", good()),
    _at("url-escapes", "escape sequences and line breaks, percent-encoded", "{root}/news/url-escapes/%1b%5b31m%0d%0aX-Injected:%20yes", "/news/url-escapes/%1b%5b31m%0d%0aX-Injected:%20yes", good()),
    _at("url-bidi", "bidi overrides and zero-width characters", "{root}/news/url-bidi/\u202egpj.exe\u200b", "/news/url-bidi/%E2%80%AEgpj.exe%E2%80%8B", good()),
    _at("url-formula", "a formula in the path", "{root}/news/=cmd%7C'/C calc'!A0", "/news/=cmd%7C'/C%20calc'!A0", good()),
    _at("url-markup", "markup in the query", "{root}/news/url-markup?q=<script>alert(1)</script>&b=%22'", "/news/url-markup?q=%3Cscript%3Ealert(1)%3C/script%3E&b=%22%27", good()),
)  # fmt: skip


# --- traps -------------------------------------------------------------------------------------------------------------


def _trap(name: str, serves: str, serve: Serve, most: int, *, carries: int = 1) -> Attack:
    """`most` requests are sent because of it, its own included."""
    return Attack(name=name, serves=serves, way="listing", serve=serve, end=document(most=most), carries=carries)


def _number(target: str, name: str, first: int) -> int:
    return int(parse_qs(urlsplit(target).query).get(name, [first])[0])


async def _calendar(visit: Visit) -> None:
    """A calendar of events to come, each month of which links to its days and to the next: to the end of time."""
    month = _number(visit.target, "month", 12 * 2100)
    year = f"{month // 12}/{month % 12 + 1:02}"
    days = (f"/calendar-trap/{year}/{day:02}/" for day in range(1, 6))
    await visit.reply(listing([*visit.good, *days], following=f"/doc/calendar-trap?month={month + 1}"))


async def _endless_paging(visit: Visit) -> None:
    number = _number(visit.target, "page", 1)
    links = (f"/endless-paging/{number}-{each}" for each in range(3))
    await visit.reply(listing([*visit.good, *links], following=f"/doc/endless-paging?page={number + 1}"))


async def _same_page_again(visit: Visit) -> None:
    """Every page shows the same articles, under a number one higher."""
    number = _number(visit.target, "page", 1)
    await visit.reply(listing(visit.good, following=f"/doc/same-page-again?page={number + 1}"))


async def _session_ids(visit: Visit) -> None:
    """Each link bears the session of this visit, the next page too."""
    session = hashlib.md5(str(visit.number).encode(), usedforsecurity=False).hexdigest()
    links = (f"/session-ids/{each}?PHPSESSID={session}" for each in range(3))
    await visit.reply(listing([*visit.good, *links], following=f"/doc/session-ids?PHPSESSID={session}"))


async def _facets(visit: Visit) -> None:
    """All combinations of filters."""
    filters = [f"{name}=1" for name in ("color", "size", "brand", "sort", "view", "price", "stock", "lang")]
    chosen = (each for count in range(2, 9) for each in combinations(filters, count))
    await visit.reply(listing([*visit.good, *(f"/facets?{'&'.join(each)}" for each in chosen)]))


async def _repeating_paths(visit: Visit) -> None:
    """A relative link that a broken server resolves against itself, deeper and deeper."""
    deeper = [f"/repeating-paths{'/archive/news' * depth}/" for depth in range(1, 30)]
    await visit.reply(listing([*visit.good, *deeper]))


_TRAPS = (
    _trap("calendar-trap", "a calendar that leads to the next month for ever", _calendar, 30),
    _trap("endless-paging", "a next page with new links for ever", _endless_paging, 60),
    _trap("same-page-again", "a next page with the same links for ever", _same_page_again, 2),
    _trap("session-ids", "links with another session id at each visit", _session_ids, 8),
    _trap("facets", "247 combinations of eight filters", _facets, 60),
    _trap("repeating-paths", "a path that repeats itself, thirty times", _repeating_paths, 5),
)

ATTACKS = (*_REDIRECTS, *_URLS, *_TRAPS)
