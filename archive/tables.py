"""The Delta tables of an archive: their columns, how they are read and how a batch is committed.

Any engine that knows Delta Lake reads them. They are written with optimistic concurrency: a writer reads a `Snapshot`,
decides against it, and its commit succeeds only while the table still is at the snapshot's version.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    QueryBuilder,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, SchemaMismatchError, TableNotFoundError
from deltalake.table import TableMerger

from archive.keys import CAPTURES, COVERAGE, RECORDS
from archive.store import NoSuchKey, Store, StoreError

Row = dict[str, Any]
Value = str | bool | date | datetime | Set[str] | Set[datetime] | None
"""What a query can be given: see `Snapshot.query`."""


class Conflict(Exception):  # noqa: N818  it is no error: the loop that decides again expects it
    """Another writer committed first: read a new snapshot, decide again, commit again."""


def pause(conflicts: int) -> None:
    """Wait before deciding again: longer after each conflict, up to two seconds, and never as long as others do."""
    time.sleep(random.uniform(0, min(2.0, 0.02 * 2**conflicts)))  # noqa: S311  jitter, no secret


_ENGINE_TIME = 'Timestamp(Microsecond, Some("UTC"))'
_TIME = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())


def _column(name: str, kind: pa.DataType, explanation: str, *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"comment": explanation})


RECORD_COLUMNS = pa.schema(
    [
        _column(
            "record_id",
            pa.string(),
            "Identity of the text: the first 32 hexadecimal digits of the SHA-256 of the folded text. One row each.",
            required=True,
        ),
        _column("url", pa.string(), "Canonical URL of the article as it was first archived.", required=True),
        _column("source", pa.string(), "Id of the source it was first archived from.", required=True),
        _column("title", pa.string(), "Headline, without the site's suffix.", required=True),
        _column("text", pa.string(), "The article, one paragraph a line, lead first.", required=True),
        _column("authors", _TEXTS, "People named in the byline.", required=True),
        _column("published_at", _TIME, "Time of publication; null where the page does not say."),
        _column("published_raw", pa.string(), "The characters the time was read from, as they stand on the page."),
        _column("published_calendar", pa.string(), "Calendar of `published_raw`: gregorian, jalali or hijri."),
        _column("published_precision", pa.string(), "Smallest unit stated: second, minute, hour, day or month."),
        _column(
            "published_from",
            pa.string(),
            "Where on the page it stood: json-ld, meta:<name>, time[datetime], line, and so on.",
        ),
        _column("modified_at", _TIME, "Time of the last change, as the page states it."),
        _column("language", pa.string(), "Language of the text, ISO 639; und: undetermined.", required=True),
        _column(
            "language_confidence",
            pa.float64(),
            "How sure `language` is: above 0.5, up to 1; 0 if it is undetermined.",
            required=True,
        ),
        _column("section", pa.string(), "Innermost section named by the page."),
        _column("tags", _TEXTS, "Keywords, in the page's order.", required=True),
        _column("attribution", _TEXTS, "Agencies and papers the text is taken from.", required=True),
        _column("site_name", pa.string(), "Name of the site, as the page states it."),
        _column("image_url", pa.string(), "Absolute URL of the lead image."),
        _column("flags", _TEXTS, "Doubts about what was read: mojibake_kept, future_date and so on.", required=True),
        _column(
            "revision_of",
            pa.string(),
            "Record that the same URL of the same source showed before; null where it showed none.",
        ),
        _column(
            "revision",
            pa.int32(),
            "How many texts of this URL the archive held before this one: 0 for the first.",
            required=True,
        ),
        _column(
            "duplicate_of",
            pa.string(),
            "Record of which this one is a near-duplicate. That record is never itself a near-duplicate.",
        ),
        _column("similarity", pa.float32(), "Estimated share of common word 3-grams with `duplicate_of`, 0 to 1."),
        _column(
            "signature", pa.binary(), "MinHash signature of the text: 112 bytes (archive/dedup.py).", required=True
        ),
        _column("first_fetched_at", _TIME, "Time of the fetch that brought the text.", required=True),
        _column("capture_id", pa.string(), "The capture that brought the text.", required=True),
        _column("extractor", pa.string(), "Name and version of the rules that read the page.", required=True),
        _column(
            "published_month",
            pa.string(),
            "Partition: YYYY-MM of `published_at`, or of `first_fetched_at` where that is null; in UTC.",
            required=True,
        ),
    ]
)
"""Columns of `records`: one row per distinct article text."""

CAPTURE_COLUMNS = pa.schema(
    [
        _column("capture_id", pa.string(), "UUID of the response's WARC record.", required=True),
        _column("source", pa.string(), "Id of the source it was fetched for.", required=True),
        _column("url", pa.string(), "The URL that was requested.", required=True),
        _column(
            "canonical_url",
            pa.string(),
            "The URL the article declares for itself, or else `url`, in its canonical form.",
            required=True,
        ),
        _column("fetched_at", _TIME, "Time of the fetch.", required=True),
        _column(
            "found_by",
            pa.string(),
            "What announced it: feed, sitemap and so on; document-feed: it was read for links; null: unknown.",
        ),
        _column("found_in", pa.string(), "URL of the document that announced it, or of the redirect; else null."),
        _column("announced_at", _TIME, "Time of publication that was announced with it; else null."),
        _column("published_at", _TIME, "Time of publication that the page states, or else `announced_at`."),
        _column("http_status", pa.int32(), "HTTP status code.", required=True),
        _column("redirect_url", pa.string(), "URL that a redirect leads to; else null."),
        _column("etag", pa.string(), "The response's ETag, by which the page is asked for again; else null."),
        _column("last_modified", pa.string(), "Its Last-Modified, as it stands there; else null."),
        _column("payload_digest", pa.string(), "Digest of the payload, as the WARC record states it.", required=True),
        _column(
            "outcome",
            pa.string(),
            "new, revision, unchanged, exact_duplicate, near_duplicate, rejected or support: see archive/dedup.py.",
            required=True,
        ),
        _column(
            "reason", pa.string(), "Why a page was rejected: not_an_article, soft_404, blocked and so on; else null."
        ),
        _column("detail", pa.string(), "One sentence on what was seen that led to the rejection; else null."),
        _column(
            "directives",
            _TEXTS,
            "What the response or its site says may be done with it: noindex, noarchive, tdm-reservation and so on.",
        ),
        _column("record_id", pa.string(), "The record that holds the text; null where there is none to hold."),
        _column("similarity", pa.float32(), "As in `records`, for a near_duplicate; else null."),
        _column(
            "repeats",
            pa.string(),
            "Of a WARC revisit: the capture whose payload it repeats, and which holds it; else null.",
        ),
        _column("warc_key", pa.string(), "Key of the WARC file, relative to the archive's root.", required=True),
        _column("warc_offset", pa.int64(), "Where the record begins in the file, in bytes.", required=True),
        _column("warc_length", pa.int64(), "Length of the record in the file, compressed, in bytes.", required=True),
        _column(
            "run_id", pa.string(), "The run that fetched it, or that brought a file which others made.", required=True
        ),
        _column("extractor", pa.string(), "Name and version of the rules that read the page.", required=True),
        _column("fetched_date", pa.date32(), "Partition: UTC day of `fetched_at`.", required=True),
    ]
)
"""Columns of `captures`: one row per archived response."""


COVERAGE_COLUMNS = pa.schema(
    [
        _column("source", pa.string(), "Id of the source.", required=True),
        _column("day", pa.date32(), "Day of publication by the source's clock; null: of pages without a date."),
        _column("run_id", pa.string(), "The run.", required=True),
        _column("flow", pa.string(), "What the run was: crawl, replay, backfill, ingest or reextract.", required=True),
        _column("started_at", _TIME, "When the run began.", required=True),
        _column(
            "ended_at",
            _TIME,
            "When it ended; of a run that was killed, its last sign of life. The newest row of a day is its state.",
            required=True,
        ),
        _column("since", pa.date32(), "First day that the run was asked for; null: no bound."),
        _column("until", pa.date32(), "First day that it was not asked for any more; null: no bound."),
        _column("discovery_ended", pa.bool_(), "Whether the run has seen all that is announced.", required=True),
        _column(
            "covered",
            pa.bool_(),
            "Whether all that is announced of the day was seen: by this run or, if it was not asked for it, before.",
            required=True,
        ),
        _column("announced", pa.int32(), "Links of the day that the run came by, each once.", required=True),
        _column("known", pa.int32(), "Of them: in the archive, and not to be fetched again.", required=True),
        _column("revisited", pa.int32(), "Of them: in the archive, and to be fetched again.", required=True),
        _column("discovered", pa.int32(), "Of them: not in the archive. These three add up.", required=True),
        _column("fetched", pa.int32(), "Of those to be fetched: answered for good.", required=True),
        _column(
            "failed",
            pa.int32(),
            "Of those to be fetched: no answer, or one that says nothing of the page.",
            required=True,
        ),
        _column(
            "unreached", pa.int32(), "Of those to be fetched: the run ended before. These three add up.", required=True
        ),
        _column("new", pa.int32(), "Captures of the day with this outcome; so the five that follow.", required=True),
        *(
            _column(name, pa.int32(), f"Captures with the outcome {name}.", required=True)
            for name in ("revision", "unchanged", "exact_duplicate", "near_duplicate", "rejected")
        ),
        _column("reasons", pa.string(), "JSON: reason → rejected captures.", required=True),
        _column(
            "judged",
            pa.int32(),
            "Pages that were read for an article: no errors, refusals, repetitions.",
            required=True,
        ),
        _column("articles", pa.int32(), "Of them, those that gave one.", required=True),
        _column("texts", pa.int32(), "Of these, those whose text was new. What follows is of them.", required=True),
        _column("dated", pa.int32(), "With a time of publication.", required=True),
        _column("with_author", pa.int32(), "With an author.", required=True),
        _column("characters", pa.int64(), "Length of the texts, in sum.", required=True),
        _column("log_characters", pa.float64(), "Natural logarithms of the lengths, in sum.", required=True),
        _column("log_characters_squared", pa.float64(), "Squares of these, in sum.", required=True),
        _column(
            "regressed",
            pa.int32(),
            "Pages that gave less than the source's did before, until as many have been read well by one run.",
            required=True,
        ),
        _column(
            "held", pa.int32(), "Articles of the day in the archive since, as far as runs saw them.", required=True
        ),
        _column("missing", pa.int32(), "Links, of earlier runs too, that the archive does not hold.", required=True),
        _column("missing_urls", _TEXTS, "The first thousand of them.", required=True),
        _column(
            "verdict",
            pa.string(),
            "complete, partial, empty, rate_limited, blocked, parse_regressed or failed: see archive/coverage/.",
            required=True,
        ),
        _column("why", pa.string(), "What keeps the day from being complete; else null."),
        _column("month", pa.string(), "Partition: YYYY-MM of `day`, or undated.", required=True),
    ]
)
"""Columns of `coverage`: one row per source, day of publication and run."""


WRITER = WriterProperties(compression="ZSTD", max_row_group_size=1 << 13)
"""How data files are written. Row groups of some 10 MB let the text of one record be read without those of a hundred
thousand, which a compacted file holds."""


@dataclass(frozen=True)
class _Layout:
    columns: pa.Schema
    partition: str
    statistics: str
    """Columns whose minimum and maximum are kept per file; those of text and signature would only swell the log."""


_LAYOUT = {
    RECORDS: _Layout(
        RECORD_COLUMNS, "published_month", "record_id,source,url,published_at,first_fetched_at,capture_id,duplicate_of"
    ),
    CAPTURES: _Layout(
        CAPTURE_COLUMNS, "fetched_date", "capture_id,source,canonical_url,fetched_at,outcome,record_id,warc_key"
    ),
    COVERAGE: _Layout(COVERAGE_COLUMNS, "month", "source,day,run_id,flow,started_at,ended_at,verdict"),
}


SETTLED_COLUMNS = (
    "canonical_url",
    "published_at",
    "outcome",
    "reason",
    "detail",
    "directives",
    "record_id",
    "similarity",
    "repeats",
    "extractor",
)
"""Columns of `captures` that follow from what is read in the page, and may change when it is read again."""

_ADDED = {CAPTURES: {"directives": "arrow_cast(NULL, 'List(Utf8)')"}}
"""Columns that tables of earlier versions lack, and what stands there: they read as null, and the next writer adds
them."""

CANDIDATE = "warraq.candidate"
"""What the commits of a promotion say which candidate it is of."""

_KEY = {RECORDS: "record_id", CAPTURES: "capture_id"}

_ELECTION = "warraq.election"
"""Delta's application transaction that marks the last election; checkpoints keep it when old log files go."""
_ELECTED_COLUMNS = ("record_id", "published_month", "duplicate_of", "similarity")


