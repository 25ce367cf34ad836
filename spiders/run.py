"""The spider as a process: `python -m spiders.run` crawls one source, as the JSON object on its standard input asks.

It writes one JSON object a line to standard output, flushed at once:

    {"event": "progress", "discovered": 120, "fetched": 37, "bytes": 1234567}      at most five a second
    {"event": "warc", "path": "/spool/…/isna-20241203174703-ab12-00000.warc.gz"}   a file is complete
    {"event": "finished", "reason": "finished", "stats": {…}, "problems": […], "unread": […]}   last

Reasons: `finished`; `limit`; `shutdown`, it was told to stop; `cannot_archive`; `asked_to_wait`, the site asks for a
long pause or answers nothing but 429 and 503; `blocked`, it refuses us; `limit_reached`, the site has more than the
source's limits allow a run; `memory`, it would need more memory than it may have. `problems` are phrases on what
announces articles and could not be read, and on what was left out; `unread` those of them that nothing else took the
place of.

Exit status: 0 the crawl ran to its end (reason `finished` or `limit`); 1 it did not, and the last line of standard
error says why in one sentence; 130 or 143 it was told to stop by SIGINT or SIGTERM, and everything fetched is in its
files. Scrapy's log goes to the file `log` of the request, or nowhere.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from extract.escaping import escaped_lines

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

GRACE = 5.0
"""Seconds for which requests under way are waited for once a crawl is told to stop."""


@dataclass(frozen=True, kw_only=True)
class CrawlRequest:
    """What standard input asks for."""

    source: str
    """Id of the source."""
    run_id: str
    """Names the WARC files; letters, digits and underscores."""
    spool: Path
    """Directory for the WARC files."""
    sources_file: Path | None = None
    """TOML file with further sources."""
    limit: int | None = None
    """Most pages to fetch; None: all."""
    since: date | None = None
    """First day of publication wanted."""
    until: date | None = None
    """First day no longer wanted."""
    pages: tuple[str, ...] = ()
    """URLs to fetch instead of what the source announces; none: all of that."""
    watermark: tuple[datetime, datetime] | None = None
    """When the last run whose discovery came to its end began and ended: what has not changed since it began need not
    be read again, and what the archive held when it ended was all there was."""
    revisit: bool = True
    """Whether known articles are fetched again when their time has come."""
    due: tuple[str, ...] = ()
    """Articles that have come to one of the ages at which they are fetched again, and pages that did not come before:
    they are asked for whether they are announced still or not."""
    known: str = "skip"
    """`skip`: pages that the archive holds are not fetched; `fetch`: they are."""
    documents: Path | None = None
    """Directory with the sitemaps and archives that this backfill has read already; None: they are fetched."""
    links: Path | None = None
    """Where the log of links goes; None: nowhere."""
    forgotten: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What is not to be fetched, as `archive.forgotten.Forgotten.to_request` gives it."""
    replay: tuple[Path, ...] = ()
    """WARC files to answer from; none: the network."""
    contact: str | None = None
    """E-mail address or URL for the user agent."""
    allow: str = ""
    """Addresses that are connected to though they are not public: `network[:ports],…`."""
    obey: tuple[str, ...] = ()
    """What responses say for which their bodies are not archived: `noarchive`, `noindex`, `tdm`."""
    warc_bytes: int = 256 << 20
    """Size at which a WARC file is finished."""
    warc_seconds: int = 600
    """Age at which it is."""
    index: Path | None = None
    """The archive's index; None: every response is archived whole."""
    memory: int = 0
    """MiB of memory that the process may take before it ends the crawl; 0: any."""
    log: Path | None = None
    """Where Scrapy's log goes; None: nowhere."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Scrapy settings that win, for tests."""

    @classmethod
    def from_json(cls, text: str) -> CrawlRequest:
        """Read a request.

        Raises:
            ValueError, KeyError, TypeError: it is not one.
        """
        given: dict[str, Any] = json.loads(text)
        for key in ("spool", "sources_file", "index", "log", "documents", "links"):
            given[key] = Path(given[key]) if given.get(key) else None
        for key in ("since", "until"):
            given[key] = date.fromisoformat(given[key]) if given.get(key) else None
        given["watermark"] = tuple(map(datetime.fromisoformat, given.get("watermark") or ())) or None
        given["replay"] = tuple(Path(path) for path in given.get("replay") or ())
        given["pages"] = tuple(given.get("pages") or ())
        given["due"] = tuple(given.get("due") or ())
        given["obey"] = tuple(given.get("obey") or ())
        given["forgotten"] = given.get("forgotten") or {}
        given["overrides"] = given.get("overrides") or {}
        return cls(**given)


class Events:
    """The lines on standard output. Whatever else prints goes to standard error from now on."""

    def __init__(self) -> None:
        self._stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self.on_broken: Callable[[], None] = lambda: None
        """Called when nobody reads any more."""

    def emit(self, event: str, **fields: Any) -> None:
        """Write one line; what JSON does not know (times, in statistics) is written as text."""
        try:
            self._stream.write(json.dumps({"event": event, **fields}, ensure_ascii=False, default=str) + "\n")
            self._stream.flush()
        except BrokenPipeError:
            self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 -- as long as the process
            self.on_broken()


