"""The index says what the tables say, whatever happens to it, and finds what a look at everything finds."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from deltalake import DeltaTable, TableFeatures
from hypothesis import given, settings
from hypothesis import strategies as st
from warcs import MONDAY, SOURCE, Response, article, paragraphs, story, write_warc

from archive.candidates import ALIKE, MOST, similarities
from archive.dedup import Original, Reading, record_id
from archive.index import Index, View, file
from archive.ingest import ingest, pending_warcs, store_warc
from archive.keys import CAPTURES, RECORDS
from archive.packing import capture_id, digest, packed_capture, packed_digest
from archive.store import LocalStore, NoSuchKey, Store, StoreError, open_store
from archive.tables import Row, Tables
from extract.types import Article, Date

BATCHES = 6


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of some batches: new texts, copies, revisions, pages that did not change or are gone."""
    directory = tmp_path_factory.mktemp("built")
    store = LocalStore(directory / "archive")
    index = Index(store)
    for batch in range(BATCHES):
        pages = [Response("https://alpha.example/gone", b"<html>gone</html>", 410)]
        for page in range(batch, batch + 4):
            text = paragraphs(page)
            changed = [*text[:-1], f"{story(batch)}."] if page % 2 else text
            published = f"2026-0{1 + page % 3}-01T10:00:00+03:00" if page % 4 else ""
            pages.append(Response(f"https://alpha.example/{page}", article(changed, published=published)))
        path = write_warc(directory, pages, run=f"r{batch}", at=MONDAY + timedelta(hours=batch))
        ingest(store, store_warc(store, path), SOURCE, run_id=f"r{batch}", index=index)
    return directory / "archive"


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Store:
    shutil.copytree(built, tmp_path / "archive")
    return LocalStore(tmp_path / "archive")


def content(index: Index) -> list[list[Any]]:
    """All that an index holds, without the numbers it gives to rows and files."""
    queries = (
        "SELECT name, path, size, after - first FROM file",
        "SELECT record_id, place, capture_id, fetched_at, revision_of, revision, duplicate_of, similarity FROM record",
        (
            "SELECT place, request, canonical_url, capture_id, fetched_at, record_id, payload_digest, outcome, reason, "
            "detail, repeats, http_status, published_at, redirect_url, etag, last_modified FROM capture"
        ),
        "SELECT path, warc_key, outcome, reason, captures FROM batch JOIN file ON file.id = file",
        (
            "SELECT path, dated, rows, published, published_last, fetched, fetched_last FROM span "
            "JOIN file ON file.id = file"
        ),
        "SELECT record_id, published, fetched, signature FROM originals",
        "SELECT name, id, version FROM state",
    )

    def everything(view: View) -> list[list[Any]]:
        return [sorted(map(repr, view._connection.execute(query))) for query in queries]

    return index.ask_newest(everything)


def is_current(store: Store, cache: Path) -> None:
    with Index(store, cache) as index, Index(store) as fresh:
        assert content(index) == content(fresh)
        assert index._path is not None


# --- what it says -----------------------------------------------------------------------------------------------------


def test_it_answers_as_the_tables_do(store: Store) -> None:
    now = Tables(store).snapshot()
    records = now.query("SELECT * FROM records").to_pylist()
    captures = now.query("SELECT * FROM captures").to_pylist()
    assert {row["outcome"] for row in captures} >= {"new", "revision", "unchanged", "rejected"}
    urls = {f"https://alpha.example/{page}" for page in range(4)}
    some = {row["record_id"] for row in records[-2:]}

    def check(view: View) -> None:
        held = view.held(some, "alpha", urls)
        expected = [row for row in records if row["record_id"] in some or row["url"] in urls]
        names = ("record_id", "capture_id", "first_fetched_at", "revision_of", "revision", "duplicate_of", "similarity")
        assert {tuple(getattr(each, name) for name in names) for each in held} == {
            tuple(row[name] for name in names) for row in expected
        }
        assert {each.url for each in held} - {""} == urls
        assert {
            (each.canonical_url, each.capture_id, each.fetched_at, each.record_id) for each in view.seen("alpha", urls)
        } == {
            (row["canonical_url"], row["capture_id"], row["fetched_at"], row["record_id"])
            for row in captures
            if row["canonical_url"] in urls and row["record_id"]
        }
        assert view.seen("beta", urls) == []
        assert view.ingested() == view.ingested("alpha") == {row["warc_key"] for row in captures}
        assert view.ingested("beta") == set()
        key = captures[0]["warc_key"]
        assert sum(number for _, _, number in view.outcomes(key)) == 5
        assert ("rejected", "http_error", 1) in view.outcomes(key)
        gone = [row for row in captures if row["url"] == "https://alpha.example/gone"]
        last = view.last_response("alpha", "https://alpha.example/gone")
        newest = max(gone, key=lambda row: row["fetched_at"])
        assert last is not None
        assert {name: getattr(last, name) for name in last.__slots__} == {name: newest[name] for name in last.__slots__}
        same = view.responses(
            "alpha", "https://alpha.example/gone", digest=newest["payload_digest"], at=None, capture=None
        )
        assert len(same) == len(gone) == BATCHES
        found = view.wordings({row["record_id"] for row in records})
        assert {each: wording.text for each, wording in found.items()} == {
            row["record_id"]: row["text"] for row in records
        }

    with Index(store) as index:
        index.ask(now, check)


