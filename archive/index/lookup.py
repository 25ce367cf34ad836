"""The index as a spider asks it: whether a page, or the very response it has fetched, is archived already."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.index.schema import capture_id, packed_digest, place, time
from archive.warc import Original


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """The last fetch that settled what a page is."""

    url: str
    """As it was requested."""
    fetched_at: datetime
    """Aware UTC."""
    first_fetched_at: datetime
    """Of the first such fetch."""
    published_at: datetime | None
    """When the page was published, by itself or else as announced."""
    etag: str | None
    last_modified: str | None
    original: Original
    """The archived response that a 304 confirms."""


log = logging.getLogger(__name__)


class ArchivedPayloads:
    """Responses of one source in an index that another process keeps up to date; it is only read."""

    def __init__(self, path: Path, source: str) -> None:
        self._source = source
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        except sqlite3.Error as error:
            self._give_up(error)

    def find(self, url: str, payload_digest: str) -> Original | None:
        """The last response that was archived whole for `url` as requested and has this payload; None: there is none.

        An index that cannot be read knows none: what is then archived twice does no harm.
        """
        if self._connection is None:
            return None
        try:
            found = self._connection.execute(
                "SELECT capture_id, fetched_at FROM capture WHERE request = ? AND payload_digest = ? "
                "AND repeats IS NULL AND reason IS NOT 'forgotten' ORDER BY fetched_at DESC LIMIT 1",
                (place(self._source, url), packed_digest(payload_digest)),
            ).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return Original(capture_id=capture_id(found[0]), url=url, fetched_at=time(found[1])) if found else None

    def _give_up(self, error: sqlite3.Error) -> None:
        log.info("the index cannot be read (%s): every response is archived whole", error)
        if self._connection:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


class PastVisits:
    """What the archive knows of a source's pages; the index is only read."""

    def __init__(self, path: Path, source: str) -> None:
        self._path, self._source = path, source

    def last(self, url: str) -> Visit | None:
        """The last fetch that settled what the page at `url` is, by the URL as requested or its canonical form."""
        return None
