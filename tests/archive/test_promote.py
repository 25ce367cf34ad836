"""A promotion is two commits: killed between them it is finished by the next, and writers may come between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from candidates import BRANDS, SOURCES, bad, compared, good, ingested, reextracted, rows, use
from test_settling import crawls
from warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc

from archive.forget import forget, plan
from archive.promote import promote, unfinished
from archive.reextraction import Candidate, begin, drop_promoted
from archive.store import LocalStore, StoreError
from archive.tables import Tables
from archive.upkeep import maintain
from archive.verify import verify
from archive.verify.tables import check_captures, check_record_captures
from extract.types import Article, Page, Rejection, Source


def shortened(page: Page, source: Source) -> Article | Rejection:
    found = good(page, source)
    return found if isinstance(found, Rejection) else replace(found, paragraphs=found.paragraphs[:1])


@pytest.fixture
def candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[LocalStore, Candidate]:
    """An archive made by bad rules, and a candidate of good ones."""
    use(monkeypatch, bad(3))
    store = LocalStore(tmp_path / "archive")
    ingested(store, crawls(tmp_path, 3))
    use(monkeypatch, good)
    return store, reextracted(store)


def first(monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], object]) -> None:
    """Let something happen before the first call of a method of `Tables`."""
    original = getattr(Tables, method)

    def called(this: Tables, *arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(Tables, method, original)
        act()
        return original(this, *arguments, **named)

    monkeypatch.setattr(Tables, method, called)


def die() -> None:
    raise StoreError("the lights went out")


@pytest.mark.parametrize("repaired", [False, True])
def test_a_promotion_that_dies_between_its_commits_is_finished_by_the_next(
    candidate: tuple[LocalStore, Candidate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repaired: bool
) -> None:
    store, chosen = candidate
    found = compared(store, chosen)
    first(monkeypatch, "settle_captures", die)
    with pytest.raises(StoreError, match="lights"):
        promote(store, chosen, brands=BRANDS)
    assert rows(store, "records").keys() >= found.gained.keys()
    assert unfinished(store) == [chosen]
    findings = list(verify(store))
    assert {each.invariant for each in findings} >= {"promotion", "capture-record"}
    assert all(f"`warraq promote {chosen.id} --yes`" in each.next_step for each in findings)
    if repaired:
        assert any(each.done == "it was promoted to its end" for each in verify(store, sources=SOURCES))
    else:
        done = promote(store, chosen, brands=BRANDS)
        assert (done.records_gained, done.records_lost, done.captures_changed) == (0, 0, len(found.captures))
    assert list(verify(store)) == []
    assert unfinished(store) == []
    assert not compared(store, chosen)


@pytest.mark.parametrize("commit", ["settle_records", "settle_captures"])
def test_a_writer_that_comes_first_is_settled_with(
    candidate: tuple[LocalStore, Candidate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: str
) -> None:
    store, chosen = candidate
    pages = [Response(f"https://alpha.example/{number}", article(paragraphs(number, 6))) for number in range(7)]
    path = write_warc(tmp_path / "late", pages, run="late", at=MONDAY + timedelta(days=1))
    first(monkeypatch, commit, lambda: ingested(store, [(path, SOURCE)]))
    assert promote(store, chosen, brands=BRANDS).retries == 1
    assert list(verify(store)) == []
    assert not compared(store, chosen)


def test_a_text_that_a_writer_still_took_for_held_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path / "archive")
    path = write_warc(tmp_path, [Response("https://alpha.example/1", article(paragraphs(1)))], run="r1")
    ingested(store, [(path, SOURCE)])
    [record], [capture] = rows(store, "records").values(), rows(store, "captures").values()
    use(monkeypatch, shortened)
    chosen = reextracted(store)

    def commit_late() -> None:
        late = {**capture, "capture_id": str(uuid4()), "warc_key": "warc/late", "outcome": "unchanged"}
        del late["fetched_date"]
        tables = Tables(store)
        tables.append("captures", [late], tables.snapshot(), note={})

    first(monkeypatch, "settle_captures", commit_late)
    assert promote(store, chosen, brands=BRANDS).retries == 1
    after = rows(store, "records")
    assert len(after) == 2
    kept = after[record["record_id"]]
    assert (kept["text"], kept["title"]) == (record["text"], record["title"])
    tables = Tables(store)
    assert [*check_captures(tables.snapshot()), *check_record_captures(tables, tables.snapshot())] == []


def test_a_crawl_between_the_commits_brings_a_text_that_was_just_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path / "archive")
    page = Response("https://alpha.example/1", article(paragraphs(1)))
    ingested(store, [(write_warc(tmp_path, [page], run="r1"), SOURCE)])
    use(monkeypatch, shortened)
    chosen = reextracted(store)
    use(monkeypatch, good)
    later = write_warc(tmp_path, [page], run="r2", at=MONDAY + timedelta(days=1))
    first(monkeypatch, "settle_captures", lambda: ingested(store, [(later, SOURCE)]))
    promote(store, chosen, brands=BRANDS)
    assert len(rows(store, "records")) == 2
    assert list(verify(store)) == []


def test_what_was_forgotten_stays_forgotten(
    candidate: tuple[LocalStore, Candidate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, chosen = candidate
    found = compared(store, chosen)
    gained = next(iter(found.gained.values()))
    entry, _ = plan(Tables(store).snapshot(), url=gained["url"], reason="asked for")
    entry = replace(entry, record_ids=(*entry.record_ids, gained["record_id"]))
    forget(store, entry, brands=BRANDS)
    missing = chosen.remaining(store)
    assert missing  # what was read in the page is gone from the candidate too
    with pytest.raises(StoreError, match="lacks the readings"):
        promote(store, chosen, brands=BRANDS)
    assert begin(store, Tables(store).snapshot(), chosen.scope, SOURCES) == chosen
    assert reextracted(store) == chosen
    promote(store, chosen, brands=BRANDS)
    assert gained["record_id"] not in rows(store, "records")
    assert gained["url"] not in {row["url"] for row in rows(store, "records").values()}
    assert list(verify(store, deep=True)) == []
    assert not compared(store, reextracted(store))


def test_upkeep_removes_what_was_promoted_long_ago(candidate: tuple[LocalStore, Candidate]) -> None:
    store, chosen = candidate
    assert drop_promoted(store, timedelta(0)) == 0
    promote(store, chosen, brands=BRANDS)
    assert maintain(store, brands=BRANDS, note={}).candidates == 0
    assert chosen.remaining(store) == []
    assert drop_promoted(store, timedelta(seconds=-5)) == 1
    assert chosen.remaining(store) == list(chosen.files)
