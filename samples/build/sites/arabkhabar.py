"""arabkhabar.com: an aggregator whose pages end in a second article, in full, chosen anew each time they are rendered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape

from samples.build import web
from samples.build.blocks import Block, blocks, markup, paragraphs
from samples.build.model import SampleResponse, Truth
from samples.build.text import headlines, load, seed
from samples.build.web import (
    Clock,
    FeedItem,
    ad,
    ad_slots,
    number,
    script,
    shuffled,
    stylesheet,
    tag_manager,
    tag_manager_body,
)

HOME = "https://arabkhabar.com"
PAGE_2 = f"{HOME}/?page=2"
BRAND = "عرب خبر"
SEED = 1046702
"""Number of the seed's page."""
MOVED = 1041733
"""Reached by its `www` address alone, which redirects."""
HEADER_1256, META_1256 = 1044822, 1043950
"""Pages of an older template, in windows-1256: declared by the header, by the meta element."""
MOJIBAKE = 1043561
"""A body that was UTF-8, read as windows-1256 when it was taken over, under a clean header."""
GONE = 1009921
"""Still in the sitemap; its page says that there is nothing, with status 200."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SECTIONS = (
    "المغرب",
    "مصر",
    "رياضة",
    "صحة",
    "ثقافة",
    "الخليج",
    "الجزائر",
    "لبنان",
    "اليمن",
    "السودان",
    "تكنولوجيا",
    "سياحة",
)

_PARTS = ("أخبار", "تقارير", "صور", "فيديو")


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article as the site's database holds it."""

    id: int
    title: str
    body: list[Block]
    published: date
    source: str
    tags: tuple[str, ...]
    """As the tag line shows them; one may occur twice."""
    author: str | None = None
    attribution: tuple[str, ...] = ()
    """Empty: the source alone."""

    @property
    def url(self) -> str:
        return f"{HOME}/a/{self.id}"

    @property
    def day(self) -> str:
        """The date as the page states it: `3rd, December 2024 GMT`."""
        day = self.published.day
        suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        return f"{day}{suffix}, {_MONTHS[self.published.month - 1]} {self.published.year} GMT"

    @property
    def time(self) -> datetime:
        return datetime(self.published.year, self.published.month, self.published.day, tzinfo=UTC)

    def truth(self, outcome: str, note: str = "") -> Truth:
        return Truth(
            outcome=outcome,
            title=self.title,
            paragraphs=paragraphs(self.body),
            published_at=self.time.isoformat(),
            published_raw=self.day,
            published_calendar="gregorian",
            published_precision="day",
            tags=tuple(dict.fromkeys(self.tags)),
            authors=(self.author,) if self.author else (),
            attribution=self.attribution or (self.source,),
            site_name=BRAND,
            note=note,
        )


def _seed_stories() -> tuple[Story, Story]:
    """The seed's article, and the second one that its page ends in."""
    lines = seed("000")
    source, tags, also = (
        next(at for at, text in enumerate(lines) if text.startswith(label))
        for label in ("المصدر:", "كلمات دلالية:", "إقرأ أيضاً:")
    )
    first = Story(
        id=SEED,
        title=lines[0],
        body=[Block("paragraph", (text,)) for text in lines[2:source]],
        published=date(2024, 12, 3),
        source=lines[source].removeprefix("المصدر: "),
        tags=_seed_tags(lines[tags].removeprefix("كلمات دلالية: ")),
    )
    second = Story(
        id=1059230,
        title=lines[also + 1],
        body=[Block("paragraph", (text,)) for text in lines[also + 2 :]],
        published=date(2025, 1, 7),
        source="البوابة نيوز",
        tags=(),
    )
    return first, second


def _seed_tags(line: str) -> tuple[str, ...]:
    """Where the tags of the seed's line, which has no separators, begin and end."""
    tags = (
        *("حرب سوريا", "عودة ترامب", "عام على حرب غزة", "إيران وإسرائيل", "إسرائيل وحزب الله", "عيد الاتحاد"),
        *("غزة وإسرائيل", "الإمارات", "الحرب الأوكرانية", "فلاديمير بوتين", "سوريا", "بوتين", "أردوغان", "حرب سوريا"),
    )
    if " ".join(tags) != line:
        raise ValueError(f"seed 000: the tag line has changed to {line!r}")
    return tags


def _stories() -> list[Story]:
    return [
        Story(
            id=entry["id"],
            title=entry["title"],
            body=blocks(entry["body"]),
            published=date.fromisoformat(entry["date"]),
            source=entry["source"],
            tags=tuple(entry["tags"]),
            author=entry.get("author"),
            attribution=tuple(entry.get("attribution", ())),
        )
        for entry in load("arabkhabar")["articles"]
    ]


