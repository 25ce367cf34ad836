"""The sources: those that come with Warraq, and a user's own from a TOML file.

The file has a `[[source]]` table for each, whose keys are the fields of `extract.types.Source`:

    [[source]]
    id = "my-paper"
    name = "جريدتي"
    language = "ar"
    timezone = "Africa/Cairo"
    domains = ["my-paper.example"]
    feeds = ["https://my-paper.example/feed/"]

A source with the id of a built-in one replaces it. How much is taken of a source, of a built-in one too, is changed by
a table of its own, whose keys are the fields of `extract.types.Limits`:

    [isna.limits]
    pages = 400_000
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from extract.types import Calendar, Evidence, Source
from spiders.sources import ar, fa
from spiders.sources.limits import bounded, limit_tables
from spiders.templates import fill

MAX_FILE = 4 << 20
"""Bytes of the largest sources file: some ten thousand sources."""

BUILT_IN: tuple[Source, ...] = (*ar.SOURCES, *fa.SOURCES)


class SourcesError(ValueError):
    """A sources file is not right; the message has a line for each fault, with file, source and field."""


def load_sources(extra: Path | None = None) -> dict[str, Source]:
    """All sources by id: the built-in ones, and those of the file `extra` added or in their place.

    Raises:
        SourcesError: the file cannot be read or something in it is wrong; all faults are named.
    """
    sources = {source.id: source for source in BUILT_IN}
    if extra:
        content = _read(extra)
        limits = limit_tables(content)
        own = _sources(extra, content)
        replaced = {source.id for source in own}
        kept = [source for source in sources.values() if source.id not in replaced]
        faults = [f"{extra}: {fault}" for fault in _clashes(own, kept)]
        if faults:
            raise SourcesError("\n".join(faults))
        sources |= {source.id: source for source in own}
        try:
            sources |= bounded(sources, limits)
        except ValueError as error:
            raise SourcesError("\n".join(f"{extra}: {fault}" for fault in str(error).splitlines())) from error
    return sources


def source_for_url(url: str, sources: Mapping[str, Source]) -> Source | None:
    """The source on whose domains `url` is; the most exact domain wins. None: no source's."""
    try:
        host = f".{(urlsplit(url).hostname or '').rstrip('.')}"
    except ValueError:  # a bracket that opens no IPv6 address, …
        return None
    owned = (
        (len(domain), source) for source in sources.values() for domain in source.domains if host.endswith(f".{domain}")
    )
    return max(owned, key=itemgetter(0), default=(0, None))[1]


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise SourcesError(f"{path}: is larger than {MAX_FILE >> 20} MB; check WARRAQ_SOURCES.")
        return tomllib.loads(data.decode())
    except OSError as error:
        raise SourcesError(f"{path}: cannot be read ({error.strerror}); check WARRAQ_SOURCES.") from error
    except SourcesError:
        raise
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number of 5,000 digits, 1,000 brackets
        raise SourcesError(f"{path}: is not TOML: {error!s:.300}.") from error


def _sources(path: Path, content: dict[str, Any]) -> list[Source]:
    tables = content.pop("source", [])
    faults = [f"{path}: unknown key {key!r}; sources are [[source]] tables, limits [<id>.limits]." for key in content]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SourcesError("\n".join([*faults, f"{path}: 'source' must be [[source]] tables, with two brackets."]))
    for number, table in enumerate(tables, 1):
        label = f"source {table['id']!r}" if isinstance(table.get("id"), str) else f"source number {number}"
        faults += [f"{path}: {label}: {fault}" for fault in check_fields(table)]
    if faults:
        raise SourcesError("\n".join(faults))
    return [Source(**{key: _frozen(value) for key, value in table.items()}) for table in tables]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_FIELDS = {field.name: field for field in dataclasses.fields(Source) if field.name != "limits"}
_REQUIRED = [name for name, field in _FIELDS.items() if field.default is dataclasses.MISSING]
_ENTRIES = ("feeds", "sitemaps", "listings", "rest", "archives")
_LISTS = [name for name, field in _FIELDS.items() if str(field.type) == "tuple[str, ...]"]


