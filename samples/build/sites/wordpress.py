"""wordpress.example: an Arabic autoblog on plain WordPress, with a theme in the manner of Twenty Sixteen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import Any

from samples.build import web
from samples.build.blocks import Block, blocks, markup
from samples.build.model import SampleResponse, Truth
from samples.build.text import headlines, load, seed
from samples.build.wordpress import Post, arabic_date, comment_form, core_head, load_post, slug, term_url

HOME = "https://wordpress.example"
SITE = "أخبار الحرب السورية"
DAMASCUS = timezone(timedelta(hours=3))
FETCHED = datetime(2021, 9, 15, 5, 40, tzinfo=UTC)
REFETCHED = datetime(2021, 9, 15, 8, 5, tzinfo=UTC)
"""When the addresses of the sitemap were fetched: after one of the posts had been edited."""
VERSION = "5.8.1"
_AUTHOR = f"{HOME}/author/admin/"
_TAG_NAME = "فلاديمير بوتين"
_TAG = term_url(HOME, "tag", _TAG_NAME)
_GONE = f"{HOME}/2021/08/30/{slug('خبر لم يعد منشورا')}/"
_PER_PAGE = 5
_NEWEST = 3
"""So many posts the feed holds; the front pages come from a cache that is older than these."""
_EDITED = 1530
_RESPELT = 1187


_HTML = "text/html; charset=UTF-8"
_Reply = tuple[str, str | bytes, str, Truth | None]


def responses() -> list[SampleResponse]:
    """The crawl of the site, in order."""
    posts = _posts()
    newest, rest = posts[:_NEWEST], posts[_NEWEST:]
    early, late = web.Clock(FETCHED, seconds=5), web.Clock(REFETCHED, seconds=5)
    at_first: list[_Reply] = [
        (f"{HOME}/robots.txt", _robots(), "text/plain; charset=utf-8", None),
        (f"{HOME}/feed/", _feed(newest), "application/rss+xml; charset=UTF-8", None),
        (f"{HOME}/", _index(rest, 1), _HTML, None),
        (f"{HOME}/page/2/", _index(rest, 2), _HTML, None),
        *((_tracked(post), _post_page(post, posts), _HTML, _truth(post)) for post in newest),
        *((post.url, _post_page(post, posts), _HTML, _truth(post)) for post in rest),
    ]
    now = [_edited() if post.id == _EDITED else post for post in newest]
    tagged = [post for post in posts if _TAG_NAME in post.tags]
    later: list[_Reply] = [
        *((url, body, "application/xml; charset=UTF-8", None) for url, body in _sitemaps(posts).items()),
        *((post.url, _post_page(post, posts), _HTML, _second_truth(post)) for post in now),
        (
            _AUTHOR,
            _archive("المؤلف: admin", _AUTHOR, posts[:10], posts),
            _HTML,
            _not_an_article("An author's archive."),
        ),
        (_TAG, _archive(f"الوسم: {_TAG_NAME}", _TAG, tagged, posts), _HTML, _not_an_article("A tag's archive.")),
        (_GONE, _gone_page(posts), _HTML, Truth(outcome="rejected", reason="soft_404", note="A deleted post at 200.")),
    ]
    return [
        SampleResponse(
            url=url,
            body=body.encode() if isinstance(body, str) else body,
            content_type=content_type,
            headers=(("Link", f'<{HOME}/wp-json/>; rel="https://api.w.org/"'), ("X-Powered-By", "PHP/7.4.23")),
            fetched_at=clock.tick(),
            truth=truth,
        )
        for clock, made in ((early, at_first), (late, later))
        for url, body, content_type, truth in made
    ]


# --- what the site holds ---------------------------------------------------------------------------------------------


def _posts() -> list[Post]:
    """The posts, newest first, as they stood at first; only one was edited later."""
    made = []
    for row in load("wordpress")["article"]:
        match row.get("seed"):
            case "004":
                row = row | _seed_text()
            case "002":
                row = row | _respelt_text(row["respelt"])
        made.append(replace(load_post(row, HOME, DAMASCUS), modified=None))
    return sorted(made, key=lambda post: post.published, reverse=True)


def _edited() -> Post:
    """The post that was edited, as it stood afterwards."""
    row = next(row for row in load("wordpress")["article"] if row["id"] == _EDITED)
    return load_post(row | {"body": row["later"]}, HOME, DAMASCUS)


def _seed_text() -> dict[str, Any]:
    lines = seed("004")
    paragraphs = [text for text in lines[3 : lines.index("Leave a Reply")] if text.strip()]
    headings = {"السيطرة على 90٪ من الأراضي", "استكمال التحرير"}
    body = [Block("heading" if text in headings else "paragraph", (text,)) for text in paragraphs]
    return {"title": lines[2].removesuffix(f" | {SITE}"), "heading": lines[2], "body": body}


def _respelt_text(spellings: Iterable[Sequence[str]]) -> dict[str, Any]:
    """The Jannah sample's text as another house spells it: with its subtitle, without its title and last paragraph."""
    lines = [text for text in seed("002") if text.strip()]
    kept = lines[1 : lines.index("مقالات ذات صلة") - 1]
    text = "\n".join(kept).replace("\xa0", " ")
    for ours, theirs in spellings:
        if ours not in text:
            raise ValueError(f"wordpress.toml: the text of seed 002 has no {ours!r} to respell")
        text = text.replace(ours, theirs)
    return {"body": blocks(text)}


