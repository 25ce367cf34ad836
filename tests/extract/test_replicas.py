"""The replicas of many kinds of sites give what they must, with their class names and without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.extraction import scramble, with_warraq
from benchmarks.scoring import read_pages, score
from extract.article import extract_article
from extract.types import Page, Rejection

REPLICAS = Path(__file__).parents[2] / "benchmarks" / "replicas"

IMPERFECT = {"dwfa"}
"""The pages on which a part is not told from the article: here, a gallery among the paragraphs."""
IMPERFECT_SCRAMBLED = IMPERFECT | {"rtarabic"}
"""Likewise without class names: a line of tools glued to a date."""


def imperfect(folder: str, *, scrambled: bool) -> Iterator[str]:
    for page in read_pages(REPLICAS / folder):
        result = score(page, with_warraq(replace(page, html=scramble(page.html)) if scrambled else page))
        if result.noise or result.lost or result.authors_invented or result.zwnj_kept < result.zwnj:
            yield page.id


@pytest.mark.parametrize("folder", ["ar", "fa", "other"])
def test_the_article_and_nothing_but_the_article(folder: str) -> None:
    assert set(imperfect(folder, scrambled=False)) <= IMPERFECT


@pytest.mark.parametrize("folder", ["ar", "fa", "other"])
def test_class_names_are_not_what_it_rests_on(folder: str) -> None:
    assert set(imperfect(folder, scrambled=True)) <= IMPERFECT_SCRAMBLED


REFUSED = [
    (path, truth)
    for path in sorted(REPLICAS.glob("*/r-*.json"))
    if "rejected" in (truth := json.loads(path.read_text()))
]


@pytest.mark.parametrize(("path", "truth"), REFUSED, ids=[f"{path.parent.name}-{path.stem}" for path, _ in REFUSED])
def test_pages_without_an_article_are_refused_with_the_reason(path: Path, truth: dict[str, Any]) -> None:
    page = Page(
        content=path.with_suffix(".html").read_bytes(),
        url=truth["url"],
        content_type="text/html; charset=utf-8",
        status=int(truth.get("status", 200)),
    )
    result = extract_article(page)
    assert isinstance(result, Rejection)
    assert result.reason in truth["rejected"]
