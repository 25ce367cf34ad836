"""What a candidate would change in the tables: its readings against what they hold now. Nothing is written.

Only what differs is held in memory, and what it touches: captures that now show something else, the captures and the
records of their texts and URLs. `archive.settle` decides about these; the originals of the groups that change are
elected by `archive.reelect` on the tables as they would be.

Captures outside the candidate keep what they show, but for revisits, which show what the response does that they
repeat. What was forgotten stays forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from archive.dedup import Outcome
from archive.forget import detail_of
from archive.forgotten import Entry, Forgotten
from archive.keys import CAPTURES, RECORDS
from archive.reelect import elect_again
from archive.reextraction import Candidate
from archive.reread import ARTICLE_COLUMNS, read_readings
from archive.revisits import UNKNOWN
from archive.settle import Archived, Brought, Settlement, Shown, outcomes, settle
from archive.store import NoSuchKey, Store, StoreError
from archive.tables import RECORD_COLUMNS, Row, Snapshot, Tables, month_of
from extract.types import Reason

Tell = Callable[[str], None]

_TOGETHER = 10_000  # captures compared together: some 50 MB of texts, twice
_PART = 20_000  # ids in one query
_ELECTED_BY = ("title", "text", "published_at", "published_precision", "attribution", "site_name")
_HELD = (
    "record_id, source, url, capture_id, first_fetched_at, revision_of, revision, duplicate_of, similarity, extractor"
)
_CAPTURE = (
    "capture_id, source, url, canonical_url, fetched_at, fetched_date, announced_at, published_at, http_status, "
    "outcome, reason, detail, directives, record_id, similarity, repeats, warc_key, payload_digest, extractor"
)


@dataclass(kw_only=True)
class Counts:
    """What was read again of a source."""

    captures: int = 0
    articles: int = 0
    """Those that show an article now."""
    before: list[int] = field(default_factory=list)
    """Characters of the texts that the captures read again have brought."""
    after: list[int] = field(default_factory=list)
    """Of those that they would bring."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A capture that would be something else."""

    capture: Archived
    outcome: str
    similarity: float | None
    row: Row
    """As `Tables.settle_captures` takes it."""

    @property
    def shows_more(self) -> bool:
        """Whether more changes than its detail or its time of publication."""
        return (
            self.capture.moved
            or self.capture.outcome != self.outcome
            or (self.capture.before.reason != self.capture.after.reason)
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a candidate would change."""

    counts: Mapping[str, Counts]
    """By source."""
    gained: Mapping[str, Row]
    """Records that the tables do not hold: record id → row."""
    lost: Mapping[str, Row]
    """Records that no capture shows any more: record id → row as it is."""
    changed: Mapping[str, tuple[Row, Row]]
    """Records that are not the same: record id → row as it is, and as it would be."""
    captures: Sequence[Change]
    """In the order of their ids."""
    elected: Mapping[str, Row]
    """Other records that would be copies of another original, or of none: record id → its row in `marked_records`."""
    marked_records: Sequence[Row]
    """These, and records that only name other rules now: as `Tables.settle_records` takes them."""
    marked_captures: Sequence[Row]
    """Other captures that only name other rules now: as `Tables.settle_captures` takes them."""
    refused: Mapping[str, Sequence[tuple[str, Entry]]]
    """WARC key → captures in it that show what was forgotten, with the entry that says so."""

    def __bool__(self) -> bool:
        """Whether anything changes, but for the name of the rules."""
        return bool(self.gained or self.lost or self.changed or self.captures or self.elected)


def difference(
    store: Store,
    tables: Tables,
    seen: Snapshot,
    candidate: Candidate,
    *,
    forgotten: Iterable[Entry] = (),
    brands: Mapping[str, frozenset[str]] | None = None,
    on_progress: Tell = lambda _: None,
) -> Difference:
    """What promoting the candidate would change in the tables as `seen` shows them.

    Args:
        store: The archive.
        tables: Its tables.
        seen: What they hold.
        candidate: A finished candidate.
        forgotten: The audit log, read after `seen` was taken.
        brands: Source id → names by which it calls itself, as `archive.reelect` is given them.
        on_progress: Told what is done next.

    Raises:
        StoreError: the archive cannot be read, or the candidate is not finished.
    """
    gathered = _Gathered(store, seen, candidate, Forgotten(forgotten))
    gathered.compare(on_progress)
    on_progress("settling what changes")
    gathered.follow_revisits()
    gathered.reach_out()
    settlement = settle(gathered.captures.values(), gathered.brought.values())
    return _Conclusion(gathered, tables, settlement, brands or {}).difference(on_progress)


class _Gathered:
    """The captures and records that a candidate concerns."""

    def __init__(self, store: Store, seen: Snapshot, candidate: Candidate, forgotten: Forgotten) -> None:
        self.store, self.seen, self.candidate, self.forgotten = store, seen, candidate, forgotten
        self.counts: dict[str, Counts] = defaultdict(Counts)
        self.captures: dict[str, Archived] = {}
        self.kept: dict[str, Row] = {}
        """Capture id → its `fetched_date`, and the rules that read it, of those in `captures`."""
        self.files: dict[str, str] = {}
        """Capture id → WARC key, of those in `captures`."""
        self.records: dict[str, Row] = {}
        """Record id → the columns of `_HELD`, of those concerned."""
        self.readings: dict[str, Row] = {}
        """Capture id → what is read in it, of captures that differ or whose record does."""
        self.otherwise: dict[str, Row] = {}
        """Record id → row, of those that are read otherwise in the capture that brought them."""
        self.marked_records: dict[str, Row] = {}
        self.marked_captures: dict[str, Row] = {}
        self.refused: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
        self._in_scope = set(candidate.files)
        self._unread: set[str] = set()
        self._unresolved: list[tuple[Row, Row]] = []

    @property
    def brought(self) -> dict[str, Brought]:
        return {text: _as_brought(row) for text, row in self.records.items()}

    # --- what is read otherwise ---

    def compare(self, tell: Tell) -> None:
        """Compare each capture and each record of the candidate with what the tables hold."""
        done = 0
        for keys, readings in self._batches():
            rows = self._select("warc_key IN {keys}", keys=keys)
            for row in rows:
                self._compare_capture(row, readings.get(row["capture_id"]))
            shown = {row["capture_id"] for row in readings.values() if row["record_id"]}
            columns = f"{_HELD}, published_month, {', '.join(ARTICLE_COLUMNS)}"
            query = f"SELECT {columns} FROM records WHERE capture_id IN {{ids}}"  # noqa: S608
            for row in self.seen.query(query, ids=shown).to_pylist():
                self._compare_record(row, readings[row["capture_id"]])
            done += len(keys)
            tell(f"comparing: {done} of {len(self.candidate.files)} files")

    def _batches(self) -> Iterator[tuple[set[str], dict[str, Row]]]:
        keys: set[str] = set()
        readings: dict[str, Row] = {}
        for key in self.candidate.files:
            try:
                found = read_readings(self.store, self.candidate.id, key)
            except NoSuchKey as error:
                raise StoreError(
                    f"candidate {self.candidate.id} lacks the readings of {key}: run `warraq reextract` with its scope "
                    "again, which goes on where it was"
                ) from error
            keys.add(key)
            readings |= {row["capture_id"]: row for row in found.to_pylist()}
            if len(readings) >= _TOGETHER:
                yield keys, readings
                keys, readings = set(), {}
        if keys:
            yield keys, readings

    def _compare_capture(self, row: Row, reading: Row | None) -> None:
        if reading is None:
            self._unread.add(row["capture_id"])
            return
        counts = self.counts[row["source"]]
        counts.captures += 1
        if row["reason"] == Reason.FORGOTTEN:
            return
        if row["extractor"] != self.candidate.extractor:
            mark = {"fetched_date": row["fetched_date"], "extractor": self.candidate.extractor}
            self.marked_captures[row["capture_id"]] = {"capture_id": row["capture_id"], **mark}
        if row["repeats"]:
            return  # it shows what that capture does, see `follow_revisits`
        if reading["repeats_url"]:
            self._unresolved.append((row, reading))
            return
        after = Shown(
            canonical_url=reading["canonical_url"],
            record_id=reading["record_id"],
            reason=reading["reason"],
            detail=reading["detail"],
            published_at=reading["found_published_at"],
            directives=tuple(reading.get("directives") or ()),  # a candidate may be older than the column
        )
        after = self._unless_forgotten(row, after)
        counts.articles += after.record_id is not None
        if after != _shown(row):
            self._add(row, after)
            if after.record_id:
                self.readings[row["capture_id"]] = reading

    def _unless_forgotten(self, row: Row, after: Shown) -> Shown:
        """As `archive.ingest` refuses what was forgotten."""
        if 300 <= row["http_status"] < 400 and not row["repeats"]:
            return after
        entry = self.forgotten.covers(row["url"], after.canonical_url, record_id=after.record_id)
        if entry is None:
            return after
        self.refused[row["warc_key"]].append((row["capture_id"], entry))
        return replace(after, record_id=None, reason=Reason.FORGOTTEN.value, detail=detail_of(entry))

    def _compare_record(self, row: Row, reading: Row) -> None:
        counts = self.counts[row["source"]]
        counts.before.append(len(row["text"]))
        if reading["record_id"] != row["record_id"]:
            return
        counts.after.append(len(reading["text"]))
        if any(row[name] != reading[name] for name in ARTICLE_COLUMNS):
            self.otherwise[row["record_id"]] = row
            self.readings[row["capture_id"]] = reading
            self.records[row["record_id"]] = row
        elif row["extractor"] != self.candidate.extractor:
            mark = {name: row[name] for name in ("record_id", "published_month", "duplicate_of", "similarity")}
            self.marked_records[row["record_id"]] = {**mark, "extractor": self.candidate.extractor}

    def follow_revisits(self) -> None:
        """Let revisits, wherever they are, show what the response does that they repeat."""
        for ids in _parts(self.captures):
            for row in self._select("repeats IN {ids}", ids=ids):
                if row["reason"] != Reason.FORGOTTEN:
                    original = self.captures[row["repeats"]]
                    self._add(row, self._unless_forgotten(row, _followed(row, original.url, original.after)))
        if not self._unresolved:
            return
        for row, reading in self._unresolved:
            found = self._original(row, reading)
            if found is None:
                after = replace(_shown(row), record_id=None, reason=UNKNOWN.reason.value, detail=UNKNOWN.detail)
            else:
                known = self.captures.get(found["capture_id"])
                shown = replace(known.after if known else _shown(found), repeats=found["repeats"])
                after = _followed(row, found["url"], shown, found["capture_id"])
            if after != _shown(row):
                self._add(row, self._unless_forgotten(row, after))

    def _original(self, row: Row, reading: Row) -> Row | None:
        """The response that a revisit names, which was not in the archive when it was ingested."""
        rows = self._select(
            "source = {source} AND (capture_id = {id} OR url = {url}) AND capture_id <> {own}",
            source=row["source"],
            id=reading["repeats_id"] or "",
            url=reading["repeats_url"],
            own=row["capture_id"],
        )
        rows = [each for each in rows if each["outcome"] != Outcome.REJECTED or each["detail"] != UNKNOWN.detail]
        ways: list[Callable[[Row], bool]] = [
            lambda each: each["capture_id"] == reading["repeats_id"],
            lambda each: each["fetched_at"] == reading["repeats_at"],
            lambda each: each["payload_digest"] == reading["payload_digest"],
        ]
        return next((each for way in ways for each in rows if way(each)), None)

    # --- what that touches ---

    def reach_out(self) -> None:
        """Add what else shows the texts and URLs of what moved, and the records of all these texts."""
        moved = [each for each in self.captures.values() if each.moved]
        texts = {text for each in moved for text in (each.before.record_id, each.after.record_id) if text}
        self._hold("record_id IN {ids}", texts)
        for ids in _parts(texts):
            for row in self._select("record_id IN {ids}", ids=ids):
                self._add(row, _shown(row))
        urls = {(each.source, shown.canonical_url) for each in moved for shown in (each.before, each.after)}
        # Where the capture that brought a text does not show it any more, another one's URL gets a record.
        orphans = {text for text in texts if not self._is_brought(text)}
        urls |= {each.at for each in self.captures.values() if each.after.record_id in orphans}
        for some in _parts({url for _, url in urls}):
            for row in self._select("canonical_url IN {urls} AND record_id IS NOT NULL", urls=some):
                if (row["source"], row["canonical_url"]) in urls:
                    self._add(row, _shown(row))
        shown = {each.after.record_id for each in self.captures.values() if each.after.record_id}
        self._hold("record_id IN {ids}", shown - self.records.keys())
        self._hold("revision_of IN {ids}", {text for text in texts if text not in shown})

    def _is_brought(self, text: str) -> bool:
        if text not in self.records:
            return False
        bringer = self.captures.get(self.records[text]["capture_id"])
        return bringer is None or bringer.after.record_id == text

    def _hold(self, condition: str, texts: Iterable[str]) -> None:
        for ids in _parts(texts):
            query = f"SELECT {_HELD} FROM records WHERE {condition}"  # noqa: S608
            for row in self.seen.query(query, ids=ids).to_pylist():
                self.records.setdefault(row["record_id"], row)

    def _add(self, row: Row, after: Shown) -> None:
        """Add a capture, unless it is there already."""
        capture_id = row["capture_id"]
        if capture_id in self.captures:
            return
        in_scope = row["warc_key"] in self._in_scope and capture_id not in self._unread
        extractor = self.candidate.extractor if in_scope else row["extractor"]
        self.kept[capture_id] = {"fetched_date": row["fetched_date"], "extractor": extractor}
        self.files[capture_id] = row["warc_key"]
        self.captures[capture_id] = Archived(
            capture_id=capture_id,
            source=row["source"],
            url=row["url"],
            fetched_at=row["fetched_at"],
            outcome=row["outcome"],
            similarity=row["similarity"],
            before=_shown(row),
            after=after,
            is_read=in_scope and after.repeats is None and after.record_id is not None,
        )

    def _select(self, condition: str, **values: Any) -> list[Row]:
        query = f"SELECT {_CAPTURE} FROM captures WHERE {condition} ORDER BY capture_id, warc_key"  # noqa: S608
        rows: list[Row] = self.seen.query(query, **values).to_pylist()
        return rows

    def reading(self, capture_id: str) -> Row:
        """What the candidate reads in a capture."""
        if capture_id not in self.readings:
            key = self.files[capture_id]
            for row in read_readings(self.store, self.candidate.id, key).to_pylist():
                if row["capture_id"] in self.captures:
                    self.readings.setdefault(row["capture_id"], row)
        return self.readings[capture_id]


def _shown(row: Row) -> Shown:
    """What a capture shows by the tables."""
    return Shown(**{name: row[name] for name in Shown.__slots__} | {"directives": tuple(row["directives"] or ())})


def _followed(row: Row, url: str, original: Shown, repeats: str | None = None) -> Shown:
    """What a revisit shows of a response of this URL, as `archive.revisits` reads it."""
    return replace(
        original,
        canonical_url=original.canonical_url if row["url"] == url else row["canonical_url"],
        published_at=original.published_at or row["announced_at"],
        repeats=row["repeats"] or original.repeats or repeats,
    )


def _as_brought(row: Row) -> Brought:
    return Brought(**{name: row[name] for name in Brought.__slots__})


def _parts(ids: Iterable[str]) -> Iterator[set[str]]:
    """The ids, as many at a time as a query takes well."""
    ordered = sorted(ids)
    return (set(ordered[at : at + _PART]) for at in range(0, len(ordered), _PART))


# --- what that makes of the tables ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Conclusion:
    """The rows that follow from a settlement."""

    gathered: _Gathered
    tables: Tables
    settlement: Settlement
    brands: Mapping[str, frozenset[str]]

    def difference(self, tell: Tell) -> Difference:
        gathered, settled = self.gathered, self.settlement.records
        changed = {text for text in settled if self._differs(text)}
        old = self._old_rows(changed | self.settlement.lost)
        rows = {text: self._row(text, old.get(text)) for text in sorted(changed)}
        tell("electing originals")
        elected = self._elect(rows, old)
        for each in elected:
            if row := rows.get(each["record_id"]):
                row |= {name: each[name] for name in ("duplicate_of", "similarity")}
        changes = self._captures({each["record_id"]: each for each in elected})
        known = gathered.records.keys()
        for text, row in rows.items():
            if text not in known or row["capture_id"] != old[text]["capture_id"]:
                gathered.counts[row["source"]].after.append(len(row["text"]))
        written = {each.capture.capture_id for each in changes}
        others = self._marks({each["record_id"]: each for each in elected if each["record_id"] not in rows})
        for text in rows.keys() | self.settlement.lost:
            gathered.marked_records.pop(text, None)
        return Difference(
            counts=dict(gathered.counts),
            gained={text: row for text, row in rows.items() if text not in known},
            lost={text: old[text] for text in sorted(self.settlement.lost)},
            changed={text: (old[text], row) for text, row in rows.items() if text in known},
            captures=changes,
            elected=others,
            marked_records=list((gathered.marked_records | others).values()),
            marked_captures=[row for each, row in gathered.marked_captures.items() if each not in written],
            refused=gathered.refused,
        )

    def _differs(self, text: str) -> bool:
        row = self.gathered.records.get(text)
        return row is None or text in self.gathered.otherwise or self.settlement.records[text] != _as_brought(row)

    def _old_rows(self, texts: Set[str]) -> dict[str, Row]:
        """The rows as they are; of texts that the tables have lost while captures came to show them, as they were."""
        found: dict[str, Row] = {}
        for ids in _parts(texts):
            rows = self.gathered.seen.query("SELECT * FROM records WHERE record_id IN {ids}", ids=ids).to_pylist()
            found.update({row["record_id"]: row for row in rows})
        missing = {text for text in texts - found.keys() if not self._bringer_is_read(text)}
        if missing:
            found.update(self.tables.records_before(missing, self.gathered.candidate.id))
        return found

    def _bringer_is_read(self, text: str) -> bool:
        bringer = self.gathered.captures.get(self.settlement.records[text].capture_id)
        return bringer is not None and bringer.is_read

    def _row(self, text: str, old: Row | None) -> Row:
        """The row of a record as it would be; whose copy it is is not settled yet."""
        brought, gathered = self.settlement.records[text], self.gathered
        row: Row = {"duplicate_of": None, "similarity": None, **(old or {})}
        held = gathered.records.get(text)
        anew = held is None or held["capture_id"] != brought.capture_id
        if text in gathered.otherwise or (anew and self._bringer_is_read(text)):
            reading = gathered.reading(brought.capture_id)
            row |= {name: reading[name] for name in ("signature", *ARTICLE_COLUMNS)}
            row["extractor"] = gathered.candidate.extractor
        elif text in gathered.marked_records:
            row["extractor"] = gathered.candidate.extractor
        row |= {name: getattr(brought, name) for name in Brought.__slots__}
        return {**row, "published_month": month_of(row)}

    def _elect(self, rows: Mapping[str, Row], old: Mapping[str, Row]) -> list[Row]:
        gathered = self.gathered
        moved = [each for each in gathered.captures.values() if each.moved]
        texts = {text for each in moved for text in (each.before.record_id, each.after.record_id) if text}
        texts |= {
            text
            for text in gathered.otherwise
            if text in rows and any(rows[text][name] != old[text][name] for name in _ELECTED_BY)
        }
        if not texts:
            return []
        changes = {
            RECORDS: pa.Table.from_pylist(
                [*rows.values(), *(old[text] for text in self.settlement.lost)], RECORD_COLUMNS
            ),
            CAPTURES: pa.table(
                {
                    "capture_id": pa.array([each.capture_id for each in moved], pa.string()),
                    "record_id": pa.array([each.after.record_id for each in moved], pa.string()),
                    "source": pa.array([each.source for each in moved], pa.string()),
                    "canonical_url": pa.array([each.after.canonical_url for each in moved], pa.string()),
                    "fetched_at": pa.array([each.fetched_at for each in moved], pa.timestamp("us", tz="UTC")),
                }
            ),
        }
        with gathered.seen.changed(changes, gone={RECORDS: self.settlement.lost}) as then:
            return elect_again(gathered.seen, then, texts, brands=self.brands)

    def _marks(self, elected: Mapping[str, Row]) -> dict[str, Row]:
        """What the election changes, and the rules that the records name."""
        rows: dict[str, Row] = {}
        for ids in _parts(elected):
            query = "SELECT record_id, source, extractor FROM records WHERE record_id IN {ids}"
            rows |= {row["record_id"]: row for row in self.gathered.seen.query(query, ids=ids).to_pylist()}
        marked = self.gathered.marked_records
        return {text: {**rows[text], **marked.get(text, {}), **row} for text, row in elected.items()}

    def _captures(self, elected: Mapping[str, Row]) -> list[Change]:
        gathered = self.gathered
        copies: dict[str, tuple[str, float] | None] = {}
        for text, row in {**gathered.records, **elected}.items():
            copies[text] = (row["duplicate_of"], row["similarity"]) if row["duplicate_of"] else None
        found = outcomes(gathered.captures.values(), self.settlement, copies)
        changes = []
        for capture_id, capture in sorted(gathered.captures.items()):
            outcome, similarity = found[capture_id]
            was, now = (capture.before, capture.outcome, capture.similarity), (capture.after, outcome, similarity)
            if was != now:
                shown = {name: getattr(capture.after, name) for name in Shown.__slots__}
                settled = {"outcome": str(outcome), "similarity": similarity}
                row = {"capture_id": capture_id, **gathered.kept[capture_id], **shown, **settled}
                changes.append(Change(capture=capture, outcome=str(outcome), similarity=similarity, row=row))
        return changes
