"""From a stored WARC file to rows: read each page, extract the article, decide, commit.

A batch is one file. Pages are extracted once; what follows is repeated until no other writer comes in between: read the
tables, decide against them, commit `records`, then `captures`. A file counts as ingested when its captures are
committed, all at once, so ingesting it again changes nothing, and a run that dies at any moment is completed by the
next.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from archive.dedup import (
    WINDOW,
    Decision,
    Known,
    Outcome,
    Reading,
    decide,
)
from archive.forget import detail_of, finish_file, take_out
from archive.forgotten import Entry, Forgotten, read_entries
from archive.guarded.reader import Reader, page_reader
from archive.index import Index, Outcomes, View
from archive.keys import CAPTURES, RECORDS, index_key, run_of, warc_key, warc_prefix, warc_stem
from archive.readings import article_columns, storable, withhold
from archive.revisits import Originals
from archive.store import NoSuchKey, Store, StoreError
from archive.tables import Conflict, Row, Tables, pause
from archive.warc import Capture, WarcError, read_warc, write_cdxj
from extract.article import EXTRACTOR
from extract.types import Article, Reason, Rejection, Source

_SUFFIX = ".warc.gz"

MAX_RESPONSES = 100_000
"""Responses in a file that others made. It is one commit, so 5 KB of each stay in memory."""


@dataclass(frozen=True, kw_only=True)
class IngestReport:
    """What ingesting a WARC file did."""

    warc_key: str
    """The file's key."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Captures by outcome; those recorded before, if it had been ingested already."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Rejected captures by reason."""
    records_added: int = 0
    """Rows this call added to `records`."""
    captures_added: int = 0
    """Rows this call added to `captures`."""
    already_ingested: bool = False
    """The file's captures were in the tables before; nothing was added to `captures`."""
    retries: int = 0
    """How often another writer came first."""
    forged: int = 0
    """Responses that this call read and that do not have the payload digest that their records state."""


def ingest(
    store: Store,
    warc_key: str,
    source: Source,
    *,
    run_id: str,
    local: Path | None = None,
    on_page: Callable[[str], None] | None = None,
    tables: Tables | None = None,
    index: Index | None = None,
    reader: Reader | None = None,
    on_wait: Callable[[str], None] | None = None,
    window: timedelta = WINDOW,
    patience: float = 600,
) -> IngestReport:
    """Bring a stored WARC file into the tables.

    Args:
        store: The archive.
        warc_key: Key of the file.
        source: The source it was fetched for.
        run_id: The run, for the rows of a file that others made; one of ours names the run that wrote it.
        local: A copy of the file on this machine, read instead of the stored one.
        on_page: Told the URL of each response when it has been read.
        tables: The archive's tables, if they are not to be the index's.
        index: The archive's index; without one the tables are read into a temporary one.
        reader: Reads the pages; None: the one with the limits that are usual.
        on_wait: Told what is waited for where the index is far behind the tables.
        window: How far apart two copies of one text are published.
        patience: Seconds to go on while other writers keep coming first.

    Raises:
        StoreError: the store cannot be read or written, or patience ran out. Nothing is half done: ingest again.
        WarcError: the file is damaged. Nothing was written.
        ReaderError: no process can be started to read the pages in. Nothing was written.
    """
    index = index or Index(store)
    tables = tables or index.tables
    run_id = run_of(warc_key) or run_id
    # Whether it has been ingested since then is asked once more before the commit.
    if found := index.ask_last_seen(lambda view: view.outcomes(warc_key), on_progress=on_wait):
        report = _already(warc_key, found)
        if Reason.FORGOTTEN in report.reasons:
            finish_file(store, tables.snapshot(), warc_key, read_entries(store, index.folder))
        return report
    captures: list[tuple[Capture, Reading]] = []
    originals = Originals()
    reader = reader or page_reader()
    forged = 0
    for capture, reading in reader.captures(_read(store, warc_key, local), source):
        if not capture.repeats:
            originals.add(reading, capture.payload_digest)
        captures.append((_without_bodies(capture), reading))
        forged += "bad_digest" in capture.flags
        if on_page:
            on_page(capture.url)
    if not captures:
        raise WarcError(f"{warc_key} holds no response: there is nothing to ingest, remove the file")

    for ask in (index.ask_last_seen, index.ask_newest):
        if missing := originals.missing(capture for capture, _ in captures):
            ask(partial(originals.look_up, source=source.id, revisits=missing), on_progress=on_wait)
    captures = [
        (capture, withhold(originals.read(capture, reading), reader.limits.obey)) for capture, reading in captures
    ]
    report = commit_batch(
        captures,
        source,
        warc_key,
        run_id=run_id,
        index=index,
        tables=tables,
        on_wait=on_wait,
        window=window,
        patience=patience,
    )
    return replace(report, forged=forged)


