"""What surrounds an article on a news site: documents that announce pages, and the bulk of a page that is not text.

Everything is a function of its arguments; what varies between pages is chosen by a `seed` string, so that the same
site is built byte for byte the same, on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from html import escape
from typing import TypeVar
from unicodedata import combining
from urllib.parse import quote, unquote

from w3lib.url import safe_url_string

T = TypeVar("T")


def asked(url: str) -> str:
    """The URL as a crawler asks for it: percent-encoded, as `SampleResponse.url` must be."""
    return safe_url_string(url)


def raw(url: str) -> str:
    """The URL with its Arabic or Persian letters bare, as some templates print it."""
    return unquote(url)


def slug(title: str, *, lower: bool = False) -> str:
    """The title as the last part of a path: words joined by hyphens, percent-encoded (WordPress: in lower case)."""
    letters = (letter for letter in title if not combining(letter))
    words = "".join(letter if letter.isalnum() or letter == "\u200c" else " " for letter in letters).split()
    coded = quote("-".join(words))
    return coded.lower() if lower else coded


def number(seed: str, low: int, high: int) -> int:
    """A number from `low` to `high`, both included, that depends on the seed alone."""
    return low + int.from_bytes(blake2b(seed.encode(), digest_size=8).digest(), "big") % (high - low + 1)


def shuffled(seed: str, items: Iterable[T]) -> list[T]:
    """The items in an order that depends on the seed and the place of each alone."""
    ranked = sorted(enumerate(items), key=lambda pair: blake2b(f"{seed}/{pair[0]}".encode(), digest_size=8).digest())
    return [item for _, item in ranked]


class Clock:
    """When the responses of a site were fetched: one every few seconds."""

    def __init__(self, now: datetime, *, seconds: int) -> None:
        self._now = now
        self._step = timedelta(seconds=seconds)

    def tick(self) -> datetime:
        """The time of the next response."""
        self._now += self._step
        return self._now


# --- documents that announce pages -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FeedItem:
    """An entry of a feed or of a news sitemap."""

    url: str
    title: str
    published: datetime
    summary: str = ""
    category: str = ""
    author: str = ""
    content: str = ""
    """HTML for `content:encoded`; empty: none."""
    guid: str = ""
    """Empty: the URL is the permalink."""


def robots(*, sitemaps: Sequence[str] = (), disallow: Sequence[str] = ()) -> bytes:
    """A robots.txt for all agents."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in disallow)]
    if not disallow:
        lines.append("Disallow:")
    lines += ["", *(f"Sitemap: {url}" for url in sitemaps)]
    return ("\n".join(lines).rstrip() + "\n").encode()


def rss(
    items: Sequence[FeedItem],
    *,
    title: str,
    link: str,
    description: str = "",
    language: str = "ar",
    generator: str = "",
) -> bytes:
    """An RSS 2.0 feed."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"',
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n<channel>\n',
        f"\t<title>{escape(title)}</title>\n\t<link>{escape(link)}</link>\n",
        f"\t<description>{escape(description or title)}</description>\n\t<language>{language}</language>\n",
    ]
    if items:
        parts.append(f"\t<lastBuildDate>{_rfc822(max(item.published for item in items))}</lastBuildDate>\n")
    if generator:
        parts.append(f"\t<generator>{escape(generator)}</generator>\n")
    for item in items:
        parts.append(f"\t<item>\n\t\t<title>{escape(item.title)}</title>\n\t\t<link>{escape(item.url)}</link>\n")
        if item.author:
            parts.append(f"\t\t<dc:creator><![CDATA[{item.author}]]></dc:creator>\n")
        parts.append(f"\t\t<pubDate>{_rfc822(item.published)}</pubDate>\n")
        if item.category:
            parts.append(f"\t\t<category><![CDATA[{item.category}]]></category>\n")
        permalink = "" if not item.guid else ' isPermaLink="false"'
        parts.append(f"\t\t<guid{permalink}>{escape(item.guid or item.url)}</guid>\n")
        parts.append(f"\t\t<description><![CDATA[{item.summary}]]></description>\n")
        if item.content:
            parts.append(f"\t\t<content:encoded><![CDATA[{item.content}]]></content:encoded>\n")
        parts.append("\t</item>\n")
    parts.append("</channel>\n</rss>\n")
    return "".join(parts).encode()


def sitemap(entries: Iterable[tuple[str, datetime | None]]) -> bytes:
    """A sitemap of (URL, time of last change)."""
    return _sitemap("urlset", "url", entries)


def sitemap_index(entries: Iterable[tuple[str, datetime | None]]) -> bytes:
    """A sitemap index of (URL of a sitemap, time of last change)."""
    return _sitemap("sitemapindex", "sitemap", entries)


def news_sitemap(items: Iterable[FeedItem], *, publication: str, language: str) -> bytes:
    """A sitemap with Google's news extension."""
    rows = "".join(
        f"<url><loc>{escape(item.url)}</loc><news:news><news:publication><news:name>{escape(publication)}</news:name>"
        f"<news:language>{language}</news:language></news:publication>"
        f"<news:publication_date>{_iso(item.published)}</news:publication_date>"
        f"<news:title>{escape(item.title)}</news:title></news:news></url>\n"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{rows}</urlset>\n'
    ).encode()


def _sitemap(root: str, entry: str, entries: Iterable[tuple[str, datetime | None]]) -> bytes:
    rows = "".join(
        f"\t<{entry}><loc>{escape(url)}</loc>{f'<lastmod>{_iso(when)}</lastmod>' if when else ''}</{entry}>\n"
        for url, when in entries
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{rows}</{root}>\n"
    ).encode()


def _rfc822(when: datetime) -> str:
    return f"{when.astimezone(UTC):%a, %d %b %Y %H:%M:%S} +0000"


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


