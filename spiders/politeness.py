"""How gently each host is asked: Crawl-delay, Retry-After, and growing pauses for hosts that are busy or do not answer.

A host that is busy or dead is left alone, and the others go on. One that asks for too long a wait, that answers ten
requests in a row with 429 or 503, or that gives ten requests in a row no answer at all is not asked again in this run.
Where every host that was asked is busy, the crawl ends.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.utils.defer import _schedule_coro
from twisted.internet.error import ConnectError, ConnectionClosed

from spiders.wire import UnreadableAnswerError

MAX_WAIT = 300.0
"""Longest wait in seconds that is sat out, and longest Crawl-delay kept; a host that asks for more is left alone."""
MAX_PACE = 60.0
"""Longest pause in seconds between requests to a host that is busy or silent and does not say for how long."""
MAX_BUSY = 10
"""Requests in a row to a host that may be answered with 429 or 503."""
MAX_SILENT = 10
"""Requests in a row to a host that may get no answer, second and third tries among them."""

_SILENCE = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ConnectError,
    ConnectionClosed,
    OSError,
)


class HostLeft(IgnoreRequest):
    """A request that was not made, for its host is left alone in this run."""


@dataclass(slots=True)
class _Host:
    own_pace: float | None = None
    """What AutoThrottle makes of it, without what was asked for."""
    crawl_delay: float = 0.0
    backoff: float = 0.0
    until: float = 0.0
    """When a wait that was asked for ends."""
    busy: int = 0
    silent: int = 0
    left: str | None = None
    """Why it is left alone."""

    @property
    def pause(self) -> float:
        """The least seconds from one request to the next."""
        return max(self.crawl_delay, self.backoff)


class Hosts(AutoThrottle):
    """The extension, in AutoThrottle's place; it builds on private methods of Scrapy 2.19's.

    Statistics: `warraq/asked_to_wait` seconds that were too long, `warraq/busy` requests in a row that were too many;
    `warraq/left/<host>` why a host is left alone.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._hosts: defaultdict[str, _Host] = defaultdict(_Host)

    def ask_delay(self, name: str, seconds: float) -> None:
        """Keep a host's Crawl-delay."""
        self._hosts[name].crawl_delay = min(seconds, MAX_WAIT)
        self._pace(name)

    def why_left(self, name: str) -> str | None:
        """Why a host is left alone; None: it is not."""
        return self._hosts[name].left if name in self._hosts else None

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        name, slot = self._get_slot(request, spider)
        if name is None or slot is None:
            return
        host = self._hosts[name]
        if host.own_pace is not None:
            slot.delay = host.own_pace
        super()._response_downloaded(response, request, spider)
        host.own_pace, host.silent = slot.delay, 0
        if response.status in (429, 503):
            host.busy += 1
            self._put_off(name, host, read_retry_after(response.headers.get("Retry-After"), datetime.now(UTC)))
        else:
            host.busy = 0
            host.backoff = host.backoff / 2 if host.backoff > 2 * host.own_pace else 0.0
        self._pace(name)

    def has_not_answered(self, name: str, why: Exception) -> None:
        """A request to a host got no answer."""
        host = self._hosts[name]
        host.silent += 1
        self._back_off(name, host)
        if host.silent == MAX_SILENT:
            self._leave(name, host, f"{MAX_SILENT} requests in a row got no answer: {why}")
        self._pace(name)

    def has_answered_badly(self, name: str) -> None:
        """A request to a host got an answer that cannot be read: the host is there."""
        self._hosts[name].silent = 0

    def _put_off(self, name: str, host: _Host, wait: float | None) -> None:
        stats = self.crawler.stats
        if wait is not None and wait > MAX_WAIT:
            stats.set_value("warraq/asked_to_wait", round(wait))
            self._leave(name, host, f"it asks visitors to come back in {wait:.0f} s")
        elif host.busy == MAX_BUSY:
            stats.set_value("warraq/busy", host.busy)
            self._leave(name, host, f"it answered {host.busy} requests in a row with 429 or 503")
        elif wait is None:
            self._back_off(name, host)
        else:
            host.until = max(host.until, monotonic() + wait)
        if host.left and all(each.left for each in self._hosts.values()):
            _schedule_coro(self.crawler.engine.close_spider_async(reason="asked_to_wait"))

    def _back_off(self, name: str, host: _Host) -> None:
        slot: Slot | None = self.crawler.engine.downloader.slots.get(name)
        host.backoff = min(2 * max(host.backoff, slot.delay if slot else 0.0), MAX_PACE)

    def _leave(self, name: str, host: _Host, why: str) -> None:
        if host.left is None:
            host.left = why
            self.crawler.stats.set_value(f"warraq/left/{name}", why)

    def _pace(self, name: str) -> None:
        """Make the downloader keep the pauses of a host, now and if it begins anew with it."""
        host, downloader = self._hosts[name], self.crawler.engine.downloader
        if host.pause:
            downloader.per_slot_settings[name] = {"delay": host.pause, "jitter": 0.0}
        if slot := downloader.slots.get(name):
            # The slot counts its delay from the start of the last request.
            held = host.until - slot.lastseen if host.until > monotonic() else 0.0
            slot.delay = max(slot.delay if host.own_pace is None else host.own_pace, host.pause, held)
            if host.pause or held:
                slot.jitter = 0.0  # what was asked for is not varied


class LeaveAlone:
    """The downloader middleware that tells `Hosts` of requests without an answer, and holds back those it leaves."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let the request pass, or not.

        Raises:
            HostLeft: its host is left alone.
        """
        hosts = self._crawler.get_extension(Hosts)
        name = self._crawler.engine.downloader.get_slot_key(request) if hosts else ""
        if hosts and (why := hosts.why_left(name)):
            raise HostLeft(f"{name} is left alone in this run: {why}")

    def process_exception(self, request: Request, exception: Exception) -> Any:
        """Take note of a request without an answer; what becomes of it is others' business."""
        hosts = self._crawler.get_extension(Hosts)
        if hosts is None:
            return
        name = self._crawler.engine.downloader.get_slot_key(request)
        if isinstance(exception, UnreadableAnswerError):
            hosts.has_answered_badly(name)
        elif isinstance(exception, _SILENCE):
            hosts.has_not_answered(name, exception)


def read_retry_after(value: bytes | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, a number or a date (RFC 9110 §10.2.3); None: it says nothing."""
    text = (value or b"").decode("latin-1").strip()
    if text.isdecimal():
        return min(float(text), 1e9)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, OverflowError, TypeError):  # TypeError: a date without a zone
        return None
