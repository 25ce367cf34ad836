"""What the archive needs of a place to keep objects, and how such a place fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

_PART = re.compile(r"[!-.0-~]+")  # printable ASCII without space and slash


class StoreError(Exception):
    """The store did not do what it was asked: one sentence that ends in what to do next.

    Attributes:
        retryable: the same call may succeed a little later (server errors, throttling, time-outs, resets).
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class NoSuchKey(StoreError):  # noqa: N818  the name S3 gave it
    """There is no object at this key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """An object as a listing shows it."""

    key: str
    """Relative to the root of the store."""
    size: int
    """Bytes."""
    modified: datetime
    """Aware time at which it was stored."""


class Store(Protocol):
    """What the archive needs of a place to keep objects. Every method may raise `StoreError`."""

    root: str
    """The place as people read and write it: a directory, or `s3://bucket/prefix`."""
    address: str
    """`root`, and the server it is on: no other place has it."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Store `data` unless the key is taken; of racing writers exactly one is told True."""

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        """Store the file at `path` likewise, however large it is."""

    def replace(self, key: str, data: bytes) -> None:
        """Store `data` whatever the key holds; readers see the old object or the new one, whole."""

    def replace_file(self, key: str, path: Path) -> None:
        """Store the file at `path` likewise, however large it is."""

    def get(self, key: str) -> bytes:
        """The whole object; `NoSuchKey` if there is none."""

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; `StoreError` where the object ends before."""

    def open(self, key: str) -> BinaryIO:
        """The object as a stream to be read once, front to back, and closed."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose keys begin with `prefix` (a string, not a directory), in the order of their keys."""

    def exists(self, key: str) -> bool:
        """Whether there is an object at the key."""

    def size(self, key: str) -> int:
        """Bytes of the object; `NoSuchKey` if there is none."""

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens if there is none."""

    def clock(self) -> datetime:
        """The time by the store's own clock, to the second; aware."""

    def clear_unfinished(self, before: datetime, *, dry_run: bool = False) -> tuple[str, ...]:
        """Remove what writers that were killed left half written and began before this time.

        Returns:
            What was removed, or with `dry_run` what would be; none of it is an object.
        """

    def completes_only_if_absent(self, key: str) -> bool:
        """Whether a file that goes up in parts is refused where `key` is taken; writes to `key` to find out."""

    def table_uri(self, name: str) -> str:
        """Where the Delta table of this name lies, as `deltalake` reads it."""

    def table_options(self) -> dict[str, str]:
        """Storage options for `deltalake`. They hold secrets: never print them."""


def checked_key(key: str) -> str:
    """`key` itself, if it may be one: ASCII parts joined by `/`, none empty and none beginning with a dot."""
    for part in key.split("/"):
        # A leading dot marks the temporary files of `LocalStore`; it also makes `.` and `..`.
        if not _PART.fullmatch(part) or part.startswith("."):
            raise StoreError(
                f"{key!r} cannot be a key: use parts of printable ASCII joined by single slashes, none beginning with "
                "a dot or a slash"
            )
    return key


def whole_range(data: bytes, key: str, offset: int, length: int, root: str) -> bytes:
    """`data` itself, if it is `length` bytes long."""
    if len(data) != length:
        raise StoreError(
            f"{key} in {root} ends {length - len(data)} bytes before byte {offset + length}: it is damaged, or its "
            "index is; run `warraq verify`"
        )
    return data
