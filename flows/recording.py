"""`warraq record`: a page and what it must give, kept among the tests.

    tests/pages/<source>/<name>.html    the page, byte for byte
    tests/pages/<source>/<name>.json    its truth, in the format of benchmarks/scoring.py and with `reviewed`

The truth is what extraction gives now, so it proves nothing until a person has compared it with the page, corrected it
and set `reviewed` to true; until then the tests fail.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from archive.guarded.reader import page_reader
from archive.index import Index
from archive.store import Store, open_store
from extract.article import extract_article
from extract.escaping import safe_json
from extract.types import Page, Rejection, Source
from flows import pipeline
from flows.archived import archived_response
from flows.explaining import page_in
from flows.failures import InputError, UsageError
from flows.settings import Settings

PAGES = Path("tests/pages")


def record(source: Source, page: Page, directory: Path = PAGES, name: str | None = None) -> Path:
    """Write a page and the truth to be reviewed; returns the path of the truth.

    Args:
        source: the source it is of.
        page: the page; its URL is known.
        directory: where recorded pages are; the source's are in a directory of its own.
        name: of the two files; None: made from the URL.

    Raises:
        UsageError: the directory is not there, the URL is not the source's, or the name is taken or no name.
    """
    if not directory.is_dir():
        raise UsageError(f"There is no directory {directory}; run this in a checkout, or name another with --to")
    if not page.url:
        raise UsageError("Say with --url where the page came from")
    if not source.owns(page.url):
        raise UsageError(f"{page.url} is not on the domains of {source.id}")
    name = name or _name(page.url)
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise UsageError(f"--name {name!r}: use lower-case letters, digits, hyphens and underscores")
    described = directory / source.id / f"{name}.json"
    saved = described.with_suffix(".html")
    if described.exists() or saved.exists():
        raise UsageError(f"{described} is there already; give another --name, or remove it first")
    try:
        described.parent.mkdir(exist_ok=True)
        saved.write_bytes(page.content)
        truth = safe_json(_truth(name, page, source), indent=1)
        described.write_text(truth + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write {described}: {error.strerror}") from error
    return described


def page_to_record(settings: Settings, source: Source, wanted: str, url: str | None) -> Page:
    """The page a person names: a file, or a URL, which is fetched into the archive unless the archive has it.

    Raises:
        UsageError: the file's URL is missing, or the URL is not the source's or one that it skips.
        InputError: the file cannot be read, or the page cannot be fetched.
        StoreError: the archive cannot be read or written.
    """
    if not re.match(r"https?://", wanted):
        return page_in(Path(wanted), url)
    if url:
        raise UsageError("--url says where a FILE came from; a URL needs none")
    if not source.owns(wanted) or source.skips(wanted):
        raise UsageError(f"{wanted} is not on the domains of {source.id}, or one of the pages that its rules skip")
    store = open_store(settings.root, settings.s3)
    try:
        return archived_response(store, wanted).page()
    except InputError:
        _fetch(settings, store, source, wanted)
    return archived_response(store, wanted).page()


def _fetch(settings: Settings, store: Store, source: Source, url: str) -> None:
    """Crawl one page into the archive, as politely as any."""
    if not settings.contact:
        raise UsageError(
            "The archive does not have this page, and fetching it needs WARRAQ_CONTACT: an e-mail address or a URL at "
            "which site operators reach you; it is sent in the user agent"
        )
    run_id = pipeline.new_run_id()
    request = pipeline.CrawlRequest(source=source, pages=(url,))
    steps = pipeline.PlainSteps(
        store=store,
        source=source,
        run_id=run_id,
        index=Index(store, settings.cache),
        reader=page_reader(settings.page_limits),
    )
    report = pipeline.crawl(request, settings, store, steps, run_id)
    if not report.fetched:
        raise InputError(report.problem or f"{url} could not be fetched")


def _name(url: str) -> str:
    """The article's number, if its URL has one of four digits or more; else a digest of the URL."""
    numbers = re.findall(r"(?<![\w%])\d{4,}(?!\w)", unquote(urlsplit(url).path))
    return max(numbers, key=len) if numbers else hashlib.sha256(url.encode()).hexdigest()[:10]


def _truth(name: str, page: Page, source: Source) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": name,
        "reviewed": False,
        "url": page.url,
        "content_type": page.content_type,
        "fetched_at": page.fetched_at and page.fetched_at.isoformat(),
        "lang": source.language,
    }
    result = extract_article(page, source)
    if isinstance(result, Rejection):
        return known | {"rejected": result.reason.value, "title": "", "paragraphs": []}
    published = result.published
    return known | {
        "lang": result.language,
        "title": result.title,
        "kicker": result.kicker,
        "date": [published.at.date().isoformat()] if published else [],
        "published_at": published and published.at.isoformat(),
        "authors": result.authors,
        "authors_ok": [],
        "sitename": [result.site_name] if result.site_name else [],
        "section": result.section,
        "tags": result.tags,
        "attribution": result.attribution,
        "paragraphs": result.paragraphs,
        "optional": [line for line in (result.title, result.kicker) if line],
        "signoff": [],
    }