@dataclass(frozen=True, slots=True)
class DataFile:
    """An immutable Parquet file of a table."""

    key: str
    """Of the object."""
    size: int
    """Bytes."""


class Snapshot:
    """Tables as they were when it was taken: `records` and `captures`, or the ledger.

    A table that nobody has written yet reads as empty.

    Attributes:
        versions: table name → version, -1 for a table that does not exist.
        ids: table name → what tells the table from another one made later in its place; None if it does not exist.
    """

    def __init__(self, tables: Tables, opened: Mapping[str, DeltaTable | None]) -> None:
        self.versions = {name: -1 if table is None else table.version() for name, table in opened.items()}
        self.ids = {name: None if table is None else str(table.metadata().id) for name, table in opened.items()}
        self._tables = tables
        self._changes: dict[str, DeltaTable] = {}

    def elected_version(self) -> int | None:
        """The version of `records` whose originals have all been elected; None: there was no election."""
        table = self._tables.at(RECORDS, self.versions[RECORDS])
        return None if table is None else table.transaction_version(_ELECTION)

    def files(self, name: str) -> list[DataFile]:
        """The data files that make up a table, in no order.

        Raises:
            StoreError: the table cannot be read, or other software changed it in a way that we do not do.
        """
        table = self._tables.at(name, self.versions[name])
        if table is None:
            return []
        if "deletionVectors" in (table.protocol().reader_features or ()):
            raise StoreError(
                f"other software has given the table {name} deletion vectors, by which rows are deleted without "
                "rewriting their file and which Warraq does not read: take them out with that software (in Spark: "
                "ALTER TABLE … DROP FEATURE deletionVectors)"
            )
        with _clear_errors(f"cannot read the log of {name}"):
            actions = pa.table(table.get_add_actions())
        paths, sizes = actions["path"].to_pylist(), actions["size_bytes"].to_pylist()
        return [DataFile(f"{name}/{path}", size) for path, size in zip(paths, sizes, strict=True)]

    def query(self, sql: str, **values: Value) -> pa.Table:
        """The answer to a query over its tables in DataFusion's SQL; strings come as plain strings.

        Args:
            sql: The query. `{name}` stands for the value of that name.
            values: Written into the query as SQL writes them; a set as the list of an `IN`.

        Raises:
            StoreError: the tables cannot be read, or the query is not valid.
        """
        if values:
            sql = sql.format(**{name: _literal(value) for name, value in values.items()})
        with TemporaryDirectory(prefix="warraq-empty-") as scratch, _clear_errors("cannot query the tables"):
            engine = QueryBuilder()
            tables = {name: self._as_changed(name) for name in self._changes}
            for name, version in self.versions.items():
                table = self._tables.at(name, version)
                engine.register(name, table or DeltaTable.create(f"{scratch}/{name}", _LAYOUT[name].columns))
                if table and name not in tables and (lacking := _lacking(name, table)):
                    nulls = ", ".join(f"{_ADDED[name][each]} AS {each}" for each in lacking)
                    tables[name] = f"{name} AS (SELECT *, {nulls} FROM {name})"  # noqa: S608
            for name, changes in self._changes.items():
                engine.register(f"changed_{name}", changes)
            if tables:
                sql = f"WITH {', '.join(tables.values())} {sql}"
            return _plain(pa.table(engine.execute(sql).read_all()))

    @contextmanager
    def changed(self, rows: Mapping[str, pa.Table], gone: Mapping[str, Set[str]]) -> Iterator[Snapshot]:
        """The tables as they would be with other rows, to be queried; nothing is written but to a temporary directory.

        Args:
            rows: Table name → rows that stand for those of the same key, or are added. Queries see the columns that are
                given.
            gone: Table name → keys among `rows` of those that are removed.
        """
        with TemporaryDirectory(prefix="warraq-changed-") as scratch, _clear_errors("cannot query the tables"):
            then = Snapshot(self._tables, {})
            then.versions, then.ids = self.versions, self.ids
            for name, table in rows.items():
                removed = pa.array([key in gone.get(name, ()) for key in table[_KEY[name]].to_pylist()], pa.bool_())
                write_deltalake(f"{scratch}/{name}", table.append_column("gone", removed))
                then._changes[name] = DeltaTable(f"{scratch}/{name}")
            yield then

    def _as_changed(self, name: str) -> str:
        """The table's name, in a query, for its rows with the changes."""
        names = [field.name for field in self._changes[name].schema().fields if field.name != "gone"]
        columns, key = ", ".join(names), _KEY[name]
        return (
            f"{name} AS (SELECT {columns} FROM {name} WHERE {key} NOT IN (SELECT {key} FROM changed_{name}) "  # noqa: S608
            f"UNION ALL SELECT {columns} FROM changed_{name} WHERE NOT gone)"
        )


