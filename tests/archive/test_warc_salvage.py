"""What a dead writer leaves is saved up to its last complete record."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from warc_files import exchange, warc_file

from archive.warc import OPEN, WarcError, check_warc, frames, read_warc, salvage


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    path = warc_file(tmp_path, *(exchange(number, body=gzip.compress(b"%d" % number * 50)) for number in range(3)))
    data = path.read_bytes()
    path.unlink()
    return data


def ends(data: bytes, directory: Path) -> list[int]:
    path = directory / "whole.warc.gz"
    path.write_bytes(data)
    with path.open("rb") as stream:
        found = [frame.offset + frame.length for frame in frames.cut(stream)]
    path.unlink()
    return found


def test_a_file_cut_off_at_any_byte(tmp_path: Path, whole: bytes) -> None:
    warcinfo, first, *_ = complete = ends(whole, tmp_path)
    assert len(complete) == 7
    unfinished = tmp_path / f"a.warc.gz{OPEN}"
    for cut in range(len(whole) + 1):
        unfinished.write_bytes(whole[:cut])
        saved = salvage(unfinished)
        if cut < first:
            assert saved is None
            assert not list(tmp_path.iterdir())
            continue
        assert saved == tmp_path / "a.warc.gz"
        assert list(tmp_path.iterdir()) == [saved]
        data = saved.read_bytes()
        assert data == whole[: max(end for end in complete if end <= cut)]
        with saved.open("rb") as stream:
            assert not list(check_warc(stream))
        with saved.open("rb") as stream:
            assert sum(1 for _ in ArchiveIterator(stream)) == complete.index(len(data)) + 1
        saved.unlink()
    assert warcinfo < first


def test_a_stretch_that_never_reached_the_disk_is_left_out_and_told(
    tmp_path: Path, whole: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    complete = ends(whole, tmp_path)
    damaged = bytearray(whole)
    damaged[complete[0] + 40 : complete[2] - 30] = bytes(complete[2] - 30 - complete[0] - 40)
    unfinished = tmp_path / f"a.warc.gz{OPEN}"
    unfinished.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        saved = salvage(unfinished)
    assert saved
    assert saved.read_bytes() == whole[: complete[0]] + whole[complete[2] :]
    assert f"at byte {complete[0]}: left out" in caplog.text
    with saved.open("rb") as stream:
        assert [capture.url for capture in read_warc(stream)] == [exchange(1).url, exchange(2).url]


def test_a_cut_off_end_is_no_cause_for_a_warning(
    tmp_path: Path, whole: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    unfinished = tmp_path / f"a.warc.gz{OPEN}"
    unfinished.write_bytes(whole[:-5])
    with caplog.at_level(logging.WARNING):
        assert salvage(unfinished)
    assert not caplog.records


def test_doing_it_again_after_a_crash_gives_the_same(tmp_path: Path, whole: bytes) -> None:
    unfinished = tmp_path / f"a.warc.gz{OPEN}"
    unfinished.write_bytes(whole)
    (tmp_path / "a.warc.gz").write_bytes(whole)  # renamed, but the writer's file was not yet removed
    (tmp_path / "a.warc.gz.salvage").write_bytes(b"half")
    saved = salvage(unfinished)
    assert list(tmp_path.iterdir()) == [saved]
    assert saved
    assert saved.read_bytes() == whole


def test_what_is_no_warc_file_is_not_touched(tmp_path: Path) -> None:
    unfinished = tmp_path / f"a.warc.gz{OPEN}"
    unfinished.write_bytes(b"notes of mine")
    with pytest.raises(
        WarcError, match=f"cannot salvage {unfinished}, at byte 0: .*; move it away to go on without it"
    ):
        salvage(unfinished)
    assert list(tmp_path.iterdir()) == [unfinished]
    assert unfinished.read_bytes() == b"notes of mine"


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(WarcError, match=r"cannot salvage .* \(No such file or directory\)"):
        salvage(tmp_path / f"a.warc.gz{OPEN}")
    assert not list(tmp_path.iterdir())