def _truth(post: Post) -> Truth:
    outcome = "near_duplicate" if post.id == _RESPELT else "new"
    return post.truth(site_name=SITE, modified=None, outcome=outcome)


def _second_truth(post: Post) -> Truth:
    """Of the page at its permalink, after the one with the feed's tracking parameter."""
    if post.id == _EDITED:
        note = "The same page, fetched again after it was edited."
        return post.truth(site_name=SITE, modified=post.modified, outcome="revision", note=note)
    note = "The same page, fetched before under the feed's tracking parameter."
    return post.truth(site_name=SITE, modified=None, outcome="unchanged", note=note)


def _not_an_article(note: str) -> Truth:
    return Truth(outcome="rejected", reason="not_an_article", note=note)


# --- documents that announce pages -----------------------------------------------------------------------------------


def _robots() -> bytes:
    return web.robots(sitemaps=[f"{HOME}/wp-sitemap.xml"], disallow=["/wp-admin/"])


def _sitemaps(posts: Sequence[Post]) -> dict[str, bytes]:
    """Core's index and the sitemaps it names, by URL: of posts, tags and authors."""
    parts: dict[str, list[tuple[str, datetime | None]]] = {
        "posts-post": [*((post.url, post.published) for post in posts), (_GONE, None)],
        "taxonomies-post_tag": [(_TAG, None)],
        "users": [(_AUTHOR, None)],
    }
    urls = {part: f"{HOME}/wp-sitemap-{part}-1.xml" for part in parts}
    index = {f"{HOME}/wp-sitemap.xml": web.sitemap_index((url, None) for url in urls.values())}
    return index | {urls[part]: web.sitemap(entries) for part, entries in parts.items()}


def _tracked(post: Post) -> str:
    return f"{post.url}?utm_source=feed"


def _feed(posts: Sequence[Post]) -> bytes:
    items = [post.feed_item(_tracked(post), content=markup(post.body, heading="h3")) for post in posts]
    return web.rss(items, title=SITE, link=HOME, generator=f"https://wordpress.org/?v={VERSION}")


