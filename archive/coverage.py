"""The ledger: how each day of a source stands after a run. Pure: what was announced and archived in, rows out.

A row says what one run found and brought of one day, and how the day stands since: a link that an earlier run announced
and the archive still does not hold keeps the day from being complete, as does a parse that regressed until the pages
have been read again. So the newest row of a day is its state. Rows are ordered by the end of their runs.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from math import log
from typing import Any, Literal
from zoneinfo import ZoneInfo

from archive.dedup import Outcome
from archive.regression import Yield, regressions
from extract.types import Reason, Source
from extract.urls import canonical_url

LISTED = 1000
"""Missing links that a row names; it counts all."""
NEAR = timedelta(days=60)
"""Rows of days that are as far apart are compared with each other."""


class Verdict(StrEnum):
    """How a day of a source stands. In the order of precedence: the first that applies is the verdict.

    What shuts us out comes first, for what such a site serves says nothing of our rules; then what no further run
    mends; then causes before effects.
    """

    BLOCKED = "blocked"
    PARSE_REGRESSED = "parse_regressed"
    RATE_LIMITED = "rate_limited"
    FAILED = "failed"
    PARTIAL = "partial"
    EMPTY = "empty"
    COMPLETE = "complete"


Ending = Literal["finished", "limit", "asked_to_wait", "blocked", "broken"]
"""Why a run ended; `broken`: before its time, for any other reason."""

_ARTICLES = frozenset(
    {Outcome.NEW, Outcome.REVISION, Outcome.UNCHANGED, Outcome.EXACT_DUPLICATE, Outcome.NEAR_DUPLICATE}
)
_NEW_AT_URL = (Outcome.NEW, Outcome.EXACT_DUPLICATE, Outcome.NEAR_DUPLICATE)
_UNREAD = frozenset(
    {Reason.HTTP_ERROR, Reason.BLOCKED, Reason.TIMED_OUT, Reason.TOO_LARGE, Reason.FORGOTTEN, Reason.NOT_HTML}
)
"""Reasons that say nothing of the rules that read pages."""
_WAIT = frozenset({429, 503})
_NO_MEASURE = (Verdict.PARSE_REGRESSED, Verdict.BLOCKED)
"""Days whose pages others are not compared with."""
_SOME = 3
"""Fewer refused pages are a matter of these pages, not of the site."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that has ended."""

    source: Source
    run_id: str
    flow: str
    started_at: datetime
    """Aware."""
    ended_at: datetime
    """Aware; of a run that was killed, its last sign of life."""
    since: date | None = None
    """First day it was asked for; None: no bound."""
    until: date | None = None
    """First day it was not asked for any more."""
    watermark: datetime | None = None
    """What has not changed since then was not looked for; None: everything was."""
    discovers: bool = True
    """Whether it was to find out what there is; not so where it was given pages, or a WARC file."""
    ending: Ending = "finished"
    problem: str | None = None
    """Of a run that broke off: why."""
    unread: Sequence[str] = ()
    """Documents that announce links, could not be read, and for which no other stood in."""

    @property
    def discovery_ended(self) -> bool:
        """Whether it has seen all that is announced."""
        return self.discovers and self.ending == "finished" and not self.unread

    @property
    def windowed(self) -> bool:
        """Whether it was asked for certain days."""
        return bool(self.since or self.until)

    def local_day(self, at: datetime) -> date:
        """The day by the source's clock."""
        return at.astimezone(ZoneInfo(self.source.timezone)).date()

    def asked_for(self, day: date | None) -> bool:
        """Whether it was to find all that there is of a day; of pages without a date (None), all that it came by."""
        if not self.discovers:
            return False
        if day is None:
            return True
        if self.windowed:
            return (self.since is None or self.since <= day) and (self.until is None or day < self.until)
        return self.watermark is None or self.local_day(self.watermark) <= day

    def is_over(self, day: date) -> bool:
        """Whether nothing more was to be published on the day when the run began."""
        zone = ZoneInfo(self.source.timezone)
        return datetime.combine(day + timedelta(days=1), time(), zone) <= self.started_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """A link that a run came by, and what became of it."""

    url: str
    announced_at: datetime | None = None
    kind: Literal["new", "known", "revisit"] = "new"
    """`known`: the archive holds it, it was not to be fetched; `revisit`: the archive holds it, it was to be."""
    end: Literal["fetched", "failed", "unreached"] = "unreached"
    """What became of a link that was to be fetched."""
    why: str | None = None
    """Of a failed one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archived:
    """A response that a run archived, as `captures` has it, and what its record says."""

    url: str
    redirect_url: str | None = None
    """Where a redirect leads, in canonical form."""
    http_status: int
    outcome: str
    reason: str | None = None
    published_at: datetime | None = None
    fetched_at: datetime
    repeated: bool = False
    """Whether it repeats the bytes of an earlier response."""
    characters: int | None = None
    """Of the text, if it was this response that brought it; else None, as for the next two."""
    dated: bool | None = None
    with_author: bool | None = None


@dataclass(frozen=True, kw_only=True)
class DayCoverage:
    """A row of `coverage`; `archive.tables.COVERAGE_COLUMNS` explains the fields."""

    source: str
    day: date | None
    run_id: str
    flow: str
    started_at: datetime
    ended_at: datetime
    since: date | None = None
    until: date | None = None
    discovery_ended: bool = False
    covered: bool = False
    announced: int = 0
    known: int = 0
    revisited: int = 0
    discovered: int = 0
    fetched: int = 0
    failed: int = 0
    unreached: int = 0
    new: int = 0
    revision: int = 0
    unchanged: int = 0
    exact_duplicate: int = 0
    near_duplicate: int = 0
    rejected: int = 0
    reasons: str = "{}"
    judged: int = 0
    articles: int = 0
    texts: int = 0
    dated: int = 0
    with_author: int = 0
    characters: int = 0
    log_characters: float = 0.0
    log_characters_squared: float = 0.0
    held: int = 0
    missing: int = 0
    missing_urls: Sequence[str] = ()
    verdict: str
    why: str | None = None

    def row(self) -> dict[str, Any]:
        """Its columns, without the partition's."""
        return asdict(self)

    @property
    def gave(self) -> Yield:
        """What its pages gave."""
        return Yield(
            judged=self.judged,
            articles=self.articles,
            texts=self.texts,
            dated=self.dated,
            with_author=self.with_author,
            characters=self.characters,
            log_characters=self.log_characters,
            log_characters_squared=self.log_characters_squared,
        )


