from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from handmade import OTHER, PROSE, TITLE, paragraphs
from lxml import html
from lxml.cssselect import CSSSelector

from extract.families import FAMILIES, UNKNOWN, family_of
from extract.markup import Markup
from extract.types import Article

Read = Callable[..., Article]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_selector_compiles(family: object) -> None:
    tree = Markup(html.document_fromstring("<p>x</p>"))
    for field in dataclasses.fields(family):  # type: ignore[arg-type]
        if field.name not in ("name", "marks", "undated"):
            assert family.select(field.name, tree) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ('<div class="echo_detail x">', "asam"),
        ('<div class="news_pdate_c">', "iransamaneh"),
        ('<div class="item-text">', "nastooh"),
        ('<article id="the-post" class="post">', "jannah"),
        ('<article class="post-listing">', "sahifa"),
        ('<div class="td-post-content tagdiv-type">', "newspaper"),
        ('<meta name="generator" content="WordPress 5.8">', "wordpress"),
        ('<div id="balmon">', "arabstoday"),
    ],
)
def test_a_family_is_known_by_its_marks(markup: str, name: str) -> None:
    assert family_of(None, Markup(html.document_fromstring(f"{markup}<p>x"))).name == name


def test_an_unknown_page_has_no_family() -> None:
    assert family_of("no-such-cms", Markup(html.document_fromstring("<p class=echo>x"))) is UNKNOWN


def test_asam(read: Read) -> None:
    found = read(
        f"<article><div class=uptitle>واکنش مسکو به رویدادهای شمال سوریه</div><h1>{TITLE}</h1>"
        f"<p class=lead>{OTHER[0]}</p>"
        f"<time datetime='1403-09-13 20:47'>۲۰:۴۷ - ۱۳-۰۹-۱۴۰۳</time><div class=echo_detail>{paragraphs(*PROSE)}"
        f"<div class=inline_news_box><p>{OTHER[1]}</p></div></div>"
        "<div class=article_tag><a href=/t/1>سوریه</a><a href=/t/2>روسیه</a></div></article>",
        url="https://news.ir/1",
    )
    assert found.paragraphs == (OTHER[0], *PROSE)
    assert found.kicker == "واکنش مسکو به رویدادهای شمال سوریه"
    assert found.tags == ("سوریه", "روسیه")
    assert found.published is not None
    assert found.published.at.isoformat() == "2024-12-03T20:47:00+03:30"
    assert found.published.calendar == "jalali"


def test_arabstoday_shows_no_date(read: Read) -> None:
    found = read(
        f"<h1>{TITLE}</h1><div>آخر تحديث GMT04:20:04</div><div id=balmon>{paragraphs(*PROSE)}</div>"
        "<div>GMT 09:58 2025 الأربعاء ,22 كانون الثاني / يناير</div>"
    )
    assert found.published is None
    assert found.paragraphs == PROSE


def test_a_selector_that_finds_little_gives_way_to_structure(read: Read) -> None:
    found = read(f"<h1>{TITLE}</h1><div class=echo_detail><p>{OTHER[0]}</p></div><div>{paragraphs(*PROSE)}</div>")
    assert set(PROSE) <= set(found.paragraphs)


def test_selectors_match_as_in_a_browser() -> None:
    markup = Markup(
        html.document_fromstring(
            "<div id=a class='x big'><p class=x>1<p title=t>2<b class='x stream-item-3'>3</b></div>"
            "<ul class=x><li>4</ul><div class=x>5</div>"
        )
    )
    selectors = ".x; p.x; #a; div#a.big .x; div.x.big; #a > .x; .x li, #a; [title]; p[title='t']; b.x[class*='m-']"
    for css in selectors.split("; "):
        expected = CSSSelector(css, translator="html")(markup.tree)
        assert expected
        assert markup.select(css) == expected
    with pytest.raises(ValueError, match="not supported"):
        markup.select("p:first-child")
