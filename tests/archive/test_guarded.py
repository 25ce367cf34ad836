"""Whatever a page does to the process that reads it, it is refused and the pages around it are read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from candidates import BRANDS, reextracted, rows
from page_calls import reads
from warcs import SOURCE, Response, article, paragraphs, write_warc

from archive.guarded.limits import PageLimits
from archive.guarded.reader import Reader, page_reader
from archive.ingest import ingest, store_warc
from archive.promote import promote
from archive.readings import read_capture
from archive.reextraction import rules_of
from archive.store import LocalStore
from archive.warc import read_warc
from spiders.sources import load_sources

SAMPLES = Path(__file__).parents[2] / "samples"
ONE_SECOND = PageLimits(seconds=1, memory=64)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """A reader whose child was started in an environment full of secrets."""
    with pytest.MonkeyPatch.context() as patch, Reader(ONE_SECOND) as shared:
        for name in ("AWS_SECRET_ACCESS_KEY", "PREFECT_API_KEY", "WARRAQ_ROOT", "ANYTHING"):
            patch.setenv(name, "geheim")
        said(shared, "started")
        yield shared


def said(reader: Reader, *pages: str) -> list[str]:
    """What comes of pages that do this, as `reason: detail`; in their order."""
    found = list(reader.map(reads, ((page, (page,)) for page in pages)))
    assert [page for page, _ in found] == list(pages)
    return [f"{result.reason}: {result.detail}" for _, result in found]


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("burn", "timed_out: Reading the page took more than 1 s of processor time; to have it read, set WARRAQ_PAGE_"),
        ("hoard", "too_large: Reading the page took more than 64 MiB of memory; to have it read, set WARRAQ_PAGE_MEM"),
        ("hoard at once", "too_large: Reading the page took more than 64 MiB of memory"),
        ("crash", "failed: The process that read the page was ended by SIGSEGV"),
        ("exit", "failed: The process that read the page ended with status 3"),
        ("raise", "failed: Reading it failed: RecursionError: too deep"),
        ("forge", "failed: The process that read the page gave no usable answer: an answer names posix.system"),
        ("print", "not_html: print"),
    ],
)
def test_a_page_is_refused_and_those_around_it_are_read(reader: Reader, deed: str, told: str) -> None:
    before, guilty, after = said(reader, "a", deed, "b")
    assert (before, after) == ("not_html: a", "not_html: b")
    assert guilty.startswith(told)
    assert not Path("/tmp/warraq-forged").exists()


def test_a_page_pays_for_itself_alone(reader: Reader) -> None:
    assert said(reader, "leave little", "want half") == ["not_html: leave little", "not_html: want half"]


def test_a_page_that_waits_for_nothing_is_given_up(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PageLimits, "patience", 0.5)
    [found] = said(reader, "stop")
    assert found.startswith("timed_out: Reading the page did not end within 0 s by the clock")


def test_time_is_that_of_the_processor(reader: Reader) -> None:
    assert said(reader, "wait") == ["not_html: wait"]  # longer than it may work


def test_an_error_of_what_brings_pages_comes_after_those_it_brought(reader: Reader) -> None:
    def pages() -> Iterator[tuple[str, tuple[str]]]:
        yield "a", ("a",)
        raise LookupError("the file ends here")

    found = []
    with pytest.raises(LookupError, match="ends here"):
        found.extend(reader.map(reads, pages()))  # pragma: no branch
    for each in (found, list(reader.map(reads, [("b", ("b",))]))):
        assert len(each) == 1


def test_the_child_has_no_secrets_and_writes_no_files(reader: Reader) -> None:
    told, written = said(reader, "tell", "write")
    assert "geheim" not in told
    assert "PATH=" in told
    assert "OSError" in written


def test_no_process_and_no_descriptor_is_left_however_often_a_worker_ends(reader: Reader) -> None:
    said(reader, "exit")
    before = _children(), _descriptors()
    said(reader, *["exit", "a"] * 25)
    assert (_children(), _descriptors()) == before


def test_a_reader_left_early_leaves_no_child() -> None:
    before = _children()
    with Reader(ONE_SECOND) as reader:
        found = reader.map(reads, ((each, (each,)) for each in ("a", "sleep")))
        next(found)
        found.close()  # type: ignore[attr-defined]
        assert _children() == before


def test_threads_read_side_by_side(reader: Reader) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(said(reader, *"abc"))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [["not_html: a", "not_html: b", "not_html: c"]] * 2


PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from archive.guarded.reader import Reader
from archive.guarded.limits import PageLimits
from page_calls import reads
found = Reader(PageLimits(seconds=60)).map(reads, ((each, (each,)) for each in ("pid", "burn")))
print(next(found)[1].detail, flush=True)
next(found)
"""


def test_a_child_at_work_ends_with_its_parent() -> None:
    command = [sys.executable, "-c", PARENT, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline().split()[0])
        os.kill(child, signal.SIGTERM)  # as who stops a service sends it to all of its processes
        time.sleep(0.1)
        parent.kill()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and _state(child) != "Z":
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.01)


def test_pages_show_what_they_show_when_read_here() -> None:
    source = load_sources(None)["etemadonline"]
    with (SAMPLES / "etemadonline.warc.gz").open("rb") as file:
        captures = list(read_warc(file))
    found = list(page_reader().captures(captures, source))
    assert found == [(capture, read_capture(capture, source)) for capture in captures]


def test_a_page_refused_for_its_memory_is_judged_again_with_more(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    large = Response("https://alpha.example/large", article(line for n in range(400) for line in paragraphs(n)))
    pages = [Response("https://alpha.example/1", article(paragraphs(9001))), large]
    key = store_warc(store, write_warc(tmp_path, pages, run="r1"))
    with Reader(PageLimits(memory=4)) as small:
        report = ingest(store, key, SOURCE, run_id="r1", reader=small)
    assert (report.outcomes, report.reasons) == ({"new": 1, "rejected": 1}, {"too_large": 1})
    [row] = [each for each in rows(store, "captures").values() if each["reason"]]
    assert "WARRAQ_PAGE_MEMORY" in row["detail"]
    promote(store, reextracted(store), brands=BRANDS)
    captures = rows(store, "captures").values()
    assert {each["outcome"] for each in captures} == {"new"}
    assert rules_of([SOURCE], PageLimits(memory=4)) != rules_of([SOURCE])


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _children() -> list[int]:
    return [int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
