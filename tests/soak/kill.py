"""Kill what works on an archive, let it run again, and see that nothing is lost and nothing is there twice.

    boundary   in a directory: at every boundary between two operations of the process, counted by a run that lives
    request    in a bucket: before every request takes effect, those of deltalake included
    moment     at random moments, up to three times in a row
    process    whole crawls, alone or together with their spider, at random moments

Each round has an archive of its own. `python -m tests.soak` runs them all.
"""

from __future__ import annotations

import fcntl
import io
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.store import open_store
from archive.tables import Tables
from archive.verify import verify
from archive.warc import read_warc, salvage
from tests.soak.faults import Contents, contents_of
from tests.soak.mortal import REPOSITORY, SOURCE, WORKS, Place, start
from tests.soak.proxy import Fault, Faults, Proxy
from tests.soak.tally import Tally

WAYS = {"local": ("boundary", "moment"), "ceph": ("request", "moment")}
"""Of `Killing`, by kind of store."""


@dataclass(frozen=True, kw_only=True)
class Death:
    """How a process ended."""

    kills: int
    """How many processes were at work when they were killed."""
    where: str
    """What they were at."""


Kill = Callable[[Place, Proxy | None], Death]
"""Work in a place, and be killed at it."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One archive, and the death of those who work on it."""

    number: int
    kill: Kill
    faults: Faults | None = None
    """Where a proxy stands before the server, its plan."""


class Killing:
    """Kills one kind of work in one kind of store."""

    def __init__(
        self, work: str, warcs: tuple[Path, ...], *, endpoint: str | None, seed: int = 1, jobs: int = 2
    ) -> None:
        """`endpoint` is that of an S3 server; None: archives are directories."""
        self._name, self._work, self._warcs = work, WORKS[work], warcs
        self._endpoint, self._seed, self._jobs = endpoint, seed, jobs
        with self._place(Faults() if endpoint else None) as (place, proxy):
            _finish(self._work.prepare, place)
            self._requests = len(proxy.requests()) if proxy else 0
            began = time.monotonic()
            self._boundaries = _finish(self._work.do, place)
            self._duration = time.monotonic() - began
            self._requests = len(proxy.requests()) - self._requests if proxy else 0
            self._expected, findings = _looked_at(place.environ["WARRAQ_ROOT"])
            assert not findings, findings

    def run(self, way: str, *, kills: int = 0, every: int = 1, only: int | None = None) -> Tally:
        """Every boundary or request there is, or rounds at random moments until so many processes were killed.

        Args:
            way: One of `WAYS`.
            kills: For random moments.
            every: One in so many boundaries or requests; 1: all of them.
            only: The number of the one round to run.
        """
        match way:
            case "boundary":
                return self._all(way, map(self._at_boundary, _numbers(only, len(self._boundaries), every)))
            case "request":
                return self._all(way, map(self._at_request, _numbers(only, self._requests, every)))
            case "moment":
                return self._all(way, map(self._at_moments, _numbers(only, 3 * kills)), kills)
        raise ValueError(way)

    # --- deaths -------------------------------------------------------------------------------------------------------

    def _at_boundary(self, number: int) -> Round:
        def kill(place: Place, _: Proxy | None) -> Death:
            killed = start(self._work.do, place, last=number).wait() is None
            return Death(kills=int(killed), where=self._boundaries[number])

        return Round(number=number, kill=kill)

    def _at_request(self, number: int) -> Round:
        def kill(place: Place, proxy: Proxy | None) -> Death:
            assert proxy
            process = start(self._work.do, place)
            while process.wait(0.02) is None:
                if struck := [each for each in proxy.requests() if each.fault]:
                    return Death(kills=int(process.kill()), where=f"{struck[0].method} {struck[0].key}")
            return Death(kills=0, where="no request of this number")

        return Round(number=number, kill=kill, faults=Faults(only=number, kinds=(Fault.HELD,)))

    def _at_moments(self, number: int) -> Round:
        chance = random.Random(f"{self._seed}/{number}")  # noqa: S311  chance, no secret
        moments = [chance.random() * self._duration for _ in range(chance.choice((1, 1, 2, 3)))]

        def kill(place: Place, _: Proxy | None) -> Death:
            kills = 0
            for moment in moments:
                process = start(self._work.do, place)
                kills += process.wait(moment) is None and process.kill()
                _wait_for_locks(Path(place.environ["WARRAQ_SPOOL"]))
            return Death(kills=kills, where=", then ".join(f"after {moment:.3f} s" for moment in moments))

        return Round(number=number, kill=kill)

    # --- rounds -------------------------------------------------------------------------------------------------------

    def _all(self, way: str, rounds: Iterable[Round], enough: int | None = None) -> Tally:
        tally = Tally(f"{self._name}, {way}", _kind(self._endpoint))
        began = time.monotonic()
        with ThreadPoolExecutor(self._jobs) as pool, _told(tally):
            waiting = iter(rounds)
            while batch := list(itertools.islice(waiting, 2 * self._jobs)):
                for done in pool.map(lambda each: self._survive(way, each), batch):
                    tally.add(done)
                if enough is not None and tally.kills >= enough:
                    break
        tally.seconds = time.monotonic() - began
        return tally

    def _survive(self, way: str, round_: Round) -> Tally:
        """Kill, work again, compare."""
        done = Tally("", "", rounds=1)
        death = None
        with self._place(round_.faults) as (place, proxy):
            try:
                _finish(self._work.prepare, place)
                death = round_.kill(place, proxy)
                done.kills = death.kills
                _wait_for_locks(Path(place.environ["WARRAQ_SPOOL"]))
                _finish(self._work.do, place)
                contents, findings = _looked_at(place.environ["WARRAQ_ROOT"])
                for found, expected in zip(contents, self._expected, strict=True):
                    done.compare(found, expected)
                done.problems += findings
                done.problems += _left(Path(place.environ["WARRAQ_SPOOL"]))
            except Exception as error:  # whatever went wrong in this round, it is told and the others go on
                done.problems.append(f"{type(error).__name__}: {error}")
        if not done.right:
            again = f"--only {way} --work {self._name} --store {_kind(self._endpoint)} --seed {self._seed}"
            print(
                f"WRONG after death {death.where if death else 'of the preparation'}\n  "
                + "\n  ".join(done.problems)
                + f"\n  repeat it: python -m tests.soak kill {again} --number {round_.number}",
                flush=True,
            )
        return done

    @contextmanager
    def _place(self, faults: Faults | None) -> Iterator[tuple[Place, Proxy | None]]:
        with TemporaryDirectory(prefix="warraq-kill-") as scratch:
            environ = _environ(Path(scratch))
            if self._endpoint is None:
                yield Place(environ=environ, warcs=self._warcs), None
                return
            environ |= {"WARRAQ_ROOT": f"s3://warraq/{uuid.uuid4().hex}", "SERVER": self._endpoint}
            if faults is None:
                yield Place(environ=environ | {"AWS_ENDPOINT_URL": self._endpoint}, warcs=self._warcs), None
                return
            with Proxy(self._endpoint, faults) as proxy:
                yield Place(environ=environ | {"AWS_ENDPOINT_URL": proxy.url}, warcs=self._warcs), proxy


