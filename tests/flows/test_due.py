"""Articles are looked at again when they come to their ages, whether or not a feed still announces them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from archive.store import LocalStore
from archive.tables import Row, Snapshot, Tables
from extract.types import Source
from flows.due import due_pages

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCE = Source(id="alpha", name="ألفا", language="ar", timezone="Asia/Damascus", domains=("alpha.example",))


def capture(page: str, *, published: float | None, fetched: float, record: str | None = "r", **given: object) -> Row:
    """A row of `captures`; times are hours before now."""
    url = f"https://alpha.example/{page}"
    row: Row = dict.fromkeys(
        ("found_by", "found_in", "announced_at", "redirect_url", "etag", "last_modified", "reason", "detail", "repeats")
    )
    row |= {
        "capture_id": str(uuid4()),
        "source": "alpha",
        "url": url,
        "canonical_url": url,
        "fetched_at": NOW - fetched * HOUR,
        "published_at": None if published is None else NOW - published * HOUR,
        "http_status": 200,
        "payload_digest": "sha1:x",
        "outcome": "new" if record else "rejected",
        "record_id": record,
        "similarity": None,
        "warc_key": "warc/alpha/x.warc.gz",
        "warc_offset": 0,
        "warc_length": 1,
        "run_id": "r1",
        "extractor": "x",
    }
    return row | given


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(LocalStore(tmp_path))


def due(tables: Tables, *rows: Row, source: Source = SOURCE) -> list[str]:
    tables.append("captures", rows, tables.snapshot(), note={})
    now: Snapshot = tables.snapshot()
    return [url.rpartition("/")[2] for url in due_pages(now, source, NOW)]


def test_pages_are_due_once_for_each_age(tables: Tables) -> None:
    assert due(
        tables,
        capture("past-1h", published=1.5, fetched=1.4),
        capture("seen-after-1h", published=1.5, fetched=0.3),
        capture("too-fresh", published=0.5, fetched=0.4),
        capture("past-6h", published=7, fetched=5 + 1.5),
        capture("past-7d", published=170, fetched=140),
        capture("all-ages-over", published=400, fetched=100),
        capture("undated", published=None, fetched=25),
        capture("undated", published=None, fetched=20, outcome="unchanged"),
        capture("no-article", published=1.5, fetched=1.4, record=None),
        capture("another-source", published=1.5, fetched=1.4, source="beta"),
    ) == ["past-1h", "past-6h", "undated", "past-7d"]


def test_an_article_is_looked_at_once_by_the_url_that_was_fetched_last(tables: Tables) -> None:
    canonical = "https://alpha.example/1"
    assert due(
        tables,
        capture("1?from=rss", published=3, fetched=2.9, canonical_url=canonical),
        capture("1?from=home", published=3, fetched=2.5, canonical_url=canonical),
    ) == ["1?from=home"]


def test_a_source_without_ages_has_nothing_due(tables: Tables) -> None:
    row = capture("1", published=1.5, fetched=1.4)
    assert due(tables, row, source=replace(SOURCE, revisits=())) == []
