"""What an archived response shows, by the rules of today: support, an article, or a rejection. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from archive.dedup import Reading, Repeated, record_id, signature
from archive.warc import DOCUMENT, Capture
from extract.article import extract_article
from extract.directives import forbidding, read_directives
from extract.types import Article, Reason, Rejection, Source
from extract.urls import canonical_url

_BLOCKED = {403, 429, 451, 503}
_XML_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+<(?:\w+:)?(?:rss|feed|RDF|urlset|sitemapindex)[\s>/]",
    re.DOTALL,
)


def read_capture(capture: Capture, source: Source) -> Reading:
    """What a capture shows: support, an article with its identity and signature, or a rejection.

    What a revisit shows is for `archive.revisits` to say; here it is support.

    A page on which extraction fails unexpectedly is a rejection too, with what went wrong: it must not keep the other
    pages of its file from being kept.
    """
    result: Article | Rejection | None
    try:
        result = None if capture.repeats or _is_support(capture, source) else _extracted(capture, source)
    except MemoryError:  # it concerns this process
        raise
    except Exception as error:  # whatever it is, it concerns this page alone
        result = Rejection(reason=Reason.FAILED, detail=f"extraction failed: {type(error).__name__}: {error}"[:500])
    return reading_of(capture, source, result)


def reading_of(capture: Capture, source: Source, result: Article | Rejection | None) -> Reading:
    """The reading of a capture that shows this."""
    article = result if isinstance(result, Article) else None
    return Reading(
        capture_id=capture.capture_id,
        source=source.id,
        url=storable(capture.url),
        canonical_url=(article and article.canonical_url) or _canonical(capture.url),
        fetched_at=capture.fetched_at.astimezone(UTC),
        result=result,
        record_id=record_id(article.text) if article else "",
        signature=signature(article.text) if article else b"",
        published_at=_published(article, capture),
        directives=tuple(map(storable, _directives(capture))),
    )


def withhold(reading: Reading, obey: Iterable[str]) -> Reading:
    """The reading, or its refusal if it shows a text that is not to be kept.

    Args:
        reading: What a capture shows.
        obey: Names of `extract.directives.OBEYABLE`.
    """
    directive = forbidding(reading.directives, obey)
    if directive is None or not isinstance(reading.result, Article | Repeated):
        return reading
    refusal = Rejection(reason=Reason.WITHHELD, detail=f"it says {directive}, which is obeyed (WARRAQ_OBEY)")
    return replace(reading, result=refusal, record_id="", signature=b"")


def _directives(capture: Capture) -> tuple[str, ...]:
    if capture.directives is not None:
        return capture.directives
    return read_directives(capture.headers, capture.content)


def _published(article: Article | None, capture: Capture) -> datetime | None:
    stated = article.published.at if article and article.published else capture.found and capture.found.announced_at
    return stated.astimezone(UTC) if stated else None


def article_columns(article: Article) -> dict[str, Any]:
    """The columns of `records` that an article fills by itself."""
    published = article.published
    return {
        "title": article.title,
        "text": article.text,
        "authors": article.authors,
        "published_at": published and published.at.astimezone(UTC),
        "published_raw": published and published.raw,
        "published_calendar": published and published.calendar,
        "published_precision": published and published.precision,
        "published_from": published and published.where,
        "modified_at": article.modified_at and article.modified_at.astimezone(UTC),
        "language": article.language,
        "language_confidence": article.language_confidence,
        "section": article.section,
        "tags": article.tags,
        "attribution": article.attribution,
        "site_name": article.site_name,
        "image_url": article.image_url,
        "flags": article.flags,
    }


def _extracted(capture: Capture, source: Source) -> Article | Rejection:
    if not 200 <= capture.status < 300:
        reason = Reason.BLOCKED if capture.status in _BLOCKED else Reason.HTTP_ERROR
        return Rejection(reason=reason, detail=f"the server answered {capture.status} {capture.reason}".rstrip())
    if capture.withheld:
        return Rejection(reason=Reason.WITHHELD, detail=f"it says {storable(capture.withheld)}, so it was not kept")
    if capture.truncated == "time":
        return Rejection(reason=Reason.TIMED_OUT, detail="the response took too long and was cut off")
    most = source.limits.decoded_bytes
    if capture.truncated == "length" or "too_large" in capture.flags or len(capture.content) > most:
        return Rejection(reason=Reason.TOO_LARGE, detail="the response is larger than what is read of one")
    if "bad_content_encoding" in capture.flags:
        encoding = capture.header("Content-Encoding") or "unknown"
        return Rejection(reason=Reason.UNDECODABLE, detail=f"its content encoding ({encoding}) cannot be decoded")
    return extract_article(capture.page(), source)


def _is_support(capture: Capture, source: Source) -> bool:
    """Whether a capture serves the crawl and is no page to judge: robots.txt, redirects, and what announces articles.

    A crawl of ours says of each document that it was read for links; of a WARC file of others, addresses and XML tell.
    """
    url = _canonical(capture.url)
    announcing = (*source.feeds, *source.sitemaps, *source.listings)
    return (
        bool(capture.found and capture.found.by.startswith(DOCUMENT))
        or 300 <= capture.status < 400  # a 304 too, if nothing says what it confirms
        or url.partition("://")[2].partition("/")[2] == "robots.txt"
        or _first_page(url) in {_first_page(_canonical(each)) for each in announcing}
        or _shape(url) in {_shape(_canonical(re.sub(r"{[^}]*}", "0", each))) for each in source.archives}
        or bool(_XML_ROOT.match(_head(capture.content)))
    )


def _first_page(url: str) -> str:
    """Where a listing begins, given the address of one of its pages."""
    return re.sub(r"(/page/\d+|[?&]page=\d+)/?$", "", url).rstrip("/")


def _shape(url: str) -> str:
    """A URL whatever the numbers in it, as an archive has one for each day and page."""
    return re.sub(r"\d+", "#", url)


def _head(content: bytes) -> bytes:
    """The beginning of a document; of a sitemap that is a gzip file, of what it holds."""
    if not content.startswith(b"\x1f\x8b"):
        return content[:4096]
    try:
        return zlib.decompressobj(31).decompress(content, 4096)
    except zlib.error:
        return b""


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return storable(url)


def storable(text: str) -> str:
    """Tables hold UTF-8; a lone surrogate, as bytes from elsewhere may become, is none."""
    return text.encode("utf-8", "replace").decode("utf-8")
