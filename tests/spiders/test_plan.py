"""Which documents a crawl reads. No network: documents are values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from extract.types import Source
from spiders.discovery import Document, Kind, Link
from spiders.plan import Plan, Shown, Step
from spiders.window import Window

NOW = datetime(2024, 12, 10, 12, tzinfo=UTC)
WATERMARK = datetime(2024, 12, 10, 6, tzinfo=UTC)
ROOT = "https://site.example"
NASTOOH = f"{ROOT}/page/archive.xhtml?yr={{jyear}}&mn={{jmonth}}&dy={{jday}}&pi={{page}}"


def plan(since: str | None = None, until: str | None = None, watermark: datetime | None = None, **fields: Any) -> Plan:
    source = Source(
        **{"id": "site", "name": "x", "language": "fa", "timezone": "Asia/Tehran", "domains": ("site.example",)}
        | fields
    )
    bounds = (date.fromisoformat(day) if day else None for day in (since, until))
    return Plan(source, Window.of_days(*bounds, source.timezone), watermark, NOW)


def urls(steps: list[Step]) -> list[str]:
    return [step.url.removeprefix(ROOT) for step in steps]


def children(planned: Plan, *links: tuple[str, str | None]) -> list[str]:
    index = Step(url=f"{ROOT}/index.xml", way="sitemap", is_entry=True)
    given = [
        Link(url=ROOT + url, modified_at=datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None)
        for url, at in links
    ]
    return urls(planned.children(index, index.url, given))


def document(kind: Kind, *found: str, next_url: str | None = None) -> Document:
    return Document(kind=kind, links=tuple(Link(url=ROOT + url) for url in found), next_url=next_url)


EVERYTHING = {
    "feeds": (f"{ROOT}/rss",),
    "sitemaps": (f"{ROOT}/news.xml",),
    "rest": (f"{ROOT}/wp-json/",),
    "archives": (NASTOOH, f"{ROOT}/all/{{page}}"),
    "listings": (f"{ROOT}/",),
}
POSTS = "/wp-json/wp/v2/posts?_fields=link,date_gmt,modified_gmt,title&orderby=date&per_page=100"


def test_a_scheduled_crawl_reads_what_announces_the_latest() -> None:
    assert urls(plan(**EVERYTHING).entries()) == ["/rss", "/news.xml", f"{POSTS}&page=1", "/all/1", "/"]
    since = urls(plan(watermark=WATERMARK, **EVERYTHING).entries())
    assert since[2] == f"{POSTS}&after=2024-12-09T06:00:00Z&page=1"  # a day before: an editor sets the time


def test_a_windowed_crawl_reads_what_covers_its_days_the_last_first() -> None:
    assert urls(plan("2024-12-01", "2024-12-03", WATERMARK, **EVERYTHING).entries()) == [
        "/rss",
        "/news.xml",
        f"{POSTS}&after=2024-11-30T20:29:59Z&before=2024-12-02T20:30:00Z&page=1",
        "/page/archive.xhtml?yr=1403&mn=9&dy=12&pi=1",
        "/page/archive.xhtml?yr=1403&mn=9&dy=11&pi=1",
        "/all/1",
        "/",
    ]
    assert len(plan("2024-12-09", **EVERYTHING).entries()) == 5 + 2  # up to today
    assert urls(plan().entries()) == ["/"]  # a source that states nothing


def test_child_sitemaps_of_other_days_are_left_alone_and_the_last_changed_is_read_first() -> None:
    given = [
        ("/2019.xml", "2019-12-31T10:00"),
        ("/s-2024-11.xml", None),
        ("/s-2024-12.xml", None),
        ("/s-2025-01.xml", None),
        ("/s-1403-08.xml", "2024-12-09T10:00"),
        ("/undated.xml", None),
        ("/changed.xml", "2024-12-09T11:00"),
    ]
    assert children(plan("2024-12-02", "2024-12-05"), *given) == ["/s-2024-12.xml", "/changed.xml", "/undated.xml"]


def test_child_sitemaps_that_have_not_changed_since_the_watermark_are_left_alone() -> None:
    given = [
        ("/before.xml", "2024-12-10T05:59"),
        ("/after.xml", "2024-12-10T06:01"),
        ("/the-day.xml", "2024-12-10T00:00"),  # a date, so at any time of that day
        ("/the-day-before.xml", "2024-12-09T00:00"),
        ("/s-2024-11.xml", None),  # over for nine days
        ("/s-1403-09.xml", None),
        ("/s-2023.xml", "2024-12-10T08:00"),
        ("/undated.xml", None),
    ]
    kept = ["/after.xml", "/s-1403-09.xml", "/s-2023.xml", "/the-day.xml", "/undated.xml"]
    assert sorted(children(plan(watermark=WATERMARK), *given)) == kept
    assert children(plan(watermark=WATERMARK - timedelta(days=3)), given[4]) == ["/s-2024-11.xml"]  # late ones may come
    assert len(children(plan(), *given)) == len(given)


def shown(*, known: bool = False, at: str | None = None) -> Shown:
    return Shown(at=datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None, is_known=known)


@pytest.mark.parametrize(
    ("planned", "links", "goes_on"),
    [
        (plan(), [shown(known=True)], True),  # the first crawl, which may have been cut off before
        (plan(), [], False),
        (plan(watermark=WATERMARK), [shown(known=True), shown()], True),
        (plan(watermark=WATERMARK), [shown(known=True)], False),
        (plan("2024-12-01"), [shown(at="2024-12-01T12:00", known=True), shown(at="2019-01-01")], True),
        (plan("2024-12-01"), [shown(at="2024-11-30T12:00")], False),
        (plan("2024-12-01"), [shown()], False),  # without dates there would be no end
        (plan(None, "2024-12-01"), [shown()], True),
    ],
)
def test_how_far_a_listing_is_followed(planned: Plan, links: list[Shown], goes_on: bool) -> None:
    step = Step(url=f"{ROOT}/", way="listing", is_entry=True)
    found = planned.next_page(step, document(Kind.LISTING, "/a", next_url=f"{ROOT}/?page=2"), links)
    assert urls([found] if found else []) == (["/?page=2"] if goes_on else [])
    assert planned.next_page(step, document(Kind.LISTING, "/a"), links) is None


def test_the_archive_of_a_day_is_followed_while_it_shows_that_day() -> None:
    planned = plan("2024-12-01", "2024-12-02", archives=(NASTOOH,))
    (first,) = planned.entries()
    page = document(Kind.LISTING, "/a", next_url=f"{ROOT}/elsewhere")
    second = planned.next_page(first, page, [shown()])
    assert second is not None
    assert second.url.endswith("dy=11&pi=2")
    assert planned.next_page(second, page, [shown(at="2024-12-01T20:31"), shown(at="2024-12-03")]) is None
    assert planned.next_page(second, page, []) is None
    link = planned.dated(second, Link(url="x"))
    assert link.published_at == datetime(2024, 11, 30, 20, 30, tzinfo=UTC)
    dated = Link(url="x", published_at=NOW)
    assert planned.dated(second, dated) is dated


@pytest.mark.parametrize(
    ("pages", "posts", "goes_on"), [(2, 1, True), (1, 100, False), (None, 100, True), (None, 99, False)]
)
def test_posts_are_read_to_the_last_page(pages: int | None, posts: int, goes_on: bool) -> None:
    planned = plan(rest=(f"{ROOT}/wp-json/",))
    (first,) = planned.entries()
    answer = document(Kind.REST, *(f"/{number}" for number in range(posts)))
    second = planned.next_page(first, answer, [], pages)
    assert (second and second.url.removeprefix(ROOT)) == (f"{POSTS}&page=2" if goes_on else None)


def test_a_dead_way_is_replaced_by_the_next_and_that_is_said() -> None:
    planned = plan(feeds=(f"{ROOT}/rss",), family="wordpress", watermark=WATERMARK)
    (feed,) = planned.entries()
    planned.failed(feed, "it answered 404", may_pass=False)
    sitemap = planned.sitemap_of_robots(f"{ROOT}/index.xml", f"{ROOT}/robots.txt")
    planned.children(sitemap, sitemap.url, [Link(url=f"{ROOT}/old.xml", modified_at=WATERMARK - timedelta(days=9))])
    planned.read(sitemap, document(Kind.SITEMAP, "/a"))
    assert planned.problems == [f"{ROOT}/rss: it answered 404; {ROOT}/index.xml is read instead"]
    tried = []
    while steps := planned.fall_back():
        tried.append(urls(steps))
        for step in steps:
            planned.failed(step, "it answered 404", may_pass=True)
    assert tried == [[f"{POSTS}&after=2024-12-09T06:00:00Z&page=1"], ["/"], ["/old.xml"]]
    assert planned.is_complete  # guesses are nobody's promise


def test_a_way_that_lives_stands_in_without_further_guesses() -> None:
    planned = plan(feeds=(f"{ROOT}/rss",), listings=(f"{ROOT}/",))
    feed, listing = planned.entries()
    planned.read(feed, document(Kind.FEED))
    planned.read(listing, document(Kind.LISTING, "/a"))
    assert planned.fall_back() == []
    assert planned.problems == [f"{ROOT}/rss: it is empty; {ROOT}/ is read instead"]
    assert planned.unread == []
    assert planned.has_found


def test_posts_and_days_may_be_none() -> None:
    planned = plan("2024-12-01", "2024-12-02", rest=(f"{ROOT}/wp-json/",), archives=(NASTOOH,))
    for step in planned.entries():
        planned.read(step, document(Kind.REST if step.way == "rest" else Kind.LISTING))
    assert (planned.problems, planned.fall_back(), planned.is_complete) == ([], [], True)


def test_a_way_that_is_dead_for_good_and_replaced_by_nothing_is_no_discovery() -> None:
    planned = plan()
    (home,) = planned.entries()
    planned.failed(home, "it answered 404", may_pass=False)
    assert not planned.is_complete


def test_what_may_be_there_the_next_time_keeps_discovery_from_being_complete() -> None:
    planned = plan()
    planned.failed(Step(url=f"{ROOT}/s-9.xml", way="sitemap"), "it answered 503", may_pass=True)
    assert not planned.is_complete
    assert planned.unread == planned.problems == [f"{ROOT}/s-9.xml: it answered 503"]


def test_a_source_that_only_has_archives_by_day_is_read_for_its_latest_days() -> None:
    days = [f"/page/archive.xhtml?yr=1403&mn=9&dy={day}&pi=1" for day in (20, 19)]
    assert urls(plan(archives=(NASTOOH,)).entries()) == days
    week = WATERMARK - timedelta(days=7)
    assert len(plan(archives=(NASTOOH,), watermark=week).entries()) == 9


def test_a_page_in_the_place_of_a_feed_and_one_without_articles_announce_nothing() -> None:
    planned = plan(feeds=(f"{ROOT}/rss",), archives=(f"{ROOT}/all/{{page}}",), article="^/news/")
    feed, listing = planned.entries()
    planned.read(feed, document(Kind.LISTING, "/news/1"))
    planned.read(listing, document(Kind.LISTING, "/about"))
    assert planned.problems == [f"{ROOT}/rss: it is a page, no feed", f"{ROOT}/all/1: it links to no article"]
    assert not planned.has_found
