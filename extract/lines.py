"""A page as its lines: what a reader sees between two line breaks, in order, with what the markup says about each.

One walk over the tree. Nothing here knows a class name: a line is told by its element, its links and its place.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, TypeAlias

from lxml import etree

from extract.labels import Label, Role, label, opening_label
from extract.text import canonical, fold
from extract.types import TooLargeError

Element: TypeAlias = Any
"""An lxml element; lxml's own stubs cannot name the class of an HTML tree."""


MOST_LINES = 50_000
"""Lines of a page that are read: a large one has 2,000."""


class Mark:
    """What a line stands in: bits of a number."""

    NONE = 0
    LIST = 1
    QUOTE = 2
    CAPTION = 4
    FORM = 8
    ASIDE = 16
    HEADER = 32
    FOOTER = 64
    NAV = 128
    ROW = 256
    ARTICLE = 1024
    NOISE = 2048
    """In an element that the family's rules cut."""


@dataclass(slots=True)
class Line:
    """One line of a page."""

    text: str
    """Canonical form, never empty."""
    element: Element
    """The innermost block element that holds it; None in raw text."""
    linked: int = 0
    """Characters of `text` that stand in links."""
    mark: int = Mark.NONE
    at: int = 0
    """Number of the line on the page."""
    image: Element = None
    """The image or player between the line before and this one, if there is one."""
    tag: str = field(init=False, repr=False)
    """Name of the element, e.g. `p`; empty in raw text."""
    words: int = field(init=False, repr=False)
    """How many words it has; two characters of Chinese or Japanese, which write no spaces, count as one."""
    link_share: float = field(init=False, repr=False)
    """Share of the characters that stand in links, 0 … 1."""
    runs: bool = field(init=False, repr=False)
    """Whether it reads as running text: long, or a sentence."""
    folded: str = field(default="", repr=False)
    named: tuple[Label | None] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.tag = "" if self.element is None else self.element.tag
        self.words = self.text.count(" ") + 1
        if len(self.text) > _LONGEST_WORD * self.words:
            self.words += sum(1 for _ in _UNSPACED.finditer(self.text))
        self.link_share = min(1.0, self.linked / max(1, len(self.text))) if self.linked else 0.0
        self.runs = self.words >= 14 or (self.words >= 6 and ends_sentence(self.text))

    @property
    def place(self) -> str:
        """The element and, if it has neither id nor class, the nearest around it that has: `div.lead p`; or empty."""
        if self.element is None:
            return ""
        named = next((node for node in self.element.iterancestors() if node.get("id") or node.get("class")), None)
        own = step(self.element)
        return own if named is None or own != self.tag else f"{step(named)} {own}"

    @property
    def key(self) -> str:
        """Folded form, for comparing."""
        if not self.folded:
            self.folded = fold(self.text) or " "
        return self.folded

    @property
    def label(self) -> Label | None:
        """The label it is or begins with; None where it is text."""
        if self.named is None:
            name = label(self.text)
            if name is None and 0 < self.linked < len(self.text) and opening_label(self.text) is Role.RELATED:
                name = Label(Role.RELATED, "")  # a label in an element of its own, and the link beside it
            self.named = (name,)
        return self.named[0]

    @property
    def heading(self) -> bool:
        """Whether it stands in h1 … h6."""
        return self.tag in _HEADINGS


