"""The CMS of the Arabs Today group: one template under many brands, which carry each other's articles under one path.

Its article pages show no date of their own. The clock in the URL is no id, and `آخر تحديث` is when the page was rendered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from samples.build import web
from samples.build.blocks import Block, blocks, markup, paragraphs
from samples.build.model import SampleResponse, Truth
from samples.build.text import headlines, seed
from samples.build.web import (
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

_MONTHS = (
    *("كانون الثاني / يناير", "شباط / فبراير", "آذار / مارس", "نيسان / أبريل", "أيار / مايو", "حزيران / يونيو"),
    *("تموز / يوليو", "آب / أغسطس", "أيلول / سبتمبر", "تشرين الأول / أكتوبر", "تشرين الثاني / نوفمبر"),
    "كانون الأول / ديسمبر",
)
_WEEKDAYS = ("الإثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")
_ADDRESS = "بناية النخيل - رأس النبع _ خلف السفارة الفرنسية _بيروت - لبنان"
_RULES = (
    "شروط النشر: عدم الإساءة للكاتب أو للأشخاص أو للمقدسات أو مهاجمة الأديان أو الذات الالهية. "
    "والابتعاد عن التحريض الطائفي والعنصري والشتائم."
)


@dataclass(frozen=True, kw_only=True)
class Brand:
    """One of the group's sites."""

    name: str
    host: str
    latin: str
    """As the footer and the menu's images call it."""
    sections: Mapping[str, str]
    """Number → name."""
    tags_id: str
    """Of its tag manager."""

    @property
    def home(self) -> str:
        return f"https://{self.host}"


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article as the group's database holds it."""

    section: str
    clock: str
    """HHMMSS, the first part of the URL's last segment."""
    title: str
    kicker: str
    caption: str
    dateline: str
    body: list[Block]
    tags: tuple[str, ...]
    attribution: tuple[str, ...]
    image: str
    """Path of the image: its year and month are the only trace of when the article appeared."""
    related: Mapping[int, tuple[str, tuple[str, ...]]]
    """Number of a block → label and headlines of the links that stand behind it, inside the body."""

    @property
    def path(self) -> str:
        return f"/{self.section}/{self.clock}-{web.slug(self.title)}"


def stories(entries: Sequence[Mapping[str, Any]], brand: Brand, *, image_month: str) -> list[Story]:
    """The articles of a TOML file."""
    return [_story(entry, brand, image_month) for entry in entries]


def _story(entry: Mapping[str, Any], brand: Brand, image_month: str) -> Story:
    body = blocks(entry["body"])
    pool = shuffled(f"related/{entry['clock']}", headlines("ar"))
    related = {len(body) - 1: ("وقد يهمك أيضاً :", (pool[0], pool[1]))}
    if "related" in entry:
        related[1] = ("أقرأ أيضا :", tuple(entry["related"]))
    return Story(
        section=str(entry["section"]),
        clock=entry["clock"],
        title=entry["title"],
        kicker=entry["kicker"],
        caption=entry["caption"],
        dateline=entry["dateline"],
        body=body,
        tags=tuple(entry["tags"]),
        attribution=tuple(entry.get("attribution", (brand.name,))),
        image=f"{image_month}/{brand.latin}-{entry['clock']}.jpg",
        related=related,
    )


def seed_story() -> Story:
    """The seed's article, with the related links inside its body."""
    lines = _seed_lines()
    body = [lines[at] for at in (6, 7, 10, 11, 12, 13)]
    if not (body[0].startswith("أعلن الكرملين") and body[5].startswith("وتوسطت موسكو")):
        raise ValueError("seed 003: its lines are not where they were")
    return Story(
        section="326",
        clock="114830",
        title=lines[0],
        kicker=lines[2],
        caption=lines[4],
        dateline=lines[5],
        body=[Block("paragraph", (text,)) for text in body],
        tags=("الكرملين", "تركيا", "إدلب"),
        attribution=("العرب اليوم",),
        image="2019/12/arabstoday-114830.jpg",
        related={1: (lines[8], (lines[9],)), 5: (lines[14], (lines[15], lines[16]))},
    )