# --- whole processes --------------------------------------------------------------------------------------------------


class KillingCrawls:
    """Kills `warraq crawl` as users run it, half of the times its spider too.

    Every response of which the record was complete in a file at the death must be in the tables once. The next crawl
    fetches the page again: that is another response, and no other record.
    """

    def __init__(self, *, endpoint: str | None, seed: int = 1) -> None:
        self._endpoint, self._seed = endpoint, seed
        with self._place() as environ:
            began = time.monotonic()
            process = _crawl(environ)
            said = process.communicate()[1]
            assert process.returncode == 0, said
            self._duration = time.monotonic() - began
            found = Tables(open_store(environ["WARRAQ_ROOT"])).snapshot().query("SELECT record_id FROM records")
            self._texts = Counter(found["record_id"].to_pylist())

    def run(self, *, kills: int, only: int | None = None) -> Tally:
        """Rounds until so many crawls were killed."""
        tally = Tally("crawl, process", _kind(self._endpoint))
        began = time.monotonic()
        with _told(tally):
            for number in _numbers(only, 2 * kills):
                tally.add(self._survive(number))
                if tally.kills >= kills:
                    break
        tally.seconds = time.monotonic() - began
        return tally

    def _survive(self, number: int) -> Tally:
        done = Tally("", "", rounds=1)
        chance = random.Random(f"{self._seed}/{number}")  # noqa: S311  chance, no secret
        moment, with_spider = chance.random() * self._duration, chance.random() < 0.5
        with self._place() as environ:
            process = _crawl(environ)
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            spiders = _children(process.pid)
            process.kill()
            for spider in spiders if with_spider else ():
                os.kill(spider, signal.SIGKILL)
            process.communicate()
            done.kills = int(process.returncode == -signal.SIGKILL)
            _wait_for_locks(Path(environ["WARRAQ_SPOOL"]))
            archived = _archived(environ)
            process = _crawl(environ)
            said = process.communicate()[1]
            if process.returncode:
                done.problems.append(f"the next crawl ended with {process.returncode}: {said}")
            else:
                self._compare(environ, archived, done)
        if not done.right:
            print(
                f"WRONG after the crawl was killed after {moment:.3f} s{' with its spider' * with_spider}\n  "
                + "\n  ".join(done.problems)
                + "\n  repeat it: python -m tests.soak kill --only process --work crawl "
                + f"--store {_kind(self._endpoint)} --seed {self._seed} --number {number}",
                flush=True,
            )
        return done

    def _compare(self, environ: Mapping[str, str], archived: set[str], done: Tally) -> None:
        store = open_store(environ["WARRAQ_ROOT"])
        now = Tables(store).snapshot()
        captures = Counter(now.query("SELECT capture_id FROM captures")["capture_id"].to_pylist())
        texts = Counter(now.query("SELECT record_id FROM records")["record_id"].to_pylist())
        done.compare(captures, Counter(set(captures) | archived))
        done.compare(texts, self._texts)
        done.problems += [f"{each.invariant} {each.where}: {each.problem}" for each in verify(store, deep=True)]
        done.problems += _left(Path(environ["WARRAQ_SPOOL"]))

    @contextmanager
    def _place(self) -> Iterator[dict[str, str]]:
        with TemporaryDirectory(prefix="warraq-kill-") as scratch:
            environ = _environ(Path(scratch))
            if self._endpoint:
                environ |= {"WARRAQ_ROOT": f"s3://warraq/{uuid.uuid4().hex}", "AWS_ENDPOINT_URL": self._endpoint}
            yield environ


