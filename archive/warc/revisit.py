"""Revisit records: a response that repeats the payload of an earlier one, and leaves it out (WARC 1.1, section 6.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
"""WARC-Profile of a response with the payload of an earlier one. Others also write that of WARC 1.0."""
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""WARC-Profile of a 304, which has no payload: that of the response it confirms still is the page's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """The archived response that holds the payload; what a revisit record does not say of it is None."""

    capture_id: str | None
    """The UUID of its WARC-Record-ID (WARC-Refers-To)."""
    url: str
    """WARC-Refers-To-Target-URI, or else the URL of the revisit itself."""
    fetched_at: datetime | None
    """WARC-Refers-To-Date, in UTC."""
    payload_digest: str | None = None
    """Of its payload; needed of what a 304 confirms, as that has no payload of its own."""


def referring(original: Original, *, not_modified: bool = False) -> dict[str, str]:
    """The headers by which a revisit record names the response it repeats, or which a 304 says is unchanged."""
    headers = {"WARC-Profile": NOT_MODIFIED if not_modified else IDENTICAL_PAYLOAD}
    if original.capture_id:
        headers["WARC-Refers-To"] = f"<urn:uuid:{original.capture_id}>"
    headers["WARC-Refers-To-Target-URI"] = original.url
    if original.fetched_at:
        headers["WARC-Refers-To-Date"] = warc_date(original.fetched_at)
    return headers


def referred(header: Callable[[str], str | None], url: str) -> Original:
    """The response that a revisit record of `url` names.

    Args:
        header: Gives the value of the record's header of a name.
        url: The record's own WARC-Target-URI.

    Raises:
        ValueError: its WARC-Refers-To-Date is no date.
    """
    stated = header("WARC-Refers-To-Date")
    return Original(
        capture_id=identity(header("WARC-Refers-To") or "") or None,
        url=target(header("WARC-Refers-To-Target-URI") or "") or url,
        fetched_at=parse_date(stated) if stated else None,
    )


def warc_date(at: datetime) -> str:
    """A time as WARC headers give it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_date(text: str) -> datetime:
    """The time in a WARC header, in UTC.

    Raises:
        ValueError: it is none.
    """
    at = datetime.fromisoformat(text.strip())
    if not 1990 <= at.year <= 2200:  # before the web, or a slip; at the calendar's ends no other zone has a time for it
        raise ValueError(f"{at.year} is no year of the web")
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def identity(text: str) -> str:
    """The UUID in the value of a header that names a record; the value itself where it holds none."""
    bare = target(text)
    return bare.lower().removeprefix("urn:uuid:") if bare.lower().startswith("urn:uuid:") else bare


def target(text: str) -> str:
    """The URL in a header; wget puts it in angle brackets."""
    return text.strip().removeprefix("<").removesuffix(">")