def check_fields(table: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the fields of one source, a sentence each, the field first."""
    for name in _REQUIRED:
        if name not in table:
            yield f"{name}: is missing; every source needs {', '.join(_REQUIRED)}."
    for name, value in table.items():
        if fault := _fault(name, value):
            yield f"{name}: {fault}"


def _fault(name: str, value: Any) -> str | None:
    if name == "limits":
        return "stand in a table of their own, [<id>.limits]."
    if name not in _FIELDS:
        return f"is no field of a source; allowed are {', '.join(_FIELDS)}."
    if name == "daily":
        if not (isinstance(value, list) and len(value) == 2 and all(type(n) is int and n >= 0 for n in value)):
            return f"{value!r} must be two whole numbers, the fewest and the most articles in a day."
        return None if value[0] <= value[1] else f"{value!r} has the fewest after the most."
    if name == "revisits":
        if not (isinstance(value, list) and all(type(n) is int and n > 0 for n in value)):
            return f"{value!r} must be a list of whole numbers above 0, hours after publication."
        return None if value == sorted(set(value)) else f"{value!r} must grow from one to the next."
    if name == "ports":
        if not (isinstance(value, list) and value and all(type(n) is int and 0 < n < 65536 for n in value)):
            return f"{value!r} must be a list of port numbers, such as [80, 443]."
        return None
    if name in _LISTS:
        if not (isinstance(value, list) and all(isinstance(item, str) and item for item in value)):
            return f"{value!r} must be a list of strings."
        return next(filter(None, (_list_fault(name, item) for item in value)), None if value else _empty_list(name))
    if not isinstance(value, str):
        return f"{value!r} must be a string."
    return _text_fault(name, value)


def _empty_list(name: str) -> str | None:
    return "must name at least one domain." if name == "domains" else None


def _list_fault(name: str, item: str) -> str | None:
    if name == "domains":
        if not re.fullmatch(r"(?!www\.)[a-z0-9-]+(\.[a-z0-9-]+)*", item):
            return f"{item!r} must be a domain in lower case without 'www.', scheme or path, such as 'isna.ir'."
    elif name in _ENTRIES:
        if name == "rest" and not item.endswith("/"):
            return (
                f"{item!r} must be the root of the REST API and end with '/', such as 'https://example.com/wp-json/'."
            )
        try:
            if name == "archives":
                item = fill(item, date(2024, 12, 3))
        except ValueError as error:
            return f"{item!r} is no URL template: {error}."
        try:
            parts = urlsplit(item)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", item)
        except ValueError:
            good = False
        if not good:
            return f"{item!r} must be an absolute http or https URL."
        if "@" in parts.netloc:
            return f"a URL on {parts.hostname} holds a user name or a password, and none is ever sent; take it out."
    return None


def _text_fault(name: str, value: str) -> str | None:
    match name:
        case "id" if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
            return f"{value!r} must be lower-case letters, digits and inner hyphens."
        case "language" if not re.fullmatch(r"[a-z]{2,3}", value):
            return f"{value!r} must be an ISO 639 code, such as 'ar' or 'fa'."
        case "calendar" if value not in get_args(Calendar):
            return f"{value!r} must be one of {', '.join(get_args(Calendar))}."
        case "evidence" if value not in get_args(Evidence):
            return f"{value!r} must be one of {', '.join(get_args(Evidence))}."
        case "timezone":
            try:
                ZoneInfo(value if len(value) <= 100 else "")
            except (KeyError, ValueError, OSError):
                return f"{value!r} is no IANA time zone, such as 'Asia/Tehran'."
        case "article" | "skip":
            try:
                re.compile(value)
            except (re.error, RecursionError, OverflowError) as error:
                return f"{value!r:.200} is no regular expression: {error}."
        case "name" if not value.strip():
            return "must not be empty."
    return None


def _clashes(own: Iterable[Source], others: Iterable[Source]) -> Iterator[str]:
    """Ids and domains given twice: a URL must have one source, and a source one name."""
    ids: set[str] = set()
    domains = {domain: source.id for source in others for domain in source.domains}
    for source in own:
        if source.id in ids:
            yield f"source {source.id!r}: id: is given twice; ids must differ."
        ids.add(source.id)
        for domain in source.domains:
            if domains.setdefault(domain, source.id) != source.id:
                yield f"source {source.id!r}: domains: {domain!r} belongs to source {domains[domain]!r} already."
        for name in _ENTRIES:
            for url in getattr(source, name):
                if not source.owns(fill(url, date(2024, 12, 3)) if name == "archives" else url):
                    yield (
                        f"source {source.id!r}: {name}: {url!r} is on none of its domains "
                        f"({', '.join(source.domains)}), so it would never be fetched."
                    )
