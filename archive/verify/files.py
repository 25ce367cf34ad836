"""The WARC files and their indexes, against one another and against the captures."""

from __future__ import annotations

import io
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import BinaryIO

from archive.forget import finish_file
from archive.forgotten import read_entries
from archive.keys import index_key, warc_prefix
from archive.store import NoSuchKey, Store, StoredObject, StoreError
from archive.tables import Row, Tables
from archive.verify.finding import REPORT, Finding, Findings
from archive.warc import Capture, Tombstone, WarcError, check_warc, read_warc, tombstones, write_cdxj
from extract.types import Reason

_TOGETHER = 20  # files whose captures are asked for in one query: some 10,000 each
_ABANDONED = timedelta(days=1)  # a writer stores the index of a file before the file
_RESTORE = "restore the file from a backup or an earlier version of the object"
_Place = tuple[str, int, int]  # capture or record id, offset, length


def check_files(
    store: Store, tables: Tables, ingest: Callable[[str], str], *, deep: bool, tell: Callable[[str], None]
) -> Findings:
    """Every stored WARC file; `ingest` ingests one by its key and says that it did."""
    listed = list(store.list(warc_prefix()))
    indexes = {each.key: each for each in listed if each.key.endswith(".cdxj")}
    files = [each for each in listed if each.key.endswith(".warc.gz")]
    keys = {each.key for each in files}
    for some in (files[at : at + _TOGETHER] for at in range(0, len(files), _TOGETHER)):
        captures = _captures(tables, some)
        for file in some:
            tell(file.key)
            check = _File(store, tables, file, captures[file.key], index_key(file.key) in indexes, ingest)
            yield from check.thoroughly() if deep or check.doubtful() else ()
    tell("capture-warc")
    now = tables.snapshot()
    for key in now.query("SELECT DISTINCT warc_key FROM captures ORDER BY warc_key")["warc_key"].to_pylist():
        if key not in keys and not store.exists(key):
            yield Finding(
                invariant="capture-warc",
                where=key,
                problem="captures are of this file, which is not in the store",
                next_step=_RESTORE,
            )
    yield from _check_orphans(store, indexes.values(), keys)


