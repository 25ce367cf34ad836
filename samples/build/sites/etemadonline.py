"""etemadonline.com: a Persian daily's site on the CMS Asam, with Jalali dates and ZWNJ in every spelling HTML allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from html import escape

import jdatetime

from samples.build import web
from samples.build.blocks import Block, blocks, markup, paragraphs
from samples.build.model import SampleResponse, Truth
from samples.build.text import headlines, line, load

BASE = "https://www.etemadonline.com"
SITE = "اعتمادآنلاین"
TEHRAN = timezone(timedelta(hours=3, minutes=30))
FETCHED = datetime(2024, 12, 5, 6, 30, tzinfo=UTC)
ZWNJ = "\u200c"

SECTIONS = {
    "سیاسی": 9,
    "اقتصادی": 10,
    "بین الملل": 12,
    "اجتماعی": 23,
    "فرهنگ و هنر": 14,
    "ورزشی": 15,
    "فناوری": 16,
    "عکس": 30,
    "ویدیو": 31,
}
_WEEKDAYS = ("شنبه", "یکشنبه", "دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه")
_MONTHS = ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند")
_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_PRINTED = 688236
_SHORTENED = 688171


@dataclass(frozen=True, kw_only=True)
class _Article:
    id: int
    section: str
    title: str
    published: datetime
    body: list[Block]
    note: str
    tags: tuple[str, ...]
    lead: str = ""
    kicker: str = ""
    caption: str = ""
    authors: tuple[str, ...] = ()
    attribution: tuple[str, ...] = ()
    date_form: str = "slashed"
    zwnj: str = "character"
    json_ld: bool = False

    @property
    def url(self) -> str:
        return _article_url(self.section, self.id, self.title)


def responses() -> list[SampleResponse]:
    """The crawl of the site, in order."""
    articles = _articles()
    clock = web.Clock(FETCHED, seconds=9)
    return [
        _response(clock, f"{BASE}/robots.txt", _robots(), content_type="text/plain"),
        _response(clock, f"{BASE}/feeds/", _feed(articles), content_type="application/rss+xml; charset=utf-8"),
        _response(
            clock,
            f"{BASE}/",
            _home(articles),
            headers=(("Set-Cookie", "asam_session=6f1c; path=/; HttpOnly"), ("Set-Cookie", "lang=fa; path=/")),
        ),
        _response(clock, f"{BASE}/newsstudios/archive/?curp=1&order=order_time", _archive(articles)),
        *(_response(clock, article.url, _article_page(article, articles), _truth(article)) for article in articles),
        *_support_and_refused(clock, articles),
    ]


def _support_and_refused(clock: web.Clock, articles: list[_Article]) -> Iterator[SampleResponse]:
    printed = next(article for article in articles if article.id == _PRINTED)
    print_truth = replace(
        _truth(printed), outcome="unchanged", tags=(), section=None, note="The print view, canonical to the article."
    )
    yield _response(clock, _print_url(printed), _print_page(printed), print_truth)
    shortened = next(article for article in articles if article.id == _SHORTENED)
    yield _response(
        clock,
        f"{BASE}/{shortened.id}",
        "",
        status=301,
        reason="Moved Permanently",
        headers=(("Location", shortened.url),),
        gzip=False,
    )
    yield _response(
        clock, _section_url("ورزشی"), _section_page("ورزشی", articles), _refused("not_an_article", "A section page.")
    )
    for kind, (_, url, _) in _MEDIA.items():
        note = "Pictures with captions and no text." if kind == "photo" else "A player and no text."
        yield _response(clock, url, _media_page(kind, articles), _refused("not_an_article", note))
    yield _response(
        clock, _GONE, _gone_page(articles), _refused("soft_404", "A deleted item: says so, but with status 200.")
    )


# --- what the site holds ---------------------------------------------------------------------------------------------


def _articles() -> list[_Article]:
    data = load("etemadonline")
    prices = {key: value for key, value in data["prices"].items() if key != "days"}
    rows = list(data["article"])
    for day in data["prices"]["days"]:
        filled = {key: prices[key].format(**day) for key in ("title", "lead", "body")}
        rows.append(prices | filled | {"id": day["id"], "published": day["published"]})
    articles = [
        _Article(
            **{
                **row,
                "published": row["published"].replace(tzinfo=TEHRAN),
                "body": blocks(row["body"]),
                **{name: tuple(row.get(name, ())) for name in ("tags", "authors", "attribution")},
            }
        )
        for row in rows
    ]
    return sorted(articles, key=lambda article: -article.id)


def _truth(article: _Article) -> Truth:
    raw, at, precision = _date(article)
    lead = (line(article.lead),) if article.lead else ()
    return Truth(
        outcome="new",
        title=line(article.title),
        kicker=line(article.kicker) or None,
        paragraphs=lead + paragraphs(article.body),
        published_at=at.isoformat(),
        published_raw=raw,
        published_calendar="jalali",
        published_precision=precision,
        tags=tuple(line(tag) for tag in article.tags),
        authors=article.authors,
        attribution=article.attribution,
        section=article.section,
        site_name=SITE,
        note=article.note,
    )


def _refused(reason: str, note: str) -> Truth:
    return Truth(outcome="rejected", reason=reason, note=note)


def _date(article: _Article) -> tuple[str, datetime, str]:
    """The date line as it stands on the page, the time it states, and its precision."""
    at = article.published
    day = jdatetime.date.fromgregorian(date=at.date())
    weekday, month = _WEEKDAYS[day.weekday()], _MONTHS[day.month - 1]
    numeric, clock = f"{day.year}/{day.month:02}/{day.day:02}", f"{at:%H:%M}"
    match article.date_form:
        case "slashed":
            raw = f"{numeric} {clock}".translate(_DIGITS)
        case "weekday":
            raw = f"{weekday} {day.day} {month} {day.year} - {clock}".translate(_DIGITS)
        case "dashed":
            raw = f"{clock} - {day.day:02}-{day.month:02}-{day.year}".translate(_DIGITS)
        case "latin":
            raw = f"{numeric} - {clock}"
        case "hour_word":
            raw = f"{weekday} {numeric} ساعت {clock}"
        case "text":
            return f"{day.day} {month} {day.year}".translate(_DIGITS), at.replace(hour=0, minute=0, second=0), "day"
        case other:
            raise ValueError(f"etemadonline {article.id}: unknown date_form {other!r}")
    return raw, at.replace(second=0), "minute"


# --- addresses -------------------------------------------------------------------------------------------------------


def _slug(text: str) -> str:
    return web.slug(text.replace(ZWNJ, "-"))


def _section_url(section: str) -> str:
    return web.asked(f"{BASE}/بخش-{_slug(section)}-{SECTIONS[section]}")


def _article_url(section: str, number: int, title: str) -> str:
    return f"{_section_url(section)}/{number}-{_slug(title)}"


def _print_url(article: _Article) -> str:
    return f"{BASE}/print/{article.id}"


_MEDIA = {
    kind: (title, _article_url(section, number, title), section)
    for kind, section, number, title in (
        ("photo", "عکس", 688205, "پاییز در باغ‌های قصرالدشت"),
        ("video", "ویدیو", 688199, "لحظه‌ی ورود قطار تازه به ایستگاه"),
    )
}
_GONE = _article_url("سیاسی", 687412, "خبری که دیگر نیست")


# --- documents that announce pages -----------------------------------------------------------------------------------


def _robots() -> bytes:
    return web.robots(disallow=["/newsstudios/search/", "/users/", "/admin/"])


def _feed(articles: Sequence[_Article]) -> bytes:
    items = [
        web.FeedItem(
            url=f"{BASE}/{article.id}" if article.id == _SHORTENED else article.url,
            title=article.title,
            published=article.published,
            summary=escape(article.lead),
            category=article.section,
        )
        for article in articles
    ]
    at = articles[0].published
    printed = next(article for article in articles if article.id == _PRINTED)
    items += [
        web.FeedItem(url=_print_url(printed), title=printed.title, published=printed.published),
        web.FeedItem(url=_section_url("ورزشی"), title="ورزشی", published=at),
        *(web.FeedItem(url=url, title=title, published=at, category=name) for title, url, name in _MEDIA.values()),
        web.FeedItem(url=_GONE, title="خبری که دیگر نیست", published=at),
    ]
    return web.rss(items, title=SITE, link=BASE, language="fa", generator="Asam News Studio")


def _home(articles: list[_Article]) -> str:
    by_section = "".join(
        f'<section class="box_skin section_box"><h2 class="box_head"><a href="{_section_url(section)}">{section}</a></h2>'
        f"{_cards(named)}</section>"
        for section in SECTIONS
        if (named := [article for article in articles if article.section == section])
    )
    main = (
        f'<section class="top_news"><h2 class="box_head">عناوین برتر</h2>{_cards(articles[:6])}</section>{by_section}'
        f'<section class="box_skin"><h2 class="box_head">آخرین اخبار</h2>{_timed_links(articles)}</section>'
    )
    return _shell(f"{SITE} | پایگاه خبری تحلیلی", f"{BASE}/", main, "home", articles, kind="website")


def _archive(articles: list[_Article]) -> str:
    pages = "".join(
        f'<li><a href="/newsstudios/archive/?curp={page}&amp;order=order_time">{str(page).translate(_DIGITS)}</a></li>'
        for page in range(1, 11)
    )
    main = (
        '<h1 class="page_title">آرشیو اخبار</h1><form class="archive_filter" action="/newsstudios/archive/"><select name="order">'
        '<option value="order_time">جدیدترین</option><option value="order_visit">پربازدیدترین</option></select>'
        f'<button>جستجو</button></form>{_cards(articles)}<ul class="pagination">{pages}</ul>'
    )
    return _shell(f"آرشیو اخبار | {SITE}", f"{BASE}/newsstudios/archive/", main, "archive", articles, kind="website")


# --- article pages ---------------------------------------------------------------------------------------------------


def _speller(article: _Article) -> Callable[[int, str], str]:
    """How the page writes ZWNJ: as the character, or (in which blocks) as `&zwnj;` or `&#8204;`."""

    def spell(at: int, text: str) -> str:
        html = escape(text)
        if article.zwnj == "mixed" and at % 3 == 1:
            return html.replace(ZWNJ, "&zwnj;")
        if article.zwnj == "entities" and at % 4 != 3:
            return html.replace(ZWNJ, "&#8204;" if at % 4 == 2 else "&zwnj;")
        return html

    return spell


def _article_page(article: _Article, articles: list[_Article]) -> str:
    spell = _speller(article)
    others = [other for other in articles if other is not article]
    title = spell(0, article.title)
    related = web.shuffled(f"related/{article.id}", others)
    behind = {1: _inline_box(related[:2])} if len(article.body) > 2 else {}
    if len(article.body) > 4:
        behind[4] = f'<div class="ads_in_text">{web.ad("intext")}</div>\n'
    kicker = f'<div class="uptitle up_title">{spell(0, article.kicker)}</div>' if article.kicker else ""
    lead = f'<p class="lead">{spell(1, article.lead)}</p>' if article.lead else ""
    image = (
        f'<figure class="primary_image"><img src="https://cdn.etemadonline.com/thumbnail/{article.id}/large.jpg" width="850"'
        f' height="566" alt="{title}"><figcaption>{article.caption}</figcaption></figure>'
        if article.caption
        else ""
    )
    tags = "".join(f'<a href="/tags/{_slug(tag)}" rel="tag">{spell(0, tag)}</a> ' for tag in article.tags)
    main = f"""<ul class="breadcrumb breadcrumb-list"><li><a href="/">خانه</a></li><li><a href="{_section_url(article.section)}">{article.section}</a></li></ul>
