"""Upkeep of an archive: elect originals, join small files, drop what no version needs. Safe beside writers.

Each step is a commit of its own or none at all. A writer that meets one of them decides its batch again; a step that
meets a writer is tried again. Whatever is interrupted is done by the next upkeep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.keys import CAPTURES, COVERAGE, RECORDS
from archive.reelect import ElectionReport, reelect
from archive.reextraction import drop_promoted
from archive.store import Store
from archive.tables import Tables, TableState

RETENTION = timedelta(days=7)
"""How long data files that the tables no longer name are kept: for time travel, and for readers still at them."""

LEAST_RETENTION = timedelta(days=1)
"""A writer's files are not named by a table until it commits: a batch must not take longer than this."""


@dataclass(frozen=True, kw_only=True)
class TableUpkeep:
    """What was done to a table."""

    before: TableState
    after: TableState
    removed: int
    """Data files that were deleted: no version within the retention names them."""


@dataclass(frozen=True, kw_only=True)
class UpkeepReport:
    """What an upkeep did."""

    election: ElectionReport
    tables: Mapping[str, TableUpkeep]
    unfinished: tuple[str, ...]
    """What writers that were killed had left half written, and was removed."""
    candidates: int
    """Re-extractions promoted before the retention, whose readings were removed."""


def maintain(
    store: Store,
    *,
    brands: Mapping[str, frozenset[str]],
    retention: timedelta = RETENTION,
    note: Mapping[str, str],
    on_progress: Callable[[str], None] = lambda _: None,
) -> UpkeepReport:
    """Do all the upkeep an archive needs; once a day is enough.

    Args:
        store: The archive.
        brands: Source id → names by which it calls itself.
        retention: How long data files that the tables no longer name are kept, at least `LEAST_RETENTION`.
        note: Written into the commits, for people who read the tables' history.
        on_progress: Told what is done next.

    Raises:
        StoreError: the store cannot be read or written.
        ValueError: the retention is too short.
    """
    if retention < LEAST_RETENTION:
        raise ValueError(f"a retention of {retention} would remove files that writers are about to commit")
    tables = Tables(store)
    on_progress("electing originals")
    election = reelect(
        tables,
        brands=brands,
        note=note,
        on_progress=lambda count: on_progress(f"electing originals: {count} looked at"),
    )
    kept: dict[str, TableUpkeep] = {}
    for name in (RECORDS, CAPTURES, COVERAGE):
        before = tables.state(name)
        if before is None:
            continue
        on_progress(f"joining the small files of {name}")
        tables.compact(name, note=note)
        on_progress(f"removing what no version of {name} needs")
        removed = tables.clean(name, retention, note=note)
        kept[name] = TableUpkeep(before=before, after=tables.state(name) or before, removed=removed)
    on_progress("looking for what killed writers left")
    unfinished = store.clear_unfinished(datetime.now(UTC) - LEAST_RETENTION)
    on_progress("removing what re-extractions read that have been promoted")
    candidates = drop_promoted(store, retention)
    return UpkeepReport(election=election, tables=kept, unfinished=unfinished, candidates=candidates)
