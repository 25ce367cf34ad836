"""`warraq backfill`: what is planned, what goes on, and what came of each partition."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

from rich.table import Table

from archive.guarded.reader import page_reader
from archive.index import Index
from archive.store import open_store
from extract.escaping import safe_json
from extract.types import Source
from flows import pipeline
from flows.backfill_estimate import Estimate, estimate, expected_a_day, readable_time
from flows.backfill_processes import side_by_side
from flows.backfill_warcs import Wanted, backfill_warcs, earlier, find_warcs, take_in
from flows.backfilling import Days, backfill
from flows.console import console, shown
from flows.crawling import check_contact, reach_prefect, run_flow
from flows.failures import Exit
from flows.ledger import mean_a_day
from flows.partitions import Ended, File, Partition, Planned
from flows.progress import followed_by
from flows.report import RunReport
from flows.server import PrefectError
from flows.settings import Settings
from flows.sources import choose_sources, known_sources
from flows.terminal import Terminal, readable_bytes

_WIDTH = 160
"""Characters of a line where nobody sees a terminal."""


def show_plan(settings: Settings, ids: Sequence[str], days: Days, *, as_json: bool) -> Exit:
    """Print what would be run and why, and what it would cost. No site is asked anything."""
    store = open_store(settings.root, settings.s3)
    plans: list[list[tuple[Planned, Estimate]]] = []
    for source in choose_sources(ids, known_sources(settings)):
        a_day = expected_a_day(source, mean_a_day(store, source.id))
        plans.append([(each, estimate(each, a_day)) for each in days.planned(source, store)])
    if as_json:
        for plan in plans:
            for each, cost in plan:
                _say(each.row() | {"requests": cost.requests, "seconds": cost.seconds})
    else:
        _print_plans(plans)
    return Exit.OK


def run_backfill(
    settings: Settings, ids: Sequence[str], days: Days, *, max_active: int, on_prefect: bool, as_json: bool
) -> Exit:
    """Run the backfills of the sources, several at once, and print what came of each partition.

    Raises:
        UsageError: arguments, settings or sources cannot be used.
        StoreError, SpoolError, PrefectError: what is needed is out of reach. What is finished stays finished.
    """
    sources = choose_sources(ids, known_sources(settings))
    for source in sources:
        days.partitions(source)  # refuses days that cannot be, before anything is begun
    check_contact(settings)
    on_prefect = on_prefect or bool(settings.prefect_api_url)
    with _printed(as_json=as_json) as terminal:
        if on_prefect:
            reach_prefect(settings, terminal)
        if len(sources) > 1 and max_active > 1:
            return side_by_side(sources, days, max_active)
        for source in sources:
            if on_prefect:
                _on_prefect(source, days, terminal)
            else:
                _here(source, days, settings)
    return Exit.OK if all(each.ok for each in terminal.partitions) else Exit.FAILED


def run_warcs(settings: Settings, places: Sequence[str], wanted: Wanted, *, on_prefect: bool, as_json: bool) -> Exit:
    """Take in WARC files that others made, one after the other, and print what came of each.

    Raises:
        UsageError: there are none.
        StoreError, SpoolError, PrefectError: what is needed is out of reach. What is taken in stays so.
    """
    files = find_warcs(places)
    store = open_store(settings.root, settings.s3)
    pipeline.may_write(store, settings)
    with _printed(as_json=as_json) as terminal:
        if on_prefect or settings.prefect_api_url:
            reach_prefect(settings, terminal)
            _warcs_on_prefect(places, wanted, terminal)
        else:
            for _ in backfill_warcs(files, wanted, settings, store, partial(take_in, wanted, settings, store)):
                pass
    return Exit.OK if all(each.ok for each in terminal.partitions) else Exit.FAILED


def show_warcs(settings: Settings, places: Sequence[str], wanted: Wanted, *, as_json: bool) -> Exit:
    """Print which files would be taken in, and which have been."""
    store = open_store(settings.root, settings.s3)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("file", no_wrap=True)
    table.add_column("")
    table.add_column("size", justify="right")
    table.add_column("why", overflow="fold")
    left = 0
    for file in find_warcs(places):
        for source in wanted.sources:
            done = earlier(file, source, wanted, store)
            why = f"{done.verdict} before" if done else "not done yet"
            left += done is None
            part = File(source=source.id, file=file.name)
            table.add_row(shown(part.name), "skip" if done else "run", readable_bytes(file.size), shown(why))
            if as_json:
                _say(part.row() | {"run": done is None, "why": why, "bytes": file.size})
    if not as_json:
        console(piped=_WIDTH).print(table)
        console(piped=_WIDTH).print(f"{left} of {table.row_count} to take in")
    return Exit.OK


def _here(source: Source, days: Days, settings: Settings) -> None:
    store = open_store(settings.root, settings.s3)
    index = Index(store, settings.cache)

    def crawl(_: Partition, request: pipeline.CrawlRequest) -> RunReport:
        run_id = pipeline.new_run_id()
        steps = pipeline.PlainSteps(
            store=store, source=source, run_id=run_id, index=index, reader=page_reader(settings.page_limits)
        )
        return pipeline.crawl(request, settings, store, steps, run_id)

    for _ in backfill(source, days, settings, store, crawl):
        pass


def _on_prefect(source: Source, days: Days, terminal: Terminal) -> None:
    from flows.backfill import backfill as flow

    began = len(terminal.partitions)
    state = run_flow(flow, sources=[source.id], **asdict(days))
    if len(terminal.partitions) == began:
        raise PrefectError(f"Prefect ended the run of {source.id} before it began: {state.message or state.name}.")


def _warcs_on_prefect(places: Sequence[str], wanted: Wanted, terminal: Terminal) -> None:
    from flows.backfill import backfill_from_warcs as flow

    state = run_flow(
        flow,
        sources=[source.id for source in wanted.sources],
        warcs=list(places),
        since=wanted.since,
        until=wanted.until,
        reprocess=wanted.reprocess,
    )
    if not terminal.partitions:
        raise PrefectError(f"Prefect ended the run before it began: {state.message or state.name}.")


class _Lines(Terminal):
    """A terminal that writes each partition as a JSON line when it has ended."""

    def ended(self, ended: Ended) -> None:
        """See `Listener`."""
        super().ended(ended)
        _say(ended.row())


@contextmanager
def _printed(*, as_json: bool) -> Iterator[Terminal]:
    """Progress while it works, and at the end the table of partitions, of an interrupted backfill too."""
    terminal = _Lines() if as_json else Terminal()
    try:
        with terminal, followed_by(terminal):
            yield terminal
    finally:
        if not as_json and terminal.partitions:
            _print_ended(terminal.partitions)


def _print_plans(plans: Sequence[Sequence[tuple[Planned, Estimate]]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("partition", no_wrap=True)
    table.add_column("")
    table.add_column("requests", justify="right")
    table.add_column("time", justify="right")
    table.add_column("why", overflow="fold")
    for each, cost in (row for plan in plans for row in plan):
        more = "+" if cost.unknown else ""
        costs = (f"{cost.requests:,}{more}", f"{readable_time(cost.seconds)}{more}") if each.run else ("", "")
        table.add_row(each.partition.name, "run" if each.run else "skip", *costs, shown(each.why))
    out = console(piped=_WIDTH)
    out.print(table)
    runs = sum(each.run for plan in plans for each, _ in plan)
    sums = [sum((cost for _, cost in plan), Estimate()) for plan in plans]
    total = sum(sums, Estimate())
    least = "at least " if total.unknown else ""
    out.print(
        f"{runs} of {sum(map(len, plans))} partitions to run: {least}{total.requests:,} requests, "
        f"{least}{readable_time(max(each.seconds for each in sums))} with all sources side by side"
    )


def _print_ended(ended: Sequence[Ended]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("partition", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in ("pages", "new", "seconds"):
        table.add_column(name, justify="right")
    table.add_column("why", overflow="fold")
    for each in ended:
        counts = (str(each.pages), str(each.new), f"{each.seconds:.1f}") if each.ran else ("", "", "")
        why = (each.why or "") if each.ran or not each.ok else f"done before: {each.why}"
        table.add_row(each.partition.name, each.verdict, *counts, shown(why), style=None if each.ok else "red")
    console(piped=_WIDTH).print(table)
    sys.stdout.flush()


def _say(row: dict[str, object]) -> None:
    sys.stdout.write(safe_json(row) + "\n")
    sys.stdout.flush()
