"""Verification: silent on a sound archive, and naming what was broken in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from warcs import SOURCE, Response, article, paragraphs, write_warc

from archive.ingest import ingest, store_warc
from archive.keys import CAPTURES, RECORDS, index_key
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


def findings(store: LocalStore) -> dict[str, Finding]:
    found = {each.invariant: each for each in verify(store)}
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
    assert list(verify(store, on_progress=told.append)) == []
    assert told[0] == key
    assert {*told[1:], "warc-sound", "warc-index", "warc-ingested", "forgotten"} == set(INVARIANTS)


def test_a_flipped_byte_is_found(store: LocalStore, key: str) -> None:
    path = Path(store.root) / key
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    assert findings(store)["warc-sound"].where == key


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
