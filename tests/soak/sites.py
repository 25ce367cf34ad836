"""Years of a generated site, found by each way alone, and again an hour later.

All that a way announces must be in `captures` once, and the second run may send at most 2 % of
the first one's requests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from archive.store import open_store
from archive.tables import Tables
from archive.verify import verify
from tests.bigsite import Kind, RunningSite, Spec, Way, environment, running, write_sources
from tests.soak.mortal import REPOSITORY
from tests.soak.tally import Tally

WAYS: Mapping[str, tuple[Kind, Way]] = {
    "sitemap": ("wordpress", "sitemap"),
    "rest": ("wordpress", "rest"),
    "feed": ("wordpress", "feed"),
    "listing": ("wordpress", "listing"),
    "archive": ("nastooh", "archive"),
    "pages": ("plain", "listing"),
}
MOST = 0.02
"""Of the first run's requests, in the second."""


def sites(scratch: Path, ways: Sequence[str], *, articles: int, seed: int) -> Iterator[Tally]:
    """A tally for each way; three years of so many articles, and as many days as that leaves at twenty a day."""
    days = min(1096, max(30, articles // 18))
    for name in ways:
        kind, way = WAYS[name]
        directory = scratch / name
        directory.mkdir()
        with running(Spec(kind=kind, articles=articles, days=days, seed=seed), directory=directory) as [site]:
            yield _twice(site, name, way, directory)


def _twice(site: RunningSite, name: str, way: Way, directory: Path) -> Tally:
    tally = Tally(f"site by {name}", "local", rounds=2)
    began = time.monotonic()
    site.set(ways=[way])
    sources = write_sources(directory / "sources.toml", site.source(way))
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("WARRAQ_", "PREFECT_"))}
    environ |= {"WARRAQ_ROOT": str(directory / "archive"), "WARRAQ_SPOOL": str(directory / "spool")}
    environ |= {"WARRAQ_CACHE": str(directory / "cache"), "HOME": str(directory)}
    requests = []
    for later in (timedelta(), timedelta(hours=1)):
        site.set(now=site.spec.end + later)
        before = len(site.requests())
        # Without a window only the latest days' archives are read.
        until = site.spec.first + timedelta(days=site.spec.days)
        is_windowed = way == "archive" and not requests
        window = ["--since", str(site.spec.first), "--until", str(until)] if is_windowed else []
        print(f"{tally.test}: run {len(requests) + 1}", flush=True)
        _crawl(site.spec.source, window, environ | environment(sources, now=site.now), tally)
        requests.append(len(site.requests()) - before)
    root = str(directory / "archive")
    rows = Tables(open_store(root)).snapshot().query("SELECT url, outcome FROM captures").to_pylist()
    # Of the second run come revisits: `unchanged` or, of what was edited since, `revision`.
    found = Counter(row["url"] for row in rows if row["outcome"] not in ("support", "unchanged", "revision"))
    tally.compare(found, Counter(site.url(article, site.spec.end) for article in site.announced(way, site.spec.end)))
    tally.problems += [f"{each.invariant} {each.where}: {each.problem}" for each in verify(open_store(root))]
    first, second = requests
    if second > MOST * first:
        tally.problems.append(f"the second run sent {second} requests, the first {first}: more than {MOST:.0%}")
    tally.seconds = time.monotonic() - began
    for problem in tally.problems:
        print(f"WRONG: {problem}", flush=True)
    tally.note = f"{found.total()} articles; {first} requests, an hour later {second} ({second / first:.2%})"
    return tally


def _crawl(source: str, window: Sequence[str], environ: Mapping[str, str], tally: Tally) -> None:
    command = [sys.executable, "-m", "flows.cli", "crawl", source, *window, "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout) if done.stdout else {"problem": done.stderr}
    if done.returncode:
        tally.problems.append(f"the crawl ended with {done.returncode}: {report['problem']}")
