"""The backfill as a Prefect flow, a task a partition. The work is in `flows.backfilling`; this is its form there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import prefect.runtime.flow_run
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.tasks import exponential_backoff
from pydantic import Field

from extract.escaping import escaped
from extract.types import Source
from flows import pipeline
from flows.artifacts import ProgressBar, show_report, show_table
from flows.backfill_warcs import Wanted, WarcFile, backfill_warcs, find_warcs, take_in
from flows.backfilling import Crawl, Days
from flows.backfilling import backfill as run_partitions
from flows.events import tell_coverage
from flows.limits import turn
from flows.partitions import Ended, Partition, Reprocess
from flows.report import RunReport
from flows.settings import Settings
from flows.sources import choose_sources, known_sources
from flows.spread import on_a_deployment, spread
from flows.tasks import TaskSteps, store_at


class IncompleteError(Exception):
    """A partition ended, but not well; the report says how."""

    def __init__(self, report: RunReport) -> None:
        super().__init__(f"{report.status}: {report.problem}")
        self.report = report


def _may_pass(_task: Any, _run: Any, state: State[Any]) -> bool:
    error = state.data
    if isinstance(error, IncompleteError):
        return error.report.spider_died  # by the machine, not by the site
    return isinstance(error, BaseException) and pipeline.worth_retrying(error)


@task(
    name="partition",
    task_run_name="{partition.name}",
    retries=3,
    retry_delay_seconds=[10, 60, 300],
    retry_jitter_factor=0.5,
    retry_condition_fn=_may_pass,
    cache_policy=NO_CACHE,
)
def run_partition(partition: Partition, request: pipeline.CrawlRequest, settings: Settings) -> RunReport:  # noqa: ARG001
    """Crawl the days of a partition.

    Raises:
        IncompleteError: the crawl did not end well.
    """
    run_id = pipeline.new_run_id()
    steps = TaskSteps(root=settings.root, source=request.source, run_id=run_id, cache=settings.cache)
    store = store_at(settings.root)
    with turn(f"crawl-{request.source.id}"):
        report = pipeline.crawl(request, settings, store, steps, run_id)
    show_report(report, settings.root)
    tell_coverage(request.source, report, store)
    if not report.ok:
        raise IncompleteError(report)
    return report


def _crawl_in_task(settings: Settings) -> Crawl:
    """A partition as a task, that is stopped where even the spider's own time limit could not."""

    def crawl(partition: Partition, request: pipeline.CrawlRequest) -> RunReport:
        run = run_partition.with_options(tags=["backfill", partition.source], timeout_seconds=settings.timeout + 3600)
        try:
            return run(partition, request, settings)
        except IncompleteError as error:
            return error.report

    return crawl


def _flow_run_name() -> str:
    given = prefect.runtime.flow_run.parameters
    sources = given["sources"]
    days = [str(given[name])[:10] for name in ("since", "until")]
    return "-".join([sources[0] if len(sources) == 1 else f"{len(sources)}-sources", *days])


@flow(name="backfill", flow_run_name=_flow_run_name, persist_result=False)
def backfill(
    sources: Annotated[list[str], Field(min_length=1, description="Ids, as `warraq sources` lists them.")],
    since: Annotated[date, Field(description="First day of publication wanted.")],
    until: Annotated[date, Field(description="First day of publication not wanted any more.")],
    reprocess: Annotated[Reprocess, Field(description="Which partitions that ended before are run again.")] = "none",
    backwards: Annotated[bool, Field(description="Newest first.")] = False,
    max_active: Annotated[int, Field(ge=1, description="Most sources at work at once.")] = 4,
) -> State[None]:
    """Crawl the days that no backfill has brought to an end yet, a partition after the other."""
    settings = Settings.from_environment()
    days = Days(since=since, until=until, reprocess=reprocess, backwards=backwards)
    chosen = choose_sources(sources, known_sources(settings))
    if len(chosen) > 1 and on_a_deployment():
        return together(spread([source.id for source in chosen], days.parameters(), max_active))
    ended = [each for source in chosen for each in backfill_source(source, days, settings)]
    return judged(ended)


def backfill_source(source: Source, days: Days, settings: Settings) -> list[Ended]:
    """The partitions of one source, one after the other; shown as an artifact as they end."""
    ended: list[Ended] = []
    progress = ProgressBar(source.id, len(days.partitions(source)))
    with turn(f"backfill-{source.id}"):
        for each in run_partitions(source, days, settings, store_at(settings.root), _crawl_in_task(settings)):
            why = f": {escaped(each.why)}" if each.why else ""
            get_run_logger().info("%s: %s%s", each.partition.name, each.verdict, why)
            ended.append(each)
            progress.advance()
    show_table(
        [each.row() for each in ended], f"backfill-{source.id}", f"{source.id} from {days.since} to {days.until}"
    )
    return ended


@task(
    name="take-in",
    task_run_name="{file.key}",
    retries=5,
    retry_delay_seconds=exponential_backoff(backoff_factor=2),
    retry_jitter_factor=0.5,
    retry_condition_fn=_may_pass,
    cache_policy=NO_CACHE,
)
def take_in_file(wanted: Wanted, file: WarcFile, settings: Settings) -> list[Ended]:
    """Take the sources' pages out of a WARC file of others."""
    return take_in(wanted, settings, store_at(settings.root), file)


def _warcs_run_name() -> str:
    given = prefect.runtime.flow_run.parameters
    return f"{'-'.join(given['sources'])[:60]}-from-warcs"


@flow(name="backfill-from-warcs", flow_run_name=_warcs_run_name, persist_result=False)
def backfill_from_warcs(
    sources: Annotated[list[str], Field(min_length=1, description="Ids, as `warraq sources` lists them.")],
    warcs: Annotated[list[str], Field(min_length=1, description="Files, directories, or s3://bucket/prefix.")],
    since: Annotated[date | None, Field(description="First UTC day of fetch wanted.")] = None,
    until: Annotated[date | None, Field(description="First UTC day of fetch not wanted any more.")] = None,
    reprocess: Annotated[Reprocess, Field(description="Which files that were taken in are read again.")] = "none",
) -> State[None]:
    """Take the pages of sources out of WARC files that others made."""
    settings = Settings.from_environment()
    chosen = tuple(choose_sources(sources, known_sources(settings)))
    wanted = Wanted(sources=chosen, since=since, until=until, reprocess=reprocess)
    files, store = find_warcs(warcs), store_at(settings.root)
    pipeline.may_write(store, settings)
    progress = ProgressBar("warcs", len(files) * len(chosen))
    ended: list[Ended] = []
    for each in backfill_warcs(files, wanted, settings, store, lambda file: take_in_file(wanted, file, settings)):
        ended.append(each)
        progress.advance()
    show_table([each.row() for each in ended], "backfill-from-warcs", f"{len(files)} files")
    return judged(ended)


def judged(ended: Sequence[Ended]) -> State[None]:
    """The state of a run by what became of its partitions."""
    verdicts = Counter(each.verdict for each in ended)
    said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    return Completed(message=said) if all(each.ok for each in ended) else Failed(message=said)


def together(states: Mapping[str, State[Any]]) -> State[None]:
    """The state of a run by how the runs of its sources ended."""
    said = "; ".join(f"{source}: {state.name}, {state.message}" for source, state in states.items())
    return Completed(message=said) if all(state.is_completed() for state in states.values()) else Failed(message=said)
