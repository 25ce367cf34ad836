"""Pages read in the tests' own process, by whatever rules stand there: a child would have those of the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from archive.guarded.reader import Reader


def read_here(monkeypatch: Any) -> None:
    """Let every reader call what it is to call in this process."""

    def called(
        self: Reader, call: Callable[..., Any], asked: Iterable[tuple[Any, tuple[Any, ...]]]
    ) -> Iterator[tuple[Any, Any]]:
        return ((tag, call(*given)) for tag, given in asked)

    monkeypatch.setattr(Reader, "map", called)
