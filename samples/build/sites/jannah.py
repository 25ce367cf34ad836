"""jannah.example: an Arabic news site on WordPress with the theme Jannah, Yoast SEO and an AMP plugin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import Any

from samples.build import web
from samples.build.blocks import Block, markup
from samples.build.model import SampleResponse, Truth
from samples.build.text import headlines, load, seed
from samples.build.wordpress import Post, arabic_date, comment_form, core_head, load_post, slug, term_url

HOME = "https://jannah.example"
SITE = "جنة الأخبار"
DAMASCUS = timezone(timedelta(hours=2))
FETCHED = datetime(2020, 2, 22, 5, 0, tzinfo=UTC)
LISTED_SECTION = "أخبار العرب"
_VARIED = 48219
"""The post that is also reached by its short link and as AMP."""
_GONE = f"{HOME}/2020/02/11/{slug('مقالة حذفها الموقع')}/"
_VIDEO = "شاهد: لحظة وصول أول قطار إلى محطة الحجاز"
_VIDEO_URL = f"{HOME}/2020/02/19/{slug(_VIDEO)}/"


def responses() -> list[SampleResponse]:
    """The crawl of the site, in order."""
    posts = _posts()
    clock = web.Clock(FETCHED, seconds=6)
    varied = next(post for post in posts if post.id == _VARIED)
    pages: list[tuple[str, str | bytes, str, Truth | None]] = [
        (f"{HOME}/robots.txt", _robots(), "text/plain; charset=utf-8", None),
        (f"{HOME}/sitemap_index.xml", _sitemap_index(posts), "text/xml; charset=UTF-8", None),
        (f"{HOME}/post-sitemap.xml", _post_sitemap(posts), "text/xml; charset=UTF-8", None),
        (f"{HOME}/feed/", _feed(posts, varied), "application/rss+xml; charset=UTF-8", None),
        (f"{HOME}/", _home(posts), _HTML, None),
        (term_url(HOME, "category", LISTED_SECTION), _category(posts), _HTML, None),
        *((post.url, _post_page(post, posts), _HTML, _truth(post)) for post in posts),
        (
            varied.short_url,
            _post_page(varied, posts),
            _HTML,
            _variant(varied, "The short link, canonical to the post."),
        ),
        (f"{varied.url}amp/", _amp_page(varied), _HTML, _variant(varied, "The AMP view, by its path.")),
        (f"{varied.url}?amp=1", _amp_page(varied), _HTML, _variant(varied, "The AMP view, by its parameter.")),
        (_VIDEO_URL, _video_page(posts), _HTML, _refused("not_an_article", "A post that is a player and no text.")),
        (_GONE, _gone_page(posts), _HTML, _refused("soft_404", "A deleted post: says so, but with status 200.")),
    ]
    return [
        SampleResponse(
            url=url,
            body=body.encode() if isinstance(body, str) else body,
            content_type=content_type,
            headers=_links(url) if content_type == _HTML else (),
            fetched_at=clock.tick(),
            truth=truth,
        )
        for url, body, content_type, truth in pages
    ]


_HTML = "text/html; charset=UTF-8"


def _links(url: str) -> tuple[tuple[str, str], ...]:
    """Core sends several headers of this name."""
    return (("Link", f'<{HOME}/wp-json/>; rel="https://api.w.org/"'), ("Link", f"<{url}>; rel=canonical"))


# --- what the site holds ---------------------------------------------------------------------------------------------


def _posts() -> list[Post]:
    posts = [
        load_post(row | _seed_text() if row.get("seed") else row, HOME, DAMASCUS) for row in load("jannah")["article"]
    ]
    return sorted(posts, key=lambda post: post.published, reverse=True)


def _seed_text() -> dict[str, Any]:
    lines = [text for text in seed("002") if text.strip()]
    title, subtitle, *body = lines[: lines.index("مقالات ذات صلة")]
    return {"title": title, "subtitle": subtitle, "body": [Block("paragraph", (text,)) for text in body]}


def _modified(post: Post) -> datetime:
    """Every post was saved once more after it was published."""
    return post.published + timedelta(minutes=web.number(f"modified/{post.id}", 3, 90))


def _truth(post: Post) -> Truth:
    return post.truth(site_name=SITE, modified=_modified(post))


def _variant(post: Post, note: str) -> Truth:
    return replace(_truth(post), outcome="unchanged", note=note)


def _refused(reason: str, note: str) -> Truth:
    return Truth(outcome="rejected", reason=reason, note=note)


# --- documents that announce pages -----------------------------------------------------------------------------------


def _robots() -> bytes:
    return web.robots(sitemaps=[f"{HOME}/sitemap_index.xml"], disallow=["/wp-admin/"])


def _sitemap_index(posts: Sequence[Post]) -> bytes:
    newest = _modified(posts[0])
    return web.sitemap_index([(f"{HOME}/post-sitemap.xml", newest), (f"{HOME}/category-sitemap.xml", newest)])


def _post_sitemap(posts: Sequence[Post]) -> bytes:
    return web.sitemap([*((post.url, _modified(post)) for post in posts), (_GONE, None)])


def _feed(posts: Sequence[Post], varied: Post) -> bytes:
    items = [post.feed_item() for post in posts[:10]]
    items += [varied.feed_item(url) for url in (varied.short_url, f"{varied.url}amp/", f"{varied.url}?amp=1")]
    items.append(web.FeedItem(url=_VIDEO_URL, title=_VIDEO, published=varied.published))
    return web.rss(items, title=SITE, link=HOME, generator="https://wordpress.org/?v=5.3.2")


# --- listings --------------------------------------------------------------------------------------------------------


def _home(posts: Sequence[Post]) -> str:
    boxes = []
    for section in dict.fromkeys(post.section for post in posts):
        items = "".join(_box_item(post) for post in posts if post.section == section)
        boxes.append(
            f'<div class="mag-box big-post-left-box media-overlay"><div class="container-wrapper"><div class="mag-box-title the-global-title"><h3><a href="{term_url(HOME, "category", section)}">{section}</a></h3></div>'
            f'<div class="mag-box-container clearfix"><ul class="posts-items posts-list-container">{items}</ul></div></div></div>'
        )
    main = f'<div id="tie-block_1" class="section-wrapper container normal-width without-background">{"".join(boxes)}</div>'
    return _shell(f"{SITE} - أخبار سوريا والعالم", main, "home", posts, _listing_head(f"{HOME}/", SITE))


def _category(posts: Sequence[Post]) -> str:
    url = term_url(HOME, "category", LISTED_SECTION)
    items = "".join(_box_item(post) for post in posts if post.section == LISTED_SECTION)
    main = (
        f'<header class="entry-header-outer container-wrapper archive-title-wrapper"><nav id="breadcrumb"><a href="{HOME}/">الرئيسية</a><em class="delimiter">/</em><span class="current">{LISTED_SECTION}</span></nav>'
        f'<h1 class="page-title">{LISTED_SECTION}</h1></header><div class="mag-box wide-post-box"><ul id="posts-container" class="posts-items">{items}</ul></div>'
        '<div class="pages-nav"><a class="next-page" href="#">الصفحة التالية</a></div>'
    )
    return _shell(f"{LISTED_SECTION} - {SITE}", main, "category", posts, _listing_head(url, LISTED_SECTION))


def _listing_head(url: str, title: str) -> str:
    return (
        f'<link rel="canonical" href="{url}" />\n<meta property="og:locale" content="ar_AR" />\n'
        f'<meta property="og:type" content="website" />\n<meta property="og:title" content="{title}" />\n'
        f'<meta property="og:url" content="{url}" />\n<meta property="og:site_name" content="{SITE}" />'
    )


def _box_item(post: Post) -> str:
    return (
        f'<li class="post-item tie-standard"><a aria-label="{escape(post.title)}" href="{post.url}" class="post-thumb"><span class="post-cat-wrap"><span class="post-cat tie-cat-4">{post.section}</span></span>'
        f'<img width="390" height="220" src="{post.image}" class="attachment-jannah-image-large" alt="" loading="lazy"></a><div class="post-details"><div class="post-meta clearfix"><span class="date meta-item tie-icon">{post.date}</span></div>'
        f'<h2 class="post-title"><a href="{post.url}">{post.title}</a></h2><p class="post-excerpt">{post.excerpt}&hellip;</p><a class="more-link button" href="{post.url}">أكمل القراءة &raquo;</a></div></li>\n'
    )


# --- the post --------------------------------------------------------------------------------------------------------


def _post_page(post: Post, posts: Sequence[Post]) -> str:
    others = web.shuffled(f"others/{post.id}", [other for other in posts if other is not post])
    behind = {}
    if post.code_block:
        behind = {at: _code_block(number) for number, at in enumerate((1, 4), start=1)}
    elif len(post.body) > 5:
        behind = {
            2: f'<div class="stream-item stream-item-in-post stream-item-inline-post aligncenter">{web.ad("in-post")}</div>\n'
        }
    subtitle = f'<h2 class="entry-sub-title">{escape(post.subtitle, quote=False)}</h2>' if post.subtitle else ""
    figure = (
        f'<div class="featured-area"><div class="featured-area-inner"><figure class="single-featured-image"><img width="780" height="470" src="{post.image}" class="attachment-jannah-image-post wp-post-image" alt="{escape(post.title)}">'
        f'<figcaption class="single-caption-text"><span class="tie-icon-camera" aria-hidden="true"></span> {post.caption}</figcaption></figure></div></div>'
        if post.caption
        else ""
    )
    section_url = term_url(HOME, "category", post.section)
    tags = "".join(f'<a href="{term_url(HOME, "tag", tag)}" rel="tag">{tag}</a>' for tag in post.tags)
    title = escape(post.title, quote=False)
    main = f"""<article id="the-post" class="container-wrapper post-content tie-standard">
