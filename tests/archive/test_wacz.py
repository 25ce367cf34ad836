"""Others replay what is archived: pywb from a WARC and its index, any reader of WACZ from a package."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc

from archive.ingest import ingest, store_warc
from archive.store import LocalStore, Store, StoreError
from archive.tables import Tables
from archive.wacz import Selection, write_wacz
from archive.warc import Original, read_warc

REPLAY = Path(__file__).parents[2] / ".venv" / "replay" / "bin"
TUESDAY = MONDAY + timedelta(days=1)
PAGES = [
    Response(
        "https://alpha.example/2026/" + quote("لقاء") + "?b=2&a=1", article(paragraphs(1), title="لقاء في العاصمة")
    ),
    Response("https://alpha.example/2", article(paragraphs(2))),
    Response("https://alpha.example/gone", b"<html><title>404</title></html>", status=404),
]


def program(name: str) -> str:
    """A program of the environment in which pywb and wacz are installed."""
    found = shutil.which(name, path=f"{REPLAY}{os.pathsep}{os.environ['PATH']}")
    if not found:
        message = f"{name} is not installed; `make .venv/replay/.installed` installs it"
        if os.environ.get("CI"):
            pytest.fail(message + ". In CI this test may not be skipped.")
        pytest.skip(message)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two days of a site: on the second, everything was as on the first."""
    store = LocalStore(tmp_path / "root")
    first = write_warc(tmp_path, PAGES, run="r1")
    with first.open("rb") as stream:
        seen = {
            each.url: Original(capture_id=each.capture_id, url=each.url, fetched_at=each.fetched_at)
            for each in read_warc(stream)
        }
    second = write_warc(tmp_path, PAGES, run="r2", at=TUESDAY, repeats=seen)
    for path in (first, second):
        ingest(store, store_warc(store, path), SOURCE, run_id=path.name[22:24], local=path)
    return store


def package(store: Store, selection: Selection) -> zipfile.ZipFile:
    out = io.BytesIO()
    captures = selection.captures(Tables(store).snapshot())
    write_wacz(out, store, captures, title="ألفا", software="tests", created=datetime(2026, 3, 9, tzinfo=UTC))
    return zipfile.ZipFile(out)


def test_a_package_is_valid(store: Store, tmp_path: Path) -> None:
    wacz = program("wacz")
    path = tmp_path / "alpha.wacz"
    path.write_bytes(package(store, Selection()).fp.getvalue())  # type: ignore[union-attr]
    done = subprocess.run([wacz, "validate", "-f", str(path)], capture_output=True, text=True, check=False)
    assert "the passed WACZ is valid" in done.stdout, done.stdout + done.stderr


def test_a_package_holds_the_records_as_stored_and_says_where(store: Store) -> None:
    opened = package(store, Selection())
    assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_STORED}
    data = opened.read("archive/data.warc.gz")
    captures = list(read_warc(io.BytesIO(data)))
    assert [each.url for each in captures] == [page.url for page in PAGES] * 2
    lines = [json.loads(line.split(" ", 2)[2]) for line in opened.read("indexes/index.cdx").decode().splitlines()]
    for line in lines:
        member = gzip.decompress(data[int(line["offset"]) : int(line["offset"]) + int(line["length"])])
        assert f"WARC-Target-URI: {line['url']}\r\n".encode() in member
    assert len(lines) == 6
    pages = [json.loads(line) for line in opened.read("pages/pages.jsonl").splitlines()]
    assert pages[0]["format"] == "json-pages-1.0"
    assert [page["url"] for page in pages[1:]] == [page.url for page in PAGES[:2]] * 2
    assert pages[1]["title"] == "لقاء في العاصمة"


def test_what_a_revisit_repeats_comes_with_it(store: Store) -> None:
    opened = package(store, Selection(since=TUESDAY.date()))
    captures = list(read_warc(io.BytesIO(opened.read("archive/data.warc.gz"))))
    assert [bool(each.repeats) for each in captures] == [False] * 3 + [True] * 3
    assert Selection(source="beta").captures(Tables(store).snapshot()) == []


def test_a_file_that_is_not_as_the_tables_say_is_told(store: Store) -> None:
    captures = Selection().captures(Tables(store).snapshot())
    wrong = [{**row, "warc_offset": row["warc_offset"] + 1} for row in captures]
    with pytest.raises(StoreError, match="warraq verify"):
        write_wacz(io.BytesIO(), store, wrong, title="", software="", created=MONDAY)


# --- pywb -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pywb(store: Store, tmp_path: Path) -> Iterator[str]:
    """pywb over the archive's own files and indexes; the address of its collection."""
    wayback = program("wayback")
    directory = tmp_path / "pywb"
    directory.mkdir()
    commands = (  # as docs/data-format.md has them
        f"find {store.root}/warc -name '*.cdxj' -exec cat {{}} + | LC_ALL=C sort > all.cdxj",
        f"find {store.root}/warc -name '*.warc.gz' -printf '%f\t%p\n' | LC_ALL=C sort > paths.txt",
    )
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=directory, check=True)
    news = {"index": str(directory / "all.cdxj"), "archive_paths": str(directory / "paths.txt")}
    (directory / "config.yaml").write_text(json.dumps({"collections": {"news": news}}))  # JSON is YAML
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (tmp_path / "pywb.log").open("wb") as log:
        server = subprocess.Popen(
            [wayback, "-b", "127.0.0.1", "-p", str(port), "-d", str(directory)], stdout=log, stderr=log
        )
    try:
        for _ in range(150):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            assert server.poll() is None, (tmp_path / "pywb.log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/news"
    finally:
        server.terminate()
        server.wait(20)


def test_pywb_replays_every_page_and_its_revisits(pywb: str) -> None:
    for at in (MONDAY, TUESDAY):
        for page in PAGES:
            request = f"{pywb}/{at:%Y%m%d%H%M%S}id_/{page.url}"
            try:
                with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 -- our own
                    status, body = response.status, response.read()
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            assert (status, body) == (page.status, page.body), request
