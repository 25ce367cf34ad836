r"""What strangers wrote, for people to look at: nothing in it moves a cursor, turns a line around or hides.

Escaped are controls (C0, C1, DEL: a terminal obeys them), line and paragraph separators, what overrides or isolates
direction, what no font shows (zero-width spaces, tag characters, fillers) and halves of surrogate pairs, each as
`\x1b`, `\u202e`, `\U000e0041`. ZWNJ and ZWJ are spelling in Persian and stay behind a letter that is not ASCII;
elsewhere, and repeated, they only hide, and are escaped.
"""

from __future__ import annotations

import json
import re
from typing import Any

_HIDDEN = (
    r"\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    r"\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BEYOND_C0 = rf"[{_HIDDEN}]|(?<![^\x00-\x7f\u200c\u200d{_HIDDEN}])[\u200c\u200d]"
_UNSAFE = re.compile(rf"[\x00-\x1f]|{_BEYOND_C0}")
_UNSAFE_IN_JSON = re.compile(_BEYOND_C0)
"""JSON itself escapes C0."""


def escaped(text: str) -> str:
    """One line for a terminal; a line break is escaped too."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def escaped_lines(text: str) -> str:
    """The same of text that is several lines by our own will, such as a traceback."""
    return "\n".join(map(escaped, text.split("\n")))


def safe_json(value: Any, **given: Any) -> str:
    r"""JSON that says exactly `value` and can be looked at: what `escaped` escapes stands there as `\u009b`.

    Args:
        value: what `json.dumps` takes.
        given: for `json.dumps`.
    """
    return _UNSAFE_IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], json.dumps(value, ensure_ascii=False, **given))
