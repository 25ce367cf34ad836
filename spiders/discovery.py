"""Bytes of a sitemap, feed, REST answer or listing → the links it announces. Pure; its content tells what it is.

Formats: https://www.sitemaps.org/protocol.html (XML and text, gzip or not), Google's news extension, RSS 0.9–2.0 and
RSS 1.0, Atom (RFC 4287), posts of WordPress's REST API (https://developer.wordpress.org/rest-api/reference/posts/), and
HTML, of which every `<a href>` is a link.
"""

from __future__ import annotations

import html
import json
import re
import zlib
from collections.abc import Iterator
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
from extract.types import Page, Rejection

MAX_BYTES = 64 << 20
"""Largest document read, after decompression; sitemaps.org allows 50 MB."""


class Kind(StrEnum):
    """What a discovery document is."""

    SITEMAP_INDEX = "sitemap_index"
    SITEMAP = "sitemap"
    FEED = "feed"
    REST = "rest"
    LISTING = "listing"


@dataclass(frozen=True, kw_only=True)
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

    @property
    def is_news(self) -> bool:
        """Whether it is a sitemap by Google's news extension, which lists the last two days."""
        return self.kind is Kind.SITEMAP and any(link.published_at for link in self.links)


class NotADocumentError(ValueError):
    """The response is none of the formats that announce links; the message says what was found."""


def read_document(page: Page, *, timezone: str) -> Document:
    """Read a sitemap, feed, REST answer or listing.

    Args:
        page: the response; its URL is what relative links are resolved against.
        timezone: IANA zone of times that name no offset.

    Raises:
        NotADocumentError: empty, too large after decompression, or of no known format.
    """
    content = _decompress(page.content).lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if not content:
        raise NotADocumentError("the document is empty")
    url, zone = page.url or "", ZoneInfo(timezone)
    if content.startswith((b"[", b"{")):
        return Document(kind=Kind.REST, links=_posts(content, url, zone))
    if root := _ROOT.search(content, 0, 16_384):
        start = content.rfind(b"<?xml", 0, root.start())  # an encoding declaration, even behind a stray PHP warning
        tree = _parse_xml(content[start if start >= 0 else root.start() :])
        match _name(tree):
            case "sitemapindex":
                return Document(kind=Kind.SITEMAP_INDEX, links=_sitemap(tree, "sitemap", url, zone))
            case "urlset":
                return Document(kind=Kind.SITEMAP, links=_sitemap(tree, "url", url, zone))
            case "feed":
                return Document(kind=Kind.FEED, links=_atom(tree, url, zone))
            case _:
                return Document(kind=Kind.FEED, links=_rss(tree, url, zone))
    if _URL_LINES.fullmatch(content):
        lines = content.decode("utf-8", "replace").split()
        return Document(kind=Kind.SITEMAP, links=tuple(Link(url=line) for line in lines))
    if _HTML.search(content, 0, 16_384):
        return _listing(page, zone)
    raise NotADocumentError(f"neither sitemap, feed nor HTML: it begins {content[:60].decode('utf-8', 'replace')!r}")


_ROOT = re.compile(rb"<(?:[A-Za-z]\w*:)?(?:sitemapindex|urlset|rss|feed|RDF)[\s>/]")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|div|a|ul|table|article)[\s>]", re.IGNORECASE)
_URL_LINES = re.compile(rb"(?:https?://\S+\s*)+")


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


def _parse_xml(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    tree: etree._Element | None = etree.fromstring(content, parser)
    if tree is None:  # so it is, in recovery mode, for what has no element at all
        raise NotADocumentError("its XML cannot be read at all")
    return tree


def _name(element: etree._Element) -> str:
    """Local name: sites misspell namespaces more often than names."""
    return str(element.tag).rpartition("}")[2]


def absolute_url(base: str, url: str | None) -> str | None:
    """`url` resolved against `base`; None unless that gives an http(s) URL that can be asked for.

    Its host is the one that is asked, in ASCII: a backslash is read as a slash, wide digits as digits. A user name and
    a password before it are dropped, so that no log holds them and no site is sent them.
    """
    try:
        absolute = urljoin(base, re.sub(r"[\t\r\n]", "", (url or "").strip()))
        encoded = safe_url_string(absolute)
        parts = urlsplit(encoded)
        host = _FINAL_DOT.sub("", parts.netloc.rpartition("@")[2])
        fit = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "") and encoded.isascii()
        if not (url and fit):
            return None
        return absolute if urlsplit(absolute).netloc == host else urlunsplit(parts._replace(netloc=host))
    except ValueError:  # a bracket that opens no IPv6 address, a port that is no number, …
        return None


_HOST = re.compile(r"[\w.-]+|[\da-f:.]+", re.ASCII)
"""A name or address as `urlsplit` gives it; neither percent-encoded nor with a zone."""
_FINAL_DOT = re.compile(r"\.(?=(:\d*)?$)")


def _sitemap(tree: etree._Element, entry: str, base: str, zone: ZoneInfo) -> tuple[Link, ...]:
    links = []
    for element in tree:
        if _name(element) == entry and (url := absolute_url(base, _child(element, "loc"))):
            news = next((child for child in element if _name(child) == "news"), element)
            published = read_time(_child(news, "publication_date"), zone)
            modified = read_time(_child(element, "lastmod"), zone)
            title = _child(news, "title")
            links.append(Link(url=url, published_at=published, modified_at=modified, title=title))
    return tuple(links)


def _child(parent: etree._Element, name: str) -> str | None:
    """Text of the child itself, not of an image's or video's `loc` below it."""
    for element in parent:
        if _name(element) == name:
            return "".join(str(part) for part in element.itertext()).strip() or None
    return None


