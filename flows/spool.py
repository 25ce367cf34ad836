"""The local directory where WARC files grow: one directory a run, and who may touch it.

    <spool>/<digest of the root>/<source>/<run-id>/   the run's WARC files, its log, and `lock`
    <spool>/<digest of the root>/<source>/crawl       who crawls the source now: one run, for politeness
    <spool>/<digest of the root>/<source>/backfill    who works on a backfill of it

`lock` is held with flock(2) by the run and, through the inherited descriptor, by its spider: a directory whose lock
can be taken belongs to nobody alive, and what lies in it is taken up by the next run of the source. `crawl` is held by
both likewise, so that a site never has two spiders, not even that of a run that was just killed and that of the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flows.turns import take_turn

LOCK = "lock"
SPIDER_LOG = "spider.log"
LINKS = "links.jsonl"
"""The spider's log of links."""
RUN = "run.json"
"""What the run is, until it is entered in the ledger (`flows.entering`)."""


class SpoolError(Exception):
    """The spool cannot be written; the message names the directory and says what to do."""


@dataclass(frozen=True, kw_only=True)
class RunDirectory:
    """The directory of one run, locked for as long as this process or a child that inherits `lock_fd` lives."""

    path: Path
    lock_fd: int
    turn_fd: int | None = None
    """Of the run whose turn it is to crawl the source."""

    @property
    def inherited(self) -> tuple[int, ...]:
        """Descriptors that a child has to keep open to count as a part of the run."""
        return (self.lock_fd,) if self.turn_fd is None else (self.lock_fd, self.turn_fd)

    def finished_warcs(self) -> list[Path]:
        """WARC files that are complete, oldest first."""
        return sorted(self.path.glob("*.warc.gz"))

    def open_warcs(self) -> list[Path]:
        """WARC files that were being written, oldest first."""
        return sorted(self.path.glob("*.warc.gz.open"))

    def holds_pages(self) -> bool:
        """Whether a WARC file is left, be it finished, open or damaged."""
        return any(self.path.glob("*.warc.gz*"))

    def is_done(self) -> bool:
        """Whether nothing in it is of use any more: no page, and no run to be entered in the ledger."""
        return not self.holds_pages() and not (self.path / RUN).exists()

    def put(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            SpoolError: it cannot be written.
        """
        scratch = self.path / f"{name}.new"
        try:
            scratch.write_bytes(content)
            scratch.replace(self.path / name)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Give up the lock; the directory goes too if it is done."""
        if self.is_done():
            shutil.rmtree(self.path, ignore_errors=True)
        for each in self.inherited:
            os.close(each)


class Spool:
    """The run directories of one archive's source."""

    def __init__(self, spool: Path, root: str, endpoint_url: str | None, source_id: str) -> None:
        where = root if root.startswith("s3://") else str(Path(root).resolve())
        digest = hashlib.blake2b(f"{where}\n{endpoint_url or ''}".encode(), digest_size=8).hexdigest()
        self.source_id = source_id
        self.directory = spool / digest / source_id

    def begin(self, run_id: str, on_wait: Callable[[str], object] = lambda _: None) -> RunDirectory:
        """Wait for the turn to crawl the source, then make and lock the directory of a new run.

        Args:
            run_id: Names the directory.
            on_wait: Told if another run of the source has to end first.

        Raises:
            SpoolError: the directory cannot be written.
        """
        path = self.directory / run_id
        with self._writing():
            turn = take_turn(
                self.directory, "crawl", lambda: on_wait(f"{self.source_id}: waiting for another crawl of it to end")
            )
            try:
                with self._exclusive():
                    path.mkdir()
                    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BaseException:
                os.close(turn)
                raise
        return RunDirectory(path=path, lock_fd=lock, turn_fd=turn)

    @contextmanager
    def backfilling(self, on_wait: Callable[[str], object]) -> Iterator[None]:
        """The one backfill of the source on this machine; another one has to end first.

        Raises:
            SpoolError: the directory cannot be written.
        """
        with self._writing():
            turn = take_turn(
                self.directory,
                "backfill",
                lambda: on_wait(f"{self.source_id}: waiting for another backfill of it to end"),
            )
        try:
            yield
        finally:
            os.close(turn)

    def leftovers(self) -> Iterator[RunDirectory]:
        """Directories of runs that are dead, locked for us one by one; each is a context that gives it up."""
        if not self.directory.is_dir():
            return
        for path in sorted(p for p in self.directory.iterdir() if p.is_dir()):
            with self._exclusive():
                try:
                    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                except FileNotFoundError:
                    continue  # another run has just taken it up and removed it
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(lock)
                    continue
            yield RunDirectory(path=path, lock_fd=lock)

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """An empty directory for files that can be made again; it is gone afterwards.

        Raises:
            SpoolError: the directory cannot be written.
        """
        path = self.directory.parent / f".{name}" / self.source_id
        with self._writing():
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _cannot_write(self.directory, error) from error

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """No other run of the source makes or claims a directory meanwhile."""
        self.directory.mkdir(parents=True, exist_ok=True)
        guard = os.open(self.directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield
        finally:
            os.close(guard)


def _cannot_write(directory: Path, error: OSError) -> SpoolError:
    return SpoolError(
        f"Cannot write to the spool {directory}: {error.strerror}; "
        "free it or set WARRAQ_SPOOL to a directory that can be written."
    )