<header class="entry-header-outer">
<nav id="breadcrumb"><a href="{HOME}/"><span class="tie-icon-home" aria-hidden="true"></span> الرئيسية</a><em class="delimiter">/</em><a href="{section_url}">{post.section}</a><em class="delimiter">/</em><span class="current">{title}</span></nav>
<div class="entry-header">
<span class="post-cat-wrap"><a class="post-cat tie-cat-4" href="{section_url}">{post.section}</a></span>
<h1 class="post-title entry-title">{title}</h1>
{subtitle}
{_meta(post)}
</div></header>
{_share("top", post)}
{figure}
<div class="entry-content entry clearfix">
<div class="stream-item stream-item-above-post-content">{web.ad("above-content")}</div>
{markup(post.body, spell=_spell, heading="h3", after=behind)}
<div class="stream-item stream-item-below-post-content">{web.ad("below-content")}</div>
<div class="post-bottom-meta post-bottom-tags post-tags-modern"><div class="post-bottom-meta-title"><span class="tie-icon-tags" aria-hidden="true"></span> الوسوم</div><span class="tagcloud">{tags}</span></div>
</div>
<div id="post-extra-info"><div class="theiaStickySidebar">{_meta(post, top=False)}</div></div>
<div class="clearfix"></div>
<script id="tie-schema-json" type="application/ld+json">{_tie_schema(post)}</script>
{_share("bottom", post)}
</article>
<div class="stream-item stream-item-below-post">{web.ad("below-post")}</div>
<div class="post-components">
{_about_author(post)}
<div class="prev-next-post-nav container-wrapper media-overlay"><div class="tie-col-xs-6 prev-post"><a href="{others[0].url}" style="background-image: url({others[0].image})" class="post-thumb" rel="prev"></a><a href="{others[0].url}" rel="prev"><h3 class="post-title">{others[0].title}</h3></a></div>
<div class="tie-col-xs-6 next-post"><a href="{others[1].url}" class="post-thumb" rel="next"></a><a href="{others[1].url}" rel="next"><h3 class="post-title">{others[1].title}</h3></a></div></div>
{_related(others[2:5])}
<div id="comments" class="comments-area"><div id="add-comment-block" class="container-wrapper">{comment_form(HOME, post.id, _COMMENT_LABELS)}</div></div>
</div>"""
    head = (
        _yoast(post)
        + f"\n<link rel='shortlink' href='{post.short_url}' />\n<link rel=\"amphtml\" href=\"{post.url}amp/\" />"
    )
    return _shell(f"{title} - {SITE}", main, str(post.id), others, head, post=post)


_COMMENT_LABELS = {
    "title": "اترك تعليقاً",
    "cancel": "إلغاء الرد",
    "notes": "لن يتم نشر عنوان بريدك الإلكتروني.",
    "required": "الحقول الإلزامية مشار إليها بـ",
    "comment": "التعليق",
    "name": "الاسم",
    "email": "البريد الإلكتروني",
    "website": "الموقع الإلكتروني",
    "remember": "احفظ اسمي، بريدي الإلكتروني، والموقع الإلكتروني في هذا المتصفح لاستخدامها المرة المقبلة في تعليقي.",
    "submit": "إرسال التعليق",
}


def _spell(at: int, text: str) -> str:
    """NBSP as the editor left it: the character in some paragraphs, `&nbsp;` in others."""
    html = escape(text, quote=False)
    return html.replace("\xa0", "&nbsp;") if at % 2 else html


def _code_block(number: int) -> str:
    return (
        f"<div class='code-block code-block-{number}' style='margin: 8px auto; text-align: center; display: block; clear: both;'>\n"
        '<span class="ad-label">إعلان</span><ins class="adsbygoogle" style="display:block; text-align:center;" data-ad-layout="in-article" data-ad-format="fluid"'
        f' data-ad-client="ca-pub-0000000000000000" data-ad-slot="100{number}"></ins><script>(adsbygoogle = window.adsbygoogle || []).push({{}});</script></div>\n'
    )


def _meta(post: Post, *, top: bool = True) -> str:
    author_url = term_url(HOME, "author", post.author)
    avatar = f'<span class="meta-author-avatar"><a href="{author_url}"><img alt="صورة {post.author}" src="{HOME}/wp-content/uploads/avatar.png" class="avatar avatar-140 photo" height="140" width="140"></a></span>'
    identity = 'id="single-post-meta" ' if top else ""
    views = web.number(f"views/{post.id}", 100, 9999)
    updated = f'<span class="meta-item last-updated">آخر تحديث: {arabic_date(_modified(post))}</span>' if top else ""
    return (
        f'<div {identity}class="post-meta clearfix"><span class="author-meta single-author with-avatars"><span class="meta-item meta-author-wrapper meta-author-7">{avatar}'
        f'<span class="meta-author"><a href="{author_url}" class="author-name tie-icon" title="{post.author}">{post.author}</a></span></span></span>'
        f'<span class="date meta-item tie-icon">{post.date}</span>{updated}<div class="tie-alignright"><span class="meta-comment tie-icon meta-item fa-before">0</span>'
        f'<span class="meta-views meta-item"><span class="tie-icon-fire" aria-hidden="true"></span> {views} </span><span class="meta-reading-time meta-item"><span class="tie-icon-bookmark" aria-hidden="true"></span> {views % 4 + 2} دقائق</span></div></div>'
    )


def _share(place: str, post: Post) -> str:
    title = '<div class="share-title"><span class="tie-icon-share" aria-hidden="true"></span><span> شاركها</span></div>'
    links = "".join(
        f'<a href="{address}{post.short_url}" rel="external noopener nofollow" title="{label}" target="_blank" class="{name}-share-button" data-raw="{address}{{post_link}}"><span class="share-btn-icon tie-icon-{name}"></span> <span class="screen-reader-text">{label}</span></a>'
        for name, address, label in (
            ("facebook", "https://www.facebook.com/sharer.php?u=", "فيسبوك"),
            ("twitter", "https://twitter.com/intent/tweet?url=", "تويتر"),
            ("whatsapp", "https://api.whatsapp.com/send?text=", "واتساب"),
            ("telegram", "https://telegram.me/share/url?url=", "تيلقرام"),
            ("email", "mailto:?body=", "مشاركة عبر البريد"),
            ("print", "#", "طباعة"),
        )
    )
    return f'<div id="share-buttons-{place}" class="share-buttons share-buttons-{place}"><div class="share-links share-centered icons-only">{title}{links}</div></div>'


def _about_author(post: Post) -> str:
    url = term_url(HOME, "author", post.author)
    return (
        f'<div class="about-author container-wrapper about-author-7"><div class="author-avatar"><a href="{url}"><img alt="صورة {post.author}" src="{HOME}/wp-content/uploads/avatar.png" class="avatar avatar-180 photo"></a></div>'
        f'<div class="author-info"><h3 class="author-name"><a href="{url}">{post.author}</a></h3><div class="author-bio">يكتب في {SITE} منذ عام 2016 ويتابع الشؤون المحلية والعربية.</div>'
        f'<ul class="social-icons"><li class="social-icons-item"><a href="{HOME}" rel="external noopener nofollow" class="social-link url-social-icon"><span class="tie-icon-home"></span><span class="screen-reader-text">موقع الويب</span></a></li></ul></div></div>'
    )


def _related(posts: Iterable[Post]) -> str:
    items = "".join(
        f'<div class="related-item tie-standard"><a aria-label="{escape(post.title)}" href="{post.url}" class="post-thumb"><img width="390" height="220" src="{post.image}" class="attachment-jannah-image-large" alt=""></a>'
        f'<div class="post-meta clearfix"><span class="date meta-item tie-icon">{post.date}</span></div><h3 class="post-title"><a href="{post.url}">{post.title}</a></h3></div>'
        for post in posts
    )
    return f'<div id="related-posts" class="container-wrapper has-extra-post"><div class="mag-box-title the-global-title"><h3>مقالات ذات صلة</h3></div><div class="related-posts-list">{items}</div></div>'


def _yoast(post: Post) -> str:
    """Yoast's meta elements and graph."""
    title, excerpt = escape(post.title), escape(post.excerpt)
    tags = "\n".join(f'<meta property="article:tag" content="{tag}" />' for tag in post.tags)
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "WebSite",
                "@id": f"{HOME}/#website",
                "url": f"{HOME}/",
                "name": SITE,
                "potentialAction": {
                    "@type": "SearchAction",
                    "target": f"{HOME}/?s={{search_term_string}}",
                    "query-input": "required name=search_term_string",
                },
            },
            {
                "@type": "ImageObject",
                "@id": f"{post.url}#primaryimage",
                "url": post.image,
                "width": 1200,
                "height": 720,
                "caption": post.caption,
            },
            {
                "@type": "WebPage",
                "@id": f"{post.url}#webpage",
                "url": post.url,
                "inLanguage": "ar",
                "name": f"{post.title} - {SITE}",
                "isPartOf": {"@id": f"{HOME}/#website"},
                "primaryImageOfPage": {"@id": f"{post.url}#primaryimage"},
                "datePublished": post.published.isoformat(),
                "dateModified": _modified(post).isoformat(),
                "author": {"@id": f"{HOME}/#/schema/person/7"},
            },
            {"@type": ["Person"], "@id": f"{HOME}/#/schema/person/7", "name": post.author},
        ],
    }
    return f"""<!-- This site is optimized with the Yoast SEO plugin v13.1 - https://yoast.com/wordpress/plugins/seo/ -->
<meta name="description" content="{excerpt}"/>
<meta name="robots" content="max-snippet:-1, max-image-preview:large, max-video-preview:-1"/>
<link rel="canonical" href="{post.url}" />
<meta property="og:locale" content="ar_AR" />
<meta property="og:type" content="article" />
<meta property="og:title" content="{title} - {SITE}" />
<meta property="og:description" content="{excerpt}" />
<meta property="og:url" content="{post.url}" />
<meta property="og:site_name" content="{SITE}" />
{tags}
<meta property="article:section" content="{post.section}" />
<meta property="article:published_time" content="{post.published.isoformat()}" />
<meta property="article:modified_time" content="{_modified(post).isoformat()}" />
<meta property="og:updated_time" content="{_modified(post).isoformat()}" />
<meta property="og:image" content="{post.image}" />
<meta name="twitter:card" content="summary_large_image" />
<meta name="twitter:title" content="{title} - {SITE}" />
<script type='application/ld+json' class='yoast-schema-graph yoast-schema-graph--main'>{_json(graph)}</script>
<!-- / Yoast SEO plugin. -->"""


