"""What a page says about its article, and where it says so.

Everything is read once. A value that a template, a clock or another story may have put there is worse than none, so
each field has its own tests and an empty field is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import combinations, islice
from urllib.parse import urljoin, urlsplit

from extract.attribution import BYLINE, correspondent, is_agency, once
from extract.dates import read_date
from extract.jsonld import Node, address_of, is_organisation, read_json_ld, resolved, string_of, types_of
from extract.labels import Role, label
from extract.lines import Element, Line, opening_text
from extract.text import canonical, fold
from extract.types import Calendar, Date, Page, Source
from extract.urls import canonical_url

_ARTICLE_TYPE = re.compile(r"Article$|^BlogPosting$|^Report$|^Review$")
_PUBLISHED = (
    "article:published_time", "datepublished", "article:published", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dcterms.date", "dc.date", "dc.date.created", "publishdate", "publish-date", "publish_date",
    "pubdate", "published_time", "og:published_time", "parsely-pub-date", "sailthru.date", "article_date_original",
    "datecreated", "cxenseparse:recs:publishtime",
)  # fmt: skip
_MODIFIED = ("article:modified_time", "datemodified", "og:updated_time", "dcterms.modified", "dc.date.modified")
_COARSE = ("day", "month")
_SUFFIX = re.compile(r"\s+(?:[|–—»«·•>›]|-{1,2}|::)\s+|\s*[|»«]\s*|\s*::\s*")
_ANY_CUT = re.compile(r"\s*[|–—»«·•>›~/:-]+\s*")  # what may part a name of the site that is known from a title
_SLUG = re.compile(r"^(?:عام|سياسي|اقتصادي|رياضي|ثقافي|اجتماعي|محلي|علمي|صحي|بيئي)\s*/\s+")
"""The desk that an agency files a text under, before the headline: `اقتصادي / البنك المركزي يثبت الفائدة`."""
_CUT = re.compile(_SUFFIX.pattern + r"|\s*:\s+|\s+/\s+")  # these part a title only where its other part is known
_ORGANISATION = re.compile(
    r"(?:^|\s)(?:ال)?(?:جريدة|صحيفة|موقع|وكالة|شبكة|قناة|مجلة|تحرير|محرر|إدارة|مؤسسة|مركز|بوابة|فريق|غرفة|قسم|مكتب|شركة|"
    r"مدير|المحررون|مراسلنا|مراسلتنا|مراسلونا|مراسلو|مراسلون|كاتبة?\s+(?:ضيفة?|صح[اف]*ية?)|هيئة|أسرة|وحدة|إعلام|مدیر|خبرنگار|سردبیر|روابط|نيوز|نیوز|أونلاين|اونلاين|آنلاین|برس|خبرگزاری|پایگاه|روزنامه|شرکت|سایت|گروه|سرویس|تحریریه|هفته\s*نامه|"
    r"news|team|group|media|agency|staff|editor|desk|admin\w*|webmaster|company|root|super\s*user|website|online|press|"
    r"tv|user|author|unknown|undefined|null|none)(?:\s|$)",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"[()\[\]@/\\<>{}=_|؟?!:؛;\d«»\"]|\.\w{2,}$|^https?|www\.")
_TAG_BREAK = re.compile(r"\s*[،,;؛|•·]\s*|\s+[-–/]\s+")
_MARK_BETWEEN_TAGS = re.compile(r"\s*[،,;؛|•·]\s*")
_SPLIT_AUTHORS = re.compile(r"\s*[،,;؛|/]\s*|\s+(?:و|and|&|[-–—])\s+")
_PLACES = frozenset(
    fold(place)
    for place in (
        "أبو ظبي", "رام الله", "بيت لحم", "خان يونس", "تل أبيب", "دير الزور", "شرم الشيخ", "كفر الشيخ", "بني سويف",
        "بور سعيد", "بور سودان", "أم درمان", "رأس الخيمة", "أم القيوين", "مكة المكرمة", "المدينة المنورة", "حفر الباطن",
        "وادي حلفا", "سيدي بوزيد", "بني ملال", "لوس أنجلوس", "سان فرانسيسكو",
    )
)  # fmt: skip


_LONGEST_NAME = 100  # characters of a name of meta, and likewise
_LONGEST_VALUE = 5000
_LONGEST_TITLE = 500  # in which the site's name is looked for
_MOST_CUTS = 20  # between which it is looked for
_LONGEST_PERSON = 200  # of a text with names of people
_MOST_TAGS = 200
_MOST_TOLD = 2_000_000  # of all JSON-LD
_MOST_NODES = 1000  # objects of JSON-LD
_MOST_HEADINGS = 100
_MOST_NAMES = 50  # of the site, of people, and tags


@dataclass(slots=True)
class Head:
    """What stands in the head of a page and in its structured data."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    """Name, property or itemprop, in lower case → values in order."""
    nodes: list[Node] = field(default_factory=list)
    """All JSON-LD objects, `@graph` and arrays taken apart."""
    title: str = ""
    canonical: str = ""
    image: str = ""
    """Address that `link rel=image_src` gives."""

    def first(self, *names: str) -> tuple[str, str]:
        """First value among these names and where it stood; empty strings if there is none."""
        for name in names:
            for value in self.meta.get(name, ()):
                if value:
                    return value, f"meta:{name}"
        return "", ""

    @property
    def kinds(self) -> set[str]:
        """Types of all JSON-LD objects."""
        return {kind for node in self.nodes for kind in types_of(node)}

    @property
    def articles(self) -> Iterator[Node]:
        """JSON-LD objects that describe an article."""
        return (node for node in self.nodes if any(_ARTICLE_TYPE.search(kind) for kind in types_of(node)))


def read_head(tree: Element) -> Head:
    """Read titles, meta elements, links and JSON-LD of a page."""
    head = Head()
    told = 0
    for node in tree.iter("meta", "title", "link", "script"):
        tag = node.tag
        if tag == "meta":
            name = (
                (node.get("property") or node.get("name") or node.get("itemprop") or "")[:_LONGEST_NAME].strip().lower()
            )
            value = canonical((node.get("content") or "")[:_LONGEST_VALUE])
            if name and value:
                head.meta.setdefault(name.replace("og:article:", "article:"), []).append(value)
        elif tag == "title":
            if not head.title and not _in_svg(node):
                head.title = canonical(opening_text(node, _LONGEST_VALUE))
        elif tag == "link":
            rel = (node.get("rel") or "").lower().split()
            if "canonical" in rel and not head.canonical:
                head.canonical = (node.get("href") or "").strip()
            elif "image_src" in rel:
                head.image = (node.get("href") or "").strip()
        elif "ld+json" in (node.get("type") or "").lower() and node.text:
            told += len(node.text)
            if told <= _MOST_TOLD:
                head.nodes += read_json_ld(node.text)
    head.nodes = resolved(head.nodes[:_MOST_NODES])
    return head


def _in_svg(node: Element) -> bool:
    parent = node.getparent()
    return parent is not None and parent.tag not in ("head", "html", "body")


# --- names of the site, headline ------------------------------------------------------------------------------------


def site_name(
    head: Head, source: Source | None, headline: Headline | None = None, home: str = ""
) -> tuple[str | None, str]:
    """The site's name as the page states it, else the source's, and where it was found.

    Args:
        head: of the page.
        source: the site, if known.
        headline: what stands beside it in the page's title names the site; None: not yet known.
        home: what `home_name` found; the last place that names the site.
    """
    value, where = head.first("og:site_name")
    if value and not value.startswith("http"):
        return value, where
    for node in head.articles:
        for field_name in ("publisher", "isPartOf"):
            name = string_of(node.get(field_name))
            if name and not name.startswith("http"):
                return name, f"json-ld:{field_name}"
    for node in head.nodes:
        if {"WebSite", "NewsMediaOrganization", "Organization"} & set(types_of(node)) and (
            name := string_of(node.get("name"))
        ):
            return name, "json-ld:" + types_of(node)[0]
    value, where = head.first(
        "application-name", "apple-mobile-web-app-title", "dc.publisher", "dcterms.publisher", "twitter:site:name"
    )
    if value and not value.startswith("http"):
        return value, where
    if source:
        return source.name, "source"
    name = _beside_headline(head.title, headline.text) if headline and headline.line else ""
    if name:
        return name, "title"
    return (home, "home") if home else (None, "")


def home_name(lines: Sequence[Line], tree: Element, head: Head) -> str:
    """The site's name as h1 that leads home has it, or the logo that does, if the page's title has it too."""
    for line in lines:
        if line.tag == "h1" and line.words <= 5 and _leads_home(line):
            return line.text
    parts = {fold(part) for part in title_parts(head)}
    logos = (image for image in tree.iter("img") if image.get("alt") and parts)
    found = (canonical(image.get("alt")[:_LONGEST_TITLE]) for image in logos if _is_home(image.getparent()))
    return next((name for name in found if fold(name) in parts), "") or _home_link(tree)


def _home_link(tree: Element) -> str:
    """The name on the first link to the home page above the headline, its picture's or its own; or empty."""
    for node in tree.iter("a", "h1"):
        if node.tag == "h1" and not any(map(_is_home, node.iter("a"))):
            break
        if not _is_home(node):
            continue
        pictures = (picture.get("alt") for picture in islice(node.iter("img"), _MOST_NAMES))
        for text in (*pictures, opening_text(node, _LONGEST_TITLE), node.get("title")):
            name = canonical(_LOGO.sub(" ", canonical((text or "")[:_LONGEST_TITLE])))
            if 2 < len(name) < 40 and name.count(" ") < 5 and label(name) is None and fold(name) not in _HOME:
                return name
    return ""


