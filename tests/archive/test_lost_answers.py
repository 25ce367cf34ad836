"""Commits whose answers are lost on the way, and servers that are not there, as deltalake meets them."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from warcs import SOURCE, Response, article, paragraphs, write_warc

from archive.ingest import ingest, store_warc
from archive.keys import CAPTURES, RECORDS
from archive.store import StoreError, open_store
from archive.tables import Tables
from tests.soak.proxy import Fault, Faults, Proxy

pytestmark = pytest.mark.ceph


@pytest.mark.parametrize("most", [1, None])
def test_a_commit_whose_answer_is_lost_is_known_as_ours(
    s3_root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: int | None
) -> None:
    lost = Faults(rate=1, kinds=(Fault.LOST,), matching=r"^PUT \S+/_delta_log/0+1\.json", most=most)
    path = write_warc(tmp_path, [Response("https://alpha.example/a/1", article(paragraphs(1)))], run="run")
    with Proxy(os.environ["AWS_ENDPOINT_URL"], lost) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        store = open_store(s3_root)
        report = ingest(store, store_warc(store, path), SOURCE, run_id="run", local=path)
        assert Tables(store).snapshot().versions == {RECORDS: 1, CAPTURES: 1}
        commits = [each for each in proxy.requests() if re.search(lost.matching, f"{each.method} /{each.key}")]
    assert commits[0].fault is Fault.LOST
    assert (report.records_added, report.captures_added, report.retries) == (1, 1, 0)


def test_a_server_that_is_away_is_told_in_a_sentence_and_soon(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(StoreError) as raised:
        Tables(open_store(s3_root)).snapshot()
    assert str(raised.value) == (
        f"cannot open the table {s3_root}/captures: its server cannot be reached: check the network and "
        "AWS_ENDPOINT_URL, then run again"
    )
    assert raised.value.retryable
    assert time.monotonic() - began < 30


def test_a_server_that_fails_is_told_in_a_sentence(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(os.environ["AWS_ENDPOINT_URL"], Faults(rate=1, kinds=(Fault.OVERLOAD,))) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        with pytest.raises(StoreError, match=r"captures: its server is overloaded or failing \((503|Slow)"):
            Tables(open_store(s3_root)).snapshot()
