from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import hijridate
import jdatetime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.dates import read_date, read_url_date
from extract.types import Calendar, Date

FETCHED = datetime(2024, 12, 3, 18, 30, 15, tzinfo=UTC)  # Tuesday 22:00 in Tehran, 13 Azar 1403


def read(
    text: str, zone: str = "Asia/Beirut", calendar: Calendar = "gregorian", fetched_at: datetime | None = FETCHED
) -> Date | None:
    return read_date(text, timezone=zone, calendar=calendar, fetched_at=fetched_at, where="line")


def persian(text: str, fetched_at: datetime | None = FETCHED) -> Date | None:
    return read(text, "Asia/Tehran", "jalali", fetched_at)


def summary(found: Date | None) -> tuple[str, str, str] | None:
    return found and (found.at.isoformat(timespec="minutes"), found.precision, found.calendar)


ARABIC = [
    ("٦ كانون الأول ٢٠٢٤", "2024-12-06T00:00+02:00", "day"),
    ("13 تشرين الثاني/نوفمبر 2024", "2024-11-13T00:00+02:00", "day"),
    ("27 نوفمبر (تشرين الثاني) 2024", "2024-11-27T00:00+02:00", "day"),
    ("23 تشرين ثاني 2019", "2019-11-23T00:00+02:00", "day"),
    ("28 يناير كانون الثاني 2014", "2014-01-28T00:00+02:00", "day"),
    ("GMT 09:58 2025 الأربعاء ,22 كانون الثاني / يناير", "2025-01-22T09:58+00:00", "minute"),
    ("الجمعة، 06 سبتمبر 2013 03:50 م", "2013-09-06T15:50+03:00", "minute"),
    ("الجمعة، 06 سبتمبر 2013 12:05 ص", "2013-09-06T00:05+03:00", "minute"),
    ("3rd, December 2024 GMT", "2024-12-03T00:00+00:00", "day"),
    ("2018-05-01 00:00:00", "2018-05-01T00:00+03:00", "second"),
    ("2 آب 2021 - 19:04 بتوقيت طهران", "2021-08-02T19:04+04:30", "minute"),
    ("الثلاثاء 3 ديسمبر 2024 - 08:15 مساءً بتوقيت غرينتش", "2024-12-03T20:15+00:00", "minute"),
    ("3 ديسمبر 2024 الساعة 7 مساء بتوقيت مكة المكرمة", "2024-12-03T19:00+03:00", "hour"),
    ("2024/12/03 - 10:30 GMT+3", "2024-12-03T10:30+03:00", "minute"),
    ("Tue, 03 Dec 2024 16:00:00 +0000", "2024-12-03T16:00+00:00", "second"),
    ("Tue Dec 03 2024 15:00:00 GMT+0330", "2024-12-03T15:00+03:30", "second"),
    ("December 3rd, 2024 at 4:05 pm", "2024-12-03T16:05+02:00", "minute"),
    ("1er décembre 2024 à 15h30", "2024-12-01T15:30+02:00", "minute"),
    ("2024-12-03T17:17Z", "2024-12-03T17:17+00:00", "minute"),
    ("2024-12-03T20:47:00.123+03:30", "2024-12-03T20:47+03:30", "second"),
    ("20241203T154700Z", "2024-12-03T15:47+00:00", "second"),
    ("٠٣/١٢/٢٠٢٤", "2024-12-03T00:00+02:00", "day"),
    ("12/25/2024", "2024-12-25T00:00+02:00", "day"),
    ("3.12.2024, 8:05", "2024-12-03T08:05+02:00", "minute"),
    ("\u200f3\u00a0ديسمبر\u00a02024\u200f", "2024-12-03T00:00+02:00", "day"),
    ("آذار 2019", "2019-03-01T00:00+02:00", "month"),
]


