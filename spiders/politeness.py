"""What a site asks of its visitors, beyond what Scrapy heeds by itself: RFC 9309, Crawl-delay and Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.defer import _schedule_coro
from twisted.internet.defer import Deferred

from spiders.settings import PRODUCT

MAX_WAIT = 300.0
"""Longest wait in seconds that is sat out; a site that asks for more is left alone for this run."""
MAX_PACE = 60.0
"""Longest pause in seconds between requests to a site that says it is busy, and not for how long."""
MAX_BUSY = 10
"""Requests in a row that may be answered with 429 or 503; a site that answers more of them so is left alone too."""


class Robots(RobotsTxtMiddleware):
    """Scrapy's, with the two rules of RFC 9309 it lacks, and Crawl-delay.

    A robots.txt that answers 4xx allows all, whatever is in the error page (§2.3.1.3). One that answers 5xx or not at
    all allows nothing (§2.3.1.4); so does 429, which says that we already ask too much.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unavailable: dict[str, str] = {}
        """What kept a host's robots.txt from being read, by its name and port."""

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Drop a request that may not be sent, saying why.

        Raises:
            IgnoreRequest: robots.txt forbids it or could not be read.
        """
        if problem := self._unavailable.get(urlsplit(request.url).netloc):
            self._stats.inc_value("robotstxt/forbidden")
            raise IgnoreRequest(f"robots.txt could not be read: {problem}")
        super().process_request_2(rp, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            raise ConnectionError(f"{response.url} answered {response.status}")
        if response.status >= 400:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
        parser = await self.robot_parser(request)
        delay = parser.crawl_delay(PRODUCT) if parser else None
        if delay and (throttle := self.crawler.get_extension(AutoThrottle)):
            throttle.mindelay = max(throttle.mindelay, min(delay, throttle.maxdelay))
            for slot in self.crawler.engine.downloader.slots.values():
                slot.delay = max(slot.delay, throttle.mindelay)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, IgnoreRequest):  # it is not in the replayed archive, or led off the site
            super()._robots_error(exc, netloc)
            return
        self._stats.inc_value("robotstxt/unavailable")
        self._stats.set_value("warraq/robots_unavailable", f"{netloc}: {exc}")
        self._unavailable[netloc] = str(exc)
        waiting = self._parsers[netloc]
        refusal = self._parserimpl.from_crawler(self.crawler, b"User-agent: *\nDisallow: /\n")
        self._parsers[netloc] = refusal
        if isinstance(waiting, Deferred):
            waiting.callback(refusal)


class RetryAfter:
    """Waits as long as a 429 or 503 asks before the next request to that host; leaves when asked for too long.

    One that names no time doubles the pause between requests. Scrapy's retry takes the page up again after the others.
    Statistics: `warraq/asked_to_wait` seconds that were too long, `warraq/busy` requests in a row that were too many.
    """

    def __init__(self, crawler: Crawler) -> None:
        if crawler.settings.getbool("WARRAQ_REPLAY"):
            raise NotConfigured  # nobody is there to be spared
        self._crawler = crawler
        self._busy = 0
        crawler.signals.connect(self._response_downloaded, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    def _response_downloaded(self, response: Response, request: Request) -> None:
        slot: Slot | None = self._crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if response.status not in (429, 503):
            self._busy = 0
            return
        self._busy += 1
        wait = read_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        if wait is not None and wait > MAX_WAIT:
            self._leave("warraq/asked_to_wait", round(wait))
        elif self._busy == MAX_BUSY:
            self._leave("warraq/busy", self._busy)
        elif slot and wait is None:
            slot.delay = max(slot.delay, min(2 * slot.delay, MAX_PACE))
        elif slot and wait is not None:
            self._hold(slot, wait)

    def _leave(self, name: str, value: int) -> None:
        self._crawler.stats.set_value(name, value)
        _schedule_coro(self._crawler.engine.close_spider_async(reason="asked_to_wait"))

    def _hold(self, slot: Slot, wait: float) -> None:
        # The slot counts its delay from the start of the last request and varies it; AutoThrottle lowers it again.
        since = monotonic() - slot.lastseen
        slot.delay = max(slot.delay, (since + wait) / (1 - min(slot.jitter, 0.9)))


def read_retry_after(value: bytes | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, a number or a date (RFC 9110 §10.2.3); None: it says nothing."""
    text = (value or b"").decode("latin-1").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return None