def _seed_lines() -> list[str]:
    """The seed's lines that say something other than an image's text (` العرب اليوم - …`)."""
    return [text for text in seed("003") if text.strip() and not text.startswith(" العرب اليوم -")]


def seed_latest() -> list[tuple[str, str]]:
    """The latest news on the seed's page: (headline, time), the first with its dateline for a time."""
    lines = _seed_lines()
    times = [at for at, text in enumerate(lines) if text.startswith("GMT ")]
    return [(lines[times[0] - 2], lines[times[0] - 1]), *((lines[at + 1], lines[at]) for at in times)]


def latest_news(page: str, now: datetime, brand: Brand) -> list[tuple[str, str]]:
    """Latest news for another page: (headline, time), the first with its dateline for a time."""
    pool = shuffled(f"{brand.host}/{page}", headlines("ar"))[:16]
    times = (now - timedelta(minutes=number(f"{page}/{at}", 30, 3000)) for at, _ in enumerate(pool))
    news = [(headline, _time(when)) for headline, when in zip(pool, times, strict=True)]
    return [(news[0][0], f"بيروت ـ {brand.name}"), *news[1:]]


def _time(when: datetime) -> str:
    return f"GMT {when:%H:%M} {when.year} {_WEEKDAYS[when.weekday()]} ,{when.day} {_MONTHS[when.month - 1]}"


def truth(story: Story, brand: Brand, outcome: str, note: str) -> Truth:
    """What each page of the article must give: no date, since it shows none."""
    return Truth(
        outcome=outcome,
        title=story.title,
        kicker=story.kicker,
        paragraphs=paragraphs(story.body),
        tags=story.tags,
        attribution=story.attribution,
        section=brand.sections[story.section],
        site_name=brand.name,
        note=note,
    )


# --- pages -----------------------------------------------------------------------------------------------------------


def article_page(
    story: Story, brand: Brand, *, now: datetime, latest: Sequence[tuple[str, str]], images: str | None = None
) -> bytes:
    """The page of an article, rendered at `now`; `images`: the brand whose image server it uses, if another's."""
    host = images or brand.host
    image = f"https://img.{host}/{story.image}"
    title = escape(story.title, quote=False)
    related = {at: _related(label, links, brand) for at, (label, links) in story.related.items()}
    body = markup(story.body, spell=lambda _, text: _spell(text), heading="h3", after=related)
    main = f"""<p class="homepageslidersubtitle">{escape(story.kicker, quote=False)}</p>
<h2 class="housemaintitle">{title}</h2>
<table width="100%" border="0" cellspacing="0" cellpadding="0"><tr><td align="center">
<img src="https://img.{host}/assets/line.png" alt=" {brand.name} - " />
<img src="{image}" width="620" alt=" {brand.name} - {escape(story.title)}" title="{escape(story.title)}" /></td></tr>
<tr><td class="imagedescription">{escape(story.caption, quote=False)}</td></tr></table>
<h4 class="coring">{story.dateline}</h4>
{_tools(story, brand)}
<div id="balmon">
{body}</div>
<div class="sourceband"><a href="{brand.home}/">{brand.latin}</a></div>
{ad(f"{brand.latin}-mid")}
{_COMMENT_FORM}
<div class="sharetitle"><span>{title}</span> <span>{title}</span></div>"""
    head = f"""<link rel="canonical" href="{brand.home}{story.path}" />
<link rel="amphtml" href="{brand.home}/amp{story.path}" />
<meta name="news_keywords" content="{", ".join(story.tags)}" />
<meta property="og:type" content="article" />
<meta property="og:title" content="{escape(story.title)}" />
<meta property="og:description" content="{escape(story.kicker)}" />
<meta property="og:url" content="{brand.home}{story.path}" />
<meta property="og:image" content="{image}" />
<meta property="og:article:section" content="{brand.sections[story.section]}" />"""
    return _frame(brand, f"{title} | {brand.name}", main, head=head, now=now, latest=latest)


