"""Documents made to harm who reads them: each ends in its stated outcome, quickly, and opens nothing."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from time import process_time
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from w3lib.url import safe_url_string

from extract.types import Page
from spiders import entries
from spiders.discovery import (
    _PLAIN,
    MAX_BYTES,
    MAX_JSON,
    MAX_LISTING,
    MAX_URL,
    Document,
    NotADocumentError,
    absolute_url,
    read_document,
)
from spiders.periods import periods
from spiders.templates import fill

URL = b"https://site.example/"
GOOD = b"<url><loc>https://site.example/good</loc></url>"
MOST = 1000


def read(content: bytes, *, most: int = MOST) -> Document:
    return read_document(Page(content=content, url="https://site.example/sitemap.xml"), timezone="UTC", most=most)


def sitemap(entries: bytes, before: bytes = b"") -> bytes:
    return before + b"<urlset>" + entries + b"</urlset>"


def entity_tree(depth: int, width: int) -> bytes:
    lines = [b'<!ENTITY e0 "ha">']
    lines += [b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * width) for level in range(1, depth)]
    return b"<?xml version='1.0'?><!DOCTYPE urlset [" + b"".join(lines) + b"]>"


def zipped(content: bytes, times: int) -> bytes:
    for _ in range(times):
        content = gzip.compress(content, 1)
    return content


READ: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "billion laughs": (
        lambda: sitemap(b"<url><loc>https://site.example/&e9;</loc></url>" + GOOD, entity_tree(10, 10)),
        ["", "good"],
    ),
    "billion laughs in an attribute": (
        lambda: sitemap(b"<url a='&e9;'><loc>https://site.example/a</loc></url>" + GOOD, entity_tree(10, 10)),
        ["a", "good"],
    ),
    "quadratic blow-up": (
        lambda: sitemap(
            b"<url><loc>&a;&a;&a;&a;</loc></url>" * 2000 + GOOD,
            b"<!DOCTYPE urlset [<!ENTITY a '" + b"x" * 9000 + b"'>]>",
        ),
        ["good"],
    ),
    "file as an entity": (
        lambda: sitemap(
            b"<url><loc>https://site.example/&x;</loc></url>" + GOOD,
            b"<!DOCTYPE urlset [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
        ),
        ["", "good"],
    ),
    "DTD and entities from the network": (
        lambda: sitemap(
            b"<url><loc>https://site.example/&x;&p;</loc></url>" + GOOD,
            b"<!DOCTYPE urlset SYSTEM 'http://127.0.0.1:9/a.dtd' [<!ENTITY x SYSTEM 'http://127.0.0.1:9/x'>"
            b"<!ENTITY % p SYSTEM 'http://127.0.0.1:9/p'> %p;]>",
        ),
        ["", "good"],
    ),
    "XInclude": (
        lambda: sitemap(
            b"<url><loc><xi:include xmlns:xi='http://www.w3.org/2001/XInclude' parse='text' href='/etc/passwd'/>"
            b"https://site.example/a</loc></url>" + GOOD
        ),
        ["a", "good"],
    ),
    "an XSLT stylesheet": (
        lambda: sitemap(GOOD, b"<?xml version='1.0'?><?xml-stylesheet href='file:///x.xsl'?>"),
        ["good"],
    ),
    "gzip in gzip": (lambda: zipped(sitemap(GOOD), 2), ["good"]),
    "UTF-16 with a byte order mark": (
        lambda: sitemap(GOOD, b"<?xml version='1.0' encoding='UTF-16'?>").decode().encode("utf-16"),
        ["good"],
    ),
    "windows-1256": (
        lambda: sitemap(
            "<url><loc>https://site.example/سلام</loc></url>".encode("cp1256"),
            b"<?xml version='1.0' encoding='windows-1256'?>",
        ),
        ["سلام"],
    ),
    "a charset that is a lie": (
        lambda: sitemap(
            GOOD + b"<url><loc>https://site.example/\xff\xd8</loc></url>", b"<?xml version='1.0' encoding='utf-8'?>"
        ),
        ["good", "\ufffd\ufffd"],
    ),
    "an unknown charset": (lambda: sitemap(GOOD, b"<?xml version='1.0' encoding='x-nothing'?>"), ["good"]),
    "UTF-7": (
        lambda: sitemap(
            b"<url><loc>https://site.example/+ADw-a</loc></url>" + GOOD, b"<?xml version='1.0' encoding='utf-7'?>"
        ),
        ["", "good"],
    ),
    "NULs": (
        lambda: sitemap(b"\0" * 100 + GOOD + b"\0<url>\0<loc>https://site.example/b\0</loc></url>"),
        ["good", "b"],
    ),
    "half characters": (
        lambda: sitemap(b"<url><loc>https://site.example/\xed\xa0\x80</loc></url>" + GOOD),
        ["\ufffd", "good"],
    ),
    "tags that do not match": (
        lambda: sitemap(b"<url><loc>https://site.example/a</url></loc><url>" + GOOD),
        ["a", "good"],
    ),
    "a million comments": (lambda: sitemap(b"<!---->" * 1_000_000 + GOOD), ["good"]),
    "a million CDATA sections": (
        lambda: sitemap(
            b"<url><loc>https://site.example/a</loc><x>" + b"<![CDATA[x]]>" * 1_000_000 + b"</x></url>" + GOOD
        ),
        ["a", "good"],
    ),
    "a million entities": (lambda: sitemap(b"&bogus;" * 1_000_000 + GOOD), ["good"]),
    "a text of 9 MB": (
        lambda: sitemap(b"<url><loc>https://site.example/" + b"x" * 9_000_000 + b"</loc></url>" + GOOD),
        ["good"],
    ),
    "a hundred thousand attributes": (
        lambda: sitemap(b"<url " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b">" + GOOD[5:]),
        ["good"],
    ),
    "the same attribute again": (lambda: sitemap(b"<url " + b"a='1' " * 10_000 + b">" + GOOD[5:]), ["good"]),
    "thirty thousand namespaces": (
        lambda: (
            b"<urlset " + b" ".join(b"xmlns:a%d='urn:%d'" % (n, n) for n in range(30_000)) + b">" + GOOD + b"</urlset>"
        ),
        ["good"],
    ),
    "a million levels": (lambda: sitemap(GOOD + b"<a>" * 1_000_000), ["good"]),
    "a root in what is before it": (lambda: b"<!DOCTYPE urlset [ <urlset> ]>" + sitemap(GOOD), ["good"]),
    "a million children of one entry": (lambda: sitemap(b"<url>" + b"<a/>" * 200_000 + GOOD[5:]), ["good"]),
    "a million fields of one entry": (
        lambda: sitemap(b"<url>" + b"".join(b"<a%d>x</a%d>" % (n, n) for n in range(50_000)) + GOOD[5:]),
        [],
    ),
    "links with credentials, controls, schemes and brackets": (
        lambda: sitemap(
            b"".join(
                b"<url><loc>" + each + b"</loc></url>"
                for each in (
                    b"http://[",
                    b"http://[::1",
                    b"file:///etc/passwd",
                    b"javascript:x",
                    b"http://a:b:c/",
                    b"data:,x",
                )
            )
            + GOOD
        ),
        ["good"],
    ),
    "a base that is none": (
        lambda: (
            b"<feed xml:base='http://['><entry xml:base='http://[x'><link href='https://site.example/a'/></entry></feed>"
        ),
        ["a"],
    ),
    "a text sitemap with one line of 20 MB": (lambda: URL + b"x" * 20_000_000 + b"\n" + URL + b"good", ["good"]),
    "a text sitemap of hosts that are none": (lambda: b"http://[\n" + URL + b"good\n", ["good"]),
    "text that nearly is a sitemap": (lambda: b"<a>" + b"http://a" * 100_000 + b" foo", []),
    "a page with a base that is none": (
        lambda: b"<html><base href='http://['><a href='https://site.example/a'>a</a>",
        ["a"],
    ),
    "a page of a hundred thousand times": (
        lambda: (
            b"<html><body>" + b"<p>" * 100 + b"<time datetime='2024-01-01'>x</time>" * 20_000 + b"<a href='/good'>x</a>"
        ),
        ["good"],
    ),
    "a page whose number counts for ever": (
        lambda: b"<html><body><a href='/sitemap" + b"9" * 6000 + b".xml'>x</a>",
        ["sitemap" + "9" * 6000 + ".xml"],
    ),
    "dates beyond the calendar": (
        lambda: (
            b"<rss><item><link>https://site.example/a</link>"
            b"<pubDate>Tue, 03 Dec 2024 20:47:03 +999999999</pubDate></item>"
            b"<item><link>https://site.example/b</link><pubDate>" + b"9" * 5000 + b"</pubDate></item></rss>"
        ),
        ["a", "b"],
    ),
    "a title of 5 MB": (
        lambda: b'[{"link": "/good", "title": {"rendered": "' + b"&lt;" * 1_000_000 + b'"}}]',
        ["good"],
    ),
    "a character of 5,000 digits": (
        lambda: b'[{"link": "/good", "title": {"rendered": "&#' + b"9" * 5000 + b'"}}]',
        ["good"],
    ),
    "a million keys": (
        lambda: b'[{"link": "/good", ' + b", ".join(b'"%d": 1' % n for n in range(200_000)) + b"}]",
        ["good"],
    ),
}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"\0\0\n", "the document is empty"),
    "gzip three times over": (lambda: zipped(sitemap(GOOD), 3), "neither sitemap, feed nor HTML"),
    "a gzip bomb": (lambda: gzip.compress(bytes(MAX_BYTES + 1), 1), "larger than 64 MB"),
    "a gzip bomb in gzip": (lambda: zipped(bytes(MAX_BYTES + 1), 2), "larger than 64 MB"),
    "broken gzip": (lambda: b"\x1f\x8b\x08\0" + b"\xff" * 100, "broken gzip"),
    "no element": (lambda: b"<urlset", "neither sitemap, feed nor HTML"),
    "a root behind 16 KB": (lambda: b"<?xml version='1.0'?>" + b" " * 20_000 + sitemap(GOOD), "neither sitemap"),
    "JSON of 100,000 levels": (lambda: b"[" * 100_000, "begins like JSON and is none"),
    "JSON with a number of 10,000 digits": (
        lambda: b'[{"link": ' + b"9" * 10_000 + b"}]",
        "begins like JSON and is none",
    ),
    "JSON of 64 MB": (lambda: b"[" + b"{}," * (MAX_JSON // 3) + b"{}]", "JSON of more than 8 MB"),
    "an error message of a megabyte": (
        lambda: b'{"code": "x", "message": "' + b"y" * 1_000_000 + b'"}',
        r"WordPress answered x: y{200}$",
    ),
    "a page of 17 MB": (lambda: b"<html>" + b"<a>" * (MAX_LISTING // 3), "a page of more than 16 MB"),
}
CUT: dict[str, tuple[Callable[[], bytes], str]] = {
    "entries of a sitemap": (
        lambda: sitemap(GOOD * (MOST + 1)),
        "more than 1,000 links; what comes after the first 1,000",
    ),
    "child sitemaps": (
        lambda: b"<sitemapindex>" + b"<sitemap><loc>/s</loc></sitemap>" * (MOST + 1) + b"</sitemapindex>",
        "more than 1,000 links",
    ),
    "items of a feed": (lambda: b"<rss>" + b"<item><link>/a</link></item>" * (MOST + 1), "more than 1,000 links"),
    "posts": (lambda: b"[" + b'{"link": "/a"},' * MOST + b'{"link": "/a"}]', "more than 1,000 links"),
    "lines": (lambda: (URL + b"\n") * (MOST + 1), "more than 1,000 links"),
    "links of a page": (lambda: b"<html>" + b"<a href='/x'>x</a>" * (MOST + 1), "more than 1,000 links"),
    "elements": (lambda: sitemap(GOOD + b"<a/>" * 10_000), "more than 10,000 elements; what comes after the first 1 "),
}


@pytest.mark.parametrize("name", READ)
def test_what_can_be_read_is_read(name: str) -> None:
    content, expected = READ[name]
    began = process_time()
    try:
        document = read(content())
    except NotADocumentError:
        assert expected == []
    else:
        assert [link.url.removeprefix("https://site.example/") for link in document.links] == expected
        assert document.problem is None
        assert all(len(link.title or "") <= 16_384 for link in document.links)
    assert process_time() - began < 2


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_document_is_refused(name: str) -> None:
    content, said = REFUSED[name]
    with pytest.raises(NotADocumentError, match=said) as raised:
        read(content())
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("name", CUT)
def test_what_is_too_much_is_cut_and_what_was_read_counts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MAX_ELEMENTS", 10_000)
    content, said = CUT[name]
    document = read(content())
    assert said in (document.problem or "")
    assert len(document.links) == (1 if name == "elements" else MOST)


def test_memory_does_not_grow_with_the_document() -> None:
    def grown(count: int) -> int:
        content = sitemap(b"<url><loc>https://site.example/1</loc><x>y</x></url>" * count)
        tracemalloc.start()
        read(content, most=10)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert grown(20_000) < grown(1000) + 20_000 * 60  # the document itself, once more


def test_nested_feeds_of_links_are_read_once_each() -> None:
    document = read(b"<rss>" + b"<item><link>/a</link>" * 200 + b"</item>" * 200 + b"</rss>")
    assert len(document.links) == 200


def test_numbers_in_urls_take_time_in_proportion_to_their_length() -> None:
    began = process_time()
    assert periods([f"https://site.example/{number}/" + "1-" * 4000 for number in range(300)]) == {}
    assert process_time() - began < 1


@pytest.mark.parametrize(
    "template",
    ["{page:1000000000}", "{page.__class__}", "{page!r}", "{0}", "{}", "{page[0]}", "{", "}", "{page:{page}}", "{x}"],
)
def test_a_template_formats_numbers_alone(template: str) -> None:
    with pytest.raises(ValueError):
        fill(f"https://site.example/{template}", None)


@given(st.text(alphabet="aZ9_~!$&'()*+,=:@/.-%;?# س", max_size=12))
def test_plain_urls_are_what_they_are_resolved_to(path: str) -> None:
    """What is known to need no resolving needs none."""
    url = f"https://site.example/{path}"
    if _PLAIN.fullmatch(url):
        assert urljoin("https://other.example/a/", url) == url == safe_url_string(url).replace("%25", "%")


def test_no_url_is_longer_than_servers_take() -> None:
    assert absolute_url("https://site.example/", "/" + "a" * (MAX_URL - 21)) is not None
    assert absolute_url("https://site.example/", "/" + "a" * MAX_URL) is None
    assert absolute_url("https://site.example/", "/" + "س" * (MAX_URL // 5)) is None  # six characters each, encoded