@pytest.mark.parametrize(("text", "at", "precision"), ARABIC)
def test_gregorian_dates(text: str, at: str, precision: str) -> None:
    found = read(text)
    assert summary(found) == (at, precision, "gregorian")
    assert found is not None
    assert found.raw == text.strip("\u200f")


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("الجمعة 20 نونبر 2020 - 09:00", "Africa/Casablanca", "2020-11-20T09:00+01:00"),
        ("12 15:36 2022 أفريل", "Africa/Tunis", "2022-04-12T15:36+01:00"),
        ("3 جانفي 2020", "Africa/Algiers", "2020-01-03T00:00+01:00"),
        ("3 فيفري 2020", "Africa/Algiers", "2020-02-03T00:00+01:00"),
        ("3 ماي 2020", "Africa/Algiers", "2020-05-03T00:00+01:00"),
        ("3 جوان 2020", "Africa/Algiers", "2020-06-03T00:00+01:00"),
        ("3 جويلية 2020", "Africa/Algiers", "2020-07-03T00:00+01:00"),
        ("3 أوت 2020", "Africa/Algiers", "2020-08-03T00:00+01:00"),
        ("3 يوليوز 2020", "Africa/Casablanca", "2020-07-03T00:00+01:00"),
        ("3 غشت 2020", "Africa/Casablanca", "2020-08-03T00:00+01:00"),
        ("3 شتنبر 2020", "Africa/Casablanca", "2020-09-03T00:00+01:00"),
        ("3 دجنبر 2020", "Africa/Casablanca", "2020-12-03T00:00+01:00"),
    ],
)
def test_maghreb_dates(text: str, zone: str, at: str) -> None:
    assert summary(read(text, zone)) is not None
    assert summary(read(text, zone))[0] == at  # type: ignore[index]


PERSIAN = [
    ("۲۸ اسفند ۱۳۹۶ - ۱۸:۱۲", "2018-03-19T18:12+03:30", "minute"),
    ("شنبه ۴ فروردین ۱۳۹۷ - ۱۱:۱۰", "2018-03-24T11:10+04:30", "minute"),
    ("۱۰ مهر ۱۳۸۳، ۱۶:۲۰", "2004-10-01T16:20+03:30", "minute"),
    ("۱۰ ارديبهشت ۱۳۸۳", "2004-04-29T00:00+04:30", "day"),
    ("یکشنبه 1403/09/11 ساعت 15:32", "2024-12-01T15:32+03:30", "minute"),
    ("09:17 - 9 آذر 1400", "2021-11-30T09:17+03:30", "minute"),
    ("۲۰:۴۷ - ۱۳-۰۹-۱۴۰۳", "2024-12-03T20:47+03:30", "minute"),
    ("۱۴۰۳/۰۹/۱۱", "2024-12-01T00:00+03:30", "day"),
    ("۹۶/۱۲/۲۷ ۰۲:۳۱", "2018-03-18T02:31+03:30", "minute"),
    ("1403/09/13/20:47", "2024-12-03T20:47+03:30", "minute"),
    ("سه‌شنبه ۱۳ آذر ماه ۱۴۰۳ ساعت ۸:۴۷ ب.ظ", "2024-12-03T20:47+03:30", "minute"),
    ("سه شنبه، ۱۳ آذر ۱۴۰۳، ۸:۴۷ قبل از ظهر", "2024-12-03T08:47+03:30", "minute"),
    ("۲۳ دى ۱۴۰۲", "2024-01-13T00:00+03:30", "day"),
    ("قوس 23, 1403 18:06 Asia/Kabul", "2024-12-13T18:06+04:30", "minute"),
    ("1399-05-12T10:20:30+04:30", "2020-08-02T10:20+04:30", "second"),
    ("۱ تیر ۱۴۰۱ ۱۰:۰۰", "2022-06-22T10:00+04:30", "minute"),
    ("۱ تیر ۱۴۰۲ ۱۰:۰۰", "2023-06-22T10:00+03:30", "minute"),
    ("۲۹ اردیبهشت ۹۹", "2020-05-18T00:00+04:30", "day"),
    ("آذر ۱۴۰۳", "2024-11-21T00:00+03:30", "month"),
]


@pytest.mark.parametrize(("text", "at", "precision"), PERSIAN)
def test_jalali_dates(text: str, at: str, precision: str) -> None:
    found = persian(text)
    assert summary(found) == (at, precision, "jalali")
    assert found is not None
    assert found.raw == text


