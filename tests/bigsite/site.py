"""One site: path and headers of a request → the response. No network here.

Ways by which each kind announces its articles:

    wordpress   feed     /feed/?paged=N
                sitemap  /sitemap_index.xml, which names /post-sitemap-YYYY-MM.xml
                rest     /wp-json/wp/v2/posts
                archive  /YYYY/MM/DD/page/N/
                listing  /page/N/
    nastooh     feed     /rss
                news     /sitemap/news/sitemap.xml
                archive  /page/archive.xhtml?yr=&mn=&dy=&pi=N, by Jalali days
                listing  /archive?pi=N
    plain       listing  /?page=N
"""

from __future__ import annotations

import gzip
import re
import time as clock
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from hashlib import blake2b
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import jdatetime

from tests.bigsite import announcements, pages
from tests.bigsite.articles import Article, Articles, Kind, Spec

Way = Literal["feed", "sitemap", "news", "rest", "archive", "listing"]
WAYS: Mapping[Kind, tuple[Way, ...]] = {
    "wordpress": ("feed", "sitemap", "rest", "archive", "listing"),
    "nastooh": ("feed", "news", "archive", "listing"),
    "plain": ("listing",),
}
PER_PAGE = 20
"""Links on a page of a listing."""
HTML, XML, JSON = "text/html; charset=UTF-8", "text/xml; charset=UTF-8", "application/json; charset=UTF-8"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a site does instead of answering, or before it."""

    match: str
    """Regular expression, searched in path and query."""
    status: int = 500
    """Of the answer, where `body` is `error` or `challenge`."""
    body: Literal["error", "challenge", "html", "empty", "none"] = "error"
    """`error` a short text · `challenge` what a suspected robot sees · `html` a page with status 200 in place of
    whatever was asked for · `empty` status 200 without a byte · `none` the connection is closed without an answer."""
    retry_after: int | None = None
    """Seconds, for the header; None: no header."""
    every: int = 1
    """Of so many requests that match …"""
    burst: int = 1
    """… the first so many are struck."""
    per_second: int | None = None
    """Only what comes beyond so many requests a second is struck."""
    times: int | None = None
    """Requests struck until the fault is over; None: it lasts."""


@dataclass(frozen=True)
class Response:
    """What goes over the wire; `status` 0: nothing does."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def encoded(self) -> bytes:
        length = () if self.status == HTTPStatus.NOT_MODIFIED else (("Content-Length", str(len(self.body))),)
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in (*self.headers, *length)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass
class _Struck:
    seen: int = 0
    times: int = 0
    recent: deque[float] = field(default_factory=deque)


