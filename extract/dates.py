"""Dates as Arabic and Persian news write them: three calendars, many month names, any digits, scrambled orders.

A line is cut into runs of things that can belong to a date (numbers, clocks, names of months and days, zones), with
nothing else between them. In a run a day, a month and a year in any order are a date; a clock, a zone and an era in the
run belong to it. Nothing is guessed: a year, a clock, or a day and month alone are no date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from itertools import pairwise, permutations
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

import hijridate
import jdatetime

from extract.types import Calendar, Date, Precision

# ---- names; words here are in the form of `_view()`, which is applied to them on import

_MONTHS: dict[Calendar, tuple[str, ...]] = {  # per month, names separated by commas
    "gregorian": (
        "يناير, كانون الثاني, كانون ثاني, جانفي, ژانویه, جنوری, january, jan, janvier, کانوونی دووەم",
        "فبراير, فبرائر, شباط, فيفري, فوریه, فبروری, فروری, february, feb, février, fevrier, شوبات",
        "مارس, آذار, مارچ, march, mar, mars, ئازار",
        "أبريل, إبريل, نيسان, أفريل, آوریل, آپریل, april, apr, avril",
        "مايو, أيار, ماي, مه, می, مئی, may, mai, ئایار",
        "يونيو, يونيه, يونية, حزيران, جوان, ژوئن, جون, june, jun, juin, حوزەیران",
        "يوليو, يوليه, يولية, يوليوز, تموز, جويلية, جويليه, ژوئیه, ژوئیهٔ, جولای, جولائی, july, jul, juillet, تەمموز",
        "أغسطس, اغسطوس, آب, أوت, غشت, اوت, آگوست, اگوست, اگست, august, aug, août, aout, ئاب",
        "سبتمبر, أيلول, شتنبر, شوتنبر, سپتامبر, سپتمبر, ستمبر, september, sep, sept, septembre, ئەیلوول",
        "أكتوبر, تشرين الأول, تشرين أول, أكتوبر, اکتبر, october, oct, octobre, تشرینی یەکەم",
        "نوفمبر, تشرين الثاني, تشرين ثاني, تشرين ثان, نونبر, نوامبر, نومبر, november, nov, novembre, تشرینی دووەم",
        "ديسمبر, كانون الأول, كانون أول, دجنبر, دسامبر, دسمبر, december, dec, décembre, decembre, کانوونی یەکەم",
    ),
    "jalali": (
        "فروردین, حمل, وری, farvardin, خاکەلێوە",
        "اردیبهشت, اردی بهشت, ثور, غویی, ordibehesht, گوڵان",
        "خرداد, جوزا, غبرگولی, khordad, جۆزەردان",
        "تیر, سرطان, چنگاښ, tir, پووشپەڕ",
        "مرداد, امرداد, اسد, زمری, mordad, گەلاوێژ",
        "شهریور, سنبله, وږی, shahrivar, خەرمانان",
        "مهر, میزان, تله, mehr, ڕەزبەر",
        "آبان, عقرب, لړم, aban, گەڵاڕێزان, خەزەڵوەر",
        "آذر, قوس, لیندۍ, azar, سەرماوەز",
        "دی, جدی, مرغومی, dey, بەفرانبار",
        "بهمن, دلو, سلواغه, bahman, ڕێبەندان",
        "اسفند, حوت, کب, esfand, ڕەشەمە, ڕەشەمێ",
    ),
    "hijri": (
        "محرم, محرم الحرام",
        "صفر, صفر الخير",
        "ربيع الأول, ربيع أول",
        "ربيع الثاني, ربيع الآخر, ربيع ثاني",
        "جمادى الأولى, جمادى الأول",
        "جمادى الآخرة, جمادى الثانية, جمادى الثاني, جمادى الآخر",
        "رجب, رجب المرجب",
        "شعبان, شعبان المعظم",
        "رمضان, رمضان المبارك",
        "شوال, شوال المكرم",
        "ذو القعدة, ذي القعدة, ذوالقعدة, ذيقعده, ذی قعده",
        "ذو الحجة, ذي الحجة, ذوالحجة, ذيحجه, ذی حجه",
    ),
}
# Months as dates have them in German, Spanish, Italian, Portuguese, Dutch, Turkish, Russian, Greek, Polish and Hebrew,
# where they are not spelt as in English or French.
_WORLD_MONTHS = (
    "januar, jänner, enero, gennaio, janeiro, januari, ocak, января, ιανουαρίου, stycznia, ינואר, בינואר, ene",
    "februar, febrero, febbraio, fevereiro, februari, şubat, февраля, φεβρουαρίου, lutego, פברואר, בפברואר",
    "märz, marzo, março, maart, mart, марта, μαρτίου, marca, מרץ, במרץ",
    "abril, aprile, nisan, апреля, απριλίου, kwietnia, אפריל, באפריל, abr",
    "mayo, maggio, maio, mei, mayıs, мая, μαΐου, maja, מאי, במאי",
    "juni, junio, giugno, junho, haziran, июня, ιουνίου, czerwca, יוני, ביוני",
    "juli, julio, luglio, julho, temmuz, июля, ιουλίου, lipca, יולי, ביולי",
    "agosto, augustus, ağustos, августа, αυγούστου, sierpnia, אוגוסט, באוגוסט, ago",
    "septiembre, setiembre, settembre, setembro, eylül, сентября, σεπτεμβρίου, września, ספטמבר, בספטמבר",
    "oktober, octubre, ottobre, outubro, ekim, октября, οκτωβρίου, października, אוקטובר, באוקטובר",
    "noviembre, novembro, kasım, ноября, νοεμβρίου, listopada, נובמבר, בנובמבר",
    "dezember, diciembre, dicembre, dezembro, aralık, декабря, δεκεμβρίου, grudnia, דצמבר, בדצמבר, dic",
)
_WEEKDAYS = """السبت, الأحد, الاثنين, الإثنين, الثلاثاء, الأربعاء, الاربعا, الخميس, الجمعة, شنبه, یک شنبه, یکشنبه,
    دو شنبه, دوشنبه, سه شنبه, سهشنبه, چهار شنبه, چهارشنبه, پنج شنبه, پنجشنبه, پنچشنبه, جمعه, آدینه,
    saturday, sunday, monday, tuesday, wednesday, thursday, friday, sat, sun, mon, tue, tues, wed, thu, thur, thurs,
    fri, lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche"""
# Words that stand between the parts of a date and mean nothing by themselves.
_GLUE = """في فى یوم الساعة الساعه ساعة ساعت بتوقيت توقيت به وقت الوقت التوقيت زمان ماه سال سنة عام لعام شهر من
    مدينة مورخ مورخه روز با در ی على هجری at on of the de del le à um uhr t st nd rd th er و time local المحلي بالتوقيت
    تمام حدود"""
_PAIRING = "الموافق موافق برابر مطابق مصادف"  # joins two calendars' names for one day
_ERA_OF: dict[str, Calendar] = {
    "م": "gregorian",
    "میلادی": "gregorian",
    "میلادیه": "gregorian",
    "ه": "hijri",
    "ق": "hijri",
    "ه ق": "hijri",
    "قمری": "hijri",
    "هجریه": "hijri",
    "ه ش": "jalali",
    "ش": "jalali",
    "شمسی": "jalali",
    "خورشیدی": "jalali",
    "ah": "hijri",
    "ad": "gregorian",
    "ce": "gregorian",
}
_AM, _PM, _NOON = 0, 1, 2  # noon: ظهرا, before or after twelve
_MERIDIEM_OF = {
    key: value
    for value, names in (
        (_AM, "am, a m, ص, صباحا, صباح, صبح, بامداد, فجرا, بعد منتصف الليل, ق ظ, قبل از ظهر"),
        (_PM, "pm, p m, م, مساء, مسا, عصرا, عصر, بعد از ظهر, بعدازظهر, ب ظ, شب, ليلا"),
        (_NOON, "ظهرا, ظهر"),
    )
    for key in names.replace("ي", "ی").split(", ")
}
_OFFSETS = {  # abbreviations that mean one thing in this region's news; minutes east of UTC
    "gmt": 0,
    "utc": 0,
    "z": 0,
    "غرینتش": 0,
    "جرینتش": 0,
    "غرینیتش": 0,
    "جرینیتش": 0,
    "گرینویچ": 0,
    "العالمی": 0,
    "ت غ": 0,
    "gst": 240,  # of the Gulf
    "irst": 210,
    "irdt": 270,
    "eet": 120,
    "eest": 180,
    "cet": 60,
    "cest": 120,
    "msk": 180,
}
_PLACES = {  # after بتوقيت or به وقت
    "Asia/Tehran": "طهران, تهران, ایران, إيران",
    "Asia/Kabul": "كابل, كابول, کابل, افغانستان",
    "Asia/Riyadh": "مكة المكرمة, مكة, الرياض, السعودية, المملكة",
    "Africa/Cairo": "القاهرة, مصر",
    "Asia/Damascus": "دمشق, سوريا, سورية",
    "Asia/Beirut": "بيروت, لبنان",
    "Asia/Baghdad": "بغداد, العراق",
    "Asia/Amman": "الأردن",
    "Asia/Gaza": "غزة, فلسطين",
    "Asia/Jerusalem": "القدس",
    "Asia/Kuwait": "الكويت",
    "Asia/Qatar": "الدوحة, قطر",
    "Asia/Bahrain": "المنامة, البحرين",
    "Asia/Dubai": "دبي, أبوظبي, أبو ظبي, الإمارات",
    "Asia/Muscat": "مسقط",
    "Asia/Aden": "صنعاء, عدن, اليمن",
    "Africa/Tunis": "تونس",
    "Africa/Algiers": "الجزائر",
    "Africa/Casablanca": "المغرب, الرباط",
    "Africa/Tripoli": "ليبيا",
    "Africa/Khartoum": "الخرطوم, السودان",
    "Africa/Nouakchott": "نواكشوط, موريتانيا",
    "Europe/Moscow": "موسكو, مسکو",
    "Europe/Istanbul": "أنقرة, اسطنبول, إسطنبول, تركيا",
    "Europe/London": "لندن",
    "Europe/Paris": "باريس, پاریس",
    "America/New_York": "نيويورك, واشنطن",
}
_UNITS: dict[str, tuple[timedelta, Precision]] = {
    "ثانیه ثوان ثوانی second seconds": (timedelta(seconds=1), "second"),
    "دقیقه دقایق دقیقتین دقیقتان minute minutes min mins": (timedelta(minutes=1), "minute"),
    "ساعه ساعات ساعتین ساعتان ساعت hour hours": (timedelta(hours=1), "hour"),
    "یوم یوما ایام یومین یومان روز day days": (timedelta(days=1), "day"),
    "اسبوع اسبوعا اسابیع اسبوعین اسبوعان هفته week weeks": (timedelta(weeks=1), "day"),
}
_UNIT_OF = {name: unit for names, unit in _UNITS.items() for name in names.split()}
_PLURALS = "ثوان ثوانی دقایق ساعات ایام اسابیع seconds minutes mins hours days weeks"
_NEEDS_NUMBER = frozenset(_PLURALS.split())  # `منذ ساعات`: some hours ago
_NUMERALS = {"یک": 1, "دو": 2, "سه": 3, "چهار": 4, "پنج": 5, "an": 1, "a": 1, "one": 1}


_DAYS = (  # days of a month in words: `سیزدهم آذر ۱۴۰۳`
    "یکم, اول", "دوم", "سوم", "چهارم", "پنجم", "ششم", "هفتم", "هشتم", "نهم", "دهم", "یازدهم", "دوازدهم", "سیزدهم",
    "چهاردهم", "پانزدهم", "شانزدهم", "هفدهم", "هجدهم, هیجدهم", "نوزدهم", "بیستم", "بیست و یکم", "بیست و دوم",
    "بیست و سوم", "بیست و چهارم", "بیست و پنجم", "بیست و ششم", "بیست و هفتم", "بیست و هشتم", "بیست و نهم",
    "سی ام, سی م", "سی و یکم",
)  # fmt: skip


def _view_table() -> dict[int, str]:
    table = {code: chr(code + 0x20) for code in range(ord("A"), ord("Z") + 1)}
    capitals = (*range(0xC0, 0xDF), *range(0x100, 0x180), *range(0x386, 0x3AC), *range(0x400, 0x430))
    table.update({code: lower for code in capitals if len(lower := chr(code).lower()) == 1})
    table.update(dict.fromkeys(map(ord, "年月년월"), "/") | dict.fromkeys(map(ord, "日일"), " "))  # 2024年5月3日
    for letters, letter in (("أإآٱ", "ا"), ("يىئې", "ی"), ("كڪ", "ک"), ("ةۀہە", "ه"), ("ؤ", "و")):
        table.update({ord(each): letter for each in letters})
    for value in range(10):
        table[0x0660 + value] = table[0x06F0 + value] = str(value)
    table.update(dict.fromkeys((0x00A0, 0x200C, 0x202F, 0x2009), " "))
    table.update({ord("−"): "-", ord("‐"): "-", ord("‑"): "-", ord("∕"): "/", ord("٫"): "."})
    drop = (*range(0x064B, 0x0656), 0x0670, 0x0640, 0x061C, 0x200B, 0x200D, 0x200E, 0x200F, *range(0x202A, 0x202F))
    table.update(dict.fromkeys((*drop, *range(0x2066, 0x206A), 0xFEFF), "\0"))
    return table


_VIEW = _view_table()


def _view(text: str) -> str:
    """`text` in lower case, ASCII digits and one form of each letter; characters to ignore are NUL, none moves."""
    return text.translate(_VIEW)


def _keys(names: str, separator: str | None = ",") -> list[str]:
    return [" ".join(name.split()) for name in _view(names).replace("\0", "").split(separator)]


_MONTH_OF: dict[str, tuple[Calendar, int]] = {
    key: (calendar, number)
    for calendar, months in (("gregorian", _WORLD_MONTHS), *_MONTHS.items())
    for number, names in enumerate(months, 1)
    for key in _keys(names)
}
_DAY_OF = {
    key: number
    for number, names in enumerate(_DAYS, 1)
    for name in _keys(names)
    for key in (name, name.replace("و ", "و"))
}
_WEEKDAY_KEYS = frozenset(_keys(_WEEKDAYS))
_GLUE_KEYS = frozenset(_keys(_GLUE, None))
_PAIRING_KEYS = frozenset(_keys(_PAIRING, None))
_PLACE_OF = {key: zone for zone, places in _PLACES.items() for key in _keys(places)}
_MONTH_ENDING = re.compile("(?: ?ماه|ی)$")  # `آذرماه`; in Sorani the name is joined to its year by ی
_LONGEST_NAME = 3  # words
_LONGEST_TEXT = 1000  # characters

_HOUR_WORDS = frozenset(("ساعت", "الساعه", "ساعه"))
_ZONE_WORDS = frozenset(("بتوقیت", "توقیت", "وقت", "مدینه"))
_PUNCTUATION = " \t,،؛;:./|()[]-–—•·"

_LEXEME = re.compile(
    r"""
      (?P<compact>(?<!\d)\d{8}t\d{4}(?:\d\d)?(?!\d))
    | (?P<numeric>(?<![\da-z])\d{1,4}\ ?(?P<mark>[/.-])\ ?\d{1,2}\ ?(?P=mark)\ ?\d{1,4}(?!\d))
    | (?P<clock>(?<![\d:])\d{1,2}(?:\ ?:\ ?|(?<=\d)h(?=\d))\d\d(?::\d\d(?:[.,]\d+)?)?(?![\d:]))
    | (?P<offset>[+-]\d\d:?(?:00|15|30|45)(?![\d/:.-])|(?:(?<=gmt|utc)|(?<=تش))[+-]\d{1,2}(?![\d/:.-]))
    | (?P<region>(?:asia|africa|europe|america|atlantic|australia|pacific|indian)/[a-z_]+)
    | (?P<number>\d+)
    | (?P<word>[^\W\d_]+)
    """,
    re.VERBOSE,
)
_SEPARATOR = re.compile(r"[\s,،؛;:./|()\[\]\-–—•·~]*")
_WITHIN_NAME = re.compile(r" {1,2}|\. ?")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er)\b")
_ORDERS = (  # what is usual first, then what right-to-left layout and templates have scrambled
    {("number", "month", "year"), ("month", "number", "year"), ("year", "month", "number")},
    set(permutations(("number", "month", "year"))),
)
_AGO = re.compile(
    r"(?:^|[\s|:،,-])(?P<all>(?:منذ|قبل)\s+(?:(?P<number>\d+)\s+)?(?P<unit>[^\W\d_]+)(?:\s+(?P<number_behind>\d+)|\s+واحده?)?"
    r"|(?P<after_number>\d+|یک|دو|سه|چهار|پنج|an?|one)\s+(?P<after_unit>[^\W\d_]+)\s+(?:قبل|پیش|ago))(?=\s*(?:$|[|،,.()\-–—•·]))"
)
_DAY_AND_CLOCK = re.compile(
    r"(?:^|[\s|:،,-])(?P<all>(?:(?P<today>الیوم|امروز|today)|امس|دیروز|yesterday)\s*+(?:[،,|-]\s*+)?(?:(?:الساعه|ساعت|at)\s*+(?::\s*+)?)?"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?:\s*(?P<half>am|pm|ص|م|صباحا|مسا|مساء|صبح|عصر|ب\.? ?ظ|ق\.? ?ظ))?)"
    r"(?=\s*(?:$|[|،,.()•·]))"
)


@dataclass(slots=True)
class _Token:
    """A part of a date; `value` is the number, the year, the month's number, or which half of the day, by kind."""

    kind: Literal["numeric", "number", "year", "month", "clock", "meridiem", "era", "weekday", "zone", "pairing"]
    start: int
    end: int
    value: int = 0
    calendar: Calendar | None = None
    parts: tuple[int, ...] = ()
    """Of `numeric` its three numbers as they stand; of `clock` hour and, as far as given, minute and second."""
    zone: tzinfo | None = None


