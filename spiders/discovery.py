"""Bytes of a sitemap, feed, REST answer or listing → the links it announces. Pure; its content tells what it is.

Formats: https://www.sitemaps.org/protocol.html (XML and text, gzip or not), Google's news extension, RSS 0.9–2.0 and
RSS 1.0, Atom (RFC 4287), posts of WordPress's REST API (https://developer.wordpress.org/rest-api/reference/posts/), and
HTML, of which every `<a href>` is a link.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from enum import StrEnum
from itertools import islice
from urllib.parse import urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from lxml import etree
from w3lib.url import safe_url_string

from extract.decode import decode
from extract.text import unescaped
from extract.types import Limits, Page, Rejection
from spiders.entries import MAX_TEXT, EnoughError, Entry, NoXmlError, read_entries

MAX_BYTES = 64 << 20
"""Largest document read, after decompression; sitemaps.org allows 50 MB."""
MAX_JSON = 8 << 20
"""Largest REST answer: as values it takes up to thirty times its size, and a hundred posts by four fields are 50 KB."""
MAX_LISTING = 16 << 20
"""Largest page read as a listing; as a tree it takes up to twenty times its size."""
MAX_URL = 8192
"""Characters of the longest URL, percent-encoded; servers refuse longer ones."""


class Kind(StrEnum):
    """What a discovery document is."""

    SITEMAP_INDEX = "sitemap_index"
    SITEMAP = "sitemap"
    FEED = "feed"
    REST = "rest"
    LISTING = "listing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One announced URL."""

    url: str
    """Absolute; percent-encoded or raw, as announced."""
    published_at: datetime | None = None
    """Aware time of publication, where the announcement states it."""
    modified_at: datetime | None = None
    """Aware time of the last change (`lastmod`, `updated`); publication was then or before."""
    title: str | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a discovery document holds."""

    kind: Kind
    links: tuple[Link, ...]
    """In the document's order. Of a sitemap index: the child sitemaps; of the others: pages."""
    next_url: str | None = None
    """Of a listing: the page that goes on where this one ends."""
    problem: str | None = None
    """Why links are missing, a phrase for people; None: all are there."""

    @property
    def is_news(self) -> bool:
        """Whether it is a sitemap by Google's news extension, which lists the last two days."""
        return self.kind is Kind.SITEMAP and any(link.published_at for link in self.links)


class NotADocumentError(ValueError):
    """The response is none of the formats that announce links; the message says what was found."""


def read_document(page: Page, *, timezone: str, most: int = Limits.links) -> Document:
    """Read a sitemap, feed, REST answer or listing.

    Args:
        page: the response; its URL is what relative links are resolved against.
        timezone: IANA zone of times that name no offset.
        most: links taken of one document.

    Raises:
        NotADocumentError: empty, too large, or of no known format.
    """
    content = _in_utf8(_decompress(page.content)).lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if not content:
        raise NotADocumentError("the document is empty")
    links = _Links(most)
    url, zone = page.url or "", ZoneInfo(timezone)
    if content.startswith((b"[", b"{")):
        return links.document(Kind.REST, _posts(content, url, zone))
    if root := _ROOT.search(content, 0, _BEGINNING):
        return _xml(_without_dtd(content, root.start()), links, url, zone)
    if not _NO_URL.search(content):
        return links.document(Kind.SITEMAP, _lines(content))
    if _HTML.search(content, 0, _BEGINNING):
        return _listing(page, links, zone)
    raise NotADocumentError(f"neither sitemap, feed nor HTML: it begins {content[:60].decode('utf-8', 'replace')!r}")


_BEGINNING = 16_384
"""Bytes in which a document shows what it is."""
_ROOT = re.compile(rb"<(?:[A-Za-z]\w*:)?(?:sitemapindex|urlset|rss|feed|RDF)[\s>/]")
_DECLARATION = re.compile(rb"<\?xml\s[^<>]*\?>")
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
"""Half a character beyond the first 65,536, as some Java writes them; no parser takes it."""
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|div|a|ul|table|article)[\s>]", re.IGNORECASE)
_NO_URL = re.compile(rb"(?:\A|\s)(?!https?://\S|\s|\Z)")
"""What a text sitemap, which holds URLs alone, has none of."""