_NOTES = {
    SEED: "the seed text, with its tag line and the whole second article after it",
    1046203: "yesterday's exchange rates: no duplicate of today's",
    1046911: "today's exchange rates: no duplicate of yesterday's",
    1046640: "a short piece of news",
    MOVED: "reached through a redirect from the www address",
    HEADER_1256: "windows-1256, declared by the Content-Type header",
    META_1256: "windows-1256, declared by the meta element; paragraphs divided by <br>",
    MOJIBAKE: "the body is UTF-8 that was read as windows-1256",
}


def responses() -> list[SampleResponse]:
    """All responses of a crawl, in order."""
    first, second = _seed_stories()
    stories = sorted([first, *_stories()], key=lambda story: -story.id)
    clock = Clock(datetime(2025, 1, 8, 6, 12, 30, tzinfo=UTC), seconds=3)
    made = _documents(stories, clock)
    for at, story in enumerate(stories):
        also = second if story is first else stories[at - 4]
        if story.id == MOVED:
            made.append(_redirect(story, clock.tick()))
        made.append(_page(story, also, clock.tick()))
    truth = first.truth("unchanged", "the same page by a shared link: it ends in another second article")
    body = _article(first, stories[5]).encode()
    made.append(SampleResponse(url=_shared(first), body=body, fetched_at=clock.tick(), truth=truth))
    made.append(_gone(stories, clock.tick()))
    return made


def _shared(story: Story) -> str:
    return f"{story.url}?utm_source=whatsapp"


# --- discovery -------------------------------------------------------------------------------------------------------


def _documents(stories: list[Story], clock: Clock) -> list[SampleResponse]:
    """robots.txt, what it leads to, two pages of links, and the robots.txt of the www host."""
    first = next(story for story in stories if story.id == SEED)
    robots = web.robots(sitemaps=(f"{HOME}/sitemap.xml", f"{HOME}/rss"), disallow=("/search", "/login"))
    moved = next(story for story in stories if story.id == MOVED)
    in_sitemaps = [_item(story) for story in stories if story not in (stories[0], stories[3], moved)]
    old = [(item.url, item.published) for item in in_sitemaps[7:]]
    on_home = [*((story.title, _address(story)) for story in [*stories[:9], moved]), (first.title, _shared(first))]
    home = _listing("آخر الأخبار", on_home, f"{HOME}/")
    page_2 = _listing("آخر الأخبار - صفحة 2", [(story.title, story.url) for story in stories[6:]], PAGE_2)
    gone = f"{HOME}/a/{GONE}"
    cookies = (("Set-Cookie", "PHPSESSID=k7q2m9; path=/"), ("Set-Cookie", "lang=ar; path=/; Max-Age=31536000"))

    def document(path: str, body: bytes, content_type: str) -> SampleResponse:
        return SampleResponse(url=path, body=body, content_type=content_type, fetched_at=clock.tick())

    return [
        document(f"{HOME}/robots.txt", robots, "text/plain"),
        document(
            f"{HOME}/sitemap.xml",
            web.sitemap_index([(f"{HOME}/sitemap-news.xml", None), (f"{HOME}/sitemap-1.xml", None)]),
            "application/xml",
        ),
        document(
            f"{HOME}/sitemap-news.xml",
            web.news_sitemap(in_sitemaps[:7], publication=BRAND, language="ar"),
            "text/xml; charset=UTF-8",
        ),
        document(f"{HOME}/sitemap-1.xml", web.sitemap([(PAGE_2, None), *old, (gone, None)]), "text/xml; charset=UTF-8"),
        document(
            f"{HOME}/rss",
            web.rss([_item(story) for story in stories[4:10]], title=BRAND, link=f"{HOME}/"),
            "application/rss+xml; charset=utf-8",
        ),
        SampleResponse(url=f"{HOME}/", body=home.encode(), headers=cookies, fetched_at=clock.tick()),
        SampleResponse(url=PAGE_2, body=page_2.encode(), headers=cookies, fetched_at=clock.tick()),
        document(f"{HOME.replace('//', '//www.')}/robots.txt", robots, "text/plain"),
    ]


def _item(story: Story) -> FeedItem:
    summary = f"{paragraphs(story.body)[0][:180]}…"
    return FeedItem(url=story.url, title=story.title, published=story.time, summary=summary)


def _address(story: Story) -> str:
    """Where the listing pages link to; the site uses both hosts."""
    return story.url.replace("//", "//www.") if story.id == MOVED else story.url


