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


CAPTION = "من لقاء سابق بين الرئيسين في موسكو"
LEAD = "ثلاث سنوات من الوعود لم تغير شيئا"
DATE = "21 فبراير 2020"


@pytest.mark.parametrize(
    "header",
    [
        (DATE, CAPTION),
        ("شارك الخبر", CAPTION),
        (CAPTION, "دمشق - سانا"),
        (DATE, f"{CAPTION} (رويترز)"),
        ("صدر الصورة، وكالة النيل للصور",),
        ("سامر المصري21 فبراير 2020 - 09:15",),
        ("0 3515 5 دقائق",),
        ("کد خبر: ۷۰۱۲۳۴۲۰:۴۷ - ۱۳-۰۹-۱۴۰۳تعداد نظرات: ۳ نظر",),
    ],
)
def test_captions_and_facts_between_headline_and_text_are_no_text(header: tuple[str, ...]) -> None:
    assert _paragraphs(TITLE, *header, *PROSE).paragraphs == PROSE


def test_what_stands_right_under_the_headline_is_its_lead() -> None:
    assert _paragraphs(TITLE, LEAD, DATE, CAPTION, *PROSE).paragraphs == (LEAD, *PROSE)


def test_a_caption_between_lead_and_text_goes_and_a_subheading_stays() -> None:
    assert _paragraphs(TITLE, DATE, PROSE[0], CAPTION, *PROSE[1:]).paragraphs == PROSE
    heading = "موقف أنقرة"
    found = _paragraphs(TITLE, DATE, PROSE[0], heading, *PROSE[1:])
    assert found.paragraphs == (PROSE[0], heading, *PROSE[1:])


def test_a_label_that_touches_its_headline() -> None:
    related = "أخبار متعلقةفوز المنتخب في المباراة الودية"
    assert _paragraphs(TITLE, *PROSE[:2], related, *PROSE[2:]).paragraphs == PROSE


def test_a_headline_that_stands_there_twice_is_another_texts() -> None:
    other = "فوز المنتخب في المباراة الودية أمس الأول"
    assert _paragraphs(TITLE, *PROSE[:2], other, *PROSE[2:], "آخر الأخبار", other).paragraphs == PROSE


def test_a_subheading_after_related_headlines_stays() -> None:
    lines = ("اقرأ أيضا", "فوز المنتخب في المباراة الودية أمس الأول", "موقف أنقرة")
    assert _paragraphs(TITLE, *PROSE[:2], *lines, *PROSE[2:]).paragraphs == (*PROSE[:2], "موقف أنقرة", *PROSE[2:])


def test_a_list_of_headlines_between_two_paragraphs_does_not_end_the_text() -> None:
    latest = ("الأكثر قراءة", "فوز المنتخب في المباراة الودية أمس الأول", "الأرصاد تحذر من عواصف رملية على الشرق")
    assert _paragraphs(TITLE, *PROSE[:2], *latest, *PROSE[2:]).paragraphs == PROSE
    teasers = tuple(line for pair in zip(latest[1:], OTHER, strict=False) for line in pair)
    assert _paragraphs(TITLE, *PROSE, "الأكثر قراءة", *teasers).paragraphs == PROSE


def test_a_consent_banner_does_not_hide_the_headlines_repetition() -> None:
    banner = "نستخدم ملفات تعريف الارتباط لتحسين تجربتك على الموقع وباستمرارك في التصفح فإنك توافق على شروطنا كلها."
    assert _paragraphs(TITLE, banner, "موافق", TITLE, *PROSE).paragraphs == PROSE


def test_a_last_line_of_rights_is_no_text() -> None:
    assert _paragraphs(TITLE, *PROSE, "© 2024 النيل. النيل غير مسؤول عن محتوى المواقع الأخرى.").paragraphs == PROSE
