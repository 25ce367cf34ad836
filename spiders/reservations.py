"""Asks each host for its reservation of text and data mining, `/.well-known/tdmrep.json`, before anything of it.

TDMRep (W3C Community Group, 2024): the file is a JSON array of rules, the first that matches a URL holds for it; paths
match as in a robots.txt. It is asked for once in a run, where reservations are obeyed and robots.txt allows it. A file
that is not there, or cannot be read, reserves nothing; so says the protocol.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from extract.directives import POLICY, RESERVED, reservation
from spiders.capture import SITE_SAYS
from spiders.robots import ABOUT_US, Robots, follow, origin
from spiders.robots_txt import Pattern, forms

MAX_RULES = 1000
MAX_BYTES = 512 << 10


@dataclass(frozen=True)
class ReservationRule:
    """A rule of a `tdmrep.json`."""

    location: Pattern
    directives: tuple[str, ...]
    """What it states, as `extract.directives` writes it; nothing: there is no reservation."""


class Reservations:
    """The downloader middleware. It leaves what the file says of a request's URL in its `meta`, for the archive."""

    def __init__(self, crawler: Crawler) -> None:
        if "tdm" not in crawler.settings.getlist("WARRAQ_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._rules: dict[str, asyncio.Task[Sequence[ReservationRule]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Note what the host says of the URL."""
        if request.meta.get(ABOUT_US):
            return
        host = origin(request.url)
        if host not in self._rules:
            self._rules[host] = asyncio.ensure_future(self._ask(f"{host}/.well-known/tdmrep.json"))
        request.meta[SITE_SAYS] = said_of(await asyncio.shield(self._rules[host]), request.url)

    async def _ask(self, url: str) -> Sequence[ReservationRule]:
        robots = self._crawler.get_downloader_middleware(Robots)
        try:
            if robots:
                await robots.process_request(Request(url))
            response = await follow(self._crawler, url)
        except Exception:  # forbidden, not there, not in the replayed archive: whatever it is, nothing is said
            return ()
        return read_reservations(response.body) if response.status == 200 else ()


def read_reservations(content: bytes) -> list[ReservationRule]:
    """The rules of a file, in its order; of one that is no array of rules, none. Rules that are none are left out."""
    try:
        found: Any = json.loads(content[: MAX_BYTES + 1]) if len(content) <= MAX_BYTES else []
    except (ValueError, RecursionError):
        found = []
    rules = []
    for each in found[:MAX_RULES] if isinstance(found, list) else []:
        location, value = (each.get("location"), each.get(RESERVED)) if isinstance(each, dict) else (None, None)
        stated = reservation(str(value), each.get(POLICY)) if type(value) in (int, str) else None
        if isinstance(location, str) and stated is not None:
            rules.append(ReservationRule(Pattern.of(location.encode("utf-8", "replace")), stated))
    return rules


def said_of(rules: Sequence[ReservationRule], url: str) -> tuple[str, ...]:
    """What the first rule that matches says of a URL."""
    paths = forms(url)
    return next((rule.directives for rule in rules if any(map(rule.location.matches, paths))), ())