def _spell(text: str) -> str:
    return escape(text, quote=False).replace("\xa0", "&nbsp;")


def _related(label: str, links: Sequence[str], brand: Brand) -> str:
    anchors = (f'<a href="{brand.home}{_elsewhere(text)}">{escape(text, quote=False)}</a>' for text in links)
    return "".join(f"<p>{line}</p>\n" for line in (_spell(label), *anchors))


def _elsewhere(title: str) -> str:
    """Path of an article that is not among the samples."""
    clock = "".join(f"{number(f'{title}/{unit}', 0, most):02}" for unit, most in (("h", 23), ("m", 59), ("s", 59)))
    return _either(f"/326/{clock}-{web.slug(title)}", title)


def _either(path: str, choice: str) -> str:
    """The path in one of the two ways in which the site's pages write it: percent-encoded, or raw."""
    return path if number(f"coding/{choice}", 0, 1) else web.raw(path)


def _tools(story: Story, brand: Brand) -> str:
    url = f"{brand.home}{story.path}"
    return f"""<table class="toolsband" border="0"><tr>
<td><a href="https://www.facebook.com/sharer/sharer.php?u={url}" target="_blank"><img src="{brand.home}/images/fb.png" alt="facebook" /></a></td>
<td><a href="https://twitter.com/share?url={url}" target="_blank"><img src="{brand.home}/images/tw.png" alt="twitter" /></a></td>
<td><a href="whatsapp://send?text={url}"><img src="{brand.home}/images/wa.png" alt="whatsapp" /></a></td>
<td><a href="{url}?print=1" rel="nofollow"><img src="{brand.home}/images/print.png" alt="طباعة" /></a></td></tr></table>"""


_COMMENT_FORM = f"""<form name="commentform" method="post" action="/comments/add"><table class="commentstable" width="100%">
<tr><td class="commentlabel">الإسم *</td></tr><tr><td><input type="text" name="name" maxlength="60" /></td></tr>
<tr><td class="commentlabel">البريد الألكتروني *</td></tr><tr><td><input type="text" name="email" maxlength="80" /></td></tr>
<tr><td class="commentlabel">عنوان التعليق *</td></tr><tr><td><input type="text" name="subject" maxlength="80" /></td></tr>
<tr><td class="commentlabel">تعليق *</td></tr><tr><td><textarea name="comment" rows="6" cols="60"></textarea></td></tr>
<tr><td><input type="text" name="left" value="500" size="3" readonly="readonly" /> : Characters Left</td></tr>
<tr><td>إلزامي *</td></tr>
<tr><td><a href="/terms">شروط الاستخدام</a></td></tr>
<tr><td class="publishrules">{_RULES}</td></tr>
<tr><td><input type="checkbox" name="agree" /> اُوافق على شروط الأستخدام</td></tr>
<tr><td>Security Code*</td></tr>
<tr><td><img src="/captcha" alt="" width="90" height="30" /> <input type="text" name="code" size="6" /></td></tr>
<tr><td>&nbsp;</td></tr><tr><td><input type="submit" value="أرسل" /></td></tr>
</table></form>"""


