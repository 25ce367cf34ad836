"""Whether an archive keeps what it promises: every stored file is sound, every row of the tables accounted for."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import BinaryIO

from archive.keys import index_key, warc_prefix
from archive.store import Store, StoreError
from archive.tables import Snapshot, Tables
from archive.warc import Capture, Tombstone, WarcError, check_warc, read_warc, tombstones
from extract.types import Reason

INVARIANTS = {
    "warc-sound": "every record of a stored WARC file can be read and has the digests it states",
    "warc-index": "every WARC file has an index that lists its responses where they are",
    "warc-ingested": "the captures of every stored WARC file are in the tables, all of them",
    "capture-warc": "every capture is a response of a stored WARC file, found at its offset",
    "capture-record": "a capture of an article names a record that exists, a rejected one a reason, no other either",
    "record-unique": "a text has one record",
    "record-capture": "the capture that brought a record exists and shows its text",
    "duplicate-original": "what a near-duplicate copies exists and is no near-duplicate itself",
    "forgotten": "of what was forgotten nothing is left in the WARC files",
    "revision-base": "what a revision replaces exists, and no text is its own predecessor",
}
"""What is checked, by name."""

_INGEST = "ingest the file again (any `warraq crawl` of its source does)"
_REPORT = "no run of Warraq writes this: keep the archive as it is and report it as a bug"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something in an archive that is not as promised."""

    invariant: str
    """Its name in `INVARIANTS`."""
    where: str
    """Key of the file, or id of the row."""
    problem: str
    """What is wrong."""
    next_step: str
    """What to do about it."""


def verify(store: Store, *, on_progress: Callable[[str], None] | None = None) -> Iterator[Finding]:
    """Check an archive, file by file and then table by table; every WARC file is read in full.

    It may run beside writers. A file stored or a record committed while it reads may then be found unfinished.

    Args:
        store: The archive.
        on_progress: Told what is checked next: the key of a file, or the name of an invariant.

    Raises:
        StoreError: the archive cannot be read.
    """
    tell = on_progress or (lambda _: None)
    keys = [each.key for each in store.list(warc_prefix())]
    indexes = {key for key in keys if key.endswith(".cdxj")}
    tables = Tables(store)
    now = tables.snapshot()
    files = [key for key in keys if key.endswith(".warc.gz")]
    for key in files:
        tell(key)
        yield from _check_file(store, now, key, has_index=index_key(key) in indexes)
    tell("capture-warc")
    for key in now.query("SELECT DISTINCT warc_key FROM captures ORDER BY warc_key")["warc_key"].to_pylist():
        if key not in files and not store.exists(key):
            yield Finding(
                invariant="capture-warc",
                where=key,
                problem="captures are of this file, which is not in the store",
                next_step="restore the file from a backup or an earlier version of the object",
            )
    for check in (_check_captures, _check_unique, _check_duplicates, _check_revisions):
        yield from check(now, tell)
    tell("record-capture")
    yield from _check_record_captures(tables, now)


# --- files ------------------------------------------------------------------------------------------------------------


def _check_file(store: Store, now: Snapshot, key: str, *, has_index: bool) -> Iterator[Finding]:
    with TemporaryFile(prefix="warraq-verify-") as file:
        with store.open(key) as stored:
            shutil.copyfileobj(stored, file, 1 << 20)
        file.seek(0)
        try:
            damages = list(check_warc(file))
        except WarcError as error:
            yield _unsound(key, str(error))
            return
        for damage in damages:
            yield _unsound(key, str(damage))
        responses = _responses(file)
        buried = tombstones(file)
    if problem := _index_problem(store, key, responses) if has_index else "there is no index beside it":
        yield Finding(
            invariant="warc-index",
            where=index_key(key),
            problem=problem,
            next_step="delete the index if there is one, then store the file again: that writes a new one",
        )
    yield from _check_rows(store, now, key, responses, buried)


