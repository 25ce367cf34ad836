"""Attacks by the documents that announce articles: robots.txt, sitemaps, feeds, REST, listings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import chain, repeat

from tests.hostile.attack import XML, Attack, Serve, Visit, Way, document
from tests.hostile.paper import batched, deflate_bomb, gzipped, listing, rss, sitemapindex, urlset, urlset_parts

_LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">{}]>\n'.format(
    "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
)
"""Ten times ten times ten …, in twelve steps."""


def _document(
    name: str, serves: str, way: Way, serve: Serve, problem: str = "", *, carries: int = 0, full: str = ""
) -> Attack:
    at_full_size = document(full) if full else None
    return Attack(
        name=name, serves=serves, way=way, serve=serve, end=document(problem), full=at_full_size, carries=carries
    )


# --- entities ----------------------------------------------------------------------------------------------------------


async def _billion_laughs(visit: Visit) -> None:
    await visit.reply(urlset([*visit.good, f"{visit.root}/news/&m;"], _LAUGHS), kind=XML)


async def _quadratic(visit: Visit) -> None:
    doctype = f'<!DOCTYPE x [<!ENTITY a "{"a" * 10_000}">]>\n'
    await visit.reply(urlset([*visit.good, f"{visit.root}/news/{'&a;' * 20_000}"], doctype), kind=XML)


async def _external_entity(visit: Visit) -> None:
    doctype = f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname"><!ENTITY n SYSTEM "{visit.forbidden}/entity">]>\n'
    urls = [*visit.good, f"{visit.root}/news/external-entity/&f;", f"{visit.root}/news/external-entity/&n;"]
    await visit.reply(urlset(urls, doctype), kind=XML)


async def _external_dtd(visit: Visit) -> None:
    doctype = f'<!DOCTYPE urlset SYSTEM "{visit.forbidden}/evil.dtd" [<!ENTITY % p SYSTEM "{visit.forbidden}/p">%p;]>\n'
    await visit.reply(urlset(visit.good, doctype), kind=XML)


async def _xinclude(visit: Visit) -> None:
    more = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{visit.forbidden}/x"/>'
        f'<?xml-stylesheet href="{visit.forbidden}/x.xsl" type="text/xsl"?>'
    )
    await visit.reply(rss(visit.good, more=more), kind=XML)


async def _feed_laughs(visit: Visit) -> None:
    await visit.reply(rss(visit.good, _LAUGHS, "<item><title>&m;</title><link>/news/&m;</link></item>"), kind=XML)


# --- indexes -----------------------------------------------------------------------------------------------------------


async def _cycle(visit: Visit) -> None:
    """Two indexes that name each other, and themselves."""
    names = [f"{visit.root}/doc/index-cycle{suffix}" for suffix in ("", "?b", "?c")]
    await visit.reply(sitemapindex([*names, *([f"{visit.root}/doc/index-cycle?map"])]), kind=XML) if (
        "?map" not in visit.target
    ) else await visit.reply(urlset(visit.good), kind=XML)


async def _descent(visit: Visit) -> None:
    """Each index names one that lies deeper."""
    depth = int(visit.target.partition("?depth=")[2] or 0)
    await visit.reply(sitemapindex([f"{visit.root}/doc/index-descent?depth={depth + 1}"]), kind=XML)


async def _wide(visit: Visit) -> None:
    if "?" in visit.target:
        await visit.reply(urlset([]), kind=XML)
        return
    children = (f"{visit.root}/doc/index-wide?{number}" for number in range(visit.scale.many // 10))
    await visit.reply(sitemapindex(children), kind=XML)


async def _index_abroad(visit: Visit) -> None:
    urls = [f"{visit.forbidden}/map.xml", "file:///etc/passwd", "http://169.254.169.254/", "gopher://127.0.0.1/", "//"]
    await visit.reply(sitemapindex(urls), kind=XML)


# --- size and compression ----------------------------------------------------------------------------------------------


async def _gzip_in_gzip(visit: Visit) -> None:
    await visit.reply(gzip.compress(gzip.compress(urlset(visit.good), mtime=0), mtime=0), kind="application/gzip")


async def _gzip_deeper(visit: Visit) -> None:
    body = urlset(visit.good)
    for _ in range(20):
        body = gzip.compress(body, mtime=0)
    await visit.reply(body, kind="application/gzip")


async def _gzip_bomb(visit: Visit) -> None:
    await visit.stream(deflate_bomb(visit.scale.bomb, wbits=31, first=urlset([])), kind="application/gzip")


async def _coded_bomb(visit: Visit) -> None:
    parts = gzipped(deflate_bomb(visit.scale.bomb, wbits=31))
    await visit.stream(parts, "Content-Encoding: gzip", kind="application/gzip")


async def _large(visit: Visit) -> None:
    """As large as sitemaps.org allows, most of it in images; the good pages stand at the end."""
    row = f"<url><loc>http://elsewhere.example/</loc><image>{'x' * 1000}</image></url>\n".encode()
    head, *_ = urlset([]).partition(b"</urlset>")
    tail = b"".join(f"<url><loc>{url}</loc></url>".encode() for url in visit.good) + b"</urlset>"
    rows = batched(repeat(row, visit.scale.sitemap // len(row)))
    await visit.stream(chain([head], rows, [tail]), kind=XML)


async def _larger(visit: Visit) -> None:
    """Without end."""
    await visit.stream(urlset_parts(repeat("http://elsewhere.example/")), kind=XML)


async def _entries(visit: Visit) -> None:
    """Very many entries on other sites, ours first."""
    others = (f"http://elsewhere.example/{number}" for number in range(visit.scale.entries))
    await visit.stream(urlset_parts(chain(visit.good, others)), kind=XML)


async def _same_entry(visit: Visit) -> None:
    await visit.stream(
        urlset_parts(chain(visit.good, repeat(f"{visit.root}/news/same-entry", visit.scale.entries))), kind=XML
    )


async def _deep_xml(visit: Visit) -> None:
    deep = batched(chain(repeat(b"<a>", visit.scale.tags), repeat(b"</a>", visit.scale.tags)))
    head, *_ = urlset(visit.good).partition(b"</urlset>")
    await visit.stream(chain([head], deep, [b"</urlset>"]), kind=XML)


async def _attributes(visit: Visit) -> None:
    flood = batched(f' a{number}="x"'.encode() for number in range(visit.scale.many))
    head, *_ = urlset(visit.good).partition(b"</urlset>")
    await visit.stream(chain([head, b"<url"], flood, [b"/></urlset>"]), kind=XML)


# --- broken and false --------------------------------------------------------------------------------------------------


async def _broken_xml(visit: Visit) -> None:
    first, second = visit.good
    start, _, _ = urlset([first]).partition(b"</urlset>")
    broken = b"<url><loc>&nosuch; <unclosed attr=x></url>\x0b\xff\xfe"
    await visit.reply(start + broken + f"<url><loc>{second}</loc></url><![CDATA[ <url><loc>".encode(), kind=XML)


async def _not_xml(visit: Visit) -> None:
    await visit.reply(b"\x7fELF" + bytes(range(256)) * 100, kind=XML)


async def _empty(visit: Visit) -> None:
    await visit.reply(b"", kind=XML)


async def _false_charset(visit: Visit) -> None:
    text = urlset(visit.good).decode().replace('encoding="UTF-8"', 'encoding="UTF-7"')
    await visit.reply(text.encode(), kind="text/xml; charset=utf-16")


async def _page_for_feed(visit: Visit) -> None:
    await visit.reply(listing([f"{visit.root}/news/page-for-feed"]))


async def _regular_expression(visit: Visit) -> None:
    """Lines of URLs that a careless expression can part in 2^n ways before it sees that they are none."""
    await visit.reply(b"http://" * 3000 + b" <", kind="text/plain")


async def _spaces(visit: Visit) -> None:
    await visit.reply(b" " * visit.scale.sitemap + urlset(visit.good), kind=XML)


async def _odd_links(visit: Visit) -> None:
    links = [
        *visit.good,
        f"{visit.forbidden}/news/feed-odd-links",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://localhost:22/",
        "http://0/",
        "http://127.1/",
        "http:///news/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://127.0.0.1/x",
        "http://[::1",
        "http://127.0.0.1:99999999/news/x",
        "http://127.0.0.1:-1/news/x",
        "http://" + "a." * 5000 + "example/",
        "http://xn--" + "9" * 500 + ".example/",
        "\x85",
    ]
    await visit.reply(rss(links), kind=XML)


async def _odd_times(visit: Visit) -> None:
    first, second, third = visit.good
    more = "".join(
        f"<item><link>{url}</link><pubDate>{at}</pubDate></item>"
        for url, at in (
            (first, "Tue, 99 Dec 999999999999999 25:61:61 +9999"),
            (second, "0001-01-01T00:00:00+23:59"),
            (third, "9999-12-31T23:59:59-23:59"),
        )
    )
    await visit.reply(rss([], more=more), kind=XML)


async def _posts_deep(visit: Visit) -> None:
    await visit.reply(b"[" * 200_000, kind="application/json")


async def _posts_odd(visit: Visit) -> None:
    posts = [
        {"link": visit.good[0], "date_gmt": "2024-12-03T10:00:00", "title": {"rendered": "&#x1b;[31m"}},
        {"link": None, "date_gmt": 10**300, "title": []},
        {"link": ["http://127.0.0.1/"], "title": {"rendered": {}}},
        {"link": "\ud800", "date_gmt": "x" * 10_000},
    ]
    await visit.reply(json.dumps(posts).encode(), kind="application/json")


async def _posts_number(visit: Visit) -> None:
    await visit.reply(b'[{"link": ' + b"9" * 10_000 + b"}]", kind="application/json")


async def _many_links(visit: Visit) -> None:
    links: Iterator[str] = (f"http://elsewhere.example/{number}" for number in range(min(visit.scale.entries, 100_000)))
    await visit.reply(listing(chain(visit.good, links)))


async def _base_abroad(visit: Visit) -> None:
    base = f'<base href="{visit.forbidden}/">'
    page = listing(["/news/base-abroad", *visit.good]).replace(b"<head>", b"<head>" + base.encode())
    await visit.reply(page, f"Link: <{visit.forbidden}/>; rel=next", f"Refresh: 0; url={visit.forbidden}/")


async def _frames(visit: Visit) -> None:
    more = "".join(
        f'<{tag} {attribute}="{visit.forbidden}/{tag}"></{tag}>'
        for tag, attribute in (
            ("iframe", "src"),
            ("script", "src"),
            ("img", "src"),
            ("form", "action"),
            ("object", "data"),
        )
    )
    more += (
        f'<meta http-equiv="refresh" content="0; url={visit.forbidden}/"><link rel="next" href="{visit.forbidden}/">'
    )
    await visit.reply(listing(visit.good, more=more))


ATTACKS = (
    _document("billion-laughs", "a sitemap whose entities grow to 2 TB", "sitemap", _billion_laughs, carries=1),
    _document("quadratic-entities", "an entity of 10 kB, 20,000 times", "sitemap", _quadratic, carries=1),
    _document("external-entity", "entities that are a file of ours and a forbidden address", "sitemap", _external_entity, carries=1),
    _document("external-dtd", "a document type at a forbidden address", "sitemap", _external_dtd, carries=1),
    _document("xinclude", "a feed that includes a forbidden address", "feed", _xinclude, carries=1),
    _document("feed-laughs", "the same entities in a feed", "feed", _feed_laughs, carries=1),
    _document("index-cycle", "indexes of sitemaps that name each other", "sitemap", _cycle, carries=1),
    _document("index-descent", "indexes that name indexes for ever", "sitemap", _descent),
    _document("index-wide", "an index of very many empty sitemaps", "sitemap", _wide),
    _document("index-abroad", "an index of files, other hosts and other protocols", "sitemap", _index_abroad),
    _document("gzip-in-gzip", "a sitemap compressed twice", "sitemap", _gzip_in_gzip, carries=1),
    _document("gzip-deeper", "a sitemap compressed twenty times", "sitemap", _gzip_deeper, "neither"),
    _document("sitemap-bomb", "a sitemap that gzip makes a thousand times larger", "sitemap", _gzip_bomb, "larger"),
    _document("sitemap-coded-bomb", "the same in a content coding", "sitemap", _coded_bomb, "larger"),
    _document("sitemap-large", "a sitemap as large as the protocol allows", "sitemap", _large, carries=1),
    _document("sitemap-endless", "a sitemap without end", "sitemap", _larger, "larger"),
    _document("sitemap-entries", "very many entries, nearly all on other sites", "sitemap", _entries, carries=1, full="more than 50,000 links"),
    _document("sitemap-same-entry", "one entry very many times", "sitemap", _same_entry, carries=1, full="more than 50,000 links"),
    _document("sitemap-deep", "very many elements within elements", "sitemap", _deep_xml, carries=1),
    _document("sitemap-attributes", "an element with very many attributes", "sitemap", _attributes, carries=1),
    _document("sitemap-broken", "XML that breaks off, control characters, an unknown entity", "sitemap", _broken_xml, carries=2),
    _document("sitemap-binary", "a program said to be a sitemap", "robots", _not_xml, "neither"),
    _document("sitemap-empty", "no byte", "robots", _empty, "empty"),
    _document("sitemap-charset", "a charset that it is not in, stated twice", "robots", _false_charset, carries=1),
    _document("sitemap-spaces", "very many spaces before the sitemap", "robots", _spaces, carries=1),
    _document("sitemap-lines", "lines that drive a regular expression to exponential time", "robots", _regular_expression, "neither"),
    _document("feed-page", "a page in place of a feed", "feed", _page_for_feed, carries=0),
    _document("feed-odd-links", "links to addresses, protocols and ports of all kinds", "feed", _odd_links, carries=1),
    _document("feed-odd-times", "times that no calendar has", "feed", _odd_times, carries=3),
    _document("posts-deep", "JSON of 200,000 brackets", "feed", _posts_deep, "JSON"),
    _document("posts-odd", "posts whose fields are of other types", "feed", _posts_odd, carries=1),
    _document("posts-number", "a post whose link is a number of 10,000 digits", "feed", _posts_number, "JSON"),
    _document("listing-links", "a listing of very many links", "listing", _many_links, carries=1, full="more than 50,000 links"),
    _document("listing-base", "a listing whose base is a forbidden address", "listing", _base_abroad, carries=1),
    _document("listing-frames", "frames, scripts, images and refreshes at a forbidden address", "listing", _frames, carries=1),
)  # fmt: skip


def robots(root: str, forbidden: str, sitemaps: list[str]) -> bytes:
    """A robots.txt with tricks: it names what it forbids, escapes, floods, and leads abroad.

    What counts stands first, since only so much of it need be read.
    """
    lines = [
        "\ufeffUser-agent: *",
        "Disallow: /news/forbidden-by-robots",
        "Disallow: /*" + "*a" * 200 + "$",
        "Crawl-delay: nan",
        "User-agent: \x1b[31m\u202e",
        "Crawl-delay: 1e999",
        *(f"Sitemap: {url}" for url in sitemaps),
        f"Sitemap: {forbidden}/sitemap.xml",
        "Sitemap: file:///etc/passwd",
        "Sitemap: http://169.254.169.254/sitemap.xml",
        "Sitemap: \x00\x01",
        "no colon",
        *repeat("# " + "x" * 1000, 700),
        "User-agent: *",
        "Disallow: /",
    ]
    return "\r\n".join(lines).encode()
