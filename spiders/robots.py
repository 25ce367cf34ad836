"""Asks each host for its robots.txt, and drops the requests it forbids (RFC 9309).

- What answers 4xx, redirects more than five times or to nowhere is unavailable, and all is allowed (sections 2.3.1.2
  and 2.3.1.3), whatever is in the error page.
- What answers 5xx, or not at all, allows nothing (section 2.3.1.4); so does 429, which says that we already ask too
  much, and a redirect to an address that is not connected to.
- Redirects are followed to other hosts too; what they lead to holds for the host that was asked.
- A host is scheme, name and port. What it answered is used for a day (section 2.4).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive.warc import Found
from extract.directives import PRODUCT
from extract.types import Reason
from spiders.bounds import TELL, cut_off
from spiders.capture import FOUND, POLICY
from spiders.discovery import absolute_url
from spiders.politeness import Hosts
from spiders.robots_txt import RobotsTxt

MAX_REDIRECTS = 5
FORBIDDEN = "Forbidden by robots.txt"
"""Why a request was not made, in the log of links."""
ABOUT_US = "warraq_about_us"
"""Key of a request's `meta`: it asks for what a site says to its visitors, and is itself asked for whatever that is."""
robots_read = object()
"""Scrapy signal: a host's robots.txt is there. Arguments: `robots`, a `RobotsTxt`; `url`, where it was asked for."""


@dataclass(frozen=True)
class _Answer:
    robots: RobotsTxt
    at: float
    problem: str | None = None
    """Why it could not be read; nothing is allowed then."""


class Robots:
    """The downloader middleware.

    Statistics: `robotstxt/forbidden` requests not made; `warraq/robots_unavailable`, the last host whose robots.txt
    could not be read, and why.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if not settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._seconds = settings.getfloat("WARRAQ_ROBOTS_SECONDS")
        self._is_replay = settings.getbool("WARRAQ_REPLAY")
        self._answers: dict[str, asyncio.Task[_Answer]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request pass, or not.

        Raises:
            IgnoreRequest: it is forbidden.
        """
        if request.meta.get(ABOUT_US):
            return
        answer = await self._answer(origin(request.url))
        if answer.problem:
            raise IgnoreRequest(f"robots.txt could not be read: {answer.problem}")
        if not answer.robots.allows(request.url):
            self._crawler.stats.inc_value("robotstxt/forbidden")
            raise IgnoreRequest(FORBIDDEN)

    async def _answer(self, host: str) -> _Answer:
        task = self._answers.get(host)
        if task is None or (task.done() and monotonic() - task.result().at > self._seconds):
            task = self._answers[host] = asyncio.ensure_future(self._ask(host))
        return await asyncio.shield(task)

    async def _ask(self, host: str) -> _Answer:
        url = f"{host}/robots.txt"
        try:
            response = await follow(self._crawler, url)
        except IgnoreRequest as error:
            if self._is_replay:  # it is not in the replayed archive: nobody is there to be asked
                return _Answer(RobotsTxt(), monotonic())
            return self._unread(host, error)
        except Exception as error:
            return self._unread(host, error)
        if response.status >= 500 or response.status == 429:
            return self._unread(host, f"{response.url} answered {response.status}")
        cut = cut_off(response)
        if cut is Reason.TIMED_OUT or (cut and not response.body):
            return self._unread(host, f"{response.url} {TELL[cut]}")
        robots = RobotsTxt.parse(response.body if 200 <= response.status < 300 else b"", PRODUCT)
        if robots.crawl_delay and (hosts := self._crawler.get_extension(Hosts)):
            hosts.ask_delay(urlsplit(host).hostname or "", robots.crawl_delay)
        self._crawler.signals.send_catch_log(robots_read, robots=robots, url=url)
        return _Answer(robots, monotonic())

    def _unread(self, host: str, why: object) -> _Answer:
        self._crawler.stats.set_value("warraq/robots_unavailable", f"{urlsplit(host).netloc}: {why}")
        return _Answer(RobotsTxt(), monotonic(), problem=str(why) or type(why).__name__)


async def follow(crawler: Crawler, url: str) -> Response:
    """Ask for what a site says to its visitors; the response, after as many redirects as the RFC wants followed.

    Raises:
        Exception: whatever keeps it from coming.
    """
    meta: dict[str, Any] = {
        ABOUT_US: True,
        FOUND: Found(by=POLICY),
        "dont_redirect": True,
        "dont_cache": True,
        "allow_offsite": True,
    }
    for _ in range(MAX_REDIRECTS + 1):
        assert crawler.engine is not None  # noqa: S101 -- it makes requests
        response = await crawler.engine.download_async(
            Request(url, priority=1000, callback=NO_CALLBACK, meta=dict(meta))
        )
        target = redirect_target(response)
        if target is None:
            break
        url = target
    return response


def redirect_target(response: Response) -> str | None:
    """Absolute URL, http or https, of where a response leads; None: nowhere."""
    location = response.headers.get("Location")
    if response.status not in (301, 302, 303, 307, 308) or not location:
        return None
    # UTF-8 by practice, where ASCII is the rule.
    return absolute_url(response.url, location.decode("utf-8", "replace"))


def origin(url: str) -> str:
    """Scheme, host and port of a URL: what a robots.txt holds for."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, standard) else "")
