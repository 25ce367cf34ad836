"""Raw text: what a browser's *save as text* or a crawl's WET record leaves of a page, a line a block."""

from __future__ import annotations

from extract.lines import Line
from extract.text import canonical


def raw_lines(text: str) -> list[Line]:
    """The lines of a text, empty ones left out."""
    lines = (canonical(line) for line in text.splitlines())
    return [Line(line, None, at=at) for at, line in enumerate(line for line in lines if line)]
