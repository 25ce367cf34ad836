"""How an extraction is scored against what a person says the page holds.

A folder of pages holds `<id>.html` (UTF-8) and `<id>.json` with `url`, `lang`, `title`, `date` (any of these days),
`authors`, `authors_ok` (accepted besides), `sitename` (any of these), `tags`, `paragraphs`, `optional` and `signoff`
(lines that count neither for nor against), and perhaps `lead` (that one of the paragraphs) and `published_at` (time and
offset, where the page shows them). Recorded pages (`tests/pages/<source>`) are such folders; those that are to
be refused (`rejected`) are not scored. The samples, a WARC file and a `<source>.json` each, are read as the same thing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archive.warc import read_warc

_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile(r"\w+")
ZWNJ = "\u200c"


@dataclass(frozen=True, kw_only=True)
class GoldPage:
    """A page and what a perfect extraction gives."""

    id: str
    html: bytes
    url: str
    content_type: str | None
    language: str
    title: str
    paragraphs: list[str]
    optional: list[str]
    lead: str | None
    """The paragraph that is the lead; None: not known."""
    dates: list[str]
    published_at: str | None
    """ISO 8601 with the page's offset; None: the page shows no time of day, or it is not known."""
    authors: list[str]
    authors_ok: list[str]
    site_names: list[str]
    tags: list[str]


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What an extractor gave for a page, in the terms that are scored."""

    lines: list[str]
    title: str | None = None
    date: str | None = None
    """ISO day."""
    published_at: str | None = None
    """ISO 8601 with its offset."""
    authors: list[str] = field(default_factory=list)
    site_name: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Score:
    """One page's result. Metadata fields are None where the page has nothing to compare with."""

    f1: float
    noise: int
    lost: int
    lead_lost: bool | None
    exact: int
    paragraphs: int
    zwnj_kept: int
    zwnj: int
    title: bool | None
    date: bool | None
    time: bool | None
    authors: bool | None
    authors_invented: bool
    site_name: bool | None
    tags_f1: float | None


def read_pages(folder: Path) -> Iterator[GoldPage]:
    """The pages of a folder in either format, in the order of their names."""
    for described in sorted(folder.glob("*.json")):
        truth = json.loads(described.read_text("utf-8"))
        if isinstance(truth, dict):
            if "rejected" not in truth:
                yield _saved_page(described, truth)
        elif isinstance(truth, list):
            yield from _sample_pages(described, truth)


def _saved_page(described: Path, truth: dict) -> GoldPage:
    return GoldPage(
        id=truth["id"],
        html=described.with_suffix(".html").read_bytes(),
        url=truth["url"],
        content_type=truth.get("content_type", "text/html; charset=utf-8"),
        language=truth["lang"],
        title=truth["title"],
        paragraphs=truth["paragraphs"],
        optional=truth.get("optional", []) + truth.get("signoff", []),
        lead=truth.get("lead"),
        dates=truth.get("date", []),
        published_at=truth.get("published_at"),
        authors=truth.get("authors", []),
        authors_ok=truth.get("authors_ok", []),
        site_names=truth.get("sitename", []),
        tags=truth.get("tags", []),
    )


def _sample_pages(described: Path, truths: list[dict]) -> Iterator[GoldPage]:
    with described.with_suffix("").with_suffix(".warc.gz").open("rb") as stream:
        captures = {}
        for capture in read_warc(stream):
            captures.setdefault(capture.url, []).append(capture)
    for number, truth in enumerate(truths):
        if truth["outcome"] == "rejected":
            continue
        capture = captures[truth["url"]].pop(0)
        yield GoldPage(
            id=f"{described.stem}-{number:02d}",
            html=capture.content,
            url=truth["url"],
            content_type={name.lower(): value for name, value in capture.headers}.get("content-type"),
            language="fa" if described.stem == "etemadonline" else "ar",
            title=truth["title"],
            paragraphs=truth["paragraphs"],
            optional=[line for line in (truth["title"], truth.get("kicker")) if line],
            lead=truth.get("lead"),
            published_at=truth["published_at"] if truth["published_precision"] in ("second", "minute") else None,
            dates=[truth["published_at"][:10]] if truth["published_at"] else [],
            authors=truth["authors"],
            authors_ok=[],
            site_names=[truth["site_name"]] if truth.get("site_name") else [],
            tags=truth["tags"],
        )


