"""Take articles out of an archive for good, on demand of those who have the right to it.

    audit entry → `records` → `captures` → replaced data files → WARC files → their indexes

The audit entry comes first. It says what is to go, so that whoever finds work left after a crash can finish it: each
step is done again without harm, and finds nothing to do where it was done before. A page that a writer commits
meanwhile is found too, or was refused by the writer, which looks at the audit log after it looked at the tables.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archive.dedup import Outcome
from archive.forgotten import Entry, Forgotten, canonical, new_entry_id
from archive.index.columns import read_files
from archive.keys import RECORDS, forgotten_key, index_key
from archive.reelect import reelect
from archive.reextraction import drop_readings
from archive.store import NoSuchKey, Store, StoreError
from archive.tables import Conflict, DataFile, Row, Snapshot, Tables, pause
from archive.warc import bury, write_cdxj
from extract.types import Reason

Tell = Callable[[str], None]
_PART = 20_000  # ids in one query
_SHOWN = "capture_id, url, canonical_url, fetched_date, http_status, reason, record_id, warc_key, warc_offset"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the archive holds of something that is to be forgotten."""

    captures: Sequence[Row] = ()
    """`capture_id`, `url`, `canonical_url`, `fetched_date`, `http_status`, `reason`, `record_id`, `warc_key`,
    `warc_offset`."""
    records: Sequence[Row] = ()
    """`record_id`, `url`, `source`, `title`, `published_month`, `revision_of`."""


def find(now: Snapshot, forgotten: Forgotten, captures: Set[str] = frozenset()) -> Found:
    """What the tables hold of all that is forgotten, done with or not.

    These are the captures of its URLs, but for redirects; the records these brought; and all captures of these records.

    Args:
        now: The tables.
        forgotten: What is to be forgotten.
        captures: Ids of captures that are among them whatever their URL is.
    """
    found: dict[str, Row] = {}
    seen: set[str] = set()

    def select(condition: str, **values: Any) -> list[Row]:
        of_pages = "FROM captures WHERE (http_status NOT BETWEEN 300 AND 399 OR http_status = 304)"
        rows = now.query(f"SELECT {_SHOWN} {of_pages} AND ({condition})", **values).to_pylist()
        return [row for row in rows if row["capture_id"] not in found]

    pending: list[Row] = []
    for urls in _parts(forgotten.urls):
        pending += select("url IN {urls} OR canonical_url IN {urls}", urls=urls)
    for ids in _parts(captures):
        pending += select("capture_id IN {ids}", ids=ids)
    for domain in forgotten.domains:
        near = select("strpos(url, {domain}) > 0 OR strpos(canonical_url, {domain}) > 0", domain=domain)
        pending += [row for row in near if forgotten.covers(row["url"], row["canonical_url"])]
    records: dict[str, Row] = {}
    wanted = set(forgotten.records)
    while pending or wanted:
        found.update({row["capture_id"]: row for row in pending})
        fresh = {row["capture_id"] for row in pending}
        seen |= wanted
        gone: list[Row] = []
        for ids in _parts(fresh):
            gone += _records(now, "capture_id IN {ids}", ids=ids)
        for ids in _parts(wanted):
            gone += _records(now, "record_id IN {ids}", ids=ids)
        if not records:
            for urls in _parts(forgotten.urls):
                gone += _records(now, "url IN {urls}", urls=urls)
        wanted = {row["record_id"] for row in gone} - seen - set(records)
        records.update({row["record_id"]: row for row in gone})
        pending = []
        for ids in _parts(wanted | {row["record_id"] for row in gone}):
            pending += select("record_id IN {ids}", ids=ids)
        for ids in _parts(fresh):  # revisits go with the response that they repeat
            pending += select("repeats IN {ids}", ids=ids)
    return Found(captures=list(found.values()), records=list(records.values()))


def _records(now: Snapshot, condition: str, **values: Any) -> list[Row]:
    columns = "record_id, url, source, title, published_month, revision_of"
    found: list[Row] = now.query(f"SELECT {columns} FROM records WHERE {condition}", **values).to_pylist()  # noqa: S608
    return found


