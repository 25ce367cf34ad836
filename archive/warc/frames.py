"""Cuts a WARC file into its records, whole or damaged.

FastWARC then parses each record by itself. As an iterator over a whole file it stops at the first damaged record,
passes over a cut-off end in silence, and needs a stream that can seek. Cutting first also makes offsets and lengths
exact.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_RECORD = 65 << 20
"""Bytes of a record that are kept in memory: a body of `coding.MAX_CONTENT` with its heads. The rest is passed over."""
MAX_PASSED = 4 << 30
"""Bytes that one gzip member may unpack to; a larger one is given up, and the next one looked for."""

_BLOCK = 256 << 10
_MAX_HEAD = 1 << 20
_LOOK_BACK = 16 << 20  # bytes of a member kept to look for the next one, should it turn out to be damaged
_MEMBER = b"\x1f\x8b\x08"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CONTENT_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_PLAIN = b"\nWARC/1."
_BLANK = re.compile(rb"[\r\n]*")


class WarcError(Exception):
    """A WARC file cannot be read or written: says where in the file, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """A part of a WARC file that is not as it should be."""

    offset: int
    """Byte of the file at which the record or the unreadable part begins."""
    problem: str
    """What is wrong, for people."""

    def __str__(self) -> str:
        return f"at byte {self.offset}: {self.problem}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A record's bytes and where they lie in the file; or a stretch of the file that holds no readable record."""

    offset: int
    length: int
    data: bytes = b""
    """The record, uncompressed, without the line breaks that end it."""
    head: int = 0
    """Bytes of `data` before the record's block."""
    too_large: bool = False
    """`data` is cut off at `MAX_RECORD`."""
    problem: str = ""
    """Why it cannot be read; empty for a record."""
    cut_off: bool = False
    """The problem is that the file ends too early."""

    @property
    def header(self) -> bytes:
        """The record's header, with the empty line that ends it."""
        return self.data[: self.head]

    @property
    def block(self) -> memoryview:
        """What follows the record's header."""
        return memoryview(self.data)[self.head :]


class _Window:
    """A stretch of a stream, from byte `offset` to as far as was read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.data = bytearray()
        self.offset = 0

    def fill(self, wanted: int = 0) -> bool:
        """Read more, once or until it holds `wanted` bytes; False at the end of the stream."""
        while more := self._stream.read(_BLOCK):
            self.data += more
            if len(self.data) >= wanted:
                return True
        return False

    def drop(self, count: int) -> None:
        """Let go of the first `count` bytes."""
        del self.data[:count]
        self.offset += count


def cut(stream: BinaryIO) -> Iterator[Frame]:
    """The records of a WARC file with one gzip member a record, or of one that is not compressed.

    Raises:
        WarcError: it is neither.
    """
    window = _Window(stream)
    window.fill(8)
    start = bytes(window.data[:8])
    if not start:
        yield Frame(offset=0, length=0, problem="the file is empty", cut_off=True)
    elif _MEMBER.startswith(start[:3]):
        yield from _compressed(window)
    elif start.startswith(b"WARC/"[: len(start)]):
        yield from _plain(window)
    elif start.startswith(b"\x28\xb5\x2f\xfd") or start[1:4] == b"\x2a\x4d\x18":
        raise WarcError("at byte 0: the file is compressed with zstd; decompress it with `zstd -d`, then try again")
    else:
        raise WarcError("at byte 0: the file does not begin as a WARC file does; check that it is one")


def _compressed(window: _Window) -> Iterator[Frame]:
    while window.data or window.fill():
        offset = window.offset
        try:
            data, size = _inflate(window)
        except EOFError:
            # A member that was cut off or overwritten in the middle of the file may seem to go on to the end of it.
            found = _seek_member(window, offset + 1)
            yield Frame(
                offset=offset,
                length=window.offset - offset,
                problem="the record is damaged" if found else "the file ends inside this record",
                cut_off=not found,
            )
        except (zlib.error, _GivenUpError) as error:
            _seek_member(window, offset + 1)
            problem = f"the record's compression is broken ({error})" if isinstance(error, zlib.error) else str(error)
            yield Frame(offset=offset, length=window.offset - offset, problem=problem)
        else:
            yield _frame(offset, window.offset - offset, data, size)


class _GivenUpError(Exception):
    """A member is not unpacked to its end; says why."""


def _inflate(window: _Window) -> tuple[bytes, int]:
    """Decompress the gzip member at the beginning of the window, and move the window past it.

    Where that fails, the window keeps what is needed to look for the next member, as far as it is small.

    Returns:
        The member's content, as far as it is kept; the bytes of all its content.

    Raises:
        EOFError: the stream ends before the member does.
        zlib.error: it is no gzip member, or a broken one.
        _GivenUpError: it is too large, or does not begin as a record does.
        WarcError: it holds more than one record.
    """
    start = window.offset
    inflater = zlib.decompressobj(31)
    kept = bytearray()
    used = size = 0
    record: tuple[int, int] | None = None
    step = 8 << 10  # a member may be small, and what follows it is copied for nothing
    while not inflater.eof:
        if used > _LOOK_BACK:
            window.drop(used)
            used = 0
        if used == len(window.data) and not window.fill():
            raise EOFError
        block = bytes(window.data[used : used + step])
        step = min(2 * step, _BLOCK)
        out = inflater.decompress(block, _BLOCK)
        used += len(block) - len(inflater.unconsumed_tail or inflater.unused_data)
        kept += out[: max(0, MAX_RECORD - size)]
        size += len(out)
        if size > MAX_PASSED:
            raise _GivenUpError(f"the record is larger than {MAX_PASSED >> 30} GiB")
        record = record or _measure(kept)
        if record is None and size > _MAX_HEAD:
            raise _GivenUpError("there is no WARC record here")
        if record and size > sum(record) + 64 and _PLAIN[1:] in kept[sum(record) : sum(record) + 64]:
            raise WarcError(
                f"at byte {start}: several records are compressed as one, so that none can be read alone; "
                "run `warcio recompress OLD.warc.gz NEW.warc.gz` and use the new file"
            )
    window.drop(used)
    return bytes(kept), size


def _seek_member(window: _Window, offset: int) -> bool:
    """Move the window on to the next gzip member that holds a record; False, and to the end, if there is none.

    A body that is itself compressed has what looks like the beginning of a member, so the content is looked at too.

    Args:
        window: it is not moved back where it begins behind `offset` already.
        offset: byte from which one is looked for.
    """
    window.drop(max(0, offset - window.offset))
    while True:
        start = window.data.find(_MEMBER)
        if start < 0:
            window.drop(max(0, len(window.data) - len(_MEMBER) + 1))
            if window.fill():
                continue
            window.drop(len(window.data))
            return False
        window.drop(start)
        if len(window.data) < 1024:
            window.fill(1024)
        try:
            if zlib.decompressobj(31).decompress(bytes(window.data[:1024]), 5) == b"WARC/":
                return True
        except zlib.error:
            pass
        window.drop(1)


def _measure(data: bytes | bytearray) -> tuple[int, int] | None:
    """Bytes of the head and the block of the record that `data` begins with; None if the head is not whole or sound."""
    end = _HEAD_END.search(data, 0, _MAX_HEAD)
    length = _CONTENT_LENGTH.search(data, 0, end.end()) if end else None
    return (end.end(), int(length[1])) if end and length else None


def _frame(offset: int, length: int, data: bytes, size: int) -> Frame:
    """The frame of a member's content; `size` is that of all of it, of which `data` may be a part."""
    if not data.startswith(b"WARC/"):
        return Frame(offset=offset, length=length, problem="there is no WARC record here")
    record = _measure(data)
    if not record:
        return Frame(offset=offset, length=length, problem="the record's header has no end or no Content-Length")
    head, block = record
    if size > head + block + 64:
        problem = f"the record is {size - head - block} bytes longer than its Content-Length says"
        return Frame(offset=offset, length=length, problem=problem)
    if size < head + block:
        problem = f"the record is {head + block - size} bytes shorter than its Content-Length says"
        return Frame(offset=offset, length=length, problem=problem)
    return Frame(offset=offset, length=length, data=data[: head + block], head=head, too_large=len(data) < head + block)


