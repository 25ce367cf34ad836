"""The one way in: a page becomes an article or a refusal, and never an exception.

`extract_article()` says what; `explain_article()` also says why, line by line, from the same reading of the page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from urllib.parse import quote

from extract import metadata
from extract.attribution import attributed, once, opening_name, with_occupation
from extract.body import Body, Hints, read_body
from extract.decode import Decoded, decode
from extract.families import UNKNOWN, Family, family_of
from extract.judge import Judge, Judgement, Verdict, is_date_line, parted
from extract.labels import Role
from extract.language import language_of
from extract.lines import Element, Line, Mark, read_lines, step
from extract.markup import Markup
from extract.metadata import Clock, Head, Headline
from extract.rawtext import begin, find_top, mark_noise, raw_lines
from extract.refusal import refuse
from extract.text import canonical, fold
from extract.types import Article, Date, Page, Reason, Rejection, Source

EXTRACTOR = "warraq-extract/2"
"""Name and version of these rules, kept with every record; raise it when their results change."""


_SAMPLE = 3000  # characters of text that tell its language


def extract_article(page: Page, source: Source | None = None) -> Article | Rejection:
    """Read a page.

    Args:
        page: the response as archived; HTML or plain text.
        source: the site it is from; None: nothing is known but the page.

    Returns:
        The article, or why there is none. No input makes it raise, except MemoryError where memory is limited.
    """
    return _read(page, source).result


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What a page gives, and which rule decided over each of its lines."""

    result: Article | Rejection
    verdicts: tuple[Verdict, ...] = ()
    """All lines of the page in its order; none where it was refused before it was read. `extract.judge.RULES` says what
    the rules' names mean."""
    charset: str = ""
    """What the bytes were read as; empty where they were not."""
    family: str = ""
    """The family whose rules were used; empty if none."""
    container: str = ""
    """Path of the element taken for the body, e.g. `body > main > div#balmon`; empty if there is none."""
    found_by: str = ""
    """What found the container: `family`, `structure` or `trafilatura`."""
    flags: tuple[str, ...] = ()
    """Doubts, as in `Article.flags`."""


def explain_article(page: Page, source: Source | None = None) -> Explanation:
    """Read a page as `extract_article` does, and say why it gives what it gives."""
    read = _read(page, source)
    judged = {verdict.line.at: verdict for verdict in read.body.judgement.verdicts} if read.body else {}
    if read.headline and (line := read.headline.line):
        judged[line.at] = Verdict(line, False, "headline")
    region = read.body.region if read.body else None
    return Explanation(
        result=read.result,
        verdicts=tuple(judged.get(line.at) or _unjudged(line) for line in read.lines),
        charset=read.decoded.charset if read.decoded else "",
        family=read.family.name,
        container=_path(region.element) if region else "",
        found_by=region.found_by if region else "",
        flags=read.result.flags if isinstance(read.result, Article) else read.decoded.flags if read.decoded else (),
    )


def _unjudged(line: Line) -> Verdict:
    return Verdict(line, False, "family" if line.mark & Mark.NOISE else "elsewhere")


def _path(element: Element) -> str:
    return " > ".join(step(node) for node in reversed(list(_up(element))) if node.tag != "html")


@dataclass(frozen=True, slots=True)
class _Read:
    """The result of reading a page, and what led to it as far as it got."""

    result: Article | Rejection
    decoded: Decoded | None = None
    lines: Sequence[Line] = ()
    headline: Headline | None = None
    body: Body | None = None
    family: Family = UNKNOWN


def _read(page: Page, source: Source | None) -> _Read:
    try:
        if page.status >= 400:
            barred = page.status in (401, 403, 407, 429, 451)
            reason = Reason.BLOCKED if barred else Reason.HTTP_ERROR
            return _Read(Rejection(reason=reason, detail=f"The server answered with HTTP status {page.status}."))
        decoded = decode(page)
        if isinstance(decoded, Rejection):
            return _Read(decoded)
        if decoded.tree is None:
            return _read_text(decoded, page, source)
        return _read_tree(decoded, decoded.tree, page, source)
    except MemoryError:  # it concerns this process: another may have more
        raise
    except Exception as error:  # a page nobody foresaw must not stop a run; the row says what happened
        return _Read(Rejection(reason=Reason.FAILED, detail=f"Extraction broke down on this page: {error!r}."))