<article class="news_content news_detail" data-nid="{article.id}">
{kicker}
<h1 class="title"><a href="{article.url}">{title}</a></h1>
{_short_info(article)}
{lead}
{image}
<div class="echo_detail echo-detail" id="echo_detail"><div id="main_ck_editor">
{markup(article.body, spell=spell, after=behind)}</div>
<div class="news_source">منبع: etemadonline-{article.id}</div>
</div>
<div class="article_tag article-tag"><span class="tag_label">برچسب ها:</span> {tags}</div>
{_share(article)}
</article>
{web.ad("below-article")}
<section class="related_news box_skin"><h2 class="box_head">مطالب مرتبط</h2>{_links(related[2:7])}</section>
{_comments(article)}"""
    head = _json_ld(article) if article.json_ld else ""
    return _shell(
        f"{title} | {SITE}",
        article.url,
        main,
        f"article/{article.id}",
        others,
        description=spell(1, article.lead or article.title),
        keywords="،".join(spell(0, tag) for tag in article.tags),
        image=f"https://cdn.etemadonline.com/thumbnail/{article.id}/large.jpg",
        heading=title,
        head=head,
        authors=article.authors,
    )


def _short_info(article: _Article) -> str:
    raw, _, _ = _date(article)
    when = (
        f'<time class="news_time news-time" datetime="{raw}">{raw}</time>'
        if article.date_form == "slashed"
        else f'<span class="news_time news-time">{raw}</span>'
    )
    author = f'<li class="author_name">نویسنده: <b>{"، ".join(article.authors)}</b></li>' if article.authors else ""
    number = str(article.id).translate(_DIGITS)
    minutes = str(web.number(f"minutes/{article.id}", 1, 6)).translate(_DIGITS)
    return f"""<div class="news-short-info sec_info"><ul>
