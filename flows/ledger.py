"""The ledger of an archive, the table `coverage`: a run's rows are written when it has ended, and read as days' states.

Who writes rows reads those of the days they concern, decides, and commits if nobody came in between. The rows of a run
are written once, whoever writes them: itself, or after it was killed the run that takes up what it left.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from archive.coverage import Announced, Archived, DayCoverage, Run, Verdict, cover, days_of, months_of, unsettled
from archive.keys import COVERAGE, run_of, warc_prefix
from archive.store import Store, StoreError
from archive.tables import Conflict, Row, Snapshot, Tables, pause
from flows.clocks import by_now

_COLUMNS = ", ".join(each.name for each in fields(DayCoverage))
_PATIENCE = 300.0
"""Seconds to go on while other writers keep coming first."""
_HISTORY_ROWS = 500
"""The newest rows with pages that a run's pages are compared with."""


def day_states(
    store: Store, source: str, since: date, until: date, *, flow: str | None = None
) -> dict[date, DayCoverage]:
    """How the days of a source stand: for each day of the window that has one, its newest row.

    Args:
        store: The archive.
        source: Id of the source.
        since: First day.
        until: First day not wanted any more.
        flow: Only rows of runs that were part of this flow and were asked for the day.

    Raises:
        StoreError: the ledger cannot be read.
    """
    return {row.day: row for row in newest_rows(store, [source], since, until, flow=flow) if row.day}


def newest_rows(
    store: Store,
    sources: Iterable[str] | None = None,
    since: date | None = None,
    until: date | None = None,
    *,
    flow: str | None = None,
) -> list[DayCoverage]:
    """The newest row of each source and day, by source and day, those without a day last.

    Args:
        store: The archive.
        sources: Their ids; None: all.
        since: First day; None: no bound. A bound leaves out what has no day.
        until: First day not wanted any more; None: no bound.
        flow: As of `day_states`.

    Raises:
        StoreError: the ledger cannot be read.
    """
    conditions = ["TRUE"]
    values: dict[str, Any] = {}
    if sources is not None:
        conditions.append("source IN {sources}")
        values["sources"] = frozenset(sources)
    if since:
        conditions.append("day >= {since} AND month >= {first}")
        values |= {"since": since, "first": f"{since:%Y-%m}"}
    if until:
        conditions.append("day < {until} AND month <= {last}")
        values |= {"until": until, "last": f"{until:%Y-%m}"}
    if flow:
        conditions.append("flow = {flow} AND since <= day AND day < until")
        values["flow"] = flow
    return _newest(Tables(store), " AND ".join(conditions), values)


def _newest(tables: Tables, condition: str, values: Mapping[str, Any]) -> list[DayCoverage]:
    """Of the rows that meet a condition, the newest of each source and day; one from the future is none."""
    condition, values = f"{condition} AND ended_at <= {{by_now}}", {**values, "by_now": by_now()}
    found = tables.ledger().query(
        f"SELECT {_COLUMNS} FROM coverage JOIN (SELECT source AS s, day AS d, max(ended_at) AS e FROM coverage "  # noqa: S608
        f"WHERE {condition} GROUP BY source, day) ON source = s AND (day IS NOT DISTINCT FROM d) AND ended_at = e "
        f"WHERE {condition} ORDER BY source, day NULLS LAST, run_id",
        **values,
    )
    rows = (DayCoverage(**row) for row in found.to_pylist())
    return list({(row.source, row.day): row for row in rows}.values())


def last_day(store: Store, sources: Iterable[str] | None = None) -> date | None:
    """The last day in the ledger of these sources, or of all; None: it has none.

    Raises:
        StoreError: the ledger cannot be read.
    """
    of = "" if sources is None else "WHERE source IN {sources}"
    found = (
        Tables(store)
        .ledger()
        .query(
            f"SELECT max(day) AS day FROM coverage {of}",  # noqa: S608
            sources=frozenset(sources or ()),
        )
    )
    day: date | None = found["day"][0].as_py()
    return day


def mean_a_day(store: Store, source: str) -> float | None:
    """Articles that were announced on a day, on average of the days that were seen as a whole; None: there is none.

    Raises:
        StoreError: the ledger cannot be read.
    """
    seen = [max(row.announced, row.held) for row in newest_rows(store, [source]) if row.day and row.covered]
    return sum(seen) / len(seen) if seen else None


def missing_pages(tables: Tables, source: str, since: date) -> list[str]:
    """Links announced of days from `since` on that no run has brought home yet, as far as the ledger names them.

    Raises:
        StoreError: the ledger cannot be read.
    """
    values = {"source": source, "since": since, "first": f"{since:%Y-%m}"}
    rows = _newest(tables, "source = {source} AND day >= {since} AND month >= {first}", values)
    return list(dict.fromkeys(url for row in reversed(rows) for url in row.missing_urls))


def watermark(tables: Tables, source: str) -> tuple[datetime, datetime] | None:
    """When the last scheduled crawl of a source that saw all that was announced began and ended; None: no crawl did.

    A crawl that ended in the future did so by a wrong clock: what is pruned by it would be lost.

    Raises:
        StoreError: the ledger cannot be read.
    """
    found = (
        tables.ledger()
        .query(
            "SELECT started_at, ended_at FROM coverage WHERE source = {source} AND flow = 'crawl' AND discovery_ended "
            "AND since IS NULL AND until IS NULL AND ended_at <= {by_now} "
            "ORDER BY started_at DESC, ended_at DESC LIMIT 1",
            source=source,
            by_now=by_now(),
        )
        .to_pylist()
    )
    return (found[0]["started_at"], found[0]["ended_at"]) if found else None