@dataclass(frozen=True, kw_only=True)
class TableState:
    """The size of a table at a version."""

    version: int
    rows: int
    files: int
    """Data files."""
    bytes: int
    """Of the data files."""


class Tables:
    """The tables of the archive in a store, for one thread.

    Tables stay open, so that a snapshot reads no more of their logs than was written since the one before.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, DeltaTable] = {}

    def snapshot(self) -> Snapshot:
        """Both tables at their present versions.

        `captures` is opened first: as a record is committed before the captures that name it, every record they name
        is then in the snapshot too.

        Raises:
            StoreError: a table cannot be opened, or was made by another version of Warraq.
        """
        captures = self._newest(CAPTURES)
        return Snapshot(self, {RECORDS: self._newest(RECORDS), CAPTURES: captures})

    def last_seen(self) -> Snapshot:
        """Both tables as this process last read or wrote them, without a request if it did.

        Raises:
            StoreError: as of `snapshot`.
        """
        if {RECORDS, CAPTURES} <= self._kept.keys():
            return Snapshot(self, {name: self._kept[name] for name in (RECORDS, CAPTURES)})
        return self.snapshot()

    def ledger(self) -> Snapshot:
        """`coverage` at its present version. It is read and written apart from the others, and so never in their way.

        Raises:
            StoreError: as of `snapshot`.
        """
        return Snapshot(self, {COVERAGE: self._newest(COVERAGE)})

    def append(self, table: str, rows: Sequence[Row], seen: Snapshot, *, note: Mapping[str, str]) -> None:
        """Commit `rows` to `table`, all or none, if it still is at the version that `seen` shows.

        Args:
            table: `records`, `captures` or `coverage`; created if `seen` shows that it does not exist.
            rows: A value for each column but the partition's, which follows from the others.
            seen: What the rows were decided against.
            note: Written into the commit, for people who read the table's history.

        Raises:
            Conflict: another writer committed to the table since.
            StoreError: the table cannot be written.
        """
        layout = _LAYOUT[table]
        data = pa.Table.from_pylist([_with_partition(table, row) for row in rows], layout.columns)
        commit = uuid4().hex
        target = self._kept[table] = self.at(table, seen.versions[table]) or self._create(table)
        self._complete(table, target)
        with _clear_errors(f"cannot write the table {self._store.table_uri(table)}"):
            try:
                write_deltalake(
                    target,
                    data,
                    mode="append",
                    commit_properties=CommitProperties(custom_metadata={**note, _COMMIT: commit}, max_commit_retries=0),
                    # Removing old log files is a matter of upkeep, not of a writer in the middle of a crawl.
                    post_commithook_properties=PostCommitHookProperties(
                        create_checkpoint=True, cleanup_expired_logs=False
                    ),
                    writer_properties=WRITER,
                )
            except (DeltaError, OSError) as error:
                before = max(seen.versions[table], 0)
                # Where an answer is lost, deltalake repeats the commit, and meets the one it made itself.
                if self._has_commit(table, before + 1, commit):
                    return
                if isinstance(error, CommitFailedError):
                    self._conflict_if_moved(table, before, error)
                raise

    def _has_commit(self, name: str, version: int, commit: str) -> bool:
        """Whether the table went to `version` by this commit."""
        try:
            entry = self._store.get(f"{name}/_delta_log/{version:020}.json")
        except NoSuchKey:
            return False
        return any(json.loads(line).get("commitInfo", {}).get(_COMMIT) == commit for line in entry.splitlines())

    def state(self, name: str) -> TableState | None:
        """How large the table is now; None: nobody has written it yet."""
        table = self._open(name)
        if table is None:
            return None
        files = pa.table(table.get_add_actions(flatten=True))
        return TableState(
            version=table.version(),
            rows=pc.sum(files["num_records"]).as_py() or 0,
            files=files.num_rows,
            bytes=pc.sum(files["size_bytes"]).as_py() or 0,
        )

    def compact(self, name: str, *, note: Mapping[str, str]) -> None:
        """Join the small files of each partition into larger ones; rows stay as they are. Appends may go on meanwhile.

        Raises:
            StoreError: the table cannot be written.
        """
        table = self._open(name)
        if table is None:
            return
        with _clear_errors(f"cannot compact the table {self._store.table_uri(name)}"):
            table.optimize.compact(
                commit_properties=CommitProperties(custom_metadata=dict(note)),
                writer_properties=WRITER,
            )

    def clean(self, name: str, retention: timedelta, *, note: Mapping[str, str]) -> int:
        """Delete what the table no longer names for at least `retention`; the number of data files deleted.

        Older versions of the table cannot be read afterwards. Log files go when they are older than Delta's own
        retention for them, 30 days, and a checkpoint, which is written first, stands for them.

        Raises:
            StoreError: the table cannot be written.
        """
        table = self._open(name)
        if table is None:
            return 0
        with _clear_errors(f"cannot clean the table {self._store.table_uri(name)}"):
            table.create_checkpoint()
            table.cleanup_metadata()
            return len(
                table.vacuum(
                    retention_hours=int(retention / timedelta(hours=1)),
                    dry_run=False,
                    enforce_retention_duration=False,  # the caller has its own bound
                    commit_properties=CommitProperties(custom_metadata=dict(note)),
                )
            )

    def unelected(self, seen: Snapshot) -> list[str]:
        """Ids of the records that the last election did not know, or whose original is gone; sorted.

        All of them, if there was no election or what it read has been removed since.
        """
        elected = seen.elected_version()
        if elected is not None:
            with suppress(StoreError):  # vacuumed, or taken out of its log
                then = Snapshot(self, {RECORDS: self.at(RECORDS, elected), CAPTURES: None})
                known = then.query("SELECT record_id FROM records")["record_id"]
                now = seen.query(
                    "SELECT copy.record_id, copy.duplicate_of IS NOT NULL AND original.record_id IS NULL AS orphaned "
                    "FROM records AS copy LEFT JOIN records AS original ON copy.duplicate_of = original.record_id"
                )
                wanted = pc.or_(now["orphaned"], pc.invert(pc.is_in(now["record_id"], value_set=known)))
                return sorted(now["record_id"].filter(wanted).to_pylist())
        return sorted(seen.query("SELECT record_id FROM records")["record_id"].to_pylist())

    def update_originals(self, changes: Sequence[Row], seen: Snapshot, *, note: Mapping[str, str]) -> None:
        """Commit what an election changed, all or none, if `records` still is at the version that `seen` shows.

        The commit says that all records of that version are elected, so it is made where nothing changed too.

        Args:
            changes: `record_id`, `published_month`, `duplicate_of` and `similarity` of the records that change.
            seen: What the election read.
            note: Written into the commit, for people who read the table's history.

        Raises:
            Conflict: another writer committed to the table since.
            StoreError: the table cannot be written.
        """
        columns = pa.schema([RECORD_COLUMNS.field(name) for name in _ELECTED_COLUMNS])
        marked = [Transaction(_ELECTION, seen.versions[RECORDS] + 1)]
        with self._changing(RECORDS, seen, note, marked) as (target, properties):
            if target and changes:
                rows = pa.Table.from_pylist(list(changes), columns)
                _merge(target, rows, "record_id", "published_month", properties).when_matched_update(
                    {name: f"new.{name}" for name in ("duplicate_of", "similarity")}
                ).execute()
            elif target:
                write_deltalake(target, RECORD_COLUMNS.empty_table(), mode="append", **properties)

    def remove_records(
        self, gone: Sequence[Row], rebased: Sequence[Row], seen: Snapshot, *, note: Mapping[str, str]
    ) -> None:
        """Commit that records are gone and others are revisions of others now, all or none, as `update_originals` does.

        Args:
            gone: `record_id` and `published_month` of the records to remove.
            rebased: Those of the records that change, and their `revision_of`.
            seen: What this was decided against.
            note: Written into the commit, for people who read the table's history.

        Raises:
            Conflict: another writer committed to the table since.
            StoreError: the table cannot be written.
        """
        columns = pa.schema([RECORD_COLUMNS.field(name) for name in ("record_id", "published_month", "revision_of")])
        rows = pa.Table.from_pylist([*({**row, "revision_of": None} for row in gone), *rebased], columns)
        rows = rows.append_column("gone", pa.array([True] * len(gone) + [False] * len(rebased)))
        with self._changing(RECORDS, seen, note) as (target, properties):
            if target and len(rows):
                _merge(target, rows, "record_id", "published_month", properties).when_matched_delete(
                    "new.gone"
                ).when_matched_update({"revision_of": "new.revision_of"}, "NOT new.gone").execute()

    def update_captures(self, changes: Sequence[Row], seen: Snapshot, *, note: Mapping[str, str]) -> None:
        """Commit other outcomes of captures, all or none, as `update_originals` does.

        Args:
            changes: `capture_id`, `fetched_date`, and the columns from `outcome` to `similarity`.
            seen: What this was decided against.
            note: Written into the commit, for people who read the table's history.

        Raises:
            Conflict: another writer committed to the table since.
            StoreError: the table cannot be written.
        """
        values = ("outcome", "reason", "detail", "record_id", "similarity")
        columns = pa.schema([CAPTURE_COLUMNS.field(name) for name in ("capture_id", "fetched_date", *values)])
        with self._changing(CAPTURES, seen, note) as (target, properties):
            if target and changes:
                rows = pa.Table.from_pylist(list(changes), columns)
                _merge(target, rows, "capture_id", "fetched_date", properties).when_matched_update(
                    {name: f"new.{name}" for name in values}
                ).execute()

    def settle_records(
        self,
        written: Sequence[Row],
        gone: Sequence[Row],
        marked: Sequence[Row],
        seen: Snapshot,
        *,
        note: Mapping[str, str],
    ) -> None:
        """Commit what a re-extraction makes of the records, in one version, as `update_originals` does.

        Args:
            written: Whole rows, and `was_month`: the partition that the record is in, None where it is to be added.
            gone: `record_id` and `published_month` of the records to remove.
            marked: `record_id`, `published_month`, and `duplicate_of`, `similarity` and `extractor`, of others that
                change in these.
            seen: What this was decided against.
            note: Written into the commit; `records_before` finds it by its `warraq.candidate`.

        Raises:
            Conflict: another writer committed to the table since.
            StoreError: the table cannot be written.
        """
        rows = [
            *({**row, "was_month": row["was_month"] or row["published_month"], "change": "write"} for row in written),
            *({**row, "was_month": row["published_month"], "change": "remove"} for row in gone),
            *({**row, "was_month": row["published_month"], "change": "mark"} for row in marked),
        ]
        columns = pa.schema([field.with_nullable(True) for field in RECORD_COLUMNS])
        columns = columns.append(pa.field("was_month", pa.string())).append(pa.field("change", pa.string()))
        data = pa.Table.from_pylist(rows, columns)
        with self._changing(RECORDS, seen, note) as (target, properties):
            if target and rows:
                (
                    _merge(target, data, "record_id", "published_month", properties, "was_month")
                    .when_matched_delete("new.change = 'remove'")
                    .when_matched_update({each: f"new.{each}" for each in RECORD_COLUMNS.names}, "new.change = 'write'")
                    .when_matched_update(
                        {each: f"new.{each}" for each in ("duplicate_of", "similarity", "extractor")},
                        "new.change = 'mark'",
                    )
                    .when_not_matched_insert(
                        {each: f"new.{each}" for each in RECORD_COLUMNS.names}, "new.change = 'write'"
                    )
                    .execute()
                )

    def settle_captures(
        self, written: Sequence[Row], marked: Sequence[Row], seen: Snapshot, *, note: Mapping[str, str]
    ) -> None:
        """Commit what a re-extraction makes of the captures, in one version, as `update_originals` does.

        Args:
            written: `capture_id`, `fetched_date` and the columns of `SETTLED_COLUMNS`.
            marked: `capture_id`, `fetched_date` and `extractor` of others that change in this.
            seen: What this was decided against.
            note: Written into the commit, for people who read the table's history.

        Raises:
            Conflict: another writer committed to the table since.
            StoreError: the table cannot be written.
        """
        rows = [*({**row, "change": "write"} for row in written), *({**row, "change": "mark"} for row in marked)]
        names = ("capture_id", "fetched_date", *SETTLED_COLUMNS)
        columns = pa.schema([CAPTURE_COLUMNS.field(name).with_nullable(True) for name in names])
        columns = columns.append(pa.field("change", pa.string()))
        with self._changing(CAPTURES, seen, note) as (target, properties):
            if target and rows:
                (
                    _merge(target, pa.Table.from_pylist(rows, columns), "capture_id", "fetched_date", properties)
                    .when_matched_update({each: f"new.{each}" for each in SETTLED_COLUMNS}, "new.change = 'write'")
                    .when_matched_update({"extractor": "new.extractor"}, "new.change = 'mark'")
                    .execute()
                )

    def records_before(self, ids: Set[str], candidate: str) -> dict[str, Row]:
        """Records as they were before the promotion of a candidate removed them.

        Raises:
            StoreError: no version that can be read has them all.
        """
        found: dict[str, Row] = {}
        table = self._newest(RECORDS)
        with _clear_errors("cannot read earlier versions of records"):
            commits = table.history() if table else []
        for commit in commits:
            if commit.get(CANDIDATE) == candidate and (left := ids - found.keys()):
                then = Snapshot(self, {RECORDS: self.at(RECORDS, commit["version"] - 1), CAPTURES: None})
                rows = then.query("SELECT * FROM records WHERE record_id IN {ids}", ids=left).to_pylist()
                found.update({row["record_id"]: row for row in rows})
        if left := ids - found.keys():
            raise StoreError(
                f"captures show the records {', '.join(sorted(left))}, which are in no version of the table that can "
                "be read: run `warraq verify`"
            )
        return found

    def replaced_files(self, name: str) -> list[str]:
        """Keys of the stored data files that only older versions of a table name.

        Raises:
            StoreError: the table cannot be read.
        """
        table = self._newest(name)
        if table is None:
            return []
        with _clear_errors(f"cannot read the log of {name}"):
            found = table.vacuum(retention_hours=0, dry_run=True, enforce_retention_duration=False)
        return sorted(f"{name}/{path}" for path in found)

    @contextmanager
    def _changing(
        self, name: str, seen: Snapshot, note: Mapping[str, str], transactions: Sequence[Transaction] = ()
    ) -> Iterator[tuple[DeltaTable | None, dict[str, Any]]]:
        """The table at the version that `seen` shows, and with what to commit the one change that is made to it."""
        version = seen.versions[name]
        commit = uuid4().hex
        target = self.at(name, version)
        if target is not None:
            self._kept[name] = target
            self._complete(name, target)
        properties: dict[str, Any] = {
            "commit_properties": CommitProperties(
                custom_metadata={**note, _COMMIT: commit}, max_commit_retries=0, app_transactions=list(transactions)
            ),
            "post_commithook_properties": PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False),
            "writer_properties": WRITER,
        }
        with _clear_errors(f"cannot write the table {self._store.table_uri(name)}"):
            try:
                yield target, properties
            except (DeltaError, OSError) as error:
                # Where an answer is lost, deltalake repeats the commit, and meets the one it made itself.
                if self._has_commit(name, version + 1, commit):
                    return
                if isinstance(error, CommitFailedError):
                    self._conflict_if_moved(name, version, error)
                raise

    def _complete(self, name: str, table: DeltaTable) -> None:
        """Add the columns that a table of an earlier version lacks, and have its writer decide again."""
        if not (lacking := _lacking(name, table)):
            return
        columns = pa.schema([_LAYOUT[name].columns.field(each) for each in lacking])
        with _clear_errors(f"cannot add columns to the table {self._store.table_uri(name)}"):
            try:
                table.alter.add_columns(
                    Schema.from_arrow(columns).fields,
                    commit_properties=CommitProperties(
                        custom_metadata={"warraq.added": ", ".join(lacking)}, max_commit_retries=0
                    ),
                    post_commithook_properties=PostCommitHookProperties(
                        create_checkpoint=False, cleanup_expired_logs=False
                    ),
                )
            except CommitFailedError as error:
                self._conflict_if_moved(name, table.version(), error)
                raise
        raise Conflict(f"{name} was given the columns {', '.join(lacking)}")

    def at(self, name: str, version: int) -> DeltaTable | None:
        """The table at `version`; None at -1."""
        if version < 0:
            return None
        kept = self._kept.get(name)
        if kept is not None and kept.version() == version:
            return kept
        with _clear_errors(f"cannot open the table {self._store.table_uri(name)}"):
            return DeltaTable(self._store.table_uri(name), version=version, storage_options=self._store.table_options())

    def _newest(self, name: str) -> DeltaTable | None:
        kept = self._kept.pop(name, None)
        if kept is not None:
            # The log may have been cleaned up beyond the version that was kept: then the table is opened anew.
            with suppress(DeltaError, OSError):
                kept.update_incremental()
                self._kept[name] = kept
                return kept
        opened = self._open(name)
        if opened is not None:
            self._kept[name] = opened
        return opened

    def _conflict_if_moved(self, name: str, version: int, error: Exception) -> None:
        """A commit fails for many reasons; only a newer version in the store means that another writer was faster."""
        now = self._newest(name)
        if now is not None and now.version() > version:
            raise Conflict(f"{name} went from version {version} to {now.version()}") from error

    def _create(self, name: str) -> DeltaTable:
        """Create the table; of racing writers one does, and the others are told of the conflict."""
        layout = _LAYOUT[name]
        with _clear_errors(f"cannot create the table {self._store.table_uri(name)}"):
            try:
                created = DeltaTable.create(
                    self._store.table_uri(name),
                    layout.columns,
                    mode="error",
                    partition_by=[layout.partition],
                    name=name,
                    configuration={
                        "delta.dataSkippingStatsColumns": layout.statistics,
                        "delta.enableExpiredLogCleanup": "false",
                        # Whoever opens the table reads each log entry since the last checkpoint, twice.
                        "delta.checkpointInterval": "10",
                    },
                    storage_options=self._store.table_options(),
                    commit_properties=CommitProperties(max_commit_retries=0),
                )
            except (DeltaError, OSError) as error:
                self._conflict_if_moved(name, -1, error)
                raise
        if created.version() > 0:  # it is read again after it was created, and others may have written to it by then
            raise Conflict(f"{name} went from version -1 to {created.version()}")
        return created

    def _open(self, name: str) -> DeltaTable | None:
        uri = self._store.table_uri(name)
        with _clear_errors(f"cannot open the table {uri}"):
            try:
                table = DeltaTable(uri, storage_options=self._store.table_options())
            except TableNotFoundError:
                return None
        expected = set(_LAYOUT[name].columns.names) - _ADDED.get(name, {}).keys()
        if missing := expected - {field.name for field in table.schema().fields}:
            raise StoreError(
                f"the table {uri} lacks the columns {', '.join(sorted(missing))}: it was written by another version of "
                "Warraq; use that version, or another root"
            )
        return table


def _lacking(name: str, table: DeltaTable) -> list[str]:
    """Columns that were added to a table since it was made."""
    if name not in _ADDED:
        return []
    has = {field.name for field in table.schema().fields}
    return [each for each in _ADDED[name] if each not in has]


def _merge(
    target: DeltaTable,
    rows: pa.Table,
    key: str,
    partition: str,
    properties: Mapping[str, Any],
    within: str | None = None,
) -> TableMerger:
    """A merge of `rows` (`new`) into the rows of the same key (`old`).

    Only partitions are read that the rows name in `partition`, or in the column `within`.
    """
    where = ", ".join(sorted(f"'{each}'" for each in set(rows[within or partition].to_pylist())))
    return target.merge(
        rows,
        f"old.{partition} IN ({where}) AND old.{key} = new.{key}",
        source_alias="new",
        target_alias="old",
        **properties,
    )


def _literal(value: Value) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case datetime():
            # A plain TIMESTAMP counts nanoseconds, and ends in 2262; pages state what years they like.
            return f"arrow_cast('{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z', '{_ENGINE_TIME}')"
        case date():
            return f"DATE '{value}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _ if len(value) > _LONG_LIST and (texts := [each for each in value if isinstance(each, str)]):
            between = uuid4().hex  # which no value can know
            return f"(SELECT unnest(string_to_array({_literal(between.join(sorted(texts)))}, '{between}')))"
        case _:
            return "(" + (", ".join(sorted(map(_literal, value))) or "NULL") + ")"


_LONG_LIST = 2000
"""Values of a list beyond which it is given as one text: a list of 30,000 overflows the engine's stack."""


