"""What goes into extraction and what comes out: four frozen values.

Nothing here does I/O. A `Source` says what is known of a site, a `Page` is one response as it was archived, and
`extract_article()` turns the two into an `Article` or a `Rejection`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Literal
from urllib.parse import unquote, urlsplit

Calendar = Literal["gregorian", "jalali", "hijri"]
Precision = Literal["second", "minute", "hour", "day", "month"]
Evidence = Literal["none", "replica", "recorded"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is taken of what a site serves, however much it serves. Each source may have its own.

    What one response is cut at keeps the evidence: it is archived as far as it came. What ends a run leaves the rest to
    the next one.
    """

    response_bytes: int = 64 << 20
    """Bytes of a response's body on the wire, its framing included. sitemaps.org allows a sitemap 50 MB; no article
    comes near."""
    decoded_bytes: int = 64 << 20
    """Bytes of a body free of its content codings: a few kilobytes may unpack to terabytes."""
    head_bytes: int = 64 << 10
    """Bytes of a response's head, with the interim (1xx) responses before it. Servers write 8 to 16 KB at most by
    default (Apache, nginx); browsers take 256 KB."""
    head_lines: int = 500
    """Lines of that head, folded ones counted as they stand. Sites send some 30."""
    head_seconds: float = 60
    """Seconds from asking to the end of the head: an overloaded site thinks for half a minute before it answers."""
    response_seconds: float = 300
    """Seconds from asking to the end of the body: 50 MB at 1.5 Mbit/s."""
    url_bytes: int = 8000
    """Octets of a URL, percent-encoded: what RFC 9110 (section 4.1) recommends that everybody supports."""
    redirects: int = 5
    """Redirects in a row from a link to its page: as many as RFC 9309 asks to be followed to a robots.txt."""
    depth: int = 8
    """Documents that lead from an entry to a document, nested indexes and redirects: sitemaps.org nests one."""
    links: int = 50_000
    """Links taken of one document: as many URLs as sitemaps.org allows a sitemap."""
    documents: int = 50_000
    """Documents read for links in a run: as many sitemaps as sitemaps.org allows an index, seven hours of them at two
    requests a second."""
    pages: int = 200_000
    """Pages fetched in a run, and so links that wait: more than a day of them at two requests a second. A backfill has
    a run for each of its partitions."""
    bytes: int = 100 << 30
    """Bytes of bodies on the wire in a run: half a megabyte for each page."""
    hosts: int = 100
    """Hosts asked in a run, the domains of the source and their subdomains: an agency has one for each province."""
    host_pages: int = 200_000
    """As `pages`, of one host: by default one host may take the whole run, as most sites have but one."""
    host_bytes: int = 100 << 30
    """As `bytes`, of one host."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A site to crawl, as a value. Adding a source is adding one of these."""

    id: str
    """Short name, used in keys and on the command line: lower-case letters, digits and inner hyphens."""
    name: str
    """The site's own name, as readers know it."""
    language: str
    """Main language, ISO 639: `ar`, `fa`, …"""
    timezone: str
    """IANA zone in which the site writes its times, e.g. `Asia/Tehran`."""
    calendar: Calendar = "gregorian"
    """Calendar of dates that name neither their calendar nor an unambiguous year."""
    domains: tuple[str, ...]
    """Registrable domains, without `www.`; a URL on one of them or on a subdomain belongs to the source."""
    ports: tuple[int, ...] = (80, 443)
    """Ports that are connected to."""
    family: str | None = None
    """CMS family (`asam`, `iransamaneh`, `nastooh`, `jannah`, `sahifa`, `newspaper`, `wordpress`, `arabstoday`, …);
    None: structure and labels alone decide."""
    feeds: tuple[str, ...] = ()
    """RSS or Atom URLs."""
    sitemaps: tuple[str, ...] = ()
    """Sitemap or sitemap-index URLs, beside those that robots.txt names."""
    listings: tuple[str, ...] = ()
    """HTML pages that list articles: home, sections, archives. They are archived as `support`, not judged."""
    article: str = ""
    """Regular expression, searched in the percent-decoded path and query: a link found in a listing is followed when it
    matches. Empty: no rule, every link on the domains is followed that `skip` does not name."""
    skip: str = ""
    """Regular expression, searched likewise: links and child sitemaps that are never fetched. Empty: none."""
    brands: tuple[str, ...] = ()
    """Names by which the site calls itself in titles, datelines and image texts, beside `name`."""
    rest: tuple[str, ...] = ()
    """Roots of WordPress's REST API, with their final `/`: `https://example.com/wp-json/`."""
    archives: tuple[str, ...] = ()
    """URL templates of listings by day or by page, newest first: `{year}` `{month}` `{day}` of the Gregorian and
    `{jyear}` `{jmonth}` `{jday}` of the Jalali calendar stand for the day by the site's clock, `{page}` for a number
    from 1."""
    revisits: tuple[int, ...] = (1, 6, 24, 168)
    """Hours after publication (or after the first fetch, where a page states no time) at which an article is fetched
    again, to see whether it changed. Empty: never."""
    daily: tuple[int, int] = (0, 100_000)
    """Fewest and most articles expected in a day."""
    limits: Limits = Limits()
    """How much of it is taken, however much it serves."""
    evidence: Evidence = "none"
    """What has verified this source: `recorded` real pages, `replica` pages rebuilt from facts, or `none`."""

    @cached_property
    def _article(self) -> re.Pattern[str] | None:
        return re.compile(self.article) if self.article else None

    @cached_property
    def _skip(self) -> re.Pattern[str] | None:
        return re.compile(self.skip) if self.skip else None

    def owns(self, url: str) -> bool:
        """Whether `url` is on one of the source's domains."""
        try:
            host = (urlsplit(url).hostname or "").rstrip(".")
        except ValueError:  # a bracket that opens no IPv6 address, …
            return False
        return any(host == domain or host.endswith("." + domain) for domain in self.domains)

    def skips(self, url: str) -> bool:
        """Whether `url` is never to be fetched."""
        return bool(self._skip and self._skip.search(_target(url)))

    def looks_like_article(self, url: str) -> bool:
        """Whether a link found in a listing is to be followed."""
        if not self.owns(url) or self.skips(url):
            return False
        return bool(self._article.search(_target(url))) if self._article else True