def _unsound(key: str, problem: str) -> Finding:
    return Finding(
        invariant="warc-sound",
        where=key,
        problem=problem,
        next_step="restore the file from a backup or an earlier version of the object; its rows stay as they are",
    )


def _responses(file: BinaryIO) -> list[Capture]:
    file.seek(0)
    return [replace(each, payload=b"", content=b"", headers=()) for each in read_warc(file, on_damage=lambda _: None)]


def _index_problem(store: Store, key: str, responses: list[Capture]) -> str | None:
    expected = {(each.url, each.offset, each.length) for each in responses}
    listed = set()
    for line in store.get(index_key(key)).splitlines():
        try:
            fields = json.loads(line.split(b" ", 2)[2])
            listed.add((fields["url"], int(fields["offset"]), int(fields["length"])))
        except (ValueError, LookupError, TypeError):
            return f"it holds a line that is not CDXJ: {line[:80].decode(errors='replace')!r}"
    if missing := len(expected - listed):
        return f"{missing} of {len(expected)} responses are not listed where they are"
    return f"{len(listed - expected)} lines list no response of the file" if listed != expected else None


def _check_rows(
    store: Store, now: Snapshot, key: str, responses: list[Capture], buried: list[Tombstone]
) -> Iterator[Finding]:
    query = "SELECT capture_id, warc_offset, warc_length, reason FROM captures WHERE warc_key = {key}"
    rows = now.query(query, key=key).to_pylist()
    found = [(row["capture_id"], row["warc_offset"], row["warc_length"]) for row in rows]
    forgotten = {each for each, row in zip(found, rows, strict=True) if row["reason"] == Reason.FORGOTTEN}
    expected = {(each.capture_id, each.offset, each.length) for each in responses}
    if left := expected & forgotten:
        yield Finding(
            invariant="forgotten",
            where=key,
            problem=f"{len(left)} pages that were forgotten are still in it",
            next_step="`warraq forget` them again",
        )
    # Where a page was forgotten there is a tombstone.
    expected |= {(each.record_id, each.offset, each.length) for each in buried} & forgotten
    if not found:
        yield Finding(
            invariant="warc-ingested",
            where=key,
            problem="it is stored, but its captures are not in the tables",
            next_step=f"unless a run is at work on it, {_INGEST}",
        )
        return
    if missing := len(expected - set(found)):
        yield Finding(
            invariant="warc-ingested",
            where=key,
            problem=f"{missing} of its {len(expected)} responses have no capture",
            next_step=_REPORT,
        )
    if len(found) != len(set(found)) or set(found) - expected:
        yield Finding(
            invariant="capture-warc",
            where=key,
            problem=f"it has {len(expected)} responses, and captures for {len(found)}, some twice or at a wrong offset",
            next_step=_REPORT,
        )
        return
    last = max(set(found) - forgotten, key=lambda row: row[1], default=None)
    if last and (problem := _range_problem(store, key, *last)):
        yield Finding(invariant="capture-warc", where=last[0], problem=problem, next_step=_REPORT)


def _range_problem(store: Store, key: str, capture_id: str, offset: int, length: int) -> str | None:
    """What keeps a reader from fetching one capture by its row; None: nothing."""
    where = f"bytes {offset} to {offset + length} of {key}"
    try:
        ids = [each.capture_id for each in read_warc(io.BytesIO(store.get_range(key, offset, length)))]
    except (WarcError, StoreError) as error:
        return f"{where} cannot be read as its record: {error}"
    return None if ids == [capture_id] else f"{where} are not its record"


# --- tables -----------------------------------------------------------------------------------------------------------


