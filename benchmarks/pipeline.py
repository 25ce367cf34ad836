"""What archiving costs a crawl, and what more processes bring to re-extraction: ratios taken in one run.

    python benchmarks/pipeline.py [crawl] [processes] [ray] [newsplease] [--pages N] [--rounds N]

- **crawl**: the spider with and without its capture of every response, in turns, against a generated site on loopback
  (`tests/bigsite`) at full speed. Without it, Scrapy's own download handler is at work too. Pages a second, and pages
  a second of processor time, which a busy machine disturbs less; the second that starting a spider takes is left out.
- **processes**, **ray**: `warraq reextract` with two workers and with one, each at its best, on five times as many
  pages in 24 files.
  Ray is started before, with two processors; it has to be installed beside Warraq (`warraq[ray]`).
- **newsplease**: the unit of work of a re-extraction (a file, read and extracted into a candidate) and news-please
  (`make .venv/newsplease/.installed`), which only extracts, on the WARC files of the samples, by the processor's time.

`--full` takes 5,000 pages and five rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from archive.reread import FileReport
from archive.store import S3Options, open_store
from flows.rereading import FileJob, read_file
from spiders.sources import load_sources
from tests.bigsite import Spec, environment, running, write_sources

REPOSITORY = Path(__file__).resolve().parent.parent
FULL_SPEED: Mapping[str, Any] = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
}
UNARCHIVED: Mapping[str, Any] = {
    "EXTENSIONS": {},
    "DOWNLOAD_HANDLERS": dict.fromkeys(("data", "file", "s3", "ftp")),
}


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One line of the table."""

    what: str
    figure: str
    compared_with: str
    ratio: float
    wanted: float

    def row(self) -> str:
        verdict = "" if self.ratio >= self.wanted else " (falls short)"
        return f"| {self.what} | {self.figure} | {self.compared_with} | {self.ratio:.2f} | ≥ {self.wanted}{verdict} |"


# --- crawling with and without capture --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Crawled:
    """What one spider process did."""

    responses: int
    seconds: float
    cpu: float


