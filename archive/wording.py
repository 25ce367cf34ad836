"""A text as the comparison of two texts reads it: its words in one form each, without what houses add to a text. Pure.

- **Datelines** (`دمشق (سانا) –`, `به گزارش خبرگزاری ایرنا،`) are taken off the first paragraphs; their dates are kept.
- **Promotion** is left out: sentences that call the reader to a channel, an app, a newsletter.
- **Numbers** in digits of any script and in words become decimals (`3.2 مليارات`, `ثلاثة مليارات ومئتا مليون`), two of
  something (`شخصين`) a 2; percent signs and their words one word.
- **Months** of all calendars under their several names, **weekdays**, **days** (أمس, فردا) and halves of the day become
  marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from archive import lexicon
from extract.attribution import is_agency
from extract.text import fold, words

PERCENT = "%"
FEW = "~"
"""Begins a one or a two in words, which count only where they face a number."""
ORDINAL = "#"
MONTH, WEEKDAY, DAY, HALF_OF_THE_DAY = "@m", "@w", "@d", "@h"
MARKS = (MONTH, WEEKDAY, DAY, HALF_OF_THE_DAY)


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared of a text."""

    tokens: tuple[str, ...]
    """Words and numbers in order; see the module's text."""
    written: tuple[str, ...]
    """For each token, the folded words it was read from, joined; empty for a second token of one word."""
    dated: frozenset[str]
    """Months, weekdays and numbers of the dateline."""


def aligned_words(text: str) -> list[str]:
    """The folded words of a text, with what is spelt apart by some and together by others in one form.

    Persian prefixes and endings stand apart, joined, or with a ZWNJ (می شود, میشود, می‌شود): they are joined, as folding
    does with the ZWNJ. Weekdays and numerals of several words become one. Signatures are made of these words, so what
    this function does can never change.
    """
    folded = _ENDING.sub("", _BEGINNING.sub(r"\1", fold(text)))
    return _TWELVE.sub("12", _ELEVEN.sub("11", folded)).split()


@lru_cache(maxsize=512)
def wording(text: str) -> Compared:
    """The text as it is compared. The last few hundred are remembered: one text is compared with many."""
    dated: set[str] = set()
    tokens: list[tuple[str, str]] = []
    for at, paragraph in enumerate(text.split("\n")):
        if at < _OPENING:
            paragraph, dateline = _without_dateline(paragraph)
            dated.update(dateline)
        for sentence in _SENTENCE.split(paragraph):
            said = aligned_words(_PERCENT_SIGN.sub(" درصد ", sentence))
            if not is_promotion(said):
                tokens.extend(_canonical(said))
    return Compared(tuple(token for token, _ in tokens), tuple(written for _, written in tokens), frozenset(dated))


def without_title(text: str, title: str) -> str:
    """The text without a first paragraph that only repeats its headline."""
    first, _, rest = text.partition("\n")
    return rest if rest and fold(first) == fold(title) else text


def is_promotion(said: Sequence[str]) -> bool:
    """Whether a sentence calls the reader to a channel, an app or a newsletter."""
    if len(said) > 40 or lexicon.CALLS.isdisjoint(said):
        return False
    return len(lexicon.CHANNELS.intersection(said)) + len(lexicon.CALLS.intersection(said)) > 1 and not (
        lexicon.CHANNELS.isdisjoint(said)
    )


# --- datelines --------------------------------------------------------------------------------------------------------

_OPENING = 3  # paragraphs that may begin with a dateline: a headline or a subtitle may stand before the lead
_SENTENCE = re.compile(r"(?<=[.!?؟؛…])\s+")
_PERCENT_SIGN = re.compile(r"(?<=\d)\s*[%٪]")
_DATELINE = re.compile(
    r"^(?P<place>[^.!?؟«»\"“”]{2,60}?)(?P<mark>\s*[-–—ـ]\s+|\s+[-–—]|\s*:\s+|(?<=\))\s*[-–—:]?\s*)(?=\S)"
)
_REPORTED = re.compile(r"^به گزارش [^،,:؛.]{2,45}[،,:؛]\s*")
_PARTS = re.compile(r"[()/\-–—،,]")


def _without_dateline(paragraph: str) -> tuple[str, list[str]]:
    """The paragraph without its dateline, and what is dated there."""
    paragraph = paragraph.strip()
    dated: list[str] = []
    if match := _REPORTED.match(paragraph):
        paragraph = paragraph[match.end() :]
    for _ in range(3):  # «القاهرة - سانا: »
        match = _DATELINE.match(paragraph)
        if not match or not _is_dateline(match["place"], match["mark"]):
            break
        dated += [
            each for each, _ in _canonical(aligned_words(match["place"])) if each.startswith(MARKS) or is_number(each)
        ]
        paragraph = paragraph[match.end() :]
    return paragraph, dated


def _is_dateline(place: str, mark: str) -> bool:
    parts = [part for part in _PARTS.split(place) if part.strip()]
    tokens = words(place)
    if len(tokens) > 8:
        return False
    if any(is_agency(part.strip()) for part in parts):
        return True
    if ":" in mark:  # a colon follows a speaker's name as well
        return len(parts) > 1 and len(tokens) <= 4
    return len([token for token, _ in _canonical(tokens) if not token.startswith(MARKS) and not is_number(token)]) <= 3


# --- one form for each word -------------------------------------------------------------------------------------------

