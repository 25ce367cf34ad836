"""The index as a spider asks it: whether a page, or the very response it has fetched, is archived already."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from w3lib.url import safe_url_string

from archive.packing import capture_id, digest, packed_digest, place, time
from archive.warc import Original
from extract.types import Reason
from extract.urls import canonical_url

log = logging.getLogger(__name__)

_UNSETTLED = {Reason.BLOCKED, Reason.TIMED_OUT}
_GONE = (404, 410)
_MAX_REDIRECTS = 5


class ArchivedPayloads:
    """Responses of one source in an index that another process keeps up to date; it is only read."""

    def __init__(self, path: Path, source: str) -> None:
        self._source = source
        self._index = _ReadOnly(path, "every response is archived whole")

    def find(self, url: str, payload_digest: str) -> Original | None:
        """The last response that was archived whole for `url` as requested and has this payload; None: there is none.

        One that was cut off is none: a page may shrink to just what came of it, and is then read as it never was.

        An index that cannot be read knows none: what is then archived twice does no harm.
        """
        found = self._index.rows(
            "SELECT capture_id, fetched_at FROM capture WHERE request = ? AND payload_digest = ? "
            "AND repeats IS NULL AND coalesce(reason, '') NOT IN ('forgotten', 'too_large', 'timed_out') "
            "ORDER BY fetched_at DESC LIMIT 1",
            (place(self._source, url), packed_digest(payload_digest)),
        )
        return Original(capture_id=capture_id(found[0][0]), url=url, fetched_at=time(found[0][1])) if found else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What the archive knows of a page that it need not fetch to have."""

    fetched_at: datetime
    """Aware UTC: of the last fetch that settled what the page is."""
    first_fetched_at: datetime
    """Of the first such fetch."""
    published_at: datetime | None
    """When the page was published, by itself or else as announced."""
    etag: str | None = None
    """ETag of the response that is archived."""
    last_modified: str | None = None
    """Its Last-Modified."""
    original: Original | None = None
    """The archived response that a 304 would confirm; None: a request with conditions makes no sense."""


class PastVisits:
    """The pages of one source in an index that another process keeps up to date; it is only read."""

    def __init__(self, path: Path, source: str) -> None:
        self._source = source
        self._index = _ReadOnly(path, "every page is taken for new")

    def last(self, url: str) -> Visit | None:
        """The visits of the page at `url`, whether by this URL, by its canonical form or through a redirect.

        A page is settled when it gave an article or a refusal, or is gone (404, 410); an error of the server, a block
        or a time-out settles nothing, and neither does a redirect to what was not fetched. None: it has to be fetched.
        """
        return self._last(url, _MAX_REDIRECTS)

    def _last(self, url: str, redirects: int) -> Visit | None:
        rows = self._captures(url)
        settled = [row for row in rows if _settles(row)]
        if settled:
            now = datetime.now(UTC)
            times = [time(row["fetched_at"]) for row in settled]
            visit = Visit(
                # One in the future, by a wrong clock, would keep the page from ever being looked at again.
                fetched_at=next((each for each in times if each <= now), times[0]),
                first_fetched_at=times[-1],
                published_at=next((time(row["published_at"]) for row in settled if row["published_at"]), None),
            )
            return self._with_validators(visit, url, settled)
        target = next((row["redirect_url"] for row in rows if row["redirect_url"]), None)
        return self._last(target, redirects - 1) if target and redirects else None

    def _captures(self, url: str) -> list[sqlite3.Row]:
        """Captures of the URL as requested, and those of articles that have it as canonical URL, newest first."""
        try:
            canonical = canonical_url(url)
        except ValueError:
            canonical = url
        query = (
            "SELECT fetched_at, capture_id, http_status, outcome, reason, payload_digest, repeats, published_at, "
            "redirect_url, etag, last_modified, request FROM capture WHERE "
        )
        return sorted(
            self._index.rows(
                f"{query} request IN (?, ?, ?) UNION {query} place = ? AND record_id IS NOT NULL",
                tuple(place(self._source, each) for each in (url, safe_url_string(url), canonical, canonical)),
            ),
            key=lambda row: row["fetched_at"],
            reverse=True,
        )

    def _with_validators(self, visit: Visit, url: str, settled: list[sqlite3.Row]) -> Visit:
        """Validators belong to the URL that was requested, and to the response that came last."""
        requested = (place(self._source, url), place(self._source, safe_url_string(url)))
        own = (row for row in settled if row["request"] in requested)
        last = next((row for row in own if row["http_status"] == 200), None)
        if last is None or not (last["etag"] or last["last_modified"]):
            return visit
        return replace(
            visit, etag=last["etag"], last_modified=last["last_modified"], original=self._original(url, last)
        )

    def _original(self, url: str, row: sqlite3.Row) -> Original | None:
        """The response with the payload: that of the row, or the one it repeats."""
        if row["repeats"]:
            found = self._index.rows(
                "SELECT capture_id, fetched_at, payload_digest FROM capture WHERE request = ? AND capture_id = ?",
                (row["request"], row["repeats"]),
            )
            if not found:
                return None
            row = found[0]
        return Original(
            capture_id=capture_id(row["capture_id"]),
            url=safe_url_string(url),
            fetched_at=time(row["fetched_at"]),
            payload_digest=digest(row["payload_digest"]),
        )


def _settles(row: sqlite3.Row) -> bool:
    if row["redirect_url"] or row["reason"] in _UNSETTLED:
        return False
    return row["reason"] != Reason.HTTP_ERROR or row["http_status"] in _GONE


class _ReadOnly:
    """The index file; once it cannot be read, it holds nothing."""

    def __init__(self, path: Path, consequence: str) -> None:
        self._consequence = consequence
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
            self._connection.row_factory = sqlite3.Row
        except sqlite3.Error as error:
            self._give_up(error)

    def rows(self, query: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        """The answer; nothing where the index cannot be read."""
        if self._connection is None:
            return []
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._give_up(error)
            return []

    def _give_up(self, error: sqlite3.Error) -> None:
        log.warning("the index cannot be read (%s): %s", error, self._consequence)
        if self._connection:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
