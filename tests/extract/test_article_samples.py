"""Every page of the samples gives what its truth says, also with its class names scrambled and its source unknown."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from archive.warc import Capture, read_warc
from extract.article import extract_article
from extract.types import Article, Page, Rejection
from spiders.sources import load_sources

SAMPLES = Path(__file__).parents[2] / "samples"
SOURCES = load_sources(None)


def _pages(source: str) -> list[tuple[dict[str, Any], Capture]]:
    """Each truth with the response it is about; an address fetched twice has two, in order."""
    captures: dict[str, list[Capture]] = defaultdict(list)
    with (SAMPLES / f"{source}.warc.gz").open("rb") as file:
        for capture in read_warc(file):
            captures[capture.url].append(capture)
    truths = json.loads((SAMPLES / f"{source}.json").read_text(encoding="utf-8"))
    return [(truth, captures[truth["url"]].pop(0)) for truth in truths]


def _page(capture: Capture, content: bytes) -> Page:
    kind = next((value for name, value in capture.headers if name.lower() == "content-type"), None)
    return Page(
        content=content, url=capture.url, content_type=kind, status=capture.status, fetched_at=capture.fetched_at
    )


def _scrambled(content: bytes) -> bytes:
    """The page with every class and id replaced by letters; pages that are not UTF-8 stay as they are."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    tree = html.document_fromstring(content, parser=html.HTMLParser(encoding="utf-8"))
    letters = random.Random(7)  # noqa: S311 - made-up names, the same in each run
    names: dict[str, str] = {}
    for element in tree.iter():
        for attribute in ("class", "id"):
            if value := element.get(attribute):
                words = [names.setdefault(word, "".join(letters.sample("bcdfghjklm", 7))) for word in value.split()]
                element.set(attribute, " ".join(words))
    return bytes(html.tostring(tree, encoding="utf-8"))


def _differences(truth: dict[str, Any], found: Article | Rejection, fields: tuple[str, ...]) -> list[str]:
    if isinstance(found, Rejection):
        return [] if truth["reason"] == found.reason else [f"{found.reason}: {found.detail}"]
    if truth["outcome"] == "rejected":
        return [f"accepted, want {truth['reason']}"]
    wrong = [f"not in the article: {text}" for text in found.paragraphs if text not in truth["paragraphs"]]
    wrong += [f"lost: {text}" for text in truth["paragraphs"] if text not in found.paragraphs]
    for field in fields:
        value, wanted = getattr(found, field), truth[field]
        if (list(value) if isinstance(value, tuple) else value) != wanted:
            wrong.append(f"{field}: {value!r}, want {wanted!r}")
    stated = found.published.at.isoformat() if found.published else None
    if stated != truth["published_at"]:
        wrong.append(f"published: {stated}, want {truth['published_at']}")
    return wrong


@pytest.mark.parametrize("source", sorted(path.stem for path in SAMPLES.glob("*.json")))
def test_the_samples(source: str) -> None:
    fields = ("title", "kicker", "section", "site_name", "tags", "authors", "attribution")
    for truth, capture in _pages(source):
        found = extract_article(_page(capture, capture.content), SOURCES[source])
        assert not _differences(truth, found, fields), truth["url"]


@pytest.mark.parametrize("source", sorted(path.stem for path in SAMPLES.glob("*.json")))
def test_the_samples_scrambled_and_of_unknown_source(source: str) -> None:
    for truth, capture in _pages(source):
        found = extract_article(_page(capture, _scrambled(capture.content)))
        assert not _differences(truth, found, ("title", "tags", "authors", "attribution")), truth["url"]
