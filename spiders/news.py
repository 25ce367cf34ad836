"""The one spider: it reads what a source announces, and fetches it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.utils.defer import _schedule_coro
from twisted.python.failure import Failure

from archive.forgotten import Forgotten
from archive.visits import PastVisits, Visit
from archive.warc import DOCUMENT, Found
from extract.types import Page, Reason, Source
from spiders.blocking import refusal
from spiders.bounds import TELL, cut_off
from spiders.capture import FOUND, VISIT
from spiders.discovery import Document, Kind, Link, NotADocumentError, absolute_url, read_document
from spiders.gate import Gate, host_of
from spiders.links import LinkLog
from spiders.pages import Pages, Wanted
from spiders.periods import day_in_path
from spiders.plan import Plan, Shown, Step
from spiders.politeness import HostLeft
from spiders.revisits import conditions
from spiders.robots import redirect_target, robots_read
from spiders.robots_txt import RobotsTxt
from spiders.traps import BARREN, MAX_BARREN
from spiders.window import Window

MAX_REFUSALS = 10
"""Refusals in a row after which a site is left alone."""

LIMIT_REACHED = "limit_reached"
"""Reason for which a crawl is closed that met a limit of its source."""
# What is announced first is read first, and its articles before the thousands an archive sitemap may hold.
_ENTRY, _ARTICLE, _CHILD = 20, 10, 0


class NewsSpider(Spider):
    """Source → requests. It scrapes nothing: what matters of a page is that it was fetched (see `spiders.capture`).

    - Which documents it reads is the business of `spiders.plan`. What feeds, sitemaps and REST announce is fetched
      unless the source skips it; what a listing links to, only if it looks like an article.
    - What the archive holds is not fetched, except an article that has come to the age at which it is looked at again.
    - Given `pages`, it fetches those and reads nothing but robots.txt before.
    - Nothing off the source's domains is fetched, no URL twice, and nothing that the archive was told to forget.

    Statistics: `warraq/discovered` pages announced and wanted, `warraq/discovered/<how>`, `warraq/revisits` of them
    that the archive holds; `warraq/fetched`; `warraq/failed` pages that did not come; `warraq/known` left alone since
    the archive holds them, `warraq/outside_window`, `warraq/forgotten`, `warraq/offsite`; `warraq/left_out` for a limit
    or a trap, `warraq/over_limit` left to the next run, `warraq/limit_reached` the limit that ended the crawl;
    `warraq/documents` read to find them, `warraq/documents_unread`; `warraq/refused` responses that refused us,
    `warraq/refused_by`; `warraq/discovery_complete` 1 if everything that announces pages could be read.
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
        watermark: tuple[datetime, datetime] | None = None,
        revisit: bool = True,
        due: Sequence[str] = (),
        past: PastVisits | None = None,
        links: Path | None = None,
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
            watermark: start and end of the last crawl whose discovery came to its end; of no meaning in a window.
            revisit: whether articles that have come to one of the ages in `Source.revisits` are fetched again.
            due: pages to look at again, or that did not come before, announced still or not; they come after all else.
            past: what the archive holds; None: everything is fetched.
            links: file for the log of links; None: it is not kept.
            kwargs: for Scrapy.

        Raises:
            OSError: the log of links cannot be written.
        """
        super().__init__(**kwargs)
        self.source = source
        self.allowed_domains = list(source.domains)
        self.pages = tuple(pages)
        self.started = datetime.now(UTC)
        began = watermark[0] if watermark else None
        self._settled = watermark[1] if watermark else None
        self.plan = Plan(source, window := Window.of_days(since, until, source.timezone), began, self.started)
        self._due = list(due) if revisit and not window else []
        self._zone = ZoneInfo(source.timezone)
        self._log = LinkLog(links, self._cannot_log)
        today = self.started.astimezone(self._zone).date()
        self._gate = Gate(source, forgotten or Forgotten(), self._log, self._count, today)
        self._pages = Pages(
            source,
            window=window,
            past=None if pages else past,
            revisit=revisit and not window,
            limit=limit,
            gate=self._gate,
            log=self._log,
            count=self._count,
            now=self.started,
        )
        self._refusals = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> NewsSpider:
        """As Scrapy makes its spiders; `args` and `kwargs` are those of `__init__`."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._robots_read, signal=robots_read)
        crawler.signals.connect(spider._received, signal=signals.response_downloaded)
        crawler.signals.connect(spider._idle, signal=signals.spider_idle)
        crawler.signals.connect(spider._closed, signal=signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """The source's feeds, sitemaps and listings, or else its home page; robots.txt comes by itself before them."""
        for url in self.pages:
            self._pages.announce(Link(url=absolute_url(url, url) or url), Found(by="request"))
        for request in self._take_waiting():
            yield request
        for step in () if self.pages else self.plan.entries():
            for request in self._document(step, _ENTRY):
                yield request

    # --- documents ---------------------------------------------------------------------------------------------------

    def _robots_read(self, robots: RobotsTxt, url: str) -> None:
        """Follow the Sitemap lines of a robots.txt."""
        if self.pages:
            return
        for each in robots.sitemaps:
            sitemap = absolute_url(url, each)
            if sitemap and not self.source.skips(sitemap):
                for found in self._document(self.plan.sitemap_of_robots(sitemap, url), _ENTRY):
                    self.crawler.engine.crawl(found)

    def _document(self, step: Step, priority: int) -> Iterator[Request]:
        found = Found(by=DOCUMENT + step.way, via=step.via)
        stated = step.is_entry and not step.is_guess and step.way != "robots"
        if not self._gate.admits(step.url, found, trusted=stated) or not self._has_room(step.url):
            return
        self._gate.remember(step.url)
        yield Request(
            step.url,
            callback=self.read_document,
            errback=self._document_failed,
            priority=priority,
            meta={"dont_redirect": True, FOUND: found},
            cb_kwargs={"step": step},
        )

    def _has_room(self, url: str) -> bool:
        budget = self._gate.budget
        return budget.spent is None and budget.has_bytes(host_of(url)) and budget.take_document()

    def read_document(self, response: Response, step: Step) -> Iterator[Request]:
        """Read a sitemap, feed, REST answer or listing and follow what it announces; nothing once a limit is met."""
        if self._gate.budget.spent:
            return
        refused = self._refused(response)
        target = redirect_target(response)
        depth = self.source.limits.depth
        if step.hops > depth:
            self._unread(step, response.status, f"it is {depth} indexes and redirects away from where they began")
        elif target:
            priority = response.request.priority if response.request else _ENTRY
            yield from self._document(self.plan.redirected(step, response.url, target), priority)
        elif refused or (response.status != 200 and not _is_past_the_end(step, response)):
            may_pass = bool(refused) or response.status == 429 or response.status >= 500
            self._unread(step, response.status, refused or f"it answered {response.status}", may_pass=may_pass)
        elif cut := cut_off(response):
            self._unread(step, response.status, f"it {TELL[cut]}", may_pass=cut is Reason.TIMED_OUT)
        elif response.status == 200:
            yield from self._read(response, step)
        else:
            self._count("warraq/documents")
            self._log.document(step.url, step.way, response.status, 0)

    def _read(self, response: Response, step: Step) -> Iterator[Request]:
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1") or None
        page = Page(content=response.body, url=response.url, content_type=content_type)
        try:
            document = read_document(page, timezone=self.source.timezone, most=self.source.limits.links)
        except NotADocumentError as problem:
            self._unread(step, response.status, str(problem))
            return
        self._count("warraq/documents")
        if document.problem:
            self.logger.warning("%s: %s", step.url, document.problem)
        self._log.document(step.url, step.way, response.status, len(document.links), document.problem)
        self.plan.read(step, document)
        if document.kind is Kind.SITEMAP_INDEX:
            for child in self.plan.children(step, response.url, document.links):
                yield from self._document(child, _CHILD)
            return
        shown = self._announced(document, step, response.url)
        yield from self._take_waiting()
        total = (response.headers.get("X-WP-TotalPages") or b"").decode("latin-1")
        if follower := self.plan.next_page(step, document, shown, int(total) if total.isdecimal() else None):
            barren = self._gate.traps.barren_pages(step.barren, step.via)
            if barren >= MAX_BARREN:
                self._gate.leave_out(BARREN, follower.url)
                return
            follower = replace(follower, via=response.url, barren=barren)
            yield from self._document(follower, _CHILD)

    def _announced(self, document: Document, step: Step, url: str) -> list[Shown]:
        """Take up what a document announces; of one by pages, what it shows that those before it did not."""
        by = _found_by(document, step)
        links = document.links
        if document.kind is Kind.LISTING:
            links = tuple(link for link in links if self.source.looks_like_article(link.url))
        by_pages = document.kind is Kind.LISTING or (document.kind is Kind.FEED and step.template is not None)
        shown = []
        for link in links:
            dated = self.plan.dated(step, self._dated_by_path(link))
            if by_pages and dated.url not in step.shown:
                step.shown.add(dated.url)
                visit = self._pages.last_visit(dated.url)
                at = dated.published_at or (visit.published_at if visit else None)
                shown.append(Shown(at=at, is_known=self._was_settled(visit)))
            self._pages.announce(dated, Found(by=by, via=url))
        return shown

    def _was_settled(self, visit: Visit | None) -> bool:
        """Whether a page had been fetched when discovery last came to its end.

        What a run that was killed has fetched since says nothing of what comes behind it.
        """
        return bool(visit and self._settled and visit.first_fetched_at <= self._settled)

    def _dated_by_path(self, link: Link) -> Link:
        if link.published_at or (day := day_in_path(link.url)) is None:
            return link
        return replace(link, published_at=datetime.combine(day, time(), self._zone))

    def _unread(self, step: Step, status: int | None, problem: str, *, may_pass: bool = False) -> None:
        self.logger.warning("%s: %s", step.url, problem)
        self._count("warraq/documents_unread")
        self._log.document(step.url, step.way, status, 0, problem)
        self.plan.failed(step, problem, may_pass=may_pass)

    def _document_failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        no_answer = isinstance(failure.value, HostLeft) or not isinstance(failure.value, IgnoreRequest)
        self._unread(request.cb_kwargs["step"], None, failure.getErrorMessage(), may_pass=no_answer)

    # --- pages -------------------------------------------------------------------------------------------------------

    def _take_waiting(self) -> Iterator[Request]:
        yield from map(self._page_request, self._pages.take())

    def _page_request(self, page: Wanted) -> Request:
        return Request(
            page.url,
            headers=conditions(page.visit),
            callback=self.keep_page,
            errback=self._page_failed,
            priority=_ARTICLE,
            meta={"dont_redirect": True, FOUND: page.found, VISIT: page.visit},
            cb_kwargs={"page": page},
        )

    def keep_page(self, response: Response, page: Wanted) -> Iterator[Request]:
        """Count a page; it is archived already. A redirect is followed, on the source's domains."""
        target = redirect_target(response)
        if target and (there := self._pages.moved(page, response.url, target)):
            yield self._page_request(there)
            return
        refused = self._refused(response)
        if refused or response.status == 429 or response.status >= 500:
            self._pages.has_failed(page, refused or f"it answered {response.status}")
        elif cut_off(response) is Reason.TIMED_OUT:
            self._pages.has_failed(page, f"it {TELL[Reason.TIMED_OUT]}")
        else:
            self._pages.has_come(page)
            listing = page.found.via if page.found.by in ("listing", "archive") else None
            self._gate.traps.came(listing, response.status, response.body)
        if self._pages.is_full:
            raise CloseSpider("limit")
        if self._gate.budget.spent and self._pages.is_through:
            raise CloseSpider(LIMIT_REACHED)
        yield from self._take_waiting()

    def _page_failed(self, failure: Failure) -> Iterator[Request]:
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        # Not asked: robots.txt forbids it, or it is not in the replayed archive.
        asked = not isinstance(failure.value, IgnoreRequest)
        self._pages.has_failed(request.cb_kwargs["page"], failure.getErrorMessage(), asked=asked)
        yield from self._take_waiting()

    # --- the end -----------------------------------------------------------------------------------------------------

    @property
    def problems(self) -> list[str]:
        """What could not be read and what was left out, a phrase each."""
        return self.plan.problems + self._gate.problems

    def _received(self, response: Response) -> None:
        self._gate.budget.received(host_of(response.url), len(response.body))
        if self._gate.budget.spent == "bytes":
            self._stop(LIMIT_REACHED)

    def _idle(self) -> None:
        """All is read and fetched: look where a dead way's articles may be announced instead, or end."""
        if self._gate.budget.spent:
            raise CloseSpider(LIMIT_REACHED)
        asked = [request for step in self.plan.fall_back() for request in self._document(step, _ENTRY)]
        for request in asked:
            self.crawler.engine.crawl(request)
        if self._due and not asked:
            due, self._due = self._due, []
            for url in due:
                self._pages.announce(Link(url=url), Found(by="due"))
            for request in self._take_waiting():
                self.crawler.engine.crawl(request)
                asked.append(request)
        if asked:
            raise DontCloseSpider
        if self.crawler.stats.get_value("warraq/refused") and not self._pages.fetched and not self.plan.has_found:
            raise CloseSpider("blocked")
        if self.plan.is_complete and not self.pages and not self._gate.budget.left:
            self.crawler.stats.set_value("warraq/discovery_complete", 1)

    def _closed(self, reason: str) -> None:
        if reason in ("limit", LIMIT_REACHED):
            self._pages.give_up()
        if reason == LIMIT_REACHED:
            self.crawler.stats.set_value("warraq/limit_reached", self._gate.budget.spent)
        self._log.close()

    def _refused(self, response: Response) -> str | None:
        """What refuses us; after many refusals in a row the crawl stops, since more would not be welcome."""
        refused = refusal(response)
        if refused is None:
            if response.status < 429:
                self._refusals = 0
            return None
        self._refusals += 1
        self._count("warraq/refused")
        self.crawler.stats.set_value("warraq/refused_by", refused)
        if self._refusals == MAX_REFUSALS and not self.crawler.settings.getbool("WARRAQ_REPLAY"):
            self._stop("blocked")
        return refused

    def _cannot_log(self, error: OSError) -> None:
        self.crawler.stats.set_value("warraq/cannot_archive", f"the log of links cannot be written: {error}")
        self._stop("cannot_archive")

    def _stop(self, reason: str) -> None:
        _schedule_coro(self.crawler.engine.close_spider_async(reason=reason))

    def _count(self, name: str) -> None:
        self.crawler.stats.inc_value(name)


def _found_by(document: Document, step: Step) -> str:
    """What the links of a document were found by: what it turned out to be, or else where it was named."""
    match document.kind:
        case Kind.FEED:
            return "feed"
        case Kind.REST:
            return "rest"
        case Kind.LISTING:
            return "archive" if step.way == "archive" else "listing"
        case _:
            return "robots" if step.way == "robots" else "sitemap"


def _is_past_the_end(step: Step, response: Response) -> bool:
    """Whether an error only says that there is no such page, or nothing on that day."""
    if step.way == "rest":  # an article was taken down since WordPress counted its pages
        return step.page > 1 and response.status == 400
    return response.status in (404, 410) and (step.page > 1 or step.day is not None)
