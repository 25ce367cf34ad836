"""arabstoday.net: the group's pan-Arab site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from samples.build import arabs_group as group
from samples.build import web
from samples.build.arabs_group import Brand, Story
from samples.build.model import SampleResponse, Truth
from samples.build.text import load
from samples.build.web import Clock, FeedItem

BRAND = Brand(
    name="العرب اليوم",
    host="arabstoday.net",
    latin="arabstoday",
    sections=load("arabstoday")["sections"],
    tags_id="GTM-5W8RBTD",
)
HOME = BRAND.home
_RENDERED = datetime(2025, 1, 23, 4, 20, 4, tzinfo=UTC)
"""When the seed's page was: `آخر تحديث GMT04:20:04`."""
_VIEWED = "091842"
"""Clock of the article of which there are a print and an AMP view."""
_REVISED = "103215"
"""Clock of the article that changes in the course of the crawl."""
_NOTES = {
    "114830": "the seed text, with its comment form, related links, latest news, copyright and address",
    _VIEWED: "also fetched in its print and AMP views",
    _REVISED: "changes later: the first version",
    "064809": "a short piece of news",
    "142507": "with a table; no duplicate of anything",
}
_SECTION = f"{HOME}/351-{web.slug('ملفات خاصة')}"
_VIDEO_TITLE = "شاهد لحظة وصول أول قطار كهربائي إلى محطة العاصمة الإدارية"
_VIDEO = f"{HOME}/v-915-{web.slug(_VIDEO_TITLE)}"
_MAP = f"{HOME}/{web.slug('خارطة الموقع')}"


def responses() -> list[SampleResponse]:
    """All responses of a crawl, in order; the seed's page at the time it states."""
    seed = group.seed_story()
    entries = load("arabstoday")["articles"]
    others = group.stories(entries, BRAND, image_month="2025/01")
    listed = [*others[:4], seed, *others[4:]]
    documents = 6
    clock = Clock(_RENDERED - timedelta(seconds=2 * (documents + listed.index(seed) + 1)), seconds=2)
    made = _documents(listed, clock)
    if len(made) != documents:
        raise ValueError(f"arabstoday: {len(made)} documents come before the articles, not {documents}")
    made += [_article(story, clock.tick(), seed=story is seed) for story in listed]
    viewed = next(story for story in others if story.clock == _VIEWED)
    made += _views(viewed, clock)
    made += _no_articles(clock)
    revised = next(entry for entry in entries if entry["clock"] == _REVISED)
    made.append(
        _revision(group.stories([revised | {"body": revised["revised"]}], BRAND, image_month="2025/01")[0], clock)
    )
    return made


def _article(story: Story, now: datetime, *, seed: bool) -> SampleResponse:
    latest = group.seed_latest() if seed else group.latest_news(story.path, now, BRAND)
    body = group.article_page(story, BRAND, now=now, latest=latest)
    return group.response(
        f"{HOME}{story.path}", body, now, group.truth(story, BRAND, "new", _NOTES.get(story.clock, ""))
    )


def _views(story: Story, clock: Clock) -> list[SampleResponse]:
    def truth(view: str) -> Truth:
        return group.truth(story, BRAND, "unchanged", f"the {view} view of an article")

    return [
        group.response(f"{HOME}{story.path}?print=1", group.print_page(story, BRAND), clock.tick(), truth("print")),
        group.response(f"{HOME}/amp{story.path}", group.amp_page(story, BRAND), clock.tick(), truth("AMP")),
    ]


def _no_articles(clock: Clock) -> list[SampleResponse]:
    def refused(note: str) -> Truth:
        return Truth(outcome="rejected", reason="not_an_article", note=note)

    section, video = clock.tick(), clock.tick()
    return [
        group.response(
            _SECTION,
            group.section_page(BRAND, "ملفات خاصة", _SECTION, now=section),
            section,
            refused("a section, announced by the feed"),
        ),
        group.response(
            _VIDEO,
            group.video_page(BRAND, _VIDEO_TITLE, _VIDEO, now=video),
            video,
            refused("a video, announced by the feed"),
        ),
    ]


def _revised_url(story: Story) -> str:
    return f"{HOME}{story.path}?utm_source=rss&utm_medium=feed"


def _revision(story: Story, clock: Clock) -> SampleResponse:
    now = clock.tick() + timedelta(hours=2)
    body = group.article_page(story, BRAND, now=now, latest=group.latest_news(f"{story.path}/2", now, BRAND))
    truth = group.truth(story, BRAND, "revision", "the same page two hours later, its text edited")
    return group.response(_revised_url(story), body, now, truth)


def _documents(listed: list[Story], clock: Clock) -> list[SampleResponse]:
    """robots.txt, the feeds it leads to, the home page, and the site map for people that it calls a sitemap too."""
    feeds = (f"{HOME}/rss", f"{HOME}/326/rss.xml", f"{HOME}/328/rss.xml")
    viewed = next(story for story in listed if story.clock == _VIEWED)
    revised = next(story for story in listed if story.clock == _REVISED)
    newest = [group.feed_item(story, BRAND, _RENDERED) for story in listed if story.section not in ("328", "341")]
    newest.insert(3, FeedItem(url=_VIDEO, title=_VIDEO_TITLE, published=_RENDERED))
    newest.append(FeedItem(url=_SECTION, title="ملفات خاصة", published=_RENDERED))
    news = [group.feed_item(story, BRAND, _RENDERED) for story in listed if story.section == "326"]
    news.append(FeedItem(url=f"{HOME}/amp{viewed.path}", title=viewed.title, published=_RENDERED))
    news.append(FeedItem(url=_revised_url(revised), title=revised.title, published=_RENDERED + timedelta(hours=2)))
    economy = [group.feed_item(story, BRAND, _RENDERED) for story in listed if story.section == "328"]
    made = [
        group.robots(BRAND, (*feeds, web.raw(_MAP)), clock.tick()),
        *(
            group.feed(BRAND, url, items, clock.tick())
            for url, items in zip(feeds, (newest, news, economy), strict=True)
        ),
    ]
    home, site_map = clock.tick(), clock.tick()
    on_home = [story for story in listed if story.section != "328"]
    made.append(
        group.response(f"{HOME}/", group.listing_page(BRAND, "الرئيسية", on_home, now=home, printed=viewed), home)
    )
    made.append(group.response(_MAP, group.map_page(BRAND, now=site_map, listed=listed), site_map))
    return made