_LOGO = re.compile(
    r"(?:^|\s)(?:الموقع|سایت|site|شعار|لوجو|لوغو|لوگو|لوگوی|آرم|logo|home|homepage)(?=\s|$)|\.(?:png|jpe?g|svg|gif|webp)$",
    re.IGNORECASE,
)


def title_parts(head: Head) -> list[str]:
    """What stands between the cuts of a page's title."""
    parts = _CUT.split(head.title)
    return parts if len(parts) > 1 else []


def _beside_headline(title: str, headline: str) -> str:
    """The outermost part of a page's title beside the headline: `أخبار مصر` in `البنك يثبت الفائدة - بنوك - أخبار مصر`.

    Empty if there is none or it can be no name.
    """
    key, title = fold(headline), _SLUG.sub("", title[:_LONGEST_TITLE])
    for cut in _CUT.finditer(title):
        if fold(title[: cut.start()]) == key:
            name = _CUT.split(title[cut.end() :])[-1]
        elif fold(title[cut.end() :]) == key:
            name = _CUT.split(title[: cut.start()])[0]
        else:
            continue
        return name if name.count(" ") < 5 and label(name) is None and any(map(str.isalpha, name)) else ""
    return ""


def brands_of(head: Head, source: Source | None, name: str | None) -> tuple[str, ...]:
    """All names by which the site calls itself."""
    names = [name or "", *((source.name, *source.brands) if source else ())]
    names += head.meta.get("og:site_name", [])
    names += [string_of(node.get("name")) for node in head.nodes if {"WebSite", "Organization"} & set(types_of(node))]
    return once(name[:_LONGEST_TITLE] for name in names[:_MOST_NAMES])


