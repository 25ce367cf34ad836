"""The log of links, as a run that was killed leaves it too."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.warc import Found
from spiders.links import LinkLog, LoggedDocument, LoggedLink, State, read_links

FOUND = Found(by="feed", via="https://x.example/rss", announced_at=datetime(2024, 12, 3, tzinfo=UTC))


def unexpected(error: OSError) -> None:
    raise error


def test_what_is_told_is_read(tmp_path: Path) -> None:
    log = LinkLog(tmp_path / "links.jsonl", unexpected)
    log.document("https://x.example/rss", "feed", 200, 3)
    for name, state in (("a", State.WANTED), ("b", State.REVISIT), ("c", State.OUTSIDE), ("d", State.WANTED)):
        log.found(name, FOUND, state)
    log.fetched("b")
    log.failed("a", "it answered 503")
    log.not_reached("d")
    log.document("https://x.example/s.xml", "robots", None, 0, "timed out")
    found = read_links(tmp_path / "links.jsonl")  # while it is being written
    assert list(found.links.values()) == [
        LoggedLink(url="a", found=FOUND, state=State.FAILED, why="it answered 503"),
        LoggedLink(url="b", found=FOUND, state=State.FETCHED, revisit=True),
        LoggedLink(url="c", found=FOUND, state=State.OUTSIDE),
        LoggedLink(url="d", found=FOUND, state=State.LIMIT),
    ]
    assert found.documents == (
        LoggedDocument(url="https://x.example/rss", found_by="feed", status=200, links=3, problem=None),
        LoggedDocument(url="https://x.example/s.xml", found_by="robots", status=None, links=0, problem="timed out"),
    )
    log.close()


def test_a_line_cut_off_is_none(tmp_path: Path) -> None:
    path = tmp_path / "links.jsonl"
    log = LinkLog(path, unexpected)
    log.found("a", Found(by="listing"), State.WANTED)
    log.fetched("a")
    log.close()
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert [link.url for link in read_links(path).links.values()] == (["a"] if end >= whole.index(b"\n") else [])


def test_no_log_holds_nothing(tmp_path: Path) -> None:
    LinkLog(None, unexpected).found("a", FOUND, State.WANTED)
    assert read_links(tmp_path / "none.jsonl").links == {}


def test_a_full_disk_is_told_once() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    told: list[OSError] = []
    log = LinkLog(full, told.append)
    for name in "abc":
        log.found(name, FOUND, State.WANTED)
    assert len(told) == 1