def commit_batch(
    captures: Sequence[tuple[Capture, Reading]],
    source: Source,
    warc_key: str,
    *,
    run_id: str,
    index: Index,
    tables: Tables,
    on_wait: Callable[[str], None] | None = None,
    window: timedelta = WINDOW,
    patience: float = 600,
) -> IngestReport:
    """Decide what the captures of a WARC file are and commit them, again and again until no other writer comes first.

    `ingest` explains the arguments and what is raised.
    """
    by_id = {capture.capture_id: capture for capture, _ in captures}
    readings = [reading for _, reading in captures]
    brands = frozenset((source.name, *source.brands))
    note = {"warraq.warc": warc_key, "warraq.run": run_id}

    def decided(readings: Sequence[Reading], view: View) -> tuple[Outcomes, list[Decision]]:
        if found := view.outcomes(warc_key):
            return found, []
        return [], decide(readings, _known(view, source, readings, window), window=window, brands=brands)

    deadline = time.monotonic() + patience
    retries = records_added = 0
    while True:
        now = tables.snapshot()
        # After the snapshot: who forgets writes first to the log and then to the tables, so one of the two is met.
        refused = _refused(captures, Forgotten(read_entries(index.store, index.folder)))
        kept = [_refusal(each, refused) for each in readings]
        try:
            found, decisions = index.ask(now, partial(decided, kept), on_progress=on_wait)
            if found:
                return _already(warc_key, found, records_added=records_added, retries=retries)
            records = [_record_row(each) for each in decisions if each.brings_record]
            if records:
                tables.append(RECORDS, records, now, note=note)
                records_added += len(records)
            rows = [_capture_row(each, by_id[each.reading.capture_id], warc_key, run_id) for each in decisions]
            tables.append(CAPTURES, rows, now, note=note)
        except (Conflict, NoSuchKey) as conflict:
            if isinstance(conflict, NoSuchKey) and tables.snapshot().versions == now.versions:
                raise  # it is no file that went because the table moved on
            retries += 1
            if time.monotonic() > deadline:
                raise StoreError(
                    f"could not commit {warc_key}: other writers came first {retries} times in {patience:.0f} s "
                    f"({conflict}); ingest it again when fewer are at work",
                    retryable=True,
                ) from conflict
            pause(retries)
            continue
        for entry in {entry.id: entry for entry in refused.values()}.values():
            take_out(index.store, warc_key, {each for each, by in refused.items() if by is entry}, entry)
        outcomes = Counter(each.outcome.value for each in decisions)
        reasons = Counter(row["reason"] for row in rows if row["reason"])
        return IngestReport(
            warc_key=warc_key,
            outcomes=dict(outcomes),
            reasons=dict(reasons),
            records_added=records_added,
            captures_added=len(rows),
            retries=retries,
        )


def store_warc(store: Store, path: Path) -> str:
    """Put a finished WARC file, named as `archive.keys` says, and its index into the store; the key it has there.

    The index goes first: a stored file always has one. Doing it again does nothing.

    Raises:
        StoreError: the store cannot be written, or holds another file of that name.
        WarcError: the file is damaged.
        ValueError: the file is not named as an archived WARC file is.
    """
    key = warc_key(path.name.removesuffix(_SUFFIX))
    _put(store, key, path)
    return key