def _read_text(decoded: Decoded, page: Page, source: Source | None) -> _Read:
    lines = raw_lines(decoded.text)
    first = next((line for line in lines if line.label is None), None)
    if first is None:
        rejection = Rejection(reason=Reason.TOO_SHORT, detail="The text holds no line but labels.")
        return _Read(rejection, decoded, lines)
    brands = (source.name, *source.brands) if source else ()
    top = find_top(lines, first)
    headline = Headline(metadata.without_site(top.text, brands), f"line:{top.at + 1}", top)
    head = Head(title=first.text)
    brands = metadata.brands_of(head, source, metadata.site_name(head, source, headline)[0])
    mark_noise(lines, top, brands)
    judgement = Judge(title=headline.text, brands=brands).judge((), lines[begin(lines, top) :])
    clues = _Clues(
        dates=[line.text for line in judgement.dates],
        bylines=[name for _, name in judgement.bylines],
        labelled_tags=[tag for line in judgement.tags for tag in _tags_of_line(line)],
    )
    body = Body(judgement, None, None)
    family = family_of(source.family if source else None, None)
    language = language_of(judgement.text[:_SAMPLE])
    clock = metadata.clock_for(page, source, None, language[0])
    result = refuse(page, source, head, headline, lines, body, language[0]) or _article(
        decoded, page, source, clock, head, headline, judgement, language, family, clues
    )
    return _Read(result, decoded, lines, headline, body, family)


def _read_tree(decoded: Decoded, tree: Element, page: Page, source: Source | None) -> _Read:
    markup = Markup(tree)
    head = metadata.read_head(tree)
    family = family_of(source.family if source else None, markup)
    brands = metadata.brands_of(head, source, metadata.site_name(head, source)[0])
    clues = _gather(family, markup, head)
    lines = read_lines(tree, noise=frozenset([*family.select("drop", markup), *_skippable(tree)]))
    titles = family.select("title", markup)
    headline = metadata.find_headline(head, lines, titles, brands)
    clues.home = metadata.home_name(lines, tree, head)
    brands = metadata.brands_of(head, source, metadata.site_name(head, source, headline, clues.home)[0])
    hints = Hints(headline=headline, brands=brands, leads=clues.leads, kickers=frozenset(map(fold, clues.kickers)))
    body = read_body(markup, lines, family, hints)
    language = language_of(body.judgement.text[:_SAMPLE])
    result: Article | Rejection | None = refuse(page, source, head, headline, lines, body, language[0])
    if result is None:
        clues.see(lines, headline, body)
        clock = metadata.clock_for(page, source, tree, language[0])
        result = _article(decoded, page, source, clock, head, headline, body.judgement, language, family, clues)
    return _Read(result, decoded, lines, headline, body, family)


