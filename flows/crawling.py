"""`warraq crawl`: what the arguments ask for, run at once or on Prefect."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.guarded.reader import page_reader
from archive.index import Index
from archive.keys import warc_prefix
from archive.store import open_store
from extract.escaping import safe_json
from extract.types import Source
from flows.failures import Exit, UsageError
from flows.progress import followed_by
from flows.server import QUIET, EmbeddedServer, PrefectError, configured_api_url
from flows.settings import Settings
from flows.sources import choose_sources, known_sources
from flows.terminal import Terminal, print_reports

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is wanted of every source."""

    limit: int | None = None
    since: date | None = None
    until: date | None = None


def crawl_sources(
    settings: Settings, ids: Sequence[str], window: Window, *, replay: Sequence[Path], on_prefect: bool, as_json: bool
) -> Exit:
    """Crawl the sources one after the other and print what came of them; one that fails does not stop the others."""
    sources = choose_sources(ids, known_sources(settings))
    if window.since and window.until and window.since >= window.until:
        raise UsageError(f"--since {window.since} is not before --until {window.until}, the first day not wanted")
    if not replay:
        check_contact(settings)
    answers = [_answers(replay, source) for source in sources]
    with printed(as_json=as_json) as terminal:
        if on_prefect or settings.prefect_api_url:
            _crawl_on_prefect(settings, sources, window, answers, terminal)
        else:
            _crawl_at_once(settings, sources, window, answers)
    return Exit.OK if all(report.ok for report in terminal.reports) else Exit.FAILED


def check_contact(settings: Settings) -> None:
    """Make sure that the operators of a site can reach us.

    Raises:
        UsageError: they cannot.
    """
    if not settings.contact:
        raise UsageError(
            "A live crawl needs WARRAQ_CONTACT: an e-mail address or a URL at which site operators reach you; it is "
            "sent in the user agent. (A crawl with --replay does not need it.)"
        )


def _answers(replay: Sequence[Path], source: Source) -> tuple[Path, ...]:
    """The WARC files that stand for the network when this source is crawled; of a directory, the one of its name."""
    paths = tuple(path / f"{source.id}.warc.gz" if path.is_dir() else path for path in replay)
    for path in paths:
        if not path.is_file():
            raise UsageError(f"--replay: there is no file {path}")
    return tuple(path.resolve() for path in paths)


@contextmanager
def printed(*, as_json: bool) -> Iterator[Terminal]:
    """Progress while it works, then the table or a JSON line a run, of an interrupted crawl too."""
    terminal = Terminal()
    try:
        with terminal, followed_by(terminal):
            yield terminal
    finally:
        if as_json:
            for report in terminal.reports:
                sys.stdout.write(safe_json(report.to_dict()) + "\n")
        elif terminal.reports:
            print_reports(terminal.reports)


def _crawl_at_once(
    settings: Settings, sources: Sequence[Source], window: Window, answers: Sequence[tuple[Path, ...]]
) -> None:
    from flows import pipeline

    store = open_store(settings.root, settings.s3)
    index = Index(store, settings.cache)
    for source, replay in zip(sources, answers, strict=True):
        request = pipeline.CrawlRequest(source=source, replay=replay, **asdict(window))
        run_id = pipeline.new_run_id()
        steps = pipeline.PlainSteps(
            store=store, source=source, run_id=run_id, index=index, reader=page_reader(settings.page_limits)
        )
        pipeline.crawl(request, settings, store, steps, run_id)


def _crawl_on_prefect(
    settings: Settings,
    sources: Sequence[Source],
    window: Window,
    answers: Sequence[tuple[Path, ...]],
    terminal: Terminal,
) -> None:
    reach_prefect(settings, terminal)
    from flows.crawl import crawl

    for source, replay in zip(sources, answers, strict=True):
        state = run_flow(crawl, source=source.id, replay=replay, **asdict(window))
        if not any(report.source == source.id for report in terminal.reports):
            raise PrefectError(f"Prefect ended the run of {source.id} before it began: {state.message or state.name}.")


def reach_prefect(settings: Settings, terminal: Terminal) -> None:
    """Make sure that Prefect's API can be used: that of the configured server, or of one that lives as long as we do.

    Raises:
        StoreError: the archive cannot be reached.
        PrefectError: the API cannot.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    logging.raiseExceptions = False  # where logs cannot be sent, Prefect prints its traceback for each
    with suppress(StopIteration):  # an archive that cannot be reached is told before a server is started for it
        next(open_store(settings.root, settings.s3).list(warc_prefix()))
    server = None
    if configured_api_url() is None:
        terminal.waiting("starting Prefect's server")
        server = EmbeddedServer(settings.spool / "prefect-server.log")
        os.environ["PREFECT_API_URL"] = server.url
    from flows.limits import check_api

    if server:
        server.wait()
    check_api()


def run_flow(flow: Callable[..., State[Any]], **parameters: Any) -> State[Any]:
    """The state in which a run of the flow ended, which is one of its own verdicts.

    Raises:
        PrefectError: the API is gone. What the run has done is done.
        Exception: whatever else kept it from a verdict.
    """
    from prefect.exceptions import FailedRun

    from flows.limits import check_api

    try:
        state = flow(**parameters, return_state=True)
        error = state.result(raise_on_failure=False)
    except Exception:
        check_api()
        raise
    if isinstance(error, Exception) and not isinstance(error, FailedRun):
        check_api()
        raise error
    return state
