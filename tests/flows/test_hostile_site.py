"""A site that does harm in every way we know, crawled by the command with its default settings.

Only what an operator would set is set: a contact, a sources file, the addresses that may be connected to. The pauses of
a polite spider are left out, and the limits on time and size of a response are lower than by default, so that it takes
seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import Crawled, command, crawl, serving

LIMITS = {"head_seconds": 4, "response_seconds": 12, "response_bytes": 6 << 20}
MEMORY = 1 << 30
"""Bytes that no process may come to."""
SECONDS = 180
"""Of a run; on two idle cores the first takes 25, the second 22."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Crawled, Crawled]]:
    """The site crawled twice."""
    directory = tmp_path_factory.mktemp("hostile")
    with serving() as served:
        first = crawl(served, directory, limit=SECONDS, **LIMITS)
        yield first, crawl(served, directory, limit=SECONDS, **LIMITS)


def test_every_attack_ends_as_documented(runs: tuple[Crawled, Crawled]) -> None:
    first, _ = runs
    assert not (wrong := first.wrong()), "\n".join(wrong)


def test_all_good_pages_are_archived_with_their_titles(runs: tuple[Crawled, Crawled]) -> None:
    first, _ = runs
    assert len(first.served.site.titles) >= 30
    assert not (missing := first.missing()), "\n".join(missing)


def test_nobody_knocks_at_the_forbidden_address(runs: tuple[Crawled, Crawled]) -> None:
    first, _ = runs
    assert first.served.knocks == []


def test_no_cookie_credential_or_referrer_is_sent(runs: tuple[Crawled, Crawled]) -> None:
    first, _ = runs
    sent = {name for asked in first.served.asked for name in asked.headers}
    assert sent.isdisjoint({"cookie", "authorization", "proxy-authorization", "referer", "x-injected"})


def test_processes_stay_within_memory_and_runs_within_time(runs: tuple[Crawled, Crawled]) -> None:
    for run in runs:
        assert run.status == 1, run.errors
        assert "Traceback" not in run.errors
        assert run.seconds < SECONDS
        assert {"flows.cli", "spiders.run", "archive.guarded.server"} <= run.peaks.keys()
        assert {name: peak for name, peak in run.peaks.items() if peak >= MEMORY} == {}


def test_the_report_names_the_host_that_wants_to_be_left_alone(runs: tuple[Crawled, Crawled]) -> None:
    for run in runs:
        reports = [json.loads(line) for line in run.output.splitlines()]
        assert [(report["source"], report["status"]) for report in reports[1:]] in (
            [("hostile-fa", "completed")],
            [("hostile-fa", "empty")],
        )
        assert reports[0]["problem"].startswith("Of hostile not all hosts were asked to the end (127.0.0.4: ")


def test_the_next_run_asks_for_what_did_not_come_and_for_nothing_else(runs: tuple[Crawled, Crawled]) -> None:
    first, second = runs
    again = {asked.target for asked in second.asked}
    settled = {url for url, link in first.links.links.items() if link.state == "fetched"}
    judged = {url for url in settled if url in first.captures and first.captures[url]["outcome"] != "support"}
    assert len(judged) > 100
    assert {url for url in judged if url.removeprefix(first.served.site.root) in again} == set()
    assert "/news/silent" in again
    assert len(second.records) == len(first.records)


def test_the_archive_keeps_its_promises(runs: tuple[Crawled, Crawled], tmp_path: Path) -> None:
    first, _ = runs
    verified = command(first, "verify", "--deep")
    assert (verified.returncode, verified.stdout) == (0, b""), verified.stderr.decode()
    records = command(first, "records").stdout.splitlines()
    assert len({json.loads(record)["record_id"] for record in records}) == len(records)
