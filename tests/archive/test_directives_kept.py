"""What responses say may be done with them: from their records into the tables, older tables too, and obeyed."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake
from warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc

from archive.guarded.limits import PageLimits
from archive.guarded.reader import Reader, page_reader
from archive.index import Index
from archive.ingest import ingest, store_warc
from archive.promote import promote
from archive.reextraction import Scope, begin
from archive.reread import read_again
from archive.store import LocalStore, Store
from archive.tables import Tables
from archive.verify import verify
from archive.warc import Original, read_warc

NOARCHIVE = (("X-Robots-Tag", "noarchive"),)
URL = "https://alpha.example/{}"
PAGES = [
    Response(URL.format(1), article(paragraphs(1))),
    Response(URL.format(2), article(paragraphs(2)), headers=(("X-Robots-Tag", "noindex"), *NOARCHIVE)),
    Response(
        URL.format(3),
        article(paragraphs(3)).replace(b"<title>", b'<meta name="robots" content="noindex"><title>'),
        headers=(("tdm-reservation", "1"),),
    ),
    Response(
        URL.format(4), article(paragraphs(4)), directives=("tdm-reservation", "tdm-policy https://x.example/a%2Cb")
    ),
    Response(URL.format(5), article(paragraphs(5)), directives=("noarchive",), withheld="noarchive"),
    Response(URL.format("feed/"), b"<rss/>", headers=NOARCHIVE, content_type="text/xml"),
    Response(URL.format(6), b"gone", status=410, headers=NOARCHIVE),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LocalStore(tmp_path / "root")


def obeying(names: Set[str]) -> Reader:
    return page_reader(PageLimits(obey=tuple(sorted(names))))


def bring(store: Store, path: Path, obey: Set[str] = frozenset()) -> None:
    ingest(store, store_warc(store, path), SOURCE, run_id="r", local=path, reader=obeying(obey))


def rows(store: Store, columns: str = "outcome, reason, directives") -> list[dict[str, Any]]:
    return Tables(store).snapshot().query(f"SELECT url, {columns} FROM captures ORDER BY fetched_at").to_pylist()  # noqa: S608


def stated(store: Store) -> list[Sequence[str]]:
    return [row["directives"] for row in rows(store)]


STATED = [
    [],
    ["noindex", "noarchive"],
    ["noindex", "tdm-reservation"],
    ["tdm-reservation", "tdm-policy https://x.example/a%2Cb"],
    ["noarchive"],
    ["noarchive"],
    ["noarchive"],
]


def test_directives_are_recorded(store: Store, tmp_path: Path) -> None:
    bring(store, write_warc(tmp_path, PAGES, run="r1"))
    assert stated(store) == STATED
    assert [(row["outcome"], row["reason"]) for row in rows(store)] == [
        ("new", None), ("new", None), ("new", None), ("new", None),
        ("rejected", "withheld"), ("support", None), ("rejected", "http_error"),
    ]  # fmt: skip
    assert rows(store, "detail")[4]["detail"] == "it says noarchive, so it was not kept"


def test_directives_are_obeyed_in_files_of_others(store: Store, tmp_path: Path) -> None:
    bring(store, write_warc(tmp_path, PAGES, run="r1"), {"noarchive", "tdm"})
    assert stated(store) == STATED
    assert [row["reason"] for row in rows(store)] == [
        None, "withheld", "withheld", "withheld", "withheld", None, "http_error",
    ]  # fmt: skip
    assert rows(store, "detail")[1]["detail"] == "it says noarchive, which is obeyed (WARRAQ_OBEY)"
    assert Tables(store).snapshot().query("SELECT url FROM records").to_pylist() == [{"url": URL.format(1)}]


def test_a_record_that_was_withheld_is_sound(store: Store, tmp_path: Path) -> None:
    path = write_warc(tmp_path, PAGES, run="r1")
    with path.open("rb") as stream:
        withheld = [each for each in read_warc(stream) if each.withheld]
    (one,) = withheld
    assert (one.payload, one.truncated, one.withheld, one.directives) == (
        b"",
        "unspecified",
        "noarchive",
        ("noarchive",),
    )
    bring(store, path)
    assert list(verify(store)) == []


def test_a_revisit_states_what_its_payload_did(store: Store, tmp_path: Path) -> None:
    first = write_warc(tmp_path, PAGES, run="r1")
    with first.open("rb") as stream:
        repeats = {
            each.url: Original(capture_id=each.capture_id, url=each.url, fetched_at=each.fetched_at)
            for each in read_warc(stream)
        }
    bring(store, first)
    again = [Response(each.url, each.body, headers=(("X-Robots-Tag", "nofollow"),)) for each in PAGES[1:3]]
    bring(store, write_warc(tmp_path, again, run="r2", at=MONDAY + timedelta(days=1), repeats=repeats), {"tdm"})
    assert [(row["directives"], row["reason"]) for row in rows(store)[-2:]] == [
        (["nofollow", "noindex", "noarchive"], None),
        (["nofollow", "noindex", "tdm-reservation"], "withheld"),
    ]


def promoted(store: Store, obey: Set[str]) -> None:
    reader = obeying(obey)
    candidate = begin(store, Tables(store).snapshot(), Scope(), {"alpha": SOURCE}, reader.limits)
    for key in candidate.remaining(store):
        read_again(store, candidate.id, key, SOURCE, reader)
    promote(store, candidate)


def test_a_re_extraction_keeps_and_obeys_them(store: Store, tmp_path: Path) -> None:
    bring(store, write_warc(tmp_path, PAGES, run="r1"))
    promoted(store, {"noindex"})
    assert stated(store) == STATED
    assert [row["reason"] for row in rows(store)][:5] == [None, "withheld", "withheld", None, "withheld"]
    assert len(Tables(store).snapshot().query("SELECT url FROM records")) == 2


def without_directives(store: Store) -> None:
    """Make `captures` the table of a version that knew no directives."""
    uri = store.table_uri("captures")
    table = DeltaTable(uri).to_pyarrow_table().drop_columns(["directives"])
    write_deltalake(uri, table, mode="overwrite", schema_mode="overwrite")


def test_older_tables_are_read_and_written(store: Store, tmp_path: Path) -> None:
    bring(store, write_warc(tmp_path, PAGES[:3], run="r1"))
    without_directives(store)
    assert stated(store) == [None, None, None]
    with Index(store) as index:
        assert index.ask_newest(lambda view: view.last_response("alpha", URL.format(1)))
    assert list(verify(store)) == []
    bring(store, write_warc(tmp_path, PAGES[3:], run="r2", at=MONDAY + timedelta(days=1)))
    assert stated(store) == [None, None, None, *STATED[3:]]
    assert list(verify(store)) == []


def test_a_re_extraction_fills_older_tables(store: Store, tmp_path: Path) -> None:
    bring(store, write_warc(tmp_path, PAGES, run="r1"))
    without_directives(store)
    promoted(store, set())
    assert [each or [] for each in stated(store)] == STATED
