"""What sites have taken back, as captures, commands and the query of the documentation tell it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from archive.ingest import ingest, store_warc
from archive.store import LocalStore, Store
from archive.tables import Tables
from flows.history import as_text as history_lines
from flows.history import history
from flows.retractions import retractions
from flows.show import as_text, find
from tests.archive.warcs import MONDAY, SOURCE, Response, article, paragraphs, write_warc

URL = "https://alpha.example/{}"
NOINDEX = (("X-Robots-Tag", "noindex"),)


def shown(number: int) -> Response:
    return Response(URL.format(number), article(paragraphs(number)))


def hidden(number: int) -> Response:
    return Response(URL.format(number), article(paragraphs(number)), headers=NOINDEX)


def answered(number: int, status: int) -> Response:
    return Response(URL.format(number), b"", status=status)


DAYS: list[list[Response]] = [
    [shown(1), shown(2), shown(3), hidden(4), shown(5), answered(6, 410), shown(7)],
    [answered(1, 410), hidden(2), answered(3, 410), hidden(4), answered(5, 404), answered(6, 410), hidden(7)],
    [answered(1, 410), hidden(2), shown(3), hidden(4), answered(5, 404), answered(6, 410), answered(7, 410)],
    [answered(1, 503)],
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    directory = tmp_path_factory.mktemp("retractions")
    store = LocalStore(directory / "root")
    for day, responses in enumerate(DAYS):
        path = write_warc(directory, responses, run=f"r{day}", at=MONDAY + timedelta(days=day))
        ingest(store, store_warc(store, path), SOURCE, run_id="r", local=path)
    return store


def at(day: int, second: int) -> str:
    moment: datetime = MONDAY + timedelta(days=day, seconds=second)
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, [("gone", at(1, 0))]),
        (2, [("noindex", at(1, 1))]),
        (3, []),  # it came back
        (4, []),  # it never was to be found
        (5, []),  # not found is not gone
        (6, []),  # the archive never held it
        (7, [("gone", at(2, 6))]),
    ],
)
def test_retractions(store: Store, number: int, expected: list[tuple[str, str]]) -> None:
    found = retractions(Tables(store).snapshot(), {URL.format(number)})
    assert [(each["what"], each["since"][:19]) for each in found] == expected


def _show(store: Store, url: str) -> Iterable[object]:
    return as_text(find(store, url))


def _history(store: Store, url: str) -> Iterable[object]:
    return history_lines(history(store, url))


@pytest.mark.parametrize("lines", [_show, _history])
def test_commands_say_so(store: Store, lines: Callable[[Store, str], Iterable[object]]) -> None:
    text = "\n".join(map(str, lines(store, URL.format(1))))
    assert f"gone since {at(1, 0)}" in text
    assert f"noindex since {at(1, 1)}" in "\n".join(map(str, lines(store, URL.format(2))))
    assert "since" not in "\n".join(map(str, lines(store, URL.format(3))))


def test_a_record_is_shown_with_what_became_of_its_page(store: Store) -> None:
    record = find(store, URL.format(1))["record"]["record_id"]
    assert [each["what"] for each in find(store, record)["retractions"]] == ["gone"]


def test_the_documented_query_lists_them(store: Store) -> None:
    text = (Path(__file__).parents[2] / "docs/data-format.md").read_text(encoding="utf-8")
    (query,) = re.findall(r'retracted = duckdb.sql\("""(.*?)"""\)', text, re.DOTALL)
    captures = Tables(store).snapshot().query("SELECT * FROM captures")  # noqa: F841 -- DuckDB finds it by its name
    found = duckdb.sql(query.replace("delta_scan('warraq-archive/captures')", "captures")).fetchall()
    assert [(url.rpartition("/")[2], gone) for _, url, _, gone, _ in found] == [("1", True), ("2", False), ("7", True)]
    assert all(record for _, _, record, _, _ in found)