def _listing(title: str, links: list[tuple[str, str]], url: str) -> str:
    cards = "\n".join(
        f'<div class="news-card"><a href="{escape(href)}"><img class="lazy" data-src="{HOME}/img/{number(href, 10**6, 10**7)}.jpg"'
        f' alt="{escape(text)}"></a><h3><a href="{escape(href)}">{escape(text)}</a></h3></div>'
        for text, href in links
    )
    pages = "".join(f'<li><a href="{HOME}/?page={page}">{page}</a></li>' for page in range(1, 9))
    main = f'<div class="section-head"><h1>{title}</h1></div>\n{cards}\n<ul class="pagination">{pages}</ul>'
    return _frame(f"{title} | {BRAND}", url, main, latest=[(text, href) for text, href in links])


# --- pages -----------------------------------------------------------------------------------------------------------


def _page(story: Story, also: Story, fetched_at: datetime) -> SampleResponse:
    truth = story.truth("new", _NOTES.get(story.id, ""))
    if story.id in (HEADER_1256, META_1256):
        declared = story.id == HEADER_1256
        html = _article(story, also, charset=None if declared else "windows-1256", breaks=not declared)
        return SampleResponse(
            url=story.url,
            body=html.encode("windows-1256", "xmlcharrefreplace"),
            content_type="text/html; charset=windows-1256" if declared else "text/html",
            fetched_at=fetched_at,
            truth=truth,
        )
    html = _article(story, also, mojibake=story.id == MOJIBAKE)
    plain = number(f"coding/{story.id}", 0, 5) == 0
    return SampleResponse(url=story.url, body=html.encode(), gzip=not plain, fetched_at=fetched_at, truth=truth)


def _redirect(story: Story, fetched_at: datetime) -> SampleResponse:
    body = b"<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n<center><h1>301 Moved Permanently</h1>"
    return SampleResponse(
        url=_address(story),
        body=body + b"</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        content_type="text/html",
        status=301,
        reason="Moved Permanently",
        headers=(("Location", story.url),),
        gzip=False,
        fetched_at=fetched_at,
    )


def _gone(stories: list[Story], fetched_at: datetime) -> SampleResponse:
    url = f"{HOME}/a/{GONE}"
    main = (
        '<div class="art-box"><div class="error-box"><img src="/assets/404.png" alt="404"><h1>عفواً، الصفحة غير موجودة</h1>'
        "<p>الصفحة التي تبحث عنها غير موجودة أو تم حذفها أو تغيير رابطها.</p>"
        f'<p><a href="{HOME}/">العودة إلى الصفحة الرئيسية</a></p></div></div>'
    )
    latest = [(story.title, story.url) for story in stories]
    html = _frame(f"الصفحة غير موجودة | {BRAND}", url, main, latest=latest)
    truth = Truth(outcome="rejected", reason="soft_404", note="there is no such article, said with status 200")
    return SampleResponse(url=url, body=html.encode(), fetched_at=fetched_at, truth=truth)


def _article(
    story: Story, also: Story, *, charset: str | None = "utf-8", breaks: bool = False, mojibake: bool = False
) -> str:
    body = _misread(story.body) if mojibake else story.body
    text = "<br />\n<br />\n".join(escape(text, quote=False) for text in paragraphs(body)) if breaks else markup(body)
    byline = f'<div class="art-by">كتب: {story.author}</div>' if story.author else ""
    tags = " ".join(f'<a href="{HOME}/tag/{web.slug(tag)}">{tag}</a>' for tag in story.tags)
    lead = escape(paragraphs(story.body)[0][:160])
    image = f"{HOME}/img/{story.published:%Y/%m}/{story.id}.jpg"
    main = f"""<div class="art-box">
<h1 class="art-title">{escape(story.title, quote=False)}</h1>
<div class="art-date"><i class="fa fa-clock-o"></i> تاريخ النشر: {story.day}</div>
{_share(story)}
<div class="art-img"><img src="{image}" alt="{escape(story.title)}" width="700" height="400"></div>
{byline}
{ad("khabar-top")}
<div class="art-text">
{_linked(text)}</div>
<div class="art-src">المصدر: <a rel="nofollow" target="_blank" href="https://{number(story.source, 10, 99)}.example/">{story.source}</a></div>
<div class="art-tags">كلمات دلالية: {tags}</div>
{ad("khabar-mid")}
<div class="art-also">
<h2>إقرأ أيضاً:</h2>
<h3><a href="{also.url}">{escape(also.title, quote=False)}</a></h3>
<div class="also-text">
{markup(also.body)}</div>
</div>
</div>"""
    head = f"""<meta name="description" content="{lead}">
<meta property="og:type" content="article">
<meta property="og:title" content="{escape(story.title)}">
<meta property="og:description" content="{lead}">
<meta property="og:url" content="{story.url}">
<meta property="og:image" content="{image}">
<meta property="og:site_name" content="{BRAND}">
<meta name="twitter:card" content="summary_large_image">"""
    return _frame(f"{escape(story.title, quote=False)} | {BRAND}", story.url, main, head=head, charset=charset)


