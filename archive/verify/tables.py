"""The rows of the tables: among themselves, and against their texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from archive.dedup import record_id, signature
from archive.index.columns import read_files
from archive.keys import RECORDS
from archive.store import Store
from archive.tables import Snapshot, Tables
from archive.verify.finding import REPORT, Finding, Findings


def check_captures(now: Snapshot) -> Findings:
    """Captures and the records they name."""
    lost = now.query(
        "SELECT capture_id, captures.record_id AS record FROM captures "
        "LEFT ANTI JOIN records ON captures.record_id = records.record_id WHERE captures.record_id IS NOT NULL"
    )
    for row in lost.to_pylist():
        yield Finding(
            invariant="capture-record",
            where=row["capture_id"],
            problem=f"its record {row['record']} does not exist",
            next_step=REPORT,
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
            next_step=REPORT,
        )

    unfit = now.query(
        "SELECT captures.capture_id AS capture, outcome, records.revision_of IS NOT NULL AS revises, "
        "records.capture_id = captures.capture_id AS brought "
        "FROM captures JOIN records ON captures.record_id = records.record_id "
        "WHERE (records.capture_id = captures.capture_id) <> (outcome IN ('new', 'revision', 'near_duplicate')) "
        "OR (records.capture_id = captures.capture_id AND records.revision_of IS NOT NULL AND outcome <> 'revision')"
    )
    for row in unfit.to_pylist():
        brought = ("brought its record" if row["brought"] else "did not bring its record") + (
            ", a revision" if row["revises"] else ""
        )
        yield Finding(
            invariant="capture-record",
            where=row["capture"],
            problem=f"it is {row['outcome']}, and it {brought}",
            next_step=REPORT,
        )


def check_repeats(now: Snapshot) -> Findings:
    """Revisits and the responses they repeat."""
    wrong = now.query(
        "SELECT revisit.capture_id AS revisit, revisit.repeats AS original, original.capture_id IS NULL AS lost, "
        "original.repeats IS NOT NULL AS chained FROM captures AS revisit "
        "LEFT JOIN captures AS original ON revisit.repeats = original.capture_id WHERE revisit.repeats IS NOT NULL AND "
        "(original.capture_id IS NULL OR original.repeats IS NOT NULL "
        "OR original.payload_digest <> revisit.payload_digest)"
    )
    for row in wrong.to_pylist():
        why = "has another payload"
        if row["lost"] or row["chained"]:
            why = "does not exist" if row["lost"] else "is itself a revisit"
        yield Finding(
            invariant="capture-repeats",
            where=row["revisit"],
            problem=f"it repeats {row['original']}, which {why}",
            next_step=REPORT,
        )


def check_texts(store: Store, now: Snapshot, tell: Callable[[str], None]) -> Findings:
    """Ids and signatures against the texts; reads all of `records`, some thousand rows at a time."""
    columns = ["record_id", "text", "signature"]
    for file, batches in read_files(store, now.files(RECORDS), columns):
        tell(f"record-text in {file.key}")
        for batch in batches:
            for row in batch.to_pylist():
                same = record_id(row["text"]) == row["record_id"]
                if not same or signature(row["text"]) != row["signature"]:
                    yield Finding(
                        invariant="record-text",
                        where=row["record_id"],
                        problem=f"its {'signature' if same else 'id'} is not that of its text",
                        next_step="the text or the rules that fold it changed: read its WARC file again, or restore it",
                    )


def check_unique(now: Snapshot) -> Findings:
    """One row a record."""
    several = now.query("SELECT record_id, count(*) AS rows FROM records GROUP BY record_id HAVING count(*) > 1")
    for row in several.to_pylist():
        yield Finding(
            invariant="record-unique",
            where=row["record_id"],
            problem=f"there are {row['rows']} rows of this record",
            next_step=REPORT,
        )


def check_duplicates(now: Snapshot, elect: Callable[[set[str]], str]) -> Findings:
    """Near-duplicates and their originals; `elect` elects others for records and says that it did."""
    wrong = now.query(
        "SELECT copy.record_id AS copy, copy.duplicate_of AS original, original.duplicate_of AS of_original "
        "FROM records AS copy LEFT JOIN records AS original ON copy.duplicate_of = original.record_id "
        "WHERE copy.duplicate_of IS NOT NULL AND (original.record_id IS NULL OR original.duplicate_of IS NOT NULL)"
    )
    rows = wrong.to_pylist()
    mend = partial(elect, {row["copy"] for row in rows})
    for row in rows:
        chain = f"is itself a near-duplicate, of {row['of_original']}" if row["of_original"] else "does not exist"
        yield Finding(
            invariant="duplicate-original",
            where=row["copy"],
            problem=f"it is a near-duplicate of {row['original']}, which {chain}",
            next_step="run `warraq verify --repair`: it elects originals again",
            mend=mend,
        )


def check_revisions(now: Snapshot) -> Findings:
    """Revisions and what they revise."""
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
                next_step=REPORT,
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
                next_step=REPORT,
            )
        sound.update(path)


def check_record_captures(tables: Tables, now: Snapshot) -> Findings:
    """Records and the captures that brought them."""
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
