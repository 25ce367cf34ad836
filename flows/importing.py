"""`warraq ingest`: a WARC file made by others becomes part of the archive."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from archive.coverage import DayCoverage, Run
from archive.guarded.reader import page_reader
from archive.index import Index
from archive.ingest import adopt_warc
from archive.store import Store
from extract.types import Source
from flows.ledger import findings, run_that_ingested, write_rows
from flows.pipeline import PlainSteps, file_report, may_write, new_run_id, retrying, versions
from flows.progress import Progress, listener
from flows.report import RunReport, Status
from flows.settings import Settings


def import_warc(path: Path, source: Source, store: Store, settings: Settings) -> RunReport:
    """Store the file, unchanged, under a name made from its content, and ingest it; the same file again adds nothing.

    Cut off in between, it is stored but not ingested: the next crawl of the source, or the same import, goes on.
    The index is kept where the settings say.

    Raises:
        WarcError: the file cannot be read, or holds no response.
        StoreError: the archive could not be written, after retries.
    """
    started_at, started = datetime.now(UTC), time.monotonic()
    run_id = new_run_id()
    listener().progress(Progress(source=source.id, stage=f"storing {path.name}"))
    may_write(store, settings)
    key = retrying(adopt_warc, store, path, source.id)
    size = path.stat().st_size
    listener().progress(Progress(source=source.id, stage=f"ingesting {path.name}", bytes=size))
    steps = PlainSteps(
        store=store,
        source=source,
        run_id=run_id,
        index=Index(store, settings.cache),
        reader=page_reader(settings.page_limits),
    )
    ingested = steps.ingest(key, path)
    rows = _enter(steps, key, started_at)
    report = RunReport(
        flow="ingest",
        run_id=run_id,
        source=source.id,
        status=Status.COMPLETED,
        started_at=started_at,
        seconds=round(time.monotonic() - started, 3),
        parameters={"file": path.name, "already_ingested": ingested.already_ingested},
        fetched=sum(ingested.outcomes.values()) - ingested.outcomes.get("support", 0),
        bytes=size,
        outcomes=dict(ingested.outcomes),
        reasons=dict(ingested.reasons),
        records_added=ingested.records_added,
        captures_added=ingested.captures_added,
        warcs=(key,),
        verdicts=dict(Counter(row.verdict for row in rows)),
        findings=tuple(findings(rows)),
        errors=(_forged(ingested.forged),) if ingested.forged else (),
        versions=versions(),
    )
    file_report(store, report)
    listener().finished(report)
    return report


def _forged(count: int) -> str:
    return (
        f"{count} responses do not have the payload digests that their records state: the file was damaged or changed; "
        "`warraq verify --deep` names them"
    )


def _enter(steps: PlainSteps, key: str, started_at: datetime) -> list[DayCoverage]:
    """Write the rows of an import, or of the one that ingested the file and did not come to writing them."""
    run = Run(
        source=steps.source,
        run_id=run_that_ingested(steps.index.tables, key) or steps.run_id,
        flow="ingest",
        started_at=started_at,
        ended_at=datetime.now(UTC),
        discovers=False,
    )
    return retrying(write_rows, steps.index.tables, steps.store, run, (), also=[key])
