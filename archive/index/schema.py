"""What the index file holds, and how values are packed in it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

FORMAT = 2
"""Raised with every change of the schema or of what it means: an index of another format is built again."""

SCHEMA = """
-- Which version of each table the rows below are of. NULL: being built, not to be read.
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, id TEXT, version INTEGER) WITHOUT ROWID;
-- Data files whose rows are below: those with numbers from `first` to before `after`, in the file's order.
CREATE TABLE IF NOT EXISTS file
    (id INTEGER PRIMARY KEY, name TEXT, path TEXT, size INTEGER, first INTEGER, after INTEGER, UNIQUE (name, path));
CREATE TABLE IF NOT EXISTS record
    (number INTEGER PRIMARY KEY, record_id BLOB, place BLOB, capture_id, fetched_at INTEGER, revision_of BLOB,
     revision INTEGER, duplicate_of BLOB, similarity REAL);
-- `place` is of the canonical URL, `request` of the URL as requested. `canonical_url` is NULL where it is that URL.
CREATE TABLE IF NOT EXISTS capture
    (number INTEGER PRIMARY KEY, place BLOB, request BLOB, canonical_url TEXT, capture_id, fetched_at INTEGER,
     record_id BLOB, payload_digest, outcome TEXT, reason TEXT, detail TEXT, repeats, http_status INTEGER,
     published_at INTEGER, redirect_url TEXT, etag TEXT, last_modified TEXT);
-- Captures of a WARC file by outcome and reason.
CREATE TABLE IF NOT EXISTS batch (file INTEGER, warc_key TEXT, outcome TEXT, reason TEXT, captures INTEGER);
CREATE INDEX IF NOT EXISTS batch_by_key ON batch (warc_key);
CREATE INDEX IF NOT EXISTS batch_by_file ON batch (file);
-- Originals (records that are no near-duplicates) some thousands together, dated ones apart from undated ones, with the
-- span of their times of publication (0 where undated) and of fetch; in `originals` the same as arrays.
CREATE TABLE IF NOT EXISTS span
    (id INTEGER PRIMARY KEY, file INTEGER, dated INTEGER, rows INTEGER, published INTEGER, published_last INTEGER,
     fetched INTEGER, fetched_last INTEGER);
CREATE INDEX IF NOT EXISTS span_by_file ON span (file);
CREATE TABLE IF NOT EXISTS originals
    (id INTEGER PRIMARY KEY, record_id BLOB, published BLOB, fetched BLOB, signature BLOB);
"""

ORDERS = {
    "record_by_id": "record (record_id)",
    "record_by_place": "record (place)",
    "capture_by_place": "capture (place) WHERE record_id IS NOT NULL",
    "capture_by_request": "capture (request, fetched_at)",
}
"""SQL indexes over the many rows, by name. They are sorted at once where most rows are new: one row after another would
write every page of them again and again."""

TABLES = ("state", "file", "record", "capture", "batch", "span", "originals")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def place(source: str, url: str) -> bytes:
    """16 bytes that stand for a URL of a source.

    As many as a record's id has: that two of 10⁹ URLs share them is as unlikely as that two texts share an id (10⁻²¹).
    """
    return hashlib.blake2b(f"{source}\0{url}".encode(), digest_size=16).digest()


def packed_record(text: str | None) -> bytes | None:
    """The id of a record in 16 bytes."""
    return None if text is None else bytes.fromhex(text)


def record_id(packed: bytes | None) -> str | None:
    """The id of a record that `packed_record` packed."""
    return None if packed is None else packed.hex()


def packed_capture(text: str | None) -> bytes | str | None:
    """The id of a capture in 16 bytes; what is no UUID, as captures of other software may have, as it is."""
    if text is None or len(text) != 36:
        return text
    try:
        packed = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return text
    return packed if len(packed) == 16 and _uuid(packed) == text else text


def capture_id(packed: bytes | str) -> str:
    """The id of a capture that `packed_capture` packed."""
    return packed if isinstance(packed, str) else _uuid(packed)


def _uuid(packed: bytes) -> str:
    text = packed.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def packed_digest(text: str) -> bytes | str:
    """`sha1:` and 32 characters of Base32 in 20 bytes; another digest as it is."""
    if not text.startswith("sha1:"):
        return text
    try:
        packed = base64.b32decode(text[5:])
    except ValueError:
        return text
    return packed if digest(packed) == text else text


def digest(packed: bytes | str) -> str:
    """The digest that `packed_digest` packed."""
    return packed if isinstance(packed, str) else f"sha1:{base64.b32encode(packed).decode()}"


def microseconds(at: datetime) -> int:
    """Since 1970, as the tables count."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def time(microseconds: int) -> datetime:
    """The time that is so long after the beginning of 1970, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)
