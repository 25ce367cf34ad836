"""Tombstones: of any length, readable by others, and nothing else in the file moves."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import example, given
from hypothesis import strategies as st
from warc_files import exchange, warc_file
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from archive.warc import WarcError, bury, read_warc, tombstones
from archive.warc.tombstone import tombstone

AT = datetime(2026, 11, 22, 5, 6, 7, 123456, tzinfo=UTC)
ENTRY = "20261122T050607-0123abcd"


@given(st.integers(240, 300_000), st.uuids().map(str))
@example(65_535 + 240, str(uuid4()))
def test_it_has_the_length_it_is_to_have(length: int, record_id: str) -> None:
    data = tombstone(length, record_id, ENTRY, AT)
    assert len(data) == length
    assert data == tombstone(length, record_id, ENTRY, AT)
    [found] = tombstones(io.BytesIO(data))
    assert (found.record_id, found.entry, found.offset, found.length) == (record_id, ENTRY, 0, length)
    for record in ArchiveIterator(io.BytesIO(data)):  # warcio reads on before it gives the next
        assert record.rec_type == "metadata"
        assert record.content_stream().read().split() == [b"forgotten:", ENTRY.encode()]


def test_every_length_at_which_a_number_grows() -> None:
    record_id = str(uuid4())
    for length in (*range(240, 1600), *range(10_100, 10_400), *range(65_600, 66_000), *range(131_000, 131_400)):
        assert len(tombstone(length, record_id, ENTRY, AT)) == length


def test_a_length_that_is_too_short_is_told() -> None:
    with pytest.raises(WarcError, match="a record of 150 bytes is too short"):
        tombstone(150, str(uuid4()), ENTRY, AT)


def test_nothing_else_in_the_file_moves(tmp_path: Path) -> None:
    path = warc_file(tmp_path, exchange(1), exchange(2), exchange(3), exchange(2, body=b"other"))
    captures = list(read_warc(io.BytesIO(path.read_bytes())))
    with path.open("r+b") as file:
        buried = bury(file, {captures[1].capture_id}, ENTRY, AT)
        assert [each.offset for each in buried] == [each.offset for each in tombstones(file)]
        once = path.read_bytes()
        assert bury(file, {captures[1].capture_id}, ENTRY, AT) == buried[:0]
    assert path.read_bytes() == once
    # The response and both requests of its URL; the other response of that URL was not named.
    assert len(buried) == 3
    assert list(read_warc(io.BytesIO(once))) == [captures[0], *captures[2:]]
    kinds = [record.headers["WARC-Type"] for record in FastIterator(io.BytesIO(once))]
    assert kinds == [
        "warcinfo",
        "response",
        "request",
        *["metadata"] * 2,
        "response",
        "request",
        "response",
        "metadata",
    ]
    assert Checker(SimpleNamespace(inputs=[str(path)], verbose=False)).process_all() == 0
