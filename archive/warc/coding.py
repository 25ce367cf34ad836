"""HTTP as it stands in a record: head and body apart, the body free of its codings, digests."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zlib
from collections.abc import Callable

from fastwarc.stream_io import BrotliReader, ZstdReader

MAX_CONTENT = 64 << 20
"""Bytes of a decoded body that are kept: a few kilobytes may unpack to terabytes."""

MAX_HEAD = 1 << 20
"""Bytes of an HTTP head that are read; of a longer one, what is in them."""
MAX_HEADERS = 10_000
"""Headers of a response that are read."""
MAX_CHUNKS = 1 << 20
"""Chunks of a body that are read."""
MAX_CODINGS = 5
"""Content codings applied to one body that are undone; curl undoes as many."""

Headers = tuple[tuple[str, str], ...]
"""Names and values in the order received, repeated ones repeated. A character stands for a byte (latin-1)."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")


def read_http(block: bytes | memoryview) -> tuple[str, int, str, Headers, memoryview]:
    """Protocol, status (0 if there is none), reason, headers and body of a response."""
    view = memoryview(block)
    end = _HEAD_END.search(view, 0, MAX_HEAD)
    head, body = (view[: end.start()], view[end.end() :]) if end else (view[:MAX_HEAD], view[len(view) :])
    first, *lines = re.split(r"\r?\n(?![ \t])", str(head, "latin-1"), maxsplit=MAX_HEADERS)
    protocol, _, rest = first.partition(" ")
    code, _, reason = rest.strip().partition(" ")
    status = int(code) if re.fullmatch("[0-9]{3}", code) else 0
    headers = []
    for line in lines[: MAX_HEADERS - 1]:
        name, _, value = line.partition(":")
        headers.append((name.strip(), re.sub(r"\r?\n[ \t]+", " ", value.strip())))
    return protocol, status, reason.strip(), tuple(headers), body


def values(headers: Headers, wanted: str) -> list[str]:
    """The comma-separated values of a header (its name in lower case) over all its occurrences, in lower case."""
    joined = ",".join(value for name, value in headers if name.lower() == wanted)
    return [value.strip().lower() for value in joined.split(",") if value.strip()]


def dechunk(body: bytes) -> tuple[bytes, bool]:
    """The body without its chunks, and whether they were sound; of chunks that break off, what there is.

    A body that does not begin with a chunk is taken as it is and counts as sound: many crawlers take the chunks off and
    leave the header on.
    """
    content = bytearray()
    position = 0
    for _ in range(MAX_CHUNKS):
        chunk = _CHUNK.match(body, position)
        if not chunk:
            break
        length = min(int(chunk[1], 16), len(body))
        first, position = not position, chunk.end() + length
        if not length:
            return bytes(content), True
        if first and not body.startswith((b"\r\n", b"\n"), position) and position < len(body):
            return body, True
        content += body[chunk.end() : position]
        position += 2 if body.startswith(b"\r\n", position) else 1
    return (bytes(content), False) if position else (body, True)


def decode_content(body: bytes, encodings: list[str], most: int | None = None) -> tuple[bytes, str]:
    """The body free of content coding, and the flag to raise (or "").

    A body that cannot be decoded is returned as it is: most often it was never encoded, whatever its header says.

    Args:
        body: As it came.
        encodings: The codings, in the order they were applied.
        most: Bytes that are kept, of what any of them unpacks to; None: `MAX_CONTENT`.
    """
    most = MAX_CONTENT if most is None else most
    applied = [encoding for encoding in reversed(encodings) if encoding not in ("identity", "none")]
    if len(applied) > MAX_CODINGS:
        return body, "bad_content_encoding"
    content = body
    for encoding in applied:
        if not content:
            break
        try:
            content = _DECODERS[encoding](content, most + 1)
        except (KeyError, zlib.error, OSError, EOFError):
            return body, "bad_content_encoding"
        if len(content) > most:
            return content[:most], "too_large"
    return content, ""


def _gunzip(data: bytes, most: int) -> bytes:
    """What a browser makes of it: the members one after another, and whatever follows them ignored."""
    content = bytearray()
    at = 0
    while data.startswith(b"\x1f\x8b", at) or not at:
        inflater = zlib.decompressobj(31)
        step = 8 << 10  # a member may be small, and what follows it is copied for nothing
        while not inflater.eof:
            if at >= len(data):
                raise EOFError
            block = data[at : at + step]
            content += inflater.decompress(block, most - len(content))
            if len(content) >= most:
                return bytes(content)
            at += len(block) - len(inflater.unused_data)
            step = min(2 * step, 1 << 20)
    return bytes(content)


def _undeflate(data: bytes, most: int) -> bytes:
    """`deflate` is zlib by the standard, but some servers send it without zlib's header."""
    for window_bits in (15, -15):
        inflater = zlib.decompressobj(window_bits)
        try:
            content = inflater.decompress(data, most)
        except zlib.error:
            continue
        if inflater.eof or len(content) >= most:
            return content
    raise EOFError


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": lambda data, most: BrotliReader(io.BytesIO(data)).read(most),
    "zstd": lambda data, most: ZstdReader(io.BytesIO(data)).read(most),
}


def digest(data: bytes | memoryview) -> str:
    """Digest as WARC headers give it: `sha1:` and 32 characters of base 32, the one form that all readers check."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def has_digest(data: bytes | memoryview, stated: str) -> bool:
    """Whether `data` has the digest (`algorithm:value`, in base 32 or 16); True where the algorithm is not known."""
    algorithm, _, value = stated.strip().partition(":")
    try:
        computed = hashlib.new(algorithm.lower().replace("-", ""), data, usedforsecurity=False).digest()
    except (ValueError, TypeError):
        return True
    value = value[:200]
    base32 = base64.b32encode(computed).decode().rstrip("=")
    return value.upper().rstrip("=") in (base32, computed.hex().upper())
