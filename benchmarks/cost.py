"""What an archive costs in a bucket: requests and bytes of real crawls, counted between Warraq and Ceph's S3 gateway.

    python benchmarks/cost.py [--pages N] [--runs N]

A site of N pages is made from a sample site: the same markup and sizes, other words and URLs. `warraq crawl` replays it
into a bucket, N new pages a run, through a proxy that counts. What is printed: requests by kind, of each run and scaled
to 1,000 pages, beside what a naive layout sends (an object a page and one a record), bytes kept beside gzip of the raw
HTML, and a year's bill. The first run, which makes the tables, is left out of the mean.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from archive.store import open_store
from archive.warc import Capture, Exchange, WarcWriter, read_warc
from tests.soak.proxy import Proxy, Request

REPOSITORY = Path(__file__).resolve().parent.parent
SITE = "jannah"

# S3 Standard in us-east-1, as aws.amazon.com/s3/pricing stated in 2025 (first 50 TB); look up those of your region.
PRICE_WRITE = 0.005 / 1000  # PUT, COPY, POST, LIST
PRICE_READ = 0.0004 / 1000  # GET, HEAD and all others; DELETE is free
PRICE_GB_MONTH = 0.023
PAGES_A_DAY = 100_000
TARGET = 60
"""Requests for 1,000 pages, at most."""


def billing_class(request: Request) -> str:
    if request.method == "DELETE":
        return "free"
    listing = request.method == "GET" and not request.key
    return "write" if listing or request.method in ("PUT", "POST") else "read"


def kind(request: Request) -> str:
    """What a request is about, for people."""
    table = re.search(r"(?:^|/)(records|captures)/(_delta_log)?", request.key or request.query.get("prefix", [""])[0])
    about = f"{table[1]}{' log' if table[2] else ''}" if table else "archive"
    if not table and (found := re.search(r"/(warc|runs|probe)/", f"/{request.key}")):
        about = found[1]
    verb = "LIST" if request.method == "GET" and not request.key else request.method
    return f"{verb} {about}"


# --- the site ---------------------------------------------------------------------------------------------------------

_PARAGRAPH = re.compile(r"<p[\s>].*?</p>|<h1[\s>].*?</h1>|<title>.*?</title>", re.DOTALL)
_WORD = re.compile(r"[\u0621-\u064a]{4,}")


def other_words(html: str, number: int) -> str:
    """The page with its words replaced by other words of its own: of the same length in total, another text."""
    words = sorted({word for part in _PARAGRAPH.findall(html) for word in _WORD.findall(part)})
    others = words.copy()
    random.Random(number).shuffle(others)
    exchanged = dict(zip(words, others, strict=True))
    return _PARAGRAPH.sub(lambda part: _WORD.sub(lambda word: exchanged.get(word[0], word[0]), part[0]), html)


def build_site(directory: Path, first: int, pages: int) -> tuple[Path, int]:
    """A WARC file to replay with `pages` new articles; its path, and the bytes of gzip of their HTML."""
    with (REPOSITORY / "samples" / f"{SITE}.warc.gz").open("rb") as file:
        captures = list(read_warc(file))
    articles = [each for each in captures if "/2020/02/" in each.url and len(each.content) > 90_000]
    made, zipped = [], 0
    for number in range(first, first + pages):
        like = articles[number % len(articles)]
        url = re.sub(r"/[^/]+/$", f"/story-{number}/", like.url)
        html = other_words(like.content.decode(), number).replace(like.url, url)
        made.append((like, url, gzip.compress(html.encode(), 6, mtime=0)))
        zipped += len(made[-1][2])
    links = "".join(f"<url><loc>{url}</loc></url>" for _, url, _ in made)
    sitemap = f"<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{links}</urlset>"
    finished: list[Path] = []
    writer = WarcWriter(
        directory,
        SITE,
        f"cost{first}",
        max_bytes=1 << 40,
        max_seconds=1e9,
        software="warraq-benchmark",
        operator="benchmarks",
        on_finished=finished.append,
    )
    for each in captures:
        if each.url.endswith("/post-sitemap.xml"):
            writer.write(exchange(each, each.url, gzip.compress(sitemap.encode(), mtime=0), 0))
        elif each not in articles:
            writer.write(exchange(each, each.url, gzip.compress(each.content, mtime=0), 0))
    for second, (like, url, body) in enumerate(made):
        writer.write(exchange(like, url, body, second))
    writer.close()
    return finished[0], zipped


def exchange(like: Capture, url: str, body: bytes, second: int) -> Exchange:
    kind = like.header("Content-Type") or "text/html"
    return Exchange(
        url=url,
        method="GET",
        request_headers=(),
        status=200,
        reason="OK",
        protocol="HTTP/1.1",
        response_headers=(("Content-Type", kind), ("Content-Encoding", "gzip")),
        body=body,
        fetched_at=like.fetched_at + timedelta(seconds=second),
        ip=None,
    )


# --- the count --------------------------------------------------------------------------------------------------------


def run(proxy: Proxy, root: str, scratch: Path, warc: Path) -> list[Request]:
    """The requests of one crawl."""
    before = len(proxy.requests())
    environment = os.environ | {
        "AWS_ENDPOINT_URL": proxy.url,
        "WARRAQ_ROOT": root,
        "WARRAQ_SPOOL": str(scratch / "spool"),
        "WARRAQ_CACHE": str(scratch / "cache"),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-m", "flows.cli", "crawl", SITE, "--replay", str(warc)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return proxy.requests()[before:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000, help="new pages a run (default 1000)")
    parser.add_argument("--runs", type=int, default=3, help="runs one after the other (default 3)")
    given = parser.parse_args()
    gateway = REPOSITORY / "tests" / "ceph" / "gateway.sh"
    with tempfile.TemporaryDirectory(prefix="warraq-cost-") as name:
        scratch, environment = Path(name), os.environ | {"PYTHON": sys.executable}
        done = subprocess.run(
            [gateway, "start", scratch / "ceph"], env=environment, capture_output=True, text=True, check=True
        )
        os.environ |= dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
        try:
            measure(scratch, given.pages, given.runs)
        finally:
            subprocess.run([gateway, "stop", scratch / "ceph"], check=True)


def measure(scratch: Path, pages: int, runs: int) -> None:
    root, zipped, counts = "s3://warraq/cost", 0, []
    with Proxy(os.environ["AWS_ENDPOINT_URL"]) as proxy:
        for number in range(runs):
            warc, size = build_site(scratch / f"site{number}", number * pages, pages)
            zipped += size
            passed = run(proxy, root, scratch, warc)
            probes = [each for each in passed if "/probe/" in each.key]
            counted = [each for each in passed if "/probe/" not in each.key]
            counts.append(Counter(billing_class(each) for each in counted))
            print(f"run {number + 1}: {len(counted)} requests for {pages} new pages", end="")
            print(f", and {len(probes)} of the day's probe" if probes else "", flush=True)
            for what, times in sorted(Counter(kind(each) for each in counted).items()):
                print(f"  {times:5}  {what}")
    kept = Counter[str]()
    for each in open_store(root).list(""):
        kept[each.key.split("/")[0]] += each.size
    report(counts[1:] or counts, pages, kept, zipped, runs * pages)


def report(counts: list[Counter[str]], pages: int, kept: Counter[str], zipped: int, total: int) -> None:
    """The mean of the runs, scaled to 1,000 pages; and what a year of such runs costs."""
    thousand = {name: sum(count[name] for count in counts) * 1000 / pages / len(counts) for name in ("write", "read")}
    requests = sum(thousand.values())
    print("\nfor 1,000 pages      writes   reads  requests")
    print(f"Warraq             {thousand.get('write', 0):8.0f}{thousand.get('read', 0):8.0f}{requests:10.0f}")
    print(f"an object a page and one a record, each looked up first{2000:6}{2000:6}{4000:8}")
    megabytes = {name: size / total * 1000 / 1e6 for name, size in kept.items()}
    parts = ", ".join(f"{name} {size:.1f}" for name, size in sorted(megabytes.items()))
    raw = zipped / total / 1e3
    print(f"MB kept for 1,000 pages: {sum(megabytes.values()):.1f} ({parts}); gzip of the raw HTML {raw:.1f}")
    days = PAGES_A_DAY * 365 / 1000
    sent = days * (thousand.get("write", 0) * PRICE_WRITE + thousand.get("read", 0) * PRICE_READ)
    naive = days * 2000 * (PRICE_WRITE + PRICE_READ)
    gigabytes = days * sum(megabytes.values()) / 1e3
    stored = gigabytes / 2 * 12 * PRICE_GB_MONTH
    print(
        f"A year at {PAGES_A_DAY:,} pages a day: {days:,.0f} thousand pages\n"
        f"  requests: {days:,.0f} x ({thousand.get('write', 0):.0f} x ${PRICE_WRITE * 1000}/1,000 + "
        f"{thousand.get('read', 0):.0f} x ${PRICE_READ * 1000}/1,000) = ${sent:,.2f}   (naive: ${naive:,.2f})\n"
        f"  storage:  {gigabytes:,.0f} GB at the end, half of it on average: x 12 x ${PRICE_GB_MONTH} = ${stored:,.2f}"
    )
    print(f"{'within' if requests <= TARGET else 'ABOVE'} the target of {TARGET} requests for 1,000 pages")


if __name__ == "__main__":
    main()