@dataclass(slots=True, kw_only=True)
class _Day:
    """A day found in a run, and the positions of its first and last token there."""

    day: date
    calendar: Calendar
    first: int
    last: int


def read_date(text: str, *, timezone: str, calendar: Calendar, fetched_at: datetime | None, where: str) -> Date | None:
    """The date that `text`, a line or a value, states in its first 1,000 characters; None if it states none.

    Of several dates the first is read. Several in a row that name one day in different calendars are one date, read in
    the Gregorian; joined by a word for that («الموافق», «برابر با») but more than a day apart they are none (two days,
    where one is Hijri: a month begins where the moon is seen). A month and a year are a date, of precision `month`,
    only if the text says nothing else.

    Args:
        text: the line, in any digits; `Date.raw` is the part of it that was read.
        timezone: IANA zone of clocks that name none.
        calendar: decides years from 1300 to 1500 where neither the month nor an era does; if it is `gregorian`, the
            calendar in which the year lies between 1990 and 2031 does (no year does so in both).
        fetched_at: aware time that relative dates (`منذ 4 ساعات`) count from; None: they are not read.
        where: becomes `Date.where`.

    Raises:
        ZoneInfoNotFoundError: `timezone` is not known.
    """
    view = _view(text[:_LONGEST_TEXT])
    if not _WORTH_READING.search(view):
        return None
    positions: list[int] | None = None
    if "\0" in view:
        positions = [index for index, character in enumerate(view) if character != "\0"]
        view = view.replace("\0", "")
    zone = ZoneInfo(timezone)

    def date_of(at: datetime, calendar: Calendar, precision: Precision, start: int, end: int) -> Date:
        raw = text[start:end] if positions is None else text[positions[start] : positions[end - 1] + 1]
        return Date(at=at, raw=raw, calendar=calendar, precision=precision, where=where)

    for run in _runs(view):
        found = _read_run(run, calendar, zone) or _read_month(run, view, calendar, zone)
        if found:
            return date_of(*found)
    if fetched_at is not None:
        found = _read_relative(view, fetched_at.astimezone(zone))
        if found:
            return date_of(*found)
    return None


