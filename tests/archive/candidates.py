"""Archives whose rules were bad for a while, and re-extractions of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reading_here import read_here
from warcs import SISTER, SOURCE

import archive.readings
from archive.index import Index
from archive.ingest import ingest, store_warc
from archive.reextraction import Candidate, Scope, begin
from archive.reread import read_again
from archive.settling import Difference, difference
from archive.store import Store
from archive.tables import Row, Tables
from extract.article import extract_article
from extract.types import Article, Page, Reason, Rejection, Source

SOURCES = {"alpha": SOURCE, "beta": SISTER}
BRANDS = {source.id: frozenset((source.name, *source.brands)) for source in SOURCES.values()}

EVERYTHING = Scope()

Rules = Callable[[Page, Source], Article | Rejection]
File = tuple[Path, Source]


def good(page: Page, source: Source) -> Article | Rejection:
    """The rules as they are."""
    return extract_article(page, source)


def bad(seed: int) -> Rules:
    """Rules that do to a third of the pages what a changed template does: refuse, shorten, take for one another."""

    def rules(page: Page, source: Source) -> Article | Rejection:
        found = extract_article(page, source)
        if isinstance(found, Rejection):
            return found
        match hashlib.sha256(f"{seed} {page.url} {len(page.content)}".encode()).digest()[0] % 15:
            case 0:
                return Rejection(reason=Reason.TOO_SHORT, detail="a template that these rules do not know")
            case 1:
                return replace(found, paragraphs=found.paragraphs[:1])
            case 2:
                return replace(found, canonical_url=f"https://{source.domains[0]}/home")
            case 3:
                return replace(found, published=None, authors=("الكاتب",))
            case 4:
                return replace(found, paragraphs=("تابعونا على صفحاتنا في مواقع التواصل الاجتماعي",))
            case _:
                return found

    return rules


def use(monkeypatch: Any, rules: Rules) -> None:
    """Let pages be read by these rules."""
    read_here(monkeypatch)
    monkeypatch.setattr(archive.readings, "extract_article", rules)


def ingested(store: Store, files: Iterable[File]) -> Tables:
    """Ingest files in this order."""
    with Index(store) as index:
        for path, source in files:
            ingest(store, store_warc(store, path), source, run_id="r", index=index)
    return Tables(store)


def reextracted(
    store: Store, scope: Scope = EVERYTHING, *, order: Callable[[Sequence[str]], Iterable[str]] = iter
) -> Candidate:
    """A finished candidate of today's rules, its files read in some order."""
    candidate = begin(store, Tables(store).snapshot(), scope, SOURCES)
    for key in order(candidate.remaining(store)):
        read_again(store, candidate.id, key, SOURCES[key.split("/")[1]])
    assert candidate.remaining(store) == []
    return candidate


def compared(store: Store, candidate: Candidate) -> Difference:
    """What the candidate would change now."""
    tables = Tables(store)
    return difference(store, tables, tables.snapshot(), candidate, brands=BRANDS)


def rows(store: Store, table: str) -> dict[str, Row]:
    """The rows of a table by their ids."""
    key = {"records": "record_id", "captures": "capture_id"}[table]
    found = Tables(store).snapshot().query(f"SELECT * FROM {table}").to_pylist()  # noqa: S608
    assert len({row[key] for row in found}) == len(found)
    return {row[key]: row for row in found}