# --- the bulk of a page ----------------------------------------------------------------------------------------------

_BLOCKS = [
    "header",
    "top-bar",
    "main-nav",
    "sub-menu",
    "mega-menu",
    "logo",
    "search-box",
    "ticker",
    "breaking",
    "slider",
    "carousel",
    "hero",
    "grid",
    "card",
    "thumb",
    "caption",
    "meta-line",
    "byline",
    "share-bar",
    "social",
    "widget",
    "widget-title",
    "sidebar",
    "tab",
    "tab-content",
    "poll",
    "weather",
    "currency",
    "prayer",
    "newsletter",
    "banner",
    "ad-slot",
    "footer",
    "footer-col",
    "copyright",
    "back-top",
    "modal",
    "cookie",
    "overlay",
    "player",
    "gallery",
    "lightbox",
    "pagination",
    "breadcrumb",
    "comment",
    "comment-form",
    "avatar",
    "badge",
    "label",
    "tooltip",
    "dropdown",
    "accordion",
    "loader",
    "skeleton",
]
_STATES = ("", ":hover", " > li", " a", " img", "::after", ".active", " .inner", " h3", " p", ":last-child", " span")
_RULES = (
    "display:flex;align-items:center;justify-content:space-between",
    "margin:0 0 15px;padding:10px 12px;background:#fff;border:1px solid #e6e6e6",
    "position:relative;overflow:hidden;border-radius:4px;box-shadow:0 1px 3px rgba(0,0,0,.12)",
    "font:700 15px/1.6 'Droid Arabic Kufi',Tahoma,Arial,sans-serif;color:#1a1a1a",
    "width:100%;height:auto;object-fit:cover;transition:transform .3s ease-in-out",
    'content:"";position:absolute;top:0;right:0;bottom:0;left:0;background:linear-gradient(transparent,rgba(0,0,0,.75))',
    "float:right;width:33.3333%;padding:0 8px;box-sizing:border-box",
    "color:#b3001b;text-decoration:none",
    "list-style:none;margin:0;padding:0",
    "display:none;opacity:0;visibility:hidden;z-index:9999",
    "font-size:13px;line-height:22px;color:#777;direction:rtl;text-align:right",
    "max-width:1170px;margin:0 auto",
)


def stylesheet(seed: str, *, rules: int = 260) -> str:
    """Minified CSS of about 100 bytes a rule, as themes inline it."""
    css = ["*,*::before,*::after{box-sizing:border-box}html{direction:rtl}body{margin:0;background:#f4f4f4}"]
    for at in range(rules):
        key = f"{seed}/{at}"
        block = _BLOCKS[number(key + "b", 0, len(_BLOCKS) - 1)]
        state = _STATES[number(key + "s", 0, len(_STATES) - 1)]
        rule = f".{block}{state}{{{_RULES[number(key + 'r', 0, len(_RULES) - 1)]}}}"
        css.append(f"@media(max-width:{number(key + 'm', 3, 10) * 96}px){{{rule}}}" if at % 7 == 6 else rule)
    return "".join(css)


def tag_manager(identity: str) -> str:
    """Google Tag Manager's loader, as every site pastes it."""
    return (
        "<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});"
        "var f=d.getElementsByTagName(s)[0],j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;"
        f"j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);}})"
        f"(window,document,'script','dataLayer','{identity}');</script>"
    )


def tag_manager_body(identity: str) -> str:
    """The part of it that stands at the top of the body."""
    return (
        f'<noscript><iframe src="https://www.googletagmanager.com/ns.html?id={identity}" height="0" width="0"'
        ' style="display:none;visibility:hidden"></iframe></noscript>'
    )


def ad_slots(network: str, places: Sequence[str]) -> str:
    """Google Publisher Tag's set-up for the named places."""
    slots = "".join(
        f"googletag.defineSlot('/{network}/{place}',[[300,250],[336,280],[728,90]],'div-gpt-ad-{place}')"
        ".addService(googletag.pubads());"
        for place in places
    )
    return (
        "<script>window.googletag=window.googletag||{cmd:[]};googletag.cmd.push(function(){"
        f"{slots}googletag.pubads().enableSingleRequest();googletag.pubads().collapseEmptyDivs();"
        "googletag.enableServices();});</script>"
    )


def ad(place: str) -> str:
    """The place in the page that one of `ad_slots` fills."""
    return (
        f'<div id="div-gpt-ad-{place}" class="ad-slot"><script>googletag.cmd.push(function(){{'
        f"googletag.display('div-gpt-ad-{place}');}});</script></div>"
    )


def script(seed: str, *, functions: int = 60) -> str:
    """Minified JavaScript of about 230 bytes a function, as bundlers emit it."""
    parts = ["!function(e,t){'use strict';var n={},r=t.documentElement;"]
    for at in range(functions):
        block = _BLOCKS[number(f"{seed}/{at}", 0, len(_BLOCKS) - 1)]
        delay = number(f"{seed}/{at}d", 1, 40) * 50
        name = f"n.f{at:02x}"
        parts.append(
            f"{name}=function(o){{var i=t.querySelectorAll('.{block}'),a=o&&o.offset||{delay};if(!i.length)return!1;"
            f"for(var s=0;s<i.length;s++){{i[s].classList.toggle('is-{block}',r.scrollTop>a);"
            f"i[s].setAttribute('data-n',String(s))}}return e.setTimeout(function(){{r.dataset.ready='{block}'}},{delay}),!0}};"
        )
    parts.append(
        "t.addEventListener('DOMContentLoaded',function(){for(var o in n)n[o]({offset:120})})}(window,document);"
    )
    return "<script>" + "".join(parts) + "</script>"