def _parts(values: Iterable[str]) -> Iterator[set[str]]:
    """The values, as many at a time as a query takes well."""
    ordered = sorted(values)
    return (set(ordered[at : at + _PART]) for at in range(0, len(ordered), _PART))


def plan(now: Snapshot, *, url: str | None = None, domain: str | None = None, reason: str) -> tuple[Entry, Found]:
    """The audit entry by which a URL or a domain would be forgotten, and what would go. Nothing is written."""
    at = datetime.now(UTC)
    urls = _variants(now, url) if url else frozenset()
    entry = Entry(id=new_entry_id(at), at=at, reason=reason, domain=domain, urls=tuple(sorted(urls)))
    found = find(now, Forgotten([entry]))
    entry = replace(entry, urls=_joined(urls, _mirrors(now, entry, found)))
    found = find(now, Forgotten([entry]))
    return _completed(entry, found), found


def _variants(now: Snapshot, url: str) -> frozenset[str]:
    """The canonical URLs of an article: its own, the one it declares, and those of what declares the same."""
    rows = now.query(
        "SELECT canonical_url FROM captures WHERE url = {url} OR canonical_url = {canonical}",
        url=url,
        canonical=canonical(url),
    ).to_pylist()
    declared = {canonical(url), *(row["canonical_url"] for row in rows)}
    same = now.query("SELECT DISTINCT url FROM captures WHERE canonical_url IN {declared}", declared=declared)
    return frozenset(declared | set(map(canonical, same["url"].to_pylist())))


def _mirrors(now: Snapshot, entry: Entry, found: Found) -> set[str]:
    """Other URLs of what was found that show nothing else; those that do are left, but for the text."""
    own = Forgotten([entry])
    urls = {row["canonical_url"] for row in found.captures if not own.covers(row["url"], row["canonical_url"])}
    gone = {row["record_id"] for row in found.records}
    for some in _parts(urls):
        others = now.query(
            "SELECT DISTINCT canonical_url, record_id FROM captures "
            "WHERE canonical_url IN {urls} AND record_id IS NOT NULL",
            urls=some,
        )
        urls -= {row["canonical_url"] for row in others.to_pylist() if row["record_id"] not in gone}
    return urls


def _completed(entry: Entry, found: Found) -> Entry:
    """The entry with what was found added to it."""
    return replace(
        entry,
        record_ids=_joined(entry.record_ids, (row["record_id"] for row in found.records)),
        months=_joined(entry.months, (row["published_month"] for row in found.records)),
        capture_ids=_joined(entry.capture_ids, (row["capture_id"] for row in found.captures)),
        warc_keys=_joined(entry.warc_keys, (row["warc_key"] for row in found.captures)),
    )


