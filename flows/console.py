"""What people are shown: text is text, never markup, and holds nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from extract.escaping import escaped


def console(*, stderr: bool = False, soft_wrap: bool = False, piped: int | None = None) -> Console:
    """A console that prints strings as they are: `[red]` and `:bomb:` too.

    Args:
        stderr: whether it is standard error.
        soft_wrap: whether the terminal breaks lines.
        piped: its width where it is no terminal; None: rich's own.
    """
    made = Console(stderr=stderr, soft_wrap=soft_wrap, markup=False, emoji=False, highlight=False)
    if piped and not made.is_terminal:
        made.width = piped
    return made


def shown(text: str, style: str = "") -> Text:
    """A line that may hold a stranger's words, for tables, status lines and prints."""
    return Text(escaped(text), style)


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error for as long as something is done, if that is a terminal.

    Yields:
        What is told how far it is.
    """
    with console(stderr=True).status(shown(what)) as status:
        yield lambda stage: status.update(shown(stage))
