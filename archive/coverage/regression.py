"""Whether pages suddenly give less than they used to: the sign that a site's template changed under our rules.

A share (of pages that give an article, of articles with a date, with an author) or the length of the texts must have
fallen by much *and* beyond what chance explains. Chance is judged by the beta-binomial distribution that the source's
own history predicts (shares), and by Welch's z on the logarithms of lengths. History counts as at most `_WEIGHT` pages
(a power prior), for pages of one site differ from week to week by more than independent draws do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from math import exp, lgamma, sqrt
from typing import Self

LEAST_PAGES = 10
"""Fewer pages than these are judged together with those that came before them."""
LEAST_HISTORY = 30
"""With fewer pages to compare with, nothing is said."""
HISTORY_PAGES = 2000
"""The newest pages make the history."""

_WEIGHT = 100
_CHANCE = 1e-6
"""Of a false alarm. With a hundred sources crawled each hour, that is one in some months."""
_FALL = 0.2
"""Of a share, in absolute terms."""
_SHORTER = 0.6
"""Of the geometric mean of the lengths."""
_DEVIATIONS = 4.9
"""Standard deviations that chance exceeds with `_CHANCE`, on one side."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Yield:
    """What pages gave, in sums, so that groups of pages can be put together."""

    judged: int = 0
    """Pages that were read for an article."""
    articles: int = 0
    """Of them, those that gave one."""
    texts: int = 0
    """Of the articles, those whose text was new to the archive. What follows is of them."""
    dated: int = 0
    with_author: int = 0
    characters: int = 0
    log_characters: float = 0.0
    """Sum of the natural logarithms of the lengths."""
    log_characters_squared: float = 0.0
    """Sum of the squares of these."""

    def __add__(self, other: Self) -> Self:
        pairs = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return type(self)(**pairs)


def regressions(now: Mapping[date | None, Yield], before: Sequence[tuple[Yield, bool]]) -> dict[date | None, str]:
    """The days of a run whose pages give less than the source's did before, and what has fallen.

    The run is judged as a whole and day by day: where a template changed in the midst of the days that a run reads, the
    days before the change are the history of those after it.

    Args:
        now: What the pages of the run gave, by day of publication.
        before: What earlier ones gave, oldest first, and whether they count as history: not if they were found to have
            regressed themselves, or to be pages of a site that shut us out.
    """
    history = [past for past, counts in before if counts]
    newest_first = [past for past, _ in reversed(before)]
    whole = fall(_enough(_sum(now.values()), newest_first), _newest(history))
    found: dict[date | None, str] = {}
    for day in sorted(now, key=lambda day: (day is None, day or date.min)):
        own = now[day]
        alone = fall(own, _newest(history)) if own.judged >= LEAST_PAGES else None
        if (alone or whole) and (own_fall := _fallen(own, _newest(history), certain=False)):
            found[day] = alone or own_fall
        else:
            history.append(own)
    return found


def fall(now: Yield, history: Yield) -> str | None:
    """What is lower in `now` than in `history`, beyond chance; None: nothing is."""
    return _fallen(now, history, certain=True)


def _fallen(now: Yield, history: Yield, *, certain: bool) -> str | None:
    """What is lower by much; if `certain`, what chance does not explain."""
    shares = (
        ("pages gave an article", now.articles, now.judged, history.articles, history.judged),
        ("texts have a date", now.dated, now.texts, history.dated, history.texts),
        ("texts have an author", now.with_author, now.texts, history.with_author, history.texts),
    )
    found = []
    for what, hits, of, past_hits, past in shares:
        if past < LEAST_HISTORY or not of or hits / of > past_hits / past - _FALL:
            continue
        if not certain or (of >= LEAST_PAGES and _chance(hits, of, past_hits, past) < _CHANCE):
            found.append(f"{hits} of {of} {what} ({hits / of:.0%}), of {past} before them {past_hits / past:.0%}")
    if history.texts >= LEAST_HISTORY and now.texts:
        (mean, variance), (past_mean, past_variance) = _moments(now), _moments(history)
        error = sqrt(max(variance, past_variance, 1e-4) * (1 / now.texts + 1 / min(history.texts, _WEIGHT)))
        if exp(mean - past_mean) <= _SHORTER and (
            not certain or (now.texts >= LEAST_PAGES and (past_mean - mean) / error > _DEVIATIONS)
        ):
            found.append(f"texts have {exp(mean):.0f} characters on average, those before them {exp(past_mean):.0f}")
    return ", and ".join(found) or None


def _chance(hits: int, of: int, past_hits: int, past: int) -> float:
    """The probability of at most `hits` of `of`, given `past_hits` of `past`: beta-binomial, Jeffreys' prior."""
    weight = min(1.0, _WEIGHT / past)
    a, b = past_hits * weight + 0.5, (past - past_hits) * weight + 0.5
    constant = lgamma(of + 1) - lgamma(a + b + of) + lgamma(a + b) - lgamma(a) - lgamma(b)
    return sum(
        exp(constant - lgamma(k + 1) - lgamma(of - k + 1) + lgamma(a + k) + lgamma(b + of - k)) for k in range(hits + 1)
    )


def _moments(of: Yield) -> tuple[float, float]:
    """Mean and variance of the logarithms of the lengths."""
    mean = of.log_characters / of.texts
    return mean, max(0.0, of.log_characters_squared / of.texts - mean * mean)


def _enough(now: Yield, newest_first: Iterable[Yield]) -> Yield:
    """`now`, with as many of the pages before it as are needed to judge by."""
    for past in newest_first:
        if now.judged >= LEAST_PAGES:
            break
        now += past
    return now


def _newest(history: Sequence[Yield]) -> Yield:
    found = Yield()
    for past in reversed(history):
        if found.judged >= HISTORY_PAGES:
            break
        found += past
    return found


def _sum(yields: Iterable[Yield]) -> Yield:
    return sum(yields, Yield())