def _tie_schema(post: Post) -> str:
    """The theme's own schema, with the whole text in it: without markup, and without the subtitle."""
    publisher = {"@id": "#Publisher"}
    return _json(
        {
            "@context": "http://schema.org",
            "@type": "NewsArticle",
            "dateCreated": post.published.isoformat(),
            "datePublished": post.published.isoformat(),
            "dateModified": _modified(post).isoformat(),
            "headline": post.title,
            "name": post.title,
            "keywords": ",".join(post.tags),
            "url": post.url,
            "description": post.excerpt,
            "copyrightYear": str(post.published.year),
            "articleSection": post.section,
            "articleBody": "\n\n".join(" ".join(block.cells) for block in post.body),
            "publisher": {
                **publisher,
                "@type": "Organization",
                "name": SITE,
                "logo": {"@type": "ImageObject", "url": f"{HOME}/wp-content/uploads/logo.png"},
                "sameAs": ["https://www.facebook.com/", "https://twitter.com/"],
            },
            "sourceOrganization": publisher,
            "copyrightHolder": publisher,
            "mainEntityOfPage": {"@type": "WebPage", "@id": post.url, "breadcrumb": {"@id": "#Breadcrumb"}},
            "author": {"@type": "Person", "name": post.author, "url": term_url(HOME, "author", post.author)},
            "image": {"@type": "ImageObject", "url": post.image, "width": 1200, "height": 720},
        }
    )


