"""How a crawl treats its hosts: robots.txt and its redirects, pauses for each host, one name on every request."""

from __future__ import annotations

import gzip
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from loopback_site import Answer, Site, html, page, redirect, running
from spider_process import HASTE, Crawl, crawl, sources_file

from spiders.links import read_links
from spiders.politeness import MAX_BUSY, MAX_SILENT
from spiders.reservations import read_reservations, said_of

PLAIN = (("Content-Type", "text/plain"),)
EVEN = HASTE | {"DOWNLOAD_DELAY_JITTER": 0}


class HangUp(Answer):
    """A connection that ends before the answer."""

    def head(self) -> bytes:
        return b""


BUSY = Answer(status_line="HTTP/1.1 503 Service Unavailable", body=b"later")


def robots(text: str, **given: Any) -> Answer:
    return Answer(body=text.encode(), headers=PLAIN, **given)


def see(directory: Path, site: Site, **given: Any) -> Crawl:
    """Crawl what the home page links to, on every name of this machine."""
    sources = sources_file(directory, listings=[f"{site.root}/"], domains=["127.0.0.1", "localhost"])
    return crawl(directory, sources, **given)


# --- robots.txt ------------------------------------------------------------------------------------------------------


def test_redirects_of_robots_txt_are_followed_to_other_hosts(tmp_path: Path) -> None:
    home = {"/": html("home", links=("/a/1", "/b/2")), "/a/1": html("one"), "/b/2": html("two")}
    with running({"/rules": redirect("/4"), "/4": redirect("/5"), "/5": robots("user-agent: *\ndisallow: /b/")}) as far:
        hops = {"/robots.txt": redirect("/2"), "/2": redirect(f"http://localhost:{far.port}/rules")}
        with running(home | hops) as site:
            run = crawl(tmp_path, sources_file(tmp_path, listings=[f"{site.root}/"]))
    assert site.paths == ["/robots.txt", "/2", "/", "/a/1"]
    assert far.paths == ["/rules", "/4", "/5"]
    assert run.status == 0
    assert [each.found.by for each in run.captures() if each.found][:5] == ["document-policy"] * 5


def test_a_robots_txt_behind_too_many_redirects_allows_all(tmp_path: Path) -> None:
    with running({"/robots.txt": redirect("/robots.txt"), "/": html("home")}) as site:
        run = see(tmp_path, site)
    assert site.paths == ["/robots.txt"] * 6 + ["/"]
    assert run.status == 0


def test_a_robots_txt_at_a_forbidden_address_allows_nothing(tmp_path: Path) -> None:
    with running({"/": html("nothing")}) as other, running({"/": html("home")}) as site:
        site.answers["/robots.txt"] = redirect(f"http://localhost:{other.port}/robots.txt")
        run = see(tmp_path, site, allow=f"127.0.0.1:{site.port}", overrides=HASTE | {"RETRY_TIMES": 0})
    assert (site.paths, other.paths) == (["/robots.txt"], [])
    assert run.status == 1
    assert "robots.txt could not be read" in run.stderr


def test_each_port_has_a_robots_txt_of_its_own(tmp_path: Path) -> None:
    with running({"/robots.txt": robots("user-agent: warraq\ndisallow: /"), "/a/2": html("two")}) as closed:
        links = ("/a/1", f"{closed.root}/a/2")
        with running({"/": html("home", links=links), "/a/1": html("one")}) as site:
            run = see(tmp_path, site, links=str(tmp_path / "links"))
    assert site.paths == ["/robots.txt", "/", "/a/1"]
    assert closed.paths == ["/robots.txt"]
    assert run.stats["robotstxt/forbidden"] == 1
    assert read_links(tmp_path / "links").links[f"{closed.root}/a/2"].why == "Forbidden by robots.txt"


def test_a_robots_txt_is_asked_for_again_when_it_is_old(tmp_path: Path) -> None:
    closing = [robots(""), robots("user-agent: *\ndisallow: /a/2")]
    with running(
        {
            "/robots.txt": closing,
            "/": html("home", links=("/a/1", "/a/2"), delay=0.3),
            "/a/1": html("one", delay=0.3),
            "/a/2": html("two"),
        }
    ) as site:
        see(tmp_path, site, overrides=HASTE | {"WARRAQ_ROBOTS_SECONDS": 0.4, "CONCURRENT_REQUESTS": 1})
    assert site.paths.count("/robots.txt") >= 2
    assert "/a/2" not in site.paths


def test_a_huge_robots_txt_is_cut_not_refused(tmp_path: Path) -> None:
    text = "user-agent: *\ndisallow: /a/1\n" + "#" * (1 << 20) + "\ndisallow: /a/2\n"
    with running({"/robots.txt": robots(text), "/": html("home", links=("/a/1", "/a/2")), "/a/2": html("two")}) as site:
        see(tmp_path, site)
    assert site.paths == ["/robots.txt", "/", "/a/2"]


# --- pauses ----------------------------------------------------------------------------------------------------------


