"""The log of links: what a crawl found, where, and what became of it. JSON lines, written as it happens.

    {"url": …, "found_by": "feed", "found_in": …, "announced_at": "2024-12-03T17:17:03+00:00", "state": "wanted"}
    {"url": …, "state": "fetched"}                                 later, of the same URL
    {"url": …, "state": "failed", "why": "it answered 503"}
    {"document": …, "found_by": "feed", "status": 200, "links": 20, "problem": null}

A process that is killed leaves what it has written; of a line cut off in the middle, the reader makes nothing.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from archive.warc import Found
from extract.escaping import safe_json

MOST_UNWANTED = 10_000
"""Links outside the days that were asked for that are written, and as many of those over the limit of pages."""
MOST_LEFT_OUT = 100
"""Links written that were left out for the same reason."""
_MOST_OF_URL = 500


class State(StrEnum):
    """What became of a link."""

    WANTED = "wanted"
    """To be fetched: the archive does not hold it. Where nothing follows, the crawl ended before."""
    REVISIT = "revisit"
    """To be fetched again, to see whether it changed."""
    KNOWN = "known"
    """In the archive, and not to be fetched again now."""
    OUTSIDE = "outside"
    """Not of the days that were asked for."""
    LIMIT = "limit"
    """Not fetched, for the limit was reached before."""
    LEFT_OUT = "left_out"
    """Not to be fetched: it goes over a limit of the source, or belongs to a trap."""
    FETCHED = "fetched"
    FAILED = "failed"
    """No answer, or one that says nothing of the page: an error of the server, a refusal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedLink:
    """A link, and its last state."""

    url: str
    found: Found
    state: State
    revisit: bool = False
    """Whether it was fetched, or to be fetched, again."""
    why: str | None = None
    """Of one that failed or was left out: a phrase for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedDocument:
    """A document that was read for links."""

    url: str
    found_by: str
    """What kind of way it belongs to: `feed`, `sitemap`, `robots`, `rest`, `archive`, `listing`."""
    status: int | None
    """HTTP status; None: no answer."""
    links: int
    """How many it announced."""
    problem: str | None
    """Why it could not be read, or not to its end; None: it was."""


@dataclass(frozen=True, kw_only=True)
class Links:
    """What a log holds."""

    links: Mapping[str, LoggedLink]
    """By URL, in the order they were found."""
    documents: tuple[LoggedDocument, ...]
    """In the order they were read."""


class LinkLog:
    """Writes the log. Each line leaves the process at once.

    Of links that nothing becomes of, only some are written: a site may announce any number of them.
    """

    def __init__(self, path: Path | None, on_error: Callable[[OSError], None]) -> None:
        """Open the log for appending.

        Args:
            path: the file; None: what is told is not written.
            on_error: told why a line could not be written; no more are then.

        Raises:
            OSError: it cannot be opened.
        """
        self._stream = path.open("a", encoding="utf-8", buffering=1) if path else None
        self._on_error = on_error
        self._written: Counter[str] = Counter()

    def found(self, url: str, found: Found, state: State) -> None:
        """A link, where it came from and what is to become of it."""
        if state in (State.OUTSIDE, State.LIMIT) and not self._has_room(state, MOST_UNWANTED):
            return
        self._found(url, found, state)

    def left_out(self, url: str, found: Found, why: str) -> None:
        """A link that is not to be fetched, and why."""
        if self._has_room(why, MOST_LEFT_OUT):
            self._found(url[:_MOST_OF_URL], found, State.LEFT_OUT, why=why)

    def _has_room(self, kind: str, most: int) -> bool:
        self._written[kind] += 1
        return self._written[kind] <= most

    def _found(self, url: str, found: Found, state: State, **more: Any) -> None:
        announced = found.announced_at
        self._write(
            url=url,
            found_by=found.by,
            found_in=found.via,
            announced_at=announced and announced.isoformat(),
            state=state,
            **more,
        )

    def fetched(self, url: str) -> None:
        """The page of a link has come."""
        self._write(url=url, state=State.FETCHED)

    def failed(self, url: str, why: str) -> None:
        """The page of a link has not come."""
        self._write(url=url, state=State.FAILED, why=why)

    def not_reached(self, url: str) -> None:
        """The limit came before the link."""
        self._write(url=url, state=State.LIMIT)

    def document(self, url: str, found_by: str, status: int | None, links: int, problem: str | None = None) -> None:
        """A document was read, or could not be."""
        self._write(document=url, found_by=found_by, status=status, links=links, problem=problem)

    def close(self) -> None:
        """Close the file."""
        if self._stream:
            with suppress(OSError):
                self._stream.close()

    def _write(self, **line: Any) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(safe_json(line) + "\n")
        except OSError as error:
            self.close()
            self._stream = None
            self._on_error(error)


def read_links(path: Path) -> Links:
    """Read a log, of a run that was killed too; one that is not there holds nothing."""
    links: dict[str, LoggedLink] = {}
    documents = []
    with suppress(FileNotFoundError), path.open("rb") as lines:
        for text in lines:
            try:
                line: dict[str, Any] = json.loads(text)
                if "document" in line:
                    documents.append(LoggedDocument(url=line.pop("document"), **line))
                elif before := links.get(line["url"]):
                    links[before.url] = replace(before, state=State(line["state"]), why=line.get("why"))
                elif "found_by" in line:
                    links[line["url"]] = _link(line)
            except (ValueError, TypeError, KeyError, RecursionError):  # cut off, or not written by us
                continue
    return Links(links=links, documents=tuple(documents))


def _link(line: Mapping[str, Any]) -> LoggedLink:
    announced = line["announced_at"]
    at = announced and datetime.fromisoformat(announced)
    via = line["found_in"]  # of thousands of links it is the same
    return LoggedLink(
        url=line["url"],
        found=Found(by=sys.intern(line["found_by"]), via=via and sys.intern(via), announced_at=at),
        state=State(line["state"]),
        revisit=line["state"] == State.REVISIT,
        why=line.get("why"),
    )
