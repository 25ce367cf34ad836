"""A page taken back out of the archive, as it was served."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from archive.store import Store
from archive.tables import Snapshot, Tables
from archive.warc import Capture, read_warc
from extract.urls import canonical_url
from flows.failures import InputError, UsageError

_MAX_REDIRECTS = 5
_PLACES = "SELECT capture_id, fetched_at, warc_key, warc_offset, warc_length, repeats FROM captures"


def archived_response(store: Store, url: str) -> Capture:
    """The last response archived for a URL; where that is a redirect, for the URL it leads to.

    Raises:
        UsageError: `url` is no http URL.
        InputError: the archive does not have it.
        StoreError: the archive cannot be read.
    """
    snapshot = Tables(store).snapshot()
    wanted = url
    for _ in range(_MAX_REDIRECTS + 1):
        try:
            canonical = canonical_url(wanted)
        except ValueError:
            raise UsageError(f"{wanted!r} is not an http URL") from None
        # Variants of an article share its canonical URL: the page itself comes first.
        rows = snapshot.query(
            f"{_PLACES} WHERE url = {{url}} OR canonical_url = {{canonical}} "
            "ORDER BY url = {url} DESC, fetched_at DESC, capture_id LIMIT 1",
            url=wanted,
            canonical=canonical,
        ).to_pylist()
        if not rows:
            raise InputError(f"The archive at {store.root} has no capture of {wanted}")
        capture = _read(store, snapshot, rows[0])
        if (target := capture.redirect_url) is None:
            return capture
        wanted = target
    raise InputError(f"{url} is redirected more than {_MAX_REDIRECTS} times")


def _read(store: Store, snapshot: Snapshot, row: Mapping[str, Any]) -> Capture:
    """The response of a row of `captures`; a revisit with the payload of what it repeats."""
    place = row
    if row["repeats"]:
        found = snapshot.query(f"{_PLACES} WHERE capture_id = {{id}}", id=row["repeats"]).to_pylist()
        if not found:
            raise InputError(
                f"Capture {row['capture_id']} repeats {row['repeats']}, which the archive does not hold: `warraq "
                "verify` says what else is missing"
            )
        place = found[0]
    data = store.get_range(place["warc_key"], place["warc_offset"], place["warc_length"])
    [capture] = read_warc(io.BytesIO(data))
    return replace(capture, fetched_at=row["fetched_at"])
