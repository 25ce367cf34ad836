"""What one response may take of us: each way of being too much ends at its limit, and keeps its evidence."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import brotli
import pytest
from backports import zstd
from warcio.archiveiterator import ArchiveIterator

from archive.readings import read_capture
from archive.warc import Capture, check_warc
from extract.types import Rejection
from spiders.links import Links, State, read_links
from spiders.sources import load_sources
from tests.spiders.rude_site import Answer, html, repeats, running, says
from tests.spiders.spider_process import HASTE, Crawl, crawl, sources_file

LIMITS = {
    "response_bytes": 20_000,
    "decoded_bytes": 50_000,
    "head_bytes": 4000,
    "head_lines": 40,
    "head_seconds": 1,
    "response_seconds": 1.2,
}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = b"<p>boom</p>" * 10_000


def coded(coding: str, data: bytes) -> bytes:
    deflated = zlib.compressobj(9, zlib.DEFLATED, -15)
    match coding:
        case "gzip":
            return gzip.compress(data)
        case "deflate":
            return deflated.compress(data) + deflated.flush()
        case "br":
            return bytes(brotli.compress(data))
        case _:
            return zstd.compress(data)


def bomb(*codings: str) -> Answer:
    body = BOMB
    for coding in codings:
        body = coded(coding, body)
    return html(body, f"Content-Encoding: {', '.join(codings)}")


ANSWERS = {
    "/a/good": html(b"<p>good</p>"),
    "/a/endless": repeats(OK + b"\r\n", b"x" * 1000),
    "/a/endless-chunks": repeats(CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
    "/a/chunk-extensions": repeats(CHUNKED, b"1;" + b"e" * 900 + b"\r\nx\r\n"),
    "/a/announced": says(OK + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 3000),
    "/a/drip": repeats(CHUNKED, b"1\r\nx\r\n", pause=0.1),
    "/a/stall": repeats(OK + b"Content-Length: 9000\r\n\r\n" + b"x" * 3000, b"", pause=0.1),
    "/a/head-lines": repeats(OK, b"X-A: b\r\n"),
    "/a/head-folded": repeats(OK + b"X-A: b\r\n", b" c\r\n"),
    "/a/head-line": repeats(OK + b"X-A: ", b"b" * 1000),
    "/a/head-of-a-304": repeats(b"HTTP/1.1 304 Not Modified\r\n", b"X-A: b\r\n"),
    "/a/interim": repeats(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "/a/no-status": repeats(b"", b"x"),
    "/a/trailers": repeats(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-A: b\r\n"),
    "/a/silent": repeats(b"", b"", pause=0.1),
    "/a/head-drip": repeats(OK, b"X: y\r\n", pause=0.1),
    **{f"/a/bomb-{coding}": bomb(coding) for coding in ("gzip", "deflate", "br", "zstd")},
    "/a/bomb-nested": bomb("br", "zstd", "gzip"),
    "/a/codings": bomb(*["gzip"] * 10),
    "/a/no-gzip": html(b"<p>never encoded</p>", "Content-Encoding: gzip"),
}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crawl, Links, dict[str, Capture]]:
    directory = tmp_path_factory.mktemp("limits")
    home = "".join(f'<a href="{path}">{path}</a>' for path in ANSWERS)
    with running({"/": html(home.encode())} | ANSWERS) as site:
        overrides = HASTE | {"RETRY_TIMES": 1, "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 32}
        del overrides["DOWNLOAD_TIMEOUT"]
        sources = sources_file(directory, listings=[f"{site.root}/"], limits=LIMITS)
        run = crawl(directory, sources, overrides=overrides, links=str(directory / "links"))
    by_path = {capture.url.removeprefix(site.root): capture for capture in run.captures()}
    links = {url.removeprefix(site.root): link for url, link in read_links(directory / "links").links.items()}
    assert run.status == 0, run.stderr
    assert (by_path.keys() | links.keys()) - {"/", "/robots.txt"} == ANSWERS.keys()
    return run, Links(links=links, documents=()), by_path


@pytest.mark.parametrize(
    ("path", "truncated", "reason"),
    [
        ("/a/good", None, None),
        ("/a/endless", "length", "too_large"),
        ("/a/endless-chunks", "length", "too_large"),
        ("/a/chunk-extensions", "length", "too_large"),
        ("/a/announced", "length", "too_large"),
        ("/a/drip", "time", "timed_out"),
        ("/a/stall", "time", "timed_out"),
        ("/a/head-lines", "length", "too_large"),
        ("/a/head-folded", "length", "too_large"),
        ("/a/head-line", "length", "too_large"),
        ("/a/head-of-a-304", "length", None),
        ("/a/bomb-gzip", None, "too_large"),
        ("/a/bomb-deflate", None, "too_large"),
        ("/a/bomb-br", None, "too_large"),
        ("/a/bomb-zstd", None, "too_large"),
        ("/a/bomb-nested", None, "too_large"),
        ("/a/codings", None, "undecodable"),
        ("/a/no-gzip", None, "undecodable"),
    ],
)
def test_what_is_too_much_is_archived_as_far_as_it_came(
    crawled: tuple[Crawl, Links, dict[str, Capture]], tmp_path: Path, path: str, truncated: str | None, reason: str
) -> None:
    _, links, captures = crawled
    capture = captures[path]
    assert capture.truncated == truncated
    assert len(capture.payload) <= LIMITS["response_bytes"]
    source = load_sources(sources_file(tmp_path, limits=LIMITS))["site"]
    result = read_capture(capture, source).result
    if reason:
        assert isinstance(result, Rejection)
        assert result.reason == reason
    assert links.links[path].state is (State.FAILED if reason == "timed_out" else State.FETCHED)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/a/interim", "its head has more than 4000 bytes or 40 lines"),
        ("/a/no-status", "its head has more than 4000 bytes or 40 lines"),
        ("/a/silent", "took longer than 1.0 seconds"),
        ("/a/head-drip", "took longer than 1.0 seconds"),
        ("/a/trailers", "the connection ended before the response did"),
    ],
)
def test_what_never_was_a_response_has_failed(
    crawled: tuple[Crawl, Links, dict[str, Capture]], path: str, why: str
) -> None:
    _, links, captures = crawled
    assert path not in captures
    assert links.links[path].state is State.FAILED
    assert why in (links.links[path].why or "")


def test_the_files_are_sound(crawled: tuple[Crawl, Links, dict[str, Capture]]) -> None:
    for path in crawled[0].warcs:
        with path.open("rb") as stream:
            assert list(check_warc(stream)) == []
            stream.seek(0)
            for record in ArchiveIterator(stream, check_digests="raise"):
                record.raw_stream.read()
