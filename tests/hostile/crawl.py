"""The hostile site crawled by the command, and what came of each attack."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from w3lib.url import safe_url_string

from archive.store import open_store
from archive.tables import Tables
from spiders.links import Links, LoggedDocument, LoggedLink, read_links
from tests.bigsite import environment, write_sources
from tests.hostile.attack import ANY, FULL, Attack, End
from tests.hostile.paper import title_of
from tests.hostile.server import Asked, Served
from tests.hostile.site import ATTACKS, HOSTS, OURS, PERSIAN, Site


@dataclass
class Watch:
    """What is seen of a command and all its children while they work."""

    logs: Path
    """Directory for the logs of links, which a run removes when it has ended."""
    peaks: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Process, by what it runs → its largest resident set, in bytes."""

    @contextmanager
    def over(self, process: subprocess.Popen[bytes], spool: Path) -> Iterator[None]:
        done = threading.Event()

        def look() -> None:
            while not done.wait(0.05):
                for pid in _family(process.pid):
                    self._note(pid)
                for log in spool.glob("*/*/*/links.jsonl"):
                    with suppress(OSError):
                        os.link(log, self.logs / f"{log.parent.name}.jsonl")

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _note(self, pid: int) -> None:
        with suppress(OSError):  # it has ended
            status = Path(f"/proc/{pid}/status").read_text("utf-8")
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
            if peak := re.search(r"VmHWM:\s+(\d+)", status):
                module = re.search(r"(?:-m |from )([\w.]+)", line)
                name = module[1] if module else line[:60]
                self.peaks[name] = max(self.peaks[name], int(peak[1]) * 1024)


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("utf-8").split():
                yield from _family(int(child))


@dataclass
class Crawled:
    """A run of the command, and the archive after it."""

    served: Served
    directory: Path
    status: int
    output: str
    errors: str
    seconds: float
    peaks: Mapping[str, int]
    links: Links
    asked: Sequence[Asked]
    """By this run."""

    @property
    def root(self) -> Path:
        return self.directory / "archive"

    @cached_property
    def captures(self) -> Mapping[str, dict[str, Any]]:
        """URL → its last capture."""
        rows = Tables(open_store(str(self.root))).snapshot().query("SELECT * FROM captures ORDER BY fetched_at")
        return {row["url"]: row for row in rows.to_pylist()}

    @cached_property
    def records(self) -> Mapping[str, dict[str, Any]]:
        """Id → record."""
        rows = Tables(open_store(str(self.root))).snapshot().query("SELECT * FROM records")
        return {row["record_id"]: row for row in rows.to_pylist()}

    @cached_property
    def documents(self) -> Mapping[str, LoggedDocument]:
        return {each.url: each for each in self.links.documents}

    def link(self, attack: Attack) -> LoggedLink | None:
        return self.links.links.get(self.served.site.link(attack))

    def title(self, url: str) -> str | None:
        """Of the record that the last capture of a URL shows."""
        capture = self.captures.get(url) or self.captures.get(safe_url_string(url))
        record = self.records.get(capture["record_id"]) if capture and capture["record_id"] else None
        return record and str(record["title"])

    def missing(self) -> list[str]:
        """Good pages of which there is no record with their title, a line each."""
        titles = self.served.site.titles
        return [f"{url}: {self.title(url)!r}" for url, title in titles.items() if self.title(url) != title]

    def wrong(self) -> list[str]:
        """Attacks that ended otherwise than is documented, a line each."""
        return [f"{each.name}: {fault}" for each in ATTACKS for fault in self.faults(each)]

    def faults(self, attack: Attack) -> Iterator[str]:
        """What is not as documented of one attack."""
        site = self.served.site
        end, url = (attack.full if site.scale is FULL else None) or attack.end, site.url(attack)
        if not end.asked:
            if any(asked.target == attack.target for asked in self.asked):
                yield "it was asked for"
            return
        if end.document:
            yield from self._document_faults(attack, end)
            return
        if end.link:
            link = self.link(attack)
            if link is None or link.state != end.link or end.why not in (link.why or ""):
                yield f"link {end.link!r} ({end.why}) is {link and str(link.state)!r} ({link and link.why})"
        capture = self.captures.get(url) or self.captures.get(safe_url_string(url))
        outcome = capture["outcome"] if capture else "none"
        if end.capture and (outcome != end.capture or (capture and end.reason and capture["reason"] != end.reason)):
            seen = f"{outcome} ({capture['reason']}: {capture['detail']})" if capture else outcome
            yield f"capture {end.capture} ({end.reason}) is {seen}"
        record = self.records.get(capture["record_id"]) if capture and capture["record_id"] else None
        title = end.title or title_of(attack.name)
        if end.capture == "new" and record and title not in (ANY, record["title"]):
            yield f"title {title!r} is {record['title']!r}"
        if record and not set(end.flags) <= set(record["flags"]):
            yield f"flags {end.flags} are {record['flags']}"
        if capture and not all(
            any(each in said for said in capture.get("directives") or ()) for each in end.directives
        ):
            yield f"directives {end.directives} are {capture.get('directives')}"

    def _document_faults(self, attack: Attack, end: End) -> Iterator[str]:
        document = self.documents.get(self.served.site.url(attack))
        if document is None:
            yield "the document is not in the log"
        elif end.why and end.why not in (document.problem or ""):
            yield f"problem {end.why!r} is {document.problem!r}"
        elif document.problem and not end.why:
            yield f"problem {document.problem!r}"
        asked = sum(attack.name in asked.target for asked in self.asked)
        if end.most and asked > end.most:
            yield f"it cost {asked} requests"


