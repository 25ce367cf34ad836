from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.spool import Spool, SpoolError


def spool(tmp_path: Path, root: str = "s3://b/p") -> Spool:
    return Spool(tmp_path, root, None, "isna")


def test_a_run_directory_is_gone_when_nothing_is_left_in_it(tmp_path: Path) -> None:
    with spool(tmp_path).begin("r1") as directory:
        (directory.path / "spider.log").write_text("")
    assert not directory.path.exists()


def test_what_a_dead_run_left_is_found_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    with spool(tmp_path).begin("dead") as dead:
        (dead.path / "a.warc.gz").write_bytes(b"x")
        (dead.path / "b.warc.gz.open").write_bytes(b"x")
    with spool(tmp_path).begin("living") as living:
        (living.path / "c.warc.gz").write_bytes(b"x")
        [found] = list(spool(tmp_path).leftovers())
        with found:
            assert found.path.name == "dead"
            assert [path.name for path in found.finished_warcs()] == ["a.warc.gz"]
            assert [path.name for path in found.open_warcs()] == ["b.warc.gz.open"]
            assert list(spool(tmp_path).leftovers()) == []  # it is being taken up already


def test_a_child_that_inherits_the_lock_keeps_the_directory_alive(tmp_path: Path) -> None:
    with spool(tmp_path).begin("r1") as directory:
        (directory.path / "a.warc.gz.open").write_bytes(b"x")
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(directory.lock_fd,)
        )
    assert list(spool(tmp_path).leftovers()) == []
    child.communicate(b"\n")
    [found] = list(spool(tmp_path).leftovers())
    with found:
        assert found.path == directory.path


def test_archives_do_not_share_leftovers(tmp_path: Path) -> None:
    with spool(tmp_path).begin("r1") as directory:
        (directory.path / "a.warc.gz").write_bytes(b"x")
    assert list(spool(tmp_path, "s3://other").leftovers()) == []
    assert list(Spool(tmp_path, "s3://b/p", "http://127.0.0.1:9000", "isna").leftovers()) == []


def test_a_spool_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="WARRAQ_SPOOL"):
        Spool(tmp_path / "file", "s3://b", None, "isna").begin("r1")
