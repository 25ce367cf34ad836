"""Work that is killed, and writers that race. The long forms of these are `make soak`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak.kill import Killing
from tests.soak.mortal import WORKS, record
from tests.soak.race import race


@pytest.fixture(scope="session")
def warcs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    return record(tmp_path_factory.mktemp("recorded"))


@pytest.mark.parametrize("work", WORKS)
def test_what_is_killed_at_any_boundary_is_completed_by_the_next_run(work: str, warcs: tuple[Path, ...]) -> None:
    tally = Killing(work, warcs, endpoint=None).run("boundary", every=17)
    assert tally.right, tally.problems
    assert tally.kills == tally.rounds > 1


@pytest.mark.ceph
def test_what_is_killed_at_any_request_is_completed_by_the_next_run(s3_root: str, warcs: tuple[Path, ...]) -> None:
    tally = Killing("crawl", warcs, endpoint=os.environ["AWS_ENDPOINT_URL"]).run("request", every=29)
    assert tally.right, tally.problems
    assert tally.kills == tally.rounds > 1


@pytest.mark.parametrize("work", WORKS)
def test_what_is_killed_at_any_moment_is_completed_by_the_next_run(work: str, warcs: tuple[Path, ...]) -> None:
    tally = Killing(work, warcs, endpoint=None).run("moment", kills=2)
    assert tally.right, tally.problems
    assert tally.kills >= 2


@pytest.mark.ceph
def test_eight_racing_processes_and_upkeep_leave_every_capture_once(s3_root: str, tmp_path: Path) -> None:
    tally = race(s3_root, tmp_path, files=8, beside_upkeep=True)
    assert tally.right, tally.problems
    assert "retries" in tally.note
