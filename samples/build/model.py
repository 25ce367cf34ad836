"""What a sample site is made of: responses in the order they were fetched, and what each must give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the pipeline must make of a page on a first crawl of all sources."""

    outcome: str
    """`new`, `revision`, `unchanged`, `exact_duplicate`, `near_duplicate` or `rejected`."""
    reason: str | None = None
    title: str | None = None
    kicker: str | None = None
    paragraphs: tuple[str, ...] = ()
    published_at: str | None = None
    """ISO 8601 with offset, at the page's own precision; None where the page honestly does not say."""
    published_raw: str | None = None
    published_calendar: str | None = None
    published_precision: str | None = None
    modified_at: str | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    attribution: tuple[str, ...] = ()
    section: str | None = None
    site_name: str | None = None
    note: str = ""
    """What this page is there to show."""


@dataclass(frozen=True, kw_only=True)
class SampleResponse:
    """One HTTP response of a sample site."""

    url: str
    body: bytes
    """As the site serves it, before the content coding below is applied."""
    content_type: str = "text/html; charset=UTF-8"
    status: int = 200
    reason: str = "OK"
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers in order; names may repeat (Set-Cookie)."""
    gzip: bool = True
    """Whether the body goes over the wire gzip-coded."""
    fetched_at: datetime
    """Aware UTC; strictly increasing within a site."""
    truth: Truth | None = None
    """None for support: robots.txt, sitemaps, feeds, listings, redirects."""
