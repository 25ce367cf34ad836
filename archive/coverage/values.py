"""What goes into the ledger and what comes out: a run, its links, its pages, and the row of a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from archive.coverage.regression import Yield
from extract.types import Source


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


SOME = 3
"""Fewer pages that fail are a matter of these pages, not of the site."""

Ending = Literal["finished", "limit", "asked_to_wait", "blocked", "broken"]
"""Why a run ended; `broken`: before its time, for any other reason."""


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
    discovery_ended: bool = False
    """Whether it has seen all that is announced."""
    unread: Sequence[str] = ()
    """What announces links and could not be read, a phrase each; something else may have stood in for it."""

    @property
    def rereads(self) -> bool:
        """Whether it read archived pages again instead of fetching any."""
        return self.flow == "reextract"

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
    end: Literal["fetched", "failed", "forbidden", "unreached"] = "unreached"
    """What became of a link that was to be fetched; `forbidden`: robots.txt does not allow it."""
    why: str | None = None
    """Of a failed one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archived:
    """A response that a run archived, as `captures` has it, and what its record says."""

    url: str
    redirect_url: str | None = None
    """Where a redirect leads."""
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
    regressed: int = 0
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
