"""The election of originals: the stated order, and an outcome that no order of arrival changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.election import Elected, Text, elect, in_order

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def text(
    name: str,
    minute: int | None = 0,
    *,
    precision: str = "minute",
    fetched: int = 600,
    names: Sequence[str] = (),
    crediting: Sequence[str] = (),
) -> Text:
    return Text(
        record_id=name,
        published_at=None if minute is None else MONDAY + timedelta(minutes=minute),
        precision=None if minute is None else precision,
        first_fetched_at=MONDAY + timedelta(minutes=fetched),
        names=frozenset(names),
        credits=frozenset(crediting),
    )


def first(*texts: Text) -> str:
    pairs = {(one.record_id, other.record_id): 0.9 for one in texts for other in texts if one is not other}
    orders = [in_order(texts, pairs), in_order(texts[::-1], pairs)]
    assert orders[0] == orders[1]
    assert list(elect(texts, pairs).values()).count(None) == 1
    return orders[0][0].record_id


def test_the_earliest_publication_is_the_original() -> None:
    assert first(text("late", 5), text("early", 1)) == "early"
    assert first(text("late", 5, names=["سانا"]), text("early", 1, crediting=["سانا"])) == "early"


def test_what_a_copy_credits_was_first_where_the_dates_leave_it_open() -> None:
    on_that_day = text("day", -480, precision="day", names=["سانا"])
    assert first(on_that_day, text("minute", 5, crediting=["وكالة سانا"])) == "day"
    assert first(on_that_day, text("minute", 5)) == "minute"
    assert first(text("day before", -480 - 1440, precision="day"), text("minute", 5, names=["سانا"])) == "day before"
    assert first(text("b", 5, crediting=["رويترز"]), text("c", 5)) == "c"
    assert first(text("a", 5, crediting=["ألفا"], names=["ألفا"]), text("b", 5)) == "a"
    assert first(text("a", 5), text("b", 5, names=["بيتا"]), text("c", 5, crediting=["بيتا"])) == "b"


def test_sites_that_credit_each_other_say_nothing() -> None:
    one = text("a", 5, names=["ألفا"], crediting=["بيتا"], fetched=700)
    assert first(one, text("b", 5, names=["بيتا"], crediting=["ألفا"])) == "b"


def test_an_undated_text_came_out_before_it_was_fetched() -> None:
    assert first(text("undated", None, fetched=4), text("dated", 5)) == "undated"
    assert first(text("undated", None, fetched=6), text("dated", 5)) == "undated"  # its minute ends with the fetch
    assert first(text("undated", None, fetched=7), text("dated", 5)) == "dated"
    assert first(text("undated", None, fetched=7, names=["سانا"]), text("dated", 5, crediting=["سانا"])) == "undated"


def test_the_fetch_then_the_id_decide_what_is_left() -> None:
    assert first(text("a", 5, fetched=20), text("b", 5, fetched=10)) == "b"
    assert first(text("b", 5), text("a", 5)) == "a"


def test_a_copy_of_a_copy_that_is_not_near_the_original_is_another_original() -> None:
    chain = [text(name, minute) for minute, name in enumerate("abcd")]
    pairs = {("a", "b"): 0.8, ("b", "c"): 0.7, ("d", "c"): 0.6}
    assert elect(chain, pairs) == {"a": None, "b": ("a", 0.8), "c": None, "d": ("c", 0.6)}


def test_dates_at_the_ends_of_the_calendar_do_no_harm() -> None:
    far = Text(record_id="z", published_at=datetime.max.replace(tzinfo=UTC), precision="month", first_fetched_at=MONDAY)
    assert first(far, text("a", 5)) == "a"


names = st.frozensets(st.sampled_from(["ألفا", "بيتا", "سانا"]), max_size=2)
texts = st.lists(
    st.builds(
        text,
        st.integers(0, 9).map("abcdefghij".__getitem__),
        st.none() | st.integers(-3, 3).map((240).__mul__),
        precision=st.sampled_from(["second", "minute", "day"]),
        fetched=st.integers(0, 900),
        names=names.map(list),
        crediting=names.map(list),
    ),
    unique_by=lambda each: each.record_id,
)


@st.composite
def windows(draw: st.DrawFn) -> tuple[list[Text], dict[tuple[str, str], float]]:
    members = draw(texts)
    every = [(a.record_id, b.record_id) for at, a in enumerate(members) for b in members[at + 1 :]]
    chosen = draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    return members, {pair: 0.5 + at / 100 for at, pair in enumerate(chosen)}


@settings(max_examples=150, deadline=None)
@given(windows(), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_the_outcome(
    window: tuple[list[Text], dict[tuple[str, str], float]], chance: object
) -> None:
    members, pairs = window
    elected = elect(members, pairs)
    chance.shuffle(members)  # type: ignore[attr-defined]
    turned = [((b, a), share) if chance.random() < 0.5 else ((a, b), share) for (a, b), share in pairs.items()]  # type: ignore[attr-defined]
    chance.shuffle(turned)  # type: ignore[attr-defined]
    assert elect(members, dict(turned)) == elected
    sound(elected, pairs)


@settings(max_examples=80, deadline=None)
@given(windows())
def test_the_election_of_what_it_elected_changes_nothing(
    window: tuple[list[Text], dict[tuple[str, str], float]],
) -> None:
    members, pairs = window
    elected = elect(members, pairs)
    originals = [each for each in members if elected[each.record_id] is None]
    kept = {pair: share for pair, share in pairs.items() if not {*pair} - {each.record_id for each in originals}}
    assert not kept
    assert elect(originals, kept) == dict.fromkeys((each.record_id for each in originals), None)


@settings(max_examples=80, deadline=None)
@given(windows(), st.integers(0, 900))
def test_texts_that_are_near_nothing_change_nothing(
    window: tuple[list[Text], dict[tuple[str, str], float]], minute: int
) -> None:
    members, pairs = window
    strangers = [text("x", minute, precision="second"), text("y", None, fetched=minute)]
    assert elect([*members, *strangers], pairs) == {**elect(members, pairs), "x": None, "y": None}


def sound(elected: dict[str, Elected], pairs: dict[tuple[str, str], float]) -> None:
    """No chain and no cycle, and each copy is near what it points at, with that pair's similarity."""
    for copy, choice in elected.items():
        if choice:
            original, share = choice
            assert elected[original] is None
            assert share in (pairs.get((copy, original)), pairs.get((original, copy)))
