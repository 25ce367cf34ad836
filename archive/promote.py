"""Make a candidate the archive: what `archive.settling` says is committed to `records`, then to `captures`.

The commit to `records` is the swap: readers see the old rows or the new ones. Each commit succeeds only while its table
is as it was read; where another writer comes first, the candidate is settled again. A promotion that dies between the
two is finished by the next: the records it finds are those it would make, so only the captures are left to do. The
versions before stay readable, as long as maintenance keeps their files.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archive.forget import take_out
from archive.forgotten import read_entries
from archive.keys import candidate_key
from archive.reextraction import Candidate, candidates
from archive.settling import Difference, difference
from archive.store import NoSuchKey, Store, StoreError
from archive.tables import CANDIDATE, Conflict, Snapshot, Tables, pause


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What a promotion did."""

    before: Mapping[str, int]
    """Table → the version that was current, to be read by time travel."""
    after: Mapping[str, int]
    records_gained: int
    records_lost: int
    records_changed: int
    originals_changed: int
    """Other records that became copies of another original, or of none."""
    captures_changed: int
    retries: int
    """How often another writer came first."""


def promote(
    store: Store,
    candidate: Candidate,
    *,
    tables: Tables | None = None,
    brands: Mapping[str, frozenset[str]] | None = None,
    note: Mapping[str, str] | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
    patience: float = 600,
) -> Promotion:
    """Commit what the candidate changes, and mark it as promoted. Doing it again changes nothing.

    Args:
        store: The archive.
        candidate: A finished candidate.
        tables: The archive's tables, if they are open.
        brands: Source id → names by which it calls itself.
        note: Written into the commits, for people who read the tables' history.
        on_progress: Told what is done next.
        patience: Seconds to go on while other writers keep coming first.

    Raises:
        StoreError: the store cannot be read or written, the candidate is not finished, or patience ran out. Promote
            again: what is half done is then done.
    """
    tables = tables or Tables(store)
    note = {**(note or {}), CANDIDATE: candidate.id}
    deadline = time.monotonic() + patience
    retries = 0
    first: Difference | None = None
    before: Mapping[str, int] = {}
    while True:
        seen = tables.snapshot()
        before = before or dict(seen.versions)
        entries = read_entries(store)
        found = difference(store, tables, seen, candidate, forgotten=entries, brands=brands, on_progress=on_progress)
        first = first or found
        store.put_if_absent(candidate_key(candidate.id, "promoting"), json.dumps(before).encode() + b"\n")
        try:
            on_progress("committing")
            _commit(tables, seen, found, note)
        except (Conflict, NoSuchKey) as conflict:
            if isinstance(conflict, NoSuchKey) and tables.snapshot().versions == seen.versions:
                raise
            retries += 1
            if time.monotonic() > deadline:
                raise StoreError(
                    f"could not promote {candidate.id}: other writers came first {retries} times in {patience:.0f} s "
                    f"({conflict}); promote it again when fewer are at work",
                    retryable=True,
                ) from conflict
            pause(retries)
            continue
        break
    _forget_again(store, found)
    promotion = Promotion(
        before=before,
        after=dict(tables.snapshot().versions),
        records_gained=len(first.gained),
        records_lost=len(first.lost),
        records_changed=len(first.changed),
        originals_changed=len(first.elected),
        captures_changed=len(first.captures),
        retries=retries,
    )
    store.put_if_absent(candidate_key(candidate.id, "promoted"), json.dumps(promotion.after).encode() + b"\n")
    return promotion


def _commit(tables: Tables, seen: Snapshot, found: Difference, note: Mapping[str, str]) -> None:
    written = [
        *({**row, "was_month": None} for row in found.gained.values()),
        *({**row, "was_month": was["published_month"]} for was, row in found.changed.values()),
    ]
    gone = [{name: row[name] for name in ("record_id", "published_month")} for row in found.lost.values()]
    if written or gone or found.marked_records:
        tables.settle_records(written, gone, found.marked_records, seen, note=note)
    captures = [change.row for change in found.captures]
    if captures or found.marked_captures:
        tables.settle_captures(captures, found.marked_captures, seen, note=note)


def _forget_again(store: Store, found: Difference) -> None:
    """Take pages out that show, by these rules, what was forgotten; as `archive.ingest` does."""
    for key, refused in found.refused.items():
        for entry in {entry.id: entry for _, entry in refused}.values():
            take_out(store, key, {capture for capture, by in refused if by.id == entry.id}, entry)


def unfinished(store: Store) -> list[Candidate]:
    """Candidates whose promotion has begun and not ended, oldest first."""
    return [
        each for each in reversed(candidates(store)) if each.has(store, "promoting") and not each.has(store, "promoted")
    ]