def _crawl(environ: Mapping[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "flows.cli", "crawl", SOURCE, "--replay", str(REPOSITORY / "samples")]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _archived(environ: Mapping[str, str]) -> set[str]:
    """Responses of which a complete record is in a WARC file, in the store or in the spool."""
    store = open_store(environ["WARRAQ_ROOT"])
    found = {
        capture.capture_id
        for each in store.list("warc/")
        if each.key.endswith(".warc.gz")
        for capture in read_warc(io.BytesIO(store.get(each.key)))
    }
    for path in Path(environ["WARRAQ_SPOOL"]).rglob("*.warc.gz*"):
        with TemporaryDirectory() as scratch:
            copy: Path | None = Path(shutil.copy(path, scratch))
            if path.suffix == ".open":
                copy = salvage(Path(scratch) / path.name)
            if copy:
                with copy.open("rb") as file:
                    found |= {capture.capture_id for capture in read_warc(file)}
    return found


# --- both -------------------------------------------------------------------------------------------------------------


def _environ(scratch: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WARRAQ_", "PREFECT_"))}
    return kept | {
        "SCRATCH": str(scratch),
        "PYTHONPATH": str(REPOSITORY),
        "WARRAQ_ROOT": str(scratch / "archive"),
        "WARRAQ_SPOOL": str(scratch / "spool"),
        "WARRAQ_CACHE": str(scratch / "cache"),
    }


def _finish(step: Callable[[Place], None], place: Place) -> list[str]:
    passed = start(step, place).wait()
    assert passed is not None, "a process that nobody here killed was killed"
    return passed


def _wait_for_locks(spool: Path) -> None:
    """Return when no spider is left that outlives its crawl."""
    for path in spool.rglob("lock"):
        with suppress(FileNotFoundError), path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)


def _kind(endpoint: str | None) -> str:
    return "ceph" if endpoint else "local"


def _numbers(only: int | None, count: int, every: int = 1) -> Iterable[int]:
    return range(0, count, every) if only is None else (only,)


def _looked_at(root: str) -> tuple[Contents, list[str]]:
    """What an archive holds, and the findings of `verify`; one in a bucket is copied first, which takes less time."""
    store = open_store(root)
    with TemporaryDirectory(prefix="warraq-copy-") as copy:
        if "://" in root:
            for each in store.list(""):
                path = Path(copy, each.key)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(store.get(each.key))
            root = copy
        found = [f"{each.invariant} {each.where}: {each.problem}" for each in verify(open_store(root), deep=True)]
        return contents_of(root), found


def _left(spool: Path) -> list[str]:
    return [f"left in the spool: {path}" for path in spool.rglob("*.warc.gz*")]


@contextmanager
def _told(tally: Tally) -> Iterator[None]:
    """A line of progress every few seconds, for as long as it is counted."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(15):
            print(tally.progress(), flush=True)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        print(tally.progress(), flush=True)
