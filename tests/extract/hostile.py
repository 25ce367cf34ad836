"""Pages made to cost time or memory, by name: each a function of how often its trick is repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import cycle, islice

from tests.extract.handmade import PROSE, TITLE, paragraphs

Make = Callable[[int], bytes]

_HEAD = f"<!doctype html><html lang=ar><head><meta charset=utf-8><title>{TITLE}</title>"
_TEXT = f"<article><h1>{TITLE}</h1>{paragraphs(*PROSE)}"


def page(body: str = "", head: str = "", inside: str = "") -> bytes:
    """An article, and what is put in the head, in the article behind its text, and behind the article."""
    return f"{_HEAD}{head}</head><body>{_TEXT}{inside}</article>{body}</body></html>".encode("utf-8", "surrogatepass")


def plain(n: int) -> bytes:
    """An article of n paragraphs: what others are compared with."""
    return page(inside=paragraphs(*(f"{number} {text}" for number, text in enumerate(islice(cycle(PROSE), n)))))


def _each(text: str, n: int) -> str:
    """A text n times, each `@` in it the number."""
    return "".join(text.replace("@", str(number)) for number in range(n))


def _ld(value: str) -> bytes:
    return page(head=f"<script type='application/ld+json'>{value}</script>")


def _article_ld(**values: object) -> bytes:
    return _ld(json.dumps({"@type": "NewsArticle", **values}))


TREES: dict[str, Make] = {
    "nested-div": lambda n: page("<div>" * n),
    "nested-b": lambda n: page("<b>" * n + "x" + "</b>" * n),
    "nested-unknown": lambda n: page(_each("<x@>", n)),
    "nested-time": lambda n: page("<time>5 " * n),
    "nested-tables": lambda n: page("<table><tr><td>" * n),
    "nested-links": lambda n: page("<a href=/tag/x><b>" * n),
    "nested-lists": lambda n: page("<ul><li>x" * n),
    "nested-hidden": lambda n: page("<div hidden>x" * n),
    "nested-pre": lambda n: page(("<pre>" + "\n" * 9) * n),
    "deep-leaves": lambda n: page("<div>" * 240 + "<p>x</p>" * n),
    "deep-leaves-of-span": lambda n: page("<div class=body>" * 240 + "<span class='tags meta date'>x</span>" * n),
    "unclosed": lambda n: page("<p><b><i>" * n),
    "misnested": lambda n: page("<b><i>x</b></i>" * n),
    "only-ends": lambda n: page("</div></x>" * n),
    "attributes": lambda n: page(f"<p {_each('a@=1 ', n)}>x"),
    "attributes-without-values": lambda n: page(f"<p {_each('a@ ', n)}>x"),
    "attributes-with-brackets": lambda n: page(f"<p {_each('a@=`>` '.replace('`', chr(34)), n)}>x"),
    "same-attribute": lambda n: page(f"<p {'a=1 ' * n}>x"),
    "long-attribute": lambda n: page(f"<p class='{'x ' * n}'>x"),
    "classes": lambda n: page(_each("<p class='x@ author'>x", n)),
    "ids": lambda n: page("<p id=the-post class='entry body lead'>x" * n),
    "comments": lambda n: page("<!--" * n),
    "closed-comments": lambda n: b"<!-- -->" * n + page(),
    "instructions": lambda n: b"<?x ?>" * n + page(),
    "doctypes": lambda n: b"<!doctype html>" * n + page(),
    "nuls": lambda n: page("<p>\0x\0" * n),
    "controls": lambda n: page("ا\x01ب\x85" * n),
    "surrogates": lambda n: page("\ud800" * n),
    "brackets": lambda n: page("<" * n),
    "half-tags": lambda n: page("<p <a " * n),
    "cdata": lambda n: page("<![CDATA[" * n),
    "references": lambda n: page("&#x41;&foo;&" * n),
    "huge-reference": lambda n: page("&#" + "9" * n + ";&#x" + "f" * n + ";&" + "a" * n),
    "textareas": lambda n: page("<textarea>x<script>" * n),
    "scripts": lambda n: page("<script>var a='<p>';</script>" * n),
}  # fmt: skip
TEXTS: dict[str, Make] = {
    "long-line": lambda n: page("<p>" + "كلمة " * n),
    "long-word": lambda n: page("<p>" + "ا" * n),
    "breaks": lambda n: page("<div>" + "كلمة<br>" * n),
    "linked-breaks": lambda n: page("<div>" + "<a href=/x>كلمة عن خبر آخر</a><br>" * n),
    "sections-in-div": lambda n: page("<div>" + "<section>كلمة</section>قال" * n),
    "dates-in-div": lambda n: page(inside="<div>" + "الوقت: 5 يناير 2022<br>" * n),
    "pre-lines": lambda n: page("<pre>" + "ا\n" * n),
    "preformatted-spaces": lambda n: page("<pre>" + "\n" + " " * n + "x"),
    "list-items": lambda n: page(inside="<ul>" + "<li><a href=/x>خبر عن شيء ما حدث</a></li>" * n + "<li>قال</ul>"),
    "teasers": lambda n: page(inside="<div>" + "<div><h2><a href=/x>عنوان</a></h2>نص قصير عنه</div>" * n + "</div>"),
    "boxes": lambda n: page(inside="<section><h3>اقرأ أيضا</h3><a href=/x>عنوان</a></section>" * n),
    "labels": lambda n: page(inside="<p>التعليقات</p><p>آخر الأخبار</p>" * n),
    "related": lambda n: page(inside="<p>اقرأ أيضا: عنوان آخر</p>" * n),
    "promos": lambda n: page(inside="<p>تابعنا على تويتر</p>" * n),
    "bylines": lambda n: page(inside=_each("<p>بقلم: أحمد العيسوي@</p><p>أحمد العيسوي</p>", n)),
    "learnt-brands": lambda n: page(_each(f"<p>اسم@ - {TITLE}</p>", n)),
    "quotations": lambda n: page(inside="<blockquote>" + "<p>قال</p><a href=/x>x</a>" * n),
    "captions": lambda n: page(inside="<div>" + "<img src=/x><div>تصوير أحمد سعد هنا الآن</div>" * n + "</div>"),
    "headings": lambda n: page("<h1>عنوان آخر هنا</h1>" * n),
    "linked-headings": lambda n: page("<h1>" + "<a href=/>عنوان آخر هنا</a><br>" * n),
    "zero-width": lambda n: page("<p>" + "ا\u200c\u200d" * n),
    "joiners": lambda n: page("<p>ا" + "\u200c" * n + "¬"),
    "bidi": lambda n: page("<p>" + "\u202eا\u2066" * n),
    "stacked-marks": lambda n: page("<p>ا" + "\u0301\u0316" * n),
    "decomposing-marks": lambda n: page("<p>ا" + "\u0f73" * n),
    "ligatures": lambda n: page("<p>" + "\ufdfa\ufef5" * n),
    "han": lambda n: page("<p>" + "漢" * n),
    "spaces": lambda n: page("<p>ا" + " \u00a0\t\n" * n + "ا"),
    "brackets-in-text": lambda n: page(inside="<p>" + "(" * n + "</p>"),
    "sign-off": lambda n: page(inside="<p>قال أمس (انتهى)" + " اب" * n + " abcdefgh</p>"),
    "dashes": lambda n: page(inside="<p>كتب " + "- " * n + "5 يناير 2022</p>"),
    "path": lambda n: page(inside="<p>" + "a > " * n + "a.</p>"),
    "address": lambda n: page(inside="<p>http://" + "!" * n + " a</p>"),
    "colons": lambda n: page(inside="<p>" + ":" * n + "</p>"),
    "digits": lambda n: page("<time datetime='" + "9" * n + "'>" + "٩" * n + "</time>"),
    "dates": lambda n: page("<time>" + "5 يناير 2022 10:30 " * n + "</time>"),
    "absurd-years": lambda n: page("<time>5 محرم 1000000000 هـ</time><time>۳۱ اسفند ۱۴۹۹</time><time>0000-00-00</time>" * n),
    "zones": lambda n: page(_each("<time>5 يناير 2022 10:30 asia/x@a</time>", n).replace("asia/x", "asia/" + "x" * 300, 1)),
    "ago": lambda n: page("<time>منذ " + "9" * n + " ساعة</time>"),
    "mojibake": lambda n: page("<p>" + "ط§ظ„ ab\n" * n),
    "escaped-mojibake": lambda n: page("<p>" + "\\u00d8\\u00a7\\u00d9\\u0084 &#216;&#167;&#217;&#132; " * n),
}  # fmt: skip
HEADS: dict[str, Make] = {
    "title": lambda n: page(head=f"<title>{'أخبار - ' * n}</title>").replace(f"<title>{TITLE}</title>".encode(), b""),
    "title-of-bars": lambda n: page(head=f"<title>{'|' * min(n, 480)} أخبار</title>").replace(f"<title>{TITLE}</title>".encode(), b""),
    "heading-of-parts": lambda n: page(f"<h1>{'أخبار | ' * n}</h1>").replace(f"<h1>{TITLE}</h1>".encode(), b""),
    "metas": lambda n: page(head=_each("<meta name=author content='اسم آخر @'>", n)),
    "same-metas": lambda n: page(head="<meta property=og:site_name content='اسم'>" * n),
    "site-names": lambda n: page(_each("<p>اسم@</p>", n), head=_each("<meta property=og:site_name content='اسم@'>", n)),
    "long-meta": lambda n: page(head=f"<meta property=article:published_time content='{'5 يناير ' * n}'>"),
    "long-name": lambda n: page(head=f"<meta name='{'x ' * n}' content=x>"),
    "canonical": lambda n: page(head=f"<link rel=canonical href='https://a.example{'/amp/index.html' * n}'>"),
    "encoded-canonical": lambda n: page(head=f"<link rel=canonical href='https://a.example/%{'25' * n}41'>"),
    "host": lambda n: page(head=f"<link rel=canonical href='https://{'ا.' * n}example/'>"),
    "image": lambda n: page(head=f"<meta property=og:image content='https://a.example/{'../' * n}'>"),
    "base": lambda n: page(head="<base href='javascript:x'>" * n),
    "times": lambda n: page("<time datetime=2022-01-05T10:00>5 يناير 2022</time>" * n),
    "empty-times": lambda n: page("<div>" + "<p>كلمة</p>" * n + "</div>" + "<span><time></time></span>" * n),
    "times-in-article": lambda n: page(inside="<div><article>" + "<time>5 يناير 2022</time>" * n + "</article></div>"),
    "tags": lambda n: page(_each("<a rel=tag href=/tag/@>وسم@</a> ", n)),
    "authors": lambda n: page(_each("<a rel=author href=/author/@>أحمد سعد@</a> ", n)),
    "labelled-tags": lambda n: page("<div>الوسوم: " + _each("<a href=/x>وسم@</a> ", n) + "</div>"),
    "crumbs": lambda n: _HEAD.encode() + f"<body><div>{'<a href=/x>قسم</a> / ' * n}</div>{_TEXT}".encode(),
    "skip-links": lambda n: page("<a href=#nowhere>تخطى القائمة</a>" * n),
    "logos": lambda n: page("<a href=/><img alt='شعار'></a>" * n),
}  # fmt: skip
LINKED_DATA: dict[str, Make] = {
    "deep": lambda n: _ld("[" * n + "]" * n),
    "deep-objects": lambda n: _ld('{"author":' * n + "1" + "}" * n),
    "deep-names": lambda n: _article_ld(author=json.loads('{"name":' * 300 + '"x"' + "}" * 300)),
    "keys": lambda n: _ld("{" + _each('"a@":1,', n) + '"b":1}'),
    "objects": lambda n: _ld("[" + "{}," * n + "{}]"),
    "many-blocks": lambda n: page(head='<script type="application/ld+json">{"@type":"Article"}</script>' * n),
    "huge-number": lambda n: _ld('{"@type":"NewsArticle","a":' + "9" * n + "}"),
    "huge-float": lambda n: _ld('{"@type":"NewsArticle","a":1e' + "9" * n + "}"),
    "huge-references": lambda n: _article_ld(headline="&#" + "9" * n),
    "cycle": lambda n: _ld('{"@graph":[' + _each('{"@id":"#@","@type":"Person","author":{"@id":"#@"}},', n) + "{}]}"),
    "shared": lambda n: _ld(
        json.dumps({"@graph": [{"@id": "#a", "name": [""] * n}, {"@type": "Article", "author": [{"@id": "#a"}] * n}]})
    ),
    "authors-of-json": lambda n: _article_ld(author=[{"name": f"أحمد سعد{number}"} for number in range(n)]),
    "unended-string": lambda n: _ld('{"a":"' + '\\"' * n + "\\"),
    "unended-comments": lambda n: _ld("{" + "/*" * n),
    "inner-quotes": lambda n: _ld('{"a":"' + 'b "c" ' * n + '"}'),
    "commas": lambda n: _ld("{" + ", " * n + "}"),
    "types": lambda n: _ld(json.dumps({"@type": ["Article"] * n})),
    "nested-types": lambda n: _ld('{"@type":[' + "[" * 900 + "]" * 900 + "]}"),
    "keywords": lambda n: _article_ld(keywords=",".join(f"وسم{number}" for number in range(n))),
}  # fmt: skip
BYTES: dict[str, Make] = {
    "declared-utf-16": lambda n: page().replace(b"charset=utf-8", b"charset=utf-16") + b"<p>x" * n,
    "utf-16": lambda n: (page().decode() + "<p>خبر" * n).encode("utf-16"),
    "utf-7": lambda n: b"<meta charset=utf-7>" + b"+ADw-script+AD4-" * n,
    "iso-2022-jp": lambda n: b"<meta charset=iso-2022-jp>" + b"\x1b$B\x1b(B" * n,
    "two-marks": lambda n: b"\xef\xbb\xbf\xff\xfe" * n + page(),
    "no-charset": lambda n: b"<p>" + b"\xc7\xe1\x81 " * n,
    "lying-charset": lambda n: b"<meta charset=windows-1256>" + "<p>كلمة ".encode() * n + b"\xff",
    "labels-of-charsets": lambda n: b"<meta charset='" + b"x" * n + b"'>" + b"\xc7\xe1" * 20,
}
RAW: dict[str, Make] = {
    "raw-lines": lambda n: f"{TITLE}\n".encode() * n,
    "raw-words": lambda n: "كلمة ".encode() * n,
    "raw-titles": lambda n: f"{'أخبار مصر - ' * 40}\n".encode() + _each("أخبار مصر أخبار\n", n).encode(),
    "raw-tags": lambda n: (TITLE + "\n" + "الوسوم: سوريا\nقال في بيان له أمس مع غيره هناك.\n" * n).encode(),
    "raw-buttons": lambda n: (TITLE + "\n" + "طباعة إرسال مشاركة طباعة إرسال مشاركة طباعة إرسال قال\n" * n).encode(),
    "raw-latest": lambda n: (TITLE + "\n" + "\n".join(PROSE) + "\n" + "آخر الأخبار\nعنوان خبر\n" * n).encode(),
}
