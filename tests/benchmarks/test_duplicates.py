"""The labelled pairs are what they say, and the rules keep to the bounds that the documentation states."""

from __future__ import annotations

from collections import Counter

from benchmarks.duplicates import DIFFERENCES, VARIATIONS, found_as_copy, pairs, score


def test_the_set_is_broad_and_always_the_same() -> None:
    every = pairs()
    assert every == pairs()
    assert len(every) >= 800
    assert len(VARIATIONS) >= 12
    assert len({pair.kind for pair in every if not pair.copies}) >= 8
    assert DIFFERENCES.keys() < {pair.kind for pair in every}
    languages = Counter((pair.language, pair.copies) for pair in every)
    assert min(languages[language, copies] for language in ("ar", "fa") for copies in (True, False)) >= 100
    assert all(pair.one != pair.other for pair in every)
    assert 0.25 < sum(pair.held for pair in every) / len(every) < 0.5


def test_copies_are_found_and_little_else() -> None:
    judged = [(pair, found_as_copy(pair)) for pair in pairs()[::3]]
    result = score(judged)
    assert result.precision >= 0.99
    assert result.recall >= 0.98
