"""What reads WARC files of others, and what makes keys of what they say."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import brotli

from archive import keys
from archive.readings import storable
from archive.store import StoreError
from archive.store.protocol import checked_key
from archive.warc import Damage, WarcError, check_warc, look_through, read_pages, read_warc, tombstones, write_cdxj
from archive.warc.cdxj import surt
from archive.warc.coding import MAX_CONTENT, dechunk, decode_content, has_digest, read_http
from archive.warc.found import found_by
from archive.warc.revisit import parse_date, referred
from tests.fuzz.harness import Target, lines_as_seeds, on_text

_PAGE = "<html><p>گفت‌وگو</p>".encode() * 5


def record(block: bytes, kind: str = "response", **fields: str) -> bytes:
    """A record as another crawler may write it (`_` for `-`)."""
    given = {
        "WARC-Type": kind,
        "WARC-Target-URI": "http://a.example/1",
        "WARC-Date": "2019-08-24T10:11:12Z",
        "WARC-Record-ID": f"<urn:uuid:0ab8ecd1-7d4e-4a4b-9bb4-{len(block):012}>",
        "Content-Type": "application/http;msgtype=response",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"WARC/1.0\r\n{head}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


_HTTP = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(_PAGE, mtime=0),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip, br\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nLocation: ../\xd8\xa7?a=%2525#b\r\n folded\r\nSet-Cookie: a=b\r\n\r\n" + _PAGE,
)
_RECORDS = (
    record(b"software: x\r\n", "warcinfo", Content_Type="application/warc-fields", WARC_Filename="../../x.warc.gz"),
    *(record(block) for block in _HTTP),
    record(
        _HTTP[0],
        "revisit",
        WARC_Refers_To="<urn:uuid:0ab8ecd1-7d4e-4a4b-9bb4-000000000001>",
        WARC_Refers_To_Date="2019-08-24T10:11:12Z",
        WARC_Payload_Digest="sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
    ),
    record(_HTTP[2], Warraq_Found_By="document-feed", Warraq_Found_In="x", Warraq_Announced="2024-12-03T17:17:03Z"),
    record("نص الخبر".encode(), "conversion", Content_Type="text/plain"),
    record(b"forgotten: 20240101T000000-12345678 \r\n", "metadata", Content_Type="application/warc-fields"),
)
_TOKENS = (
    b"WARC/1.0\r\n", b"\r\n\r\n", b"\n\n", b"\r\n", b"Content-Length: ", b"Content-Length: -1\r\n", b"Content-Length: 999999999999999999\r\n",
    b"\x1f\x8b\x08", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", gzip.compress(b"", mtime=0), b"WARC-Type: revisit\r\n", b"../", b"\0", b"\x1b[31m",
    b"WARC-Target-URI: http://[\r\n", b"WARC-Date: 0001-01-01T00:00:00+14:00\r\n", b"WARC-Date: 9999-12-31T23:59:59-14:00\r\n",
    b"WARC-Payload-Digest: sha1:x\r\n", b"WARC-Payload-Digest: shake_128:x\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n",
    b"ffffffffffffffff\r\n", b"Content-Encoding: gzip, br, zstd, deflate\r\n", b"\xff", b" ", b"\t", b"%25", b"%32", b"<", b">", b":",
)  # fmt: skip


def _warc(data: bytes) -> None:
    """A file read in every way; each gives the same captures."""
    damages: list[Damage] = []
    for capture in read_warc(io.BytesIO(data), damages.append):
        capture.page()
        if location := capture.redirect_url:
            location.encode("ascii")
        storable(capture.url).encode()
        capture.capture_id.encode()
        capture.payload_digest.encode()
        assert capture.capture_id.isprintable()
        assert len(capture.content) <= MAX_CONTENT
    for _ in check_warc(io.BytesIO(data)):
        pass
    write_cdxj(io.BytesIO(data), "x.warc.gz", on_damage=damages.append)
    tombstones(io.BytesIO(data))
    list(read_pages(io.BytesIO(data)))


def _look_through(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="fuzz-") as file:
        file.write(data)
        file.flush()
        contents = look_through(Path(file.name), lambda url, at: "a" if at.year > 2000 and len(url) % 2 else None)
    assert all(span.length for spans in contents.records.values() for span in spans)


def _coding(data: bytes) -> None:
    for codings in (["gzip"], ["br"], ["zstd"], ["deflate"], ["gzip", "gzip"], ["br", "deflate"], ["identity", "x"]):
        content, flag = decode_content(data, codings, 1 << 20)
        assert len(content) <= max(1 << 20, len(data))
        assert flag in ("", "bad_content_encoding", "too_large")
    dechunk(data)
    *_, headers, body = read_http(data)
    assert len(headers) <= 10_000
    assert len(body) <= len(data)


def _header(text: str) -> None:
    def value(name: str) -> str:
        return text

    assert (found := found_by(value)) is None or found.by.isascii()
    has_digest(b"x", text)
    parse_date(text).isoformat()
    referred(value, "http://a.example/")


def _key(text: str) -> None:
    """Whatever a key is made of, what a store takes stays below its root."""
    makers: tuple[Callable[[], str], ...] = (
        lambda: text,
        lambda: keys.warc_key(text),
        lambda: keys.warc_key(keys.warc_stem(text, datetime(2024, 1, 1, tzinfo=UTC), "a", 0)),
        lambda: keys.warc_key(keys.warc_stem("a", datetime(2024, 1, 1, tzinfo=UTC), text, 0)),
        lambda: keys.import_key(text, "a"),
        lambda: keys.import_key("a", text),
        lambda: keys.forgotten_key(text),
        lambda: keys.candidate_key(text, "candidate"),
        lambda: keys.readings_key(text, "warc/a/2024/01/01/a.warc.gz"),
        lambda: keys.readings_key("a", f"warc/{text}/a.warc.gz"),
        lambda: keys.run_key(text, date(2024, 1, 1), "a"),
        lambda: keys.run_key("crawl", date(2024, 1, 1), text),
    )
    root = Path("/root/of/archive")
    for make in makers:
        try:
            key = checked_key(make())
        except (ValueError, StoreError, IndexError):
            continue
        path = root / key
        assert path.is_relative_to(root)
        assert not {"..", "."} & set(path.parts)
        assert key.isascii()
        assert key.isprintable()


_KEYS = """
isna-20241203174703-ab12-00000
warc/isna/2024/12/03/isna-20241203174703-ab12-00000.warc.gz
../../etc/passwd
/etc/passwd
C:\\Windows\\x
a/./b//c
20240101T000000-12345678
"""
_KEY_TOKENS = (
    b"../",
    b"/",
    b"\\",
    b"\0",
    b"..",
    b".",
    b"\n",
    b"%2e%2e%2f",
    b"\xe2\x80\xae",
    "٢".encode(),
    b"CON",
    b":",
    b"~",
    b"a" * 300,
)
_HEADERS = """
2024-12-03T17:17:03.123456Z
0001-01-01T00:00:00+14:00
<urn:uuid:0AB8ECD1-7d4e-4a4b-9bb4-6b1c4bfc41ac>
sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ
document-feed
"""
_URLS = """
http://www.a.example:80/A/../b//c/?q=%2525&a#x
http://[2001:db8::1]/x
https://ایران.example/خبر?ب=1
%%%3341%2525252541
"""

TARGETS = (
    Target(
        name="warc",
        run=_warc,
        seeds=lambda: (b"".join(_RECORDS), b"".join(gzip.compress(each, mtime=0) for each in _RECORDS), *_RECORDS),
        raises=(WarcError,),
        tokens=_TOKENS,
    ),
    Target(
        name="look-through",
        run=_look_through,
        seeds=lambda: (b"".join(_RECORDS), b"".join(gzip.compress(each, mtime=0) for each in _RECORDS)),
        raises=(WarcError,),
        tokens=_TOKENS,
    ),
    Target(
        name="http",
        run=_coding,
        seeds=lambda: (*_HTTP, gzip.compress(_PAGE), brotli.compress(_PAGE), b"5\r\nhello\r\n0\r\n\r\n"),
        tokens=_TOKENS,
    ),
    Target(
        name="warc-header", run=on_text(_header), seeds=lines_as_seeds(_HEADERS), raises=(ValueError,), tokens=_TOKENS
    ),
    Target(name="surt", run=on_text(surt), seeds=lines_as_seeds(_URLS), tokens=_TOKENS),
    Target(name="key", run=on_text(_key), seeds=lines_as_seeds(_KEYS), tokens=_KEY_TOKENS),
)  # fmt: skip
