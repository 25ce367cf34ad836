"""Upkeep changes the files, never the rows; and writers go on beside it."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc

from archive.ingest import ingest, store_warc
from archive.store import LocalStore, Store
from archive.tables import Tables
from archive.upkeep import maintain
from archive.verify import verify

BRANDS = {SOURCE.id: frozenset({SOURCE.name})}
NOTE = {"warraq.run": "tests"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LocalStore(tmp_path / "root")


def stored(store: Store, directory: Path, count: int, *, first: int = 0) -> list[str]:
    """Keys of WARC files with an article of its own each."""
    keys = []
    for number in range(first, first + count):
        page = Response(f"https://alpha.example/{number}", article(paragraphs(number)))
        at = MONDAY + timedelta(minutes=number)
        keys.append(store_warc(store, write_warc(directory, [page], run=f"r{number}", at=at)))
    return keys


def rows(store: Store) -> list[list[Any]]:
    now = Tables(store).snapshot()
    orders = {"records": "record_id", "captures": "capture_id"}
    return [now.query(f"SELECT * FROM {name} ORDER BY {by}").to_pylist() for name, by in orders.items()]  # noqa: S608


def test_small_files_are_joined_and_the_rows_stay(store: Store, tmp_path: Path) -> None:
    for key in stored(store, tmp_path, 6):
        ingest(store, key, SOURCE, run_id="r")
    before = rows(store)
    report = maintain(store, brands=BRANDS, note=NOTE)
    assert {name: (kept.before.files, kept.after.files) for name, kept in report.tables.items()} == {
        "records": (6, 1),
        "captures": (6, 1),
    }
    assert rows(store) == before
    assert list(verify(store)) == []
    again = maintain(store, brands=BRANDS, note=NOTE)
    assert {kept.after.version - kept.before.version for kept in again.tables.values()} == {0}
    assert again.election.looked_at == 0


def test_what_no_version_needs_is_deleted_when_its_retention_is_over(store: Store, tmp_path: Path) -> None:
    for key in stored(store, tmp_path, 3):
        ingest(store, key, SOURCE, run_id="r")
    report = maintain(store, brands=BRANDS, note=NOTE)
    assert [kept.removed for kept in report.tables.values()] == [0, 0]  # they are younger than that
    before = rows(store)
    tables = Tables(store)
    assert [tables.clean(name, timedelta(0), note=NOTE) for name in ("records", "captures")] == [3, 3]
    assert rows(store) == before
    assert maintain(store, brands=BRANDS, note=NOTE).election.changed == 0


def test_a_retention_that_would_hurt_writers_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="about to commit"):
        maintain(store, brands=BRANDS, note=NOTE, retention=timedelta(hours=2))


def _ingest_all(root: str, keys: list[str]) -> None:
    store = LocalStore(Path(root))
    for key in keys:
        ingest(store, key, SOURCE, run_id="r")


def test_writers_go_on_beside_it(store: Store, tmp_path: Path) -> None:
    keys = stored(store, tmp_path, 12)
    _ingest_all(store.root, keys[:2])
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_ingest_all, args=(store.root, keys[2 + n :: 2])) for n in range(2)]
    for writer in writers:
        writer.start()
    rounds = 0
    while any(writer.is_alive() for writer in writers):
        maintain(store, brands=BRANDS, note=NOTE)
        rounds += 1
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert rounds
    records, captures = rows(store)
    assert (len(records), len(captures)) == (12, 12)
    assert list(verify(store)) == []
