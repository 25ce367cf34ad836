"""The steps of a crawl that change the archive, as Prefect tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.tasks import exponential_backoff

import archive.ingest
from archive.guarded.reader import page_reader
from archive.index import Index
from archive.ingest import IngestReport
from archive.store import Store, open_store
from extract.types import Source
from flows import pipeline
from flows.progress import listener
from flows.settings import Settings

_opened = cache(open_store)
"""One client a process, however many tasks."""


def store_at(root: str) -> Store:
    """The archive at `root`, written to as the environment says."""
    return _opened(root, Settings.from_environment().s3)


@lru_cache(maxsize=4)
def index_of(run_id: str, root: str, directory: Path) -> Index:  # noqa: ARG001  runs may be in threads of their own
    """One index a run, however many tasks."""
    return Index(store_at(root), directory)


def _may_pass(_task: Any, _run: Any, state: State[Any]) -> bool:
    return isinstance(state.data, BaseException) and pipeline.worth_retrying(state.data)


P = ParamSpec("P")
R = TypeVar("R")


def step(name: str, run_name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """A task tried again, with growing and jittered pauses, when it failed for a reason that passes by itself."""
    return task(
        name=name,
        task_run_name=run_name,
        retries=5,
        retry_delay_seconds=exponential_backoff(backoff_factor=1),
        retry_jitter_factor=0.5,
        retry_condition_fn=_may_pass,
        cache_policy=NO_CACHE,
    )


@step("store-warc", "store {path.name}")
def store_warc(root: str, path: Path) -> str:
    """Put a finished WARC file and its index into the archive at `root`; returns its key."""
    return archive.ingest.store_warc(store_at(root), path)


@step("ingest", "ingest {key}")
def ingest(root: str, key: str, source: Source, run_id: str, local: Path | None, directory: Path) -> IngestReport:
    """Take the pages of the WARC file at `key` into the tables."""
    return archive.ingest.ingest(
        store_at(root),
        key,
        source,
        run_id=run_id,
        local=local,
        index=index_of(run_id, root, directory),
        reader=page_reader(Settings.from_environment().page_limits),
        on_page=listener().page,
        on_wait=listener().waiting,
    )


@dataclass(frozen=True, kw_only=True)
class TaskSteps:
    """`pipeline.Steps` as tasks: they exchange keys, never pages."""

    root: str
    source: Source
    run_id: str
    cache: Path

    @property
    def index(self) -> Index:
        """See `pipeline.Steps`."""
        return index_of(self.run_id, self.root, self.cache)

    def store_warc(self, path: Path) -> str:
        """See `pipeline.Steps`."""
        return store_warc(self.root, path)

    def ingest(self, key: str, local: Path | None) -> IngestReport:
        """See `pipeline.Steps`."""
        return ingest(self.root, key, self.source, self.run_id, local, self.cache)