def in_order(rows: Iterable[DayCoverage]) -> list[DayCoverage]:
    """Rows by the end of their runs, oldest first."""
    return sorted(rows, key=lambda row: (row.ended_at, row.run_id, row.day or date.min))


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
    days = _tallied(run, links, pages)
    met = {url for tally in days.values() for url in tally.met}
    # To ask for a day's tally makes it.
    for whole in _whole_days(run):
        if not run.discovery_ended or run.windowed or whole not in before:
            days[whole]
    for day, row in before.items():
        if any(_key(url) in met for url in row.missing_urls):
            days[day]
    if not days:
        days[run.local_day(run.started_at)]
    read = {day: tally.gave for day, tally in days.items() if tally.gave.judged}
    regressed = regressions(read, [(row.gave, row.verdict not in _NO_MEASURE) for row in _near(run, days, past)])
    order = sorted(days, key=lambda day: (day is None, day or date.min))
    return [_row(run, day, days[day], before.get(day), met, regressed.get(day)) for day in order]


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


# --- counting ---------------------------------------------------------------------------------------------------------


class _Tally:
    """What a run came by of one day."""

    def __init__(self) -> None:
        self.links: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.gave = Yield()
        self.met: set[str] = set()
        """Every link, in its canonical form."""
        self.missing: dict[str, str] = {}
        """Link that the archive does not hold → why."""
        self.refused = self.put_off = 0
        """Links answered by a refusal, and by asking us to come back later."""