def _json(data: object) -> str:
    """As PHP's json_encode writes it: ASCII, slashes escaped."""
    return json.dumps(data, separators=(",", ":")).replace("/", "\\/")


def _amp_page(post: Post) -> str:
    """The AMP plugin's reader template."""
    title = escape(post.title, quote=False)
    section_url = term_url(HOME, "category", post.section)
    tags = "، ".join(f'<a href="{term_url(HOME, "tag", tag)}" rel="tag">{tag}</a>' for tag in post.tags)
    schema = {
        "@context": "http://schema.org",
        "@type": "BlogPosting",
        "publisher": {"@type": "Organization", "name": SITE},
        "headline": post.title,
        "datePublished": post.published.isoformat(),
        "dateModified": _modified(post).isoformat(),
        "mainEntityOfPage": post.url,
        "author": {"@type": "Person", "name": post.author},
        "image": {"@type": "ImageObject", "url": post.image, "width": 1200, "height": 720},
    }
    return f"""<!doctype html>
<html amp lang="ar" dir="rtl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,minimum-scale=1,maximum-scale=1,user-scalable=no">
<link rel="canonical" href="{post.url}" />
<meta name="generator" content="AMP Plugin v1.4.3; mode=reader" />
<meta property="og:site_name" content="{SITE}" />
<title>{title} - {SITE}</title>
<script src="https://cdn.ampproject.org/v0.js" async></script>
<style amp-boilerplate>body{{-webkit-animation:-amp-start 8s steps(1,end) 0s 1 normal both;animation:-amp-start 8s steps(1,end) 0s 1 normal both}}@keyframes -amp-start{{from{{visibility:hidden}}to{{visibility:visible}}}}</style><noscript><style amp-boilerplate>body{{animation:none}}</style></noscript>
<script type="application/ld+json">{_json(schema)}</script>
<style amp-custom>{web.stylesheet("jannah/amp", rules=260)}</style>
</head>
<body class="amp-mode-mouse">
<header id="top" class="amp-wp-header"><div><a href="{HOME}/"><amp-img src="{HOME}/wp-content/uploads/logo.png" width="32" height="32" class="amp-wp-site-icon"></amp-img><span class="amp-site-title">{SITE}</span></a></div></header>
<article class="amp-wp-article">
<header class="amp-wp-article-header">
<h1 class="amp-wp-title">{title}</h1>
<div class="amp-wp-meta amp-wp-byline"><span class="amp-wp-author author vcard">{post.author}</span></div>
<div class="amp-wp-meta amp-wp-posted-on"><time datetime="{post.published.isoformat()}">{post.date}</time></div>
</header>
<figure class="amp-wp-article-featured-image wp-caption"><amp-img width="780" height="470" src="{post.image}" class="attachment-large size-large wp-post-image" alt="{escape(post.title)}" layout="intrinsic"></amp-img><p class="wp-caption-text">{post.caption}</p></figure>
<div class="amp-wp-article-content">
{markup(post.body, spell=_spell, heading="h3")}</div>
<footer class="amp-wp-article-footer">
<div class="amp-wp-meta amp-wp-tax-category">التصنيفات: <a href="{section_url}" rel="category tag">{post.section}</a></div>
<div class="amp-wp-meta amp-wp-tax-tag">الوسوم: {tags}</div>
<div class="amp-wp-meta amp-wp-comments-link"><a href="{post.url}#respond">اترك تعليقاً</a></div>
</footer>
</article>
<footer class="amp-wp-footer"><div><h2>{SITE}</h2><a href="#top" class="back-to-top">العودة للأعلى</a></div></footer>
</body></html>
"""


