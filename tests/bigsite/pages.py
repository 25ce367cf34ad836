"""Articles and listings as markup, in the manner of three CMSs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from html import escape

from tests.bigsite.articles import NAMES, Article, Spec, jalali
from tests.bigsite.text import headline

_MONTHS = {
    "ar": [
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ],
    "fa": ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"],
}
_MORE = {"ar": "أخبار ذات صلة", "fa": "بیشتر بخوانید"}
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def article_page(article: Article, root: str, now: datetime) -> str:
    """The page at `article.path(now)`."""
    if article.in_new_template:
        return _new_template(article, root, now)
    match article.spec.kind:
        case "wordpress":
            return _wordpress(article, root, now)
        case "nastooh":
            return _nastooh(article, root, now)
        case "plain":
            return _plain(article, root, now)


def listing_page(
    spec: Spec, articles: Sequence[Article], root: str, now: datetime, *, title: str, older: str | None
) -> str:
    """A page that links to `articles`, and to the page of older ones."""
    match spec.kind:
        case "wordpress":
            item = '<article class="post"><h2 class="entry-title"><a href="{url}" rel="bookmark">{title}</a></h2><time class="entry-date" datetime="{iso}">{date}</time></article>'
            next_link = '<nav class="navigation pagination"><a class="next page-numbers" href="{older}">الصفحة التالية</a></nav>'
        case "nastooh":
            item = '<li class="news"><figure></figure><div class="desc"><h3><a href="{path}">{title}</a></h3><time>{date}</time></div></li>'
            next_link = '<ul class="pagination"><li><a href="{older}">»</a></li></ul>'
        case "plain":
            item = '<p><a href="{path}">{title}</a></p>'
            next_link = '<a href="{older}">المزيد</a>'
    items = "\n".join(
        item.format(
            url=root + article.path(now),
            path=article.path(now),
            title=article.title(now),
            iso=article.published_at.isoformat(),
            date=shown_date(article),
        )
        for article in articles
    )
    following = next_link.format(older=escape(older)) if older else ""
    return _shell(spec, root, title, "", f'<main class="archive"><h1>{title}</h1>{items}{following}</main>')


def not_found_page(spec: Spec, root: str) -> str:
    text = "الصفحة غير موجودة" if spec.language == "ar" else "صفحه مورد نظر یافت نشد"
    return _shell(spec, root, text, "", f"<main><h1>{text}</h1></main>")


CHALLENGE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow">
<script>window._cf_chl_opt={cvId: '3',cType: 'managed'};</script></head><body><div class="main-wrapper" role="main">
<h1 class="zone-name-title">127.0.0.1</h1><h2 id="challenge-running">Checking if the site connection is secure</h2>
<noscript>Enable JavaScript and cookies to continue</noscript><div id="challenge-body-text">Verify you are human by completing
the action below.</div></div></body></html>"""
"""What a visitor sees who is taken for a robot; goes with status 403."""


def shown_date(article: Article) -> str:
    """As readers see it."""
    at = article.published_at
    if article.spec.language == "ar":
        return f"{at.day} {_MONTHS['ar'][at.month - 1]} {at.year}"
    year, month, day = jalali(at.date())
    return f"{day} {_MONTHS['fa'][month - 1]} {year} - {at:%H:%M}".translate(_PERSIAN)


def _wordpress(article: Article, root: str, now: datetime) -> str:
    title, url = article.title(now), root + article.path(now)
    graph = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "datePublished": article.published_at.isoformat(),
        "dateModified": article.modified_at(now).isoformat(),
        "author": {"@type": "Person", "name": article.author},
        "mainEntityOfPage": url,
        "publisher": {"@type": "NewsMediaOrganization", "name": NAMES["wordpress"]},
    }
    head = (
        f'<link rel="canonical" href="{url}"><meta name="generator" content="WordPress 6.4.2">'
        f'<meta property="og:type" content="article"><meta property="og:title" content="{title}">'
        f'<meta property="article:published_time" content="{article.published_at.isoformat()}">'
        f'<link rel="shortlink" href="{root}/?p={article.id}">'
        f'<script type="application/ld+json">{json.dumps(graph, ensure_ascii=False)}</script>'
    )
    body = "\n".join(f"<p>{text}</p>" for text in article.paragraphs(now))
    main = f"""<article id="post-{article.id}" class="post-{article.id} post type-post hentry single-post">
<header class="entry-header"><h1 class="entry-title">{title}</h1><div class="entry-meta byline"><span class="author vcard"><a
href="{root}/author/{article.id % 5}/">{article.author}</a></span> <time class="entry-date published"
datetime="{article.published_at.isoformat()}">{shown_date(article)}</time> <a rel="category tag">{article.section}</a></div></header>
<div class="entry-content">{body}</div>
<footer class="entry-footer"><a href="{root}/tag/t{article.id % 50}/" rel="tag">{article.section}</a></footer></article>
<section class="jp-relatedposts"><h3>{_MORE["ar"]}</h3>{_others(article)}</section>
<div id="respond" class="comment-respond"><h3>اترك تعليقاً</h3><form><label>الاسم *</label><input></form></div>"""
    return _shell(article.spec, root, f"{title} - {NAMES['wordpress']}", head, main)