def adopt_warc(store: Store, path: Path, source_id: str) -> str:
    """Put a WARC file that others made into the store, under a key of its own; that key.

    The key follows from the source and from the file's content: the time of its earliest response and the digest of its
    bytes. The same file has the same key, whatever it is called.

    Raises:
        StoreError: the store cannot be written.
        WarcError: the file cannot be read, holds no response or more than `MAX_RESPONSES`, is not compressed record by
            record, or has a response whose id another one has, in it or in the archive.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            if not file.read(2) == b"\x1f\x8b":
                raise WarcError(
                    f"{path} is not compressed: make it so, record by record, with `warcio recompress {path} "
                    f"{path.name.removesuffix('.warc')}.warc.gz`, then ingest that file"
                )
            file.seek(0)
            fetched = _responses(file)
    except OSError as error:
        raise WarcError(f"cannot read {path} ({error.strerror or error}): check the path") from error
    except WarcError as error:
        raise _named(error, str(path)) from error
    if not fetched:
        raise WarcError(f"{path} holds no HTTP response: there is nothing to ingest")
    opened = min(fetched.values())
    key = warc_key(warc_stem(source_id, opened.astimezone(UTC), f"import{digest[:20]}", 0))
    if held := _held_elsewhere(store, source_id, fetched.keys(), key):
        raise WarcError(
            f"{path}: {held} of its responses are in the archive already, from another file: "
            f"`warraq backfill {source_id} --from warc {path}` takes in the others"
        )
    _put(store, key, path)
    return key


def _responses(file: BinaryIO) -> dict[str, datetime]:
    """The ids of a file's responses, and when they were fetched.

    Raises:
        WarcError: the file cannot be read, has too many, or one id twice.
    """
    fetched: dict[str, datetime] = {}
    for capture in read_warc(file):
        if capture.capture_id in fetched:
            raise WarcError(f"at byte {capture.offset}: its WARC-Record-ID, {capture.capture_id}, is that of another")
        if len(fetched) == MAX_RESPONSES:
            raise WarcError(f"it holds more than {MAX_RESPONSES:,} responses: split it, then ingest its parts")
        fetched[capture.capture_id] = capture.fetched_at
    return fetched


def _held_elsewhere(store: Store, source_id: str, captures: Set[str], key: str) -> int:
    """How many of these captures the archive has from another file than the one at this key."""
    found = (
        Tables(store)
        .snapshot()
        .query(
            "SELECT count(*) AS held FROM captures "
            "WHERE source = {source} AND warc_key <> {key} AND capture_id IN {ids}",
            source=source_id,
            key=key,
            ids=captures,
        )
    )
    return int(found["held"][0].as_py())


def pending_warcs(store: Store, source_id: str | None = None, *, index: Index | None = None) -> list[str]:
    """Keys of the stored WARC files, of a source or of all, that have not been ingested; sorted."""
    stored = {each.key for each in store.list(warc_prefix(source_id)) if each.key.endswith(_SUFFIX)}
    if not stored:
        return []
    return sorted(stored - (index or Index(store)).ask_newest(lambda view: view.ingested(source_id)))


def _refused(captures: Sequence[tuple[Capture, Reading]], forgotten: Forgotten) -> dict[str, Entry]:
    """The captures of what must not be kept again, and the entry that says so."""
    return {
        capture.capture_id: entry
        for capture, reading in captures
        if not capture.redirects
        and (entry := forgotten.covers(reading.url, reading.canonical_url, record_id=reading.record_id))
    }


def _refusal(reading: Reading, refused: Mapping[str, Entry]) -> Reading:
    if entry := refused.get(reading.capture_id):
        gone = Rejection(reason=Reason.FORGOTTEN, detail=detail_of(entry))
        return replace(reading, result=gone, record_id="", signature=b"")
    return reading


def _validator(value: str | None) -> str | None:
    """What a request can send back; some servers put all sorts of things there."""
    return value if value and len(value) <= 256 and value.isprintable() else None


# --- the file ---------------------------------------------------------------------------------------------------------


def _put(store: Store, key: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            index = write_cdxj(file, key.rpartition("/")[2])
        size = path.stat().st_size
    except OSError as error:
        raise WarcError(f"cannot read {path} ({error.strerror or error}): check the path") from error
    except WarcError as error:
        raise _named(error, str(path)) from error
    store.put_if_absent(index_key(key), index)
    if not store.put_file_if_absent(key, path) and (stored := store.size(key)) != size:
        raise StoreError(f"{key} is taken by another file ({stored} bytes, {path} has {size}): rename the file")


def _read(store: Store, key: str, local: Path | None) -> Iterator[Capture]:
    try:
        with local.open("rb") if local else store.open(key) as file:
            yield from read_warc(file)
    except WarcError as error:
        raise _named(error, str(local or key)) from error


def _named(error: WarcError, name: str) -> WarcError:
    """The error with the file's name in front."""
    return error if name in str(error) else WarcError(f"{name}: {error}")


