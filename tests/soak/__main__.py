"""All long tests, a line of progress now and then, and a table at the end.

make soak                                            everything: 300 kills at random moments in each kind of store
python -m tests.soak kill --store local --kills 20   some of it
python -m tests.soak kill --store ceph --only request --work crawl --number 17   one round again
python -m tests.soak fuzz --target date --inputs 10000                           one of what reads strangers' bytes
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.targets import TARGETS
from tests.soak import faults, kill
from tests.soak.backfill import kill_backfill
from tests.soak.fuzz import fuzz
from tests.soak.gateway import gateway
from tests.soak.hostile import hostile
from tests.soak.mortal import WORKS, record
from tests.soak.race import race
from tests.soak.sites import WAYS, sites
from tests.soak.tally import Tally, table

PARTS = ("kill", "race", "faults", "backfill", "sites", "fuzz", "hostile")


def main() -> int:
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # in order, so that no gateway is left running
    began = time.monotonic()
    tallies: list[Tally] = []
    with contextlib.ExitStack() as stack:
        on_disk = {"backfill", "sites", "fuzz", "hostile"}
        needs_ceph = "faults" in given.parts or ("ceph" in given.store and not on_disk.issuperset(given.parts))
        endpoint = stack.enter_context(gateway()) if needs_ceph else None
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="warraq-soak-")))
        try:
            for part in given.parts:
                # Not at once: the table is to hold what was done before an interruption.
                for tally in _RUN[part](given, endpoint, scratch):
                    tallies.append(tally)  # noqa: PERF402
        finally:
            print(f"\n{table(tallies)}\n\n{time.monotonic() - began:.0f} s, seed {given.seed}", flush=True)
    return int(not all(tally.right for tally in tallies))


def _kill(given: argparse.Namespace, endpoint: str | None, scratch: Path) -> Iterator[Tally]:
    warcs = record(scratch / "recorded")
    for store in given.store:
        server = endpoint if store == "ceph" else None
        for work in given.work:
            killing = kill.Killing(work, warcs, endpoint=server, seed=given.seed, jobs=given.jobs)
            for way in given.only:
                if way not in kill.WAYS[store]:
                    continue
                # The crawl is what is killed most often in life.
                kills = max(1, given.kills * (2 if work == "crawl" else 1) // 4)
                yield killing.run(way, kills=kills, only=given.number)
        if "process" in given.only and "crawl" in given.work:
            crawls = kill.KillingCrawls(endpoint=server, seed=given.seed)
            yield crawls.run(kills=max(1, given.kills // 20), only=given.number)


def _race(given: argparse.Namespace, endpoint: str | None, scratch: Path) -> Iterator[Tally]:
    for store in given.store:
        for number in range(given.rounds):
            for beside_upkeep in (False, True):
                name = uuid.uuid4().hex
                root = f"s3://warraq/{name}" if store == "ceph" else str(scratch / name)
                directory = scratch / f"warcs-{name}"
                directory.mkdir()
                yield race(root, directory, seed=given.seed + number, beside_upkeep=beside_upkeep)


def _faults(given: argparse.Namespace, endpoint: str | None, _: Path) -> Iterator[Tally]:
    assert endpoint
    yield from faults.rounds(endpoint, given.rounds, given.seed)


def _backfill(given: argparse.Namespace, _: str | None, scratch: Path) -> Iterator[Tally]:
    directory = scratch / "backfill"
    directory.mkdir()
    yield kill_backfill(directory, days=60, sites=3, kills=5, seed=given.seed)


def _sites(given: argparse.Namespace, _: str | None, scratch: Path) -> Iterator[Tally]:
    yield from sites(scratch, given.ways, articles=given.articles, seed=given.seed)


def _fuzz(given: argparse.Namespace, _: str | None, __: Path) -> Iterator[Tally]:
    targets = [TARGETS[name] for name in given.target]
    yield from fuzz(
        targets, inputs=given.inputs, seed=given.seed, jobs=given.jobs, only=given.number, findings=given.findings
    )


def _hostile(_: argparse.Namespace, __: str | None, scratch: Path) -> Iterator[Tally]:
    yield from hostile(scratch / "hostile")


_RUN = {
    "kill": _kill,
    "race": _race,
    "faults": _faults,
    "backfill": _backfill,
    "sites": _sites,
    "fuzz": _fuzz,
    "hostile": _hostile,
}


def _arguments() -> argparse.Namespace:
    ways = ("boundary", "request", "moment", "process")
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts",
        nargs="*",
        choices=(*PARTS, PARTS),
        default=PARTS,
        metavar="part",
        help="kill, race, faults, backfill, sites, fuzz or hostile (default: all)",
    )
    parser.add_argument("--kills", type=int, default=300, help="at random moments, in each kind of store (default 300)")
    parser.add_argument("--rounds", type=int, default=3, help="of races and of faults (default 3)")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments, orders and faults (default 1)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="rounds of kills, or fuzzing processes, at once"
    )
    parser.add_argument("--store", nargs="+", choices=("local", "ceph"), default=("local", "ceph"))
    parser.add_argument("--work", nargs="+", choices=tuple(WORKS), default=tuple(WORKS), help="what is killed")
    parser.add_argument("--only", nargs="+", choices=ways, default=ways, help="ways to kill")
    parser.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=tuple(WAYS), help="to find a site's articles")
    parser.add_argument("--articles", type=int, default=20_000, help="of each site (default 20,000)")
    parser.add_argument("--number", type=int, help="of the one round of kills to run, or of the one input to try")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of all targets of fuzzing (default 1,000,000)")
    parser.add_argument("--target", nargs="+", choices=tuple(TARGETS), default=tuple(TARGETS), help="what is fuzzed")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"), help="where inputs are saved")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
