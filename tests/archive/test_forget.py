"""Forgetting: gone from tables, data files and WARC files, and not kept again; finished by the next who looks."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator
from warcs import MONDAY, SISTER, SOURCE, Response, article, paragraphs, write_warc

from archive.dedup import record_id
from archive.forget import forget, plan, unfinished
from archive.forgotten import Entry, Forgotten, read_entries
from archive.ingest import adopt_warc, ingest, store_warc
from archive.keys import RECORDS, index_key
from archive.reelect import reelect
from archive.store import LocalStore, Store, open_store
from archive.tables import Tables
from archive.upkeep import maintain
from archive.verify import verify
from archive.warc import Original, check_warc, read_warc, tombstones

ONE = "https://alpha.example/1"
SECRET = "يجب أن يختفي هذا النص من كل مكان"


def fill(store: Store, directory: Path) -> list[str]:
    """Keys of three files: an article, its revision and revisit, a mirror and a near-copy of it, and others."""
    first, second = [*paragraphs(1, 10), SECRET], [*paragraphs(9, 2), SECRET]
    original = Original(capture_id=None, url=ONE, fetched_at=MONDAY)
    files = [
        write_warc(
            directory,
            [Response(ONE, article(first)), Response("https://alpha.example/2", article(paragraphs(2)))],
            run="r1",
        ),
        write_warc(
            directory,
            [
                Response(f"{ONE}?utm_source=x", article(second)),
                Response(ONE, article(first)),
                Response("https://alpha.example/3", article(paragraphs(3))),
            ],
            run="r2",
            at=MONDAY + timedelta(hours=1),
            repeats={ONE: original},
        ),
        write_warc(
            directory,
            [
                Response("https://beta.example/mirror", article(first)),
                Response("https://beta.example/near", article(first[:-1])),
            ],
            run="r3",
            source=SISTER,
            at=MONDAY + timedelta(hours=2),
        ),
    ]
    keys = []
    for path, source in zip(files, (SOURCE, SOURCE, SISTER), strict=True):
        keys.append(store_warc(store, path))
        ingest(store, keys[-1], source, run_id="r")
    return keys


def rows(store: Store, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Tables(store).snapshot().query(query).to_pylist()
    return found


def planned(store: Store, url: str = ONE) -> Entry:
    return plan(Tables(store).snapshot(), url=url, reason="court order 7/2026")[0]


def holds(store: Store, text: str) -> list[str]:
    """Keys of the objects in which a text can be found, in Parquet and WARC files and as it stands."""
    found = []
    for each in store.list(""):
        data = store.get(each.key)
        if each.key.endswith(".parquet") and "_delta_log" not in each.key and each.key.startswith(RECORDS):
            data = "".join(pq.read_table(io.BytesIO(data), columns=["text"])["text"].to_pylist()).encode()
        elif each.key.endswith(".warc.gz"):
            data = b"".join(record.content_stream().read() for record in ArchiveIterator(io.BytesIO(data)))
        if text.encode() in data:
            found.append(each.key)
    return found


def check_forgotten(store: Store, keys: list[str], before: dict[str, bytes]) -> None:
    near = {"near_duplicate", "new"}
    captures = rows(store, "SELECT url, outcome, reason, record_id FROM captures ORDER BY url")
    gone = {row["url"] for row in captures if row["reason"] == "forgotten"}
    assert gone == {ONE, f"{ONE}?utm_source=x", "https://beta.example/mirror"}
    assert all((row["outcome"], row["record_id"]) == ("rejected", None) for row in captures if row["url"] in gone)
    assert {row["outcome"] for row in captures if row["url"] not in gone} <= near
    assert sorted(row["url"] for row in rows(store, "SELECT url FROM records")) == [
        "https://alpha.example/2",
        "https://alpha.example/3",
        "https://beta.example/near",
    ]
    assert holds(store, SECRET) == []
    for key in keys:
        assert len(store.get(key)) == len(before[key])
        assert list(check_warc(io.BytesIO(store.get(key)))) == []
        kept = {capture.url for capture in read_warc(io.BytesIO(store.get(key)))}
        assert kept.isdisjoint(gone)
    assert list(verify(store)) == []
    assert unfinished(store, Tables(store), read_entries(store)) == []


def check_forgetting(store: Store, directory: Path) -> None:
    keys = fill(store, directory)
    assert len(holds(store, SECRET)) >= 5
    maintain(store, brands={}, note={})
    before = {key: store.get(key) for key in keys}
    entry = planned(store)
    assert len(entry.capture_ids) == 4
    assert len(entry.record_ids) == 2
    forget(store, entry)
    check_forgotten(store, keys, before)
    forget(store, entry)
    check_forgotten(store, keys, before)
    assert read_entries(store) == [entry]


def test_an_article_is_forgotten(tmp_path: Path) -> None:
    check_forgetting(LocalStore(tmp_path / "archive"), tmp_path)


@pytest.mark.ceph
def test_an_article_is_forgotten_on_s3(s3_root: str, tmp_path: Path) -> None:
    check_forgetting(open_store(s3_root), tmp_path)


def test_what_is_forgotten_is_not_kept_again(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    fill(store, tmp_path)
    forget(store, planned(store))
    again = [*paragraphs(1, 10), SECRET]
    pages = [
        Response(f"{ONE}/amp", article(paragraphs(5))),
        Response("https://alpha.example/other", article(again)),
        Response("https://alpha.example/4", article(paragraphs(4))),
        Response(ONE, b"", 301),
    ]
    path = write_warc(tmp_path, pages, run="r7", at=MONDAY + timedelta(days=1))
    whole = path.read_bytes()
    key = adopt_warc(store, path, SOURCE.id)
    index = store.get(index_key(key))
    for local in (path, path, None):
        report = ingest(store, key, SOURCE, run_id="r", local=local)
        assert report.outcomes == {"rejected": 2, "new": 1, "support": 1}
        assert report.reasons == {"forgotten": 2}
        assert len(tombstones(io.BytesIO(store.get(key)))) == 4
        assert holds(store, SECRET) == []
        assert list(verify(store)) == []
        store.replace(key, whole)  # as a run leaves it that dies before it has taken the pages out
        store.replace(index_key(key), index)
    assert adopt_warc(store, path, SOURCE.id) == key


def test_a_domain_is_forgotten(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    fill(store, tmp_path)
    entry, found = plan(Tables(store).snapshot(), domain="beta.example", reason="the owner asks")
    assert {row["url"] for row in found.captures} == {"https://beta.example/mirror", "https://beta.example/near"}
    assert [row["url"] for row in found.records] == ["https://beta.example/near"]
    forget(store, entry)
    assert {row["source"] for row in rows(store, "SELECT source FROM records")} == {"alpha"}
    assert list(verify(store)) == []
    forgotten = Forgotten(read_entries(store))
    assert forgotten.covers("http://www.beta.example/new?x=1")
    assert forgotten.covers("https://sub.beta.example/")
    assert not forgotten.covers("https://alphabeta.example/", "https://beta.example.org/", "mailto:x@beta.example")
    assert Forgotten.from_request(forgotten.to_request()).covers("https://beta.example/robots.txt")


def test_originals_and_predecessors_that_are_gone_are_replaced(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    versions = [article(paragraphs(n)) for n in (1, 2, 3)]
    copies = [article(paragraphs(6, count=count)) for count in (12, 11, 10)]
    a, b = "https://alpha.example/a", "https://alpha.example/b"
    pages = [(b, versions[0]), (a, versions[0]), (a, versions[1]), (b, versions[2])]
    pages += [(f"https://alpha.example/copy{number}", copy) for number, copy in enumerate(copies)]
    first = record_id("\n".join(paragraphs(1)))
    for number, (url, page) in enumerate(pages):
        path = write_warc(tmp_path, [Response(url, page)], run=f"r{number}", at=MONDAY + timedelta(hours=number))
        ingest(store, store_warc(store, path), SOURCE, run_id="r")
    assert records(store)[a] == (first, None)
    original = records(store, "record_id")["https://alpha.example/copy0"]
    assert [each for _, each in records(store).values() if each] == [original, original]
    forget(store, planned(store, b))
    assert records(store)[a] == (None, None)
    assert b not in records(store)
    forget(store, planned(store, "https://alpha.example/copy0"))
    [elected] = [each for _, each in records(store).values() if each]
    assert elected == records(store, "record_id")["https://alpha.example/copy1"]
    assert list(verify(store)) == []
    assert Forgotten(read_entries(store)).covers(a) is None  # it shows another text now


def records(store: Store, column: str = "") -> dict[str, Any]:
    """URL → `revision_of` and `duplicate_of`, or the column, of what its last record says."""
    found = rows(store, "SELECT * FROM records ORDER BY first_fetched_at")
    return {row["url"]: row[column] if column else (row["revision_of"], row["duplicate_of"]) for row in found}


def test_the_cache_saves_reading_entries_and_is_no_truth(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    fill(store, tmp_path)
    entry = planned(store)
    forget(store, entry)
    cache = tmp_path / "cache"
    assert read_entries(store, cache) == [entry]
    (tmp_path / "archive" / "forgotten").rename(tmp_path / "moved")
    assert read_entries(store, cache) == []
    (tmp_path / "moved").rename(tmp_path / "archive" / "forgotten")
    [copy] = (cache / "forgotten").iterdir()
    copy.write_bytes(b"{")
    assert read_entries(store, cache) == [entry]
    assert copy.read_bytes() == entry.to_json()


STEPS = ["put_if_absent", "remove_records", "update_captures", "update_originals", "delete", "replace_file", "replace"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("filled")
    store = LocalStore(directory / "archive")
    fill(store, directory)
    reelect(Tables(store))
    return directory / "archive"


@pytest.mark.parametrize("step", STEPS)
def test_a_death_after_any_step_is_healed(tmp_path: Path, filled: Path, step: str) -> None:
    store = LocalStore(shutil.copytree(filled, tmp_path / "archive"))
    before = {each.key: store.get(each.key) for each in store.list("warc/") if each.key.endswith(".warc.gz")}
    entry = planned(store)
    children = multiprocessing.get_context("forkserver")  # a plain fork would inherit locks of deltalake's threads
    children.set_forkserver_preload(["archive.forget"])
    child = children.Process(target=forget_and_die, args=(store.root, entry, step))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    found = list(verify(store, sources={source.id: source for source in (SOURCE, SISTER)}))
    assert bool(found) == (step != "replace")
    assert {each.invariant for each in found} <= {"forgotten", "warc-index"}
    assert all(each.done for each in found)
    check_forgotten(store, [*before], before)


def forget_and_die(root: str, entry: Entry, step: str) -> None:
    """Forget, and be killed right after the last call of a step."""
    store, calls = LocalStore(Path(root)), {"replace_file": 3, "replace": 3}
    owner: Any = LocalStore if hasattr(LocalStore, step) else Tables
    real = getattr(owner, step)
    done = 0

    def die(*arguments: Any, **named: Any) -> None:
        nonlocal done
        real(*arguments, **named)
        done += 1
        if done == calls.get(step, 1):
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, step, die)
    forget(store, entry)
