"""From bytes to a tree: the only place that decides a charset.

Bytes are read by evidence, not by claim: a byte order mark, else UTF-8 if they are UTF-8, else the charset that was declared
(HTTP header, then markup) if it gives plausible text, else whichever of the likely charsets gives the most plausible
text. Labels mean what the WHATWG Encoding Standard says they mean (`latin1` is windows-1252).
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from extract.types import Page, Reason, Rejection


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A page as characters."""

    text: str
    """The document: Unicode without control characters, mojibake repaired where that is certain."""
    tree: HtmlElement | None
    """Root of the parsed document, without comments and processing instructions; None for plain text."""
    charset: str
    """What the bytes were read as, by its WHATWG name: `utf-8`, `windows-1256`, …"""
    flags: tuple[str, ...] = ()
    """`mojibake_repaired`, `mojibake_kept`, `undecodable_bytes` (some were replaced by U+FFFD), `markup_flattened`."""


_BINARY = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"ID3", "an MP3 file"),
    (b"OggS", "an Ogg file"),
    (b"\x1aE\xdf\xa3", "a WebM file"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\x00\x00\x01\x00", "an icon"),
)
_TEXTUAL = ("text/html", "text/plain", "application/xhtml+xml", "application/octet-stream", "unknown/unknown", "*/*")
_DOCUMENT = re.compile(r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*){0,20}<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_MARKUP = re.compile(
    r"<(?:!doctype|html|head|body|meta|title|div|p|article|section|main|h[1-6]|span|table|script|br|a|ul|img)\b[^<>]*>",
    re.I,
)
_ROOT = re.compile(r"\s*(?:<\?[^>]*>\s*|<!--.*?-->\s*|<!doctype[^>]*>\s*){0,20}<([a-z][\w:.-]*)", re.I | re.S)
_XML_ROOTS = frozenset(
    ("rss", "feed", "rdf:rdf", "urlset", "sitemapindex", "opml", "svg", "error", "opensearchdescription")
)
_CONTROLS = dict.fromkeys((*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F, 0xFFFE, 0xFFFF)) | {0x0C: " "}


def decode(page: Page) -> Decoded | Rejection:
    """Characters and tree of a page, whatever its bytes are.

    Plain text is not parsed. Anything but HTML and plain text is rejected as `not_html`, nothing at all as `too_short`,
    text of which more than a fifth fits no charset as `undecodable`.
    """
    if not page.content.strip(b" \t\r\n\0"):
        return Rejection(reason=Reason.TOO_SHORT, detail="the response has no body")
    declared_type = (page.content_type or "").partition(";")[0].strip().lower()
    start = page.content.lstrip()[:16]
    for magic, name in _BINARY:
        if start.startswith(magic) or start[4:8] == b"ftyp":
            return Rejection(
                reason=Reason.NOT_HTML, detail=f"the response is {name if start[4:8] != b'ftyp' else 'a video'}"
            )
    charset, text, bad = _read(page.content, _declared(page))
    controls = sum(map(text.count, "\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11"))
    if controls * 50 > len(text):
        return Rejection(reason=Reason.NOT_HTML, detail="the response is binary data")
    if bad * 5 > sum(map(bool, re.findall(r"[^\x00-\x7f]", text))):
        return Rejection(
            reason=Reason.UNDECODABLE, detail=f"no charset fits: {bad} bytes or sequences are not valid {charset}"
        )
    flags = ["undecodable_bytes"] if bad else []
    text, repair = _repair_mojibake(text.translate(_CONTROLS))
    flags += repair
    text = text.translate(_C1)
    other = _what_else(text, declared_type)
    if other:
        return Rejection(reason=Reason.NOT_HTML, detail=f"the response is {other}")
    if not _MARKUP.search(text) and (declared_type in ("text/plain", "") or not re.search(r"<[a-z/!]", text, re.I)):
        return Decoded(text=text, tree=None, charset=charset, flags=tuple(flags))
    if declared_type == "text/plain" and not _DOCUMENT.match(text):
        return Decoded(text=text, tree=None, charset=charset, flags=tuple(flags))
    tree, flattened = _parse(text)
    if tree is None:
        return Rejection(reason=Reason.TOO_SHORT, detail="the response holds no element and no text")
    return Decoded(text=text, tree=tree, charset=charset, flags=(*flags, *(["markup_flattened"] if flattened else [])))


def _what_else(text: str, declared_type: str) -> str | None:
    """What a text is, in a few words, if it is neither HTML nor plain text."""
    if _DOCUMENT.match(text):
        return None
    root = _ROOT.match(text[:10_000])
    if root and root[1].lower() in _XML_ROOTS:
        return f"XML (<{root[1]}>)"
    if (
        declared_type
        and declared_type not in _TEXTUAL
        and not (declared_type.endswith("xml") and root and root[1].lower() == "html")
    ):
        return declared_type
    if root and text.lstrip().startswith("<?xml"):
        return f"XML (<{root[1]}>)"
    ends = text.strip()[:1] + text.strip()[-1:]
    if ends in ("{}", "[]") and re.match(r'\s*(?:\{\s*["}]|\[\s*(?:["{\[\]\d]|null|true|false))', text):
        return "JSON"
    return None


