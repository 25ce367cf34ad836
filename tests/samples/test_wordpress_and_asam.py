"""What the etemadonline, jannah and wordpress samples promise beyond what holds for every site."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

import pytest
from lxml import html

from extract.text import ZWNJ
from extract.urls import canonical_url
from samples.build.__main__ import responses
from samples.build.blocks import blocks, markup, paragraphs
from samples.build.model import SampleResponse, Truth
from samples.build.text import line, seed
from samples.build.wordpress import slug

SITES = ("etemadonline", "jannah", "wordpress")
SEEDS = {"001": "etemadonline", "002": "jannah", "004": "wordpress"}


@cache
def built(site: str) -> tuple[SampleResponse, ...]:
    return tuple(responses(site))


def judged(site: str, *outcomes: str) -> list[tuple[SampleResponse, Truth]]:
    return [(page, page.truth) for page in built(site) if page.truth and page.truth.outcome in outcomes]


def article(site: str, words: str) -> tuple[SampleResponse, Truth]:
    """The one new article whose title holds `words`."""
    (found,) = [pair for pair in judged(site, "new") if words in str(pair[1].title)]
    return found


def shown(page: SampleResponse) -> str:
    """All text of a page, without script and style."""
    tree = html.fromstring(page.body)
    return line(" ".join(tree.xpath("//text()[not(ancestor::script or ancestor::style)]")))


def seed_lines(number: str) -> list[str]:
    return [line(text) for text in seed(number) if text.strip()]


def seed_article(number: str) -> tuple[SampleResponse, Truth]:
    return article(SEEDS[number], "پوتین خطاب" if number == "001" else "بوتين")


@pytest.mark.parametrize("number", SEEDS)
def test_all_of_a_seed_is_on_its_page(number: str) -> None:
    page, _ = seed_article(number)
    text = shown(page).replace(ZWNJ, "")
    for expected in seed_lines(number):
        assert expected.removesuffix(" *.").removesuffix(" *") in text


def test_the_truth_of_seed_001_is_the_seed_with_its_zwnj_restored() -> None:
    _, truth = seed_article("001")
    title, *body, source = seed_lines("001")
    assert source.startswith("منبع:")
    assert truth.title == title
    assert [text.replace(ZWNJ, "") for text in truth.paragraphs] == body
    assert sum(text.count(ZWNJ) for text in truth.paragraphs) == 21


@pytest.mark.parametrize(("number", "first", "last"), [("002", 1, "مقالات ذات صلة"), ("004", 2, "Leave a Reply")])
def test_the_truth_of_an_arabic_seed_is_the_seed(number: str, first: int, last: str) -> None:
    _, truth = seed_article(number)
    lines = seed_lines(number)
    assert list(truth.paragraphs) == lines[first : lines.index(last)]
    assert truth.title == lines[0].removesuffix(" | أخبار الحرب السورية")


@pytest.mark.parametrize("site", SITES)
def test_a_page_shows_what_its_truth_says(site: str) -> None:
    for page, truth in judged(site, "new", "revision", "unchanged", "near_duplicate"):
        text = shown(page)
        at = 0
        for paragraph in truth.paragraphs:
            for cell in paragraph.split(" | "):
                at = text.index(cell, at)
        for told in (truth.title, truth.kicker, *truth.authors, *truth.attribution):
            assert (told or "") in text, page.url
        assert str(truth.published_raw).encode() in page.body
        assert all(tag in text for tag in truth.tags), page.url
        if truth.modified_at:
            assert truth.modified_at.encode() in page.body


def test_zwnj_is_written_in_every_way_html_allows() -> None:
    page, truth = article("etemadonline", "غیرحضوری")
    source = page.body.decode()
    written = [source.count(form) for form in ("&zwnj;", "&#8204;", ZWNJ)]
    assert all(count > 5 for count in written)
    assert ZWNJ in str(truth.title)
    assert any(ZWNJ in tag for tag in truth.tags)
    (schema,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', source, re.DOTALL)
    assert "&zwnj;" in schema
    assert ZWNJ not in schema
    assert not any("&" in text for text in truth.paragraphs)


def test_price_pages_of_two_days_differ_by_their_numbers_alone() -> None:
    today, yesterday = (truth for _, truth in judged("etemadonline", "new") if "قیمت دلار" in str(truth.title))

    def frame(truth: Truth) -> list[str]:
        return [re.sub(r"[\d٬.:+−]+|سه‌شنبه|دوشنبه", "#", text) for text in truth.paragraphs]

    assert frame(today) == frame(yesterday)
    assert today.paragraphs != yesterday.paragraphs


def test_dates_of_the_persian_site_are_jalali_in_several_forms() -> None:
    dates = {str(truth.published_raw) for _, truth in judged("etemadonline", "new")}
    assert {truth.published_calendar for _, truth in judged("etemadonline", "new")} == {"jalali"}
    assert len({re.sub(r"\d+|[^\W\d_]+", "#", raw) for raw in dates}) >= 5
    assert {truth.published_precision for _, truth in judged("etemadonline", "new")} == {"minute", "day"}


@pytest.mark.parametrize("site", ["jannah", "wordpress"])
def test_slugs_are_as_wordpress_makes_them(site: str) -> None:
    slugs = [urlsplit(page.url).path.split("/")[4] for page, _ in judged(site, "new", "near_duplicate")]
    assert all(text == text.lower() and len(text) <= 200 for text in slugs)
    assert max(map(len, slugs)) > 190


def test_a_slug_is_cut_between_letters_but_inside_words() -> None:
    assert slug("خبر: «أول»!") == "%d8%ae%d8%a8%d8%b1-%d8%a3%d9%88%d9%84"
    assert slug("ب" * 50) == "%d8%a8" * 33


def test_variants_of_a_post_declare_it() -> None:
    variants = judged("jannah", "unchanged")
    _, post = article("jannah", "ذراعا")
    assert {urlsplit(page.url).query or urlsplit(page.url).path[-5:] for page, _ in variants} == {
        "p=48219",
        "amp=1",
        "/amp/",
    }
    for page, truth in variants:
        (declared,) = html.fromstring(page.body).xpath("//link[@rel='canonical']/@href")
        assert (truth.title, truth.paragraphs) == (post.title, post.paragraphs)
        assert declared in {other.url for other, _ in judged("jannah", "new")}


def test_the_edited_post_is_one_page() -> None:
    ((after, revised),) = judged("wordpress", "revision")
    (before, first) = article("wordpress", str(revised.title))
    assert canonical_url(before.url) == canonical_url(after.url)
    assert before.fetched_at < after.fetched_at
    assert first.paragraphs != revised.paragraphs


def test_the_respelt_copy_lacks_the_last_paragraph() -> None:
    ((_, copy),) = judged("wordpress", "near_duplicate")
    _, original = seed_article("002")
    assert len(copy.paragraphs) == len(original.paragraphs) - 1
    text = "\n".join(copy.paragraphs)
    assert "أنغيلا" in text
    assert "“" not in text


def test_markup_and_paragraphs_come_from_the_same_blocks() -> None:
    body = blocks("one & two\n## head\n- a\n- b\n> said\n| x | y |\n| 1 | 2 |\n-30 degrees")
    assert paragraphs(body) == ("one & two", "head", "a", "b", "said", "x | y", "1 | 2", "-30 degrees")
    made = markup(body, after={2: "<hr>"})
    assert made.startswith("<p>one &amp; two</p>\n<h2>head</h2>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<hr>")
    assert "<blockquote><p>said</p></blockquote>" in made
    assert "<tr><th>x</th><th>y</th></tr>\n<tr><td>1</td><td>2</td></tr>" in made
    with pytest.raises(ValueError, match="no blocks"):
        markup(body, after={99: "<hr>"})
