"""Pages made to cost time or memory end as stated, and cost what they are long.

Each page is an article with a trick repeated thousands of times. What is asked of most is that the article is read all
the same.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from functools import cache

import pytest

from extract.article import extract_article
from extract.types import Article, Page, Rejection
from tests.extract import hostile
from tests.extract.handmade import PROSE

_TIMES = 3000
_OUTCOMES = {
    "utf-7": "too_short",  # browsers do not know it either
    "iso-2022-jp": "not_html",
    "two-marks": "undecodable",
    "lying-charset": "too_short",
    "labels-of-charsets": "too_short",
    "no-charset": "article",
    "raw-lines": "too_short",
    "raw-words": "too_short",
    "raw-titles": "too_short",
    "raw-tags": "too_short",
    "raw-buttons": "too_short",
    "raw-latest": "article",
}
"""Of pages that have no article of ours, or none in a charset that is read; of all others, our article."""
_PAGES = hostile.TREES | hostile.TEXTS | hostile.HEADS | hostile.LINKED_DATA | hostile.BYTES | hostile.RAW


def _page(name: str, content: bytes) -> Page:
    content_type = "text/plain" if name in hostile.RAW else None
    return Page(content=content, url="https://a.example/news/1", content_type=content_type)


def _read(name: str, content: bytes) -> tuple[Article | Rejection, float]:
    gc.disable()  # collecting what other tests have left takes longer than a page
    try:
        began = time.process_time()
        result = extract_article(_page(name, content))
        return result, time.process_time() - began
    finally:
        gc.enable()


@cache
def _plain(times: int) -> float:
    _read("", hostile.plain(10))  # tables are made at their first use
    return _read("", hostile.plain(times))[1]


@pytest.mark.parametrize("name", _PAGES)
def test_a_hostile_page_ends_as_stated_in_time(name: str) -> None:
    make = _PAGES[name]
    result, seconds = _read(name, make(_TIMES))
    if isinstance(result, Rejection):
        assert result.reason == _OUTCOMES.get(name, "article"), result
    elif name not in _OUTCOMES:
        assert result.paragraphs[: len(PROSE)] == PROSE
    if seconds > 2 * _plain(_TIMES):  # quick ones say nothing of growth
        assert seconds < 8 * _read(name, make(_TIMES // 4))[1] + _plain(_TIMES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<p>x" * 300_000, "The page has more than 250,000 elements."),
        (b"<p>" + b"x" * (17 << 20), "The page has more than 16,777,216 bytes."),
        (b"<div>" + b"x<br>" * 60_000, "The page has more than 50,000 lines."),
        (b"<pre>" + b"x\n\n" * 60_000, "The page has more than 50,000 lines."),
        (b"x\n" * 60_000, "The page has more than 50,000 lines."),
    ],
    ids=["elements", "bytes", "lines", "preformatted", "raw"],
)
def test_a_page_with_more_than_is_read_is_too_large(content: bytes, said: str) -> None:
    assert extract_article(Page(content=content)) == Rejection(reason="too_large", detail=said)


@pytest.mark.parametrize(
    "content",
    [
        "<html x='&#1;'><body><h1>عنوان طويل هنا</h1><p>نص قصير هنا.</p>",  # trafilatura's copy may not have it
        "<time datetime='" + "9" * 5000 + "'></time><p>" + "٩" * 5000,  # more digits than Python reads
        "<p>5 يناير 2022 Asia/Tehran" + "hran" * 100,  # no name of a file
        '<script type="application/ld+json">{"@type":"Article","name":"&#' + "9" * 5000 + '"}</script><p>x',
        '<script type="application/ld+json">{"@type":["Article",' + "[" * 900 + "]" * 900 + "]}</script><p>x",
        '<script type="application/ld+json">{"@type":"Article","author":' + "[" * 900 + "]" * 900 + "}</script><p>x",
        "<title>" + "۰" + "|||||||||||||||||||||||" * 15 + "</title><p>x",  # a second for 400 characters, once
        "<p>قال أمس (انتهى)" + " اب" * 40 + " abcdefgh",  # exponential time, once
        "<p>ا" + "\u0301\u0316" * 20_000,  # four seconds, once
    ],
    ids=["control", "digits", "zone", "reference", "types", "authors", "bars", "sign-off", "marks"],
)
def test_what_was_found_once_is_not_found_again(content: str) -> None:
    result, seconds = _read("", content.encode())
    assert not (isinstance(result, Rejection) and result.reason == "failed"), result
    assert seconds < 1 + _plain(_TIMES)


_LARGEST = {
    "elements": "b'<p class=x>a' * 249_000",
    "leaves": "b'<div>' * 240 + b'<span>a</span>' * 200_000 + b'<p>a' * 40_000",
    "lines": "b'<p>' + 'كلمة<br>'.encode() * 49_000",
    "text": "b'<p>' + 'كلمة '.encode() * 1_800_000",
    "mojibake": "b'<p>' + 'ط§ظ„<'.encode() * 900_000",
    "controls": "b'<!doctype html><p>' + 'ا\\x01ب\\x85'.encode() * 2_000_000",
    "attributes": "b'<p ' + b' '.join(b'a%x=1' % i for i in range(1_500_000)) + b'>x'",
    "objects": "b'<script type=application/ld+json>[' + b'{},' * 330_000 + b'{}]</script>' + b'<p>a'",
}
_MOST = 512
"""MiB that a page may take, which is what the process that reads pages is given beyond itself."""


@pytest.mark.parametrize("name", ["elements", "mojibake"])
def test_a_page_of_the_largest_size_takes_bounded_memory(name: str) -> None:
    assert _grown(name) < _MOST


def _grown(name: str) -> int:
    """MiB by which a process grows that reads one of the largest pages."""
    program = f"""
import resource
from extract.article import extract_article
from extract.types import Page
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
extract_article(Page(content=b"<p>a" * 100))
before = peak()
extract_article(Page(content={_LARGEST[name]}))
print((peak() - before) >> 10)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    return int(done.stdout)
