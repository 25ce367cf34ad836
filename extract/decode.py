"""From bytes to a tree: the only place that decides a charset.

Bytes are read by evidence, not by claim: a byte order mark, else UTF-8 if they are UTF-8, else whichever of the
declared charsets (HTTP header, then markup) and the likely ones gives the most plausible text; the declared one wins
when it is close. Labels mean what the WHATWG Encoding Standard says they mean (`latin1` is windows-1252).
"""

from __future__ import annotations

import codecs
import html
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, islice

from lxml import etree
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from extract.types import Page, Reason, Rejection

LARGEST = 16 << 20
"""Bytes of a page that are read: a large one of a newspaper has 2 MB, with pictures written into it 10."""
MOST_TAGS = 250_000
"""Start tags of a page that are read: a large one has 10,000. An element takes a kilobyte of memory."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A page as characters."""

    text: str
    """The document: Unicode without control characters, mojibake repaired where that is certain."""
    tree: etree._Element | None
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
_PROLOGUE = (
    r"\s*+(?>(?:<\?[^>]*>|<!--.*?-->|<!doctype[^>]*>)\s*+)*+"  # possessive: comments are not tried in other ways
)
_ROOT = re.compile(_PROLOGUE + r"<([a-z][\w:.-]*)", re.IGNORECASE | re.DOTALL)
_DOCUMENT = re.compile(
    r"\s*+(?>(?:<\?xml[^>]*>|<!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_MARKUP = re.compile(
    r"<(?:!doctype|html|head|body|meta|title|div|p|article|section|main|h[1-6]|span|table|script|br|a|ul|img)\b[^<>]*>",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"<[a-z/!]", re.IGNORECASE)
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*(?:["{\[\]\d-]|null|true|false))')
_XML_ROOTS = frozenset(
    ("rss", "feed", "rdf:rdf", "urlset", "sitemapindex", "opml", "svg", "error", "opensearchdescription")
)
_WITHOUT_CONTROL = dict.fromkeys((*range(9), 0x0B, *range(0x0E, 0x20), 0x7F, 0xFFFE, 0xFFFF))
_CONTROL_BYTES = bytes([*range(9), 0x0B, *range(0x0E, 0x20), 0x7F])
_C1_BYTES = re.compile(rb"\xc2[\x80-\x9f]")


def decode(page: Page) -> Decoded | Rejection:
    """Characters and tree of a page, whatever its bytes are.

    Plain text is not parsed. Anything but HTML and plain text is rejected as `not_html`, nothing at all as `too_short`,
    text of which more than a fifth fits no charset as `undecodable`, and what has more bytes or elements than are read
    of any page as `too_large`.
    """
    binary = _what_binary(page.content)
    if binary:
        return Rejection(reason=Reason.NOT_HTML, detail=f"the response is {binary}")
    if len(page.content) > LARGEST:
        return _too_large(f"{LARGEST:,} bytes")
    if not page.content.strip(b" \t\r\n\0"):
        return Rejection(reason=Reason.TOO_SHORT, detail="the response has no body")
    media_type = (page.content_type or "").partition(";")[0].strip().lower()
    charset, text, bad = _read(page)
    content = _in_utf8(page, charset, text, bad)
    odd = _has_controls(text, content)
    printable = text.translate(_WITHOUT_CONTROL) if odd else text
    if (len(text) - len(printable)) * 50 > len(text) and not _DOCUMENT.match(printable):
        return Rejection(reason=Reason.NOT_HTML, detail="the response is binary data")
    if bad and bad * 5 > len(text) - len(text.encode("ascii", "ignore")):
        detail = f"no charset fits: {bad} places are not valid in the likeliest, {charset}"
        return Rejection(reason=Reason.UNDECODABLE, detail=detail)
    text, repairs = _repair_mojibake(printable, printable.encode("utf-8", "surrogatepass") if odd else content)
    if odd or repairs:
        text = text.translate(_C1_TABLE)
        content = text.encode("utf-8")
    flags = (*repairs, *(["undecodable_bytes"] if bad else []))
    other = _what_else(text, media_type)
    if other:
        return Rejection(reason=Reason.NOT_HTML, detail=f"the response is {other}")
    if _is_plain_text(text, media_type):
        return Decoded(text=text, tree=None, charset=charset, flags=flags)
    if content.count(b"<") > MOST_TAGS and next(islice(_TAG.finditer(content), MOST_TAGS, None), None):
        return _too_large(f"{MOST_TAGS:,} elements")
    tree, flattened = _parse(text, content)
    if tree is None:
        return Rejection(reason=Reason.TOO_SHORT, detail="the response holds no element and no text")
    return Decoded(text=text, tree=tree, charset=charset, flags=(*flags, "markup_flattened") if flattened else flags)


def _too_large(most: str) -> Rejection:
    return Rejection(reason=Reason.TOO_LARGE, detail=f"The page has more than {most}.")


def _in_utf8(page: Page, charset: str, text: str, bad: int) -> bytes:
    """`text` as bytes: most pages are in UTF-8 and have them already."""
    as_it_is = charset == "utf-8" and not bad and not page.content.startswith(codecs.BOM_UTF8)
    return page.content if as_it_is else text.encode("utf-8", "surrogatepass")


def _has_controls(text: str, content: bytes) -> bool:
    """Whether there are control characters: asked of its bytes in UTF-8, which is ten times as quick."""
    plain = len(content.translate(None, _CONTROL_BYTES)) == len(content) and not _C1_BYTES.search(content)
    return not plain or "\ufffe" in text or "\uffff" in text


def _what_binary(content: bytes) -> str | None:
    start = content[:1000].lstrip()[:16]
    if start[4:8] == b"ftyp":
        return "a video"
    return next((name for magic, name in _BINARY if start.startswith(magic)), None)


def _what_else(text: str, media_type: str) -> str | None:
    """What a text is, in a few words, if it is neither HTML nor plain text."""
    if _DOCUMENT.match(text):
        return None  # whatever the header says
    match = _ROOT.match(text)
    root = match[1].lower() if match else ""
    if root in _XML_ROOTS or (root not in ("", "html") and text.lstrip().startswith("<?xml")):
        return f"XML (<{root}>)"
    if media_type and media_type not in _TEXTUAL and not (root == "html" and media_type.endswith("xml")):
        return media_type
    text = text.strip()
    return "JSON" if text[:1] + text[-1:] in ("{}", "[]") and _JSON.match(text) else None


def _is_plain_text(text: str, media_type: str) -> bool:
    if media_type == "text/plain":
        return not _DOCUMENT.match(text)
    if media_type in ("text/html", "application/xhtml+xml"):
        return not _ANY_TAG.search(text)
    return not _MARKUP.search(text)


# ---- charset

_LABELS = re.compile(
    r"utf-8|utf-16(?:-[lb]e)?|cp\d+|iso8859-\d+|koi8-[ru]|mac-\w+|gb\w+|big5\w*|euc_\w+|shift_jis\w*|iso2022_jp|ascii"
)
_WHATWG_NAMES = {"ascii": "windows-1252", "iso8859-1": "windows-1252"}
_LIKELY = ("windows-1256", "iso-8859-6", "windows-1252")
_WESTERN = ("windows-1250", "windows-1254", "iso-8859-2", "iso-8859-9", "iso-8859-15")  # declared by mistake, too
_ASCII = re.compile(r"[\x00-\x7f]+")
_LABEL = re.compile(r"\s*[\w.:-]{1,40}\s*", re.ASCII)
_NOT_ASCII = bytes(range(0x80, 0x100))


def _name(label: str | None) -> str | None:
    """WHATWG name of a charset label or Python codec; None for what is no charset of web pages."""
    if not label or not _LABEL.fullmatch(label):  # Python keeps each unknown name for good
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
    # Markup that can be read as ASCII is not in UTF-16, whatever it says: WHATWG takes it for UTF-8.
    return list(dict.fromkeys("utf-8" if name.startswith("utf-16") else name for name in names if name))


def _read(page: Page) -> tuple[str, str, int]:
    """Charset, text, and the number of places that do not fit the charset and became U+FFFD."""
    content = page.content
    sure = read_bom(content)[0] or _utf16_without_bom(content)
    if sure:
        text = content.decode(sure, "replace").removeprefix("\ufeff")
        return sure, text, text.count("\ufffd") - (content.count(b"\xef\xbf\xbd") if sure == "utf-8" else 0)
    if content.isascii():
        return "utf-8", content.decode("ascii"), 0
    try:
        text, bad = content.decode("utf-8"), 0
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
        bad = text.count("\ufffd") - content.count(b"\xef\xbf\xbd")
    if not bad and len(content) - len(text) >= 30:  # a character of UTF-8 has three bytes beside its first at most
        return "utf-8", text, 0
    foreign = len(text) - len(content.translate(None, _NOT_ASCII))
    if not bad and foreign >= 10:
        return "utf-8", text, 0
    declared = _declared(page)
    legacy = [name for name in declared if name not in ("utf-8", "windows-1252")]  # servers say latin1 of everything
    if bad * 20 <= foreign and (foreign >= 10 or not legacy):
        return "utf-8", text, bad
    for name in legacy:
        if name not in (*_LIKELY, *_WESTERN):  # of another script, or of several bytes a character
            try:
                return name, content.decode(name), 0
            except UnicodeDecodeError:
                continue
    names = dict.fromkeys((*legacy, *_LIKELY, *(["utf-8"] if "utf-8" in declared or not bad else [])))
    scores = {name: _plausibility(content[: 4 * _SAMPLE].decode(name, "replace")) for name in names}
    if legacy and legacy[0] in scores:
        scores[legacy[0]] += 0.5
    name = max(scores, key=scores.__getitem__)
    if name == "utf-8":
        return name, text, bad
    text = content.decode(name, "replace")
    return name, text, text.count("\ufffd")


def _utf16_without_bom(content: bytes) -> str | None:
    """Markup in UTF-16 has a NUL in every other place."""
    sample = content[:200]
    if len(sample) < 4 or len(content) % 2:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd * 8 > len(sample) and not even:
        return "utf-16-le"
    return "utf-16-be" if even * 8 > len(sample) and not odd else None


# Letters of running Arabic and Persian text by falling frequency.
_BY_FREQUENCY = "الينمروتهبدسعكفقحجشخصطضذزغثءىةأئظإؤآیکپچگژ"
_LETTER_SCORE = {letter: -2.0 - 0.1 * rank for rank, letter in enumerate(_BY_FREQUENCY)}
_PUNCTUATION = frozenset("«»،؛؟“”‘’–—…\u00a0\u200c\u200dـ©®·•°٪")
_FOREIGN_RUN = re.compile(r"[A-Za-z]?[^\x00-\x7f]+[A-Za-z]?")
_SAMPLE = 400_000  # characters that tell a charset


def _plausibility(text: str) -> float:
    """Mean log-likelihood, roughly, of a text's first 5,000 non-ASCII characters as Arabic or European news."""
    kinds: dict[tuple[bool, bool], list[str]] = {}
    length = 0
    for match in _FOREIGN_RUN.finditer(text, 0, _SAMPLE):
        run = match[0]
        latin = run[0].isascii() or run[-1].isascii()
        kinds.setdefault((latin, not _LETTER_SCORE.keys().isdisjoint(run)), []).append(run)
        length += len(run) - run[0].isascii() - run[-1].isascii()
        if length > 5_000:
            break
    total, count = 0.0, 0
    for (latin, arabic), runs in kinds.items():
        for character, times in Counter("".join(runs)).items():
            if not character.isascii():
                total += times * _character_score(character, latin, arabic)
                count += times
    return total / count if count else 0.0


def _character_score(character: str, latin: bool, arabic: bool) -> float:
    """Likewise, of one character in a run that touches ASCII letters, or holds Arabic ones."""
    if character in _LETTER_SCORE:
        return -7.0 if latin else _LETTER_SCORE[character]
    if character in _PUNCTUATION or "\u064b" <= character <= "\u0652":
        return -5.0
    if character == "\ufffd" or "\x80" <= character < "\xa0":
        return -14.0
    if character.isalpha():
        return -10.0 if arabic else -5.0 if latin and character < "\u0250" else -7.5
    return -8.0


# ---- mojibake

_C1_MEANING = {chr(byte): bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)}  # as HTML has it
_C1_TABLE = {ord(control): meaning for control, meaning in _C1_MEANING.items()}
_TO_1256 = {bytes([byte]).decode("cp1256"): byte for byte in range(0x100)}
_TO_1252 = {chr(byte): byte for byte in range(0x100)} | {c: ord(control) for control, c in _C1_MEANING.items() if c}


@dataclass(frozen=True)
class _Misreading:
    table: dict[str, int]
    """Character → byte it was read from."""
    pair: re.Pattern[str]
    """What a letter of the Arabic block (two bytes, D8-DB and 80-BF) becomes."""
    two: re.Pattern[str]
    two_in_bytes: re.Pattern[bytes]
    """Two pairs in UTF-8."""
    two_escaped: tuple[re.Pattern[str], re.Pattern[str]]
    """Two pairs as each of `_ESCAPES` writes them."""


def _misreading(table: dict[str, int]) -> _Misreading:
    """What text in UTF-8 becomes when it is read by another table.

    Two such pairs in a row are what no clean text has; a single one it may have («…ط،»). 9D and 9E, which end no common
    letter, are in windows-1256 ZWNJ and ZWJ, which follow any letter in clean text.
    """
    lead = "".join(character for character, byte in table.items() if 0xD8 <= byte <= 0xDB)
    tails = [character for character, byte in table.items() if 0x80 <= byte <= 0xBF and byte not in (0x9D, 0x9E)]
    tail = "".join(map(re.escape, tails))
    pair = f"[{lead}][{tail}]"
    in_bytes = b"".join(b"(?:%s)" % b"|".join(re.escape(c.encode()) for c in letters) for letters in (lead, tails))
    as_json, as_references = (
        "".join(f"(?:{'|'.join(write(ord(letter)) for letter in letters)})" for letters in (lead, tails))
        for write in (r"\\u{:04x}".format, "&#(?:{0}|x0*{0:x});".format)
    )
    return _Misreading(
        table,
        re.compile(pair),
        re.compile(pair * 2),
        re.compile(in_bytes * 2),
        (re.compile(as_json * 2, re.IGNORECASE), re.compile(as_references * 2, re.IGNORECASE)),
    )


_LARGEST_REPAIR = 4 << 20
"""Characters up to which a page is searched for mojibake, which takes a hundred bytes for each run."""
_MISREADINGS = (_misreading(_TO_1256), _misreading(_TO_1252))
_RUN = re.compile(r'[^<>"\n\r]+')
_REFERENCE = re.compile(r"&(?:#\d{2,7}|#x[0-9a-f]{2,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_ARABIC = re.compile(r"[\u0600-\u06ff]")


def _repair_mojibake(text: str, content: bytes) -> tuple[str, list[str]]:
    """`text` with every run (text node, attribute, line) that was UTF-8 read as windows-1256 or -1252 read rightly.

    A run that looks misread is repaired when all of it reads back as valid UTF-8 and gives Arabic script, or when all
    of its misread words do; else it is kept. On a page with repaired runs those that are too short to look misread
    (`آ` and a no-break space) are repaired if they can be.

    Args:
        text: of the page.
        content: the same in UTF-8, which is quicker to search.
    """
    if len(text) > _LARGEST_REPAIR:
        return text, []
    text, outcomes = _repair_escaped(text)
    if outcomes:
        content = text.encode("utf-8", "surrogatepass")
    for misreading in _MISREADINGS:
        if not misreading.two_in_bytes.search(content):
            continue
        table, pair, two = misreading.table, misreading.pair, misreading.two
        between, runs = _RUN.split(text), _RUN.findall(text)
        for index, run in enumerate(runs):
            if two.search(run):
                repaired = _read_back(run, table) or _read_back_by_word(run, table, pair, two)
                outcomes.add("mojibake_repaired" if repaired else "mojibake_kept")
                runs[index] = repaired or run
        if "mojibake_repaired" in outcomes:
            runs = [run if run.isascii() else _read_back(run, table, script=False) or run for run in runs]
        text = "".join(chain.from_iterable(zip(between, [*runs, ""], strict=True)))
        content = text.encode("utf-8", "surrogatepass")
    return text, sorted(outcomes)


_ESCAPES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    # Of JSON and of HTML, a word of them at a time; those of ASCII (`\\u003c`, `&#34;`) keep it from being markup.
    (
        re.compile(r"(?:\\u(?!00[0-7])[0-9a-f]{4})+", re.IGNORECASE),
        lambda word: "".join(chr(int(code, 16)) for code in word[2:].lower().split("\\u")),
    ),
    (
        re.compile(
            r"(?:&#(?!0*(?:\d\d?|1[01]\d|12[0-7]);|x0*[0-7]?[0-9a-f];)(?:\d{2,7}|x[0-9a-f]{2,6});)+", re.IGNORECASE
        ),
        html.unescape,
    ),
)


def _repair_escaped(text: str) -> tuple[str, set[str]]:
    """`text` with the misread words that are written as escapes replaced by what they mean, and what came of it.

    A word is repaired when all of it reads back as Arabic script. Where one was, single letters are too.
    """
    outcomes: set[str] = set()
    for misreading in _MISREADINGS:
        for (escapes, meaning), two in zip(_ESCAPES, misreading.two_escaped, strict=True):
            if not two.search(text):
                continue
            read = {word: _read_back(meaning(word), misreading.table) for word in set(escapes.findall(text))}
            misread = [word for word in read if misreading.two.search(meaning(word))]
            outcomes |= {"mojibake_repaired" if read[word] else "mojibake_kept" for word in misread}
            if any(read[word] for word in misread):
                text = escapes.sub(lambda word, read=read: read[word[0]] or word[0], text)  # type: ignore[misc]
    return text, outcomes


def _read_back(run: str, table: dict[str, int], *, script: bool = True) -> str | None:
    """The run as UTF-8, if all of it can be read so and, where `script`, most of it is Arabic script."""
    characters = _REFERENCE.sub(lambda reference: _character(reference[0]), run)
    try:
        text = bytes(table[character] for character in characters).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None
    letters = "".join(filter(str.isalpha, _ASCII.sub("", text))) if script else ""
    return text if len(_ARABIC.findall(letters)) >= 0.8 * len(letters) else None


def _read_back_by_word(run: str, table: dict[str, int], pair: re.Pattern[str], two: re.Pattern[str]) -> str | None:
    """The run with its misread words read rightly, where clean words stand beside them; None if one cannot be."""
    words = run.split(" ")
    for index, word in enumerate(words):
        if two.search(word) or pair.fullmatch(word):
            words[index] = _read_back(word, table) or word
    text = " ".join(words)
    return None if two.search(text) else text


def _character(reference: str) -> str:
    character = html.unescape(reference)
    return character if len(character) == 1 and not character.isascii() else reference


# ---- tree

_FORMATTING = re.compile(
    rb"</?(?:font|b|i|u|s|em|strong|span|big|small|center|ins|del|tt|nobr)\b[^<>]*>", re.IGNORECASE
)
_BLOCKS = re.compile(rb"</?(?:div|section|blockquote|dl|dd|ul|ol|table|tbody|tr|td)\b[^<>]*>", re.IGNORECASE)
_DEEPEST = 256
_TAG = re.compile(rb"<[a-z]", re.IGNORECASE)
_FLOODED_FROM = 100_000  # bytes; what fewer can hold costs less than a second
_ATTRIBUTES = 1000  # up to which those of an element are read
# What an attribute is by the HTML Standard, 13.2.5.32 ff., and what stands between two.
_ATTRIBUTE = re.compile(rb"""(?:=?[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?)?|=)[\s/]*+""")
_OPENING = re.compile(rb"<[a-z][^\s/>]*+[\s/]*+", re.IGNORECASE)
# An opening tag that is long or does not end, and an angle bracket in quotes, where a tag may be longer than it seems.
# No group here is possessive: Python before 3.11.5 matches such wrongly.
_SUSPECT = re.compile(
    rb"""<[a-z](?:[^<>]{%d}|[^<>]*+<)|=\s*+(?:"[^"<>]*+[<>]|'[^'<>]*+[<>])""" % (2 * _ATTRIBUTES), re.IGNORECASE
)


def without_floods(content: bytes) -> bytes:
    """Markup of which no element has more than a thousand attributes: libxml2 takes quadratic time for them."""
    kept, at, begun = [], 0, 0
    while suspect := _SUSPECT.search(content, begun):
        begun, before = suspect.start() + 1, begun
        start = content.rfind(b"<", before, begun)
        opening = _OPENING.match(content, start) if start >= 0 else None
        if not opening:
            continue
        count, end, cut = 0, opening.end(), 0
        while attribute := _ATTRIBUTE.match(content, end):
            count, end = count + 1, attribute.end()
            if count == _ATTRIBUTES:
                cut = end
        if count > _ATTRIBUTES:
            kept.append(content[at:cut])
            at = end
        begun = max(begun, end)
    return b"".join((*kept, content[at:])) if kept else content


def _parse(text: str, content: bytes) -> tuple[etree._Element | None, bool]:
    """Tree of an HTML document, and whether it had to be flattened: libxml2 drops all that lies 256 elements deep.

    Args:
        text: of the document.
        content: the same in UTF-8.
    """
    if len(content) > _FLOODED_FROM:
        content = without_floods(content)
    # Without `huge_tree` a text of 10 MB (a script) ends the document; with it, ten times the depth is let through.
    huge = len(text) > 5_000_000
    tree, deep = _parse_once(content, huge)
    if not deep:
        return tree, False
    flat = _FORMATTING.sub(b"", content)
    tree, deep = _parse_once(flat, huge)
    return (_parse_once(_BLOCKS.sub(b"<p>", flat), huge=False)[0] if deep else tree), True


def _parse_once(content: bytes, huge: bool) -> tuple[etree._Element | None, bool]:
    # lxml.html's own parser would ask a function for the class of every element. Nothing looks elements up by id here.
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=huge
    )
    try:
        tree = etree.fromstring(content, parser)
    except etree.LxmlError:
        return None, False
    deep = any("depth" in (entry.message or "") for entry in parser.error_log)
    return tree, deep or (huge and tree is not None and _is_deep(tree))


def _is_deep(tree: etree._Element) -> bool:
    """Whether any element stands deeper than libxml2 lets it stand without `huge_tree`."""
    depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            return True
    return False