def _joined(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def forget(
    store: Store,
    entry: Entry,
    *,
    brands: Mapping[str, frozenset[str]] | None = None,
    on_progress: Tell = lambda _: None,
    patience: float = 600,
) -> None:
    """Do what an audit entry says, or what is left of it.

    Args:
        store: The archive.
        entry: The entry; it is put into the store before anything else is done.
        brands: Source id → names by which it calls itself, for the election of other originals.
        on_progress: Told what is done next.
        patience: Seconds to go on while other writers keep coming first.

    Raises:
        StoreError: the store cannot be read or written, or patience ran out. Forget again, or `warraq verify --repair`.
        WarcError: a WARC file cannot be read.
    """
    store.put_if_absent(forgotten_key(entry.id), entry.to_json())
    tables = Tables(store)
    note = {"warraq.forgotten": entry.id}
    on_progress("removing rows")
    found = _remove_rows(tables, entry, note, patience)
    entry = _completed(entry, found)
    on_progress("electing originals")
    _reelect(tables, brands, note, patience)
    on_progress("deleting replaced data files")
    for key in kept_texts(store, tables, [entry]):
        store.delete(key)
    for number, key in enumerate(entry.warc_keys, 1):
        on_progress(f"taking pages out of {key} ({number} of {len(entry.warc_keys)})")
        with suppress(NoSuchKey):  # a file that is not there is told of by `verify`
            take_out(store, key, frozenset(entry.capture_ids), entry)


def _remove_rows(tables: Tables, entry: Entry, note: Mapping[str, str], patience: float) -> Found:
    """Remove the records, then reject the captures; what is found is what there was, and what came meanwhile."""
    forgotten = Forgotten([entry])
    deadline = time.monotonic() + patience
    retries = 0
    while True:
        now = tables.snapshot()
        found = find(now, forgotten, frozenset(entry.capture_ids))
        left = [row for row in found.captures if row["reason"] != Reason.FORGOTTEN]
        try:
            if found.records:
                tables.remove_records(found.records, _rebased(now, found.records), now, note=note)
            if left:
                tables.update_captures([_forgotten_row(row, entry) for row in left], now, note=note)
        except Conflict as conflict:
            retries += 1
            if time.monotonic() > deadline:
                raise StoreError(
                    f"could not forget: other writers came first {retries} times in {patience:.0f} s ({conflict}); run "
                    "`warraq verify --repair` when fewer are at work",
                    retryable=True,
                ) from conflict
            pause(retries)
            continue
        if not left and not found.records:
            return found
        # What was found is remembered: the next look sees captures that no longer name their record.
        entry = _completed(entry, found)
        forgotten = Forgotten([entry])


def _forgotten_row(capture: Row, entry: Entry) -> Row:
    return {
        "capture_id": capture["capture_id"],
        "fetched_date": capture["fetched_date"],
        "outcome": Outcome.REJECTED.value,
        "reason": Reason.FORGOTTEN.value,
        "detail": detail_of(entry),
        "record_id": None,
        "similarity": None,
    }


def detail_of(entry: Entry) -> str:
    """What a capture says that was rejected because of an entry."""
    return f"it was taken out of the archive: {forgotten_key(entry.id)}"


def _rebased(now: Snapshot, gone: Sequence[Row]) -> list[Row]:
    """The records that revised one of these, as revisions of what that one revised, if it stays."""
    earlier = {row["record_id"]: row["revision_of"] for row in gone}
    rows = []
    for ids in _parts(earlier):
        for row in now.query(
            "SELECT record_id, published_month, revision_of FROM records WHERE revision_of IN {ids}", ids=ids
        ).to_pylist():
            if row["record_id"] in earlier:
                continue
            passed: set[str] = set()
            while (base := row["revision_of"]) in earlier and base not in passed:
                passed.add(base)
                row["revision_of"] = earlier[base]
            rows.append(row if row["revision_of"] not in earlier else {**row, "revision_of": None})
    return rows


def _reelect(
    tables: Tables, brands: Mapping[str, frozenset[str]] | None, note: Mapping[str, str], patience: float
) -> None:
    """Elect other originals where one is gone; then no election reads the versions whose files are to be deleted."""
    now = tables.snapshot()
    elected = now.elected_version()
    if elected == now.versions[RECORDS] or (elected is None and not _has_orphans(now)):
        return
    if not reelect(tables, brands=brands, note=note, patience=patience).looked_at:
        now = tables.snapshot()
        if not tables.unelected(now):
            with suppress(Conflict):  # then the next election looks at all records
                tables.update_originals([], now, note=note)


def _has_orphans(now: Snapshot) -> bool:
    orphans = now.query(
        "SELECT copy.record_id FROM records AS copy LEFT ANTI JOIN records AS original "
        "ON copy.duplicate_of = original.record_id WHERE copy.duplicate_of IS NOT NULL LIMIT 1"
    )
    return len(orphans) > 0


def kept_texts(store: Store, tables: Tables, entries: Sequence[Entry]) -> list[str]:
    """Keys of data files that only older versions of `records` name and that hold a forgotten text."""
    gone = {record_id for entry in entries for record_id in entry.record_ids}
    months = {f"{RECORDS}/published_month={month}" for entry in entries for month in entry.months}
    files = []
    for key in tables.replaced_files(RECORDS) if gone else ():
        if key.rpartition("/")[0] in months:
            try:
                files.append(DataFile(key, store.size(key)))
            except NoSuchKey:  # named by the log, and deleted long ago
                continue
    return [
        file.key
        for file, batches in read_files(store, files, ["record_id"])
        if any(not gone.isdisjoint(batch["record_id"].to_pylist()) for batch in batches)
    ]


def take_out(store: Store, key: str, captures: Set[str], entry: Entry) -> bool:
    """Put tombstones for these captures into a stored WARC file, then write its index again.

    The file goes first, then what re-extractions have read in it: while its index still lists a forgotten page, the
    work is not done.

    Returns:
        Whether there was something to do.

    Raises:
        StoreError: the store cannot be read or written, or the file is not there.
        WarcError: the file cannot be read.
    """
    with TemporaryDirectory(prefix="warraq-forget-") as directory:
        path = Path(directory) / "file.warc.gz"
        with store.open(key) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy, 1 << 20)
        with path.open("r+b") as file:
            buried = bury(file, captures, entry.id, entry.at)
            file.seek(0)
            index = write_cdxj(file, key.rpartition("/")[2], on_damage=lambda _: None)
        if buried:
            store.replace_file(key, path)
    try:
        if store.get(index_key(key)) == index:
            return bool(buried)
    except NoSuchKey:
        pass
    drop_readings(store, [key])
    store.replace(index_key(key), index)
    return True