@dataclass(slots=True)
class _Clues:
    """What stands on the page about the article, beside its text and the page's head; canonical texts."""

    dates: Sequence[str] = ()
    bylines: Sequence[str] = ()
    labelled_tags: Sequence[str] = ()
    named_dates: Sequence[str] = ()
    named_authors: Sequence[str] = ()
    named_tags: Sequence[str] = ()
    crumbs: Sequence[str] = ()
    crumbs_above: Sequence[str] = ()
    kickers: Sequence[str] = ()
    leads: frozenset[str] = frozenset()
    times: Sequence[tuple[Element, str]] = ()
    linked_authors: Sequence[tuple[Element, str]] = ()
    linked_tags: Sequence[tuple[Element, str]] = ()
    addressed_tags: Sequence[tuple[Element, str]] = ()
    """Links to the page of a tag, as their addresses say."""
    near: Sequence[Line] = ()
    """Lines around the headline."""
    home: str = ""
    """What the page's heading or logo that leads to the home page says."""
    classed_authors: Sequence[str] = ()
    """Texts beside the headline in elements whose class or id is `author` or the like."""

    def see(self, lines: Sequence[Line], headline: Headline, body: Body) -> None:
        """Keep what stands by the article, once it is known where that is."""
        at = {line.element: line.at for line in lines}
        top = headline.line.at if headline.line else body.region.first if body.region else 0
        end = body.region.last if body.region else top

        def beside(found: Sequence[tuple[Element, str]], above: int, below: int) -> list[tuple[Element, str]]:
            return [
                (element, text)
                for element, text in found
                if (place := _place(element, at)) is not None and top - above <= place < end + below
            ]

        ends = (line.at for line in lines[end : end + 4] if line.label and line.label.role in _OTHERS)
        own = set(_up(headline.line.element)) if headline.line else set()
        times = beside(self.times, 6, next(ends, end + 4) - end)
        self.times = [(time, text) for time, text in times if _is_own(time, own)]
        self.linked_authors = beside(self.linked_authors, 6, 6)
        kept = {line.element for line in body.judgement.kept}
        below = [pair for pair in self.addressed_tags if kept.isdisjoint(_up(pair[0]))]  # links in the text are no tags
        self.linked_tags = beside(self.linked_tags, 6, 12) or beside(below, 0, 6)
        named = (line.label for line in lines[max(0, top - 6) : top])
        self.crumbs = [
            *self.crumbs,
            *(label.rest for label in named if label and label.role is Role.SECTION and label.rest),
            *body.judgement.sections,
        ]
        self.crumbs_above = metadata.crumbs_above(lines, top)
        self.near = lines[max(0, top - 6) : end + 4]
        first = body.judgement.kept[0].at if body.judgement.kept else top
        self.classed_authors = [*_classed_authors(lines[max(0, top - 4) : min(first, top + 16)])]
        self.dates = [*map(parted, body.judgement.dates), *_dates_about(lines, headline, body)]
        self.bylines = [name for _, name in body.judgement.bylines]
        self.bylines += _with_calling(lines[max(0, top - 4) : min(first, top + 6)], headline)
        self.labelled_tags = _labelled_tags(body.judgement)


_OTHERS = frozenset({Role.RELATED, Role.LATEST, Role.COMMENTS})
"""Labels after which dates are other texts'."""
_PUBLICATION = re.compile(r"نشر|انتشار|درج|ثبت|تاریخ\s+چاپ|publish|posted", re.IGNORECASE)
_ITEM_NUMBER = re.compile(r"(?:کد|شناسه|شماره)\s*(?:خبر|مطلب|نوشته)|رقم\s+(?:الخبر|المقال)|^(?:شماره|العدد)\s")


def _with_calling(lines: Sequence[Line], headline: Headline) -> list[str]:
    """The name on a line whose next one says what its bearer is: `منى البحيري`, `كاتبة من تونس`; of two, neither."""
    pairs = (pair for pair in pairwise(lines) if headline.line not in pair and not pair[0].heading)
    names = (with_occupation([one.text, two.text]) for one, two in pairs if one.words <= 4 and two.words <= 6)
    found = [name for name in names if name]
    return found if len(found) == 1 else []


def _classed_authors(lines: Sequence[Line]) -> Iterator[str]:
    """What an element named for the author says first, be it a short line, around one or in one."""
    seen: set[Element] = set()
    for line in lines:
        if line.label is not None or line.words > 30 or _CALLING.match(line.text):
            continue
        inside = line.element.iterdescendants("span", "a", "b", "strong")
        around = (node for node in (line.element, line.element.getparent()) if node is not None)
        whole = next((node for node in around if _is_named_for_author(node)), None) if line.words <= 16 else None
        named = whole if whole is not None else next(filter(_is_named_for_author, inside), None)
        if named is not None and named not in seen:
            seen.add(named)
            yield line.text if whole is not None else _text(named)