class _Links:
    """The links of one document, up to the most that are taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._links: list[Link] = []

    def add(self, link: Link) -> None:
        """Take one more.

        Raises:
            EnoughError: there is no room for it.
        """
        if len(self._links) >= self._most:
            raise EnoughError(f"it announces more than {self._most:,} links")
        self._links.append(link)

    def document(
        self, kind: Kind, links: Iterable[Link] = (), *, next_url: str | None = None, problem: str | None = None
    ) -> Document:
        """What was taken, and these links."""
        try:
            for link in links:
                self.add(link)
        except EnoughError as enough:
            problem = str(enough)
        cut = problem and f"{problem}; what comes after the first {len(self._links):,} is not read"
        return Document(kind=kind, links=tuple(self._links), next_url=next_url, problem=cut)


def _decompress(content: bytes) -> bytes:
    """Undo gzip (twice: a `.gz` file is at times sent compressed once more); a cut-off file gives what it holds."""
    for _ in range(2):
        if not content.startswith(b"\x1f\x8b"):
            break
        inflater = zlib.decompressobj(wbits=31)
        try:
            content = inflater.decompress(content, MAX_BYTES + 1)
        except zlib.error as error:
            raise NotADocumentError(f"it is broken gzip: {error}") from error
    if len(content) > MAX_BYTES:
        raise NotADocumentError(f"it is larger than {MAX_BYTES >> 20} MB")
    return content


def _in_utf8(content: bytes) -> bytes:
    """UTF-16 with its byte order mark in UTF-8, without the declaration that is then wrong; anything else as it is."""
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content
    content = content.decode("utf-16", "replace").encode("utf-8", "replace")
    return _DECLARATION.sub(b"", content[:_BEGINNING], count=1) + content[_BEGINNING:]


def _without_dtd(content: bytes, root: int) -> bytes:
    """A document from its root on, with the XML declaration before it, even behind a stray PHP warning.

    What a DTD defines is never read: entities that multiply, or stand for files.
    """
    declaration = _DECLARATION.search(content, max(content.rfind(b"<?xml", 0, root), 0), root)
    content = (declaration[0] if declaration else b"") + content[root:]
    in_utf8 = not declaration or b"encoding" not in declaration[0] or b"utf-8" in declaration[0].lower()
    return _SURROGATE.sub("\ufffd".encode(), content) if in_utf8 else content


def _xml(content: bytes, links: _Links, base: str, zone: ZoneInfo) -> Document:
    def take(root: str, entry: Entry) -> None:
        read = _of_sitemap if root in ("sitemapindex", "urlset") else _of_atom if root == "feed" else _of_rss
        if link := read(entry, base, zone):
            links.add(link)

    try:
        root, problem = read_entries(content, take)
    except NoXmlError as error:
        raise NotADocumentError(str(error)) from error
    kinds = {"sitemapindex": Kind.SITEMAP_INDEX, "urlset": Kind.SITEMAP}
    return links.document(kinds.get(root, Kind.FEED), problem=problem)


def absolute_url(base: str, url: str | None) -> str | None:
    """`url` resolved against `base`; None unless that gives an http(s) URL that can be asked for.

    Its host is the one that is asked, in ASCII: a backslash is read as a slash, wide digits as digits. A user name and
    a password before it are dropped, so that no log holds them and no site is sent them.
    """
    if not url or len(url) > MAX_URL:
        return None
    absolute = url if _PLAIN.fullmatch(url) else _joined(base, re.sub(r"[\t\r\n]", "", url.strip()))
    if _PLAIN.fullmatch(absolute):  # as most are: the rest takes ten times as long
        return absolute
    try:
        encoded = safe_url_string(absolute)
        parts = urlsplit(encoded)
        host = _FINAL_DOT.sub("", parts.netloc.rpartition("@")[2])
        fit = (
            parts.scheme in ("http", "https")
            and _HOST.fullmatch((parts.hostname or "").removesuffix("."))
            and encoded.isascii()
        )
        if not fit or len(encoded) > MAX_URL:
            return None
        return absolute if urlsplit(absolute).netloc == host else urlunsplit(parts._replace(netloc=host))
    except ValueError:  # a port that is no number, …
        return None


_PLAIN = re.compile(r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+(?!.*/\.)/[\w~!$&'()*+,=:@/.-]*+", re.ASCII)
"""A URL in which there is nothing to encode or to resolve."""
_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})*|[\da-f]*:[\da-f:.]*", re.ASCII)
"""A name or address as `urlsplit` gives it; neither percent-encoded nor with a zone."""
_FINAL_DOT = re.compile(r"\.(?=(:\d*)?$)")


def _joined(base: str, url: str) -> str:
    """`url` resolved against `base`; empty where one of them is none."""
    try:
        return urljoin(base, url)
    except ValueError:  # a bracket that opens no IPv6 address, …
        return ""


def _of_sitemap(entry: Entry, base: str, zone: ZoneInfo) -> Link | None:
    url = absolute_url(base, entry.get("loc"))
    news = "news/" if "news" in entry.texts else ""
    published = read_time(entry.get(f"{news}publication_date"), zone)
    modified, title = read_time(entry.get("lastmod"), zone), entry.get(f"{news}title")
    return Link(url=url, published_at=published, modified_at=modified, title=title) if url else None


def _of_rss(entry: Entry, base: str, zone: ZoneInfo) -> Link | None:
    url = absolute_url(base, entry.get("origLink", "link", "@guid", "@about"))
    published = read_time(entry.get("pubDate", "date"), zone)
    return Link(url=url, published_at=published, title=entry.get("title")) if url else None


def _of_atom(entry: Entry, base: str, zone: ZoneInfo) -> Link | None:
    url = absolute_url(_joined(base, entry.base), entry.get("@href"))
    published, modified = read_time(entry.get("published"), zone), read_time(entry.get("updated"), zone)
    return Link(url=url, published_at=published, modified_at=modified, title=entry.get("title")) if url else None


def _lines(content: bytes) -> Iterator[Link]:
    for line in _LINE.finditer(content):
        if url := absolute_url("", line[0][: MAX_URL + 1].decode("utf-8", "replace")):
            yield Link(url=url)


_LINE = re.compile(rb"\S+")


def _posts(content: bytes, base: str, zone: ZoneInfo) -> Iterator[Link]:
    if len(content) > MAX_JSON:
        raise NotADocumentError(f"it is JSON of more than {MAX_JSON >> 20} MB")
    try:
        posts = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotADocumentError(f"it begins like JSON and is none: {error!s:.200}") from error
    if isinstance(posts, dict) and "code" in posts:
        raise NotADocumentError(f"WordPress answered {posts['code']!s:.80}: {posts.get('message')!s:.200}")
    if not isinstance(posts, list) or not all(isinstance(post, dict) and "link" in post for post in posts):
        raise NotADocumentError("it is JSON, but no list of WordPress posts")
    for post in posts:
        if url := absolute_url(base, _text(post["link"])):
            published = read_time(_text(post.get("date_gmt")), UTC) or read_time(_text(post.get("date")), zone)
            modified = read_time(_text(post.get("modified_gmt")), UTC)
            title = post.get("title")
            rendered = _text(title.get("rendered")) if isinstance(title, dict) else None
            shown = rendered and unescaped(rendered[:MAX_TEXT])
            yield Link(url=url, published_at=published, modified_at=modified, title=shown)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _listing(page: Page, links: _Links, zone: ZoneInfo) -> Document:
    if len(page.content) > MAX_LISTING:
        raise NotADocumentError(f"it is a page of more than {MAX_LISTING >> 20} MB")
    decoded = decode(page)
    if isinstance(decoded, Rejection):
        raise NotADocumentError(decoded.detail)
    tree = decoded.tree
    if tree is None:
        return links.document(Kind.LISTING)
    declared = next((element.get("href") for element in tree.iter("base") if element.get("href")), None)
    base = _joined(page.url or "", declared or "") or page.url or ""
    dates = dict(_dates_beside(tree, zone))
    declared_next = counted_next = problem = None
    try:
        for element in tree.iter("a", "link"):
            url = absolute_url(base, element.get("href"))
            if url and declared_next is None and _leads_on(element):
                declared_next = url
            if url and element.tag == "a":
                if counted_next is None and _counts_on(page.url or "", url):
                    counted_next = url
                links.add(Link(url=url, published_at=dates.get(element), title=_title(element)))
    except EnoughError as enough:
        problem = str(enough)
    return links.document(Kind.LISTING, next_url=declared_next or counted_next, problem=problem)


def _title(link: etree._Element) -> str | None:
    """What a link says; tags that are never closed may put half the page into it."""
    text = "".join(str(part)[:MAX_TEXT] for part in islice(link.itertext(), 100))
    return " ".join(text[:MAX_TEXT].split()) or None


def _leads_on(element: etree._Element) -> bool:
    """Whether a link is to the next page: by HTML's `rel`, or the classes that WordPress's `paginate_links` writes."""
    return "next" in (element.get("rel") or "").lower().split() or {"next", "page-numbers"}.issubset(
        (element.get("class") or "").split()
    )


_SECOND = re.compile(r"(?:(?:page|p)[/_-]?|[?&](?:[a-z]*page[a-z]*|p|pg|pi|pn|curp)=)2/?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+")


def _counts_on(url: str, target: str) -> bool:
    """Whether `target` is `url` with one number greater by one, or with a page number of 2 behind it."""
    here, there = _NUMBER.findall(url), _NUMBER.findall(target)
    if _NUMBER.sub("#", url) == _NUMBER.sub("#", target):
        changed = [pair for pair in zip(here, there, strict=True) if pair[0] != pair[1]]
        return len(changed) == 1 and len(changed[0][1]) < 10 and int(changed[0][1]) - int(changed[0][0]) == 1
    stem = url.rstrip("/")
    return target.startswith(stem) and bool(_SECOND.fullmatch(target[len(stem) :].lstrip("/")))


_BOX = 3
"""Most different links of a box that is one teaser: the article, its section, its author."""


def _dates_beside(tree: etree._Element, zone: ZoneInfo) -> Iterator[tuple[etree._Element, datetime]]:
    """The links that stand in one small box with a `<time datetime>`, the only one in it."""
    crowded = _with_several_times(tree)
    for element in tree.iter("time"):
        if at := read_time(element.get("datetime"), zone):
            teaser: list[etree._Element] = []
            for box in islice(element.iterancestors(), 6):
                if box in crowded:
                    break
                anchors = list(islice(box.iter("a"), 4 * _BOX))
                if len({anchor.get("href") for anchor in anchors}) > _BOX:
                    break
                teaser = anchors
            yield from ((anchor, at) for anchor in teaser)


def _with_several_times(tree: etree._Element) -> set[etree._Element]:
    """The elements in which more than one `<time>` stands; each is come to twice at most."""
    one: set[etree._Element] = set()
    several: set[etree._Element] = set()
    for time in tree.iter("time"):
        for box in time.iterancestors():
            if box in several:
                break
            (several if box in one else one).add(box)
    return several


def read_time(text: str | None, zone: tzinfo) -> datetime | None:
    """Read an ISO 8601 or RFC 822 time; one without an offset is in `zone`. None if it is neither.

    A Jalali date in ISO form (`1403-09-13`), which some plug-ins write, has such a year and gives None.
    """
    if not text or len(text) > 100:
        return None
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            time = parsedate_to_datetime(text.strip())
        except (ValueError, OverflowError):
            return None
    if not 1990 <= time.year <= 2200:
        return None
    return time if time.tzinfo else time.replace(tzinfo=zone)
