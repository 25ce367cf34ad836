"""The tables: created once by racing writers, read at a version, committed only by who read the newest."""

from __future__ import annotations

import json
import multiprocessing
import traceback
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars
import pytest

from archive.keys import CAPTURES, RECORDS
from archive.store import LocalStore, Store, StoreError, open_store
from archive.tables import CAPTURE_COLUMNS, RECORD_COLUMNS, Conflict, Row, Tables

AT = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=3, minutes=30)))  # still December in UTC


def record(identity: str, **values: Any) -> Row:
    return {
        "record_id": identity,
        "url": "https://alpha.example/1",
        "source": "alpha",
        "title": "عنوان",
        "text": "سطر\nسطر",
        "authors": ("كاتب",),
        "published_at": AT,
        "language": "ar",
        "language_confidence": 0.98,
        "tags": (),
        "attribution": (),
        "flags": (),
        "revision": 0,
        "signature": bytes(112),
        "first_fetched_at": AT,
        "capture_id": "c" + identity,
        "extractor": "test/1",
        **values,
    }


def capture(identity: str) -> Row:
    return {
        "capture_id": identity,
        "source": "alpha",
        "url": "https://alpha.example/1",
        "canonical_url": "https://alpha.example/1",
        "fetched_at": AT,
        "http_status": 200,
        "payload_digest": "sha1:x",
        "outcome": "new",
        "record_id": "1",
        "warc_key": "warc/x.warc.gz",
        "warc_offset": 0,
        "warc_length": 10,
        "run_id": "r",
        "extractor": "test/1",
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LocalStore(tmp_path / "archive")


def check_round_trip(store: Store) -> None:
    tables = Tables(store)
    empty = tables.snapshot()
    assert empty.query("SELECT count(*) AS n FROM records, captures").to_pylist() == [{"n": 0}]
    tables.append(RECORDS, [record("1"), record("2", published_at=None, url="https://a.example/it's")], empty, note={})
    tables.append(CAPTURES, [capture("c1")], empty, note={"warraq.run": "r"})
    now = tables.snapshot()
    assert now.versions == {RECORDS: 1, CAPTURES: 1}
    first, second = now.query("SELECT * FROM records ORDER BY record_id").to_pylist()
    assert first["published_at"] == AT
    assert first["published_at"].utcoffset() == timedelta(0)
    assert first["authors"] == ["كاتب"]
    assert first["published_month"] == second["published_month"] == "2025-12"
    found = now.query("SELECT record_id FROM records WHERE url = {url}", url="https://a.example/it's")
    assert found.to_pylist() == [{"record_id": "2"}]
    assert now.query("SELECT fetched_date FROM captures").to_pylist() == [{"fetched_date": date(2025, 12, 31)}]
    assert empty.query("SELECT * FROM records").num_rows == 0


def test_what_is_written_is_read_in_utc_and_by_partition(store: Store) -> None:
    check_round_trip(store)


@pytest.mark.ceph
def test_what_is_written_is_read_from_s3(s3_root: str) -> None:
    check_round_trip(open_store(s3_root))


def test_a_commit_against_an_old_snapshot_is_refused(store: Store) -> None:
    tables = Tables(store)
    tables.append(RECORDS, [record("1")], tables.snapshot(), note={})
    old = tables.snapshot()
    tables.append(RECORDS, [record("2")], old, note={})
    with pytest.raises(Conflict):
        tables.append(RECORDS, [record("3")], old, note={})
    assert tables.snapshot().query("SELECT record_id FROM records ORDER BY 1")["record_id"].to_pylist() == ["1", "2"]


def test_a_commit_against_no_table_is_refused_where_there_is_one(store: Store) -> None:
    tables = Tables(store)
    none = tables.snapshot()
    tables.append(RECORDS, [record("1")], none, note={})
    with pytest.raises(Conflict):
        tables.append(RECORDS, [record("2")], none, note={})


def _append_when_all_are_ready(root: str, number: int, barrier: Any, results: Any) -> None:
    tables = Tables(open_store(root))
    none = tables.snapshot()
    barrier.wait(60)
    try:
        tables.append(RECORDS, [record(str(number))], none, note={})
        results.put((number, "committed"))
    except Conflict:
        results.put((number, "conflict"))
    except Exception as error:
        results.put((number, repr(error)))


def check_creation_race(root: str) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(4), context.Queue()
    writers = [
        context.Process(target=_append_when_all_are_ready, args=(root, number, barrier, results)) for number in range(4)
    ]
    for writer in writers:
        writer.start()
    answers = dict(results.get(timeout=120) for _ in writers)
    for writer in writers:
        writer.join(60)
    assert set(answers.values()) <= {"committed", "conflict"}
    winners = {str(number) for number, answer in answers.items() if answer == "committed"}
    assert len(winners) <= 1  # none where one creates the table and another, seeing it, has not yet written
    now = Tables(open_store(root)).snapshot()
    assert set(now.query("SELECT record_id FROM records")["record_id"].to_pylist()) == winners
    assert now.versions[RECORDS] == len(winners)


def test_racing_writers_create_a_table_once(tmp_path: Path) -> None:
    check_creation_race(str(tmp_path / "archive"))


@pytest.mark.ceph
def test_racing_writers_create_a_table_once_on_s3(s3_root: str) -> None:
    check_creation_race(s3_root)


def test_another_engine_reads_the_tables(store: Store) -> None:
    tables = Tables(store)
    tables.append(RECORDS, [record("1"), record("2", published_at=None)], tables.snapshot(), note={})
    assert polars.read_delta(store.table_uri(RECORDS))["record_id"].sort().to_list() == ["1", "2"]


def test_the_log_explains_the_columns_and_stays_small(store: Store) -> None:
    tables = Tables(store)
    tables.append(RECORDS, [record("1", text="ن" * 10_000)], tables.snapshot(), note={"warraq.warc": "k"})
    log = Path(store.table_uri(RECORDS)) / "_delta_log"
    created = [json.loads(line) for line in (log / f"{0:020}.json").read_text().splitlines()]
    (metadata,) = (line["metaData"] for line in created if "metaData" in line)
    explained = {
        field["name"]: field["metadata"]["comment"] for field in json.loads(metadata["schemaString"])["fields"]
    }
    assert list(explained) == RECORD_COLUMNS.names
    assert all(explained.values())
    added = (log / f"{1:020}.json").read_text()
    assert len(added) < 4000
    assert "signature" not in added
    assert '"warraq.warc":"k"' in added


def test_every_column_is_explained_once() -> None:
    for columns in (RECORD_COLUMNS, CAPTURE_COLUMNS):
        explanations = [field.metadata[b"comment"].decode() for field in columns]
        assert len(set(explanations)) == len(explanations)
        assert all(each.endswith((".", ")")) for each in explanations)


def test_a_row_without_a_required_value_is_refused_and_nothing_written(store: Store) -> None:
    tables = Tables(store)
    row = record("1")
    row["title"] = None
    with pytest.raises(StoreError, match="records"):
        tables.append(RECORDS, [row], tables.snapshot(), note={})
    assert tables.snapshot().query("SELECT * FROM records").num_rows == 0


def test_a_broken_query_and_an_unreachable_store_say_so_in_a_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match="cannot query the tables") as broken:
        Tables(store).snapshot().query("SELECT nothing FROM records")
    assert not broken.value.retryable
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    with pytest.raises(StoreError, match="cannot open the table s3://bucket-of-nobody") as unreachable:
        Tables(open_store("s3://bucket-of-nobody/x")).snapshot()
    assert unreachable.value.retryable
    assert "\n" not in str(unreachable.value)
    assert "\x1b" not in str(unreachable.value)
    assert "nothing" not in "".join(traceback.format_exception(unreachable.value)), "the errors behind it are shown too"


