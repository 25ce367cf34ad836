"""Article texts of the sample sites, kept as TOML beside this module, and the form in which the truth states them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from extract.text import canonical

_HERE = Path(__file__).resolve().parent
_SEEDS = _HERE.parent / "seeds"


@cache
def load(name: str) -> dict[str, Any]:
    """The contents of `texts/<name>.toml`."""
    return tomllib.loads((_HERE / "texts" / f"{name}.toml").read_text(encoding="utf-8"))


def seed(number: str) -> list[str]:
    """The lines of `seeds/<number>.txt`, as they are."""
    return (_SEEDS / f"{number}.txt").read_text(encoding="utf-8").split("\n")


def line(text: str) -> str:
    """The text as the truth states it: the form the archive keeps."""
    return canonical(text)


def headlines(language: str) -> tuple[str, ...]:
    """Headlines for menus, sidebars and lists of latest news: `texts/headlines_<language>.toml`."""
    return tuple(load(f"headlines_{language}")["headlines"])
