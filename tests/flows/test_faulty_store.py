"""A crawl into a bucket behind a network that fails. The long form of this is `python -m tests.soak faults`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak.faults import contents_of, crawl
from tests.soak.proxy import Fault, Faults

pytestmark = pytest.mark.ceph


def test_what_a_faulty_store_is_left_with_is_exactly_right(s3_root: str, sample_archive: Path) -> None:
    done = crawl(os.environ["AWS_ENDPOINT_URL"], s3_root, Faults(rate=0.3, seed=5), ["arabkhabar"])
    assert not done.findings
    assert done.contents == contents_of(str(sample_archive), "arabkhabar")
    assert {Fault.LOST, Fault.OVERLOAD, Fault.RESET, Fault.TRUNCATED} <= set(done.faults)
