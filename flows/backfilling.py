"""A backfill of one source: its partitions one after the other, each an ordinary crawl of its days.

Nothing of a backfill is remembered but what the ledger says of its days. However it ended, the same one again does what
is left: a partition is finished when the ledger has its days, and pages that the archive holds are not fetched again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from archive.coverage import Verdict
from archive.keys import run_key
from archive.store import Store
from extract.types import Source
from flows.failures import UsageError
from flows.ledger import day_states
from flows.partitions import Ended, Partition, Planned, Reprocess, partitions, plan, worst
from flows.pipeline import CrawlRequest
from flows.progress import listener
from flows.report import RunReport
from flows.settings import Settings
from flows.spool import Spool

Crawl = Callable[[Partition, CrawlRequest], RunReport]
"""Runs one partition: plainly, or as a Prefect task."""

FLOW = "backfill"
"""What the ledger calls these runs: those of a schedule do not count."""

SENT_AWAY = (Verdict.RATE_LIMITED, Verdict.BLOCKED)
"""Verdicts after which a site is left in peace."""

_FRESH = 24 * 3600
"""Seconds for which sitemaps and archives that a broken-off backfill has read are not read again."""


@dataclass(frozen=True, kw_only=True)
class Days:
    """What a backfill is asked for, of whichever source."""

    since: date
    """First day of publication wanted, by the source's clock."""
    until: date
    """First day not wanted any more."""
    reprocess: Reprocess = "none"
    backwards: bool = False
    """Newest first."""

    def parameters(self) -> dict[str, str | bool]:
        """JSON-able."""
        return asdict(self) | {"since": str(self.since), "until": str(self.until)}

    def partitions(self, source: Source) -> list[Partition]:
        """The partitions of a source, in order.

        Raises:
            UsageError: there are no days, or the last is not over.
        """
        today = datetime.now(ZoneInfo(source.timezone)).date()
        if self.since >= self.until:
            raise UsageError(f"--since {self.since} is not before --until {self.until}, the first day not wanted")
        if self.until > today:
            raise UsageError(
                f"--until {self.until}: {today} is not over at {source.id} ({source.timezone}), so that a backfill of "
                f"it would never be complete; give --until {today} or earlier"
            )
        cut = partitions(source, self.since, self.until)
        return cut[::-1] if self.backwards else cut

    def planned(self, source: Source, store: Store) -> list[Planned]:
        """The partitions of a source, with what the ledger says of them.

        Raises:
            UsageError: there are no days, or the last is not over.
            StoreError: the ledger cannot be read.
        """
        cut = self.partitions(source)
        return plan(cut, day_states(store, source.id, self.since, self.until, flow=FLOW), self.reprocess)


def backfill(
    source: Source,
    days: Days,
    settings: Settings,
    store: Store,
    crawl: Crawl,
) -> Iterator[Ended]:
    """Run the partitions that are to be run, one after the other; one that fails does not stop the others.

    Yields:
        What became of each partition, in order: those that are not to be run too.

    Args:
        source: The source.
        days: Its days.
        settings: Where its archive and its spool are.
        store: The archive.
        crawl: Runs one partition and reports.

    Raises:
        UsageError: the window is empty, or not over.
        StoreError, SpoolError: archive or spool cannot be read or written. What is finished stays finished.
    """
    spool = Spool(settings.spool, settings.root, settings.endpoint_url, source.id)
    with spool.backfilling(listener().waiting), _documents(spool, days) as documents:
        planned = days.planned(source, store)
        sent_away = None
        for number, each in enumerate(planned, 1):
            if not each.run:
                ended = Ended(partition=each.partition, verdict=each.verdict or "", why=each.why)
            elif sent_away:
                ended = Ended(partition=each.partition, verdict="not_run", why=sent_away)
            else:
                listener().began(each.partition, number, len(planned))
                ended = _run(each, source, store, crawl, documents)
                if ended.verdict in SENT_AWAY:
                    sent_away = f"{ended.verdict} at {each.partition.span}; run the same again later"
            listener().ended(ended)
            yield ended


def _run(each: Planned, source: Source, store: Store, crawl: Crawl, documents: Path) -> Ended:
    partition, started = each.partition, time.monotonic()
    request = CrawlRequest(
        source=source,
        since=partition.since,
        until=partition.until,
        flow=FLOW,
        revisit=False,
        known=each.known,
        documents=documents,
    )
    report = crawl(partition, request)
    states = day_states(store, partition.source, partition.since, partition.until, flow=FLOW)
    found = [state for state in states.values() if state.run_id == report.run_id]
    verdict = worst(state.verdict for state in found) if found else Verdict.FAILED
    return Ended(
        partition=partition,
        verdict=verdict,
        why=next((state.why for state in found if state.verdict == verdict), report.problem),
        ran=True,
        pages=report.fetched,
        new=report.records_added,
        seconds=time.monotonic() - started,
        report=run_key(report.flow, report.started_at.date(), report.run_id),
    )


@contextmanager
def _documents(spool: Spool, days: Days) -> Iterator[Path]:
    """Where the sitemaps and archives that this backfill has read are kept, until it comes to its end.

    The same backfill, taken up again within a day, finds them; after that they are read anew.
    """
    window = f"{days.since:%Y%m%d}-{days.until:%Y%m%d}"
    kept = spool.directory.parent / ".documents" / spool.source_id / window
    if kept.exists() and time.time() - kept.stat().st_mtime > _FRESH:
        shutil.rmtree(kept)
    kept.mkdir(parents=True, exist_ok=True)
    yield kept
    shutil.rmtree(kept, ignore_errors=True)