def read_url_date(url: str, *, timezone: str, calendar: Calendar) -> Date | None:
    """The date in the path of a permalink: `/2024/12/03/…`, `/2024-12-03/…`, or to the month `/1400/12/39820/`.

    Args:
        url: absolute or not; `Date.raw` is the part of it that was read.
        timezone: IANA zone in which the day begins.
        calendar: as in `read_date`.
    """
    match = _IN_PATH.search(url[:_LONGEST_TEXT].partition("?")[0])
    if not match:
        return None
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"] or 1)
    resolved = _resolve(year, month, day, None, None, calendar)
    if not resolved:
        return None
    at = datetime.combine(resolved[0], time(), ZoneInfo(timezone))
    raw = url[match.start("year") : match.end("day" if match["day"] else "month")]
    return Date(at=at, raw=raw, calendar=resolved[1], precision="day" if match["day"] else "month", where="url")


_Found = tuple[datetime, Calendar, Precision, int, int]
_IN_PATH = re.compile(
    r"/(?P<year>(?:1[34]|19|20)\d\d)(?P<sep>[/-])(?P<month>0?[1-9]|1[0-2])(?:(?P=sep)(?P<day>0?[1-9]|[12]\d|3[01]))?(?=/|$)"
)
_WORTH_READING = re.compile(r"\d|منذ|قبل|پیش|\bago\b")