def _without_bodies(capture: Capture) -> Capture:
    """What the tables need of a capture: the pages of a file do not fit into memory."""
    kept = tuple(each for each in capture.headers if each[0].lower() in ("etag", "last-modified", "location"))
    return replace(capture, payload=b"", content=b"", headers=kept)


# --- what the tables hold ---------------------------------------------------------------------------------------------


def _already(key: str, found: Outcomes, *, records_added: int = 0, retries: int = 0) -> IngestReport:
    """The report on a file whose captures are in the tables."""
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for outcome, reason, captures in found:
        outcomes[outcome] += captures
        if reason:
            reasons[reason] += captures
    return IngestReport(
        warc_key=key,
        outcomes=dict(outcomes),
        reasons=dict(reasons),
        records_added=records_added,
        already_ingested=True,
        retries=retries,
    )


def _known(view: View, source: Source, readings: Sequence[Reading], window: timedelta) -> Known:
    """What the tables hold that these readings may concern."""
    shown = [reading for reading in readings if reading.record_id]
    urls = {reading.canonical_url for reading in shown}
    held = view.held({reading.record_id for reading in shown}, source.id, urls)
    seen = view.seen(source.id, urls)
    own = {reading.capture_id for reading in readings}.difference(each.capture_id for each in seen)
    return Known(
        held=held,
        seen=seen,
        originals=view.originals(
            [reading for reading in shown if reading.signature],
            window,
            without={record.record_id for record in held if record.capture_id in own},
        ),
        wordings=view.wordings,
    )


# --- rows -------------------------------------------------------------------------------------------------------------


def _record_row(decision: Decision) -> Row:
    reading, article = decision.reading, decision.reading.result
    assert isinstance(article, Article)  # noqa: S101  for the type checker
    return {
        "record_id": reading.record_id,
        "url": reading.canonical_url,
        "source": reading.source,
        **article_columns(article),
        "revision_of": decision.revision_of,
        "revision": decision.revision,
        "duplicate_of": decision.duplicate_of,
        "similarity": decision.similarity,
        "signature": reading.signature,
        "first_fetched_at": reading.fetched_at,
        "capture_id": reading.capture_id,
        "extractor": EXTRACTOR,
    }


def _capture_row(decision: Decision, capture: Capture, key: str, run_id: str) -> Row:
    reading, found = decision.reading, capture.found
    rejection = reading.result if isinstance(reading.result, Rejection) else None
    return {
        "capture_id": capture.capture_id,
        "source": reading.source,
        "url": reading.url,
        "canonical_url": reading.canonical_url,
        "fetched_at": reading.fetched_at,
        "found_by": found and found.by,
        "found_in": found and found.via,
        "announced_at": found and found.announced_at,
        "published_at": reading.published_at,
        "http_status": capture.status,
        "redirect_url": capture.redirect_url,
        "etag": _validator(capture.header("ETag")),
        "last_modified": _validator(capture.header("Last-Modified")),
        "payload_digest": capture.payload_digest,
        "outcome": decision.outcome.value,
        "reason": rejection and rejection.reason.value,
        "detail": rejection and storable(rejection.detail),
        "directives": reading.directives,
        "record_id": reading.record_id or None,
        "similarity": decision.similarity if decision.outcome is Outcome.NEAR_DUPLICATE else None,
        "repeats": reading.repeats,
        "warc_key": key,
        "warc_offset": capture.offset,
        "warc_length": capture.length,
        "run_id": run_id,
        "extractor": EXTRACTOR,
    }