def _captures(tables: Tables, files: Sequence[StoredObject]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in (
        tables.snapshot()
        .query(
            "SELECT warc_key, capture_id, url, warc_offset, warc_length, reason FROM captures WHERE warc_key IN {keys}",
            keys={file.key for file in files},
        )
        .to_pylist()
    ):
        found[row["warc_key"]].append(row)
    return found


def _check_orphans(store: Store, indexes: Iterable[StoredObject], keys: set[str]) -> Findings:
    before = store.clock() - _ABANDONED
    for index in indexes:
        key = index.key.removesuffix(".cdxj") + ".warc.gz"
        if key in keys or index.modified >= before or store.exists(key):
            continue

        def mend(key: str = index.key) -> str:
            store.delete(key)
            return "it was removed"

        yield Finding(
            invariant="warc-index",
            where=index.key,
            problem="it is the index of a file that is not in the store",
            next_step="run `warraq verify --repair`: it removes the index",
            mend=mend,
        )


@dataclass(frozen=True)
class _File:
    """A stored WARC file, and what the tables and its index say of it."""

    store: Store
    tables: Tables
    file: StoredObject
    rows: Sequence[Row]
    has_index: bool
    ingest: Callable[[str], str]

    @property
    def key(self) -> str:
        return self.file.key

    def _places(self, *, forgotten: bool) -> list[_Place]:
        return [
            (row["capture_id"], row["warc_offset"], row["warc_length"])
            for row in self.rows
            if (row["reason"] == Reason.FORGOTTEN) is forgotten
        ]

    def doubtful(self) -> bool:
        """Whether tables, index and size disagree, or the last capture is not where they say."""
        if not self.has_index or not self.rows:
            return True
        kept = [row for row in self.rows if row["reason"] != Reason.FORGOTTEN]
        said = sorted((row["url"], row["warc_offset"], row["warc_length"]) for row in kept)
        ends = max(row["warc_offset"] + row["warc_length"] for row in self.rows)
        if _listed(self.store.get(index_key(self.key))) != said or ends > self.file.size:
            return True
        last = max(self._places(forgotten=False), key=lambda place: place[1], default=None)
        return last is not None and not _is_there(self.store, self.key, last)

    def thoroughly(self) -> Findings:
        """Read the whole file."""
        with TemporaryFile(prefix="warraq-verify-") as file:
            with self.store.open(self.key) as stored:
                shutil.copyfileobj(stored, file, 1 << 20)
            file.seek(0)
            try:
                damages = list(check_warc(file))
            except WarcError as error:
                yield self._unsound(str(error))
                return
            for damage in damages:
                yield self._unsound(str(damage))
            responses, buried = _responses(file), tombstones(file)
            file.seek(0)
            index = write_cdxj(file, self.key.rpartition("/")[2], on_damage=lambda _: None)
        expected = {(each.capture_id, each.offset, each.length) for each in responses}
        if left := expected.intersection(self._places(forgotten=True)):
            yield self._still_there(len(left))
            return  # that writes the index too
        if problem := self._index_problem(index):
            yield Finding(
                invariant="warc-index",
                where=index_key(self.key),
                problem=problem,
                next_step="run `warraq verify --repair`: it writes the index again",
                # An index made of a damaged file lists less than the file once held.
                mend=None if damages else partial(self._write_index, index),
            )
        yield from self._check_rows(expected, buried)

    def _unsound(self, problem: str) -> Finding:
        return Finding(
            invariant="warc-sound",
            where=self.key,
            problem=problem,
            next_step=f"{_RESTORE}; its rows stay as they are",
        )

    def _still_there(self, count: int) -> Finding:
        def mend() -> str:
            finish_file(self.store, self.tables.snapshot(), self.key, read_entries(self.store), certain=True)
            return "they were taken out"

        return Finding(
            invariant="forgotten",
            where=self.key,
            problem=f"{count} pages that were forgotten are still in it",
            next_step="run `warraq verify --repair`: it takes them out",
            mend=mend,
        )

    def _write_index(self, index: bytes) -> str:
        self.store.replace(index_key(self.key), index)
        return "it was written again"

    def _index_problem(self, right: bytes) -> str | None:
        try:
            stored = self.store.get(index_key(self.key))
        except NoSuchKey:
            return "there is no index beside the file"
        expected, listed = _listed(right), _listed(stored)
        if listed is None:
            return "it holds a line that is not CDXJ"
        if missing := len(set(expected or ()) - set(listed)):
            return f"{missing} of {len(expected or ())} responses are not listed where they are"
        return None if listed == expected else f"{len(listed) - len(expected or ())} lines list no response of the file"

    def _check_rows(self, expected: set[_Place], buried: Sequence[Tombstone]) -> Findings:
        if not self.rows:
            if expected:
                yield Finding(
                    invariant="warc-ingested",
                    where=self.key,
                    problem="it is stored, but its captures are not in the tables",
                    next_step="unless a run is at work on it, ingest the file again: `warraq verify --repair` and any "
                    "`warraq crawl` of its source do",
                    mend=partial(self.ingest, self.key),
                )
            return
        forgotten = self._places(forgotten=True)
        found = [*self._places(forgotten=False), *forgotten]
        # Where a page was forgotten there is a tombstone.
        expected = expected | {(each.record_id, each.offset, each.length) for each in buried}.intersection(forgotten)
        if missing := len(expected.difference(found)):
            yield Finding(
                invariant="warc-ingested",
                where=self.key,
                problem=f"{missing} of its {len(expected)} responses have no capture",
                next_step=REPORT,
            )
        if len(found) != len(set(found)) or set(found) - expected:
            yield Finding(
                invariant="capture-warc",
                where=self.key,
                problem=f"it has {len(expected)} responses, and captures for {len(found)}, some twice or at a wrong "
                "offset",
                next_step=REPORT,
            )


def _responses(file: BinaryIO) -> list[Capture]:
    file.seek(0)
    return [replace(each, payload=b"", content=b"", headers=()) for each in read_warc(file, on_damage=lambda _: None)]


def _listed(index: bytes) -> list[tuple[str, int, int]] | None:
    """URL, offset and length of each line; None where one is not CDXJ."""
    listed = []
    for line in index.splitlines():
        try:
            fields = json.loads(line.split(b" ", 2)[2])
            listed.append((fields["url"], int(fields["offset"]), int(fields["length"])))
        except (ValueError, LookupError, TypeError):
            return None
    return sorted(listed)


def _is_there(store: Store, key: str, place: _Place) -> bool:
    """Whether a reader can fetch one capture by its row."""
    capture_id, offset, length = place
    try:
        return [each.capture_id for each in read_warc(io.BytesIO(store.get_range(key, offset, length)))] == [capture_id]
    except (WarcError, StoreError):
        return False