def print_page(story: Story, brand: Brand) -> bytes:
    """The bare page for printers."""
    title = escape(story.title, quote=False)
    return f"""<!DOCTYPE html>
<html dir="rtl" lang="ar"><head><meta charset="utf-8" /><title>{title}</title>
<link rel="canonical" href="{brand.home}{story.path}" /><meta name="robots" content="noindex" />
<meta property="og:site_name" content="{brand.name}" /><meta name="news_keywords" content="{", ".join(story.tags)}" />
<meta property="og:article:section" content="{brand.sections[story.section]}" />
<style>body{{font:16px/1.9 Tahoma;width:700px;margin:auto}}@media print{{.noprint{{display:none}}}}</style></head>
<body onload="window.print()">
<p class="noprint"><a href="javascript:window.print()">طباعة</a></p>
<p class="homepageslidersubtitle">{escape(story.kicker, quote=False)}</p>
<h2 class="housemaintitle">{title}</h2>
<h4 class="coring">{story.dateline}</h4>
<div id="balmon">
{markup(story.body, heading="h3")}</div>
<hr />
<p>جميع الحقوق محفوظة لمجموعة العرب اليوم الاعلامية 2023 ©</p>
</body></html>
""".encode()


def amp_page(story: Story, brand: Brand) -> bytes:
    """The AMP page."""
    title = escape(story.title, quote=False)
    image = f"https://img.{brand.host}/{story.image}"
    boilerplate = (
        "<style amp-boilerplate>body{-webkit-animation:-amp-start 8s steps(1,end) 0s 1 normal both;animation:-amp-start 8s"
        " steps(1,end) 0s 1 normal both}@-webkit-keyframes -amp-start{from{visibility:hidden}to{visibility:visible}}"
        "@keyframes -amp-start{from{visibility:hidden}to{visibility:visible}}</style>"
    )
    related = "".join(
        f'<li><a href="{brand.home}{_elsewhere(text)}">{text}</a></li>'
        for text in shuffled(f"amp/{story.clock}", headlines("ar"))[:8]
    )
    return f"""<!doctype html>
<html amp lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{title} | {brand.name}</title>
<link rel="canonical" href="{brand.home}{story.path}">
<meta name="viewport" content="width=device-width,minimum-scale=1,initial-scale=1">
<meta name="news_keywords" content="{", ".join(story.tags)}">
<meta property="og:title" content="{escape(story.title)}"><meta property="og:site_name" content="{brand.name}">
<meta property="og:article:section" content="{brand.sections[story.section]}">
<script async src="https://cdn.ampproject.org/v0.js"></script>
<script async custom-element="amp-analytics" src="https://cdn.ampproject.org/v0/amp-analytics-0.1.js"></script>
{boilerplate}<noscript><style amp-boilerplate>body{{animation:none}}</style></noscript>
<style amp-custom>{stylesheet("amp", rules=90)}</style></head>
<body><amp-analytics type="gtag"></amp-analytics>
<header><a href="{brand.home}/"><amp-img src="{brand.home}/images/logo-amp.png" width="190" height="60" alt="{brand.name}"></amp-img></a></header>
<article><p class="homepageslidersubtitle">{escape(story.kicker, quote=False)}</p>
<h1 class="housemaintitle">{title}</h1>
<amp-img src="{image}" width="620" height="400" layout="responsive" alt=" {brand.name} - {escape(story.title)}"></amp-img>
<h4 class="coring">{story.dateline}</h4>
<amp-ad width="300" height="250" type="doubleclick" data-slot="/21800000/{brand.latin}/amp"></amp-ad>
<div id="balmon">
{markup(story.body, heading="h3")}</div></article>
<section><h4>آخر الأخبار</h4><ul>{related}</ul></section>
<footer>جميع الحقوق محفوظة لمجموعة العرب اليوم الاعلامية 2023 ©</footer></body></html>
""".encode()


def listing_page(
    brand: Brand, title: str, listed: Sequence[Story], *, now: datetime, printed: Story | None = None
) -> bytes:
    """A page that lists articles, all of which are on the site; `printed`: the one whose print view it links to."""
    cells = [_card(story, brand, printer=story is printed) for story in listed]
    rows = "".join(f"<tr>{cells[at]}{''.join(cells[at + 1 : at + 2])}</tr>\n" for at in range(0, len(cells), 2))
    heading = f'<h1 class="sectionname">{title}</h1>'
    main = f'{heading}\n<table class="homegrid" width="100%" cellspacing="6">\n{rows}</table>'
    latest = [(story.title, _time(now - timedelta(minutes=37 * at + 12))) for at, story in enumerate(listed)]
    addresses = {story.title: f"{brand.home}{_either(story.path, story.clock)}" for story in listed}
    return _frame(brand, f"{title} | {brand.name}", main, now=now, latest=latest, addresses=addresses)