# --- pages that are no articles --------------------------------------------------------------------------------------


def _video_page(posts: Sequence[Post]) -> str:
    main = f"""<article id="the-post" class="container-wrapper post-content tie-video">
<div class="featured-area"><div class="featured-area-inner"><div class="tie-fluid-width-video-wrapper"><iframe title="{_VIDEO}" width="1280" height="720" src="https://www.youtube.com/embed/00000000000?feature=oembed" allowfullscreen></iframe></div></div></div>
<header class="entry-header-outer"><nav id="breadcrumb"><a href="{HOME}/">الرئيسية</a><em class="delimiter">/</em><a href="{term_url(HOME, "category", "فيديو")}">فيديو</a></nav>
<div class="entry-header"><h1 class="post-title entry-title">{_VIDEO}</h1><div id="single-post-meta" class="post-meta clearfix"><span class="date meta-item tie-icon">19 فبراير، 2020</span></div></div></header>
<div class="entry-content entry clearfix"></div></article>
<div class="post-components">{_related(posts[4:7])}</div>"""
    head = _listing_head(_VIDEO_URL, _VIDEO).replace('content="website"', 'content="video.other"')
    return _shell(f"{_VIDEO} - {SITE}", main, "video", posts, head)


def _gone_page(posts: Sequence[Post]) -> str:
    main = (
        '<div class="container-404"><h2>404 :(</h2><h3>عفواً! لم يتم العثور على هذه الصفحة</h3><h4>يبدو أننا لم نستطع إيجاد ما تبحث عنه. ربما يفيدك البحث.</h4>'
        f'<div id="content-404"><form role="search" method="get" class="search-form" action="{HOME}/"><input type="search" class="search-field" placeholder="بحث &hellip;" name="s"><input type="submit" class="search-submit" value="بحث"></form></div></div>'
    )
    head = f'<meta name="robots" content="noindex,follow"/>\n<meta property="og:site_name" content="{SITE}" />'
    return _shell(f"الصفحة غير موجودة - {SITE}", main, "gone", posts, head)


