"""The difference a candidate makes as one HTML document, which loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archive.reextraction import Candidate
from flows import markup
from flows.diffing import HEADS, KINDS, Sample, SourceDiff, rows_of, said
from flows.history import Piece

_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.7; }
body { font-family: system-ui, "Noto Naskh Arabic", "Noto Sans Arabic", Tahoma, sans-serif; }
h1, h2 { font-size: 1.3rem; } h3 { font-size: 1rem; margin: 1.5rem 0 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; }
th, td { text-align: start; padding: .15rem .8rem; border-top: 1px solid #8884; }
td.number { text-align: end; font-variant-numeric: tabular-nums; }
.said { opacity: .7; font-size: .9rem; margin: 0; }
p[dir] { margin: .3rem 0; padding-inline-start: .6rem; border-inline-start: .2rem solid #8884; }
del { background: #c443; } ins { background: #2a23; text-decoration: none; }
"""
_TAGS = {"same": "span", "removed": "del", "added": "ins"}


def as_html(candidate: Candidate, diffs: Sequence[SourceDiff]) -> str:
    """The page."""
    return markup.page(
        f"Candidate {candidate.id}",
        _STYLE,
        [
            f"<h1>Candidate {candidate.id}</h1>",
            f"<p>{markup.text(candidate.extractor)}, {len(candidate.files)} WARC file(s)</p>",
            *_table(HEADS, [list(row.values()) for row in rows_of(diffs)]),
            *(line for diff in diffs for line in _source(diff)),
        ],
    )


def _source(diff: SourceDiff) -> Iterator[str]:
    changes = [*diff.outcomes.items(), *((f"field {name}", number) for name, number in diff.fields.items())]
    if not changes:
        return
    yield f"<h2>{markup.text(diff.source)}</h2>"
    yield from _table(("what changes", "how many"), changes)
    for sample in diff.samples:
        yield from _sample(sample)


def _sample(sample: Sample) -> Iterator[str]:
    yield f'<h3>{KINDS[sample.kind]}: <bdi dir="ltr">{markup.text(sample.url)}</bdi></h3>'
    yield f'<p class="said">{markup.text(said(sample))}</p>'
    if sample.fields:
        yield from _table(("field", "before", "after"), [[name, *each] for name, each in sample.fields.items()])
    for change in sample.changes:
        yield f'<p dir="auto">{" ".join(map(_piece, change))}</p>'


def _piece(piece: Piece) -> str:
    tag = _TAGS[piece.kind]
    return f"<{tag}>{markup.text(piece.text)}</{tag}>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield "<table>"
    yield f"<tr>{''.join(f'<th>{markup.text(head)}</th>' for head in heads)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(map(_cell, row))}</tr>"
    yield "</table>"


def _cell(value: object) -> str:
    number = " class=number" if isinstance(value, int) else ""
    return f"<td{number}><bdi>{markup.text(value)}</bdi></td>"
