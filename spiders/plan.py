"""Which documents a crawl reads to find articles, how far it follows them, and what stands in for one that is dead.

A scheduled crawl reads what announces the latest: feeds, REST since the watermark, listings until a page shows nothing
new, and of sitemaps what changed since the watermark. A windowed crawl reads what covers its days: REST and archives of
those days, sitemaps that may hold them, listings back to the first of them. Without a watermark or a window, that is
everything. Pure: no network, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from extract.types import Source
from spiders.discovery import Document, Kind, Link
from spiders.periods import Period, periods
from spiders.templates import fill, is_by_day, is_by_page
from spiders.window import Window

Way = Literal["feed", "sitemap", "robots", "rest", "archive", "listing"]

POSTS = 100
"""Posts in one answer of WordPress: the most it gives."""
LATE = timedelta(days=1)
"""How long before the watermark an article may be dated that was published after it: an editor sets the time."""
SETTLED = timedelta(days=7)
"""How long after its days a sitemap that states no `lastmod` may still get articles."""
_WORDPRESS = frozenset({"wordpress", "jannah", "sahifa", "newspaper"})


@dataclass(frozen=True, kw_only=True)
class Step:
    """A document to read."""

    url: str
    way: Way
    """What kind of way it belongs to."""
    via: str | None = None
    """The document that led here."""
    is_entry: bool = False
    """Whether it is the first of its way: if it says nothing, the way is dead."""
    is_guess: bool = False
    """Whether nobody named it: it is tried since another way is dead."""
    hops: int = 0
    template: str | None = None
    """What its next pages are made of; None: it names its next page itself, or has none."""
    day: date | None = None
    """The day whose archive or sitemap it is."""
    page: int = 1
    barren: int = 0
    """How many pages before it, in a row, brought nothing."""
    shown: set[str] = field(default_factory=set, compare=False, repr=False)
    """URLs that this page and those before it have shown."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A link that a page shows and none of the pages before it did."""

    at: datetime | None
    """When it was published, as far as that is known."""
    is_known: bool
    """Whether the archive held it before this crawl."""


