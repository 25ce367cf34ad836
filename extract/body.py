"""trafilatura, asked which lines of a page are the article.

It decides; it does not write. trafilatura deletes every U+200C (گروه‌های becomes گروههای), so its output is compared
folded with the page's own lines, and the characters are always taken from the page. Comments, metadata, dates and
deduplication stay off: the last keeps process-wide state, so that a page gives other text the second time.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from lxml import html
from trafilatura import bare_extraction

from extract.lines import Element, Line
from extract.text import fold

_LONG = 5  # words from which a line may be found inside a longer one


def kept_by_trafilatura(element: Element, lines: Sequence[Line], *, whole_page: bool) -> frozenset[int]:
    """Numbers (`Line.at`) of the lines that trafilatura takes for the article's.

    Args:
        element: what it reads: the body's container, or the root of the page. It is copied, not changed.
        lines: the lines of `element`.
        whole_page: use its slower cascade, which compares with other algorithms; for a page whose container is
            not known.
    """
    if whole_page:
        root = copy.deepcopy(element)
    else:
        root = html.Element("html")
        article = html.Element("article")
        body = html.Element("body")
        root.append(body)
        body.append(article)
        inner = copy.deepcopy(element)
        inner.tail = None
        article.append(inner)
    try:
        document = bare_extraction(
            root, fast=not whole_page, include_comments=False, include_tables=True, with_metadata=False
        )
    except Exception:  # noqa: BLE001, S110 - whatever a page makes it raise, our own reading stands
        document = None
    if document is None or not document.text:
        return frozenset()
    found = {fold(line) for line in document.text.split("\n")}
    joined = " ".join(fold(document.text).split())
    return frozenset(line.at for line in lines if line.key in found or (line.words >= _LONG and line.key in joined))