def test_gregorian_month_names_of_persian() -> None:
    names = ["ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"]
    for number, name in enumerate(names, 1):
        assert summary(persian(f"۲۷ {name} ۲۰۱۶")) is not None
        assert persian(f"۲۷ {name} ۲۰۱۶").at.date() == date(2016, number, 27)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "calendar", "day", "read_in"),
    [
        ("15 رجب 1440 هـ الموافق 22 مارس 2019 م", "gregorian", date(2019, 3, 22), "gregorian"),
        ("1 رجب 1446هـ - 1 يناير 2025م", "gregorian", date(2025, 1, 1), "gregorian"),
        ("۷ آذر ماه ۱۴۰۳ برابر با ۲۷ نوامبر ۲۰۲۴", "jalali", date(2024, 11, 27), "gregorian"),
        ("سه‌شنبه ۱۳ آذر ۱۴۰۳ - ۱ جمادی‌الثانی ۱۴۴۶", "jalali", date(2024, 12, 3), "jalali"),
        ("15 رجب 1440", "gregorian", date(2019, 3, 22), "hijri"),
        ("1446/06/02", "gregorian", date(2024, 12, 3), "hijri"),
        ("1403/09/13", "gregorian", date(2024, 12, 3), "jalali"),
        ("1403/09/13", "jalali", date(2024, 12, 3), "jalali"),
        ("1440/07/15 هـ", "jalali", date(2019, 3, 22), "hijri"),
    ],
)
def test_pairs_and_calendars(text: str, calendar: Calendar, day: date, read_in: str) -> None:
    found = read(text, "Asia/Riyadh", calendar)
    assert found is not None
    assert (found.at.date(), found.calendar) == (day, read_in)


def test_a_pair_shares_its_clock_and_its_raw_is_what_was_read() -> None:
    found = persian("سه شنبه 13 آذر 1403 / 3 December 2024 / 20:47")
    assert summary(found) == ("2024-12-03T20:47+03:30", "minute", "gregorian")
    assert found is not None
    assert found.raw == "3 December 2024 / 20:47"


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("تاريخ النشر: 3rd, December 2024 GMT", "3rd, December 2024 GMT"),
        ("نشر بتاريخ: الثلاثاء 3 ديسمبر 2024 - عدد المشاهدات 25", "الثلاثاء 3 ديسمبر 2024"),
        ("کد خبر: 688273 | تاریخ انتشار: ۱۳ آذر ۱۴۰۳ - ۲۰:۴۷ | ۲۵ نظر", "۱۳ آذر ۱۴۰۳ - ۲۰:۴۷"),
        ("7 | 3 ديسمبر 2024", "3 ديسمبر 2024"),
        ("كتب في 3 ديسمبر 2024، وعُدّل في 5 ديسمبر 2024", "3 ديسمبر 2024"),
        ("3 ديسمبر 2024 5 ديسمبر 2024", "3 ديسمبر 2024"),
    ],
)
def test_a_date_is_found_inside_a_line(text: str, raw: str) -> None:
    found = read(text)
    assert found is not None
    assert found.raw == raw


