"""What a backfill consists of: its partitions, and which of them are to be run, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from archive.coverage import DayCoverage, Verdict
from extract.types import Source

Reprocess = Literal["none", "failed", "completed"]
"""Which partitions that were run before are run again, in the words of Airflow's backfills."""

FINISHED = (Verdict.COMPLETE, Verdict.EMPTY)
"""Verdicts with which nobody needs to look."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Days of publication of one source that are crawled in one run, by the source's clock."""

    source: str
    since: date
    """The first day."""
    until: date
    """The first day after it."""

    @property
    def name(self) -> str:
        """`isna-2024-12-03`; of several days `isna-2024-12-03-2025-01-01`."""
        return f"{self.source}-{self.span}"

    @property
    def span(self) -> str:
        """The days for people: `2024-12-03`, or first day and end."""
        return str(self.since) if self.until - self.since == _DAY else f"{self.since}-{self.until}"

    def days(self) -> Iterator[date]:
        """Each of its days."""
        for number in range((self.until - self.since).days):
            yield self.since + number * _DAY

    def row(self) -> dict[str, str]:
        """JSON-able."""
        return {"source": self.source, "since": self.since.isoformat(), "until": self.until.isoformat()}


@dataclass(frozen=True, kw_only=True)
class File:
    """A WARC file of others, of which the pages of one source are taken in."""

    source: str
    file: str
    """Where it lies."""

    @property
    def name(self) -> str:
        """`isna CC-NEWS-20241203-00042.warc.gz`."""
        return f"{self.source} {self.span}"

    @property
    def span(self) -> str:
        """The file's name without its place, for people."""
        return self.file.rpartition("/")[2]

    def row(self) -> dict[str, str]:
        """JSON-able."""
        return {"source": self.source, "file": self.file}


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A partition, and whether it is to be run."""

    partition: Partition
    run: bool
    why: str
    """For people."""
    known: Literal["skip", "fetch"] = "skip"
    """Whether pages that the archive holds are fetched again."""
    verdict: str | None = None
    """What earlier backfills came to; None: there was none."""

    def row(self) -> dict[str, Any]:
        """A line of a table, JSON-able."""
        return self.partition.row() | {"run": self.run, "why": self.why}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What became of a partition."""

    partition: Partition | File
    verdict: str
    """As the ledger has it; `not_run`: the site was left in peace before its turn came."""
    why: str | None = None
    ran: bool = False
    """Whether this backfill ran it; otherwise an earlier one did."""
    pages: int = 0
    """Articles fetched by this run."""
    new: int = 0
    """Records added by this run."""
    seconds: float = 0.0
    report: str | None = None
    """Key of this run's report."""

    @property
    def ok(self) -> bool:
        """Whether nobody needs to look."""
        return self.verdict in FINISHED

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Ended:
        """The inverse of `row`, of a partition by days."""
        given = dict(row)
        since, until = (date.fromisoformat(given.pop(name)) for name in ("since", "until"))
        return cls(partition=Partition(source=given.pop("source"), since=since, until=until), **given)

    def row(self) -> dict[str, Any]:
        """A line of a table, JSON-able."""
        return self.partition.row() | {
            "verdict": self.verdict,
            "ran": self.ran,
            "pages": self.pages,
            "new": self.new,
            "seconds": round(self.seconds, 1),
            "why": self.why,
            "report": self.report,
        }


def partitions(source: Source, since: date, until: date) -> list[Partition]:
    """The days [since, until) cut into what the source's discovery can ask for: days or, without that, calendar months.

    Sitemaps and listings have to be read through to find one day in them, so a month is not more work than a day of it.
    """
    cut = []
    while since < until:
        end = min(until, since + _DAY if _by_day(source) else _next_month(since))
        cut.append(Partition(source=source.id, since=since, until=end))
        since = end
    return cut


def plan(cut: Sequence[Partition], states: Mapping[date, DayCoverage], reprocess: Reprocess) -> list[Planned]:
    """Which partitions are to be run.

    Args:
        cut: The partitions, in the order in which they are to be run.
        states: What the ledger says of their days: the last backfill of each.
        reprocess: `none`: those of which no backfill has seen all that is announced. `failed`: those too whose verdict
            is neither `complete` nor `empty`. `completed`: all; the pages of those that were are then fetched again.
    """
    return [_planned(partition, states, reprocess) for partition in cut]


def worst(verdicts: Iterable[str]) -> Verdict:
    """The verdict on several days: the one that most needs a look."""
    order = list(Verdict)
    return min(map(Verdict, verdicts), key=[*order[:-2], Verdict.COMPLETE, Verdict.EMPTY].index)


def _planned(partition: Partition, states: Mapping[date, DayCoverage], reprocess: Reprocess) -> Planned:
    days = list(partition.days())
    found = [states[day] for day in days if day in states]
    if not found:
        return Planned(partition=partition, run=True, why="not done yet")
    verdict = worst(state.verdict for state in found)
    last = max(found, key=lambda state: state.ended_at)
    said = f"{verdict} on {last.ended_at:%Y-%m-%d} (run {last.run_id})"
    if len(found) < len(days):
        why = f"{len(days) - len(found)} of {len(days)} days not done yet"
        return Planned(partition=partition, run=True, why=why, verdict=verdict)
    if broken := next((state for state in found if not state.discovery_ended), None):
        return Planned(partition=partition, run=True, why=f"broke off: {broken.why or said}", verdict=verdict)
    if verdict in FINISHED:
        if reprocess == "completed":
            return Planned(partition=partition, run=True, why=f"again: {said}", known="fetch", verdict=verdict)
        return Planned(partition=partition, run=False, why=said, verdict=verdict)
    if reprocess == "none":
        cause = next(state.why for state in found if state.verdict == verdict)
        why = f"{said}: {cause}; --reprocess failed runs it again"
        return Planned(partition=partition, run=False, why=why, verdict=verdict)
    return Planned(partition=partition, run=True, why=f"again: {said}", verdict=verdict)


def _by_day(source: Source) -> bool:
    return bool(source.rest) or any("{day}" in each or "{jday}" in each for each in source.archives)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