def without_site(title: str, brands: Sequence[str], headings: Iterable[str] | None = None) -> str:
    """A title without the site's name at its end or start.

    Args:
        title: as the page has it, e.g. `بوتين والأسد يجريان محادثات | أخبار الحرب السورية`.
        brands: names of the site.
        headings: headings of the page; a part of the title that is one of them is the headline. None: `title` is one
            itself, and a colon in it the writer's.
    """
    if len(title) > _LONGEST_TITLE:
        return title
    keys = {fold(brand) for brand in brands}
    tops = {fold(heading) for heading in headings or ()}
    title = _without_brand(title, keys, {fold(title)} if headings is None else tops)
    while True:
        cuts = list(_SUFFIX.finditer(title))
        if not 0 < len(cuts) <= _MOST_CUTS:
            return title
        if fold(title) in tops and not any(
            fold(part) in keys for part in (title[cuts[-1].end() :], title[: cuts[0].start()])
        ):
            return title
        for cut in cuts:
            if fold(title[: cut.start()]) in tops:
                return title[: cut.start()]
            if fold(title[cut.end() :]) in tops:
                return title[cut.end() :]
        tail, first = title[cuts[-1].end() :], title[: cuts[0].start()]
        if fold(tail) in keys or (
            "|" in cuts[-1].group() and tail.count(" ") < 5 and title[: cuts[-1].start()].count(" ") > tail.count(" ")
        ):
            title = title[: cuts[-1].start()].strip()
        elif fold(first) in keys:
            title = title[cuts[0].end() :].strip()
        else:
            return title


