"""Verification: silent on a sound archive, and naming what was broken in another."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from warcs import SISTER, SOURCE, Response, article, paragraphs, write_warc

from archive.forget import forget, plan
from archive.ingest import ingest, store_warc
from archive.keys import CAPTURES, RECORDS, index_key
from archive.reelect import reelect
from archive.store import LocalStore
from archive.tables import Tables
from archive.verify import INVARIANTS, Finding, verify


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "archive")


@pytest.fixture
def key(store: LocalStore, tmp_path: Path) -> str:
    """Key of a file that is stored and ingested: two articles and a page that is not there."""
    pages = [Response(f"https://alpha.example/{n}", article(paragraphs(n))) for n in (1, 2)]
    path = write_warc(tmp_path, [*pages, Response("https://alpha.example/3", b"", 404)], run="r1")
    key = store_warc(store, path)
    ingest(store, key, SOURCE, run_id="r1")
    return key


def findings(store: LocalStore, *, deep: bool = False) -> dict[str, Finding]:
    found = {each.invariant: each for each in verify(store, deep=deep)}
    assert all(each.next_step and each.where and each.problem for each in found.values())
    assert set(found) <= set(INVARIANTS)
    return found


def rows(store: LocalStore, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Tables(store).snapshot().query(f"SELECT * FROM {table}").to_pylist()  # noqa: S608
    return found


def append(store: LocalStore, table: str, **changes: Any) -> None:
    """Add a row that no run of the pipeline would write: the table's first, changed."""
    tables = Tables(store)
    kept = "outcome = 'new'" if table == CAPTURES else "true"
    row = tables.snapshot().query(f"SELECT * FROM {table} WHERE {kept} LIMIT 1").to_pylist()[0]  # noqa: S608
    tables.append(table, [{**row, **changes}], tables.snapshot(), note={})


def test_an_empty_and_a_sound_archive_have_no_findings(store: LocalStore, request: pytest.FixtureRequest) -> None:
    assert findings(store) == {}
    key = request.getfixturevalue("key")
    told: list[str] = []
    assert list(verify(store, deep=True, on_progress=told.append)) == []
    assert told[:2] == ["table-log", key]
    told = [each for each in told if "/" not in each]
    assert {*told, "warc-sound", "warc-index", "warc-ingested"} == set(INVARIANTS)
    assert list(verify(store)) == []


def test_a_flipped_byte_is_found(store: LocalStore, key: str) -> None:
    path = Path(store.root) / key
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    assert findings(store, deep=True)["warc-sound"].where == key


def test_a_file_that_is_no_warc_is_found(store: LocalStore, key: str) -> None:
    path = Path(store.root) / key
    path.chmod(0o644)
    path.write_bytes(b"<html>")
    assert findings(store)["warc-sound"].where == key


def test_an_index_that_is_gone_or_lists_something_else_is_found(store: LocalStore, key: str) -> None:
    index = index_key(key)
    lines = store.get(index).splitlines(keepends=True)
    store.delete(index)
    assert findings(store)["warc-index"].where == index
    for content in (b"".join(lines[:-1]), b"".join(lines).replace(b'"offset": "', b'"offset": "1'), b"nonsense\n"):
        store.put_if_absent(index, content)
        assert findings(store)["warc-index"].where == index
        store.delete(index)


def test_a_file_that_was_not_ingested_is_found(store: LocalStore, key: str, tmp_path: Path) -> None:
    other = store_warc(store, write_warc(tmp_path, [Response("https://alpha.example/9", b"", 404)], run="r9"))
    assert findings(store)["warc-ingested"].where == other


def test_captures_of_a_file_that_is_gone_are_found(store: LocalStore, key: str) -> None:
    store.delete(key)
    assert findings(store)["capture-warc"].where == key


def test_a_capture_at_a_wrong_offset_or_twice_is_found(store: LocalStore, key: str) -> None:
    append(store, CAPTURES, warc_offset=7)
    assert findings(store)["capture-warc"].where == key


def test_a_second_row_of_a_record_is_found(store: LocalStore, key: str) -> None:
    append(store, RECORDS)
    assert findings(store)["record-unique"].where in {row["record_id"] for row in rows(store, RECORDS)}


def test_a_record_without_its_capture_is_found(store: LocalStore, key: str) -> None:
    append(store, RECORDS, record_id="f" * 32, capture_id="nobody")
    found = findings(store)
    assert set(found) == {"record-capture"}
    assert "alpha" in found["record-capture"].next_step


def test_a_capture_without_its_record_or_with_a_wrong_outcome_is_found(store: LocalStore, key: str) -> None:
    append(store, CAPTURES, record_id="f" * 32, capture_id="lost")
    append(store, CAPTURES, outcome="rejected", capture_id="odd")
    assert {each.where for each in verify(store) if each.invariant == "capture-record"} == {"lost", "odd"}


