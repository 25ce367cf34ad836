"""From WARC files to rows: outcomes, repetition, crashes at every boundary, racing writers, files made by others."""

from __future__ import annotations

import gzip
import io
import json
import multiprocessing
import os
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from reading_here import read_here
from warcs import MONDAY, SISTER, SOURCE, Response, article, paragraphs, story, write_warc

from archive import readings
from archive.ingest import IngestReport, adopt_warc, ingest, pending_warcs, store_warc
from archive.keys import CAPTURES, RECORDS
from archive.store import LocalStore, Store, StoreError, open_store
from archive.tables import Conflict, Tables
from archive.verify import verify
from archive.warc import WarcError, read_warc


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LocalStore(tmp_path / "archive")


def rows(store: Store, columns: str, table: str = "captures", order: str = "fetched_at, url") -> list[Any]:
    found = Tables(store).snapshot().query(f"SELECT {columns} FROM {table} ORDER BY {order}")  # noqa: S608
    return [tuple(row.values()) if len(row) > 1 else next(iter(row.values())) for row in found.to_pylist()]


def everything(store: Store) -> tuple[list[Any], list[Any]]:
    return rows(store, "*"), rows(store, "*", "records", "record_id")


def mixed() -> list[Response]:
    """A response for each outcome that a first crawl can have."""
    text = paragraphs(1)
    respelt = [paragraph.replace("المفاوضات", "المفاوظات") for paragraph in text[:-1]]
    edited = [*text[:2], story(77, 60), *text[2:]]
    return [
        Response("https://alpha.example/robots.txt", b"", 404, "text/plain"),
        Response("https://alpha.example/", b"<html><body>list</body></html>"),
        Response("https://alpha.example/feed/", b"<html>no feed at all</html>"),
        Response("https://alpha.example/news.xml", b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><urlset xmlns='x'>"),
        Response(
            "https://alpha.example/news.xml.gz", gzip.compress(b"<sitemapindex>" + b" " * 99), 200, "application/gzip"
        ),
        Response("https://alpha.example/old", b"", 301),
        Response("https://alpha.example/1", article(text, published="2026-03-01T10:00:00+03:00")),
        Response("https://www.alpha.example/1/?utm_source=feed", article(text, published="2026-03-01T10:00:00+03:00")),
        Response("https://alpha.example/2", article(text)),
        Response("https://alpha.example/3", article(respelt, published="2026-03-02T10:00:00+03:00")),
        Response("https://alpha.example/1", article(edited, published="2026-03-01T10:00:00+03:00")),
        Response("https://alpha.example/gone", b"<html>gone</html>", 410),
        Response("https://alpha.example/wall", b"<html>no</html>", 403),
        Response("https://alpha.example/pdf", b"%PDF-1.7 ...", 200, "application/pdf"),
    ]


MIXED = [
    *["support"] * 6,
    "new",
    "unchanged",
    "exact_duplicate",
    "near_duplicate",
    "revision",
    *["rejected"] * 3,
]


# --- outcomes ---------------------------------------------------------------------------------------------------------


def check_outcomes(store: Store, directory: Path) -> None:
    path = write_warc(directory, mixed(), run="r1")
    key = store_warc(store, path)
    assert pending_warcs(store) == pending_warcs(store, "alpha") == [key]
    assert pending_warcs(store, "beta") == []
    urls: list[str] = []
    report = ingest(store, key, SOURCE, run_id="r1", on_page=urls.append)
    assert rows(store, "outcome") == MIXED
    assert report == IngestReport(
        warc_key=key,
        outcomes=Counter(MIXED),
        reasons={"http_error": 1, "blocked": 1, "not_html": 1},
        records_added=3,
        captures_added=len(MIXED),
    )
    json.dumps(asdict(report))
    assert urls == [response.url for response in mixed()]
    assert pending_warcs(store) == []

    new, near, edited = rows(
        store, "record_id, duplicate_of, revision_of, revision, similarity, published_at", "records", "first_fetched_at"
    )
    assert new[1:5] == (None, None, 0, None)
    assert near[1:4] == (new[0], None, 0)
    assert 0.4 < near[4] < 1
    assert edited[1:5] == (None, new[0], 1, None)
    assert new[5].isoformat() == "2026-03-01T07:00:00+00:00"
    assert all(0.5 < sure <= 1 for sure in rows(store, "language_confidence", "records", "first_fetched_at"))
    detailed = rows(store, "reason, detail, similarity IS NULL, record_id IS NULL")
    assert [reason for reason, *_ in detailed[-3:]] == ["http_error", "blocked", "not_html"]
    assert all(detail for _, detail, *_ in detailed[-3:])
    assert detailed[MIXED.index("near_duplicate")][2:] == (False, False)


def test_every_outcome(store: Store, tmp_path: Path) -> None:
    check_outcomes(store, tmp_path)


@pytest.mark.ceph
def test_every_outcome_on_s3(s3_root: str, tmp_path: Path) -> None:
    store = open_store(s3_root)
    check_outcomes(store, tmp_path)
    assert list(verify(store)) == []


def test_a_second_crawl_is_all_unchanged_and_adds_no_record(store: Store, tmp_path: Path) -> None:
    pages = [response for response in mixed() if response.url != "https://alpha.example/1"] + mixed()[6:7]
    ingest(store, store_warc(store, write_warc(tmp_path, pages, run="r1")), SOURCE, run_id="r1")
    before = everything(store)[1]
    second = write_warc(tmp_path, pages, run="r2", at=MONDAY + timedelta(days=1))
    report = ingest(store, store_warc(store, second), SOURCE, run_id="r2", local=second)
    assert set(report.outcomes) == {"unchanged", "support", "rejected"}
    assert everything(store)[1] == before


def test_a_file_ingested_again_changes_nothing_and_reports_what_it_was(store: Store, tmp_path: Path) -> None:
    key = store_warc(store, write_warc(tmp_path, mixed(), run="r1"))
    first = ingest(store, key, SOURCE, run_id="r1")
    before, versions = everything(store), Tables(store).snapshot().versions
    again = ingest(store, key, SOURCE, run_id="r2")
    assert again.already_ingested
    assert (again.outcomes, again.reasons) == (first.outcomes, first.reasons)
    assert (again.records_added, again.captures_added) == (0, 0)
    assert (everything(store), Tables(store).snapshot().versions) == (before, versions)


def test_the_article_of_a_sister_site_is_an_exact_duplicate(store: Store, tmp_path: Path) -> None:
    pages = [Response("https://alpha.example/1", article(paragraphs(1)))]
    ingest(store, store_warc(store, write_warc(tmp_path, pages, run="r1")), SOURCE, run_id="r1")
    pages = [Response("https://beta.example/1", article(paragraphs(1), title="عنوان الموقع الشقيق"))]
    path = write_warc(tmp_path, pages, run="r2", source=SISTER, at=MONDAY + timedelta(hours=1))
    report = ingest(store, store_warc(store, path), SISTER, run_id="r2")
    assert report.outcomes == {"exact_duplicate": 1}
    assert report.records_added == 0


def test_tomorrows_exchange_rates_are_no_copy_of_todays(store: Store, tmp_path: Path) -> None:
    rates = [*paragraphs(1)[:3], "سجل الدولار للشراء 14650 ليرة وللمبيع 14800 ليرة، وسجل اليورو 15320 ليرة للشراء."]
    for day, figure in enumerate(("14650", "14700")):
        page = Response(f"https://alpha.example/{day}", article([line.replace("14650", figure) for line in rates]))
        path = write_warc(tmp_path, [page], run=f"r{day}", at=MONDAY + timedelta(days=day))
        report = ingest(store, store_warc(store, path), SOURCE, run_id=f"r{day}")
        assert report.outcomes == {"new": 1}


def test_a_page_on_which_extraction_breaks_does_not_keep_the_others_out(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = readings.extract_article

    def breaking(page: Any, source: Any) -> Any:
        if page.url.endswith("/2"):
            raise RecursionError("too deep")
        return extract(page, source)

    read_here(monkeypatch)
    monkeypatch.setattr(readings, "extract_article", breaking)
    pages = [Response(f"https://alpha.example/{n}", article(paragraphs(n))) for n in range(1, 4)]
    report = ingest(store, store_warc(store, write_warc(tmp_path, pages, run="r1")), SOURCE, run_id="r1")
    assert report.outcomes == {"new": 2, "rejected": 1}
    assert report.reasons == {"failed": 1}
    assert "RecursionError: too deep" in rows(store, "detail", order="detail NULLS LAST")[0]


# --- crashes ----------------------------------------------------------------------------------------------------------


class DyingTables(Tables):
    """The tables, for a process that dies just before or just after one of its commits."""

    def __init__(self, store: Store, table: str, *, after: bool) -> None:
        super().__init__(store)
        self._table, self._after = table, after

    def append(self, table: str, *arguments: Any, **named: Any) -> None:
        if table == self._table and not self._after:
            os._exit(9)
        super().append(table, *arguments, **named)
        if table == self._table:
            os._exit(9)


def _ingest_and_die(root: str, key: str, table: str, after: bool) -> None:
    store = open_store(root)
    ingest(store, key, SOURCE, run_id="died", tables=DyingTables(store, table, after=after))


@pytest.mark.parametrize(("table", "after"), [(RECORDS, False), (RECORDS, True), (CAPTURES, False), (CAPTURES, True)])
def test_a_run_that_dies_is_completed_by_the_next(store: Store, tmp_path: Path, table: str, after: bool) -> None:
    path = write_warc(tmp_path, mixed(), run="r1")
    whole = LocalStore(tmp_path / "whole")
    expected = ingest(whole, store_warc(whole, path), SOURCE, run_id="next")

    key = store_warc(store, path)
    process = multiprocessing.get_context("spawn").Process(target=_ingest_and_die, args=(store.root, key, table, after))
    process.start()
    process.join(120)
    assert process.exitcode == 9
    done = (table, after) == (CAPTURES, True)
    assert pending_warcs(store) == ([] if done else [key])
    report = ingest(store, key, SOURCE, run_id="next")
    assert report.already_ingested == done
    assert report.outcomes == expected.outcomes
    assert rows(store, "* EXCEPT (run_id)") == rows(whole, "* EXCEPT (run_id)")
    assert everything(store)[1] == everything(whole)[1]
    assert list(verify(store)) == []


def test_what_others_did_after_a_run_died_does_not_change_its_outcomes(store: Store, tmp_path: Path) -> None:
    class DiedError(Exception):
        pass

    class StoppingTables(Tables):
        def append(self, table: str, *arguments: Any, **named: Any) -> None:
            if table == CAPTURES:
                raise DiedError
            super().append(table, *arguments, **named)

    key = store_warc(store, write_warc(tmp_path, mixed(), run="r1"))
    with pytest.raises(DiedError):
        ingest(store, key, SOURCE, run_id="r1", tables=StoppingTables(store))
    later = write_warc(tmp_path, mixed(), run="r2", at=MONDAY + timedelta(days=1))
    report = ingest(store, store_warc(store, later), SOURCE, run_id="r2")
    assert set(report.outcomes) == {"support", "rejected", "unchanged", "exact_duplicate"}
    assert report.records_added == 0
    ingest(store, key, SOURCE, run_id="r1")
    assert rows(store, "outcome")[: len(MIXED)] == MIXED
    assert list(verify(store)) == []


# --- racing writers ---------------------------------------------------------------------------------------------------


def _ingest_all(root: str, keys: list[str], results: Any) -> None:
    store = open_store(root)
    results.put([asdict(ingest(store, key, SOURCE, run_id=str(os.getpid()))) for key in keys])


def test_racing_writers_leave_one_row_a_text_and_every_capture(store: Store, tmp_path: Path) -> None:
    """Four processes; each file is ingested by two of them, and each text is in three files."""
    keys = []
    for number in range(6):
        pages = [Response(f"https://alpha.example/{n}", article(paragraphs(n))) for n in range(number, number + 3)]
        path = write_warc(tmp_path, pages, run=f"r{number}", at=MONDAY + timedelta(minutes=number))
        keys.append(store_warc(store, path))
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    shares = [keys[:3], keys[3:], keys[::-2], keys[::2]]
    writers = [context.Process(target=_ingest_all, args=(store.root, share, results)) for share in shares]
    for writer in writers:
        writer.start()
    reports = [report for _ in writers for report in results.get(timeout=300)]
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    ids = rows(store, "record_id", "records", "record_id")
    assert len(ids) == len(set(ids)) == 8
    assert sum(report["records_added"] for report in reports) == 8
    assert sum(report["captures_added"] for report in reports) == 18
    assert rows(store, "count(*), count(DISTINCT capture_id), count(DISTINCT warc_key)", order="1") == [(18, 18, 6)]
    assert sum(not report["already_ingested"] for report in reports) == 6
    assert list(verify(store)) == []


def test_a_writer_that_never_comes_first_gives_up_with_advice(store: Store, tmp_path: Path) -> None:
    class BusyTables(Tables):
        def append(self, table: str, *arguments: Any, **named: Any) -> None:
            raise Conflict("records went from version 1 to 2")

    key = store_warc(store, write_warc(tmp_path, mixed(), run="r1"))
    with pytest.raises(StoreError, match=r"other writers came first .* ingest it again") as busy:
        ingest(store, key, SOURCE, run_id="r1", tables=BusyTables(store), patience=0)
    assert busy.value.retryable
    assert pending_warcs(store) == [key]


# --- files ------------------------------------------------------------------------------------------------------------


def test_storing_a_file_again_does_nothing_and_another_of_its_name_is_refused(store: Store, tmp_path: Path) -> None:
    path = write_warc(tmp_path, mixed(), run="r1")
    key = store_warc(store, path)
    assert store_warc(store, path) == key
    assert store.get(key) == path.read_bytes()
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(StoreError, match="taken by another file"):
        store_warc(store, path)


def test_a_file_of_others_gets_a_key_by_its_content(store: Store, tmp_path: Path) -> None:
    path = write_warc(tmp_path, mixed(), run="r1")
    foreign = path.rename(tmp_path / "CC-MAIN-2026-10 (1).warc.gz")
    key = adopt_warc(store, foreign, "alpha")
    assert key.startswith("warc/alpha/2026/03/02/alpha-20260302080000-import")
    assert adopt_warc(store, foreign.rename(tmp_path / "again.warc.gz"), "alpha") == key
    assert pending_warcs(store) == [key]
    assert ingest(store, key, SOURCE, run_id="r1").outcomes["new"] == 1
    assert list(verify(store)) == []


def test_files_that_cannot_be_ingested_are_refused_before_they_are_stored(store: Store, tmp_path: Path) -> None:
    path = write_warc(tmp_path, mixed(), run="r1")
    whole = path.read_bytes()
    for name, content, problem in (
        ("cut.warc.gz", whole[:-100], "cut.warc.gz"),
        ("html.warc.gz", b"<html>", "not compressed"),
        ("plain.warc", gzip.decompress(whole), "warcio recompress"),
        ("empty.warc.gz", b"", "empty.warc.gz"),
        ("noise.warc.gz", gzip.compress(b"noise"), "noise.warc.gz"),
    ):
        bad = tmp_path / name
        bad.write_bytes(content)
        with pytest.raises(WarcError, match=problem):
            adopt_warc(store, bad, "alpha")
    with pytest.raises(WarcError, match=r"missing\.warc\.gz"):
        adopt_warc(store, tmp_path / "missing.warc.gz", "alpha")
    with pytest.raises(ValueError, match="stem"):
        store_warc(store, tmp_path / "missing.warc.gz")
    assert list(store.list("warc/")) == []


def test_rows_point_at_their_record_in_the_file(store: Store, tmp_path: Path) -> None:
    key = store_warc(store, write_warc(tmp_path, mixed(), run="r1"))
    ingest(store, key, SOURCE, run_id="r1")
    for capture_id, url, offset, length in rows(store, "capture_id, url, warc_offset, warc_length"):
        (found,) = read_warc(io.BytesIO(store.get_range(key, offset, length)))
        assert (found.capture_id, found.url) == (capture_id, url)
