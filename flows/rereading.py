"""The unit of work of a re-extraction, as worker processes import it: with as little else as possible."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import stamina

from archive.guarded.limits import PageLimits
from archive.guarded.reader import page_reader
from archive.reread import FileReport, read_again
from archive.store import S3Options, StoreError, open_store
from extract.types import Source


@dataclass(frozen=True, kw_only=True)
class FileJob:
    """A WARC file to read again: what a worker on another machine needs to know."""

    root: str
    s3: S3Options
    candidate: str
    warc_key: str
    source: Source
    limits: PageLimits = field(default_factory=PageLimits)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A WARC file that could not be read again."""

    warc_key: str
    problem: str


def read_file(job: FileJob) -> FileReport | Failed:
    """Read a file again. A file that cannot be read does not keep the others from being read.

    Raises:
        StoreError: the store is out of reach, after retries.
    """
    try:
        return stamina.retry(on=_may_pass, attempts=6, timeout=300)(read_again)(
            _store(job.root, job.s3), job.candidate, job.warc_key, job.source, page_reader(job.limits)
        )
    except StoreError as error:
        if error.retryable:
            raise
        return Failed(warc_key=job.warc_key, problem=str(error))


def _may_pass(error: Exception) -> bool:
    return isinstance(error, StoreError) and error.retryable


_store = cache(open_store)
"""One client a process, however many files."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "ARROW_IO_THREADS")


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started within compute in one thread, unless the user says otherwise: there are as many as cores."""
    added = {name: "1" for name in _THREADS if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
