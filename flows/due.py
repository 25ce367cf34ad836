"""Which articles of a source have come to an age at which they are fetched again, announced still or not."""

from __future__ import annotations

from datetime import datetime, timedelta

from archive.tables import Snapshot
from extract.types import Source
from spiders.revisits import has_come_of_age

_LATE = timedelta(days=2)
"""How long after an article has come of age a crawl may still be late."""


def due_pages(now: Snapshot, source: Source, at: datetime) -> list[str]:
    """URLs of the source's articles to look at again, each article once, the newest first.

    Args:
        now: The tables.
        source: The source; its `revisits` are the ages.
        at: Aware time.

    Raises:
        StoreError: the tables cannot be read.
    """
    if not source.revisits:
        return []
    oldest = at - timedelta(hours=max(source.revisits)) - _LATE
    found = now.query(
        "SELECT first_value(url ORDER BY fetched_at DESC) AS url, min(fetched_at) AS first, "
        "max(CASE WHEN fetched_at <= {at} THEN fetched_at END) AS last, "
        "max(published_at) AS published FROM captures WHERE source = {source} AND record_id IS NOT NULL "
        "AND fetched_date >= CAST({oldest} AS DATE) GROUP BY canonical_url ORDER BY last DESC, url",
        source=source.id,
        at=at,
        oldest=f"{oldest:%Y-%m-%d}",
    )
    return [
        row["url"]
        for row in found.to_pylist()
        if row["last"] is None  # fetched in the future alone, by a wrong clock: nobody knows when
        or has_come_of_age(row["published"] or row["first"], row["last"], source.revisits, at)
    ]
