"""Work on an archive in a process that can be killed: at the n-th boundary between two of its operations, or any time.

The processes are forked from one that has imported everything, so that hundreds of them take minutes. It must never
have opened a table: deltalake's threads do not survive a fork.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from archive import readings, upkeep
from archive.guarded.reader import page_reader
from archive.index import Index
from archive.ingest import ingest, store_warc
from archive.reextraction import Scope
from archive.store import LocalStore, open_store
from archive.store.s3 import S3Store
from archive.tables import Tables
from archive.warc import read_warc
from extract.article import extract_article
from extract.types import Article, Page, Reason, Rejection, Source
from flows import maintaining, pipeline, promoting, reextracting
from flows.forgetting import forget_pages
from flows.importing import import_warc
from flows.runners import ProcessRunner
from flows.settings import Settings
from flows.sources import known_sources
from flows.spider import SpiderProcess
from flows.spool import Spool
from tests.archive.reading_here import read_here

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = "tunisiatoday"
SAMPLE = REPOSITORY / "samples" / f"{SOURCE}.warc.gz"

_PLAYER = """
import json, pathlib, sys
request = json.loads(sys.stdin.readline())
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    finished = path.rename(pathlib.Path(request["spool"], path.name))
    print(json.dumps({"event": "warc", "path": str(finished)}), flush=True)
print(json.dumps({"event": "finished", "reason": "finished", "stats": {}}), flush=True)
"""
"""Stands for the spider: brings files that a real one has written, each once, as nobody has a page twice."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An archive and all that belongs to it."""

    environ: Mapping[str, str]
    """Names the root, the spool, the cache and, of a bucket, its server; `SCRATCH` is where the local ones
    lie, `SERVER` the server where a proxy stands before it."""
    warcs: tuple[Path, ...]
    """What a crawl of the source wrote."""

    def settings(self) -> Settings:
        return Settings.from_environment(self.environ)

    def spool(self) -> Spool:
        settings = self.settings()
        return Spool(settings.spool, settings.root, settings.endpoint_url, SOURCE)


# --- the work ---------------------------------------------------------------------------------------------------------


def leave(place: Place) -> None:
    """Leave in the spool what a dead crawl does: a finished file and an open one. The others are to be fetched."""
    directory, site = place.spool().directory / "0dead0run", Path(place.environ["SCRATCH"]) / "site"
    directory.mkdir(parents=True)
    site.mkdir()
    finished, unfinished, *later = place.warcs
    shutil.copy(finished, directory)
    written = unfinished.read_bytes()
    (directory / f"{unfinished.name}.open").write_bytes(written + written[:200])
    for path in later:
        shutil.copy(path, site)


def crawl(place: Place) -> None:
    """Take up what a dead crawl left, then ingest file after file as the spider finishes them."""
    settings = place.settings()
    store, source = open_store(settings.root, settings.s3), known_sources(settings)[SOURCE]
    command = (sys.executable, "-ISc", _PLAYER, f"{place.environ['SCRATCH']}/site")
    pipeline.SpiderProcess = functools.partial(SpiderProcess, command=command)  # type: ignore[assignment,misc]
    run_id = pipeline.new_run_id()
    steps = pipeline.PlainSteps(
        store=store,
        source=source,
        run_id=run_id,
        index=Index(store, settings.cache),
        reader=page_reader(settings.page_limits),
    )
    report = pipeline.crawl(pipeline.CrawlRequest(source=source), settings, store, steps, run_id)
    if report.errors:  # that nothing is left to fetch is none
        raise RuntimeError("; ".join(report.errors))


def nothing(_: Place) -> None:
    """Begin without an archive."""


def import_file(place: Place) -> None:
    """Take in a WARC file as one that others made."""
    settings = place.settings()
    import_warc(SAMPLE, known_sources(settings)[SOURCE], open_store(settings.root, settings.s3), settings)


def fill(place: Place) -> None:
    """Make an archive that needs upkeep: a commit a file, and no election so far."""
    if "SERVER" in place.environ:
        os.environ["AWS_ENDPOINT_URL"] = place.environ["SERVER"]
    settings = place.settings()
    store, source = open_store(settings.root, settings.s3), known_sources(settings)[SOURCE]
    index = Index(store, settings.cache)
    for path in place.warcs:
        ingest(store, store_warc(store, path), source, run_id="filled", index=index)


def fill_badly(place: Place) -> None:
    """Make an archive by rules that refuse a third of the articles, and take only the lead of another."""

    def bad(page: Page, source: Source) -> Article | Rejection:
        found = extract_article(page, source)
        if isinstance(found, Rejection) or len(page.content) % 3 == 0:
            return found
        if len(page.content) % 3 == 1:
            return Rejection(reason=Reason.TOO_SHORT, detail="these rules do not know the template")
        return dataclasses.replace(found, paragraphs=found.paragraphs[:1])

    with pytest.MonkeyPatch.context() as changed:
        read_here(changed)
        changed.setattr(readings, "extract_article", bad)
        fill(place)


def reextract(place: Place) -> None:
    """Read everything again by the rules as they are, and promote that."""
    settings = place.settings()
    store = open_store(settings.root, settings.s3)
    done = reextracting.reextract(settings, store, Scope(), ProcessRunner(1), lambda _: None)
    promoting.promoted(settings, store, done.candidate, lambda _: None)


