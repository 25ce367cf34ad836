"""Where on a page the body of the article is, told by structure alone: dense prose, few links.

Prose counts for the elements around it, less with each level, as in Readability; an element that is mostly links
counts little. No class name is read, so scrambled names change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extract.labels import Role
from extract.lines import Element, Line, Mark

_DECAY = 0.75
_OVER = 0.1
_TOLD = 300  # characters of prose after the headline from which a label may end the article
_AFTER = frozenset({Role.RELATED, Role.COMMENTS, Role.LATEST})
_WRAPPERS = frozenset({"p", "li", "blockquote", "dd", "pre", "h2", "h3", "h4", "td"})
_OUTSIDE = Mark.NAV | Mark.FOOTER | Mark.ASIDE | Mark.NOISE


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a page that holds the article's body."""

    element: Element
    first: int
    """Index of its first line among the page's lines."""
    last: int
    """Index after its last line."""
    prose: int
    """Characters of prose in it."""
    found_by: str = "structure"
    """What found it: `structure`, `family` or `trafilatura`."""


def is_prose(line: Line) -> bool:
    """Whether a line reads as running text: unlinked, and long or a sentence."""
    return line.runs and not line.mark & _OUTSIDE and 2 * line.linked <= len(line.text)


def region_of(element: Element, lines: Sequence[Line]) -> Region | None:
    """The region that `element` is; None if it holds no line."""
    within = set(element.iter())
    inside = [line.at for line in lines if line.element in within]
    if not inside:
        return None
    first, last = inside[0], inside[-1] + 1
    return Region(element, first, last, sum(len(line.text) for line in lines[first:last] if is_prose(line)))


@dataclass(slots=True)
class _Sums:
    """What an element holds, in characters."""

    score: float = 0.0
    prose: int = 0
    total: int = 0
    linked: int = 0
    given: float = 0.0
    """Score that counts for the elements around it only."""
    prose_given: int = 0

    @property
    def density(self) -> float:
        return self.score * (1 - min(1.0, self.linked / max(1, self.total)))


def _sums_of(element: Element, sums: dict[Element, _Sums]) -> _Sums:
    """The sums of an element; where they are new, those of the elements around it are put before them."""
    missing = []
    while element is not None and element not in sums:
        missing.append(element)
        element = element.getparent()
    for node in reversed(missing):
        sums[node] = _Sums()
    return sums[missing[0] if missing else element]


def _leads_away(line: Line) -> bool:
    return line.label is not None and line.label.role in _AFTER


def find_region(lines: Sequence[Line], *, after: int = 0) -> Region | None:
    """The densest region of prose.

    Args:
        lines: all lines of the page.
        after: index of the headline's line. Prose before it counts half; prose after a label that follows the article,
            or after another headline, hardly at all, so that a longer second article does not win.
    """
    sums: dict[Element, _Sums] = {}
    told = 0
    over = False
    for line in lines:
        size = len(line.text)
        # Labels are read where they decide, which is not in menus and lists of news.
        worth = float(size) if is_prose(line) and line.label is None else 0.0
        if line.at < after:
            worth /= 2
        elif not over:
            over = told >= _TOLD and ((line.tag == "h1" and line.at > after) or _leads_away(line))
            told += int(worth)
        if over:
            worth *= _OVER
        part = _sums_of(line.element, sums)
        part.total += size
        part.linked += line.linked
        if worth:
            inside = size if not over and line.at >= after else 0
            if line.element.tag in _WRAPPERS:
                part.given += worth
                part.prose_given += inside
            else:
                part.score += worth
                part.prose += inside
    for node, part in reversed(sums.items()):  # an element comes before all that it holds
        around = sums.get(node.getparent())
        if around is not None:
            around.total += part.total
            around.linked += part.linked
            around.score += part.given + part.score * _DECAY
            around.prose += part.prose_given + part.prose
    sums = {node: part for node, part in sums.items() if node.tag != "html"}
    top = {lines[after].element, *lines[after].element.iterancestors()} if after else ()
    best = max((node for node, part in sums.items() if part.score), key=lambda node: sums[node].density, default=None)
    if best is None:
        return None
    while True:  # the part with the headline, if it holds most of the text under it
        inner = next((child for child in best if child in top), None)
        if inner is None or inner not in sums or sums[inner].prose * 2 < sums[best].prose:
            break
        best = inner
    node = best.getparent()
    # A body in parts has them all under the headline; beside the element that holds both stands what is no part of it.
    while node is not None and node in sums and node.tag != "body" and best not in top:
        more = sums[node].prose - sums[best].prose
        other = sums[node].total - sums[best].total - more
        if more and more >= 0.08 * sums[best].prose and other <= 0.5 * more:
            best = node
        elif more or other > 200:
            break
        node = node.getparent()
    return region_of(best, lines)
