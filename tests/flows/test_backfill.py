"""Backfills: what is planned, and what is left of it whatever happens. The long form is in `tests/soak`."""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from warraq_command import SAMPLES, SIX

from archive.coverage import DayCoverage
from archive.store import LocalStore
from archive.warc import Capture, read_warc
from extract.types import Source
from flows.backfill_estimate import estimate, expected_a_day, readable_time
from flows.backfill_warcs import Wanted, backfill_warcs, find_warcs, take_in
from flows.cli import app
from flows.partitions import Ended, Partition, partitions, plan, worst
from flows.settings import Settings
from flows.turns import take_turn
from spiders.sources import load_sources
from tests.soak.backfill import kill_backfill

DAY = timedelta(days=1)
FIRST = date(2024, 12, 30)


def a_source(**fields: Any) -> Source:
    return Source(
        **{
            "id": "isna",
            "name": "ایسنا",
            "language": "fa",
            "timezone": "Asia/Tehran",
            "domains": ("isna.ir",),
            **fields,
        }
    )


def state(day: date, verdict: str = "complete", **fields: Any) -> DayCoverage:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    given = {"source": "isna", "run_id": "r1", "flow": "backfill", "started_at": at, "ended_at": at}
    return DayCoverage(**{"day": day, "verdict": verdict, "discovery_ended": True, **given, **fields})


@pytest.mark.parametrize(
    "fields", [{"rest": ("https://isna.ir/wp-json/",)}, {"archives": ("https://isna.ir/{jyear}/{jmonth}/{jday}",)}]
)
def test_a_partition_is_a_day_where_a_day_can_be_asked_for(fields: dict[str, Any]) -> None:
    cut = partitions(a_source(**fields), FIRST, FIRST + 3 * DAY)
    assert [each.name for each in cut] == ["isna-2024-12-30", "isna-2024-12-31", "isna-2025-01-01"]
    assert [each.until - each.since for each in cut] == [DAY] * 3


@pytest.mark.parametrize("fields", [{}, {"archives": ("https://isna.ir/archive?page={page}",)}])
def test_a_partition_is_a_month_where_it_cannot(fields: dict[str, Any]) -> None:
    cut = partitions(a_source(sitemaps=("https://isna.ir/sitemap.xml",), **fields), FIRST, date(2025, 2, 10))
    assert [(each.since, each.until) for each in cut] == [
        (FIRST, date(2025, 1, 1)),
        (date(2025, 1, 1), date(2025, 2, 1)),
        (date(2025, 2, 1), date(2025, 2, 10)),
    ]
    assert cut[0].name == "isna-2024-12-30-2025-01-01"


@pytest.mark.parametrize(
    ("states", "reprocess", "run", "known", "why"),
    [
        ([], "none", True, "skip", "not done yet"),
        ([state(FIRST)], "none", True, "skip", "1 of 2 days not done yet"),
        ([state(FIRST), state(FIRST + DAY, "empty")], "none", False, "skip", "complete on 2026-11-01 (run r1)"),
        ([state(FIRST), state(FIRST + DAY)], "failed", False, "skip", "complete"),
        ([state(FIRST), state(FIRST + DAY)], "completed", True, "fetch", "again: complete"),
        ([state(FIRST), state(FIRST + DAY, "partial", why="2 pages")], "none", False, "skip", "2 pages; --reprocess"),
        ([state(FIRST), state(FIRST + DAY, "partial")], "failed", True, "skip", "again: partial"),
        ([state(FIRST), state(FIRST + DAY, "partial")], "completed", True, "skip", "again: partial"),
        ([state(FIRST), state(FIRST + DAY, "failed", discovery_ended=False)], "none", True, "skip", "broke off"),
    ],
)
def test_what_is_run_depends_on_the_ledger_and_on_what_is_to_be_reprocessed(
    states: list[DayCoverage], reprocess: Any, run: bool, known: str, why: str
) -> None:
    cut = [Partition(source="isna", since=FIRST, until=FIRST + 2 * DAY)]
    [planned] = plan(cut, {each.day: each for each in states if each.day}, reprocess)
    assert (planned.run, planned.known) == (run, known)
    assert why in planned.why


def test_the_verdict_on_several_days_is_the_one_that_needs_a_look() -> None:
    assert worst(["complete", "partial", "blocked", "empty"]) == "blocked"
    assert worst(["empty", "complete"]) == "complete"
    assert worst(["empty"]) == "empty"


def test_an_estimate_says_where_it_knows_nothing() -> None:
    days = Partition(source="isna", since=FIRST, until=FIRST + 10 * DAY)
    [planned] = plan([days], {}, "none")
    assert expected_a_day(a_source(), None) is None
    assert expected_a_day(a_source(daily=(50, 200)), None) == 100
    assert expected_a_day(a_source(daily=(50, 200)), 7.5) == 7.5
    assert estimate(planned, None).unknown
    assert estimate(planned, 100).requests == 1005
    assert [readable_time(each) for each in (9, 600, 7500, 180_000)] == ["9 s", "10 min", "2 h 5 min", "2 d 2 h"]


def test_a_row_holds_all_of_a_partitions_end() -> None:
    days = Partition(source="isna", since=FIRST, until=FIRST + DAY)
    ended = Ended(
        partition=days, verdict="partial", why="2 pages", ran=True, pages=7, new=5, seconds=1.5, report="runs/x"
    )
    assert Ended.from_row(json.loads(json.dumps(ended.row()))) == ended


