"""What a crawl is allowed to be, and what a site may ask of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spiders.politeness import read_retry_after
from spiders.run import _problem
from spiders.settings import NoContactError, crawl_settings
from spiders.sources import load_sources

NOW = datetime(2024, 12, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120.0),
        (b" 0 ", 0.0),
        (b"Tue, 03 Dec 2024 12:02:00 GMT", 120.0),
        (b"Tue, 03 Dec 2024 11:00:00 GMT", 0.0),
        (b"Tue, 03 Dec 2024 12:02:00 -0000", None),  # names no zone
        (b"Tue, 03 Dec 99999999999999999999 12:02:00 GMT", None),
        (b"soon", None),
        (b"-5", None),
        (b"", None),
        (None, None),
    ],
)
def test_retry_after(value: bytes | None, seconds: float | None) -> None:
    assert read_retry_after(value, NOW) == seconds


def settings(contact: str | None) -> dict[str, Any]:
    source = load_sources()["isna"]
    return crawl_settings(source, spool=Path("x"), run_id="r", contact=contact, warc_bytes=1, warc_seconds=1)


def test_a_live_crawl_says_who_it_is() -> None:
    by_mail, by_page = settings("ops@paper.example"), settings("https://paper.example/bot")
    assert by_mail["USER_AGENT"].startswith("Warraq/")
    assert by_mail["USER_AGENT"].endswith(" (+ops@paper.example)")
    assert by_mail["DEFAULT_REQUEST_HEADERS"]["From"] == "ops@paper.example"
    assert by_page["USER_AGENT"].endswith(" (+https://paper.example/bot)")
    assert "From" not in by_page["DEFAULT_REQUEST_HEADERS"]
    assert by_mail["ROBOTSTXT_OBEY"] is True


@pytest.mark.parametrize(
    "contact", [None, "", "  ", "me", "x@localhost", "ftp://x.example", "a@b.example (hi)", "a@b.c\nX: y"]
)
def test_nobody_crawls_anonymously(contact: str | None) -> None:
    with pytest.raises(NoContactError, match="WARRAQ_CONTACT"):
        settings(contact)


@pytest.mark.parametrize(
    ("reason", "stats", "said"),
    [
        ("finished", {"warraq/documents": 1}, None),
        ("limit", {"warraq/documents": 1}, None),
        ("finished", {"warraq/documents": 1, "spider_exceptions/count": 2}, "2 responses of isna could not be handled"),
        ("finished", {}, "Found nothing that announces articles of isna: robots.txt names no sitemap."),
        ("memusage_exceeded", {"warraq/documents": 1}, "ended before its time: memusage_exceeded"),
    ],
)
def test_an_incomplete_crawl_says_so(reason: str, stats: dict[str, int], said: str | None) -> None:
    problem = _problem("isna", reason, stats, [])
    assert (said in problem) if said and problem else problem is None
