"""How a page was found, in the headers of the record that holds its response.

WARC 1.1 lets a record have further headers (section 4), which readers that do not know them skip. Heritrix writes the
like (`via`) into a `metadata` record of its own; beside the response it can neither be lost nor outlive it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from archive.warc.revisit import parse_date, warc_date

_BY, _IN, _ANNOUNCED = "Warraq-Found-By", "Warraq-Found-In", "Warraq-Announced"


_MAX_URL = 65_536
_WAY = re.compile(r"[a-z-]{1,40}")

DOCUMENT = "document-"
"""What `Found.by` begins with where a document was read for links and is no page to judge: `document-feed`, …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """How a crawl came to fetch a URL."""

    by: str
    """`feed`, `sitemap`, `robots`, `rest`, `archive`, `listing`, `redirect`, `request`, `due`: what announced it,
    or why it was asked for; with `DOCUMENT` in front, what it announces others by."""
    via: str | None = None
    """URL of the document that did; None where it was asked for."""
    announced_at: datetime | None = None
    """Aware time of publication, as announced."""


def finding(found: Found) -> dict[str, str]:
    """The headers that say how a page was found."""
    headers = {_BY: found.by}
    if found.via:
        headers[_IN] = found.via
    if found.announced_at:
        headers[_ANNOUNCED] = warc_date(found.announced_at)
    return headers


def found_by(header: Callable[[str], str | None]) -> Found | None:
    """What the headers of a record say of how its page was found; None: nothing.

    Args:
        header: Gives the value of the record's header of a name.
    """
    by = header(_BY)
    if not by or not _WAY.fullmatch(by):
        return None
    announced = header(_ANNOUNCED)
    try:
        at = parse_date(announced) if announced else None
    except ValueError:  # somebody else's; the response is no worse for it
        at = None
    via = header(_IN)
    return Found(by=by, via=via if via and len(via) <= _MAX_URL else None, announced_at=at)
