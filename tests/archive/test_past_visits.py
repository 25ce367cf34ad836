"""What a spider learns of a page from the archive before it asks the site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from warcs import MONDAY, SOURCE, article, paragraphs

from archive.index import Index
from archive.ingest import ingest, store_warc
from archive.store import LocalStore
from archive.tables import Tables
from archive.verify import verify
from archive.visits import PastVisits
from archive.warc import Exchange, Found, Original, WarcWriter, read_warc

HTML = ("Content-Type", "text/html; charset=utf-8")
PAGE = article(paragraphs(1), published="2026-03-01T10:00:00+03:00")
HOUR = timedelta(hours=1)


def exchange(
    url: str,
    *,
    body: bytes = PAGE,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
    found: Found | None = None,
    at: datetime = MONDAY,
) -> Exchange:
    return Exchange(
        url=url,
        method="GET",
        request_headers=(),
        status=status,
        reason="",
        protocol="HTTP/1.1",
        response_headers=(HTML, *headers),
        body=body,
        fetched_at=at,
        ip=None,
        found=found,
    )


class Archive:
    """An archive that grows file by file, and what a spider sees of it."""

    def __init__(self, directory: Path) -> None:
        self.store = LocalStore(directory / "root")
        self.index = Index(self.store, directory / "cache")
        self._spool = directory / "spool"
        self._runs = 0

    def add(self, *exchanges: tuple[Exchange, Original | None] | Exchange) -> Path:
        self._runs += 1
        finished: list[Path] = []
        writer = WarcWriter(
            self._spool,
            SOURCE.id,
            f"r{self._runs}",
            max_bytes=1 << 30,
            max_seconds=3600,
            software="warraq-test",
            operator="tests",
            on_finished=finished.append,
            clock=lambda: MONDAY,
        )
        for each in exchanges:
            writer.write(*(each if isinstance(each, tuple) else (each, None)))
        writer.close()
        ingest(self.store, store_warc(self.store, finished[0]), SOURCE, run_id=f"r{self._runs}", index=self.index)
        return finished[0]

    @property
    def visits(self) -> PastVisits:
        self.index.ask_newest(lambda view: view.outcomes(""))
        assert self.index.path is not None
        return PastVisits(self.index.path, SOURCE.id)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def test_a_page_is_known_by_its_url_and_by_its_canonical_url(archive: Archive) -> None:
    archive.add(exchange("https://alpha.example/1?utm_source=rss"))
    visits = archive.visits
    for url in (
        "https://alpha.example/1?utm_source=rss",
        "https://alpha.example/1",
        "https://alpha.example/1?utm_id=2",
    ):
        visit = visits.last(url)
        assert visit is not None, url
        assert visit.fetched_at == visit.first_fetched_at == MONDAY
        assert visit.published_at == datetime(2026, 3, 1, 7, tzinfo=UTC)
    assert visits.last("https://alpha.example/2") is None


@pytest.mark.parametrize(
    ("status", "body", "settled"),
    [
        (200, b"<html><p>x", True),
        (404, b"", True),
        (410, b"", True),
        (500, b"", False),
        (403, b"", False),
        (429, b"", False),
    ],
)
def test_what_settles_a_page(archive: Archive, status: int, body: bytes, settled: bool) -> None:
    archive.add(exchange("https://alpha.example/1", status=status, body=body))
    assert (archive.visits.last("https://alpha.example/1") is not None) is settled


def test_an_error_does_not_unsettle_what_was_fetched_before(archive: Archive) -> None:
    archive.add(exchange("https://alpha.example/1"))
    archive.add(exchange("https://alpha.example/1", status=503, body=b"", at=MONDAY + HOUR))
    visit = archive.visits.last("https://alpha.example/1")
    assert visit is not None
    assert visit.fetched_at == MONDAY


def test_a_redirect_is_as_settled_as_what_it_leads_to(archive: Archive) -> None:
    moved = exchange("https://alpha.example/old", status=301, body=b"", headers=[("Location", "/new?utm_medium=x")])
    archive.add(moved)
    assert archive.visits.last("https://alpha.example/old") is None
    target = Found(by="redirect", via="https://alpha.example/old")
    archive.add(exchange("https://alpha.example/new?utm_medium=x", found=target, at=MONDAY + HOUR))
    visit = archive.visits.last("https://alpha.example/old")
    assert visit is not None
    assert visit.fetched_at == MONDAY + HOUR


def test_redirects_in_a_circle_settle_nothing(archive: Archive) -> None:
    archive.add(
        exchange("https://alpha.example/a", status=302, body=b"", headers=[("Location", "/b")]),
        exchange("https://alpha.example/b", status=302, body=b"", headers=[("Location", "/a")]),
    )
    assert archive.visits.last("https://alpha.example/a") is None


def test_a_304_confirms_the_page_and_is_a_small_revisit(archive: Archive) -> None:
    url = "https://alpha.example/1"
    archive.add(exchange(url, headers=[("ETag", '"v1"'), ("Last-Modified", "Sun, 01 Mar 2026 07:00:00 GMT")]))
    visit = archive.visits.last(url)
    assert visit is not None
    assert (visit.etag, visit.last_modified) == ('"v1"', "Sun, 01 Mar 2026 07:00:00 GMT")
    assert visit.original is not None

    path = archive.add((exchange(url, status=304, body=b"", at=MONDAY + HOUR), visit.original))
    with path.open("rb") as stream:
        profiles = [record.headers.get("WARC-Profile") for record in ArchiveIterator(stream, parse_http=False)]
    assert "http://netpreserve.org/warc/1.1/revisit/server-not-modified" in profiles
    rows = (
        Tables(archive.store)
        .snapshot()
        .query("SELECT outcome, http_status, repeats, published_at, record_id FROM captures ORDER BY fetched_at")
        .to_pylist()
    )
    assert [row["outcome"] for row in rows] == ["new", "unchanged"]
    assert rows[1]["repeats"] == visit.original.capture_id
    assert rows[1]["record_id"] == rows[0]["record_id"]
    assert rows[1]["published_at"] == rows[0]["published_at"] == datetime(2026, 3, 1, 7, tzinfo=UTC)
    assert not list(verify(archive.store, deep=True))

    again = archive.visits.last(url)
    assert again is not None
    assert (again.fetched_at, again.first_fetched_at) == (MONDAY + HOUR, MONDAY)
    assert (again.etag, again.original) == (visit.etag, visit.original)  # what was sent whole stays what is asked about


def test_a_page_that_repeats_an_older_one_is_asked_about_by_the_older_one(archive: Archive) -> None:
    url = "https://alpha.example/1"
    first = archive.add(exchange(url))
    with first.open("rb") as stream:
        [capture] = read_warc(stream)
    original = Original(capture_id=capture.capture_id, url=url, fetched_at=capture.fetched_at)
    archive.add((exchange(url, at=MONDAY + HOUR, headers=[("ETag", '"v2"')]), original))
    visit = archive.visits.last(url)
    assert visit is not None
    assert visit.original is not None
    assert (visit.etag, visit.original.capture_id) == ('"v2"', capture.capture_id)


def test_how_a_page_was_found_is_kept(archive: Archive) -> None:
    announced = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
    found = Found(by="feed", via="https://alpha.example/feed/", announced_at=announced)
    undated = article(paragraphs(2))
    path = archive.add(exchange("https://alpha.example/2", body=undated, found=found))
    with path.open("rb") as stream:
        assert [each.found for each in read_warc(stream)] == [found]
    [row] = (
        Tables(archive.store)
        .snapshot()
        .query("SELECT found_by, found_in, announced_at, published_at FROM captures")
        .to_pylist()
    )
    assert row == {
        "found_by": "feed",
        "found_in": "https://alpha.example/feed/",
        "announced_at": announced,
        "published_at": announced,
    }


def test_an_index_that_is_not_there_knows_nothing(tmp_path: Path) -> None:
    assert PastVisits(tmp_path / "none.sqlite", SOURCE.id).last("https://alpha.example/1") is None
