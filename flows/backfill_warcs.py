"""A backfill from WARC files that others made: Common Crawl's CC-NEWS, exports of the Wayback Machine.

Each file is looked through once; what it holds of the sources becomes a file of each source's own, which is stored and
ingested. Other sites' pages are not kept. A file that has been taken in is noted in the archive, so that the same
command goes on after whatever ended it; and a response that the archive holds is not stored again, by whatever file,
window or source it comes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from archive.coverage import Verdict
from archive.guarded.reader import page_reader
from archive.index import Index
from archive.ingest import pending_warcs
from archive.keys import import_key, run_key
from archive.store import NoSuchKey, Store, open_store
from archive.tables import Tables
from archive.warc import Contents, WarcError, copy_records, look_through
from extract.escaping import safe_json
from extract.types import Source
from flows.failures import UsageError
from flows.importing import import_warc
from flows.partitions import FINISHED, Ended, File, Reprocess
from flows.pipeline import PlainSteps, new_run_id, retrying
from flows.progress import Progress, listener
from flows.settings import Settings
from flows.spool import Spool

_SUFFIXES = (".warc", ".warc.gz")
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class WarcFile:
    """A file to be taken in."""

    place: str
    """The directory, or `s3://bucket/prefix`, that it lies in."""
    key: str
    """Its name there."""
    size: int
    modified: datetime

    @property
    def name(self) -> str:
        """Where it lies, for people."""
        return f"{self.place}/{self.key}"


Take = Callable[[WarcFile], list[Ended]]
"""Takes in one file: plainly, or as a Prefect task."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be taken out of the files."""

    sources: tuple[Source, ...]
    since: date | None = None
    """First UTC day of fetch."""
    until: date | None = None
    """First one not wanted any more."""
    reprocess: Reprocess = "none"

    def __post_init__(self) -> None:
        if self.since and self.until and self.since >= self.until:
            raise UsageError(f"--since {self.since} is not before --until {self.until}, the first day not wanted")

    def whose(self, url: str, fetched_at: datetime) -> str | None:
        """The source that is to have a response."""
        day = fetched_at.astimezone(UTC).date()
        if (self.since and day < self.since) or (self.until and day >= self.until):
            return None
        return next((source.id for source in self.sources if source.owns(url)), None)

    def note_key(self, source: Source, file: WarcFile) -> str:
        """Key of the note that a file has been taken in."""
        which = [file.name, file.size, file.modified.isoformat(), str(self.since), str(self.until)]
        return import_key(source.id, hashlib.blake2b(json.dumps(which).encode(), digest_size=16).hexdigest())


def find_warcs(places: Sequence[str]) -> list[WarcFile]:
    """The WARC files at these places: files, directories, `s3://bucket/prefix`; each once, by name.

    Raises:
        UsageError: there is none at a place.
        StoreError: a place cannot be listed.
    """
    found: dict[str, WarcFile] = {}
    for place in places:
        here = list(_at(place))
        if not here:
            raise UsageError(f"There is no WARC file (*.warc.gz, *.warc) at {place}")
        found |= {file.name: file for file in here}
    return [found[name] for name in sorted(found)]


def _at(place: str) -> Iterator[WarcFile]:
    where = place if "://" in place else str(Path(place).expanduser().absolute())
    root, _, name = where.rpartition("/")
    store, prefix = (open_store(root or "/"), name) if where.endswith(_SUFFIXES) else (open_store(where), "")
    for stored in retrying(lambda: list(store.list(prefix))):
        if stored.key == name if prefix else stored.key.endswith(_SUFFIXES):
            yield WarcFile(place=store.root, key=stored.key, size=stored.size, modified=stored.modified)


def backfill_warcs(
    files: Sequence[WarcFile], wanted: Wanted, settings: Settings, store: Store, take: Take
) -> Iterator[Ended]:
    """Take in the files one after the other; one that cannot be read does not stop the others.

    Yields:
        What became of each file for each source.

    Raises:
        StoreError, SpoolError: archive, files or spool are out of reach. What is taken in stays so.
    """
    with ExitStack() as stack:
        for source in sorted(wanted.sources, key=lambda each: each.id):  # in one order, so that nobody waits forever
            spool = Spool(settings.spool, settings.root, settings.endpoint_url, source.id)
            stack.enter_context(spool.backfilling(listener().waiting))
            _take_up_pending(source, settings, store)
        for number, file in enumerate(files, 1):
            listener().began(File(source="", file=file.name), number, len(files))
            for ended in take(file):
                listener().ended(ended)
                yield ended


def earlier(file: WarcFile, source: Source, wanted: Wanted, store: Store) -> Ended | None:
    """What became of a file for a source, if it is not to be taken in again."""
    try:
        note = json.loads(retrying(store.get, wanted.note_key(source, file)))
    except NoSuchKey:
        return None
    if wanted.reprocess == "completed" or (wanted.reprocess == "failed" and note["verdict"] not in FINISHED):
        return None
    return Ended(
        partition=File(source=source.id, file=file.name),
        verdict=note["verdict"],
        why=note["why"] or (f"report {note['report']}" if note["report"] else "nothing in it was new"),
        report=note["report"],
    )


