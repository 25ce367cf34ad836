"""What a site has taken back: pages that are gone (410), and pages that ask not to be found any more (`noindex`).

It is read in the captures of a page, nothing else is kept of it. An error of the server, a refusal or a 404, which may
be any of these, says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.tables import Snapshot
from flows.export import as_json

_CAPTURES = (
    "SELECT http_status, directives, record_id, fetched_at FROM captures "
    "WHERE (canonical_url IN {urls} OR url IN {urls}) AND http_status IN (200, 304, 410) "
    "ORDER BY fetched_at, capture_id"
)


def retractions(snapshot: Snapshot, urls: set[str]) -> list[dict[str, Any]]:
    """What is taken back of the page with these URLs, as it stands: `[{"what": "gone", "since": "2026-…"}]`.

    `what` is `gone` or `noindex`; `since` is the time of the fetch that first met it, of those in a row up to the last.

    Raises:
        StoreError: the tables cannot be read.
    """
    rows = snapshot.query(_CAPTURES, urls=urls).to_pylist()
    found = {
        "gone": _since(rows, [row["http_status"] == 410 for row in rows]),
        "noindex": _since(rows, [row["http_status"] == 410 or "noindex" in (row["directives"] or ()) for row in rows]),
    }
    if rows and rows[-1]["http_status"] == 410:
        del found["noindex"]  # there is nothing left to be found
    return [{"what": what, "since": as_json(since)} for what, since in found.items() if since]


def _since(rows: Sequence[Mapping[str, Any]], holds: Sequence[bool]) -> datetime | None:
    """Since when something holds that did not hold when the page showed a text; None: it does not, or always did."""
    before = next((at for at in range(len(rows), 0, -1) if not holds[at - 1]), 0)
    if before == len(rows) or not any(
        row["record_id"] and not held for row, held in zip(rows[:before], holds, strict=False)
    ):
        return None
    since: datetime = rows[before]["fetched_at"]
    return since


def as_phrase(retraction: Mapping[str, Any]) -> str:
    """For people."""
    return f"{retraction['what']} since {retraction['since']}"
