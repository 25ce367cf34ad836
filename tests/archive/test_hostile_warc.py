"""WARC files made to harm who reads them: each ends in its stated outcome, in time and memory that are bounded."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc

from archive import ingest as ingesting
from archive.ingest import adopt_warc, ingest, store_warc
from archive.store import LocalStore, StoreError, open_store
from archive.tables import Tables
from archive.verify import verify
from archive.warc import Capture, Damage, WarcError, check_warc, coding, look_through, read_warc, surt, write_cdxj
from archive.warc.coding import dechunk, decode_content, read_http
from archive.warc.frames import MAX_RECORD
from archive.warc.tombstone import bury

ID = "0ab8ecd1-7d4e-4a4b-9bb4-6b1c4bfc41ac"
PAGE = b"<p>page</p>"


def record(block: bytes, length: int | str | None = None, kind: str = "response", **changes: str) -> bytes:
    """A record; `changes` set or, being empty, leave out a header (`_` for `-`)."""
    fields = {
        "WARC-Type": kind,
        "WARC-Target-URI": "http://a.example/1",
        "WARC-Date": "2019-08-24T10:11:12Z",
        "WARC-Record-ID": f"<urn:uuid:{ID}>",
        "Content-Type": "application/http;msgtype=response",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    lines = [f"{name}: {value}\r\n" for name, value in fields.items() if value]
    stated = len(block) if length is None else length
    return f"WARC/1.0\r\n{''.join(lines)}Content-Length: {stated}\r\n\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes = PAGE, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: text/html", *headers, b"", body])


GOOD = record(http(), WARC_Record_ID="<urn:uuid:11111111-7d4e-4a4b-9bb4-6b1c4bfc41ac>")


def read(data: bytes) -> tuple[list[Capture], list[str]]:
    damages: list[Damage] = []
    captures = list(read_warc(io.BytesIO(data), damages.append))
    return captures, [damage.problem for damage in damages]


def a_million(part: bytes) -> bytes:
    return part * 1_000_000


# --- records ----------------------------------------------------------------------------------------------------------

DAMAGED: dict[str, tuple[Callable[[], bytes], str]] = {
    "Content-Length too small": (lambda: record(http(PAGE * 50), 100), "bytes longer than its Content-Length says"),
    "Content-Length too big": (lambda: record(http(), 10_000), "bytes shorter than its Content-Length says"),
    "Content-Length of 10^17": (lambda: record(http(), 10**17), "bytes shorter than its Content-Length says"),
    "Content-Length of 10^30": (lambda: record(http(), 10**30), "no Content-Length"),
    "negative Content-Length": (lambda: record(http(), -1), "no Content-Length"),
    "Content-Length in letters": (lambda: record(http(), "ten"), "no Content-Length"),
    "no empty line": (lambda: b"WARC/1.0\r\n" + b"a: b\r\n" * 1000, "the record's header has no end"),
    "a header of 2 MB": (lambda: record(http(), X="y" * 2_000_000), "there is no WARC record here"),
    "a member of zeros": (lambda: bytes(50_000_000), "there is no WARC record here"),
    "a URL of a megabyte": (
        lambda: record(http(), WARC_Target_URI="http://a.example/" + "a" * 1_000_000),
        "the response's WARC-Target-URI has more than 65536 characters",
    ),
    "an id of 100,000 characters": (lambda: record(http(), WARC_Record_ID="x" * 100_000), "WARC-Record-ID 'xxx"),
    "an id with control characters": (
        lambda: record(http(), WARC_Record_ID="<urn:uuid:\x1b[31m\x00>"),
        r"WARC-Record-ID '\x1b[31m\x00' is none",
    ),
    "a date before time": (lambda: record(http(), WARC_Date="0001-01-01T00:00:00+14:00"), "WARC-Date '0001-01"),
    "a date after all": (lambda: record(http(), WARC_Date="9999-12-31T23:59:59-14:00"), "WARC-Date '9999-12"),
    "a date of a megabyte": (lambda: record(http(), WARC_Date="2" * 900_000), "is no date"),
    "a revisit of a date that is none": (
        lambda: record(b"", kind="revisit", WARC_Refers_To_Date="yesterday"),
        "Invalid isoformat string",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_record_is_told_and_the_next_is_read(name: str) -> None:
    data, said = DAMAGED[name]
    captures, (problem, *others) = read(gzip.compress(data(), 1) + gzip.compress(GOOD))
    assert said in problem
    assert len(problem) < 300
    assert problem.isprintable()
    assert others == []
    assert [capture.content for capture in captures] == [PAGE]


READ: dict[str, tuple[Callable[[], bytes], tuple[str, ...], bytes]] = {
    "Content-Length twice": (lambda: record(http(), X=f"y\r\nContent-Length: {len(http())}"), (), PAGE),
    "a hundred thousand record headers": (lambda: record(http(), X="y\r\nx: y" * 100_000), (), PAGE),
    "spaces without end": (lambda: record(http(), X="x" + " " * 900_000 + "x"), (), PAGE),
    "a million response headers": (
        lambda: record(b"HTTP/1.1 200 OK\r\n" + a_million(b"a:b\r\n") + b"\r\n" + PAGE),
        (),
        b"",
    ),
    "a response head without end": (lambda: record(b"HTTP/1.1 200 OK\r\nX: " + a_million(b"abcde")), (), b""),
    "a WARC file as a body": (lambda: record(http(GOOD * 3)), (), GOOD * 3),
    "chunks of 16 digits": (
        lambda: record(http(b"ffffffffffffffff\r\nabc", b"Transfer-Encoding: chunked")),
        ("bad_chunks",),
        b"abc",
    ),
    "an extension without end": (
        lambda: record(http(b"3;" + a_million(b"x") + b"\r\nabc\r\n0\r\n\r\n", b"Transfer-Encoding: chunked")),
        (),
        b"abc",
    ),
    "an extension that never ends": (
        lambda: record(http(b"3\r\nabc\r\n3;" + a_million(b"x"), b"Transfer-Encoding: chunked")),
        ("bad_chunks",),
        b"abc",
    ),
    "twenty thousand chunks": (
        lambda: record(http(b"1\r\na\r\n" * 20_000, b"Transfer-Encoding: chunked")),
        ("bad_chunks",),
        b"a" * 1000,
    ),
    "twenty codings": (
        lambda: record(http(PAGE, b"Content-Encoding: " + b"gzip, " * 20)),
        ("bad_content_encoding",),
        PAGE,
    ),
    "a hundred thousand empty gzip members": (
        lambda: record(http(gzip.compress(b"", mtime=0) * 100_000 + gzip.compress(PAGE), b"Content-Encoding: gzip")),
        (),
        PAGE,
    ),
    "a forged payload digest": (lambda: record(http(), WARC_Payload_Digest="sha1:" + "A" * 32), ("bad_digest",), PAGE),
    "a digest of a megabyte": (
        lambda: record(http(), WARC_Payload_Digest="sha1:" + "A" * 900_000),
        ("bad_digest",),
        PAGE,
    ),
    "path tricks": (
        lambda: record(
            http(),
            WARC_Target_URI="http://a.example/../../etc/passwd",
            WARC_Filename="../../../x",
            WARC_Record_ID="<../../../../etc/passwd>",
        ),
        (),
        PAGE,
    ),
}


@pytest.mark.parametrize("name", READ)
def test_what_can_be_read_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "MAX_CHUNKS", 1000)
    data, flags, content = READ[name]
    began = process_time()
    (capture,), damages = read(gzip.compress(data(), 1))
    assert (capture.flags, capture.content, damages) == (flags, content, [])
    assert len(capture.headers) < 10_000
    assert process_time() - began < 3


def test_a_forged_digest_is_not_taken_over() -> None:
    (honest,), _ = read(record(http()))
    (forged,), _ = read(record(http(b"other"), WARC_Payload_Digest=honest.payload_digest))
    assert forged.payload_digest != honest.payload_digest
    (problem,) = check_warc(io.BytesIO(record(http(b"other"), WARC_Payload_Digest=honest.payload_digest)))
    assert "does not have its payload digest" in problem.problem


def test_a_file_cut_off_anywhere_gives_what_is_whole() -> None:
    whole = gzip.compress(GOOD, mtime=0) * 3
    for end in range(1, len(whole), 7):
        captures, damages = read(whole[:end])
        assert len(captures) == end // (len(whole) // 3)
        assert len(damages) == (end % (len(whole) // 3) > 0)


@pytest.mark.parametrize("location", [b"//\xff\xd8\xa7\xe2\x80\xae./", b"http://[", b"/" + b"a" * 70_000, b"//a:b:c/"])
def test_a_redirect_to_nowhere_has_no_url(location: bytes) -> None:
    block = b"HTTP/1.1 301 Moved\r\nLocation: " + location + b"\r\n\r\n"
    (capture,), _ = read(record(block))
    url = capture.redirect_url
    assert url is None or (url.isascii() and len(url) < 1000)


# --- memory and time --------------------------------------------------------------------------------------------------


class Bomb(io.RawIOBase):
    """A gzip member of a head and this many zeros, made as it is read."""

    def __init__(self, head: bytes, zeros: int) -> None:
        self._deflater = zlib.compressobj(1, zlib.DEFLATED, 31)
        self._ready, self._left = bytearray(self._deflater.compress(head)), zeros >> 20

    def read(self, size: int = -1) -> bytes:
        while len(self._ready) < size and self._left >= 0:
            self._ready += self._deflater.compress(bytes(1 << 20)) if self._left else self._deflater.flush()
            self._left -= 1
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken


def peak_of(read: Callable[[], object]) -> int:
    """Bytes that Python allocates at most while it runs; zlib's own are a few hundred KB."""
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_takes_no_more_memory_than_a_record_may() -> None:
    head = record(b"", 100 << 20)[:-4]
    captures: list[Capture] = []
    damages: list[Damage] = []
    peak = peak_of(lambda: captures.extend(read_warc(Bomb(head, 100 << 20), damages.append)))  # type: ignore[arg-type]
    assert [capture.flags for capture in captures] == [("too_large",)]
    assert damages == []
    assert peak < 3.5 * MAX_RECORD