def _target(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path or "/") + (f"?{unquote(parts.query)}" if parts.query else "")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One response as archived. Bytes stay bytes until `extract.decode` reads them."""

    content: bytes
    """The entity: after content decoding (gzip, br), before any charset is applied."""
    url: str | None = None
    """Where it came from, absolute; None for a file of unknown origin."""
    content_type: str | None = None
    """Value of the Content-Type header, e.g. `text/html; charset=windows-1256`; None: to be guessed."""
    status: int = 200
    """HTTP status code."""
    fetched_at: datetime | None = None
    """Aware time of the fetch: relative dates count from it and later dates are doubted. None: unknown."""


class Reason(StrEnum):
    """Why a page is refused. The values are stored, so they never change their meaning."""

    NOT_AN_ARTICLE = "not_an_article"
    TOO_SHORT = "too_short"
    SOFT_404 = "soft_404"
    HTTP_ERROR = "http_error"
    BLOCKED = "blocked"
    WRONG_LANGUAGE = "wrong_language"
    NOT_HTML = "not_html"
    UNDECODABLE = "undecodable"
    TIMED_OUT = "timed_out"
    TOO_LARGE = "too_large"
    WITHHELD = "withheld"
    FORGOTTEN = "forgotten"
    FAILED = "failed"


class TooLargeError(Exception):
    """A page has more of something than is read of any page; the message says of what."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A page that is not kept as a record, and why."""

    reason: Reason
    detail: str
    """One sentence for a person: what was seen that led to the refusal."""


@dataclass(frozen=True, kw_only=True)
class Date:
    """A date read from a page, with its provenance."""

    at: datetime
    """Aware; in the offset the page gave, or else in the source's zone."""
    raw: str
    """The characters it was read from, as they stand on the page."""
    calendar: Calendar
    """Calendar of `raw`."""
    precision: Precision
    """Smallest unit that `raw` states; what is finer in `at` is zero."""
    where: str
    """Where it stood: `json-ld`, `meta:article:published_time`, `time[datetime]`, `family:.news_time`, `line`, …"""


@dataclass(frozen=True, kw_only=True)
class Article:
    """The article and nothing but the article."""

    title: str
    """Headline without the site's suffix and without the kicker."""
    paragraphs: tuple[str, ...]
    """The text in order: lead, paragraphs, subheadings, list items; none is empty, none holds a line break."""
    kicker: str | None = None
    """The line above the headline (روتيتر), if the page has one."""
    authors: tuple[str, ...] = ()
    """People, as named in the byline; never an agency, never invented."""
    published: Date | None = None
    """None where the page does not say: better no date than a wrong one."""
    modified_at: datetime | None = None
    """Aware time of the last change, as the page states it."""
    language: str = "und"
    """Language of the text, ISO 639 (`ar`, `fa`, `ckb`, `ur`, …); `und`: undetermined."""
    language_confidence: float = 0.0
    """How sure that is: above 0.5, up to 1; 0 if the language is undetermined."""
    section: str | None = None
    """Innermost section named by the page."""
    tags: tuple[str, ...] = ()
    """Keywords, in the page's order, each once."""
    attribution: tuple[str, ...] = ()
    """Agencies and papers the text is taken from, in the order named: `("ایرنا", "خبرگزاری اسپوتنیک")`."""
    site_name: str | None = None
    """The site's name as the page states it, else the source's."""
    image_url: str | None = None
    """Absolute URL of the lead image."""
    canonical_url: str | None = None
    """`canonical_url()` of the URL the page declares for itself, if it is on the source's domains; else of its own."""
    provenance: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Field name → where its value came from, in the words of `Date.where`."""
    flags: tuple[str, ...] = ()
    """Doubts, for people: `mojibake_repaired`, `mojibake_kept`, `undecodable_bytes`, `markup_flattened`, `future_date`,
    `early_date`."""

    @property
    def text(self) -> str:
        """The paragraphs, one a line."""
        return "\n".join(self.paragraphs)
