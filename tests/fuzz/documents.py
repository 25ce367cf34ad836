"""What reads the documents that announce links, the links themselves, and what operators write of sources."""

from __future__ import annotations

import gzip
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from extract.directives import read_directives
from extract.types import Page, Source
from extract.urls import canonical_url
from flows.entering import RunNote
from flows.spool import RunDirectory
from spiders.discovery import NotADocumentError, absolute_url, read_document, read_time
from spiders.links import read_links
from spiders.periods import day_in_path, periods
from spiders.plan import Plan
from spiders.reservations import read_reservations, said_of
from spiders.robots_txt import RobotsTxt
from spiders.sources import SourcesError, load_sources, source_for_url
from spiders.templates import fill, is_by_day, is_by_page
from spiders.window import Window
from tests.fuzz.harness import Target, lines_as_seeds, on_text

_BASE = "https://a.example/news/index.xml"
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_SOURCE = Source(
    id="a",
    name="الف",
    language="fa",
    timezone="Asia/Tehran",
    domains=("a.example",),
    article=r"/news/\d+",
    skip=r"/tag/",
)


def _document(data: bytes) -> None:
    """A document as the spider reads it, and what the plan makes of its links."""
    document = read_document(Page(content=data, url=_BASE), timezone="Asia/Tehran", most=500)
    plan = Plan(_SOURCE, Window.of_days(date(2024, 1, 1), None, "Asia/Tehran"), None, _NOW)
    (step, *_) = plan.entries()
    plan.read(step, document)
    plan.children(step, _BASE, document.links)
    plan.next_page(step, document, ())
    for link in document.links:
        with suppress(ValueError):
            canonical_url(link.url)
        source_for_url(link.url, {"a": _SOURCE})
        _SOURCE.looks_like_article(link.url)
        day_in_path(link.url)
        plan.dated(step, link)


def _times(text: str) -> None:
    if at := read_time(text, ZoneInfo("Asia/Tehran")):
        at.astimezone(UTC).timestamp()


def _link(text: str) -> None:
    for base in (_BASE, "", "http://[", text):
        if url := absolute_url(base, text):
            url.encode()
            assert _SOURCE.owns(url) in (True, False)


def _template(text: str) -> None:
    is_by_page(text)
    is_by_day(text)
    assert len(fill(text, date(2024, 12, 3), 7)) <= 20 * len(text)


def _robots(data: bytes) -> None:
    robots = RobotsTxt.parse(data, "Warraq")
    for sitemap in robots.sitemaps:
        absolute_url(_BASE, sitemap)
    robots.allows(f"{_BASE}?" + data[:2000].decode("utf-8", "ignore"))


def _reservations(data: bytes) -> None:
    said_of(read_reservations(data), _BASE)
    read_directives([("X-Robots-Tag", data[:8000].decode("latin-1"))], data)


def _sources(path: Path) -> None:
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of regular expressions
        load_sources(path)


