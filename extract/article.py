"""The one way in: a page becomes an article or a refusal, and never an exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from extract import metadata
from extract.attribution import attributed, once
from extract.body import kept_by_trafilatura
from extract.decode import Decoded, decode
from extract.families import Family, family_of
from extract.judge import Judge, Judgement
from extract.labels import Role, label
from extract.language import detect_language
from extract.lines import Element, Line, Mark, read_lines
from extract.rawtext import raw_lines
from extract.region import Region, find_region, is_prose, region_of
from extract.text import canonical, fold
from extract.types import Article, Page, Reason, Rejection, Source

EXTRACTOR = "warraq-extract/1"
"""Name and version of these rules, kept with every record; raise it when their results change."""

_FEWEST_WORDS = 25  # of text in a real, if short, news item


def extract_article(page: Page, source: Source | None = None) -> Article | Rejection:
    """Read a page.

    Args:
        page: the response as archived; HTML or plain text.
        source: the site it is from; None: nothing is known but the page.

    Returns:
        The article, or why there is none. No input makes it raise.
    """
    try:
        return _extract(page, source)
    except Exception as error:  # noqa: BLE001 - a page nobody foresaw must not stop a run; the row says what happened
        return Rejection(reason=Reason.FAILED, detail=f"Extraction broke down on this page: {error!r}.")


def _extract(page: Page, source: Source | None) -> Article | Rejection:
    if page.status >= 400:
        blocked = page.status in (401, 403, 407, 429, 451)
        return Rejection(
            reason=Reason.BLOCKED if blocked else Reason.HTTP_ERROR,
            detail=f"The server answered with HTTP status {page.status}.",
        )
    decoded = decode(page)
    if isinstance(decoded, Rejection):
        return decoded
    clock = metadata.Clock(
        source.timezone if source else "UTC", source.calendar if source else "gregorian", page.fetched_at
    )
    if decoded.tree is None:
        return _from_text(decoded, page, source, clock)
    return _from_tree(decoded, page, source, clock)


@dataclass(slots=True)
class _Reading:
    """What has been read of a page so far."""

    head: metadata.Head
    headline: metadata.Headline
    lines: list[Line]
    region: Region | None
    judgement: Judgement
    brands: tuple[str, ...]


def _from_text(decoded: Decoded, page: Page, source: Source | None, clock: metadata.Clock) -> Article | Rejection:
    lines = raw_lines(decoded.text)
    if not lines:
        return Rejection(reason=Reason.TOO_SHORT, detail="The text is empty.")
    brands = (source.name, *source.brands) if source else ()
    first = next((line for line in lines if label(line.text) is None), lines[0])
    title = metadata.without_site(first.text, brands)
    judgement = Judge(title=title, brands=brands).judge((), lines)
    head = metadata.Head(title=first.text)
    reading = _Reading(head, metadata.Headline(title, "line:1", first), lines, None, judgement, brands)
    refusal = _refuse(reading, source)
    if refusal:
        return refusal
    published = metadata.find_published(
        head, family_of(source.family if source else None, None), (), (), judgement.dates, clock
    )
    canonical_url, where = metadata.find_canonical(head, page.url, source)
    provenance = {"title": "line:1", "canonical_url": where}
    if published:
        provenance["published"] = published.where
    paragraphs = tuple(line.text for line in judgement.kept)
    labelled = [tag for line in judgement.tags if (name := label(line.text)) for tag in _tags_of(name.rest)]
    tags, where = metadata.find_tags(head, (), labelled, (), title)
    provenance["tags"] = where
    authors, where = metadata.find_authors(head, (), (), [name for _, name in judgement.bylines], (), brands)
    provenance["authors"] = where
    return Article(
        title=title,
        paragraphs=paragraphs,
        kicker=judgement.kicker,
        authors=authors,
        published=published,
        language=detect_language("\n".join(paragraphs)),
        tags=tags,
        attribution=_attribution(judgement, paragraphs, source, None, brands),
        site_name=source.name if source else None,
        canonical_url=canonical_url,
        provenance=_stated(provenance),
        flags=decoded.flags,
    )


def _tags_of(rest: str) -> list[str]:
    tags = metadata.split_tags(rest)
    return tags if len(tags) > 1 or rest.count(" ") < 4 else []


def _from_tree(decoded: Decoded, page: Page, source: Source | None, clock: metadata.Clock) -> Article | Rejection:
    tree = decoded.tree
    head = metadata.read_head(tree)
    family = family_of(source.family if source else None, tree)
    name, name_where = metadata.site_name(head, source)
    brands = metadata.brands_of(head, source, name)
    named = {field: family.select(field, tree) for field in ("date", "authors", "tags", "breadcrumb", "kicker", "lead")}
    texts = {field: [(e, canonical(e.text_content())) for e in named[field]] for field in ("kicker", "lead")}
    rel_tags = [a for a in tree.iter("a") if "tag" in (a.get("rel") or "").split()]
    rel_author = [
        e for e in tree.iter("a", "span", "address") if e.get("rel") == "author" or e.get("itemprop") == "author"
    ]
    times = list(tree.iter("time"))
    _prune(family.select("drop", tree))

    lines = read_lines(tree)
    headline = metadata.find_headline(head, lines, family.select("title", tree) if family.title != "h1" else (), brands)
    top = headline.line.at if headline.line else 0
    region = _region(family, tree, lines, top)
    kicker_keys = {fold(text) for _, text in texts["kicker"] if text}
    judgement = _judge(lines, region, headline, brands, kicker_keys, {fold(t) for _, t in texts["lead"] if t})
    reading = _Reading(head, headline, lines, region, judgement, brands)
    refusal = _refuse(reading, source)
    if refusal:
        return refusal

    inside = _wrapper(region, headline)
    in_article = [e for e in times if inside is None or _within(inside, e)]
    published = metadata.find_published(head, family, named["date"], in_article, judgement.dates, clock)
    modified, modified_where = metadata.find_modified(head, clock)
    near = lines[max(0, top - 6) : region.last + 4 if region else None]
    authors, authors_where = metadata.find_authors(
        head,
        named["authors"],
        [e for e in rel_author if inside is None or _within(inside, e)],
        [name for _, name in judgement.bylines],
        near,
        brands,
    )
    tags, tags_where = metadata.find_tags(
        head, named["tags"], _labelled_tags(judgement, lines), rel_tags, headline.text
    )
    section, section_where = metadata.find_section(head, named["breadcrumb"], headline.text)
    image, image_where = metadata.find_image(head, page.url)
    canonical_url, canonical_where = metadata.find_canonical(head, page.url, source)
    kicker = next((text for _, text in texts["kicker"] if text), None) or judgement.kicker
    paragraphs = tuple(line.text for line in judgement.kept)
    return Article(
        title=headline.text,
        paragraphs=paragraphs,
        kicker=kicker if kicker and fold(kicker) != fold(headline.text) else None,
        authors=authors,
        published=published,
        modified_at=modified,
        language=detect_language("\n".join(paragraphs)),
        section=section,
        tags=tags,
        attribution=_attribution(judgement, paragraphs, source, name, brands),
        site_name=name,
        image_url=image,
        canonical_url=canonical_url,
        provenance=_stated(
            {
                "title": headline.where,
                "published": published.where if published else "",
                "modified_at": modified_where,
                "authors": authors_where,
                "tags": tags_where,
                "section": section_where,
                "site_name": name_where,
                "image_url": image_where,
                "canonical_url": canonical_where,
            }
        ),
        flags=decoded.flags,
    )


def _stated(provenance: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({name: where for name, where in provenance.items() if where})


def _prune(elements: Sequence[Element]) -> None:
    for element in elements:
        parent = element.getparent()
        if parent is not None:
            element.drop_tree()


def _within(outer: Element, element: Element) -> bool:
    node = element
    while node is not None:
        if node is outer:
            return True
        node = node.getparent()
    return False


def _region(family: Family, tree: Element, lines: Sequence[Line], top: int) -> Region | None:
    """The body: where the family's rules say, unless structure finds far more text elsewhere."""
    found = find_region(lines, after=top)
    best: Region | None = None
    for element in family.select("body", tree):
        region = region_of(element, lines)
        if region and (best is None or region.prose > best.prose):
            best = region
    if best and (found is None or best.prose >= 0.5 * found.prose):
        return best
    return found


