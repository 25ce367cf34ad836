"""`warraq record`: from a file, from the archive, or from the site, one page and politely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from slow_site import SlowSite
from warraq_command import SAMPLES, Command

URL = "https://arabkhabar.com/a/1046702"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    directory = tmp_path / "tests" / "pages"
    directory.mkdir(parents=True)
    return directory


def test_a_page_is_fetched_alone_and_archived_and_then_taken_from_the_archive(
    warraq: Command, pages: Path, slow_site: SlowSite
) -> None:
    root = next(line.split('"')[1] for line in slow_site.sources_file.read_text().splitlines() if "listings" in line)
    told = warraq("record", "slow", f"{root}news/1003", **slow_site.environ).stdout.decode()
    assert "Compare them" in told
    assert slow_site.served == ["/robots.txt", "/.well-known/tdmrep.json", "/news/1003"]
    truth = json.loads((pages / "slow" / "1003.json").read_text(encoding="utf-8"))
    assert truth["reviewed"] is False
    assert len(truth["paragraphs"]) == 4
    assert [record["title"] for record in warraq.records()] == [truth["title"]]

    warraq("record", "slow", f"{root}news/1003", "--name", "again", WARRAQ_SOURCES=slow_site.environ["WARRAQ_SOURCES"])
    assert len(slow_site.served) == 3
    assert (pages / "slow" / "again.html").read_bytes() == (pages / "slow" / "1003.html").read_bytes()


def test_a_page_of_an_archived_crawl_keeps_its_bytes(
    crawled: tuple[Command, list[dict[str, Any]]], pages: Path
) -> None:
    command, _ = crawled
    command("record", "arabkhabar", URL, "--to", pages)
    truth = json.loads((pages / "arabkhabar" / "1046702.json").read_text(encoding="utf-8"))
    expected = next(
        each
        for each in json.loads((SAMPLES / "arabkhabar.json").read_text(encoding="utf-8"))
        if each["url"] == URL and each["outcome"] == "new"
    )
    assert truth["paragraphs"] == expected["paragraphs"]
    assert truth["published_at"] == expected["published_at"]
    assert b"<html" in (pages / "arabkhabar" / "1046702.html").read_bytes()


def test_a_page_in_a_warc_file_is_recorded(warraq: Command, pages: Path) -> None:
    warraq("record", "arabkhabar", SAMPLES / "arabkhabar.warc.gz", "--url", URL)
    warraq("record", "arabkhabar", SAMPLES / "arabkhabar.warc.gz", "--url", URL, status=2)
    assert [path.name for path in sorted(pages.glob("*/*"))] == ["1046702.html", "1046702.json"]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["arabkabar", URL], 2, "did you mean arabkhabar"),
        (["arabkhabar", URL], 2, "WARRAQ_CONTACT"),
        (["arabkhabar", "https://x.example/a/1"], 2, "not on the domains of arabkhabar"),
        (["arabkhabar", URL, "--url", URL], 2, "a URL needs none"),
        (["arabkhabar", "none.html", "--url", URL], 1, "Cannot read none.html"),
        (["arabkhabar", str(SAMPLES / "seeds" / "000.txt")], 2, "Say with --url"),
        (["arabkhabar", str(SAMPLES / "seeds" / "000.txt"), "--url", URL, "--to", "none"], 2, "no directory none"),
        (["arabkhabar", str(SAMPLES / "seeds" / "000.txt"), "--url", URL, "--name", "../x"], 2, "--name '../x'"),
    ],
)
def test_what_cannot_be_recorded_is_told(
    warraq: Command, pages: Path, arguments: list[str], status: int, told: str
) -> None:
    assert told in " ".join(warraq("record", *arguments, status=status).stderr.decode().split())
    assert list(pages.iterdir()) == []