class Site:
    """A site at a moment of its life, `now`, which may be moved."""

    def __init__(self, spec: Spec, root: str, *, now: datetime, ways: Sequence[Way] | None = None) -> None:
        """`root` is where it is reached, without a final slash; `ways` are all by default."""
        self.spec, self.root = spec, root
        self.articles = Articles(spec)
        self.ways = tuple(WAYS[spec.kind] if ways is None else ways)
        self.faults: dict[Fault, _Struck] = {}
        self.now = now

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, now: datetime) -> None:
        self._now = now.astimezone(self.spec.zone)
        self.__dict__.pop("out", None)
        self.__dict__.pop("_oldest_first", None)

    @cached_property
    def out(self) -> list[Article]:
        """What can be read, the last published first."""
        return self.articles.out(self._now)

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """In place of those before."""
        self.faults = {fault: _Struck() for fault in faults}

    def respond(self, target: str, headers: Mapping[str, str]) -> Response:
        """`target` is path and query as requested; names of `headers` are in lower case."""
        if fault := self._strike(target):
            return self._fault_response(fault)
        content = self._content(target)
        if isinstance(content, Response):
            return content
        kind, body, modified = content
        tag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        validators = (("ETag", tag), ("Last-Modified", format_datetime(modified.astimezone(UTC), usegmt=True)))
        if _is_fresh(headers, tag, modified):
            return Response(304, validators)
        described = (("Content-Type", kind), *validators, ("Vary", "Accept-Encoding"))
        if "gzip" in headers.get("accept-encoding", ""):
            return Response(200, (*described, ("Content-Encoding", "gzip")), gzip.compress(body, 1, mtime=0))
        return Response(200, described, body)

    # --- what stands where ------------------------------------------------------------------------------------------

    def _content(self, target: str) -> Response | tuple[str, bytes, datetime]:
        """Content type, body and time of the last change; or a response without any of these."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        for way, pattern, answer in _ROUTES[self.spec.kind]:
            found = re.fullmatch(pattern, parts.path)
            if found and (way is None or way in self.ways):
                return answer(self, found, query) or self._not_found()
        return self._not_found()

    def _article(self, found: re.Match[str], query: Mapping[str, str]) -> Response | tuple[str, bytes, datetime] | None:
        article = self.articles.by_id.get(int(found["id"]))
        if article is None or article.announced_at > self.now:
            return None
        if article.is_gone(self.now):
            return self._html_response(410, pages.not_found_page(self.spec, self.root))
        path = article.path(self.now)
        if found.string.lower() != path.lower():
            if found.string.lower() != article.first_path.lower():
                return None
            return Response(301, (("Location", self.root + path), ("Content-Type", HTML)), b"moved")
        return HTML, pages.article_page(article, self.root, self.now).encode(), article.modified_at(self.now)

    def _short(self, query: Mapping[str, str]) -> Response | None:
        article = self.articles.by_id.get(int(query["p"])) if query.get("p", "").isdecimal() else None
        if article is None or not article.is_out(self.now):
            return None
        return Response(301, (("Location", self.root + article.path(self.now)), ("Content-Type", HTML)), b"moved")

    def _robots(self, found: re.Match[str], query: Mapping[str, str]) -> tuple[str, bytes, datetime]:
        sitemaps = {"sitemap": f"{self.root}/{announcements.SITEMAP}", "news": f"{self.root}/sitemap/news/sitemap.xml"}
        body = announcements.robots([url for way, url in sitemaps.items() if way in self.ways])
        return "text/plain; charset=utf-8", body, self._start

    def _feed(self, found: re.Match[str], query: Mapping[str, str]) -> tuple[str, bytes, datetime] | None:
        """WordPress answers 404 behind the last page; Nastooh has but one page."""
        size, page = announcements.FEED_ITEMS, _number(query, "paged")
        listed = self.out[(page - 1) * size : page * size]
        if not listed and page > 1:
            return None
        body = announcements.rss(self.spec, listed, self.root, self.now)
        return "application/rss+xml; charset=UTF-8", body, self._changed(listed)

    def _sitemap_index(self, found: re.Match[str], query: Mapping[str, str]) -> tuple[str, bytes, datetime]:
        months = {f"{article.day:%Y-%m}": None for article in self.out}
        children = [(f"{self.root}/post-sitemap-{month}.xml", self._changed(self._in_month(month))) for month in months]
        return XML, announcements.sitemap_index(children), self._changed(self.out)

    def _sitemap(self, found: re.Match[str], query: Mapping[str, str]) -> tuple[str, bytes, datetime] | None:
        listed = self._in_month(found["month"])
        return (XML, announcements.sitemap(listed, self.root, self.now), self._changed(listed)) if listed else None

    def _in_month(self, month: str) -> list[Article]:
        first = date.fromisoformat(f"{month}-01")
        return self._between(first, (first + timedelta(days=31)).replace(day=1))

    def _news_sitemap(self, found: re.Match[str], query: Mapping[str, str]) -> tuple[str, bytes, datetime]:
        since = self.now - timedelta(hours=announcements.NEWS_SITEMAP_HOURS)
        listed = [article for article in self.out if article.published_at >= since]
        return XML, announcements.news_sitemap(self.spec, listed, self.root, self.now), self._changed(listed)

    def _posts(self, found: re.Match[str], query: Mapping[str, str]) -> Response | tuple[str, bytes, datetime]:
        """https://developer.wordpress.org/rest-api/reference/posts/: times without offset are the site's."""
        size, page = _number(query, "per_page", 10), _number(query, "page")
        if size > 100:
            return self._bad_request("rest_invalid_param", "Invalid parameter(s): per_page")
        listed = self.out
        for name, time_of in (("", _published), ("modified_", lambda article: article.modified_at(self.now))):
            if after := query.get(f"{name}after"):
                listed = [article for article in listed if time_of(article) > self._time(after)]
            if before := query.get(f"{name}before"):
                listed = [article for article in listed if time_of(article) < self._time(before)]
        if query.get("orderby") == "modified":
            listed = sorted(listed, key=lambda article: article.modified_at(self.now), reverse=True)
        if query.get("order") == "asc":
            listed = listed[::-1]
        total = -(-len(listed) // size)
        if page > max(1, total):
            return self._bad_request("rest_post_invalid_page_number", "The page number requested is larger than …")
        body = announcements.posts(listed[(page - 1) * size : page * size], self.root, self.now)
        return Response(
            200,
            (
                ("Content-Type", JSON),
                ("X-WP-Total", str(len(listed))),
                ("X-WP-TotalPages", str(total)),
                ("Allow", "GET"),
            ),
            body,
        )

    def _archive(self, found: re.Match[str], query: Mapping[str, str]) -> tuple[str, bytes, datetime] | None:
        """A day's articles: WordPress names the Gregorian day in the path, Nastooh the Jalali in the query."""
        try:
            if self.spec.kind == "wordpress":
                day, page = date(*map(int, found.group("year", "month", "day"))), int(found["page"] or 1)
            else:
                numbers = (int(query[name]) for name in ("yr", "mn", "dy"))
                day, page = jdatetime.date(*numbers).togregorian(), _number(query, "pi")
        except (ValueError, KeyError):
            return None
        older = (
            f"{self.root}/{day:%Y/%m/%d}/page/{page + 1}/"
            if self.spec.kind == "wordpress"
            else f"/page/archive.xhtml?yr={query['yr']}&mn={query['mn']}&dy={query['dy']}&pi={page + 1}"
        )
        listed = self._between(day, day + timedelta(days=1))[::-1]
        if not listed and self.spec.kind == "wordpress":
            return None
        return self._listed(listed, page, older, title=day.isoformat())

    def _listing(self, found: re.Match[str], query: Mapping[str, str]) -> Response | tuple[str, bytes, datetime] | None:
        if "p" in query and self.spec.kind == "wordpress":
            return self._short(query)
        match self.spec.kind:
            case "wordpress":
                page, older = int(found["page"] or 1), f"{self.root}/page/{{}}/"
            case "nastooh":
                page, older = _number(query, "pi"), "/archive?pi={}"
            case "plain":
                page, older = _number(query, "page"), "/?page={}"
        home = found.string == "/" and self.spec.kind == "nastooh"
        return self._listed(self.out, page, None if home else older.format(page + 1), title="آخر الأخبار")

    def _listed(
        self, articles: Sequence[Article], page: int, older: str | None, title: str
    ) -> tuple[str, bytes, datetime] | None:
        listed = articles[(page - 1) * PER_PAGE : page * PER_PAGE]
        if not listed and page > 1 and self.spec.kind != "nastooh":
            return None
        following = older if page * PER_PAGE < len(articles) else None
        body = pages.listing_page(self.spec, listed, self.root, self.now, title=title, older=following)
        return HTML, body.encode(), self._changed(listed)

    # --- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _start(self) -> datetime:
        return self.articles.all[0].published_at

    def _changed(self, articles: Sequence[Article]) -> datetime:
        return max((article.modified_at(self.now) for article in articles), default=self._start)

    @cached_property
    def _oldest_first(self) -> list[Article]:
        return self.out[::-1]

    def _between(self, first: date, end: date) -> list[Article]:
        """What was published from `first` up to the day before `end`, the first published first."""
        listed = self._oldest_first
        return listed[
            bisect_left(listed, first, key=lambda article: article.day) : bisect_left(
                listed, end, key=lambda article: article.day
            )
        ]

    def _time(self, text: str) -> datetime:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        return at if at.tzinfo else at.replace(tzinfo=self.spec.zone)

    def _html_response(self, status: int, text: str) -> Response:
        return Response(status, (("Content-Type", HTML),), text.encode())

    def _not_found(self) -> Response:
        return self._html_response(404, pages.not_found_page(self.spec, self.root))

    def _bad_request(self, code: str, message: str) -> Response:
        body = f'{{"code":"{code}","message":"{message}","data":{{"status":400}}}}'
        return Response(400, (("Content-Type", JSON),), body.encode())

    # --- faults -----------------------------------------------------------------------------------------------------

    def _strike(self, target: str) -> Fault | None:
        for fault, struck in self.faults.items():
            if (fault.times is not None and struck.times >= fault.times) or not re.search(fault.match, target):
                continue
            struck.seen += 1
            if fault.per_second is not None:
                now = clock.monotonic()
                while struck.recent and struck.recent[0] <= now - 1:
                    struck.recent.popleft()
                hit = len(struck.recent) >= fault.per_second
                if not hit:
                    struck.recent.append(now)
            else:
                hit = (struck.seen - 1) % fault.every < fault.burst
            if hit:
                struck.times += 1
                return fault
        return None

    def _fault_response(self, fault: Fault) -> Response:
        wait = () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
        match fault.body:
            case "none":
                return Response(0)
            case "empty":
                return Response(200, (("Content-Type", XML),))
            case "html":
                return self._html_response(200, pages.not_found_page(self.spec, self.root))
            case "challenge":
                return Response(
                    fault.status, (("Content-Type", HTML), ("Server", "cloudflare"), *wait), pages.CHALLENGE.encode()
                )
            case "error":
                return Response(fault.status, (("Content-Type", HTML), *wait), HTTPStatus(fault.status).phrase.encode())


def _published(article: Article) -> datetime:
    return article.published_at


def _is_fresh(headers: Mapping[str, str], tag: str, modified: datetime) -> bool:
    """RFC 9110 §13.2.2: If-None-Match alone counts where it is there."""
    if tags := headers.get("if-none-match"):
        return tags == "*" or tag in (each.strip().removeprefix("W/") for each in tags.split(","))
    if since := headers.get("if-modified-since"):
        try:
            return modified.replace(microsecond=0) <= parsedate_to_datetime(since)
        except ValueError:
            return False
    return False


def _number(query: Mapping[str, str], name: str, default: int = 1) -> int:
    value = query.get(name, "")
    return max(1, int(value)) if value.isdecimal() else default


Answer = Callable[..., Response | tuple[str, bytes, datetime] | None]
_ROUTES: Mapping[Kind, Sequence[tuple[Way | None, str, Answer]]] = {
    "wordpress": (
        (None, r"/\d{4}/\d\d/\d\d/[^/]*-(?P<id>\d+)/", Site._article),
        (None, r"/robots\.txt", Site._robots),
        ("feed", r"/feed/", Site._feed),
        ("sitemap", r"/sitemap_index\.xml", Site._sitemap_index),
        ("sitemap", r"/post-sitemap-(?P<month>\d{4}-\d\d)\.xml", Site._sitemap),
        ("rest", r"/wp-json/wp/v2/posts/?", Site._posts),
        ("archive", r"/(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/(?:page/(?P<page>\d+)/)?", Site._archive),
        ("listing", r"/(?:page/(?P<page>\d+)/)?", Site._listing),
    ),
    "nastooh": (
        (None, r"/news/(?P<id>\d+)/.*", Site._article),
        (None, r"/robots\.txt", Site._robots),
        ("feed", r"/rss", Site._feed),
        ("news", r"/sitemap/news/sitemap\.xml", Site._news_sitemap),
        ("archive", r"/page/archive\.xhtml", Site._archive),
        ("listing", r"/(?:archive)?", Site._listing),
    ),
    "plain": (
        (None, r"/article/(?P<id>\d+)-\d+\.html", Site._article),
        (None, r"/robots\.txt", Site._robots),
        ("listing", r"/", Site._listing),
    ),
}