def _linked(text: str) -> str:
    """The seed's shortened address as a link."""
    address = "https://t.co/bpnUYxObTZ"
    return text.replace(address, f'<a rel="nofollow" href="{address}">{address}</a>')


def _misread(body: list[Block]) -> list[Block]:
    return [Block(block.kind, tuple(cell.encode().decode("windows-1256") for cell in block.cells)) for block in body]


def _share(story: Story) -> str:
    places = {
        "facebook": "https://www.facebook.com/sharer.php?u=",
        "twitter": "https://twitter.com/intent/tweet?url=",
        "whatsapp": "https://api.whatsapp.com/send?text=",
        "telegram": "https://t.me/share/url?url=",
    }
    links = "".join(
        f'<li class="{name}"><a target="_blank" rel="noopener" href="{href}{story.url}"><i class="fa fa-{name}"></i></a></li>'
        for name, href in places.items()
    )
    return f'<div class="share-bar"><span>شارك الخبر:</span><ul>{links}</ul></div>'


def _frame(
    title: str,
    url: str,
    main: str,
    *,
    head: str = "",
    charset: str | None = "utf-8",
    latest: list[tuple[str, str]] | None = None,
) -> str:
    """The page around `main`. `latest`: what the sidebar lists, as (title, address); None: news of the day."""
    declared = {
        None: "",
        "utf-8": '<meta charset="utf-8">\n',
        "windows-1256": '<meta http-equiv="Content-Type" content="text/html; charset=windows-1256">\n',
    }[charset]
    news = latest or [
        (text, f"{HOME}/a/{1059800 - number(text, 1, 700)}") for text in shuffled(f"arabkhabar/{url}", headlines("ar"))
    ]
    menu = "".join(
        f'<li class="menu-item"><a href="{HOME}/s/{at}">{name}</a><ul class="sub-menu">'
        + "".join(f'<li><a href="{HOME}/s/{at}/{part}">{label} {name}</a></li>' for part, label in enumerate(_PARTS))
        + "</ul></li>"
        for at, name in enumerate(_SECTIONS, 1)
    )
    ticker = "".join(f'<li><a href="{href}">{escape(text, quote=False)}</a></li>' for text, href in news[:10])
    sidebar = "".join(
        f'<div class="widget"><h4 class="widget-title">{label}</h4><ul>'
        + "".join(
            f'<li><a href="{href}"><img class="lazy" data-src="{HOME}/img/t/{number(href, 10**6, 10**7)}.jpg" alt="">'
            f"<span>{escape(text, quote=False)}</span></a><em>منذ {number(text, 2, 59)} دقيقة</em></li>"
            for text, href in news[start : start + 14]
        )
        + f"</ul></div>{ad(place)}"
        for label, start, place in (("الأكثر قراءة", 10, "khabar-side1"), ("آخر الأخبار", 24, "khabar-side2"))
    )
    return f"""<!DOCTYPE html>
<html lang="ar" dir="rtl">
<head>
{declared}<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}
<link rel="canonical" href="{url}">
<link rel="shortcut icon" href="{HOME}/favicon.ico">
<link rel="stylesheet" href="https://maxcdn.bootstrapcdn.com/font-awesome/4.7.0/css/font-awesome.min.css">
<style>{stylesheet("arabkhabar", rules=210)}</style>
{tag_manager("GTM-KH4B4R7")}
{ad_slots("21800000/arabkhabar", ("khabar-top", "khabar-mid", "khabar-side1", "khabar-side2"))}
</head>
<body>
{tag_manager_body("GTM-KH4B4R7")}
<header class="top-bar"><div class="logo"><a href="{HOME}/"><img src="{HOME}/assets/logo.png" alt="{BRAND}"></a></div>
<nav class="main-nav"><ul>{menu}</ul></nav>
<form class="search-box" action="{HOME}/search"><input type="text" name="q" placeholder="ابحث في الموقع"><button>بحث</button></form></header>
<div class="ticker"><span>أخبار عاجلة</span><ul>{ticker}</ul></div>
<div class="row"><div class="col-8">
{main}
</div><aside class="col-4 sidebar">{sidebar}</aside></div>
<footer class="footer"><ul><li><a href="{HOME}/about">من نحن</a></li><li><a href="{HOME}/contact">اتصل بنا</a></li>
<li><a href="{HOME}/privacy">سياسة الخصوصية</a></li></ul>
<p>جميع الأخبار المنشورة في الموقع تعبر عن رأي مصادرها ولا تعبر بالضرورة عن رأي {BRAND}</p>
<p class="copyright">جميع الحقوق محفوظة © {BRAND} 2025</p></footer>
{script("arabkhabar", functions=48)}
</body>
</html>
"""
