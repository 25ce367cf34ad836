"""Re-extraction as a Prefect flow. The work is in `flows.reextracting`; this is its form in Prefect."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import prefect.runtime.flow_run
from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from archive.reextraction import Scope
from flows import reextracting
from flows.diffing import by_source, rows_of
from flows.promoting import differing, promoted
from flows.runners import workers_here
from flows.settings import Settings
from flows.task_pool import TaskPool
from flows.tasks import store_at


def _flow_run_name() -> str:
    return f"{prefect.runtime.flow_run.parameters['source'] or 'all'}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


@flow(name="reextract", flow_run_name=_flow_run_name, persist_result=False)
def reextract(
    source: Annotated[str | None, Field(min_length=1, description="Id of the source; none: all.")] = None,
    since: Annotated[date | None, Field(description="First day of fetch or publication wanted.")] = None,
    until: Annotated[date | None, Field(description="First day not wanted any more.")] = None,
    workers: Annotated[int | None, Field(ge=1, description="Files read side by side; none: a core each.")] = None,
    promote: Annotated[bool, Field(description="Whether what it changes is promoted, without anybody asked.")] = False,
) -> State[None]:
    """Read stored WARC files again by the rules of today, and say what that changes."""
    settings, logger = Settings.from_environment(), get_run_logger()
    store = store_at(settings.root)
    scope = Scope(source=source, since=since, until=until)
    pool = TaskPool(settings.task_runner, workers or workers_here())
    done = reextracting.reextract(settings, store, scope, pool, logger.info)
    if done.remaining:
        return Failed(message=f"{done.remaining} files of candidate {done.candidate.id} could not be read")
    diffs = by_source(store, differing(settings, store, done.candidate, logger.info), samples=0)
    create_table_artifact(
        table=list(rows_of(diffs)),
        key=f"reextract-{source or 'all'}",
        description=f"What candidate {done.candidate.id} changes; `warraq diff` shows more",
    )
    if promote:
        promoted(settings, store, done.candidate, logger.info)
    return Completed(message=f"{done.progress()}: {'promoted' if promote else 'to be promoted'}")
