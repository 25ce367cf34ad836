"""Crawls of the sample sites through a network and a server that fail, and what must come of them.

Each round crawls all samples into an archive of its own in Ceph, through a proxy that delays, refuses, resets, cuts off
and loses answers, with `warraq crawl` as users run it, again and again until it says that all went well, as its
messages ask for. The archive must then be the one that a crawl without faults makes, and `verify` must find nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from archive.store import open_store
from archive.tables import Tables
from archive.verify import verify
from tests.soak.proxy import Fault, Faults, Proxy
from tests.soak.tally import Tally

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")
RATES = (0.1, 0.2, 0.3)
_AGAIN = (1, 3)
"""Exit statuses that ask to run again: a run that failed, a store out of reach."""

Contents = tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]
"""What an archive holds, whoever wrote it and when: its records and its captures, each with the number of its rows."""


@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """What came of one archive."""

    contents: Contents
    findings: list[str]
    """Of `verify`."""
    seconds: float
    """That the crawls took, those again included."""
    crawls: int
    """Commands that were needed; one for each source if none had to be run again."""
    requests: int
    faults: Counter[Fault]


def crawl(endpoint: str, root: str, plan: Faults, sources: Sequence[str], *, most: int = 8) -> Disturbed:
    """Crawl samples into `root` through a proxy with this plan, then look at the archive without it.

    Raises:
        AssertionError: a crawl ended as it should not, or did not go well in so many attempts.
    """
    began, crawls = time.monotonic(), 0
    with Proxy(endpoint, plan) as proxy, tempfile.TemporaryDirectory(prefix="warraq-spool-") as spool:
        environment = os.environ | {
            "AWS_ENDPOINT_URL": proxy.url,
            "WARRAQ_ROOT": root,
            "WARRAQ_SPOOL": spool,
            "PYTHONPATH": str(REPOSITORY),
        }
        for source in sources:
            for attempt in range(most):
                crawls += 1
                done = subprocess.run(
                    [sys.executable, "-m", "flows.cli", "crawl", source, "--replay", str(REPOSITORY / "samples")],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert "Traceback" not in done.stderr, done.stderr
                if done.returncode == 0:
                    break
                assert done.returncode in _AGAIN, done.stderr
                assert attempt < most - 1, f"{source} did not go well in {most} crawls: {done.stderr}"
        seconds, requests = time.monotonic() - began, proxy.requests()
    with patch.dict(os.environ, {"AWS_ENDPOINT_URL": endpoint}):
        findings = [f"{each.invariant} {each.where}: {each.problem}" for each in verify(open_store(root), deep=True)]
        contents = contents_of(root)
    return Disturbed(
        contents=contents,
        findings=findings,
        seconds=seconds,
        crawls=crawls,
        requests=len(requests),
        faults=Counter(each.fault for each in requests if each.fault),
    )


def contents_of(root: str, source: str | None = None) -> Contents:
    """What the archive holds, or of it one source, without what differs from run to run."""
    now = Tables(open_store(root)).snapshot()
    records = now.query("SELECT record_id, url, source, duplicate_of, revision_of, revision, text FROM records")
    captures = now.query("SELECT source, url, fetched_at, outcome, reason, record_id, payload_digest FROM captures")
    rows = [
        Counter(tuple(map(str, row.values())) for row in table.to_pylist() if source in (None, row["source"]))
        for table in (records, captures)
    ]
    return rows[0], rows[1]


def rounds(endpoint: str, count: int, seed: int) -> Iterator[Tally]:
    """Fill `count` archives at rising rates of faults, each compared with one that was filled without any."""
    undisturbed = crawl(endpoint, _root(), Faults(), SAMPLES)
    assert not undisturbed.findings, undisturbed.findings
    held = f"{undisturbed.contents[0].total()} records, {undisturbed.contents[1].total()} captures"
    note = f"{undisturbed.requests} requests, {held}"
    yield Tally("faults, none", "ceph", rounds=1, seconds=undisturbed.seconds, note=note)
    for number in range(count):
        plan = Faults(rate=RATES[number % len(RATES)], seed=seed + number)
        tally = Tally(f"faults, {plan.rate:.0%}", "ceph", rounds=1)
        try:
            done = crawl(endpoint, _root(), plan, SAMPLES)
        except AssertionError as error:
            tally.problems.append(str(error))
        else:
            tally.problems += done.findings
            for found, expected in zip(done.contents, undisturbed.contents, strict=True):
                tally.compare(found, expected)
            tally.seconds = done.seconds
            faults = ", ".join(f"{count} {fault}" for fault, count in sorted(done.faults.items()))
            tally.note = (
                f"{done.seconds / undisturbed.seconds:.1f} times as long, {done.crawls} crawls, "
                f"{done.requests} requests ({faults})"
            )
        if not tally.right:
            print(
                "WRONG:\n  "
                + "\n  ".join(tally.problems)
                + f"\n  repeat it: python -m tests.soak faults --rounds {number + 1} --seed {seed}"
            )
        print(tally.progress(), tally.note, flush=True)
        yield tally


def _root() -> str:
    return f"s3://warraq/{uuid.uuid4().hex}"
