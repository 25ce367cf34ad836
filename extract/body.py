"""The body of a page: structure finds it, trafilatura checks it, labels judge each of its lines.

trafilatura decides; it does not write. It deletes every U+200C (گروه‌های becomes گروههای), so its output is compared
folded with the page's own lines, and the characters are always taken from the page. It is asked about the body's
container where a line there is neither plainly text nor plainly noise, and about the whole page, with its slow cascade,
where our own reading looks doubtful. Comments, metadata, dates and deduplication stay off: the last keeps process-wide
state, so that a page gives other text the second time.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice

from lxml import html
from trafilatura import bare_extraction
from trafilatura.settings import Document

from extract.families import Family
from extract.judge import Judge, Judgement, holds_facts, is_date_line
from extract.labels import Label, Role
from extract.labels import label as read_label
from extract.lines import Element, Line, Mark, opening_text
from extract.markup import Markup
from extract.metadata import Headline
from extract.region import Region, find_region, is_prose, region_of
from extract.text import canonical, fold

_SUBTITLE = 7  # words from which a line under the headline is a subtitle, not a name, place or section
_INLINE = ("b", "strong", "span", "em", "i", "label")
_LONG = 5  # words from which a line may be found inside a longer one
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_CONTROLS = frozenset({"form", "input", "textarea", "select"})
_BELOW = 4  # lines under the body among which a date is still its own
_MOST_BODIES = 50  # elements that a family's rules may take for the body
_MOST_ASKED = 5000  # lines about which trafilatura is asked at most
_MOST_ELEMENTS_ASKED = 20_000
_LONGEST_ASKED = 500_000  # characters of them, likewise
_LONGEST_LABEL = 2000  # characters, and likewise of what follows it
_POSTED_BY = re.compile(r"(?:مرسلة|أرسلت|نشرت?|أضيفت?)\s+بواسطة\s|posted\s+by\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """What was read of a page's body."""

    judgement: Judgement
    region: Region | None
    wrapper: Element | None
    """The smallest element that holds both headline and body; None if one is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hints:
    """What is known beside the lines."""

    headline: Headline
    brands: tuple[str, ...] = ()
    leads: Collection[str] = ()
    """Folded texts that the family's rules or the page's description give as lead."""
    kickers: Collection[str] = ()
    """Folded texts that the family's rules give as kicker."""


def read_body(markup: Markup, lines: Sequence[Line], family: Family, hints: Hints) -> Body:
    """Read the body of a page.

    Args:
        markup: the page.
        lines: of the page, those in noise that the family's rules know marked.
        family: of the page.
        hints: what the page's head and the family's rules say.
    """
    region = _find(family, markup, lines, hints.headline)
    ours = _read(lines, region, hints)
    if _trusted(ours, lines):
        return ours
    chosen = kept_by_trafilatura(markup.tree, lines, whole_page=True)
    theirs = _read_chosen(lines, chosen, hints)
    return theirs if _better(theirs, ours) else ours


def kept_by_trafilatura(element: Element, lines: Sequence[Line], *, whole_page: bool) -> frozenset[int]:
    """Numbers (`Line.at`) of the lines that trafilatura takes for the article's; none if there are too many to ask.

    Args:
        element: what it reads: the body's container, or the root of the page. It is copied, not changed.
        lines: the lines of `element`.
        whole_page: use its slower cascade, which compares with other algorithms; for a page whose container is
            not known.
    """
    if len(lines) > _MOST_ASKED or sum(len(line.text) for line in lines) > _LONGEST_ASKED:
        return frozenset()
    if next(islice(element.iter(), _MOST_ELEMENTS_ASKED, None), None) is not None:
        return frozenset()
    try:
        root = _to_be_asked(element, whole_page=whole_page)
        document = bare_extraction(root, fast=not whole_page, include_comments=False, with_metadata=False)
    except Exception:  # whatever a page makes it raise, our own reading stands
        document = None
    if not isinstance(document, Document) or not document.text:
        return frozenset()
    output = [fold(line) for line in document.text.split("\n")]
    found, joined = set(output), " ".join(output)
    return frozenset(line.at for line in lines if line.key in found or (line.words >= _LONG and line.key in joined))


def _to_be_asked(element: Element, *, whole_page: bool) -> Element:
    """A copy of an element as trafilatura takes it: of lxml.html, and a page."""
    root = html.Element("html")
    if whole_page:
        root.extend(copy.deepcopy(element))
        root.attrib.update(element.attrib)
    else:
        body, article = html.Element("body"), html.Element("article")
        root.append(body)
        body.append(article)
        article.append(copy.deepcopy(element))
        article[0].tail = None
    return root


