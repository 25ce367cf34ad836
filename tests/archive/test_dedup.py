"""Outcomes of captures: which come first, what they name, and that order in the file does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from warcs import story

from archive.dedup import (
    Decision,
    Held,
    Known,
    Original,
    Outcome,
    Reading,
    Seen,
    Wording,
    decide,
    record_id,
    signature,
    similarity,
)
from extract.types import Article, Date, Reason, Rejection

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def reading(
    text: str | None,
    url: str = "https://a.example/1",
    *,
    minute: int = 0,
    source: str = "a",
    published: datetime | None = None,
    capture: str | None = None,
) -> Reading:
    date = published and Date(at=published, raw="x", calendar="gregorian", precision="second", where="line")
    result: Article | Rejection = Rejection(reason=Reason.SOFT_404, detail="not found")
    if text is not None:
        result = Article(title="عنوان", paragraphs=tuple(text.split("\n")), published=date)
    return Reading(
        capture_id=capture or f"{source}{minute:04d}",
        source=source,
        url=url,
        canonical_url=url,
        fetched_at=MONDAY + timedelta(minutes=minute),
        result=result,
        record_id=record_id(text) if text is not None else "",
        signature=signature(text) if text is not None else b"",
    )


class Archive:
    """What a batch left, in memory: decisions of one batch are what the next one knows."""

    def __init__(self) -> None:
        self.records: list[Held] = []
        self.captures: list[Seen] = []
        self.originals: list[Original] = []
        self.texts: dict[str, str] = {}

    def known(self) -> Known:
        def wordings(ids: frozenset[str]) -> Mapping[str, Wording]:
            return {each: Wording(text=self.texts[each], brands=frozenset()) for each in ids}

        return Known(held=self.records, seen=self.captures, originals=self.originals, wordings=wordings)

    def ingest(self, *readings: Reading, records: bool = True, captures: bool = True) -> list[Outcome]:
        decisions = decide(readings, self.known())
        for each in decisions:
            if records and each.brings_record:
                self._record(each)
            if captures and each.reading.record_id:
                self.captures.append(
                    Seen(
                        source=each.reading.source,
                        canonical_url=each.reading.canonical_url,
                        capture_id=each.reading.capture_id,
                        fetched_at=each.reading.fetched_at,
                        record_id=each.reading.record_id,
                    )
                )
        return [each.outcome for each in decisions]

    def _record(self, decision: Decision) -> None:
        seen, article = decision.reading, decision.reading.result
        assert isinstance(article, Article)
        assert seen.record_id not in {each.record_id for each in self.records}
        self.texts[seen.record_id] = article.text
        self.records.append(
            Held(
                record_id=seen.record_id,
                source=seen.source,
                url=seen.canonical_url,
                capture_id=seen.capture_id,
                first_fetched_at=seen.fetched_at,
                revision_of=decision.revision_of,
                revision=decision.revision,
                duplicate_of=decision.duplicate_of,
                similarity=decision.similarity,
            )
        )
        if not decision.duplicate_of:
            self.originals.append(
                Original(
                    record_id=seen.record_id,
                    published_at=article.published and article.published.at,
                    first_fetched_at=seen.fetched_at,
                    signature=seen.signature,
                )
            )


def varied(text: str, at: int) -> str:
    """The text with one word spelt otherwise, once: a near-duplicate."""
    split = text.split()
    split[at] += "ن"
    return " ".join(split)


# --- identity and signature -------------------------------------------------------------------------------------------


def test_identity_is_that_of_the_folded_text() -> None:
    assert record_id("قالَ الرئيسُ «بوتين»") == record_id('قال الرئيس "بوتین"')
    assert record_id("قال الرئيس") != record_id("قال رئيس")
    assert record_id("قال الرئيس") == "b9ef58a04ce16ecee395745ecd025f3a"


def test_signature_is_the_same_on_every_machine() -> None:
    # Stored signatures are compared with new ones for years: this value may never change.
    assert signature("قال الرئيس إن الاجتماع سيعقد غدا في العاصمة").hex() == (
        "5d8e1fe50c0be82feb56430a357afd7c31039ee1c93eabbe21d14622665395667b47c0c1ecea4f17709309de3c12225ce692c11bc8732558"
        "c28ba764abf6dadad554faefd77b8cbca32b568ee17ba80a86f268e18db151c427e7e2ef9ea9abcf31d3c3a1193998ce8a1082f5d9c005bb"
    )


def test_similarity_estimates_the_share_of_common_grams() -> None:
    text = story(1, 300)
    assert similarity(signature(text), signature(text)) == 1
    assert similarity(signature(text), signature(story(2, 300))) < 0.15
    half = " ".join(text.split()[:150])
    assert 0.35 < similarity(signature(text), signature(half)) < 0.65


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text_has_a_signature_and_an_identity(text: str) -> None:
    assert len(signature(text)) == 112
    assert len(record_id(text)) == 32


# --- outcomes ---------------------------------------------------------------------------------------------------------


def test_a_second_run_is_unchanged() -> None:
    archive = Archive()
    first = [reading(story(n), f"https://a.example/{n}", minute=n) for n in range(3)]
    second = [reading(story(n), f"https://a.example/{n}", minute=100 + n) for n in range(3)]
    assert archive.ingest(*first) == [Outcome.NEW] * 3
    assert archive.ingest(*second) == [Outcome.UNCHANGED] * 3


def test_a_text_that_returns_is_unchanged_and_the_next_revision_replaces_it() -> None:
    archive = Archive()
    a, b, c = (story(n) for n in range(3))
    assert archive.ingest(reading(a, minute=0)) == [Outcome.NEW]
    assert archive.ingest(reading(b, minute=1)) == [Outcome.REVISION]
    assert archive.ingest(reading(a, minute=2)) == [Outcome.UNCHANGED]
    assert archive.ingest(reading(c, minute=3)) == [Outcome.REVISION]
    newest = archive.records[-1]
    assert (newest.revision_of, newest.revision) == (record_id(a), 2)


def test_an_edit_is_a_revision_even_where_it_is_a_near_duplicate_too() -> None:
    archive = Archive()
    text = story(1)
    archive.ingest(reading(text))
    assert archive.ingest(reading(varied(text, 60), minute=5)) == [Outcome.REVISION]
    assert archive.records[-1].revision_of == record_id(text)


def test_an_older_version_that_arrives_late_is_a_revision_of_the_next() -> None:
    archive = Archive()
    archive.ingest(reading(story(2), minute=50), reading(story(3), minute=60))
    assert archive.ingest(reading(story(1), minute=10)) == [Outcome.REVISION]
    assert archive.records[-1].revision_of == record_id(story(2))


def test_a_capture_that_arrives_late_is_judged_by_those_before_it() -> None:
    archive = Archive()
    archive.ingest(reading(story(1), "https://a.example/1", minute=0))
    archive.ingest(reading(story(1), "https://a.example/2", minute=50))
    assert archive.ingest(reading(story(1), "https://a.example/2", minute=10)) == [Outcome.EXACT_DUPLICATE]
    assert archive.ingest(reading(story(1), "https://a.example/2", minute=60)) == [Outcome.UNCHANGED]
    archive.ingest(reading(story(2), "https://a.example/3", minute=50))
    assert archive.ingest(reading(story(2), "https://a.example/3", minute=10)) == [Outcome.UNCHANGED]


def test_the_same_url_of_another_source_is_another_article() -> None:
    archive = Archive()
    archive.ingest(reading(story(1)))
    assert archive.ingest(reading(story(2), source="b", minute=5)) == [Outcome.NEW]


def test_the_same_text_elsewhere_is_an_exact_duplicate() -> None:
    archive = Archive()
    archive.ingest(reading(story(1)))
    elsewhere = reading(story(1), "https://b.example/9", source="b", minute=5)
    assert archive.ingest(elsewhere) == [Outcome.EXACT_DUPLICATE]
    again = replace(elsewhere, capture_id="again", fetched_at=MONDAY + timedelta(hours=1))
    assert archive.ingest(again) == [Outcome.UNCHANGED]


def test_a_copy_names_an_original_never_a_copy() -> None:
    archive = Archive()
    text = story(1, 200)
    archive.ingest(reading(text, "https://a.example/1", minute=0, published=MONDAY))
    first = varied(text, 60)
    second = varied(first, 120)
    outcomes = archive.ingest(
        reading(first, "https://b.example/1", source="b", minute=1, published=MONDAY),
        reading(second, "https://c.example/1", source="c", minute=2, published=MONDAY),
    )
    assert outcomes == [Outcome.NEAR_DUPLICATE] * 2
    assert {each.duplicate_of for each in archive.records[1:]} == {record_id(text)}
    assert all(each.similarity and each.similarity > 0.8 for each in archive.records[1:])


def test_the_earliest_of_several_originals_is_named() -> None:
    archive = Archive()
    text = story(1, 300).split()
    # Two originals that share no more than a third, and one text with all of both.
    head, tail = " ".join(text[:200]), " ".join(text[100:])
    archive.ingest(reading(tail, "https://a.example/1", minute=0, published=MONDAY + timedelta(hours=2)))
    archive.ingest(reading(head, "https://b.example/1", source="b", minute=1, published=MONDAY + timedelta(hours=1)))
    assert [each.duplicate_of for each in archive.records] == [None, None]
    whole = reading(" ".join(text), "https://c.example/1", source="c", minute=2, published=MONDAY + timedelta(hours=3))
    assert archive.ingest(whole) == [Outcome.NEAR_DUPLICATE]
    assert archive.records[-1].duplicate_of == record_id(head)


def test_the_window_counts_publication_or_where_a_date_lacks_the_fetch() -> None:
    text = story(1, 200)
    near = varied(text, 60)
    week = timedelta(days=7)
    for first, second, minutes, expected in (
        (MONDAY, MONDAY + week, 0, Outcome.NEAR_DUPLICATE),
        (MONDAY, MONDAY + week + timedelta(seconds=1), 0, Outcome.NEW),
        (MONDAY - 900 * week, MONDAY - 900 * week, 60 * 24 * 30, Outcome.NEAR_DUPLICATE),
        (MONDAY - 900 * week, None, 60, Outcome.NEAR_DUPLICATE),
        (None, None, 60 * 24 * 8, Outcome.NEW),
    ):
        archive = Archive()
        archive.ingest(reading(text, published=first))
        copy = reading(near, "https://b.example/1", source="b", minute=minutes, published=second)
        assert archive.ingest(copy) == [expected], (first, second, minutes)


def test_pages_that_are_refused_or_only_serve_the_crawl_bring_nothing() -> None:
    archive = Archive()
    refused = reading(None, "https://a.example/none")
    feed = replace(reading(None, "https://a.example/rss", minute=1), result=None)
    assert archive.ingest(refused, feed) == [Outcome.REJECTED, Outcome.SUPPORT]
    assert archive.ingest(reading(story(1), "https://a.example/none", minute=9)) == [Outcome.NEW]


# --- order, repetition and crashes ------------------------------------------------------------------------------------


def mixed_batch() -> list[Reading]:
    text = story(1, 200)
    return [
        reading(text, "https://a.example/1", minute=0),
        reading(text, "https://a.example/1", minute=1),
        reading(text, "https://a.example/2", minute=2),
        reading(varied(text, 50), "https://a.example/3", minute=3),
        reading(varied(text, 90), "https://a.example/1", minute=4),
        reading(story(2), "https://a.example/2", minute=5),
        reading(story(3), "https://a.example/4", minute=6),
        reading(varied(story(3), 40), "https://a.example/5", minute=6, capture="b"),
        reading(None, "https://a.example/6", minute=7),
    ]


@settings(max_examples=30, deadline=None)
@given(st.permutations(mixed_batch()))
def test_order_in_the_file_does_not_matter(batch: Sequence[Reading]) -> None:
    assert decide(batch, Known()) == decide(mixed_batch(), Known())


def test_a_run_that_died_before_its_captures_is_taken_up_with_the_same_outcomes() -> None:
    whole, died = Archive(), Archive()
    expected = whole.ingest(*mixed_batch())
    assert set(expected) == {*Outcome} - {Outcome.SUPPORT}
    died.ingest(*mixed_batch(), captures=False)
    assert died.ingest(*mixed_batch()) == expected
    assert died.records == whole.records
    assert died.captures == whole.captures


def test_others_see_the_records_of_a_run_that_died() -> None:
    archive = Archive()
    archive.ingest(reading(story(1)), captures=False)
    assert archive.ingest(reading(story(1), minute=9)) == [Outcome.UNCHANGED]
    assert archive.ingest(reading(story(2), minute=10)) == [Outcome.REVISION]
    assert archive.ingest(reading(story(1))) == [Outcome.NEW]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 3)), max_size=14), st.integers(1, 5))
def test_any_history_keeps_one_row_a_text_and_sound_references(steps: list[tuple[int, int, int]], size: int) -> None:
    archive = Archive()
    texts = [story(1, 100), varied(story(1, 100), 30), varied(story(1, 100), 60), story(2, 100), story(3, 100)]
    readings = [
        reading(texts[text], f"https://a.example/{url}", minute=minute * 20 + at)
        for at, (text, url, minute) in enumerate(steps)
    ]
    for start in range(0, len(readings), size):
        archive.ingest(*readings[start : start + size])
    rows = {each.record_id: each for each in archive.records}
    assert len(rows) == len(archive.records) == len({each.record_id for each in readings})
    assert {each.record_id for each in archive.captures} == set(rows)
    for row in rows.values():
        assert row.duplicate_of is None or rows[row.duplicate_of].duplicate_of is None
        assert row.revision_of is None or row.revision_of in rows
