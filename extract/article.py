"""The one way in: a page becomes an article or a refusal, and never an exception.

`extract_article()` says what; `explain_article()` also says why, line by line, from the same reading of the page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
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
from extract.lines import Element, Line, Mark, opening_text, read_lines, step
from extract.markup import Markup, within
from extract.metadata import Clock, Head, Headline
from extract.rawtext import begin, find_top, mark_noise, raw_lines
from extract.refusal import refuse
from extract.text import canonical, fold
from extract.types import Article, Date, Page, Reason, Rejection, Source, TooLargeError

EXTRACTOR = "warraq-extract/2"
"""Name and version of these rules, kept with every record; raise it when their results change."""


_SAMPLE = 3000  # characters of text that tell its language
_LONGEST_CLUE = 1000  # characters of a name, a date or a tag that are read
_LONGEST_LEAD = 5000
_MOST_CLUES = 100  # elements of a kind about the article that are read
_MOST_SKIPS = 20


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
    except TooLargeError as error:
        return _Read(Rejection(reason=Reason.TOO_LARGE, detail=f"The page has {error}."))
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
    time_elements: Sequence[Element] = ()
    author_elements: Sequence[Element] = ()
    tag_elements: Sequence[Element] = ()
    addressed_elements: Sequence[Element] = ()
    """Links to the page of a tag, as their addresses say."""
    times: Sequence[tuple[str, str]] = ()
    """Times about the article, and where they stood."""
    authors: Sequence[str] = ()
    tags: Sequence[str] = ()
    near: Sequence[Line] = ()
    """Lines around the headline."""
    home: str = ""
    """What the page's heading or logo that leads to the home page says."""
    classed_authors: Sequence[str] = ()
    """Texts beside the headline in elements whose class or id is `author` or the like."""

    def see(self, lines: Sequence[Line], headline: Headline, body: Body) -> None:
        """Keep what stands by the article, once it is known where that is."""
        places = _Places(lines)
        top = headline.line.at if headline.line else body.region.first if body.region else 0
        end = body.region.last if body.region else top

        def beside(found: Iterable[Element], above: int, below: int) -> list[Element]:
            near = range(top - above, end + below)
            return [element for element in found if (place := places.of(element)) is not None and place in near]

        ends = (line.at for line in lines[end : end + 4] if line.label and line.label.role in _OTHERS)
        own = set(_up(headline.line.element)) if headline.line else set()
        times = beside(self.time_elements, 6, next(ends, end + 4) - end)
        is_other = cache(_is_other)
        of_article = [time for time in times if not any(map(is_other, _blocks_around(time, own)))]
        self.times = [shown for time in of_article[:_MOST_CLUES] for shown in _shown_by(time)]
        self.authors = [_text(element) for element in beside(self.author_elements, 6, 6)[:_MOST_CLUES]]
        kept = {line.element for line in body.judgement.kept}
        in_text = frozenset(within(self.addressed_elements, kept))  # links in the text are no tags
        tags = beside(self.tag_elements, 6, 12)
        tags = tags or beside((link for link in self.addressed_elements if link not in in_text), 0, 6)
        self.tags = [_text(element) for element in tags[:_MOST_CLUES]]
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
        self.dates = [*map(parted, body.judgement.dates[:_MOST_CLUES]), *_dates_about(lines, headline, body)]
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


def _blocks_around(element: Element, around: Collection[Element]) -> Iterator[Element]:
    """Blocks around an element in which another story may stand: articles and list items without the headline.

    Args:
        element: a time.
        around: the headline's elements.
    """
    return (node for node in element.iterancestors("article", "li") if around and node not in around)


def _is_other(block: Element) -> bool:
    """Whether a block has a headline of its own."""
    return next(block.iter("h2", "h3", "h4", "h5", "h6"), None) is not None


def _shown_by(element: Element) -> Iterator[tuple[str, str]]:
    """Times that an element shows or states, and where."""
    if stated := element.get("datetime") or element.get("content") or element.get("title"):
        yield stated[:_LONGEST_CLUE], "time[datetime]" if element.get("datetime") == stated else "time"
    if element.tag != "abbr" or element.get("itemprop") == "datePublished":
        text = _text(element)
        yield text, "time[datetime]" if element.get("datetime") == text else "time"