def _card(story: Story, brand: Brand, *, printer: bool) -> str:
    url = f"{brand.home}{_either(story.path, story.title)}"
    view = f' <a href="{brand.home}{story.path}?print=1" rel="nofollow">طباعة</a>' if printer else ""
    title = escape(story.title, quote=False)
    return (
        f'<td valign="top" width="50%"><a href="{brand.home}{story.path}"><img src="https://img.{brand.host}/{story.image}"'
        f' width="300" alt=" {brand.name} - {escape(story.title)}" /></a>'
        f'<p class="homepageslidersubtitle">{escape(story.kicker, quote=False)}</p>'
        f'<h2 class="housemaintitle"><a href="{url}">{title}</a></h2><h4 class="coring">{story.dateline}</h4>{view}</td>'
    )


def map_page(brand: Brand, *, now: datetime, listed: Sequence[Story]) -> bytes:
    """The site map for people, `/خارطة-الموقع`: sections and their feeds, and the newest article of each."""
    newest = {story.section: story for story in reversed(listed)}
    rows = "".join(
        f'<tr><td><a href="{brand.home}/{at}-{web.slug(name)}">{name}</a></td>'
        f'<td><a href="{brand.home}/{at}/rss.xml">RSS</a></td><td>'
        + (
            f'<a href="{brand.home}{newest[at].path}">{escape(newest[at].title, quote=False)}</a>'
            if at in newest
            else ""
        )
        + "</td></tr>\n"
        for at, name in brand.sections.items()
    )
    main = f'<h1 class="sectionname">خارطة الموقع</h1>\n<table class="sitemap" width="100%">\n{rows}</table>'
    latest = [(story.title, _time(now - timedelta(minutes=41 * at + 9))) for at, story in enumerate(listed)]
    addresses = {story.title: f"{brand.home}{story.path}" for story in listed}
    return _frame(brand, f"خارطة الموقع | {brand.name}", main, now=now, latest=latest, addresses=addresses)


def section_page(brand: Brand, name: str, url: str, *, now: datetime) -> bytes:
    """A section that lists articles of other days: a page of headlines and nothing else."""
    pool = shuffled(f"section/{url}", headlines("ar"))[:24]
    items = "".join(
        f'<tr><td width="120"><img src="https://img.{brand.host}/2025/01/t{number(text, 1000, 9999)}.jpg" alt=" {brand.name} - {text}" /></td>'
        f'<td><h2 class="housemaintitle"><a href="{brand.home}{_elsewhere(text)}">{text}</a></h2>'
        f'<span class="gmt">{_time(now - timedelta(hours=7 * at + 2))}</span></td></tr>\n'
        for at, text in enumerate(pool)
    )
    main = f'<h1 class="sectionname">{name}</h1>\n<table class="homegrid" width="100%">\n{items}</table>'
    head = f'<link rel="canonical" href="{url}" />\n<meta property="og:type" content="website" />'
    return _frame(brand, f"{name} | {brand.name}", main, head=head, now=now, latest=latest_news(url, now, brand))


