"""Whether two texts that share most of their words say the same thing. Pure.

Shared words alone do not tell. Yesterday's and today's exchange rates, weather or prayer times, and two reports of one
accident with other casualty figures, share 95 % of their words and say different things; a wire story under another
brand, with another dateline, another spelling of names, a trimmed tail and a paragraph of promotion shares 70 % and
says the same. So the two texts are aligned word by word, and what stands where they differ decides:

1. **Overlap.** At least 70 % of the shorter text is common to both.
2. **Numbers.** Where one text has other numbers than the other at the same place, they contradict each other: digits of
   any script, and numerals from three up in words (Arabic, Persian). A number that only one of them has at a place
   contradicts too, unless the other states it elsewhere, or it belongs to a date in the dateline, or it stands in a
   passage (eight words or more) that the other text lacks after its beginning: a trimmed or an added paragraph.
3. **Dates.** Names of months (of all calendars; كانون الثاني is يناير) and of weekdays that differ at the same place
   contradict.
4. **Names and other words.** Words replaced by words that are not another spelling of them (بوتن / بوتين) count against
   the copy: it may have one in a hundred, one at the least, and none that is replaced by the same word twice, as a name
   is. Free are the names of the sites and agencies that the two texts come from, the dateline (what differs first, no
   more than twelve words), and an ending of its own that each text has, such as its house's closing promotion.

Two words are spellings of one another when three quarters of their letters agree. So names that differ by a letter
(محمد, محمود) pass as spellings; and a report that only adds or lacks paragraphs is taken for a copy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import zip_longest

from extract.text import fold, words

_OVERLAP = 0.7
_PASSAGE = 8
_DATELINE = 12
_OTHER_WORDS = 0.01
_SPELLING = 0.75


def contradiction(original: str, copy: str, *, brands: Set[str] = frozenset()) -> str | None:
    """What speaks against `copy` saying the same as `original`: a few words for people; None if nothing does.

    Args:
        original: A text, one paragraph a line.
        copy: Another. The order of the two does not matter.
        brands: Names, in any form, of the sites and agencies the two texts come from.
    """
    a, b = aligned_words(original), aligned_words(copy)
    free = {word for brand in brands for word in words(brand)}
    edits = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    common = sum(i2 - i1 for tag, i1, i2, _, _ in edits if tag == "equal")
    if common < _OVERLAP * min(len(a), len(b)):
        return f"only {common} words in common"
    stated_a, stated_b = set(_numbers(a)), set(_numbers(b))
    replaced: Counter[tuple[str, str]] = Counter()
    for i1, i2, j1, j2 in _without_endings(a, b, [run for tag, *run in edits if tag != "equal"]):
        left, right = a[i1:i2], b[j1:j2]
        beginning = i1 <= 2 and j1 <= 2
        dateline = beginning and max(len(left), len(right)) <= _DATELINE
        if conflict := _conflict(left, right, stated_a, stated_b, beginning=beginning, dateline=dateline):
            return conflict
        if not dateline:
            replaced.update(_replaced(left, right, free))
    names = [f"{one} against {other}" for (one, other), times in replaced.items() if times > 1 and one and other]
    if names:
        return ", ".join(names)
    allowed = max(1, int(_OTHER_WORDS * common))
    return f"{replaced.total()} words replaced by others" if replaced.total() > allowed else None


def aligned_words(text: str) -> list[str]:
    """The folded words of a text, with what is spelt apart by some and together by others in one form.

    Persian prefixes and endings stand apart, joined, or with a ZWNJ (می شود, میشود, می‌شود): they are joined, as folding
    does with the ZWNJ. Weekdays and numerals of several words become one.
    """
    folded = _ENDING.sub("", _BEGINNING.sub(r"\1", fold(text)))
    return _TWELVE.sub("12", _ELEVEN.sub("11", folded)).split()


def _without_endings(a: Sequence[str], b: Sequence[str], runs: list[list[int]]) -> list[list[int]]:
    """The differing runs, less those of the endings if each text has a passage of its own there.

    Words that two unlike passages happen to share, up to three in a row, do not end them.
    """
    at = len(runs)
    end_a, end_b = len(a), len(b)
    while at and end_a - runs[at - 1][1] <= 3 and end_b - runs[at - 1][3] <= 3:
        at -= 1
        end_a, end_b = runs[at][0], runs[at][2]
    left, right = a[end_a:], b[end_b:]
    shared = len(set(left) & set(right))
    if _is_passage(left) and _is_passage(right) and shared < 0.5 * min(len(set(left)), len(set(right))):
        return runs[:at]
    return runs


def _conflict(
    left: Sequence[str],
    right: Sequence[str],
    stated_a: Set[str],
    stated_b: Set[str],
    *,
    beginning: bool,
    dateline: bool,
) -> str | None:
    if "".join(left) == "".join(right):  # words that one writes together: پنجاه‌ساله is پنجاه ساله
        return None
    one, other = list(_numbers(left)), list(_numbers(right))
    if one and other:
        if one != other:
            return f"{' '.join(one)} against {' '.join(other)}"
    elif one or other:
        run, alone, elsewhere = (left, one, stated_b) if one else (right, other, stated_a)
        passage = _is_passage(run) and not beginning
        dated = dateline and (_calendar_names(run) or any(map(_YEAR.match, alone)))
        if not passage and not dated and not set(alone) <= elsewhere:
            return f"{' '.join(alone)} in one text only"
    dates, other_dates = _calendar_names(left), _calendar_names(right)
    if dates and other_dates and not dates & other_dates:
        return f"{' '.join(sorted(dates))} against {' '.join(sorted(other_dates))}"
    return None


def _is_passage(run: Sequence[str]) -> bool:
    """Whether the run is running text of its own: a row of figures is not."""
    return sum(not _DIGITS.search(word) for word in run) >= _PASSAGE


def _replaced(left: Sequence[str], right: Sequence[str], free: Set[str]) -> list[tuple[str, str]]:
    """The words that are replaced by words which are not spellings of them; `""` where the other side has none left."""
    left, right = (
        [word for word in run if word not in free and _stem(word) not in _COMPARED and not _DIGITS.search(word)]
        for run in (left, right)
    )
    if not left or not right or _alike("".join(left), "".join(right)):  # joined: عبد الله is عبدالله
        return []
    return [pair for pair in zip_longest(left, right, fillvalue="") if not _alike(*pair)]


def _alike(one: str, other: str) -> bool:
    one, other = (word.removeprefix("ال").translate(_FOREIGN) for word in (one, other))
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SPELLING


# --- numbers and calendar names ---------------------------------------------------------------------------------------

_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_BEGINNING = re.compile(r"\b(ن?می|(?:یک|دو|سه|چهار|پنج)(?= شنبه\b)) ")  # سه شنبه is Tuesday, and no number
_ENDING = re.compile(r" (?=(?:ها|های|هایی|هایم|هایش|هایشان|هایمان|تر|ترین|اند)\b)")
_FOREIGN = str.maketrans("غگپڤ", "ججبف")  # sounds of foreign names that each house writes in its own way
_ELEVEN, _TWELVE = re.compile(r"\bاحدی? عشره?\b"), re.compile(r"\bاثن(?:ا|ی|تا|تی) عشره?\b")
_YEAR = re.compile(r"(?:1[34]|19|20)\d\d$")
# Short rests are left alone: Persian بسته is no six (ستة), nor کسی thirty.
_PREFIX = re.compile(r"^(?:[وف]?[بلک]?ال|[وف]?لل|[وف]?[بلک](?=.{4})|[وف])(?=.{3})")

# Values that add up (خمسة وعشرون) or multiply what stands before them (سه هزار, ثلاثة ملايين). One and two are left
# out: they are pronouns and duals as often as numbers.
_UNITS = {
    3: "ثلاث ثلاثة سه",
    4: "أربع أربعة چهار",
    5: "خمس خمسة پنج",
    6: "ست ستة شش",
    7: "سبع سبعة هفت",
    8: "ثمان ثماني ثمانية هشت",
    9: "تسع تسعة نه",
    10: "عشر عشرة ده",
    11: "یازده",
    12: "دوازده",
    13: "سیزده",
    14: "چهارده",
    15: "پانزده",
    16: "شانزده",
    17: "هفده",
    18: "هجده",
    19: "نوزده",
    20: "عشرون عشرين بیست",
    30: "ثلاثون ثلاثين سی",
    40: "أربعون أربعين چهل",
    50: "خمسون خمسين پنجاه",
    60: "ستون ستين شصت",
    70: "سبعون سبعين هفتاد",
    80: "ثمانون ثمانين هشتاد",
    90: "تسعون تسعين نود",
    200: "مئتان مئتين مائتان مائتين دویست",
    300: "ثلاثمئة ثلاثمائة سیصد",
    400: "أربعمئة أربعمائة چهارصد",
    500: "خمسمئة خمسمائة پانصد",
    600: "ستمئة ستمائة ششصد",
    700: "سبعمئة سبعمائة هفتصد",
    800: "ثمانمئة ثمانمائة هشتصد",
    900: "تسعمئة تسعمائة نهصد",
}
_SCALES = {
    100: "مئة مائة صد",
    1_000: "ألف آلاف هزار",
    1_000_000: "مليون ملايين میلیون",
    1_000_000_000: "مليار مليارات میلیارد بليون",
}
_MONTHS = (
    "يناير، كانون الثاني، جانفي، ژانویه",
    "فبراير، شباط، فيفري، فوریه",
    "مارس، آذار",
    "أبريل، نيسان، أفريل، آوریل",
    "مايو، أيار، ماي، مه",
    "يونيو، حزيران، جوان، ژوئن",
    "يوليو، تموز، جويلية، يوليوز، ژوئیه",
    "أغسطس، آب، أوت، غشت، اوت",
    "سبتمبر، أيلول، شتنبر، سپتامبر",
    "أكتوبر، تشرين الأول، اکتبر",
    "نوفمبر، تشرين الثاني، نونبر، نوامبر",
    "ديسمبر، كانون الأول، دجنبر، دسامبر",
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
    *("محرم", "صفر", "رجب", "شعبان", "رمضان", "شوال"),
    "ذو القعدة، ذي القعدة",
    "ذو الحجة، ذي الحجة",
)
_WEEKDAYS = (
    "السبت، شنبه",
    "الأحد، یکشنبه",
    "الاثنين، الإثنين، دوشنبه",
    "الثلاثاء، سه‌شنبه",
    "الأربعاء، چهارشنبه",
    "الخميس، پنجشنبه",
    "الجمعة، جمعه",
)


def _by_form(table: dict[int, str]) -> dict[str, int]:
    return {fold(form): value for value, forms in table.items() for form in forms.split()}


_UNIT = _by_form(_UNITS)
_SCALE = _by_form(_SCALES)
_COMPARED = {*_UNIT, *_SCALE}
_CALENDAR = {
    tuple(words(form)): fold(forms.partition("،")[0]) for forms in (*_MONTHS, *_WEEKDAYS) for form in forms.split("،")
}


def _numbers(run: Sequence[str]) -> Iterator[str]:
    """The numbers stated, in order, as decimal digits: 25 for 25, ٢٥, خمسة وعشرون and بیست و پنج alike."""
    value: Decimal | None = None
    in_words = False
    for word in [*run, ""]:
        stem = _stem(word)
        if value is not None and stem in _SCALE:
            value *= _SCALE[stem]
        elif value is not None and in_words and stem in _UNIT:
            value += _UNIT[stem]
        elif value is not None and in_words and word == "و":
            continue
        else:
            if value is not None:
                yield _decimal(value)
                value = None
            if stem in _UNIT:
                value, in_words = Decimal(_UNIT[stem]), True
            elif digits := _DIGITS.findall(word):
                yield from (_decimal(Decimal(each)) for each in digits[:-1])
                value, in_words = Decimal(digits[-1]), False


def _decimal(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _stem(word: str) -> str:
    """A numeral, month or weekday without what Arabic writes together with it (and, in, to, the)."""
    return word if word in _UNIT else _PREFIX.sub("", word)


def _calendar_names(run: Sequence[str]) -> set[str]:
    """The months and weekdays named, each by its first name in the lists above."""
    found: set[str] = set()
    for at, word in enumerate(run):
        for name in ((word, run[at + 1]) if at + 1 < len(run) else (), (word,), (_stem(word),)):
            if name in _CALENDAR:
                found.add(_CALENDAR[name])
                break
    return found
