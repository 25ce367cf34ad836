"""What a robots.txt allows, by RFC 9309. Pure, and linear in the length of the file and of the URL.

Where the RFC leaves room, Google's published parser is followed: misspelt directives, a missing colon, bytes of a
byte-order mark, `/index.html`. Where the two differ, the RFC holds: `%62` in a rule is `b`.

- Records that are neither `User-agent`, `Allow` nor `Disallow` never end a group (section 2.2.4): a `Crawl-delay`
  between two `User-agent` lines leaves them one group.
- A group addresses us if its first word, as far as it is made of letters, hyphens and underscores, is our product
  token. `Warraq/0.1` does, `War` and `Warraqbot` do not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

MAX_BYTES = 512 << 10
"""What is read of a file; at least 500 KiB must be (section 2.5). The rest is cut off."""
MAX_LINE = 8 * 2083 - 1
"""Bytes read of a line, as Google's parser does: many times the longest URL that browsers take."""
MAX_SITEMAPS = 500
MAX_SITEMAP_URL = 2048
"""sitemaps.org: the URL of a sitemap is shorter."""

_MARK = re.compile(rb"\xef\xbb?\xbf?|\xff\xfe|\xfe\xff")
_LINE_END = re.compile(rb"[\r\n]")
_WITHOUT_COLON = re.compile(rb"(\S+)[ \t]+(\S+)")
_TOKEN = re.compile(rb"[A-Za-z_-]*")
# By their beginnings, as Google's parser takes them.
_AGENT = (b"user-agent", b"useragent", b"user agent")
_ALLOW = (b"allow",)
_DISALLOW = (b"disallow", b"dissallow", b"dissalow", b"disalow", b"diasllow", b"disallaw")
_SITEMAP = (b"sitemap", b"site-map")
_DELAY = (b"crawl-delay", b"crawldelay", b"crawl delay")


@dataclass(frozen=True, slots=True)
class Pattern:
    """The path of a rule, `*` standing for any characters and `$` at its end for the end of the URL."""

    pieces: tuple[str, ...]
    """What stands between the `*`, in normal form."""
    is_anchored: bool
    """Whether it ends in `$`."""
    length: int
    """Octets in normal form: of the rules that match, the longest counts."""

    @classmethod
    def of(cls, path: bytes) -> Self:
        """Read a path as it stands in a rule, whatever its charset."""
        anchored = path.endswith(b"$")
        pieces = tuple(normal_form(piece) for piece in path.removesuffix(b"$").split(b"*"))
        return cls(pieces, anchored, sum(map(len, pieces)) + len(pieces) - 1 + anchored)

    def matches(self, path: str) -> bool:
        """Whether a path and query in normal form begins with it, or, anchored, is it."""
        first, *others = self.pieces
        if not path.startswith(first):
            return False
        at = len(first)
        if not others:
            return not self.is_anchored or at == len(path)
        # The leftmost place for each piece leaves the most room for those that follow: nothing is tried twice.
        for piece in others[:-1]:
            found = path.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        last = others[-1]
        if self.is_anchored:
            return len(path) - len(last) >= at and path.endswith(last)
        return path.find(last, at) >= 0


@dataclass(frozen=True, slots=True)
class Rule:
    """An `Allow` or `Disallow` line."""

    allows: bool
    patterns: tuple[Pattern, ...]
    """Its path, and the same with the slashes of its query decoded, where these are two."""

    @classmethod
    def of(cls, path: bytes, *, allows: bool) -> Self:
        """Read the value of a line."""
        return cls(allows, tuple(dict.fromkeys(map(Pattern.of, (path, _decoded_query(path))))))

    @property
    def rank(self) -> tuple[int, bool]:
        """The greatest of those that match decides: the longest, and of two as long the one that allows."""
        return self.patterns[0].length, self.allows

    def matches(self, paths: Iterable[str]) -> bool:
        """Whether it concerns a URL, given the forms of its path and query."""
        return any(pattern.matches(path) for path in paths for pattern in self.patterns)