# ---- runs of tokens


def _runs(view: str) -> Iterator[list[_Token]]:
    """The runs of a text: tokens with nothing but separators and words without meaning between them."""
    lexemes = list(_LEXEME.finditer(view))
    run: list[_Token] = []
    index = 0
    while index < len(lexemes):
        if run and not _SEPARATOR.fullmatch(view, lexemes[index - 1].end(), lexemes[index].start()):
            yield run
            run = []
        tokens, length = _read_lexeme(view, lexemes, index, run)
        if tokens is None and run:
            yield run
            run = []
        for token in tokens or ():
            if not _renames(token, run[-1] if run else None):
                run.append(token)
                continue
            run[-1].end = token.end
            if "(" in view[run[-1].start : token.start] and view.startswith(")", token.end):
                run[-1].end += 1
        index += length
    if run:
        yield run


def _renames(token: _Token, previous: _Token | None) -> bool:
    """Whether a token names the month before it once more: `كانون الثاني / يناير`, `نوفمبر (تشرين الثاني)`."""
    return (
        token.kind == "month"
        and previous is not None
        and previous.kind == "month"
        and (token.value, token.calendar) == (previous.value, previous.calendar)
    )


def _read_lexeme(
    view: str, lexemes: list[re.Match[str]], index: int, run: list[_Token]
) -> tuple[list[_Token] | None, int]:
    """The tokens that start at a lexeme, and how many lexemes they take.

    No token: the lexeme means nothing; None: it ends the run.
    """
    lexeme = lexemes[index]
    start, end = lexeme.span()
    before = lexemes[index - 1]["word"] if index else None
    match lexeme.lastgroup:
        case "word":
            return _read_name(view, lexemes, index, run, before)
        case "compact":
            day, clock = lexeme[0].split("t")
            date_parts = int(day[:4]), int(day[4:6]), int(day[6:])
            clock_token = _clock([int(clock[at : at + 2]) for at in range(0, len(clock), 2)], start + 9, end)
            return ([_Token("numeric", start, start + 8, parts=date_parts), clock_token] if clock_token else None), 1
        case "numeric":
            parts = tuple(int(part) for part in re.findall(r"\d+", lexeme[0]))
            return [_Token("numeric", start, end, parts=parts)], 1
        case "clock":
            clock_token = _clock([int(part) for part in re.findall(r"\d+", lexeme[0])[:3]], start, end)
            return ([clock_token] if clock_token else None), 1
        case "region":
            key = lexeme[0].title()
            return ([_Token("zone", start, end, zone=ZoneInfo(key))] if key in _zones() else None), 1
        case "offset" if run and run[-1].kind in ("clock", "zone") and start - run[-1].end <= 1:
            digits = lexeme[0][1:].replace(":", "")
            minutes = int(digits[:-2] or 0) * 60 + int(digits[-2:]) if len(digits) == 4 else int(digits) * 60
            minutes *= -1 if lexeme[0][0] == "-" else 1
            if -720 <= minutes <= 840:
                return [_Token("zone", start, end, zone=timezone(timedelta(minutes=minutes)))], 1
        case _:
            pass
    digits = lexeme[0].lstrip("+-")
    if not digits.isdecimal():
        return None, 1
    if len(digits) > 4:
        return None, 1
    start = end - len(digits)
    value = int(digits)
    if len(digits) <= 2 and value < 24 and before in _HOUR_WORDS:
        return [_Token("clock", start, end, parts=(value,))], 1
    ordinal = _ORDINAL.match(view, end)
    if len(digits) <= 2 and 1 <= value <= 31:
        return [_Token("number", start, ordinal.end() if ordinal else end, value)], 1
    if len(digits) == 4 and (1300 <= value <= 1500 or 1900 <= value < 2200):
        return [_Token("year", start, end, value)], 1
    if len(digits) == 2 and value >= 60:
        return [_Token("year", start, end, value)], 1  # of a Jalali date: ۱۱ آذر ۹۹
    return None, 1