_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir",
        "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html",
        "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
        "th", "thead", "tr", "ul",
    }
)  # fmt: skip
_SKIPPED = frozenset(
    {
        "script", "style", "noscript", "template", "svg", "math", "canvas", "iframe", "object", "embed", "applet",
        "audio", "video", "map", "select", "option", "datalist", "button", "input", "textarea", "progress", "meter",
        "head", "title", "meta", "link", "base", "frame", "frameset", "noframes", "source", "track", "rp", "rt",
    }
)  # fmt: skip
_MARKS = {
    "li": Mark.LIST,
    "dd": Mark.LIST,
    "dt": Mark.LIST,
    "blockquote": Mark.QUOTE,
    "figure": Mark.CAPTION,
    "figcaption": Mark.CAPTION,
    "form": Mark.FORM,
    "aside": Mark.ASIDE,
    "header": Mark.HEADER,
    "footer": Mark.FOOTER,
    "nav": Mark.NAV,
    "article": Mark.ARTICLE,
}
_IMAGES = frozenset({"img", "picture", "amp-img", "video", "iframe", "object", "embed"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ELLIPSIS = "\x85"  # as HTML has it; Python takes it for a space
_STOPS = tuple(".!?؟۔…。！？｡")
_CLOSERS = "\"'”’»«)]}›“」』）】》〉"
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{2}")
_LONGEST_WORD = 12  # characters; where words are longer on average, some may stand without spaces


def step(element: Element) -> str:
    """An element as a selector: its id, or else its tag and classes, e.g. `div.entry-content`."""
    name = element.get("id")
    return f"{element.tag}#{name}" if name else ".".join([element.tag, *(element.get("class") or "").split()])


_FEW_TEXTS = 30


def opening_text(element: Element, longest: int, between: str = "") -> str:
    """Text of an element as it stands, up to so many characters: what is looked for is at its beginning.

    Args:
        element: the element.
        longest: characters after which no more is read.
        between: what is put between the texts of the elements in it.
    """
    texts = element.itertext()
    parts = list(islice(texts, _FEW_TEXTS))
    size = sum(map(len, parts)) + len(between) * len(parts)
    if len(parts) < _FEW_TEXTS and size <= longest:
        return between.join(parts)
    left = longest
    texts, parts = chain(parts, texts), []
    for text in texts:
        parts.append(text[:left])
        left -= len(text) + len(between)
        if left <= 0:
            break
    return between.join(parts)


def ends_sentence(text: str) -> bool:
    """Whether a line ends as a sentence does."""
    return text.rstrip(_CLOSERS).endswith(_STOPS)


def read_lines(tree: Element, *, noise: Container[Element] = ()) -> list[Line]:
    """Every line of the tree, in document order.

    Args:
        tree: the root; it is not changed.
        noise: elements whose lines are marked `NOISE`.

    Raises:
        TooLargeError: the tree has more lines than are read.
    """
    lines: list[Line] = []
    text: str | None
    parts: list[str] = []
    linked = 0
    links = 0
    image: Element = None
    blocks: list[Element] = [tree]
    marks: list[int] = [Mark.NONE]
    skipped: Element = None
    breaks: re.Pattern[str] | None = None  # what parts paragraphs in the pre that is read

    def flush() -> None:
        nonlocal linked, image
        text = canonical("".join(parts))
        if text:
            lines.append(Line(text, blocks[-1], linked, marks[-1], len(lines), image))
            if len(lines) > MOST_LINES:
                raise TooLargeError(f"more than {MOST_LINES:,} lines")
            image = None
        parts.clear()
        linked = 0

    walker = etree.iterwalk(tree, events=("start", "end"))
    for event, node in walker:
        tag = node.tag
        if event == "start":
            if tag in _IMAGES:
                image = node
            if tag in _SKIPPED or ((node.get("style") or node.get("hidden") is not None) and _hidden(node)):
                skipped = node
                walker.skip_subtree()
                if parts and (tag in _BLOCKS or tag in ("button", "noscript")):
                    flush()
                continue
            if tag == "br":
                if parts:
                    flush()
            elif tag in _BLOCKS or node in noise:
                if tag == "table" and (rows := _data_rows(node)):
                    if parts:
                        flush()
                    for element, text in rows:
                        lines.append(Line(text, element, 0, marks[-1] | Mark.ROW, len(lines)))
                    skipped = node
                    walker.skip_subtree()
                    continue
                if parts:
                    flush()
                blocks.append(node)
                mark = Mark.NONE if tag == "aside" and _holds_headline(node) else _MARKS.get(tag, Mark.NONE)
                marks.append(marks[-1] | mark | (Mark.NOISE if node in noise else Mark.NONE))
            if tag == "a":
                links += 1
            elif tag == "pre" and breaks is None:
                breaks = _preformatted("".join(node.itertext()))
            text = node.text
        else:
            if node is skipped:
                skipped = None
            else:
                if node is blocks[-1]:
                    if parts:
                        flush()
                    blocks.pop()
                    marks.pop()
                if tag == "a":
                    links -= 1
                elif tag == "pre":
                    breaks = None
            text = None if node is tree else node.tail
        if text and breaks is not None:
            *ended, text = breaks.split(text)
            for part in ended:
                parts.append(part)
                flush()
        if text and (parts or not text.isspace() or _ELLIPSIS in text):  # most is the space between two blocks
            parts.append(text)
            if links and not text.isspace():
                linked += len(text)
    if parts:
        flush()
    return lines


def _holds_headline(aside: Element) -> bool:
    """Whether an aside holds the page's matter: it is a column of the layout then, beside nothing."""
    return next(aside.iter("h1"), None) is not None


_WRAPPED = 100  # characters up to which a preformatted line may be a part of a paragraph
_EACH_LINE = re.compile(r"\n")
_BLANK_OR_INDENT = re.compile(r"\n[ \t\xa0]*(?:\n|(?<=[ \t\xa0]{2}))")
_SENTENCE_END = re.compile(r"(?<=[.!?؟۔])[ \t\xa0]*\n")


def _preformatted(text: str) -> re.Pattern[str]:
    """What parts the paragraphs of preformatted text: each line break, where lines are longer than a terminal's."""
    if any(len(line) > _WRAPPED for line in text.split("\n")):
        return _EACH_LINE
    return _BLANK_OR_INDENT if _BLANK_OR_INDENT.search(text.strip()) else _SENTENCE_END


def _hidden(node: Element) -> bool:
    style = node.get("style")
    hidden = bool(style and _HIDDEN_STYLE.search(style)) or node.get("hidden") is not None
    return hidden and not _continues(node)


def _continues(node: Element) -> bool:
    """Whether a hidden block goes on with the paragraphs before it, as behind a button *read more*."""
    if node.tag not in _BLOCKS or not any(map(_is_running_text, islice(node.itersiblings(preceding=True), 3))):
        return False
    return _is_running_text(node) or any(map(_is_running_text, node))


def _is_running_text(element: Element) -> bool:
    """Whether an element is a paragraph: sentences, few links and no block within."""
    if any(child.tag in _BLOCKS for child in element.iterdescendants()):
        return False
    text = canonical("".join(element.itertext()))
    linked = sum(len("".join(link.itertext())) for link in element.iter("a"))
    return len(text) >= 60 and ends_sentence(text) and linked * 3 < len(text)


_LAYOUT = frozenset(
    {"table", "h1", "h2", "h3", "form", "ul", "ol", "div", "article", "section", "iframe", "script", "input"}
)


def _data_rows(table: Element) -> list[tuple[Element, str]]:
    """Rows of a table of data, cells joined by ` | `; empty for a table that only lays out the page."""
    rows: list[tuple[Element, str]] = []
    linked = total = 0
    for node in table.iter():
        if node is not table and node.tag in _LAYOUT:
            return []
    for row in table.iter("tr"):
        cells = []
        for cell in row.iterchildren("td", "th"):
            text = canonical(" ".join(cell.itertext()))
            if len(text) > 200:
                return []
            if text:
                cells.append(text)
            link = sum(len(canonical("".join(a.itertext()))) for a in cell.iter("a"))
            linked += link
            total += len(text)
        if cells:
            rows.append((row, " | ".join(cells)))
    if len(rows) < 2 or linked * 2 > total or sum(" | " in text for _, text in rows) * 2 < len(rows):
        return []
    return rows
