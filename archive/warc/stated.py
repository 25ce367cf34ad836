"""What a crawl read a response to say may be done with it, in the headers of its record.

Beside the response's own headers and body, from which the same can be read again, it holds what does not stand there:
what the site says elsewhere (`/.well-known/tdmrep.json`), and what was said in a body that was not kept for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_STATED, _WITHHELD = "Warraq-Directives", "Warraq-Withheld"


def stating(directives: Sequence[str] | None, withheld: str | None) -> dict[str, str]:
    """The headers that say so."""
    headers = {} if directives is None else {_STATED: ", ".join(directives)}
    return headers | ({_WITHHELD: withheld} if withheld else {})


def stated(header: Callable[[str], str | None]) -> tuple[tuple[str, ...] | None, str | None]:
    """The directives, None where the crawl did not look, and the one for which the body was not kept.

    Args:
        header: Gives the value of the record's header of a name.
    """
    found, withheld = header(_STATED), (header(_WITHHELD) or "").strip() or None
    if found is None:
        return None, withheld
    return tuple(each for part in found.split(",") if (each := part.strip())), withheld