def _wrapper(region: Region | None, headline: metadata.Headline) -> Element | None:
    """The smallest element that holds both headline and body; None if one is missing."""
    if region is None or headline.line is None:
        return None
    above = set(headline.line.element.iterancestors()) | {headline.line.element}
    node = region.element
    while node is not None and node not in above:
        node = node.getparent()
    return node


def _judge(
    lines: Sequence[Line],
    region: Region | None,
    headline: metadata.Headline,
    brands: tuple[str, ...],
    kickers: set[str],
    leads: set[str],
) -> Judgement:
    if region is None:
        return Judgement(brands=set(brands))
    inside = list(lines[region.first : region.last])
    chosen = kept_by_trafilatura(region.element, inside, whole_page=False)
    top = headline.line.at + 1 if headline.line and headline.line.at < region.first else region.first
    wrapper = _wrapper(region, headline)
    before = [
        line
        for line in lines[top : region.first]
        if line.key not in kickers and (wrapper is None or _within(wrapper, line.element))
    ]
    after = [line for line in lines[region.last : region.last + 12]]
    judgement = Judge(title=headline.text, brands=brands, chosen=chosen, leads=leads).judge(before, inside)
    for line in after:
        name = label(line.text)
        if name and name.role is Role.TAGS:
            judgement.tags.append(line)
        elif name and name.role is Role.SOURCE and name.rest:
            judgement.sources.append(name.rest)
    if judgement.kicker is None and headline.line is not None and headline.line.at:
        above = lines[headline.line.at - 1]
        if (
            above.element.getparent() is headline.line.element.getparent()
            and not above.linked
            and 2 <= above.words <= 20
            and label(above.text) is None
            and not above.mark & (Mark.LIST | Mark.NAV)
        ):
            judgement.kicker = above.text
    return judgement


