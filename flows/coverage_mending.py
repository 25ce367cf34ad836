"""What is not complete in a ledger, and the command that would mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from archive.coverage import DayCoverage, Verdict
from extract.types import Source


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Days of a source, one after the other, that have the same verdict."""

    source: str
    verdict: Verdict
    first: date | None
    """None: pages without a date."""
    last: date | None
    why: str
    """Of the last of the days."""
    days: int
    missing: int
    """Links that the archive does not hold."""
    mend: str
    """The command."""

    @property
    def span(self) -> str:
        """The days, for people."""
        if self.first is None:
            return "no date"
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def gaps(rows: Iterable[DayCoverage], sources: Mapping[str, Source], now: datetime | None = None) -> list[Gap]:
    """What needs somebody's attention, by source and day.

    Days on which nothing was announced are left out where the source may publish nothing on a day.

    Args:
        rows: Days' states, by source and day.
        sources: The known sources by id.
        now: The time; None: that of the clock.
    """
    today = _Today(sources, now or datetime.now(UTC))
    found = []
    for open_ in _runs(row for row in rows if _is_open(row, sources)):
        last, verdict = open_[-1], Verdict(open_[-1].verdict)
        found.append(
            Gap(
                source=last.source,
                verdict=verdict,
                first=open_[0].day,
                last=last.day,
                why=last.why or "",
                days=len(open_),
                missing=sum(row.missing for row in open_),
                mend=_mend(last.source, verdict, open_[0].day, last.day, today.of(last.source)),
            )
        )
    return found


def _is_open(row: DayCoverage, sources: Mapping[str, Source]) -> bool:
    if row.verdict == Verdict.EMPTY:
        return row.source in sources and sources[row.source].daily[0] > 0
    return row.verdict != Verdict.COMPLETE


def _runs(rows: Iterable[DayCoverage]) -> Iterator[list[DayCoverage]]:
    """Rows of consecutive days with the same verdict."""
    numbered = enumerate(rows)
    alike = groupby(numbered, key=lambda each: (each[1].source, each[1].verdict, _step(*each)))
    for _, group in alike:
        yield [row for _, row in group]


def _step(number: int, row: DayCoverage) -> int:
    """The same for days that follow one another."""
    return row.day.toordinal() - number if row.day else -1


class _Today:
    """The day that it is at a source."""

    def __init__(self, sources: Mapping[str, Source], now: datetime) -> None:
        self._zones = {source.id: source.timezone for source in sources.values()}
        self._now = now

    def of(self, source: str) -> date:
        return self._now.astimezone(ZoneInfo(self._zones.get(source, "UTC"))).date()


def _mend(source: str, verdict: Verdict, first: date | None, last: date | None, today: date) -> str:
    if first is None or last is None:
        return f"warraq reextract --source {source}" if verdict is Verdict.PARSE_REGRESSED else f"warraq crawl {source}"
    days = f"--since {first} --until {last + timedelta(days=1)}"
    if verdict is Verdict.PARSE_REGRESSED:
        return f"warraq reextract --source {source} {days}"
    if first >= today:  # a backfill takes days that are over
        return f"warraq crawl {source}"
    reprocess = "completed" if verdict is Verdict.EMPTY else "failed"
    until = min(last + timedelta(days=1), today)
    return f"warraq backfill {source} --since {first} --until {until} --reprocess {reprocess}"
