"""The hostile site at its full size, with the limits that every source has: each attack as documented, within 1 GB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.hostile import ATTACKS, FULL, command, crawl, serving
from tests.soak.tally import Tally

MEMORY = 1 << 30
"""Bytes that no process may come to."""
SECONDS = 3600
"""After which a run is ended."""


def hostile(scratch: Path) -> Iterator[Tally]:
    """A tally for the first crawl, and one for the second."""
    scratch.mkdir()
    with serving(FULL) as served:
        for number in (1, 2):
            tally = Tally(f"hostile site, run {number}", "local", rounds=1)
            run = crawl(served, scratch, limit=SECONDS)
            if number == 1:
                tally.problems += [*run.wrong(), *(f"missing: {each}" for each in run.missing())]
            if run.status != 1 or "Traceback" in run.errors:  # 1: a host asked to be left alone
                tally.problems.append(f"status {run.status}: {run.errors[-500:]}")
            tally.problems += [f"{name} came to {peak >> 20} MB" for name, peak in run.peaks.items() if peak >= MEMORY]
            tally.problems += [f"{knock} knocked at the forbidden address" for knock in served.knocks]
            tally.seconds = run.seconds
            peaks = ", ".join(f"{name} {peak >> 20} MB" for name, peak in run.peaks.items() if peak > 50 << 20)
            tally.note = f"{len(ATTACKS)} attacks, {len(run.asked)} requests; most memory: {peaks}"
            if number == 2:
                found = command(run, "verify", "--deep")
                tally.problems += found.stdout.decode().splitlines()
            for problem in tally.problems:
                print(problem, flush=True)
            yield tally
