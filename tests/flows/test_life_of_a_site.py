"""Two days in the life of three sites, crawled by the command: what scheduled runs find, ask for and say.

The second day brings late arrivals, edits, 429s, a dead feed and a new template. `python -m tests.soak sites` is the
same over three years.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from warraq_command import make_command

from tests.bigsite import Article, Asked, Fault, RunningSite, Spec, environment, running, write_sources

WAYS = {"by-sitemap": "sitemap", "by-feed": "feed", "by-pages": "listing"}


ARTICLE = r"^/\d{4}/\d\d/\d\d/"


def spec(source: str) -> Spec:
    kind = "nastooh" if source == "by-pages" else "wordpress"
    return Spec(kind=kind, id=source, articles=90, days=6, edited=0.9, late=0.1, deleted=0, moved=0.05)


@dataclass(frozen=True)
class Day:
    """One run of one source."""

    site: RunningSite
    now: datetime
    report: dict[str, Any]
    asked: list[Asked]

    @property
    def articles(self) -> list[Article]:
        """What could be read then."""
        return self.site.articles.out(self.now)

    def was_asked(self, article: Article) -> list[Asked]:
        return [asked for asked in self.asked if asked.target == article.path(self.now)]


@dataclass(frozen=True)
class Life:
    """What came of it all."""

    first: dict[str, Day]
    second: dict[str, Day]
    third: Day
    """Of one source, a minute after the second: nothing has changed."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    directory = tmp_path_factory.mktemp("life")
    warraq = make_command(directory / "warraq")
    specs = {source: spec(source) for source in WAYS}
    renewed = specs["by-feed"].first + timedelta(days=4)
    specs["by-feed"] = replace(specs["by-feed"], new_template=renewed)
    noon = specs["by-feed"].end - timedelta(days=2)
    with running(*specs.values(), directory=directory) as sites:
        of = {site.spec.source: site for site in sites}
        for source, way in WAYS.items():
            of[source].set(ways=[way])  # robots.txt names no other
        sources = write_sources(directory / "sources.toml", *(of[source].source(way) for source, way in WAYS.items()))  # type: ignore[arg-type]

        def crawl(now: datetime, *ids: str) -> dict[str, Day]:
            asked = {source: len(site.requests()) for source, site in of.items()}
            for site in sites:
                site.set(now=now)
            out, err = warraq.start("crawl", *ids, "--json", **environment(sources, now=now)).communicate()
            reports = {report["source"]: report for report in map(json.loads, out.splitlines())}
            assert {report["problem"] for report in reports.values()} == {None}, err.decode()
            return {source: Day(of[source], now, reports[source], of[source].requests(asked[source])) for source in ids}

        of["by-sitemap"].set(faults=[Fault(match=ARTICLE, status=429, retry_after=1, every=25, burst=2)])
        first = crawl(noon, *WAYS)
        of["by-sitemap"].set(faults=[Fault(match=ARTICLE, status=429, times=3)])
        of["by-feed"].set(faults=[Fault(match="^/feed/", body="html")], ways=["feed", "rest"])
        second = crawl(noon + timedelta(days=1), *WAYS)
        third = crawl(noon + timedelta(days=1, minutes=1), "by-sitemap")
        yield Life(first, second, third["by-sitemap"])


@pytest.mark.parametrize("source", WAYS)
def test_all_that_is_announced_is_found_by_each_way_alone(life: Life, source: str) -> None:
    day = life.first[source]
    assert day.report["status"] == "completed"
    assert day.report["outcomes"]["new"] == len(day.articles)
    assert all(day.was_asked(article) for article in day.articles)


@pytest.mark.parametrize("source", WAYS)
def test_what_is_known_is_left_alone_until_it_may_have_changed(life: Life, source: str) -> None:
    day, known = life.second[source], set(life.first[source].articles)
    ages = [timedelta(hours=hours) for hours in (1, 6, 24, 168)]
    before = life.first[source].now
    for article in day.articles:
        due = any(before < article.published_at + age <= day.now for age in ages)
        if article in known and not article.has_moved(day.now):
            assert bool(day.was_asked(article)) == due, article


def test_a_run_that_finds_nothing_changed_is_complete(life: Life) -> None:
    assert life.third.report["status"] == "completed"
    assert [asked.target for asked in life.third.asked] == [
        "/robots.txt",
        "/.well-known/tdmrep.json",
        "/sitemap_index.xml",
    ]


def test_revisits_bring_edits_and_304_for_the_rest(life: Life) -> None:
    day, before = life.second["by-sitemap"], life.first["by-sitemap"].now
    revisits = [asked for asked in day.asked if asked.conditional and asked.status != 429]
    edited = [
        article
        for article in life.first["by-sitemap"].articles
        if article.edited_at and before < article.edited_at <= day.now and day.was_asked(article)
    ]
    assert edited
    assert {asked.status for asked in revisits} == {200, 304}
    assert len([asked for asked in revisits if asked.status == 200]) == len(edited)
    assert day.report["outcomes"]["revision"] == len(edited)
    assert day.report["outcomes"]["unchanged"] == len(revisits) - len(edited)


def test_late_arrivals_are_found(life: Life) -> None:
    for source in ("by-sitemap", "by-pages"):
        before, day = life.first[source], life.second[source]
        late = [a for a in day.articles if a.is_late and a.announced_at > before.now and a.day < before.now.date()]
        assert late
        assert all(day.was_asked(article) for article in late), source


def test_429s_are_waited_for_and_nothing_is_lost(life: Life) -> None:
    for day in (life.first["by-sitemap"], life.second["by-sitemap"]):
        refused = [asked for asked in day.asked if asked.status == 429]
        assert len(refused) >= 3
        assert {asked.target for asked in refused} <= {
            asked.target for asked in day.asked if asked.status in (200, 304)
        }
    times = [asked.time for asked in life.first["by-sitemap"].asked]
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) > 0.9


def test_a_dead_feed_is_told_and_another_way_found(life: Life) -> None:
    before, day = life.first["by-feed"], life.second["by-feed"]
    assert day.report["status"] == "completed"
    assert [a for a in day.articles if a.published_at > before.now and not day.was_asked(a)] == []
    problem = next(problem for problem in day.report["spider"]["problems"] if "/feed/:" in problem)
    assert re.search(r"http\S+/wp-json/\S+ is read instead", problem)


def test_a_new_template_is_flagged_in_the_run_that_meets_it(life: Life) -> None:
    day = life.second["by-feed"]
    assert life.first["by-feed"].report["findings"] == []
    renewed = day.site.spec.new_template
    assert [finding for finding in day.report["findings"] if finding.startswith(f"{renewed} parse_regressed: ")]
    assert day.report["verdicts"]["parse_regressed"] == 1