def _check_captures(now: Snapshot, tell: Callable[[str], None]) -> Iterator[Finding]:
    tell("capture-record")
    lost = now.query(
        "SELECT capture_id, captures.record_id AS record FROM captures "
        "LEFT ANTI JOIN records ON captures.record_id = records.record_id WHERE captures.record_id IS NOT NULL"
    )
    for row in lost.to_pylist():
        yield Finding(
            invariant="capture-record",
            where=row["capture_id"],
            problem=f"its record {row['record']} does not exist",
            next_step=_REPORT,
        )
    odd = now.query(
        "SELECT capture_id, outcome FROM captures WHERE (record_id IS NULL) <> (outcome IN ('rejected', 'support')) "
        "OR (reason IS NULL) <> (outcome <> 'rejected')"
    )
    for row in odd.to_pylist():
        yield Finding(
            invariant="capture-record",
            where=row["capture_id"],
            problem=f"it is {row['outcome']}, which its record and reason do not agree with",
            next_step=_REPORT,
        )


def _check_unique(now: Snapshot, tell: Callable[[str], None]) -> Iterator[Finding]:
    tell("record-unique")
    several = now.query("SELECT record_id, count(*) AS rows FROM records GROUP BY record_id HAVING count(*) > 1")
    for row in several.to_pylist():
        yield Finding(
            invariant="record-unique",
            where=row["record_id"],
            problem=f"there are {row['rows']} rows of this record",
            next_step=_REPORT,
        )


def _check_duplicates(now: Snapshot, tell: Callable[[str], None]) -> Iterator[Finding]:
    tell("duplicate-original")
    wrong = now.query(
        "SELECT copy.record_id AS copy, copy.duplicate_of AS original, original.duplicate_of AS of_original "
        "FROM records AS copy LEFT JOIN records AS original ON copy.duplicate_of = original.record_id "
        "WHERE copy.duplicate_of IS NOT NULL AND (original.record_id IS NULL OR original.duplicate_of IS NOT NULL)"
    )
    for row in wrong.to_pylist():
        chain = f"is itself a near-duplicate, of {row['of_original']}" if row["of_original"] else "does not exist"
        yield Finding(
            invariant="duplicate-original",
            where=row["copy"],
            problem=f"it is a near-duplicate of {row['original']}, which {chain}",
            next_step=_REPORT,
        )


def _check_revisions(now: Snapshot, tell: Callable[[str], None]) -> Iterator[Finding]:
    tell("revision-base")
    rows = now.query(
        "SELECT later.record_id AS later, later.revision_of AS earlier, earlier.record_id IS NOT NULL AS found "
        "FROM records AS later LEFT JOIN records AS earlier ON later.revision_of = earlier.record_id "
        "WHERE later.revision_of IS NOT NULL ORDER BY later.record_id"
    ).to_pylist()
    base = {row["later"]: row["earlier"] for row in rows}
    for row in rows:
        if not row["found"]:
            yield Finding(
                invariant="revision-base",
                where=row["later"],
                problem=f"it is a revision of {row['earlier']}, which does not exist",
                next_step=_REPORT,
            )
    sound: set[str] = set()
    for record in base:
        path: dict[str, None] = {}
        at: str | None = record
        while at is not None and at not in sound and at not in path:
            path[at] = None
            at = base.get(at)
        if at is not None and at in path:
            yield Finding(
                invariant="revision-base",
                where=at,
                problem="following revision_of from it leads back to it",
                next_step=_REPORT,
            )
        sound.update(path)


def _check_record_captures(tables: Tables, now: Snapshot) -> Iterator[Finding]:
    query = (
        "SELECT records.record_id AS record, records.capture_id AS capture, records.source AS source FROM records "
        "LEFT ANTI JOIN captures ON records.capture_id = captures.capture_id AND records.record_id = captures.record_id"
    )
    then = {row["record"] for row in now.query(query).to_pylist()}
    if not then:
        return
    # A writer may have been between its two commits: what it lacked then is there now.
    for row in tables.snapshot().query(query).to_pylist():
        if row["record"] in then:
            yield Finding(
                invariant="record-capture",
                where=row["record"],
                problem=f"its capture {row['capture']} is not in the tables: a run died before it committed them",
                next_step=f"unless a run is at work, crawl {row['source']} again: the file is then ingested to its end",
            )