def test_a_member_that_is_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.warc.frames.MAX_PASSED", 32 << 20)
    head = record(b"", 64 << 20)[:-4]
    bomb = Bomb(head, 64 << 20).read(1 << 30)
    captures, (problem, *_) = read(bomb + gzip.compress(GOOD))
    assert problem == "the record is larger than 0 GiB"
    assert [capture.content for capture in captures] == [PAGE]


@pytest.mark.parametrize(
    "data",
    [b"WARC/1.0\n" * 300_000, b"WARC/1.0\r\n\r\n" * 30_000, gzip.compress(GOOD) + b"\x1f\x8b\x08" * 100_000],
    ids=["heads without end", "heads without length", "beginnings of members"],
)
def test_what_looks_like_records_takes_time_in_proportion(data: bytes) -> None:
    began = process_time()
    captures, damages = read(data)
    assert damages
    assert len(captures) == data.startswith(b"\x1f")
    assert process_time() - began < 6


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
def test_nested_bombs_stay_below_the_most(coding: str) -> None:
    pack: Callable[[bytes], bytes] = {
        "gzip": lambda data: gzip.compress(data, 1),
        "br": lambda data: brotli.compress(data, quality=1),
        "deflate": zlib.compress,
    }[coding]
    body = pack(bytes(20_000_000))
    for _ in range(4):
        body = pack(body)
    content, flag = decode_content(body, [coding] * 5, 1 << 20)
    assert (len(content), flag) == (1 << 20, "too_large")
    assert decode_content(body, [coding] * 10) == (body, "bad_content_encoding")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_http_of_some_kind(data: bytes) -> None:
    *_, headers, body = read_http(data)
    assert len(body) <= len(data)
    assert all(isinstance(name, str) for name, _ in headers)
    assert len(dechunk(data)[0]) <= len(data)


