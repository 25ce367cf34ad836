"""What a backfill will cost the sites and us, before it asks them anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

from extract.types import Source
from flows.partitions import Planned

SECONDS_A_REQUEST = 1.0
"""At which a polite crawl of one site settles: see `spiders.settings`."""

_DOCUMENTS = 5
"""Requests of a partition that are no articles: robots.txt, and the sitemaps or listings of its days."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Requests of some partitions of one source, at a second each."""

    requests: int = 0
    unknown: bool = False
    """Whether there are more, of which nothing is known."""

    @property
    def seconds(self) -> float:
        """Wall-clock time of what is known."""
        return self.requests * SECONDS_A_REQUEST

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(requests=self.requests + other.requests, unknown=self.unknown or other.unknown)


def expected_a_day(source: Source, history: float | None) -> float | None:
    """Articles of a day: what the ledger has seen, else the middle of what the source states; None: it states nothing.

    Args:
        source: The source.
        history: Mean of the articles announced a day, in the ledger; None: it has no days yet.
    """
    if history is not None:
        return history
    fewest, most = source.daily
    stated = fewest > 0 or most < Source.daily[1]
    return sqrt(max(1, fewest) * most) if stated else None  # bounds lie apart by a factor, not by a difference


def estimate(planned: Planned, a_day: float | None) -> Estimate:
    """What a partition costs if it is run and none of its articles is in the archive yet.

    Args:
        planned: The partition.
        a_day: Articles of a day; None: unknown.
    """
    if not planned.run:
        return Estimate()
    if a_day is None:
        return Estimate(requests=_DOCUMENTS, unknown=True)
    days = sum(1 for _ in planned.partition.days())
    return Estimate(requests=_DOCUMENTS + round(days * a_day))


def readable_time(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    whole = timedelta(seconds=round(seconds))
    hours, rest = divmod(whole.seconds, 3600)
    if whole.days:
        return f"{whole.days} d {hours} h"
    if hours:
        return f"{hours} h {rest // 60} min"
    return f"{rest // 60} min" if rest >= 60 else f"{rest} s"
