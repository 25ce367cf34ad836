"""A crawl over real HTTP: a process, a socket, files."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from loopback_site import Answer, Site, gzipped, html, page, redirect, running
from spider_process import HASTE, Crawl, crawl, finish, request, sources_file, start

from archive.warc import read_warc, salvage

ROBOTS = Answer(
    body=b"User-agent: *\nDisallow: /private\nSitemap: /sitemap_index.xml\n", headers=(("Content-Type", "text/plain"),)
)
ODD = Answer(
    status_line="HTTP/1.1 200 Alles in Ordnung",
    headers=(
        ("content-TYPE", "text/html; charset=windows-1256"),
        ("Set-Cookie", "a=1; Path=/"),
        ("X-Between", "caf\xe9"),
        ("Set-Cookie", "b=2; Path=/"),
        ("Connection", "keep-alive"),
    ),
    body="<html><body><p>مرحبا بالعالم</p></body></html>".encode("windows-1256"),
)


def sitemap(*urls: str, index: bool = False) -> bytes:
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{inner}><loc>{url}</loc></{inner}>" for url in urls)
    return f'<?xml version="1.0"?><{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{outer}>'.encode()


def answers() -> dict[str, Answer | list[Answer]]:
    return {
        "/robots.txt": ROBOTS,
        "/sitemap_index.xml": Answer(body=b"replaced below"),
        "/posts.xml.gz": Answer(body=b"replaced below"),
        "/": html(
            "home",
            links=(
                "/a/1-plain", "/a/2-gzip", "/a/3-chunked", "/a/4-moved", "/a/5-odd", "/a/6-slow", "/a/7-gone",
                "/a/8-flaky", "/a/9-not-modified", "/a/10-away", "/private/a/11", "https://elsewhere.example/a/12",
                "/about", "/a/1-plain#x",
            ),
        ),
        "/a/1-plain": html("plain"),
        "/a/2-gzip": gzipped(page("gzip " * 2000)),
        "/a/3-chunked": Answer(body=page("chunked " * 900), chunked=True),
        "/a/4-moved": redirect("/a/4-here"),
        "/a/4-here": html("here"),
        "/a/5-odd": ODD,
        "/a/6-slow": html("slow", delay=0.3),
        "/a/8-flaky": [html("down", status_line="HTTP/1.1 500 Oh No"), html("up again")],
        "/a/9-not-modified": Answer(status_line="HTTP/1.1 304 Not Modified", headers=(("ETag", '"x"'),)),
        "/a/10-away": redirect("https://elsewhere.example/a/10", "HTTP/1.1 302 Found"),
        "/s/13-from-sitemap": Answer(body=gzip.compress(page("deep"), mtime=0), chunked=True,
                                     headers=(("Content-Type", "text/html"), ("Content-Encoding", "gzip"))),
    }  # fmt: skip


def with_sitemaps(site: Site) -> None:
    site.answers["/sitemap_index.xml"] = Answer(body=sitemap(f"{site.root}/posts.xml.gz", index=True))
    urls = sitemap(f"{site.root}/s/13-from-sitemap", f"{site.root}/private/14", f"{site.root}/tag/x")
    site.answers["/posts.xml.gz"] = Answer(body=gzip.compress(urls), headers=(("Content-Type", "application/x-gzip"),))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Crawl]:
    directory = tmp_path_factory.mktemp("crawl")
    with running(answers()) as site:
        with_sitemaps(site)
        sources = sources_file(directory, listings=[f"{site.root}/"], article=r"/a/\d+", skip="^/tag/")
        return site, crawl(directory, sources)


def test_ends_well_and_says_what_it_did(crawled: tuple[Site, Crawl]) -> None:
    _, run = crawled
    assert (run.status, run.stderr) == (0, "")
    assert run.finished["reason"] == "finished"
    assert run.stats["warraq/discovered/listing"] == 11
    assert run.stats["warraq/discovered/robots"] == 2
    assert run.stats["warraq/fetched"] == 11
    assert run.stats["robotstxt/forbidden"] == 2
    progress = [event for event in run.events if event["event"] == "progress"]
    assert progress[-1] == {"event": "progress", "discovered": 13, "fetched": 11, "bytes": run.stats["warraq/bytes"]}


def test_archives_every_response_byte_for_byte(crawled: tuple[Site, Crawl]) -> None:
    site, run = crawled
    expected = answers() | {path: site.answers[path] for path in ("/sitemap_index.xml", "/posts.xml.gz")}
    captures = run.captures()
    assert sorted(capture.url.removeprefix(site.root) for capture in captures) == sorted(site.paths)
    for capture in captures:
        answer = expected.get(capture.url.removeprefix(site.root))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if answer is None:
            assert (capture.status, capture.payload) == (404, b"nothing here")
            continue
        version, status, reason = answer.status_line.split(" ", 2)
        assert (capture.protocol, str(capture.status), capture.reason) == (version, status, reason)
        assert capture.payload == answer.body
        described = [(name, value) for name, value in capture.headers if "length" not in name.lower()]
        sent = [("X-Crawler-Transfer-Encoding", "chunked")] if answer.chunked else []
        assert described == [*answer.headers, *sent]


def test_asks_only_for_what_it_may_and_wants(crawled: tuple[Site, Crawl]) -> None:
    site, _ = crawled
    assert not [path for path in site.paths if path.startswith(("/private", "/about", "/tag"))]
    assert len(site.paths) == len(set(site.paths)) + 1  # the flaky page, twice
    for _, headers in site.requests:
        assert headers["user-agent"].startswith("Warraq/")
        assert "(+crawler@example.org)" in headers["user-agent"]
        assert headers["accept-encoding"] == "gzip"
        assert "cookie" not in headers
        assert "referer" not in headers


def test_other_tools_read_every_record(crawled: tuple[Site, Crawl]) -> None:
    _, run = crawled
    (warc,) = run.warcs
    check = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(warc)], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout
    assert "fail" not in check.stdout
    records = list(ArchiveIterator(warc.open("rb"), verify_digests=True))
    assert len(records) == 1 + 2 * len(run.captures())
    info = json.loads(json.dumps(records[0].headers.asdict()))
    assert info["WARC-Type"] == "warcinfo"


def test_the_request_record_is_what_was_sent(crawled: tuple[Site, Crawl]) -> None:
    site, run = crawled
    asked = {}
    for record in ArchiveIterator(run.warcs[0].open("rb"), parse_http=True):
        if record.headers["WARC-Type"] == "request":
            asked[record.headers["WARC-Target-URI"].removeprefix(site.root)] = {
                name.lower(): value for name, value in record.http_headers.asdict().items()
            }
        if record.headers["WARC-Type"] == "response":
            assert record.headers["WARC-IP-Address"] == "127.0.0.1"
    assert asked == dict(site.requests)


def test_replay_gives_the_same_responses(crawled: tuple[Site, Crawl], tmp_path: Path) -> None:
    site, run = crawled
    sources = sources_file(tmp_path, listings=[f"{site.root}/"], article=r"/a/\d+", skip="^/tag/")
    again = crawl(tmp_path, sources, replay=[str(path) for path in run.warcs], contact=None)
    assert (again.status, again.stderr) == (0, "")

    def essence(crawl: Crawl) -> list[tuple[object, ...]]:
        return sorted(
            (capture.url, capture.fetched_at, capture.status, capture.reason, capture.headers, capture.payload)
            for capture in crawl.captures()
        )

    assert essence(again) == essence(run)
    assert again.stats["warraq/fetched"] == run.stats["warraq/fetched"]


def test_replay_fetches_nothing_and_invents_nothing(tmp_path: Path) -> None:
    with running({"/": html("home", links=("/a/1", "/a/2")), "/a/1": html("one"), "/a/2": html("two")}) as site:
        sources = sources_file(tmp_path, listings=[f"{site.root}/"])
        first = crawl(tmp_path, sources, limit=1)
        asked = len(site.paths)
        again = crawl(tmp_path, sources, run_id="run2", replay=[str(path) for path in first.warcs])
        assert len(site.paths) == asked
    assert again.status == 0
    assert [capture.url for capture in again.captures()] == [
        f"{site.root}/{path}" for path in ("robots.txt", "", "a/1")
    ]
    assert again.stats["replay/missing"] == 1


def test_replay_does_not_multiply_a_failure(tmp_path: Path) -> None:
    """One archived 503 is retried in the replay, but was one exchange."""
    with running({"/": html("home", links=("/a/1",)), "/a/1": html("x", status_line="HTTP/1.1 500 No")}) as site:
        sources = sources_file(tmp_path, listings=[f"{site.root}/"])
        first = crawl(tmp_path, sources, overrides=HASTE | {"RETRY_TIMES": 0})
        again = crawl(tmp_path, sources, run_id="run2", replay=[str(path) for path in first.warcs])
    assert len(again.captures()) == len(first.captures()) == 3


def test_limit_bounds_pages_not_documents(tmp_path: Path) -> None:
    links = tuple(f"/a/{number}" for number in range(20))
    with running({"/": html("home", links=links), **{link: html(link) for link in links}}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]), limit=7)
    assert (run.status, run.finished["reason"]) == (0, "limit")
    assert sorted(path for path in site.paths if path.startswith("/a/")) == sorted(links[:7])
    assert run.stats["warraq/discovered"] == 20


def test_limit_is_filled_by_the_next_page_when_one_fails(tmp_path: Path) -> None:
    home = html("home", links=("/private/1", "/a/2", "/a/3", "/a/4"))
    with running({"/robots.txt": ROBOTS, "/": home, "/a/2": html("2"), "/a/3": html("3")}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]), limit=2)
    assert run.stats["warraq/fetched"] == 2
    assert "/a/4" not in site.paths


def test_window_of_days_is_in_the_source_s_zone(tmp_path: Path) -> None:
    item = "<item><link>{}/a/{}</link><pubDate>{}</pubDate></item>"
    with running({f"/a/{number}": html(str(number)) for number in range(5)}) as site:
        dates = (
            "Sun, 01 Dec 2024 20:59:59 GMT",  # the last second of the day before, in Damascus
            "Sun, 01 Dec 2024 21:00:00 GMT",
            "Mon, 02 Dec 2024 20:59:59 GMT",
            "Mon, 02 Dec 2024 21:00:00 GMT",
        )
        items = "".join(item.format(site.root, number, date) for number, date in enumerate(dates))
        items += f"<item><link>{site.root}/a/4</link></item>"
        site.answers["/feed"] = Answer(body=f"<rss><channel>{items}</channel></rss>".encode())
        sources = sources_file(tmp_path, feeds=[f"{site.root}/feed"])
        run = crawl(tmp_path, sources, since="2024-12-02", until="2024-12-03")
    assert sorted(path for path in site.paths if path.startswith("/a/")) == ["/a/1", "/a/2", "/a/4"]
    assert run.stats["warraq/outside_window"] == 2


def test_old_child_sitemaps_are_left_alone(tmp_path: Path) -> None:
    with running({"/a/new": html("new")}) as site:
        entry = "<sitemap><loc>{}/{}.xml</loc><lastmod>{}</lastmod></sitemap>"
        children = entry.format(site.root, "old", "2019-01-01") + entry.format(site.root, "new", "2024-12-05")
        site.answers["/index.xml"] = Answer(body=f"<sitemapindex>{children}</sitemapindex>".encode())
        site.answers["/new.xml"] = Answer(body=sitemap(f"{site.root}/a/new"))
        crawl(tmp_path, sources_file(tmp_path, sitemaps=[f"{site.root}/index.xml"]), since="2024-12-01")
    assert site.paths == ["/robots.txt", "/index.xml", "/new.xml", "/a/new"]


def test_an_endless_chain_of_indexes_is_left(tmp_path: Path) -> None:
    with running({}) as site:
        for number in range(30):
            site.answers[f"/{number}.xml"] = Answer(body=sitemap(f"{site.root}/{number + 1}.xml", index=True))
        run = crawl(tmp_path, sources_file(tmp_path, sitemaps=[f"{site.root}/0.xml"]))
    assert run.status == 0
    assert site.paths[-1] == "/9.xml"
    assert run.stats["warraq/documents_unread"] == 1


def test_truncated_and_silent_answers_are_not_archived(tmp_path: Path) -> None:
    cut = Answer(body=page("cut " * 500), cut_at=700)
    home = html("home", links=("/a/cut", "/a/silent", "/a/whole"))
    with running({"/": home, "/a/cut": cut, "/a/silent": html("x", delay=3), "/a/whole": html("whole")}) as site:
        overrides = HASTE | {"DOWNLOAD_TIMEOUT": 1, "RETRY_TIMES": 1}
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]), overrides=overrides)
    assert run.status == 0
    assert {capture.url.removeprefix(site.root) for capture in run.captures()} == {"/robots.txt", "/", "/a/whole"}
    assert site.paths.count("/a/cut") == site.paths.count("/a/silent") == 2
    assert run.stats["warraq/failed"] == 2


def test_https_with_a_certificate_nobody_signed(tmp_path: Path) -> None:
    pem = tmp_path / "site.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-keyout", pem, "-out", tmp_path / "cert.pem"], check=True, capture_output=True,
    )  # fmt: skip
    pem.write_bytes(pem.read_bytes() + (tmp_path / "cert.pem").read_bytes())
    with running({"/": html("home", links=("/a/1",)), "/a/1": gzipped(page("one"))}, certificate=pem) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    assert run.status == 0
    assert [capture.url for capture in run.captures()][-1] == f"{site.root}/a/1"
    assert run.captures()[-1].content == page("one")


def test_files_roll_and_runs_in_one_spool_do_not_clash(tmp_path: Path) -> None:
    links = tuple(f"/a/{number}" for number in range(6))
    bodies = {link: Answer(body=os.urandom(4000), headers=(("Content-Type", "text/html"),)) for link in links}
    with running({"/": html("home", links=links), **bodies}) as site:
        sources = sources_file(tmp_path, listings=[f"{site.root}/"])
        runs = [crawl(tmp_path, sources, warc_bytes=9000) for _ in range(2)]
    names = [path.name for run in runs for path in run.warcs]
    assert len(names) == len(set(names)) >= 6
    assert not list((tmp_path / "spool").glob("*.open"))
    assert all(len(run.captures()) == 8 for run in runs)


def test_the_site_s_wish_to_wait_is_heeded(tmp_path: Path) -> None:
    busy = Answer(status_line="HTTP/1.1 429 Too Many Requests", headers=(("Retry-After", "2"),), body=b"later")
    with running({"/": html("home", links=("/a/1",)), "/a/1": [busy, html("one")]}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    first, second = (when for when, path in zip(site.times, site.paths, strict=True) if path == "/a/1")
    assert second - first >= 2
    assert [capture.status for capture in run.captures()] == [404, 200, 429, 200]


def test_a_site_that_asks_for_too_long_a_wait_is_left(tmp_path: Path) -> None:
    busy = Answer(status_line="HTTP/1.1 503 Service Unavailable", headers=(("Retry-After", "7200"),), body=b"later")
    with running({"/": busy}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    assert (run.status, run.finished["reason"]) == (1, "asked_to_wait")
    assert run.stderr == "site asks visitors to come back in 7200 s, so the crawl stopped; run it again after that.\n"
    assert site.paths == ["/robots.txt", "/"]


@pytest.mark.parametrize("status_line", ["HTTP/1.1 503 Service Unavailable", "HTTP/1.1 500 Oops"])
def test_without_a_readable_robots_txt_nothing_is_fetched(tmp_path: Path, status_line: str) -> None:
    with running({"/robots.txt": Answer(status_line=status_line), "/": html("home")}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]), overrides=HASTE | {"RETRY_TIMES": 0})
    assert set(site.paths) == {"/robots.txt"}
    assert run.status == 1
    assert "robots.txt could not be read" in run.stderr


def test_a_forbidding_error_page_is_no_robots_txt(tmp_path: Path) -> None:
    not_found = Answer(status_line="HTTP/1.1 404 Not Found", body=b"User-agent: *\nDisallow: /\n")
    with running({"/robots.txt": not_found, "/": html("home")}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    assert run.status == 0
    assert "/" in site.paths


def test_crawl_delay_is_kept(tmp_path: Path) -> None:
    robots = Answer(body=b"User-agent: *\nCrawl-delay: 1\n", headers=(("Content-Type", "text/plain"),))
    with running({"/robots.txt": robots, "/": html("home", links=("/a/1",)), "/a/1": html("one")}) as site:
        crawl(
            tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]), overrides=HASTE | {"DOWNLOAD_DELAY_JITTER": 0}
        )
    assert site.times[-1] - site.times[-2] >= 0.95


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_told_to_stop_it_finishes_its_file(tmp_path: Path, number: int, status: int) -> None:
    links = tuple(f"/a/{number}" for number in range(200))
    with running({"/": html("home", links=links), **{link: html(link, delay=0.1) for link in links}}) as site:
        asked = request(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
        process = start(asked)
        while len(site.paths) < 6:
            time.sleep(0.02)
        process.send_signal(number)
        begun = time.monotonic()
        run = finish(process, asked)
    assert time.monotonic() - begun < 10
    assert (run.status, run.stderr, run.finished["reason"]) == (status, "", "shutdown")
    assert len(run.captures()) >= 5
    assert len(run.captures()) >= run.stats["warraq/fetched"] + 2


def test_told_to_stop_it_waits_for_no_slow_answer(tmp_path: Path) -> None:
    with running({"/": html("home", delay=60)}) as site:
        asked = request(
            tmp_path,
            sources_file(tmp_path, listings=[f"{site.root}/"]),
            overrides=HASTE | {"DOWNLOAD_TIMEOUT": 60},
        )
        process = start(asked)
        while "/" not in site.paths:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        run = finish(process, asked)
    assert (run.status, run.stderr, run.finished["reason"]) == (143, "", "shutdown")
    assert [capture.status for capture in run.captures()] == [404]


def test_killed_it_leaves_a_spool_that_can_be_salvaged(tmp_path: Path) -> None:
    links = tuple(f"/a/{number}" for number in range(500))
    with running({"/": html("home", links=links), **{link: html(link, delay=0.02) for link in links}}) as site:
        process = start(request(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"])))
        while len(site.paths) < 40:
            time.sleep(0.02)
        process.kill()
        process.communicate()
    (left,) = (tmp_path / "spool").iterdir()
    assert left.name.endswith(".warc.gz.open")
    saved = salvage(left)
    assert saved is not None
    with saved.open("rb") as stream:
        assert len(list(read_warc(stream))) >= 30


def test_ends_when_nobody_listens_any_more(tmp_path: Path) -> None:
    """The process that started it was killed: it finishes its file rather than crawl on for nobody."""
    links = tuple(f"/a/{number}" for number in range(500))
    with running({"/": html("home", links=links), **{link: html(link, delay=0.05) for link in links}}) as site:
        process = start(request(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"])))
        while len(site.paths) < 6:
            time.sleep(0.02)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=20) != 0
    assert len(site.paths) < 100
    assert [path.suffix for path in (tmp_path / "spool").iterdir()] == [".gz"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_spool_that_cannot_be_written_ends_the_crawl(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(mode=0o500)
    with running({"/": html("home", links=("/a/1",))}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    assert (run.status, run.finished["reason"]) == (1, "cannot_archive")


def test_a_full_disk_ends_the_crawl(tmp_path: Path) -> None:
    """A spool that is no directory stands for a disk that refuses."""
    (tmp_path / "spool").write_text("in the way")
    with running({"/": html("home", links=("/a/1",)), "/a/1": html("one")}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    assert (run.status, run.finished["reason"]) == (1, "cannot_archive")
    assert "could not archive" in run.stderr
    assert len(site.paths) < 4


def test_nothing_found_is_said(tmp_path: Path) -> None:
    with running({}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, feeds=[f"{site.root}/feed"]))
    assert run.status == 1
    assert run.stderr.startswith(f"Found nothing that announces articles of site: {site.root}/feed: it answered 404.")
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"contact": None}, "no contact address is set"),
        ({"contact": "me"}, "neither an e-mail address nor a URL"),
        ({"source": "nobody"}, "There is no source 'nobody'"),
        ({"replay": ["/nowhere.warc.gz"]}, "Cannot replay /nowhere.warc.gz"),
        ({"surprise": 1}, "cannot be read"),
    ],
)
def test_refusals_are_one_sentence(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    run = crawl(tmp_path, sources_file(tmp_path), **fields)
    assert run.status == 1
    assert said in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert run.events == []


def test_dates_are_those_of_the_fetch(crawled: tuple[Site, Crawl]) -> None:
    now = datetime.now(UTC)
    assert all(0 <= (now - capture.fetched_at).total_seconds() < 600 for capture in crawled[1].captures())
