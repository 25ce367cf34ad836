"""The days that a URL names: `sitemap-2024-12.xml`, `/1403/09/13/`, `?yyyy=2024&mm=12`. Gregorian or Jalali. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from urllib.parse import unquote

import jdatetime

MAX_NUMBERS = 30
"""Readings of the numbers in one URL that are looked at: each takes as long as the URL is."""


@dataclass(frozen=True)
class Period:
    """Days, half-open."""

    first: date
    end: date


def periods(urls: Iterable[str]) -> Mapping[str, Period]:
    """The periods that the names of one index's child sitemaps state, of those that state one.

    A number that counts is no date: where `sitemap-17.xml` stands beside `sitemap-1403.xml`, neither is.
    """
    found: dict[str, tuple[Period, int]] = {}
    counted = set()
    for url in urls:
        for shape, period in islice(_readings(unquote(url)), MAX_NUMBERS):
            if period:
                found[url] = period, shape
                break
            counted.add(shape)
    return {url: period for url, (period, shape) in found.items() if shape not in counted}


def day_in_path(url: str) -> date | None:
    """The day of a permalink such as `/2024/12/03/slug` or `/1403/09/13/slug`; None: it has none."""
    match = re.search(r"/(\d{4})/(\d{1,2})/(\d{1,2})(?=/)", unquote(url).partition("?")[0])
    period = _period(*match.groups()) if match else None
    return period.first if period else None


_QUERY = re.compile(
    r"[?&](?:yyyy|year|yr|y)=(\d{4})(?:&(?:mm|month|mn|m)=(\d{1,2})(?:&(?:dd|day|dy|d)=(\d{1,2}))?)?(?!\d)"
)
_SEPARATED = re.compile(r"(?<!\d)(\d{4})([-_/.])(\d{1,2})(?:\2(\d{1,2}))?(?!\d)")
_TOGETHER = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})?(?!\d)")
_YEAR = re.compile(r"(?<=[-_/.=])(\d{4})(?!\d)")  # Yoast's `post-sitemap2024.xml` is the 2024th
_NUMBER = re.compile(r"\d+")


def _readings(text: str) -> Iterator[tuple[int, Period | None]]:
    """What may be a date in a URL, the most exact first: a hash of the URL around it, and the date if it is one."""
    path = text.find("/", text.find("://") + 3)
    for pattern, groups in ((_QUERY, (1, 2, 3)), (_SEPARATED, (1, 3, 4)), (_TOGETHER, (1, 2, 3)), (_YEAR, (1, 0, 0))):
        for match in pattern.finditer(text, max(path, 0)):
            stated = (match[group] if group else None for group in groups)
            yield hash((text[: match.start(1)], text[match.end() :])), _period(*stated)
    for number in _NUMBER.finditer(text, max(path, 0)):
        yield hash((text[: number.start()], text[number.end() :])), None


def _period(year: str | None, month: str | None, day: str | None) -> Period | None:
    stated = [int(part) for part in (year, month, day) if part]
    if 1990 <= stated[0] <= 2100:
        calendar: type[date] | type[jdatetime.date] = date
    elif 1370 <= stated[0] <= 1420:  # higher ones are at times Hijri
        calendar = jdatetime.date
    else:
        return None
    number, month_of_year, day_of_month = (*stated, 1, 1)[:3]
    try:
        first = calendar(number, month_of_year, day_of_month)
        match len(stated):
            case 1:
                end = calendar(number + 1, 1, 1)
            case 2:
                end = calendar(number + month_of_year // 12, month_of_year % 12 + 1, 1)
            case _:
                end = first + timedelta(days=1)
    except ValueError:
        return None
    return Period(_gregorian(first), _gregorian(end))


def _gregorian(day: date | jdatetime.date) -> date:
    return day if isinstance(day, date) else day.togregorian()