def crawl(pages: int, rounds: int, scratch: Path) -> Iterator[Ratio]:
    """Pages a second with capture, compared with those without."""
    with running(Spec(kind="wordpress", articles=pages, days=max(30, pages // 20)), directory=scratch) as [site]:
        sources = write_sources(scratch / "sources.toml", site.source("sitemap"))
        crawls: dict[str, list[Crawled]] = {"with": [], "without": []}
        settings = {"with": FULL_SPEED, "without": {**FULL_SPEED, **UNARCHIVED}}
        start = {way: _spider(sources, scratch / f"first-{way}", 1, settings[way]).cpu for way in crawls}
        for number in range(rounds):
            tell(f"crawl: round {number + 1} of {rounds}")
            for way in crawls:
                crawls[way].append(_spider(sources, scratch / f"{way}-{number}", None, settings[way]))
    rates: Mapping[str, Callable[[str, Crawled], float]] = {
        "pages/s": lambda _, crawled: crawled.responses / crawled.seconds,
        "pages/s of the processor": lambda way, crawled: crawled.responses / (crawled.cpu - start[way]),
    }
    for unit, rate in rates.items():
        ours, theirs = (median(rate(way, crawled) for crawled in crawls[way]) for way in ("with", "without"))
        yield Ratio(
            what=f"crawl with capture, {unit}",
            figure=f"{ours:.0f}",
            compared_with=f"{theirs:.0f} without",
            ratio=ours / theirs,
            wanted=0.85,
        )


def _spider(sources: Path, directory: Path, limit: int | None, settings: Mapping[str, Any]) -> Crawled:
    directory.mkdir()
    request = {
        "source": "wordpress",
        "sources_file": str(sources),
        "run_id": "run",
        "spool": str(directory),
        "contact": "bench@warraq.example",
        "limit": limit,
        "overrides": settings,
    }
    before = _children_cpu()
    done = subprocess.run(
        [sys.executable, "-m", "spiders.run"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    stats = json.loads(done.stdout.splitlines()[-1])["stats"]
    return Crawled(
        responses=stats["response_received_count"],
        seconds=stats["elapsed_time_seconds"],
        cpu=_children_cpu() - before,
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- reading archived pages again -------------------------------------------------------------------------------------

FILES = 24
SCALE = 5
"""Of the pages given, for re-extraction: workers take two seconds to start, which is nothing to an archive."""
SAMPLES = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")


def archive(pages: int, scratch: Path) -> dict[str, str]:
    """Crawl so many pages into an archive; the environment that names it."""
    root = scratch / "archive"
    with running(Spec(kind="wordpress", articles=pages, days=max(30, pages // 20)), directory=scratch) as [site]:
        sources = write_sources(scratch / "sources.toml", site.source("sitemap"))
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("WARRAQ_", "PREFECT_"))}
        environ |= environment(sources)
        environ |= {"WARRAQ_ROOT": str(root), "WARRAQ_SPOOL": str(scratch / "spool"), "HOME": str(scratch)}
        environ |= {"WARRAQ_WARC_BYTES": str(pages * BYTES_PER_PAGE // FILES)}
        tell(f"archiving {pages} pages")
        _warraq(environ, "crawl", "wordpress")
    return environ


BYTES_PER_PAGE = 4_000
"""Of a generated page with its request in a WARC file, about."""


def reextract(environ: Mapping[str, str], workers: int) -> float:
    """Captures a second."""
    shutil.rmtree(Path(environ["WARRAQ_ROOT"], "candidates"), ignore_errors=True)
    report = json.loads(_warraq(environ, "reextract", "--workers", str(workers), "--json"))
    return float(report["captures"] / report["seconds"])


def _warraq(environ: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "flows.cli", *arguments]
    return subprocess.run(command, env=environ, cwd=REPOSITORY, check=True, text=True, capture_output=True).stdout


def two_and_one(given: argparse.Namespace, scratch: Path, *, on: str, wanted: float) -> Iterator[Ratio]:
    """Captures a second of two workers, compared with one."""
    environ = archive(SCALE * given.pages, scratch) | {"WARRAQ_TASK_RUNNER": on}
    paces: dict[int, list[float]] = {1: [], 2: []}
    with ray_cluster(environ) if on == "ray" else nullcontext({}) as cluster:
        for number in range(given.rounds):
            tell(f"re-extraction, {on}: round {number + 1} of {given.rounds}")
            for workers, found in paces.items():
                found.append(reextract({**environ, **cluster}, workers))
    one, two = max(paces[1]), max(paces[2])
    yield Ratio(
        what=f"re-extraction, two workers ({on}), captures/s",
        figure=f"{two:.0f}",
        compared_with=f"{one:.0f} with one",
        ratio=two / one,
        wanted=wanted,
    )


@contextmanager
def ray_cluster(environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Ray on this machine with two processors; how to reach it."""
    ray = Path(sys.executable).with_name("ray")
    if not ray.exists():
        raise SystemExit(f"Ray is not installed beside {sys.executable}: pip install -r requirements/ray.txt")
    port = str(random.randint(20_000, 30_000))
    quiet = {**environ, "RAY_USAGE_STATS_ENABLED": "0"}
    command = [ray, "start", "--head", "--num-cpus=2", f"--port={port}", "--include-dashboard=false"]
    head = subprocess.Popen([*command, "--block"], env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield {"RAY_ADDRESS": f"127.0.0.1:{port}", "RAY_USAGE_STATS_ENABLED": "0"}
    finally:
        head.terminate()
        head.wait(30)


def newsplease(given: argparse.Namespace, scratch: Path) -> Iterator[Ratio]:
    """Captures a second of Warraq's whole re-extraction, compared with news-please's extraction."""
    python = REPOSITORY / ".venv" / "newsplease" / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"news-please is not installed in {python.parents[1]}: make .venv/newsplease/.installed")
    environ = {**os.environ, "WARRAQ_ROOT": str(scratch / "archive"), "WARRAQ_SPOOL": str(scratch / "spool")}
    _warraq(environ, "crawl", *SAMPLES, "--replay", str(REPOSITORY / "samples"))
    tell("news-please reads the samples")
    warcs = sorted(Path(environ["WARRAQ_ROOT"]).rglob("*.warc.gz"))
    reader = [python, Path(__file__).with_name("newsplease_reader.py"), *warcs]
    # In turns, each at its best.
    theirs_took, ours_took = [], []
    for number in range(given.rounds):
        report = json.loads(subprocess.run(reader, check=True, text=True, stdout=subprocess.PIPE).stdout)
        theirs_took.append(report["seconds"])
        ours_took += [_reread(environ["WARRAQ_ROOT"], f"round-{number}-{again}") for again in range(5)]
    ours, theirs = (report["pages"] / min(took) for took in (ours_took, theirs_took))
    yield Ratio(
        what="re-extraction, pages/s of the processor",
        figure=f"{ours:.0f}",
        compared_with=f"{theirs:.1f} with news-please ({report['articles']} texts of {report['pages']} pages)",
        ratio=ours / theirs,
        wanted=10,
    )


def _reread(root: str, candidate: str) -> float:
    """Processor seconds in which the unit of work of a re-extraction reads every file of an archive again."""
    sources = load_sources(None)
    keys = [each.key for each in open_store(root).list("warc/") if each.key.endswith(".warc.gz")]
    began = time.process_time()
    for key in keys:
        source = sources[key.split("/")[1]]
        done = read_file(FileJob(root=root, s3=S3Options(), candidate=candidate, warc_key=key, source=source))
        assert isinstance(done, FileReport), done
    return time.process_time() - began


# --- all --------------------------------------------------------------------------------------------------------------

PARTS: Mapping[str, Callable[[argparse.Namespace, Path], Iterator[Ratio]]] = {
    "crawl": lambda given, scratch: crawl(given.pages, given.rounds, scratch),
    "processes": lambda given, scratch: two_and_one(given, scratch, on="process", wanted=1.7),
    "ray": lambda given, scratch: two_and_one(given, scratch, on="ray", wanted=1.6),
    "newsplease": newsplease,
}


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=(*PARTS, tuple(PARTS)), default=tuple(PARTS), metavar="part")
    parser.add_argument("--pages", type=int, default=1_000, help="articles of the site (default 1,000)")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement (default 3)")
    parser.add_argument("--full", action="store_true", help="5,000 pages and five rounds")
    given = parser.parse_args()
    if given.full:
        given.pages, given.rounds = 5_000, 5
    ratios = []
    with TemporaryDirectory(prefix="warraq-bench-") as scratch:
        for part in given.parts:
            directory = Path(scratch, part)
            directory.mkdir()
            ratios += list(PARTS[part](given, directory))
    print("| | Warraq | compared with | ratio | wanted |\n|-|-|-|-|-|")
    for ratio in ratios:
        print(ratio.row())
    return int(any(ratio.ratio < ratio.wanted for ratio in ratios))


if __name__ == "__main__":
    sys.exit(main())
