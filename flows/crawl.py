"""The crawl as a Prefect flow, a flow run per source. The work is in `flows.pipeline`; this is its form in Prefect."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import prefect.runtime.flow_run
from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from extract.escaping import escaped
from flows import pipeline
from flows.artifacts import show_report
from flows.events import tell_coverage
from flows.limits import turn
from flows.settings import Settings
from flows.sources import choose_sources, known_sources
from flows.tasks import TaskSteps, store_at


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
    store = store_at(settings.root)
    with turn(f"crawl-{source}"):
        report = pipeline.crawl(request, settings, store, steps, run_id)
    show_report(report, settings.root)
    tell_coverage(chosen, report, store)
    get_run_logger().info("%s: %s", source, report.summary())
    return (
        Completed(message=report.summary())
        if report.ok
        else Failed(message=escaped(f"{report.status}: {report.problem}"))
    )
