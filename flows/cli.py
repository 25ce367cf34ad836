"""The `warraq` command. Each command imports what it needs when it runs, so that the command starts at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from extract.escaping import safe_json
from flows.failures import EXIT_STATUSES, Exit, UsageError, end_in_order, one_sentence, report_bug
from flows.settings import Settings


class Commands(TyperGroup):
    """The commands, each ending in a sentence and a status where a foreseeable error ends it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        with one_sentence():
            return super().invoke(ctx)


app = typer.Typer(
    name="warraq",
    cls=Commands,
    help="Crawl Arabic and Persian news into an archive of WARC files and deduplicated articles.",
    epilog=EXIT_STATUSES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

SourceIds = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Ids, as `warraq sources` lists them.")]
SourceId = Annotated[str | None, typer.Option("--source", metavar="ID", help="Only this source.")]
SINCE = typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="First day of publication wanted.")
UNTIL = typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="First day not wanted any more.")
Since = Annotated[datetime | None, SINCE]
Until = Annotated[datetime | None, UNTIL]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output, for machines.")]


def main() -> None:
    """Run the command; the entry point of the package."""
    sys.excepthook = report_bug
    try:
        end_in_order()
        app()
    except KeyboardInterrupt:  # before the command has begun
        raise SystemExit(Exit.INTERRUPTED) from None
    except SystemExit as end:
        if end.code == Exit.PREFECT:  # at its exit Prefect would go on for minutes to tell a server that is gone
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(Exit.PREFECT)
        raise


@app.callback(invoke_without_command=True)
def warraq(  # noqa: D103
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    # No docstring: it would take the place of the help of the whole command.
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"warraq {version_of('warraq')}")
        raise typer.Exit


