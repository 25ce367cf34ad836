"""Crawls of certain days, over real HTTP, one of which keeps the documents for the next."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from loopback_site import Answer, Site, gzipped, html, running
from spider_process import crawl, sources_file

from spiders.links import read_links

JSON = (("Content-Type", "application/json"), ("X-WP-Total", "101"), ("X-WP-TotalPages", "2"))
TODAY = '<aside><a href="/a/99">the latest</a></aside>'


def posts(root: str, *found: tuple[str, str]) -> Answer:
    listed = ", ".join(f'{{"link": "{root}{path}", "date_gmt": "{at}"}}' for path, at in found)
    return Answer(body=f"[{listed}]".encode(), headers=JSON)


def teasers(*found: tuple[str, str], more: str = "") -> Answer:
    items = "".join(f'<li><a href="{path}">{path}</a><time datetime="{at}"></time></li>' for path, at in found)
    return Answer(body=f"<html><body><ul>{items}</ul>{more}</body></html>".encode())


def announce(site: Site) -> None:
    """The third and fourth of December 2024, the 13th and 14th of Azar 1403, and days before and after."""
    root = site.root
    query = "_fields=link,date_gmt,modified_gmt,title&orderby=date&per_page=100"
    for day, at in (
        (3, "2024-12-02T20:59:59Z&before=2024-12-03T21:00:00Z"),
        (4, "2024-12-03T20:59:59Z&before=2024-12-04T21:00:00Z"),
    ):
        rest = f"/wp-json/wp/v2/posts?{query}&after={at}"
        site.answers[f"{rest}&page=1"] = posts(root, (f"/a/{day}01", f"2024-12-0{day}T10:00:00"))
        site.answers[f"{rest}&page=2"] = posts(root, (f"/a/{day}02", f"2024-12-0{day}T09:00:00"))
        archive = f"/archive?y=1403&m=09&d={day + 10}"
        site.answers[f"{archive}&page=1"] = html("1", links=(f"/a/{day}03", f"/a/{day}04"))
        site.answers[f"{archive}&page=2"] = html("2", links=(f"/a/{day}04", f"/a/{day}05"))
        site.answers[f"{archive}&page=3"] = html("3", links=(f"/a/{day}04", f"/a/{day}05"))
        site.answers[f"/s-2024-12-0{day}.xml"] = Answer(
            body=f"<urlset><url><loc>{root}/a/{day}06</loc><lastmod>2024-12-0{day}</lastmod></url></urlset>".encode()
        )
    names = "".join(
        f"<sitemap><loc>{root}/s-2024-{day}.xml</loc></sitemap>" for day in ("11-30", "12-03", "12-04", "12-09")
    )
    site.answers["/index.xml"] = gzipped(f"<sitemapindex>{names}</sitemapindex>".encode(), "text/xml")
    older = '<a href="/?page={}">older</a>'
    site.answers["/"] = teasers(("/a/901", "2024-12-09"), ("/a/407", "2024-12-04T10:00:00+03:00"), more=older.format(2))
    site.answers["/?page=2"] = teasers(
        ("/a/307", "2024-12-03T10:00"), ("/a/207", "2024-12-02T10:00"), more=older.format(3)
    )
    site.answers["/?page=3"] = teasers(("/a/208", "2024-12-01T10:00"), more=older.format(4))
    for number in range(100, 1000):
        site.answers[f"/a/{number}"] = html(str(number))


def test_days_are_found_by_each_way_and_documents_are_read_once(tmp_path: Path) -> None:
    with running({}) as site:
        announce(site)
        root = site.root
        sources = sources_file(
            tmp_path, rest=[f"{root}/wp-json/"], sitemaps=[f"{root}/index.xml"], listings=[f"{root}/"],
            archives=[f"{root}/archive?y={{jyear}}&m={{jmonth:02}}&d={{jday}}&page={{page}}"], article=r"^/a/\d",
        )  # fmt: skip
        days = {}
        for day in (4, 3):
            asked, log = len(site.paths), tmp_path / f"{day}.jsonl"
            run = crawl(
                tmp_path, sources, since=f"2024-12-0{day}", until=f"2024-12-0{day + 1}", links=str(log),
                documents=str(tmp_path / "documents"), run_id=f"run{day}",
            )  # fmt: skip
            assert (run.status, run.finished["problems"]) == (0, [])
            archived = [capture.url.removeprefix(root) for capture in run.captures()]
            assert Counter(archived) == Counter(site.paths[asked:])  # what was kept is not archived a second time
            days[day] = read_links(log), site.paths[asked:]
    for day, (told, asked) in days.items():
        wanted = {f"/a/{day}0{number}" for number in range(1, 8)}
        assert {path for path in asked if path.startswith("/a/")} == wanted
        by = {url.removeprefix(root): link for url, link in told.links.items()}
        assert {path for path, link in by.items() if link.state == "fetched"} == wanted
        assert [by[f"/a/{day}0{number}"].found.by for number in (1, 2, 3, 4, 5, 6, 7)] == [
            "rest", "rest", "archive", "archive", "archive", "sitemap", "listing",
        ]  # fmt: skip
        at = by[f"/a/{day}03"].found.announced_at
        assert at is not None
        assert at.isoformat() == f"2024-12-0{day}T00:00:00+03:00"
        assert by["/a/901"].state == "outside"
    assert {path for path in days[4][1] if "?page" in path} == {"/?page=2"}
    again = set(days[3][1]) & set(days[4][1])
    assert again == {"/robots.txt"}
    assert "/?page=3" in days[3][1]
    assert "/?page=4" not in days[3][1]
