"""WARC files of many makers: the records that can be read are read, and what cannot is told."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.server
import io
import os
import shutil
import subprocess
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warc_files import Pipe, exchange, warc_file
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.warc import Capture, Conversion, Damage, WarcError, check_warc, coding, frames, read_pages, read_warc
from archive.warc.coding import dechunk

PAGE = "<p>گفت‌وگو</p>".encode() * 50


def record(block: bytes, *, kind: str = "response", version: str = "1.0", **changes: str | None) -> bytes:
    """A record as another crawler may write it; `changes` set or, being None, leave out a header (_ for -)."""
    headers = {
        "WARC-Type": kind,
        "WARC-Target-URI": "http://example.com/a",
        "WARC-Date": "2019-08-24T10:11:12Z",
        "WARC-Record-ID": "<urn:uuid:0AB8ECD1-7d4e-4a4b-9bb4-6b1c4bfc41ac>",
        "Content-Type": "application/http;msgtype=response",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    lines = [f"WARC/{version}", *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return "\r\n".join([*lines, f"Content-Length: {len(block)}", "", ""]).encode() + block + b"\r\n\r\n"


def http_block(body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *headers, "", ""]).encode() + body


def only(data: bytes) -> Capture:
    (capture,) = read_warc(io.BytesIO(data))
    return capture


def chunked(body: bytes, size: int = 100) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


# --- makers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_warcio_writes_it(compress: bool, version: str) -> None:
    out = io.BytesIO()
    maker = WARCWriter(out, gzip=compress, warc_version=version)
    maker.write_record(maker.create_warcinfo_record("x.warc.gz", {"software": "warcio"}))
    for number in range(3):
        headers = StatusAndHeaders("200 OK", [("Content-Encoding", "gzip")], protocol="HTTP/1.0")
        maker.write_record(
            maker.create_warc_record(
                f"http://example.com/{number}", "response", io.BytesIO(gzip.compress(PAGE)), http_headers=headers
            )
        )
    captures = list(read_warc(io.BytesIO(out.getvalue())))
    assert [capture.url[-1] for capture in captures] == ["0", "1", "2"]
    assert {capture.content for capture in captures} == {PAGE}
    assert {capture.protocol for capture in captures} == {"HTTP/1.0"}
    assert list(check_warc(io.BytesIO(out.getvalue()))) == []


@pytest.mark.skipif(not shutil.which("wget"), reason="wget is not installed")
@pytest.mark.parametrize("options", [[], ["--no-warc-compression"]])
def test_wget_writes_it(tmp_path: Path, options: list[str]) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200, "Fine")
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
            self.end_headers()
            self.wfile.write(chunked(PAGE))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/a"
        command = ["wget", "-q", "-O", "/dev/null", f"--warc-file={tmp_path / 'w'}", "--no-proxy", *options, url]
        subprocess.run(command, check=True, timeout=30, cwd=tmp_path)
        server.shutdown()
    (path,) = tmp_path.glob("w.warc*")
    capture = only(path.read_bytes())
    assert (capture.url, capture.status, capture.reason, capture.content) == (url, 200, "Fine", PAGE)
    assert [value for name, value in capture.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert list(check_warc(io.BytesIO(path.read_bytes()))) == []


def test_the_wayback_machine_writes_it() -> None:
    digest = coding.digest(chunked(PAGE))
    block = http_block(chunked(PAGE), "Transfer-Encoding: chunked", "Content-Type: text/html")
    data = gzip.compress(record(b"", kind="warcinfo", Content_Type="application/warc-fields", WARC_Target_URI=None))
    data += gzip.compress(
        record(b"20190824\n1.2.3.4\n", WARC_Target_URI="dns:example.com", Content_Type="text/dns")
    ) + gzip.compress(record(block, WARC_Payload_Digest=digest, WARC_Target_URI="<http://example.com/b>"))
    capture = only(data)
    assert capture.capture_id == "0ab8ecd1-7d4e-4a4b-9bb4-6b1c4bfc41ac"
    assert capture.url == "http://example.com/b"
    assert capture.fetched_at == datetime(2019, 8, 24, 10, 11, 12, tzinfo=UTC)
    assert (capture.payload, capture.content, capture.flags) == (PAGE, PAGE, ())
    assert capture.payload_digest == digest
    assert list(check_warc(io.BytesIO(data))) == []


def test_common_crawl_writes_it() -> None:
    headers = (
        "X-Crawler-Transfer-Encoding: chunked",
        "X-Crawler-Content-Encoding: gzip",
        f"Content-Length: {len(PAGE)}",
    )
    capture = only(gzip.compress(record(http_block(PAGE, *headers), WARC_Identified_Payload_Type="text/html")))
    assert (capture.payload, capture.content, capture.flags) == (PAGE, PAGE, ())
    assert capture.payload_digest == coding.digest(PAGE)


def test_browsertrix_writes_it() -> None:
    headers = ("x-orig-content-encoding: br", "content-type: text/html")
    sha256 = "sha256:" + hashlib.sha256(PAGE).hexdigest()
    block = http_block(PAGE, *headers, status="HTTP/1.1 200")
    data = b"".join(
        gzip.compress(each)
        for each in (
            record(b"{}", kind="resource", version="1.1", WARC_Target_URI="urn:pageinfo:http://example.com/"),
            record(block, version="1.1", WARC_Payload_Digest=sha256, WARC_Date="2024-03-01T01:02:03.456Z"),
            record(http_block(b""), kind="revisit", version="1.1", WARC_Payload_Digest=sha256),
        )
    )
    capture, revisit = read_warc(io.BytesIO(data))
    assert (revisit.payload, revisit.payload_digest, capture.repeats) == (b"", sha256, None)
    assert revisit.repeats
    assert (revisit.repeats.url, revisit.repeats.fetched_at) == (revisit.url, None)
    assert (capture.status, capture.reason, capture.payload_digest) == (200, "", sha256)
    assert capture.fetched_at.microsecond == 456_000
    assert list(check_warc(io.BytesIO(data))) == []


@pytest.mark.parametrize("truncated", ["length", "time", "disconnect", "unspecified"])
def test_a_response_that_the_crawler_cut_off_is_flagged(truncated: str) -> None:
    capture = only(record(http_block(PAGE), WARC_Truncated=truncated))
    assert (capture.content, capture.flags) == (PAGE, ("truncated",))


def test_a_header_may_be_folded_and_lines_may_end_in_a_line_feed() -> None:
    capture = only(record(b"HTTP/1.0 404 Not Found\nX-A: a\n b\nno colon\n\nbody"))
    assert (capture.status, capture.reason, capture.payload) == (404, "Not Found", b"body")
    assert capture.headers == (("X-A", "a b"), ("no colon", ""))


@pytest.mark.parametrize("status", ["", "HTTP/1.1", "HTTP/1.1 abc", "HTTP/1.1 20000 OK", "<html>"])
def test_a_status_line_that_is_none_gives_status_0(status: str) -> None:
    assert only(record(http_block(PAGE, status=status))).status == 0


# --- offsets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [True, False])
def test_offset_and_length_cut_out_each_record(tmp_path: Path, compressed: bool) -> None:
    data = warc_file(tmp_path, *(exchange(number, body=PAGE * number) for number in range(1, 9))).read_bytes()
    if not compressed:
        data = gzip.decompress(data)
    captures = list(read_warc(io.BytesIO(data)))
    assert len(captures) == 8
    for capture in captures:
        alone = only(data[capture.offset : capture.offset + capture.length])
        assert (alone.capture_id, alone.content, alone.length) == (capture.capture_id, capture.content, capture.length)


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_stream_need_not_seek(tmp_path: Path, step: int, compressed: bool) -> None:
    data = warc_file(tmp_path, *(exchange(number, body=PAGE) for number in range(3))).read_bytes()
    if not compressed:
        data = gzip.decompress(data)
    assert list(read_warc(Pipe(data, step))) == list(read_warc(io.BytesIO(data)))


def test_fastwarc_and_warcio_agree_on_offsets(tmp_path: Path) -> None:
    from fastwarc.warc import ArchiveIterator as FastIterator
    from warcio.archiveiterator import ArchiveIterator as WarcioIterator

    path = warc_file(tmp_path, *(exchange(number, body=os.urandom(70_000)) for number in range(5)))
    ours = [capture.offset for capture in read_warc(io.BytesIO(path.read_bytes()))]
    assert ours == [
        r.stream_pos for r in FastIterator(io.BytesIO(path.read_bytes())) if str(r.record_type) == "response"
    ]
    iterator = WarcioIterator(io.BytesIO(path.read_bytes()))
    theirs = [
        (iterator.get_record_offset(), (r.content_stream().read(), iterator.get_record_length())[1])
        for r in iterator
        if r.rec_type == "response"
    ]
    assert theirs == [(capture.offset, capture.length) for capture in read_warc(io.BytesIO(path.read_bytes()))]


# --- codings ----------------------------------------------------------------------------------------------------------


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def zstd(data: bytes) -> bytes:
    from fastwarc.stream_io import ZstdWriter

    out = io.BytesIO()
    writer = ZstdWriter(out)
    writer.write(data)
    writer.finish()
    writer.flush()
    return out.getvalue()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd,
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_content_is_decoded(encoding: str) -> None:
    encoded = ENCODERS[encoding](PAGE)
    capture = only(record(http_block(encoded, f"Content-Encoding: {encoding.upper()}")))
    assert (capture.payload, capture.content, capture.flags) == (encoded, PAGE, ())


def test_content_may_be_encoded_twice_and_in_members() -> None:
    encoded = brotli.compress(gzip.compress(PAGE[:100]) + gzip.compress(PAGE[100:]) + b"\0\0\0")
    capture = only(record(http_block(encoded, "Content-Encoding: gzip", "content-encoding: br, identity")))
    assert (capture.content, capture.flags) == (PAGE, ())


def test_deflate_may_lack_its_header() -> None:
    capture = only(record(http_block(raw_deflate(PAGE), "Content-Encoding: deflate")))
    assert (capture.content, capture.flags) == (PAGE, ())


def test_no_body_is_no_broken_body() -> None:
    assert only(record(http_block(b"", "Content-Encoding: gzip"))).flags == ()


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("damage", ["cut off", "not encoded at all", "garbage"])
def test_content_that_cannot_be_decoded_is_kept_as_it_is(encoding: str, damage: str) -> None:
    body = {"cut off": ENCODERS[encoding](PAGE)[:-9], "not encoded at all": PAGE, "garbage": b"\x1f\x8b\x08\xff" * 9}[
        damage
    ]
    capture = only(record(http_block(body, f"Content-Encoding: {encoding}")))
    assert (capture.content, capture.flags) == (body, ("bad_content_encoding",))


def test_an_unknown_coding_is_flagged() -> None:
    capture = only(record(http_block(PAGE, "Content-Encoding: utf-8")))
    assert (capture.content, capture.flags) == (PAGE, ("bad_content_encoding",))


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_bomb_does_not_go_off(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr(coding, "MAX_CONTENT", 1000)
    capture = only(record(http_block(ENCODERS[encoding](b"a" * 10_000_000), f"Content-Encoding: {encoding}")))
    assert (capture.content, capture.flags) == (b"a" * 1000, ("too_large",))


@pytest.mark.parametrize("compressed", [True, False])
def test_a_huge_record_is_cut_off_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch, compressed: bool) -> None:
    monkeypatch.setattr(frames, "MAX_RECORD", 5000)
    pack = gzip.compress if compressed else bytes
    data = b"".join(map(pack, [record(http_block(bytes(5_000_000))), record(http_block(PAGE))]))
    huge, normal = read_warc(io.BytesIO(data))
    assert huge.flags == ("too_large",)
    assert set(huge.content) == {0}
    assert (normal.content, normal.flags) == (PAGE, ())
    assert (huge.offset, huge.offset + huge.length) == (0, normal.offset)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=500), st.integers(1, 200))
def test_chunks_come_off(body: bytes, size: int) -> None:
    assert dechunk(chunked(body, size)) == (body, True)


@pytest.mark.parametrize(
    ("body", "expected", "sound"),
    [
        (b"5;name=value\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", b"hello", True),
        (b"5\nhello\n0\n\n", b"hello", True),
        (b"5\r\nhello\r\n", b"hello", False),
        (b"5\r\nhello\r\n5\r\nwor", b"hellowor", False),
        (b"5\r\nhello\r\nfoo\r\n", b"hello", False),
        (b"500\r\nhello", b"hello", False),
        (b"0\r\n\r\n", b"", True),
        (b"", b"", True),
        (PAGE, PAGE, True),
        (b"1\n<html>", b"1\n<html>", True),
    ],
)
def test_chunks_of_all_kinds(body: bytes, expected: bytes, sound: bool) -> None:
    assert dechunk(body) == (expected, sound)
    flags = () if sound else ("bad_chunks",)
    capture = only(record(http_block(body, "Transfer-Encoding: Chunked")))
    assert (capture.payload, capture.flags) == (expected, flags)


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "at byte 0: the file is empty"),
        (b"<!doctype html><p>no WARC", "does not begin as a WARC file does; check that it is one"),
        (zstd(record(http_block(PAGE))), "decompress it with `zstd -d`"),
        (gzip.compress(b"no WARC", mtime=0), "at byte 0: there is no WARC record here"),
        (gzip.compress(record(http_block(PAGE)) * 3, mtime=0), "run `warcio recompress"),
        (record(http_block(PAGE), WARC_Date="yesterday"), "at byte 0: the response's WARC-Date 'yesterday' is no date"),
        (record(http_block(PAGE), WARC_Record_ID=None), "at byte 0: the response has no WARC-Record-ID"),
        (record(http_block(PAGE), WARC_Target_URI=None), "at byte 0: the response has no WARC-Target-URI"),
        (record(http_block(PAGE))[:-100], "at byte 0: the file ends inside this record"),
        (gzip.compress(record(http_block(PAGE)), mtime=0)[:-9], "at byte 0: the file ends inside this record"),
        (gzip.compress(record(http_block(PAGE))[:-100], mtime=0), "at byte 0: the record is 96 bytes shorter than its"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n" + PAGE, "at byte 0: "),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, message: str) -> None:
    with pytest.raises(WarcError) as raised:
        list(read_warc(io.BytesIO(data)))
    assert message in str(raised.value)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_damaged_record_does_not_lose_the_others(tmp_path: Path, compressed: bool) -> None:
    path = warc_file(tmp_path, *(exchange(number, body=gzip.compress(PAGE)) for number in range(4)))
    data = path.read_bytes() if compressed else gzip.decompress(path.read_bytes())
    whole = list(read_warc(io.BytesIO(data)))
    victim = whole[1]
    for position in range(victim.offset, victim.offset + victim.length, 1 if compressed else 7):
        damaged = bytearray(data)
        damaged[position] ^= 0x55
        damages: list[Damage] = []
        found = {capture.capture_id for capture in read_warc(io.BytesIO(damaged), damages.append)}
        assert found >= {capture.capture_id for capture in (whole[0], whole[2], whole[3])}
        if compressed and found != {capture.capture_id for capture in whole}:
            assert [damage.offset for damage in damages] == [victim.offset]
        if compressed and position >= victim.offset + 10:  # before, there is gzip's header, with nothing that matters
            assert list(check_warc(io.BytesIO(damaged)))


def test_damage_raises_after_the_last_capture(tmp_path: Path) -> None:
    path = warc_file(tmp_path, *(exchange(number) for number in range(4)))
    data = bytearray(path.read_bytes())
    for victim in list(read_warc(io.BytesIO(data)))[:2]:
        data[victim.offset + 50 : victim.offset + 90] = bytes(40)
    captures = read_warc(io.BytesIO(data))
    assert [next(captures).url, next(captures).url] == [exchange(number).url for number in (2, 3)]
    with pytest.raises(WarcError, match=r"^at byte \d+: .* \(and 1 more\); fetch the file again, or cut"):
        next(captures)


@settings(max_examples=300, deadline=None)
@given(
    data=st.data(),
    compressed=st.booleans(),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=4), st.integers(0, 4)), min_size=1, max_size=5),
)
def test_no_damage_is_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, compressed: bool, edits: list[tuple[int, bytes, int]]
) -> None:
    whole = b"".join(
        (gzip.compress if compressed else bytes)(each)
        for each in (record(http_block(chunked(PAGE[:300]), "Transfer-Encoding: chunked")), record(http_block(PAGE)))
    )
    damaged = bytearray(whole)
    for position, inserted, removed in edits:
        at = position % len(damaged)
        damaged[at : at + removed] = inserted
    for read in (read_warc, check_warc):
        with suppress(WarcError):
            list(read(io.BytesIO(bytes(damaged))))  # type: ignore[operator]


# --- check ------------------------------------------------------------------------------------------------------------


def test_a_body_that_was_altered_is_found(tmp_path: Path) -> None:
    members = []
    path = warc_file(tmp_path, exchange(1, body=b"it was so"), exchange(2))
    data = path.read_bytes()
    for capture in read_warc(io.BytesIO(data)):
        text = gzip.decompress(data[capture.offset : capture.offset + capture.length])
        members.append(gzip.compress(text.replace(b"it was so", b"it is not")))
    problems = [str(damage) for damage in check_warc(io.BytesIO(b"".join(members)))]
    assert len(problems) == 2
    assert problems[0].startswith("at byte 0: the record does not have its block digest, sha1:")
    assert problems[1].startswith("at byte 0: the response does not have its payload digest, sha1:")


def test_digests_of_other_kinds_are_checked() -> None:
    block = http_block(PAGE)
    for name in ("sha256", "sha-512", "md5"):
        digest = hashlib.new(name.replace("-", ""), block).digest()
        for value in (digest.hex(), base64.b32encode(digest).decode()):
            assert not list(check_warc(io.BytesIO(record(block, WARC_Block_Digest=f"{name}:{value}"))))
        assert list(check_warc(io.BytesIO(record(block, WARC_Block_Digest=f"{name}:{digest.hex()[::-1]}"))))
    assert not list(check_warc(io.BytesIO(record(block, WARC_Block_Digest="unheard-of:abc"))))


def wet(text: str, **changes: str | None) -> bytes:
    """A record as Common Crawl's WET files have it."""
    given = {"Content_Type": "text/plain", "WARC_Refers_To": "<urn:uuid:e1fd2c13-2b4b-4e3c-a7c4-4b8f8a4a9c33>"}
    return record(text.encode(), kind="conversion", **given | changes)


def test_texts_of_wet_files_are_pages_and_no_responses() -> None:
    records = wet("عنوان\nنص الخبر"), record(http_block(PAGE)), wet("{}", Content_Type="application/json")
    data = b"".join(map(gzip.compress, records))
    text, response = read_pages(io.BytesIO(data))
    assert isinstance(text, Conversion)
    assert (text.url, text.content_type) == ("http://example.com/a", "text/plain")
    assert text.content.decode() == "عنوان\nنص الخبر"
    assert text.record_id == "0ab8ecd1-7d4e-4a4b-9bb4-6b1c4bfc41ac"
    assert text.fetched_at == datetime(2019, 8, 24, 10, 11, 12, tzinfo=UTC)
    assert isinstance(response, Capture)
    assert list(read_warc(io.BytesIO(data))) == [response]


def test_a_text_without_its_date_is_damage() -> None:
    with pytest.raises(WarcError, match="the conversion's WARC-Date '' is no date"):
        list(read_pages(io.BytesIO(wet("نص", WARC_Date=None))))
