"""What archiving costs a crawl, and what more processes bring to re-extraction: ratios taken in one run.

    python benchmarks/pipeline.py [crawl] [--pages N] [--rounds N]

- **crawl**: the spider with and without its capture of every response, in turns, against a generated site on loopback
  (`tests/bigsite`) at full speed. Without it, Scrapy's own download handler is at work too. Pages a second, and pages
  a second of processor time, which a busy machine disturbs less; the second that starting a spider takes is left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.bigsite import Spec, running, write_sources

REPOSITORY = Path(__file__).resolve().parent.parent
FULL_SPEED: Mapping[str, Any] = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
}
UNARCHIVED: Mapping[str, Any] = {
    "EXTENSIONS": {"spiders.politeness.RetryAfter": 500},
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


# --- all --------------------------------------------------------------------------------------------------------------

PARTS: Mapping[str, Callable[[argparse.Namespace, Path], Iterator[Ratio]]] = {
    "crawl": lambda given, scratch: crawl(given.pages, given.rounds, scratch),
}


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=(*PARTS, tuple(PARTS)), default=tuple(PARTS), metavar="part")
    parser.add_argument("--pages", type=int, default=1_000, help="articles of the site (default 1,000)")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement; the median counts (default 3)")
    given = parser.parse_args()
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