def _rss(tree: etree._Element, base: str, zone: ZoneInfo) -> tuple[Link, ...]:
    links = []
    for item in tree.iter():
        if _name(item) != "item":
            continue
        permalink = next(
            (guid.text for guid in item if _name(guid) == "guid" and guid.get("isPermaLink", "true").lower() == "true"),
            None,
        )
        stated = _child(item, "origLink") or _child(item, "link") or permalink
        stated = stated or item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about")
        if url := absolute_url(base, stated):
            published = read_time(_child(item, "pubDate") or _child(item, "date"), zone)
            links.append(Link(url=url, published_at=published, title=_child(item, "title")))
    return tuple(links)


def _atom(tree: etree._Element, base: str, zone: ZoneInfo) -> tuple[Link, ...]:
    links = []
    for entry in tree.iter():
        if _name(entry) != "entry":
            continue
        href = next(
            (
                link.get("href")
                for link in entry
                if _name(link) == "link" and link.get("rel", "alternate") == "alternate"
            ),
            None,
        )
        if url := absolute_url(urljoin(base, entry.base or ""), href):
            published = read_time(_child(entry, "published"), zone)
            modified = read_time(_child(entry, "updated"), zone)
            links.append(Link(url=url, published_at=published, modified_at=modified, title=_child(entry, "title")))
    return tuple(links)


def _posts(content: bytes, base: str, zone: ZoneInfo) -> tuple[Link, ...]:
    try:
        posts = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotADocumentError(f"it begins like JSON and is none: {error}") from error
    if isinstance(posts, dict) and "code" in posts:
        raise NotADocumentError(f"WordPress answered {posts['code']}: {posts.get('message')}")
    if not isinstance(posts, list) or not all(isinstance(post, dict) and "link" in post for post in posts):
        raise NotADocumentError("it is JSON, but no list of WordPress posts")
    links = []
    for post in posts:
        if url := absolute_url(base, _text(post["link"])):
            published = read_time(_text(post.get("date_gmt")), UTC) or read_time(_text(post.get("date")), zone)
            modified = read_time(_text(post.get("modified_gmt")), UTC)
            title = post.get("title")
            rendered = _text(title.get("rendered")) if isinstance(title, dict) else None
            links.append(
                Link(url=url, published_at=published, modified_at=modified, title=rendered and html.unescape(rendered))
            )
    return tuple(links)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _listing(page: Page, zone: ZoneInfo) -> Document:
    decoded = decode(page)
    if isinstance(decoded, Rejection):
        raise NotADocumentError(decoded.detail)
    tree = decoded.tree
    if tree is None:
        return Document(kind=Kind.LISTING, links=())
    declared = next((element.get("href") for element in tree.iter("base") if element.get("href")), None)
    base = urljoin(page.url or "", declared or "")
    dates = dict(_dates_beside(tree, zone))
    links = []
    declared_next = counted_next = None
    for element in tree.iter("a", "link"):
        url = absolute_url(base, element.get("href"))
        if url and declared_next is None and _leads_on(element):
            declared_next = url
        if url and element.tag == "a":
            if counted_next is None and _counts_on(page.url or "", url):
                counted_next = url
            title = " ".join("".join(map(str, element.itertext())).split())
            links.append(Link(url=url, published_at=dates.get(element), title=title or None))
    return Document(kind=Kind.LISTING, links=tuple(links), next_url=declared_next or counted_next)


def _leads_on(element: etree._Element) -> bool:
    """Whether a link is to the next page: by HTML's `rel`, or the classes that WordPress's `paginate_links` writes."""
    return "next" in (element.get("rel") or "").lower().split() or {"next", "page-numbers"}.issubset(
        (element.get("class") or "").split()
    )


_SECOND = re.compile(r"(?:(?:page|p)[/_-]?|[?&](?:[a-z]*page[a-z]*|p|pg|pi|pn|curp)=)2/?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")


def _counts_on(url: str, target: str) -> bool:
    """Whether `target` is `url` with one number greater by one, or with a page number of 2 behind it."""
    here, there = _NUMBER.findall(url), _NUMBER.findall(target)
    if _NUMBER.sub("#", url) == _NUMBER.sub("#", target):
        steps = [int(after) - int(before) for before, after in zip(here, there, strict=True) if before != after]
        return steps == [1]
    stem = url.rstrip("/")
    return target.startswith(stem) and bool(_SECOND.fullmatch(target[len(stem) :].lstrip("/")))


_BOX = 3
"""Most different links of a box that is one teaser: the article, its section, its author."""


def _dates_beside(tree: etree._Element, zone: ZoneInfo) -> Iterator[tuple[etree._Element, datetime]]:
    """The links that stand in one small box with a `<time datetime>`, the only one in it."""
    for element in tree.iter("time"):
        if at := read_time(element.get("datetime"), zone):
            teaser: list[etree._Element] = []
            for box in islice(element.iterancestors(), 6):
                anchors = list(islice(box.iter("a"), 4 * _BOX))
                alone = len(list(islice(box.iter("time"), 2))) == 1
                if not alone or len({anchor.get("href") for anchor in anchors}) > _BOX:
                    break
                teaser = anchors
            yield from ((anchor, at) for anchor in teaser)


def read_time(text: str | None, zone: tzinfo) -> datetime | None:
    """Read an ISO 8601 or RFC 822 time; one without an offset is in `zone`. None if it is neither.

    A Jalali date in ISO form (`1403-09-13`), which some plug-ins write, has such a year and gives None.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            time = parsedate_to_datetime(text.strip())
        except ValueError:
            return None
    if not 1990 <= time.year <= 2200:
        return None
    return time if time.tzinfo else time.replace(tzinfo=zone)
