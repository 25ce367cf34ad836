"""The body of a sample article: one text from which both the page's markup and the truth's paragraphs are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby

from samples.build.text import line

_KINDS = {"#": "heading", ">": "quotation", "-": "item", "|": "row"}


@dataclass(frozen=True)
class Block:
    """One line of the article."""

    kind: str
    """`paragraph`, `heading`, `quotation`, `item` (of a list) or `row` (of a table)."""
    cells: tuple[str, ...]
    """The text; of a row, its cells."""


def blocks(body: str) -> list[Block]:
    """The blocks of a text with a block a line: `## ` heading, `> ` quotation, `- ` item, `| ` row, or a paragraph."""
    return [_block(text.strip()) for text in body.split("\n") if text.strip()]


def paragraphs(body: Iterable[Block]) -> tuple[str, ...]:
    """The lines that extraction must give; the cells of a row are joined by ` | `."""
    return tuple(" | ".join(line(cell) for cell in block.cells) for block in body)


def markup(
    body: Iterable[Block],
    *,
    spell: Callable[[int, str], str] = lambda _, text: escape(text, quote=False),
    heading: str = "h2",
    after: Mapping[int, str] | None = None,
) -> str:
    """The blocks as HTML.

    Args:
        body: the blocks.
        spell: writes a text as HTML, given the number of its block.
        heading: element of headings.
        after: number of a block → markup that stands behind it; a list or a table is not broken by it.
    """
    noise = dict(after or {})
    html: list[str] = []
    for kind, group in groupby(enumerate(body), key=lambda pair: pair[1].kind):
        run = [(at, [spell(at, cell) for cell in block.cells]) for at, block in group]
        behind = [noise.pop(at, "") for at, _ in run]
        if kind == "item":
            html += ["<ul>\n", *(f"<li>{cells[0]}</li>\n" for _, cells in run), "</ul>\n", *behind]
        elif kind == "row":
            html += ["<table>\n<tbody>\n", *_rows(cells for _, cells in run), "</tbody>\n</table>\n", *behind]
        else:
            element = {"heading": heading, "quotation": "blockquote", "paragraph": "p"}[kind]
            inner = "<p>{}</p>" if kind == "quotation" else "{}"
            for (_, cells), noisy in zip(run, behind, strict=True):
                html += [f"<{element}>{inner.format(cells[0])}</{element}>\n", noisy]
    if noise:
        raise ValueError(f"there are no blocks {sorted(noise)} to put anything behind")
    return "".join(html)


def _block(text: str) -> Block:
    mark, _, rest = text.partition(" ")
    kind = _KINDS.get(mark[:1], "paragraph") if rest and len(set(mark)) == 1 else "paragraph"
    if kind == "row":
        return Block(kind, tuple(cell.strip() for cell in rest.strip().strip("|").split("|")))
    return Block(kind, (rest if kind != "paragraph" else text,))


def _rows(rows: Iterable[list[str]]) -> Iterable[str]:
    for at, cells in enumerate(rows):
        element = "td" if at else "th"
        yield "<tr>" + "".join(f"<{element}>{cell}</{element}>" for cell in cells) + "</tr>\n"