def _nastooh(article: Article, root: str, now: datetime) -> str:
    title, [lead, *texts] = article.title(now), article.paragraphs(now)
    head = (
        f'<link rel="canonical" href="{root}{article.path(now)}"><meta name="generator" content="Nastooh Saba Newsroom">'
        f'<meta property="og:title" content="{title}"><meta property="og:type" content="article">'
        f'<meta property="article:published_time" content="{article.published_at.isoformat()}">'
        f'<meta name="author" content="{article.author}">'
    )
    body = "\n".join(f"<p>{text}</p>" for text in texts)
    main = f"""<article class="item" id="item"><ol class="breadcrumb"><li><a href="/">صفحه نخست</a></li><li><a
href="/service/s{article.id % 5}">{article.section}</a></li></ol>
<div class="item-header"><div class="item-date"><span>{shown_date(article)}</span></div><div class="item-code"><span>کد خبر: {article.id}</span></div></div>
<div class="item-title"><h1 class="title"><a href="{article.path(now)}">{title}</a></h1></div>
<div class="item-summary"><p class="summary introtext" itemprop="description">{lead}</p></div>
<div class="item-body"><div class="item-text" itemprop="articleBody">{body}</div></div>
<div class="tags"><ul><li><a href="/tag/{article.section}">{article.section}</a></li></ul></div></article>
<section class="box related"><header><h2>{_MORE["fa"]}</h2></header>{_others(article)}</section>
<section class="box comments"><h2>نظر شما</h2><form><input placeholder="نام"></form></section>"""
    return _shell(article.spec, root, f"{title} - {NAMES['nastooh']}", head, main)


def _plain(article: Article, root: str, now: datetime) -> str:
    title = article.title(now)
    body = "\n".join(f"<p>{text}</p>" for text in article.paragraphs(now))
    main = f"""<div class="story"><h1>{title}</h1><div class="by">{article.author}</div>
<div class="when">{shown_date(article)} - {article.published_at:%H:%M}</div><div class="text">{body}</div></div>
<div class="box"><h4>{_MORE["ar"]}</h4>{_others(article)}</div>"""
    return _shell(article.spec, root, title, "", main)


def _new_template(article: Article, root: str, now: datetime) -> str:
    """A redesign as they happen: neither author nor date in markup, and all but the teaser in a box named like noise.

    Everything is still there: the time as `data-epoch`, the author as `data-by`, the text in `.nx-story`.
    """
    title, [teaser, more, *texts] = article.title(now), article.paragraphs(now)
    body = "\n".join(f"<p>{text}</p>" for text in texts)
    main = f"""<main class="nx" data-epoch="{article.published_at.timestamp():.0f}" data-by="{article.author}">
<h1>{title}</h1><div class="nx-teaser"><p>{teaser} {more}</p></div>
<aside class="sidebar related-posts"><div class="nx-story">{body}</div></aside></main>"""
    return _shell(article.spec, root, title, f'<link rel="canonical" href="{root}{article.path(now)}">', main)


def _others(article: Article) -> str:
    """Headlines without links, the same whenever the page is served, so that its ETag speaks of the article alone."""
    seeds = (f"{article.id}/other/{number}" for number in range(4))
    return "<ul>" + "".join(f"<li>{headline(article.spec.language, seed)}</li>" for seed in seeds) + "</ul>"


def _shell(spec: Spec, root: str, title: str, head: str, main: str) -> str:
    name = NAMES[spec.kind]
    menu = "".join(
        f'<li><a href="{root}/section/{number}">{label}</a></li>' for number, label in enumerate(_MENU[spec.language])
    )
    return f"""<!DOCTYPE html>
<html dir="rtl" lang="{"ar" if spec.language == "ar" else "fa-IR"}"><head><meta charset="utf-8"><title>{title}</title>
<meta property="og:site_name" content="{name}">{head}</head>
<body><header class="site-header"><a href="{root}/">{name}</a><nav><ul>{menu}</ul></nav></header>
{main}
<footer class="site-footer"><p>{_RIGHTS[spec.language]} © {name}</p></footer></body></html>
"""


_MENU = {"ar": ("سياسة", "اقتصاد", "رياضة", "ثقافة"), "fa": ("سیاست", "اقتصاد", "ورزش", "فرهنگ")}
_RIGHTS = {"ar": "جميع الحقوق محفوظة", "fa": "کلیه حقوق مادی و معنوی این سایت محفوظ است"}
