"""Takes records out of a WARC file without moving the others.

A gzip member is overwritten by another of exactly its length: a `metadata` record that says what was here. Stored
blocks of deflate give it that length. Offsets, index lines and rows of the other records stay valid.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from archive.warc.frames import Frame, WarcError, cut
from archive.warc.revisit import identity, target, warc_date

_FORGOTTEN = b"forgotten: "
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # gzip without name and time, so that it is the same every time
_STORED = 0xFFFF
_FIELD = re.compile(rb"^([A-Za-z-]+)[ \t]*:(.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """A record that stands where a forgotten one was."""

    record_id: str
    """The forgotten record's: `captures.capture_id` of a response."""
    entry: str
    """Id of the audit entry by which it was forgotten."""
    offset: int
    length: int


def tombstone(length: int, record_id: str, entry: str, at: datetime) -> bytes:
    """A gzip member of `length` bytes that says which record was here; the same for the same arguments.

    It keeps the record's WARC-Record-ID, which is not in use any more, and nothing else of it.

    Args:
        length: Bytes of the member it replaces.
        record_id: UUID of the record it replaces, or what else its WARC-Record-ID is.
        entry: Id of the audit entry.
        at: Aware time of that entry.

    Raises:
        WarcError: the length is too short; no HTTP exchange that a crawler writes is.
    """
    name = f"<urn:uuid:{record_id}>" if re.fullmatch(r"[0-9a-f-]{36}", record_id) else f"<{record_id}>"
    head = (
        f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: {name}\r\nWARC-Date: {warc_date(at)}\r\n"
        "Content-Type: application/warc-fields\r\nContent-Length: "
    ).encode()
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    compressed = compressor.compress(head) + compressor.flush(zlib.Z_FULL_FLUSH)
    said = _FORGOTTEN + entry.encode()
    free = length - len(_HEADER) - len(compressed) - 8
    # One more stored block helps over the lengths at which Content-Length gets another digit.
    least = max(1, -(-free // (_STORED + 5)))
    for blocks in (least, least + 1):
        after = free - 5 * blocks - len(b"\r\n\r\n" + said + b"\r\n" + b"\r\n\r\n")
        for digits in range(1, 11):
            padding = after - digits
            size = str(len(said) + padding + 2)
            if padding >= 0 and len(size) == digits:
                rest = size.encode() + b"\r\n\r\n" + said + b" " * padding + b"\r\n\r\n\r\n"
                return _HEADER + compressed + _stored(rest, blocks) + _trailer(head + rest)
    raise WarcError(f"a record of {length} bytes is too short to be replaced by a tombstone; take its file out by hand")


def _stored(data: bytes, blocks: int) -> bytes:
    """The end of a deflate stream: `data` as it is, in this number of blocks."""
    parts = []
    for number in range(blocks):
        part = data[number * _STORED : (number + 1) * _STORED]
        parts.append(bytes([number == blocks - 1]) + len(part).to_bytes(2, "little"))
        parts.append((len(part) ^ _STORED).to_bytes(2, "little") + part)
    return b"".join(parts)


def _trailer(content: bytes) -> bytes:
    """What a gzip member ends with."""
    return zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")


def bury(
    file: BinaryIO, captures: Set[str], entry: str, at: datetime, on_progress: Callable[[int], None] = lambda _: None
) -> list[Tombstone]:
    """Replace these responses and revisits of a WARC file, and what else it holds of their pages, by tombstones.

    That is each record that names one of them (its request, revisits that refer to it, metadata) and, but for other
    responses, each record of one of their URLs, be it as `urn:text:<URL>`, in which crawlers file what a browser made
    of a page. Doing it again changes nothing.

    Args:
        file: The file, open for reading and writing; it is changed in place.
        captures: Ids of the responses.
        entry: Id of the audit entry.
        at: Aware time of that entry.
        on_progress: Told from time to time at which byte of the file it is.

    Raises:
        WarcError: it is no WARC file, or not compressed record by record.
    """
    urls: set[str] = set()
    heads: list[tuple[Frame, dict[str, str]]] = []
    file.seek(0)
    for frame in cut(file):
        on_progress(frame.offset)
        if frame.problem or read_tombstone(frame):
            continue
        fields = _fields(frame)
        heads.append((Frame(offset=frame.offset, length=frame.length), fields))
        if fields.get("warc-type") in _PAGES and identity(fields.get("warc-record-id", "")) in captures:
            urls.add(target(fields.get("warc-target-uri", "")))
    file.seek(0)
    if heads and file.read(2) != _HEADER[:2]:
        raise WarcError("at byte 0: records can only be taken out of a file that is compressed record by record")
    made = []
    for frame, fields in heads:
        record_id = identity(fields.get("warc-record-id", ""))
        if _concerned(fields, captures, urls):
            file.seek(frame.offset)
            file.write(tombstone(frame.length, record_id, entry, at))
            made.append(Tombstone(record_id=record_id, entry=entry, offset=frame.offset, length=frame.length))
    file.flush()
    return made


_PAGES = ("response", "revisit", "resource")


def _concerned(fields: dict[str, str], captures: Set[str], urls: Set[str]) -> bool:
    kind = fields.get("warc-type")
    named = {
        identity(fields[name]) for name in ("warc-record-id", "warc-concurrent-to", "warc-refers-to") if name in fields
    }
    if kind != "warcinfo" and named & captures:
        return True
    if kind in ("warcinfo", "response", "revisit"):
        return False
    url = target(fields.get("warc-target-uri", ""))
    return url in urls or (url.startswith("urn:") and url.split(":", 2)[-1] in urls)


def _fields(frame: Frame) -> dict[str, str]:
    """The record's own headers, names in lower case."""
    found = _FIELD.findall(frame.header)
    return {name.decode().lower(): value.strip().decode("utf-8", "replace") for name, value in found}


def read_tombstone(frame: Frame) -> Tombstone | None:
    """The tombstone in a frame; None where there is another record, or none."""
    if frame.problem or not frame.data.startswith(_FORGOTTEN, frame.head):
        return None
    fields = _fields(frame)
    if fields.get("warc-type") != "metadata":
        return None
    entry = bytes(frame.block[len(_FORGOTTEN) :]).split(b"\r\n", 1)[0].decode("utf-8", "replace").strip()
    return Tombstone(
        record_id=identity(fields.get("warc-record-id", "")), entry=entry, offset=frame.offset, length=frame.length
    )


def tombstones(file: BinaryIO) -> list[Tombstone]:
    """The tombstones in a WARC file, in its order.

    Raises:
        WarcError: it is no WARC file.
    """
    file.seek(0)
    return [found for frame in cut(file) if (found := read_tombstone(frame))]