@given(st.text(max_size=40) | st.uuids().map(str) | st.binary(min_size=16, max_size=16).map(bytes.hex))
def test_ids_are_as_they_were(text: str) -> None:
    packed = packed_capture(text)
    assert packed is not None
    assert capture_id(packed) == text
    assert digest(packed_digest(text)) == text
    assert digest(packed_digest(f"sha1:{text}")) == f"sha1:{text}"


# --- candidates -------------------------------------------------------------------------------------------------------


def one_record(chosen: np.random.Generator, signature: bytes) -> Row:
    text = chosen.bytes(8).hex()
    day = timedelta(hours=float(chosen.uniform(0, 24 * 40)))
    return {
        **dict.fromkeys(
            ("published_raw", "published_calendar", "published_precision", "published_from", "modified_at")
        ),
        **dict.fromkeys(("section", "site_name", "image_url", "revision_of", "duplicate_of", "similarity")),
        **dict.fromkeys(("tags", "attribution", "authors", "flags"), ()),
        **dict.fromkeys(("url", "source", "title", "text", "language", "capture_id", "extractor"), text),
        "record_id": record_id(text),
        "language_confidence": 1.0,
        "revision": 0,
        "published_at": MONDAY - day if chosen.random() < 0.7 else None,
        "signature": signature,
        "first_fetched_at": MONDAY + timedelta(hours=float(chosen.uniform(-24 * 12, 24 * 12))),
        "duplicate_of": record_id("x") if chosen.random() < 0.1 else None,
    }


def one_reading(row: Row) -> Reading:
    date = row["published_at"] and Date(
        at=row["published_at"], raw="x", calendar="gregorian", precision="second", where="line"
    )
    return Reading(
        capture_id=row["capture_id"],
        source="alpha",
        url=row["url"],
        canonical_url=row["url"],
        fetched_at=row["first_fetched_at"],
        result=Article(title="عنوان", paragraphs=(row["text"],), published=date),
        record_id=row["record_id"],
        signature=row["signature"],
    )


def resembling(reading: Reading, rows: Sequence[Row], window: timedelta) -> list[str]:
    """The most similar originals by a look at every one."""
    found = []
    for row in rows:
        assert isinstance(reading.result, Article)
        published = reading.result.published and reading.result.published.at
        dated = published and row["published_at"]
        apart = published - row["published_at"] if dated else reading.fetched_at - row["first_fetched_at"]
        one, other = (np.frombuffer(each, np.uint8) for each in (reading.signature, row["signature"]))
        share = float(similarities(one, other))
        if not row["duplicate_of"] and abs(apart) <= window and share >= ALIKE:
            found.append((-share, row["record_id"]))
    return [record for _, record in sorted(found)[:MOST]]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from([0.3, 0.42, 0.5, 0.9]), st.sampled_from([1, 7, 100]))
