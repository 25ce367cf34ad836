"""Jobs for the tests of runners, in a module that workers can import."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from archive.store import StoreError


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something to do."""

    number: int
    directory: Path
    seconds: float = 0
    fails: bool = False
    dies: bool = False


def work(job: Job) -> tuple[int, tuple[int, str | None]]:
    """Leave a file of the job's number that holds the worker's process id."""
    (job.directory / str(job.number)).write_text(str(os.getpid()))
    time.sleep(job.seconds)
    if job.dies:
        os._exit(9)
    if job.fails:
        raise StoreError(f"job {job.number} fails", retryable=True)
    return job.number, (os.getpid(), os.environ.get("OMP_NUM_THREADS"))
