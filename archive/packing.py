"""How values are packed in the index. Apart from it, for spiders read the file and need none of what fills it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def place(source: str, url: str) -> bytes:
    """16 bytes that stand for a URL of a source.

    As many as a record's id has: that two of 10⁹ URLs share them is as unlikely as that two texts share an id (10⁻²¹).
    """
    return hashlib.blake2b(f"{source}\0{url}".encode(), digest_size=16).digest()


def packed_record(text: str | None) -> bytes | None:
    """The id of a record in 16 bytes."""
    return None if text is None else bytes.fromhex(text)


def record_id(packed: bytes | None) -> str | None:
    """The id of a record that `packed_record` packed."""
    return None if packed is None else packed.hex()


def packed_capture(text: str | None) -> bytes | str | None:
    """The id of a capture in 16 bytes; what is no UUID, as captures of other software may have, as it is."""
    if text is None or len(text) != 36:
        return text
    try:
        packed = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return text
    return packed if len(packed) == 16 and _uuid(packed) == text else text


def capture_id(packed: bytes | str) -> str:
    """The id of a capture that `packed_capture` packed."""
    return packed if isinstance(packed, str) else _uuid(packed)


def _uuid(packed: bytes) -> str:
    text = packed.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def packed_digest(text: str) -> bytes | str:
    """`sha1:` and 32 characters of Base32 in 20 bytes; another digest as it is."""
    if not text.startswith("sha1:"):
        return text
    try:
        packed = base64.b32decode(text[5:])
    except ValueError:
        return text
    return packed if digest(packed) == text else text


def digest(packed: bytes | str) -> str:
    """The digest that `packed_digest` packed."""
    return packed if isinstance(packed, str) else f"sha1:{base64.b32encode(packed).decode()}"


def microseconds(at: datetime) -> int:
    """Since 1970, as the tables count."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def time(microseconds: int) -> datetime:
    """The time that is so long after the beginning of 1970, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def packed_texts(values: Sequence[str] | None) -> str | None:
    """Some short texts in one, a line each; None where there is none."""
    return "\n".join(values) if values else None


def texts(packed: str | None) -> list[str]:
    """The texts that `packed_texts` packed."""
    return packed.split("\n") if packed else []
