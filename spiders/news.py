"""The one spider: it reads what a source announces, and fetches it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from twisted.python.failure import Failure

from archive.forgotten import Forgotten
from extract.types import Page, Source
from spiders.discovery import Kind, Link, NotADocumentError, absolute_url, read_document

FoundBy = Literal["robots", "sitemap", "feed", "listing", "request"]

MAX_REDIRECTS = 5
MAX_DEPTH = 8
"""Documents that lead from an entry to a document: nested indexes and redirects. More is a trap, not a site."""

# What is announced first is read first, and its articles before the thousands an archive sitemap may hold.
_ENTRY, _ARTICLE, _CHILD = 20, 10, 0


@dataclass(frozen=True, kw_only=True)
class Window:
    """Days of publication that are wanted, half-open, in the source's time zone."""

    since: datetime | None = None
    until: datetime | None = None

    def excludes(self, link: Link) -> bool:
        """Whether the announcement says that the page was published outside.

        A page last changed before `since` was published before it. One changed after `until` may have been published
        at any time, and one without a date too: such pages are fetched.
        """
        latest = link.published_at or link.modified_at
        too_old = bool(self.since and latest and latest < self.since)
        too_new = bool(self.until and link.published_at and link.published_at >= self.until)
        return too_old or too_new


class NewsSpider(Spider):
    """Source → requests. It scrapes nothing: what matters of a page is that it was fetched (see `spiders.capture`).

    - The Sitemap lines of robots.txt, the source's sitemaps and its feeds are followed, child sitemaps too. What they
      announce is fetched unless the source skips it.
    - What a listing links to is fetched only if it looks like an article.
    - Given `pages`, it fetches those and reads nothing but robots.txt before.
    - Nothing off the source's domains is fetched, no URL twice, and nothing that the archive was told to forget.

    Statistics: `warraq/discovered` pages announced and wanted, `warraq/discovered/<how>`, `warraq/fetched` of them,
    `warraq/documents` read to find them and `warraq/documents_unread`, `warraq/failed` pages without any response,
    `warraq/forgotten` not fetched because the archive was told to forget them.
    """

    name = "news"

    def __init__(
        self,
        source: Source,
        limit: int | None = None,
        since: date | None = None,
        until: date | None = None,
        pages: Sequence[str] = (),
        forgotten: Forgotten | None = None,
        **kwargs: Any,
    ) -> None:
        """Crawl `source`.

        Args:
            source: what is crawled.
            limit: most pages to fetch, beside robots.txt, sitemaps, feeds and listings; None: no bound.
            since: first day of publication wanted, where the announcement tells it.
            until: first day no longer wanted.
            pages: URLs to fetch instead of what the source announces; none: all of that.
            forgotten: what was taken out of the archive and is not fetched again.
            kwargs: for Scrapy.
        """
        super().__init__(**kwargs)
        zone = ZoneInfo(source.timezone)
        self.source = source
        self.allowed_domains = list(source.domains)
        self.limit = limit
        self.pages = tuple(pages)
        self.forgotten = forgotten or Forgotten()
        self.window = Window(
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until, time(), zone) if until else None,
        )
        self.problems: list[str] = []
        """What went wrong with discovery, a sentence each."""
        self._seen: set[bytes] = set()
        self._waiting: deque[Request] = deque()
        self._under_way = 0
        self._fetched = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> NewsSpider:
        """As Scrapy makes its spiders; `args` and `kwargs` are those of `__init__`."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._robots_parsed, signal=signals.robots_parsed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """The source's feeds, sitemaps and listings, or else its home page; robots.txt comes by itself before them."""
        if self.pages:
            for request in self._pages((Link(url=url) for url in self.pages), "request"):
                yield request
            return
        source = self.source
        entries: list[tuple[FoundBy, str]] = [
            *(("feed", url) for url in source.feeds),
            *(("sitemap", url) for url in source.sitemaps),
            *(("listing", url) for url in source.listings),
        ]
        for how, url in entries or [("listing", f"https://{domain}/") for domain in source.domains]:
            for request in self._document(url, how, _ENTRY):
                yield request

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Follow the Sitemap lines of a robots.txt that Scrapy has just read for the sake of `request`."""
        if self.pages:
            return
        for url in robotparser.rp.sitemaps:  # type: ignore[attr-defined]  # of Protego, Scrapy's default
            sitemap = absolute_url(request.url, url)
            if sitemap and not self.source.skips(sitemap):
                for found in self._document(sitemap, "robots", _ENTRY):
                    self.crawler.engine.crawl(found)

    def _document(self, url: str, how: FoundBy, priority: int) -> Iterator[Request]:
        if not self._is_ours(url) or self._is_forgotten(url):
            return
        request = Request(
            url,
            callback=self.read_document,
            errback=self._document_failed,
            priority=priority,
            meta={"dont_redirect": True},
            cb_kwargs={"how": how},
        )
        if self._is_first(request):
            yield request

    def read_document(self, response: Response, how: FoundBy) -> Iterator[Request]:
        """Read a sitemap, feed or listing and follow what it announces."""
        if response.meta.get("depth", 0) > MAX_DEPTH:
            self._note(f"{response.url}: it is {MAX_DEPTH} indexes and redirects away from where they began")
            return
        if target := self._redirect_target(response):
            yield from self._document(target, how, response.request.priority if response.request else _ENTRY)
            return
        try:
            if response.status != 200:
                raise NotADocumentError(f"it answered {response.status}")
            page = Page(
                content=response.body,
                url=response.url,
                content_type=(response.headers.get("Content-Type") or b"").decode("latin-1") or None,
            )
            document = read_document(page, timezone=self.source.timezone)
        except NotADocumentError as problem:
            self._note(f"{response.url}: {problem}")
            return
        self._count("warraq/documents")
        if document.kind is Kind.SITEMAP_INDEX:
            yield from self._children(document.links, how)
        elif document.kind is Kind.LISTING:
            yield from self._pages(
                filter(lambda link: self.source.looks_like_article(link.url), document.links), "listing"
            )
        else:
            yield from self._pages(document.links, "feed" if document.kind is Kind.FEED else how)

    def _children(self, links: Iterable[Link], how: FoundBy) -> Iterator[Request]:
        """Child sitemaps, the last changed first; one unchanged since before the window holds nothing new in it."""
        wanted = (link for link in links if not self.window.excludes(link) and not self.source.skips(link.url))
        for link in sorted(
            wanted, key=lambda link: link.modified_at.timestamp() if link.modified_at else 0, reverse=True
        ):
            yield from self._document(link.url, how, _CHILD)

    def _pages(self, links: Iterable[Link], how: FoundBy) -> Iterator[Request]:
        for link in links:
            if self.window.excludes(link):
                self._count("warraq/outside_window")
                continue
            request = self._page_request(link.url)
            if request is None:
                continue
            self._count("warraq/discovered")
            self._count(f"warraq/discovered/{how}")
            self._waiting.append(request)
        yield from self._take_waiting()

    def _page_request(self, url: str) -> Request | None:
        """A request for a page; None if it is to be left alone, or was asked for before."""
        if self.source.skips(url) or not self._is_ours(url) or self._is_forgotten(url):
            return None
        request = Request(
            url, callback=self.keep_page, errback=self._page_failed, priority=_ARTICLE, meta={"dont_redirect": True}
        )
        return request if self._is_first(request) else None

    def _take_waiting(self) -> Iterator[Request]:
        """As many waiting pages as the limit allows to be fetched or under way."""
        while self._waiting and (self.limit is None or self._fetched + self._under_way < self.limit):
            self._under_way += 1
            yield self._waiting.popleft()

    def keep_page(self, response: Response, hops: int = 0) -> Iterator[Request]:
        """Count a page; it is archived already. A redirect is followed, on the source's domains."""
        target = self._redirect_target(response)
        if target and hops < MAX_REDIRECTS and (request := self._page_request(target)):
            yield request.replace(cb_kwargs={"hops": hops + 1})
            return
        self._under_way -= 1
        self._fetched += 1
        self._count("warraq/fetched")
        if self.limit is not None and self._fetched >= self.limit:
            raise CloseSpider("limit")
        yield from self._take_waiting()

    def _page_failed(self, failure: Failure) -> Iterator[Request]:
        self._under_way -= 1
        if not isinstance(failure.value, IgnoreRequest):  # robots.txt forbids it, or it is not in the replayed archive
            self._count("warraq/failed")
        yield from self._take_waiting()

    def _document_failed(self, failure: Failure) -> None:
        self._note(f"{failure.request.url}: {failure.getErrorMessage()}")  # type: ignore[attr-defined]  # set by Scrapy

    def _note(self, problem: str) -> None:
        self.logger.warning("%s", problem)
        self._count("warraq/documents_unread")
        self.problems.append(problem)

    def _redirect_target(self, response: Response) -> str | None:
        location = response.headers.get("Location")
        if response.status not in (301, 302, 303, 307, 308) or not location:
            return None
        # UTF-8 by practice, where ASCII is the rule.
        return absolute_url(response.url, location.decode("utf-8", "replace"))

    def _is_ours(self, url: str) -> bool:
        if self.source.owns(url):
            return True
        self._count("warraq/offsite")
        return False

    def _is_forgotten(self, url: str) -> bool:
        if self.forgotten.covers(url):
            self._count("warraq/forgotten")
            return True
        return False

    def _is_first(self, request: Request) -> bool:
        """Whether this URL is asked for the first time; raw and percent-encoded forms of one URL are the same."""
        fingerprint = self.crawler.request_fingerprinter.fingerprint(request)
        if fingerprint in self._seen:
            return False
        self._seen.add(fingerprint)
        return True

    def _count(self, name: str) -> None:
        self.crawler.stats.inc_value(name)
