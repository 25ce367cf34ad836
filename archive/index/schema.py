"""What the index file holds; `archive.packing` says how values are packed in it."""

from __future__ import annotations

FORMAT = 3
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
     record_id BLOB, payload_digest, outcome TEXT, reason TEXT, detail TEXT, directives TEXT, repeats,
     http_status INTEGER, published_at INTEGER, redirect_url TEXT, etag TEXT, last_modified TEXT);
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
