"""The two forms of a text: `canonical()`, the one we keep, and `fold()`, the one we compare.

Canonical form loses nothing a reader sees or a writer meant; it only removes what two copies of the same typing differ
in by accident of a browser, a font or a database. Folded form is for identity: it makes copies of a text equal that are
spelt by different houses, and is never shown.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from functools import lru_cache
from typing import Literal

ZWNJ = "\u200c"
ZWJ = "\u200d"

_MARKS = (  # Arabic vowel signs, Koranic annotation, hamza and madda above or below, superscript alef
    *range(0x0610, 0x061B),
    *range(0x064B, 0x0660),
    0x0670,
    *range(0x06D6, 0x06DD),
    *range(0x06DF, 0x06E5),
    0x06E7,
    0x06E8,
    *range(0x06EA, 0x06EE),
    *range(0x08CA, 0x08E2),
    *range(0x08E3, 0x0900),
)
# Signs that people type as signs: ﷺ ﷻ ﷼ ﷽ stay; in NFKC the first alone would become four words.
_SIGNS = range(0xFDFA, 0xFDFE)


def _clean_table() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys(
        (
            *range(0x20),
            0x7F,
            0x00AD,  # soft hyphen
            0x061C,  # bidirectional controls
            *range(0x200E, 0x2010),
            *range(0x202A, 0x202F),
            *range(0x2066, 0x206A),
            0x180E,
            0x200B,  # zero width space: Arabic letters join across it, so nothing is seen of it
            *range(0x2060, 0x2066),
            *range(0x206A, 0x2070),
            *range(0xFFF9, 0xFFFC),
            0xFEFF,
            *range(0xFDD0, 0xFDF0),
            0xFFFE,
            0xFFFF,
        )
    )
    spaces = (
        0x09,
        0x0A,
        0x0B,
        0x0C,
        0x0D,
        0x1C,
        0x1D,
        0x1E,
        0x1F,
        0xA0,
        0x1680,
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x3000,
    )
    table.update(dict.fromkeys((*spaces, *range(0x2000, 0x200B)), " "))
    table.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))  # a lone surrogate cannot be written as UTF-8
    for byte in range(0x80, 0xA0):  # HTML reads a C1 control as the windows-1252 character of that number
        table[byte] = bytes([byte]).decode("cp1252", "ignore") or None
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFF)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if plain != chr(code) and code not in _SIGNS:
            # A vowel sign in isolated form decomposes to a space and the sign; it belongs to the letter before.
            table[code] = plain.removeprefix(" ")
    return table


def _fold_table() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys((*_MARKS, *range(0x0300, 0x0370)))
    # Hamza on the line, high hamza, tatweel, zero width (non-)joiner, variation selectors.
    table.update(dict.fromkeys((0x0621, 0x0674, 0x0640, 0x200C, 0x200D, *range(0xFE00, 0xFE10))))
    for letters, letter in (
        ("أإآٱٲٳٵ", "ا"),
        ("ؤٶۇٷ", "و"),
        ("يىئېۍؽؾؿےۓٸ", "ی"),
        ("كڪګڬڭڮ", "ک"),
        ("ةۀہۂۃھەۿ", "ه"),
    ):
        table.update({ord(each): letter for each in letters})
    for value in range(10):
        table[0x0660 + value] = table[0x06F0 + value] = str(value)
    table[ord("٫")] = "."
    table.update({ord(comma): "," for comma in "٬،"})
    for code in (*range(0x20, 0x80), *range(0x0600, 0x0700)):
        table.setdefault(code, chr(code))  # what a table does not hold costs `str.translate` an exception
    return table


_CLEAN = _clean_table()
_FOLD = _fold_table()
# White space needs no table: `str.split` knows the same.
_UNCLEAN = re.compile(f"[¬{re.escape(''.join(chr(code) for code in _CLEAN if not chr(code).isspace()))}\x85]")
_ARABIC_LETTER = r"[\u0620-\u064A\u066E-\u06D3\u06D5\u06FA-\u06FF\u0750-\u077F]"
_NOT_SIGN = re.compile(rf"(?<={_ARABIC_LETTER})[\u200c\u200d]*¬[\u200c\u200d¬]*(?={_ARABIC_LETTER})")
_EDGE = r"\s!-/:-@\[-`{-~¡-¿×÷،؛؞؟٪-٭۔\u2010-\u2027\u2030-\u205E"
_COMBINING = "".join(
    character
    for character in map(chr, range(0x300, 0x1F000))
    if unicodedata.combining(unicodedata.normalize("NFKD", character)[0])
)
_SAFE = 30
_STACK = re.compile(f"([{_COMBINING}]{{{_SAFE}}})[{_COMBINING}]+")
_JOINERS = re.compile(r"([\u200c\u200d])[\u200c\u200d]+")
# The joiner comes first, though what stands before it is asked: a literal is looked for by memchr.
_LOOSE_ZWNJ = rf"\u200c(?:(?<!\S\u200c)|(?=[{_EDGE}])|(?<=[^{_EDGE}]\u200c)$)"
_LOOSE_ZWJ = rf"\u200d(?:(?<![^{_EDGE}]\u200d)|(?!\S))"
_LOOSE_NON_JOINER = re.compile(_LOOSE_ZWNJ)
_LOOSE_JOINER = re.compile(f"{_LOOSE_ZWNJ}|{_LOOSE_ZWJ}")
_THOUSANDS = re.compile(r",(?<=\d,)(?=\d{3}(?!\d))")  # a literal first: it is looked for by memchr
_DECIMAL_COMMA = re.compile(r",(?<=\d,)(?=\d)")
_PUNCTUATION = re.compile(r"[^\w.,\s]")
_FULL_STOP = re.compile(r"\.(?:(?<!\d\.)|(?!\d))")


def canonical(text: str) -> str:
    """The form of a text that is kept: one line, as its writer spelt it.

    - Unicode NFC; Arabic presentation forms (U+FB50-FDFF, U+FE70-FEFF) become their letters (ﷲ: الله), except the signs
      ﷺ ﷻ ﷼ ﷽ and the ornate brackets, which are typed as they are.
    - Every kind of space, tab and line break is a space, runs of them are one, and none is left at the ends.
    - Bidirectional controls, soft hyphens, byte order marks, zero width spaces, control characters are removed;
      C1 controls are what HTML takes them for, characters of windows-1252. Lone surrogates become U+FFFD.
    - ZWNJ and ZWJ stay within words, ZWNJ also after punctuation (a plural ending joins a quoted word so). They go
      beside spaces; ZWNJ also before punctuation and, after a letter, at the end of the line.
      `¬` between Arabic letters is a ZWNJ that an old converter lost.
    - Spelling stays: tatweel, vowel signs, Arabic ي and ك in Persian, digits, quotes and dashes of every kind.

    Idempotent.
    """
    return _canonical_known(text) if len(text) <= _SHORT else _canonical(text)


def _canonical(text: str) -> str:
    if _UNCLEAN.search(text):
        text = _NOT_SIGN.sub(ZWNJ, _normal("NFC", text.translate(_CLEAN)))
    else:
        text = _normal("NFC", text)
    text = " ".join(text.split())
    if ZWJ in text:
        text = _LOOSE_JOINER.sub("", _JOINERS.sub(r"\1", text))
    elif ZWNJ in text:
        if ZWNJ + ZWNJ in text:
            text = _JOINERS.sub(ZWNJ, text)
        text = _LOOSE_NON_JOINER.sub("", text)
    else:
        return text
    return _normal("NFC", " ".join(text.split()))


def _normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    """A Unicode normal form, of a text in which no more than 30 marks stand in a row.

    So has the Stream-Safe Text Format of UAX #15: marks are sorted, and Python sorts them in quadratic time.
    """
    if unicodedata.is_normalized(form, text):
        return text
    return unicodedata.normalize(form, _STACK.sub(r"\1", text) if len(text) > _SAFE else text)


def fold(text: str) -> str:
    """The form of a text that is compared: lower-case words and numbers with single spaces between.

    - NFKC and case folding; vowel signs, tatweel, zero width characters and hamza on the line are removed.
    - Letters written in several ways are one: أ إ آ ٱ: ا; ي ى ئ: ی; ؤ: و; ك: ک; ة ۀ ہ ە: ه.
    - Digits are ASCII. A decimal mark (`.`, `٫`, or a comma) stays in its number, as a point; a comma or `٬` before
      exactly three digits separates thousands and goes: `١٬٥٠٠٫٥` is `1500.5`. A number is always one word.
    - All else (punctuation, quotes, symbols) is a space.

    Idempotent, and the same for a text and its canonical form.
    """
    return _fold_known(text) if len(text) <= _SHORT else _fold(text)


def _fold(text: str) -> str:
    try:
        letters = codecs.charmap_encode(text, "strict", _ENCODING)[0].translate(_FOLDED, _DROPPED)
    except UnicodeEncodeError:
        return _fold_any(text)
    text = codecs.charmap_decode(b" ".join(letters.split()), "strict", _ALPHABET)[0]
    return _with_numbers(text) if "," in text or "." in text else text


def _fold_any(text: str) -> str:
    """As `fold`, for any characters."""
    if _UNCLEAN.search(text):
        text = _NOT_SIGN.sub("", _normal("NFC", text.translate(_CLEAN)))
    folded = _normal("NFKC", text).casefold().translate(_FOLD)
    text = _normal("NFKC", folded)
    if text != folded:
        text = text.translate(_FOLD)
    return _with_numbers(_PUNCTUATION.sub(" ", text.replace("_", " ")))


def _with_numbers(text: str) -> str:
    """Commas and points stay only as the decimal points of numbers, and all spaces are single."""
    if "," in text:
        text = _DECIMAL_COMMA.sub(".", _THOUSANDS.sub("", text)).replace(",", " ")
    if "." in text:
        text = _FULL_STOP.sub(" ", text)
    return " ".join(text.split())


# Nearly all lines of Arabic and Persian pages are of few characters. As one byte each they are folded by a table of C,
# three to four times as quickly as by `str.translate`, which asks a dict for every character. ASCII stays where it is.
_COMMON = (
    *map(chr, range(0x0621, 0x063B)), *map(chr, range(0x0640, 0x0653)), *"٠١٢٣٤٥٦٧٨٩٪٫٬٭ٰٱپچژڤکگۀۆیێەڕڵ۰۱۲۳۴۵۶۷۸۹",
    *"ٹڈڑںھہےۃ۔،؛؟«»\u00a0·©®°×–—‘’“”•…›‹", *"\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\ufeff",
)  # fmt: skip
_UNDEFINED = "\ufffe"  # as the codecs of Python have it
_ALPHABET = "".join(chr(code) if code in (0, 9, 10, 13) or 32 <= code < 127 else _UNDEFINED for code in range(128))
_ALPHABET += "".join(_COMMON).ljust(128, _UNDEFINED)
_ENCODING = codecs.charmap_build(_ALPHABET)


def _folded_alphabet() -> tuple[bytes, bytes]:
    """Which byte of the alphabet each becomes, and which are dropped: what `_fold_any` makes of each character."""
    table, dropped = bytearray(range(256)), bytearray()
    for code, character in enumerate(_ALPHABET):
        if character == _UNDEFINED:
            continue
        marks = {"،": ",", "٬": ",", ",": ",", "٫": ".", ".": "."}
        folded = marks.get(character) or _fold_any(f"x{character}x")[1:-1]
        table[code] = _ALPHABET.index(folded) if folded else 0
        if not folded:
            dropped.append(code)
    return bytes(table), bytes(dropped)


_SHORT = 160  # characters
# Pages of a site share most of their short lines: menus, labels, footers. These take 8 MB each at most.
_canonical_known = lru_cache(maxsize=8192)(_canonical)
_fold_known = lru_cache(maxsize=8192)(_fold)


_FOLDED, _DROPPED = _folded_alphabet()


def words(text: str) -> list[str]:
    """The words and numbers of a text, folded, in order."""
    return fold(text).split()


_LONG_REFERENCE = re.compile(r"&#\d{8,}")


def unescaped(text: str) -> str:
    """`html.unescape`, also of references of so many digits that Python refuses to read them as a number."""
    return html.unescape(_LONG_REFERENCE.sub("&#1114112", text) if "&#" in text else text)
