"""A response that repeats an archived payload is kept without it, and counts for what the payload showed."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc

from archive.ingest import ingest, store_warc
from archive.store import LocalStore, Store
from archive.tables import Tables
from archive.verify import verify
from archive.warc import Original, read_warc

TUESDAY = MONDAY + timedelta(days=1)
PAGES = [
    Response("https://alpha.example/1", article(paragraphs(1))),
    Response("https://alpha.example/2", article(["قصير."])),
    Response("https://alpha.example/robots.txt", b"User-agent: *\nAllow: /\n", content_type="text/plain"),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LocalStore(tmp_path / "root")


def rows(store: Store, run: str) -> list[dict[str, Any]]:
    sql = "SELECT url, outcome, reason, record_id, repeats, capture_id FROM captures WHERE run_id = {run} ORDER BY url"
    return Tables(store).snapshot().query(sql, run=run).to_pylist()


def originals(path: Path) -> dict[str, Original]:
    with path.open("rb") as stream:
        return {
            each.url: Original(capture_id=each.capture_id, url=each.url, fetched_at=each.fetched_at)
            for each in read_warc(stream)
        }


def crawl(store: Store, path: Path, run: str) -> None:
    ingest(store, store_warc(store, path), SOURCE, run_id=run, local=path)


def test_revisits_are_written_as_others_read_them(tmp_path: Path) -> None:
    first = write_warc(tmp_path, PAGES, run="r1")
    second = write_warc(tmp_path, PAGES, run="r2", at=TUESDAY, repeats=originals(first))
    check = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", str(second)], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout
    with second.open("rb") as stream:
        kinds = [
            (str(record.record_type), record.verify_block_digest()) for record in FastIterator(stream, parse_http=False)
        ]
    assert kinds == [("warcinfo", True), *[("revisit", True), ("request", True)] * 3]
    assert second.stat().st_size < first.stat().st_size
    with second.open("rb") as stream:
        captures = list(read_warc(stream))
    assert [each.repeats for each in captures] == list(originals(first).values())
    assert {each.payload for each in captures} == {b""}


def test_a_revisit_counts_for_what_its_payload_showed(store: Store, tmp_path: Path) -> None:
    first = write_warc(tmp_path, PAGES, run="r1")
    crawl(store, first, "r1")
    crawl(store, write_warc(tmp_path, PAGES, run="r2", at=TUESDAY, repeats=originals(first)), "r2")
    before, after = rows(store, "r1"), rows(store, "r2")
    assert [row["outcome"] for row in before] == ["new", "rejected", "support"]
    assert [row["outcome"] for row in after] == ["unchanged", "rejected", "support"]
    assert [(row["record_id"], row["reason"]) for row in after] == [(row["record_id"], row["reason"]) for row in before]
    assert [row["repeats"] for row in after] == [row["capture_id"] for row in before]
    assert list(verify(store)) == []


def test_a_revisit_of_a_revisit_names_the_capture_with_the_payload(store: Store, tmp_path: Path) -> None:
    paths = [write_warc(tmp_path, PAGES, run="r1")]
    for day, run in enumerate(("r2", "r3"), start=1):
        at = MONDAY + timedelta(days=day)
        paths.append(write_warc(tmp_path, PAGES, run=run, at=at, repeats=originals(paths[-1])))
    for run, path in zip(("r1", "r2", "r3"), paths, strict=True):
        crawl(store, path, run)
    assert [row["repeats"] for row in rows(store, "r3")] == [row["capture_id"] for row in rows(store, "r1")]


def test_the_same_payload_at_another_address_is_a_duplicate_and_needs_no_id(store: Store, tmp_path: Path) -> None:
    first = write_warc(tmp_path, PAGES[:1], run="r1")
    crawl(store, first, "r1")
    [known] = originals(first).values()
    mirror = "https://alpha.example/mirror/1"
    repeats = {mirror: Original(capture_id=None, url=known.url, fetched_at=known.fetched_at)}
    crawl(store, write_warc(tmp_path, [Response(mirror, PAGES[0].body)], run="r2", at=TUESDAY, repeats=repeats), "r2")
    [row] = rows(store, "r2")
    assert (row["outcome"], row["record_id"]) == ("exact_duplicate", rows(store, "r1")[0]["record_id"])


def test_a_revisit_that_names_no_record_is_known_by_its_digest(store: Store, tmp_path: Path) -> None:
    crawl(store, write_warc(tmp_path, PAGES, run="r1"), "r1")
    nameless = {page.url: Original(capture_id=None, url=page.url, fetched_at=None) for page in PAGES}
    crawl(store, write_warc(tmp_path, PAGES, run="r2", at=TUESDAY, repeats=nameless), "r2")
    assert [row["outcome"] for row in rows(store, "r2")] == ["unchanged", "rejected", "support"]


def test_a_revisit_of_what_the_archive_lacks_says_what_to_ingest_first(store: Store, tmp_path: Path) -> None:
    unknown = Original(capture_id=None, url=PAGES[0].url, fetched_at=datetime(2020, 1, 1, tzinfo=UTC))
    crawl(store, write_warc(tmp_path, PAGES[:1], run="r1", repeats={PAGES[0].url: unknown}), "r1")
    [row] = Tables(store).snapshot().query("SELECT outcome, reason, detail FROM captures").to_pylist()
    assert (row["outcome"], row["reason"]) == ("rejected", "failed")
    assert "ingest the WARC file with that response first" in row["detail"]


def test_the_index_tells_a_revisit(store: Store, tmp_path: Path) -> None:
    first = write_warc(tmp_path, PAGES, run="r1")
    second = write_warc(tmp_path, PAGES, run="r2", at=TUESDAY, repeats=originals(first))
    key = store_warc(store, second)
    index = store.get(key.replace(".warc.gz", ".cdxj")).decode()
    assert index.count('"mime": "warc/revisit"') == 3
    assert all(line.startswith("example,alpha)/") for line in index.splitlines())