def _index(posts: Sequence[Post], page: int) -> str:
    shown = posts[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    last = -(-len(posts) // _PER_PAGE)
    numbers = "".join(
        f'<span aria-current="page" class="page-numbers current">{at}</span> '
        if at == page
        else f'<a class="page-numbers" href="{HOME}/{f"page/{at}/" if at > 1 else ""}">{at}</a> '
        for at in range(1, last + 1)
    )
    main = (
        "".join(_summary(post) for post in shown)
        + f'<nav class="navigation pagination"><h2 class="screen-reader-text">Posts navigation</h2><div class="nav-links">{numbers}</div></nav>'
    )
    url = f"{HOME}/" if page == 1 else f"{HOME}/page/{page}/"
    title = SITE if page == 1 else f"{SITE} | صفحة {page}"
    return _shell(title, main, url, posts, body_class="home blog")


def _summary(post: Post) -> str:
    return (
        f'<article id="post-{post.id}" class="post-{post.id} post type-post status-publish format-standard hentry"><header class="entry-header"><h2 class="entry-title"><a href="{post.url}" rel="bookmark">{post.title}</a></h2></header>'
        f'<div class="entry-summary"><p>{post.excerpt} [&hellip;] <a class="more-link" href="{post.url}">Continue reading<span class="screen-reader-text"> {post.title}</span></a></p></div>'
        f'<footer class="entry-footer">{_posted_on(post)}</footer></article>\n'
    )


def _archive(title: str, url: str, shown: Iterable[Post], posts: Sequence[Post]) -> str:
    main = f'<header class="page-header"><h1 class="page-title">{title}</h1></header>' + "".join(map(_summary, shown))
    return _shell(f"{title} | {SITE}", main, url, posts, body_class="archive")


# --- the post --------------------------------------------------------------------------------------------------------


def _post_page(post: Post, posts: Sequence[Post]) -> str:
    """A page that shows its title twice, above its heading with the site's name behind two spaces."""
    title = escape(post.title, quote=False)
    suffixed = f"{title} | {SITE}"
    source = f"<p>المصدر: {post.source}</p>\n" if post.source else ""
    at = next((at for at, other in enumerate(posts) if other.id == post.id), 0)
    older, newer = posts[(at + 1) % len(posts)], posts[at - 1]
    tags = ", ".join(f'<a href="{term_url(HOME, "tag", tag)}" rel="tag">{tag}</a>' for tag in post.tags)
    main = f"""<div class="page-title-bar"><span class="trail-title">{title} |  {SITE}</span></div>
<article id="post-{post.id}" class="post-{post.id} post type-post status-publish format-standard has-post-thumbnail hentry">
<header class="entry-header"><h1 class="entry-title">{escape(post.heading or post.title, quote=False)}</h1></header>
<div class="post-thumbnail"><img width="1200" height="675" src="{post.image}" class="attachment-post-thumbnail size-post-thumbnail wp-post-image" alt="{escape(post.title)}" loading="lazy"></div>
<div class="entry-content">
{markup(post.body, heading="h2")}{source}</div>
<footer class="entry-footer">{_posted_on(post)}<span class="cat-links"><span class="screen-reader-text">Categories </span><a href="{term_url(HOME, "category", post.section)}" rel="category tag">{post.section}</a></span><span class="tags-links"><span class="screen-reader-text">Tags </span>{tags}</span></footer>
</article>
<div id="comments" class="comments-area">{comment_form(HOME, post.id, _COMMENT_LABELS)}</div>
<nav class="navigation post-navigation" role="navigation" aria-label="Posts"><h2 class="screen-reader-text">Post navigation</h2><div class="nav-links"><div class="nav-previous"><a href="{older.url}" rel="prev"><span class="meta-nav" aria-hidden="true">Previous</span> <span class="post-title">{older.title}</span></a></div><div class="nav-next"><a href="{newer.url}" rel="next"><span class="meta-nav" aria-hidden="true">Next</span> <span class="post-title">{newer.title}</span></a></div></div></nav>"""
    return _shell(suffixed, main, post.url, posts, body_class=f"single single-post postid-{post.id}", post=post)


def _posted_on(post: Post) -> str:
    """The date as Twenty Sixteen writes it: one time element, or two where the post was edited."""
    published = post.published.isoformat()
    if post.modified:
        times = (
            f'<time class="entry-date published" datetime="{published}">{post.date}</time>'
            f'<time class="updated" datetime="{post.modified.isoformat()}">{arabic_date(post.modified)}</time>'
        )
    else:
        times = f'<time class="entry-date published updated" datetime="{published}">{post.date}</time>'
    author = term_url(HOME, "author", post.author)
    return (
        f'<span class="byline"><img alt="" src="https://secure.gravatar.com/avatar/0?s=49&#038;d=mm&#038;r=g" class="avatar avatar-49 photo" height="49" width="49"><span class="screen-reader-text">Author </span><span class="author vcard"><a class="url fn n" href="{author}">{post.author}</a></span></span>'
        f'<span class="posted-on"><span class="screen-reader-text">Posted on </span><a href="{post.url}" rel="bookmark">{times}</a></span>'
    )


_COMMENT_LABELS = {
    "title": "Leave a Reply",
    "cancel": "Cancel reply",
    "notes": "Your email address will not be published.",
    "required": "Required fields are marked",
    "comment": "Comment",
    "name": "Name",
    "email": "Email",
    "website": "Website",
    "remember": "Save my name, email, and website in this browser for the next time I comment.",
    "submit": "Post Comment",
}


# --- what all pages share --------------------------------------------------------------------------------------------


def _gone_page(posts: Sequence[Post]) -> str:
    main = (
        '<section class="error-404 not-found"><header class="page-header"><h1 class="page-title">Oops! That page can&rsquo;t be found.</h1></header>'
        f'<div class="page-content"><p>It looks like nothing was found at this location. Maybe try a search?</p>{_SEARCH}</div></section>'
    )
    return _shell(f"Page not found | {SITE}", main, "", posts, body_class="error404")


_SEARCH = f'<form role="search" method="get" class="search-form" action="{HOME}/"><label><span class="screen-reader-text">Search for:</span><input type="search" class="search-field" placeholder="Search &hellip;" value="" name="s" /></label><button type="submit" class="search-submit"><span class="screen-reader-text">Search</span></button></form>'


def _open_graph(post: Post) -> str:
    return (
        f'<meta property="og:locale" content="ar_AR"/>\n<meta property="og:site_name" content="{SITE}"/>\n<meta property="og:title" content="{escape(post.title)}"/>\n'
        f'<meta property="og:url" content="{post.url}"/>\n<meta property="og:type" content="article"/>\n<meta property="og:description" content="{escape(post.excerpt)}"/>\n'
        f'<meta property="og:image" content="{post.image}"/>\n<meta property="article:section" content="{post.section}" />'
    )


def _shell(
    title: str, main: str, canonical: str, posts: Sequence[Post], *, body_class: str, post: Post | None = None
) -> str:
    """A whole page of the theme around `main`; `canonical` may be empty."""
    filler = web.shuffled(f"wordpress/{canonical}", headlines("ar"))
    sections = list(dict.fromkeys(other.section for other in posts))
    menu = "".join(
        f'<li class="menu-item menu-item-type-taxonomy menu-item-object-category"><a href="{term_url(HOME, "category", name)}">{name}</a></li>'
        for name in sections
    )
    recent = "".join(
        f'<li><a href="{other.url}">{other.title}</a></li>'
        for other in [other for other in posts if other.url != canonical][:6]
    )
    wire = "".join(f'<li><span class="rss-date">سبتمبر 14, 2021</span> {text}</li>' for text in filler[:16])
    months = "".join(f"<li>{text}</li>" for text in ("سبتمبر 2021", "أغسطس 2021", "يوليو 2021", "فبراير 2020"))
    head = f'<link rel="canonical" href="{canonical}" />\n' if canonical else ""
    if post:
        head += f"<link rel='shortlink' href='{post.short_url}' />\n{_open_graph(post)}"
    return f"""<!DOCTYPE html>
<html dir="rtl" lang="ar" class="no-js">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="profile" href="https://gmpg.org/xfn/11">
<title>{title}</title>
<meta name='robots' content='max-image-preview:large' />
<link rel="alternate" type="application/rss+xml" title="{SITE} &raquo; الخلاصة" href="{HOME}/feed/" />
<link rel="alternate" type="application/rss+xml" title="{SITE} &raquo; خلاصة التعليقات" href="{HOME}/comments/feed/" />
{core_head(HOME, version=VERSION)}
{head}
<style id="theme-style-inline-css">{web.stylesheet("wordpress", rules=230)}</style>
<style>.recentcomments a{{display:inline !important;padding:0 !important;margin:0 !important;}}</style>
</head>
<body class="rtl {body_class} wp-embed-responsive group-blog">
<div id="page" class="site"><div class="site-inner"><a class="skip-link screen-reader-text" href="#content">Skip to content</a>
<header id="masthead" class="site-header"><div class="site-header-main"><div class="site-branding"><p class="site-title"><a href="{HOME}/" rel="home">{SITE}</a></p><p class="site-description">تغطية يومية</p></div>
<button id="menu-toggle" class="menu-toggle">Menu</button><div id="site-header-menu" class="site-header-menu"><nav id="site-navigation" class="main-navigation" aria-label="Primary Menu"><ul class="primary-menu"><li class="menu-item menu-item-home"><a href="{HOME}/">الرئيسية</a></li>{menu}</ul></nav></div></div></header>
<div id="content" class="site-content"><div id="primary" class="content-area"><main id="main" class="site-main">
{main}
</main></div>
<aside id="secondary" class="sidebar widget-area"><section id="search-2" class="widget widget_search">{_SEARCH}</section>
<section id="recent-posts-2" class="widget widget_recent_entries"><h2 class="widget-title">Recent Posts</h2><nav aria-label="Recent Posts"><ul>{recent}</ul></nav></section>
<section id="recent-comments-2" class="widget widget_recent_comments"><h2 class="widget-title">Recent Comments</h2><ul id="recentcomments"></ul></section>
<section id="rss-2" class="widget widget_rss"><h2 class="widget-title">أخبار عاجلة</h2><ul>{wire}</ul></section>
<section id="archives-2" class="widget widget_archive"><h2 class="widget-title">Archives</h2><ul>{months}</ul></section>
<section id="meta-2" class="widget widget_meta"><h2 class="widget-title">Meta</h2><ul><li><a href="{HOME}/wp-login.php">Log in</a></li><li><a href="{HOME}/feed/">Entries feed</a></li><li><a href="https://wordpress.org/">WordPress.org</a></li></ul></section></aside>
</div>
<footer id="colophon" class="site-footer"><div class="site-info"><span class="site-title"><a href="{HOME}/" rel="home">{SITE}</a></span> <a href="https://wordpress.org/" class="imprint">Proudly powered by WordPress</a></div></footer>
</div></div>
{web.script("wordpress", functions=60)}
<script src='{HOME}/wp-includes/js/comment-reply.min.js?ver={VERSION}' id='comment-reply-js'></script>
<script src='{HOME}/wp-includes/js/wp-embed.min.js?ver={VERSION}' id='wp-embed-js'></script>
</body>
</html>
"""