@cache
def _zones() -> frozenset[str]:
    """Names of all zones; asking for another would look for it on disk each time."""
    return frozenset(available_timezones())


def _clock(parts: list[int], start: int, end: int) -> _Token | None:
    if parts[0] > 23 or any(part > 59 for part in parts[1:]):
        return None
    return _Token("clock", start, end, parts=tuple(parts))


def _read_name(
    view: str, lexemes: list[re.Match[str]], index: int, run: list[_Token], before: str | None
) -> tuple[list[_Token] | None, int]:
    for length in range(min(_LONGEST_NAME, len(lexemes) - index), 0, -1):
        names = lexemes[index : index + length]
        if not all(name["word"] for name in names) or not all(
            _WITHIN_NAME.fullmatch(view, left.end(), right.start()) for left, right in pairwise(names)
        ):
            continue
        key = " ".join(name["word"] for name in names)
        after = lexemes[index + length] if index + length < len(lexemes) else None
        if (day := _DAY_OF.get(key)) and after and _MONTH_ENDING.sub("", after["word"] or "") in _MONTH_OF:
            return [_Token("number", names[0].start(), names[-1].end(), day)], length
        token = _name_token(key, names[0].start(), names[-1].end(), run, before, bool(after and after["clock"]))
        if token:
            return [token], length
        if key in _GLUE_KEYS:
            return [], length
    return None, 1


