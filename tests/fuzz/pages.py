"""What reads a page: the whole of extraction, and its parts that are quick enough to be tried by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zlib import crc32

from extract.article import explain_article
from extract.attribution import attributed, correspondent, dateline, once, opening_name, with_occupation
from extract.dates import read_date, read_url_date
from extract.decode import decode
from extract.jsonld import address_of, is_organisation, read_json_ld, resolved, string_of, types_of
from extract.judge import is_date_line, without_date
from extract.labels import label, opening_label, page_role
from extract.language import language_of
from extract.metadata import split_tags, without_site
from extract.text import canonical, fold
from extract.types import Page, Reason, Rejection, Source
from extract.urls import canonical_url
from tests.fuzz.harness import REPOSITORY, Target, lines_as_seeds, on_text

_LARGEST_SEED = 12_000
_FETCHED = datetime(2026, 3, 1, 12, tzinfo=UTC)
_CONTENT_TYPES = (
    None, "text/html", "text/html; charset=utf-8", "text/html; charset=windows-1256", "text/html; charset=utf-16",
    "text/html; charset=utf-7", "text/html; charset=iso-2022-jp", "text/html; charset=x" + "y" * 500, "text/plain",
    "application/xhtml+xml", "image/png", ";;;", "text/html; charset=\x00",
)  # fmt: skip
_SOURCES = (
    None,
    Source(
        id="a",
        name="الف",
        language="fa",
        timezone="Asia/Tehran",
        calendar="jalali",
        domains=("a.example",),
        family="asam",
        brands=("روزنامه الف",),
    ),
    Source(id="b", name="باء", language="ar", timezone="Asia/Riyadh", calendar="hijri", domains=("b.example",)),
)


def _pages() -> Sequence[bytes]:
    """Replicas and refusals that are small, and pages by hand."""
    pages = sorted((REPOSITORY / "benchmarks" / "replicas").glob("*/*.html"))
    small = [page.read_bytes() for page in pages if page.stat().st_size <= _LARGEST_SEED]
    return [*small, *_BY_HAND]


def _texts() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((REPOSITORY / "samples" / "seeds").glob("*.txt"))]


def _page(data: bytes) -> Page:
    """A page whose header is chosen by its content."""
    chance = crc32(data)
    return Page(
        content=data,
        url=(None, "https://a.example/news/1", "https://b.example/2024/12/03/x")[chance % 3],
        content_type=_CONTENT_TYPES[chance // 3 % len(_CONTENT_TYPES)],
        fetched_at=(None, _FETCHED)[chance // 64 % 2],
    )


def _extract(data: bytes) -> None:
    result = explain_article(_page(data), _SOURCES[crc32(data) // 128 % len(_SOURCES)]).result
    if isinstance(result, Rejection) and result.reason is Reason.FAILED:
        raise AssertionError(result.detail)


def _extract_text(data: bytes) -> None:
    result = explain_article(Page(content=data, content_type="text/plain")).result
    if isinstance(result, Rejection) and result.reason is Reason.FAILED:
        raise AssertionError(result.detail)


def _json_ld(text: str) -> None:
    for node in resolved(read_json_ld(text)):
        types_of(node)
        for value in node.values():
            is_organisation(value)
            string_of(value)
            address_of(value)


def _dates(text: str) -> None:
    for timezone, calendar in (("Asia/Tehran", "jalali"), ("Asia/Riyadh", "hijri"), ("UTC", "gregorian")):
        read_date(text, timezone=timezone, calendar=calendar, fetched_at=_FETCHED, where="line")  # type: ignore[arg-type]
        read_url_date(text, timezone=timezone, calendar=calendar)  # type: ignore[arg-type]
    is_date_line(text)
    without_date(text)


def _forms(text: str) -> None:
    kept = canonical(text)
    assert canonical(kept) == kept
    key = fold(text)
    assert fold(key) == key == fold(kept)
    kept.encode()


def _line(text: str) -> None:
    """A line, as all that judges lines is given it."""
    text = canonical(text)
    brands = ("العرب اليوم", "ایسنا")
    label(text)
    opening_label(text)
    page_role(text)
    dateline(text, brands, opens=True)
    correspondent(text, brands)
    with_occupation([text, "روزنامه‌نگار"])
    opening_name(text, brands)
    attributed(text, {fold(brand) for brand in brands}, first=True, last=True)
    once(split_tags(text))
    without_site(text, brands)


_TAGS = tuple(f"<{name}>".encode() for name in ("div", "p", "b", "a href=/x", "table", "tr", "td", "li", "ul", "h1"))
_TAGS += tuple(
    f"<{name}>".encode()
    for name in ("time", "span rel=tag", "aside", "figure", "article", "pre", "select", "svg", "title", "script")
)
_TOKENS = (
    *_TAGS, *(tag.replace(b"<", b"</") for tag in _TAGS), b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!doctype html>", b"&#x", b"&#1114112;",
    b"&amp;", b"&nbsp;", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1b$B", b"+ADw-script+AD4-", b"\xd8", b"\x8d",
    b"<meta charset=utf-16>", b"<meta charset=utf-7>", b"<meta http-equiv=content-type content='text/html;charset=cp864'>",
    b"<base href='//c.example/\x01'>", b"<meta property=article:published_time content='", b"<meta name=author content='",
    b"<link rel=canonical href='", b"<script type='application/ld+json'>", b'{"@type":"NewsArticle","@graph":[', b"'>",
    b"style='display:none'", b" hidden", b" id=x", b" class=author", b"<time datetime='", b"\xe2\x80\xae", b"\xe2\x80\x8c",
    "اقرأ أيضا:".encode(), "برچسب ها:".encode(), "المصدر:".encode(), "بقلم ".encode(), "منذ ٤ ساعات".encode(), "۱۴۰۳/۰۹/۱۲".encode(),
    "ط§ظ„".encode(), "ط¢".encode(), "Ø§Ù".encode(), b"\\u0637\\u00a7", b"&#1591;&#167;", b". ", "قال ".encode(),
)  # fmt: skip
_PAIRS = (
    (b"<div>", b"</div>"), (b"<b>", b"</b>"), (b"<a href=/x>", b"</a>"), (b"<table><tr><td>", b"</td></tr></table>"),
    (b"<ul><li>", b"</li></ul>"), (b"<aside><h1>", b"</h1></aside>"), (b"<p hidden>", b"</p>"), (b"<!--", b"-->"),
    (b"<blockquote>", b"</blockquote>"), (b"<span>", b"</div>"), (b"<font>", b""), (b"<a><b>", b"</a></b>"),
)  # fmt: skip
_LINES = """
الرئيسية » سياسة » بوتين والأسد يجريان محادثات | أخبار الحرب السورية - العرب اليوم
دمشق - العرب اليوم
موسكو-سانا أعلنت وزارة الدفاع الروسية، نقلا عن وكالة نوفوستي، أن الطائرات (رويترز) - أقلعت.
به گزارش خبرنگار ایرنا به نقل از خبرگزاری اسپوتنیک، رئیس جمهور گفت: «گروه‌های مسلح»
بقلم: أحمد العيسوي ومنى البحيري
برچسب ها: سوریه - روسیه، ایران | ترکیه
نوشته شده در ۱۲ آذر ۱۴۰۳ توسط مینا راد
كتب- محمد سعد في 5 يناير 2022 - 09:15
https://a.example/2024/12/03/%D8%A7%D9%84?utm_source=x&amp;b=2#c
ﷺ ﻻ ١٬٥٠٠٫٥ أ‌ب ¬ ‌‍ 1,500.5
اقرأ أيضا: الكرملين يصعّد ويطالب تركيا بكبح المتشددين
"""
_DATES = """
الخميس 7/3/1429 هـ - الموافق 13/3/2008 م (آخر تحديث) الساعة 16:25 (مكة المكرمة)
سه‌شنبه ۱۳ آذر ۱۴۰۳ ساعت ۱۸:۳۰ به وقت تهران
2024-12-03T10:15:30.123+03:30
منذ 4 ساعات
۷ ساعت قبل
امروز ۱۲:۳۰ ب.ظ
كانون الثاني / يناير 2021 (تشرين الثاني) 5
Tue, 3rd Dec 2024 10:15 PM GMT+3
بیست و یکم آذرماه ۱۴۰۳
20241203T101500
2024年5月3日 12:00 Asia/Tehran
/1400/12/39820/
"""
_URLS = """
https://www.a.example/326/114830-%D8%A7%D9%84%D9%83?utm_source=x&fbclid=IwAR0&b=2&a=1#c
http://user:pw@m.A.example:80//326/./x/../%25D8%25A7/amp/?amp=1&amp;gclid=2
https:\\\\a.example\\x.aspx;jsessionid=0A1B?x=1
http://[2001:DB8::1%25eth0]:80/x
https://ایران.example/خبر/(S(abc123))/index.php?tmpl=component&print=1
https://a.example/fa/print/1234/comment-page-2/
"""
_JSON_LD = """
{"@context":"https://schema.org","@graph":[{"@type":"NewsArticle","@id":"#a","headline":"x","author":{"@id":"#p"},"datePublished":"2024-12-03"},{"@type":"Person","@id":"#p","name":"منى"}]}
<!-- [{"@type":["Article","Report"],"name":"a \\"b\\" c",},/* x */ {"image":{"url":["https://a.example/1.jpg"]}}] // y -->
{"@type":"WebPage","mainEntity":{"@type":"NewsArticle","keywords":["a","b"],"isPartOf":{"@id":"#w"},"n":1e5}} {"a":"b "c" d"};
{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;\\u0627\\x&quot;}
"""
_BY_HAND = tuple(
    f"<html><head><title>الكرملين يصعّد | العرب</title>{head}</head><body><h1>الكرملين يصعّد</h1>{body}</body></html>".encode()
    for head, body in (
        ("<script type='application/ld+json'>" + _JSON_LD.strip().split("\n")[0] + "</script>", "<p>قال: نعم.</p>" * 5),
        ("<meta name=author content='منى البحيري'>", "<time datetime='2024-12-03'>٣ ديسمبر</time><pre>a\n  b\n\nc</pre>"),
        ("<meta charset=utf-8><base href=/x>", "<table><tr><td>1<td>2<tr><td>3<td>4</table><a rel=tag href=/tag/x>x</a>"),
        ("", "<a href=#x>تخطى البودكاست</a><div>a</div><b>b</b><div id=x>نهاية</div><p hidden>b</p>"),
        ("", "<p>" + "ط§ظ„ظƒط±ظ…ظ„ظٹظ† " * 20 + "</p>" + "<p>" + "\\u00d8\\u00a7\\u00d9\\u0084" * 8 + "</p>"),
    )
)  # fmt: skip
_JSON_TOKENS = (
    b'"', b"\\", b"\\u", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b"//", b"/*", b"*/", b"<!--", b"-->", b"null",
    b'{"@id":"#a"}', b'"@graph":', b'"mainEntity":', b"&quot;", b"\n", b" ", b'"@type":"NewsArticle"', b"1e400", b"NaN",
)  # fmt: skip
_JSON_PAIRS = ((b"[", b"]"), (b'{"a":', b"}"), (b'{"@graph":[', b"]}"), (b'{"name":', b"}"), (b'{"url":[', b"]}"))
_WORDS = tuple(
    word.encode()
    for word in (
        " ", "  ", "\t", "\u200c", "\u200d", "\u202e", "\u064b", "ـ", "ﷺ", "¬", "|", " - ", "»", ":", "،", "(", ")", "نقلا عن ",
        "وكالة ", "به نقل از ", "بقلم ", "كتب ", "بواسطة ", "و", "رويترز", "ایرنا", "٤", "۴", "5", "ساعت ", "في ", "ديسمبر ", "آذر ",
        "ماه", "هـ", "ه", "الموافق ", "منذ ", "قبل", "ago", "am", "GMT+", ":30", "/", "-", ".", "2024", "1403", "1446", "%D8%A7", "%25",
        "?", "&amp;", "#", "@", "..", "\u0301", "\ufdfa", "𝟗", "²", "①", "Ⅷ",
    )
)  # fmt: skip

TARGETS = (
    Target(name="extract", run=_extract, seeds=_pages, tokens=_TOKENS, pairs=_PAIRS),
    Target(name="extract-text", run=_extract_text, seeds=_texts, tokens=_WORDS),
    Target(name="decode", run=lambda data: decode(_page(data)), seeds=_pages, tokens=_TOKENS, pairs=_PAIRS),
    Target(
        name="json-ld", run=on_text(_json_ld), seeds=lines_as_seeds(_JSON_LD), tokens=_JSON_TOKENS, pairs=_JSON_PAIRS
    ),
    Target(name="date", run=on_text(_dates), seeds=lines_as_seeds(_DATES), tokens=_WORDS),
    Target(name="line", run=on_text(_line), seeds=lines_as_seeds(_LINES + _DATES), tokens=_WORDS),
    Target(name="text", run=on_text(_forms), seeds=lines_as_seeds(_LINES), tokens=_WORDS),
    Target(name="language", run=on_text(language_of), seeds=lines_as_seeds(_LINES), tokens=_WORDS),
    Target(
        name="url", run=on_text(canonical_url), seeds=lines_as_seeds(_URLS), tokens=_WORDS, raises=(ValueError,)
    ),
)  # fmt: skip
