"""Raw text: what a browser's *save as text* or a crawl's WET record leaves of a page, a line a block.

Nothing tells a link from text here, and the site's menus stand above the article. So the article begins at the last
repetition of its headline before the first long sentence, and a row of buttons is told by being made of labels alone.
Parts of a line that stood side by side on the page touch: a label and a headline, a name and its date.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from itertools import islice

from extract.attribution import dateline, is_agency
from extract.judge import is_date_line
from extract.labels import Label, Role, label, opening_label
from extract.lines import MOST_LINES, Line, Mark, ends_sentence
from extract.metadata import without_site
from extract.region import is_prose
from extract.text import canonical
from extract.types import TooLargeError

_BUTTONS = frozenset({Role.SHARE, Role.NAV, Role.MORE, Role.PROMO})
_LONGEST_ROW = 16  # words in a row of buttons
_LONGEST_BUTTON = 4


def raw_lines(text: str) -> list[Line]:
    """The lines of a text, empty ones left out.

    Raises:
        TooLargeError: there are more than are read.
    """
    lines = (canonical(line) for line in text.splitlines())
    found = [Line(line, None, at=at) for at, line in enumerate(islice(filter(None, lines), MOST_LINES + 1))]
    if len(found) > MOST_LINES:
        raise TooLargeError(f"more than {MOST_LINES:,} lines")
    for line in found:
        if line.label is not None or not 2 <= line.words <= _LONGEST_ROW:
            continue
        if _is_row_of_buttons(line.text.split(" ")):
            line.named = (Label(Role.SHARE, ""),)
        elif not ends_sentence(line.text) and (role := opening_label(line.text)):
            line.named = (Label(role, line.text),)
    return found


def _is_row_of_buttons(words: Sequence[str]) -> bool:
    """Whether the words are labels of buttons one after the other: `نسخه چاپی ارسال به دوستان`."""
    ends = {0}  # where a button may end
    for start in range(len(words)):
        if start in ends:
            ends.update(
                start + length
                for length in range(1, min(_LONGEST_BUTTON, len(words) - start) + 1)
                if _is_button(" ".join(words[start : start + length]))
            )
    return len(words) in ends


def _is_button(text: str) -> bool:
    name = label(text)
    return name is not None and name.role in _BUTTONS and not name.rest


def find_top(lines: Sequence[Line], title: Line) -> Line:
    """The line of the headline above the article: `title`, or its repetition, which may lack the site's name.

    Args:
        lines: all lines.
        title: the first of them that is no label, which is the title of the page.
    """
    top = title
    sentences = 0
    total = sum(map(_is_sentence, lines))
    is_most = cache(lambda key, text, words: _is_most_of(key, text, words, title))
    for line in lines[title.at + 1 :]:
        if _is_sentence(line):
            sentences += 1
            if sentences * 4 > total:
                break
        elif line.key == title.key or (sentences == 0 and is_most(line.key, line.text, line.words)):
            top = line
    return top


def _is_sentence(line: Line) -> bool:
    return line.words >= 14 and ends_sentence(line.text)


def _is_most_of(key: str, text: str, words: int, title: Line) -> bool:
    """Whether a line is the title but for the site's name, or most of it."""
    if words < 3 or not (title.key.startswith(key) or title.key.endswith(key)):
        return False
    return len(key) >= 0.5 * len(title.key) or without_site(title.text, (), [text]) != title.text


_NUMBER = re.compile(r"\d[\d.]*")
_YEAR = re.compile(r"(?<!\d)(?:1[34]|19|20)\d\d(?!\d)")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}:\d\d(?!\d)")
_CREDIT = re.compile(r"(?:عکس|تصوير|تصویر|الصورة|photo|image)\s*[:/،,]|^\w+\s+(?:تصویر|الصورة)\s*[،,:]", re.IGNORECASE)
_AGENCY_AT_END = re.compile(r"\(([^()]{2,25})\)$")
_LONGEST_META = 14  # words


def begin(lines: Sequence[Line], top: Line) -> int:
    """Number of the line at which the article begins: the headline's, or its kicker's just above."""
    above = lines[top.at - 1] if top.at else top
    return above.at if not (ends_sentence(above.text) or _is_meta(above)) else top.at


def mark_noise(lines: Sequence[Line], top: Line, brands: Collection[str]) -> None:
    """Mark as captions and dates what only its place tells, from the headline on.

    Between headline and text a line of numbers or with a time belongs to the date; a short line that is no sentence
    is the lead right under the headline, and a picture's caption behind the date or before the dateline. The same
    between the lead and the next paragraph is a caption, too, if it is as long as one. A headline that stands in the
    text and once more below it is another text's.

    Args:
        lines: all lines.
        top: the headline.
        brands: names of the site.
    """
    after = [line for line in lines[top.at + 1 :] if line.key != top.key]
    first = next((at for at, line in enumerate(after) if _begins_text(line)), 0)
    told = False
    for at, line in enumerate(after[:first]):
        if line.label is None and _is_meta(line):
            line.named = (Label(Role.DATE, ""),)
        if line.label is not None or is_date_line(line.text) or _is_dateline(line, brands):
            told = True
        elif line.words > 2 and (told or _is_dateline(after[at + 1], brands)):
            line.mark |= Mark.CAPTION
    if first and len(after) > first + 2 and _is_caption(after[first + 1]) and is_prose(after[first + 2]):
        after[first + 1].mark |= Mark.CAPTION
    often = Counter(line.key for line in after[first:])
    for at, line in enumerate(after):
        if line.text.startswith("©") or (line.label is None and not is_prose(line) and _is_credited(line.text)):
            line.mark |= Mark.CAPTION
        elif at >= first and line.label is None and not is_prose(line) and often[line.key] > 1 and line.words > 4:
            line.named = (Label(Role.RELATED, line.text),)


def _is_credited(text: str) -> bool:
    """Whether a line names who took a picture."""
    agency = _AGENCY_AT_END.search(text)
    return bool(_CREDIT.search(text)) or (agency is not None and is_agency(agency[1]))


def _begins_text(line: Line) -> bool:
    if line.label is not None or is_date_line(line.text) or _is_meta(line):
        return False
    return is_prose(line) or (line.words > 2 and (ends_sentence(line.text) or line.text.endswith(":")))


def _is_meta(line: Line) -> bool:
    """Whether a line is mostly numbers, or short and has a time: `سامر المصري21 مايو 2024 - 09:15`."""
    if line.words > _LONGEST_META or ends_sentence(line.text):
        return False
    numbers = len(_NUMBER.findall(line.key))
    timed = _YEAR.search(line.key) or _CLOCK.search(line.text)
    return numbers > 1 and (numbers * 2 >= line.words or timed is not None)


def _is_dateline(line: Line, brands: Collection[str]) -> bool:
    return line.words <= 8 and dateline(line.text, brands, opens=True) is not None


def _is_caption(line: Line) -> bool:
    return line.label is None and 5 <= line.words < 14 and not (ends_sentence(line.text) or line.text.endswith(":"))
