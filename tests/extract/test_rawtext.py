from __future__ import annotations

import pytest
from handmade import OTHER, PROSE, SEEDS, TITLE

from extract.article import extract_article
from extract.text import canonical
from extract.types import Article, Page


def _lines(name: str, first: str, last: str) -> list[str]:
    """The seed's own lines from the one that starts with `first` to the one that ends with `last`."""
    lines = [line for line in map(canonical, (SEEDS / name).read_text(encoding="utf-8").splitlines()) if line]
    begin = next(i for i, line in enumerate(lines) if line.startswith(first))
    end = next(i for i, line in enumerate(lines) if line.endswith(last) and i >= begin)
    return lines[begin : end + 1]


def _extract(name: str) -> Article:
    found = extract_article(Page(content=(SEEDS / name).read_bytes(), content_type="text/plain"))
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("000.txt", "شدد الرئيس الروسي", "عشرات الآلاف من السكان."),
        ("001.txt", "کرملین در بیانی", "حمله میکنند."),
        ("002.txt", "تركيا لم تنفذ عددا", "التزاماتها بشأن إدلب."),
        ("004.txt", "وأدان الرئيس الروسي", "خارج البلاد."),
    ],
)
def test_a_seed_gives_exactly_its_paragraphs(name: str, first: str, last: str) -> None:
    assert list(_extract(name).paragraphs) == _lines(name, first, last)


def test_a_related_headline_between_paragraphs_goes_and_the_paragraphs_stay() -> None:
    found = _extract("003.txt")
    assert [paragraph.split(" ")[0] for paragraph in found.paragraphs] == [
        "أعلن",
        "من",
        "لكن",
        "وقال",
        "ونزح",
        "وتوسطت",
    ]
    assert found.kicker == "كشف حجم التوتر وأكّد أن بعض القتال ينبغي أن يستمر"
    assert found.published is None
    assert found.attribution == ("العرب اليوم",)


def test_metadata_of_the_seeds() -> None:
    first = _extract("000.txt")
    assert first.published is not None
    assert first.published.at.isoformat() == "2024-12-03T00:00:00+00:00"
    assert first.published.raw == "3rd, December 2024 GMT"
    assert first.attribution == ("موقع 24",)
    assert _extract("001.txt").attribution == ("ایرنا", "خبرگزاری اسپوتنیک")
    assert _extract("004.txt").title == "بوتين والأسد يجريان محادثات في موسكو حول مناطق المعارضة"


def _paragraphs(*lines: str) -> Article:
    found = extract_article(Page(content="\n".join(lines).encode(), content_type="text/plain"))
    assert isinstance(found, Article), found
    return found


def test_the_article_begins_at_the_repetition_of_its_headline() -> None:
    ticker = ("أخبار عاجلة", "ما الفرق بين نزلة البرد والإنفلونزا الموسمية؟", OTHER[0].rstrip("."))
    found = _paragraphs(f"{TITLE} | أخبار النيل", "الرئيسية", "سياسة", *ticker, "كشف حجم التوتر بينهما", TITLE, *PROSE)
    assert found.paragraphs == PROSE
    assert (found.title, found.kicker) == (TITLE, "كشف حجم التوتر بينهما")
    assert found.provenance["title"] == "line:8"


def test_a_headline_repeated_below_the_text_is_not_where_it_begins() -> None:
    assert _paragraphs(TITLE, *PROSE, TITLE, "التعليقات").paragraphs == PROSE


@pytest.mark.parametrize("after", [(), ("المصدر: وكالات",), ("الوسوم", "سوريا روسيا تركيا")])
def test_a_last_paragraph_needs_no_full_stop(after: tuple[str, ...]) -> None:
    last = "وتستمر المحادثات بين الجانبين حتى نهاية الأسبوع"
    assert _paragraphs(TITLE, *PROSE, last, *after).paragraphs == (*PROSE, last)


def test_headlines_that_follow_the_text_are_no_last_paragraph() -> None:
    headlines = ("فوز المنتخب في المباراة الودية أمس الأول", "الأرصاد تحذر من عواصف رملية على الشرق")
    assert _paragraphs(TITLE, *PROSE, *headlines).paragraphs == PROSE


def test_a_related_question_does_not_resume_the_text_and_a_colon_does() -> None:
    question = "ما الفرق بين نزلة البرد والإنفلونزا الموسمية؟"
    colon = "وجاءت أبرز بنود الاتفاق كما يأتي:"
    found = _paragraphs(
        TITLE, *PROSE[:2], "أقرأ أيضا :", question, "خبر آخر من الأرشيف", colon, "وقف النار", *PROSE[2:]
    )
    assert found.paragraphs == (*PROSE[:2], colon, "وقف النار", *PROSE[2:])


def test_a_row_of_buttons_is_no_text() -> None:
    buttons = ("نسخه چاپی ارسال به دوستان ذخیره", "فيسبوك تويتر واتساب مشاركة عبر البريد طباعة")
    assert _paragraphs(TITLE, buttons[0], *PROSE, buttons[1]).paragraphs == PROSE


def test_tags_are_read_and_end_the_text() -> None:
    byline = "يكتب الزميل في الموقع منذ عام 2016 ويتابع الشؤون المحلية والعربية."
    found = _paragraphs(TITLE, *PROSE, "كلمات دلالية: حرب سوريا، فلاديمير بوتين، أردوغان", byline)
    assert found.paragraphs == PROSE
    assert found.tags == ("حرب سوريا", "فلاديمير بوتين", "أردوغان")
