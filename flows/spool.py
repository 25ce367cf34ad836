"""The local directory where WARC files grow: one directory a run, and who may touch it.

    <spool>/<digest of the root>/<source>/<run-id>/   the run's WARC files, its log, and `lock`

`lock` is held with flock(2) by the run and, through the inherited descriptor, by its spider: a directory whose lock
can be taken belongs to nobody alive, and what lies in it is taken up by the next run of the source.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

LOCK = "lock"
SPIDER_LOG = "spider.log"
LINKS = "links.jsonl"
"""The spider's log of links."""


class SpoolError(Exception):
    """The spool cannot be written; the message names the directory and says what to do."""


@dataclass(frozen=True, kw_only=True)
class RunDirectory:
    """The directory of one run, locked for as long as this process or a child that inherits `lock_fd` lives."""

    path: Path
    lock_fd: int

    def finished_warcs(self) -> list[Path]:
        """WARC files that are complete, oldest first."""
        return sorted(self.path.glob("*.warc.gz"))

    def open_warcs(self) -> list[Path]:
        """WARC files that were being written, oldest first."""
        return sorted(self.path.glob("*.warc.gz.open"))

    def holds_pages(self) -> bool:
        """Whether a WARC file is left, be it finished, open or damaged."""
        return any(self.path.glob("*.warc.gz*"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Give up the lock; the directory goes too unless WARC files are left in it."""
        if not self.holds_pages():
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock_fd)


class Spool:
    """The run directories of one archive's source."""

    def __init__(self, spool: Path, root: str, endpoint_url: str | None, source_id: str) -> None:
        where = root if root.startswith("s3://") else str(Path(root).resolve())
        digest = hashlib.blake2b(f"{where}\n{endpoint_url or ''}".encode(), digest_size=8).hexdigest()
        self.directory = spool / digest / source_id

    def begin(self, run_id: str) -> RunDirectory:
        """Make and lock the directory of a new run.

        Raises:
            SpoolError: the directory cannot be written.
        """
        path = self.directory / run_id
        try:
            with self._exclusive():
                path.mkdir()
                lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SpoolError(
                f"Cannot write to the spool {self.directory}: {error.strerror}; "
                "free it or set WARRAQ_SPOOL to a directory that can be written."
            ) from error
        return RunDirectory(path=path, lock_fd=lock)

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
    def _exclusive(self) -> Iterator[None]:
        """No other run of the source makes or claims a directory meanwhile."""
        self.directory.mkdir(parents=True, exist_ok=True)
        guard = os.open(self.directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield
        finally:
            os.close(guard)
