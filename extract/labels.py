"""What a line that is no text says of itself: related links, tags, source, comments.

The phrases are data, in `labels/<language>.toml`. All languages are asked at once, because Arabic and Persian sites
carry English labels and a page's language is not known before its text is found. A label is a label only where it is
a whole line, stands before a colon at the start of one, or opens a line that is noise to its end; within running text
it is text.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from extract.text import fold


class Role(StrEnum):
    """What a label announces."""

    RELATED = "related"
    LATEST = "latest"
    TAGS = "tags"
    SOURCE = "source"
    SHARE = "share"
    COMMENTS = "comments"
    FORM = "form"
    DATE = "date"
    AUTHOR = "author"
    CREDIT = "credit"
    """Who took the picture, or what the author is: no name that follows it is the author's."""
    ID = "id"
    END = "end"
    NAV = "nav"
    MORE = "more"
    PROMO = "promo"
    ADS = "ads"
    COPYRIGHT = "copyright"
    TERMS = "terms"
    VIDEO = "video"
    SECTION = "section"
    LISTING = "listing"
    LIVE = "live"
    NOT_FOUND = "not_found"
    BLOCKED = "blocked"


PAGE_ROLES = frozenset({Role.NOT_FOUND, Role.BLOCKED, Role.LISTING, Role.LIVE, Role.VIDEO})
"""Roles that say something of a page by its title; a line of text has none of them."""

# How many words may follow the colon for the line to be this label still: an interview's «پاسخ: …» is text.
_LONGEST_REST = {
    Role.RELATED: 25,
    Role.TAGS: 80,
    Role.SOURCE: 8,
    Role.DATE: 14,
    Role.AUTHOR: 7,
    Role.CREDIT: 7,
    Role.ID: 4,
    Role.SHARE: 4,
    Role.COPYRIGHT: 30,
    Role.LATEST: 0,
    Role.SECTION: 5,
    Role.COMMENTS: 1,
    Role.FORM: 1,
}
_LONGEST_LINE = 45  # words a line that *starts* as a label may have in all; those that open as a long phrase any number
_LONG_PHRASE = 4  # words
_LONGEST_LABEL = 8
_LONGEST_READ = 2000  # characters up to which all of a line is read
_LONGEST_CALL = 26  # words up to which all of a line is read for its label; of a longer one, only how it opens
_COLON = re.compile(r"\s*[:：﹕]\s*")
_AFTER_ROLE = re.compile(r"\s*(?:[:：﹕|.…–—-]+)\s*")
_SPOKEN = re.compile(r"(?P<head>[^\s،,]+)[،,] (?P<rest>[^\s،,؛:؟!?]+(?: [^\s،,؛:؟!?]+){0,6})")
_COUNT = re.compile(r"(?<!\d)(?: \d++)++$|^(?:\d+ )+(?!\d)")


@dataclass(frozen=True, slots=True)
class Label:
    """A label found on a line."""

    role: Role
    rest: str
    """What stands after the colon, as it is on the page; empty if the label is the whole line."""


@dataclass(frozen=True)
class _Phrases:
    whole: dict[str, Role]
    pages: dict[str, Role]
    """Likewise, for the roles that only a title has."""
    spoken: dict[str, Role]
    """What screen readers are told before a comma."""
    starts: dict[str, tuple[tuple[str, Role], ...]]
    """First word → phrases that start with it, longest first."""
    inside: tuple[tuple[str, Role], ...]
    """Phrases, between spaces, that say something of a page wherever they stand on a line."""
    calls: frozenset[str]
    """Words with which a line opens that calls readers to a channel."""
    ends: frozenset[str]
    """Phrases with which a clause ends that does, between spaces."""
    channels: frozenset[str]
    openings: dict[str, tuple[str, ...]]
    """First word → whole phrases of two words or more that announce other texts."""
    clicks: tuple[str, ...]
    """Phrases, after a space, with which a call to follow a link ends."""
    click_calls: frozenset[str]
    """Words with which a line opens that is a call if it ends as one."""


