"""The crawl as a Prefect flow, a flow run per source. The work is in `flows.pipeline`; this is its form in Prefect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import prefect.runtime.flow_run
from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.tasks import exponential_backoff
from pydantic import Field

import archive.ingest
from archive.index import Index
from archive.ingest import IngestReport
from archive.store import Store, open_store
from extract.types import Source
from flows import pipeline
from flows.progress import listener
from flows.server import PrefectError
from flows.settings import Settings
from flows.sources import choose_sources, known_sources

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


def check_api() -> None:
    """Make sure that Prefect's API answers.

    Raises:
        PrefectError: it does not.
    """
    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
        if error is not None:
            raise PrefectError(
                f"Prefect's API at {client.api_url} cannot be reached ({type(error).__name__}: {error}); start it with "
                "`prefect server start`, correct PREFECT_API_URL, or unset it to crawl without a server."
            )


def _flow_run_name() -> str:
    return f"{prefect.runtime.flow_run.parameters['source']}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


@flow(name="crawl", flow_run_name=_flow_run_name, persist_result=False)
def crawl(
    source: Annotated[str, Field(min_length=1, description="Id of the source, as `warraq sources` lists it.")],
    limit: Annotated[int | None, Field(ge=1, description="Most articles to fetch; none: all.")] = None,
    since: Annotated[date | None, Field(description="First day of publication wanted.")] = None,
    until: Annotated[date | None, Field(description="First day of publication not wanted any more.")] = None,
    replay: Annotated[tuple[Path, ...], Field(description="WARC files to answer from instead of the network.")] = (),
) -> State[None]:
    """Crawl one source into the archive: discover, fetch, archive, extract, decide, commit."""
    settings = Settings.from_environment()
    [chosen] = choose_sources([source], known_sources(settings))
    request = pipeline.CrawlRequest(source=chosen, limit=limit, since=since, until=until, replay=replay)
    run_id = pipeline.new_run_id()
    steps = TaskSteps(root=settings.root, source=chosen, run_id=run_id, cache=settings.cache)
    report = pipeline.crawl(request, settings, store_at(settings.root), steps, run_id)
    create_table_artifact(
        table=[report.row()],
        key=f"crawl-{source}",
        description=f"Run {report.run_id} of {source}: {report.problem or report.status}",
    )
    get_run_logger().info("%s: %s", source, report.summary())
    return Completed(message=report.summary()) if report.ok else Failed(message=f"{report.status}: {report.problem}")
