"""URL templates of archives: `https://www.isna.ir/page/archive.xhtml?yr={jyear}&mn={jmonth}&dy={jday}&pi={page}`.

Python's format strings, so that `{jmonth:02}` gives two digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from string import Formatter

import jdatetime

_DAY = frozenset({"year", "month", "day", "jyear", "jmonth", "jday"})


def is_by_day(template: str) -> bool:
    """Whether it names a day."""
    return not _DAY.isdisjoint(_names(template))


def is_by_page(template: str) -> bool:
    """Whether it names a page."""
    return "page" in _names(template)


def fill(template: str, day: date | None, page: int = 1) -> str:
    """The URL of a page, numbered from 1, of the archive of a day.

    Raises:
        ValueError: it is no format string, or a field has a name or a format that is none of a template's.
    """
    values = {"page": page}
    if day:
        jalali = jdatetime.date.fromgregorian(date=day)
        values |= {"year": day.year, "month": day.month, "day": day.day}
        values |= {"jyear": jalali.year, "jmonth": jalali.month, "jday": jalali.day}
    for name, form, conversion in _fields(template):
        if name not in values:
            raise ValueError(f"{name!r:.40} is none of {', '.join(sorted(_DAY | {'page'}))}")
        if conversion or not _FORM.fullmatch(form):
            raise ValueError(f"the format {conversion + form!r:.40} of {name!r} is none such as '02', two digits")
    return template.format(**values)


_FORM = re.compile(r"(?:0?[1-9])?")
"""Digits with zeros before them, and nothing that makes a gigabyte of a page number."""


def _names(template: str) -> set[str]:
    return {name for name, _, _ in _fields(template)}


def _fields(template: str) -> Iterator[tuple[str, str, str]]:
    """Name, format and conversion of each field.

    Raises:
        ValueError: it is no format string.
    """
    for _, name, form, conversion in Formatter().parse(template):
        if name is not None:
            yield name, form or "", conversion or ""
