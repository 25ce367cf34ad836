"""Whether a fall in what pages give is told from chance, and from the difference between few pages."""

from __future__ import annotations

import random
from datetime import date, timedelta
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.coverage.regression import LEAST_HISTORY, Yield, fall, regressions

DAY = date(2024, 12, 3)


def pages(
    judged: int, *, articles: float = 0.95, dated: float = 0.98, with_author: float = 0.6, length: int = 2000
) -> Yield:
    """Pages of which these shares are what they should be."""
    texts = round(judged * articles)
    each = log(length)
    return Yield(
        judged=judged,
        articles=texts,
        texts=texts,
        dated=round(texts * dated),
        with_author=round(texts * with_author),
        characters=texts * length,
        log_characters=texts * each,
        log_characters_squared=texts * (each * each + 0.36),
    )


PAST = pages(600)


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (pages(40, articles=0.2), "8 of 40 pages gave an article (20%), of 600 before them 95%"),
        (pages(10, articles=0), "0 of 10 pages gave an article (0%)"),
        (pages(40, dated=0), "0 of 38 texts have a date (0%)"),
        (pages(40, with_author=0), "0 of 38 texts have an author (0%)"),
        (pages(40, length=700), "texts have 700 characters on average, those before them 2000"),
        (pages(300, articles=0.6), "gave an article"),
        (pages(40, dated=0, with_author=0), "98%, and 0 of 38 texts have an author"),
    ],
)
def test_a_fall_is_found(now: Yield, what: str) -> None:
    found = fall(now, PAST)
    assert found
    assert found.startswith(what) or what in found


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (pages(40), PAST),
        (pages(3, articles=0), PAST),  # too few
        (pages(40, articles=0.8), PAST),  # not by much
        (pages(40, length=1500), PAST),
        (pages(40, articles=0), pages(LEAST_HISTORY - 1)),  # too little to compare with
        (pages(40, with_author=0), pages(600, with_author=0.15)),  # hardly ever had one
        (pages(40, articles=1, dated=1, with_author=1, length=9000), PAST),  # better is no fall
        (Yield(), PAST),
        (pages(40), Yield()),
    ],
)
def test_what_is_none(now: Yield, before: Yield) -> None:
    assert fall(now, before) is None


def test_pages_that_vary_by_chance_hardly_ever_are_a_fall() -> None:
    chance = random.Random(5)  # noqa: S311  no secret
    alarms = 0
    for _ in range(4000):
        good = sum(chance.random() < 0.8 for _ in range(20))
        alarms += fall(Yield(judged=20, articles=good), Yield(judged=400, articles=320)) is not None
    assert alarms <= 1


def test_a_template_that_changes_amid_the_days_of_one_run_is_found_from_that_day_on() -> None:
    days = {DAY + timedelta(days=n): pages(20, articles=0.95 if n < 10 else 0.1) for n in range(20)}
    assert sorted(regressions(days, [])) == sorted(days)[10:]


def test_few_pages_are_judged_with_those_before_them() -> None:
    before = [(PAST, True)]
    broken = pages(4, articles=0)
    assert regressions({DAY: broken}, before) == {}
    before.append((broken, True))
    before.append((broken, True))
    assert DAY in regressions({DAY: broken}, before)
    assert regressions({DAY: pages(4)}, before) == {}  # these pages are well


def test_what_regressed_is_no_history() -> None:
    broken = [(pages(200, articles=0.1), False)] * 20
    assert DAY in regressions({DAY: pages(40, articles=0.1)}, [(PAST, True), *broken])


def test_dates_that_vanish_are_found_though_pages_without_them_have_no_day() -> None:
    with_dates = {DAY + timedelta(days=n): pages(20, dated=1) for n in range(5)}
    before = [(each, True) for each in with_dates.values()]
    assert list(regressions({None: pages(20, dated=0)}, before)) == [None]


numbers = st.integers(0, 60)


@settings(max_examples=40)
@given(st.lists(st.tuples(numbers, numbers), max_size=8), st.lists(st.tuples(numbers, numbers), max_size=8))
def test_whatever_the_counts_an_answer_is_found_and_names_days_of_the_run(
    now: list[tuple[int, int]], before: list[tuple[int, int]]
) -> None:
    def made(pair: tuple[int, int]) -> Yield:
        return pages(max(pair), articles=min(pair) / max(pair) if max(pair) else 0)

    days = {DAY + timedelta(days=n): made(pair) for n, pair in enumerate(now)}
    found = regressions(days, [(made(pair), True) for pair in before])
    assert found.keys() <= days.keys()
    assert all(days[day].judged for day in found)