<li class="news_id">کد خبر: {number}</li>
<li class="news_date"><i class="icon-clock"></i>{when}</li>
{author}
<li>زمان مطالعه: {minutes} دقیقه</li>
</ul><div class="news_tools"><a href="/print/{article.id}" class="print_btn" rel="nofollow">نسخه چاپی</a>
<a href="/send/{article.id}" class="send_btn" rel="nofollow">ارسال به دوستان</a> <a href="#" class="save_btn">ذخیره</a></div></div>"""


def _inline_box(related: Iterable[_Article]) -> str:
    return (
        '<div class="inline_news_box box_skin_11"><div class="inline_news_head">بیشتر بخوانید</div>'
        f"{_links(related)}</div>\n"
    )


def _share(article: _Article) -> str:
    networks = "".join(
        f'<li><a class="share_{name}" href="https://{host}{article.id}" target="_blank" rel="nofollow" title="{label}">{label}</a></li>'
        for name, host, label in (
            ("telegram", "t.me/share/url?url=https://www.etemadonline.com/", "تلگرام"),
            ("whatsapp", "api.whatsapp.com/send?text=https://www.etemadonline.com/", "واتس‌اپ"),
            ("twitter", "twitter.com/intent/tweet?url=https://www.etemadonline.com/", "توییتر"),
            ("eitaa", "eitaa.com/share/url?url=https://www.etemadonline.com/", "ایتا"),
        )
    )
    return f"""<div class="share_news"><span>اشتراک گذاری:</span><ul>{networks}</ul></div>
