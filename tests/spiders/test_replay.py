"""Which archived response answers a request."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spider_process import Crawl, crawl

from archive.warc import Exchange, WarcWriter
from spiders.replay import ReplayArchive, normal_encoding

SAMPLES = Path(__file__).parents[2] / "samples"
NOON = datetime(2024, 12, 3, 12, tzinfo=UTC)


def archive(directory: Path, *exchanges: tuple[str, bytes, int]) -> Path:
    """A WARC file of responses: URL, body, minutes after noon."""
    finished: list[Path] = []
    writer = WarcWriter(
        directory, "site", "run1", max_bytes=1 << 30, max_seconds=600, software="test", operator="",
        on_finished=finished.append,
    )  # fmt: skip
    for url, body, minutes in exchanges:
        writer.write(
            Exchange(
                url=url, method="GET", request_headers=(), status=200, reason="OK", protocol="HTTP/1.1",
                response_headers=(("Content-Type", "text/html"),), body=body,
                fetched_at=NOON + timedelta(minutes=minutes), ip=None,
            )
        )  # fmt: skip
    writer.close()
    return finished[0]


def bodies(replay: ReplayArchive, url: str, times: int) -> list[tuple[bytes, bool]]:
    found = [replay.next_response(url) for _ in range(times)]
    return [(response[0].payload, response[1]) for response in found if response]


def test_responses_come_in_the_order_of_time_then_the_last_again(tmp_path: Path) -> None:
    url = "https://site.example/a"
    first = archive(tmp_path / "1", (url, b"second", 2), ("https://site.example/b", b"other", 3))
    second = archive(tmp_path / "2", (url, b"first", 1))
    replay = ReplayArchive([first, second])
    assert bodies(replay, url, 4) == [(b"first", False), (b"second", False), (b"second", True), (b"second", True)]
    assert replay.next_response("https://site.example/c") is None


def test_the_exact_url_wins_over_an_equivalent_one(tmp_path: Path) -> None:
    raw, upper, lower = (f"https://site.example/{path}" for path in ("بخش", "%D8%A8%D8%AE%D8%B4", "%d8%a8%d8%ae%d8%b4"))
    replay = ReplayArchive([archive(tmp_path, (lower, b"lower", 1), (upper, b"upper", 2))])
    assert bodies(replay, upper, 1) == [(b"upper", False)]
    assert bodies(replay, lower, 1) == [(b"lower", False)]
    assert bodies(ReplayArchive([archive(tmp_path, (raw, b"raw", 1))]), upper, 1) == [(b"raw", False)]


# An empty query is none: the `?` before it goes.
@given(st.text().map(lambda path: "https://site.example/" + re.sub(r"[%\\#]", "", path).strip().rstrip("?")))
def test_normal_encoding_is_stable_and_loses_no_reserved_character(url: str) -> None:
    once = normal_encoding(url)
    assert normal_encoding(once) == once
    assert once.isascii()
    assert [once.count(character) for character in "/?&="] == [url.count(character) for character in "/?&="]


def test_encoded_slash_is_no_slash() -> None:
    assert normal_encoding("https://x.example/a%2fb%7e") == "https://x.example/a%2Fb~"


@pytest.fixture(scope="module", params=sorted(path.name.removesuffix(".warc.gz") for path in SAMPLES.glob("*.warc.gz")))
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Crawl]:
    name: str = request.param
    warc = SAMPLES / f"{name}.warc.gz"
    return name, crawl(tmp_path_factory.mktemp(name), None, source=name, replay=[str(warc)], contact=None)


def test_the_samples_are_crawled_whole(sample: tuple[str, Crawl]) -> None:
    name, run = sample
    assert (run.status, run.stderr) == (0, "")
    truth = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    fetched = [capture.url for capture in run.captures()]
    assert not [page["url"] for page in truth if page["url"] not in fetched]
    assert len(fetched) == len(set(fetched))
