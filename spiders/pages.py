"""The pages of a crawl: which of those announced are fetched, in which order, and what became of each. No network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from archive.visits import PastVisits, Visit
from archive.warc import Found
from extract.types import Source
from spiders.discovery import Link
from spiders.gate import Gate, host_of
from spiders.links import LinkLog, State
from spiders.revisits import is_due
from spiders.window import Window

UNDER_WAY = 32
"""Most pages handed to Scrapy at a time: a request takes more memory than a link."""

_ASKED = ("request", "due")
"""What a page is found by that the user or the archive asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A page to fetch."""

    url: str
    link: str
    """The URL that was announced, of which `url` may be the redirect's target."""
    found: Found
    visit: Visit | None = None
    """What the archive knows of it, if it is fetched again."""
    hops: int = 0


class Pages:
    """What is announced goes in, what is to be fetched comes out; nothing twice, and nothing that must not be."""

    def __init__(
        self,
        source: Source,
        *,
        window: Window,
        past: PastVisits | None,
        revisit: bool,
        limit: int | None,
        gate: Gate,
        log: LinkLog,
        count: Callable[[str], None],
        now: datetime,
    ) -> None:
        """Begin with none.

        Args:
            source: whose pages they are.
            window: days wanted.
            past: what the archive holds; None: everything is fetched.
            revisit: whether articles that have come to one of the ages in `Source.revisits` are fetched again.
            limit: most pages to fetch; None: no bound.
            gate: says which URLs may be asked for.
            log: told of each link and what becomes of it.
            count: told the name of each statistic that grows by one.
            now: time of the crawl.
        """
        self._source, self._window, self._past, self._revisit = source, window, past, revisit
        self._limit, self._gate, self._log, self._count, self._now = limit, gate, log, count, now
        self._waiting: deque[Wanted] = deque()
        self._under_way = 0
        self.fetched = 0
        """Pages that have come."""

    def announce(self, link: Link, found: Found) -> None:
        """Decide whether a page is fetched, and say so in the log."""
        if self._source.skips(link.url):
            return
        found = replace(found, announced_at=link.published_at)
        if not self._gate.admits(link.url, found, trusted=found.by in _ASKED):
            return
        if self._window.excludes(link):
            self._count("warraq/outside_window")
            self._log.found(link.url, found, State.OUTSIDE)
            return
        visit = self.last_visit(link.url)
        if visit and not (self._revisit and is_due(visit, self._source.revisits, self._now)):
            self._count("warraq/known")
            self._log.found(link.url, found, State.KNOWN)
            return
        if not self._gate.budget.take_page(host_of(link.url)):
            self._count("warraq/over_limit")
            self._log.found(link.url, found, State.LIMIT)
            return
        self._gate.remember(link.url)
        self._count("warraq/discovered")
        self._count(f"warraq/discovered/{found.by}")
        if visit:
            self._count("warraq/revisits")
        self._log.found(link.url, found, State.REVISIT if visit else State.WANTED)
        self._waiting.append(Wanted(url=link.url, link=link.url, found=found, visit=visit))

    def take(self) -> Iterator[Wanted]:
        """As many of those waiting as the limit allows to be fetched or under way."""
        room = UNDER_WAY if self._limit is None else min(UNDER_WAY, self._limit - self.fetched)
        while self._waiting and self._under_way < room:
            page = self._waiting.popleft()
            if self._gate.budget.has_bytes(host_of(page.url)):
                self._under_way += 1
                yield page
            else:
                self._log.not_reached(page.link)

    def moved(self, page: Wanted, url: str, target: str) -> Wanted | None:
        """Where a page has moved; None if that is to be left alone, or was asked for before.

        Args:
            page: the page.
            url: the URL that redirects.
            target: where it leads.
        """
        if page.hops >= self._source.limits.redirects or self._source.skips(target):
            return None
        visit = self.last_visit(target)
        if visit and not page.visit:  # the archive knows the page by its other URL
            return None
        found = Found(by="redirect", via=url, announced_at=page.found.announced_at)
        if not self._gate.admits(target, found, trusted=page.found.by in _ASKED):
            return None
        self._gate.remember(target)
        return replace(page, url=target, found=found, visit=visit, hops=page.hops + 1)

    def has_come(self, page: Wanted) -> None:
        """The page is archived, whatever it is."""
        self._under_way -= 1
        self.fetched += 1
        self._count("warraq/fetched")
        self._log.fetched(page.link)

    def has_failed(self, page: Wanted, why: str, *, asked: bool = True) -> None:
        """The page did not come; `asked`: though the site was asked for it."""
        self._under_way -= 1
        if asked:
            self._count("warraq/failed")
        self._log.failed(page.link, why)

    def give_up(self) -> None:
        """The limit was reached: say of those waiting that they are not fetched."""
        for page in self._waiting:
            self._log.not_reached(page.link)

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self._limit is not None and self.fetched >= self._limit

    @property
    def is_through(self) -> bool:
        """Whether no page waits or is under way."""
        return not (self._waiting or self._under_way)

    def last_visit(self, url: str) -> Visit | None:
        """What the archive holds of a page."""
        return self._past.last(url) if self._past else None
