"""Originals are elected again: whatever the order in which WARC files arrive, the archive ends the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from deltalake import DeltaTable
from warcs import MONDAY, SISTER, SOURCE, Response, article, paragraphs, write_warc

from archive.dedup import record_id
from archive.ingest import ingest, store_warc
from archive.keys import RECORDS
from archive.reelect import ElectionReport, reelect
from archive.store import LocalStore, StoreError, open_store
from archive.tables import Conflict, Tables
from archive.verify import verify
from extract.types import Source

THIRD = replace(SISTER, id="gamma", name="غاما", domains=("gamma.example",))


def text(*, cut: int = 0, respelt: int = 0) -> list[str]:
    """A story of ten paragraphs, without the last `cut`; a word of it is spelt otherwise in the first `respelt`."""
    kept = paragraphs(1, 10)[: 10 - cut]
    return [each.replace("المفاوضات", "المفاوظات") if at < respelt else each for at, each in enumerate(kept)]


def page(site: str, number: int, body: Sequence[str], published: str = "") -> Response:
    return Response(f"https://{site}.example/{number}", article(body, published=published))


def warcs(directory: Path) -> list[tuple[Path, Source]]:
    """Files of three sites: copies in each of originals in another, a chain, an edit, undated texts."""
    alpha = [
        page("alpha", 1, text(respelt=1), "2026-03-01T10:00:00+03:00"),
        page("alpha", 2, paragraphs(2), "2026-03-02T08:00:00+00:00"),
        page("alpha", 2, [*paragraphs(2)[:4], *paragraphs(3, 1)], "2026-03-02T08:00:00+00:00"),
        page("alpha", 3, paragraphs(4)),
    ]
    beta = [
        page("beta", 1, text(respelt=4), "2026-02-28T10:00:00+03:00"),
        page("beta", 2, paragraphs(2), "2026-03-02T08:00:00+00:00"),
        page("beta", 3, paragraphs(4)[:-1], "2026-03-02"),
        page("beta", 4, paragraphs(9), "2026-03-01T08:00:00+00:00"),
    ]
    gamma = [
        page("gamma", 1, text(cut=3), "2026-03-01T09:00:00+03:00"),
        page("gamma", 2, [*paragraphs(2)[:4]], "2026-03-03T08:00:00+00:00"),
        page("gamma", 3, paragraphs(9)[1:], "2026-02-27T08:00:00+00:00"),
    ]
    return [
        (write_warc(directory, pages, run=f"r{source.id}", source=source, at=MONDAY), source)
        for source, pages in ((SOURCE, alpha), (SISTER, beta), (THIRD, gamma))
    ]


def ingested(store: LocalStore, files: Sequence[tuple[Path, Source]]) -> Tables:
    for path, source in files:
        ingest(store, store_warc(store, path), source, run_id="r")
    return Tables(store)


def originals(tables: Tables) -> dict[str, tuple[str, float]]:
    found = tables.snapshot().query("SELECT record_id, duplicate_of, similarity FROM records").to_pylist()
    return {row["record_id"]: (row["duplicate_of"], row["similarity"]) for row in found}


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    files = warcs(tmp_path)
    outcomes = []
    before = set()
    for number, order in enumerate([*permutations(files)][::2]):
        store = LocalStore(tmp_path / str(number))
        tables = ingested(store, order)
        before.add(str(sorted(originals(tables).items())))
        if number % 2:
            reelect(tables)
        report = reelect(tables)
        assert report.looked_at == (0 if number % 2 else len(originals(tables)))
        outcomes.append(originals(tables))
        assert list(verify(store)) == []
    assert len(before) > 1
    assert all(outcome == outcomes[0] for outcome in outcomes)
    wire = record_id("\n".join(text(respelt=4)))
    assert outcomes[0][wire] == (None, None)
    assert outcomes[0][record_id("\n".join(text(respelt=1)))][0] == wire
    assert sum(1 for original, _ in outcomes[0].values() if original) >= 4


def test_each_election_looks_only_at_what_came_since(tmp_path: Path) -> None:
    (alpha, beta, gamma), store = warcs(tmp_path), LocalStore(tmp_path / "archive")
    tables = ingested(store, [alpha])
    assert reelect(tables).looked_at == 4
    assert reelect(tables) == ElectionReport(looked_at=0, compared=0, changed=0, retries=0)
    ingested(store, [beta])
    found: list[int] = []
    report = reelect(tables, on_progress=found.append)
    assert report.changed
    assert report.looked_at == sum(found) < len(originals(tables))
    ingested(store, [gamma])
    reelect(tables)
    whole = ingested(LocalStore(tmp_path / "whole"), [gamma, beta, alpha])
    reelect(whole)
    assert originals(tables) == originals(whole)


def test_copies_of_a_record_that_is_gone_elect_another(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    tables = ingested(store, warcs(tmp_path))
    reelect(tables)
    wire = record_id("\n".join(text(respelt=4)))
    DeltaTable(store.table_uri(RECORDS)).delete(f"record_id = '{wire}'")
    assert reelect(tables).changed == 2
    remaining = originals(tables)
    assert {original for original, _ in remaining.values()} <= {*remaining, None}
    assert list(verify(store)) != []  # its capture still names it


def check_writers_that_come_first(tables: Tables) -> None:
    stale = tables.snapshot()
    reelect(tables)
    with pytest.raises(Conflict):
        tables.update_originals([], stale, note={})
    row = stale.query("SELECT record_id, published_month FROM records LIMIT 1").to_pylist()[0]
    change = {**row, "duplicate_of": "x", "similarity": 0.5}
    with pytest.raises(Conflict):
        tables.update_originals([change], stale, note={})
    assert "x" not in {original for original, _ in originals(tables).values()}


def test_a_writer_that_comes_first_wins(tmp_path: Path) -> None:
    check_writers_that_come_first(ingested(LocalStore(tmp_path / "archive"), warcs(tmp_path)))


@pytest.mark.ceph
def test_a_writer_that_comes_first_wins_on_s3(s3_root: str, tmp_path: Path) -> None:
    store = open_store(s3_root)
    for path, source in warcs(tmp_path)[:1]:
        ingest(store, store_warc(store, path), source, run_id="r")
    check_writers_that_come_first(Tables(store))


def test_an_election_gives_up_when_others_always_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = ingested(LocalStore(tmp_path / "archive"), warcs(tmp_path)[:1])

    def refuse(*_: object, **__: object) -> None:
        raise Conflict("records went on")

    monkeypatch.setattr(tables, "update_originals", refuse)
    with pytest.raises(StoreError, match="other writers came first 1 times"):
        reelect(tables, patience=0)


def test_an_archive_without_records_has_nothing_to_elect(tmp_path: Path) -> None:
    assert reelect(Tables(LocalStore(tmp_path / "archive"))).looked_at == 0
