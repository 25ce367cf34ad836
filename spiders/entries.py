"""XML of a sitemap or feed → its entries, one after the other. Pure.

No tree is built, which would take thirty times the memory of the text. Nothing outside the document is opened, and
libxml2's own limits hold: 256 levels, 10 MB of text in a row, entities that grow to no more than a few times the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

from lxml import etree

MAX_ELEMENTS = 2_000_000
"""Elements of a document that are read, in some seconds; 50,000 entries with 30 elements each have fewer."""
MAX_TEXT = 16_384
"""Characters of a text that are kept: longer than any URL that can be asked for, and any title."""

_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_ENTRY = {"sitemapindex": "sitemap", "urlset": "url", "feed": "entry"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A `<sitemap>`, `<url>`, `<entry>` or `<item>`."""

    base: str
    """The `xml:base` that holds for it, perhaps relative; empty where there is none."""
    texts: dict[str, str] = field(default_factory=dict)
    """Of each child the text, by its local name: of several, that of the first. Children of `<news:news>` are called
    `news/title`, …; `@href` is that of Atom's alternate link, `@guid` an RSS permalink, `@about` RSS 1.0's address."""

    def get(self, *names: str) -> str | None:
        """The first of these texts that is not empty."""
        return next((text for name in names if (text := self.texts.get(name))), None)


class NoXmlError(ValueError):
    """There is no element at all."""


class EnoughError(Exception):
    """No more of a document is read; says why."""


def read_entries(content: bytes, take: Callable[[str, Entry], None]) -> tuple[str, str | None]:
    """Read the entries of a sitemap, sitemap index, Atom or RSS document, however broken.

    Args:
        content: the document, without a DTD.
        take: told the local name of the root, and each entry as it ends; an `EnoughError` from it ends the reading.

    Returns:
        The local name of the root, and why not all was read, if it was not.

    Raises:
        NoXmlError: there is no element.
    """
    reader = _Reader(take)
    parser = etree.XMLParser(
        target=reader,  # type: ignore[arg-type]  # lxml gives it str alone, and no comments if it takes none
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
    )
    problem = None
    try:
        etree.fromstring(content, parser)
    except EnoughError as enough:
        problem = str(enough)
    except UnicodeDecodeError:  # of what libxml2 passes on, lxml takes no surrogates
        problem = "it holds characters that are none"
    except etree.XMLSyntaxError as error:
        raise NoXmlError(f"its XML cannot be read at all ({error})") from error
    if not reader.root:
        raise NoXmlError("its XML cannot be read at all")
    return reader.root, problem


class _Reader:
    """Takes the parser's events. Sites misspell namespaces more often than names: only local names count."""

    def __init__(self, take: Callable[[str, Entry], None]) -> None:
        self.root = ""
        self._take = take
        self._name = "item"
        self._depth = self._elements = 0
        self._bases: list[tuple[int, str]] = []
        self._entry: Entry | None = None
        self._children = 0
        """Depth of the elements whose texts are taken."""
        self._prefix = ""
        self._text: list[str] | None = None
        self._text_depth = self._text_size = 0
        self._text_name = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise EnoughError(f"it has more than {MAX_ELEMENTS:,} elements")
        name = tag.rpartition("}")[2]
        if not self.root:
            self.root, self._name = name, _ENTRY.get(name, "item")
        if base := attributes.get(_XML_BASE):
            self._bases.append((self._depth, _joined(self._bases[-1][1] if self._bases else "", base)))
        if name == self._name and self._depth > 1:
            self._finish()  # one that was not closed ends where the next begins
            self._entry = Entry(self._bases[-1][1] if self._bases else "")
            self._children, self._prefix = self._depth + 1, ""
            self._keep("@about", attributes.get(_ABOUT))
        elif self._entry and self._text is None and self._depth == self._children:
            self._child(name, attributes)

    def _child(self, name: str, attributes: Mapping[str, str]) -> None:
        assert self._entry is not None  # noqa: S101  for the type checker
        if name == "news" and self._name == "url" and not self._prefix:
            self._children, self._prefix = self._depth + 1, "news/"
            self._keep("news", "news")
            return
        if name == "link" and attributes.get("rel", "alternate") == "alternate":
            self._keep("@href", attributes.get("href"))
        if name == "guid" and attributes.get("isPermaLink", "true").lower() == "true":
            name = "@guid"
        if self._prefix + name not in self._entry.texts and len(self._entry.texts) < 100:
            self._text, self._text_size = [], 0
            self._text_depth, self._text_name = self._depth, self._prefix + name

    def data(self, text: str) -> None:
        if self._text is not None and self._text_size < MAX_TEXT:
            self._text.append(text[: MAX_TEXT - self._text_size])
            self._text_size += len(text)

    def end(self, tag: str) -> None:  # noqa: ARG002  lxml gives it
        if self._bases and self._bases[-1][0] == self._depth:
            self._bases.pop()
        if self._text is not None and self._depth == self._text_depth:
            self._end_text()
        elif self._entry and self._depth == self._children - 1:
            if self._prefix:
                self._children, self._prefix = self._depth, ""
            else:
                self._finish()
        self._depth -= 1

    def close(self) -> None:
        """Of a document that breaks off, the entry it breaks off in counts too."""
        self._finish()

    def _finish(self) -> None:
        if self._text is not None:
            self._end_text()
        entry, self._entry = self._entry, None
        if entry:
            self._take(self.root, entry)

    def _end_text(self) -> None:
        self._keep(self._text_name, "".join(self._text or ()).strip())
        self._text = None

    def _keep(self, name: str, text: str | None) -> None:
        if self._entry and text is not None:
            self._entry.texts.setdefault(name, text[:MAX_TEXT])


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:  # a bracket that opens no IPv6 address, …
        return base
