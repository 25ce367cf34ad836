"""What decisions ask of the index: point look-ups, and the originals that texts may be copies of."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archive.dedup import Held, Original, Reading, Seen, Wording
from archive.index.columns import read_rows
from archive.index.originals import resembling
from archive.keys import RECORDS, warc_prefix
from archive.packing import (
    capture_id,
    digest,
    microseconds,
    packed_capture,
    packed_digest,
    packed_record,
    place,
    record_id,
    texts,
    time,
)
from archive.store import Store
from archive.tables import DataFile
from archive.wording import without_title

Outcomes = list[tuple[str, str | None, int]]
"""Outcome, reason (of rejected ones) and number of captures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """An archived response, as `captures` has it."""

    capture_id: str
    canonical_url: str
    fetched_at: datetime
    payload_digest: str
    outcome: str
    reason: str | None
    detail: str | None
    record_id: str | None
    repeats: str | None
    published_at: datetime | None
    directives: Sequence[str]


class View:
    """The index at one moment; `archive.index.Index.ask` hands it out."""

    def __init__(self, connection: sqlite3.Connection, store: Store) -> None:
        self._connection = connection
        self._store = store

    def outcomes(self, warc_key: str) -> Outcomes:
        """What the captures of a WARC file are; nothing: it was not ingested."""
        return self._all(
            "SELECT outcome, reason, sum(captures) FROM batch WHERE warc_key = ? GROUP BY outcome, reason", warc_key
        )

    def ingested(self, source: str | None = None) -> set[str]:
        """Keys of the WARC files, of a source or of all, whose captures are in the tables."""
        prefix = warc_prefix(source)
        found = self._all("SELECT DISTINCT warc_key FROM batch WHERE warc_key BETWEEN ? AND ?", prefix, prefix + "~")
        return {key for (key,) in found}

    def held(self, records: Set[str], source: str, urls: Set[str]) -> list[Held]:
        """The records with one of these ids, or one of these canonical URLs of the source.

        `url` is empty for those whose URL is none of these, as the index does not hold it.
        """
        places = {place(source, url): url for url in urls}
        rows: dict[int, Sequence[Any]] = {}
        for column, values in (("record_id", map(packed_record, records)), ("place", places)):
            query = (
                "SELECT number, record_id, place, capture_id, fetched_at, revision_of, revision, duplicate_of, "  # noqa: S608
                f"similarity FROM record WHERE {column} = ?"
            )
            for value in values:
                rows |= {row[0]: row for row in self._all(query, value)}
        return [
            Held(
                record_id=record_id(row[1]) or "",
                source=source if row[2] in places else "",
                url=places.get(row[2], ""),
                capture_id=capture_id(row[3]),
                first_fetched_at=time(row[4]),
                revision_of=record_id(row[5]),
                revision=row[6],
                duplicate_of=record_id(row[7]),
                similarity=row[8],
            )
            for _, row in sorted(rows.items())
        ]

    def seen(self, source: str, urls: Set[str]) -> list[Seen]:
        """The captures of these canonical URLs of the source that showed a text."""
        query = "SELECT capture_id, fetched_at, record_id FROM capture WHERE place = ? AND record_id IS NOT NULL"
        return [
            Seen(
                source=source,
                canonical_url=url,
                capture_id=capture_id(capture),
                fetched_at=time(fetched),
                record_id=record_id(record) or "",
            )
            for url in urls
            for capture, fetched, record in self._all(query, place(source, url))
        ]

    def last_response(self, source: str, url: str) -> Response | None:
        """The newest capture of the URL as it was requested."""
        found = self._responses(source, url, "ORDER BY fetched_at DESC LIMIT 1")
        return found[0] if found else None

    def responses(
        self, source: str, url: str, *, digest: str, at: datetime | None, capture: str | None
    ) -> list[Response]:
        """Captures of the URL as it was requested with this payload digest, time or id; the earliest first."""
        return self._responses(
            source,
            url,
            "AND (payload_digest = ? OR fetched_at = ? OR capture_id = ?) ORDER BY fetched_at",
            packed_digest(digest),
            at and microseconds(at),
            packed_capture(capture),
        )

    def originals(self, articles: Sequence[Reading], window: timedelta, *, without: Set[str]) -> list[Original]:
        """Originals that these articles may be copies of: see `archive.index.originals.resembling`."""
        return resembling(self._connection, articles, window, without=without)

    def wordings(self, records: Set[str]) -> dict[str, Wording]:
        """Texts and brands of records, read from the files of the table that hold them.

        Raises:
            StoreError: a file cannot be read; `NoSuchKey` where it was removed because the table moved on.
        """
        rows: dict[DataFile, dict[int, str]] = defaultdict(dict)
        for record in sorted(records):
            for path, size, row in self._all(
                "SELECT path, size, number - first FROM record JOIN file ON file.name = ? AND number >= first "
                "AND number < after WHERE record_id = ?",
                RECORDS,
                packed_record(record),
            ):
                rows[DataFile(path, size)][row] = record
        found = {}
        for file, wanted in rows.items():
            texts = read_rows(
                self._store, file, list(wanted), ["title", "text", "attribution", "site_name", "published_precision"]
            )
            for row, content in zip(sorted(wanted), texts, strict=True):
                names = frozenset(filter(None, [content["site_name"]]))
                found[wanted[row]] = Wording(
                    text=without_title(content["text"], content["title"]),
                    brands=names.union(content["attribution"]),
                    names=names,
                    credits=frozenset(content["attribution"]),
                    precision=content["published_precision"],
                )
        return found

    def _responses(self, source: str, url: str, condition: str, *values: object) -> list[Response]:
        rows = self._all(
            "SELECT capture_id, canonical_url, fetched_at, payload_digest, outcome, reason, detail, record_id, "  # noqa: S608
            "repeats, published_at, directives "
            f"FROM capture WHERE request = ? {condition}",
            place(source, url),
            *values,
        )
        return [
            Response(
                capture_id=capture_id(row[0]),
                canonical_url=url if row[1] is None else row[1],
                fetched_at=time(row[2]),
                payload_digest=digest(row[3]),
                outcome=row[4],
                reason=row[5],
                detail=row[6],
                record_id=record_id(row[7]),
                repeats=row[8] and capture_id(row[8]),
                published_at=None if row[9] is None else time(row[9]),
                directives=texts(row[10]),
            )
            for row in rows
        ]

    def _all(self, query: str, *values: object) -> list[Any]:
        return self._connection.execute(query, values).fetchall()
