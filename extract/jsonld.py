"""JSON-LD as pages really have it: in comments, with commas and quotation marks that JSON does not know, in pieces.

What is broken is mended where its author's meaning is plain; what then is no JSON says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from extract.text import canonical, unescaped

Node = Mapping[str, Any]

_REFERRING = ("author", "creator", "publisher", "image", "isPartOf")
_DEEPEST = 6
_LONGEST = 1_000_000  # characters of a block
_LONGEST_STRING = 5000  # characters of a string that are read
_MOST = 50  # values of a list that are read
_OPENING = re.compile(r"(?:<!--|(?://|/\*)?\s*<!\[CDATA\[\s*(?:\*/)?)")
_CLOSING = re.compile(r"(?:-->|(?://|/\*)?\s*\]\]>\s*(?:\*/)?)$")
_AROUND = "\ufeff \t\r\n;"
# A string or comment that has no end goes to the end of the text.
_STRING = r'("(?:[^"\\]++|\\.)*+(?:"|\\?\Z))'
_STRING_OR_COMMENT = re.compile(rf"{_STRING}|/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_STRING_OR_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]+")
_BAD_ESCAPE = re.compile(r'(\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})|\\')
_INNER_QUOTE = re.compile(r'(?<![{\[,:\s\\])\s*(")(?=\s*[^\s,:}\]])|(?<=[^{\[,:\s\\]\s)(")(?=[^\s,:}\]])')
_VOCABULARY = re.compile(r"^(?:https?://schema\.org/|schema:)")


def read_json_ld(text: str) -> list[Node]:
    """The objects of one block, `@graph`, arrays and the main entity taken apart.

    Empty where it is no JSON, or more than a million characters.
    """
    if len(text) > _LONGEST:
        return []
    text = text.strip(_AROUND)
    if not text.startswith(("{", "[")) and (opening := _OPENING.match(text)):
        text = text[opening.end() :].rstrip()
        text = text[: len(text) - 12] + _CLOSING.sub("", text[-12:])
        text = text.strip(_AROUND)
    for attempt in _attempts(text):
        try:
            return [node for value in _values(attempt) for node in _objects(value, 0)]
        except (ValueError, RecursionError):
            continue
    return []


def _attempts(text: str) -> Iterator[str]:
    """The text as it is, and mended more and more."""
    yield text
    if '"' not in text and "&quot;" in text:
        text = unescaped(text)
        yield text
    mended = _BAD_ESCAPE.sub(lambda escape: escape[1] or "", _CONTROL.sub(_space, text))
    mended = _STRING_OR_COMMA.sub(
        lambda part: part[1] or "", _STRING_OR_COMMENT.sub(lambda part: part[1] or " ", mended)
    )
    yield mended
    yield _INNER_QUOTE.sub(lambda quote: quote[0][:-1] + '\\"', mended)


def _space(control: re.Match[str]) -> str:
    return "\n" if "\n" in control[0] else " "  # a line break ends a comment


def _values(text: str) -> Iterator[Any]:
    """The values of a text, which may hold several one after the other."""
    decoder = json.JSONDecoder(strict=False)
    at = 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1


def _objects(value: Any, depth: int) -> Iterator[Node]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            if key in value:
                yield from _objects(value[key], depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item, depth + 1)


def resolved(nodes: Iterable[Node]) -> list[Node]:
    """The nodes of a page, where `{"@id": …}` stands for a person, an organisation or an image, with what it means."""
    nodes = list(nodes)
    named = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    if not named:
        return nodes

    def meant(value: Any) -> Any:
        if isinstance(value, list):
            return [item if isinstance(item, list) else meant(item) for item in value[:_MOST]]
        if isinstance(value, dict) and isinstance(value.get("@id"), str) and not value.keys() - {"@id", "@type"}:
            return named.get(value["@id"], value)
        return value

    return [
        {**node, **{key: meant(node[key]) for key in _REFERRING if key in node}} if "@type" in node else node
        for node in nodes
    ]


def types_of(node: Node) -> list[str]:
    """Its types, without the vocabulary's address."""
    kind = node.get("@type")
    kinds = kind[:_MOST] if isinstance(kind, list) else [kind or ""]
    return [_VOCABULARY.sub("", item) for item in kinds if isinstance(item, str)]


def is_organisation(value: Any) -> bool:
    """Whether a value is an organisation of any kind."""
    return isinstance(value, dict) and any(kind.endswith("Organization") for kind in types_of(value))


def string_of(value: Any, depth: int = 0) -> str:
    """Text of a value, canonical: a string, an object's name, or the first of a list."""
    if isinstance(value, str):
        return canonical(unescaped(value[:_LONGEST_STRING]))
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return next((text for item in value[:_MOST] if (text := string_of(item, depth + 1))), "")
    if isinstance(value, dict):
        parts = (string_of(value.get(key), depth + 1) for key in ("givenName", "familyName"))
        name = value.get("name") or value.get("@value") or " ".join(filter(None, parts)) or value.get("url")
        return string_of(name or "", depth + 1)
    return ""


def address_of(value: Any, depth: int = 0) -> str:
    """Address of an image: a string, an object's `url` or `contentUrl`, or the first of a list."""
    if isinstance(value, str):
        return value.strip()
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return next((address for item in value[:_MOST] if (address := address_of(item, depth + 1))), "")
    return address_of(value.get("url") or value.get("contentUrl") or "", depth + 1) if isinstance(value, dict) else ""
