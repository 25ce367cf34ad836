"""Reads the responses in a WARC file, and the texts in a WET file, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

from fastwarc.warc import WarcRecord, WarcRecordType
from w3lib.url import safe_url_string

from archive.warc.coding import Headers, dechunk, decode_content, digest, has_digest, read_http, values
from archive.warc.found import Found, found_by
from archive.warc.frames import Damage, Frame, WarcError, cut
from archive.warc.revisit import Original, identity, parse_date, referred, target
from archive.warc.stated import stated
from extract.types import Page

T = TypeVar("T")

MAX_URL = 65_536
"""Characters of the longest URL of a record."""
MAX_ID = 256
"""Characters of the longest name of a record; a `urn:uuid:` has 45."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """A response as it was archived."""

    capture_id: str
    """The UUID of the WARC-Record-ID (the ID itself where it is no UUID)."""
    url: str
    """WARC-Target-URI."""
    status: int
    """HTTP status code; 0 where the status line cannot be read."""
    reason: str
    """Reason phrase as received."""
    protocol: str
    """`HTTP/1.1`, …"""
    headers: Headers
    """Response headers, as in the record."""
    payload: bytes
    """The body free of transfer coding, still content-encoded."""
    content: bytes
    """The body free of content coding; the payload itself where it cannot be decoded."""
    fetched_at: datetime
    """WARC-Date, in UTC."""
    payload_digest: str
    """`sha1:<base32>` or what else the record states; computed where it states none, or one that it does not have."""
    offset: int
    """Byte at which the record begins in the file."""
    length: int
    """Bytes of the record in the file, compressed if the file is: `offset` and `length` cut out a WARC file of one."""
    repeats: Original | None = None
    """Of a revisit record: the response whose payload it repeats. Its own `payload` and `content` are then empty."""
    found: Found | None = None
    """How the crawl found it, if the record says so."""
    truncated: str | None = None
    """Why the crawler cut it off, as WARC-Truncated states it: `length`, `time`, `disconnect`, …; None: it is whole."""
    directives: tuple[str, ...] | None = None
    """What the crawl read it, and its site, to say may be done with it; None: the record says nothing of it."""
    withheld: str | None = None
    """The directive for which its body was not kept; None: it was."""
    flags: tuple[str, ...] = ()
    """Doubts: `bad_content_encoding`, `bad_chunks`, `bad_digest` (it does not have the digest that its record states),
    `too_large` (cut off in reading), `truncated` (in writing)."""

    def header(self, name: str) -> str | None:
        """First value of a header, in whatever case it is written."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def redirects(self) -> bool:
        """Whether the response leads elsewhere; a 304 does not."""
        return 300 <= self.status < 400 and self.status != 304

    @property
    def redirect_url(self) -> str | None:
        """Absolute, percent-encoded URL of what a redirect leads to, without a password; None: there is none of use."""
        location = self.header("Location")
        if not (self.redirects and location) or len(location) > MAX_URL:
            return None
        try:  # UTF-8 by practice, where ASCII is the rule
            url = safe_url_string(urljoin(self.url, location.encode("latin-1", "replace").decode("utf-8", "replace")))
            parts = urlsplit(url)
        except ValueError:
            return None
        if not url.isascii():  # its host is none
            return None
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url

    def page(self) -> Page:
        """What extraction reads of it."""
        return Page(
            content=self.content,
            url=self.url,
            content_type=self.header("Content-Type"),
            status=self.status,
            fetched_at=self.fetched_at,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """The text that somebody made of a response: a record of Common Crawl's WET files."""

    record_id: str
    """The UUID of the WARC-Record-ID (the ID itself where it is no UUID)."""
    url: str
    """WARC-Target-URI."""
    content_type: str
    """As the record states it: `text/plain`, perhaps with parameters."""
    content: bytes
    """The text."""
    fetched_at: datetime
    """WARC-Date, in UTC: of the conversion, mostly that of the fetch."""

    def page(self) -> Page:
        """What extraction reads of it."""
        return Page(content=self.content, url=self.url, content_type=self.content_type, fetched_at=self.fetched_at)


def read_warc(stream: BinaryIO, on_damage: Callable[[Damage], None] | None = None) -> Iterator[Capture]:
    """The HTTP responses in a WARC file, in its order; WARC/1.0 or 1.1, with a gzip member a record or uncompressed.

    Revisits of responses are among them; records of other types are passed over. A damaged record does not keep the
    others from being read.

    Args:
        stream: The file from its beginning; it need not seek.
        on_damage: Told of each damaged part as it is met.

    Raises:
        WarcError: the file is no WARC file; or, after its last capture and without `on_damage`, parts are damaged.
    """
    return _read(stream, on_damage, _capture)


def read_pages(stream: BinaryIO) -> Iterator[Capture | Conversion]:
    """The pages in a WARC file and the texts in a WET file, in its order; otherwise as `read_warc`.

    Revisits are passed over: they hold no page.
    """

    def read(frame: Frame, record: WarcRecord) -> Capture | Conversion | None:
        capture = _capture(frame, record)
        return None if capture and capture.repeats else capture or _conversion(frame, record)

    return _read(stream, None, read)


def _read(
    stream: BinaryIO, on_damage: Callable[[Damage], None] | None, read: Callable[[Frame, WarcRecord], T | None]
) -> Iterator[T]:
    first: Damage | None = None
    others = 0
    for frame in cut(stream):
        try:
            found = read(frame, _parse(frame))
        except ValueError as error:
            damage = Damage(offset=frame.offset, problem=str(error))
            if on_damage:
                on_damage(damage)
            else:
                first, others = first or damage, others + (first is not None)
        else:
            if found is not None:
                yield found
    if first:
        more = f" (and {others} more)" if others else ""
        raise WarcError(f"{first}{more}; fetch the file again, or cut the damaged part out of it")


def check_warc(stream: BinaryIO) -> Iterator[Damage]:
    """What is wrong with a WARC file: every record is read, and the digests are computed anew.

    Raises:
        WarcError: it is no WARC file.
    """
    for frame in cut(stream):
        try:
            record = _parse(frame)
            _capture(frame, record)
        except ValueError as error:
            yield Damage(offset=frame.offset, problem=str(error))
            continue
        if frame.too_large:
            continue
        block = frame.block
        stated = record.headers.get("WARC-Block-Digest")
        if stated and not has_digest(block, stated):
            yield Damage(offset=frame.offset, problem=f"the record does not have its block digest, {stated:.200}")
        stated = record.headers.get("WARC-Payload-Digest")
        if stated and record.record_type == WarcRecordType.response and not _has_payload_digest(block, stated):
            problem = f"the response does not have its payload digest, {stated:.200}"
            yield Damage(offset=frame.offset, problem=problem)


def _has_payload_digest(block: memoryview, stated: str) -> bool:
    """Some writers digest the body as it came, in chunks, and some without them."""
    body = bytes(read_http(block)[-1])
    return has_digest(body, stated) or has_digest(dechunk(body)[0], stated)


def capture_in(frame: Frame) -> Capture | None:
    """The HTTP response in a frame, or the revisit of one; None where it holds something else.

    Raises:
        ValueError: it cannot be read.
    """
    return _capture(frame, _parse(frame))


def _parse(frame: Frame) -> WarcRecord:
    """The record in a frame.

    Raises:
        ValueError: there is none.
    """
    if frame.problem:
        raise ValueError(frame.problem)
    try:
        return WarcRecord.from_bytes(frame.header)
    except OSError as error:
        raise ValueError(f"the record's header cannot be read ({error})") from error


def _capture(frame: Frame, record: WarcRecord) -> Capture | None:
    """The HTTP response in a record, or the revisit of one; None where it holds something else.

    Raises:
        ValueError: it holds a response that cannot be read.
    """
    url = _url(record)
    revisit = record.record_type == WarcRecordType.revisit
    kind = (record.headers.get("Content-Type") or "").strip().lower()
    if not revisit and (record.record_type != WarcRecordType.response or not kind.startswith("application/http")):
        return None
    if not url:
        raise ValueError(f"the {_kind(record)} has no WARC-Target-URI")
    if not url.lower().startswith(("http://", "https://")):
        return None
    protocol, status, reason, headers, rest = read_http(frame.block)
    body = bytes(rest)
    flags = []
    if frame.too_large:
        flags.append("too_large")
    truncated = (record.headers.get("WARC-Truncated") or "").strip().lower() or None
    if truncated:
        flags.append("truncated")
    if revisit:
        body = b""  # others leave the payload in; it is the original's
    payload, sound = dechunk(body) if "chunked" in values(headers, "transfer-encoding") else (body, True)
    if not sound:
        flags.append("bad_chunks")
    # By its digest a payload is known again: what only claims to have it must not stand in for it.
    payload_digest = record.headers.get("WARC-Payload-Digest") or ""
    if not payload_digest or not (revisit or has_digest(body, payload_digest) or has_digest(payload, payload_digest)):
        if payload_digest and not frame.too_large:
            flags.append("bad_digest")
        payload_digest = digest(body)
    content, flag = decode_content(payload, values(headers, "content-encoding"))
    if flag and not revisit:
        flags.append(flag)
    directives, withheld = stated(record.headers.get)
    return Capture(
        capture_id=_identity(record),
        url=url,
        status=status,
        reason=reason,
        protocol=protocol,
        headers=headers,
        payload=payload,
        content=content,
        fetched_at=_date(record),
        payload_digest=payload_digest,
        offset=frame.offset,
        length=frame.length,
        repeats=referred(record.headers.get, url) if revisit else None,
        found=found_by(record.headers.get),
        truncated=truncated,
        directives=directives,
        withheld=withheld,
        flags=tuple(dict.fromkeys(flags)),
    )


def _conversion(frame: Frame, record: WarcRecord) -> Conversion | None:
    """The text in a record; None where it holds something else.

    Raises:
        ValueError: it holds a text without the headers that every record has.
    """
    kind = (record.headers.get("Content-Type") or "").strip()
    if record.record_type != WarcRecordType.conversion or not kind.lower().startswith("text/plain"):
        return None
    return Conversion(
        record_id=_identity(record),
        url=_url(record),
        content_type=kind,
        content=bytes(frame.block),
        fetched_at=_date(record),
    )


def _url(record: WarcRecord) -> str:
    url = target(record.headers.get("WARC-Target-URI") or "")
    if len(url) > MAX_URL:
        raise ValueError(f"the {_kind(record)}'s WARC-Target-URI has more than {MAX_URL} characters")
    return url


def _identity(record: WarcRecord) -> str:
    if not (found := identity(record.headers.get("WARC-Record-ID") or "")):
        raise ValueError(f"the {_kind(record)} has no WARC-Record-ID")
    if len(found) > MAX_ID or not found.isprintable():
        raise ValueError(f"the {_kind(record)}'s WARC-Record-ID {found[:40]!r} is none")
    return found


def _date(record: WarcRecord) -> datetime:
    text = record.headers.get("WARC-Date") or ""
    try:
        return parse_date(text)
    except ValueError:
        raise ValueError(f"the {_kind(record)}'s WARC-Date {text[:40]!r} is no date") from None


def _kind(record: WarcRecord) -> str:
    kinds = ((WarcRecordType.conversion, "conversion"), (WarcRecordType.revisit, "revisit"))
    return next((name for kind, name in kinds if record.record_type == kind), "response")