<div class="short_link_cnt"><span class="short_link_label">لینک کوتاه خبر</span><form class="tinyurl_form"><input class="tinyurl_input" readonly value="{BASE}/{article.id}"><button type="button" data-copied="کپی شد">برای کپی کردن</button></form></div>"""


_COMMENTS = (
    ("ناشناس", "کاش به‌جای حرف زدن یک بار هم گزارش کار بدهند."),
    ("علی", "متن کامل بود، ممنون. فقط کاش آمار سال‌های قبل را هم می‌نوشتید."),
    ("مریم از شیراز", "ما هم همین مشکل را داریم و کسی جواب نمی‌دهد!"),
    ("کاربر مهمان", "خسته نباشید"),
    ("رضا ک.", "تا وقتی نظارت نباشد هیچ‌چیز درست نمی‌شود. این را ده سال است می‌گوییم."),
)


def _comments(article: _Article) -> str:
    shown = web.shuffled(f"comments/{article.id}", _COMMENTS)[: web.number(f"comments/{article.id}", 0, 3)]
    listed = "".join(
        f'<li class="comment_item"><div class="comment_head"><b>{name}</b> <span class="comment_date">۱۴۰۳/۰۹/۱۴ ۰۹:{str(at + 11).translate(_DIGITS)}</span></div>'
        f'<div class="comment_body"><p>{text}</p></div><a class="comment_answer" href="#form">پاسخ</a></li>'
        for at, (name, text) in enumerate(shown)
    )
    published = str(len(shown)).translate(_DIGITS)
    return f"""<section class="comments" id="comments"><h2 class="box_head">نظرات بینندگان</h2>