def _labelled_tags(judgement: Judgement, lines: Sequence[Line]) -> list[str]:
    for line in judgement.tags:
        parent = line.element.getparent()
        links = [a for a in line.element.iter("a")]
        if not links and parent is not None and parent.tag != "body":
            links = [a for a in parent.iter("a")]
            if not links and parent.getparent() is not None and parent.getparent().tag != "body":
                links = [a for a in parent.getparent().iter("a")]
        if 0 < len(links) <= 40:
            return [canonical(a.text_content()) for a in links]
        name = label(line.text)
        if name and name.rest:
            return _tags_of(name.rest)
    return []


def _attribution(
    judgement: Judgement,
    paragraphs: Sequence[str],
    source: Source | None,
    name: str | None,
    brands: Sequence[str],
) -> tuple[str, ...]:
    """Agencies of source lines and datelines, then those named in the text; not the site's own item number."""
    own = {source.id} if source else set()
    lines = [
        text.strip(" .،:")
        for text in judgement.sources
        if not any(text.lower().startswith(prefix) for prefix in own) and not _item_number(text)
    ]
    return once([*lines, *attributed(paragraphs, {*brands, *judgement.brands})])


def _item_number(text: str) -> bool:
    """`etemadonline-688273`: the site naming itself and the item."""
    head, _, tail = text.strip().rpartition("-")
    return bool(head) and tail.strip().isdigit() and head.isascii()


# --- refusals ------------------------------------------------------------------------------------------------------------


def _refuse(reading: _Reading, source: Source | None) -> Rejection | None:
    kept = reading.judgement.kept
    words = sum(line.words for line in kept)
    prose = [line for line in kept if is_prose(line)]
    role = metadata.title_role(reading.head, reading.headline.text)
    if role == Role.NOT_FOUND and words < 120:
        return Rejection(reason=Reason.SOFT_404, detail=f"The page calls itself not found: {reading.headline.text!r}.")
    if role == Role.BLOCKED and words < 120:
        return Rejection(reason=Reason.BLOCKED, detail=f"The page is a barrier: {reading.headline.text!r}.")
    linked = sum(line.linked for line in reading.lines)
    total = sum(len(line.text) for line in reading.lines) or 1
    if not prose or words < _FEWEST_WORDS:
        if linked > 0.5 * total and len(reading.lines) > 30:
            return Rejection(
                reason=Reason.NOT_AN_ARTICLE,
                detail=f"No running text: {linked * 100 // total} % of the page's characters are links.",
            )
        if reading.lines and metadata.says_not_article(reading.head):
            return Rejection(reason=Reason.NOT_AN_ARTICLE, detail="The page declares itself a list or a video.")
        return Rejection(
            reason=Reason.TOO_SHORT,
            detail=f"Only {words} words of running text; an article has {_FEWEST_WORDS} or more.",
        )
    language = detect_language("\n".join(line.text for line in kept))
    if source and language not in ("und", source.language):
        return Rejection(
            reason=Reason.WRONG_LANGUAGE,
            detail=f"The text is in {language!r}, the source publishes in {source.language!r}.",
        )
    return None