def _without_brand(title: str, keys: Collection[str], headings: Collection[str]) -> str:
    """A title without a known name of the site at its end or start, however it is parted from the rest."""
    for cut in _ANY_CUT.finditer(title):
        head, tail = title[: cut.start()].strip(), title[cut.end() :].strip()
        if head and fold(tail) in keys:
            return head
        if tail and fold(head) in keys and not (":" in cut.group() and fold(title) in headings):
            return tail
    return title


@dataclass(frozen=True, slots=True)
class Headline:
    """The title, where it was found, and its line on the page."""

    text: str
    where: str
    line: Line | None


def find_headline(head: Head, lines: Sequence[Line], titles: Sequence[Element], brands: Sequence[str]) -> Headline:
    """Choose the headline: the page's own heading where the head agrees with it, else what the head says.

    Args:
        head: of the page.
        lines: of the page.
        titles: elements that the family's rules name as title.
        brands: names of the site.
    """
    found = _find_headline(head, lines, titles, brands)
    return replace(found, text=_SLUG.sub("", found.text))


def _find_headline(head: Head, lines: Sequence[Line], titles: Sequence[Element], brands: Sequence[str]) -> Headline:
    own = {fold(brand) for brand in brands}
    headings = (line for line in lines if line.tag == "h1" and line.words >= 2)
    tops = [line for line in headings if line.key not in own and not _leads_home(line)][:_MOST_HEADINGS]
    elements = set(titles)
    named = [line for line in lines if line.element in elements][:_MOST_HEADINGS] if elements else []
    texts = [line.text for line in (*named, *tops)]
    stated: list[tuple[str, str]] = []
    for value, where in (
        head.first("og:title"),
        next(((string_of(node.get("headline")), "json-ld:headline") for node in head.articles), ("", "")),
        head.first("twitter:title", "dc.title", "title"),
        (head.title, "title"),
    ):
        if value:
            text = without_site(value, brands, texts)
            if text and fold(text) not in own:
                stated.append((text, where))
    keys = [fold(text) for text, _ in stated]
    for group, where in ((named, "family:title"), (tops, "h1")):
        for line in group:
            agreed = next((i for i, key in enumerate(keys) if _agree(line.key, key)), None)
            if agreed is not None:
                # A kicker inside the heading stands before the headline that the head states alone.
                whole = not line.key.endswith(keys[agreed]) or line.key == keys[agreed]
                return Headline(without_site(line.text, brands) if whole else stated[agreed][0], where, line)
    if named:
        return Headline(without_site(named[0].text, brands), "family:title", named[0])
    for key, (_, where) in zip(keys, stated, strict=True):
        same = [line for line in lines if line.words > 2 and line.key == key]
        if same:
            match = min(same, key=lambda line: (not line.heading, line.link_share > 0.5))
            return Headline(match.text, match.tag if match.heading else where, match)
    if found := _part_on_page(stated, lines, brands):
        return found
    if len(tops) == 1 or (tops and not stated):
        return Headline(without_site(tops[0].text, brands), "h1", tops[0])
    if stated:
        return Headline(stated[0][0], stated[0][1], None)
    second = next((line for line in lines if line.tag == "h2" and line.words >= 4), None)
    return Headline(second.text, "h2", second) if second else Headline("", "", None)


def _leads_home(line: Line) -> bool:
    """Whether a line is a link to the home page: the site's name, though it stands in h1."""
    links = islice(line.element.iter("a"), _MOST_NAMES) if line.link_share > 0.8 else ()
    return any(map(_is_home, links)) or (line.link_share > 0.8 and _is_home(line.element.getparent()))


def _is_home(node: Element) -> bool:
    """Whether an element is a link to the home page."""
    href = node.get("href") if node is not None and node.tag == "a" else None
    return href is not None and len(href) < _LONGEST_TITLE and bool(_HOME_ADDRESS.match(href.strip()))


_HOME_ADDRESS = re.compile(r"(?:https?://[^/]+)?/?(?:index\.\w+)?$")  # of any host: the site may have several


