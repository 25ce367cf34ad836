"""URL templates of archives: `https://www.isna.ir/page/archive.xhtml?yr={jyear}&mn={jmonth}&dy={jday}&pi={page}`.

Python's format strings, so that `{jmonth:02}` gives two digits.
"""

from __future__ import annotations

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
        ValueError: a field has a name or a format that is none of a template's.
    """
    values = {"page": page}
    if day:
        jalali = jdatetime.date.fromgregorian(date=day)
        values |= {"year": day.year, "month": day.month, "day": day.day}
        values |= {"jyear": jalali.year, "jmonth": jalali.month, "jday": jalali.day}
    try:
        return template.format(**values)
    except (LookupError, AttributeError) as error:
        raise ValueError(f"{error} is none of {', '.join(sorted(_DAY | {'page'}))}") from error


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}
