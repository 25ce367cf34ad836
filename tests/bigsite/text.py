"""Arabic and Persian prose without end: phrases of the samples and replicas, put together anew.

Four words in a row stay together, so that a page is taken for one in its language; two articles share next to none of
some thousand phrases, so that neither is taken for a copy of the other.
"""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
_TEXTS = {"ar": ("arabkhabar", "arabstoday", "jannah", "tunisiatoday", "wordpress"), "fa": ("etemadonline",)}
_WORDS = 4


def prose(language: str, seed: str, words: int) -> str:
    """Sentences of `words` words, give or take a phrase."""
    chance = random.Random(seed)
    chosen = chance.choices(phrases(language), k=words // _WORDS)
    sentences = []
    while chosen:
        length = chance.randint(2, 5)
        sentences.append(" ".join(chosen[:length]) + ".")
        del chosen[:length]
    return " ".join(sentences)


def headline(language: str, seed: str) -> str:
    """Eight words."""
    return " ".join(random.Random(seed).choices(phrases(language), k=2))


@cache
def phrases(language: str) -> tuple[str, ...]:
    """All runs of four words that begin at every second word, without digits or punctuation between."""
    found = {}
    for clause in (clause for text in _texts(language) for clause in _CLAUSE.findall(text)):
        words = clause.split()
        found |= {" ".join(words[at : at + _WORDS]): None for at in range(0, len(words) - _WORDS + 1, 2)}
    return tuple(found)


_CLAUSE = re.compile(r"[\u0621-\u065f\u066e-\u06d3\u200c ]{15,}")
"""Letters of the Arabic script, ZWNJ and spaces."""


def _texts(language: str) -> Iterator[str]:
    for name in _TEXTS[language]:
        path = REPOSITORY / "samples" / "build" / "texts" / f"{name}.toml"
        for entries in tomllib.loads(path.read_text(encoding="utf-8")).values():
            for entry in entries if isinstance(entries, list) else ():
                yield entry.get("body", "") if isinstance(entry, dict) else ""
    for path in sorted((REPOSITORY / "benchmarks" / "replicas" / language).glob("*.json")):
        replica = json.loads(path.read_text(encoding="utf-8"))
        if replica.get("lang") == language:
            yield from replica.get("paragraphs") or ()