def _part_on_page(stated: Sequence[tuple[str, str]], lines: Sequence[Line], brands: Sequence[str]) -> Headline | None:
    """The longest part of a stated title that is a line of the page."""
    parts = {fold(part): where for text, where in stated for part in _parts(text) if part.count(" ") >= 2}
    found = [line for line in lines if line.key in parts and _may_be_headline(line)] if parts else []
    line = max(found, key=lambda line: len(line.key), default=None)
    return Headline(without_site(line.text, brands), parts[line.key], line) if line else None


def _may_be_headline(line: Line) -> bool:
    """Whether a line is no link but to the text it stands over, as on a weblog."""
    return line.link_share <= 0.5 or (line.heading and not _leads_home(line))


def _parts(title: str) -> Iterator[str]:
    """All parts of a title that stand between two of its cuts or its ends, but not all of it."""
    title = title[:_LONGEST_TITLE]
    cuts = [(0, 0), *(cut.span() for cut in _CUT.finditer(title)), (len(title), len(title))][:12]
    for first, second in combinations(range(len(cuts)), 2):
        if second - first < len(cuts) - 1:
            yield title[cuts[first][1] : cuts[second][0]]


def _agree(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) > 12 and (short in long or long.startswith(short[: int(len(short) * 0.8)]))


# The country a site writes for tells its clock where nothing else does.
_ZONES = {
    "ae": "Asia/Dubai", "af": "Asia/Kabul", "bh": "Asia/Bahrain", "dz": "Africa/Algiers", "eg": "Africa/Cairo",
    "iq": "Asia/Baghdad", "ir": "Asia/Tehran", "jo": "Asia/Amman", "kw": "Asia/Kuwait", "lb": "Asia/Beirut",
    "ly": "Africa/Tripoli", "ma": "Africa/Casablanca", "om": "Asia/Muscat", "ps": "Asia/Hebron", "qa": "Asia/Qatar",
    "sa": "Asia/Riyadh", "sd": "Africa/Khartoum", "sy": "Asia/Damascus", "tn": "Africa/Tunis", "ye": "Asia/Aden",
}  # fmt: skip

# --- dates ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clock:
    """How dates of a page are to be read."""

    timezone: str
    calendar: Calendar
    fetched_at: datetime | None

    def read(self, text: str, where: str) -> Date | None:
        """The date in `text`, if there is one."""
        return read_date(text, timezone=self.timezone, calendar=self.calendar, fetched_at=self.fetched_at, where=where)


def clock_for(page: Page, source: Source | None, tree: Element | None, language: str) -> Clock:
    """How to read the dates of a page: as its source writes them, else as its country or language does, else in UTC.

    Args:
        page: the response.
        source: the site, if known.
        tree: of the page; None: it is raw text.
        language: of the text.
    """
    if source:
        return Clock(source.timezone, source.calendar, page.fetched_at)
    try:
        country = (urlsplit(page.url or "").hostname or "").rpartition(".")[2]
    except ValueError:
        country = ""
    declared = (tree.get("lang") or "").lower() if tree is not None else ""
    persian = country == "ir" or declared.startswith("fa") or language == "fa"
    spoken = "Asia/Kabul" if declared in ("fa-af", "prs", "ps") else "Asia/Tehran" if persian else "UTC"
    zone = _ZONES.get(country, spoken)
    return Clock(zone, "jalali" if persian else "gregorian", page.fetched_at)


def find_published(head: Head, visible: Sequence[tuple[str, str]], clock: Clock) -> Date | None:
    """When the article was published, from the most reliable place that says it.

    Args:
        head: of the page.
        visible: texts that hold a date of the article, with where they stand, the most reliable first.
        clock: how to read them.
    """
    stated = [
        (string_of(node.get("datePublished") or node.get("dateCreated")), "json-ld:datePublished")
        for node in head.articles
    ]
    stated += [(value, f"meta:{name}") for name in _PUBLISHED for value in head.meta.get(name, ())]
    pages = [
        (string_of(node.get("datePublished")), "json-ld:WebPage") for node in head.nodes if "WebPage" in types_of(node)
    ]
    best: Date | None = None
    read = cache(clock.read)
    shown = [date for text, where in visible if (date := read(text, where))]
    for text, where in (*stated, *visible, *pages):
        if best and best.precision not in _COARSE:
            # Templates write the site's own hour and call it UTC; the same hour shown to readers gives them away.
            # The same moment in the hour of the site says more than in UTC.
            moment = best.at.replace(second=0)
            same = (
                date
                for date in shown
                if date.at.replace(second=0) == moment or f"{date.at:%Y%m%d%H%M}" == f"{moment:%Y%m%d%H%M}"
            )
            return best if best.at.utcoffset() else next(same, best)
        date = read(text, where) if text else None
        if date and (best is None or (date.at.date() == best.at.date() and date.precision not in _COARSE)):
            best = date
    return best