def test_chains_of_near_duplicates_and_originals_that_do_not_exist_are_found(store: LocalStore, key: str) -> None:
    original = rows(store, RECORDS)[0]["record_id"]
    append(store, RECORDS, record_id="a" * 32, duplicate_of=original)
    assert "duplicate-original" not in findings(store)
    append(store, RECORDS, record_id="b" * 32, duplicate_of="a" * 32)
    append(store, RECORDS, record_id="c" * 32, duplicate_of="0" * 32)
    wrong = [each.where[0] for each in verify(store) if each.invariant == "duplicate-original"]
    assert sorted(wrong) == ["b", "c"]


def test_cycles_of_revisions_and_predecessors_that_do_not_exist_are_found(store: LocalStore, key: str) -> None:
    original = rows(store, RECORDS)[0]["record_id"]
    append(store, RECORDS, record_id="a" * 32, revision_of=original)
    append(store, RECORDS, record_id="b" * 32, revision_of="a" * 32)
    assert "revision-base" not in findings(store)
    append(store, RECORDS, record_id="c" * 32, revision_of="d" * 32)
    append(store, RECORDS, record_id="d" * 32, revision_of="c" * 32)
    append(store, RECORDS, record_id="e" * 32, revision_of="0" * 32)
    wrong = {each.where[0] for each in verify(store) if each.invariant == "revision-base"}
    assert wrong in ({"c", "e"}, {"d", "e"})


# --- what is mended, and what is not --------------------------------------------------------------------------------


def check_mended(store: LocalStore, *invariants: str, deep: bool = False) -> None:
    """Found, mended and then not found again."""
    found = list(verify(store, deep=deep, sources={SOURCE.id: SOURCE}))
    assert {each.invariant for each in found} == set(invariants)
    assert all(each.done for each in found)
    assert list(verify(store, deep=True)) == []


def check_reported(store: LocalStore, *invariants: str, deep: bool = False) -> None:
    """Found, and left as it is."""
    before = {each.key: store.get(each.key) for each in store.list("")}
    for sources in (None, {SOURCE.id: SOURCE}):
        found = list(verify(store, deep=deep, sources=sources))
        assert {each.invariant for each in found} == set(invariants)
        assert not any(each.done for each in found)
    assert before == {each.key: store.get(each.key) for each in store.list("")}


def delete_rows(store: LocalStore, table: str, condition: str) -> None:
    DeltaTable(store.table_uri(table)).delete(condition)


def test_indexes_are_written_again(store: LocalStore, key: str) -> None:
    right = store.get(index_key(key))
    for wrong in (b"", right[:-50], right.replace(b'"offset": "', b'"offset": "1'), right * 2, b"nonsense\n"):
        store.replace(index_key(key), wrong)
        check_mended(store, "warc-index")
        assert store.get(index_key(key)) == right
    store.delete(index_key(key))
    check_mended(store, "warc-index")


def test_an_index_without_its_file_is_removed_once_it_is_old(store: LocalStore, key: str) -> None:
    orphan = index_key(key.replace("-00000.", "-00001."))
    store.put_if_absent(orphan, b"")
    assert list(verify(store)) == []  # its writer may be about to store the file
    old = time.time() - 2 * 86400
    os.utime(Path(store.root) / orphan, (old, old))
    check_mended(store, "warc-index")
    assert not store.exists(orphan)


def test_a_file_that_was_not_ingested_is_ingested(store: LocalStore, key: str, tmp_path: Path) -> None:
    store_warc(store, write_warc(tmp_path, [Response("https://alpha.example/9", article(paragraphs(9)))], run="r9"))
    check_mended(store, "warc-ingested")
    store_warc(store, write_warc(tmp_path, [Response("https://beta.example/9", b"", 404)], run="r9", source=SISTER))
    check_reported(store, "warc-ingested")


def test_captures_that_were_lost_come_back_with_their_file(store: LocalStore, key: str) -> None:
    delete_rows(store, CAPTURES, f"warc_key = '{key}'")
    assert set(findings(store)) == {"warc-ingested", "record-capture"}
    check_mended(store, "warc-ingested")


def test_some_lost_captures_of_a_file_are_reported(store: LocalStore, key: str) -> None:
    delete_rows(store, CAPTURES, "outcome = 'rejected'")
    check_reported(store, "warc-ingested")


def test_a_truncated_file_is_reported(store: LocalStore, key: str) -> None:
    content = store.get(key)
    store.replace(key, content[:-700])
    found = findings(store)
    assert {"warc-sound", "capture-warc"} <= set(found)
    check_reported(store, *found)


