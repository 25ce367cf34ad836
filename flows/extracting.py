"""`warraq extract`: pages in, one JSON line each out, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

from archive.warc import Capture, WarcError, read_pages
from extract.article import extract_article
from extract.escaping import safe_json
from extract.types import Article, Page, Rejection, Source
from flows.sources import UnknownSourceError, choose_sources
from spiders.sources import source_for_url


@dataclass(frozen=True, kw_only=True)
class Extractor:
    """Pages to answers; an answer is the JSON object of one page."""

    sources: Mapping[str, Source]
    source: Source | None = None
    """The source of every page; None: found by the URL of each."""

    def answer(self, page_id: object, page: Page, source: Source | None, language: str | None = None) -> dict[str, Any]:
        """The article in the page, or the refusal.

        Args:
            page_id: repeated in the answer.
            page: the page.
            source: its source; None: found by its URL.
            language: what the text is expected to be in, where the caller knows better than the source.
        """
        source = source or self.source or (source_for_url(page.url, self.sources) if page.url else None)
        if source and language:
            source = replace(source, language=language)
        result = extract_article(page, source)
        if isinstance(result, Rejection):
            return refusal(page_id, result.reason, result.detail)
        return _article(page_id, page, result, language)

    def files(self, paths: Iterable[Path], url: str | None) -> Iterator[dict[str, Any]]:
        """An answer for each HTML or text file, and for each response or text of each WARC or WET file."""
        for path in paths:
            try:
                with open_input(path) as stream:
                    if is_warc(stream.peek(5)):
                        yield from self._archived(stream)
                    else:
                        yield self.answer(str(path), page_of_file(path, stream.read(), url), None)
            except OSError as error:
                yield refusal(str(path), UNREADABLE, f"Cannot read {path}: {why_unreadable(error)}.")
            except WarcError as error:
                yield refusal(str(path), UNREADABLE, f"Cannot read {path}: {error}.")

    def lines(self, stream: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """An answer for each line as soon as it is read; a line that cannot be used is refused and does no harm."""
        for line in stream:
            if line.strip():
                yield self._line(line)

    def _line(self, line: bytes) -> dict[str, Any]:
        try:
            given = json.loads(line)
        except (ValueError, RecursionError) as error:
            return refusal(None, MALFORMED, f"The line is not JSON in UTF-8: {error}.")
        if not isinstance(given, dict):
            return refusal(None, MALFORMED, f"The line is not a JSON object but {type(given).__name__}.")
        page_id = given.get("id")
        for name in ("html", "url", "source", "language", "fetched_at"):
            value = given.get(name)
            if not isinstance(value, str) and (name == "html" or value is not None):
                problem = "is missing" if name not in given else "is not a string"
                return refusal(page_id, MALFORMED, f"The line's {name!r} {problem}.")
        try:
            [source] = choose_sources([given["source"]], self.sources) if given.get("source") else [None]
            fetched_at = _time(given["fetched_at"]) if given.get("fetched_at") else None
        except UnknownSourceError as error:
            return refusal(page_id, UNKNOWN_SOURCE, str(error))
        except ValueError:
            return refusal(page_id, MALFORMED, f"The line's 'fetched_at' is not ISO 8601: {given['fetched_at']!r}.")
        # A JSON string may hold half a surrogate pair, which UTF-8 cannot.
        content = given["html"].encode("utf-8", "replace")
        page = Page(
            content=content, url=given.get("url"), content_type="text/html; charset=utf-8", fetched_at=fetched_at
        )
        return self.answer(page_id, page, source, given.get("language"))

    def _archived(self, stream: BinaryIO) -> Iterator[dict[str, Any]]:
        for record in read_pages(stream):
            page_id = record.capture_id if isinstance(record, Capture) else record.record_id
            yield self.answer(page_id, record.page(), None)


MALFORMED = "malformed_line"
UNREADABLE = "unreadable"
UNKNOWN_SOURCE = "unknown_source"


def refusal(page_id: object, reason: str, detail: str) -> dict[str, Any]:
    """The answer for a page that gives no article."""
    return {"id": page_id, "rejected": reason, "detail": detail}


def _article(page_id: object, page: Page, article: Article, language: str | None) -> dict[str, Any]:
    published = article.published
    return {
        "id": page_id,
        "url": page.url or article.canonical_url,
        "title": article.title,
        "text": article.text,
        "authors": article.authors,
        "published_at": published and published.at.isoformat(),
        "published_raw": published and published.raw,
        "published_calendar": published and published.calendar,
        "published_precision": published and published.precision,
        "modified_at": article.modified_at and article.modified_at.isoformat(),
        "language": language if language and article.language == "und" else article.language,
        "language_confidence": article.language_confidence,
        "section": article.section,
        "tags": article.tags,
        "attribution": article.attribution,
        "site_name": article.site_name,
        "image_url": article.image_url,
        "kicker": article.kicker,
        "flags": article.flags,
    }


@contextmanager
def open_input(path: Path) -> Iterator[BufferedReader]:
    """A file opened to read, or standard input for `-`.

    Raises:
        OSError: it cannot be opened.
    """
    if path == Path("-"):
        yield cast("BufferedReader", sys.stdin.buffer)
        return
    with path.open("rb") as stream:
        yield stream


def why_unreadable(error: OSError) -> str:
    """What is wrong with a path, and what can be done about it."""
    if isinstance(error, IsADirectoryError):
        return "it is a directory; name the files in it"
    return error.strerror or str(error)


def is_warc(beginning: bytes) -> bool:
    """Whether a file that begins so is a WARC file, compressed or not."""
    return beginning.startswith((b"WARC/", b"\x1f\x8b"))


def page_of_file(path: Path, content: bytes, url: str | None) -> Page:
    """The page that was saved in a file, as raw text if the file's name says so."""
    plain = path.suffix.lower() in (".txt", ".text")
    return Page(content=content, url=url, content_type="text/plain" if plain else None)


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def write_answers(answers: Iterable[Mapping[str, Any]], out: BinaryIO) -> bool:
    """Write each answer as a line at once; returns whether an input could not be read."""
    unreadable = False
    for answer in answers:
        unreadable |= answer.get("rejected") == UNREADABLE
        out.write(safe_json(answer).encode("utf-8", "replace") + b"\n")
        out.flush()
    return unreadable
