"""Whether two texts that share most of their words say the same thing. Pure.

Shared words alone do not tell. Yesterday's and today's exchange rates, weather or prayer times, and two reports of one
accident with other casualty figures, share 95 % of their words and say different things; a wire story under another
brand, with another dateline, another spelling of names, a trimmed tail and a paragraph of promotion shares 70 % and
says the same. So the two texts, in the form that `archive.wording` gives them, are aligned word by word, and what
stands where they differ decides:

1. **Overlap.** At least 70 % of the shorter text is common to both.
2. **Numbers.** Where one text has other numbers than the other at the same place, they contradict each other. A number
   that only one of them has at a place contradicts too, unless it stands in a passage (eight words or more) that the
   other text lacks: a trimmed or an added paragraph.
3. **Dates.** Months, weekdays, days (أمس, اليوم), halves of the day and ordinals that differ at the same place
   contradict, and so do the dates of two datelines.
4. **Statements.** A negation that only one has at a place contradicts, and so do words that exclude each other:
   opposites (ارتفع, انخفض), directions, units, currencies.
5. **Names.** Two personal names or two places at the same place contradict, however alike they are written, and so does
   a word that is replaced after a role (السفير) or a given name.
6. **Other words.** Words replaced by words that are not another spelling of them (بوتن / بوتين) count against the copy:
   it may have one in a hundred, one at the least, and none that is replaced by the same word twice. Free are the names
   of the sites and agencies that the two texts come from, particles, and one verb of saying for another.
7. **The lead.** What one text has before the beginning of the other is a headline, whose words and numbers the text has
   too, or another lead, which contradicts. An ending of its own is free to each text.

What it cannot see: a name that no list knows, replaced once and not after a role, passes; and a report that only adds
or lacks paragraphs after its lead is taken for a copy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Indel

from archive.lexicon import NAMES, NEGATIONS, OPPOSITES, PARTICLES, PLACES, REPORTING, ROLES
from archive.wording import FEW, MARKS, ORDINAL, PERCENT, Compared, is_number, stem, wording
from extract.attribution import is_agency
from extract.text import words

_OVERLAP = 0.7
_PASSAGE = 8
_OTHER_WORDS = 0.01
_HEADLINE = 16  # words


def contradiction(original: str, copy: str, *, brands: Set[str] = frozenset()) -> str | None:
    """What speaks against `copy` saying the same as `original`: a few words for people; None if nothing does.

    Args:
        original: A text, one paragraph a line.
        copy: Another. The order of the two does not matter.
        brands: Names, in any form, of the sites and agencies the two texts come from.
    """
    one, other = wording(original), wording(copy)
    a, b = (_Said.of(each, brands) for each in (one, other))
    if not a.tokens or not b.tokens:
        return None if a == b else "only one says anything"
    runs, common = _differences(a, b)
    if common < _OVERLAP * min(len(a.tokens), len(b.tokens)):
        return f"only {common} words in common"
    for kept in (str.isalpha, is_number):  # of dates, the names; then the numbers
        dates, other_dates = ({each for each in date if kept(each.lstrip("@"))} for date in (one.dated, other.dated))
        if dates and other_dates and dates.isdisjoint(other_dates):
            return _against(sorted(dates), sorted(other_dates))
    replaced: Counter[tuple[str, str]] = Counter()
    for run in _without_endings(runs):
        if conflict := _conflict(run):
            return conflict
        replaced.update(run.replaced())
    if twice := [_against([x], [y]) for (x, y), times in replaced.items() if times > 1]:
        return ", ".join(twice)
    allowed = max(1, int(_OTHER_WORDS * common))
    return f"{replaced.total()} words replaced by others" if replaced.total() > allowed else None


# --- where they differ ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """A text without the names of sites and agencies."""

    tokens: Sequence[str]
    written: Sequence[str]

    @classmethod
    def of(cls, text: Compared, brands: Set[str]) -> _Said:
        names = sorted({tuple(words(brand)) for brand in brands} - {()}, key=len, reverse=True)
        beginnings = {name[0] for name in names}
        kept, at = [], 0
        while at < len(text.tokens):
            written = text.written[at]
            name = written in beginnings and next(
                (name for name in names if text.written[at : at + len(name)] == name), None
            )
            if name:
                at += len(name)
            else:
                kept.append(at)
                at += 1
        return cls([text.tokens[at] for at in kept], [text.written[at] for at in kept])


@dataclass(frozen=True, slots=True)
class _Run:
    """A place where the texts differ: tokens `i1` to `i2` of `a` stand for `j1` to `j2` of `b`."""

    a: _Said
    b: _Said
    i1: int
    i2: int
    j1: int
    j2: int

    @property
    def left(self) -> Sequence[str]:
        return self.a.tokens[self.i1 : self.i2]

    @property
    def right(self) -> Sequence[str]:
        return self.b.tokens[self.j1 : self.j2]

    @property
    def longer(self) -> Sequence[str]:
        return max(self.left, self.right, key=len)

    @property
    def opens(self) -> bool:
        """Whether the texts differ from their beginning, but for a few words that any two have."""
        return self.i1 <= 3 and self.j1 <= 3

    @property
    def is_respelt(self) -> bool:
        """Whether the two sides differ only in what is written together: پنجاه‌ساله is پنجاه ساله."""
        return "".join(self.a.written[self.i1 : self.i2]) == "".join(self.b.written[self.j1 : self.j2])

    @property
    def is_passage(self) -> bool:
        """Whether one text has running text here that the other lacks."""
        left, right = (sum(not is_number(word) for word in side) for side in (self.left, self.right))
        return abs(left - right) >= _PASSAGE

    def replaced(self) -> list[tuple[str, str]]:
        """The words that are replaced by words which are not spellings of them."""
        left, right = (
            [word for word in side if _is_plain(word) and word not in PARTICLES and not is_agency(word)]
            for side in self.apart()
        )
        if not left or not right or _alike("".join(left), "".join(right)):  # joined: عبد الله is عبدالله
            return []
        left, right = _unlike(left, right), _unlike(right, left)
        if all(any(map(_says, side)) for side in (left, right)):
            left, right = ([word for word in side if not _says(word)] for side in (left, right))
        return list(zip(left, right, strict=False))

    def apart(self) -> tuple[list[str], list[str]]:
        """Both sides without the words that they share in another order."""
        shared = Counter(self.left) & Counter(self.right)
        return tuple(_less(side, shared) for side in (self.left, self.right))  # type: ignore[return-value]


def _less(side: Sequence[str], shared: Counter[str]) -> list[str]:
    left = Counter(shared)
    kept = []
    for word in side:
        if left[word]:
            left[word] -= 1
        else:
            kept.append(word)
    return kept


def _unlike(some: Sequence[str], others: Sequence[str]) -> list[str]:
    return [word for word in some if not any(_alike(word, other) for other in others)]


def _differences(a: _Said, b: _Said) -> tuple[list[_Run], int]:
    """The runs where two texts differ, and how many words they have in common.

    Up to three common words between runs that are longer than they are no more than coincidence: the runs are one.
    """
    runs: list[_Run] = []
    common = 0
    for edit in Indel.opcodes(a.tokens, b.tokens):
        i1, i2, j1, j2 = edit.src_start, edit.src_end, edit.dest_start, edit.dest_end
        if edit.tag == "equal":
            common += i2 - i1
            continue
        if runs:
            last = runs[-1]
            between = i1 - last.i2
            reach = min(len(last.longer), max(i2 - i1, j2 - j1, _PASSAGE if last.is_passage else 0))
            if between == 0 or (between <= 3 and between < reach):
                common -= between
                runs[-1] = _Run(a, b, last.i1, i2, last.j1, j2)
                continue
        runs.append(_Run(a, b, i1, i2, j1, j2))
    return runs, common


def _without_endings(runs: list[_Run]) -> list[_Run]:
    """The runs, less those of the endings if each text has a passage of its own there.

    Words that two unlike passages happen to share, up to three in a row, do not end them.
    """
    at = len(runs)
    if not at:
        return runs
    a, b = runs[0].a.tokens, runs[0].b.tokens
    end_a, end_b = len(a), len(b)
    while at and end_a - runs[at - 1].i2 <= 3 and end_b - runs[at - 1].j2 <= 3:
        at -= 1
        end_a, end_b = runs[at].i1, runs[at].j1
    left, right = set(a[end_a:]), set(b[end_b:])
    own = all(sum(not is_number(word) for word in side) >= _PASSAGE for side in (a[end_a:], b[end_b:]))
    return runs[:at] if own and min(end_a, end_b) and len(left & right) < 0.5 * min(len(left), len(right)) else runs


# --- what contradicts -------------------------------------------------------------------------------------------------


def _conflict(run: _Run) -> str | None:
    left, right = run.left, run.right
    if run.is_respelt:
        return None
    if run.opens and max(len(left), len(right)) >= _PASSAGE and not _is_headline(run):
        return "another lead"
    passage = run.is_passage
    if conflict := _numbers(left, right, passage=passage or run.opens):
        return conflict
    for marks in (*MARKS, ORDINAL):
        dates, other_dates = ([word for word in side if word.startswith(marks)] for side in (left, right))
        if dates and other_dates and set(dates).isdisjoint(other_dates):
            return _against(dates, other_dates)
    if passage:
        return None
    negations, other_negations = ([word for word in side if word in NEGATIONS] for side in (left, right))
    if bool(negations) != bool(other_negations):
        return f"{' '.join([*negations, *other_negations])} in one text only"
    if (PERCENT in left) != (PERCENT in right):
        return "percent in one text only"
    some, others = run.apart()
    if min(len(some), len(others)) > 2 * _PASSAGE:
        return f"{min(len(some), len(others))} words replaced by others"
    for one in some:
        for other in others:
            if _are_opposites(one, other) or _is_negated(one, other) or _is_negated(other, one):
                return _against([one], [other])
    ordinals = [[word for word in side if word.startswith(ORDINAL)] for side in (some, others)]
    if bool(ordinals[0]) != bool(ordinals[1]) and some and others:  # «الأول» and «الأخير»
        return _against(some, others)
    for known in (NAMES, PLACES):
        names, other_names = ([word for word in side if _is_named(word, known)] for side in (some, others))
        if names and other_names and len(names) + len(other_names) <= 8:
            unlike = [
                _against([x], [y])
                for x, y in zip(names, other_names, strict=False)
                if known is NAMES or not _alike(x, y)
            ]
            if unlike:
                return unlike[0]
    replaced = run.replaced()
    if replaced and _follows_a_name(run) and not any(map(_says, replaced[0])):
        return _against(*([word] for word in replaced[0]))
    return None


def _numbers(left: Sequence[str], right: Sequence[str], *, passage: bool) -> str | None:
    """How the numbers of a run contradict each other; a passage may have numbers where the other side has none."""
    # Ones and twos in words count where they face a number.
    one, other = ([word.lstrip(FEW) for word in side if is_number(word.lstrip(FEW))] for side in (left, right))
    if one and other:
        return None if one == other else _against(one, other)
    alone = [word for word in (*left, *right) if is_number(word)]
    return f"{' '.join(alone)} in one text only" if alone and not passage else None


def _is_headline(run: _Run) -> bool:
    """Whether what one text has before the other's beginning is said in that other as well."""
    longer = [word for word in run.longer if word not in PARTICLES]
    if min(len(run.left), len(run.right)) >= _PASSAGE or len(run.longer) > 2 * _HEADLINE:
        return False
    text = run.b.tokens[run.j2 :] if len(run.left) > len(run.right) else run.a.tokens[run.i2 :]
    said = {form for word in text for form in _forms(word)}
    plain = [word for word in longer if _is_plain(word)]
    known = sum(not said.isdisjoint(_forms(word)) for word in plain)
    enough = 0.25 if len(run.longer) <= _HEADLINE else 0.5
    return known >= enough * len(plain) and said.issuperset(word for word in longer if is_number(word))


