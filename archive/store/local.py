"""A local directory as a store."""

# ruff: noqa: D102  (the methods are documented once, in the protocol)

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from archive.store.protocol import NoSuchKey, StoredObject, StoreError, checked_key, whole_range

_TEMPORARY = re.compile(r"\.[0-9a-f]{32}\.tmp")


class LocalStore:
    """A directory, made when something is first written to it."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.abspath(root.expanduser()))  # noqa: PTH100  resolve() would follow links
        self.root = str(self._root)
        self.address = str(self._root.resolve())

    def __repr__(self) -> str:
        return f"LocalStore({self.root!r})"

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self._put(key, lambda file: file.write(data))

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        with _opened(path) as source:
            return self._put(key, lambda file: shutil.copyfileobj(source, file, 1 << 20))

    def replace(self, key: str, data: bytes) -> None:
        self._put(key, lambda file: file.write(data), replace=True)

    def replace_file(self, key: str, path: Path) -> None:
        with _opened(path) as source:
            self._put(key, lambda file: shutil.copyfileobj(source, file, 1 << 20), replace=True)

    def _put(self, key: str, write: Callable[[BinaryIO], object], *, replace: bool = False) -> bool:
        path = self._path(key)
        with self._explained("write", key):
            if path.is_file() and not replace:
                return False
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.parent / f".{uuid4().hex}.tmp"
            try:
                with temporary.open("xb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
                if replace:
                    temporary.replace(path)
                else:
                    os.link(temporary, path)  # fails if the name is taken; a rename would replace
            except FileExistsError:
                return False
            except FileNotFoundError as error:  # the directory was removed meanwhile
                raise StoreError(f"{path.parent} was removed while {key} was written: run again") from error
            finally:
                temporary.unlink(missing_ok=True)
            _sync_directory(path.parent)
        return True

    def get(self, key: str) -> bytes:
        with self._explained("read", key):
            return self._path(key).read_bytes()

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        with self._explained("read", key), self._path(key).open("rb") as file:
            file.seek(offset)
            return whole_range(file.read(length), key, offset, length, self.root)

    def open(self, key: str) -> BinaryIO:
        with self._explained("read", key):
            return self._path(key).open("rb")

    def list(self, prefix: str) -> Iterator[StoredObject]:
        parent = prefix.rpartition("/")[0]
        if parent:
            checked_key(parent)
        return self._walk(self._root / parent, f"{parent}/" if parent else "", prefix)

    def _walk(self, directory: Path, base: str, prefix: str) -> Iterator[StoredObject]:
        with self._explained("list", base):
            try:
                with os.scandir(directory) as entries:
                    # `a/b` comes after `a.b` in the order of keys: a directory is sorted with its slash.
                    found = sorted(
                        (f"{base}{entry.name}/" if entry.is_dir() else f"{base}{entry.name}", entry)
                        for entry in entries
                        if not entry.name.startswith(".")
                    )
            except FileNotFoundError:
                return
        for key, entry in found:
            if key.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(Path(entry.path), key, prefix)
            elif key.startswith(prefix):
                try:
                    status = entry.stat()
                except FileNotFoundError:  # deleted meanwhile
                    continue
                yield StoredObject(
                    key=key, size=status.st_size, modified=datetime.fromtimestamp(status.st_mtime, tz=UTC)
                )

    def exists(self, key: str) -> bool:
        with self._explained("read", key):
            return self._path(key).is_file()

    def size(self, key: str) -> int:
        with self._explained("read", key):
            return self._path(key).stat().st_size

    def delete(self, key: str) -> None:
        with self._explained("delete", key):
            self._path(key).unlink(missing_ok=True)

    def clock(self) -> datetime:
        return datetime.now(UTC)

    def clear_unfinished(self, before: datetime, *, dry_run: bool = False) -> tuple[str, ...]:
        found = []
        with self._explained("tidy", ""):
            for path in sorted(self._root.rglob(".*.tmp")):
                with suppress(FileNotFoundError):  # finished meanwhile
                    if _TEMPORARY.fullmatch(path.name) and path.stat().st_mtime < before.timestamp():
                        found.append(str(path.relative_to(self._root)))
                        if not dry_run:
                            path.unlink()
        return tuple(found)

    def completes_only_if_absent(self, key: str) -> bool:  # noqa: ARG002  a file is one piece here
        return True

    def table_uri(self, name: str) -> str:
        return str(self._path(name))

    def table_options(self) -> dict[str, str]:
        return {}

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    @contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[None]:
        """Turn an `OSError` into a `StoreError` that says what to do."""
        where = f"{key} in {self.root}" if key else self.root
        try:
            yield
        except FileNotFoundError as error:
            raise NoSuchKey(f"there is no {where}: check the key, or list what the archive holds") from error
        except OSError as error:
            advice = _LOCAL_ADVICE.get(error.errno or 0, "check the directory and its file system")
            raise StoreError(
                f"cannot {verb} {where} ({error.strerror or error}): {advice}",
                retryable=error.errno in (errno.EINTR, errno.EAGAIN, errno.ESTALE, errno.ETIMEDOUT),
            ) from error


_LOCAL_ADVICE = {
    errno.ENOSPC: "free some space on the disk, then run again",
    errno.EDQUOT: "free some of your disk quota, then run again",
    errno.EACCES: "give this user permission to read and write there, or set WARRAQ_ROOT to another directory",
    errno.EPERM: "the file system must allow this user to write and to make hard links; or set WARRAQ_ROOT elsewhere",
    errno.EOPNOTSUPP: "the file system must support hard links; set WARRAQ_ROOT to a directory on another one",
    errno.EROFS: "the file system is read-only; set WARRAQ_ROOT to a directory that can be written",
    errno.ENOTDIR: "a part of the path is a file; set WARRAQ_ROOT to a directory",
    errno.EISDIR: "there is a directory of that name; move it away",
    errno.EEXIST: "a part of the path is a file; set WARRAQ_ROOT to a directory",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise StoreError(f"cannot read {path} ({error.strerror or error}): check the file, then run again") from error


def _sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