def _name_token(
    key: str, start: int, end: int, run: list[_Token], before: str | None, clock_follows: bool
) -> _Token | None:
    previous = run[-1].kind if run else None
    if key in _MERIDIEM_OF and (previous == "clock" or (clock_follows and previous != "year" and len(key) > 1)):
        return _Token("meridiem", start, end, _MERIDIEM_OF[key])
    if key in _ERA_OF and previous in ("year", "numeric", "month", "era"):
        return _Token("era", start, end, calendar=_ERA_OF[key])
    if key in _MONTH_OF:
        calendar, number = _MONTH_OF[key]
        return _Token("month", start, end, number, calendar)
    if key in _WEEKDAY_KEYS:
        return _Token("weekday", start, end)
    if key in _PAIRING_KEYS:
        return _Token("pairing", start, end)
    if key in _OFFSETS and (key != "z" or previous == "clock"):
        return _Token("zone", start, end, zone=timezone(timedelta(minutes=_OFFSETS[key])))
    if key in _PLACE_OF and before in _ZONE_WORDS:
        return _Token("zone", start, end, zone=ZoneInfo(_PLACE_OF[key]))
    ending = _MONTH_ENDING.search(key)
    if ending and (bare := key[: ending.start()]) in _MONTH_OF:
        calendar, number = _MONTH_OF[bare]
        return _Token("month", start, end, number, calendar)
    return None


