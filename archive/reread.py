"""What a stored WARC file shows by the rules of today, as an immutable Parquet file beside the tables.

A WARC file is the unit of work of a re-extraction: it is read by itself, without the tables and without the network, so
any number of processes and machines may share the work, in any order, and what one has put is never read again. What
its revisits show is for `archive.settling` to say, which knows the responses of other files too.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq

from archive.dedup import Reading
from archive.guarded.reader import Reader, page_reader
from archive.keys import readings_key
from archive.readings import article_columns, storable
from archive.store import Store, StoreError
from archive.tables import RECORD_COLUMNS, Row
from archive.warc import Capture, WarcError, read_warc
from extract.types import Article, Rejection, Source

ARTICLE_COLUMNS = tuple(
    RECORD_COLUMNS.names[RECORD_COLUMNS.names.index("title") : RECORD_COLUMNS.names.index("revision_of")]
)
"""Columns of `records` that an article fills by itself."""

_TOGETHER = 1000
"""Responses whose texts are held in memory at once: some 5 MB."""
_TIME = pa.timestamp("us", tz="UTC")
READING_COLUMNS = pa.schema(
    [
        ("capture_id", pa.string()),
        ("canonical_url", pa.string()),
        ("found_published_at", _TIME),  # `captures.published_at`: as the page states it, or as it was announced
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("directives", pa.list_(pa.string())),
        ("record_id", pa.string()),
        ("signature", pa.binary()),
        *((name, RECORD_COLUMNS.field(name).type) for name in ARTICLE_COLUMNS),
        # Of a revisit, how it names the response it repeats: by id, by time, or by its payload.
        ("repeats_id", pa.string()),
        ("repeats_url", pa.string()),
        ("repeats_at", _TIME),
        ("payload_digest", pa.string()),
    ]
)
"""A row a response, in the order of the file: an article if `record_id` is set, a rejection if `reason` is, a revisit
if `repeats_url` is, else support."""


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """What reading a WARC file again gave."""

    warc_key: str
    captures: int
    articles: int
    bytes: int
    """Of the WARC file."""
    damage: str | None = None
    """What of it cannot be read; the captures there keep what the tables say."""


def read_again(store: Store, candidate: str, warc_key: str, source: Source, reader: Reader | None = None) -> FileReport:
    """Read a stored WARC file and put what it shows into the candidate; of racing writers one does.

    Args:
        store: The archive.
        candidate: The candidate's id.
        warc_key: Key of the file.
        source: The source it was fetched for.
        reader: Reads the pages; None: the one with the limits that are usual.

    Raises:
        StoreError: the store cannot be read or written, or does not hold the file.
        ReaderError: no process can be started to read the pages in.
    """
    captures = articles = 0
    damages: list[str] = []
    data = io.BytesIO()
    with pq.ParquetWriter(data, READING_COLUMNS, compression="zstd") as writer:
        try:
            with store.open(warc_key) as file:
                found = read_warc(file, lambda damage: damages.append(str(damage)))
                read = (reader or page_reader()).captures(found, source)
                rows = (_row(capture, reading) for capture, reading in read)
                while some := list(islice(rows, _TOGETHER)):
                    writer.write_table(pa.Table.from_pylist(some, READING_COLUMNS))
                    captures += len(some)
                    articles += sum("record_id" in row for row in some)
        except WarcError as error:  # it is no WARC file any more
            damages.append(str(error))
    store.put_if_absent(readings_key(candidate, warc_key), data.getvalue())
    size, damage = store.size(warc_key), f"{warc_key}: {'; '.join(damages[:3])}" if damages else None
    return FileReport(warc_key=warc_key, captures=captures, articles=articles, bytes=size, damage=damage)


def read_readings(store: Store, candidate: str, warc_key: str, columns: list[str] | None = None) -> pa.Table:
    """What a candidate holds of a WARC file, with these columns of `READING_COLUMNS` or all.

    Raises:
        NoSuchKey: the file has not been read, or something in it was forgotten since.
        StoreError: the store cannot be read, or the object is damaged.
    """
    key = readings_key(candidate, warc_key)
    try:
        return pq.read_table(io.BytesIO(store.get(key)), columns=columns, use_threads=False)
    except pa.ArrowException as error:
        raise StoreError(f"{key} in {store.root} is damaged ({error}): delete it, and re-extract again") from error


def _row(capture: Capture, reading: Reading) -> Row:
    result, repeats = reading.result, capture.repeats
    row: Row = {
        "capture_id": reading.capture_id,
        "canonical_url": reading.canonical_url,
        "found_published_at": reading.published_at,
        "payload_digest": capture.payload_digest,
        "directives": reading.directives,
    }
    if repeats:
        row |= {"repeats_id": repeats.capture_id, "repeats_url": repeats.url, "repeats_at": repeats.fetched_at}
    elif isinstance(result, Rejection):
        row |= {"reason": result.reason.value, "detail": storable(result.detail)}
    elif isinstance(result, Article):
        row |= {"record_id": reading.record_id, "signature": reading.signature, **article_columns(result)}
    return row