@cache
def _phrases() -> _Phrases:
    whole: dict[str, Role] = {}
    pages: dict[str, Role] = {}
    spoken: dict[str, Role] = {}
    starts: dict[str, list[tuple[str, Role]]] = {}
    inside: list[tuple[str, Role]] = []
    calls: dict[str, set[str]] = {kind: set() for kind in ("call", "call_end", "channel", "click", "click_call")}
    for file in sorted(files("extract").joinpath("labels").iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml"):
            continue
        for name, kinds in tomllib.loads(file.read_text(encoding="utf-8")).items():
            role = Role(name)
            for phrase in kinds.get("line", ()):
                for spelling in _spellings(phrase):
                    (pages if role in PAGE_ROLES else whole).setdefault(spelling, role)
            spoken.update((fold(phrase), role) for phrase in kinds.get("spoken", ()))
            for phrase in kinds.get("start", ()):
                for spelling in _spellings(phrase):
                    starts.setdefault(spelling.split(" ", 1)[0], []).append((spelling, role))
            for kind, found in calls.items():
                found.update(map(fold, kinds.get(kind, ())))
            inside += [(f" {fold(phrase)} ", role) for phrase in kinds.get("inside", ())]
    openings: dict[str, tuple[str, ...]] = {}
    for phrase, role in whole.items():
        first, _, more = phrase.partition(" ")
        if more and role in (Role.RELATED, Role.LATEST):
            openings[first] = (*openings.get(first, ()), phrase)
    return _Phrases(
        whole=whole,
        pages=pages,
        spoken=spoken,
        inside=tuple(inside),
        calls=frozenset(calls["call"]),
        ends=frozenset(f" {call} " for call in calls["call_end"]),
        channels=frozenset(calls["channel"]),
        clicks=tuple(f" {phrase}" for phrase in sorted(calls["click"])),
        click_calls=frozenset(calls["click_call"]),
        openings=openings,
        starts={word: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for word, found in starts.items()},
    )


_SUFFIX = re.compile(" (?=(?:ها|های|تر|ترین)(?: |$))")


def _spellings(phrase: str) -> list[str]:
    """Folded forms of a phrase: Persian writes `برچسب ها`, `برچسب‌ها` and `برچسبها` for the same."""
    return list(dict.fromkeys((fold(phrase), fold(_SUFFIX.sub("", phrase)))))


def label(line: str) -> Label | None:
    """The label that `line`, in canonical form, is or begins with; None where it is text."""
    return _label_known(line) if len(line) <= _SHORT else _label(line)


def _label(line: str) -> Label | None:
    phrases = _phrases()
    if len(line) > _LONGEST_READ:  # only how it opens
        start = _start(fold(line[:_LONGEST_READ]), phrases, shortest=_LONG_PHRASE)
        return Label(start, "") if start and start not in PAGE_ROLES else None
    head, colon, rest = _split(line)
    if colon and head.count(" ") < _LONGEST_LABEL:
        role = phrases.whole.get(fold(head))
        if role and len(rest.split()) <= _LONGEST_REST.get(role, 12):
            return Label(role, rest)
    spaces = line.count(" ")
    head, comma, rest = line.partition(", ")  # as screen readers are told it: `Role, BBC`
    if comma and phrases.whole.get(fold(head)) is Role.CREDIT and rest.count(" ") < _LONGEST_REST[Role.CREDIT]:
        return Label(Role.CREDIT, rest)
    if (spoken := _SPOKEN.fullmatch(line)) and (role := phrases.spoken.get(fold(spoken["head"]))):
        return Label(role, spoken["rest"])
    folded = fold(line if spaces < _LONGEST_CALL else " ".join(line.split(" ", _LONGEST_LABEL)[:_LONGEST_LABEL]))
    if spaces <= _LONGEST_LABEL + 3 and folded.count(" ") <= _LONGEST_LABEL:
        role = phrases.whole.get(folded)
        if not role and (folded[:1].isdigit() or folded[-1:].isdigit()):
            role = phrases.whole.get(_COUNT.sub("", folded))
        if role:
            return Label(role, "")
    start = _start(folded, phrases, shortest=_LONG_PHRASE if spaces > _LONGEST_LINE else 1)
    if start and start not in PAGE_ROLES:
        return Label(start, "")
    return Label(Role.PROMO, "") if spaces < _LONGEST_CALL and _is_call(folded, phrases) else None


_SHORT = 160  # characters
_label_known = lru_cache(maxsize=8192)(_label)  # as in `extract.text.fold`


def _is_call(folded: str, phrases: _Phrases) -> bool:
    """Whether a line calls readers to a channel or link: it opens or ends with a call, and names where to go."""
    whole = f" {folded} "
    first = folded.partition(" ")[0]
    opens = first in phrases.calls
    if not opens:
        if first in phrases.click_calls:
            return folded.endswith(phrases.clicks)
        for call in phrases.ends:  # a loop: every line comes here, and `any()` takes three times as long
            if call in whole:
                break
        else:
            return False
    if opens and folded.endswith(phrases.clicks):
        return True
    return any(f" {channel} " in whole for channel in phrases.channels)


def page_role(line: str) -> Role | None:
    """What a title, or a line of a page with little text, says of the whole page; None: nothing of the kind.

    The roles are `not_found`, `blocked`, `listing`, `live` and `video`.
    """
    phrases = _phrases()
    line = line[:_LONGEST_READ]
    folded = fold(line)
    role = phrases.pages.get(fold(_AFTER_ROLE.split(line, maxsplit=1)[0])) or _start(folded, phrases)
    if role in PAGE_ROLES:
        return role
    return next((role for phrase, role in phrases.inside if phrase in f" {folded} "), None)


def _start(folded: str, phrases: _Phrases, shortest: int = 1) -> Role | None:
    """The role of the longest phrase of at least so many words that a folded line opens with."""
    for phrase, role in phrases.starts.get(folded.partition(" ")[0], ()):
        if (folded == phrase or folded.startswith(phrase + " ")) and phrase.count(" ") + 1 >= shortest:
            return role
    return None


def opening_label(line: str) -> Role | None:
    """The label of two words or more that touches the word after it: `أخبار متعلقةجامعة المنصورة …`; None if none does.

    The label's last word and what follows it stood side by side on the page, and a raw text has no space there.
    """
    folded = fold(line[:_LONGEST_READ])
    for phrase in _phrases().openings.get(folded.split(" ", 1)[0], ()):
        if folded.startswith(phrase) and folded[len(phrase) : len(phrase) + 1].isalpha():
            return _phrases().whole[phrase]
    return None


def _split(line: str) -> tuple[str, str, str]:
    """Head, colon and rest; a colon that opens the line (`: Characters Left`) belongs to nothing."""
    if ":" not in line and "：" not in line and "﹕" not in line:
        return line, "", ""
    line = line.lstrip(" :：")
    match = _COLON.search(line)
    return (line[: match.start()], ":", line[match.end() :]) if match else (line, "", "")
