"""Pages made in a line or two, and the facts of the sources they stand for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extract.article import extract_article
from extract.types import Article, Page, Rejection, Source


@pytest.fixture
def read() -> Callable[..., Article]:
    """Extract an article from a body's markup; anything else fails the test."""

    def read(body: str, *, head: str = "", source: Source | None = None, url: str | None = None) -> Article:
        found = extract_article(_page(body, head, url), source)
        assert isinstance(found, Article), found
        return found

    return read


@pytest.fixture
def refuse() -> Callable[..., Rejection]:
    """Extract a refusal from a body's markup; an article fails the test."""

    def refuse(body: str, *, head: str = "", source: Source | None = None, url: str | None = None) -> Rejection:
        found = extract_article(_page(body, head, url), source)
        assert isinstance(found, Rejection), found.paragraphs
        return found

    return refuse


def _page(body: str, head: str, url: str | None) -> Page:
    html = f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    return Page(content=html.encode(), url=url, content_type="text/html; charset=utf-8")