@app.command()
def crawl(
    sources: SourceIds,
    limit: Annotated[int | None, typer.Option(min=1, help="Most articles to fetch of each source.")] = None,
    since: Since = None,
    until: Until = None,
    replay: Annotated[
        list[Path] | None,
        typer.Option(help="WARC file to answer from instead of the network, or a directory with SOURCE.warc.gz."),
    ] = None,
    prefect: Annotated[
        bool, typer.Option("--prefect", help="Run on Prefect even without PREFECT_API_URL: on an embedded server.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Crawl sources into the archive, one after the other, and print what came of each.

    With PREFECT_API_URL set, or --prefect, each source is a Prefect flow run; otherwise the same functions run at once.
    """
    from flows.crawling import Window, crawl_sources

    window = Window(limit=limit, since=_day(since), until=_day(until))
    settings = Settings.from_environment()
    raise typer.Exit(
        crawl_sources(settings, sources, window, replay=tuple(replay or ()), on_prefect=prefect, as_json=json)
    )


@app.command()
def backfill(
    sources: SourceIds,
    since: Since = None,
    until: Until = None,
    reprocess: Annotated[
        Literal["none", "failed", "completed"],
        typer.Option(help="Which of the partitions that ended before are run again."),
    ] = "none",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be run, why, and the cost.")] = False,
    backwards: Annotated[bool, typer.Option("--backwards", help="Newest days first.")] = False,
    max_active: Annotated[int, typer.Option(min=1, help="Most sources at work at once.")] = 4,
    origin: Annotated[
        Literal["live", "warc"],
        typer.Option("--from", help="Where pages come from: the sites, or WARC files of others."),
    ] = "live",
    warcs: Annotated[
        list[str] | None,
        typer.Option("--warc", metavar="PLACE", help="With --from warc: a file, a directory or s3://bucket/prefix."),
    ] = None,
    prefect: Annotated[
        bool, typer.Option("--prefect", help="Run on Prefect even without PREFECT_API_URL: on an embedded server.")
    ] = False,
    json: AsJson = False,
    lifeline: Annotated[bool, typer.Option("--lifeline", hidden=True, help="End when standard input does.")] = False,
) -> None:
    """Crawl past days into the archive, a partition (a day or a month) after the other, and print what came of each.

    Partitions that an earlier backfill has brought to an end are skipped, pages that the archive holds are not fetched
    again: after Ctrl-C, a crash or a kill, the same command goes on. Scheduled crawls go on beside it, in turn.

    With --from warc nothing is fetched: a partition is a WARC file, DAYs are of the fetch and need not be given.
    """
    from flows import backfill_command as command
    from flows.backfill_processes import end_with
    from flows.backfill_warcs import Wanted
    from flows.backfilling import Days
    from flows.sources import choose_sources, known_sources

    if lifeline:
        end_with(sys.stdin.fileno())
    if (origin == "warc") != bool(warcs):
        raise UsageError("--from warc goes with --warc PLACE: a file, a directory or s3://bucket/prefix")
    settings = Settings.from_environment()
    if warcs:
        chosen = tuple(choose_sources(sources, known_sources(settings)))
        wanted = Wanted(sources=chosen, since=_day(since), until=_day(until), reprocess=reprocess)
        if dry_run:
            raise typer.Exit(command.show_warcs(settings, warcs, wanted, as_json=json))
        raise typer.Exit(command.run_warcs(settings, warcs, wanted, on_prefect=prefect, as_json=json))
    if not (since and until):
        raise UsageError("A backfill of live sites needs --since and --until, the first day not wanted any more")
    days = Days(since=since.date(), until=until.date(), reprocess=reprocess, backwards=backwards)
    if dry_run:
        raise typer.Exit(command.show_plan(settings, sources, days, as_json=json))
    raise typer.Exit(
        command.run_backfill(settings, sources, days, max_active=max_active, on_prefect=prefect, as_json=json)
    )


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(metavar="FILE.warc.gz", help="WARC file, gzip-compressed record by record.")],
    source: Annotated[str, typer.Option("--source", metavar="ID", help="The source its pages belong to.")],
    json: AsJson = False,
) -> None:
    """Take a WARC file made by others, e.g. by Common Crawl, into the archive."""
    from archive.store import open_store
    from flows.crawling import printed
    from flows.importing import import_warc
    from flows.sources import choose_sources, known_sources

    settings = Settings.from_environment()
    [chosen] = choose_sources([source], known_sources(settings))
    with printed(as_json=json):
        import_warc(file, chosen, open_store(settings.root, settings.s3), settings)


@app.command()
def extract(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="HTML, text or WARC files; - is standard input.")
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read pages as JSON lines from standard input.")] = False,
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Source of the pages; else found by each URL's domain.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="URL of the page in FILE.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what was kept and cut of the one page in FILE, and by which rule.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT.html", help="With --explain: write it as an HTML page, for a browser.")
    ] = None,
) -> None:
    """Extract the articles of pages: one JSON line each, in order, either an article or why there is none.

    A line for --jsonl is {"id", "url", "html", "source", "language", "fetched_at"}, all but "html" optional. Each is
    answered before the next is read.

    With --explain, FILE is one page, or a WARC file of which --url names one. Without FILE, --url is taken from the
    archive.
    """
    from archive.guarded.reader import page_reader
    from flows.extracting import Extractor, lines_of, write_answers
    from flows.sources import choose_sources, known_sources

    if html and not explain:
        raise UsageError("--html is where --explain writes; give both")
    if explain:
        if jsonl or len(files or ()) > 1 or not (files or url):
            raise UsageError("--explain takes one FILE, or --url of a page in the archive")
        _explain(files[0] if files else None, url, source, html)
        return
    if jsonl == bool(files):
        raise UsageError("Name files, or give --jsonl and write JSON lines to standard input; not both, not neither")
    if url and len(files or ()) != 1:
        raise UsageError("--url says where one FILE came from; in --jsonl each line has its own")
    settings = Settings.from_environment()
    sources = known_sources(settings)
    chosen = choose_sources([source], sources)[0] if source else None
    extractor = Extractor(sources=sources, source=chosen, reader=page_reader(settings.page_limits))
    if jsonl:
        unreadable = write_answers(extractor.lines(lines_of(sys.stdin.buffer)), sys.stdout.buffer)
    else:
        unreadable = write_answers(extractor.files(files or (), url), sys.stdout.buffer)
    raise typer.Exit(Exit.FAILED if unreadable else Exit.OK)


def _explain(file: Path | None, url: str | None, source_id: str | None, html: Path | None) -> None:
    from extract.article import explain_article
    from flows.explaining import as_html, page_in, print_explanation
    from flows.sources import choose_sources, known_sources
    from spiders.sources import source_for_url

    settings = Settings.from_environment()
    sources = known_sources(settings)
    [source] = choose_sources([source_id], sources) if source_id else [None]
    if file:
        page = page_in(file, url)
    else:
        from archive.store import open_store
        from flows.archived import archived_response

        assert url  # noqa: S101 -- checked by the caller
        page = archived_response(open_store(settings.root, settings.s3), url).page()
    explanation = explain_article(page, source or (source_for_url(page.url, sources) if page.url else None))
    if html:
        try:
            html.write_text(as_html(page, explanation), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"Cannot write {html}: {error.strerror}") from error
    else:
        print_explanation(page, explanation)


@app.command()
def record(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Id of the page's source.")],
    page: Annotated[str, typer.Argument(metavar="URL|FILE", help="The page: its URL, or a file that holds it.")],
    url: Annotated[str | None, typer.Option(help="URL of the page in FILE.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the files; else made from the URL.")] = None,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where recorded pages are.")] = Path("tests/pages"),
) -> None:
    """Record a page among the tests, with what it gives now; the tests fail until a person has reviewed that.

    A URL is taken from the archive, or else fetched into it: that page alone, and only if robots.txt allows it.
    """
    from flows.recording import page_to_record
    from flows.recording import record as write
    from flows.sources import choose_sources, known_sources

    settings = Settings.from_environment()
    [chosen] = choose_sources([source], known_sources(settings))
    described = write(chosen, page_to_record(settings, chosen, page, url), to, name)
    saved = described.with_suffix(".html")
    _write(
        [
            f"Recorded {saved} and {described}.",
            f'Compare them, correct {described.name}, and set its "reviewed" to true; the tests fail until then.',
            f"What was kept and cut: warraq extract --explain {saved} --source {source}",
        ]
    )


@app.command()
def records(
    source: SourceId = None,
    since: Since = None,
    until: Until = None,
    form: Annotated[Literal["jsonl", "csv", "parquet"], typer.Option("--format", help="Format to write.")] = "jsonl",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; else standard output.")] = None,
) -> None:
    """Write the records of the archive, oldest first.

    Days are UTC and count the time of publication, or the first fetch where a page states none. Lists in CSV are JSON.
    """
    from flows.export import export
    from flows.reading import archive_at
    from flows.sources import choose_sources, known_sources

    settings = Settings.from_environment()
    if source:
        choose_sources([source], known_sources(settings))
    export(archive_at(settings), form, output, source=source, since=_day(since), until=_day(until))


@app.command()
def export(
    wacz: Annotated[Path, typer.Option("--wacz", metavar="FILE.wacz", help="Package to write, for ReplayWeb.page.")],
    source: SourceId = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="First day of fetch wanted.")
    ] = None,
    until: Until = None,
) -> None:
    """Write archived pages as they were served into one WACZ file, which ReplayWeb.page replays in a browser.

    Days are UTC and count the time of fetch.
    """
    from archive.wacz import Selection
    from flows.packaging import export_wacz
    from flows.reading import archive_at
    from flows.sources import choose_sources, known_sources

    settings = Settings.from_environment()
    if source:
        choose_sources([source], known_sources(settings))
    selection = Selection(source=source, since=_day(since), until=_day(until))
    days = f"{since:%Y-%m-%d} …" if since else "", f"… {until:%Y-%m-%d}" if until else ""
    title = " ".join(filter(None, ["Warraq", source, *days]))
    written = export_wacz(archive_at(settings), selection, wacz, title)
    _write([f"{wacz} holds {written} captures; open it at https://replayweb.page or with any reader of WACZ."])


@app.command()
def show(
    wanted: Annotated[str, typer.Argument(metavar="RECORD_ID|URL", help="A record, or the page whose text to show.")],
    json: AsJson = False,
) -> None:
    """Show a record and the captures behind it."""
    from flows.reading import archive_at
    from flows.show import as_text, find

    found = find(archive_at(Settings.from_environment()), wanted)
    _write([_to_json(found)] if json else as_text(found))


@app.command()
def history(
    url: Annotated[str, typer.Argument(metavar="URL", help="The article.")],
    json: AsJson = False,
) -> None:
    """Show the versions of an article, oldest first, and word by word what changed from each to the next."""
    from flows.history import history as versions_of
    from flows.history import print_history
    from flows.reading import archive_at

    versions = versions_of(archive_at(Settings.from_environment()), url)
    if json:
        _write([_to_json({"url": url, "versions": [asdict(version) for version in versions]})])
    else:
        print_history(versions)


@app.command()
def sources(
    source: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show all that is known of this one.")] = None,
    json: AsJson = False,
) -> None:
    """List the sources, and what has verified each: recorded pages, replicas made from facts, or nothing yet."""
    from flows.sources import choose_sources, known_sources
    from flows.terminal import print_source, print_sources

    known = known_sources(Settings.from_environment())
    chosen = choose_sources([source], known) if source else list(known.values())
    if json:
        _write(_to_json(asdict(each)) for each in chosen)
    elif source:
        print_source(chosen[0])
    else:
        print_sources(chosen)


@app.command()
def coverage(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Ids; none: all sources.")] = None,
    since: Since = None,
    until: Until = None,
    json: AsJson = False,
    html: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write a page for a browser instead.")] = None,
) -> None:
    """Show which days of which sources are complete, what keeps the others from it, and the command that mends them.

    Of one source: all days that the ledger has; of several: the last fortnight. Days are those of the source's clock.
    """
    from flows.coverage import show_coverage
    from flows.reading import archive_at
    from flows.sources import choose_sources, known_sources

    if json and html:
        raise UsageError("--json and --html are two ways to write the same; give one of them")
    settings = Settings.from_environment()
    known = known_sources(settings)
    wanted = [source.id for source in choose_sources(sources or (), known)]
    show_coverage(archive_at(settings), known, wanted, since=_day(since), until=_day(until), as_lines=json, html=html)


@app.command()
def verify(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every WARC file and record, and compute digests and ids anew.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended without guessing, and report the rest.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Check the archive's promises: WARC records where they are said to be, one row per record, no capture without one.

    The exit status is 0 only if nothing is left wrong.
    """
    from flows.reading import archive_at
    from flows.verifying import verify_archive

    settings = Settings.from_environment()
    raise typer.Exit(verify_archive(settings, archive_at(settings), deep=deep, repair=repair, as_json=json))


SinceFetch = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], metavar="DAY", help="First day of fetch or publication."),
]
UntilFetch = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], metavar="DAY", help="First day not wanted any more.")
]
CandidateId = Annotated[
    str | None, typer.Argument(metavar="[CANDIDATE]", help="Its id; else the newest that has not been promoted.")
]


