"""The form in which texts are compared: numbers, the calendar, datelines, promotion."""

from __future__ import annotations

import pytest

from archive.wording import without_title, wording


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("خمسة وعشرون شخصا", "25 شخصا"),
        ("ثلاثة آلاف وخمسمئة", "3500"),
        ("مئة وخمسون", "150"),
        ("خمس عشرة دقيقة", "15 دقیقه"),
        ("ثلاثة وأربعة", "3 4"),
        ("واحد وعشرين", "21"),
        ("5 ملايين و5 مليارات", "5000000 5000000000"),
        ("مليون ونصف", "1500000"),
        ("٣٫٢ مليارات", "3200000000"),
        ("ملايين الناس", "ملایین الناس"),
        ("بیست و پنج نفر", "25 نفر"),
        ("سه هزار و دویست", "3200"),
        ("صد و پنجاه", "150"),
        ("یک خبرگزاری", "~1 خبرگزاری"),
        ("61 في المئة و5% وخمسة بالمئة و۵ درصد", "61 % 5 % 5 % 5 %"),
        ("أحد عشر في المائة", "11 %"),
        ("استمر ساعتين", "استمر ساعتین 2"),
        ("في 14 مارس آذار", "فی 14 @mمارس"),
        ("كانون الثاني والثلاثاء أمس", "@mینایر @wالثلاثا @dامس"),
        ("المرحلة الثانية", "المرحله #2"),
    ],
)
def test_numbers_and_the_calendar_have_one_form(written: str, expected: str) -> None:
    assert " ".join(wording(written).tokens) == expected


@pytest.mark.parametrize(
    "dateline",
    ["دمشق - ", "دمشق (سانا) – ", "حمص-سانا: ", "القاهرة - سانا: ", "سانا/دبي – ", "به گزارش خبرگزاری ایرنا، "],
)
def test_datelines_are_left_out(dateline: str) -> None:
    assert wording(f"{dateline}أعلن الوزير").tokens == ("اعلن", "الوزیر")


def test_the_date_of_a_dateline_is_kept_and_a_speaker_is_none() -> None:
    assert wording("دمشق 14 آذار - أعلن الوزير").dated == {"14", "@mمارس"}
    assert wording("بوتين: سنرد على ذلك").tokens[0] == "بوتین"


def test_promotion_is_left_out_and_news_of_it_is_not() -> None:
    assert wording("وصل الوفد.\nتابعونا على تلغرام واشتركوا في قناتنا.").tokens == ("وصل", "الوفد")
    assert wording("ما را در تلگرام دنبال کنید.").tokens == ()
    assert len(wording("حجبت الحكومة تطبيق تلغرام أمس.").tokens) == 5


def test_a_headline_that_the_text_repeats_is_left_out() -> None:
    assert without_title("عنوان «الخبر»\nوصل الوفد", 'عنوان "الخبر"') == "وصل الوفد"
    assert without_title("وصل الوفد", "وصل الوفد") == "وصل الوفد"