@pytest.mark.ceph
def test_a_bucket_that_does_not_exist_or_is_not_ours_is_named(
    ceph: Any, s3_root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match="NoSuchBucket; create the bucket"):
        Tables(open_store("s3://no-such-bucket/x")).snapshot()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ceph.stranger_access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ceph.stranger_secret_key)
    with pytest.raises(StoreError, match="AccessDenied; allow"):
        Tables(open_store(s3_root)).snapshot()


def test_a_table_of_another_version_is_refused(store: Store) -> None:
    from deltalake import DeltaTable

    DeltaTable.create(store.table_uri(RECORDS), RECORD_COLUMNS.remove(0))
    with pytest.raises(StoreError, match="lacks the columns record_id"):
        Tables(store).snapshot()


def test_any_year_and_a_set_of_nothing_can_be_asked_for(store: Store) -> None:
    tables = Tables(store)
    years = [datetime(1, 1, 1, tzinfo=UTC), datetime(622, 7, 16, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)]
    rows = [record(str(at.year), published_at=at, first_fetched_at=at) for at in years]
    tables.append(RECORDS, rows, tables.snapshot(), note={})
    now = tables.snapshot()
    for at in years:
        found = now.query("SELECT record_id FROM records WHERE published_at BETWEEN {at} AND {at}", at=at)
        assert found["record_id"].to_pylist() == [str(at.year)]
    query = "SELECT * FROM records WHERE url IN {urls} AND {yes} AND {none} IS NULL"
    assert now.query(query, urls=set(), yes=True, none=None).num_rows == 0


def test_a_long_list_can_be_asked_for(store: Store) -> None:
    """Thirty thousand values of an IN overflowed the engine's stack, which ended the process."""
    tables = Tables(store)
    tables.append(RECORDS, [record("it's", url="https://a.example/\x1f,')")], tables.snapshot(), note={})
    many = {str(number) for number in range(40_000)}
    now = tables.snapshot()
    assert now.query("SELECT 1 FROM records WHERE record_id IN {ids}", ids=many | {"it's"}).num_rows == 1
    assert now.query("SELECT 1 FROM records WHERE record_id IN {ids}", ids=many).num_rows == 0
    query = "SELECT 1 FROM records WHERE record_id IN {ids} OR NOT (url IN {ids})"
    assert now.query(query, ids=many | {"https://a.example/\x1f,')"}).num_rows == 0