def video_page(brand: Brand, title: str, url: str, *, now: datetime) -> bytes:
    """A video: a player, its title and more videos."""
    more = "".join(
        f'<td><a href="{brand.home}/v-915-{web.slug(text)}"><img src="https://img.{brand.host}/v/{number(text, 1000, 9999)}.jpg" alt="" />'
        f"<br />{text}</a></td>"
        for text in shuffled(f"video/{url}", headlines("ar"))[:12]
    )
    main = f"""<h2 class="housemaintitle">{title}</h2>
<div class="player"><iframe width="640" height="360" src="https://www.youtube.com/embed/w4rr4qs4mpl" allowfullscreen></iframe></div>
<h3 class="sectionname">المزيد من الفيديو</h3><table class="videogrid"><tr>{more}</tr></table>
{_COMMENT_FORM}"""
    head = f"""<link rel="canonical" href="{url}" />
<meta property="og:type" content="video.other" />
<meta property="og:title" content="{escape(title)}" />
<meta property="og:video" content="https://www.youtube.com/embed/w4rr4qs4mpl" />"""
    return _frame(brand, f"{title} | {brand.name}", main, head=head, now=now, latest=latest_news(url, now, brand))


def _frame(
    brand: Brand,
    title: str,
    main: str,
    *,
    now: datetime,
    latest: Sequence[tuple[str, str]],
    head: str = "",
    addresses: Mapping[str, str] | None = None,
) -> bytes:
    """The page around `main`: layout tables, a menu, latest news with dates, the footer twice, a hidden vcard."""
    menu = "".join(
        f'<td class="menucell"><a href="{brand.home}/{at}-{web.slug(name)}">{name}</a><table class="submenu">'
        + "".join(
            f'<tr><td><a href="{brand.home}/{at}{part}-{web.slug(label + " " + name)}">{label} {name}</a></td></tr>'
            for part, label in enumerate(_PARTS)
        )
        + "</table></td>"
        for at, name in brand.sections.items()
    )
    copyright_band = """<table class="footerband" width="100%"><tr><td>Maintained and developed by Arabs Today Group SAL</td></tr>
<tr><td>جميع الحقوق محفوظة لمجموعة العرب اليوم الاعلامية 2023 ©</td></tr></table>"""
    links = " ".join(
        f'<a href="https://social.example/{brand.latin}/{at}">{brand.latin.title()}</a>' for at in range(4)
    )
    more_links = " ".join(f'<a href="https://apps.example/{brand.latin}/{at}">{brand.latin}</a>' for at in range(3))
    organization = json.dumps(
        [
            {"@context": "http://schema.org", "@type": "Organization", "name": brand.name, "url": f"{brand.home}/"},
            {
                "@context": "http://schema.org",
                "@type": "WebPage",
                "name": title,
                "publisher": {"@type": "Organization", "name": brand.name},
            },
        ],
        ensure_ascii=False,
    )
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:og="http://ogp.me/ns#" lang="ar" dir="rtl">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>{title}</title>
<meta name="DC.Title" content="{brand.name}" />
<meta name="DC.Creator" content="Arabs Today" />
<meta name="DC.Publisher" content="Arabs Today Group SAL" />
<meta property="og:site_name" content="{brand.name}" />
<meta property="og:locale" content="ar_AR" />
{head}
<link rel="alternate" type="application/rss+xml" title="RSS" href="{brand.home}/rss" />
<script type="application/ld+json">{organization}</script>
<style type="text/css">{stylesheet("arabs group", rules=230)}</style>
{tag_manager(brand.tags_id)}
{ad_slots("21800000", (f"{brand.latin}-top", f"{brand.latin}-mid", f"{brand.latin}-side"))}
</head>
<body>
{tag_manager_body(brand.tags_id)}
<table class="layout" width="1000" align="center" cellspacing="0" cellpadding="0">
<tr><td colspan="2" class="topband"><table width="100%"><tr>
<td><a href="{brand.home}/"><img src="{brand.home}/images/logo.png" alt="{brand.name}" /></a></td>
<td>{ad(f"{brand.latin}-top")}</td>
<td><form action="{brand.home}/search"><input name="searchword" /><input type="submit" value="بحث" /></form></td>
<td><a href="{brand.home}/en/">English</a></td></tr></table></td></tr>
<tr><td colspan="2"><table class="menuband"><tr>{menu}</tr></table></td></tr>
<tr><td colspan="2" class="readmoregmttimeband">آخر تحديث <span class="gmt">GMT{now:%H:%M:%S}</span></td></tr>
<tr><td class="maincell" valign="top" width="660">
{main}
</td><td class="sidecell" valign="top" width="320">
{_latest(brand, latest, addresses or {})}
{ad(f"{brand.latin}-side")}
<span class="tracker">syria-24</span>
</td></tr>
<tr><td colspan="2">{copyright_band}</td></tr>
</table>
<div class="mobilefooter">{copyright_band}</div>
<div class="sociallinks">{links}</div><div class="applinks">{more_links}<br /><a href="{brand.home}/">{brand.latin}</a></div>
<div class="vcard" style="display:none"><span class="adr">{_ADDRESS}</span> <span class="category">arabs, Arab, Arab</span></div>
{script("arabs group", functions=50)}
</body>
</html>
""".encode()


_PARTS = ("أخبار", "تحقيقات", "مقابلات", "صور")


def _latest(brand: Brand, latest: Sequence[tuple[str, str]], addresses: Mapping[str, str]) -> str:
    def link(text: str) -> str:
        return addresses.get(text, brand.home + _elsewhere(text))

    (top, dateline), *others = latest
    rows = "".join(
        f'<tr><td><span class="gmt">{when}</span></td></tr>\n<tr><td><a href="{link(text)}">{escape(text, quote=False)}</a>'
        + (
            f'<br /><img src="https://img.{brand.host}/s/{number(text, 100, 999)}.jpg" alt=" {brand.name} - {escape(text)}" />'
            if at == 0
            else ""
        )
        + "</td></tr>\n"
        for at, (text, when) in enumerate(others)
    )
    return f"""<table class="latestnews" width="100%"><tr><td><h3><a href="{link(top)}">{escape(top, quote=False)}</a></h3></td></tr>