def find_modified(head: Head, clock: Clock) -> tuple[datetime | None, str]:
    """When the page says the article was last changed, and where."""
    for node in head.articles:
        date = (
            clock.read(string_of(node.get("dateModified")), "json-ld:dateModified")
            if node.get("dateModified")
            else None
        )
        if date:
            return date.at, date.where
    for name in _MODIFIED:
        for value in head.meta.get(name, ()):
            date = clock.read(value, f"meta:{name}")
            if date:
                return date.at, date.where
    return None, ""


# --- people, tags, section, image, address ---------------------------------------------------------------------------


def find_authors(
    head: Head,
    bylines: Sequence[str],
    named: Sequence[str],
    linked: Sequence[str],
    classed: Sequence[str],
    lines: Sequence[Line],
    brands: Sequence[str],
) -> tuple[tuple[str, ...], str]:
    """People named as authors, and where; none rather than a site, an agency, an address or a developer.

    Args:
        head: of the page.
        bylines: names on visible bylines.
        named: texts that the family's rules name as author.
        linked: texts with rel=author or itemprop=author about the article.
        classed: texts beside the headline in elements whose class is `author` or the like.
        lines: those around the headline: a name in a meta element must be seen there too.
        brands: names of the site.
    """
    keys = {fold(brand) for brand in brands}

    def shown(text: str) -> str:
        text = _byline(text)
        behind = _PLACE_BEHIND.fullmatch(text)
        if behind and not is_agency(behind["place"]) and fold(behind["place"]) not in keys:
            text = behind["name"]
        return _without_place(text, brands)

    def people(texts: Iterable[str]) -> tuple[str, ...]:
        told = (text[:_LONGEST_PERSON] for text in islice(texts, _MOST_NAMES))
        parts = [part for text in told for name in _SPLIT_AUTHORS.split(shown(text)) for part in _two_people(name)]
        names = [name.strip(" -–•.") for name in parts]
        return once(name for name in names if _is_person(name, keys))

    structured: list[str] = []
    for node in head.articles:
        value = node.get("author") or node.get("creator")
        items = value if isinstance(value, list) else [value]
        structured += [string_of(item) for item in items if not is_organisation(item)]
    for texts, where in (
        (bylines, "line:byline"),
        (named, "family:authors"),
        (structured, "json-ld:author"),
        (linked, "rel:author"),
        (classed, "class:author"),
    ):
        if names := people(texts):
            return names, where
    seen = " \n ".join(line.key for line in lines if line.words <= 12)
    for name, values in ((name, head.meta.get(name, ())) for name in _AUTHORS):
        names = tuple(person for person in people(values) if fold(person) in seen)
        if names:
            return names, f"meta:{name}"
    said = label(head.first("twitter:label1")[0])
    if said and said.role is Role.AUTHOR:
        names = tuple(person for person in people(head.meta.get("twitter:data1", ())) if fold(person) in seen)
        return names, "meta:twitter:data1" if names else ""
    return (), ""


_AUTHORS = (
    "author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author",
    "cxenseparse:author", "byl",
)  # fmt: skip
_BYLINE = re.compile(BYLINE, re.IGNORECASE)
_WITH_WAW = (
    "ائل|ليد|سام|سيم|فاء|فيق|هيب|هبة|هبي|جدي|جيه|ديع|حيد|اصف|اثق|جدان|لاء|داد|رد|ردة|ردي|صال|عد|جد|يس|لي|"
    "ضاح|فائي|فيقة|هيبة|ديعة|حيدة|ئام|سن|سمية|نيس|افي|اصل|زير"
)
_AND = re.compile(rf"^(?P<one>\S+ \S.*?) و(?!(?:{_WITH_WAW}) )(?P<other>\S{{2,}} \S.*)$")
"""`أحمد العيسوي ومنى البحيري`: what is written together with `و` and is no name that begins with it, as `وليد` does."""
_PLACE_BEHIND = re.compile(r"(?P<name>[^()]+?)\s*\((?P<place>[^\W\d_]+(?: [^\W\d_]+){0,2})\)")
"""`منى البحيري (رأس الخيمة)`"""
_DASH = re.compile(r"\s[-–—]|[-–—]\s")


