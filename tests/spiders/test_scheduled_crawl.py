"""Crawls one after the other, over real HTTP: what is read again, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from loopback_site import Answer, html, page, redirect, running
from spider_process import Crawl, crawl, sources_file

from archive.index import Index
from archive.ingest import ingest, store_warc
from archive.store import open_store
from archive.warc import Capture, Found
from spiders.links import Links, State, read_links
from spiders.sources import load_sources
from tests.bigsite import environment

ARTICLE = page("</p><p>".join(["قال وزير الاقتصاد إن الحكومة ستعلن خطة جديدة لدعم المزارعين في الشمال. " * 6] * 5))


def feed(root: str, *items: tuple[str, datetime]) -> Answer:
    entries = "".join(
        f"<item><link>{root}{path}</link><pubDate>{format_datetime(at)}</pubDate></item>" for path, at in items
    )
    return Answer(body=f"<rss><channel>{entries}</channel></rss>".encode())


def sitemap(root: str, *entries: tuple[str, str], index: bool = False) -> Answer:
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    body = "".join(f"<{inner}><loc>{root}{path}</loc><lastmod>{at}</lastmod></{inner}>" for path, at in entries)
    return Answer(body=f"<{outer}>{body}</{outer}>".encode())


def archived(directory: Path, sources: Path, run: Crawl) -> Path:
    """Ingest a crawl's files; the index that the next crawl is to look into."""
    store = open_store(str(directory / "archive"))
    index = Index(store, directory / "cache")
    for warc in run.warcs:
        ingest(store, store_warc(store, warc), load_sources(sources)["site"], run_id="run1", local=warc, index=index)
    index.ask_newest(lambda view: view.ingested("site"))
    assert index.path
    return index.path


def states(links: Links, root: str) -> dict[str, str]:
    return {url.removeprefix(root): link.state.value for url, link in links.links.items()}


def by_path(run: Crawl, root: str) -> dict[str, Capture]:
    return {capture.url.removeprefix(root): capture for capture in run.captures()}


def test_a_second_crawl_asks_only_for_what_may_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    last_week = now - timedelta(days=9)
    tagged = (("Content-Type", "text/html; charset=utf-8"), ("ETag", '"v1"'))
    answers: dict[str, Answer | list[Answer]] = {
        "/robots.txt": Answer(body=b"User-agent: *\nDisallow: /a/13\n", headers=(("Content-Type", "text/plain"),)),
        "/": html("1", links=("/a/1", "/a/2", "/?page=2")),
        "/?page=2": html("2", links=("/a/3", "/a/4", "/?page=3")),
        "/?page=3": html("3", links=("/a/5",)),
        "/a/1": [Answer(body=ARTICLE, headers=tagged), Answer(status_line="HTTP/1.1 304 Not Modified", headers=tagged)],
        "/a/3": [Answer(status_line="HTTP/1.1 429 Too Many Requests", body=b"later"), html("three")],
        "/a/10": redirect("/a/11"),
        "/a/11": Answer(body=ARTICLE),
        "/a/12": html("down", status_line="HTTP/1.1 500 Oh No"),
    } | {f"/a/{number}": html(str(number)) for number in (2, 4, 5, 6, 7, 8)}  # fmt: skip
    with running(answers) as site:
        root, log = site.root, tmp_path / "links.jsonl"
        items = [("/a/1", now), ("/a/2", last_week), ("/a/10", last_week), ("/a/12", last_week), ("/a/13", now)]
        site.answers["/feed"] = feed(root, *items)
        site.answers["/index.xml"] = sitemap(
            root, ("/new.xml", f"{now:%FT%TZ}"), ("/old.xml", "2020-01-01"), index=True
        )
        site.answers["/old.xml"] = sitemap(root, ("/a/6", "2020-01-01"))
        site.answers["/new.xml"] = sitemap(root, ("/a/7", f"{now:%FT%TZ}"))
        sources = sources_file(
            tmp_path, feeds=[f"{root}/feed"], sitemaps=[f"{root}/index.xml"], listings=[f"{root}/"],
            article=r"^/a/\d+", revisits=[1],
        )  # fmt: skip
        first = crawl(tmp_path, sources, links=str(log))
        assert (first.status, first.stats.get("warraq/discovery_complete"), first.stats["warraq/failed"]) == (0, 1, 1)
        told = read_links(log)
        fetched = {f"/a/{number}": "fetched" for number in (1, 2, 3, 4, 5, 6, 7, 10)}
        assert states(told, root) == fetched | {"/a/12": "failed", "/a/13": "failed"}
        assert told.links[f"{root}/a/12"].why == "it answered 500"
        assert {document.url.removeprefix(root): document.links for document in told.documents} == {
            "/feed": 5, "/index.xml": 2, "/": 3, "/?page=2": 3, "/?page=3": 1, "/new.xml": 1, "/old.xml": 1,
        }  # fmt: skip
        found = {path: capture.found for path, capture in by_path(first, root).items()}
        assert found["/a/11"] == Found(by="redirect", via=f"{root}/a/10", announced_at=last_week)
        assert found["/a/5"] == Found(by="listing", via=f"{root}/?page=3")
        assert found["/?page=3"] == Found(by="document-listing", via=f"{root}/?page=2")

        index, asked = archived(tmp_path, sources, first), len(site.paths)
        site.answers["/feed"] = feed(root, *items, ("/a/8", last_week))
        for name, value in environment(sources, now=now + timedelta(hours=2)).items():
            monkeypatch.setenv(name, value)
        second = crawl(
            tmp_path, sources, run_id="run2", index=str(index), links=str(tmp_path / "2.jsonl"),
            watermark=[(now - timedelta(minutes=5)).isoformat(), (now + timedelta(hours=1)).isoformat()],
        )  # fmt: skip
    again = ["/", "/a/1", "/a/12", "/a/7", "/a/8", "/feed", "/index.xml", "/new.xml", "/robots.txt"]
    assert sorted({*site.paths[asked:]}) == again
    assert dict(site.requests[asked:])["/a/1"]["if-none-match"] == '"v1"'
    assert (second.status, second.stats["warraq/revisits"], second.stats["warraq/known"]) == (0, 2, 2)
    told = read_links(tmp_path / "2.jsonl")
    assert states(told, root)["/a/10"] == State.KNOWN
    assert told.links[f"{root}/a/1"].revisit
    unchanged, whole = by_path(second, root)["/a/1"], by_path(first, root)["/a/1"]
    assert unchanged.status == 304
    assert unchanged.repeats
    assert unchanged.repeats.capture_id == whole.capture_id