@pytest.mark.parametrize(
    "text",
    [
        "", "© 2023", "2024", "12:30", "آخر تحديث GMT04:20:04", "19:04 بتوقيت طهران", "13 تشرين الثاني/نوفمبر",
        "27 نوفمبر", "منذ 2015", "منذ 27 نوفمبر", "قبل 2011", "منذ سنوات", "منذ ساعات", "دقایقی پیش",
        "قبل أسبوع من الانتخابات",
        "1403", "09/11", "31 فبراير 2024", "۳۱ بهمن ۱۴۰۳", "03/09/11", "192.168.1.1", "0912-345-6789",
        "25:61 3 ديسمبر",
        "15 رجب 1440 هـ الموافق 30 مارس 2019 م", "3 ديسمبر 1403", "30 كانون الثاني/ديسمبر 2024", "آذار 2019 شهد معارك",
        "اليوم 18:00-00:00",
        "Copyright 2010-2024", "688273", "98.5 % من 2023", "3 من 12 عام 2024", "/1400/12/39820/",
    ],
)  # fmt: skip
def test_nothing_is_guessed(text: str) -> None:
    assert read(text) is None
    assert persian(text) is None


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("منذ أسبوع", "2024-11-26T00:00+03:30", "day"),
        ("منذ أسبوعين", "2024-11-19T00:00+03:30", "day"),
        ("منذ ساعات 4", "2024-12-03T18:00+03:30", "hour"),
        ("منذ ٤ ساعات", "2024-12-03T18:00+03:30", "hour"),
        ("منذ ساعتين", "2024-12-03T20:00+03:30", "hour"),
        ("منذ ساعة واحدة", "2024-12-03T21:00+03:30", "hour"),
        ("آخر تحديث: قبل 10 دقائق", "2024-12-03T21:50+03:30", "minute"),
        ("منذ يومين", "2024-12-01T00:00+03:30", "day"),
        ("۷ ساعت قبل", "2024-12-03T15:00+03:30", "hour"),
        ("یک روز پیش", "2024-12-02T00:00+03:30", "day"),
        ("3 days ago", "2024-11-30T00:00+03:30", "day"),
        ("امروز ۱۲:۳۰", "2024-12-03T12:30+03:30", "minute"),
        ("أمس، 10:06 م", "2024-12-02T22:06+03:30", "minute"),
        ("أمس الساعة 23:10", "2024-12-02T23:10+03:30", "minute"),
    ],
)
def test_relative_dates_count_from_the_fetch(text: str, at: str, precision: str) -> None:
    assert summary(persian(text)) == (at, precision, "gregorian")
    assert persian(text, fetched_at=None) is None


@pytest.mark.parametrize(
    ("url", "calendar", "at", "precision", "raw"),
    [
        ("https://a.example/2024/12/03/slug", "gregorian", "2024-12-03", "day", "2024/12/03"),
        ("https://a.example/1400/12/39820/", "jalali", "2022-02-20", "month", "1400/12"),
        ("https://a.example/news/2024-12-03/slug?d=/1999/01/01/", "jalali", "2024-12-03", "day", "2024-12-03"),
    ],
)
def test_dates_in_permalinks(url: str, calendar: Calendar, at: str, precision: str, raw: str) -> None:
    found = read_url_date(url, timezone="Asia/Tehran", calendar=calendar)
    assert found is not None
    assert (found.at.date().isoformat(), found.precision, found.raw, found.where) == (at, precision, raw, "url")


@pytest.mark.parametrize(
    "url", ["https://a.example/326/114830-x", "https://a.example/2024/13/x", "/2024/", "/x?d=/2024/12/03/"]
)
def test_permalinks_without_a_date(url: str) -> None:
    assert read_url_date(url, timezone="Asia/Tehran", calendar="jalali") is None


# ---- round trips


def names(text: str) -> list[str]:
    return text.replace("\n", "").split(", ")


DIGITS = st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"]).map(
    lambda digits: str.maketrans("0123456789", digits)
)
LEVANTINE = names(
    "كانون الثاني, شباط, آذار, نيسان, أيار, حزيران, تموز, آب, أيلول, تشرين الأول, تشرين الثاني, كانون الأول"
)
EGYPTIAN = names("يناير, فبراير, مارس, أبريل, مايو, يونيو, يوليو, أغسطس, سبتمبر, أكتوبر, نوفمبر, ديسمبر")
MAGHREBI = names("جانفي, فيفري, مارس, أفريل, ماي, جوان, جويلية, أوت, سبتمبر, أكتوبر, نوفمبر, ديسمبر")
MOROCCAN = names("يناير, فبراير, مارس, أبريل, ماي, يونيو, يوليوز, غشت, شتنبر, أكتوبر, نونبر, دجنبر")
JALALI = names("فروردین, اردیبهشت, خرداد, تیر, مرداد, شهریور, مهر, آبان, آذر, دی, بهمن, اسفند")
AFGHAN = names("حمل, ثور, جوزا, سرطان, اسد, سنبله, میزان, عقرب, قوس, جدی, دلو, حوت")
HIJRI = names(
    "محرم, صفر, ربيع الأول, ربيع الآخر, جمادى الأولى, جمادى الآخرة, رجب, شعبان, رمضان, شوال, ذو القعدة, ذو الحجة"
)
LAYOUTS = [
    "{d} {m} {y}",
    "{y} {m} {d}",
    "{m} {d}, {y}",
    "{d} {H:02d}:{M:02d} {y} {m}",
    "GMT {H:02d}:{M:02d} {y} الأحد ,{d} {m}",
    "الجمعة، {d} {m} {y} - {H:02d}:{M:02d}",
]
NUMERIC = [
    "{d}.{n}.{y}",
    "{y}/{n:02d}/{d:02d}",
    "{d:02d}-{n:02d}-{y}",
    "{H:02d}:{M:02d} - {y}/{n}/{d}",
    "{y}-{n:02d}-{d:02d}T{H:02d}:{M:02d}:00Z",
]
CLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 59))


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), CLOCKS, st.sampled_from(LAYOUTS + NUMERIC),
       st.sampled_from([LEVANTINE, EGYPTIAN, MAGHREBI, MOROCCAN]), DIGITS)  # fmt: skip