def _tallied(run: Run, links: Sequence[Announced], pages: Sequence[Archived]) -> defaultdict[date | None, _Tally]:
    days: defaultdict[date | None, _Tally] = defaultdict(_Tally)
    best: dict[str, Archived] = {}
    for page in sorted(pages, key=lambda page: (_unsettled(page) is None, page.fetched_at)):
        best[_key(page.url)] = page
    told: dict[str, datetime] = {}
    led: set[str] = set()
    for link in links:
        chain = _chain(_key(link.url), best)
        led.update(chain)
        if link.announced_at:
            told |= dict.fromkeys(chain, link.announced_at)
        last = best.get(chain[-1])
        at = (last and last.published_at) or link.announced_at
        _count_link(days[at and run.local_day(at)], link, chain, best.get(chain[0]), last)
    for key, page in best.items():
        if key not in led and page.outcome != Outcome.SUPPORT:
            at = page.published_at
            _count_link(days[at and run.local_day(at)], Announced(url=page.url, end="fetched"), [key], page, page)
    for page in pages:
        if page.outcome != Outcome.SUPPORT:
            at = page.published_at or told.get(_key(page.url))
            _count_page(days[at and run.local_day(at)], page)
    return days


def _chain(key: str, pages: Mapping[str, Archived]) -> list[str]:
    """A URL and those that redirects led to, all in their canonical form."""
    chain = [key]
    while (page := pages.get(chain[-1])) and page.redirect_url and page.redirect_url not in chain:
        chain.append(page.redirect_url)
    return chain


def _count_link(
    tally: _Tally, link: Announced, chain: Sequence[str], first: Archived | None, last: Archived | None
) -> None:
    """Count a link; `first` is the response to it, `last` the one that redirects led to, if the run archived it."""
    tally.met.update(chain)
    tally.links["announced"] += 1
    tally.links[{"new": "discovered", "known": "known", "revisit": "revisited"}[link.kind]] += 1
    if link.kind == "known":
        return
    tally.links[link.end] += 1
    why = _unsettled(last) if last else None
    if why and last and last.http_status in _WAIT:
        tally.put_off += 1
    elif last and last.reason == Reason.BLOCKED:
        tally.refused += 1
    if link.kind == "revisit":
        return
    if why:
        tally.missing[link.url] = why
    elif link.end == "failed":
        tally.missing[link.url] = link.why or "no answer"
    elif link.end == "unreached":
        tally.missing[link.url] = "not reached"
    elif first is None:
        tally.missing[link.url] = "fetched, but not in the archive"


def _count_page(tally: _Tally, page: Archived) -> None:
    tally.outcomes[page.outcome] += 1
    if page.reason:
        tally.reasons[page.reason] += 1
    if page.repeated or page.reason in _UNREAD:
        return
    tally.gave += Yield(judged=1, articles=page.outcome in _ARTICLES)
    if page.characters:
        length = log(page.characters)
        tally.gave += Yield(
            texts=1,
            dated=bool(page.dated),
            with_author=bool(page.with_author),
            characters=page.characters,
            log_characters=length,
            log_characters_squared=length * length,
        )


def _unsettled(page: Archived) -> str | None:
    """Why a response does not say for good what a page is; None: it does."""
    match page.reason:
        case Reason.BLOCKED | Reason.TIMED_OUT:
            return f"answered {page.http_status} ({page.reason})"
        case Reason.HTTP_ERROR if page.http_status not in (404, 410):
            return f"answered {page.http_status}"
        case Reason.FAILED:
            return "our rules failed on it"
    return None


