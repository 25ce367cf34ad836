"""Read again, an archive settles to one state, whatever the order, and unchanged rules change nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from candidates import BRANDS, SOURCES, File, bad, compared, good, ingested, reextracted, rows, use
from warcs import MONDAY, SISTER, SOURCE, Response, article, paragraphs, write_warc

from archive.promote import promote
from archive.readings import read_capture
from archive.reelect import reelect
from archive.reextraction import Scope, begin
from archive.store import LocalStore
from archive.tables import Tables
from archive.verify import verify
from archive.warc import Original, read_warc


def crawls(directory: Path, seed: int) -> list[File]:
    """Three crawls of two sites: edits, mirrors, copies, pages that come back, a dead page, a redirect."""
    chance = random.Random(seed)  # noqa: S311
    files = []
    for number in range(3):
        source = (SOURCE, SISTER)[number % 2]
        pages = []
        for _ in range(8):
            text = paragraphs(chance.randrange(5), 6)
            if chance.random() < 0.3:
                text = text[:-1]
            elif chance.random() < 0.3:
                text[0] = text[0].replace("المفاوضات", "المفاوظات")
            published = chance.choice(["", f"2026-03-0{chance.randrange(1, 4)}T10:00:00+03:00"])
            url = f"https://{source.id}.example/{chance.randrange(6)}"
            pages.append(Response(url, article(text, published=published)))
        pages.append(Response(f"https://{source.id}.example/gone", b"gone", status=404))
        pages.append(Response(f"https://{source.id}.example/moved", b"", status=301))
        at = MONDAY + timedelta(hours=number)
        files.append(
            (write_warc(directory / f"{seed}-{number}", pages, run=f"r{number}", source=source, at=at), source)
        )
    return files


@pytest.mark.parametrize("seed", range(2))
def test_unchanged_rules_change_nothing_whatever_the_order_of_arrival(tmp_path: Path, seed: int) -> None:
    files = crawls(tmp_path, seed)
    random.Random(seed).shuffle(files)  # noqa: S311
    store = LocalStore(tmp_path / "archive")
    tables = ingested(store, files)
    assert not compared(store, reextracted(store))
    reelect(tables, brands=BRANDS)
    assert not compared(store, reextracted(store))


@pytest.mark.parametrize("seed", range(2))
def test_mended_rules_leave_a_sound_archive_that_holds_what_a_new_one_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    files = crawls(tmp_path, seed)
    use(monkeypatch, bad(seed))
    store = LocalStore(tmp_path / "archive")
    tables = ingested(store, files)
    if seed % 2:
        reelect(tables, brands=BRANDS)
    use(monkeypatch, good)
    candidate = reextracted(store)
    found = compared(store, candidate)
    done = promote(store, candidate, brands=BRANDS)
    assert (done.records_gained, done.records_lost) == (len(found.gained), len(found.lost))
    assert found.captures
    assert list(verify(store)) == []
    assert not compared(store, candidate)

    new = ingested(LocalStore(tmp_path / "new"), files)
    reelect(new, brands=BRANDS)
    reelect(tables, brands=BRANDS)
    fresh, mended = rows(LocalStore(tmp_path / "new"), "captures"), rows(store, "captures")
    for name in ("canonical_url", "record_id", "reason", "detail", "published_at", "repeats"):
        assert {each: row[name] for each, row in mended.items()} == {each: row[name] for each, row in fresh.items()}
    fresh, mended = rows(LocalStore(tmp_path / "new"), "records"), rows(store, "records")
    assert fresh.keys() == mended.keys()
    for name in ("text", "title", "signature", "authors"):
        assert {each: row[name] for each, row in mended.items()} == {each: row[name] for each, row in fresh.items()}
    same = [each for each in fresh if fresh[each]["capture_id"] == mended[each]["capture_id"]]
    assert len(same) > len(fresh) / 2
    assert [fresh[each]["published_at"] for each in same] == [mended[each]["published_at"] for each in same]


def test_the_state_is_the_same_whatever_the_order_and_the_scope_of_promotions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = crawls(tmp_path, 7)[:2]
    states = []
    for number, scopes in enumerate(([Scope()], [Scope()], [Scope(source="beta"), Scope(source="alpha")])):
        use(monkeypatch, bad(7))
        store = LocalStore(tmp_path / str(number))
        ingested(store, files)
        use(monkeypatch, good)
        for scope in scopes:
            candidate = reextracted(store, scope, order=sorted if number else reversed)
            promote(store, candidate, brands=BRANDS)
        reelect(Tables(store), brands=BRANDS)
        assert list(verify(store)) == []
        states.append({table: rows(store, table) for table in ("records", "captures")})
    assert states[0] == states[1]
    assert states[0]["records"].keys() == states[2]["records"].keys()


def test_revisits_follow_the_response_they_repeat_even_out_of_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Response("https://alpha.example/1", article(paragraphs(1)))
    first = write_warc(tmp_path / "1", [page], run="r1")
    with first.open("rb") as file:
        [capture] = read_warc(file)
    original = Original(capture_id=capture.capture_id, url=page.url, fetched_at=capture.fetched_at)
    later = MONDAY + timedelta(days=1)
    second = write_warc(tmp_path / "2", [page], run="r2", at=later, repeats={page.url: original})
    use(monkeypatch, lambda page, source: replace(good(page, source), paragraphs=("سطر واحد لا غير",)))  # type: ignore[type-var]
    store = LocalStore(tmp_path / "archive")
    ingested(store, [(first, SOURCE), (second, SOURCE)])
    use(monkeypatch, good)
    promote(store, reextracted(store, Scope(until=later.date())), brands=BRANDS)
    captures = rows(store, "captures").values()
    assert {row["outcome"]: row["warc_key"].split("/")[4] for row in captures} == {"new": "02", "unchanged": "03"}
    [record] = rows(store, "records").values()
    assert {row["record_id"] for row in captures} == {record["record_id"]}
    assert len(record["text"]) > 100
    assert list(verify(store)) == []


def test_a_record_that_a_capture_out_of_scope_shows_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = write_warc(tmp_path, [Response("https://alpha.example/1", article(paragraphs(1)))], run="r1")
    theirs = write_warc(tmp_path, [Response("https://beta.example/1", article(paragraphs(1)))], run="r2", source=SISTER)
    store = LocalStore(tmp_path / "archive")
    ingested(store, [(mine, SOURCE), (theirs, SISTER)])
    before = rows(store, "records")
    use(monkeypatch, lambda page, source: replace(good(page, source), paragraphs=("سطر واحد لا غير",)))  # type: ignore[type-var]
    promote(store, reextracted(store, Scope(source="alpha")), brands=BRANDS)
    after = rows(store, "records")
    assert len(after) == 2
    [kept] = before.keys() & after.keys()
    assert (before[kept]["source"], after[kept]["source"]) == ("alpha", "beta")
    assert (before[kept]["text"], before[kept]["title"]) == (after[kept]["text"], after[kept]["title"])
    outcomes = {row["source"]: row["outcome"] for row in rows(store, "captures").values()}
    assert outcomes == {"alpha": "new", "beta": "new"}
    assert list(verify(store)) == []


def test_the_days_of_a_scope_are_those_of_fetch_and_of_publication(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    pages = [Response("https://alpha.example/1", article(paragraphs(1)))]
    old = [Response("https://alpha.example/2", article(paragraphs(2), published="2024-05-01T01:00:00+03:00"))]
    midnight = MONDAY.replace(hour=23, minute=59, second=59)
    files = [
        write_warc(tmp_path, pages * 2, run="night", at=midnight),
        write_warc(tmp_path, pages, run="day"),
        write_warc(tmp_path, old, run="late"),
    ]
    now = ingested(store, [(path, SOURCE) for path in files]).snapshot()

    def chosen(**scope: Any) -> list[str]:
        return sorted(key.split("-")[2] for key in Scope(**scope).files(now))

    day, next_day = MONDAY.date(), (MONDAY + timedelta(days=1)).date()
    assert chosen(since=day, until=next_day) == ["day", "late", "night"]
    assert chosen(since=next_day) == ["night"]
    assert chosen(since=date(2024, 5, 1), until=date(2024, 5, 2)) == ["late"]
    assert chosen(since=date(2024, 5, 3), until=date(2024, 5, 4)) == chosen(source="beta") == []
    with pytest.raises(ValueError, match="empty"):
        Scope(since=day, until=day)


def test_a_candidate_goes_on_until_the_rules_or_its_files_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path / "archive")
    tables = ingested(store, crawls(tmp_path, 1)[:2])
    begun = begin(store, tables.snapshot(), Scope(), SOURCES)
    assert begin(store, tables.snapshot(), Scope(), SOURCES) == begun
    assert begin(store, tables.snapshot(), Scope(source="alpha"), SOURCES) != begun
    other = {**SOURCES, "beta": replace(SISTER, brands=("بيتا نيوز",))}
    assert begin(store, tables.snapshot(), Scope(), other).rules != begun.rules
    done = reextracted(store)
    assert done.rules == begun.rules
    ingested(store, crawls(tmp_path, 2)[2:])
    assert begin(store, tables.snapshot(), Scope(), SOURCES) != done


def test_a_page_read_by_itself_is_what_ingest_reads(tmp_path: Path) -> None:
    path = write_warc(tmp_path, [Response("https://alpha.example/1", article(paragraphs(1)))], run="r1")
    with path.open("rb") as file:
        [capture] = read_warc(file)
    store = LocalStore(tmp_path / "archive")
    ingested(store, [(path, SOURCE)])
    [record] = rows(store, "records").values()
    assert read_capture(capture, SOURCE).record_id == record["record_id"]
