"""Sites that announce nothing where they should, and sites that refuse us."""

from __future__ import annotations

from pathlib import Path

from loopback_site import Answer, html, running
from spider_process import crawl, sources_file

from spiders.links import read_links

FORBIDDEN = html("no", status_line="HTTP/1.1 403 Forbidden")
LINKS = tuple(f"/a/{number}" for number in range(40))


def test_the_home_page_stands_in_for_a_dead_feed(tmp_path: Path) -> None:
    with running({"/": html("home", links=LINKS[:3]), **{link: html(link) for link in LINKS}}) as site:
        sources = sources_file(tmp_path, feeds=[f"{site.root}/feed"], article="^/a/")
        run = crawl(tmp_path, sources, links=str(tmp_path / "links.jsonl"))
    assert (run.status, run.stats["warraq/fetched"]) == (0, 3)
    assert run.finished["problems"] == [f"{site.root}/feed: it answered 404; {site.root}/ is read instead"]
    assert run.finished["unread"] == []
    assert run.stats["warraq/discovery_complete"] == 1
    documents = read_links(tmp_path / "links.jsonl").documents
    assert [(each.found_by, each.status, each.problem) for each in documents] == [
        ("feed", 404, "it answered 404"),
        ("listing", 200, None),
    ]


def test_a_site_that_refuses_is_left(tmp_path: Path) -> None:
    answers = {"/": html("home", links=LINKS), **dict.fromkeys(LINKS, FORBIDDEN), LINKS[3]: html("let through")}
    with running(answers) as site:
        sources = sources_file(tmp_path, listings=[f"{site.root}/"])
        run = crawl(tmp_path, sources, links=str(tmp_path / "links.jsonl"))
    assert (run.status, run.finished["reason"]) == (1, "blocked")
    assert "site refused" in run.stderr
    assert "it answered 403" in run.stderr
    assert 13 <= run.stats["warraq/refused"] <= len(site.paths) - 3 < 20
    states = [link.state.value for link in read_links(tmp_path / "links.jsonl").links.values()]
    assert states[3] == "fetched"
    assert (states.count("failed"), states.count("wanted")) == (
        run.stats["warraq/failed"],
        39 - run.stats["warraq/failed"],
    )


def test_a_site_that_lets_nothing_be_read_refuses(tmp_path: Path) -> None:
    challenge = html("Just a moment...", headers=(("cf-mitigated", "challenge"), ("Content-Type", "text/html")))
    with running({"/feed": challenge}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, feeds=[f"{site.root}/feed"]))
    assert (run.status, run.finished["reason"]) == (1, "blocked")
    assert "Cloudflare's challenge" in run.stderr


def test_a_site_that_is_busy_without_end_is_left(tmp_path: Path) -> None:
    busy = Answer(status_line="HTTP/1.1 503 Service Unavailable", body=b"later")
    with running({"/": html("home", links=LINKS), **dict.fromkeys(LINKS, busy)}) as site:
        run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    assert (run.status, run.finished["reason"]) == (1, "asked_to_wait")
    assert run.stderr.startswith(
        "site answered 10 requests in a row with 429 or 503, so the crawl stopped; run it again"
    )
    assert len(site.paths) < 20


def test_links_behind_the_limit_are_told(tmp_path: Path) -> None:
    with running({"/": html("home", links=LINKS), **{link: html(link) for link in LINKS}}) as site:
        sources = sources_file(tmp_path, listings=[f"{site.root}/"])
        run = crawl(tmp_path, sources, limit=2, links=str(tmp_path / "links.jsonl"))
    assert run.finished["reason"] == "limit"
    assert "warraq/discovery_complete" not in run.stats
    states = [link.state.value for link in read_links(tmp_path / "links.jsonl").links.values()]
    assert (states.count("fetched"), states.count("limit")) == (2, 38)
