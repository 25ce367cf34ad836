"""Every regular expression of extraction takes time that grows with the text alone, whatever the text is.

For each pattern texts are made of its own parts: what each repetition repeats, once behind what stands before it and
once by itself, many times, with an end that does not match. The time that the pattern takes, used as the code uses it,
must not grow by more than the text, or stay small up to the length that the pattern is given.
"""

from __future__ import annotations

import ast
import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import extract
from extract.text import canonical

BOUNDED = {
    "attribution:220": 40,
    "jsonld._CLOSING": 12,
    "judge._BEFORE_DATE": 1000,
    "judge._NUMBER_BEHIND": 300,
}
"""Pattern, or module and line of one in place → most characters that it is given."""
RAW = ("dates", "decode", "jsonld", "lines", "text", "types", "urls")
"""Modules whose patterns see text as it came; the others' see its canonical form, which has no two spaces in a row."""
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_ENDS = ("\n\x00", "!", "")
_NOISE = (" ", "a", "(", "-", "5", ":", "«", "\u200c", "<a ", "&#", "\\u00d8", "%25", "و ", "، ")
_LONGEST = 2000
_ENOUGH = 0.002  # seconds of CPU, from which growth is looked at


def _patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """All that modules hold compiled, and what they give to `re` in place."""
    for path in sorted(Path(extract.__file__).parent.glob("*.py")):
        module = __import__(f"extract.{path.stem}", fromlist=["x"])
        seen = set()
        for name, value in vars(module).items():
            for number, found in enumerate(_compiled(value)):
                if found.pattern not in seen:
                    seen.add(found.pattern)
                    yield f"{path.stem}.{name}" + (f".{number}" if number else ""), found
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr != "compile"
                and isinstance(node.args[0], ast.Constant)
            ):
                yield f"{path.stem}:{node.lineno}", re.compile(node.args[0].value)