<div class="comments_count"><span>انتشار یافته: {published}</span> <span>در انتظار بررسی: ۱</span></div><ul>{listed}</ul>
<h2 class="box_head">ارسال نظر</h2><form id="form" action="/comments/add" method="post"><input type="hidden" name="nid" value="{article.id}">
<label>نام:<input name="name"></label><label>ایمیل:<input name="email"></label><label>* نظر شما:<textarea name="text"></textarea></label>
<p class="comment_rules">دیدگاه‌هایی که حاوی توهین یا افترا باشد منتشر نخواهد شد. لطفا از نوشتن نظرات به صورت فینگلیش خودداری کنید.</p>
<button type="submit">ارسال نظر</button></form></section>"""


def _json_ld(article: _Article) -> str:
    """Escaped twice, as a template does that puts HTML-escaped text into JSON."""
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": article.url},
        "headline": article.title,
        "description": article.lead,
        "keywords": "،".join(article.tags),
        "articleSection": article.section,
        "image": [f"https://cdn.etemadonline.com/thumbnail/{article.id}/large.jpg"],
        "publisher": {"@type": "NewsMediaOrganization", "name": SITE, "url": BASE},
    }
    text = json.dumps(data, ensure_ascii=False, indent=1).replace(ZWNJ, "&zwnj;")
    return f'<script type="application/ld+json">{text}</script>'


def _print_page(article: _Article) -> str:
    spell = _speller(article)
    raw, _, _ = _date(article)
    authors = f'<div class="author_name">نویسنده: <b>{"، ".join(article.authors)}</b></div>' if article.authors else ""
    return f"""<!DOCTYPE html>
<html lang="fa" dir="rtl"><head><meta charset="utf-8"><title>{spell(0, article.title)} | {SITE}</title>
<link rel="canonical" href="{article.url}"><meta name="robots" content="noindex,follow"><meta property="og:site_name" content="{SITE}">
<style>{web.stylesheet("etemadonline/print", rules=180)}@media print{{.no_print{{display:none}}}}</style></head>
<body class="print_page" onload="window.print()">
<div class="print_header"><img src="/theme/img/logo-print.png" alt="{SITE}"><span>{raw}</span><span>کد خبر: {str(article.id).translate(_DIGITS)}</span></div>
<article class="news_content">
<h1 class="title">{spell(0, article.title)}</h1>
<div class="news_time">{raw}</div>
{authors}
<p class="lead">{spell(1, article.lead)}</p>
<div class="echo_detail">{markup(article.body, spell=spell)}</div>
</article>
<div class="print_footer"><div>منبع: etemadonline-{article.id}</div><div dir="ltr">{BASE}/{article.id}</div><div>{_COPYRIGHT}</div></div>
<div class="no_print"><button onclick="window.print()">چاپ</button> <button onclick="window.close()">بستن</button></div>
{web.script("etemadonline/print", functions=40)}
</body></html>
"""


# --- pages that are no articles --------------------------------------------------------------------------------------


def _section_page(section: str, articles: list[_Article]) -> str:
    named = [article for article in articles if article.section == section]
    rest = [article for article in articles if article.section != section]
    main = (
        f'<ul class="breadcrumb breadcrumb-list"><li><a href="/">خانه</a></li><li>{section}</li></ul>'
        f'<h1 class="page_title">{section}</h1>{_cards(named + rest)}<ul class="pagination"><li><a href="?curp=2">۲</a></li></ul>'
    )
    return _shell(f"{section} | {SITE}", _section_url(section), main, f"section/{section}", articles, kind="website")


def _media_page(kind: str, articles: list[_Article]) -> str:
    title, url, section = _MEDIA[kind]
    if kind == "photo":
        content = "".join(
            f'<figure class="gallery_item"><a href="https://cdn.etemadonline.com/photo/688205/{at}.jpg"><img src="https://cdn.etemadonline.com/photo/688205/{at}-t.jpg"'
            f' alt="{title}"></a><figcaption>{str(at).translate(_DIGITS)} از ۱۴</figcaption></figure>'
            for at in range(1, 15)
        )
    else:
        content = (
            '<div class="video_player"><video controls preload="none" poster="https://cdn.etemadonline.com/video/688199.jpg">'
            '<source src="https://cdn.etemadonline.com/video/688199-720.mp4" type="video/mp4"></video>'
            '<ul class="video_quality"><li><a href="https://cdn.etemadonline.com/video/688199-720.mp4">دانلود با کیفیت ۷۲۰</a></li>'
            '<li><a href="https://cdn.etemadonline.com/video/688199-360.mp4">دانلود با کیفیت ۳۶۰</a></li></ul></div>'
        )
    main = f"""<ul class="breadcrumb breadcrumb-list"><li><a href="/">خانه</a></li><li><a href="{_section_url(section)}">{section}</a></li></ul>