# ---- charset

_LABELS = re.compile(
    r"utf-8|utf-16(?:-[lb]e)?|cp\d+|iso8859-\d+|koi8-[ru]|mac-\w+|gb\w+|big5\w*|euc_\w+|shift_jis\w*|iso2022_jp|ascii"
)
_WHATWG_NAMES = {"ascii": "windows-1252", "iso8859-1": "windows-1252"}
_LIKELY = ("windows-1256", "iso-8859-6", "windows-1252")
_NON_ASCII = re.compile(rb"[\x80-\xff]")


def _name(label: str | None) -> str | None:
    """WHATWG name of a charset label or Python codec; None for what is no charset of web pages."""
    if not label:
        return None
    try:
        name = codecs.lookup(label.strip()).name
    except (LookupError, ValueError):
        return None
    if not _LABELS.fullmatch(name):
        return None
    name = _WHATWG_NAMES.get(name, name)
    name = re.sub(r"^iso8859-", "iso-8859-", name)
    return re.sub(r"^cp(125\d|874)$", r"windows-\1", name)


def _declared(page: Page) -> list[str]:
    """Charsets that the header and the markup declare, in that order."""
    header = http_content_type_encoding(page.content_type) if page.content_type else None
    names = [_name(header), _name(html_body_declared_encoding(page.content[:4096]))]
    # A declaration that can be read as ASCII does not stand in UTF-16: WHATWG takes it for UTF-8.
    return list(dict.fromkeys("utf-8" if name.startswith("utf-16") else name for name in names if name))


def _read(content: bytes, declared: list[str]) -> tuple[str, str, int]:
    """Charset, text and the number of places that do not fit the charset."""
    bom, _ = read_bom(content)
    if bom and not bom.startswith("utf-32"):
        name = "utf-8" if bom == "utf-8" else bom
        text = content.decode(name, "replace").removeprefix("\ufeff")
        return name, text, _replaced(text, content)
    if not _NON_ASCII.search(content) and b"\0" not in content:
        return "utf-8", content.decode("ascii"), 0
    wide = _utf16_without_bom(content)
    if wide:
        text = content.decode(wide, "replace")
        return wide, text, text.count("\ufffd")
    text = content.decode("utf-8", "replace")
    bad = _replaced(text, content)
    foreign = len(re.findall(r"[^\x00-\x7f]", text))
    legacy = [name for name in declared if name not in ("utf-8", "windows-1252")]
    if bad * 20 <= foreign and (foreign >= 10 or not legacy):
        return "utf-8", text, bad
    for name in legacy:
        if name not in _LIKELY and not name.startswith(("windows-", "iso-8859-")):  # multi-byte: it fits or it does not
            try:
                return name, content.decode(name), 0
            except UnicodeDecodeError:
                continue
    candidates = list(dict.fromkeys((*legacy, *(["utf-8"] if "utf-8" in declared or not bad else []), *_LIKELY)))
    readings = {name: content.decode(name, "replace") for name in candidates}
    name = max(
        candidates,
        key=lambda each: _plausibility(readings[each]) + (0.5 if each in declared[:1] and each in legacy else 0),
    )
    return (
        name,
        readings[name],
        _replaced(readings[name], content) if name == "utf-8" else readings[name].count("\ufffd"),
    )


def _replaced(text: str, content: bytes) -> int:
    """How many U+FFFD decoding put in, beside those that the bytes spell out in UTF-8."""
    return max(0, text.count("\ufffd") - content.count(b"\xef\xbf\xbd"))


def _utf16_without_bom(content: bytes) -> str | None:
    """Markup in UTF-16 has a NUL in every other place."""
    sample = content[:200]
    if len(sample) < 4 or len(content) % 2:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd * 4 > len(sample) and not even:
        return "utf-16-le"
    return "utf-16-be" if even * 4 > len(sample) and not odd else None


# Letters of running Arabic and Persian text by falling frequency.
_BY_FREQUENCY = "الينمروتهبدسعكفقحجشخصطضذزغثءىةأئظإؤآیکپچگژ"
_LETTER_SCORE = {letter: -2.0 - 0.1 * rank for rank, letter in enumerate(_BY_FREQUENCY)}
_PUNCTUATION = frozenset("«»،؛؟“”‘’–—…\u00a0\u200c\u200dـ©®·•°٪")
_FOREIGN_RUN = re.compile(r"[A-Za-z]?[^\x00-\x7f]+[A-Za-z]?")


def _plausibility(text: str) -> float:
    """Mean log-likelihood, roughly, of the non-ASCII characters of a text as Arabic, Persian or European news."""
    total, count = 0.0, 0
    for run in _FOREIGN_RUN.findall(text[:400_000]):
        latin = run[0].isascii() or run[-1].isascii()
        arabic = any(character in _LETTER_SCORE for character in run)
        for character in run:
            if character.isascii():
                continue
            count += 1
            if character in _LETTER_SCORE:
                total += -7.0 if latin else _LETTER_SCORE[character]
            elif character in _PUNCTUATION or "\u064b" <= character <= "\u0652":
                total += -5.0
            elif character == "\ufffd" or "\x80" <= character < "\xa0":
                total += -14.0
            elif character.isalpha():
                total += -10.0 if arabic else -5.0 if latin and character < "\u0250" else -7.5
            else:
                total += -8.0
        if count > 20_000:
            break
    return total / count if count else 0.0