class Plan:
    """The documents of one crawl of one source."""

    def __init__(self, source: Source, window: Window, watermark: datetime | None, now: datetime) -> None:
        """Plan a crawl.

        Args:
            source: what is crawled.
            window: days wanted; a crawl without any is a scheduled one.
            watermark: start of the last scheduled crawl whose discovery came to its end.
            now: time of this crawl.
        """
        self._source = source
        self._window = window
        self._watermark = None if window else watermark
        self._zone = ZoneInfo(source.timezone)
        self._today = now.astimezone(self._zone).date()
        self._alive: dict[str, str] = {}
        self._dead: list[tuple[Step, str]] = []
        self._others: list[str] = []
        self._pruned: list[Step] = []
        self._guesses: Iterator[Callable[[], list[Step]]] = iter((self._rest, self._home, self._every_sitemap))
        self._may_pass = False

    def entries(self) -> list[Step]:
        """The first documents, in the order in which they are to be read."""
        source = self._source
        steps = [Step(url=url, way="feed") for url in source.feeds]
        steps += [Step(url=url, way="sitemap") for url in source.sitemaps]
        steps += [self._posts(root) for root in source.rest]
        for template in source.archives:
            if is_by_day(template):
                steps += [self._archive(template, day) for day in self._days()]
            else:
                steps.append(self._archive(template, None))
        steps += [Step(url=url, way="listing") for url in source.listings]
        if not steps:
            steps = [Step(url=f"https://{domain}/", way="listing") for domain in source.domains]
        return [replace(step, is_entry=True) for step in steps]

    def sitemap_of_robots(self, url: str, robots: str) -> Step:
        """A sitemap that a robots.txt names."""
        return Step(url=url, way="robots", via=robots, is_entry=True)

    def children(self, step: Step, url: str, links: Sequence[Link]) -> list[Step]:
        """The child sitemaps of an index that may hold what is wanted, the last changed first.

        Args:
            step: the index.
            url: its URL.
            links: what it announces.
        """
        named = periods(link.url for link in links)
        steps = []
        for link in sorted(links, key=lambda link: _last_change(link, named.get(link.url)), reverse=True):
            if self._source.skips(link.url):
                continue
            period = named.get(link.url)
            day = period.first if period and period.end - period.first == timedelta(days=1) else None
            child = replace(step, url=link.url, via=url, is_entry=False, hops=step.hops + 1, day=day, shown=set())
            if self._window.excludes(link) or (period and self._window.misses(period)):
                continue
            if self._is_unchanged(link, period):
                self._pruned.append(child)
            else:
                steps.append(child)
        return steps

    def redirected(self, step: Step, url: str, target: str) -> Step:
        """Where a document has moved."""
        return replace(step, url=target, via=url, hops=step.hops + 1)

    def next_page(
        self, step: Step, document: Document, shown: Sequence[Shown], pages: int | None = None
    ) -> Step | None:
        """The page that follows, if it may hold what is wanted.

        Args:
            step: the page.
            document: what it holds.
            shown: the articles that it shows and the pages before it did not.
            pages: how many there are, if the server says so.
        """
        number = step.page + 1
        if document.kind is Kind.REST:
            goes_on = number <= pages if pages is not None else len(document.links) >= POSTS
        else:
            goes_on = bool(shown) and self._may_hold_more(step, shown)
        if not goes_on:
            return None
        url = fill(step.template, step.day, number) if step.template else document.next_url
        if url is None or (step.template and not is_by_page(step.template)):
            return None
        return replace(step, url=url, via=step.url, page=number, is_entry=False, hops=0)

    def _may_hold_more(self, step: Step, shown: Sequence[Shown]) -> bool:
        if step.day:
            return any(link.at is None or link.at.astimezone(self._zone).date() == step.day for link in shown)
        if since := self._window.since:  # a listing that shows no dates would lead back to the very first article
            return any(link.at and link.at >= since for link in shown)
        return not self._watermark or not all(link.is_known for link in shown)

    def dated(self, step: Step, link: Link) -> Link:
        """The link with the day whose archive or sitemap it stands in, if it has no date of its own."""
        if step.day is None or link.published_at:
            return link
        return replace(link, published_at=datetime.combine(step.day, time(), self._zone))

    def read(self, step: Step, document: Document) -> None:
        """A document was read. A feed that has become a page is dead, whatever that page links to."""
        if step.way == "feed" and document.kind is Kind.LISTING:
            self.failed(step, "it is a page, no feed", may_pass=False)
        elif self._announces(document):
            self._alive.setdefault("news" if document.is_news else document.kind, step.url)
        elif step.is_entry and document.kind is not Kind.REST and step.day is None:
            problem = "it links to no article" if document.links else "it is empty"
            self.failed(step, problem, may_pass=False)
        if document.problem:
            self._others.append(f"{step.url}: {document.problem}")

    def _announces(self, document: Document) -> bool:
        """Whether it names documents or articles: a page that says "not found" has a menu too."""
        if document.kind is Kind.LISTING:
            return any(self._source.looks_like_article(link.url) for link in document.links)
        return bool(document.links)

    def failed(self, step: Step, problem: str, *, may_pass: bool) -> None:
        """A document could not be read; `may_pass`: the next time it may be there.

        What announces the latest has others beside it; what covers days that are wanted may have none.
        """
        if may_pass and not step.is_guess and (self._window or not step.is_entry):
            self._may_pass = True
        if step.is_entry and not step.is_guess:
            self._dead.append((step, problem))
        elif not step.is_guess:
            self._others.append(f"{step.url}: {problem}")

    def fall_back(self) -> list[Step]:
        """What to read now that all else has been read: in place of dead ways, what nobody named. Empty: nothing."""
        while self._dead and not self._stand_in():
            guess = next(self._guesses, None)
            if guess is None:
                break
            if steps := guess():
                return [replace(step, is_entry=True, is_guess=True) for step in steps]
        return []

    @property
    def is_complete(self) -> bool:
        """Whether what is announced now has been seen.

        Nothing failed that may be there the next time, and no way is dead without another that announces something.
        """
        return not self._may_pass and (self.has_found or not self._dead)

    @property
    def has_found(self) -> bool:
        """Whether any document announced anything."""
        return bool(self._alive)

    @property
    def problems(self) -> list[str]:
        """What went wrong, a phrase each, and what took its place."""
        stand_in = self._stand_in() or self._alive.get(Kind.SITEMAP)
        instead = f"; {stand_in} is read instead" if stand_in else ""
        return [f"{step.url}: {problem}{instead}" for step, problem in self._dead] + self._others

    @property
    def unread(self) -> list[str]:
        """Of the problems, those that keep announced articles from being found: nothing took the document's place."""
        return self._others if self._stand_in() else self.problems

    def _stand_in(self) -> str | None:
        """A way that announces what is wanted, the best first: the latest, or else what is of days long past."""
        latest, past = [Kind.FEED, "news", Kind.REST, Kind.LISTING], [Kind.REST, Kind.LISTING, Kind.SITEMAP]
        kinds = past if self._window else latest
        return next((self._alive[kind] for kind in kinds if kind in self._alive), None)

    def _rest(self) -> list[Step]:
        if self._source.rest or self._source.family not in _WORDPRESS:
            return []
        return [self._posts(urljoin(root, "/wp-json/")) for root in self._roots()]

    def _home(self) -> list[Step]:
        return [Step(url=root, way="listing") for root in self._roots()]

    def _every_sitemap(self) -> list[Step]:
        return self._pruned or [Step(url=urljoin(root, "/sitemap.xml"), way="sitemap") for root in self._roots()]

    def _roots(self) -> list[str]:
        return list(dict.fromkeys(urljoin(step.url, "/") for step, _ in self._dead))

    def _days(self) -> Iterator[date]:
        """The days whose archives are read: those of the window, or the latest of a source that has nothing better."""
        source = self._source
        if self._window:
            return self._window.days(self._today)
        if source.feeds or source.sitemaps or source.rest or source.listings:
            return iter(())
        since = (self._watermark.astimezone(self._zone).date() if self._watermark else self._today) - LATE
        return Window.of_days(since, None, source.timezone).days(self._today)

    def _archive(self, template: str, day: date | None) -> Step:
        return Step(url=fill(template, day), way="archive", template=template, day=day)

    def _posts(self, root: str) -> Step:
        """The REST request for the posts that are wanted; `after` and `before` are exclusive, and know offsets."""
        since, until = self._window.since, self._window.until
        after = since - timedelta(seconds=1) if since else self._watermark and self._watermark - LATE
        bounds = "".join(
            f"&{name}={at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            for name, at in (("after", after), ("before", until))
            if at
        )
        fields = "_fields=link,date_gmt,modified_gmt,title"
        query = f"wp/v2/posts?{fields}&orderby=date&per_page={POSTS}{bounds}&page={{page}}"
        template = root.replace("{", "{{").replace("}", "}}") + query
        return Step(url=fill(template, None), way="rest", template=template)

    def _is_unchanged(self, link: Link, period: Period | None) -> bool:
        """Whether a child sitemap holds what it held at the watermark."""
        if self._watermark is None:
            return False
        if changed := link.modified_at:
            is_day = changed.timetz().replace(tzinfo=None) == time()  # a date: the change was at any time of that day
            return changed + timedelta(days=is_day) < self._watermark
        return bool(period and period.end + SETTLED <= self._watermark.date())


def _last_change(link: Link, period: Period | None) -> float:
    if link.modified_at:
        return link.modified_at.timestamp()
    return datetime.combine(period.end, time(), UTC).timestamp() if period else 0
