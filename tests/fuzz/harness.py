"""What is fuzzed, and how its inputs are made of seeds.

A target is a function that reads what a stranger sent. Its inputs are seeds (samples, replicas, a line or two by hand)
that are cut, spliced, repeated, nested and flipped; the same random numbers give the same input. hypothesis tries a few
of them in the tests (`test_fuzz_*.py`), `python -m tests.soak fuzz` a million.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REPOSITORY = Path(__file__).resolve().parents[2]
SLOW = 1.0
"""Seconds of CPU from which an input hangs."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A function that may be given anything."""

    name: str
    run: Callable[[bytes], object]
    """Reads an input; `on_text` makes one of a function of a string."""
    seeds: Callable[[], Sequence[bytes]]
    """Inputs as they should be: one at least, of some KB at most, so that many are tried. Called once."""
    raises: tuple[type[Exception], ...] = ()
    """What its docstring says it raises; anything else is a finding."""
    tokens: Sequence[bytes] = ()
    """What means something to it, to be put anywhere."""
    pairs: Sequence[tuple[bytes, bytes]] = ()
    """Openings and their ends, to be nested."""
    largest: int = 1 << 14
    """Bytes of an input."""
    memory: int = 256
    """MiB that one input may take."""

    def check(self, data: bytes) -> float:
        """Seconds of CPU that an input takes; whatever it raises and does not state is raised."""
        began = time.process_time()
        with suppress(*self.raises):
            self.run(data)
        return time.process_time() - began


def on_text(function: Callable[[str], object]) -> Callable[[bytes], object]:
    """A function of text as one of bytes; what is not UTF-8 becomes lone surrogates."""
    return lambda data: function(data.decode("utf-8", "surrogateescape"))


def lines_as_seeds(text: str) -> Callable[[], Sequence[bytes]]:
    """Each line of a text is a seed."""
    return lambda: [line.encode() for line in text.strip().split("\n")]


def input_of(target: Target, seed: int, number: int) -> bytes:
    """The input that has this number in a run with this seed."""
    return mutated(target, Random(f"{seed} {target.name} {number}"))


def mutated(target: Target, random: Random) -> bytes:
    """A seed, changed once or a few times."""
    data = random.choice(_seeds(target))
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        data = random.choice(_MUTATIONS)(data, target, random)[: target.largest]
    return data


@cache
def _seeds(target: Target) -> Sequence[bytes]:
    return [seed[: target.largest] for seed in target.seeds()]


# ---- mutations: what is made of an input, before it is cut to size

_EDGE = re.compile(rb"[<>\"'\s{}\[\](),:;&=/]")
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (
    b"0", b"-1", b"00000000000000000000", b"65536", b"4294967296", b"18446744073709551616", b"1e999", b"1e-999", b"NaN",
    b"-Infinity", b"0x7fffffff", b"9" * 25, b"9" * 5000, "٩".encode() * 25, "۹۹۹۹".encode(), b"1" + b"0" * 400,
)  # fmt: skip
_TIMES = (2, 2, 3, 3, 10, 10, 30, 100, 1000, 100_000)


def _place(data: bytes, random: Random) -> int:
    """A position: anywhere, or at an edge of what looks like a part."""
    at = random.randint(0, len(data))
    edge = _EDGE.search(data, at, at + 200) if random.random() < 0.5 else None
    return edge.start() + random.randint(0, 1) if edge else at


def _part(data: bytes, random: Random) -> tuple[int, int]:
    """A part, mostly short."""
    one = _place(data, random)
    longest = random.choice((1, 8, 64, 1024, 1 << 20))
    return one, min(len(data), one + random.randint(0, min(longest, max(0, len(data) - one))))


def _flip(data: bytes, target: Target, random: Random) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(random.choice((1, 1, 4, 32))):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _truncate(data: bytes, target: Target, random: Random) -> bytes:
    return data[: _place(data, random)]


def _delete(data: bytes, target: Target, random: Random) -> bytes:
    start, end = _part(data, random)
    return data[:start] + data[end:]


def _insert(data: bytes, target: Target, random: Random) -> bytes:
    at = _place(data, random)
    token = random.choice(target.tokens or _NUMBERS)
    return data[:at] + token * _times(token, target, random) + data[at:]


def _number(data: bytes, target: Target, random: Random) -> bytes:
    found = _NUMBER.search(data, random.randint(0, len(data)))
    if found is None:
        return _insert(data, target, random)
    return data[: found.start()] + random.choice(_NUMBERS) + data[found.end() :]


def _repeat(data: bytes, target: Target, random: Random) -> bytes:
    start, end = _part(data, random)
    part = data[start:end] or random.choice(target.tokens or (b"\0",))
    return data[:end] + part * _times(part, target, random) + data[end:]


def _nest(data: bytes, target: Target, random: Random) -> bytes:
    if not target.pairs:
        return _repeat(data, target, random)
    start, end = _part(data, random)
    opening, closing = random.choice(target.pairs)
    depth = _times(opening + closing, target, random)
    whole = data[:start] + opening * depth + data[start:end]
    return whole + (closing * depth if random.random() < 0.7 else b"") + data[end:]


def _copy(data: bytes, target: Target, random: Random) -> bytes:
    start, end = _part(data, random)
    at = _place(data, random)
    return data[:at] + data[start:end] + data[at:]


def _splice(data: bytes, target: Target, random: Random) -> bytes:
    other = random.choice(_seeds(target))
    return data[: _place(data, random)] + other[_place(other, random) :]


def _recode(data: bytes, target: Target, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    charset = random.choice(("utf-16", "utf-16-be", "utf-8-sig", "cp1256", "utf-7", "utf-32", "cp037"))
    return text.encode(charset, "replace")


def _times(part: bytes, target: Target, random: Random) -> int:
    """How often a part is repeated: as often as fits at most, and mostly a few times."""
    return max(1, min(random.choice(_TIMES), target.largest // max(1, len(part))))


_MUTATIONS = (
    _flip, _truncate, _delete, _insert, _insert, _insert, _number, _repeat, _repeat, _nest, _copy, _splice, _splice,
    _recode,
)  # fmt: skip


# ---- short form, for the tests


def holds(target: Target, *, inputs: int = 40) -> None:
    """Try a few inputs on a target by hypothesis, which makes small what it finds; always the same ones."""

    @settings(
        max_examples=inputs,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(data=st.one_of(st.binary(max_size=200), st.randoms().map(lambda random: mutated(target, random))))
    def try_each(data: bytes) -> None:
        assert target.check(data) < SLOW

    try_each()