def _find(family: Family, markup: Markup, lines: Sequence[Line], headline: Headline) -> Region | None:
    """The body's container: where the family's rules say, unless structure finds far more text elsewhere."""
    found = find_region(lines, after=headline.line.at if headline.line else 0)
    best: Region | None = None
    for element in family.select("body", markup)[:_MOST_BODIES]:
        region = region_of(element, lines)
        if region and (best is None or region.prose > best.prose):
            best = region
    return replace(best, found_by="family") if best and (found is None or best.prose >= 0.5 * found.prose) else found


def _read(lines: Sequence[Line], region: Region | None, hints: Hints) -> Body:
    """The body as structure finds it."""
    if region is None:
        return Body(Judgement(), None, None)
    inside = lines[region.first : region.last]
    return _judged(
        lines,
        region,
        lambda: kept_by_trafilatura(region.element, inside, whole_page=False),
        hints,
        only_chosen=False,
    )


def _read_chosen(lines: Sequence[Line], chosen: Collection[int], hints: Hints) -> Body:
    """The body as trafilatura finds it on the whole page, and a lead above it."""
    if not chosen:
        return Body(Judgement(), None, None)
    picked = [line for line in lines if line.at in chosen]
    prose = sum(len(line.text) for line in picked if is_prose(line))
    region = Region(_common(picked), picked[0].at, picked[-1].at + 1, prose, "trafilatura")
    return _judged(lines, region, lambda: chosen, hints, only_chosen=True)


def _judged(
    lines: Sequence[Line], region: Region, ask: Callable[[], Collection[int]], hints: Hints, *, only_chosen: bool
) -> Body:
    wrapper = _wrapper(region.element, hints.headline)
    above = _above(lines, region, wrapper, hints)
    leads = frozenset([*hints.leads, *_subtitle(above, hints.headline)])
    judge = Judge(title=hints.headline.text, brands=hints.brands, leads=leads, ask=ask)
    judgement = judge.judge(
        above,
        lines[region.first : region.last],
        leads=_leads(above, region, hints.headline),
        only_chosen=only_chosen,
    )
    _read_below(judgement, lines[region.last : region.last + 12])
    _read_facts(judgement, lines[region.last : region.last + 40])
    if judgement.kicker is None:
        judgement.kicker = _kicker(lines, hints.headline)
    return Body(judgement, region, wrapper)


def _trusted(body: Body, lines: Sequence[Line]) -> bool:
    """Whether a reading needs no second one: enough text, and little prose left outside."""
    kept = body.judgement.kept
    text = sum(len(line.text) for line in kept)
    if text < 250:
        return False
    inside = {line.at for line in kept}
    outside = sum(len(line.text) for line in lines if line.at not in inside and is_prose(line))
    return outside < 2 * text


def _better(theirs: Body, ours: Body) -> bool:
    their, our = ({line.at for line in body.judgement.kept} for body in (theirs, ours))
    if not their:
        return False
    if not our:
        return True
    sizes = [sum(len(line.text) for line in body.judgement.kept if is_prose(line)) for body in (theirs, ours)]
    latin = not any(_ARABIC.search(line.text) for line in ours.judgement.kept[:3])
    if latin:
        return sizes[0] > 0.5 * sizes[1]
    return sizes[0] > 1.5 * sizes[1] or (our < their and sizes[0] > 1.1 * sizes[1])


def _common(lines: Sequence[Line]) -> Element:
    """The smallest element that holds all the lines."""
    node = lines[0].element
    above = [node, *node.iterancestors()]
    for line in lines[1:]:
        chain = {line.element, *line.element.iterancestors()}
        above = [node for node in above if node in chain]
    return above[0]


def _wrapper(element: Element, headline: Headline) -> Element | None:
    if headline.line is None:
        return None
    above = {headline.line.element, *headline.line.element.iterancestors()}
    return next((node for node in (element, *element.iterancestors()) if node in above), None)


def _above(lines: Sequence[Line], region: Region, wrapper: Element | None, hints: Hints) -> list[Line]:
    """Lines between headline and body, inside the element that holds both."""
    top = hints.headline.line
    if top is None or wrapper is None or top.at >= region.first:
        return []
    return [
        line
        for line in lines[top.at + 1 : region.first]
        if line.key not in hints.kickers
        and (line.element is wrapper or any(node is wrapper for node in line.element.iterancestors()))
    ]


