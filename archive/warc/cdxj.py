"""The index of a WARC file: CDXJ, as pywb reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import BinaryIO
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes, urlsplit

from archive.warc.frames import Damage
from archive.warc.read import Capture, read_warc


def write_cdxj(warc: BinaryIO, name: str, on_damage: Callable[[Damage], None] | None = None) -> bytes:
    """The CDXJ index of a WARC file: a line for each response, `<key> <YYYYMMDDhhmmss> <JSON>`, sorted.

    Args:
        warc: The file from its beginning.
        name: How the index is to name the file.
        on_damage: As for `read_warc`.

    Raises:
        WarcError: as from `read_warc`.
    """
    return b"".join(
        sorted(index_line(capture, name, capture.offset).encode() for capture in read_warc(warc, on_damage))
    )


def index_line(capture: Capture, name: str, offset: int) -> str:
    """The line of a response that begins at byte `offset` of the file called `name`."""
    fields = {
        "url": capture.url,
        "mime": "warc/revisit" if capture.repeats else _media_type(capture),
        "status": str(capture.status),
        "digest": capture.payload_digest.removeprefix("sha1:"),
        "length": str(capture.length),
        "offset": str(offset),
        "filename": name,
    }
    return f"{surt(capture.url)} {capture.fetched_at:%Y%m%d%H%M%S} {json.dumps(fields)}\n"


def _media_type(capture: Capture) -> str:
    return (capture.header("Content-Type") or "").partition(";")[0].strip().lower() or "unk"


def surt(url: str) -> str:
    """The key by which web archives sort a URL: `https://www.example.com/a?c&b` becomes `com,example)/a?b&c`."""
    # After the rules of the Internet Archive's URL canonicalizer, which pywb looks up by. The `surt` package is the
    # original of them, but it asks DNS about hosts that look like numbers. Its rules for session ids are left out.
    url = url.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # crawlers archive what they are given
        return quote(url)
    host = re.sub(r"^www\d*\.", "", (parts.hostname or "").strip("."))
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        host = quote(host)
    shown_port = "" if port in (None, 80 if parts.scheme == "http" else 443) else f":{port}"
    path: list[str] = []
    for part in _escaped(_unescaped(parts.path)).lower().split("/"):
        if part == "..":
            path[-1:] = []
        elif part not in ("", "."):
            path.append(part)
    query = "&".join(
        sorted(_escaped(_unescaped(parts.query)).lower().split("&"), key=lambda arg: arg.partition("=")[::2])
    )
    return ",".join(reversed(host.split("."))) + shown_port + ")/" + "/".join(path) + (f"?{query}" if query else "")


def _unescaped(text: str) -> bytes:
    """Without escapes, and without those that then appear; a thousand layers of them are nobody's URL."""
    data = text.encode()
    for _ in range(10):
        plain = unquote_to_bytes(data)
        if plain == data:
            break
        data = plain
    return data


def _escaped(data: bytes) -> str:
    return quote_from_bytes(data, safe="!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~")
