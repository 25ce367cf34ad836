"""When a page that the archive holds is fetched again, and how it is asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from archive.visits import Visit


def is_due(visit: Visit, ages: Sequence[int], now: datetime) -> bool:
    """Whether the page has come to one of its ages since it was last fetched.

    Args:
        visit: what the archive knows of the page.
        ages: hours after publication, or after the first fetch where it is not known (`Source.revisits`).
        now: aware time.
    """
    if visit.fetched_at > now:  # by a wrong clock: nobody knows when
        return bool(ages)
    return has_come_of_age(visit.published_at or visit.first_fetched_at, visit.fetched_at, ages, now)


def has_come_of_age(born: datetime, fetched_at: datetime, ages: Iterable[int], now: datetime) -> bool:
    """Whether a page published at `born` and last fetched at `fetched_at` has come to one of its ages since."""
    return any(fetched_at < born + timedelta(hours=age) <= now for age in ages)


def conditions(visit: Visit | None) -> dict[str, bytes]:
    """The headers by which a server can say that nothing changed (RFC 9110 §13.1); none where it could not."""
    if visit is None or visit.original is None:
        return {}
    stated = {"If-None-Match": visit.etag, "If-Modified-Since": visit.last_modified}
    return {name: value.encode("latin-1", "replace") for name, value in stated.items() if value}