def _subtitle(above: Sequence[Line], headline: Headline) -> Iterator[str]:
    """Folded text of an unlinked line in the element right after the headline's."""
    top = headline.line
    line = above[0] if above else None
    if (
        top is None
        or line is None
        or line.at != top.at + 1
        or line.words < _SUBTITLE
        or line.linked
        or line.image is not None
    ):
        return
    if top.heading and line.element.getprevious() is top.element and len(line.element) == 0:
        yield line.key


def _leads(above: Sequence[Line], region: Region, headline: Headline) -> frozenset[int]:
    """Those of the lines that may be a lead: beside headline or body, not in a widget between the two."""
    if headline.line is None:
        return frozenset()
    anchors = {headline.line.element, region.element}
    anchors.update(headline.line.element.iterancestors(), region.element.iterancestors())
    blocks = [(line.at, _block_under(line.element, anchors)) for line in above]
    beside = {block for block in {block for _, block in blocks} if _may_hold_lead(block)}
    return frozenset(at for at, block in blocks if block in beside)


def _block_under(node: Element, anchors: Collection[Element]) -> Element:
    while node.getparent() is not None and node.getparent() not in anchors:
        node = node.getparent()
    return node


def _may_hold_lead(block: Element) -> bool:
    return next(block.iter(*_CONTROLS), None) is None and next(islice(block.iter("a"), 6, None), None) is None


def _read_below(judgement: Judgement, below: Sequence[Line]) -> None:
    """Tags and source often stand just outside the body's container, and on weblogs when and by whom it was written."""
    for place, line in enumerate(below):
        name = line.label or _label_in(line)
        if name and name.role is Role.TAGS:
            judgement.tags.append(line)
        elif name and name.role is Role.AUTHOR and name.rest and line.label is None:
            judgement.bylines.append((name.role, name.rest))
        elif name and name.role is Role.SOURCE and name.rest:
            judgement.sources.append((line.at, name.rest))
        elif name and name.role is Role.SECTION and name.rest:
            judgement.sections.append(name.rest)
        elif name and name.role is Role.DATE and place < _BELOW:
            judgement.take_date(line)
        elif name and name.role in (Role.RELATED, Role.COMMENTS, Role.LATEST):
            return
        elif place < _BELOW and _POSTED_BY.match(line.text):
            judgement.take_date(line)


def _read_facts(judgement: Judgement, below: Sequence[Line]) -> None:
    """Author and tags of a list of which two items or more open with labels; headlines may precede it."""
    items = (line for line in below if line.tag == "li")
    for _, of_list in groupby(items, key=lambda line: line.element.getparent()):
        named = [(line, name) for line in of_list if (name := _label_in(line))]
        for line, name in named if len(named) > 1 else ():
            if name.role is Role.TAGS:
                judgement.tags.append(line)
            elif name.role is Role.AUTHOR and name.rest:
                judgement.bylines.append((name.role, name.rest))


def _label_in(line: Line) -> Label | None:
    """The label that opens a short line in an element of its own: `<b>الكاتب</b> سامر الحلو`; None without one."""
    node = line.element
    if line.words > 40 or len(node) == 0 or (node.text or "").strip() or node[0].tag not in _INLINE:
        return None
    opening = opening_text(node[0], _LONGEST_LABEL)
    name = read_label(canonical(opening))
    return name and Label(name.role, canonical(opening_text(node, 2 * _LONGEST_LABEL)[len(opening) :]))


def _block(line: Line) -> Element:
    """The largest element around the line's that holds no more text than it."""
    node = line.element
    while (parent := node.getparent()) is not None and _is_all_of(node, parent):
        node = parent
    return node


def _is_all_of(node: Element, parent: Element) -> bool:
    """Whether an element's parent holds no text beside it."""
    if not _is_blank(parent.text) or not _is_blank(node.tail):
        return False
    siblings = chain(node.itersiblings(), node.itersiblings(preceding=True))
    return all(_is_blank(each.tail) and all(map(_is_blank, each.itertext())) for each in siblings)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _kicker(lines: Sequence[Line], headline: Headline) -> str | None:
    """The line just above the headline, in the same block."""
    if headline.line is None or not headline.line.at:
        return None
    above = lines[headline.line.at - 1]
    plain = not above.linked and not above.mark & (Mark.LIST | Mark.NAV) and above.label is None
    if not plain or not 2 <= above.words <= 20 or above.key == headline.line.key or is_date_line(above.text):
        return None
    if holds_facts(above):
        return None
    return above.text if _block(above).getparent() is _block(headline.line).getparent() else None
