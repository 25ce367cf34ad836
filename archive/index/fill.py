"""The rows of a data file, into the index and out of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from archive.index import originals
from archive.index.schema import ORDERS, TABLES
from archive.keys import CAPTURES, RECORDS
from archive.packing import packed_capture, packed_digest, packed_record, packed_texts, place
from archive.tables import DataFile

INDEX_COLUMNS = {
    RECORDS: (
        "record_id",
        "url",
        "source",
        "published_at",
        "revision_of",
        "revision",
        "duplicate_of",
        "similarity",
        "signature",
        "first_fetched_at",
        "capture_id",
    ),
    CAPTURES: (
        "capture_id",
        "source",
        "url",
        "canonical_url",
        "fetched_at",
        "payload_digest",
        "outcome",
        "reason",
        "detail",
        "directives",
        "record_id",
        "repeats",
        "http_status",
        "published_at",
        "redirect_url",
        "etag",
        "last_modified",
        "warc_key",
    ),
}
"""What is read of each table."""

_ROW = {RECORDS: "record", CAPTURES: "capture"}


def add_file(connection: sqlite3.Connection, name: str, file: DataFile, batches: Iterable[pa.RecordBatch]) -> None:
    """Add the rows of a data file of the table `name`."""
    table = _ROW[name]
    (first,) = connection.execute("SELECT coalesce(max(after), 0) FROM file WHERE name = ?", (name,)).fetchone()
    number = connection.execute(
        "INSERT INTO file (name, path, size, first, after) VALUES (?, ?, ?, ?, ?)",
        (name, file.key, file.size, first, first),
    ).lastrowid
    assert number is not None  # noqa: S101  for the type checker
    after = first
    outcomes: Counter[tuple[str, str, str | None]] = Counter()
    for batch in batches:
        columns = {column: _values(batch.column(column)) for column in batch.schema.names}
        rows = _records(columns) if name == RECORDS else _captures(columns)
        marks = ", ".join("?" * (len(rows[0]) + 1)) if rows else ""
        connection.executemany(
            f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608  no value of anybody's
            ((at, *row) for at, row in enumerate(rows, after)),
        )
        after += len(rows)
        if name == RECORDS:
            _keep_originals(connection, number, columns)
        else:
            outcomes.update(zip(columns["warc_key"], columns["outcome"], columns["reason"], strict=True))
    connection.execute("UPDATE file SET after = ? WHERE id = ?", (after, number))
    connection.executemany(
        "INSERT INTO batch VALUES (?, ?, ?, ?, ?)", [(number, *key, count) for key, count in outcomes.items()]
    )


def drop_file(connection: sqlite3.Connection, name: str, number: int) -> None:
    """Remove what came from the data file with this id."""
    span = "SELECT first, after FROM file WHERE id = ?"
    first, after = connection.execute(span, (number,)).fetchone()
    connection.execute(f"DELETE FROM {_ROW[name]} WHERE number >= ? AND number < ?", (first, after))  # noqa: S608
    if name == RECORDS:
        connection.execute("DELETE FROM originals WHERE id IN (SELECT id FROM span WHERE file = ?)", (number,))
        connection.execute("DELETE FROM span WHERE file = ?", (number,))
    else:
        connection.execute("DELETE FROM batch WHERE file = ?", (number,))
    connection.execute("DELETE FROM file WHERE id = ?", (number,))


def drop_orders(connection: sqlite3.Connection) -> None:
    """Take out the SQL indexes over the many rows, before very many are added."""
    for name in ORDERS:
        connection.execute(f"DROP INDEX IF EXISTS {name}")


def make_orders(connection: sqlite3.Connection) -> None:
    """Make those that are not there."""
    for name, rows in ORDERS.items():
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {rows}")


def drop_everything(connection: sqlite3.Connection) -> None:
    """Make the index empty."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608


def _records(of: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    return list(
        zip(
            map(packed_record, of["record_id"]),
            map(place, of["source"], of["url"]),
            map(packed_capture, of["capture_id"]),
            of["first_fetched_at"],
            map(packed_record, of["revision_of"]),
            of["revision"],
            map(packed_record, of["duplicate_of"]),
            of["similarity"],
            strict=True,
        )
    )


def _captures(of: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    own = (
        None if url == canonical else canonical for url, canonical in zip(of["url"], of["canonical_url"], strict=True)
    )
    return list(
        zip(
            map(place, of["source"], of["canonical_url"]),
            map(place, of["source"], of["url"]),
            own,
            map(packed_capture, of["capture_id"]),
            of["fetched_at"],
            map(packed_record, of["record_id"]),
            map(packed_digest, of["payload_digest"]),
            of["outcome"],
            of["reason"],
            of["detail"],
            map(packed_texts, of.get("directives") or [None] * len(of["url"])),
            map(packed_capture, of["repeats"]),
            of["http_status"],
            of["published_at"],
            of["redirect_url"],
            of["etag"],
            of["last_modified"],
            strict=True,
        )
    )


def _keep_originals(connection: sqlite3.Connection, number: int, of: dict[str, list[Any]]) -> None:
    rows = [row for row, original in enumerate(of["duplicate_of"]) if original is None]
    if rows:
        originals.keep(
            connection,
            number,
            b"".join(bytes.fromhex(of["record_id"][row]) for row in rows),
            np.array([originals.UNDATED if (at := of["published_at"][row]) is None else at for row in rows], np.int64),
            np.array([of["first_fetched_at"][row] for row in rows], np.int64),
            b"".join(of["signature"][row] for row in rows),
        )


def _values(column: pa.Array) -> list[Any]:
    """Plain values; times as microseconds since 1970."""
    values: list[Any] = (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
    return values
