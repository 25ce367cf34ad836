"""The rows of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from archive.coverage.judge import judged_day
from archive.coverage.regression import regressions
from archive.coverage.tally import key_of, tallied
from archive.coverage.values import Announced, Archived, DayCoverage, Run, Verdict, in_order

NEAR = timedelta(days=60)
"""Rows of days that are as far apart are compared with each other."""
_NO_MEASURE = (Verdict.PARSE_REGRESSED, Verdict.BLOCKED)
"""Days whose pages others are not compared with."""


def months_of(days: Iterable[date | None]) -> set[str]:
    """The partitions with the rows that these days' rows are decided against."""
    months = {"undated"}
    for day in days:
        for step in (-NEAR, -NEAR / 2, timedelta(), NEAR / 2, NEAR) if day else ():
            months.add(f"{day + step:%Y-%m}")  # type: ignore[operator]  # None has no steps
    return months


def days_of(run: Run, links: Iterable[Announced], pages: Iterable[Archived]) -> set[date | None]:
    """The days that a run's rows may be of."""
    times = [link.announced_at for link in links] + [page.published_at for page in pages]
    return {at and run.local_day(at) for at in [run.started_at, *times]} | set(_whole_days(run))


def cover(
    run: Run, links: Sequence[Announced], pages: Sequence[Archived], earlier: Sequence[DayCoverage] = ()
) -> list[DayCoverage]:
    """The rows of a run, by day, those without a day last.

    Args:
        run: The run.
        links: The links that it came by, each once, without those outside the days it was asked for.
        pages: The responses that it archived; of those that are `support`, redirects are of interest.
        earlier: Rows of the source in the partitions `months_of` the days, in no order.
    """
    past = [row for row in in_order(earlier) if row.ended_at < run.ended_at and row.run_id != run.run_id]
    before = {row.day: row for row in past}
    days = tallied(run, links, pages)
    met = {url for tally in days.values() for url in tally.met}
    # To ask for a day's tally makes it.
    for whole in _whole_days(run):
        if not run.discovery_ended or run.windowed or whole not in before:
            days[whole]
    for day, row in before.items():
        if any(key_of(url) in met for url in row.missing_urls) or (run.rereads and day is None and row.regressed):
            days[day]
    if not days:
        days[run.local_day(run.started_at)]
    read = {day: tally.gave for day, tally in days.items() if tally.gave.judged}
    regressed = regressions(read, [(row.gave, row.verdict not in _NO_MEASURE) for row in _near(run, days, past)])
    judged = sum(tally.gave.judged for tally in days.values())
    return [
        judged_day(run, day, days[day], before.get(day), met=met, judged=judged, regressed=regressed.get(day))
        for day in sorted(days, key=lambda day: (day is None, day or date.min))
    ]


def _near(run: Run, days: Iterable[date | None], past: Iterable[DayCoverage]) -> Iterator[DayCoverage]:
    """The rows whose pages those of a run are compared with: sites change over the years."""
    dated = [day for day in days if day] or [run.local_day(run.started_at)]
    first, last = min(dated) - NEAR, max(dated) + NEAR
    for row in past:
        if row.judged and first <= (row.day or run.local_day(row.started_at)) <= last:
            yield row


def _whole_days(run: Run) -> Iterator[date]:
    """The days that get a row even if there is no link of them: those that the run was to look at as a whole."""
    today = run.local_day(run.started_at)
    tomorrow = today + timedelta(days=1)
    if not run.discovers:
        return
    day = end = tomorrow
    if run.windowed and run.since:
        day, end = run.since, min(run.until or tomorrow, tomorrow)
    elif not run.windowed and not run.discovery_ended:
        day, end = today, tomorrow
    elif not run.windowed and run.watermark:
        day, end = max(run.local_day(run.watermark), today - NEAR), today
    while day < end:
        yield day
        day += timedelta(days=1)