def _are_opposites(one: str, other: str) -> bool:
    """Whether the two stand on different sides of an entry of `OPPOSITES`, and on no common one."""
    sides, other_sides = ({side for form in _forms(word) for side in _OPPOSITES.get(form, ())} for word in (one, other))
    return sides.isdisjoint(other_sides) and not {entry for entry, _ in sides}.isdisjoint(e for e, _ in other_sides)


def _is_negated(word: str, negated: str) -> bool:
    """Whether a Persian verb is the other's negation: نمی‌شود and می‌شود, نکرد and کرد."""
    return negated == "ن" + word and len(word) > 1


def _is_named(word: str, known: Set[str]) -> bool:
    return word in known or word.removeprefix("و") in known or stem(word) in known or "ال" + stem(word) in known


def _follows_a_name(run: _Run) -> bool:
    """Whether a role or a given name stands just before the run, so that it is likely to be a name."""
    before = run.a.tokens[max(0, run.i1 - 2) : run.i1]
    return any(word in ROLES or stem(word) in ROLES for word in before) or bool(before and before[-1] in NAMES)


_OPPOSITES: dict[str, list[tuple[int, int]]] = {}
for _entry, _sides in enumerate(OPPOSITES):
    for _side, _forms_of_side in enumerate(_sides):
        for _form in words(_forms_of_side):
            _OPPOSITES.setdefault(_form, []).append((_entry, _side))