<article class="news_content {kind}_news"><h1 class="title">{title}</h1>
<div class="news-short-info sec_info"><ul><li><time class="news_time" datetime="۱۴۰۳/۰۹/۱۳ ۱۰:۱۵">۱۴۰۳/۰۹/۱۳ ۱۰:۱۵</time></li></ul></div>
<div class="{kind}_content">{content}</div></article>
<section class="related_news box_skin"><h2 class="box_head">مطالب مرتبط</h2>{_links(articles[3:9])}</section>"""
    return _shell(f"{title} | {SITE}", url, main, f"media/{kind}", articles, heading=title)


def _gone_page(articles: list[_Article]) -> str:
    main = (
        '<div class="error_page"><div class="error_code">۴۰۴</div><h1>صفحه مورد نظر یافت نشد</h1>'
        "<p>ممکن است نشانی صفحه تغییر کرده یا خبر از سایت حذف شده باشد.</p>"
        '<a class="btn" href="/">بازگشت به صفحه نخست</a></div>'
        f'<section class="box_skin"><h2 class="box_head">آخرین اخبار</h2>{_timed_links(articles)}</section>'
    )
    return _shell(f"صفحه یافت نشد | {SITE}", _GONE, main, "gone", articles, kind="website")


# --- what all pages share --------------------------------------------------------------------------------------------

_COPYRIGHT = (
    "کلیه حقوق مادی و معنوی این سایت محفوظ و متعلق به اعتمادآنلاین است. استفاده از مطالب با ذکر منبع بلامانع است."
)


def _links(articles: Iterable[_Article]) -> str:
    return "<ul>" + "".join(f'<li><h4><a href="{a.url}">{a.title}</a></h4></li>' for a in articles) + "</ul>"


def _timed_links(articles: Iterable[_Article]) -> str:
    """A list whose `title` attributes hold dates that are not the page's."""
    rows = (
        f'<li><a href="{web.raw(article.url)}" title="{_slashed(article.published)}">{article.title}</a></li>'
        for article in articles
    )
    return f'<ul class="timed_list">{"".join(rows)}</ul>'


def _slashed(at: datetime) -> str:
    day = jdatetime.date.fromgregorian(date=at.date())
    return f"{day.year}/{day.month:02}/{day.day:02} {at:%H:%M}".translate(_DIGITS)


def _cards(articles: Iterable[_Article]) -> str:
    return "".join(
        f'<div class="news_card"><a class="card_img" href="{article.url}"><img loading="lazy" src="https://cdn.etemadonline.com/thumbnail/{article.id}/small.jpg" width="300" height="200" alt="{article.title}"></a>'
        f'<div class="card_text"><h3><a href="{article.url}">{article.title}</a></h3><p class="card_lead">{article.lead}</p><span class="card_time">{_slashed(article.published)}</span></div></div>'
        for article in articles
    )