def test_candidates_are_those_that_a_look_at_everything_finds(seed: int, kept: float, days: int) -> None:
    chosen, window = np.random.default_rng(seed), timedelta(days=days)
    templates = [chosen.integers(0, 256, 112, np.uint8) for _ in range(4)]

    def signature() -> bytes:
        template = templates[chosen.integers(len(templates))]
        return np.where(chosen.random(112) < kept, template, chosen.integers(0, 256, 112, np.uint8)).tobytes()

    with pytest.MonkeyPatch.context() as patch, _scratch() as directory:
        patch.setattr("archive.index.originals._SPAN", 16)
        patch.setattr("archive.index.originals._TOGETHER", 100)
        tables, rows = Tables(LocalStore(Path(directory))), []
        for _ in range(3):
            rows.append([one_record(chosen, signature()) for _ in range(100)])
            tables.append(RECORDS, rows[-1], tables.snapshot(), note={})
        all_rows = [row for some in rows for row in some]
        readings = [one_reading(one_record(chosen, signature())) for _ in range(20)]
        without = {all_rows[0]["record_id"], all_rows[1]["record_id"]}
        expected = [
            resembling(each, [r for r in all_rows if r["record_id"] not in without], window) for each in readings
        ]
        with Index(LocalStore(Path(directory))) as index:
            found: list[Original] = index.ask_newest(lambda view: view.originals(readings, window, without=without))
    by_id = {each.record_id: each for each in found}
    assert len(by_id) == len(found)
    assert [[record for record in records if record in by_id] for records in expected] == expected
    held = {row["record_id"]: row for row in all_rows}
    for record, each in by_id.items():
        row = held[record]
        assert (each.published_at, each.first_fetched_at, each.signature) == (
            row["published_at"],
            row["first_fetched_at"],
            row["signature"],
        )
        assert not row["duplicate_of"]


def _scratch() -> Any:  # for hypothesis, whose examples share fixtures
    from tempfile import TemporaryDirectory

    return TemporaryDirectory()


# --- what happens to it -----------------------------------------------------------------------------------------------


