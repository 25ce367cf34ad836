"""Attacks by pages: markup, charsets, titles and metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

from tests.hostile.attack import ANY, HTML, NEVER, Attack, End, Scale, Serve, Visit, Way, good, rejected
from tests.hostile.paper import article, title_of

Make = Callable[[str, Scale], str]


def _page(
    name: str, serves: str, make: Make, end: End, *, way: Way = "sitemap", kind: str = HTML, full: End | None = None
) -> Attack:
    async def serve(visit: Visit) -> None:
        page = make(name, visit.scale).replace("{forbidden}", visit.forbidden).replace("{root}", visit.root)
        await visit.reply(page.encode("utf-8", "surrogatepass"), kind=kind)

    return Attack(name=name, serves=serves, way=way, serve=serve, end=end, full=full)


def _raw(name: str, serves: str, make: Callable[[str, Scale], bytes], end: End, kind: str = HTML) -> Attack:
    async def serve(visit: Visit) -> None:
        await visit.reply(make(name, visit.scale), kind=kind)

    return Attack(name=name, serves=serves, way="sitemap", serve=serve, end=end)


def _with(*headers: str, status: str = "HTTP/1.1 200 OK", name: str, head: str = "") -> Serve:
    async def serve(visit: Visit) -> None:
        await visit.reply(article(name, head=head).encode(), *headers, status=status)

    return serve


# --- structure ---------------------------------------------------------------------------------------------------------


def _nested(name: str, scale: Scale) -> str:
    return article(name, after="<div>" * scale.tags + "x" + "</div>" * scale.tags)


def _nested_inline(name: str, scale: Scale) -> str:
    return article(name, after="<b><i><font>" * (scale.tags // 3))


def _nested_tables(name: str, scale: Scale) -> str:
    return article(name, before="<table><tr><td>" * (scale.tags // 30))


def _unclosed(name: str, scale: Scale) -> str:
    return article(name, after="<p><a href=x><li>" * (scale.tags // 3))


def _long_line(name: str, scale: Scale) -> str:
    return article(name, after="<p>" + "كلمة " * (scale.line // 9))


def _long_word(name: str, scale: Scale) -> str:
    return article(name, after="<p>" + "ك" * (scale.line // 2) + "</p>")


def _attributes(name: str, scale: Scale) -> str:
    flood = " ".join(f'data-{number}="{number}"' for number in range(scale.many * 10))
    return article(name, before=f"<div {flood}></div>")


def _long_attribute(name: str, scale: Scale) -> str:
    return article(name, before=f'<div class="{"x " * (scale.line // 2)}"></div>')


def _comment(name: str, scale: Scale) -> str:
    return article(name, after="<!--" + "-" * scale.line)


def _script(name: str, scale: Scale) -> str:
    return article(name, head="<script>" + "var a='</scr'+'ipt>';" * (scale.line // 20) + "</script>")


def _entities(name: str, scale: Scale) -> str:
    return article(name, after="<p>" + "&#x26;&nosuch;&#99999999999;&#x0;&#xD800;" * (scale.line // 100))


def _many_links(name: str, scale: Scale) -> str:
    return article(name, after='<a href="/news/never">x</a>' * scale.entries)


# --- bytes and charsets ------------------------------------------------------------------------------------------------


def _nul(name: str, scale: Scale) -> bytes:
    return article(name).replace("</p>", "\x00\x00</p>").replace("<body>", "<bo\x00dy>").encode()


def _bad_bytes(name: str, scale: Scale) -> bytes:
    return article(name, after="<p>").encode() + b"\xff\xfe\xc0\x80\xed\xa0\x80"


def _windows_1256(name: str, scale: Scale) -> bytes:
    return article(name).encode("windows-1256", "replace")


def _utf_16(name: str, scale: Scale) -> bytes:
    return article(name).encode("utf-16")


def _as_stated(name: str, scale: Scale) -> bytes:
    return article(name).encode()


def _binary(name: str, scale: Scale) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2000


def _pdf(name: str, scale: Scale) -> bytes:
    return b"%PDF-1.7\n" + article(name).encode() + b"\n%%EOF"


# --- metadata ----------------------------------------------------------------------------------------------------------


def _linked(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value, ensure_ascii=False)}</script>'


def _jsonld_deep(name: str, scale: Scale) -> str:
    deep = '{"@graph":[' * scale.tags
    return article(name, head=f'<script type="application/ld+json">{deep}</script>')


def _jsonld_closed(name: str, scale: Scale) -> str:
    depth = 900
    return article(name, head=f'<script type="application/ld+json">{"[" * depth}1{"]" * depth}</script>')


def _jsonld_wide(name: str, scale: Scale) -> str:
    graph = {"@graph": [{"@type": "NewsArticle", "@id": f"#{n}"} for n in range(scale.many * 5)]}
    return article(name, head=_linked(graph))


def _jsonld_numbers(name: str, scale: Scale) -> str:
    number = "9" * 200_000
    return article(
        name, head=f'<script type="application/ld+json">{{"@type":"NewsArticle","datePublished":{number}}}</script>'
    )


def _jsonld_types(name: str, scale: Scale) -> str:
    odd = {
        "@type": ["NewsArticle", None, 3],
        "headline": {"x": []},
        "author": [[[[{"name": [{}]}]]]],
        "datePublished": {"@value": "NaN"},
        "image": [{"url": ["data:" + "x" * 100_000]}],
        "keywords": [None, 1, {}],
    }
    return article(name, head=_linked(odd))


def _many_authors(name: str, scale: Scale) -> str:
    authors = [{"@type": "Person", "name": f"كاتب {number}"} for number in range(scale.many)]
    linked = _linked({"@type": "NewsArticle", "author": authors, "keywords": ["وسم"] * scale.many})
    return article(name, head=linked)


def _odd_dates(name: str, scale: Scale) -> str:
    dates = ["99999999-99-99T99:99:99+99:99", "-0001-12-03", "0" * 10_000, "١٤٠٣/٩٩/٩٩", "1e308", "\u202e2024"]
    metas = "".join(f'<meta property="article:published_time" content="{date}">' for date in dates)
    return article(name, head=metas + _linked({"@type": "NewsArticle", "datePublished": dates}))


def _expression_bait(name: str, scale: Scale) -> str:
    """What drives careless expressions for dates, names, prices and white space to exponential time."""
    baits = [
        "1" * 20_000,
        "1/" * 10_000,
        "12:" * 10_000,
        " " * 50_000 + "x",
        "\u200c" * 20_000,
        "الأحد " * 5_000,
        "بقلم: " * 5_000,
        "منذ " * 5_000,
        "a@" * 10_000,
        "(" * 20_000,
        "-" * 20_000 + "!",
        "«" * 10_000,
        "http://" * 5_000,
        "&#32;" * 10_000,
    ]
    return article(name, before="".join(f"<p>{bait}</p>" for bait in baits))


def _head_bait(name: str, scale: Scale) -> str:
    return article(name, head=f'<meta name="description" content="{" " * 100_000}x">' + "<meta charset" * 5_000)


# --- titles ------------------------------------------------------------------------------------------------------------


def _title(name: str, serves: str, title: str, kept: str) -> Attack:
    """An article whose title begins with `title`, as characters; `kept` is what the record has of it."""
    end = good(f"{kept} {title_of(name)}".strip())
    return _page(name, serves, lambda name, _: article(name, title=escape(f"{title} {title_of(name)}")), end)


TITLES = {
    "title-ansi": (
        "a title with escape sequences: colours, a cleared screen, the window's name",
        "\x1b[31m\x1b[2J\x1b]0;x\x07",
        "[31m[2J]0;x",
    ),
    "title-c1": ("the same in the C1 range", "\x9b31m\x9d0;x\x9c", "›31m0;xœ"),
    "title-link": (
        "a title with a terminal's hyperlink (OSC 8)",
        "\x1b]8;;http://127.0.0.2/\x1b\\",
        "]8;;http://127.0.0.2/\\",
    ),
    "title-bidi": ("a title with overrides and isolates of direction, left open", "\u202e\u2066\u202d\u2067", ""),
    "title-tags": (
        "a title with tag characters, which nobody sees",
        "\U000e0041\U000e0042\U000e007f",
        "\U000e0041\U000e0042\U000e007f",
    ),
    "title-markup": (
        "a title with markup of the library that prints",
        "[red][/red][link=file:///etc/passwd][/nosuch]",
        "[red][/red][link=file:///etc/passwd][/nosuch]",
    ),
    "title-formula": (
        "a title that is a formula",
        '=HYPERLINK("http://127.0.0.2/","x")',
        '=HYPERLINK("http://127.0.0.2/","x")',
    ),
    "title-at": ("another one", "@SUM(1+1)*cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0"),
    "title-html": (
        "a title that is markup for a browser",
        "<script>alert(1)</script></title></style><img src=x onerror=alert(1)>",
        "<script>alert(1)</script></title></style><img src=x onerror=alert(1)>",
    ),
    "title-lines": ("a title with line separators and backspaces", "\u2028\u2029\x08\x08\x0b\x0c\r\n", ""),
    "title-combining": ("a title with a hundred marks on one letter", "ك" + "\u064b" * 100, "ك" + "\u064b" * 100),
    "title-nul": ("a title with NUL and noncharacters", "\x00\ufffe\uffff", ""),
}


def _long_title(name: str, scale: Scale) -> str:
    return article(name, title="عنوان " * (scale.line // 30))


def _canonical(name: str, serves: str, href: str) -> Attack:
    head = f'<link rel="canonical" href="{href}"><meta property="og:url" content="{href}">'
    return _page(name, serves, lambda name, _: article(name, head=head), good())


_ABROAD = (
    '<base href="{forbidden}/"><meta http-equiv="refresh" content="0; url={forbidden}/">'
    '<link rel="amphtml" href="{forbidden}/amp"><meta property="og:image" content="{forbidden}/i.png">'
    '<script src="{forbidden}/x.js"></script><link rel="stylesheet" href="{forbidden}/x.css">'
)

_TOO_LARGE = rejected("too_large")

ATTACKS = (
    _page("nested-tags", "very many elements within elements", _nested, good(), full=_TOO_LARGE),
    _page("nested-inline", "the same of inline elements, never closed", _nested_inline, good(), full=_TOO_LARGE),
    _page("nested-tables", "the article in tables within tables", _nested_tables, good()),
    _page("unclosed-tags", "very many elements that are never closed", _unclosed, good(), full=_TOO_LARGE),
    _page("long-line", "a very long line of words", _long_line, good(), full=_TOO_LARGE),
    _page("long-word", "a very long word", _long_word, good(), full=_TOO_LARGE),
    _page("attribute-flood", "very many attributes", _attributes, good(), full=_TOO_LARGE),
    _page("long-attribute", "a very long attribute", _long_attribute, good(), full=_TOO_LARGE),
    _page("endless-comment", "a comment that never ends", _comment, good(), full=_TOO_LARGE),
    _page("script-flood", "very much script", _script, good(), full=_TOO_LARGE),
    _page("entity-flood", "character references that stand for nothing", _entities, good(), full=_TOO_LARGE),
    _page("link-flood", "very many links in an article", _many_links, good(), full=_TOO_LARGE),
    _raw("nul-bytes", "NUL bytes in text and markup", _nul, good()),
    _raw("bad-bytes", "bytes that are no UTF-8 at the end of the text", _bad_bytes, good(flags=("undecodable_bytes",))),
    _raw("charset-lie", "windows-1256 said to be UTF-8, twice", _windows_1256, good()),
    _raw("charset-unknown", "a charset that nobody knows", _as_stated, good(), "text/html; charset=\x1b[31mx-none"),
    _raw("charset-utf-7", "UTF-8 said to be UTF-7", _as_stated, good(), "text/html; charset=utf-7"),
    _raw("charset-codec", "a charset that names a codec of Python's", _as_stated, good(), "text/html; charset=zlib"),
    _raw("utf-16", "UTF-16 that says it is UTF-8", _utf_16, good()),
    _raw("binary", "a picture said to be a page", _binary, rejected("not_html")),
    _raw("pdf", "a PDF said to be a page", _pdf, rejected("not_html")),
    _raw("type-lie", "a page said to be a picture", _as_stated, good(), "image/png"),
    _raw("type-odd", "a content type of escapes and 4 kB", _as_stated, good(), "text/html; \x1b[31m;" + "a" * 4000),
    _page("json-ld-deep", "JSON-LD that opens very many brackets", _jsonld_deep, good()),
    _page("json-ld-nested", "JSON-LD of 900 lists within lists", _jsonld_closed, good()),
    _page("json-ld-wide", "JSON-LD of very many articles", _jsonld_wide, good(), full=_TOO_LARGE),
    _page("json-ld-number", "a number of 200,000 digits in JSON-LD", _jsonld_numbers, good()),
    _page("json-ld-types", "JSON-LD whose fields are of other types", _jsonld_types, good()),
    _page("author-flood", "very many authors and keywords", _many_authors, good()),
    _page("odd-dates", "dates that no calendar has", _odd_dates, good()),
    _page("expression-bait", "text that drives regular expressions to exponential time", _expression_bait, good()),
    _page("expression-bait-head", "the same in the head", _head_bait, good()),
    _page("title-long", "a very long title", _long_title, End(link="fetched", capture="new", title=ANY), full=_TOO_LARGE),
    *(_title(name, *given) for name, given in TITLES.items()),
    _canonical("canonical-abroad", "a canonical URL of another site", "http://elsewhere.example/stolen"),
    _canonical("canonical-forbidden", "a canonical URL at a forbidden address", "{forbidden}/news/x"),
    _canonical("canonical-path", "a canonical URL that is a path of ours", "file:///../../etc/passwd"),
    _canonical("canonical-odd", "a canonical URL that cannot be read", "http://[::1\x1b[31m"),
    _page("head-abroad", "base, refresh, scripts and images at a forbidden address", lambda n, _: article(n, head=_ABROAD), good()),
    Attack(
        name="noarchive", serves="noarchive in header and head", way="sitemap", end=rejected("withheld", directives=("noarchive",)),
        serve=_with("X-Robots-Tag: noarchive", name="noarchive", head='<meta name="robots" content="noarchive">'),
    ),
    Attack(
        name="tdm-reservation", serves="a reservation of text and data mining", way="sitemap", end=rejected("withheld", directives=("tdm-reservation",)),
        serve=_with("tdm-reservation: 1", 'tdm-policy: http://127.0.0.2/policy.json', name="tdm-reservation"),
    ),
    Attack(
        name="directive-flood", serves="very many directives, one of 50 kB", way="sitemap", end=good(),
        serve=_with(*(f"X-Robots-Tag: d{n}" for n in range(50)), "X-Robots-Tag: " + "x" * 5000, name="directive-flood"),
    ),
    Attack(
        name="gone", serves="410", way="sitemap", end=rejected("http_error"),
        serve=_with(status="HTTP/1.1 410 Gone", name="gone"),
    ),
    _page("forbidden-by-robots", "what robots.txt forbids", lambda n, _: article(n), NEVER, way="feed"),
)  # fmt: skip