def test_crawl_delay_is_the_host_s_alone(tmp_path: Path) -> None:
    others = tuple(f"/b/{number}" for number in range(4))
    with running(dict.fromkeys(others, html("other"))) as other:
        slow = {"/robots.txt": robots("user-agent: *\ncrawl-delay: 0.8"), "/a/1": html("one"), "/a/2": html("two")}
        links = ("/a/1", "/a/2", *(f"http://localhost:{other.port}{path}" for path in others))
        with running(slow | {"/": html("home", links=links)}) as site:
            see(tmp_path, site, overrides=EVEN)
    gaps = [later - earlier for earlier, later in zip(site.times, site.times[1:], strict=False)]
    assert len(gaps) == 3
    assert min(gaps) > 0.75
    assert other.times[-1] - other.times[0] < 0.75


def test_a_busy_host_is_left_and_the_others_go_on(tmp_path: Path) -> None:
    busy = tuple(f"/b/{number}" for number in range(30))
    with running(dict.fromkeys(busy, BUSY)) as other:
        links = (*(f"http://localhost:{other.port}{path}" for path in busy), "/a/1", "/a/2")
        with running({"/": html("home", links=links), "/a/1": html("one"), "/a/2": html("two")}) as site:
            run = see(tmp_path, site, links=str(tmp_path / "links"))
    assert site.paths == ["/robots.txt", "/", "/a/1", "/a/2"]
    assert MAX_BUSY <= len(other.paths) - 1 < MAX_BUSY + 4
    assert (run.status, run.finished["reason"]) == (1, "finished")
    assert "localhost: it answered 10 requests in a row with 429 or 503" in run.stderr
    last = read_links(tmp_path / "links").links[f"http://localhost:{other.port}/b/29"]
    assert last.why == "localhost is left alone in this run: it answered 10 requests in a row with 429 or 503"


def test_a_site_that_is_busy_on_every_host_is_left(tmp_path: Path) -> None:
    busy = dict.fromkeys([f"/a/{number}" for number in range(30)], BUSY)
    with running(busy) as site:
        sources = sources_file(tmp_path, domains=["127.0.0.1", "localhost"])
        asked = [f"http://{name}:{site.port}{path}" for path in busy for name in ("127.0.0.1", "localhost")]
        run = crawl(tmp_path, sources, pages=asked)
    assert (run.status, run.finished["reason"]) == (1, "asked_to_wait")
    assert len(site.paths) < 2 * (MAX_BUSY + 6)


def test_a_busy_host_gets_longer_pauses_and_shorter_ones_when_it_answers(tmp_path: Path) -> None:
    pages = {f"/a/{number}": html("page") for number in range(1, 9)}
    site_answers = {"/robots.txt": robots(""), **pages, "/a/1": [BUSY, html("one")], "/a/2": [BUSY, html("two")]}
    with running(site_answers) as site:
        run = crawl(
            tmp_path,
            sources_file(tmp_path),
            pages=[site.root + path for path in pages],
            overrides=EVEN | {"DOWNLOAD_DELAY": 0.1, "AUTOTHROTTLE_START_DELAY": 0.1, "CONCURRENT_REQUESTS": 1},
        )
    gaps = [later - earlier for earlier, later in zip(site.times, site.times[1:], strict=False)]
    assert run.status == 0
    assert gaps[2] > 0.35  # 0.1, 0.2, 0.4
    assert gaps[-1] < 0.3


def test_a_dead_host_is_left_and_the_others_go_on(tmp_path: Path) -> None:
    dead = tuple(f"/b/{number}" for number in range(30))
    with ExitStack() as stack:
        gone = stack.enter_context(running({"/robots.txt": robots(""), **dict.fromkeys(dead, HangUp(cut_at=0))}))
        links = (*(f"http://localhost:{gone.port}{path}" for path in dead), "/a/1")
        site = stack.enter_context(running({"/": html("home", links=links), "/a/1": html("one")}))
        run = see(tmp_path, site, links=str(tmp_path / "links"))
    assert site.paths == ["/robots.txt", "/", "/a/1"]
    assert len(gone.paths) < 2 * MAX_SILENT  # Twisted asks once more where a kept connection ends
    assert (run.status, run.finished["reason"]) == (1, "finished")
    assert "10 requests in a row got no answer" in run.stderr
    last = read_links(tmp_path / "links").links[f"http://localhost:{gone.port}/b/29"]
    assert (last.why or "").startswith("localhost is left alone in this run: 10 requests in a row got no answer")


