"""`warraq diff`: what promoting a candidate would change, counted by source and shown by samples."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

from rich.table import Table
from rich.text import Text

from archive.reextraction import Candidate
from archive.reread import ARTICLE_COLUMNS
from archive.settling import Change, Difference
from archive.store import Store
from archive.tables import Row, Tables
from extract.escaping import safe_json
from flows.console import console, shown, working
from flows.failures import Exit, UsageError
from flows.history import Piece, as_line, differences
from flows.promoting import chosen, differing
from flows.settings import Settings

Kind = Literal["recovered", "refused", "other text", "other fields"]
KINDS: Mapping[Kind, str] = {
    "recovered": "no article before",
    "refused": "no article any more",
    "other text": "another text",
    "other fields": "the same text, read otherwise",
}
"""Of samples, and what they mean."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A page that would be something else."""

    kind: Kind
    url: str
    capture_id: str
    outcome: tuple[str, str]
    """Before and after."""
    why: str | None
    """Why it was no article, or is none any more."""
    characters: tuple[int | None, int | None]
    """Of the text, before and after."""
    fields: Mapping[str, tuple[object, object]]
    """Columns of the record that differ, but for its text."""
    changes: tuple[tuple[Piece, ...], ...]
    """Title and paragraphs that differ, each as its pieces in order."""


@dataclass(kw_only=True)
class SourceDiff:
    """What would change of a source."""

    source: str
    captures: int = 0
    """Read again."""
    articles: int = 0
    """Those that show an article."""
    gained: int = 0
    """Records."""
    lost: int = 0
    changed: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    """Column → changed records that differ in it."""
    originals: int = 0
    """Records that would be copies of another original, or of none."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """`rejected (too_short) → new` and the like → captures."""
    characters: tuple[float | None, float | None] = (None, None)
    """Median length of the texts that the captures bring, before and after."""
    samples: list[Sample] = field(default_factory=list)


def by_source(store: Store, found: Difference, samples: int) -> list[SourceDiff]:
    """The difference, counted by source, with at most so many samples of each kind and source.

    Raises:
        StoreError: the texts of the samples cannot be read.
    """
    diffs: defaultdict[str, SourceDiff] = defaultdict(lambda: SourceDiff(source=""))
    for source, counts in found.counts.items():
        before, after = (median(each) if each else None for each in (counts.before, counts.after))
        diffs[source].captures, diffs[source].articles = counts.captures, counts.articles
        diffs[source].characters = (before, after)
    for row in found.gained.values():
        diffs[row["source"]].gained += 1
    for row in found.lost.values():
        diffs[row["source"]].lost += 1
    fields: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for was, row in found.changed.values():
        diffs[row["source"]].changed += 1
        fields[row["source"]].update(_fields(was, row))
    for row in found.elected.values():
        diffs[row["source"]].originals += 1
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for change in found.captures:
        if change.shows_more:
            outcomes[change.capture.source][" → ".join(_outcomes(change))] += 1
    for source, diff in diffs.items():
        diff.source = source
        diff.fields = dict(fields[source].most_common())
        diff.outcomes = dict(outcomes[source].most_common())
    for source, chosen_samples in _samples(store, found, samples).items():
        diffs[source].samples = chosen_samples
    return [diffs[source] for source in sorted(diffs)]


def _fields(was: Row, row: Row) -> list[str]:
    return [name for name in row if name not in _FOLLOWING and was[name] != row[name]]


_FOLLOWING = ("extractor", "published_month", "signature")
"""Columns that follow from others, or from the rules' name."""


def _outcomes(change: Change) -> tuple[str, str]:
    def named(outcome: str, reason: str | None) -> str:
        return f"{outcome} ({reason})" if reason else outcome

    before, after = change.capture.before, change.capture.after
    return named(change.capture.outcome, before.reason), named(change.outcome, after.reason)


# --- samples ----------------------------------------------------------------------------------------------------------


def _samples(store: Store, found: Difference, most: int) -> dict[str, list[Sample]]:
    """Of each source and kind, those whose texts differ most in length."""
    texts = _lengths(store, found)
    candidates: defaultdict[tuple[str, Kind], list[tuple[int, str, Change]]] = defaultdict(list)
    for change in found.captures:
        if (kind := _kind(change)) and not change.capture.after.repeats:
            shown = change.capture.before.record_id, change.capture.after.record_id
            was, now = (texts.get(each or "", 0) for each in shown)
            candidates[change.capture.source, kind].append((-abs(now - was), change.capture.url, change))
    chosen_changes = {
        key: [change for *_, change in sorted(ranked, key=lambda each: (*each[:2], each[2].capture.capture_id))[:most]]
        for key, ranked in candidates.items()
    }
    wanted = {
        text
        for changes in chosen_changes.values()
        for each in changes
        for text in (each.capture.before.record_id, each.capture.after.record_id)
        if text
    }
    rows = _rows(store, wanted)
    samples: defaultdict[str, list[Sample]] = defaultdict(list)
    for source, kind in sorted(chosen_changes, key=lambda key: (key[0], [*KINDS].index(key[1]))):
        for change in chosen_changes[source, kind]:
            before, after = change.capture.before, change.capture.after
            old = found.lost.get(before.record_id or "") or rows.get(before.record_id or "")
            new = found.gained.get(after.record_id or "") or rows.get(after.record_id or "")
            samples[source].append(_sample(kind, change.capture.url, change, old, new))
    read = sorted(found.changed.items(), key=lambda item: (-len(_fields(*item[1])), item[0]))
    for _, (old, new) in read:
        of_kind = [each for each in samples[new["source"]] if each.kind == "other fields"]
        if len(of_kind) < most and _fields(old, new):
            samples[new["source"]].append(_sample("other fields", new["url"], None, old, new))
    return samples