@app.command()
def reextract(
    source: SourceId = None,
    since: SinceFetch = None,
    until: UntilFetch = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Files read side by side; else one for each core.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Read stored WARC files again by the rules of today, into a candidate beside the tables, which stay as they are.

    WARC files are read whole: those that hold a page fetched or published in these days. What is interrupted goes on
    where it was when the same command is given again. With WARRAQ_TASK_RUNNER=ray, the work is done on Ray.
    """
    from archive.reextraction import Scope
    from flows.reading import archive_at
    from flows.reextracting import reextract_archive
    from flows.runners import runner
    from flows.sources import choose_sources, known_sources

    settings = Settings.from_environment()
    if source:
        choose_sources([source], known_sources(settings))
    try:
        scope = Scope(source=source, since=_day(since), until=_day(until))
    except ValueError as error:
        raise UsageError(str(error)) from None
    workers_of = runner(settings.task_runner, workers)
    raise typer.Exit(reextract_archive(settings, archive_at(settings), scope, workers_of, as_json=json))


@app.command()
def diff(
    candidate: CandidateId = None,
    samples: Annotated[int, typer.Option(min=0, metavar="N", help="Most pages of each kind to show.")] = 2,
    json: AsJson = False,
    html: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write it as an HTML page instead.")] = None,
) -> None:
    """Show what promoting a candidate would change, by source, with samples before and after."""
    from flows.diffing import diff_candidate
    from flows.reading import archive_at

    settings = Settings.from_environment()
    store = archive_at(settings)
    raise typer.Exit(diff_candidate(settings, store, candidate, samples=samples, as_json=json, html=html))


@app.command()
def promote(
    candidate: CandidateId = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask where records would be lost.")] = False,
    json: AsJson = False,
) -> None:
    """Make a candidate the archive: its records take the place of those that the same pages gave before.

    The version before stays readable by Delta's time travel, until maintenance removes it. Killed on the way, it is
    finished by the same command.
    """
    from flows.promoting import promote_candidate
    from flows.reading import archive_at

    settings = Settings.from_environment()
    raise typer.Exit(promote_candidate(settings, archive_at(settings), candidate, yes=yes, as_json=json))


@app.command()
def maintain(
    retention: Annotated[
        int, typer.Option(min=1, metavar="DAYS", help="Days for which replaced data files are kept, for time travel.")
    ] = 7,
    json: AsJson = False,
) -> None:
    """Keep the archive in good order: elect originals, join small files, remove what no version needs. Once a day."""
    from flows.maintaining import maintain_archive
    from flows.reading import archive_at

    settings = Settings.from_environment()
    raise typer.Exit(maintain_archive(settings, archive_at(settings), timedelta(days=retention), as_json=json))


@app.command()
def forget(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Who asked for it and why, for the audit log.")],
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="The article to take out.")] = None,
    domain: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="Take out all that is on this domain and its subdomains.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken out.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take an article out of tables and WARC files for good, as a legal take-down asks; it is not fetched again.

    All captures of the URL go, the records they brought, and the captures of these at other URLs. It cannot be undone.
    """
    from flows.forgetting import forget_pages
    from flows.reading import archive_at

    if (url is None) == (domain is None):
        raise UsageError("Name a URL, or a domain with --domain; not both, not neither")
    settings = Settings.from_environment()
    store = archive_at(settings)
    raise typer.Exit(forget_pages(settings, store, url=url, domain=domain, reason=reason, dry_run=dry_run, yes=yes))


@app.command()
def doctor(json: AsJson = False) -> None:
    """Check settings, sources, spool, store and Prefect, and say what to do about what is wrong."""
    from flows.doctor import examine

    raise typer.Exit(examine(os.environ, as_json=json))


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None


def _to_json(value: object) -> str:
    return safe_json(value)


def _write(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
