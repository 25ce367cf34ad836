"""`warraq history`: the texts a URL has shown, one after another, and what changed from each to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Literal

from rich.text import Text

from archive.store import Store
from archive.tables import Tables
from extract.escaping import escaped
from extract.urls import canonical_url
from flows.console import console
from flows.export import as_json
from flows.failures import InputError, UsageError
from flows.retractions import as_phrase, retractions

Kind = Literal["same", "removed", "added"]

_CAPTURES = (
    "SELECT captures.record_id AS record_id, captures.fetched_at AS fetched_at, title, text, "
    "records.published_at AS published_at, modified_at, captures.url AS url "
    "FROM captures JOIN records ON captures.record_id = records.record_id "
    "WHERE captures.canonical_url = {canonical} OR captures.url = {url} "
    "ORDER BY captures.fetched_at, captures.capture_id"
)
_PARAGRAPHS_ALIKE = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A run of words of a paragraph that both texts have, or one of them."""

    kind: Kind
    text: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """A text that a URL showed for a while."""

    record_id: str
    title: str
    text: str
    first_seen: str
    """ISO 8601, UTC: the fetch that first showed it in this turn."""
    last_seen: str
    """Likewise: the last one."""
    captures: int
    published_at: str | None
    modified_at: str | None
    retractions: tuple[dict[str, Any], ...] = ()
    """Of the last version: what the site has taken back since, as `flows.retractions` reads it."""
    changes: tuple[tuple[Piece, ...], ...] = field(default=())
    """Against the version before: title and paragraphs that differ, each as its pieces in order."""


def history(store: Store, url: str) -> list[Version]:
    """The versions of an article, oldest first. A text that came back after another is a version again.

    Raises:
        UsageError: `url` is no http URL.
        InputError: the archive has no article of it.
        StoreError: the tables cannot be read.
    """
    try:
        canonical = canonical_url(url)
    except ValueError:
        raise UsageError(f"{url!r} is not an http URL") from None
    snapshot = Tables(store).snapshot()
    rows = snapshot.query(_CAPTURES, canonical=canonical, url=url).to_pylist()
    if not rows:
        raise InputError(f"The archive at {store.root} has no article of {url}")
    versions: list[Version] = []
    for _, turn in groupby(rows, key=lambda row: row["record_id"]):
        versions.append(_version(list(turn), versions[-1] if versions else None))
    taken_back = retractions(snapshot, {canonical, *(row["url"] for row in rows)})
    return [*versions[:-1], replace(versions[-1], retractions=tuple(taken_back))]


def _version(turn: Sequence[dict[str, Any]], before: Version | None) -> Version:
    row = turn[0]
    changes: list[tuple[Piece, ...]] = []
    if before:
        changes = [*differences([before.title], [row["title"]])]
        changes += differences(before.text.split("\n"), row["text"].split("\n"))
    return Version(
        record_id=row["record_id"],
        title=row["title"],
        text=row["text"],
        first_seen=as_json(row["fetched_at"]),
        last_seen=as_json(turn[-1]["fetched_at"]),
        captures=len(turn),
        published_at=as_json(row["published_at"]),
        modified_at=as_json(row["modified_at"]),
        changes=tuple(changes),
    )


def differences(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Piece, ...]]:
    """The paragraphs that differ, in order, word by word; those that both texts have are left out."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield from _paired(before[i1:i2], after[j1:j2])


def _paired(removed: Sequence[str], added: Sequence[str]) -> Iterator[tuple[Piece, ...]]:
    """Each paragraph beside the one it became, if there is one that shares half of its words."""
    rest = list(removed)
    for paragraph in added:
        words = paragraph.split()
        near = [SequenceMatcher(None, one.split(), words, autojunk=False).ratio() for one in rest]
        best = max(range(len(near)), key=near.__getitem__, default=0)
        if near and near[best] >= _PARAGRAPHS_ALIKE:
            for gone in rest[:best]:
                yield (Piece(kind="removed", text=gone),)
            yield tuple(_pieces(rest[best], paragraph))
            del rest[: best + 1]
        else:
            yield (Piece(kind="added", text=paragraph),)
    for gone in rest:
        yield (Piece(kind="removed", text=gone),)


def _pieces(before: str, after: str) -> Iterator[Piece]:
    a, b = before.split(), after.split()
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(kind="same", text=" ".join(b[j1:j2]))
            continue
        if i1 < i2:
            yield Piece(kind="removed", text=" ".join(a[i1:i2]))
        if j1 < j2:
            yield Piece(kind="added", text=" ".join(b[j1:j2]))


_MARKS: dict[Kind, tuple[str, str, str]] = {
    "same": ("", "", ""),
    "removed": ("[-", "-]", "red strike"),
    "added": ("{+", "+}", "green"),
}


def print_history(versions: Sequence[Version]) -> None:
    """Write the versions to standard output, in colours if that is a terminal."""
    out = console(soft_wrap=True)
    for line in as_text(versions):
        out.print(line)


def as_text(versions: Sequence[Version]) -> Iterator[Text]:
    """Lines for people. Words that went stand in `[-…-]`, words that came in `{+…+}`, as `wdiff` writes them."""
    for number, version in enumerate(versions, start=1):
        seen = f"seen {version.first_seen}"
        if version.captures > 1:
            seen += f" to {version.last_seen}, {version.captures} captures"
        yield Text(f"{number}. {escaped(version.title)}", style="bold")
        yield Text(f"   {seen}; record {version.record_id}")
        if number > 1 and not version.changes:
            yield Text("   title and text read the same; only spelling marks or spaces differ")
        yield from map(as_line, version.changes)
        yield from (Text(f"   {as_phrase(each)}", style="bold") for each in version.retractions)
        yield Text("")


def as_line(change: Sequence[Piece]) -> Text:
    """A paragraph that differs, for people."""
    line = Text("  ")
    for piece in change:
        opening, closing, style = _MARKS[piece.kind]
        line.append(" ").append(f"{opening}{escaped(piece.text)}{closing}", style=style)
    return line