def unfinished(store: Store, tables: Tables, entries: Sequence[Entry]) -> list[Entry]:
    """The entries whose work is not all done: a run died in between, or a page came back.

    Raises:
        StoreError: the archive cannot be read.
    """
    if not _is_left(store, tables, entries):  # asked once for all, as there mostly is nothing
        return []
    return [entry for entry in entries if _is_left(store, tables, [entry])]


def _is_left(store: Store, tables: Tables, entries: Sequence[Entry]) -> bool:
    if not entries:
        return False
    now = tables.snapshot()
    ids = frozenset(each for entry in entries for each in entry.capture_ids)
    found = find(now, Forgotten(entries), ids)
    if found.records or any(row["reason"] != Reason.FORGOTTEN for row in found.captures):
        return True
    files: dict[str, set[int]] = {}
    for row in found.captures:
        files.setdefault(row["warc_key"], set()).add(row["warc_offset"])
    return any(offsets & (listed_offsets(store, key) or set()) for key, offsets in files.items()) or bool(
        kept_texts(store, tables, entries)
    )


def finish_file(store: Store, now: Snapshot, key: str, entries: Iterable[Entry], *, certain: bool = False) -> bool:
    """Take out what the tables say is forgotten of a WARC file and its index still lists.

    Where the caller is `certain` that there is something, the index is not asked.

    Returns:
        Whether there was something to do.

    Raises:
        StoreError, WarcError: as from `take_out`.
    """
    rows = now.query(
        "SELECT capture_id, warc_offset, detail FROM captures WHERE warc_key = {key} AND reason = {reason}",
        key=key,
        reason=Reason.FORGOTTEN.value,
    ).to_pylist()
    listed = None if certain else listed_offsets(store, key)
    if listed is not None and listed.isdisjoint(row["warc_offset"] for row in rows):
        return False
    by_detail: dict[str, Entry] = {detail_of(entry): entry for entry in entries}
    done = False
    for detail, entry in by_detail.items():
        ids = {row["capture_id"] for row in rows if row["detail"] == detail}
        done |= bool(ids) and take_out(store, key, ids, entry)
    return done


def listed_offsets(store: Store, key: str) -> set[int] | None:
    """Where the index of a WARC file says that its responses begin; None if there is no sound index."""
    with suppress(NoSuchKey, ValueError, LookupError, TypeError):
        lines = store.get(index_key(key)).splitlines()
        return {int(json.loads(line.split(b" ", 2)[2])["offset"]) for line in lines}
    return None