def test_only_what_is_new_is_read(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    get = LocalStore.get

    def noted(self: LocalStore, key: str) -> bytes:
        read.append(key)
        return get(self, key)

    monkeypatch.setattr(LocalStore, "get", noted)
    is_current(store, tmp_path / "cache")
    read.clear()
    with Index(store, tmp_path / "cache") as index:
        content(index)
        assert read == []
        path = write_warc(tmp_path, [Response("https://alpha.example/99", article(paragraphs(99)))], run="r99")
        ingest(store, store_warc(store, path), SOURCE, run_id="r99", index=index)
        content(index)
    assert len([key for key in read if key.endswith(".parquet")]) == 2
    is_current(store, tmp_path / "cache")


def test_it_follows_compaction_deletion_and_change(store: Store, tmp_path: Path) -> None:
    with Index(store, tmp_path / "cache") as index:
        content(index)
        for change in (
            lambda: DeltaTable(store.table_uri(CAPTURES)).optimize.compact(),
            lambda: DeltaTable(store.table_uri(RECORDS)).delete("url = 'https://alpha.example/2'"),
            lambda: DeltaTable(store.table_uri(RECORDS)).update({"revision": "7"}, predicate="revision = 0"),
        ):
            change()
            with Index(store) as fresh:
                assert content(index) == content(fresh)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def of_another_format(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def without_a_table(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE capture")
    connection.close()


@pytest.mark.parametrize(
    "harm",
    [
        Path.unlink,
        truncated,
        of_another_format,
        without_a_table,
        lambda path: path.write_bytes(b"no database at all" * 1000),
        lambda path: path.write_bytes(b""),
        lambda path: shutil.rmtree(path.parent),
    ],
)
def test_an_index_that_is_lost_or_damaged_is_built_again(
    store: Store, tmp_path: Path, harm: Callable[[Path], Any], caplog: pytest.LogCaptureFixture
) -> None:
    is_current(store, tmp_path / "cache")
    [path] = (tmp_path / "cache").rglob("*.sqlite")
    harm(path)
    is_current(store, tmp_path / "cache")
    assert len([*(tmp_path / "cache").rglob("*.sqlite")]) == 1
    assert caplog.records == []


def test_one_that_is_deleted_in_use_does_no_harm(store: Store, tmp_path: Path) -> None:
    with Index(store, tmp_path / "cache") as one:
        content(one)
        shutil.rmtree(tmp_path / "cache")
        with Index(store, tmp_path / "cache") as other:
            assert content(other) == content(one)
            path = write_warc(tmp_path, [Response("https://alpha.example/99", article(paragraphs(99)))], run="r99")
            ingest(store, store_warc(store, path), SOURCE, run_id="r99", index=other)
            assert content(other) == content(one)
    is_current(store, tmp_path / "cache")


def test_another_archive_in_the_same_place_is_read_anew(store: Store, built: Path, tmp_path: Path) -> None:
    is_current(store, tmp_path / "cache")
    shutil.rmtree(store.root)
    with Index(store, tmp_path / "cache") as index:
        assert index.ask_newest(lambda view: view.ingested()) == set()
    path = write_warc(tmp_path, [Response("https://alpha.example/1", article(paragraphs(1)))], run="r1")
    with Index(store, tmp_path / "cache") as index:
        assert ingest(store, store_warc(store, path), SOURCE, run_id="r1", index=index).outcomes == {"new": 1}
    is_current(store, tmp_path / "cache")
    shutil.rmtree(store.root)
    shutil.copytree(built, store.root)
    is_current(store, tmp_path / "cache")


def test_a_directory_that_cannot_be_written_is_told_of_once_and_no_failure(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with Index(store, tmp_path / "file" / "cache") as index, caplog.at_level(logging.WARNING):
        assert pending_warcs(store, index=index) == []
        with Index(store) as fresh:
            assert content(index) == content(fresh)
    [record] = caplog.records
    assert "set WARRAQ_CACHE" in record.getMessage()
    assert "\n" not in record.getMessage()


@pytest.mark.parametrize("mount", ["size=64k", "ro"])
def test_a_full_or_read_only_disk_is_told_of_and_no_failure(store: Store, tmp_path: Path, mount: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    program = [sys.executable, "-c", f"""
from pathlib import Path
from archive.index import Index
from archive.ingest import pending_warcs
from archive.store import LocalStore
store = LocalStore(Path({store.root!r}))
index = Index(store, Path({str(cache)!r}))
print(pending_warcs(store, index=index), len(index.ask_newest(lambda view: view.ingested())))
"""]  # fmt: skip
    shell = f'mount -t tmpfs -o {mount} none {cache} && exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", shell, "sh"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True).returncode:
        message = "a file system cannot be mounted here (unshare --map-root-user --mount)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run([*command, *program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == (f"[] {BATCHES}\n", 0)
    assert done.stderr.count("\n") == 1
    assert "WARRAQ_CACHE" in done.stderr


def catch_up(root: str, cache: str, dies_at: int | None) -> None:
    """In a process of its own: each file is committed by itself, and the process may be killed between two."""
    store = open_store(root)
    told = 0

    def tell(_: str) -> None:
        nonlocal told
        told += 1
        if told == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    file._STEP = 0
    with Index(store, Path(cache)) as index:
        index.ask_newest(lambda view: view.ingested(), on_progress=tell)


def test_several_processes_catch_up_at_once(store: Store, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    arguments = (store.root, str(tmp_path / "cache"), None)
    processes = [context.Process(target=catch_up, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    is_current(store, tmp_path / "cache")


def test_one_that_is_killed_is_continued(store: Store, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for dies_at in (1, 3, 4):
        process = context.Process(target=catch_up, args=(store.root, str(tmp_path / "cache"), dies_at))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
    [path] = (tmp_path / "cache").rglob("*.sqlite")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM file").fetchone()[0] > 2
    connection.close()
    is_current(store, tmp_path / "cache")


def test_a_data_file_that_is_lost_is_named(store: Store) -> None:
    [lost, *_] = Path(store.root).glob("records/*/*.parquet")
    lost.unlink()
    with Index(store) as index, pytest.raises(NoSuchKey, match=lost.name):
        index.ask_newest(lambda view: view.ingested())


def test_a_table_with_deletion_vectors_is_refused(store: Store) -> None:
    DeltaTable(store.table_uri(CAPTURES)).alter.add_feature(
        TableFeatures.DeletionVectors, allow_protocol_versions_increase=True
    )
    with Index(store) as index, pytest.raises(StoreError, match="DROP FEATURE deletionVectors"):
        index.ask_newest(lambda view: view.ingested())