def _compiled(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _compiled(each)
    elif type(value).__name__ == "_Misreading":
        yield from (value.pair, value.two, value.two_in_bytes, *value.two_escaped)


PATTERNS = dict(_patterns())


def _sample(items: Any) -> str:
    """A short text that a parsed pattern may match; lookarounds are not heeded."""
    return "".join(_sample_of(*item) for item in items)


def _sample_of(code: Any, value: Any) -> str:
    if code in (codes.LITERAL, codes.NOT_LITERAL):
        return chr(value) if code is codes.LITERAL else "x"
    if code is codes.ANY:
        return "x"
    if code is codes.IN:
        return _one_of(value)
    if code in _REPEATS:
        return _sample(value[2]) * max(1, value[0])
    if code is codes.SUBPATTERN:
        return _sample(value[3])
    if code is codes.ATOMIC_GROUP:
        return _sample(value)
    if code is codes.BRANCH:
        return _sample(value[1][0])
    if code is codes.GROUPREF:
        return "/"
    return ""


_CATEGORIES = {codes.CATEGORY_SPACE: " ", codes.CATEGORY_DIGIT: "5", codes.CATEGORY_WORD: "a"}


def _one_of(choices: Any) -> str:
    if choices[0][0] is codes.NEGATE:
        for candidate in "xا5 -(":
            if not any(_is_in(candidate, choice) for choice in choices[1:]):
                return candidate
        return "ۉ"
    code, value = choices[0]
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.RANGE:
        return chr(value[0])
    return _CATEGORIES.get(value, "-")


def _is_in(character: str, choice: Any) -> bool:
    code, value = choice
    if code is codes.LITERAL:
        return ord(character) == value
    if code is codes.RANGE:
        return value[0] <= ord(character) <= value[1]
    return {
        codes.CATEGORY_SPACE: character.isspace(),
        codes.CATEGORY_DIGIT: character.isdigit(),
        codes.CATEGORY_WORD: character.isalnum(),
        codes.CATEGORY_NOT_WORD: not character.isalnum(),
        codes.CATEGORY_NOT_DIGIT: not character.isdigit(),
        codes.CATEGORY_NOT_SPACE: not character.isspace(),
    }.get(value, False)


def _variants(items: Any) -> Iterator[str]:
    """Samples of each single choice of a repeated class or branch."""
    yield _sample(items)
    for code, value in items:
        if code is codes.IN and value[0][0] is not codes.NEGATE:
            yield from (_one_of([choice]) for choice in value[:6])
        elif code is codes.BRANCH:
            yield from (_sample(branch) for branch in value[1][:6])
        elif code is codes.SUBPATTERN:
            yield from _variants(value[3])


def _pumps(items: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """What stands before each repetition, and what it repeats."""
    for code, value in items:
        if code in _REPEATS:
            if value[1] > 20:
                for part in _variants(value[2]):
                    yield before, part
            yield from _pumps(value[2], before)
        elif code is codes.SUBPATTERN:
            yield from _pumps(value[3], before)
        elif code is codes.ATOMIC_GROUP:
            yield from _pumps(value, before)
        elif code is codes.BRANCH:
            for branch in value[1]:
                yield from _pumps(branch, before)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _pumps(value[1], before)
        before += _sample_of(code, value)


def _texts(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Beginning, part to be repeated, end."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    pumps = list(dict.fromkeys(_pumps(tree)))
    whole = _sample(tree)
    parts = list(dict.fromkeys(part for _, part in pumps if part))
    for end in _ENDS:
        for before, part in pumps:
            yield before, part, end
            yield "", before + part, end
        for part in (*parts, whole, whole[:-1], *_NOISE):
            yield "", part, end
        for one in parts[:8]:
            yield from (("", one + other, end) for other in parts[:8] if other != one)


@dataclass(frozen=True)
class Use:
    """A pattern, and how it is used."""

    pattern: re.Pattern[Any]
    method: str
    """`match`, `fullmatch` or, for all else, `finditer`."""
    raw: bool

    def __call__(self, text: str) -> None:
        data: Any = text if self.raw else canonical(text)
        data = data.encode("utf-8", "replace") if isinstance(self.pattern.pattern, bytes) else data
        if self.method == "finditer":
            for _ in self.pattern.finditer(data):
                pass
        else:
            getattr(self.pattern, self.method)(data)


def _use(name: str) -> Use:
    module, _, own = name.partition(".")
    source = (Path(extract.__file__).parent / f"{module}.py").read_text(encoding="utf-8") if own else ""
    methods = set(re.findall(rf"\b{re.escape(own)}\.(\w+)\(", source))
    anchored = "match" if methods == {"match"} else "fullmatch" if methods == {"fullmatch"} else "finditer"
    return Use(PATTERNS[name], anchored, name.partition(":")[0] in RAW or module in RAW)


def _seconds(use: Use, text: str) -> float:
    best = 1e9
    for _ in range(2):
        began = time.process_time()
        use(text)
        best = min(best, time.process_time() - began)
        if best < _ENOUGH / 4:
            break
    return best


def _sizes(longest: int) -> Iterator[int]:
    """First in small steps: exponential time shows at 30 characters."""
    yield from (size for size in range(8, 44, 4) if size <= longest)
    size = 64
    while size < longest:
        yield size
        size *= 2
    yield longest


def growth(use: Use, longest: int) -> str | None:
    """The text for which time grows by more than its length does; None if there is none."""
    for before, part, end in dict.fromkeys(_texts(use.pattern)):
        if not part or _is_quick(use, before, part, end, longest):
            continue
        last = (0, 0.0)
        for size in _sizes(longest):
            text = before + part * (size // len(part) + 1) + end
            seconds = _seconds(use, text)
            if seconds > _ENOUGH and last[1] > _ENOUGH / 20 and seconds / last[1] > 1.7 * size / last[0]:
                return f"{before!r} + {part!r} * n + {end!r}: {seconds:.4f} s at {size}, {last[1]:.4f} s at {last[0]}"
            if seconds > 0.1:
                return f"{before!r} + {part!r} * n + {end!r}: {seconds:.4f} s at {size}"
            last = (len(text), seconds)
    return None


def _is_quick(use: Use, before: str, part: str, end: str, longest: int) -> bool:
    """Whether even the longest text takes next to no time; not asked where the first steps grow."""
    small = [_seconds(use, before + part * (size // len(part) + 1) + end) for size in (16, 24, 32)]
    if small[2] > 0.0005:
        return False
    return _seconds(use, before + part * (longest // len(part) + 1) + end) < _ENOUGH


@pytest.mark.parametrize("name", PATTERNS)
def test_time_grows_with_the_text(name: str) -> None:
    assert growth(_use(name), BOUNDED.get(name, _LONGEST)) is None
