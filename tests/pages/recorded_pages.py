"""Recorded pages: `<source>/<name>.html`, and beside it the truth about it, made by `warraq record` and by a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from extract.article import extract_article
from extract.types import Article, Page, Rejection, Source

PAGES = Path(__file__).parent


def recorded_pages(directory: Path = PAGES) -> list[Path]:
    """The truths of all recorded pages."""
    return sorted(directory.glob("*/*.json"))


def faults(described: Path, sources: Mapping[str, Source]) -> Iterator[str]:
    """In what a recorded page differs from its truth, a sentence each; also that nobody has reviewed it."""
    truth = json.loads(described.read_text(encoding="utf-8"))
    if truth["reviewed"] is not True:
        yield f'nobody has reviewed {described}: compare it with its page, correct it, then set "reviewed" to true'
    page = Page(
        content=described.with_suffix(".html").read_bytes(),
        url=truth["url"],
        content_type=truth["content_type"],
        fetched_at=truth["fetched_at"] and datetime.fromisoformat(truth["fetched_at"]),
    )
    found = extract_article(page, sources[described.parent.name])
    if isinstance(found, Rejection):
        if truth.get("rejected") != found.reason:
            yield f"it is rejected: {found.reason}: {found.detail}"
    elif "rejected" in truth:
        yield f"it gives an article and is to be rejected: {truth['rejected']}"
    else:
        yield from _differences(found, truth)


def _differences(found: Article, truth: Mapping[str, Any]) -> Iterator[str]:
    neutral = {*truth["optional"], *truth["signoff"]}
    paragraphs = [text for text in found.paragraphs if text not in neutral]
    yield from (f"it keeps noise: {text}" for text in paragraphs if text not in truth["paragraphs"])
    yield from (f"it loses: {text}" for text in truth["paragraphs"] if text not in paragraphs)
    if sorted(paragraphs) == sorted(truth["paragraphs"]) and paragraphs != truth["paragraphs"]:
        yield "its paragraphs are in another order"
    published = found.published
    stated = {
        "title": found.title,
        "kicker": found.kicker,
        "lang": found.language,
        "published_at": published and published.at.isoformat(),
        "section": found.section,
        "tags": list(found.tags),
        "attribution": list(found.attribution),
    }
    yield from (f"{name}: {value!r} is to be {truth[name]!r}" for name, value in stated.items() if value != truth[name])
    if not set(truth["authors"]) <= set(found.authors) <= {*truth["authors"], *truth["authors_ok"]}:
        yield f"authors: {found.authors!r} are to be {truth['authors']!r}"
    if truth["sitename"] and found.site_name not in truth["sitename"]:
        yield f"site_name: {found.site_name!r} is to be one of {truth['sitename']!r}"
