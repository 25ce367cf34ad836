"""Documents that announce links, as sites really write them."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from extract.types import Page
from spiders.discovery import (
    MAX_BYTES,
    Document,
    Kind,
    Link,
    NotADocumentError,
    absolute_url,
    read_document,
    read_time,
)

BASE = "https://site.example/news/index"
TEHRAN = ZoneInfo("Asia/Tehran")


def read(content: bytes | str, url: str = BASE, content_type: str | None = None) -> Document:
    raw = content.encode() if isinstance(content, str) else content
    return read_document(Page(content=raw, url=url, content_type=content_type), timezone="Asia/Tehran")


def urls(document: Document) -> list[str]:
    return [link.url for link in document.links]


def test_news_sitemap() -> None:
    document = read("""<?xml version="1.0" encoding="UTF-8"?>
      <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
              xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
        <url>
          <image:image><image:loc>https://site.example/i.jpg</image:loc><image:title>عکس</image:title></image:image>
          <loc> https://site.example/news/1/تیتر?a=1&amp;b=2 </loc>
          <lastmod>2024-12-04T10:00:00+03:30</lastmod>
          <news:news><news:publication><news:name>ایسنا</news:name></news:publication>
            <news:publication_date>2024-12-03T20:47</news:publication_date><news:title>تیتر خبر</news:title></news:news>
        </url>
        <url><loc>/news/2</loc><lastmod>2024-12-01</lastmod></url>
        <url><lastmod>2024-12-01</lastmod></url>
      </urlset>""")
    assert document.kind is Kind.SITEMAP
    first, second = document.links
    assert first.url == "https://site.example/news/1/تیتر?a=1&b=2"
    assert first.published_at == datetime(2024, 12, 3, 20, 47, tzinfo=TEHRAN)
    assert first.modified_at == datetime(2024, 12, 4, 6, 30, tzinfo=UTC)
    assert first.title == "تیتر خبر"
    assert second == Link(url="https://site.example/news/2", modified_at=datetime(2024, 12, 1, tzinfo=TEHRAN))


def test_sitemap_index_compressed_twice_and_in_no_namespace() -> None:
    index = b"<sitemapindex><sitemap><loc>https://site.example/a.xml</loc><lastmod>2024-01-01</lastmod></sitemap></sitemapindex>"
    document = read(gzip.compress(gzip.compress(index)))
    assert document.kind is Kind.SITEMAP_INDEX
    assert urls(document) == ["https://site.example/a.xml"]


def test_sitemap_as_text() -> None:
    document = read("\ufeffhttps://site.example/a\r\nhttps://site.example/b\r\n")
    assert (document.kind, urls(document)) == (Kind.SITEMAP, ["https://site.example/a", "https://site.example/b"])


def test_rss_2() -> None:
    document = read("""<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
      <channel><link>https://site.example/</link><atom:link href="https://site.example/feed" rel="self"/>
      <item><title><![CDATA[العنوان]]></title><link>
        /a/1 </link><guid isPermaLink="false">77</guid><pubDate>Tue, 03 Dec 2024 20:47:03 +0330</pubDate></item>
      <item><guid>https://site.example/a/2</guid><dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2024-12-03T17:00:00Z</dc:date></item>
      <item><guid isPermaLink="false">https://site.example/a/3</guid></item>
      <item><link>https://feed.example/x</link><o:origLink xmlns:o="http://rssnamespace.org/feedburner/ext/1.0">https://site.example/a/4</o:origLink></item>
      <item><link>javascript:void(0)</link></item></channel></rss>""")
    assert document.kind is Kind.FEED
    assert urls(document) == [f"https://site.example/a/{number}" for number in (1, 2, 4)]
    assert document.links[0].published_at == datetime(2024, 12, 3, 17, 17, 3, tzinfo=UTC)
    assert document.links[0].title == "العنوان"
    assert document.links[1].published_at == datetime(2024, 12, 3, 17, tzinfo=UTC)


def test_rss_1() -> None:
    document = read("""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://site.example/"><items/></channel>
      <item rdf:about="https://site.example/a/1"><link>https://site.example/a/1</link><dc:date>2013-09-06T15:50+02:00</dc:date></item>
      <item rdf:about="https://site.example/a/2"><title>x</title></item></rdf:RDF>""")
    assert urls(document) == ["https://site.example/a/1", "https://site.example/a/2"]
    assert document.links[0].published_at == datetime(2013, 9, 6, 13, 50, tzinfo=UTC)


def test_atom() -> None:
    document = read("""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://site.example/blog/">
      <link href="/self"/>
      <entry><title>x</title><link rel="enclosure" href="/e.mp3"/><link rel="alternate" href="one"/>
        <published>2024-12-03T00:00:00Z</published><updated>2024-12-05T00:00:00Z</updated></entry>
      <entry><link href="https://site.example/two"/></entry></feed>""")
    assert (document.kind, urls(document)) == (Kind.FEED, ["https://site.example/blog/one", "https://site.example/two"])
    assert document.links[0].published_at == datetime(2024, 12, 3, tzinfo=UTC)
    assert document.links[0].modified_at == datetime(2024, 12, 5, tzinfo=UTC)


def test_listing_in_windows_1256_with_a_base() -> None:
    html = """<!DOCTYPE html><html><head><base href="https://site.example/sub/"></head><body>
      <a href="326/114830-الكرملين">الكرملين  <b>يصعّد</b></a><a href="%D8%A8">ب</a><a>x</a>
      <a href="mailto:x@y.example">m</a>
      <a href="javascript:go()">j</a><a href="http://[broken">b</a><a href="//cdn.example/x">c</a></body></html>"""
    document = read(html.encode("windows-1256"), content_type="text/html; charset=windows-1256")
    assert document.kind is Kind.LISTING
    assert urls(document) == [
        "https://site.example/sub/326/114830-الكرملين", "https://site.example/sub/%D8%A8", "https://cdn.example/x",
    ]  # fmt: skip
    assert document.links[0].title == "الكرملين يصعّد"


def test_wordpress_posts() -> None:
    document = read("""[
      {"link": "https://site.example/2024/12/03/a/", "date_gmt": "2024-12-03T17:17:03",
       "modified_gmt": "2024-12-05T00:00:00", "title": {"rendered": "\\u201cأ\\u201d &#8211; ب"}},
      {"link": "https://site.example/?p=7", "date": "2024-12-03T20:47:03"}, {"link": null}]""")
    assert (document.kind, urls(document)) == (
        Kind.REST,
        ["https://site.example/2024/12/03/a/", "https://site.example/?p=7"],
    )
    assert (
        document.links[0].published_at == document.links[1].published_at == datetime(2024, 12, 3, 17, 17, 3, tzinfo=UTC)
    )
    assert document.links[0].modified_at == datetime(2024, 12, 5, tzinfo=UTC)
    assert document.links[0].title == "“أ” – ب"
    assert read("[]").links == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{"code": "rest_no_route", "message": "No route was found"}',
            "WordPress answered rest_no_route: No route was found",
        ),
        ('{"error": 1}', "no list of WordPress posts"),
        ('[{"id": 1}]', "no list of WordPress posts"),
        ("[1", "begins like JSON and is none"),
        ("[" * 100_000, "begins like JSON and is none"),
    ],
)
def test_other_json_is_refused(content: str, said: str) -> None:
    with pytest.raises(NotADocumentError, match=said):
        read(content)


@pytest.mark.parametrize(
    ("url", "markup", "expected"),
    [
        ("/", '<link rel="next" href="/page/2/">', "/page/2/"),
        ("/", '<a rel="nofollow next" href="/older">older</a>', "/older"),
        ("/", '<a class="next page-numbers" href="/page/2/">التالي</a>', "/page/2/"),
        ("/archive", '<a href="/archive?pi=2">»</a><a href="/archive?pi=3">3</a>', "/archive?pi=2"),
        ("/?page=9", '<a href="/?page=1">1</a><a href="/?page=8">8</a><a href="/?page=10">10</a>', "/?page=10"),
        ("/s/x?order=time", '<a href="/s/x?order=time&page=2">2</a>', "/s/x?order=time&page=2"),
        ("/", '<a href="/news/2">x</a><a href="/?p=23">x</a><a href="/about?lang=2">x</a>', None),
        ("/?page=9", '<a href="/?page=8">prev</a>', None),
    ],
)
def test_the_next_page_of_a_listing(url: str, markup: str, expected: str | None) -> None:
    found = read(f"<html><body>{markup}</body></html>", f"https://site.example{url}").next_url
    assert (found and found.removeprefix("https://site.example")) == expected


def test_dates_beside_links() -> None:
    document = read("""<html><body>
      <header><time datetime="2026-01-01T00:00:00Z">now</time>
        <a href="/1">1</a><a href="/2">2</a><a href="/3">3</a><a href="/4">4</a></header>
      <article><h2><a href="/a">a</a></h2>
        <p><a href="/section">s</a> <time datetime="2024-12-03 20:47">x</time></p></article>
      <li><a href="/b">b</a><a href="/b"><img></a><div><time datetime="1403-09-13">x</time></div></li>
      <li><a href="/c">c</a><time datetime="2024-12-03">x</time><time datetime="2024-12-04">y</time></li>
      </body></html>""")
    dated = {link.url.rpartition("/")[2]: link.published_at for link in document.links if link.published_at}
    at = datetime(2024, 12, 3, 17, 17, tzinfo=UTC)
    assert dated == {"a": at, "section": at}


def test_the_content_tells_not_the_name() -> None:
    assert read("<html><body><a href='/a'>a</a></body></html>", "https://site.example/feed.xml").kind is Kind.LISTING
    assert read("<rss><channel/></rss>", "https://site.example/", "text/html").kind is Kind.FEED


@pytest.mark.parametrize(
    "broken",
    [
        "<br />\n<b>Warning</b>: x in <b>/srv/a.php</b>\n<?xml version='1.0'?><rss><channel><item><link>https://site.example/a</link></item></channel></rss>",
        "<rss><channel><item><link>https://site.example/a</link><title>&nbsp;<b>unclosed & bare</title></item>",
        "\ufeff\n\n<rss><channel><item><title>\x0b</title><link>https://site.example/a</link></item></channel></rss>",
        "<rss><channel><item><link>https://site.example/a</link></item></channel></rss><!-- page generated in 0.1 s",
    ],
)
def test_broken_xml_gives_what_can_be_read(broken: str) -> None:
    assert urls(read(broken)) == ["https://site.example/a"]


def test_cut_off_gzip_gives_what_it_holds() -> None:
    entries = "".join(f"<url><loc>https://site.example/{number}</loc></url>" for number in range(5000))
    whole = gzip.compress(f"<urlset>{entries}</urlset>".encode())
    assert 0 < len(read(whole[: len(whole) // 2]).links) < 5000


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    document = read(
        bomb + "<rss><channel><item><link>https://site.example/a</link><title>&b;&x;</title></item></channel></rss>"
    )
    assert urls(document) == ["https://site.example/a"]
    assert "root" not in (document.links[0].title or "")
    assert "aaaa" not in (document.links[0].title or "")


@pytest.mark.parametrize("content", [b"", b"  \n", b"%PDF-1.4 binary", b'{"error": 1}', b"\x1f\x8bnot gzip"])
def test_what_announces_nothing_is_refused(content: bytes) -> None:
    with pytest.raises(NotADocumentError):
        read(content)


def test_a_decompression_bomb_is_refused() -> None:
    with pytest.raises(NotADocumentError, match="larger than 64 MB"):
        read(gzip.compress(bytes(MAX_BYTES + 1)))


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"<rss>", b"<urlset><url><loc>", b"<html><a href='", b"\x1f\x8b\x08\0"]),
)
def test_any_bytes_are_read_or_refused(noise: bytes, start: bytes) -> None:
    try:
        document = read(start + noise)
    except NotADocumentError:
        return
    assert all(url.startswith(("http://", "https://")) for url in urls(document))


@given(st.text(), st.sampled_from(["", "//", "http://", "https://site.example:", "/a?", "http://[", "javascript:"]))
def test_any_link_that_is_announced_can_be_asked_for(text: str, start: str) -> None:
    url = absolute_url(BASE, start + text)
    assert url is None or Request(url).url.isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-12-03T17:17:03Z", datetime(2024, 12, 3, 17, 17, 3, tzinfo=UTC)),
        ("2024-12-03T20:47:03.123+03:30", datetime(2024, 12, 3, 17, 17, 3, 123000, tzinfo=UTC)),
        ("2024-12-03", datetime(2024, 12, 3, tzinfo=TEHRAN)),
        ("2024-12-03 20:47:03", datetime(2024, 12, 3, 20, 47, 3, tzinfo=TEHRAN)),
        ("03 Dec 2024 20:47:03", datetime(2024, 12, 3, 20, 47, 3, tzinfo=TEHRAN)),
        ("Tue, 03 Dec 2024 17:17:03 GMT", datetime(2024, 12, 3, 17, 17, 3, tzinfo=UTC)),
        ("1403-09-13T20:47:00+03:30", None),
        ("yesterday", None),
        ("0000-00-00 00:00:00", None),
        ("", None),
        (None, None),
    ],
)
def test_read_time(text: str | None, expected: datetime | None) -> None:
    assert read_time(text, TEHRAN) == expected


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("http://me:secret@site.example:8080/a?b#c", "http://site.example:8080/a?b#c"),
        ("//me@site.example/a", "http://site.example/a"),
        ("http://site.example@127.0.0.2/a", "http://127.0.0.2/a"),
        ("http://evil.example\\@site.example/a", "http://evil.example/@site.example/a"),
        ("http://site.example./a", "http://site.example/a"),
        ("http://１２７。0.0.2/a", "http://127.0.0.2/a"),
        ("http://نبأ.example/خبر", "http://xn--igbj3g.example/%D8%AE%D8%A8%D8%B1"),
        ("http://site.example/خبر", "http://site.example/خبر"),
        ("http://%31.example/a", None),
        ("http://site%2eexample/a", None),
        ("http://[fe80::1%25lo]/a", None),
        ("http://a b/", None),
        ("http://a..example/", None),
        (f"http://{'a' * 64}.example/", None),
        ("file:///etc/passwd", None),
    ],
)
def test_the_host_of_a_link_is_the_one_that_is_asked(url: str, absolute: str | None) -> None:
    assert absolute_url("http://base.example/", url) == absolute