# ---- from a run to a date


def _read_run(run: list[_Token], calendar: Calendar, zone: tzinfo) -> _Found | None:
    days = _days(run, calendar)
    if not days:
        return None
    first = days[0]
    same = [first]
    for day in days[1:]:
        if day.calendar == first.calendar:
            continue
        if abs(day.day - first.day) <= timedelta(days=2 if "hijri" in (day.calendar, first.calendar) else 1):
            same.append(day)
        elif any(token.kind == "pairing" for token in run[first.last : day.first]):
            return None
    chosen = min(same, key=lambda day: ("gregorian", "jalali", "hijri").index(day.calendar))
    used = {*range(chosen.first, chosen.last + 1)}
    clocks = [index for index, token in enumerate(run) if token.kind == "clock"]
    clock = next((index for index in clocks if min(days, key=lambda day: _distance(day, index)) in same), None)
    zones = [index for index, token in enumerate(run) if token.kind == "zone"]
    if clock is not None:
        used.add(clock)
        zones.sort(key=lambda index: (index < clock, abs(index - clock)))
    at_zone = zone
    if zones:
        # `GMT+3`: the name says nothing, the offset behind it does.
        last = zones[0] + 1 if zones[0] + 1 in zones and run[zones[0] + 1].start == run[zones[0]].end else zones[0]
        at_zone = run[last].zone or zone
        used |= {zones[0], last}
    at, precision = _at(chosen.day, run, clock, at_zone)
    for index in (clock - 1, clock + 1) if clock is not None else ():
        if 0 <= index < len(run) and run[index].kind == "meridiem":
            used.add(index)
    low, high = min(used), max(used)
    while low > 0 and run[low - 1].kind == "weekday":
        low -= 1
    while high + 1 < len(run) and run[high + 1].kind in ("weekday", "era"):
        high += 1
    return at, chosen.calendar, precision, min(token.start for token in run[low : high + 1]), run[high].end


def _at(day: date, run: list[_Token], clock: int | None, zone: tzinfo) -> tuple[datetime, Precision]:
    if clock is None:
        return datetime.combine(day, time(), zone), "day"
    nearby = [run[index] for index in (clock + 1, clock - 1) if 0 <= index < len(run)]
    meridiem = next((token.value for token in nearby if token.kind == "meridiem"), None)
    hour, minute, second = (*run[clock].parts, 0, 0)[:3]
    precisions: tuple[Precision, ...] = ("hour", "minute", "second")
    return datetime.combine(day, time(_hour(hour, meridiem), minute, second), zone), precisions[
        len(run[clock].parts) - 1
    ]


def _hour(hour: int, meridiem: int | None) -> int:
    if meridiem == _AM and hour == 12:
        return 0
    if (meridiem == _PM and hour < 12) or (meridiem == _NOON and hour < 10):
        return hour + 12
    return hour


def _distance(day: _Day, index: int) -> int:
    return max(day.first - index, index - day.last, 0)


def _days(run: list[_Token], calendar: Calendar) -> list[_Day]:
    """The days that a run names, in order."""
    days: list[_Day] = []
    free: list[int] = []
    for index, token in enumerate(run):
        if token.kind == "numeric":
            resolved = _resolve_numeric(token.parts, _era(run, index), calendar)
            if resolved:
                days.append(_Day(day=resolved[0], calendar=resolved[1], first=index, last=index))
        elif token.kind in ("number", "month", "year"):
            free.append(index)
    for orders in _ORDERS:
        taken: set[int] = set()
        for position in range(len(free) - 2):
            window = free[position : position + 3]
            if taken.intersection(window) or tuple(run[index].kind for index in window) not in orders:
                continue
            if any(day.first > window[0] and day.first < window[2] for day in days):
                continue
            parts = {run[index].kind: run[index] for index in window}
            year = next(index for index in window if run[index].kind == "year")
            month = parts["month"]
            resolved = _resolve(
                run[year].value, month.value, parts["number"].value, month.calendar, _era(run, year), calendar
            )
            if resolved:
                days.append(_Day(day=resolved[0], calendar=resolved[1], first=window[0], last=window[2]))
                taken.update(window)
        free = [index for index in free if index not in taken]
    return sorted(days, key=lambda day: day.first)