<tr><td>{dateline}</td></tr>
{rows}</table>"""


# --- responses -------------------------------------------------------------------------------------------------------


def response(
    url: str,
    body: bytes,
    fetched_at: datetime,
    truth: Truth | None = None,
    *,
    content_type: str = "text/html; charset=utf-8",
) -> SampleResponse:
    """A response of one of the group's servers, which compress all but small pages."""
    return SampleResponse(
        url=url,
        body=body,
        content_type=content_type,
        headers=(("X-Powered-By", "ASP.NET"), ("Cache-Control", "private")),
        gzip=len(body) > 8_000,
        fetched_at=fetched_at,
        truth=truth,
    )


def robots(brand: Brand, sitemaps: Sequence[str], fetched_at: datetime) -> SampleResponse:
    """robots.txt with these Sitemap lines."""
    body = web.robots(sitemaps=sitemaps, disallow=("/search", "/admin/"))
    return response(f"{brand.home}/robots.txt", body, fetched_at, content_type="text/plain; charset=utf-8")


def feed(brand: Brand, url: str, items: Sequence[FeedItem], fetched_at: datetime) -> SampleResponse:
    """A feed of the site."""
    body = web.rss(items, title=brand.name, link=f"{brand.home}/", generator="Arabs Today Group")
    return response(url, body, fetched_at, content_type="text/xml; charset=utf-8")


def feed_item(story: Story, brand: Brand, now: datetime) -> FeedItem:
    """The article in a feed, which tells the day its page does not; some addresses are raw."""
    day = datetime(2019, 12, 27, tzinfo=UTC) if story.clock == "114830" else now - timedelta(days=1)
    hour, minute, second = (int(story.clock[at : at + 2]) for at in (0, 2, 4))
    return FeedItem(
        url=brand.home + _either(story.path, f"feed/{story.clock}"),
        title=story.title,
        published=day.replace(hour=hour, minute=minute, second=second),
        summary=f"<p>{escape(story.kicker, quote=False)}</p>",
        category=brand.sections[story.section],
    )