def take_in(wanted: Wanted, settings: Settings, store: Store, file: WarcFile) -> list[Ended]:
    """Take the pages of the sources out of a file, and into the archive; what became of it for each source.

    A file that cannot be read is told of; so are damaged parts, beside which the others are taken in.

    Raises:
        StoreError: the archive, or the file's place, cannot be read or written, after retries.
    """
    ended = [earlier(file, source, wanted, store) for source in wanted.sources]
    left = [source for source, done in zip(wanted.sources, ended, strict=True) if done is None]
    taken = iter(_taken(file, left, wanted, settings, store) if left else ())
    return [done or next(taken) for done in ended]


def _take_up_pending(source: Source, settings: Settings, store: Store) -> None:
    """Ingest what earlier runs stored of the source and could not ingest, so that it counts as held."""
    index = Index(store, settings.cache)
    steps = PlainSteps(
        store=store, source=source, run_id=new_run_id(), index=index, reader=page_reader(settings.page_limits)
    )
    for key in pending_warcs(store, source.id, index=index):
        listener().progress(Progress(source=source.id, stage=f"ingesting {key}"))
        steps.ingest(key, None)


def _taken(file: WarcFile, sources: Sequence[Source], wanted: Wanted, settings: Settings, store: Store) -> list[Ended]:
    spool = Spool(settings.spool, settings.root, settings.endpoint_url, sources[0].id)
    with spool.scratch("imports") as scratch:
        try:
            path = _fetched(file, scratch)
            listener().progress(Progress(source=file.key, stage="looking through it", bytes=file.size))
            contents = look_through(path, wanted.whose)
        except (WarcError, NoSuchKey) as error:
            failed = Ended(partition=File(source="", file=file.name), verdict=Verdict.FAILED, why=str(error), ran=True)
            return [replace(failed, partition=File(source=source.id, file=file.name)) for source in sources]
        return [_one(Picking(file, path, contents, scratch), source, wanted, settings, store) for source in sources]


class Picking(NamedTuple):
    """A file that has been looked through."""

    file: WarcFile
    path: Path
    """It, or a copy of it, on this machine."""
    contents: Contents
    scratch: Path
    """Where the files of single sources go for a while."""

    def pick(self, source: Source, held: frozenset[str]) -> Path | None:
        """A file of what the source has in it and the archive does not; None: nothing."""
        spans = [span for span in self.contents.records.get(source.id, []) if span.capture_id not in held]
        if not any(span.capture_id for span in spans):
            return None
        described = [self.contents.warcinfo] if self.contents.warcinfo else []
        picked = self.scratch / f"{source.id}.warc.gz"
        copy_records(self.path, [*described, *spans], picked)
        return picked


def _one(picking: Picking, source: Source, wanted: Wanted, settings: Settings, store: Store) -> Ended:
    started, damages = time.monotonic(), picking.contents.damages
    responses = frozenset(span.capture_id for span in picking.contents.records.get(source.id, []) if span.capture_id)
    more = f" (and {len(damages) - 1} more)" if len(damages) > 1 else ""
    ended = Ended(
        partition=File(source=source.id, file=picking.file.name),
        verdict=Verdict.PARTIAL if damages else Verdict.COMPLETE if responses else Verdict.EMPTY,
        why=f"{damages[0]}{more}; what can be read is in the archive" if damages else None,
        ran=True,
    )
    if picked := picking.pick(source, _held(store, source, responses)):
        report = import_warc(picked, source, store, settings)
        ended = replace(
            ended,
            pages=report.fetched,
            new=report.records_added,
            report=run_key(report.flow, report.started_at.date(), report.run_id),
        )
        picked.unlink()
    note = {"file": picking.file.name, "verdict": ended.verdict, "why": ended.why, "report": ended.report}
    data = safe_json(note).encode() + b"\n"
    retrying(store.replace, wanted.note_key(source, picking.file), data)
    return replace(ended, seconds=time.monotonic() - started)


def _held(store: Store, source: Source, responses: frozenset[str]) -> frozenset[str]:
    """Which of the responses the archive has already."""
    if not responses:
        return responses
    found = retrying(Tables(store).snapshot).query(
        "SELECT capture_id FROM captures WHERE source = {source} AND capture_id IN {ids}",
        source=source.id,
        ids=responses,
    )
    return frozenset(found["capture_id"].to_pylist())


def _fetched(file: WarcFile, scratch: Path) -> Path:
    """The file on this machine."""
    if "://" not in file.place:
        return Path(file.place, file.key)
    path = scratch / "whole"
    listener().progress(Progress(source=file.key, stage="fetching it", bytes=file.size))

    def fetch() -> None:
        with open_store(file.place).open(file.key) as stream, path.open("wb") as copy:
            shutil.copyfileobj(stream, copy, _BLOCK)

    retrying(fetch)
    return path