def _key(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url


# --- judging ----------------------------------------------------------------------------------------------------------


def _row(
    run: Run, day: date | None, tally: _Tally, before: DayCoverage | None, met: set[str], regressed: str | None
) -> DayCoverage:
    left = [url for url in (before.missing_urls if before else ()) if _key(url) not in met]
    unnamed = 0
    if before and before.missing > len(before.missing_urls) and tally.links["announced"] < before.announced:
        unnamed = before.missing - len(before.missing_urls)
    articles = sum(tally.outcomes[each] for each in _ARTICLES)
    held = max(
        (before.held if before else 0) + sum(tally.outcomes[each] for each in _NEW_AT_URL),
        tally.links["known"] + articles,
    )
    asked = run.asked_for(day)
    covered = run.discovery_ended if asked else bool(before and before.covered)
    missing = len(tally.missing) + len(left) + unnamed
    still = regressed or _still_regressed(tally, before)
    findings = dict(_findings(run, day, tally, len(left) + unnamed, held, covered=covered, regressed=still))
    verdict = next((each for each in Verdict if each in findings), Verdict.COMPLETE)
    return DayCoverage(
        source=run.source.id,
        day=day,
        run_id=run.run_id,
        flow=run.flow,
        started_at=run.started_at.astimezone(UTC),
        ended_at=run.ended_at.astimezone(UTC),
        since=run.since,
        until=run.until,
        discovery_ended=run.discovery_ended,
        covered=covered,
        **{name: tally.links[name] for name in _LINK_COUNTS},
        **{each.value: tally.outcomes[each] for each in Outcome if each is not Outcome.SUPPORT},
        reasons=json.dumps(dict(sorted(tally.reasons.items()))),
        **asdict(tally.gave),
        held=held,
        missing=missing,
        missing_urls=[*tally.missing, *left][:LISTED],
        verdict=verdict.value,
        why="; ".join(findings[each] for each in Verdict if each in findings) or None,
    )


_LINK_COUNTS = ("announced", "known", "revisited", "discovered", "fetched", "failed", "unreached")


def _still_regressed(tally: _Tally, before: DayCoverage | None) -> str | None:
    """What an earlier run found, as long as no run has read as many of the day's pages and found them well."""
    if before and before.verdict == Verdict.PARSE_REGRESSED and tally.gave.judged < max(before.judged, 1):
        return before.why
    return None


def _findings(
    run: Run, day: date | None, tally: _Tally, left: int, held: int, *, covered: bool, regressed: str | None
) -> Iterator[tuple[Verdict, str]]:
    """What keeps a day from being complete, each with a clause for people."""
    asked = run.asked_for(day)
    tried = tally.links["fetched"] + tally.links["failed"]
    if asked and run.ending == "blocked":
        yield Verdict.BLOCKED, run.problem or "the site refuses visits"
    elif tally.refused >= _SOME and 2 * tally.refused >= tried:
        yield Verdict.BLOCKED, f"{tally.refused} of {tried} pages were refused"
    if regressed:
        yield Verdict.PARSE_REGRESSED, regressed
    if asked and run.ending == "asked_to_wait":
        yield Verdict.RATE_LIMITED, run.problem or "the site asks visitors to come back later"
    elif tally.put_off >= _SOME and 2 * tally.put_off >= tried:
        yield Verdict.RATE_LIMITED, f"{tally.put_off} of {tried} pages were answered by asking us to come back later"
    broken = run.problem or "the run ended before its time"
    brought = tally.links["known"] + tally.links["revisited"] + tally.links["fetched"] - tally.refused - tally.put_off
    if asked and run.ending == "broken" and not brought:
        yield Verdict.FAILED, broken
        broken = ""
    if clauses := [*_gaps(run, tally, left, asked=asked, covered=covered, broken=broken)]:
        yield Verdict.PARTIAL, "; ".join(clauses)
    elif covered and not tally.links["announced"] and not held:
        yield Verdict.EMPTY, "nothing was announced"
    elif covered and day and run.is_over(day) and (bound := _out_of_bounds(held, run.source.daily)):
        yield Verdict.PARTIAL, bound


def _gaps(run: Run, tally: _Tally, left: int, *, asked: bool, covered: bool, broken: str) -> Iterator[str]:
    if tally.missing:
        causes = Counter(tally.missing.values())
        listed = ", ".join(f"{count} {cause}" for cause, count in causes.most_common(4))
        yield f"{len(tally.missing)} of {tally.links['announced']} announced pages are missing ({listed})"
    if left:
        yield f"{left} pages that earlier runs announced are missing"
    if covered:
        return
    if not asked:
        yield "no run has looked at this day as a whole"
    elif run.ending == "broken":
        if broken:
            yield broken
    elif run.ending == "limit":
        yield "the run was limited"
    elif run.unread:
        others = f" and {len(run.unread) - 1} more" if len(run.unread) > 1 else ""
        yield f"{run.unread[0]}{others} could not be read"
    elif run.ending == "finished":
        yield "not all that is announced was seen"


def _out_of_bounds(held: int, daily: tuple[int, int]) -> str | None:
    fewest, most = daily
    if held < fewest:
        return f"{held} articles, where at least {fewest} are expected of a day"
    if held > most:
        return f"{held} articles, where at most {most} are expected of a day: their dates may be misread"
    return None