def crawl(served: Served, directory: Path, *, limit: float = 600, **limits: float) -> Crawled:
    """Crawl the site into the archive of `directory`, again if there is one.

    Args:
        served: the running site.
        directory: for archive, spool, sources file and logs.
        limit: seconds after which the run is killed.
        limits: of the source, where the defaults would take too long.
    """
    directory.mkdir(exist_ok=True)
    logs = directory / f"logs-{time.time_ns()}"
    logs.mkdir()
    sources = write_sources(directory / "sources.toml", *served.site.sources())
    with sources.open("a", encoding="utf-8") as file:
        file.write("\n[hostile.limits]\n" + "".join(f"{name} = {value}\n" for name, value in limits.items()))
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "crawl", "hostile", "hostile-fa", "--json"],
        cwd=directory,
        env=_environment(sources, directory, served.site),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    began, watch, before = time.monotonic(), Watch(logs), len(served.asked)
    with watch.over(process, directory / "spool"):
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, err = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    return Crawled(
        served=served,
        directory=directory,
        status=process.returncode,
        output=out.decode(),
        errors=err.decode(),
        seconds=time.monotonic() - began,
        peaks=dict(watch.peaks),
        links=_merged(logs),
        asked=served.asked[before:],
    )


def _merged(logs: Path) -> Links:
    read = [read_links(log) for log in sorted(logs.iterdir())]
    links = {url: link for each in read for url, link in each.links.items()}
    return Links(links=links, documents=tuple(document for each in read for document in each.documents))


def _environment(sources: Path, directory: Path, site: Site) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("WARRAQ_", "PREFECT_", "AWS_"))}
    return (
        ours
        | environment(sources)
        | {
            "HOME": str(directory),
            "WARRAQ_ROOT": str(directory / "archive"),
            "WARRAQ_SPOOL": str(directory / "spool"),
            "WARRAQ_ALLOW_ADDRESSES": ",".join(f"{host}:{site.port}" for host in (OURS, PERSIAN, *HOSTS)),
            "NO_PROXY": "*",
        }
    )


def command(crawled: Crawled, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Another command on the archive."""
    environ = _environment(crawled.directory / "sources.toml", crawled.directory, crawled.served.site)
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        cwd=crawled.directory,
        env=environ,
        capture_output=True,
        timeout=120,
        check=False,
    )