def test_gregorian_round_trip(
    day: date, clock: tuple[int, int], layout: str, months: list[str], digits: dict[int, int]
) -> None:
    text = layout.format(d=day.day, m=months[day.month - 1], n=day.month, y=day.year, H=clock[0], M=clock[1]).translate(
        digits
    )
    found = read(text, fetched_at=None)
    assert found is not None
    assert (found.at.date(), found.calendar, found.raw) == (day, "gregorian", text)
    assert found.precision == "day" or (found.at.hour, found.at.minute) == clock


@given(
    st.dates(date(1990, 3, 21), date(2110, 1, 1)),
    CLOCKS,
    st.sampled_from(LAYOUTS + NUMERIC),
    st.sampled_from([JALALI, AFGHAN]),
    DIGITS,
)
def test_jalali_round_trip(
    day: date, clock: tuple[int, int], layout: str, months: list[str], digits: dict[int, int]
) -> None:
    local = jdatetime.date.fromgregorian(date=day)
    text = layout.format(
        d=local.day, m=months[local.month - 1], n=local.month, y=local.year, H=clock[0], M=clock[1]
    ).translate(digits)
    found = persian(text, None)
    assert found is not None
    assert (found.at.date(), found.calendar, found.raw) == (day, "jalali", text)


@given(st.dates(date(1991, 1, 1), date(2077, 1, 1)), CLOCKS, st.sampled_from(LAYOUTS + NUMERIC), DIGITS)
def test_hijri_round_trip(day: date, clock: tuple[int, int], layout: str, digits: dict[int, int]) -> None:
    local = hijridate.Gregorian.fromdate(day).to_hijri()
    text = layout.format(
        d=local.day, m=HIJRI[local.month - 1], n=local.month, y=local.year, H=clock[0], M=clock[1]
    ).translate(digits)
    found = read(text, "Asia/Riyadh", "hijri", None)
    assert found is not None
    assert (found.at.date(), found.calendar, found.raw) == (day, "hijri", text)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.integers(-48, 56))  # noqa: DTZ001
def test_iso_round_trip(moment: datetime, quarters: int) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    for text in (
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M:%S %z"),
        moment.strftime("%a, %d %b %Y %H:%M:%S %z"),
    ):
        found = read(text)
        assert found is not None
        assert (found.at, found.at.utcoffset(), found.precision, found.raw) == (
            moment,
            moment.utcoffset(),
            "second",
            text,
        )


@given(st.one_of(st.text(), st.text(alphabet="0123456789۱۴۰۳/-:., آذرم ديسمبر()TZ+GMTص\u200f\u200c")))
def test_any_text_has_an_answer_and_raw_is_part_of_it(text: str) -> None:
    for calendar in ("gregorian", "jalali", "hijri"):
        found = read(text, calendar=calendar)  # type: ignore[arg-type]
        if found:
            assert found.raw in text
            assert found.at.tzinfo is not None


def test_zone_of_the_source() -> None:
    found = read("2024-12-03 20:47", "Asia/Kabul")
    assert found is not None
    assert found.at == datetime(2024, 12, 3, 20, 47, tzinfo=ZoneInfo("Asia/Kabul"))