class _Places:
    """Where elements stand among the lines. What was found of an element is kept: others stand beside it."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._at = {line.element: line.at for line in lines}
        self._last: dict[Element, int | None] = {}
        self._found: dict[Element, int | None] = {}

    def of(self, element: Element) -> int | None:
        """Number of the line in which an element stands or, if it says nothing, of one just before it."""
        passed = []
        found: int | None = None
        for node in _up(element):
            if node in self._found:
                found = self._found[node]
                break
            passed.append(node)
            found = self._at.get(node)
            if found is None and (before := node.getprevious()) is not None:
                found = self._last_in(before)
            if found is not None:
                break
        self._found.update(dict.fromkeys(passed, found))
        return found

    def _last_in(self, element: Element) -> int | None:
        """Number of the line of the last element in one that has any."""
        if element not in self._last:
            found = [self._at[inner] for inner in element.iter() if inner in self._at]
            self._last[element] = found[-1] if found else None
        return self._last[element]


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
    times: list[Element] = []
    authors: list[Element] = []
    tags: list[Element] = []
    addressed: list[Element] = []
    for element in markup.tree.iter("time", "a", "abbr", "span", "address", "meta"):
        rel, prop, tag = element.get("rel"), element.get("itemprop"), element.tag
        if tag == "span" and not rel and not prop:
            continue
        rel = rel.split() if rel else ()
        address = element.get("href") or ""
        if tag == "time" or prop == "datePublished" or (tag == "abbr" and _ISO_TIME.match(element.get("title") or "")):
            times.append(element)  # the last are microformats: hAtom
        elif "tag" in rel and "category" not in rel:  # WordPress calls a category's link both
            tags.append(element)
        elif tag == "a" and (_TAG_ADDRESS.search(address) or _is_hashtag(element)):
            addressed.append(element)
        elif ("author" in rel or prop == "author" or _AUTHOR_ADDRESS.search(address)) and not _in_footer(element):
            authors.append(element)

    def texts(field: str) -> list[str]:
        return [_text(element) for element in family.select(field, markup)[:_MOST_CLUES]]

    named = family.select("date", markup)[:_MOST_CLUES]
    dates = [text for e in named for text in (e.get("datetime"), _text(e)) if text]
    leads = [_text(element, _LONGEST_LEAD) for element in family.select("lead", markup)[:_MOST_CLUES]]
    leads += [head.first(name)[0].rstrip(" .…") for name in ("og:description", "description", "twitter:description")]
    return _Clues(
        named_dates=dates,
        named_authors=texts("authors"),
        named_tags=texts("tags"),
        crumbs=texts("breadcrumb"),
        kickers=[text for text in texts("kicker") if text],
        leads=frozenset(fold(lead) for lead in leads if lead.count(" ") >= 2),
        time_elements=times,
        author_elements=authors,
        tag_elements=tags,
        addressed_elements=addressed,
    )


_SKIP = re.compile(r"^\s*(?:تخط[ىي]|تجاوز|skip|passer|überspringen|saltar)\s+(?!to\b)", re.IGNORECASE)


def _skippable(tree: Element) -> Iterator[Element]:
    """What a link for screen readers skips: `تخطى البودكاست وواصل القراءة`, up to the place it leads to."""
    internal = (link for link in tree.iter("a") if (link.get("href") or "").startswith("#"))
    skipping = (link for link in internal if len(link.get("href")) > 1 and _SKIP.match(_text(link)))
    for link in islice(skipping, _MOST_SKIPS):
        href = link.get("href")
        skipped: list[Element] = []
        for node in _following(link):
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


def _following(element: Element) -> Iterator[Element]:
    """All elements that begin after one has ended, in document order."""
    return (node for around in _up(element) for sibling in around.itersiblings() for node in sibling.iter())


def _in_footer(element: Element) -> bool:
    """Whether an element stands at the foot of the page, where its makers are named, and not of the article."""
    around = [node.tag for node in element.iterancestors("footer", "article")]
    return "footer" in around and "article" not in around


def _is_hashtag(link: Element) -> bool:
    """Whether a link shows `#word`, and no quoted post does."""
    text = (link.text or "").strip()
    return text.startswith("#") and len(text) > 2 and next(link.iterancestors("blockquote"), None) is None


def _text(element: Element, longest: int = _LONGEST_CLUE) -> str:
    return canonical(opening_text(element, longest, " "))


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
        *clues.times,
        *((text, "line") for text in clues.dates),
        *((text, "title") for text in metadata.title_parts(head) if is_date_line(text)),
    ]
    published = None if family.undated else metadata.find_published(head, visible, clock)
    modified, modified_where = metadata.find_modified(head, clock)
    paragraphs = tuple(line.text for line in judgement.kept)
    bylines = list(clues.bylines)
    if paragraphs and (opening := opening_name(paragraphs[0], brands)):
        bylines.append(opening)
    authors, authors_where = metadata.find_authors(
        head, bylines, clues.named_authors, clues.authors, clues.classed_authors, clues.near, brands
    )
    tags, tags_where = metadata.find_tags(head, clues.named_tags, clues.labelled_tags, clues.tags, headline.text)
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
        inside = islice(line.element.iter("a"), _MOST_CLUES)
        if links := [text for link in inside if (text := _text(link)) and text in line.text]:
            return links
        if (name := line.label) and name.rest:
            return _tags_of_line(line)
        for block in list(line.element.iterancestors())[:2]:
            if block in around_text:  # a list of tags does not hold the article
                break
            links = list(islice(block.iter("a"), 41)) if block.tag != "body" else []
            if 0 < len(links) <= 40:
                return [_text(link) for link in links]
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