# --- what all pages share --------------------------------------------------------------------------------------------


def _shell(title: str, main: str, seed: str, posts: Sequence[Post], head: str, *, post: Post | None = None) -> str:
    """A whole page of the theme around `main`."""
    filler = web.shuffled(f"jannah/{seed}", headlines("ar"))
    menu = "".join(
        f'<li class="menu-item menu-item-type-taxonomy menu-item-object-category"><a href="{term_url(HOME, "category", name)}">{name}</a></li>'
        for name in dict.fromkeys(["محليات", "أخبار العرب", "أخبار العالم", *(other.section for other in posts)])
    )
    breaking = "".join(f'<li class="news-item"><a href="{other.url}">{other.title}</a></li>' for other in posts[-5:])
    latest = "".join(
        f'<li class="widget-single-post-item widget-post-list tie-standard"><div class="post-widget-thumbnail"><a href="{other.url}" class="post-thumb"><img width="220" height="150" src="{other.image}" alt=""></a></div>'
        f'<div class="post-widget-body"><a class="post-title the-subtitle" href="{other.url}">{other.title}</a><div class="post-meta"><span class="date meta-item tie-icon">{other.date}</span></div></div></li>'
        for other in posts[:6]
    )
    popular = "".join(
        f'<li class="widget-single-post-item tie-standard"><div class="post-widget-body"><span class="post-title the-subtitle">{text}</span><div class="post-meta"><span class="date meta-item tie-icon">{web.number(f"{seed}/{at}", 1, 28)} يناير، 2020</span></div></div></li>'
        for at, text in enumerate(filler[:10])
    )
    ticker = "".join(f"<li>{text}</li>" for text in filler[10:22])
    body_class = f"single single-post postid-{post.id} single-format-standard" if post else "archive"
    return f"""<!DOCTYPE html>
<html dir="rtl" lang="ar" class="" data-skin="light" prefix="og: http://ogp.me/ns#">
<head>
<meta charset="UTF-8" />
<link rel="profile" href="http://gmpg.org/xfn/11" />
<title>{title}</title>
{head}
<link rel="alternate" type="application/rss+xml" title="{SITE} &laquo; الخلاصة" href="{HOME}/feed/" />
{core_head(HOME, version="5.3.2")}
<link rel='stylesheet' id='tie-css-base-css' href='{HOME}/wp-content/themes/jannah/assets/css/base.min.css?ver=4.5.1' type='text/css' media='all' />
<style id='tie-css-print-inline-css'>{web.stylesheet("jannah", rules=250)}</style>
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<meta name="theme-color" content="#0088ff" /><meta name="viewport" content="width=device-width, initial-scale=1.0" />
{web.tag_manager("GTM-JNNH01")}
{web.ad_slots("21900001", ("header", "above-content", "in-post", "below-content", "below-post", "sidebar"))}
</head>
<body id="tie-body" class="rtl {body_class} wrapper-has-shadow block-head-1 magazine1 is-lazyload is-thumb-overlay-disabled is-desktop is-header-layout-3 sidebar-left has-sidebar post-layout-1 narrow-title-narrow-media">
<div class="background-overlay"><div id="tie-container" class="site tie-container"><div id="tie-wrapper">
<header id="theme-header" class="theme-header header-layout-3 main-nav-light main-nav-below has-stream-item top-nav-active has-shadow mobile-header-default">
<nav id="top-nav" class="has-date-breaking-components top-nav header-nav has-breaking-news" aria-label="التنقل الثانوي"><div class="container"><div class="topbar-wrapper"><div class="topbar-today-date tie-icon">السبت, فبراير 22 2020</div>
<div class="breaking controls-is-active"><span class="breaking-title"><span class="tie-icon-bolt breaking-icon" aria-hidden="true"></span><span class="breaking-title-text">أخبار عاجلة</span></span><ul id="breaking-news-in-header" class="breaking-news" data-type="reveal">{breaking}</ul></div></div></div></nav>
<div class="container header-container"><div class="tie-row logo-row"><div id="logo" class="image-logo"><a title="{SITE}" href="{HOME}/"><img src="{HOME}/wp-content/uploads/logo.png" alt="{SITE}" class="logo_normal" width="300" height="49"></a></div><div class="stream-item stream-item-top-wrapper"><div class="stream-item-top">{web.ad("header")}</div></div></div></div>
<div class="main-nav-wrapper"><nav id="main-nav" data-skin="search-in-main-nav" class="main-nav header-nav" aria-label="التنقل الرئيسي"><div class="container"><div class="main-menu-wrapper"><ul id="menu-main" class="menu" role="menubar"><li class="menu-item menu-item-home"><a href="{HOME}/">الرئيسية</a></li>{menu}</ul>
<ul class="components"><li class="search-bar menu-item custom-menu-link"><form method="get" id="search" action="{HOME}/"><input id="search-input" type="text" name="s" title="بحث عن" placeholder="بحث عن"><button id="search-submit" type="submit"><span class="tie-icon-search tie-search-icon" aria-hidden="true"></span> بحث عن</button></form></li></ul></div></div></nav></div></header>
<div id="content" class="site-content container"><div id="main-content-row" class="tie-row main-content-row">
<div class="main-content tie-col-md-8 tie-col-xs-12" role="main">
{main}
</div>
<aside class="sidebar tie-col-md-4 tie-col-xs-12 normal-side is-sticky" aria-label="القائمة الجانبية الرئيسية"><div class="theiaStickySidebar">
<div id="posts-list-widget-2" class="container-wrapper widget posts-list"><div class="widget-title the-global-title"><div class="the-subtitle">أحدث المقالات<span class="widget-title-icon tie-icon"></span></div></div><div class="widget-posts-list-wrapper"><ul class="posts-list-items widget-posts-wrapper">{latest}</ul></div></div>
<div id="stream-item-widget-3" class="widget stream-item-widget"><div class="stream-item-widget-content">{web.ad("sidebar")}</div></div>
<div id="posts-list-widget-4" class="container-wrapper widget posts-list"><div class="widget-title the-global-title"><div class="the-subtitle">الأكثر مشاهدة</div></div><ul class="posts-list-items">{popular}</ul></div>
<div id="tie-newsletter-2" class="container-wrapper widget subscribe-widget"><div class="widget-inner-wrap"><h3>اشترك في النشرة البريدية</h3><p>أدخل بريدك الإلكتروني ليصلك كل جديد.</p><form action="#" method="post"><input type="email" name="EMAIL" placeholder="أدخل بريدك الإلكتروني"><input type="submit" value="إشترك"></form></div></div>
</div></aside>
</div></div>
<footer id="footer" class="site-footer dark-skin dark-widgetized-area"><div id="footer-widgets-container"><div class="container"><div class="footer-widget-area"><div class="widget-title the-global-title"><div class="the-subtitle">عناوين اليوم</div></div><ul>{ticker}</ul></div></div></div>
<div id="site-info" class="site-info"><div class="container"><div class="copyright-text copyright-text-first">&copy; حقوق النشر 2020، جميع الحقوق محفوظة &nbsp; | &nbsp; <a href="{HOME}/">{SITE}</a></div><div class="footer-menu"><ul class="menu"><li><a href="{HOME}/about/">من نحن</a></li><li><a href="{HOME}/contact/">اتصل بنا</a></li></ul></div></div></div></footer>
<a id="go-to-top" class="go-to-top-button" href="#go-to-tie-body"><span class="tie-icon-angle-up"></span><span class="screen-reader-text">زر الذهاب إلى الأعلى</span></a>
</div><div id="mobile-side"><button class="close-side-nav">إغلاق</button><ul>{menu}</ul></div></div></div>
{web.script("jannah", functions=80)}
</body>
</html>
"""
