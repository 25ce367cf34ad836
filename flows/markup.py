"""HTML pages that load nothing and run nothing, whatever words of strangers stand in them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from extract.escaping import escaped


def text(value: object) -> str:
    """A value as text of an element or a quoted attribute."""
    return escape(escaped(str(value)))


def page(title: str, style: str, body: Iterable[str], *, language: str = "en", right_to_left: bool = False) -> str:
    """A whole page.

    Args:
        title: as characters.
        style: the one style sheet that is allowed, by its digest; nothing else is.
        body: markup, a line each.
        language: ISO 639.
        right_to_left: whether it runs so.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{text(language)}" dir="{"rtl" if right_to_left else "ltr"}">',
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{text(title)}</title>",
            f"<style>{style}</style>",
            "<body>",
            *body,
            "",
        ]
    )