def test_escapes_of_escapes_end() -> None:
    began = process_time()
    surt("http://a.example/" + "%25" * 20_000 + "%" * 3000 + "3341")
    assert process_time() - began < 1


def test_a_header_of_spaces_is_buried_in_time(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(gzip.compress(record(http(os.urandom(2000)), X="x" + " " * 900_000 + "x")))
    began = process_time()
    with path.open("r+b") as file:
        assert len(bury(file, {ID}, "20260101T000000-12345678", MONDAY)) == 1
    assert len(look_through(path, lambda url, at: "a").records["a"]) == 1
    assert process_time() - began < 3


# --- into the archive -------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "archive")


def written(path: Path, *records: bytes) -> Path:
    path.write_bytes(b"".join(gzip.compress(each) for each in records))
    return path


def outcomes(store: LocalStore) -> list[tuple[str, str | None]]:
    found = Tables(store).snapshot().query("SELECT outcome, reason FROM captures ORDER BY url")
    return [(row["outcome"], row["reason"]) for row in found.to_pylist()]


def news(number: int, **changes: str) -> bytes:
    given = {
        "WARC_Target_URI": f"http://alpha.example/{number}",
        "WARC_Record_ID": f"<urn:uuid:{number:08}-7d4e-4a4b-9bb4-6b1c4bfc41ac>",
    }
    return record(http(article(paragraphs(number))), **given | changes)


def test_an_import_says_that_a_digest_is_forged(store: LocalStore, tmp_path: Path) -> None:
    path = written(tmp_path / "x.warc.gz", news(1), news(2, WARC_Payload_Digest="sha1:" + "B" * 32))
    key = adopt_warc(store, path, "alpha")
    report = ingest(store, key, SOURCE, run_id="r1")
    assert (report.forged, report.outcomes) == (1, {"new": 2})
    assert [each.invariant for each in verify(store, deep=True)] == ["warc-sound"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("1", "1"), ("1", "2"), ("2", "1")],
    ids=["to itself", "to the next", "to the one before"],
)
def test_revisits_that_go_round_show_nothing(store: LocalStore, tmp_path: Path, first: str, second: str) -> None:
    def revisit(number: int, to: str) -> bytes:
        changes = {"WARC_Refers_To": f"<urn:uuid:{int(to):08}-7d4e-4a4b-9bb4-6b1c4bfc41ac>"}
        return news(number, **changes).replace(b"WARC-Type: response", b"WARC-Type: revisit")

    path = written(tmp_path / "x.warc.gz", revisit(1, first), revisit(2, second), news(3))
    ingest(store, adopt_warc(store, path, "alpha"), SOURCE, run_id="r1")
    assert outcomes(store) == [("rejected", "failed"), ("rejected", "failed"), ("new", None)]
    assert list(verify(store, deep=True)) == []


