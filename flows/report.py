"""What a run did: the JSON under `runs/`, and the row people see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

OUTCOMES = ("new", "revision", "unchanged", "exact_duplicate", "near_duplicate", "rejected", "support")
"""The outcomes of `archive.dedup` in the order people read them; `support` is last, it is not judged."""


class Status(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    EMPTY = "empty"
    """The spider ran to its end but brought no article, new or known."""
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    LIMITED = "limited"
    """A limit of the source ended the run, or of the spider's memory; the next run goes on."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """One run of one source, from start to end."""

    flow: str
    """`crawl`, `backfill` or `ingest`."""
    run_id: str
    source: str
    status: Status
    problem: str | None = None
    """Why the run did not complete: one sentence with the next step; None when it did."""
    started_at: datetime
    """Aware UTC."""
    seconds: float
    """Wall-clock time of the whole run."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """What the run was asked for: limit, since, until, replay."""
    discovered: int = 0
    """Links to articles that the spider found."""
    fetched: int = 0
    """Pages fetched because such a link named them."""
    bytes: int = 0
    """Bytes of bodies as they came over the wire."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Outcome → captures of this run, `support` included."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Reason → rejected captures of this run."""
    records_added: int = 0
    captures_added: int = 0
    warcs: tuple[str, ...] = ()
    """Keys of the WARC files this run stored."""
    recovered: tuple[str, ...] = ()
    """Keys of WARC files of earlier runs that this run took up, having been cut off before they were ingested."""
    recovered_outcomes: Mapping[str, int] = field(default_factory=dict)
    """Outcome → captures of the recovered files."""
    verdicts: Mapping[str, int] = field(default_factory=dict)
    """Verdict → days that the run entered in the ledger with it: see `archive.coverage`."""
    findings: tuple[str, ...] = ()
    """What keeps these days from being complete, the gravest first and at most twenty: day, verdict, why."""
    errors: tuple[str, ...] = ()
    """What went wrong on the way without ending the run: a damaged file, …"""
    spider: Mapping[str, object] = field(default_factory=dict)
    """The spider's own ending: its reason, its exit status and Scrapy's statistics."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Software → version: warraq, the extraction rules, scrapy, …"""

    @property
    def ok(self) -> bool:
        """Whether nobody needs to look: an empty window of dates is as good as a full one."""
        windowed = bool(self.parameters.get("since") or self.parameters.get("until"))
        return self.status is Status.COMPLETED or (self.status is Status.EMPTY and windowed)

    @property
    def spider_died(self) -> bool:
        """Whether a signal that nobody meant ended the spider: that of a machine without memory, for example."""
        status = self.spider.get("exit_status")
        return self.status is Status.FAILED and isinstance(status, int) and status > 128

    def row(self) -> dict[str, str | int | float]:
        """What people want to see of a run in one line of a table."""
        outcomes = {outcome: self.outcomes.get(outcome, 0) for outcome in OUTCOMES}
        return {
            "source": self.source,
            "status": self.status.value,
            "discovered": self.discovered,
            "fetched": self.fetched,
            **outcomes,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 1),
        }

    def summary(self) -> str:
        """The run in one sentence."""
        counts = ", ".join(f"{self.outcomes[outcome]} {outcome}" for outcome in OUTCOMES if self.outcomes.get(outcome))
        return f"{self.status} in {self.seconds:.1f} s: {self.fetched} pages ({counts or 'none judged'})"

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-able values, in the order of the fields."""
        return asdict(self) | {"started_at": self.started_at.isoformat(), "ok": self.ok}