def maintain(place: Place) -> None:
    """Elect, compact, clean; without any retention, so that there is something to clean."""
    settings = place.settings()
    upkeep.LEAST_RETENTION = maintaining.LEAST_RETENTION = timedelta(0)
    maintaining.keep_up(settings, open_store(settings.root, settings.s3), timedelta(0), lambda _: None)


def forget(place: Place) -> None:
    """Take an article out."""
    settings = place.settings()
    store = open_store(settings.root, settings.s3)
    with SAMPLE.open("rb") as file:
        *_, page = (capture.url for capture in read_warc(file))
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        forget_pages(settings, store, url=page, domain=None, reason="asked for", dry_run=False, yes=True)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Something that a process is killed at."""

    prepare: Callable[[Place], None]
    do: Callable[[Place], None]


WORKS = {
    "crawl": Work(prepare=leave, do=crawl),
    "ingest": Work(prepare=nothing, do=import_file),
    "maintain": Work(prepare=fill, do=maintain),
    "forget": Work(prepare=fill, do=forget),
    "reextract": Work(prepare=fill_badly, do=reextract),
}


# --- the process ------------------------------------------------------------------------------------------------------


class Boundaries:
    """Counts the boundaries between operations as the process comes to them, and ends it by SIGKILL at one.

    Operations are the calls of the store and of the tables, and what Python does to files of the spool and the cache.
    """

    def __init__(self, last: int | None, scratch: str) -> None:
        self.passed: list[str] = []
        self._last, self._scratch = last, scratch

    def watch(self) -> None:
        for kind in (LocalStore, S3Store, Tables):
            for name, method in vars(kind).items():
                if callable(method) and not name.startswith(("_", "table_")) and name != "at":
                    setattr(kind, name, self._watched(f"{kind.__name__}.{name}", method))
        sys.addaudithook(self._file_operation)

    def _pass(self, boundary: str) -> None:
        self.passed.append(boundary)
        if len(self.passed) - 1 == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _watched(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def watched(this: Any, *arguments: Any, **named: Any) -> Any:
            what = next((str(each) for each in arguments if isinstance(each, str | Path)), "")
            self._pass(f"before {name} {what}")
            result = method(this, *arguments, **named)
            self._pass(f"after {name} {what}")
            return result

        return watched

    def _file_operation(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                return
        elif event not in ("os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"):
            return
        path, within = str(arguments[0]), event in ("os.remove", "os.rmdir") and arguments[1] != -1
        if path.startswith(self._scratch) or within:  # a directory that is opened: one of ours is removed
            self._pass(f"before {event} {path}")


@dataclass
class Process:
    """A process at work; it is told when it may begin, and tells when it has."""

    process: Any
    pipe: Connection

    def wait(self, seconds: float | None = None) -> list[str] | None:
        """The boundaries it passed, when it has ended by itself; None: it was killed, or it is still at work.

        Raises:
            AssertionError: it ended as it should not have.
        """
        if not self.pipe.poll(seconds):
            return None
        try:
            ended = self.pipe.recv()
        except EOFError:
            self.process.join()
            assert self.process.exitcode == -signal.SIGKILL, f"the process ended with {self.process.exitcode}"
            return None
        self.process.join()
        if isinstance(ended, str):
            raise AssertionError(ended)
        return list(ended)

    def kill(self) -> bool:
        """Whether the kill came before its end."""
        self.process.kill()
        self.process.join()
        return bool(self.process.exitcode == -signal.SIGKILL) and not (self.pipe.poll() and self._said_something())

    def _said_something(self) -> bool:
        try:
            return bool(self.pipe.recv() is not None)
        except (EOFError, OSError):
            return False


def forks() -> ForkServerContext:
    """Makes processes that have imported everything, with the environment that the first one was made in."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.mortal"])
    return context


def start(step: Callable[[Place], None], place: Place, *, last: int | None = None) -> Process:
    """Do `step` in a process of its own, up to a boundary; it has begun when this returns."""
    context = forks()
    ours, theirs = context.Pipe()
    process = context.Process(target=_live, args=(step, place, last, theirs))
    process.start()
    theirs.close()
    assert ours.recv() == "begun"
    return Process(process, ours)


def _live(step: Callable[[Place], None], place: Place, last: int | None, pipe: Connection) -> None:
    os.environ.clear()
    os.environ.update(place.environ)
    pipeline.require_one_winner = lambda *_: None  # type: ignore[assignment]  # asked of the store once, not in each
    boundaries = Boundaries(last, place.environ["SCRATCH"])
    boundaries.watch()
    pipe.send("begun")
    try:
        step(place)
    except Exception as error:  # whoever waits tells of it
        pipe.send("".join(traceback.format_exception(error)))
        return
    pipe.send(boundaries.passed)


def record(directory: Path) -> tuple[Path, ...]:
    """The WARC files of a real crawl of the source, several of them, at `directory`; oldest first."""
    environ = os.environ | {
        "WARRAQ_ROOT": str(directory / "archive"),
        "WARRAQ_SPOOL": str(directory / "spool"),
        "WARRAQ_CACHE": str(directory / "cache"),
        "WARRAQ_WARC_BYTES": "20000",
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-m", "flows.cli", "crawl", SOURCE, "--replay", str(REPOSITORY / "samples"), "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return tuple(directory / "archive" / key for key in json.loads(done.stdout)["warcs"])