# --- who we are ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact", "sender"), [("ops@paper.example", "ops@paper.example"), ("https://paper.example/bot", None)]
)
def test_every_request_says_who_we_are(tmp_path: Path, contact: str, sender: str | None) -> None:
    with running({}) as site:
        feed = f"<rss><channel><item><link>{site.root}/a/1</link></item></channel></rss>".encode()
        place = f"<urlset><url><loc>{site.root}/a/2</loc></url></urlset>".encode()
        site.answers |= {
            "/robots.txt": redirect("/rules.txt"),
            "/rules.txt": robots(f"user-agent: *\nallow: /\nsitemap: {site.root}/map.xml"),
            "/map.xml": Answer(body=place),
            "/feed": Answer(body=feed),
            "/": Answer(body=page("home", links=("/a/3",))),
            "/a/1": html("one"),
            "/a/2": redirect("/a/4"),
            "/a/3": [BUSY, html("three")],
            "/a/4": html("four"),
        }
        sources = sources_file(
            tmp_path, listings=[f"{site.root}/"], feeds=[f"{site.root}/feed"], rest=[f"{site.root}/wp-json/"]
        )
        crawl(tmp_path, sources, contact=contact)
    assert {"/rules.txt", "/map.xml", "/feed", "/", "/a/1", "/a/2", "/a/3", "/a/4"} <= set(site.paths)
    assert any(path.startswith("/wp-json/") for path in site.paths)
    agents = {headers.get("user-agent") for _, headers in site.requests}
    assert agents == {f"Warraq/{version('warraq')} (+{contact})"}
    assert {headers.get("from") for _, headers in site.requests} == {sender}
    assert not any({"cookie", "referer", "authorization"} & headers.keys() for _, headers in site.requests)


# --- what a response says may be done with it ------------------------------------------------------------------------

TDMREP = """[
    {"location": "/a/open/", "tdm-reservation": 0},
    {"location": "/a/*/closed$", "tdm-reservation": 1, "tdm-policy": "https://paper.example/a,b"},
    {"location": 7}, "nonsense", {"location": "/", "tdm-reservation": 2}
]"""


def test_what_is_not_to_be_kept_is_not_archived(tmp_path: Path) -> None:
    def told(*headers: tuple[str, str], body: bytes = page("text")) -> Answer:
        return Answer(body=body, headers=(("Content-Type", "text/html"), *headers))

    meta = page("text").replace(b"<title>", b'<meta name="robots" content="noarchive"><title>')
    pages = {
        "/a/1": told(("X-Robots-Tag", "otherbot: noarchive"), ("X-Robots-Tag", "noindex")),
        "/a/2": told(("X-Robots-Tag", "noarchive")),
        "/a/3": Answer(body=gzip.compress(meta), headers=(("Content-Type", "text/html"), ("Content-Encoding", "gzip"))),
        "/a/x/closed": told(),
        "/a/open/closed": told(),
        "/a/x/closed?by=header": told(("TDM-Reservation", "0")),
        "/a/4": told(("tdm-reservation", "1")),
    }
    home = told(("X-Robots-Tag", "noarchive"), body=page("home", links=tuple(pages)))
    policies = {"/robots.txt": robots("user-agent: *"), "/.well-known/tdmrep.json": robots(TDMREP)}
    with running({**policies, "/": home, **pages}) as site:
        run = see(tmp_path, site, obey=["noarchive", "tdm"])
    assert site.paths[:3] == ["/robots.txt", "/.well-known/tdmrep.json", "/"]
    assert site.paths.count("/.well-known/tdmrep.json") == 1
    found = {each.url.removeprefix(site.root): each for each in run.captures()}
    assert {path: (each.directives, each.withheld) for path, each in found.items()} == {
        "/robots.txt": ((), None),
        "/.well-known/tdmrep.json": ((), None),
        "/": (("noarchive",), "noarchive"),
        "/a/1": (("noindex",), None),
        "/a/2": (("noarchive",), "noarchive"),
        "/a/3": (("noarchive",), "noarchive"),
        "/a/x/closed": (("tdm-reservation", "tdm-policy https://paper.example/a%2Cb"), "tdm-reservation"),
        "/a/open/closed": ((), None),
        "/a/x/closed?by=header": ((), None),
        "/a/4": (("tdm-reservation",), "tdm-reservation"),
    }
    assert {(not each.payload, each.truncated) for each in found.values() if each.withheld} == {(True, "unspecified")}
    assert all(each.payload for each in found.values() if not each.withheld)
    assert run.stats["warraq/fetched"] == len(pages)


def test_nothing_is_asked_for_and_all_is_kept_where_nothing_is_obeyed(tmp_path: Path) -> None:
    answer = Answer(body=page("home"), headers=(("Content-Type", "text/html"), ("X-Robots-Tag", "noarchive")))
    with running({"/": answer}) as site:
        run = see(tmp_path, site)
    assert site.paths == ["/robots.txt", "/"]
    assert [each.payload for each in run.captures()][-1] == answer.body


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[" * 100_000, b"null", b"\xff", b"[" + b'{"location": "/", "tdm-reservation": 1},' * 20_000],
)
def test_a_reservation_that_cannot_be_read_reserves_nothing(content: bytes) -> None:
    assert read_reservations(content) == []


def test_the_first_reservation_that_matches_holds() -> None:
    rules = read_reservations(
        b'[{"location": "/a/", "tdm-reservation": "1"}, {"location": "/", "tdm-reservation": 0},'
        b' {"location": "/b", "tdm-reservation": 1}, {"location": "/\xd8\xa3", "tdm-reservation": true}]'
    )
    assert said_of(rules, "https://x.example/a/1") == ("tdm-reservation",)
    assert said_of(rules, "https://x.example/b") == ()
    assert len(rules) == 3
