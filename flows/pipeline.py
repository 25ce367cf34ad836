"""One crawl of one source, from the spider to the committed records. No Prefect here: it takes seconds to import.

    take up what earlier runs left → spider ──(each finished WARC)──► store → ingest → remove from the spool → report

A WARC file leaves the spool only when the tables hold its pages, so a run can be cut off anywhere: the next run of the
source finds the file in the spool (not stored), or in the archive but not in `captures` (not ingested), and goes on.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, ParamSpec, Protocol, TypeVar

import stamina

from archive.coverage import SOME, Ending
from archive.forgotten import Forgotten, read_entries
from archive.guarded.reader import Reader, page_reader
from archive.index import Index
from archive.ingest import IngestReport, ingest, pending_warcs, store_warc
from archive.keys import run_key
from archive.store import Store, StoreError
from archive.store.probe import require_one_winner
from archive.warc import WarcError, salvage
from extract.article import EXTRACTOR
from extract.escaping import safe_json
from extract.types import Reason, Source
from flows.clocks import behind_archive, unlike_sites
from flows.due import due_pages
from flows.entering import RunNote, declare_dead, enter, is_noted
from flows.ledger import findings, missing_pages, watermark
from flows.progress import Progress, listener
from flows.report import RunReport, Status
from flows.settings import Settings
from flows.spider import SpiderProcess, read_log
from flows.spool import LINKS, SPIDER_LOG, RunDirectory, Spool, SpoolError
from spiders.links import Links, State, read_links

P = ParamSpec("P")
T = TypeVar("T")

_OUTSTANDING = timedelta(days=8)
"""Pages of how many days a scheduled crawl asks for again where they did not come; older ones are for a backfill."""
_LIMITED = ("limit_reached", "memory")
"""Reasons of a spider that has met a limit it was not asked for."""
_NOT_SERVED = {Reason.HTTP_ERROR, Reason.BLOCKED, Reason.TIMED_OUT}


@dataclass(frozen=True, kw_only=True)
class CrawlRequest:
    """What one run is asked to crawl."""

    source: Source
    limit: int | None = None
    """Most articles to fetch; None: all."""
    since: date | None = None
    """First day of publication wanted, by the source's clock; None: no bound."""
    until: date | None = None
    """First day not wanted any more; None: no bound."""
    pages: tuple[str, ...] = ()
    """URLs to fetch instead of what the source announces; none: all of that."""
    replay: tuple[Path, ...] = ()
    """WARC files to answer from instead of the network."""
    flow: str = "crawl"
    """What the run is part of: `crawl` or `backfill`."""
    revisit: bool = True
    """Whether known articles are fetched again when their time has come."""
    known: Literal["skip", "fetch"] = "skip"
    """Whether pages that the archive holds are fetched."""
    documents: Path | None = None
    """Directory of the sitemaps and archives that a backfill has read already."""

    def __post_init__(self) -> None:
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"since {self.since} is not before until {self.until}: the window of days is empty")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit {self.limit} is below 1: nothing would be fetched")

    @property
    def discovers(self) -> bool:
        """Whether it is to find out what there is to fetch."""
        return not self.pages

    @property
    def is_scheduled(self) -> bool:
        """Whether it is to bring what came since the last such crawl."""
        return self.discovers and not (self.since or self.until or self.replay)

    def parameters(self) -> dict[str, object]:
        """The request without the source, JSON-able."""
        return {
            "limit": self.limit,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "pages": list(self.pages),
            "replay": [str(path) for path in self.replay],
        }


class Steps(Protocol):
    """The two steps that change the archive: plain calls, or Prefect tasks around them."""

    @property
    def index(self) -> Index:
        """The archive's index."""

    def store_warc(self, path: Path) -> str:
        """Put a finished WARC file and its index; returns its key."""

    def ingest(self, key: str, local: Path | None) -> IngestReport:
        """Take the pages of a stored WARC file into the tables; `local` is a copy of it, if one is left."""


def worth_retrying(error: BaseException) -> bool:
    """Whether a step failed for a reason that passes by itself."""
    return isinstance(error, StoreError) and error.retryable


