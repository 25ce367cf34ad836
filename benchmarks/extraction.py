"""Warraq and trafilatura side by side over the same pages: quality, metadata, speed and memory.

    python benchmarks/extraction.py [DIR ...] [--scramble] [--worst N]

DIR is a folder in the format of `scoring.py`; without one, the samples. `--scramble` gives every class and id another
name first, which shows what an extractor owes to class names. Each extractor runs in a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.scoring import Extraction, GoldPage, read_pages, score
from extract.types import Source

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
EXTRACTORS = ("trafilatura", "warraq")
_NAMES = re.compile(rb"""(\s(?:class|id)\s*=\s*)(?:(["'])(.*?)\2|([^\s"'>]+))""", re.IGNORECASE | re.DOTALL)


def scramble(html: bytes) -> bytes:
    """The page with every class and id replaced by a name that means nothing; the same name by the same."""

    def rename(match: re.Match[bytes]) -> bytes:
        names = [b"x" + hashlib.sha256(name).hexdigest()[:8].encode() for name in (match[3] or match[4] or b"").split()]
        return match[1] + b'"' + b" ".join(names) + b'"'

    return _NAMES.sub(rename, html)


def with_trafilatura(page: GoldPage) -> Extraction:
    import trafilatura

    document = trafilatura.bare_extraction(page.html, url=page.url, with_metadata=True)
    if document is None:
        return Extraction(lines=[])
    return Extraction(
        lines=(document.text or "").split("\n"),
        title=document.title,
        date=document.date,
        authors=[name.strip() for name in (document.author or "").split(";") if name.strip()],
        site_name=document.sitename,
        tags=document.tags or [],
    )


def with_warraq(page: GoldPage) -> Extraction:
    from extract.article import extract_article
    from extract.types import Article, Page
    from spiders.sources import source_for_url

    source = source_for_url(page.url, _sources())
    article = extract_article(Page(content=page.html, url=page.url, content_type=page.content_type), source)
    if not isinstance(article, Article):
        return Extraction(lines=[])
    return Extraction(
        lines=list(article.paragraphs),
        title=article.title,
        date=article.published.at.date().isoformat() if article.published else None,
        published_at=article.published.at.isoformat() if article.published else None,
        authors=list(article.authors),
        site_name=article.site_name,
        tags=list(article.tags),
    )


@cache
def _sources() -> Mapping[str, Source]:
    from spiders.sources import load_sources

    return load_sources()


def measure(extractor: str, folders: list[Path], scrambled: bool) -> dict:
    """Run one extractor over all pages, in this process."""
    run = {"trafilatura": with_trafilatura, "warraq": with_warraq}[extractor]
    pages = [page for folder in folders for page in read_pages(folder)]
    if scrambled:
        pages = [replace(page, html=scramble(page.html)) for page in pages]
    run(pages[0])  # imports are not what is measured
    began = time.process_time()
    results = [run(page) for page in pages]
    read = time.process_time()
    for page in pages:  # once more, when no table is left to be made at its first use: it tells on few pages
        run(page)
    again = time.process_time()
    scores = [(page.id, asdict(score(page, result))) for page, result in zip(pages, results, strict=True)]
    return {
        "scores": scores,
        "pages_per_cpu_second": len(pages) / (read - began),
        "again_per_cpu_second": len(pages) / (again - read),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def summarise(measured: dict) -> dict[str, str]:
    """The table's column for one extractor."""
    scores = [result for _, result in measured["scores"]]

    def share(name: str) -> str:
        known = [result[name] for result in scores if result[name] is not None]
        return f"{100 * mean(known):.1f} %" if known else "-"

    leads = [result["lead_lost"] for result in scores if result["lead_lost"] is not None]
    zwnj = sum(result["zwnj"] for result in scores)
    return {
        "pages": str(len(scores)),
        "token F1": f"{100 * mean(result['f1'] for result in scores):.2f}",
        "noise lines": str(sum(result["noise"] for result in scores)),
        "lost paragraphs": str(sum(result["lost"] for result in scores)),
        "leads lost": f"{sum(map(bool, leads))} of {len(leads)}" if leads else "-",
        "perfect pages": str(sum(not result["noise"] and not result["lost"] for result in scores)),
        "paragraphs char for char": f"{sum(r['exact'] for r in scores)} of {sum(r['paragraphs'] for r in scores)}",
        "ZWNJ kept": f"{sum(result['zwnj_kept'] for result in scores)} of {zwnj}",
        "title exact": share("title"),
        "date right": share("date"),
        "minute and offset right": share("time"),
        "authors exact": share("authors"),
        "authors invented": share("authors_invented"),
        "site name": share("site_name"),
        "tags F1": share("tags_f1"),
        "pages per CPU-second": f"{measured['pages_per_cpu_second']:.1f}",
        "the same, read again": f"{measured['again_per_cpu_second']:.1f}",
        "peak memory": f"{measured['peak_mib']:.0f} MiB",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--scramble", action="store_true", help="give every class and id another name")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="also list Warraq's N worst pages")
    parser.add_argument("--only", choices=EXTRACTORS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folders = options.folders or [SAMPLES]
    if options.only:
        json.dump(measure(options.only, folders, options.scramble), sys.stdout)
        return
    measured = {}
    for extractor in EXTRACTORS:
        command = [sys.executable, __file__, *map(str, folders), "--only", extractor]
        done = subprocess.run(
            command + ["--scramble"] * options.scramble, stdout=subprocess.PIPE, check=True, env=os.environ
        )
        measured[extractor] = json.loads(done.stdout)
    columns = {extractor: summarise(result) for extractor, result in measured.items()}
    print(f"{'':26}{'trafilatura':>16}{'warraq':>16}{'  (classes and ids scrambled)' if options.scramble else ''}")
    for row in columns["warraq"]:
        print(f"{row:26}{columns['trafilatura'][row]:>16}{columns['warraq'][row]:>16}")
    first, again = (
        measured["warraq"][speed] / measured["trafilatura"][speed]
        for speed in ("pages_per_cpu_second", "again_per_cpu_second")
    )
    print(f"Warraq reads {first:.1f} times as many pages per CPU-second as trafilatura's default,")
    print(f"{again:.1f} times as many when both have read them before.")
    for name, result in sorted(measured["warraq"]["scores"], key=lambda item: item[1]["f1"])[: options.worst]:
        print(f"  {name}: F1 {100 * result['f1']:.2f}, {result['noise']} noise lines, {result['lost']} lost paragraphs")


if __name__ == "__main__":
    main()