class Stop:
    """Remembers the first signal that asks the process to stop, and passes it on once there is something to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.on_stop: Callable[[], None] = lambda: None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._received)

    def _received(self, number: int, _: FrameType | None) -> None:
        if self.signal is None:
            self.signal = number
            self.on_stop()


def main() -> int:
    """Crawl as standard input asks; returns the exit status."""
    stop, events = Stop(), Events()
    try:
        request = CrawlRequest.from_json(sys.stdin.read())
    except (ValueError, KeyError, TypeError) as error:
        return _fail(f"The crawl request on standard input cannot be read: {error}. This is a bug of the caller.")
    _log_to(request.log)
    try:
        return crawl(request, events, stop)
    except Exception as error:
        logging.getLogger(__name__).exception("the crawl broke off")
        return _fail(f"The crawl of {request.source} broke off: {type(error).__name__}: {error}.")


def crawl(request: CrawlRequest, events: Events, stop: Stop) -> int:
    """Run the crawl in this process, which can run only one."""
    # Imported here, so that a signal during the second it takes finds its handler in place.
    from scrapy.crawler import AsyncCrawlerProcess

    from archive.forgotten import Forgotten
    from archive.visits import PastVisits
    from archive.warc import WarcError
    from spiders.memory import set_ceiling
    from spiders.news import NewsSpider
    from spiders.replay import ReplayArchive
    from spiders.settings import NoContactError, crawl_settings
    from spiders.sources import SourcesError, load_sources

    try:
        sources = load_sources(request.sources_file)
        if request.source not in sources:
            return _fail(f"There is no source {request.source!r}; `warraq sources` lists them.")
        source = sources[request.source]
        settings = crawl_settings(
            source,
            spool=request.spool,
            run_id=request.run_id,
            contact=request.contact,
            warc_bytes=request.warc_bytes,
            warc_seconds=request.warc_seconds,
            index=request.index,
            documents=request.documents,
            replay=ReplayArchive(request.replay) if request.replay else None,
            allow=request.allow,
            memory=request.memory,
            obey=request.obey,
            overrides=request.overrides,
        )
    except (SourcesError, NoContactError) as error:
        return _fail(str(error))
    except (WarcError, OSError) as error:
        return _fail(f"Cannot replay {', '.join(map(str, request.replay))}: {error}.")

    if request.memory:
        set_ceiling(request.memory)
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(NewsSpider)
    watch = _Watch(crawler, events, stop)
    wanted = {
        "limit": request.limit,
        "since": request.since,
        "until": request.until,
        "pages": request.pages,
        "forgotten": Forgotten.from_request(request.forgotten),
        "watermark": request.watermark,
        "revisit": request.revisit,
        "due": request.due,
        "past": PastVisits(request.index, source.id) if request.index and request.known == "skip" else None,
        "links": request.links,
    }
    crawling = process.crawl(crawler, source=source, **wanted)
    process.start(install_signal_handlers=False)
    if crawling.done():
        crawling.result()  # raises what kept the crawl from running
    watch.finish()
    if watch.gave_up:
        os._exit(128 + (stop.signal or signal.SIGPIPE))  # a thread may still wait for a name server
    if stop.signal is not None:
        return 128 + stop.signal
    problem = _problem(source.id, watch.reason, watch.stats, watch.problems)
    return _fail(problem) if problem else 0


class _Watch:
    """Listens to a crawl: reports its events, and ends it when it is to stop."""

    def __init__(self, crawler: Crawler, events: Events, stop: Stop) -> None:
        from scrapy import signals
        from twisted.internet import reactor as installed

        from spiders.capture import warc_finished

        self.reason = "shutdown"
        self.stats: dict[str, Any] = {}
        self.problems: list[str] = []
        self.unread: list[str] = []
        reactor: Any = installed  # its declared type is a module's
        self._crawler, self._events, self._stop, self._reactor = crawler, events, stop, reactor
        self.gave_up = False
        """Whether requests were still under way when the process was to end."""
        self._told = 0.0
        self._engine_runs = False
        for handler, sent in (
            (self._engine_started, signals.engine_started),
            (self._response_downloaded, signals.response_downloaded),
            (self._warc_finished, warc_finished),
            (self._spider_closed, signals.spider_closed),
        ):
            crawler.signals.connect(handler, signal=sent)
        stop.on_stop = events.on_broken = lambda: reactor.callFromThread(self._shut_down)

    def finish(self) -> None:
        """Finish the file, however the crawl ended, and say so."""
        from spiders.capture import Capture
        from spiders.news import NewsSpider

        if capture := self._crawler.get_extension(Capture):
            capture.close()
        self.stats = dict(self._crawler.stats.get_stats())
        self._tell_progress()
        spider = self._crawler.spider
        if isinstance(spider, NewsSpider):
            self.problems, self.unread = spider.problems, spider.plan.unread
        told = {"reason": self.reason, "stats": self.stats, "problems": self.problems, "unread": self.unread}
        self._events.emit("finished", **told)

    def _engine_started(self) -> None:
        self._engine_runs = True
        if self._stop.signal is not None:
            self._reactor.callLater(0, self._shut_down)

    def _response_downloaded(self) -> None:
        if monotonic() - self._told >= 0.2:
            self._tell_progress()

    def _tell_progress(self) -> None:
        self._told = monotonic()
        counts = {
            name: self._crawler.stats.get_value(f"warraq/{name}", 0) for name in ("discovered", "fetched", "bytes")
        }
        self._events.emit("progress", **counts)

    def _warc_finished(self, path: Path) -> None:
        self._events.emit("warc", path=str(path))

    def _spider_closed(self, reason: str) -> None:
        self.reason = reason

    def _shut_down(self) -> None:
        """Close the spider; requests under way get a moment to come home. Runs in the reactor."""
        from scrapy.utils.defer import _schedule_coro

        if self._engine_runs:
            self._reactor.callLater(GRACE, self._give_up)
            _schedule_coro(self._crawler.engine.close_spider_async(reason="shutdown"))

    def _give_up(self) -> None:
        self.gave_up = True
        self._reactor.crash()  # `stop` would wait for the crawl, and so for what it waits for


def _problem(source: str, reason: str, stats: Mapping[str, Any], problems: Sequence[str]) -> str | None:
    """One sentence on why the crawl does not count as complete; None if it does."""
    match reason:
        case "finished" | "limit":
            pass
        case "cannot_archive":
            return f"The crawl of {source} stopped, for it could not archive: {stats.get('warraq/cannot_archive')}"
        case "asked_to_wait" if busy := stats.get("warraq/busy"):
            return (
                f"{source} answered {busy} requests in a row with 429 or 503, so the crawl stopped; run it again in an "
                "hour, it goes on from there."
            )
        case "blocked":
            return (
                f"{source} refused {stats.get('warraq/refused')} requests ({stats.get('warraq/refused_by')}), so the "
                "crawl stopped. Open the site in a browser from this network: if it refuses you too, crawl from "
                "another, else ask its operators to let Warraq's user agent in."
            )
        case "asked_to_wait":
            wait = stats.get("warraq/asked_to_wait")
            return f"{source} asks visitors to come back in {wait} s, so the crawl stopped; run it again after that."
        case "limit_reached":
            limit = stats.get("warraq/limit_reached")
            return (
                f"The crawl of {source} stopped at a limit of its source, `{limit}`; what was fetched is archived, and "
                f"the next run fetches what is left. If the site is in order, raise it: [{source}.limits] in the file "
                "that WARRAQ_SOURCES names."
            )
        case "memory":
            return (
                f"The crawl of {source} stopped, for the spider took more than {stats.get('warraq/memory_limit')} MiB "
                "of memory; what was fetched is archived, and the next run goes on from there. If the site is in "
                "order, set WARRAQ_SPIDER_MEMORY higher."
            )
        case _:
            return f"The crawl of {source} ended before its time: {reason}."
    if errors := stats.get("spider_exceptions/count"):
        return (
            f"{errors} responses of {source} could not be handled; the log has the details. This is a bug: report it."
        )
    if left := {name.rpartition("/")[2]: why for name, why in stats.items() if name.startswith("warraq/left/")}:
        hosts = "; ".join(f"{name}: {why}" for name, why in left.items())
        return f"Of {source} not all hosts were asked to the end ({hosts}); run it again later, it goes on from there."
    if not stats.get("warraq/documents") and not stats.get("warraq/fetched"):
        if refused := stats.get("warraq/robots_unavailable"):
            return f"{source} was not crawled, for its robots.txt could not be read ({refused}); try again later."
        if stats.get("warraq/forgotten"):
            return f"{source}: nothing was fetched, for the archive was told to forget it; `forgotten/` says why."
        if stats.get("warraq/discovered/request"):
            why = "robots.txt forbids it" if stats.get("robotstxt/forbidden") else "the site did not answer"
            return f"{source}: what was asked for could not be fetched: {why}."
        others = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        found = problems[0] + others if problems else "robots.txt names no sitemap"
        return (
            f"Found nothing that announces articles of {source}: {found}. "
            "Check the source's feeds, sitemaps and listings, or the connection."
        )
    return None


def _log_to(path: Path | None) -> None:
    """Send every log record, and Python's warnings, to a file or nowhere; never to the terminal."""
    logging.captureWarnings(True)
    handler: logging.Handler = logging.FileHandler(path, encoding="utf-8") if path else logging.NullHandler()
    handler.setFormatter(_Escaped("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)  # of the handler: Scrapy opens the root logger wide
    logging.root.addHandler(handler)


class _Escaped(logging.Formatter):
    """What sites say stands in the log so that the log can be looked at."""

    def format(self, record: logging.LogRecord) -> str:
        return escaped_lines(super().format(record))


def _fail(sentence: str) -> int:
    print(" ".join(sentence.split()), file=sys.stderr, flush=True)  # noqa: T201 -- the one sentence for people
    return 1


if __name__ == "__main__":
    sys.exit(main())