def _two_people(name: str) -> list[str]:
    both = _AND.match(name)
    return [both["one"], both["other"]] if both else [name]


def _without_place(text: str, brands: Sequence[str]) -> str:
    """The name in `طنطا - أحمد سعد`; empty where what stands beside the place is the site or an agency.

    Two names (`أحمد سعد - منى البحيري`) stay as they are.
    """
    text = text.strip(" -–—")
    keys = {fold(brand) for brand in brands}
    if not _DASH.search(text) or all(_is_person(part.strip(), keys) for part in _DASH.split(text)):
        return text
    return correspondent(text, brands) or ""


def _byline(text: str) -> str:
    return _BYLINE.sub("", text.strip(" |-–•:/"))


def _is_person(name: str, brands: set[str]) -> bool:
    key = fold(name)
    words = key.split()
    return (
        len(words) >= 2
        and len(words) <= 5
        and len(name) <= 50
        and not any(key == brand or key.startswith(brand + " ") for brand in brands)
        and not _NOT_A_NAME.search(name)
        and not _ORGANISATION.search(name)
        and not is_agency(name)
        and key not in _PLACES
        and label(name) is None
        and not any(is_agency(word) for word in name.split() if len(word) > 4)
    )


def split_tags(text: str, *, single: bool = False) -> list[str]:
    """Tags of one string, split where it has separators.

    Args:
        text: e.g. `سوريا - روسيا`.
        single: whether it is one link's: `هوا - آلودگی` is one tag then.
    """
    return [
        tag for part in (_MARK_BETWEEN_TAGS if single else _TAG_BREAK).split(text) if (tag := part.strip(" #.،:\"'«»"))
    ]


def find_tags(
    head: Head, named: Sequence[str], labelled: Sequence[str], linked: Sequence[str], title: str
) -> tuple[tuple[str, ...], str]:
    """Keywords of the article, and where.

    Args:
        head: of the page.
        named: texts that the family's rules name as tags.
        labelled: tags that stand behind a label, one each.
        linked: texts with rel=tag about the article.
        title: the headline, which is no tag.
    """
    keywords: list[str] = []
    for node in head.articles:
        value = node.get("keywords")
        keywords += [string_of(item) for item in value] if isinstance(value, list) else [string_of(value)]
    for texts, where in (
        (labelled, "line:tags"),
        (named, "family:tags"),
        (linked, "rel:tag"),
        (head.meta.get("article:tag", ()), "meta:article:tag"),
        (keywords, "json-ld:keywords"),
        (head.meta.get("news_keywords", ()), "meta:news_keywords"),
    ):
        single = where in ("line:tags", "rel:tag")
        told = (tag for text in texts for tag in split_tags(text[:_LONGEST_VALUE], single=single))
        tags = once(tag for tag in islice(told, _MOST_TAGS) if _is_tag(tag, title))
        if tags:
            return tags, where
    return (), ""


def _is_tag(tag: str, title: str) -> bool:
    return tag.count(" ") < 7 and len(tag) < 70 and fold(tag) != fold(title) and not tag.startswith("http")


_HOME = frozenset(
    fold(word) for word in ("خانه", "صفحه نخست", "صفحه اصلی", "الرئيسية", "الصفحة الرئيسية", "Home", "أنت هنا")
)


_STEP = re.compile(r"[»«›‹/>←→❯\\]")


