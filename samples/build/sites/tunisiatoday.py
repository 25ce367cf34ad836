"""tunisiatoday.com: a sister of arabstoday.net, which carries its articles under the same path and its own brand."""

from __future__ import annotations

from datetime import UTC, datetime

from samples.build import arabs_group as group
from samples.build.arabs_group import Brand
from samples.build.model import SampleResponse
from samples.build.text import load
from samples.build.web import Clock

BRAND = Brand(
    name="تونس اليوم",
    host="tunisiatoday.com",
    latin="tunisiatoday",
    sections=load("tunisiatoday")["sections"],
    tags_id="GTM-T2N8QPL",
)
HOME = BRAND.home
_RENDERED = datetime(2025, 1, 24, 7, 41, 16, tzinfo=UTC)


def responses() -> list[SampleResponse]:
    """All responses of a crawl, in order."""
    copy = group.seed_story()
    own = group.stories(load("tunisiatoday")["articles"], BRAND, image_month="2024/12")
    listed = [*own[:2], copy, *own[2:]]
    clock = Clock(_RENDERED, seconds=4)
    robots, feed, home = clock.tick(), clock.tick(), clock.tick()
    items = [group.feed_item(story, BRAND, _RENDERED) for story in own[1:]]
    made = [
        group.robots(BRAND, (f"{HOME}/rss",), robots),
        group.feed(BRAND, f"{HOME}/rss", items, feed),
        group.response(f"{HOME}/", group.listing_page(BRAND, "الرئيسية", listed, now=home), home),
    ]
    for story in listed:
        now = clock.tick()
        copied = story is copy
        images = "arabstoday.net" if copied else None
        latest = group.latest_news(story.path, now, BRAND)
        body = group.article_page(story, BRAND, now=now, latest=latest, images=images)
        note = "arabstoday's article under this brand, with its dateline and another clock" if copied else ""
        truth = group.truth(story, BRAND, "exact_duplicate" if copied else "new", note)
        made.append(group.response(HOME + story.path, body, now, truth))
    return made