def _plain(window: _Window) -> Iterator[Frame]:
    while _skip_blank(window):
        offset = window.offset
        record = _head(window)
        if record is None:
            whole = len(window.data) >= _MAX_HEAD
            found = _seek_plain(window)
            problem = "there is no WARC record here" if found or whole else "the file ends inside this record"
            yield Frame(offset=offset, length=window.offset - offset, problem=problem, cut_off=not (found or whole))
            continue
        left = sum(record)
        data = bytearray()
        while left and (window.data or window.fill()):
            taken = bytes(window.data[:left])
            data += taken[: max(0, MAX_RECORD - len(data))]
            left -= len(taken)
            window.drop(len(taken))
        if left:
            problem = "the file ends inside this record"
            yield Frame(offset=offset, length=window.offset - offset, problem=problem, cut_off=True)
            return
        size = window.offset - offset
        # The two line breaks belong to the record: `offset` and `length` cut out a file of one.
        if len(window.data) < 4:
            window.fill(4)
        if window.data.startswith(b"\r\n\r\n"):
            window.drop(4)
        yield _frame(offset, window.offset - offset, bytes(data), size)


def _skip_blank(window: _Window) -> bool:
    """Move the window past line breaks, of which some writers put too many; False at the end."""
    while window.data or window.fill():
        blank = _BLANK.match(window.data)
        window.drop(blank.end() if blank else 0)
        if window.data:
            return True
    return False


def _head(window: _Window) -> tuple[int, int] | None:
    """What `_measure` says of the record at the beginning of the window, of which as much is read as that needs."""
    while window.data.startswith(b"WARC/"[: len(window.data)]):
        if record := _measure(window.data):
            return record
        if len(window.data) >= _MAX_HEAD or not window.fill():
            break
    return None


def _seek_plain(window: _Window) -> bool:
    """Move the window on to the next line that begins a record; False, and to the end, if there is none."""
    if window.data.startswith(b"WARC/"):  # with a header of no use: no record begins before its end
        end = _HEAD_END.search(window.data, 0, _MAX_HEAD)
        window.drop((end.end() if end else min(len(window.data), _MAX_HEAD)) - 1)
    while True:
        start = window.data.find(_PLAIN)
        if start >= 0:
            window.drop(start + 1)
            return True
        window.drop(max(0, len(window.data) - len(_PLAIN) + 1))
        if not window.fill():
            window.drop(len(window.data))
            return False