def write_rows(
    tables: Tables, store: Store, run: Run, links: Sequence[Announced], *, also: Iterable[str] = ()
) -> list[DayCoverage]:
    """Write the rows of a run that has ended; none if they are written.

    Args:
        tables: The archive's tables.
        store: The archive.
        run: The run.
        links: What it came by, without what lies outside the days it was asked for.
        also: Keys of WARC files that it ingested, beside those that bear its name.

    Raises:
        StoreError: the archive cannot be read or written. Nothing was written.
    """
    pages = archived_pages(tables, run.source.id, {*also, *(() if run.rereads else warcs_of(store, run))})
    if run.rereads:  # an error may have passed since, in a file that was not read again
        pages = [page for page in pages if unsettled(page) is None]
    months = frozenset(months_of(days_of(run, links, pages)))
    deadline = time.monotonic() + _PATIENCE
    retries = 0
    while True:
        now = tables.ledger()
        if _is_written(now, run):
            return []
        rows = cover(run, links, pages, _earlier(now, run, months))
        try:
            tables.append(COVERAGE, [row.row() for row in rows], now, note={"warraq.run": run.run_id})
        except Conflict as conflict:
            retries += 1
            if time.monotonic() > deadline:
                raise StoreError(
                    f"could not write the ledger: other writers came first {retries} times ({conflict})", retryable=True
                ) from conflict
            pause(retries)
            continue
        return rows


def findings(rows: Iterable[DayCoverage], most: int = 20) -> list[str]:
    """What keeps days from being complete, a line each, the gravest first."""
    order = list(Verdict)
    open_ = [row for row in rows if row.verdict != Verdict.COMPLETE]
    open_.sort(key=lambda row: (order.index(Verdict(row.verdict)), row.day or date.max))
    return [f"{row.day or 'no date'} {row.verdict}: {row.why}" for row in open_[:most]]


def run_that_ingested(tables: Tables, warc_key: str) -> str | None:
    """The run that the captures of a WARC file name; None: they are not in the tables."""
    found = tables.snapshot().query("SELECT run_id FROM captures WHERE warc_key = {key} LIMIT 1", key=warc_key)
    return str(found["run_id"][0]) if len(found) else None


def warcs_of(store: Store, run: Run) -> set[str]:
    """Keys of the stored WARC files that a run wrote."""
    day, last = run.started_at.astimezone(UTC).date(), run.ended_at.astimezone(UTC).date()
    found = set()
    while day <= last:
        for stored in store.list(f"{warc_prefix(run.source.id)}{day:%Y/%m/%d}/"):
            if stored.key.endswith(".warc.gz") and run_of(stored.key) == run.run_id:
                found.add(stored.key)
        day += timedelta(days=1)
    return found


def archived_pages(tables: Tables, source: str, warcs: set[str]) -> list[Archived]:
    """What the tables say of the responses in WARC files of a source."""
    if not warcs:
        return []
    snapshot = tables.snapshot()
    captures = snapshot.query(
        "SELECT capture_id, url, redirect_url, http_status, outcome, reason, published_at, fetched_at, "
        "repeats FROM captures WHERE source = {source} AND warc_key IN {warcs}",
        source=source,
        warcs=frozenset(warcs),
    ).to_pylist()
    if not captures:
        return []
    # The times of fetching, of which each data file states the least and the greatest, spare reading texts of others.
    texts = snapshot.query(
        "SELECT records.capture_id AS capture_id, character_length(text) AS characters, "
        "records.published_at IS NOT NULL AS dated, cardinality(authors) > 0 AS with_author "
        "FROM records JOIN captures ON records.capture_id = captures.capture_id "
        "WHERE warc_key IN {warcs} AND captures.source = {source} AND records.source = {source} "
        "AND first_fetched_at >= {first} AND first_fetched_at <= {last}",
        source=source,
        warcs=frozenset(warcs),
        first=min(row["fetched_at"] for row in captures),
        last=max(row["fetched_at"] for row in captures),
    ).to_pylist()
    facts: Mapping[str, Row] = {row["capture_id"]: row for row in texts}
    return [_archived(row, facts.get(row["capture_id"], {})) for row in captures]


def _archived(capture: Row, facts: Row) -> Archived:
    return Archived(
        url=capture["url"],
        redirect_url=capture["redirect_url"],
        http_status=capture["http_status"],
        outcome=capture["outcome"],
        reason=capture["reason"],
        published_at=capture["published_at"],
        fetched_at=capture["fetched_at"],
        repeated=capture["repeats"] is not None,
        characters=facts.get("characters"),
        dated=facts.get("dated"),
        with_author=facts.get("with_author"),
    )


def _is_written(now: Snapshot, run: Run) -> bool:
    found = now.query(
        "SELECT count(*) AS rows FROM coverage WHERE source = {source} AND run_id = {run}",
        source=run.source.id,
        run=run.run_id,
    )
    return bool(found["rows"][0].as_py())


def _earlier(now: Snapshot, run: Run, months: frozenset[str]) -> list[DayCoverage]:
    """Of the rows that were written before: the newest of each day, and the newest with pages."""
    found = now.query(
        f"SELECT {_COLUMNS} FROM (SELECT *, "  # noqa: S608
        "row_number() OVER (PARTITION BY day ORDER BY ended_at DESC, run_id DESC) AS age, "
        "row_number() OVER (PARTITION BY judged > 0 ORDER BY ended_at DESC, run_id DESC) AS recency FROM coverage "
        "WHERE source = {source} AND month IN {months} AND ended_at < {end} AND run_id <> {run}) "
        f"WHERE age = 1 OR judged > 0 AND recency <= {_HISTORY_ROWS}",
        source=run.source.id,
        months=months,
        end=run.ended_at,
        run=run.run_id,
    )
    return [DayCoverage(**row) for row in found.to_pylist()]