# ---- mojibake

_C1 = {byte: bytes([byte]).decode("cp1252", "ignore") or None for byte in range(0x80, 0xA0)}
_TO_1256 = {bytes([byte]).decode("cp1256"): byte for byte in range(0x100)}
_TO_1252 = {chr(byte): byte for byte in range(0x100)} | {
    bytes([byte]).decode("cp1252", "ignore") or chr(byte): byte for byte in range(0x80, 0xA0)
}


def _pairs(table: dict[str, int]) -> re.Pattern[str]:
    """Matches what two bytes of UTF-8 in the Arabic block (D8-DB, then 80-BF) become in a single-byte charset."""
    lead = "".join(character for character, byte in table.items() if 0xD8 <= byte <= 0xDB)
    tail = "".join(re.escape(character) for character, byte in table.items() if 0x80 <= byte <= 0xBF)
    return re.compile(f"[{lead}][{tail}]")


_MISREADINGS = ((_TO_1256, _pairs(_TO_1256)), (_TO_1252, _pairs(_TO_1252)))
_RUN = re.compile(r'[^<>"\n\r]*[^\x00-\x7f<>"\n\r][^<>"\n\r]*')
_REFERENCE = re.compile(r"&(?:#\d{2,7}|#x[0-9a-f]{2,6}|[a-z][a-z0-9]{1,30});", re.I)
_ARABIC = re.compile(r"[\u0600-\u06ff]")


def _repair_mojibake(text: str) -> tuple[str, list[str]]:
    """`text` with every run (text node, attribute, line) that was UTF-8 read as windows-1256 or -1252 read rightly.

    A run is repaired when most of it are pairs of characters that misread UTF-8 gives, and reading it back is valid
    UTF-8 throughout and gives Arabic script. A run that looks misread but cannot be read back is kept.
    """
    suspicious = [(table, pair) for table, pair in _MISREADINGS if len(pair.findall(text)) > 1]
    if not suspicious:
        return text, []
    outcome: set[str] = set()

    def repair(run: re.Match[str]) -> str:
        found = run[0]
        for table, pair in suspicious:
            if not _looks_misread(found, pair):
                continue
            repaired = _read_back(found, table)
            if repaired is None:
                repaired = _read_back_by_word(found, table, pair)
            outcome.add("mojibake_kept" if repaired is None else "mojibake_repaired")
            return found if repaired is None else repaired
        return found

    text = _RUN.sub(repair, text)
    return text, sorted(outcome)


def _looks_misread(run: str, pair: re.Pattern[str]) -> bool:
    pairs = len(pair.findall(run))
    return pairs >= 2 and pairs * 2 >= 0.6 * sum(not character.isascii() for character in run)


def _read_back(run: str, table: dict[str, int]) -> str | None:
    characters = _REFERENCE.sub(lambda reference: _character(reference[0]), run)
    try:
        text = bytes(table[character] for character in characters).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None
    foreign = sum(not character.isascii() for character in text)
    return text if len(_ARABIC.findall(text)) * 10 >= foreign * 8 else None


def _read_back_by_word(run: str, table: dict[str, int], pair: re.Pattern[str]) -> str | None:
    """Word by word: for a run in which clean words stand beside misread ones. All that look misread must be readable."""

    def words() -> Iterator[str]:
        for word in re.split(r"( +)", run):
            if pair.search(word) and _looks_misread(word, pair):
                repaired = _read_back(word, table)
                if repaired is None:
                    raise ValueError(word)
                yield repaired
            else:
                yield word

    try:
        text = "".join(words())
    except ValueError:
        return None
    return None if pair.search(text) else text


def _character(reference: str) -> str:
    character = html.unescape(reference)
    return character if len(character) == 1 and not character.isascii() else reference


# ---- tree

_FORMATTING = re.compile(r"</?(?:font|b|i|u|s|em|strong|span|big|small|center|ins|del|tt|nobr)\b[^<>]*>", re.I)
_BLOCKS = re.compile(r"</?(?:div|section|blockquote|dl|dd|ul|ol|table|tbody|tr|td)\b[^<>]*>", re.I)


def _parse(text: str) -> tuple[HtmlElement | None, bool]:
    """Tree of an HTML document, and whether it had to be flattened: libxml2 drops all that lies 256 elements deep."""
    tree, deep = _parse_once(text)
    if not deep:
        return tree, False
    flat = _FORMATTING.sub("", text)
    tree, deep = _parse_once(flat)
    return (_parse_once(_BLOCKS.sub("<p>", flat))[0] if deep else tree), True


def _parse_once(text: str) -> tuple[HtmlElement | None, bool]:
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = document_fromstring(text.encode("utf-8"), parser=parser)
    except etree.LxmlError:
        return None, False
    return tree, any("depth" in (entry.message or "") for entry in parser.error_log)