def test_one_id_twice_in_a_file_is_refused(store: LocalStore, tmp_path: Path) -> None:
    path = written(tmp_path / "x.warc.gz", news(1), news(1, WARC_Target_URI="http://alpha.example/other"))
    with pytest.raises(WarcError, match=r"at byte \d+: its WARC-Record-ID, 00000001-.* is that of another"):
        adopt_warc(store, path, "alpha")
    contents = look_through(path, lambda url, at: "alpha")
    assert (len(contents.records["alpha"]), len(contents.damages)) == (1, 1)


def test_the_id_of_a_response_in_the_archive_is_refused(store: LocalStore, tmp_path: Path) -> None:
    ours = write_warc(tmp_path, [Response("https://alpha.example/1", article(paragraphs(1)))], run="r1")
    ingest(store, store_warc(store, ours), SOURCE, run_id="r1")
    with ours.open("rb") as file:
        (capture,) = read_warc(file)
    forged = written(tmp_path / "x.warc.gz", news(2, WARC_Record_ID=f"<urn:uuid:{capture.capture_id}>"))
    with pytest.raises(WarcError, match="1 of its responses are in the archive already, from another file: `warraq"):
        adopt_warc(store, forged, "alpha")


def test_an_import_has_a_most_of_responses(store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingesting, "MAX_RESPONSES", 2)
    path = written(tmp_path / "x.warc.gz", *(news(number) for number in range(3)))
    with pytest.raises(WarcError, match="more than 2 responses: split it"):
        adopt_warc(store, path, "alpha")


