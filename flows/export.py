"""`warraq records`: the records of an archive as JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from archive.store import Store
from archive.tables import RECORD_COLUMNS, Tables
from extract.escaping import escaped_lines, safe_json
from flows.failures import UsageError

Format = Literal["jsonl", "csv", "parquet"]

COLUMNS = tuple(name for name in RECORD_COLUMNS.names if name not in ("signature", "published_month"))
"""What is exported: all of a record but what only the archive itself needs."""


_AT = "coalesce(published_at, first_fetched_at)"


def read_records(store: Store, *, source: str | None, since: date | None, until: date | None) -> Iterator[pa.Table]:
    """The records, oldest first, a month at a time, so that an archive of any size fits into memory.

    Args:
        store: where the archive is.
        source: only records first archived from this source.
        since: first day (UTC) of publication, or of the first fetch where the page states no date.
        until: first day not wanted any more.
    """
    # The partition is named beside the time, so that files of other months are not opened.
    conditions = {
        "source = {source}": source,
        f"{_AT} >= {{since}} AND published_month >= {{since_month}}": since,
        f"{_AT} < {{until}} AND published_month <= {{until_month}}": until,
    }
    where = " AND ".join(condition for condition, given in conditions.items() if given) or "true"
    values = {
        "source": source,
        "since": _midnight(since),
        "since_month": _month(since),
        "until": _midnight(until),
        "until_month": _month(until),
    }
    snapshot = Tables(store).snapshot()
    months = snapshot.query(f"SELECT DISTINCT published_month FROM records WHERE {where} ORDER BY 1", **values)  # noqa: S608
    for month in months["published_month"].to_pylist():
        yield snapshot.query(
            f"SELECT {', '.join(COLUMNS)} FROM records WHERE {where} AND published_month = {{month}} "  # noqa: S608
            f"ORDER BY {_AT}, record_id",
            month=month,
            **values,
        )


def export(
    store: Store, form: Format, output: Path | None, *, source: str | None, since: date | None, until: date | None
) -> None:
    """Write the records that are wanted to a file, which appears only when it is complete, or to standard output.

    Raises:
        UsageError: the file cannot be written.
        StoreError: the tables cannot be read.
    """
    tables = read_records(store, source=source, since=since, until=until)
    if output is None:
        if form == "parquet" and sys.stdout.isatty():
            raise UsageError("Parquet is not for a terminal: name a file with -o")
        write_records(tables, form, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as out:
            write_records(tables, form, out)
        partial.replace(output)
    except OSError as error:
        raise UsageError(f"Cannot write {output}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def write_records(tables: Iterator[pa.Table], form: Format, out: BinaryIO) -> int:
    """Write the records in a format; returns how many there were."""
    writers: dict[str, Callable[[Iterator[pa.Table], BinaryIO], int]] = {
        "jsonl": _write_jsonl,
        "csv": _write_csv,
        "parquet": _write_parquet,
    }
    return writers[form](tables, out)


def _write_jsonl(tables: Iterator[pa.Table], out: BinaryIO) -> int:
    count = 0
    for row in _rows(tables):
        out.write(safe_json(row).encode() + b"\n")
        count += 1
    return count


def _write_csv(tables: Iterator[pa.Table], out: BinaryIO) -> int:
    """RFC 4180, UTF-8; lists are JSON, since any separator may occur in their items. No cell is a formula."""
    count = 0
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in _rows(tables):
        writer.writerow(map(_cell, row.values()))
        count += 1
    text.flush()
    text.detach()
    return count


def _cell(value: Any) -> Any:
    """A value for a spreadsheet and its reader; what would be a formula begins with an apostrophe, and so is text.

    What counts as a formula: https://owasp.org/www-community/attacks/CSV_Injection.
    """
    if isinstance(value, list):
        return safe_json(value)
    if not isinstance(value, str):
        return value
    return escaped_lines(f"'{value}" if value.startswith(_FORMULA) else value)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _write_parquet(tables: Iterator[pa.Table], out: BinaryIO) -> int:
    schema = pa.schema([RECORD_COLUMNS.field(name) for name in COLUMNS])
    count = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.cast(schema))
            count += table.num_rows
    return count


def _rows(tables: Iterator[pa.Table]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for batch in table.to_batches(max_chunksize=1000):
            for row in batch.to_pylist():
                yield {name: as_json(value) for name, value in row.items()}


def as_json(value: Any) -> Any:
    """A value of a table as JSON has it: times in ISO 8601, bytes in hexadecimal."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _month(day: date | None) -> str | None:
    return f"{day:%Y-%m}" if day else None
