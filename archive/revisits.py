"""What a revisit record shows: what the response did whose payload it repeats.

That response was read before, earlier in the same file or in a file that was ingested before, so nothing is fetched or
read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from archive.dedup import Reading, Repeated
from archive.index import Response, View
from archive.warc import Capture
from extract.types import Reason, Rejection

UNKNOWN = Rejection(
    reason=Reason.FAILED,
    detail="it repeats a response that the archive does not hold: ingest the WARC file with that response first",
)
"""What a revisit shows whose original is not there."""


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

    def missing(self, captures: Iterable[Capture]) -> list[Capture]:
        """The revisits among `captures` whose response the file itself does not hold."""
        return [each for each in captures if each.repeats and not self._find(each)]

    def look_up(self, view: View, source: str, revisits: Iterable[Capture]) -> None:
        """Add the responses of the source in the archive that these revisits name."""
        for revisit in revisits:
            if named := revisit.repeats:
                for each in view.responses(
                    source, named.url, digest=revisit.payload_digest, at=named.fetched_at, capture=named.capture_id
                ):
                    self.add(_as_reading(each, source, named.url), each.payload_digest)

    def read(self, capture: Capture, reading: Reading) -> Reading:
        """What a capture shows, if it is a revisit; `reading`, what it shows by itself, if it is none."""
        if capture.repeats is None:
            return reading
        original = self._find(capture)
        if original is None:
            return replace(reading, result=UNKNOWN)
        same = reading.url == original.url
        return replace(
            reading,
            # Another URL's may be that URL itself, and no statement of the page.
            canonical_url=original.canonical_url if same else reading.canonical_url,
            result=original.result,
            record_id=original.record_id,
            signature=original.signature,
            repeats=original.repeats or original.capture_id,
            published_at=original.published_at or reading.published_at,
            directives=tuple(dict.fromkeys((*reading.directives, *original.directives))),
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


def _as_reading(of: Response, source: str, url: str) -> Reading:
    result: Repeated | Rejection | None = None
    if of.record_id:
        result = Repeated()
    elif of.reason:
        result = Rejection(reason=Reason(of.reason), detail=of.detail or "")
    return Reading(
        capture_id=of.capture_id,
        source=source,
        url=url,
        canonical_url=of.canonical_url,
        fetched_at=of.fetched_at,
        result=result,
        record_id=of.record_id or "",
        repeats=of.repeats,
        published_at=of.published_at,
        directives=tuple(of.directives),
    )
