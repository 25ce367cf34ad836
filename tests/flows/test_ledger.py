"""The ledger in an archive: it equals the truth of the sample sites, and has every run once, however the run ended."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from warraq_command import REPOSITORY, SAMPLES, SIX, Command

from archive.coverage import Announced, Run
from archive.store import open_store
from archive.tables import Tables
from extract.types import Source
from flows.coverage import show_coverage
from flows.failures import InputError, UsageError
from flows.ledger import day_states, missing_pages, newest_rows, watermark, write_rows
from spiders.sources import BUILT_IN

Crawled = tuple[Command, list[dict[str, Any]]]
ARTICLES = ("new", "revision", "unchanged", "exact_duplicate", "near_duplicate")


def ledger(root: Path, columns: str = "*") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        Tables(open_store(str(root))).ledger().query(f"SELECT {columns} FROM coverage").to_pylist()  # noqa: S608
    )
    return found


def judged(root: Path) -> Counter[str]:
    """Outcomes of the captures in the archive."""
    sql = "SELECT outcome FROM captures WHERE outcome <> 'support'"
    return Counter(Tables(open_store(str(root))).snapshot().query(sql)["outcome"].to_pylist())


def entered(root: Path) -> Counter[str]:
    """The same, by the ledger."""
    names = (*ARTICLES, "rejected")
    return +Counter({name: sum(row[name] for row in ledger(root)) for name in names})


# --- the samples ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SIX)
def test_the_ledger_equals_the_truth_of_a_sample_site(crawled: Crawled, source: str) -> None:
    [zone] = [ZoneInfo(each.timezone) for each in BUILT_IN if each.id == source]
    truth = json.loads((SAMPLES / f"{source}.json").read_text(encoding="utf-8"))
    stated: Counter[tuple[date, str]] = Counter()
    for page in truth:
        if page["published_at"] and page["outcome"] != "rejected":
            stated[datetime.fromisoformat(page["published_at"]).astimezone(zone).date(), page["outcome"]] += 1
    rows = [row for row in newest_rows(open_store(str(crawled[0].root))) if row.source == source]
    found = Counter({(row.day, name): getattr(row, name) for row in rows for name in ARTICLES if row.day})
    if stated:  # arabstoday's and tunisiatoday's pages state none: their day is the announced one, if any
        assert +found == stated
    assert sum(row.rejected for row in rows) == sum(page["outcome"] == "rejected" for page in truth)
    assert sum(row.articles for row in rows) <= sum(page["outcome"] != "rejected" for page in truth)
    assert {row.verdict for row in rows} == {"complete"}
    assert all(row.announced == row.fetched for row in rows)


def test_a_report_says_what_became_of_the_days(crawled: Crawled) -> None:
    rows = newest_rows(open_store(str(crawled[0].root)))
    for report in crawled[1]:
        own = [row for row in rows if row.source == report["source"]]
        assert report["verdicts"] == Counter(row.verdict for row in own)
        assert report["findings"] == []
    assert entered(crawled[0].root) == judged(crawled[0].root)


def test_nothing_of_an_entered_run_is_left_in_the_spool(crawled: Crawled) -> None:
    assert list(crawled[0].spool.rglob("run.json")) == []


# --- however a run ends -----------------------------------------------------------------------------------------------

KILLED_BEFORE_ENTERING = """
import os, signal
from archive import tables
append = tables.Tables.append
def dying(self, table, *arguments, **named):
    if table == "coverage":
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, table, *arguments, **named)
tables.Tables.append = dying
from flows.cli import main
main()
"""


def test_a_run_killed_before_it_is_entered_is_entered_by_the_next(warraq: Command) -> None:
    arguments = ("crawl", "tunisiatoday", "--replay", str(SAMPLES), "--json")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_ENTERING, *arguments],
        cwd=REPOSITORY,
        env=warraq.environ,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    before = judged(warraq.root)
    assert before == {"new": 7}
    assert not ledger(warraq.root)
    [report] = warraq.crawl("tunisiatoday")
    [dead] = {row["run_id"] for row in ledger(warraq.root)} - {report["run_id"]}
    captures = Tables(open_store(str(warraq.root))).snapshot().query("SELECT DISTINCT run_id FROM captures")
    assert set(captures["run_id"].to_pylist()) == {dead, report["run_id"]}
    assert entered(warraq.root) == judged(warraq.root)
    rows = ledger(warraq.root, "source, day, run_id")
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    [row] = [row for row in ledger(warraq.root) if row["run_id"] == dead]
    assert (row["verdict"], row["flow"], row["fetched"], row["discovery_ended"]) == ("complete", "replay", 7, True)
    assert not list(warraq.spool.rglob("run.json"))
    warraq("verify")


def test_an_import_is_entered_once_however_often_it_is_repeated(warraq: Command) -> None:
    file = SAMPLES / "tunisiatoday.warc.gz"
    first, again = (json.loads(warraq("ingest", file, "--source", "tunisiatoday", "--json").stdout) for _ in range(2))
    assert first["verdicts"] == {"partial": 1}
    assert again["verdicts"] == {}
    [row] = ledger(warraq.root)
    assert (row["run_id"], row["flow"], row["why"]) == (
        first["run_id"],
        "ingest",
        "no run has looked at this day as a whole",
    )
    assert entered(warraq.root) == judged(warraq.root)


# --- writing and reading ----------------------------------------------------------------------------------------------

SITE = Source(id="site", name="Site", language="fa", timezone="Asia/Tehran", domains=("site.example",))
NOW = datetime(2024, 12, 4, 8, tzinfo=UTC)


def run(number: int, **changes: Any) -> Run:
    began = NOW + timedelta(hours=number)
    times = {"started_at": began, "ended_at": began + timedelta(minutes=5)}
    given: dict[str, Any] = {"flow": "crawl", "discovery_ended": True} | times | changes
    return Run(source=SITE, run_id=f"r{number}", **given)


def known(*numbers: int) -> list[Announced]:
    return [
        Announced(url=f"https://site.example/{n}", announced_at=NOW - timedelta(days=n), kind="known") for n in numbers
    ]


def test_a_run_is_written_once(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    tables = Tables(store)
    assert len(write_rows(tables, store, run(1), known(1, 2))) == 2
    assert write_rows(Tables(store), store, run(1), known(1, 2, 3)) == []
    assert len(write_rows(tables, store, run(2), known(1))) == 1
    states = day_states(store, "site", date(2024, 12, 1), date(2024, 12, 5))
    assert {day: row.run_id for day, row in states.items()} == {date(2024, 12, 2): "r1", date(2024, 12, 3): "r2"}


def test_writers_that_come_in_between_are_met_by_deciding_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(str(tmp_path))
    tables = Tables(store)
    write_rows(tables, store, run(0), known(1))
    seen = [tables.ledger()]
    monkeypatch.setattr(tables, "ledger", lambda: seen.pop() if seen else Tables.ledger(tables))
    write_rows(Tables(store), store, run(1), known(2))
    assert write_rows(tables, store, run(2), known(3))
    assert len(ledger(tmp_path)) == 3


def test_states_of_a_flow_are_those_of_runs_that_were_asked_for_the_day(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    tables = Tables(store)
    window = {"flow": "backfill", "since": date(2024, 12, 3), "until": date(2024, 12, 4)}
    write_rows(tables, store, run(1, **window), known(1, 2))
    write_rows(tables, store, run(2), known(1))
    states = day_states(store, "site", date(2024, 12, 1), date(2024, 12, 5), flow="backfill")
    assert {day: row.run_id for day, row in states.items()} == {date(2024, 12, 3): "r1"}


@pytest.mark.parametrize(
    "other",
    [
        {"discovery_ended": False},
        {"flow": "backfill"},
        {"flow": "replay"},
        {"since": date(2024, 12, 1)},
        {"discovery_ended": False, "discovers": False},
        {"started_at": datetime(2199, 1, 1, tzinfo=UTC), "ended_at": datetime(2199, 1, 1, 1, tzinfo=UTC)},
    ],
)
def test_the_watermark_is_the_start_of_the_last_scheduled_run_that_saw_all(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    store = open_store(str(tmp_path))
    tables = Tables(store)
    assert watermark(tables, "site") is None
    write_rows(tables, store, run(1), known(1))
    write_rows(tables, store, run(2, **other), known(1))
    found = watermark(tables, "site")
    assert found is not None
    assert found[0] == NOW + timedelta(hours=1)
    assert watermark(tables, "another") is None


def test_what_did_not_come_is_missing_until_it_comes(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    tables = Tables(store)
    links = [
        Announced(url=f"https://site.example/{n}", announced_at=NOW, end="failed", why="no answer") for n in (1, 2)
    ]
    write_rows(tables, store, run(1), links)
    assert missing_pages(tables, "site", NOW.date()) == [link.url for link in links]
    assert missing_pages(tables, "site", NOW.date() + timedelta(days=2)) == []
    write_rows(tables, store, run(2), [Announced(url=links[0].url, announced_at=NOW, kind="known")])
    assert missing_pages(tables, "site", NOW.date()) == [links[1].url]


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_shows_calendars_and_lines(crawled: Crawled) -> None:
    shown = crawled[0]("coverage", "etemadonline").stdout.decode()
    assert re.search(r"^2024-12 .* 13$", shown, re.MULTILINE)
    assert "All days that a run has looked at are complete." in shown
    many = crawled[0]("coverage", "--since", "2024-11-01", "--until", "2025-02-01").stdout.decode()
    assert re.search(r"^arabkhabar .* 13$", many, re.MULTILINE)
    lines = [json.loads(line) for line in crawled[0]("coverage", "etemadonline", "--json").stdout.splitlines()]
    assert [(line["day"], line["verdict"], line["mend"]) for line in lines] == [
        (f"2024-{day}", "complete", None) for day in ("11-30", "12-01", "12-02", "12-03")
    ]


def test_the_command_says_what_is_wrong(crawled: Crawled, tmp_path: Path) -> None:
    assert b"--json and --html" in crawled[0]("coverage", "--json", "--html", "x.html", status=2).stderr
    store, sources = open_store(str(crawled[0].root)), {source.id: source for source in BUILT_IN}
    show = partial(show_coverage, store, sources, since=None, until=None, as_lines=False, html=None)
    with pytest.raises(InputError, match=r"The ledger of .* has no day of isna"):
        show(["isna"])
    with pytest.raises(UsageError, match="is not before"):
        show([], since=date(2024, 12, 2), until=date(2024, 12, 1))
    with pytest.raises(UsageError, match="Cannot write"):
        show([], since=date(2024, 1, 1), html=tmp_path)


def test_an_archive_that_is_older_than_its_ledger_has_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no day between"):
        show_coverage(open_store(str(tmp_path)), {}, [], since=None, until=None, as_lines=False, html=None)
