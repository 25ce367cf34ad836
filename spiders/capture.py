"""Archives every response a crawl downloads: robots.txt, sitemaps, error pages and redirects too.

It listens to `response_downloaded`, which Scrapy sends for whatever a download handler returns, before any middleware
decodes, retries or follows it. No spider takes part, so none can forget; and a crawl that cannot archive stops.
"""

from __future__ import annotations

import logging
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import _schedule_coro

from archive.visits import ArchivedPayloads, Visit
from archive.warc import Exchange, Found, Original, WarcError, WarcWriter, decode_content, digest, values
from extract.directives import MAX_READ, forbidding, read_directives
from spiders.settings import SOFTWARE
from spiders.wire import WIRE, Wire

logger = logging.getLogger(__name__)

FOUND = "warraq_found"
"""Key of a request's `meta`: the `archive.warc.Found` that says how its URL was found."""
POLICY = "document-policy"
"""`Found.by` of what a site says to its visitors, which is kept whatever it says of itself."""
SITE_SAYS = "warraq_site_says"
"""Key of a request's `meta`: what the site says elsewhere may be done with the response (`spiders.reservations`)."""
VISIT = "warraq_visit"
"""Key of a request's `meta`: the `archive.index.Visit` whose validators it was sent with."""
warc_finished = object()
"""Scrapy signal: a WARC file is complete and has its final name. Argument: `path`."""


class Capture:
    """The Scrapy extension. Its settings are made by `spiders.settings.crawl_settings`."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._writer = WarcWriter(
            Path(settings["WARRAQ_SPOOL"]),
            settings["WARRAQ_SOURCE"],
            settings["WARRAQ_RUN_ID"],
            max_bytes=settings.getint("WARRAQ_WARC_BYTES"),
            max_seconds=settings.getint("WARRAQ_WARC_SECONDS"),
            software=SOFTWARE,
            operator=settings["WARRAQ_OPERATOR"],
            on_finished=self._finished,
        )
        self._obey = frozenset(settings.getlist("WARRAQ_OBEY"))
        index = settings["WARRAQ_INDEX"]
        self._archived = ArchivedPayloads(Path(index), settings["WARRAQ_SOURCE"]) if index else None
        self._finish_if_due = create_looping_call(self._writer.finish_if_due)
        crawler.signals.connect(self._spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self._response_downloaded, signal=signals.response_downloaded)
        crawler.signals.connect(self.close, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    def _spider_opened(self) -> None:
        self._finish_if_due.start(5.0, now=False)

    def _response_downloaded(self, response: Response, request: Request) -> None:
        wire: Wire = request.meta[WIRE]
        if wire.archived:
            return
        directives = self._directives(response, request, wire) if self._obey else None
        withheld = forbidding(directives or (), self._obey) if not _is_policy(request) else None
        try:
            self._writer.write(
                Exchange(
                    url=response.url,
                    method=request.method,
                    request_headers=wire.request_headers,
                    status=response.status,
                    reason=wire.reason,
                    protocol=wire.protocol,
                    response_headers=wire.response_headers,
                    body=b"" if withheld else response.body,
                    fetched_at=wire.fetched_at,
                    ip=wire.ip,
                    found=request.meta.get(FOUND),
                    truncated="unspecified" if withheld else wire.truncated,
                    directives=directives,
                    withheld=withheld,
                ),
                self._repeated(response, request.meta.get(VISIT), is_whole=not (wire.truncated or withheld)),
            )
        except (WarcError, OSError) as error:
            self._give_up(error)
            return
        stats = self._crawler.stats
        stats.inc_value("warraq/archived")
        stats.inc_value("warraq/bytes", len(response.body))
        self._compare_clocks(response, wire.fetched_at)

    def _compare_clocks(self, response: Response, fetched_at: datetime) -> None:
        """Note by how many seconds this clock is ahead of the server's that differs least from it."""
        try:
            said = parsedate_to_datetime((response.headers.get("Date") or b"").decode("latin-1"))
            ahead = (fetched_at - said).total_seconds()
        except (ValueError, OverflowError, TypeError):  # TypeError: a date without a zone
            return
        least = self._crawler.stats.get_value("warraq/clock_ahead")
        if least is None or abs(ahead) < abs(least):
            self._crawler.stats.set_value("warraq/clock_ahead", ahead)

    def _directives(self, response: Response, request: Request, wire: Wire) -> tuple[str, ...]:
        """What the response and its site say may be done with it."""
        codings = values(wire.response_headers, "content-encoding")
        content, _ = decode_content(response.body, codings, MAX_READ)
        return read_directives(wire.response_headers, content, site=request.meta.get(SITE_SAYS, ()))

    def _repeated(self, response: Response, visit: Visit | None, *, is_whole: bool) -> Original | None:
        """The archived response with the same payload, if there is one worth a reference."""
        if visit and response.status == 304:
            return visit.original
        if self._archived is None or not is_whole or response.status != 200 or not response.body:
            return None
        return self._archived.find(response.url, digest(response.body))

    def _give_up(self, error: Exception) -> None:
        """Stop the crawl: pages fetched from now on would be lost."""
        logger.error("cannot archive: %s", error)
        self._crawler.stats.set_value("warraq/cannot_archive", str(error))
        _schedule_coro(self._crawler.engine.close_spider_async(reason="cannot_archive"))

    def _finished(self, path: Path) -> None:
        self._crawler.signals.send_catch_log(warc_finished, path=path)

    def close(self) -> None:
        """Finish the file that is open, if any."""
        if self._finish_if_due.running:
            self._finish_if_due.stop()
        try:
            self._writer.close()
        except (WarcError, OSError) as error:
            self._crawler.stats.set_value("warraq/cannot_archive", str(error))


def _is_policy(request: Request) -> bool:
    found: Found | None = request.meta.get(FOUND)
    return bool(found and found.by == POLICY)