def test_names_in_a_file_choose_no_key(store: LocalStore, tmp_path: Path) -> None:
    tricks = {"WARC_Filename": "../../../../tmp/x", "WARC_Target_URI": "http://alpha.example/../../../etc/passwd"}
    path = written(tmp_path / "..%2f\x1b[31m.warc.gz", news(1, **tricks, WARC_Record_ID="<../../../etc/passwd>"))
    key = adopt_warc(store, path, "alpha")
    ingest(store, key, SOURCE, run_id="r1")
    assert key.startswith("warc/alpha/2019/08/24/alpha-20190824101112-import")
    assert all(each.is_relative_to(tmp_path / "archive") for each in files(tmp_path) if each != path)
    assert list(verify(store, deep=True)) == []
    with pytest.raises(ValueError, match="cannot name a WARC file"):
        adopt_warc(store, path, "../x")


def files(root: Path) -> Iterator[Path]:
    return (each for each in root.rglob("*") if each.is_file())


# --- keys -------------------------------------------------------------------------------------------------------------

OUTSIDE = ("../x", "a/../../x", "/etc/x", "a//b", "", ".", "..", "a/.hidden", "a\0b", "a\nb", "a b", "é", "~/x/../../y")
INSIDE = ("C:/x", "CON", "a\\..\\..\\x", "~/x", "%2e%2e/x", "a/b..c", "-rf", "$(x)", "a;b")


@pytest.mark.parametrize("key", OUTSIDE)
def test_no_store_takes_a_key_that_leads_elsewhere(store: LocalStore, key: str, tmp_path: Path) -> None:
    for use in (store.get, store.exists, store.size, store.delete, store.open):
        with pytest.raises(StoreError, match="cannot be a key"):
            use(key)
    with pytest.raises(StoreError, match="cannot be a key"):
        store.put_if_absent(key, b"x")
    assert list(files(tmp_path)) == []


@pytest.mark.parametrize("key", INSIDE)
def test_odd_keys_stay_below_the_root(store: LocalStore, key: str, tmp_path: Path) -> None:
    assert store.put_if_absent(key, b"x")
    assert [each.relative_to(tmp_path / "archive").as_posix() for each in files(tmp_path)] == [key]
    assert [each.key for each in store.list("")] == [key]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30) | st.lists(st.sampled_from(["..", ".", "", "a", "\\", "/", "\0", "C:", "~"])).map("/".join))
def test_any_text_is_a_key_below_the_root_or_none(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.getbasetemp() / "any"
    store = LocalStore(root / "root")
    try:
        path = store._path(text)
    except StoreError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(root / "root")
    assert os.path.normpath(path) == str(path)


def test_links_that_an_operator_made_are_followed_and_none_is_made(store: LocalStore, tmp_path: Path) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "warc").symlink_to(elsewhere)
    store.put_if_absent("warc/a", b"x")
    assert (elsewhere / "a").read_bytes() == b"x"
    (elsewhere / "round").symlink_to(elsewhere)
    store.put_if_absent("records/b", b"y")
    assert store.get("records/b") == b"y"


@pytest.mark.parametrize(
    "root", ["s3://bucket/../x", "s3://bucket/a//b", "s3://../x", "s3://bucket/a b", "s3://bucket/.x"]
)
def test_a_prefix_stays_in_its_bucket(root: str) -> None:
    with pytest.raises(StoreError):
        open_store(root)


def test_an_index_has_lines_of_its_own_alone() -> None:
    (line,) = write_cdxj(io.BytesIO(record(http(), WARC_Target_URI="http://a.example/\x0b\x85x y")), "x").splitlines()
    assert line.count(b"\n") == 0
    assert line.startswith(b"example,a)/")
