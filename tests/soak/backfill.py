"""A backfill of several sites that is killed again and again, and what the ledger says in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from archive.store import open_store
from archive.tables import Tables
from archive.verify import verify
from flows.ledger import day_states
from tests.bigsite import Kind, RunningSite, Spec, environment, running, small, write_sources
from tests.soak.tally import Tally

KINDS: tuple[Kind, ...] = ("nastooh", "wordpress", "wordpress")
"""Of the sites, in this order: those that can be asked for a day."""


def kill_backfill(scratch: Path, *, days: int, sites: int, kills: int, a_day: int = 5, seed: int = 1) -> Tally:
    """Backfill some days of some sites, killed so many times at random moments and taken up again.

    Half of the times all processes die at once, as with a machine; else only the one that a person started. Afterwards
    the ledger must say of each day what the site knows of it, and no page of a partition that was finished may have
    been fetched again.
    """
    tally = Tally(f"backfill of {days} days x {sites} sources", "local", rounds=1)
    began = time.monotonic()
    specs = [_spec(number, KINDS[number % len(KINDS)], days, a_day, seed) for number in range(sites)]
    with running(*specs, directory=scratch) as servers:
        work = _Work(scratch, servers, days)
        chance = random.Random(seed)  # noqa: S311  chance, no secret
        for number in range(kills):
            # The moments lie anywhere between the first request and those of the last partitions.
            requests = chance.randint(1, 2 * days * a_day * sites // (kills + 1))
            tally.kills += work.killed(requests, chance.random(), everything=chance.random() < 0.5)
            print(f"killed {tally.kills} of {number + 1}: {work.finished_days} days are finished", flush=True)
        status, rows = work.run()
        tally.problems += [f"the last command ended with {status}"] * bool(status)
        tally.problems += work.problems()
        asked = work.requests()
        again, said = work.run()
        tally.problems += [f"the same command once more ended with {again}"] * bool(again)
        tally.problems += [f"{row} was run again" for row in said if row["ran"]]
        tally.problems += [f"{work.requests() - asked} requests for what is finished"] * (work.requests() > asked)
        tally.note = (
            f"{len(rows)} partitions, {asked} requests, {work.repeated()} of them for a page that was served before"
        )
    tally.seconds = time.monotonic() - began
    return tally


def _spec(number: int, kind: Kind, days: int, a_day: int, seed: int) -> Spec:
    return small(kind, id=f"{kind}{number}", articles=a_day * days, days=days, seed=seed + number)


class _Work:
    """The command, its sites and its archive."""

    def __init__(self, scratch: Path, sites: list[RunningSite], days: int) -> None:
        self._sites = sites
        self._first = sites[0].spec.first
        self._until = self._first + timedelta(days=days)
        sources = write_sources(scratch / "sources.toml", *(_source(site) for site in sites))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WARRAQ_", "PREFECT_"))}
        self._environ = kept | {
            "WARRAQ_ROOT": str(scratch / "archive"),
            "WARRAQ_SPOOL": str(scratch / "spool"),
            "WARRAQ_CACHE": str(scratch / "cache"),
            "WARRAQ_WARC_BYTES": "100000",
            **environment(sources),
        }
        self._spool = scratch / "spool"
        self._finished: dict[str, tuple[int, set[str]]] = {}
        self._store = open_store(self._environ["WARRAQ_ROOT"])
        self._wrong: list[str] = []
        self.finished_days = 0

    def run(self) -> tuple[int, list[dict[str, Any]]]:
        """The command, left alone: its status and what it said of each partition."""
        process = self._start()
        said, _ = process.communicate()
        self._note_finished()
        return process.returncode, [json.loads(line) for line in said.splitlines()]

    def killed(self, requests: int, then: float, *, everything: bool) -> bool:
        """The command, killed so many requests and seconds after it began; False where it ended before."""
        process, before = self._start(), self.requests()
        while process.poll() is None and self.requests() < before + requests:
            time.sleep(0.05)
        time.sleep(then)
        died = process.poll() is None
        for pid in self._processes() if everything else [process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()
        while self._processes():
            time.sleep(0.05)
        self._note_finished()
        return died

    def requests(self) -> int:
        return sum(len(site.requests()) for site in self._sites)

    def repeated(self) -> int:
        """Requests for an article that was served before."""
        served = Counter((each.site, each.target) for site in self._sites for each in self._served(site))
        return served.total() - len(served)

    def problems(self) -> Iterator[str]:
        """What the ledger, the tables and the sites do not agree on."""
        yield from self._wrong
        for site in self._sites:
            states = day_states(self._store, site.spec.source, self._first, self._until, flow="backfill")
            for day in self._days():
                there = len(self._truth(site, day))
                state = states.get(day)
                expected = ("complete" if there else "empty", there)
                found = state and (state.verdict, state.held)
                if found != expected:
                    yield f"{site.spec.source} {day}: the ledger says {found} ({state and state.why}), it is {expected}"
        truth = sum(len(self._truth(site, day)) for site in self._sites for day in self._days())
        records = Tables(self._store).snapshot().query("SELECT count(*) AS n FROM records")["n"][0].as_py()
        if records != truth:
            yield f"{records} records of {truth} articles"
        yield from (f"{each.invariant} {each.where}: {each.problem}" for each in verify(self._store, deep=True))
        yield from (f"{path} is left in the spool" for path in self._spool.rglob("*.warc.gz*"))

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "flows.cli", "backfill", *(site.spec.source for site in self._sites)]
        days = [f"--since={self._first}", f"--until={self._until}", "--json"]
        return subprocess.Popen(command + days, env=self._environ, stdout=subprocess.PIPE, text=True)

    def _processes(self) -> list[int]:
        mark = f"WARRAQ_SPOOL={self._spool}".encode()
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in environ.read_bytes().split(b"\0"):
                    found.append(int(environ.parent.name))
        return found

    def _note_finished(self) -> None:
        """Look for pages of finished partitions that were fetched again, and note what is finished by now."""
        self.finished_days = 0
        for site in self._sites:
            served = self._served(site)
            before, pages = self._finished.get(site.spec.source, (0, set()))
            again = [each.target for each in served[before:] if each.target in pages]
            self._wrong += [f"{site.spec.source} {target}: fetched again, its day was finished" for target in again]
            states = day_states(self._store, site.spec.source, self._first, self._until, flow="backfill")
            done = {day for day, state in states.items() if state.discovery_ended}
            self.finished_days += len(done)
            pages = {article.path(self._now(site)) for day in done for article in self._truth(site, day)}
            self._finished[site.spec.source] = len(served), pages

    def _served(self, site: RunningSite) -> list[Any]:
        paths = {article.path(self._now(site)) for day in self._days() for article in site.truth(day)}
        return [each for each in site.requests() if each.target in paths]

    def _truth(self, site: RunningSite, day: date) -> list[Any]:
        return [article for article in site.truth(day) if article.is_out(self._now(site))]

    def _now(self, site: RunningSite) -> Any:
        return site.now

    def _days(self) -> Iterator[date]:
        for number in range((self._until - self._first).days):
            yield self._first + timedelta(days=number)


def _source(site: RunningSite) -> Mapping[str, Any]:
    return site.source("rest", "feed") if site.spec.kind == "wordpress" else site.source("archive", "feed")