def _is_named_for_author(element: Element) -> bool:
    return bool(_AUTHOR_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _dates_about(lines: Sequence[Line], headline: Headline, body: Body) -> list[str]:
    """Lines about the headline that hold a date: a labelled one, one in the article's block, or its meta line."""
    if headline.line is None:
        return []
    top = headline.line.at
    own = {node for node in _up(headline.line.element) if node.tag == "article" or node is body.wrapper}
    own = {node for node in own if node.tag != "body"}
    above = lines[max(0, top - 6) : top]
    found = [
        parted(line)
        for line in above
        if (line.label and line.label.role in (Role.DATE, Role.ID) and _PUBLICATION.search(line.text))
        or (_ITEM_NUMBER.search(line.text) and line.link_share < 0.5)  # what has the item's number tells its date
        or (not own.isdisjoint(_up(line.element)) and is_date_line(line.text))
    ]
    first = body.judgement.kept[0].at if body.judgement.kept else top
    below = lines[top + 1 : min(first, top + 6)]
    return found + [parted(line) for line in below if line.words <= 16 and line.link_share < 0.9]


def _is_own(element: Element, around: Collection[Element]) -> bool:
    """Whether no other story's block stands around an element: an article or list item with a headline of its own.

    Args:
        element: a time.
        around: the headline's elements.
    """
    blocks = (node for node in element.iterancestors("article", "li") if around and node not in around)
    return not any(next(node.iter("h2", "h3", "h4", "h5", "h6"), None) is not None for node in blocks)


def _place(element: Element, at: Mapping[Element, int]) -> int | None:
    """Number of the line in which an element stands or, if it says nothing, of one just before it."""
    for node in _up(element):
        if node in at:
            return at[node]
        before = node.getprevious()
        if before is not None and (found := [at[inner] for inner in before.iter() if inner in at]):
            return found[-1]
    return None


def _up(element: Element) -> Iterator[Element]:
    yield element
    yield from element.iterancestors()


_TAG_PATHS = (
    "tags?",
    "keywords?",
    "topics?",
    "t",
    "hashtag",
    *(f"{name}|{quote(name)}" for name in ("وسم", "وسوم", "برچسب")),
)
# What both forms open with comes first: it is quickly looked for.
_TAG_ADDRESS = re.compile(rf"[/?&](?:(?<=/)(?:{'|'.join(_TAG_PATHS)})/|(?<!/)(?:tag|keyword)=)", re.IGNORECASE)
_AUTHOR_ADDRESS = re.compile(r"/(?:authors?|writers?|columnists?|journalists?)/", re.IGNORECASE)
_AUTHOR_NAME = re.compile(
    r"(?:^|[\s_-])(?:(?:authors?|auth|writers?|byline|journalist|columnist)(?:$|[\s_-]|name)|editor[_-]?name)",
    re.IGNORECASE,
)
_CALLING = re.compile(r"^(?:صحا?في|كاتب|باحث|مراسل|إعلامي|محلل|خبير|أكاديمي)ة?\b")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d")


def _gather(family: Family, markup: Markup, head: Head) -> _Clues:
    """Read what the family's rules and the markup's own vocabulary name, before noise is cut."""
    times: list[tuple[Element, str]] = []
    authors: list[tuple[Element, str]] = []
    tags: list[tuple[Element, str]] = []
    addressed: list[tuple[Element, str]] = []
    for element in markup.tree.iter("time", "a", "abbr", "span", "address", "meta"):
        rel, prop, tag = element.get("rel"), element.get("itemprop"), element.tag
        if tag == "span" and not rel and not prop:
            continue
        rel = rel.split() if rel else ()
        address = element.get("href") or ""
        if tag == "time" or prop == "datePublished":
            if stated := element.get("datetime") or element.get("content") or element.get("title"):
                times.append((element, stated))
            times.append((element, _text(element)))
        elif tag == "abbr" and _ISO_TIME.match(stated := element.get("title") or ""):  # microformats: hAtom
            times.append((element, stated))
        elif "tag" in rel and "category" not in rel:  # WordPress calls a category's link both
            tags.append((element, _text(element)))
        elif tag == "a" and (_TAG_ADDRESS.search(address) or _is_hashtag(element)):
            addressed.append((element, _text(element)))
        elif ("author" in rel or prop == "author" or _AUTHOR_ADDRESS.search(address)) and not _in_footer(element):
            authors.append((element, _text(element)))
    dates = [text for e in family.select("date", markup) for text in (e.get("datetime"), _text(e)) if text]
    leads = [_text(element) for element in family.select("lead", markup)]
    leads += [head.first(name)[0].rstrip(" .…") for name in ("og:description", "description", "twitter:description")]
    return _Clues(
        named_dates=dates,
        named_authors=[_text(element) for element in family.select("authors", markup)],
        named_tags=[_text(element) for element in family.select("tags", markup)],
        crumbs=[_text(element) for element in family.select("breadcrumb", markup)],
        kickers=[text for element in family.select("kicker", markup) if (text := _text(element))],
        leads=frozenset(fold(lead) for lead in leads if lead.count(" ") >= 2),
        times=times,
        linked_authors=authors,
        linked_tags=tags,
        addressed_tags=addressed,
    )


_SKIP = re.compile(r"^\s*(?:تخط[ىي]|تجاوز|skip|passer|überspringen|saltar)\s+(?!to\b)", re.IGNORECASE)


def _skippable(tree: Element) -> Iterator[Element]:
    """What a link for screen readers skips: `تخطى البودكاست وواصل القراءة`, up to the place it leads to."""
    for link in tree.iter("a"):
        href = link.get("href") or ""
        if not (href.startswith("#") and len(href) > 1 and _SKIP.match(_text(link))):
            continue
        skipped: list[Element] = []
        for node in link.xpath("following::*"):
            if node.get("id") == href[1:]:
                around = {node, *node.iterancestors()}
                yield from (other for other in skipped if other not in around)
                if len(_text(node).split()) <= 6:  # `البودكاست نهاية`
                    yield node
                break
            if node.tag in ("h1", "main", "article"):
                break
            skipped.append(node)
        else:  # it leads nowhere: what it opens is to be skipped
            if (section := link.getparent()).tag in ("section", "aside") and section[0] is link:
                yield section


def _in_footer(element: Element) -> bool:
    """Whether an element stands at the foot of the page, where its makers are named, and not of the article."""
    around = [node.tag for node in element.iterancestors("footer", "article")]
    return "footer" in around and "article" not in around


def _is_hashtag(link: Element) -> bool:
    """Whether a link shows `#word`, and no quoted post does."""
    text = (link.text or "").strip()
    return text.startswith("#") and len(text) > 2 and all(node.tag != "blockquote" for node in link.iterancestors())


def _text(element: Element) -> str:
    return canonical(" ".join(element.itertext()))


def _article(
    decoded: Decoded,
    page: Page,
    source: Source | None,
    clock: Clock,
    head: Head,
    headline: Headline,
    judgement: Judgement,
    language: tuple[str, float],
    family: Family,
    clues: _Clues,
) -> Article:
    site, site_where = metadata.site_name(head, source, headline, clues.home)
    brands = metadata.brands_of(head, source, site)
    visible = [
        *((text, "family:date") for text in clues.named_dates),
        *((text, "time[datetime]" if element.get("datetime") == text else "time") for element, text in clues.times),
        *((text, "line") for text in clues.dates),
        *((text, "title") for text in metadata.title_parts(head) if is_date_line(text)),
    ]
    published = None if family.undated else metadata.find_published(head, visible, clock)
    modified, modified_where = metadata.find_modified(head, clock)
    paragraphs = tuple(line.text for line in judgement.kept)
    bylines = list(clues.bylines)
    if paragraphs and (opening := opening_name(paragraphs[0], brands)):
        bylines.append(opening)
    linked_authors = [text for _, text in clues.linked_authors]
    authors, authors_where = metadata.find_authors(
        head, bylines, clues.named_authors, linked_authors, clues.classed_authors, clues.near, brands
    )
    tags, tags_where = metadata.find_tags(
        head, clues.named_tags, clues.labelled_tags, [text for _, text in clues.linked_tags], headline.text
    )
    section, section_where = metadata.find_section(head, clues.crumbs, clues.crumbs_above, headline.text)
    image, image_where = metadata.find_image(head, page.url)
    address, address_where = metadata.find_canonical(head, page.url, source)
    kicker = next(iter(clues.kickers), judgement.kicker)
    provenance = {
        "title": headline.where,
        "published": published.where if published else "",
        "modified_at": modified_where,
        "authors": authors_where,
        "tags": tags_where,
        "section": section_where,
        "site_name": site_where,
        "image_url": image_where,
        "canonical_url": address_where,
    }
    return Article(
        title=headline.text,
        paragraphs=paragraphs,
        kicker=kicker if kicker and fold(kicker) != fold(headline.text) else None,
        authors=authors,
        published=published,
        modified_at=modified,
        language=language[0],
        language_confidence=language[1],
        section=section,
        tags=tags,
        attribution=_attribution(judgement, source, brands),
        site_name=site,
        image_url=image,
        canonical_url=address,
        provenance=MappingProxyType({name: where for name, where in provenance.items() if where}),
        flags=decoded.flags + _doubts(published, clock),
    )


def _doubts(published: Date | None, clock: Clock) -> tuple[str, ...]:
    if published is None:
        return ()
    if published.at.year < 1990:
        return ("early_date",)
    return ("future_date",) if clock.fetched_at and published.at > clock.fetched_at else ()


def _labelled_tags(judgement: Judgement) -> list[str]:
    """Tags behind the label: the links in its line, the parts of its text, or the links beside it."""
    around_text = {node for line in judgement.kept if line.element is not None for node in _up(line.element)}
    for line in judgement.tags:
        if links := [text for link in line.element.iter("a") if (text := _text(link)) and text in line.text]:
            return links
        if (name := line.label) and name.rest:
            return _tags_of_line(line)
        for block in list(line.element.iterancestors())[:2]:
            if block in around_text:  # a list of tags does not hold the article
                break
            links = [_text(link) for link in block.iter("a")] if block.tag != "body" else []
            if 0 < len(links) <= 40:
                return links
    return []


def _tags_of_line(line: Line) -> list[str]:
    """Tags of a labelled line of text; none where nothing parts them."""
    name = line.label
    tags = metadata.split_tags(name.rest) if name else []
    return tags if name and (len(tags) > 1 or name.rest.count(" ") < 4) else []


_TOGETHER = re.compile(r"\s*[+،,&/|]\s*|\s+[-–]\s+")


def _attribution(judgement: Judgement, source: Source | None, brands: Sequence[str]) -> tuple[str, ...]:
    """Agencies of source lines, of datelines and of the text, in the order they are named."""
    named = [
        (at, name.strip(" .،:\"'«»“”"))
        for at, text in judgement.sources
        if not _item_number(text, source)
        for name in _TOGETHER.split(text)
    ]
    kept = judgement.kept
    own = frozenset(fold(name) for name in (*brands, *judgement.brands))
    for place, line in enumerate(kept):
        found = attributed(line.text, own, first=place < 2, last=place == len(kept) - 1)
        named += [(line.at, name) for name in found]
    return once(name for _, name in sorted(named, key=lambda pair: pair[0]))


def _item_number(text: str, source: Source | None) -> bool:
    """`etemadonline-688273`: the site naming itself and the item is no attribution."""
    head, _, tail = text.strip().rpartition("-")
    own = source is not None and any(text.lower().startswith(name) for name in (source.id, *source.domains))
    return own or (bool(head) and head.isascii() and tail.strip().isdigit())