@dataclass(frozen=True, kw_only=True)
class RobotsTxt:
    """A robots.txt, as far as it concerns one crawler."""

    rules: tuple[Rule, ...] = ()
    """Of the group that addresses it, or else of all; by their rank, the greatest first."""
    crawl_delay: float | None = None
    """Seconds between requests that the group asks for; the most, if it asks several times."""
    sitemaps: tuple[str, ...] = ()
    """URLs as they stand there."""

    @classmethod
    def parse(cls, content: bytes, product: str) -> Self:
        """Read a file; whatever it is, something can be made of it.

        Args:
            content: The file: UTF-8 by the RFC, any bytes in fact.
            product: Our product token.
        """
        own, everybody = _Group(), _Group()
        sitemaps: list[str] = []
        addressed: set[_Group] = set()
        in_rules = False
        for key, value in _records(content[:MAX_BYTES]):
            if key.startswith(_AGENT):
                if in_rules:
                    addressed, in_rules = set(), False
                if value == b"*" or value[:2].rstrip() == b"*":
                    addressed.add(everybody)
                elif _token(value) == product.lower().encode():
                    own.is_named = True
                    addressed.add(own)
            elif key.startswith((*_ALLOW, *_DISALLOW)):
                in_rules = True
                for group in addressed:
                    group.add(value, allows=key.startswith(_ALLOW))
            elif key.startswith(_DELAY):
                for group in addressed:
                    group.delay(value)
            elif key.startswith(_SITEMAP) and len(sitemaps) < MAX_SITEMAPS and len(value) < MAX_SITEMAP_URL:
                sitemaps.append(value.decode("utf-8", "replace"))
        group = own if own.is_named else everybody
        rules = sorted(group.rules, key=lambda rule: rule.rank, reverse=True)
        return cls(rules=tuple(rules), crawl_delay=group.crawl_delay, sitemaps=tuple(sitemaps))

    def allows(self, url: str) -> bool:
        """Whether the crawler may fetch an absolute URL of the host."""
        if path_of(url) == "/robots.txt":
            return True  # section 2.2.2
        paths = forms(url)
        return next((rule.allows for rule in self.rules if rule.matches(paths)), True)


def forms(url: str) -> tuple[str, ...]:
    """Path and query of a URL in normal form, and with the slashes of the query decoded where that differs."""
    raw = path_of(url).encode("utf-8", "surrogatepass")
    return tuple(dict.fromkeys((normal_form(raw), normal_form(_decoded_query(raw)))))


def path_of(url: str) -> str:
    """Path and query of an absolute URL, without its fragment; `/` where there is none."""
    rest = url.partition("://")[2].partition("#")[0]
    start = re.search(r"[/?;]", rest)
    path = rest[start.start() :] if start else ""
    return path if path.startswith("/") else f"/{path}"


def normal_form(path: bytes) -> str:
    """A path in the one form in which rules and URLs are compared (section 2.2.2).

    Percent-encoded octets that need not be are decoded, all others are encoded, in capitals: those beyond ASCII, and
    reserved characters but for the delimiters `/?&=`.
    """
    return _OCTET.sub(_normal_octet, path).decode("ascii")


_OCTET = re.compile(rb"%([0-9A-Fa-f]{2})|[^A-Za-z0-9._~/?&=-]")
_UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]")


def _normal_octet(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        return b"%%%02X" % match[0][0]
    octet = bytes.fromhex(match[1].decode())
    return octet if _UNRESERVED.fullmatch(octet) else match[0].upper()


def _decoded_query(path: bytes) -> bytes:
    """The path with `/` and `?` in its query as they are: there they delimit nothing, and are written both ways."""
    before, mark, query = path.partition(b"?")
    return before + mark + re.sub(rb"%2[Ff]", b"/", re.sub(rb"%3[Ff]", b"?", query))


class _Group:
    """The lines for one crawler, or for all, from wherever they stand in the file."""

    def __init__(self) -> None:
        self.is_named = False
        self.rules: list[Rule] = []
        self.crawl_delay: float | None = None

    def add(self, path: bytes, *, allows: bool) -> None:
        if not path:
            return
        self.rules.append(Rule.of(path, allows=allows))
        directory, slash, page = path.rpartition(b"/")
        if allows and slash and page.startswith(b"index.htm"):  # who allows it means the directory's own page
            self.rules.append(Rule.of(directory + slash + b"$", allows=True))

    def delay(self, value: bytes) -> None:
        try:
            seconds = float(value)
        except ValueError:
            return
        if math.isfinite(seconds) and seconds > 0:
            self.crawl_delay = max(self.crawl_delay or 0.0, seconds)


def _records(content: bytes) -> Iterable[tuple[bytes, bytes]]:
    """Names, in lower case, and values of the lines."""
    # UTF-16 is read as far as it is ASCII, for what it costs.
    for line in _LINE_END.split(_MARK.sub(b"", content, count=1) if _MARK.match(content) else content):
        text = line.translate(None, b"\0")[:MAX_LINE].partition(b"#")[0].strip()
        key, colon, value = text.partition(b":")
        if not colon:
            pair = _WITHOUT_COLON.fullmatch(text)
            if not pair:
                continue
            key, value = pair[1], pair[2]
        yield key.strip().lower(), value.strip()


def _token(agent: bytes) -> bytes:
    found = _TOKEN.match(agent)
    return found[0].lower() if found else b""
