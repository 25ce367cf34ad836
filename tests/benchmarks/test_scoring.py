"""The scorer against cases worked out by hand: a benchmark that flatters is worse than none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.extraction import scramble
from benchmarks.scoring import Extraction, GoldPage, score

LEAD = "گفت‌وگوی تلفنی دو رئیس‌جمهور درباره‌ی سوریه"
BODY = ("رئیس‌جمهور روسیه خواستار توقف فوری تجاوزات شد.", "دو طرف بر ادامه‌ی تماس‌ها تأکید کردند.")
PAGE = GoldPage(
    id="page",
    html=b"",
    url="https://x.example/1",
    content_type=None,
    language="fa",
    title="تماس تلفنی",
    paragraphs=[LEAD, *BODY],
    optional=["نویسنده: نگار"],
    lead=LEAD,
    dates=["2024-12-03", "2024-12-04"],
    published_at="2024-12-03T20:47+03:30",
    authors=["نگار"],
    authors_ok=["ایرنا"],
    site_names=["موقع"],
    tags=["سوریه", "روسیه"],
)
PERFECT = Extraction(
    lines=[LEAD, *BODY],
    title="تماس تلفنی",
    date="2024-12-03",
    published_at="2024-12-03T20:47:12+03:30",
    authors=["نگار"],
    site_name="موقع",
    tags=["روسیه", "سوریه"],
)


def test_a_perfect_extraction() -> None:
    found = score(PAGE, PERFECT)
    assert (found.f1, found.noise, found.lost, found.exact, found.lead_lost) == (1.0, 0, 0, 3, False)
    assert found.zwnj_kept == found.zwnj == 6
    assert all((found.title, found.date, found.time, found.authors, found.site_name, found.tags_f1 == 1))
    assert not found.authors_invented


def test_noise_a_lost_lead_and_neutral_lines() -> None:
    found = score(PAGE, replace(PERFECT, lines=["نویسنده: نگار", *BODY, "خبرهای دیگر امروز ورزش"]))
    assert (found.noise, found.lost, found.lead_lost, found.exact) == (1, 1, True, 2)
    assert score(PAGE, replace(PERFECT, lines=["نویسنده: نگار", LEAD, *BODY])).f1 == 1.0


def test_words_elsewhere_in_the_article_do_not_stand_for_a_paragraph() -> None:
    page = replace(PAGE, paragraphs=["b c a", "a x b x c"], lead=None)
    found = score(page, replace(PERFECT, lines=["a x b x c"]))
    assert (found.lost, found.lead_lost) == (0, None)
    page = replace(page, paragraphs=["b c a d e", "a x b x c"])
    assert score(page, replace(PERFECT, lines=["a x b x c"])).lost == 1


def test_zwnj_elsewhere_does_not_stand_for_one_that_is_lost() -> None:
    lines = [LEAD.replace("\u200c", ""), *BODY, "خبر\u200cها خبر\u200cها خبر\u200cها خبر\u200cها"]
    assert score(PAGE, replace(PERFECT, lines=lines)).zwnj_kept == 3


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("2024-12-03T20:47:59+03:30", True),
        ("2024-12-03T17:17:00+00:00", False),
        ("2024-12-03T20:48:00+03:30", False),
        (None, False),
    ],
)
def test_a_time_is_right_to_the_minute_and_in_its_offset(given: str | None, right: bool) -> None:
    assert score(PAGE, replace(PERFECT, published_at=given)).time is right


@pytest.mark.parametrize(
    ("authors", "exact", "invented"),
    [(["نگار", "ایرنا"], True, False), (["ایرنا"], False, False), (["نگار", "مدیر"], False, True), ([], False, False)],
)
def test_authors(authors: list[str], exact: bool, invented: bool) -> None:
    found = score(PAGE, replace(PERFECT, authors=authors))
    assert (found.authors, found.authors_invented) == (exact, invented)


def test_scrambling_gives_names_that_mean_nothing_and_the_same_name_twice_the_same() -> None:
    html = b"<p class='lead big' id=a-1><b class=lead>class=lead</b>"
    scrambled = scramble(html)
    lead = scrambled.split(b'"')[1].split()[0]
    assert scrambled.startswith(b'<p class="' + lead + b" x")
    assert b"<b class=" + b'"' + lead + b'">class=lead</b>' in scrambled
    assert b"a-1" not in scrambled