def tokens(text: str) -> list[str]:
    """Lower-cased words after NFKC, without harakat, tatweel, zero-width and bidi marks."""
    return _WORD.findall(_MARKS.sub("", unicodedata.normalize("NFKC", text)).lower())


def _grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)}


def _same(one: str, other: str) -> bool:
    return tokens(one) == tokens(other)


def _is_foreign(text: str, grams: set[tuple[str, ...]]) -> bool:
    """Whether less than half of a text's word 1- to 3-grams are among these."""
    own = _grams(tokens(text))
    return 2 * len(own & grams) < len(own)


def _with_zwnj(texts: list[str]) -> Counter[str]:
    """The words that are spelt with ZWNJ."""
    return Counter(word for text in texts for word in re.findall(r"[\w\u200c]+", text) if ZWNJ in word)


def _is_same_time(one: str | None, other: str) -> bool:
    """Whether two times are the same minute in the same offset."""
    if one is None:
        return False
    first, second = (datetime.fromisoformat(text).replace(second=0, microsecond=0) for text in (one, other))
    return (first, first.utcoffset()) == (second, second.utcoffset())


def score(page: GoldPage, result: Extraction) -> Score:
    """Compare one extraction with its page's truth."""
    neutral = {tuple(tokens(line)) for line in page.optional}
    lines = [line for line in result.lines if line.strip() and tuple(tokens(line)) not in neutral]
    gold = Counter(word for paragraph in page.paragraphs for word in tokens(paragraph))
    got = Counter(word for line in lines for word in tokens(line))
    common = sum((gold & got).values())
    f1 = 2 * common / (gold.total() + got.total()) if gold.total() + got.total() else 1.0

    article = set().union(*(_grams(tokens(text)) for text in [*page.paragraphs, *page.optional]), set())
    output = set().union(*(_grams(tokens(line)) for line in lines), set())
    lost = [paragraph for paragraph in page.paragraphs if _is_foreign(paragraph, output)]
    wanted_zwnj, kept_zwnj = (_with_zwnj(texts) for texts in (page.paragraphs, lines))
    kept = set(lines)

    authors = {" ".join(tokens(name)) for name in result.authors}
    wanted = {" ".join(tokens(name)) for name in page.authors}
    accepted = wanted | {" ".join(tokens(name)) for name in page.authors_ok}
    tags, gold_tags = ({" ".join(tokens(tag)) for tag in side} for side in (result.tags, page.tags))
    return Score(
        f1=f1,
        noise=sum(_is_foreign(line, article) for line in lines),
        lost=len(lost),
        lead_lost=page.lead in lost if page.lead else None,
        exact=sum(paragraph in kept for paragraph in page.paragraphs),
        paragraphs=len(page.paragraphs),
        zwnj_kept=sum(word.count(ZWNJ) * count for word, count in (wanted_zwnj & kept_zwnj).items()),
        zwnj=sum(word.count(ZWNJ) * count for word, count in wanted_zwnj.items()),
        title=_same(result.title or "", page.title),
        date=(result.date in page.dates) if page.dates else result.date is None,
        time=_is_same_time(result.published_at, page.published_at) if page.published_at else None,
        authors=authors >= wanted and authors <= accepted if wanted else None,
        authors_invented=bool(authors - accepted),
        site_name=any(_same(result.site_name or "", name) for name in page.site_names) if page.site_names else None,
        tags_f1=2 * len(tags & gold_tags) / (len(tags) + len(gold_tags)) if gold_tags else None,
    )
