"""The whole way from sources to records, by the command, answered from the samples."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from warraq_command import SAMPLES, SIX, Command

from archive.store import open_store
from archive.tables import Tables

Crawled = tuple[Command, list[dict[str, Any]]]


def rows(root: Path, sql: str, **values: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Tables(open_store(str(root))).snapshot().query(sql, **values).to_pylist()
    return found


@pytest.mark.parametrize("source", SIX)
def test_each_page_has_the_outcome_that_its_truth_states(crawled: Crawled, source: str) -> None:
    truth = json.loads((SAMPLES / f"{source}.json").read_text(encoding="utf-8"))
    captures = rows(
        crawled[0].root,
        "SELECT url, outcome, reason FROM captures WHERE source = {source} AND outcome <> 'support'",
        source=source,
    )
    assert Counter((row["url"], row["outcome"], row["reason"]) for row in captures) == Counter(
        (page["url"], page["outcome"], page["reason"]) for page in truth
    )


@pytest.mark.parametrize("source", SIX)
def test_each_record_says_what_the_truth_of_its_page_says(crawled: Crawled, source: str) -> None:
    truth = {page["url"]: page for page in json.loads((SAMPLES / f"{source}.json").read_text(encoding="utf-8"))}
    records = rows(
        crawled[0].root,
        "SELECT c.url, r.title, r.text FROM records r JOIN captures c ON r.capture_id = c.capture_id "
        "WHERE c.source = {source} AND c.outcome = 'new'",
        source=source,
    )
    assert records
    for record in records:
        page = truth[record["url"]]
        assert (record["title"], record["text"].split("\n")) == (page["title"], page["paragraphs"])


def test_the_reports_count_what_the_tables_hold(crawled: Crawled) -> None:
    command, reports = crawled
    assert [report["source"] for report in reports] == list(SIX)
    for report in reports:
        assert report["status"] == "completed"
        assert report["problem"] is None
        captures = rows(command.root, "SELECT outcome FROM captures WHERE source = {source}", source=report["source"])
        assert Counter(row["outcome"] for row in captures) == Counter(report["outcomes"])
        assert report["bytes"] > 0
        assert report["discovered"] >= report["fetched"] > 0
        assert set(report["versions"]) >= {"warraq", "extractor", "scrapy"}
        filed = command.root / "runs" / "crawl" / report["started_at"][:10] / f"{report['run_id']}.json"
        assert json.loads(filed.read_text()) == report
        assert all((command.root / key).is_file() for key in report["warcs"])


def test_nothing_is_left_in_the_spool(crawled: Crawled) -> None:
    locks = {"lock", "crawl", "crawl.queue"}
    assert [path for path in crawled[0].spool.rglob("*") if path.is_file() and path.name not in locks] == []


def test_a_second_crawl_finds_everything_unchanged_and_adds_no_record(warraq: Command, crawled: Crawled) -> None:
    shutil.copytree(crawled[0].root, warraq.root)
    before = rows(warraq.root, "SELECT record_id, capture_id FROM records ORDER BY record_id")
    for report in warraq.crawl(*SIX):
        kept = {outcome for outcome, count in report["outcomes"].items() if count}
        assert kept <= {"unchanged", "rejected", "support"}, report
        assert report["records_added"] == 0
    assert rows(warraq.root, "SELECT record_id, capture_id FROM records ORDER BY record_id") == before
    repeated = (
        "SELECT count(*) AS pages FROM captures AS again JOIN captures AS first ON again.repeats = first.capture_id "
        "WHERE again.payload_digest = first.payload_digest AND again.url = first.url AND first.repeats IS NULL"
    )
    [served] = rows(crawled[0].root, "SELECT count(*) AS pages FROM captures WHERE http_status = 200")
    assert rows(warraq.root, repeated) == [served]  # not one payload is stored twice
    warraq("verify")


def test_verify_finds_nothing_wrong(crawled: Crawled) -> None:
    done = crawled[0]("verify")
    assert done.stdout == b""
    assert b"nothing found wrong" in done.stderr


def test_limit_and_table(warraq: Command) -> None:
    done = warraq("crawl", "arabkhabar", "--limit", "3", "--replay", SAMPLES / "arabkhabar.warc.gz")
    table = done.stdout.decode().split()
    assert "arabkhabar" in table
    assert table[table.index("arabkhabar") + 2] == "3"
    assert done.stderr == b""


def test_one_source_that_fails_does_not_stop_the_others(warraq: Command, tmp_path: Path) -> None:
    for source in ("arabkhabar", "jannah"):
        shutil.copy(SAMPLES / "arabkhabar.warc.gz", tmp_path / f"{source}.warc.gz")
    done = warraq("crawl", "jannah", "arabkhabar", "--replay", tmp_path, "--json", status=1)
    jannah, arabkhabar = (json.loads(line) for line in done.stdout.splitlines())
    assert jannah["status"] in ("failed", "empty")
    assert jannah["problem"]
    assert arabkhabar["status"] == "completed"
    log = warraq.root / "runs" / "crawl" / jannah["started_at"][:10] / f"{jannah['run_id']}.log"
    assert log.is_file()
