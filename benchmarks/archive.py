"""How deciding and committing grow with the archive: time, memory and disk at 10⁴, 10⁵ and more records.

    python benchmarks/archive.py [--records N ...] [--spread DAYS] [--batches N]

An archive of N records is written, and half as many more captures: texts of real lengths, six sources, publication
dates over `--spread` days before now (9: every record is in the window of the articles, which is the worst case). Then
an index is built from nothing, and batches of 1,000 articles are decided and committed: 60 % new, 10 % copies of a
record in another wording, 20 % as they were, 5 % changed, 5 % elsewhere. Extraction is not measured here. Each archive
is measured in a process of its own, on the local disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deltalake import DeltaTable, write_deltalake

from archive.dedup import Reading, record_id, signature
from archive.index import Index
from archive.ingest import commit_batch
from archive.keys import CAPTURES, RECORDS
from archive.store import LocalStore
from archive.tables import CAPTURE_COLUMNS, RECORD_COLUMNS, WRITER, Tables
from archive.warc import Capture
from extract.types import Article, Date, Source

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SOURCES = [
    Source(
        id=f"site{n}", name=f"سایت {n}", language="fa", timezone="Asia/Tehran", domains=(f"site{n}.example",), family=""
    )
    for n in range(6)
]
FILE = 20_000  # records of a data file, as after a compaction
_LENGTHS = (300, 700, 1_100, 1_600, 2_200, 3_000, 4_500, 8_000)  # characters of a text, as in the samples
_LETTERS = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


def words(chosen: random.Random, count: int) -> list[str]:
    return ["".join(chosen.choices(_LETTERS, k=chosen.randint(2, 8))) for _ in range(count)]


VOCABULARY = words(random.Random(1), 20_000)
REAL = 2_000
"""The newest records, of the last five days, have the signatures of their texts; those of the others are random."""


def some_text(chosen: random.Random) -> str:
    length = chosen.choice(_LENGTHS)
    return " ".join(chosen.choices(VOCABULARY, k=length // 6))


# --- the archive ------------------------------------------------------------------------------------------------------


def real_texts() -> list[str]:
    chosen = random.Random(2)
    return [some_text(chosen) for _ in range(REAL)]


def build(root: Path, records: int, spread: int) -> None:
    """Write both tables, some thousands of rows at a time."""
    chosen, numbers = random.Random(7), np.random.default_rng(7)
    long_text = " ".join(chosen.choices(VOCABULARY, k=2_000_000))
    store = LocalStore(root)
    tables = Tables(store)
    for name in (RECORDS, CAPTURES):
        tables._create(name)
    real = real_texts()
    for first in range(0, records, FILE):
        count = min(FILE, records - first)
        starts = numbers.integers(0, len(long_text) - 10_000, count)
        texts = [long_text[start : start + chosen.choice(_LENGTHS)] for start in starts.tolist()]
        signatures = [each.tobytes() for each in numbers.integers(0, 256, (count, 112), np.uint8)]
        if first + count == records:
            texts[-REAL:] = real
            signatures[-REAL:] = [signature(text) for text in real]
        write_records(store, texts, signatures, first, records, spread, numbers)


def write_records(
    store: LocalStore,
    texts: list[str],
    signatures: list[bytes],
    first: int,
    records: int,
    spread: int,
    numbers: np.random.Generator,
) -> None:
    count = len(texts)
    rows = range(first, first + count)
    days = (spread * (1 - row / records) if row < records - REAL else 5 * (1 - row / records) for row in rows)
    published = [NOW - timedelta(days=age) for age in days]
    ids = [
        record_id(text) if row >= records - REAL else numbers.bytes(16).hex() for row, text in enumerate(texts, first)
    ]
    captures = [str(uuid.UUID(bytes=numbers.bytes(16))) for _ in range(count)]
    site = [f"site{row % 6}" for row in rows]
    urls = [f"https://{name}.example/news/{row}" for row, name in enumerate(site, first)]
    columns = {
        "record_id": ids,
        "url": urls,
        "source": site,
        "title": [text[:60] for text in texts],
        "text": texts,
        "published_at": [None if row % 50 == 0 else at for row, at in zip(rows, published, strict=True)],
        "signature": signatures,
        "first_fetched_at": [at + timedelta(hours=1) for at in published],
        "capture_id": captures,
        "duplicate_of": [numbers.bytes(16).hex() if row % 10 == 0 else None for row in rows],
        "published_month": [f"{at:%Y-%m}" for at in published],
        "extractor": ["benchmark"] * count,
    }
    write(store, RECORDS, columns, RECORD_COLUMNS)
    again = [*range(count), *range(0, count, 2)]  # every other page was fetched twice
    columns = {
        "capture_id": captures + [str(uuid.UUID(bytes=numbers.bytes(16))) for _ in range(0, count, 2)],
        "source": [site[row] for row in again],
        "url": [urls[row] for row in again],
        "canonical_url": [urls[row] for row in again],
        "fetched_at": [published[row] + timedelta(hours=1 + (at >= count)) for at, row in enumerate(again)],
        "payload_digest": [
            f"sha1:{'A' * 24}{row + first:08d}".replace("0", "B").replace("1", "C")[:37] for row in again
        ],
        "outcome": ["new" if at < count else "unchanged" for at in range(len(again))],
        "record_id": [ids[row] for row in again],
        "warc_key": [f"warc/{site[row]}/2026/01/01/{site[row]}-20260101000000-r{first}-00000.warc.gz" for row in again],
        "fetched_date": [published[row].date() for row in again],
        "run_id": ["benchmark"] * len(again),
        "extractor": ["benchmark"] * len(again),
    }
    write(store, CAPTURES, columns, CAPTURE_COLUMNS)


def write(store: LocalStore, name: str, columns: dict[str, list[object]], schema: pa.Schema) -> None:
    """Append rows whose other columns are empty."""
    count = len(next(iter(columns.values())))
    empty = {"string": "", "list<element: string>": [], "int32": 0, "int64": 0, "double": 0.0}
    for field in schema:
        if field.name not in columns:
            columns[field.name] = [None if field.nullable else empty.get(str(field.type), [])] * count
    write_deltalake(
        DeltaTable(store.table_uri(name)),
        pa.table({field.name: pa.array(columns[field.name], field.type) for field in schema}, schema),
        mode="append",
        writer_properties=WRITER,
    )


# --- what is measured -------------------------------------------------------------------------------------------------


def batch(number: int, records: int) -> Iterator[tuple[Capture, Reading]]:
    """1,000 articles of a source, published in the last two days."""
    chosen, real = random.Random(1000 + number), real_texts()
    source = SOURCES[0]
    for page in range(1000):
        kind = page % 20
        url, text = f"https://site0.example/new/{number}/{page}", some_text(chosen)
        if kind in (0, 1):  # a copy
            text = f"{chosen.choice(real)} {chosen.choice(VOCABULARY)}"
        elif kind in (2, 3, 4, 5):  # as it was
            row = records - REAL + chosen.randrange(REAL - 6)
            row += -row % 6  # of this source
            url, text = f"https://site0.example/news/{row}", real[row - records + REAL]
        elif kind == 6:  # changed
            url = f"https://site0.example/news/{chosen.randrange(0, records, 6)}"
        elif kind == 7:  # elsewhere
            text = chosen.choice(real)
        at = NOW + timedelta(minutes=number, seconds=page)
        published = Date(
            at=at - timedelta(hours=chosen.uniform(1, 48)), raw="x", calendar="jalali", precision="minute", where="line"
        )
        capture = Capture(
            capture_id=str(uuid.UUID(int=chosen.getrandbits(128))),
            url=url,
            fetched_at=at,
            status=200,
            reason="OK",
            protocol="HTTP/1.1",
            headers=(),
            payload=b"",
            content=b"",
            payload_digest="sha1:" + "A" * 32,
            offset=page * 30_000,
            length=30_000,
        )
        article = Article(title=text[:60], paragraphs=tuple(text.split("\n")), published=published)
        yield (
            capture,
            Reading(
                capture_id=capture.capture_id,
                source=source.id,
                url=url,
                canonical_url=url,
                fetched_at=at,
                result=article,
                record_id=record_id(text),
                signature=signature(text),
            ),
        )


def measure(root: Path, cache: Path, records: int, batches: int) -> dict[str, float]:
    store = LocalStore(root)
    begin = time.perf_counter()
    with Index(store, cache) as index:
        index.ask_newest(lambda view: view.outcomes(""))
    cold = time.perf_counter() - begin
    disk = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    seconds, outcomes = [], {}
    with Index(store, cache) as index:
        for number in range(batches + 1):
            captures = list(batch(number, records))
            begin, busy = time.perf_counter(), time.process_time()
            key = f"warc/site0/2026/11/01/site0-20261101000000-b{number}-00000.warc.gz"
            report = commit_batch(captures, SOURCES[0], key, run_id="benchmark", index=index, tables=index.tables)
            seconds.append((time.perf_counter() - begin, time.process_time() - busy))
            outcomes = dict(report.outcomes)
    return {
        "cold": cold,
        "disk": disk,
        "batch": median(elapsed for elapsed, _ in seconds[1:]),
        "busy": median(busy for _, busy in seconds[1:]),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **outcomes,
    }


def in_process(*arguments: object) -> str:
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--spread", type=int, nargs="+", default=[1095], help="days that the records are from")
    parser.add_argument("--batches", type=int, default=3)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build:
        build(given.build, given.records[0], given.spread[0])
        return
    if given.measure:
        print(json.dumps(measure(given.measure, given.measure.parent / "cache", given.records[0], given.batches)))
        return
    print("| records | over days | in the window | from nothing | on disk | a batch (processor) | memory | outcomes |")
    print("|-|-|-|-|-|-|-|-|")
    for spread in given.spread:
        for records in given.records:
            with tempfile.TemporaryDirectory(prefix="warraq-benchmark-", dir=os.environ.get("TMPDIR")) as scratch:
                root = Path(scratch, "archive")
                options = ("--records", records, "--spread", spread, "--batches", given.batches)
                in_process("--build", root, *options)
                found = json.loads(in_process("--measure", root, *options))
            outcomes = ", ".join(
                f"{found[name]} {name}"
                for name in ("new", "near_duplicate", "unchanged", "revision", "exact_duplicate")
                if name in found
            )
            print(
                f"| {records:,} | {spread} | {min(1, 9 / spread):.1%} | {found['cold']:.1f} s "
                f"| {found['disk'] / 1e6:.0f} MB | {found['batch']:.2f} s ({found['busy']:.2f}) "
                f"| {found['memory']:.0f} MB | {outcomes} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