def month_of(record: Row) -> str:
    """The partition of a record."""
    at: datetime = record["published_at"] or record["first_fetched_at"]
    return f"{at.astimezone(UTC):%Y-%m}"


def _with_partition(table: str, row: Row) -> Row:
    if table == RECORDS:
        return {**row, "published_month": month_of(row)}
    if table == COVERAGE:
        return {**row, "month": f"{row['day']:%Y-%m}" if row["day"] else "undated"}
    return {**row, "fetched_date": row["fetched_at"].astimezone(UTC).date()}


def _plain(table: pa.Table) -> pa.Table:
    """The engine answers in view types, which few other tools read yet."""

    def kind(of: pa.DataType) -> pa.DataType:
        if pa.types.is_string_view(of):
            return pa.string()
        if pa.types.is_binary_view(of):
            return pa.binary()
        return pa.list_(kind(of.value_type)) if pa.types.is_list(of) else of

    return table.cast(pa.schema([pa.field(field.name, kind(field.type)) for field in table.schema]))


_COMMIT = "warraq.commit"
"""What a commit says of itself, so that its writer knows it again."""
_NOISE = re.compile(r"\x1b\[[0-9;]*m|↳")  # deltalake colours its errors for a terminal
_CODE = re.compile(r"<Code>(\w+)</Code>")
_ADVICE = {
    "NoSuchBucket": "create the bucket, or correct WARRAQ_ROOT",
    "AccessDenied": "allow these credentials to list, read and write the bucket",
    "InvalidAccessKeyId": "check the AWS credentials",
    "SignatureDoesNotMatch": "check the AWS credentials",
    "ExpiredToken": "renew the AWS credentials",
    "NotImplemented": "it cannot create an object only if it is absent (If-None-Match), so use another store",
}
_FAILING = re.compile(r"status code:? (429|5\d\d)|\b(SlowDown|ServiceUnavailable|InternalError)\b")
_UNREACHABLE = re.compile(
    r"error sending request|response body|HTTP error|dns error|time[d-]? ?out|connection (?:refused|reset)|dispatch",
    re.IGNORECASE,
)


@contextmanager
def _clear_errors(doing: str) -> Iterator[None]:
    """Turn what deltalake raises into a `StoreError` that says what was being done."""
    try:
        yield
    except SchemaMismatchError as error:
        raise StoreError(f"{doing}: the columns are not this version's; use the version that made it") from error
    except Exception as error:
        if not isinstance(error, (DeltaError, OSError)) and type(error) is not Exception:  # as the query engine raises
            raise
        problem = " ".join(_NOISE.sub(" ", str(error)).split())
        if (code := _CODE.search(problem)) and code[1] in _ADVICE:
            raise StoreError(f"{doing}: the store answers {code[1]}; {_ADVICE[code[1]]}") from error
        if failing := _FAILING.search(problem):
            raise StoreError(
                f"{doing}: its server is overloaded or failing ({failing[1] or failing[2]}): run again later",
                retryable=True,
            ) from error
        if _UNREACHABLE.search(problem):
            raise StoreError(
                f"{doing}: its server cannot be reached: check the network and AWS_ENDPOINT_URL, then run again",
                retryable=True,
            ) from error
        raise StoreError(
            f"{doing}: {problem[:500]}; run `warraq doctor` to see whether the archive can be reached"
        ) from error
