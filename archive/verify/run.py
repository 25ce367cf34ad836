"""The checks of an archive, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from archive import promote
from archive.forget import forget, unfinished
from archive.forgotten import Entry, read_entries
from archive.guarded.reader import Reader
from archive.index import Index
from archive.ingest import ingest
from archive.keys import CAPTURES, COVERAGE, RECORDS
from archive.reelect import reelect
from archive.reextraction import Candidate
from archive.store import Store, StoreError
from archive.tables import Tables
from archive.verify.files import check_files
from archive.verify.finding import Finding, Findings
from archive.verify.logs import check_data_files, check_log
from archive.verify.tables import (
    check_captures,
    check_duplicates,
    check_record_captures,
    check_repeats,
    check_revisions,
    check_texts,
    check_unique,
)
from extract.types import Source

_ABANDONED = timedelta(days=1)
"""Age at which what a writer left half written is nobody's any more."""

_HALF_PROMOTED = ("capture-record", "record-capture", "revision-base")
"""What does not hold between the two commits of a promotion."""

Tell = Callable[[str], None]


def verify(
    store: Store,
    *,
    deep: bool = False,
    sources: Mapping[str, Source] | None = None,
    reader: Reader | None = None,
    on_progress: Tell = lambda _: None,
) -> Iterator[Finding]:
    """Check an archive: logs, files, then rows; and mend what can be mended without guessing.

    Where the log of a table is not whole, nothing else is checked.

    Without `deep` no WARC file is read but for the last record of each: its index is compared with the tables, its size
    with both. Where they disagree the file is read after all. With `deep` everything is read, digests are computed
    anew, and ids and signatures of texts too.

    It may run beside writers. A file stored or a record committed while it reads may then be found unfinished.

    Args:
        store: The archive.
        deep: Read everything.
        sources: The known sources by id, to repair with; None: nothing is changed.
        reader: Reads the pages of files that are ingested; None: the one with the limits that are usual.
        on_progress: Told what is checked next: the key of a file, or the name of an invariant.

    Raises:
        StoreError: the archive cannot be read.
    """
    for finding in _check(store, deep, sources or {}, reader, on_progress):
        yield finding if sources is None else finding.mended()


def _check(store: Store, deep: bool, sources: Mapping[str, Source], reader: Reader | None, tell: Tell) -> Findings:
    tables = Tables(store)
    tell("table-log")
    broken = [finding for name in (RECORDS, CAPTURES, COVERAGE) for finding in check_log(store, name)]
    if not broken:
        broken += [each for name in (RECORDS, CAPTURES) for each in check_data_files(store, tables.snapshot(), name)]
        broken += check_data_files(store, tables.ledger(), COVERAGE)
    yield from broken
    if broken:  # nothing that is read in the tables could be relied on
        return
    hands = _Hands(store, tables, sources, reader)
    yield from check_files(store, tables, hands.ingest, deep=deep, tell=tell)
    # Each reads the tables anew: what was mended before may have mended it too.
    checks: list[tuple[str, Callable[[], Findings]]] = [
        ("promotion", hands.check_promotions),
        ("forgotten", hands.check_forgotten),
        ("capture-record", lambda: check_captures(tables.snapshot())),
        ("capture-repeats", lambda: check_repeats(tables.snapshot())),
        ("record-unique", lambda: check_unique(tables.snapshot())),
        ("duplicate-original", lambda: check_duplicates(tables.snapshot(), hands.elect)),
        ("revision-base", lambda: check_revisions(tables.snapshot())),
        ("record-capture", lambda: check_record_captures(tables, tables.snapshot())),
        ("leftovers", hands.check_leftovers),
    ]
    if deep:
        checks.append(("record-text", lambda: check_texts(store, tables.snapshot(), tell)))
    for invariant, check in checks:
        tell(invariant)
        for finding in check():
            half_done = finding.invariant in _HALF_PROMOTED and promote.unfinished(store)
            yield replace(finding, next_step=_promote(half_done[0].id)) if half_done else finding


def _promote(candidate: str) -> str:
    return f"unless it is at work, finish the promotion: run `warraq promote {candidate} --yes`"


@dataclass(frozen=True)
class _Hands:
    """What mends an archive."""

    store: Store
    tables: Tables
    sources: Mapping[str, Source]
    reader: Reader | None

    def ingest(self, key: str) -> str:
        source_id = key.split("/")[1]
        if source_id not in self.sources:
            raise StoreError(f"{source_id} is no known source: name it in WARRAQ_SOURCES, then repair again")
        with Index(self.store) as index:
            ingest(self.store, key, self.sources[source_id], run_id="verify", index=index, reader=self.reader)
        return "it was ingested"

    def elect(self, records: set[str]) -> str:
        reelect(self.tables, brands=self._brands(), also=records)
        return "originals were elected again"

    def forget(self, entry: Entry) -> str:
        forget(self.store, entry, brands=self._brands())
        return "it was taken out"

    def _brands(self) -> dict[str, frozenset[str]]:
        return {source.id: frozenset((source.name, *source.brands)) for source in self.sources.values()}

    def check_forgotten(self) -> Findings:
        for entry in unfinished(self.store, self.tables, read_entries(self.store)):
            yield Finding(
                invariant="forgotten",
                where=entry.id,
                problem="something of what it says was taken out is still there, or is there again",
                next_step="run `warraq verify --repair`: it takes it out",
                mend=partial(self.forget, entry),
            )

    def promote(self, candidate: Candidate) -> str:
        promote.promote(self.store, candidate, tables=self.tables, brands=self._brands())
        return "it was promoted to its end"

    def check_promotions(self) -> Findings:
        for candidate in promote.unfinished(self.store):
            yield Finding(
                invariant="promotion",
                where=candidate.id,
                problem="it has begun and not ended: records may be its own already, and captures not yet",
                next_step=_promote(candidate.id),
                mend=partial(self.promote, candidate),
            )

    def check_leftovers(self) -> Findings:
        before = self.store.clock() - _ABANDONED
        for where in self.store.clear_unfinished(before, dry_run=True):
            yield Finding(
                invariant="leftovers",
                where=where,
                problem="a writer that was killed left it half written; it is no object of the archive",
                next_step="run `warraq verify --repair` or `warraq maintain`: they remove it",
                mend=partial(self.clear, before),
            )

    def clear(self, before: datetime) -> str:
        self.store.clear_unfinished(before)
        return "it was removed"