def _tell_of_retry(details: stamina.instrumentation.RetryDetails) -> None:
    listener().waiting(f"{details.caused_by}; trying again in {details.wait_for:.0f} s")


# Whoever follows the run is told; stamina's own hook would write to the log, and so to the terminal.
stamina.instrumentation.set_on_retry_hooks([_tell_of_retry])


def retrying(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`call(*args)`, tried again with growing, jittered pauses while the store is out of reach."""
    return stamina.retry(on=worth_retrying, attempts=6, timeout=300)(call)(*args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class PlainSteps:
    """The steps as plain calls."""

    store: Store
    source: Source
    run_id: str
    index: Index
    reader: Reader

    def store_warc(self, path: Path) -> str:
        """See `Steps`."""
        return retrying(store_warc, self.store, path)

    def ingest(self, key: str, local: Path | None) -> IngestReport:
        """See `Steps`."""
        return retrying(
            ingest,
            self.store,
            key,
            self.source,
            run_id=self.run_id,
            local=local,
            index=self.index,
            reader=self.reader,
            on_page=listener().page,
            on_wait=listener().waiting,
        )


def new_run_id() -> str:
    """A name no other run has: letters and digits."""
    return secrets.token_hex(6)


def crawl(request: CrawlRequest, settings: Settings, store: Store, steps: Steps, run_id: str) -> RunReport:
    """Crawl one source into the archive and report; the report is also stored under `runs/`.

    A crawl that goes wrong is a report whose status says so. What ends the run itself is raised, after the spider has
    ended and with everything fetched either ingested or kept in the spool for the next run.

    Raises:
        StoreError: the archive could not be written, after retries.
        SpoolError: the spool could not be written.
        KeyboardInterrupt: and whatever else interrupts the process.
    """
    run = _Run(request=request, run_id=run_id, store=store, steps=steps)
    spool = Spool(settings.spool, settings.root, settings.endpoint_url, request.source.id)
    with spool.begin(run_id, listener().waiting) as directory:
        try:
            run.note().write(directory)
            may_write(store, settings)
            run.take_up_leftovers(spool)
            run.crawl_into(directory, settings)
            run.enter(directory)
        except BaseException as error:
            run.broke_off(error)
            with suppress(StoreError, SpoolError):  # the next run enters it then
                if directory.holds_pages():
                    error.add_note(f"What was fetched is kept in {directory.path}; the next run takes it up.")
                    run.note().write(directory)
                else:
                    run.enter(directory, patient=False)
            if run.status is Status.INTERRUPTED:
                listener().finished(run.report())  # of an error, the error itself tells
            with suppress(StoreError):
                file_report(store, run.report(), read_log(directory.path / SPIDER_LOG))
            raise
        report = run.report()
        file_report(store, report, b"" if report.ok else read_log(directory.path / SPIDER_LOG))
    listener().finished(report)
    return report


def may_write(store: Store, settings: Settings) -> None:
    """Make sure that no other run can harm what this one writes, unless the user declares that there is none.

    Raises:
        StoreError: in this store of several racing writers more than one wins; or it is out of reach, after retries.
    """
    if not settings.s3.single_writer:
        retrying(require_one_winner, store, settings.cache)


def file_report(store: Store, report: RunReport, log: bytes = b"") -> str:
    """Put the report under `runs/`, and the spider's log beside it if there is one; returns the report's key."""
    key = run_key(report.flow, report.started_at.date(), report.run_id)
    retrying(store.put_if_absent, key, safe_json(report.to_dict(), indent=2).encode() + b"\n")
    if log:
        retrying(store.put_if_absent, key.removesuffix(".json") + ".log", log)
    return key


@dataclass(kw_only=True)
class _Run:
    """What a run has done so far."""

    request: CrawlRequest
    run_id: str
    store: Store
    steps: Steps
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)
    status: Status = Status.FAILED
    problem: str | None = None
    discovered: int = 0
    fetched: int = 0
    bytes: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    records_added: int = 0
    captures_added: int = 0
    warcs: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    recovered_outcomes: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    spider: Mapping[str, object] = field(default_factory=dict)
    watermark: tuple[datetime, datetime] | None = None
    ended_at: datetime | None = None
    ending: Ending = "broken"
    discovery_ended: bool = False
    unread: Sequence[str] = ()
    verdicts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    """Keys of WARC files of runs of which nothing else was left; the ledger counts their pages as this run's."""

    def take_up_leftovers(self, spool: Spool) -> None:
        """Ingest what earlier runs of the source fetched and could not bring to an end."""
        self.announce("looking for leftovers")
        for leftover in spool.leftovers():
            with leftover:
                declare_dead(leftover)
                taken_up = len(self.recovered)
                self.take_up(leftover, recovered=True)
                if is_noted(leftover):
                    retrying(enter, leftover, self.request.source, self.steps.index.tables, self.store)
                else:
                    self.adopted += self.recovered[taken_up:]
        for key in pending_warcs(self.store, self.request.source.id, index=self.steps.index):
            with self._damage_noted(key):
                self._count(self.steps.ingest(key, None), recovered=True)
                self.adopted.append(key)

    def crawl_into(self, directory: RunDirectory, settings: Settings) -> None:
        """Run the spider, ingesting each file it finishes, and judge how it went."""
        self.announce("crawling")
        if self.request.is_scheduled:
            tables, source = self.steps.index.tables, self.request.source.id
            self.watermark = retrying(watermark, tables, source)
            if doubt := retrying(behind_archive, tables, source, self.started_at):
                self.errors.append(doubt)
        self.note().write(directory)
        expired = threading.Event()
        with SpiderProcess(self._spider_request(directory, settings), directory) as spider:
            with spider.stopped_after(settings.timeout, expired):
                try:
                    self._follow(spider)
                except Exception:
                    spider.stop()
                    spider.wait()
                    raise
                except BaseException:
                    # Cancelled or interrupted. A flow run that is being cancelled is refused further tasks.
                    self.steps = PlainSteps(
                        store=self.store,
                        source=self.request.source,
                        run_id=self.run_id,
                        index=self.steps.index,
                        reader=page_reader(settings.page_limits),
                    )
                    spider.stop()
                    self.announce("stopping")
                    self._follow(spider)
                    self.take_up(directory)
                    raise
            self.take_up(directory)  # what a spider that was killed has left
            self.spider = {"exit_status": spider.exit_status, **(spider.finished or {})}
            links = read_links(directory.path / LINKS)
            self.status, self.problem = self._judge(spider, links, settings.timeout if expired.is_set() else None)
            self._end(spider)
        self.announce("done")

    def _end(self, spider: SpiderProcess) -> None:
        """Note how the run ended, for the ledger."""
        finished = spider.finished or {}
        reason = finished.get("reason")
        self.ended_at = self._now()
        if reason in ("asked_to_wait", "blocked") or (reason in ("finished", "limit") and not spider.exit_status):
            self.ending = reason
        elif self.status is Status.LIMITED:
            self.ending = "limit"
        stats = finished.get("stats", {})
        self.discovery_ended = bool(stats.get("warraq/discovery_complete"))
        if doubt := unlike_sites(stats.get("warraq/clock_ahead")):
            self.errors.append(doubt)
            self.discovery_ended = False  # the next run prunes nothing by this one's time
        self.unread = finished.get("unread") or ()

    def _now(self) -> datetime:
        """The time, though the clock was set meanwhile: a run never ends before it began."""
        return self.started_at + timedelta(seconds=time.monotonic() - self.started)

    def note(self) -> RunNote:
        """What the ledger is to know of the run, as it stands."""
        request = self.request
        return RunNote(
            run_id=self.run_id,
            flow="replay" if request.replay else request.flow,
            started_at=self.started_at,
            since=request.since,
            until=request.until,
            watermark=self.watermark and self.watermark[0],
            discovers=request.discovers,
            ended_at=self.ended_at,
            ending=self.ending,
            problem=self.problem and self.problem.rstrip("."),
            discovery_ended=self.discovery_ended,
            unread=self.unread,
        )

    def enter(self, directory: RunDirectory, *, patient: bool = True) -> None:
        """Write the run's rows of the ledger.

        Raises:
            StoreError: the archive could not be written; after retries, if `patient`.
        """
        self.announce("entering the days")
        self.note().write(directory)
        entering = partial(enter, directory, self.request.source, self.steps.index.tables, self.store)
        also = [*self.warcs, *self.adopted]
        rows = retrying(entering, also=also) if patient else entering(also=also)
        self.verdicts = Counter(row.verdict for row in rows)
        self.findings = findings(rows)

    def take_up(self, directory: RunDirectory, *, recovered: bool = False) -> None:
        """Ingest every WARC file in a run directory, those cut off in the writing after repair."""
        for path in directory.open_warcs():
            with self._damage_noted(path):
                salvage(path)
        for path in directory.finished_warcs():
            self._ingest_file(path, recovered=recovered)

    def announce(self, stage: str) -> None:
        """Tell the listener where the run stands."""
        listener().progress(
            Progress(
                source=self.request.source.id,
                stage=stage,
                discovered=self.discovered,
                fetched=self.fetched,
                bytes=self.bytes,
                outcomes=dict(self.outcomes),
            )
        )

    def broke_off(self, error: BaseException) -> None:
        """Note what ended the run before its time."""
        interrupted = not isinstance(error, Exception)
        self.ended_at = self.ended_at or self._now()
        self.status = Status.INTERRUPTED if interrupted else Status.FAILED
        self.problem = "The run was interrupted; the next one goes on from here." if interrupted else str(error)

    def report(self) -> RunReport:
        """The run so far, as a value."""
        return RunReport(
            flow=self.request.flow,
            run_id=self.run_id,
            source=self.request.source.id,
            status=self.status,
            problem=self.problem,
            started_at=self.started_at,
            seconds=round(time.monotonic() - self.started, 3),
            parameters=self.request.parameters(),
            discovered=self.discovered,
            fetched=self.fetched,
            bytes=self.bytes,
            outcomes=dict(self.outcomes),
            reasons=dict(self.reasons),
            records_added=self.records_added,
            captures_added=self.captures_added,
            warcs=tuple(self.warcs),
            recovered=tuple(self.recovered),
            recovered_outcomes=dict(self.recovered_outcomes),
            errors=tuple(self.errors),
            verdicts=dict(self.verdicts),
            findings=tuple(self.findings),
            spider=self.spider,
            versions=versions(),
        )

    def _spider_request(self, directory: RunDirectory, settings: Settings) -> dict[str, Any]:
        request = self.request
        return {
            "source": request.source.id,
            "sources_file": settings.sources_file and str(settings.sources_file),
            "run_id": self.run_id,
            "spool": str(directory.path),
            "limit": request.limit,
            "since": request.since and request.since.isoformat(),
            "until": request.until and request.until.isoformat(),
            "pages": list(request.pages),
            "watermark": self.watermark and [each.isoformat() for each in self.watermark],
            "revisit": request.revisit,
            "due": self._due(),
            "known": "fetch" if request.replay else request.known,  # nobody is to be spared
            "documents": request.documents and str(request.documents),
            "links": str(directory.path / LINKS),
            "forgotten": Forgotten(read_entries(self.store, self.steps.index.folder)).to_request(),
            "replay": [str(path) for path in request.replay],
            "contact": settings.contact,
            "allow": settings.allow_addresses,
            "obey": list(settings.page_limits.obey),
            "warc_bytes": settings.warc_bytes,
            "warc_seconds": settings.warc_seconds,
            "index": (path := self.steps.index.path) and str(path),
            "memory": settings.spider_memory,
            "log": str(directory.path / SPIDER_LOG),
            "overrides": {},
        }

    def _due(self) -> list[str]:
        if not (self.request.revisit and self.request.is_scheduled):
            return []
        tables = self.steps.index.tables
        return [
            *retrying(missing_pages, tables, self.request.source.id, (self.started_at - _OUTSTANDING).date()),
            *due_pages(retrying(tables.snapshot), self.request.source, self.started_at),
        ]

    def _follow(self, spider: SpiderProcess) -> None:
        for event in spider.events():
            if event["event"] == "progress":
                self.discovered, self.fetched, self.bytes = event["discovered"], event["fetched"], event["bytes"]
                self.announce("crawling")
            elif event["event"] == "warc":
                self._ingest_file(Path(event["path"]))

    def _ingest_file(self, path: Path, *, recovered: bool = False) -> None:
        with self._damage_noted(path):
            self.announce(f"ingesting {path.name}")
            key = self.steps.store_warc(path)
            report = self.steps.ingest(key, path)
            path.unlink()
            self._count(report, recovered=recovered)

    @contextmanager
    def _damage_noted(self, where: Path | str) -> Iterator[None]:
        """An unreadable WARC file is told of and, in the spool, set aside: it must not stop the files after it."""
        try:
            yield
        except WarcError as error:
            self.errors.append(str(error))
            if isinstance(where, Path) and where.exists():
                where.rename(where.with_name(where.name + ".damaged"))

    def _count(self, report: IngestReport, *, recovered: bool) -> None:
        self.records_added += report.records_added
        self.captures_added += report.captures_added
        if recovered:
            self.recovered.append(report.warc_key)
            self.recovered_outcomes.update(report.outcomes)
        else:
            self.warcs.append(report.warc_key)
            self.outcomes.update(report.outcomes)
            self.reasons.update(report.reasons)
        self.announce("crawling")

    def _judge(self, spider: SpiderProcess, links: Links, timeout: int | None) -> tuple[Status, str | None]:
        """What the exit status, the log of links and the archived pages together say of the crawl."""
        found = [link for link in links.links.values() if link.state not in (State.OUTSIDE, State.LEFT_OUT)]
        known = sum(link.state is State.KNOWN for link in found)
        judged = self.outcomes.total() - self.outcomes["support"]
        not_served = sum(count for reason, count in self.reasons.items() if reason in _NOT_SERVED)
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common())
        if timeout is not None:
            return Status.TIMED_OUT, (
                f"The crawl was stopped after {timeout} s; what was fetched is archived. "
                "Set WARRAQ_TIMEOUT higher, or narrow the crawl with --limit or --since."
            )
        if spider.exit_status or spider.finished is None:
            # A full disk takes the spider's last words too; what it counted comes through the pipe.
            stats = (spider.finished or {}).get("stats", {})
            said = spider.complaint() or stats.get("warraq/cannot_archive")
            said = said or f"The spider ended with status {spider.exit_status} and said nothing"
            if spider.finished and spider.finished.get("reason") in _LIMITED:
                return Status.LIMITED, said
            return Status.FAILED, f"{said.rstrip('.')}. Its log is filed beside this run's report."
        if not self.outcomes and not links.documents:
            return Status.FAILED, "The spider archived no response at all; check the network and its log."
        wanted = len(found) - known
        # Of a source that serves what it did before, a page or two that fail are the ledger's business, not the run's.
        if known and max(wanted, judged) < SOME:
            return Status.COMPLETED, None
        if not judged and wanted:
            return Status.FAILED, (
                f"None of the {wanted} article links to fetch was fetched; the spider's log, filed beside this run's "
                "report, says why."
            )
        ended = spider.finished.get("stats", {}).get("warraq/discovery_complete")
        if not judged and self.watermark and ended:
            return Status.COMPLETED, None  # nothing has changed since the last run; if days pass so, the ledger says it
        if not judged:
            return Status.EMPTY, (
                "No link to an article was found in the source's feeds, sitemaps and listings; compare them with the "
                f"site: warraq sources {self.request.source.id}"
            )
        if not_served == judged:
            return Status.FAILED, f"None of the {judged} pages was served ({reasons}); is the site blocking us?"
        if self.outcomes["rejected"] == judged and not known:
            return Status.EMPTY, (
                f"None of the {judged} pages gave an article ({reasons}); has the site changed? `warraq show URL` says "
                "what was seen on a page."
            )
        return Status.COMPLETED, None


def versions() -> dict[str, str]:
    """The software whose rules shaped this run's results."""
    return {"extractor": EXTRACTOR} | {name: version(name) for name in ("warraq", "scrapy", "trafilatura", "deltalake")}