def test_a_record_that_is_not_its_captures_is_found(store: LocalStore, key: str) -> None:
    start = rows(store, CAPTURES)[0]["warc_offset"]
    assert start
    content = store.get(key)
    last = max(rows(store, CAPTURES), key=lambda row: row["warc_offset"])
    at, end = last["warc_offset"], last["warc_offset"] + last["warc_length"]
    store.replace(key, content[:at] + bytes(last["warc_length"]) + content[end:])
    assert {"warc-sound", "capture-warc"} <= set(findings(store))


def test_lost_originals_and_chains_are_elected_again(store: LocalStore, key: str) -> None:
    original = rows(store, RECORDS)[0]["record_id"]
    reelect(Tables(store))
    table = DeltaTable(store.table_uri(RECORDS))
    table.update(updates={"duplicate_of": "'" + "0" * 32 + "'"}, predicate=f"record_id = '{original}'")
    check_mended(store, "duplicate-original")
    one, other = (row["record_id"] for row in rows(store, RECORDS))
    for copy, of in ((one, other), (other, one)):
        table.update_incremental()
        table.update(updates={"duplicate_of": f"'{of}'"}, predicate=f"record_id = '{copy}'")
    check_mended(store, "duplicate-original")


def test_outcomes_and_records_that_do_not_fit_are_reported(store: LocalStore, key: str) -> None:
    table = DeltaTable(store.table_uri(CAPTURES))
    table.update(updates={"outcome": "'unchanged'"}, predicate="outcome = 'new'")
    check_reported(store, "capture-record")


def test_revisits_of_nothing_are_reported(store: LocalStore, key: str) -> None:
    one, other = (row["capture_id"] for row in rows(store, CAPTURES) if row["record_id"])
    table = DeltaTable(store.table_uri(CAPTURES))
    for of in ("nobody", other, one):  # one that is not there, has another payload, or is a revisit itself
        table.update_incremental()
        table.update(updates={"repeats": f"'{of}'"}, predicate=f"capture_id = '{one}'")
        check_reported(store, "capture-repeats")


@pytest.mark.parametrize("column", ["signature", "text"])
def test_a_text_that_is_not_its_records_is_found_by_reading_it(store: LocalStore, key: str, column: str) -> None:
    table = DeltaTable(store.table_uri(RECORDS))
    value = "'another text'" if column == "text" else f"arrow_cast('{'x' * 112}', 'Binary')"
    table.update(updates={column: value}, predicate=f"record_id = '{rows(store, RECORDS)[0]['record_id']}'")
    assert list(verify(store)) == []
    check_reported(store, "record-text", deep=True)


def test_logs_that_are_not_whole_are_reported(store: LocalStore, key: str, tmp_path: Path) -> None:
    whole = Path(store.root)
    for number, (name, break_it, invariants) in enumerate(BROKEN_LOGS):
        broken = LocalStore(shutil.copytree(whole, tmp_path / str(number)))
        if "_last_checkpoint" in name:
            DeltaTable(broken.table_uri(RECORDS)).create_checkpoint()
        [path] = Path(broken.root).glob(name)
        break_it(path)
        found = list(verify(broken))
        assert {each.invariant for each in found} == invariants, name
        assert not any(each.done for each in found)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def aim_elsewhere(path: Path) -> None:
    path.write_text(path.read_text().replace('"version":1', '"version":7'))


BROKEN_LOGS: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("captures/fetched_date=*/*.parquet", Path.unlink, {"table-log"}),
    ("records/published_month=*/*.parquet", cut, {"table-log"}),
    ("records/_delta_log/_last_checkpoint", aim_elsewhere, {"table-log"}),
    ("captures/_delta_log/*0.json", Path.unlink, {"table-log"}),
]


def test_leftovers_of_killed_writers_are_removed(store: LocalStore, key: str) -> None:
    leftover = Path(store.root) / key.rpartition("/")[0] / f".{'0' * 32}.tmp"
    leftover.write_bytes(b"half")
    assert list(verify(store)) == []  # its writer may be at work
    old = time.time() - 2 * 86400
    os.utime(leftover, (old, old))
    check_mended(store, "leftovers")
    assert not leftover.exists()


def test_forgotten_pages_that_are_there_again_are_taken_out(store: LocalStore, key: str) -> None:
    file, index = store.get(key), store.get(index_key(key))
    record = rows(store, RECORDS)[0]
    entry, _ = plan(Tables(store).snapshot(), url=record["url"], reason="an order")
    forget(store, entry)
    append(store, RECORDS, **record)
    check_mended(store, "forgotten")
    store.replace(key, file)
    store.replace(index_key(key), index)
    check_mended(store, "forgotten")
    store.replace(key, file)  # as an older version of the object, its index being right
    check_mended(store, "forgotten", deep=True)