def _era(run: list[_Token], index: int) -> Calendar | None:
    following = run[index + 1] if index + 1 < len(run) else None
    return following.calendar if following and following.kind == "era" else None


def _resolve_numeric(parts: tuple[int, ...], era: Calendar | None, calendar: Calendar) -> tuple[date, Calendar] | None:
    first, second, third = parts
    if first > 999:
        return _resolve(first, second, third, None, era, calendar)
    if third > 999:  # the day first, as all Arabic and Persian news has it, unless it can only be the month
        day, month = (second, first) if second > 12 else (first, second)
        return _resolve(third, month, day, None, era, calendar)
    if calendar == "jalali" and first >= 60:
        return _resolve(first, second, third, "jalali", era, calendar)
    return None


def _resolve(
    year: int, month: int, day: int, named: Calendar | None, era: Calendar | None, calendar: Calendar
) -> tuple[date, Calendar] | None:
    """The day and its calendar: `named` by the month, `era` by the year, else by the year's range and the source."""
    if 1900 <= year < 2200:
        found: Calendar = "gregorian"
    elif 1300 <= year <= 1500:
        found = named or era or (calendar if calendar != "gregorian" else "jalali" if year <= 1410 else "hijri")
    elif 60 <= year < 100 and named == "jalali":
        found, year = "jalali", 1300 + year
    else:
        return None
    if (found == "gregorian" and year < 1900) or (named or found) != found:
        return None
    try:
        if found == "jalali":
            return jdatetime.date(year, month, day).togregorian(), found
        if found == "hijri":
            gregorian = hijridate.Hijri(year, month, day).to_gregorian()
            return date(gregorian.year, gregorian.month, gregorian.day), found
        return date(year, month, day), "gregorian"
    except (ValueError, OverflowError):
        return None


def _read_month(run: list[_Token], view: str, calendar: Calendar, zone: tzinfo) -> _Found | None:
    """`آذر ۱۴۰۳`, `March 2019` as the whole of a text."""
    if {token.kind for token in run} != {"month", "year"} or len(run) != 2:
        return None
    if view[: run[0].start].strip(_PUNCTUATION) or view[run[-1].end :].strip(_PUNCTUATION):
        return None
    month, year = sorted(run, key=lambda token: token.kind)
    resolved = _resolve(year.value, month.value, 1, month.calendar, None, calendar)
    if not resolved:
        return None
    return datetime.combine(resolved[0], time(), zone), resolved[1], "month", run[0].start, run[-1].end


# ---- relative dates


def _read_relative(view: str, now: datetime) -> _Found | None:
    """`منذ 4 ساعات`, `۷ ساعت قبل`, `3 days ago`, `امروز ۱۲:۳۰`, counted from `now`."""
    match = _AGO.search(view)
    if match:
        unit = match["unit"] or match["after_unit"]
        number = match["number"] or match["number_behind"] or match["after_number"]
        if unit not in _UNIT_OF or (not number and unit in _NEEDS_NUMBER):
            return None
        span, precision = _UNIT_OF[unit]
        if number and len(number) > 5:
            return None
        count = int(_NUMERALS.get(number, number)) if number else 2 if unit.endswith(("ین", "ان")) else 1
        if count > 10_000:
            return None
        at = _truncate(now - count * span, precision)
        return at, "gregorian", precision, match.start("all"), match.end("all")
    match = _DAY_AND_CLOCK.search(view)
    if match:
        day = now.date() - timedelta(days=0 if match["today"] else 1)
        clock = _clock([int(match["hour"]), int(match["minute"])], match.start(), match.end())
        if clock:
            half = " ".join(re.findall(r"\w+", match["half"] or ""))
            at = datetime.combine(day, time(_hour(clock.parts[0], _MERIDIEM_OF.get(half)), clock.parts[1]), now.tzinfo)
            return at, "gregorian", "minute", match.start("all"), match.end("all")
    return None


def _truncate(at: datetime, precision: Precision) -> datetime:
    at = at.replace(microsecond=0)
    if precision == "second":
        return at
    at = at.replace(second=0)
    if precision == "minute":
        return at
    at = at.replace(minute=0)
    return at if precision == "hour" else at.replace(hour=0)
