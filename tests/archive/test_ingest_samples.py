"""The samples, ingested in the order of a first crawl, have the outcomes that were written down with them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from archive.ingest import adopt_warc, ingest
from archive.store import LocalStore
from archive.tables import Tables
from archive.verify import verify
from spiders.sources import load_sources

SAMPLES = Path(__file__).parents[2] / "samples"
ORDER = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    store, sources = LocalStore(tmp_path_factory.mktemp("samples")), load_sources(None)
    for name in ORDER:
        ingest(store, adopt_warc(store, SAMPLES / f"{name}.warc.gz", name), sources[name], run_id="samples")
    return store


@pytest.mark.parametrize("name", ORDER)
def test_outcomes_are_those_of_the_truth(archive: LocalStore, name: str) -> None:
    truth = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    expected = Counter((page["url"], page["outcome"], page["reason"]) for page in truth)
    found = (
        Tables(archive)
        .snapshot()
        .query("SELECT url, outcome, reason FROM captures WHERE source = {name} AND outcome <> 'support'", name=name)
    )
    assert Counter(tuple(row.values()) for row in found.to_pylist()) == expected


def test_the_archive_of_the_samples_is_sound(archive: LocalStore) -> None:
    assert list(verify(archive)) == []
