"""What a response says may be done with it: robots directives, and reservations of text and data mining (TDM).

- `X-Robots-Tag` headers, and `<meta name="robots">` or `<meta name="warraq">`: de facto standards, as Google, Bing and
  MDN document them. A directive after `<token>:` in a header is for that crawler alone.
- TDMRep (W3C Community Group, 2024): the headers `tdm-reservation` and `tdm-policy`, `<meta>` elements of these names,
  and `/.well-known/tdmrep.json`. What the page says goes before the header, and the header before the file.

A directive is a text in its canonical form, without a comma: one of `KNOWN`, `tdm-reservation`, or `tdm-policy <URL>`.
What only repeats the default (`index`, `all`) is none.

Content is read as bytes, without a tree, in linear time: a spider asks before anything else reads the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from extract.text import unescaped

PRODUCT = "Warraq"
"""Product token of our user agent: what a robots.txt, a header and a page address us by."""
KNOWN = ("noindex", "nofollow", "noarchive", "nosnippet", "noimageindex", "notranslate", "noai", "noimageai")
RESERVED, POLICY = "tdm-reservation", "tdm-policy"
MAX_READ = 2 << 20
"""Bytes of a page that are looked at: its head, by far."""
OBEYABLE = {"noarchive": "noarchive", "noindex": "noindex", "tdm": RESERVED}
"""What can be obeyed, by its name in settings: the directive for which a page is not kept."""

_OTHER_NAMES = {"none": ("noindex", "nofollow"), "nocache": ("noarchive",)}  # the second is Bing's
_WITH_VALUES = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
_MOST_RULES = 1000
_MOST_POLICY = 2000

# A comment, script or style is passed over whole; one without an end reaches to the end of the page.
_MARKUP = re.compile(
    rb"""<!--(?:.*?-->|.*)|<(?P<raw>script|style|textarea|title)\b(?:.*?</(?P=raw)|.*)|<meta\b([^<>]*)""",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"""(?<![^\s"'/])(name|content)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def read_directives(headers: Iterable[tuple[str, str]], content: bytes, *, site: Sequence[str] = ()) -> tuple[str, ...]:
    """What a response states, each directive once.

    Args:
        headers: Of the response, in whatever case.
        content: Its body, free of content coding; what is no HTML states nothing.
        site: What `/.well-known/tdmrep.json` says of its URL, as `reservation` gives it.
    """
    found: list[str] = []
    in_header: dict[str, str] = {}
    in_page: dict[str, str] = {}
    for name, value in headers:
        if name.lower() == "x-robots-tag":
            found += _header(value)
        else:
            in_header.setdefault(name.lower(), value)
    for name, value in _metas(content):
        if name in ("robots", PRODUCT.lower()):
            found += _rules(value)
        else:
            in_page.setdefault(name, value)
    said = (reservation(each.get(RESERVED), each.get(POLICY)) for each in (in_page, in_header))
    return tuple(dict.fromkeys((*found, *next((each for each in said if each is not None), site))))


def reservation(value: str | None, policy: object) -> tuple[str, ...] | None:
    """The directives that a reservation of this value states; None: it says nothing, and another statement may.

    Args:
        value: `1` or `0`; anything else is an error of the protocol, and says nothing.
        policy: URL of the terms on which a licence may be had; what is none is left out.
    """
    if (value or "").strip() not in ("0", "1"):
        return None
    if (value or "").strip() == "0":
        return ()
    url = policy.strip() if isinstance(policy, str) else ""
    fit = url.startswith(("http://", "https://")) and url.isprintable() and len(url) <= _MOST_POLICY
    return (RESERVED, f"{POLICY} {url.replace(',', '%2C')}") if fit and " " not in url else (RESERVED,)


def forbidding(directives: Iterable[str], obey: Iterable[str]) -> str | None:
    """The first directive for which a page is not kept; None: it may be.

    Args:
        directives: What it states.
        obey: Names of `OBEYABLE`.
    """
    obeyed = {OBEYABLE[name] for name in obey}
    return next((each for each in directives if each in obeyed), None)


def _header(value: str) -> Iterator[str]:
    """The directives in an X-Robots-Tag header that concern us."""
    addressed = True
    for part in value.split(",")[:_MOST_RULES]:
        name, colon, rest = part.partition(":")
        if colon and name.strip().lower() not in _WITH_VALUES:
            addressed, part = name.strip().lower() == PRODUCT.lower(), rest
        if addressed:
            yield from _rules(part)


def _rules(value: str) -> Iterator[str]:
    for part in re.split(r"[\s,;]+", value.lower(), maxsplit=_MOST_RULES):
        yield from _OTHER_NAMES.get(part, (part,) if part in KNOWN else ())


def _metas(content: bytes) -> Iterator[tuple[str, str]]:
    """Names, in lower case, and contents of the `<meta>` elements of a page."""
    for match in _MARKUP.finditer(content, 0, MAX_READ):
        given = {
            name.lower(): value for name, *values in _ATTRIBUTE.findall(match[2] or b"") for value in values if value
        }
        if b"name" in given and b"content" in given:
            name, value = (unescaped(given[key].decode("utf-8", "replace")) for key in (b"name", b"content"))
            yield name.strip().lower(), value