def test_who_waits_for_a_turn_comes_before_who_has_had_it(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def other() -> None:
        turn = take_turn(tmp_path, "crawl", waiting.set)
        order.append("other")
        os.close(turn)

    first = take_turn(tmp_path, "crawl", lambda: None)
    thread = threading.Thread(target=other)
    thread.start()
    assert waiting.wait(10)
    time.sleep(0.2)  # it has told, and now waits
    os.close(first)
    again = take_turn(tmp_path, "crawl", lambda: None)
    order.append("first again")
    os.close(again)
    thread.join(10)
    assert order == ["other", "first again"]


@pytest.fixture
def crawls(tmp_path: Path) -> Path:
    """What others may have: many sites in one file, one uncompressed, and one that is damaged."""
    place = tmp_path / "crawls"
    place.mkdir()
    (place / "a.warc.gz").write_bytes(b"".join((SAMPLES / f"{each}.warc.gz").read_bytes() for each in SIX[:3]))
    (place / "b.warc.gz").write_bytes(b"no WARC file")
    (place / "c.warc").write_bytes(gzip.decompress((SAMPLES / "tunisiatoday.warc.gz").read_bytes())[:-9])
    return place


def test_pages_of_the_sources_are_taken_out_of_files_of_many_sites_once(tmp_path: Path, crawls: Path) -> None:
    settings = Settings(root=str(tmp_path / "archive"), spool=tmp_path / "spool", cache=tmp_path / "cache")
    store = LocalStore(tmp_path / "archive")
    known = load_sources(None)
    sources = tuple(known[each] for each in ("arabkhabar", "tunisiatoday", "isna"))

    def taken(**fields: Any) -> dict[tuple[str, str], tuple[str, bool, int]]:
        wanted = Wanted(sources=sources, **fields)
        take = partial(take_in, wanted, settings, store)
        ended = list(backfill_warcs(find_warcs([str(crawls)]), wanted, settings, store, take))
        assert {Path(each.row()["file"]).parent for each in ended} == {crawls}
        return {(each.partition.span, each.partition.source): (each.verdict, each.ran, each.new) for each in ended}

    # A window first: what it leaves out comes later, what it brought does not come twice.
    days = {capture.fetched_at.date() for capture in captures_of(SAMPLES / "arabkhabar.warc.gz")}
    part = taken(until=max(days))
    first = taken()
    assert first["a.warc.gz", "arabkhabar"][:2] == ("complete", True)
    assert part["a.warc.gz", "arabkhabar"][2] + first["a.warc.gz", "arabkhabar"][2] == 14
    assert first["a.warc.gz", "isna"] == ("empty", True, 0)
    assert first["c.warc", "tunisiatoday"][0] == "partial"  # its end is missing
    assert part["c.warc", "tunisiatoday"][2] + first["c.warc", "tunisiatoday"][2] > 0
    assert {first["b.warc.gz", each.id][:2] for each in sources} == {("failed", True)}
    again = taken()
    assert {key: each[1] for key, each in again.items()} == {key: key[0] == "b.warc.gz" for key in again}

    # Nobody else's pages, each response once, and each record as it was.
    kept = [capture for path in tmp_path.glob("archive/warc/**/*.warc.gz") for capture in captures_of(path)]
    assert len({capture.capture_id for capture in kept}) == len(kept)
    assert {source.id for source in sources for capture in kept if source.owns(capture.url)} == {
        "arabkhabar", "tunisiatoday"
    }  # fmt: skip
    assert all(any(source.owns(capture.url) for source in sources) for capture in kept)
    whole = (crawls / "a.warc.gz").read_bytes()
    for path in tmp_path.glob("archive/warc/arabkhabar/**/*.warc.gz"):
        assert all(path.read_bytes()[each.offset :][: each.length] in whole for each in captures_of(path))
    assert taken(reprocess="completed")["a.warc.gz", "arabkhabar"] == ("complete", True, 0)
    assert not list(settings.spool.rglob("*.warc*"))


def captures_of(path: Path) -> list[Capture]:
    with path.open("rb") as file:
        return list(read_warc(file))


def test_a_backfill_that_is_killed_goes_on_and_the_ledger_says_in_the_end_what_the_sites_know(tmp_path: Path) -> None:
    tally = kill_backfill(tmp_path, days=2, sites=2, kills=1, a_day=3)
    assert tally.right, tally.problems
    assert tally.kills == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "2024-12-03", "--until", "2024-12-03"), "is not before"),
        (("--since", "2024-12-03", "--until", "2100-01-01"), "is not over at isna (Asia/Tehran)"),
        (("--since", "2024-12-03"), "--until"),
        (("--from", "warc"), "--warc"),
        (("--since", "2024-13-03", "--until", "2025-01-01"), "2024-13-03"),
        (("--since", "2024-12-03", "--until", "2025-01-01", "--reprocess", "some"), "--reprocess"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    environ = {
        "WARRAQ_ROOT": str(tmp_path / "archive"),
        "WARRAQ_CONTACT": "tests@warraq.example",
        "WARRAQ_SOURCES": "",
        "PREFECT_API_URL": "",
        "TERMINAL_WIDTH": "200",
    }
    done = CliRunner().invoke(app, ["backfill", "isna", *arguments], env=environ)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert not list(tmp_path.iterdir())
