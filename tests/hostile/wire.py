"""Attacks below the page: connections, status lines, headers, lengths, chunks, content codings."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable, Iterator
from itertools import repeat

from tests.hostile.attack import Attack, End, Scale, Serve, Visit, Way, failed, good, rejected
from tests.hostile.paper import article, brotli_bomb, deflate_bomb, gzipped, zstd_bomb


def _page(name: str, serves: str, serve: Serve, end: End, *, way: Way = "listing") -> Attack:
    return Attack(name=name, serves=serves, way=way, serve=serve, end=end)


def _body(name: str) -> bytes:
    return article(name).encode()


# --- connections and time --------------------------------------------------------------------------------------------


async def _silent(visit: Visit) -> None:
    await asyncio.sleep(3600)


async def _slow_body(visit: Visit) -> None:
    body = _body("slow-body")
    await visit.head(f"Content-Length: {len(body)}")
    await visit.drip(body[at : at + 1] for at in range(len(body)))


async def _slow_head(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
    await visit.drip(repeat(b"X-Wait: a\r\n"))


async def _endless_body(visit: Visit) -> None:
    await visit.stream(repeat(b"<p>" + "خبر بلا نهاية ".encode() * 4000))


async def _reset_at_once(visit: Visit) -> None:
    visit.reset()


async def _reset_in_the_body(visit: Visit) -> None:
    body = _body("reset-in-the-body")
    await visit.head(f"Content-Length: {len(body)}")
    await visit.send(body[:2000])
    await asyncio.sleep(0.1)
    visit.reset()


async def _not_http(visit: Visit) -> None:
    await visit.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n")


async def _http_0_9(visit: Visit) -> None:
    await visit.send(_body("http-0-9"))


# --- status lines and headers ----------------------------------------------------------------------------------------


async def _early_hints(visit: Visit) -> None:
    await visit.send(*repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n", 20))
    await visit.reply(_body("early-hints"))


async def _endless_hints(visit: Visit) -> None:
    while True:
        await visit.send(b"HTTP/1.1 102 Processing\r\nX-Wait: a\r\n\r\n" * 1000)


async def _status_999(visit: Visit) -> None:
    await visit.reply(_body("status-999"), status="HTTP/1.1 999 Request denied")


async def _status_word(visit: Visit) -> None:
    await visit.reply(_body("status-word"), status="HTTP/1.1 OK fine")


async def _not_modified(visit: Visit) -> None:
    await visit.head('ETag: "none"', status="HTTP/1.1 304 Not Modified")


async def _reason_phrase(visit: Visit) -> None:
    await visit.reply(_body("reason-phrase"), status="HTTP/1.1 200 \x1b[2J\x1b]0;owned\x07 " + "A" * 4000)


async def _control_headers(visit: Visit) -> None:
    await visit.reply(
        _body("control-headers"),
        "X-Title: \x1b[31mred\x1b[0m \u202eevil",
        'ETag: "\x1b]8;;file:///etc/passwd\x1b\\"',
        "Last-Modified: \x00\x01\x02",
        "X-Folded: one\r\n two\r\n\tthree",
    )


async def _header_name(visit: Visit) -> None:
    await visit.reply(_body("header-name"), "X Broken : value")


async def _endless_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await visit.send(b"X-More: and more\r\n" * 2000)


async def _endless_header_line(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        await visit.send(b"a" * 65536)


async def _cookie_flood(visit: Visit) -> None:
    cookies = (f"Set-Cookie: name{number}={'v' * 100}; Path=/; Max-Age=31536000" for number in range(100))
    await visit.reply(_body("cookie-flood"), *cookies)


# --- lengths and chunks ----------------------------------------------------------------------------------------------


def _length(value: str, *more: str, name: str) -> Serve:
    async def serve(visit: Visit) -> None:
        await visit.reply(_body(name), f"Content-Length: {value}", *more, length=False)

    return serve


async def _length_too_short(visit: Visit) -> None:
    body = _body("length-too-short")
    await visit.head(f"Content-Length: {len(body)}")
    await visit.send(body, b"<script>location='http://127.0.0.2/'</script>" * 100)


async def _both_lengths(visit: Visit) -> None:
    await visit.head("Transfer-Encoding: chunked", "Content-Length: 10")
    await _chunks(visit, [_body("length-and-chunks")])


async def _chunks(visit: Visit, parts: Iterable[bytes], extension: bytes = b"") -> None:
    for part in parts:
        await visit.send(b"%x%s\r\n%s\r\n" % (len(part), extension, part))
    await visit.send(b"0\r\n\r\n")


async def _chunks_of_one(visit: Visit) -> None:
    await visit.head("Transfer-Encoding: chunked")
    await visit.drip(repeat(b"1\r\na\r\n" * 1000))


async def _chunk_too_large(visit: Visit) -> None:
    await visit.head("Transfer-Encoding: chunked")
    await visit.send(b"ffffffffffffffff\r\n", _body("chunk-too-large"))


async def _chunk_no_number(visit: Visit) -> None:
    await visit.head("Transfer-Encoding: chunked")
    await visit.send(b"-1\r\n", _body("chunk-no-number"))


async def _chunk_extensions(visit: Visit) -> None:
    await visit.head("Transfer-Encoding: chunked")
    await visit.send(b"5;")
    while True:
        await visit.send(b"x=y;" * 10_000)


async def _chunks_cut_off(visit: Visit) -> None:
    await visit.head("Transfer-Encoding: chunked")
    body = _body("chunks-cut-off")
    await visit.send(b"%x\r\n%s\r\n" % (1000, body[:1000]))


async def _endless_trailers(visit: Visit) -> None:
    body = _body("endless-trailers")
    await visit.head("Transfer-Encoding: chunked")
    await visit.send(b"%x\r\n%s\r\n0\r\n" % (len(body), body))
    while True:
        await visit.send(b"X-More: and more\r\n" * 2000)


# --- content codings -------------------------------------------------------------------------------------------------


def _coded(coding: str, parts: Iterator[bytes] | None = None, *, bomb: str = "") -> Serve:
    async def serve(visit: Visit) -> None:
        await visit.stream(_bomb(bomb, visit.scale) if bomb else iter(parts or ()), f"Content-Encoding: {coding}")

    return serve


def _bomb(coding: str, scale: Scale) -> Iterator[bytes]:
    match coding:
        case "gzip":
            return deflate_bomb(scale.bomb, wbits=31)
        case "zlib":
            return deflate_bomb(scale.bomb, wbits=15)
        case "deflate":
            return deflate_bomb(scale.bomb, wbits=-15)
        case "br":
            return brotli_bomb(scale.bomb)
        case "zstd":
            return zstd_bomb(scale.bomb)
        case "gzip in gzip":
            return gzipped(deflate_bomb(scale.bomb, wbits=31))
        case _:
            return gzipped(gzipped(gzipped(zstd_bomb(scale.bomb))))


async def _hundred_codings(visit: Visit) -> None:
    body = _body("hundred-codings")
    for _ in range(100):
        body = gzip.compress(body, 1, mtime=0)
    await visit.reply(body, "Content-Encoding: " + ", ".join(repeat("gzip", 100)))


async def _not_coded(visit: Visit) -> None:
    await visit.reply(_body("not-coded"), "Content-Encoding: gzip")


async def _broken_gzip(visit: Visit) -> None:
    await visit.reply(gzip.compress(_body("broken-gzip"), mtime=0)[:500] + b"\0" * 500, "Content-Encoding: gzip")


async def _unknown_coding(visit: Visit) -> None:
    await visit.reply(bytes(range(256)) * 40, "Content-Encoding: aes128gcm, \x1b[31m")


_TIMED_OUT = failed("took longer", capture="rejected", reason="timed_out")
_TOO_LARGE = rejected("too_large", link=None)

ATTACKS = (
    _page("silent", "takes the request and says nothing", _silent, failed("took longer")),
    _page("slow-body", "a byte of the page every fifth of a second", _slow_body, _TIMED_OUT),
    _page("slow-head", "a header line every fifth of a second, without end", _slow_head, failed("took longer")),
    _page("endless-body", "a page without end, at full speed", _endless_body, _TOO_LARGE),
    _page("reset-at-once", "RST in place of an answer", _reset_at_once, failed("closed before an answer came")),
    _page("reset-in-the-body", "RST in the middle of the page", _reset_in_the_body, failed("the connection ended")),
    _page("not-http", "the greeting of another protocol", _not_http, failed("non-integer status code")),
    _page("http-0-9", "a page without a status line", _http_0_9, failed("non-integer status code")),
    _page("early-hints", "20 responses with status 103 before the one that counts", _early_hints, good()),
    _page("endless-hints", "responses with status 102 without end", _endless_hints, failed("its head has more than")),
    _page(
        "status-999", "an article with status 999", _status_999, failed("999", capture="rejected", reason="http_error")
    ),
    _page("status-word", "a status line without a number", _status_word, failed("non-integer status code")),
    _page(
        "not-modified",
        "304 to a request that named no validator",
        _not_modified,
        End(link="fetched", capture="support"),
    ),
    _page("reason-phrase", "escape sequences and 4 kB in the reason phrase", _reason_phrase, good()),
    _page("control-headers", "escapes, bidi, NUL and folded lines in headers", _control_headers, good()),
    _page("header-name", "a header whose name holds spaces", _header_name, failed("x broken")),
    _page("endless-headers", "header lines without end, at full speed", _endless_headers, _TOO_LARGE),
    _page("endless-header-line", "one header line without end", _endless_header_line, _TOO_LARGE),
    _page("cookie-flood", "a hundred cookies, none of which is sent back", _cookie_flood, good()),
    _page(
        "length-too-long",
        "a Content-Length larger than the page",
        _length("1000000", name="length-too-long"),
        failed("the connection ended"),
    ),
    _page(
        "length-too-short", "bytes behind the page that its Content-Length does not count", _length_too_short, good()
    ),
    _page(
        "length-huge",
        "a Content-Length of ten terabytes",
        _length("10000000000000", name="length-huge"),
        _TOO_LARGE,
    ),
    _page(
        "length-negative", "a Content-Length of -1", _length("-1", name="length-negative"), failed("non-decimal digits")
    ),
    _page(
        "length-twice",
        "two Content-Lengths that differ",
        _length("7", "Content-Length: 8", name="length-twice"),
        failed("conflicting Content-Length"),
    ),
    _page("length-and-chunks", "chunks, and a Content-Length of 10", _both_lengths, good()),
    _page("chunks-of-one", "chunks of one byte without end", _chunks_of_one, _TIMED_OUT),
    _page("chunk-too-large", "a chunk of 16 exabytes", _chunk_too_large, failed("the connection ended")),
    _page("chunk-no-number", "a chunk of -1 bytes", _chunk_no_number, failed("the connection ended")),
    _page("chunk-extensions", "a chunk's extension without end", _chunk_extensions, failed("the connection ended")),
    _page("chunks-cut-off", "chunks that end before the last one", _chunks_cut_off, failed("the connection ended")),
    _page(
        "endless-trailers",
        "header lines without end behind the last chunk",
        _endless_trailers,
        failed("the connection ended"),
    ),
    _page("gzip-bomb", "a page that gzip makes a thousand times larger", _coded("gzip", bomb="gzip"), _TOO_LARGE),
    _page("deflate-bomb", "the same by deflate", _coded("deflate", bomb="deflate"), _TOO_LARGE),
    _page("zlib-bomb", "the same by deflate in zlib's frame", _coded("deflate", bomb="zlib"), _TOO_LARGE),
    _page("br-bomb", "the same by brotli, which we did not ask for", _coded("br", bomb="br"), _TOO_LARGE),
    _page("zstd-bomb", "the same by zstandard: four bytes for 128 KiB", _coded("zstd", bomb="zstd"), _TOO_LARGE),
    _page("nested-bomb", "a bomb in gzip in gzip", _coded("gzip, gzip", bomb="gzip in gzip"), _TOO_LARGE),
    _page(
        "mixed-bomb",
        "a bomb in zstandard in gzip, three times",
        _coded("zstd, gzip, gzip, gzip", bomb="mixed"),
        _TOO_LARGE,
    ),
    _page("hundred-codings", "an article compressed a hundred times over", _hundred_codings, rejected("undecodable")),
    _page("not-coded", "an article said to be gzip that is not", _not_coded, rejected("undecodable")),
    _page("broken-gzip", "gzip that breaks off", _broken_gzip, rejected("undecodable")),
    _page("unknown-coding", "bytes in a coding that nobody knows", _unknown_coding, rejected("undecodable")),
)
