"""`warraq extract`: pages in, one JSON line each out, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

from archive.guarded.reader import Reader, page_reader
from archive.warc import MAX_CONTENT, Capture, WarcError, read_pages
from extract.article import extract_article
from extract.escaping import safe_json
from extract.types import Article, Page, Reason, Rejection, Source
from flows.sources import UnknownSourceError, choose_sources
from spiders.sources import source_for_url


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A page that is to be answered."""

    page_id: object
    """Repeated in the answer."""
    page: Page
    source: Source | None = None
    """Its source; None: that of all pages, or else found by its URL."""
    language: str | None = None
    """What the text is expected to be in, where the caller knows better than the source."""


@dataclass(frozen=True, kw_only=True)
class Extractor:
    """Pages to answers; an answer is the JSON object of one page."""

    sources: Mapping[str, Source]
    source: Source | None = None
    """The source of every page; None: found by the URL of each."""

    reader: Reader = field(default_factory=page_reader)

    def files(self, paths: Iterable[Path], url: str | None) -> Iterator[dict[str, Any]]:
        """An answer for each HTML or text file, and for each response or text of each WARC or WET file."""
        refused: list[dict[str, Any]] = []  # since the last page

        def pages() -> Iterator[tuple[tuple[list[dict[str, Any]], _Asked], tuple[Page, Source | None]]]:
            for each in self._asked(paths, url):
                if isinstance(each, _Asked):
                    yield (refused.copy(), each), (each.page, self._source_of(each))
                    refused.clear()
                else:
                    refused.append(each)

        for (before, asked), result in self.reader.map(extract_article, pages()):
            yield from before
            yield _answer(asked, result)
        yield from refused

    def _source_of(self, asked: _Asked) -> Source | None:
        url, language = asked.page.url, asked.language
        source = asked.source or self.source or (source_for_url(url, self.sources) if url else None)
        return replace(source, language=language) if source and language else source

    def _asked(self, paths: Iterable[Path], url: str | None) -> Iterator[_Asked | dict[str, Any]]:
        for path in paths:
            try:
                with open_input(path) as stream:
                    if is_warc(stream.peek(5)):
                        yield from self._archived(stream)
                    elif len(content := stream.read(MAX_CONTENT + 1)) > MAX_CONTENT:
                        yield refusal(str(path), Reason.TOO_LARGE, f"The file has more than {MAX_CONTENT >> 20} MiB.")
                    else:
                        yield _Asked(page_id=str(path), page=page_of_file(path, content, url))
            except OSError as error:
                yield refusal(str(path), UNREADABLE, f"Cannot read {path}: {why_unreadable(error)}.")
            except WarcError as error:
                yield refusal(str(path), UNREADABLE, f"Cannot read {path}: {error}.")

    def lines(self, stream: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """An answer for each line as soon as it is read; a line that cannot be used is refused and does no harm."""
        for line in stream:
            if line.strip():
                asked = self._line(line)
                if isinstance(asked, _Asked):
                    given = (asked.page, self._source_of(asked))
                    for _, result in self.reader.map(extract_article, [(None, given)]):
                        yield _answer(asked, result)
                else:
                    yield asked

    def _line(self, line: bytes) -> _Asked | dict[str, Any]:
        if len(line) > MAX_LINE:
            return refusal(None, Reason.TOO_LARGE, f"The line has more than {MAX_LINE >> 20} MiB.")
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
        return _Asked(page_id=page_id, page=page, source=source, language=given.get("language"))

    def _archived(self, stream: BinaryIO) -> Iterator[_Asked]:
        for record in read_pages(stream):
            page_id = record.capture_id if isinstance(record, Capture) else record.record_id
            yield _Asked(page_id=page_id, page=record.page())


MAX_LINE = 2 * MAX_CONTENT
"""Bytes of a line: a page as JSON has more than by itself."""


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream; of one with more than `MAX_LINE` bytes the beginning, which is too long too."""
    whole = True
    while part := stream.readline(MAX_LINE + 1):
        if whole:
            yield part
        whole = part.endswith(b"\n")


MALFORMED = "malformed_line"
UNREADABLE = "unreadable"
UNKNOWN_SOURCE = "unknown_source"


def refusal(page_id: object, reason: str, detail: str) -> dict[str, Any]:
    """The answer for a page that gives no article."""
    return {"id": page_id, "rejected": reason, "detail": detail}


def _answer(asked: _Asked, article: Article | Rejection) -> dict[str, Any]:
    """The article in the page, or the refusal."""
    if isinstance(article, Rejection):
        return refusal(asked.page_id, article.reason, article.detail)
    published, language = article.published, asked.language
    return {
        "id": asked.page_id,
        "url": asked.page.url or article.canonical_url,
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
