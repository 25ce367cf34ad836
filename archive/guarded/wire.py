"""What passes between a reader and its child: pickles behind their length, and what a pickle from the child may name.

The child has read what strangers publish, so its answers are not trusted: a pickle that names anything but the values
that extraction gives is refused (the way of "Restricting Globals" in Python's documentation).
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from archive.dedup import Reading
from extract.types import Article, Date, Reason, Rejection

HEAD = struct.Struct("!?Q")
"""Before each message to the worker: whether it is what to call with those that follow, and its length in bytes."""
LENGTH = struct.Struct("!Q")
"""Before each message from the worker."""
STATUS = struct.Struct("!i")
"""What the fork server says of a worker that has ended: its exit status, or minus the signal's number."""
READY = LENGTH.pack(0)
"""The first message of a worker: it has begun, and its limits hold."""

_VALUES = (Article, Date, Reading, Reason, Rejection, datetime, timedelta, timezone)


def _zone(key: str) -> ZoneInfo:
    return ZoneInfo(key)


def _frozen(values: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(values)


_NAMES: Mapping[tuple[str, str], Any] = {
    (each.__module__, each.__qualname__): each for each in (*_VALUES, _zone, _frozen, str)
}


class _Pickler(pickle.Pickler):
    """Writes values of libraries' own kinds as the plain ones that they stand for."""

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind is ZoneInfo:
            return _zone, (value.key,)
        if kind is MappingProxyType:
            return _frozen, (dict(value),)
        if kind is Reason:  # whose own way is `getattr` before Python 3.11.4
            return Reason, (value.value,)
        if kind in _VALUES:
            return NotImplemented
        if isinstance(value, str):  # lxml's remember their element
            return str, (str.__str__(value),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"an answer names {module}.{name}") from None


def message(value: Any, *, is_call: bool = False) -> bytes:
    """A message to the child."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(is_call, len(data)) + data


def answer(value: Any) -> bytes:
    """A message from the child, behind its length."""
    out = io.BytesIO()
    _Pickler(out, pickle.HIGHEST_PROTOCOL).dump(value)
    return LENGTH.pack(out.tell()) + out.getbuffer()


def read_answer(data: bytes) -> Any:
    """The value in a message from the child.

    Raises:
        pickle.UnpicklingError: it is none of the values that extraction gives; or another error, for damaged data.
    """
    return _Unpickler(io.BytesIO(data)).load()
