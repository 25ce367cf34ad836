"""What `explain_article` says of a page: the same result, and a rule for every line."""

from __future__ import annotations

import inspect
import re

import pytest
from handmade import PROSE, SEEDS, TITLE, article, paragraphs

from extract import judge
from extract.article import Explanation, explain_article, extract_article
from extract.families import FAMILIES
from extract.judge import RULES
from extract.types import Article, Page, Reason, Rejection


def _explain(body: str) -> Explanation:
    html = f"<!doctype html><html><head><meta charset=utf-8></head><body>{body}</body></html>"
    return explain_article(Page(content=html.encode(), content_type="text/html"))


def test_every_rule_is_explained() -> None:
    source = inspect.getsource(judge.Judge)
    used = set(re.findall(r'(?:_cut\(line, (?:f?"|.* else ")|rule = "|, "|return ")([a-z_]{3,})["{:]', source))
    assert used
    assert used <= RULES.keys()


def test_every_line_of_the_page_has_its_rule_in_page_order() -> None:
    found = _explain(
        "<nav><a href=/a>الصفحة الأولى من الموقع</a></nav>"
        + article(paragraphs(*PROSE[:2]), "<p>أقرأ أيضا :</p>", f"<p><a href=/b>{TITLE[:40]} اليوم</a></p>")
        + "<footer>جميع الحقوق محفوظة</footer>"
    )
    assert isinstance(found.result, Article)
    assert [verdict.line.text for verdict in found.verdicts if verdict.kept] == list(found.result.paragraphs)
    assert [verdict.line.at for verdict in found.verdicts] == list(range(len(found.verdicts)))
    assert [verdict.rule for verdict in found.verdicts] == [
        "elsewhere",
        "headline",
        "text",
        "text",
        "label:related",
        "after:related",
        "elsewhere",
    ]
    assert all(verdict.why for verdict in found.verdicts)
    assert (found.container, found.found_by, found.charset) == ("body > article", "structure", "utf-8")


def test_a_family_and_its_container_are_named() -> None:
    noise = '<div class="related-item"><p>خبر آخر لا علاقة له بهذا الخبر.</p></div>'
    found = _explain(
        f'<article id="the-post"><h1>{TITLE}</h1><div class="entry-content entry">{paragraphs(*PROSE)}{noise}</div>'
        "</article>"
    )
    assert (found.family, found.found_by) == (FAMILIES["jannah"].name, "family")
    assert found.container == "body > article#the-post > div.entry-content.entry"
    assert found.verdicts[-1].rule == "family"
    assert found.verdicts[-1].line.place == "div.related-item p"


@pytest.mark.parametrize("seed", sorted(path.name for path in SEEDS.glob("*.txt")))
def test_a_raw_text_is_explained_too(seed: str) -> None:
    page = Page(content=(SEEDS / seed).read_bytes(), content_type="text/plain")
    found = explain_article(page)
    assert found.result == extract_article(page)
    assert isinstance(found.result, Article)
    assert tuple(verdict.line.text for verdict in found.verdicts if verdict.kept) == found.result.paragraphs
    assert (found.container, found.found_by) == ("", "")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(content=b"<p>x</p>", status=404), Reason.HTTP_ERROR),
        (Page(content=b"%PDF-1.7"), Reason.NOT_HTML),
        (Page(content=b""), Reason.TOO_SHORT),
    ],
)
def test_a_page_refused_before_it_is_read_has_no_verdicts(page: Page, reason: Reason) -> None:
    found = explain_article(page)
    assert isinstance(found.result, Rejection)
    assert found.result.reason is reason
    assert found.verdicts == ()


def test_a_page_refused_for_what_it_says_shows_its_lines() -> None:
    found = _explain(f"<h1>{TITLE}</h1><p>تعليق قصير.</p>")
    assert isinstance(found.result, Rejection)
    assert [verdict.line.text for verdict in found.verdicts] == [TITLE, "تعليق قصير."]
