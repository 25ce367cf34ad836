"""WARC files: written record by record while a crawl runs, read from wherever they come.

Everything that reads goes through `_frames`, which cuts a file into its records; FastWARC then parses each record by
itself. As an iterator over a whole file it stops at the first damaged record, passes over a cut-off end in silence, and
needs a stream that can seek. Cutting first also makes offsets and lengths exact by construction.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes, urlsplit
from uuid import uuid4

from fastwarc.stream_io import BrotliReader, ZstdReader
from fastwarc.warc import WarcRecord, WarcRecordType

from archive.keys import warc_stem

_log = logging.getLogger(__name__)

MAX_PAYLOAD = 256 << 20
"""Bytes of a record, and of a payload once decoded, that are read; the rest is cut off and flagged `too_large`."""

OPEN = ".open"
"""Suffix of a file that is still written to."""

Headers = tuple[tuple[str, str], ...]
"""Names and values in the order received, repeated ones repeated. One character stands for one byte (latin-1)."""


class WarcError(Exception):
    """A WARC file cannot be read or written: says where in the file, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """A request and its response, as they went over the wire."""

    url: str
    """Absolute, without a fragment."""
    method: str
    """`GET`, `HEAD`, …"""
    request_headers: Headers
    """As sent. Credentials and cookies are left out when it is written."""
    status: int
    """HTTP status code."""
    reason: str
    """Reason phrase as received; may be empty."""
    protocol: str
    """`HTTP/1.1`, `HTTP/2`, …"""
    response_headers: Headers
    """As received, even where they describe the transfer rather than `body`."""
    body: bytes
    """Free of transfer coding (chunks), but still content-encoded (gzip, br, …)."""
    fetched_at: datetime
    """Aware time of the response."""
    ip: str | None
    """Address the response came from, if known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """A response as it was archived."""

    capture_id: str
    """The UUID of the WARC-Record-ID (all of the ID where it is no UUID)."""
    url: str
    """WARC-Target-URI."""
    status: int
    """HTTP status code; 0 where the status line cannot be read."""
    reason: str
    """Reason phrase as received."""
    protocol: str
    """`HTTP/1.1`, …"""
    headers: Headers
    """Response headers."""
    payload: bytes
    """The body free of transfer coding, still content-encoded."""
    content: bytes
    """The body free of content coding; the payload itself where it cannot be decoded."""
    fetched_at: datetime
    """Aware WARC-Date."""
    payload_digest: str
    """`sha1:<base32>` or what else the record states; computed where it states none."""
    offset: int
    """Byte at which the record begins in the file."""
    length: int
    """Bytes of the record in the file, compressed if the file is: `offset` and `length` cut out a WARC file of one."""
    flags: tuple[str, ...] = ()
    """Doubts: `bad_content_encoding`, `bad_chunks`, `too_large`, `truncated` (WARC-Truncated: the crawler gave up)."""

    def header(self, name: str) -> str | None:
        """First value of a header, in whatever case it is written."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """A part of a WARC file that is not as it should be."""

    offset: int
    """Byte of the file at which the record or the unreadable part begins."""
    problem: str
    """What is wrong, for people."""

    def __str__(self) -> str:
        return f"at byte {self.offset}: {self.problem}"


# --- writing ----------------------------------------------------------------------------------------------------------

# What a crawler sends to be let in or recognised; an archive is read by others.
_PRIVATE = frozenset({"authorization", "proxy-authorization", "cookie", "cookie2"})


class WarcWriter:
    """Writes exchanges into files that are finished when they are large or old enough, or when it is closed.

    A file is called `<stem>.warc.gz.open` while it is written. When finished it is flushed to disk and renamed to
    `<stem>.warc.gz`; a reader therefore never sees an unfinished `.warc.gz`. A file is opened by the first exchange, so
    none is without a response.
    """

    def __init__(
        self,
        directory: Path,
        source: str,
        run_id: str,
        *,
        max_bytes: int,
        max_seconds: float,
        software: str,
        operator: str,
        on_finished: Callable[[Path], None] = lambda _: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Write into `directory`, which is made when needed.

        Args:
            directory: Where the files go.
            source: Id of the source, for the files' names.
            run_id: Id of the run, for the files' names.
            max_bytes: A file is finished by the exchange that makes it this large.
            max_seconds: A file is finished by the first exchange, or `finish_if_due()`, this long after it was opened.
            software: Name and version of the crawler, for the warcinfo record.
            operator: Who runs it and how to reach them, likewise.
            on_finished: Told the path of each finished file.
            clock: Gives the aware time in UTC.
        """
        self.on_finished = on_finished
        self._directory, self._source, self._run_id = directory, source, run_id
        self._max_bytes, self._max_seconds = max_bytes, max_seconds
        self._software, self._operator = software, operator
        self._clock = clock
        self._serial = 0
        self._file: io.FileIO | None = None
        self._path = Path()
        self._opened = datetime.min.replace(tzinfo=UTC)
        self._size = 0

    def write(self, exchange: Exchange) -> None:
        """Append the response and its request; they are in the file, though not yet on disk, when this returns.

        Raises:
            WarcError: the file cannot be written. What was written before stays sound.
        """
        self.finish_if_due()
        records = _exchange_records(exchange)
        try:
            if self._file is None:
                self._open()
            self._append(b"".join(map(_compressed, records)))
        except OSError as error:
            raise WarcError(
                f"cannot write {self._directory}: {error.strerror or error}; free or repair the disk of "
                "the spool directory, then run again"
            ) from error
        if self._size >= self._max_bytes:
            self._finish()

    def finish_if_due(self) -> None:
        """Finish the file if it is old enough. Called now and then, it hands over the file of a crawl that stalls."""
        if self._file and (self._clock() - self._opened).total_seconds() >= self._max_seconds:
            self._finish()

    def close(self) -> None:
        """Finish the file."""
        if self._file:
            self._finish()

    def _open(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._opened = self._clock()
        while True:
            stem = warc_stem(self._source, self._opened, self._run_id, self._serial)
            self._serial += 1
            self._path = self._directory / f"{stem}.warc.gz{OPEN}"
            if self._path.with_suffix("").exists():
                continue
            try:
                self._file = io.FileIO(self._path, "x")
                break
            except FileExistsError:
                continue
        self._size = 0
        fields = {
            "software": self._software,
            "operator": self._operator,
            "isPartOf": self._source,
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        }
        block = "".join(f"{name}: {_line(value)}\r\n" for name, value in fields.items() if value).encode()
        head = [
            ("WARC-Type", "warcinfo"),
            ("WARC-Record-ID", _urn()),
            ("WARC-Filename", self._path.with_suffix("").name),
            ("WARC-Date", _warc_date(self._opened)),
            ("Content-Type", "application/warc-fields"),
            ("WARC-Block-Digest", _digest(block)),
        ]
        self._append(_compressed(_record(head, block)))

    def _append(self, data: bytes) -> None:
        assert self._file is not None  # noqa: S101  for the type checker
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError:
            # A disk that is full takes half a record: what stands before it must stay readable.
            self._file.truncate(self._size)
            self._file.seek(self._size)
            raise
        self._size += len(data)

    def _finish(self) -> None:
        file, self._file = self._file, None
        assert file is not None  # noqa: S101  for the type checker
        with file:
            os.fsync(file.fileno())
        finished = self._path.with_suffix("")
        _rename(self._path, finished)
        self.on_finished(finished)


def _exchange_records(exchange: Exchange) -> list[bytes]:
    date = _warc_date(exchange.fetched_at)
    response_id, request_id = _urn(), _urn()
    common = [("WARC-Target-URI", exchange.url), ("WARC-Date", date)]
    if exchange.ip:
        common.append(("WARC-IP-Address", exchange.ip))

    status_line = f"{exchange.protocol} {exchange.status} {exchange.reason}"
    response = _http(status_line, _described(exchange)) + exchange.body
    response_head = [
        ("WARC-Type", "response"),
        ("WARC-Record-ID", response_id),
        *common,
        ("Content-Type", "application/http; msgtype=response"),
        ("WARC-Payload-Digest", _digest(exchange.body)),
        ("WARC-Block-Digest", _digest(response)),
    ]

    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = [(name, value) for name, value in exchange.request_headers if name.lower() not in _PRIVATE]
    if not any(name.lower() == "host" for name, _ in sent):
        sent.insert(0, ("Host", parts.netloc.rpartition("@")[2]))
    request = _http(f"{exchange.method} {target} {exchange.protocol}", sent)
    request_head = [
        ("WARC-Type", "request"),
        ("WARC-Record-ID", request_id),
        ("WARC-Concurrent-To", response_id),
        *common,
        ("Content-Type", "application/http; msgtype=request"),
        ("WARC-Payload-Digest", _digest(b"")),
        ("WARC-Block-Digest", _digest(request)),
    ]
    return [_record(response_head, response), _record(request_head, request)]


def _described(exchange: Exchange) -> Iterable[tuple[str, str]]:
    """The response headers, made to describe the body as it is stored.

    A body that came in chunks is stored without them, and one that was cut off is shorter than announced. Left as they
    are, `Transfer-Encoding: chunked` and a wrong `Content-Length` would make readers look for chunks and bytes that are
    not there. What the server sent is kept under the names that Common Crawl's crawler and others use for it.
    """
    bodiless = exchange.method == "HEAD" or exchange.status in (204, 304)  # the length is that of a body not sent
    actual = str(len(exchange.body))
    chunked = False
    for name, value in exchange.response_headers:
        match name.lower():
            case "transfer-encoding":
                chunked = True
                yield f"X-Crawler-{name}", value
            case "content-length" if not bodiless and value.strip() != actual:
                chunked = True
                yield f"X-Crawler-{name}", value
            case "content-length" if not bodiless and chunked:
                continue
            case _:
                yield name, value
    if chunked and not bodiless:
        yield "Content-Length", actual


def _http(first_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [first_line.rstrip(), *(f"{name}: {value}" for name, value in headers)]
    return b"".join(_wire(_line(line)) + b"\r\n" for line in lines) + b"\r\n"


def _wire(text: str) -> bytes:
    try:
        return text.encode("latin-1")  # the inverse of how header bytes are read everywhere
    except UnicodeEncodeError:
        return text.encode()


def _line(text: str) -> str:
    """`text` on one line: a line break would end the header it stands in."""
    return re.sub(r"[\r\n]+", " ", text)


def _record(head: list[tuple[str, str]], block: bytes) -> bytes:
    lines = "".join(f"{name}: {_line(value)}\r\n" for name, value in (*head, ("Content-Length", str(len(block)))))
    return b"WARC/1.1\r\n" + lines.encode() + b"\r\n" + block + b"\r\n\r\n"


def _compressed(record: bytes) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)  # a gzip member without a time: same input, same bytes
    return compressor.compress(record) + compressor.flush()


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _urn() -> str:
    return f"<urn:uuid:{uuid4()}>"


def _warc_date(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _rename(path: Path, finished: Path) -> None:
    path.rename(finished)
    directory = os.open(finished.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def salvage(path: Path) -> Path | None:
    """Turn the `.warc.gz.open` that a dead writer left into a `.warc.gz` with every complete record.

    Returns:
        The finished file; None where no response was complete. The file at `path` is removed.

    Raises:
        WarcError: the file cannot be read or written; it is not touched.
    """
    finished = path.with_suffix("")
    rescued = finished.with_suffix(".salvage")
    responses = 0
    try:
        with path.open("rb") as file, path.open("rb") as raw, rescued.open("wb") as kept:
            for frame in _frames(file):
                if frame.problem:
                    # A cut-off end is what a killed writer leaves; anything else, a disk that lost what was written.
                    level = logging.INFO if frame.cut_off else logging.WARNING
                    _log.log(level, "%s at byte %d: left out, %s", path, frame.offset, frame.problem)
                    continue
                raw.seek(frame.offset)
                kept.write(raw.read(frame.length))
                responses += _parse(frame.data).record_type == WarcRecordType.response
            kept.flush()
            os.fsync(kept.fileno())
        if responses:
            _rename(rescued, finished)
        path.unlink()
    except OSError as error:
        raise WarcError(f"cannot salvage {path}: {error.strerror or error}; repair the disk, then run again") from error
    except (ValueError, WarcError) as error:
        raise WarcError(f"cannot salvage {path} {error}; move it away if the crawl is to go on without it") from error
    finally:
        rescued.unlink(missing_ok=True)
    return finished if responses else None


# --- cutting a file into records --------------------------------------------------------------------------------------

_BLOCK = 256 << 10
_MAX_HEAD = 1 << 20
_MEMBER = b"\x1f\x8b\x08"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CONTENT_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """A record's bytes and where they lie in the file; or a stretch of the file that holds no readable record."""

    offset: int
    length: int
    data: bytes = b""
    """The record, uncompressed, without the line breaks that end it."""
    too_large: bool = False
    """`data` is cut off at `MAX_PAYLOAD`."""
    problem: str = ""
    """Why it cannot be read; empty for a record."""
    cut_off: bool = False
    """The problem is that the file ends."""


class _Window:
    """A stretch of a stream, from byte `offset` to as far as was read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.data = bytearray()
        self.offset = 0

    def fill(self) -> bool:
        """Read more; False at the end of the stream."""
        more = self._stream.read(_BLOCK)
        self.data += more
        return bool(more)

    def drop(self, count: int) -> None:
        """Let go of the first `count` bytes."""
        del self.data[:count]
        self.offset += count


def _frames(stream: BinaryIO) -> Iterator[_Frame]:
    """The records of a WARC file with one gzip member a record, or of one that is not compressed.

    Raises:
        WarcError: it is neither.
    """
    window = _Window(stream)
    while len(window.data) < 8 and window.fill():
        pass
    start = bytes(window.data[:8])
    if not start:
        return
    if _MEMBER.startswith(start[:3]):
        yield from _members(window)
    elif start.startswith(b"WARC/") or b"WARC/".startswith(start):
        yield from _plain(window)
    elif start.startswith(b"\x28\xb5\x2f\xfd") or start[1:4] == b"\x2a\x4d\x18":
        raise WarcError("at byte 0: the file is compressed with zstd; decompress it with `zstd -d`, then try again")
    else:
        raise WarcError("at byte 0: the file does not begin as a WARC file does; check that it is one")


def _members(window: _Window) -> Iterator[_Frame]:
    """The records of a file with one gzip member a record."""
    while window.data or window.fill():
        offset = window.offset
        used, data, size, problem = _inflate(window)
        if problem:
            ended = used == len(window.data) and not window.fill()
            # The broken member cannot say where the next one begins, so look for it.
            found = _next_member(window)
            yield _Frame(offset=offset, length=window.offset - offset, problem=problem, cut_off=ended and not found)
            continue
        window.drop(used)
        yield _checked_frame(offset, used, data, size)


def _inflate(window: _Window, limit: int = MAX_PAYLOAD) -> tuple[int, bytes, int, str]:
    """Decompress the gzip member at the beginning of the window.

    Returns:
        Its bytes in the window; its content up to `limit`; the size of all its content; what is wrong with it, or "".
    """
    inflater = zlib.decompressobj(31)
    parts: list[bytes] = []
    used = size = 0
    expected: int | None = None
    while not inflater.eof:
        if used == len(window.data) and not window.fill():
            return used, b"", size, "the file ends inside this record"
        block = bytes(window.data[used : used + _BLOCK])
        try:
            out = inflater.decompress(block, _BLOCK)
        except zlib.error as error:
            return used, b"", size, f"the compression is broken ({error})"
        used += len(block) - len(inflater.unused_data if inflater.eof else inflater.unconsumed_tail)
        if size < limit:
            parts.append(out[: limit - size])
        size += len(out)
        if expected is None:
            expected = _record_size(b"".join(parts))
        if expected is not None and size > expected + 64:
            raise WarcError(
                f"at byte {window.offset}: several records are compressed as one, so that none can be read alone; "
                "run `warcio recompress OLD.warc.gz NEW.warc.gz`, then use the new file"
            )
    return used, b"".join(parts), size, ""


def _next_member(window: _Window) -> bool:
    """Move the window to the next gzip member that holds a record; False, and to the end of the file, if there is none.

    A body that is itself compressed holds what looks like the beginning of a member, so the content is looked at too.
    """
    start = 1
    while True:
        start = window.data.find(_MEMBER, start)
        if start < 0:
            kept = len(_MEMBER) - 1
            window.drop(max(0, len(window.data) - kept))
            if not window.fill():
                window.drop(len(window.data))
                return False
            start = 0
            continue
        while len(window.data) < start + 4096 and window.fill():
            pass
        try:
            if zlib.decompressobj(31).decompress(bytes(window.data[start : start + 4096]), 5) == b"WARC/":
                window.drop(start)
                return True
        except zlib.error:
            pass
        start += 1


def _record_size(data: bytes) -> int | None:
    """Bytes of the record that `data` begins with, without the line breaks after it; None if its head is not whole."""
    end = _HEAD_END.search(data, 0, _MAX_HEAD)
    length = _CONTENT_LENGTH.search(data, 0, end.end()) if end else None
    return end.end() + int(length[1]) if end and length else None


def _checked_frame(offset: int, length: int, data: bytes, size: int) -> _Frame:
    """The frame of a member's content; `size` is that of all of it, where `data` was cut off."""
    expected = _record_size(data)
    problem = ""
    if not data.startswith(b"WARC/"):
        problem = "there is no WARC record here"
    elif expected is None:
        problem = "the record's header has no end, or no Content-Length"
    elif size < expected:
        problem = f"the record is {expected - size} bytes shorter than its Content-Length says"
    if problem:
        return _Frame(offset=offset, length=length, problem=problem)
    return _Frame(offset=offset, length=length, data=data[:expected], too_large=len(data) < (expected or 0))


def _plain(window: _Window) -> Iterator[_Frame]:
    """The records of a file that is not compressed."""
    while True:
        # Between records there are two line breaks; some writers make it one, or three.
        while (blank := len(window.data) - len(window.data.lstrip(b"\r\n"))) == len(window.data):
            window.drop(blank)
            if not window.fill():
                return
        window.drop(blank)
        offset = window.offset
        expected = None
        while (expected := _record_size(bytes(window.data[:_MAX_HEAD]))) is None:
            if len(window.data) >= _MAX_HEAD or not window.fill():
                break
        if expected is None or not window.data.startswith(b"WARC/"):
            ended = len(window.data) < _MAX_HEAD and window.data.startswith(b"WARC/")
            found = _next_plain(window)
            yield _Frame(
                offset=offset,
                length=window.offset - offset,
                problem="the file ends inside this record" if ended and not found else "there is no WARC record here",
                cut_off=ended and not found,
            )
            continue
        data = bytearray()
        left = expected
        while left:
            if not window.data and not window.fill():
                yield _Frame(
                    offset=offset,
                    length=window.offset - offset,
                    problem="the file ends inside this record",
                    cut_off=True,
                )
                return
            taken = window.data[:left]
            data += taken[: max(0, MAX_PAYLOAD - len(data))]
            left -= len(taken)
            window.drop(len(taken))
        # The line breaks belong to the record: `offset` and `length` must cut out a file of one.
        while len(window.data) < 4 and window.fill():
            pass
        window.drop(4 if window.data.startswith(b"\r\n\r\n") else 0)
        yield _Frame(offset=offset, length=window.offset - offset, data=bytes(data), too_large=len(data) < expected)


def _next_plain(window: _Window) -> bool:
    """Move the window to the next line that begins a record; False, and to the end of the file, if there is none."""
    while True:
        start = window.data.find(b"\nWARC/1.", 1)
        if start >= 0:
            window.drop(start + 1)
            return True
        window.drop(max(0, len(window.data) - 8))
        if not window.fill():
            window.drop(len(window.data))
            return False


# --- reading ----------------------------------------------------------------------------------------------------------


def read_warc(stream: BinaryIO, on_damage: Callable[[Damage], None] | None = None) -> Iterator[Capture]:
    """The HTTP responses in a WARC file, in its order; whoever wrote it (WARC/1.0 or 1.1, gzip or not).

    Records of other types, revisits too, are passed over. A damaged record does not keep the others from being read.

    Args:
        stream: The file from its beginning; it need not seek.
        on_damage: Told of each damaged part as it is met.

    Raises:
        WarcError: the file is no WARC file; or, after its last capture and without `on_damage`, parts are damaged.
    """
    damages: list[Damage] = []
    report = on_damage or damages.append
    for frame in _frames(stream):
        if frame.problem:
            report(Damage(offset=frame.offset, problem=frame.problem))
            continue
        try:
            capture = _capture(frame)
        except ValueError as error:
            report(Damage(offset=frame.offset, problem=str(error)))
            continue
        if capture:
            yield capture
    if damages:
        first, more = damages[0], len(damages) - 1
        raise WarcError(
            f"{first}{f' (and {more} more damaged parts)' if more else ''}; all other records were read: fetch the "
            "file again, or drop the damaged part"
        )


def _parse(data: bytes) -> WarcRecord:
    try:
        return WarcRecord.from_bytes(data)
    except (OSError, ValueError) as error:
        raise ValueError(f"the record's header cannot be read ({error})") from error


def _capture(frame: _Frame) -> Capture | None:
    """The response in a frame; None where it holds something else.

    Raises:
        ValueError: it holds a response that cannot be read.
    """
    record = _parse(frame.data)
    kind = (record.headers.get("Content-Type") or "").lower()
    url = (record.headers.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">")
    if record.record_type != WarcRecordType.response or not url.lower().startswith(("http:", "https:")):
        return None
    if not kind.replace(" ", "").startswith("application/http"):
        return None
    flags = []
    if frame.too_large:
        flags.append("too_large")
    if record.headers.get("WARC-Truncated"):
        flags.append("truncated")
    block = record.reader.read()
    protocol, status, reason, headers, body = _read_http(block)
    digest = record.headers.get("WARC-Payload-Digest") or _digest(body)
    if "chunked" in _values(headers, "transfer-encoding"):
        body, sound = _dechunk(body)
        if not sound:
            flags.append("bad_chunks")
    content, problem = _decode_content(body, _values(headers, "content-encoding"))
    if problem:
        flags.append(problem)
    identity = (record.record_id or "").strip("<>")
    return Capture(
        capture_id=identity.removeprefix("urn:uuid:") or hashlib.sha256(frame.data).hexdigest()[:32],
        url=url,
        status=status,
        reason=reason,
        protocol=protocol,
        headers=headers,
        payload=body,
        content=content,
        fetched_at=_read_date(record.headers.get("WARC-Date") or ""),
        payload_digest=digest,
        offset=frame.offset,
        length=frame.length,
        flags=tuple(dict.fromkeys(flags)),
    )


def _read_date(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"the record's WARC-Date {text!r} is no date") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _read_http(block: bytes) -> tuple[str, int, str, Headers, bytes]:
    """Protocol, status, reason, headers and body of an HTTP response as it stands in a record."""
    end = _HEAD_END.search(block)
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    first, *lines = re.split(r"\r?\n(?![ \t])", head.decode("latin-1"))
    protocol, _, rest = first.partition(" ")
    code, _, reason = rest.strip().partition(" ")
    status = int(code) if code.isascii() and code.isdigit() else 0
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        headers.append((name.strip(), re.sub(r"\r?\n[ \t]+", " ", value.strip())))
    return protocol, status, reason.strip(), tuple(headers), body


def _values(headers: Headers, wanted: str) -> list[str]:
    """The comma-separated values of a header, in lower case, over all its occurrences."""
    values = ",".join(value for name, value in headers if name.lower() == wanted)
    return [value.strip().lower() for value in values.split(",") if value.strip()]


def _dechunk(body: bytes) -> tuple[bytes, bool]:
    """The body without its chunks, and whether they were sound.

    A body that does not begin with a chunk is taken as it is and counts as sound: many crawlers store what they
    received without its chunks and leave the header as it was.
    """
    parts: list[bytes] = []
    position = 0
    while True:
        size = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n").match(body, position)
        if not size:
            return (b"".join(parts), False) if parts else (body, True)
        length = int(size[1], 16)
        if not length:
            return b"".join(parts), True
        if not parts and size.end() + length > len(body) and length > len(body):
            return body, True
        part = body[size.end() : size.end() + length]
        parts.append(part)
        position = size.end() + length
        if len(part) < length:
            return b"".join(parts), False
        position += 2 if body.startswith(b"\r\n", position) else body.startswith(b"\n", position)


def _decode_content(body: bytes, encodings: list[str]) -> tuple[bytes, str]:
    """The body free of content coding, and the flag to raise: where it cannot be decoded, the body itself."""
    content = body
    for encoding in reversed(encodings):
        if encoding in ("identity", "none", "utf-8") or not content:
            continue
        decoder = _DECODERS.get(encoding)
        try:
            if decoder is None:
                return body, "bad_content_encoding"
            content = decoder(content)
        except (zlib.error, OSError, ValueError, EOFError):
            return body, "bad_content_encoding"
        if len(content) > MAX_PAYLOAD:
            return content[:MAX_PAYLOAD], "too_large"
    return content, ""


def _gunzip(data: bytes) -> bytes:
    """What a browser makes of it: the members one after another, and whatever follows them ignored."""
    parts: list[bytes] = []
    size = 0
    while data.startswith(b"\x1f\x8b") or not parts:
        inflater = zlib.decompressobj(31)
        parts.append(inflater.decompress(data, MAX_PAYLOAD + 1 - size))
        size += len(parts[-1])
        if size > MAX_PAYLOAD:
            break
        if not inflater.eof:
            raise EOFError("the gzip stream ends early")
        data = inflater.unused_data
    return b"".join(parts)


def _inflate_deflate(data: bytes) -> bytes:
    """`deflate` is zlib by the standard, but some servers send it without zlib's header."""
    try:
        inflater = zlib.decompressobj(15)
        content = inflater.decompress(data, MAX_PAYLOAD + 1)
    except zlib.error:
        inflater = zlib.decompressobj(-15)
        content = inflater.decompress(data, MAX_PAYLOAD + 1)
    if not inflater.eof and len(content) <= MAX_PAYLOAD:
        raise EOFError("the deflate stream ends early")
    return content


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_deflate,
    "br": lambda data: BrotliReader(io.BytesIO(data)).read(MAX_PAYLOAD + 1),
    "zstd": lambda data: ZstdReader(io.BytesIO(data)).read(MAX_PAYLOAD + 1),
}


# --- index and check --------------------------------------------------------------------------------------------------


def write_cdxj(warc: BinaryIO, name: str) -> bytes:
    """The CDXJ index of a WARC file, as pywb reads it: a sorted line for each response.

    Args:
        warc: The file from its beginning.
        name: How the index is to name the file.
    """
    lines = []
    for capture in read_warc(warc):
        fields = {
            "url": capture.url,
            "mime": (capture.header("Content-Type") or "unk").partition(";")[0].strip().lower() or "unk",
            "status": str(capture.status),
            "digest": capture.payload_digest.removeprefix("sha1:"),
            "length": str(capture.length),
            "offset": str(capture.offset),
            "filename": name,
        }
        lines.append(f"{surt(capture.url)} {capture.fetched_at:%Y%m%d%H%M%S} {json.dumps(fields)}\n".encode())
    return b"".join(sorted(lines))


def surt(url: str) -> str:
    """The key by which web archives sort a URL: `https://www.example.com/a?c&b` becomes `com,example)/a?b&c`."""
    parts = urlsplit(url)
    host = re.sub(r"^www\d*\.", "", (parts.hostname or "").strip("."))
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        host = quote(host)
    port = "" if parts.port in (None, 80 if parts.scheme == "http" else 443) else f":{parts.port}"
    path = _escaped(_unescaped(parts.path)).lower()
    path = "/" + "/".join(part for part in path.split("/") if part)
    query = "&".join(
        sorted(_escaped(_unescaped(parts.query)).lower().split("&"), key=lambda arg: arg.partition("=")[::2])
    )
    return ",".join(reversed(host.split("."))) + port + ")" + path + (f"?{query}" if query else "")


def _unescaped(text: str) -> bytes:
    data = text.encode()
    while (plain := unquote_to_bytes(data)) != data:
        data = plain
    return data


def _escaped(data: bytes) -> str:
    return quote_from_bytes(data, safe="!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~")


def check_warc(stream: BinaryIO) -> Iterator[Damage]:
    """What is wrong with a WARC file: every record is read and its digests are computed anew.

    Raises:
        WarcError: it is no WARC file.
    """
    for frame in _frames(stream):
        if frame.problem:
            yield Damage(offset=frame.offset, problem=frame.problem)
            continue
        try:
            record = _parse(frame.data)
            _capture(frame)
        except ValueError as error:
            yield Damage(offset=frame.offset, problem=str(error))
            continue
        if frame.too_large:
            continue
        block = record.reader.read()
        stated = record.headers.get("WARC-Block-Digest")
        if stated and not _matches(stated, block):
            yield Damage(offset=frame.offset, problem=f"the record's block does not have its digest {stated}")
        stated = record.headers.get("WARC-Payload-Digest")
        if stated and record.record_type == WarcRecordType.response:
            body = _read_http(block)[-1]
            if not _matches(stated, body) and not _matches(stated, _dechunk(body)[0]):
                yield Damage(offset=frame.offset, problem=f"the payload does not have its digest {stated}")


def _matches(stated: str, data: bytes) -> bool:
    """Whether `data` has the stated digest (`algorithm:value`, in base 32 or 16); True where it cannot be told."""
    algorithm, _, value = stated.strip().partition(":")
    try:
        digest = hashlib.new(algorithm.lower().replace("-", ""), data, usedforsecurity=False).digest()
    except (ValueError, TypeError):
        return True
    return value.upper().rstrip("=") in (base64.b32encode(digest).decode().rstrip("="), digest.hex().upper())
