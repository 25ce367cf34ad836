"""Eight processes ingest overlapping files into one archive, alone and beside upkeep that never rests.

Each file is ingested by three of the processes, in another order by each, and each text stands in three of the files.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Empty
from typing import Any

from archive.ingest import IngestReport, ingest, store_warc
from archive.store import open_store
from archive.tables import Tables
from archive.upkeep import maintain
from archive.verify import verify
from tests.archive.warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc
from tests.soak.mortal import forks
from tests.soak.tally import Tally

WRITERS = 8
_PAGES = 3
_SHARES = 3


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a process did."""

    reports: tuple[IngestReport, ...] = ()
    upkeeps: int = 0
    elections_again: int = 0
    """How often an election met a writer."""
    problem: str = ""


def race(root: str, scratch: Path, *, files: int = 24, seed: int = 1, beside_upkeep: bool = False) -> Tally:
    """Let them race in an empty archive, and count."""
    store = open_store(root)
    tally = Tally("race beside maintain" if beside_upkeep else "race", "ceph" if "://" in root else "local", rounds=1)
    keys = []
    for number in range(files):
        pages = [Response(f"https://alpha.example/{n}", article(paragraphs(n))) for n in range(number, number + _PAGES)]
        path = write_warc(scratch, pages, run=f"r{number}s{seed}", at=MONDAY + timedelta(minutes=number))
        keys.append(store_warc(store, path))
    chance = random.Random(seed)  # noqa: S311  chance, no secret
    shares: list[list[str]] = [[] for _ in range(WRITERS)]
    for number, key in enumerate(keys * _SHARES):
        shares[(number + number // files) % WRITERS].append(key)
    for share in shares:
        chance.shuffle(share)
    began = time.monotonic()
    ended = _run(root, shares, beside_upkeep=beside_upkeep)
    tally.seconds = time.monotonic() - began
    tally.problems += [each.problem for each in ended if each.problem]

    reports = [report for each in ended for report in each.reports]
    now = Tables(store).snapshot()
    rows = now.query("SELECT record_id, capture_id FROM captures").to_pylist()
    texts = now.query("SELECT record_id FROM records")["record_id"].to_pylist()
    captures, records = files * _PAGES, files + _PAGES - 1
    for what, found, distinct, expected in (
        ("captures", len(rows), len({row["capture_id"] for row in rows}), captures),
        ("records", len(texts), len(set(texts)), records),
    ):
        tally.lost += expected - distinct
        tally.twice += found - distinct
        if not found == distinct == expected:
            tally.problems.append(f"{found} rows of {what}, {distinct} of them distinct, instead of {expected}")
    if (added := sum(each.records_added for each in reports)) != records:
        tally.problems.append(f"the processes say that they added {added} records instead of {records}")
    if (added := sum(each.captures_added for each in reports)) != captures:
        tally.problems.append(f"the processes say that they added {added} captures instead of {captures}")
    if (first := sum(not each.already_ingested for each in reports)) != files:
        tally.problems.append(f"{first} of {len(reports)} say that they ingested a file first; there are {files}")
    tally.problems += [f"{each.invariant} {each.where}: {each.problem}" for each in verify(store, deep=True)]
    retries = [each.retries for each in reports]
    tally.note = (
        f"{WRITERS} processes, {files} files, each ingested {_SHARES} times; {records} records, {captures} captures; "
        f"{sum(retries)} retries, at most {max(retries, default=0)} for a file"
    )
    if beside_upkeep:
        tally.note += (
            f"; {sum(e.upkeeps for e in ended)} upkeeps, {sum(e.elections_again for e in ended)} elections again"
        )
    if not tally.right:
        print("WRONG:\n  " + "\n  ".join(tally.problems) + f"\n  repeat it: python -m tests.soak race --seed {seed}")
    print(tally.progress(), tally.note, flush=True)
    return tally


def _run(root: str, shares: list[list[str]], *, beside_upkeep: bool) -> list[Ended]:
    context = forks()
    results, done, environ = context.Queue(), context.Event(), dict(os.environ)
    processes = [context.Process(target=_ingest_all, args=(root, environ, share, results)) for share in shares]
    if beside_upkeep:
        processes.append(context.Process(target=_keep_up, args=(root, environ, done, results)))
    with _started(processes):
        ended = []
        for number in range(len(processes)):
            if number == len(shares):
                done.set()
            while True:
                try:
                    ended.append(results.get(timeout=1))
                    break
                except Empty:
                    if any(process.exitcode for process in processes):
                        return [*ended, Ended(problem="a process ended without a word")]
        return ended


@contextmanager
def _started(processes: list[Any]) -> Iterator[None]:
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.join(20)
            process.kill()


def _ingest_all(root: str, environ: dict[str, str], keys: list[str], results: Any) -> None:
    os.environ.update(environ)
    reports: list[IngestReport] = []
    problem = ""
    try:
        store = open_store(root)
        for key in keys:
            reports.append(ingest(store, key, SOURCE, run_id="race"))  # noqa: PERF401  those before an error count
    except Exception as error:  # it is told with the rest
        problem = f"{type(error).__name__}: {error}"
    results.put(Ended(reports=tuple(reports), problem=problem))


def _keep_up(root: str, environ: dict[str, str], done: Event, results: Any) -> None:
    os.environ.update(environ)
    upkeeps = again = 0
    problem = ""
    try:
        while not done.is_set():
            report = maintain(open_store(root), brands={}, note={})
            upkeeps += 1
            again += report.election.retries
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    results.put(Ended(upkeeps=upkeeps, elections_again=again, problem=problem))