def crumbs_above(lines: Sequence[Line], top: int) -> list[str]:
    """The path from the home page to the article, where one stands just above the headline.

    Its steps are links parted by `»`, `/` or the like; without such marks it starts at the home page and has no more
    than two steps after it, so that it is not a menu.

    Args:
        lines: of the page.
        top: number of the headline's line.
    """
    for start in range(top - 1, max(-1, top - 9), -1):
        line = lines[start]
        around = islice(line.element.iter("a"), _MOST_NAMES) if line.linked else ()
        links = [text for link in around if (text := canonical(opening_text(link, _LONGEST_TITLE)))]
        if 1 < len(links) < 8 or (links and _STEP.search(line.text)):
            between = line.text
            for link in links:
                between = between.replace(link, " ", 1)
            if _STEP.search(between) or (fold(links[0]) in _HOME and len(links) <= 3):
                return links if _is_path(links) else []
        elif line.key in _HOME:
            path = [line.text]
            for step in lines[start + 1 : top]:
                if step.link_share < 0.8 or step.words > 5:
                    break
                path.append(step.text)
            return path if len(path) <= 3 and _is_path(path) else []
    return []


def _is_path(steps: Sequence[str]) -> bool:
    """Whether no step is what only menus have, such as `آخر الأخبار`."""
    return all(fold(step) in _HOME or label(step) is None for step in steps)


def find_section(head: Head, named: Sequence[str], above: Sequence[str], title: str) -> tuple[str | None, str]:
    """Innermost section the page names, and where.

    Args:
        head: of the page.
        named: steps of the path that the family's rules or a label name.
        above: steps of what looks like a path above the headline.
        title: the headline, which is no section.
    """
    key = fold(title)

    def steps(texts: Iterable[str]) -> list[str]:
        names = (text.strip(" /»«›>|:") for text in texts)
        return [
            name
            for name in names
            if name
            and fold(name) not in _HOME
            and fold(name) != key
            and name.count(" ") < 6
            and not name.startswith("http")
            and not (name.endswith(("...", "…")) or (name.count(" ") > 1 and key.startswith(fold(name))))
        ]

    if found := steps(named):
        return found[-1], "family:breadcrumb"
    for node in head.articles:
        value = node.get("articleSection")
        if found := steps(string_of(item) for item in (value if isinstance(value, list) else [value])):
            return found[-1], "json-ld:articleSection"
    value, where = head.first(
        "article:section", "articlesection", "section", "parsely-section", "cxenseparse:recs:category"
    )
    if value:
        return value, where
    for node in head.nodes:
        items = node.get("itemListElement") if "BreadcrumbList" in types_of(node) else None
        items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        if found := steps(string_of(item.get("name") or item.get("item")) for item in items):
            return found[-1], "json-ld:BreadcrumbList"
    if found := steps(above):
        return found[-1], "line:breadcrumb"
    return None, ""


def find_image(head: Head, base: str | None) -> tuple[str | None, str]:
    """Absolute URL of the lead image, and where."""
    value, where = head.first("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")
    for node in () if value else head.articles:
        value, where = address_of(node.get("image")) or address_of(node.get("thumbnailUrl")), "json-ld:image"
        if value:
            break
    if not value:
        value, where = (head.image, "link:image_src") if head.image else head.first("image", "thumbnailurl")
    try:
        absolute = urljoin(base or "", value) if value else ""
    except ValueError:
        absolute = ""
    return (absolute, where) if absolute.startswith("http") else (None, "")


def find_canonical(head: Head, url: str | None, source: Source | None) -> tuple[str | None, str]:
    """`canonical_url()` of the page's declared address if it is the same site's, else of its own."""
    identity = cache(_canonical)  # the two are mostly the same
    own = identity(url or "")
    for value, where in ((head.canonical, "link:canonical"), head.first("og:url")):
        try:
            declared = identity(urljoin(url or "", value)) if value else None
        except ValueError:
            continue
        if (
            declared
            and (source.owns(declared) if source else _same_site(declared, own))
            and not _is_root(declared, own)
        ):
            return declared, where
    return own, "url" if own else ""


def _is_root(declared: str, own: str | None) -> bool:
    """Some templates declare the home page on every page."""
    return own is not None and urlsplit(declared).path in ("", "/") and urlsplit(own).path not in ("", "/")


def _canonical(url: str) -> str | None:
    try:
        return canonical_url(url)
    except ValueError:
        return None


def _same_site(one: str, other: str | None) -> bool:
    if other is None:
        return True
    hosts = [(urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.") for url in (one, other)]
    return hosts[0] == hosts[1] or hosts[0].endswith("." + hosts[1]) or hosts[1].endswith("." + hosts[0])
