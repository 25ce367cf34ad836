"""The elements of a page by tag, id and class, gathered in one pass, so that no rule searches the tree again.

CSS selectors are parsed by cssselect and matched here, against the few elements that have the name asked for: as XPath
expressions on the whole tree, those of a family's rules took longer than parsing the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from functools import cache, cached_property
from typing import Any

import cssselect
from cssselect.parser import Attrib, Class, CombinedSelector, Element, Hash, Tree

from extract.lines import Element as Node


class Markup:
    """An index of one tree."""

    def __init__(self, tree: Node) -> None:
        """Walk over `tree`, which must not change afterwards."""
        self.tree = tree
        self.elements: list[Node] = list(tree.iter())
        """All of them, in document order."""
        self._of_id: dict[str, list[Node]] = defaultdict(list)
        self._of_classes: dict[str, list[Node]] = defaultdict(list)
        """By the whole attribute: most classes are never asked for."""
        for node in self.elements:
            if name := node.get("id"):
                self._of_id[name].append(node)
            if names := node.get("class"):
                self._of_classes[names].append(node)
        self._classes = f" {' '.join(' '.join(self._of_classes).split())} "
        """All of them, between spaces."""

    @cached_property
    def _place(self) -> dict[Node, int]:
        return {node: place for place, node in enumerate(self.elements)}

    def bears(self, name: str) -> bool:
        """Whether any element has the id `#name` or the class `.name`."""
        match name[0]:
            case "#":
                return name[1:] in self._of_id
            case ".":
                return f" {name[1:]} " in self._classes
            case _:
                return False

    def _of_class(self, name: str) -> list[Node]:
        if f" {name} " not in self._classes:
            return []
        return [
            node
            for names, nodes in self._of_classes.items()
            if name in names and name in names.split()
            for node in nodes
        ]

    def select(self, css: str) -> list[Node]:
        """Elements that a selector matches, in document order.

        Args:
            css: selectors separated by commas, of tags, ids, classes and attributes, descendants and children.

        Raises:
            ValueError: the selector uses anything else.
        """
        found = {node for selector in _parse(css) for node in self._find(selector)}
        return sorted(found, key=self._place.__getitem__) if len(found) > 1 else list(found)

    def _find(self, selector: Any) -> Collection[Node]:
        """Elements that one selector matches."""
        match selector:
            case CombinedSelector(combinator=" " | ">" as combinator):
                above = frozenset(self._find(selector.selector))
                if not above:
                    return ()
                below = self._find(selector.subselector)
                if combinator == ">":
                    return [node for node in below if node.getparent() in above]
                return within(below, above)
            case Element(element=None):
                return self.elements
            case Element():
                return list(self.tree.iter(selector.element))
            case Hash(selector=Element(element=None)):
                return self._of_id.get(selector.id, ())
            case Class(selector=Element(element=None)):
                return self._of_class(selector.class_name)
            case Attrib(selector=Element(element=None), attrib="class", operator="*="):
                part = _value(selector)
                return [node for names, nodes in self._of_classes.items() if part in names for node in nodes]
            case Hash():
                return [node for node in self._find(selector.selector) if node.get("id") == selector.id]
            case Class():
                named = self._of_class(selector.class_name)
                return frozenset(named).intersection(self._find(selector.selector)) if named else ()
            case Attrib():
                return [node for node in self._find(selector.selector) if _has(selector, node.get(selector.attrib))]
            case _:
                raise ValueError(f"{selector!r} is not supported in selectors of families; see extract/markup.py")


_FEW = 100


def within(nodes: Collection[Node], above: AbstractSet[Node]) -> list[Node]:
    """Those of the nodes that stand in one of the elements `above`."""
    if len(nodes) <= _FEW:
        return [node for node in nodes if not above.isdisjoint(node.iterancestors())]
    inside: dict[Node, bool] = {}  # of an element that was passed before: whether it is, or stands in, one of them
    found = []
    for node in nodes:
        passed = []
        answer = False
        for around in node.iterancestors():
            known = inside.get(around)
            if known is None:
                known = around in above or None
                passed.append(around)
            if known is not None:
                answer = known
                break
        inside.update(dict.fromkeys(passed, answer))
        if answer:
            found.append(node)
    return found


def _has(selector: Attrib, value: str | None) -> bool:
    if value is None:
        return False
    match selector.operator:
        case "exists":
            return True
        case "=":
            return value == _value(selector)
        case "~=":
            return _value(selector) in value.split()
        case "*=":
            return _value(selector) in value
        case _:
            raise ValueError(f"{selector!r} is not supported in selectors of families; see extract/markup.py")


def _value(selector: Attrib) -> str:
    return str(selector.value.value) if selector.value else ""


@cache
def _parse(css: str) -> tuple[Tree, ...]:
    return tuple(selector.parsed_tree for selector in cssselect.parse(css))
