"""What a run may take of a site: a run that comes to a limit ends in order, says which, and leaves the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spiders.links import State, read_links
from tests.spiders.loopback_site import Answer, Site, html, redirect, running
from tests.spiders.spider_process import Crawl, crawl, sources_file

PAGES = {f"/a/{number}": html(f"page {number} " + "x" * 2000) for number in range(20)}


def listings(count: int) -> dict[str, Answer | list[Answer]]:
    """A listing by pages, two articles on each."""
    return {
        f"/list/{page}": html(f"list {page}", links=(f"/a/{2 * page}", f"/a/{2 * page + 1}", f"/list/{page + 1}"))
        for page in range(count)
    }


def crawled(directory: Path, site: Site, limits: dict[str, float], **fields: Any) -> Crawl:
    entry = {"listings": [f"{site.root}/list/0"], "article": "^/a/"} | fields
    asked = {"memory": entry.pop("memory", 0)}
    return crawl(directory, sources_file(directory, limits=limits, **entry), links=str(directory / "links"), **asked)


@pytest.mark.parametrize(
    ("limits", "pages", "documents"),
    [({"pages": 5}, 5, 3), ({"documents": 4}, 8, 4), ({"bytes": 9000}, 4, None)],
)
def test_a_run_ends_at_its_limit_and_says_which(
    tmp_path: Path, limits: dict[str, float], pages: int, documents: int | None
) -> None:
    with running(listings(10) | PAGES) as site:
        run = crawled(tmp_path, site, limits)
    (name,) = limits
    assert (run.status, run.finished["reason"], run.stats["warraq/limit_reached"]) == (1, "limit_reached", name)
    assert f"stopped at a limit of its source, `{name}`" in run.stderr
    assert "[site.limits]" in run.stderr
    assert "warraq/discovery_complete" not in run.stats
    came = [path for path in site.paths if path.startswith("/a/")]
    archived = {capture.url.removeprefix(site.root) for capture in run.captures()}
    assert set(came) <= archived
    if documents:
        assert (len(came), run.stats["warraq/documents"]) == (pages, documents)
    else:
        assert pages - 1 <= len(came) <= pages + 3  # those under way come home
    links = read_links(tmp_path / "links").links
    assert {link.state for link in links.values()} <= {State.FETCHED, State.LIMIT, State.WANTED}


def test_the_limit_of_one_host_leaves_the_rest_to_the_next_run(tmp_path: Path) -> None:
    with running(listings(3) | PAGES) as site:
        run = crawled(tmp_path, site, {"host_pages": 3})
    assert (run.status, run.stats["warraq/fetched"], run.stats["warraq/over_limit"]) == (0, 3, 3)
    assert "warraq/discovery_complete" not in run.stats


def test_the_user_s_limit_keeps_its_meaning(tmp_path: Path) -> None:
    with running(listings(3) | PAGES) as site:
        sources = sources_file(tmp_path, limits={"pages": 5}, listings=[f"{site.root}/list/0"], article="^/a/")
        run = crawl(tmp_path, sources, limit=2)
    assert (run.status, run.finished["reason"], run.stats["warraq/fetched"]) == (0, "limit", 2)


def test_what_is_left_out_is_told_once_with_its_number(tmp_path: Path) -> None:
    long = tuple(f"/a/{'x' * 3000}{number}" for number in range(40))
    longer = tuple(f"/a/{'x' * 8000}{number}" for number in range(150))
    chain: dict[str, Answer | list[Answer]] = {f"/a/r{number}": redirect(f"/a/r{number + 1}") for number in range(9)}
    home = {"/list/0": html("list", links=(*longer, *long, "/a/1", "/a/r0"))}
    with running(home | chain | PAGES) as site:
        run = crawled(tmp_path, site, {"redirects": 2})
    assert (run.status, run.stats["warraq/fetched"]) == (0, 42)
    assert set(site.paths) == {"/robots.txt", "/list/0", *long, "/a/1", "/a/r0", "/a/r1", "/a/r2"}
    (problem,) = run.finished["problems"]
    assert problem.endswith("left out, for the URL has more than 8000 bytes (and 149 more)")
    left = [link for link in read_links(tmp_path / "links").links.values() if link.state is State.LEFT_OUT]
    assert [link.why for link in left] == ["the URL has more than 8000 bytes"]  # as far as their ends are written
    assert run.stats["warraq/discovery_complete"] == 1


def test_a_listing_without_end_that_brings_nothing_is_left(tmp_path: Path) -> None:
    nothing = {f"/a/{number}": html("no such article") for number in range(100)}
    with running(listings(50) | nothing) as site:
        run = crawled(tmp_path, site, {})
    assert sum(path.startswith("/list/") for path in site.paths) == 12
    assert "without bringing a page that was not served before" in run.finished["problems"][0]


def test_a_spider_that_takes_too_much_memory_ends_in_order(tmp_path: Path) -> None:
    with running(listings(10) | PAGES) as site:
        run = crawled(tmp_path, site, {}, memory=20)
    assert (run.status, run.finished["reason"]) == (1, "memory")
    assert "more than 20 MiB of memory" in run.stderr
    assert "WARRAQ_SPIDER_MEMORY" in run.stderr
    assert {site.root + path for path in site.paths} <= {capture.url for capture in run.captures()}
