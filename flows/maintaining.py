"""`warraq maintain`: the upkeep of an archive, and what people see of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from rich.filesize import decimal
from rich.table import Table

from archive.keys import run_key
from archive.store import Store
from archive.upkeep import LEAST_RETENTION, UpkeepReport, maintain
from extract.escaping import safe_json
from flows.console import console, working
from flows.failures import Exit, UsageError
from flows.pipeline import new_run_id, retrying
from flows.settings import Settings
from flows.sources import brands_of


def keep_up(settings: Settings, store: Store, retention: timedelta, on_progress: Callable[[str], None]) -> UpkeepReport:
    """Maintain an archive and file the report under `runs/`.

    Raises:
        UsageError: the retention is too short.
        StoreError: the store cannot be read or written, after retries.
    """
    if retention < LEAST_RETENTION:
        raise UsageError("Files that running writers are about to commit need a retention of a day, or more")
    run_id, started = new_run_id(), datetime.now(UTC)
    brands = brands_of(settings)
    report = retrying(
        maintain, store, brands=brands, retention=retention, note={"warraq.run": run_id}, on_progress=on_progress
    )
    filed = {
        "flow": "maintain",
        "run_id": run_id,
        "started_at": started.isoformat(),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
        "parameters": {"retention_days": retention.days},
        **asdict(report),
    }
    data = safe_json(filed, indent=2).encode() + b"\n"
    retrying(store.put_if_absent, run_key("maintain", started.date(), run_id), data)
    return report


def maintain_archive(settings: Settings, store: Store, retention: timedelta, *, as_json: bool) -> Exit:
    """Maintain an archive and print what was done."""
    with working("maintaining") as tell:
        report = keep_up(settings, store, retention, lambda stage: tell(f"maintaining: {stage}"))
    if as_json:
        sys.stdout.write(safe_json(asdict(report)) + "\n")
    else:
        _print(report)
    return Exit.OK


def _print(report: UpkeepReport) -> None:
    out = console(soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    for name in ("rows", "files before", "files", "bytes", "old files deleted"):
        table.add_column(name, justify="right")
    for name, kept in report.tables.items():
        after = kept.after
        row = (after.rows, kept.before.files, after.files, decimal(after.bytes), kept.removed)
        table.add_row(name, *map(str, row))
    out.print(table)
    election = report.election
    out.print(
        f"{election.looked_at} records took part in the election of originals, {election.changed} changed; "
        f"{len(report.unfinished)} unfinished writes of killed runs removed"
    )
