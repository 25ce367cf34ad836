"""What a revisit record shows: what the response did whose payload it repeats.

That response was read before, earlier in the same file or in a file that was ingested before, so nothing is fetched or
read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from archive.dedup import Reading, Repeated
from archive.tables import Snapshot
from archive.warc import Capture
from extract.types import Reason, Rejection

_UNKNOWN = Rejection(
    reason=Reason.FAILED,
    detail="it repeats a response that the archive does not hold: ingest the WARC file with that response first",
)


class Originals:
    """The responses of one file that were read, and those in the archive that its revisits repeat."""

    def __init__(self) -> None:
        self._by_id: dict[str, Reading] = {}
        self._by_time: dict[tuple[str, datetime], Reading] = {}
        self._by_digest: dict[tuple[str, str], Reading] = {}

    def add(self, reading: Reading, payload_digest: str) -> None:
        """Let later revisits repeat this response."""
        self._by_id[reading.capture_id] = reading
        self._by_time[reading.url, reading.fetched_at] = reading
        self._by_digest[reading.url, payload_digest] = reading

    def look_up(self, now: Snapshot, captures: Iterable[Capture]) -> None:
        """Add the archived responses that revisits among `captures` name and the file itself does not hold."""
        missing = [each for each in captures if each.repeats and not self._find(each)]
        if not missing:
            return
        named = [each.repeats for each in missing if each.repeats]
        found = now.query(
            "SELECT capture_id, source, url, canonical_url, fetched_at, payload_digest, outcome, reason, detail, "
            "record_id, repeats FROM captures WHERE capture_id IN {ids} "
            "OR (url IN {urls} AND (fetched_at IN {times} OR payload_digest IN {digests})) ORDER BY fetched_at",
            ids={each.capture_id for each in named if each.capture_id},
            urls={each.url for each in named},
            times={each.fetched_at for each in named if each.fetched_at},
            digests={each.payload_digest for each in missing},
        )
        for row in found.to_pylist():
            self.add(_as_reading(row), row["payload_digest"])

    def read(self, capture: Capture, reading: Reading) -> Reading:
        """What a capture shows, if it is a revisit; `reading`, what it shows by itself, if it is none."""
        if capture.repeats is None:
            return reading
        original = self._find(capture)
        if original is None:
            return replace(reading, result=_UNKNOWN)
        same = reading.url == original.url
        return replace(
            reading,
            # Another URL's may be that URL itself, and no statement of the page.
            canonical_url=original.canonical_url if same else reading.canonical_url,
            result=original.result,
            record_id=original.record_id,
            signature=original.signature,
            repeats=original.repeats or original.capture_id,
        )

    def _find(self, capture: Capture) -> Reading | None:
        """By what the revisit says of its original: the record, its URL and time, or its URL and payload."""
        named = capture.repeats
        if named is None:
            return None
        if named.capture_id and (found := self._by_id.get(named.capture_id)):
            return found
        if named.fetched_at and (found := self._by_time.get((named.url, named.fetched_at))):
            return found
        return self._by_digest.get((named.url, capture.payload_digest))


def _as_reading(row: dict[str, Any]) -> Reading:
    result: Repeated | Rejection | None = None
    if row["record_id"]:
        result = Repeated()
    elif row["reason"]:
        result = Rejection(reason=Reason(row["reason"]), detail=row["detail"])
    return Reading(
        capture_id=row["capture_id"],
        source=row["source"],
        url=row["url"],
        canonical_url=row["canonical_url"],
        fetched_at=row["fetched_at"],
        result=result,
        record_id=row["record_id"] or "",
        repeats=row["repeats"],
    )