_BEGINNING = re.compile(r"\b(ن?می|(?:یک|دو|سه|چهار|پنج)(?= شنبه\b)) ")  # سه شنبه is Tuesday, and no number
_ENDING = re.compile(r" (?=(?:ها|های|هایی|هایم|هایش|هایشان|هایمان|تر|ترین|اند)\b)")
_ELEVEN, _TWELVE = re.compile(r"\bاحدی? عشره?\b"), re.compile(r"\bاثن(?:ا|ی|تا|تی) عشره?\b")
# Short rests are left alone: Persian بسته is no six (ستة), nor کسی thirty.
_PREFIX = re.compile(r"^(?:[وف]?[بلک]?ال|[وف]?لل|[وف]?[بلک](?=.{4})|[وف])(?=.{3})")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

_UNIT = lexicon.by_form(lexicon.UNITS)
_FEW = lexicon.by_form(lexicon.FEW)
_SCALE = lexicon.by_form(lexicon.SCALES)
_PLURAL = frozenset(words(lexicon.PLURAL_SCALES))
_DUAL = frozenset(words(lexicon.DUALS))
_HALF = frozenset(words(lexicon.HALF))
_PERCENT = frozenset(words(lexicon.PERCENT))
_ORDINAL = lexicon.by_form(lexicon.ORDINALS)
_CALENDAR = {
    name: mark + first
    for mark, groups in (
        (MONTH, lexicon.MONTHS),
        (WEEKDAY, lexicon.WEEKDAYS),
        (DAY, lexicon.DAYS),
        (HALF_OF_THE_DAY, lexicon.HALVES_OF_THE_DAY),
    )
    for name, first in lexicon.by_name(*groups).items()
}


def is_number(token: str) -> bool:
    """Whether the token is a number that always counts."""
    return token[0].isdigit()


def stem(word: str) -> str:
    """A word without what Arabic writes together with it before it (and, in, to, the)."""
    return word if word in _UNIT else _PREFIX.sub("", word)


def _canonical(said: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The words with numbers and the calendar in one form each, and beside each form what stands in the text."""
    at = 0
    last = ""
    while at < len(said):
        forms, length = _calendar(said, at)
        if forms and forms[0] == last:  # «مارس آذار» is one month
            at += length
            continue
        last = forms[0] if forms else ""
        if not length:
            forms, length = _number(said, at)
        if not length:
            forms, length = _other(said, at)
        yield forms[0], "".join(said[at : at + length])
        yield from ((form, "") for form in forms[1:])
        at += length


def _other(said: Sequence[str], at: int) -> tuple[list[str], int]:
    """A percent sign, an ordinal, or the word itself."""
    word = said[at]
    if word in _PERCENT:
        return [PERCENT], 1
    if word == "فی" and said[at + 1 : at + 2] in (["المیه"], ["المایه"]):
        return [PERCENT], 2
    ordinal = _ORDINAL.get(word) or _ORDINAL.get(word[1:] if word[0] in "وف" else "")
    return [f"{ORDINAL}{ordinal}" if ordinal else word], 1


def _calendar(said: Sequence[str], at: int) -> tuple[list[str], int]:
    word = said[at]
    forms = (word, stem(word), word[1:] if word[0] in "وف" else word)
    for name in (*((form, *said[at + 1 : at + 2]) for form in forms), *((form,) for form in forms)):
        if name in _CALENDAR:
            return [_CALENDAR[name]], len(name)
    return [], 0


def _number(said: Sequence[str], start: int) -> tuple[list[str], int]:
    """The number that begins here and how many words it takes; 0 where none begins."""
    word = said[start]
    form = stem(word)
    at = start + 1
    if word in _DUAL or form in _DUAL:
        return [word, "2"], 1
    digits = _NUMBER.findall(word)
    few = _FEW.get(word) or _FEW.get(form)
    if digits:
        before = [_plain(Decimal(each)) for each in digits[:-1]]
        group, total = Decimal(digits[-1]), Decimal(0)
    elif form in _UNIT or few:
        before, group, total = [], Decimal(_UNIT.get(form) or few or 0), Decimal(0)
    elif form in _SCALE and form not in _PLURAL:
        before, group, total = [], Decimal(1), Decimal(0)
        at = start
    else:
        return [], 0
    in_words = not digits
    least = Decimal(10) ** 18
    while at < len(said):
        if group and (scale := _SCALE.get(said[at])) and scale < least:
            group *= scale
            at += 1
            if scale > 100:
                total, group, least, in_words = total + group, Decimal(0), Decimal(scale), True
        elif in_words and 2 < group < 10 and said[at] in ("عشر", "عشره"):
            group += 10
            at += 1
        else:
            step, added = _added(said, at)
            if not step or not in_words:
                break
            if added == Decimal("0.5"):
                total += added * (least if not group and total else 1)
                at += step
                break
            if not _fits(group, added, least):
                break
            group += added
            at += step
    value = total + group
    if few and value == few:
        return [f"{FEW}{few}"], at - start
    return [*before, _plain(value)], at - start


def _added(said: Sequence[str], at: int) -> tuple[int, Decimal]:
    """The numeral that an «and» adds here, and how many words that takes."""
    word, step = said[at], 1
    if word == "و":
        if at + 1 == len(said):
            return 0, Decimal(0)
        word, step = said[at + 1], 2
    elif word[0] == "و" and len(word) > 2:
        word = word[1:]
    else:
        return 0, Decimal(0)
    if word in _HALF:
        return step, Decimal("0.5")
    value = _UNIT.get(word) or _FEW.get(word) or (100 if _SCALE.get(word) == 100 else 0)
    return (step, Decimal(value)) if value else (0, Decimal(0))


def _fits(group: Decimal, added: Decimal, least: Decimal) -> bool:
    """Whether the two are said of one number: hundreds and less, tens and units, units and tens (Arabic)."""
    if not group:
        return added < least
    if group % 100 == 0:
        return added < 100
    return (0 < group % 100 < 10 and 20 <= added < 100) or (group % 10 == 0 and added < 10)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
