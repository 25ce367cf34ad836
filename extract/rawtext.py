"""Raw text: what a browser's *save as text* or a crawl's WET record leaves of a page, a line a block.

Nothing tells a link from text here, and the site's menus stand above the article. So the article begins at the last
repetition of its headline before the first long sentence, and a row of buttons is told by being made of labels alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from extract.labels import Label, Role, label
from extract.lines import Line, ends_sentence
from extract.text import canonical

_BUTTONS = frozenset({Role.SHARE, Role.NAV, Role.MORE, Role.PROMO})
_LONGEST_ROW = 16  # words in a row of buttons
_LONGEST_BUTTON = 4


def raw_lines(text: str) -> list[Line]:
    """The lines of a text, empty ones left out."""
    lines = (canonical(line) for line in text.splitlines())
    found = [Line(line, None, at=at) for at, line in enumerate(line for line in lines if line)]
    for line in found:
        if line.label is None and 2 <= line.words <= _LONGEST_ROW and _is_row_of_buttons(line.text.split(" ")):
            line.named = (Label(Role.SHARE, ""),)
    return found


def _is_row_of_buttons(words: Sequence[str]) -> bool:
    """Whether the words are labels of buttons one after the other, the longest first: `نسخه چاپی ارسال به دوستان`."""
    if not words:
        return True
    for length in range(min(_LONGEST_BUTTON, len(words)), 0, -1):
        name = label(" ".join(words[:length]))
        if name and name.role in _BUTTONS and not name.rest and _is_row_of_buttons(words[length:]):
            return True
    return False


def find_top(lines: Sequence[Line], title: Line) -> Line:
    """The line of the headline above the article: `title`, or its repetition, which may lack the site's name.

    Args:
        lines: all lines.
        title: the first of them that is no label, which is the title of the page.
    """
    top = title
    for line in lines[title.at + 1 :]:
        if line.words >= 14 and ends_sentence(line.text):
            break
        if line.key == title.key or _is_most_of(line, title):
            top = line
    return top


def _is_most_of(line: Line, title: Line) -> bool:
    same = title.key.startswith(line.key) or title.key.endswith(line.key)
    return same and line.words >= 3 and len(line.key) >= 0.5 * len(title.key)