_AFFIXES = re.compile(r"^[وف]?(?:[بلکس]|ال|بال|لل)?(?=.{3})|(?<=.{3})(?:ها|هم|ات|ون|ین|ان|وا|ت|ه|ا|ی)$")


@lru_cache(maxsize=4096)
def _forms(word: str) -> frozenset[str]:
    """The word, without what is written before it, and without its ending."""
    bare = stem(word)
    return frozenset({word, bare, _AFFIXES.sub("", word), _AFFIXES.sub("", bare), bare.removeprefix("ال")})


# --- words ------------------------------------------------------------------------------------------------------------


def _says(word: str) -> bool:
    """Whether it is a verb that introduces what somebody says."""
    return word in REPORTING or stem(word) in REPORTING


def _is_plain(word: str) -> bool:
    return not word.startswith((*MARKS, ORDINAL, FEW, PERCENT)) and not is_number(word)


# Sounds of foreign names that each house writes in its own way, and letters that are taken for one another.
_SOUNDS = str.maketrans("غگپڤطثصظضذشچژ", "ججبفتسسددزسسز")
_VOWELS = re.compile("[اویهء]")


@lru_cache(maxsize=65_536)
def _alike(one: str, other: str) -> bool:
    """Whether two words are spellings or inflections of one."""
    return _are_spellings(one, other) or _are_spellings(*(stem(word).removeprefix("ال") for word in (one, other)))


def _are_spellings(one: str, other: str) -> bool:
    if one == other:
        return True
    sounds = [word.translate(_SOUNDS) for word in (one, other)]
    bare, other_bare = (re.sub(r"(.)\1", r"\1", _VOWELS.sub("", word)) for word in sounds)
    if bare == other_bare and (len(bare) > 1 or Indel.normalized_similarity(one, other) >= 0.75):
        return True
    one, other = sounds
    if min(len(one), len(other)) >= 3 and _AFFIXES.sub("", one) == _AFFIXES.sub("", other):
        return True
    return bool(Indel.normalized_similarity(one, other) >= 0.87)


def _against(some: Sequence[str], others: Sequence[str]) -> str:
    return f"{' '.join(some)} against {' '.join(others)}"