def _kind(change: Change) -> Kind | None:
    before, after = change.capture.before.record_id, change.capture.after.record_id
    if before == after:
        return None
    if before is None or after is None:
        return "recovered" if after else "refused"
    return "other text"


def _lengths(store: Store, found: Difference) -> dict[str, int]:
    """Characters of the texts that captures show or would show."""
    lengths = {text: len(row["text"]) for rows in (found.lost, found.gained) for text, row in rows.items()}
    shown = {
        text
        for change in found.captures
        for text in (change.capture.before.record_id, change.capture.after.record_id)
        if text and text not in lengths
    }
    if shown:
        query = "SELECT record_id, character_length(text) AS length FROM records WHERE record_id IN {ids}"
        rows = Tables(store).snapshot().query(query, ids=shown).to_pylist()
        lengths |= {row["record_id"]: row["length"] for row in rows}
    return lengths


def _rows(store: Store, ids: set[str]) -> dict[str, Row]:
    rows = Tables(store).snapshot().query("SELECT * FROM records WHERE record_id IN {ids}", ids=ids).to_pylist()
    return {row["record_id"]: row for row in rows}


def _sample(kind: Kind, url: str, change: Change | None, was: Row | None, now: Row | None) -> Sample:
    changes = list(differences([was["title"]] if was else [], [now["title"]] if now else []))
    changes += differences(was["text"].split("\n") if was else [], now["text"].split("\n") if now else [])
    fields = {}
    if was and now:
        names = [name for name in ARTICLE_COLUMNS if name not in ("title", "text")]
        fields = {name: (was[name], now[name]) for name in names if was[name] != now[name]}
    why = change.capture.after.detail or change.capture.before.detail if change else None
    return Sample(
        kind=kind,
        url=url,
        capture_id=change.capture.capture_id if change else str(now and now["capture_id"]),
        outcome=_outcomes(change) if change else ("", ""),
        why=why,
        characters=(len(was["text"]) if was else None, len(now["text"]) if now else None),
        fields=fields,
        changes=tuple(changes),
    )


# --- for people and machines ------------------------------------------------------------------------------------------


def diff_candidate(
    settings: Settings, store: Store, wanted: str | None, *, samples: int, as_json: bool, html: Path | None
) -> Exit:
    """Print what promoting the candidate would change now.

    Raises:
        InputError: there is no such candidate, or it is not finished.
        StoreError: the archive cannot be read.
        UsageError: the HTML page cannot be written.
    """
    candidate = chosen(store, wanted)
    with working("comparing") as tell:
        diffs = by_source(store, differing(settings, store, candidate, tell), samples)
    if html:
        from flows.diff_page import as_html

        try:
            html.write_text(as_html(candidate, diffs), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"Cannot write {html}: {error.strerror}") from error
    elif as_json:
        given = {"candidate": candidate.id, "sources": [asdict(diff) for diff in diffs]}
        sys.stdout.write(safe_json(given, default=str) + "\n")
    else:
        print_diff(candidate, diffs)
    return Exit.OK


HEADS = ("source", "captures", "articles", "gained", "lost", "changed", "characters")


def rows_of(diffs: Sequence[SourceDiff]) -> Iterator[dict[str, str | int]]:
    """A row a source, by `HEADS`; of lengths, the median before and after."""
    for diff in diffs:
        before, after = ("–" if each is None else f"{each:.0f}" for each in diff.characters)
        row = {name: getattr(diff, name) for name in HEADS[:-1]}
        yield {**row, "characters": before if before == after else f"{before} → {after}"}


def print_diff(candidate: Candidate, diffs: Sequence[SourceDiff]) -> None:
    """Write the difference to standard output, in colours if that is a terminal."""
    out = console(soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in HEADS:
        table.add_column(name, justify="left" if name == "source" else "right", no_wrap=True)
    for row in rows_of(diffs):
        table.add_row(*(shown(str(each)) for each in row.values()))
    out.print(shown(f"candidate {candidate.id}, {candidate.extractor}, {len(candidate.files)} WARC file(s)"))
    out.print(table)
    if not any(diff.gained or diff.lost or diff.changed or diff.outcomes or diff.originals for diff in diffs):
        out.print("Nothing would change.")
    for line in as_text(diffs):
        out.print(line)


def as_text(diffs: Sequence[SourceDiff]) -> Iterator[Text]:
    """What changed and samples, for people. Words that went stand in `[-…-]`, words that came in `{+…+}`."""
    for diff in diffs:
        counts = [
            ("outcomes", diff.outcomes),
            ("fields", diff.fields),
            ("originals", {"elected otherwise": diff.originals} if diff.originals else {}),
        ]
        if not any(each for _, each in counts):
            continue
        yield Text("")
        yield Text(diff.source, style="bold")
        for name, each in counts:
            for what, number in each.items():
                yield shown(f"  {name:10} {number:6}  {what}")
        for sample in diff.samples:
            yield Text("")
            yield shown(f"  {KINDS[sample.kind]}: {sample.url}", "bold")
            yield shown(f"  {said(sample)}")
            for name, (was, now) in sample.fields.items():
                yield shown(f"    {name}: {was} → {now}")
            for change in sample.changes:
                yield as_line(change)


def said(sample: Sample) -> str:
    """What came of a sample, in a line, not escaped."""
    before, after = ("no text" if each is None else f"{each} characters" for each in sample.characters)
    outcome = f"{' → '.join(sample.outcome)}, " if any(sample.outcome) else ""
    return outcome + f"{before} → {after}" + (f" ({sample.why})" if sample.why else "")
