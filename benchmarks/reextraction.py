"""How fast stored WARC files are read again, by one process, by several, and by Ray; for `benchmarks/pipeline.py` too.

    python benchmarks/reextraction.py [--files 16] [--workers 2]

Wall-clock time, in one run, over the same files: the samples' pages, some times over. Starting the workers counts.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from archive.reread import FileReport  # noqa: E402
from archive.store import LocalStore, S3Options  # noqa: E402
from flows.rereading import FileJob, read_file  # noqa: E402
from flows.runners import Kind, runner  # noqa: E402
from spiders.sources import load_sources  # noqa: E402

SAMPLES = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What reading the files took."""

    seconds: float
    captures: int
    articles: int


def read_again(root: Path, warc_keys: Sequence[str], *, workers: int, kind: Kind = "process") -> Pace:
    """Read these WARC files of the archive at `root` again, into a candidate of their own.

    Args:
        root: The archive; the candidate is put there.
        warc_keys: Their keys; each names its source.
        workers: How many files are read side by side.
        kind: Who reads them: `process` or `ray`.
    """
    sources = load_sources(None)
    candidate = f"bench-{kind}-{workers}-{time.time_ns()}"
    jobs = [
        FileJob(root=str(root), s3=S3Options(), candidate=candidate, warc_key=key, source=sources[key.split("/")[1]])
        for key in warc_keys
    ]
    began = time.perf_counter()
    done = [each for each in runner(kind, workers).run(read_file, jobs) if isinstance(each, FileReport)]
    seconds = time.perf_counter() - began
    assert len(done) == len(jobs)
    return Pace(
        seconds=seconds, captures=sum(each.captures for each in done), articles=sum(each.articles for each in done)
    )


def sample_warcs(root: Path, files: int, times: int) -> list[str]:
    """Store so many WARC files, each with the pages of one sample so many times; their keys."""
    store = LocalStore(root)
    keys = []
    for number in range(files):
        name = SAMPLES[number % len(SAMPLES)]
        key = f"warc/{name}/2026/01/01/{name}-20260101000000-bench-{number:05d}.warc.gz"
        store.put_if_absent(key, (REPOSITORY / "samples" / f"{name}.warc.gz").read_bytes() * times)
        keys.append(key)
    return keys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=16)
    parser.add_argument("--times", type=int, default=12, help="how often each file holds a sample's pages")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    with TemporaryDirectory(prefix="warraq-bench-") as directory:
        keys = sample_warcs(Path(directory), chosen.files, chosen.times)
        one = read_again(Path(directory), keys, workers=1)
        _print("1 process", one, one)
        _print(f"{chosen.workers} processes", read_again(Path(directory), keys, workers=chosen.workers), one)
        if importlib.util.find_spec("ray"):
            ray = read_again(Path(directory), keys, workers=chosen.workers, kind="ray")
            _print(f"{chosen.workers} Ray workers", ray, one)


def _print(name: str, pace: Pace, one: Pace) -> None:
    print(
        f"{name:15} {pace.seconds:7.1f} s  {pace.captures / pace.seconds:7.0f} captures/s  "
        f"{one.seconds / pace.seconds:5.2f} × one process",
        flush=True,
    )


if __name__ == "__main__":
    main()
