"""A page taken back out of the archive, as it was served."""

from __future__ import annotations

import io
from urllib.parse import urljoin

from archive.store import Store
from archive.tables import Tables
from archive.warc import Capture, read_warc
from extract.urls import canonical_url
from flows.failures import InputError, UsageError

_MAX_REDIRECTS = 5


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
            "SELECT warc_key, warc_offset, warc_length FROM captures WHERE url = {url} OR canonical_url = {canonical} "
            "ORDER BY url = {url} DESC, fetched_at DESC, capture_id LIMIT 1",
            url=wanted,
            canonical=canonical,
        ).to_pylist()
        if not rows:
            raise InputError(f"The archive at {store.root} has no capture of {wanted}")
        [row] = rows
        [capture] = read_warc(io.BytesIO(store.get_range(row["warc_key"], row["warc_offset"], row["warc_length"])))
        location = capture.header("Location")
        if not (300 <= capture.status < 400 and location):
            return capture
        wanted = urljoin(capture.url, location.encode("latin-1").decode("utf-8", "replace"))
    raise InputError(f"{url} is redirected more than {_MAX_REDIRECTS} times")
