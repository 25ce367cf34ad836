"""URLs that lead nowhere however many of them are followed, known by what no news site's articles have. Pure.

- a path that repeats itself (`/a/b/a/b/a/b`) or is very deep: relative links on a page that answers to any address
- a calendar that goes on in years in which nothing can have been published
- parameters in ever new combinations over one path: the filters of a search
- session ids: one page under another address for each visitor
- a listing whose pages bring nothing but errors, redirects and pages that were served before

One odd URL is no trap: a calendar, a search and a listing are let be until there are many of their kind. Addresses that
the source's `article` matches are articles by its word, whatever calendar or search they resemble.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from urllib.parse import unquote, urlsplit

from extract.types import Source

MAX_SEGMENTS = 20
"""Segments of a path; Heritrix allows as many."""
MAX_CALENDAR = 12
"""Addresses of one calendar in years in which nothing was published."""
MAX_COMBINATIONS = 50
"""Combinations of two and more parameters over one path: a CMS that has all its pages under one path comes to 20."""
MAX_BARREN = 10
"""Pages of a listing in a row that bring nothing."""

REPEATING = "the path repeats itself"
DEEP = f"the path has more than {MAX_SEGMENTS} segments"
CALENDAR = "a calendar goes on in years in which nothing can have been published"
SEARCH = "a search combines its parameters without end"
SESSION = "the same page under another session id"
BARREN = "the listing goes on without bringing a page that was not served before"

_KEPT = 10_000
"""Calendars, searches and listings that are told apart; a site that has more is met by its other limits."""

_REPEATED = re.compile(r"((?:/[^/]+){1,4}?)\1\1(?=/|$)")
_MONTH = re.compile(
    r"(?<=[/=])(\d{4})(?:([-/])(?:0[1-9]|1[0-2])(?:\2(?:0[1-9]|[12]\d|3[01]))?(?=[/?&]|$)|&(?:mm?|month)=\d)"
)
_SESSION = re.compile(r"(?i)(?:phpsessid|jsessionid|aspsessionid\w*|session_?id|sess_?id|zenid|oscsid|cftoken|sid)")
_TOKEN = re.compile(r"(?=\D*\d)(?=[^A-Za-z]*[A-Za-z])[0-9A-Za-z,_.!-]{16,}")
_SESSION_IN_PATH = re.compile(r"(?i);(?:jsessionid|phpsessid|sid)=[^/?#;]*|/\([SAF]\([0-9a-z]{16,}\)\)(?=/)")


def without_session(url: str, source: Source) -> str:
    """The URL without what names a visitor's session; a parameter that `Source.article` names tells articles apart."""
    path, mark, query = _SESSION_IN_PATH.sub("", url).partition("?")
    kept = [each for each in query.split("&") if not _names_session(each, source)]
    return path + (mark + "&".join(kept) if any(kept) else "")


def _names_session(parameter: str, source: Source) -> bool:
    name, _, value = parameter.partition("=")
    return bool(_SESSION.fullmatch(name) and _TOKEN.fullmatch(value)) and name not in source.article


class Traps:
    """What a run has met of one source, as far as it tells traps."""

    def __init__(self, source: Source, today: date) -> None:
        """Begin with nothing met."""
        self._source = source
        self._last_year = today.year + 1
        self._calendars: Counter[str] = Counter()
        self._searches: dict[str, set[int]] = {}
        self._served: set[int] = set()
        self._brought: dict[str, bool] = {}

    def caught(self, url: str) -> str | None:
        """What trap a URL that is met for the first time is known to belong to."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        if path.count("/") > MAX_SEGMENTS:
            return DEEP
        repeated = _REPEATED.search(path)
        if repeated and not repeated[1].replace("/", "").isdigit():  # `/11/11/11` is a day
            return REPEATING
        if self._source.article and self._source.looks_like_article(url):
            return None
        if self._is_calendar(f"{parts.netloc}{path}?{parts.query}"):
            return CALENDAR
        return SEARCH if "&" in parts.query and self._is_search(parts.netloc + path, parts.query) else None

    def _is_calendar(self, text: str) -> bool:
        month = _MONTH.search(text)
        if not month or not self._is_impossible(int(month[1])):
            return False
        calendar = re.sub(r"\d+", "#", text[: month.start()])
        if calendar in self._calendars or len(self._calendars) < _KEPT:
            self._calendars[calendar] += 1
        return self._calendars[calendar] > MAX_CALENDAR

    def _is_impossible(self, year: int) -> bool:
        """Whether nothing of a year can be on the web. 1300 to 1499 are years of the Jalali and Hijri calendars."""
        return self._last_year < year < 2200 or 1500 <= year < 1900

    def _is_search(self, path: str, query: str) -> bool:
        names = hash(tuple(sorted(each.partition("=")[0] for each in query.split("&"))))
        if path in self._searches or len(self._searches) < _KEPT:
            combinations = self._searches.setdefault(path, set())
            if len(combinations) <= MAX_COMBINATIONS:
                combinations.add(names)
            return len(combinations) > MAX_COMBINATIONS
        return False

    def came(self, listing: str | None, status: int, body: bytes) -> None:
        """A page has come.

        Args:
            listing: URL of the listing that linked to it; None: it was found otherwise.
            status: HTTP status.
            body: its content.
        """
        served = hash(body)
        is_new = status == 200 and served not in self._served
        self._served.add(served)
        if listing and (listing in self._brought or len(self._brought) < _KEPT):
            self._brought[listing] = self._brought.get(listing, False) or is_new

    def barren_pages(self, before: int, listing: str | None) -> int:
        """How many pages of a listing in a row have brought nothing.

        Args:
            before: how many had before the last of them.
            listing: URL of that last one; if no page has come of what it links to, nothing is known of it.
        """
        brought = self._brought.get(listing or "")
        return before if brought is None else 0 if brought else before + 1
