"""Bytes of a sitemap, feed or listing → the links it announces. Pure; what a document is, its content tells.

Formats: https://www.sitemaps.org/protocol.html (XML and text, gzip or not), Google's news extension, RSS 0.9–2.0 and
RSS 1.0, Atom (RFC 4287), and HTML, of which every `<a href>` is a link.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import urljoin, urlsplit
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


class NotADocumentError(ValueError):
    """The response is none of the formats that announce links; the message says what was found."""


def read_document(page: Page, *, timezone: str) -> Document:
    """Read a sitemap, feed or listing.

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
        return Document(kind=Kind.LISTING, links=_listing(page))
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
    """`url` resolved against `base`; None unless that gives an http(s) URL that can be asked for."""
    try:
        absolute = urljoin(base, re.sub(r"[\t\r\n]", "", (url or "").strip()))
        encoded = safe_url_string(absolute)
        parts = urlsplit(encoded)
        fit = parts.scheme in ("http", "https") and parts.hostname and encoded.isascii()
        return absolute if url and fit else None
    except ValueError:  # a bracket that opens no IPv6 address, a port that is no number, …
        return None


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


def _listing(page: Page) -> tuple[Link, ...]:
    decoded = decode(page)
    if isinstance(decoded, Rejection):
        raise NotADocumentError(decoded.detail)
    if decoded.tree is None:
        return ()
    declared = next((element.get("href") for element in decoded.tree.iter("base") if element.get("href")), None)
    base = urljoin(page.url or "", declared or "")
    found = (
        (absolute_url(base, element.get("href")), " ".join("".join(map(str, element.itertext())).split()))
        for element in decoded.tree.iter("a")
    )
    return tuple(Link(url=url, title=title or None) for url, title in found if url)


def read_time(text: str | None, zone: ZoneInfo) -> datetime | None:
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