def _file(read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of a file as one of bytes."""

    def run(data: bytes) -> object:
        with tempfile.NamedTemporaryFile(prefix="fuzz-") as file:
            file.write(data)
            file.flush()
            return read(Path(file.name))

    return run


def _note(data: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as directory:
        Path(directory, "run.json").write_bytes(data)
        RunNote.read(RunDirectory(path=Path(directory), lock_fd=-1))


_XML = tuple(
    text.encode()
    for text in (
        "<?xml version='1.0' encoding='UTF-8'?><urlset xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>"
        "<url><loc>https://a.example/news/1/تیتر?a=1&amp;b=2</loc><lastmod>2024-12-04T10:00:00+03:30</lastmod><news:news>"
        "<news:publication_date>2024-12-03T20:47</news:publication_date><news:title>تیتر</news:title></news:news></url>"
        "<url><loc>/news/2</loc></url></urlset>",
        "<sitemapindex><sitemap><loc>https://a.example/sitemap-1403-09.xml</loc><lastmod>2024-01-01</lastmod></sitemap>"
        "<sitemap><loc>/sitemap.php?yyyy=2024&amp;mm=12</loc></sitemap></sitemapindex>",
        "<rss version='2.0'><channel><link>https://a.example/</link><item><title><![CDATA[العنوان]]></title><link>/news/1"
        "</link><guid isPermaLink='false'>77</guid><pubDate>Tue, 03 Dec 2024 20:47:03 +0330</pubDate></item></channel></rss>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item rdf:about='https://a.example/news/1'>"
        "<title>x</title><date>2013-09-06T15:50+02:00</date></item></rdf:RDF>",
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/blog/'><entry><link rel='alternate' href='one'/>"
        "<published>2024-12-03T00:00:00Z</published><updated>2024-12-05T00:00:00Z</updated></entry></feed>",
        '[{"link": "https://a.example/2024/12/03/a/", "date_gmt": "2024-12-03T17:17:03", "title": {"rendered": "&#8211;"}},'
        '{"link": "/?p=7", "date": "2024-12-03T20:47:03"}]',
        '{"code": "rest_no_route", "message": "No route"}',
        "https://a.example/a\r\nhttps://a.example/b\r\n",
        "<html><base href='/x/'><link rel=next href='/p/2'><article><a href='/news/1'>a</a> <time datetime='2024-12-03'>"
        "x</time></article><ul><li><a href='?page=2' class='next page-numbers'>2</a></ul></html>",
    )
)  # fmt: skip
_XML_TOKENS = (
    b"<url>", b"</url>", b"<loc>", b"</loc>", b"<item>", b"<entry>", b"<a:news>", b"<!--", b"-->", b"<![CDATA[", b"]]>",
    b"<?xml version='1.0' encoding='utf-16'?>", b"<?xml encoding='x'?>", b"<!DOCTYPE a [<!ENTITY a 'b'>]>", b"&a;", b"&#0;",
    b"&#xD800;", b"&amp;", b"xmlns:a='b' ", b"xml:base='http://[' ", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08\0", b"\0",
    b"http://[", b"https://a.example:x/", b"//", b"\\", b" a='1'", b"<time datetime='2024-01-01'>", b"<a href='/news/1'>",
    b"<base href='http://['>", b"{", b"}", b"[", b"]", b'"link":', b'"\\ud800"', b"1403", b"-0330", b"24:00:00", b"+99:99",
)  # fmt: skip
_XML_PAIRS = (
    (b"<url>", b"</url>"), (b"<a>", b"</a>"), (b"<a xml:base='x/'>", b"</a>"), (b"[", b"]"), (b'{"link":', b"}"), (b"<!--", b"-->"),
    (b"<div>", b"</div>"), (b"<a href=/x>", b"</a>"), (b"<item>", b"</item>"), (b"<urlset>", b"</urlset>"),
)  # fmt: skip
_URLS = """
https://a.example/sitemap-2024-12.xml
https://a.example/archive/1403/09/13/?yyyy=2024&mm=12&dd=3
/news/1403091312/تیتر%20خبر?page=2#x
//b.example:8080/a;b=c?d
http://[2001:db8::1]/x\t\ty
"""
_TIMES = """
2024-12-03T20:47:03.123+03:30
Tue, 03 Dec 2024 20:47:03 +0330
03 Dec 24 20:47 GMT
2024-W49-2
20241203T204703Z
1403-09-13
"""
_TEMPLATES = """
https://a.example/archive?yr={jyear}&mn={jmonth:02}&dy={jday:02}&pi={page}
https://a.example/{year}/{month:02}/{day}/
https://a.example/{{x}}/{page!r}/{page.real}/{page:>9}
"""
_ROBOTS = b"User-agent: *\nDisallow: /a*b$\nSitemap: https://a.example/s.xml\nSitemap: /t.xml\nCrawl-delay: 2\n"
_LINKS = (
    b'{"url": "https://a.example/1", "found_by": "feed", "found_in": null, "announced_at": "2024-12-03T17:17:03+00:00", '
    b'"state": "wanted"}\n{"url": "https://a.example/1", "state": "failed", "why": "it answered 503"}\n'
    b'{"document": "https://a.example/f", "found_by": "feed", "status": 200, "links": 20, "problem": null}\n'
)
_RUN = b'{"run_id": "a", "flow": "crawl", "started_at": "2024-12-03T17:17:03+00:00", "since": "2024-12-01", "until": null, "watermark": null, "ended_at": null, "unread": ["x"]}'
_TOML = """
[[source]]
id = "a"
name = "الف"
language = "fa"
timezone = "Asia/Tehran"
calendar = "jalali"
domains = ["a.example"]
feeds = ["https://a.example/feed/"]
archives = ["https://a.example/{jyear}/{jmonth:02}/{page}"]
article = '/news/(\\d+)'
revisits = [1, 6]
daily = [5, 100]
""".encode()
_TOML_TOKENS = (
    b"[[source]]", b"[source]", b"[", b"]", b"{", b"}", b"'''", b'"""', b"\\u0000", b"\\ud800", b"a.b.c = 1", b"= inf", b"1979-05-27",
    b"(", b"(?:a+)+", b"{9999999999}", b"../x", b"{page:99999999}", b"{page.__class__}", b"/etc/passwd", b"\0",
)  # fmt: skip

_META = b'<title>a</title><meta name="robots" content="noindex, none"><meta name="tdm-reservation" content="1">'

TARGETS = (
    Target(
        name="document",
        run=_document,
        seeds=lambda: (*_XML, *(gzip.compress(each) for each in _XML)),
        raises=(NotADocumentError,),
        tokens=_XML_TOKENS,
        pairs=_XML_PAIRS,
        largest=1 << 15,
    ),
    Target(name="time", run=on_text(_times), seeds=lines_as_seeds(_TIMES), tokens=_XML_TOKENS),
    Target(name="link", run=on_text(_link), seeds=lines_as_seeds(_URLS), tokens=_XML_TOKENS),
    Target(name="periods", run=on_text(lambda text: periods(text.split("\n"))), seeds=lines_as_seeds(_URLS)),
    Target(name="template", run=on_text(_template), seeds=lines_as_seeds(_TEMPLATES), raises=(ValueError,)),
    Target(name="robots", run=_robots, seeds=lambda: [_ROBOTS], tokens=(b"Sitemap:", b"http://[", b"*", b"$", b"%2", b"\r")),
    Target(
        name="reservations",
        run=_reservations,
        seeds=lambda: [b'[{"location": "/*/a$", "tdm-reservation": 1, "tdm-policy": "https://a.example/"}]', _META],
        tokens=(b"[", b"{", b"<meta ", b"name=", b"content='", b"<!--", b"<script>", b"noindex,", b"warraq:", b"*"),
    ),
    Target(name="link-log", run=_file(read_links), seeds=lambda: [_LINKS], tokens=(b"{}", b"[]", b'"\n', b'"url"', b"\n")),
    Target(name="run-note", run=_note, seeds=lambda: [_RUN], tokens=(b"[", b"{", b"null", b'"', b"5")),
    Target(
        name="sources", run=_file(_sources), seeds=lambda: [_TOML], raises=(SourcesError,), tokens=_TOML_TOKENS
    ),
)  # fmt: skip