def _shell(
    title: str,
    url: str,
    main: str,
    seed: str,
    articles: Sequence[_Article],
    *,
    kind: str = "article",
    description: str = "",
    keywords: str = "",
    image: str = "https://www.etemadonline.com/theme/img/logo.png",
    heading: str = "",
    head: str = "",
    authors: Sequence[str] = (),
) -> str:
    """A whole page around `main`; all texts but `authors` are HTML already."""
    menu = "".join(f'<li class="nav_item"><a href="{_section_url(name)}">{name}</a></li>' for name in SECTIONS)
    filler = web.shuffled(seed, headlines("fa"))
    clock = f"{web.number(seed, 0, 9)}{web.number(seed + 'm', 10, 59)}"
    most_read = "".join(  # on a listing it names what the site holds: a crawler would follow the links
        f'<li><a href="/{687000 + web.number(f"{seed}/{at}", 1, 999)}" title="۱۴۰۳/۰۹/۱۳ {_time(f"{seed}/{at}")}">{text}</a></li>'
        for at, text in enumerate(filler[:14] if kind == "article" else ())
    )
    ticker = "".join(f'<li><a href="{article.url}">{article.title}</a></li>' for article in articles[:5])
    papers = "".join(
        f'<li><span class="card_time">{_time(f"{seed}/p{at}")}</span> {text}</li>'
        for at, text in enumerate(filler[14:34])
    )
    byline = f'<meta name="author" content="{escape("، ".join(authors))}">\n' if authors else ""
    return f"""<!DOCTYPE html>
<html lang="fa" dir="rtl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{description or SITE}">
<meta name="keywords" content="{keywords}">
{byline}<link rel="canonical" href="{url}">
<meta property="og:locale" content="fa_IR">
<meta property="og:type" content="{kind}">
<meta property="og:site_name" content="{SITE}">
<meta property="og:title" content="{heading or title}">
<meta property="og:description" content="{description or SITE}">
<meta property="og:url" content="{url}">
<meta property="og:image" content="{image}">
<meta name="twitter:card" content="summary_large_image">
<link rel="alternate" type="application/rss+xml" title="{SITE}" href="/feeds/">
<link rel="shortcut icon" href="/theme/img/favicon.ico">
{head}
<style>{web.stylesheet("etemadonline", rules=240)}</style>
{web.tag_manager("GTM-ETMD01")}
{web.ad_slots("21900000", ("top", "side-1", "side-2", "intext", "below-article"))}
</head>
<body class="rtl page_{kind}">
{web.tag_manager_body("GTM-ETMD01")}
<header class="main_header"><div class="top_bar"><span class="today">پنجشنبه ۱۵ آذر ۱۴۰۳</span><span class="clock" data-c="{clock}"></span>
<ul class="social"><li><a href="https://t.me/etemadonline">تلگرام</a></li><li><a href="https://www.instagram.com/etemadonline">اینستاگرام</a></li><li><a href="/feeds/">RSS</a></li></ul></div>
<a class="logo" href="/"><img src="/theme/img/logo.png" alt="{SITE}"></a>{web.ad("top")}
<nav class="main_menu"><ul><li class="nav_item"><a href="/">صفحه نخست</a></li>{menu}<li class="nav_item"><a href="/newsstudios/archive/">آرشیو</a></li><li class="nav_item"><a href="/about">درباره ما</a></li><li class="nav_item"><a href="/contact">تماس با ما</a></li></ul></nav>
<form class="search_form" action="/newsstudios/search/"><input name="q" placeholder="جستجو در اخبار"><button>جستجو</button></form>
<div class="ticker"><span>خبر فوری</span><ul>{ticker}</ul></div></header>
<div class="container"><div class="row"><main class="col_main">
{main}
</main>
<aside class="col_side">{web.ad("side-1")}
<div class="box_skin most_read"><h3 class="box_head">پربازدیدترین ها</h3>{f"<ul>{most_read}</ul>" if most_read else _timed_links(web.shuffled(seed, articles)[:8])}</div>
{web.ad("side-2")}
<div class="box_skin"><h3 class="box_head">پیشخوان خبر</h3><ul class="papers">{papers}</ul></div>
<div class="box_skin"><h3 class="box_head">به کانال تلگرام اعتمادآنلاین بپیوندید</h3><a class="btn" href="https://t.me/etemadonline">عضویت کانال تلگرام</a></div>
</aside></div></div>
<footer class="main_footer"><ul><li><a href="/about">درباره ما</a></li><li><a href="/contact">تماس با ما</a></li><li><a href="/newsstudios/archive/">آرشیو</a></li><li><a href="/weather">آب و هوا</a></li><li><a href="/links">پیوندها</a></li></ul>
<p class="copyright">{_COPYRIGHT}</p><p class="producer">طراحی و تولید: <a href="https://asam.ir">سامانه خبری آسام</a></p>
<a class="back_top" href="#">دکمه بازگشت به بالا</a></footer>
{web.script("etemadonline", functions=70)}
</body>
</html>
"""


def _time(seed: str) -> str:
    return f"{web.number(seed + 'h', 6, 23):02}:{web.number(seed + 'n', 0, 59):02}".translate(_DIGITS)


def _response(
    clock: web.Clock,
    url: str,
    body: str | bytes,
    truth: Truth | None = None,
    *,
    content_type: str = "text/html; charset=utf-8",
    status: int = 200,
    reason: str = "OK",
    headers: tuple[tuple[str, str], ...] = (),
    gzip: bool = True,
) -> SampleResponse:
    return SampleResponse(
        url=url,
        body=body.encode() if isinstance(body, str) else body,
        content_type=content_type,
        status=status,
        reason=reason,
        headers=headers,
        gzip=gzip,
        fetched_at=clock.tick(),
        truth=truth,
    )
