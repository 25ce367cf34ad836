"""The index file: how it comes up to date, who may write it, and what happens when it is lost or damaged."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar

from archive.index.columns import read_files
from archive.index.fill import INDEX_COLUMNS, add_file, drop_everything, drop_file, drop_orders, make_orders
from archive.index.schema import FORMAT, SCHEMA
from archive.index.view import View
from archive.keys import CAPTURES, RECORDS
from archive.store import NoSuchKey, Store, StoreError
from archive.tables import Snapshot, Tables

T = TypeVar("T")

_STEP = 64 << 20
"""Bytes of data files read before what was read is committed."""
_PATIENCE = 0.5
"""Seconds to wait for another process before saying so."""
_UNUSABLE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

log = logging.getLogger(__name__)


class Index:
    """The index of one archive, for one thread at a time.

    Attributes:
        tables: The archive's tables, which stay open with it.
        store: The archive.
        folder: Where the index is, with what else is kept here of this archive; None for a temporary one.

    Args:
        store: The archive.
        directory: Where index files are kept, on a local disk; None: the index is temporary and goes with this object.
    """

    def __init__(self, store: Store, directory: Path | None = None) -> None:
        self.tables = Tables(store)
        self.store = store
        # The server counts too: buckets of one name may be on several.
        self.folder = directory and directory / hashlib.sha256(store.address.encode()).hexdigest()[:16]
        self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file free; a temporary one is gone."""
        self._connection.close()

    @property
    def path(self) -> Path | None:
        """The SQLite file, for `archive.visits` in other processes; None: the index is temporary."""
        return self._path

    def ask(
        self, snapshot: Snapshot, question: Callable[[View], T], *, on_progress: Callable[[str], None] | None = None
    ) -> T:
        """The answer of the index as it is at the snapshot, or at versions of the tables that are newer.

        Newer is as good: a commit succeeds only while the table still is at the snapshot's version, and a table that is
        not written to may always have been read later.

        Args:
            snapshot: What the index has to be up to date with.
            question: Asked of one consistent view; may be asked again from the start.
            on_progress: Told what is being done where it takes a while.

        Raises:
            StoreError: data files of the tables cannot be read, or there is no room for even a temporary index.
        """
        tell = on_progress or (lambda _: None)
        failed = 0
        while True:
            try:
                self._catch_up(snapshot, tell)
                with self._transaction("BEGIN"):
                    if self._covers(snapshot):
                        return question(View(self._connection, self.store))
                # Another process has begun to build the index anew in between.
            except sqlite3.ProgrammingError:
                raise
            except sqlite3.DatabaseError as error:
                failed += 1
                self._replace(error, last=failed > 1)

    def ask_newest(self, question: Callable[[View], T], *, on_progress: Callable[[str], None] | None = None) -> T:
        """The answer of the index as it is now; see `ask`."""
        while True:
            now = self.tables.snapshot()
            try:
                return self.ask(now, question, on_progress=on_progress)
            except NoSuchKey:
                # A file may go once the table has moved on; otherwise it is lost.
                if self.tables.snapshot().versions == now.versions:
                    raise

    def ask_last_seen(self, question: Callable[[View], T], *, on_progress: Callable[[str], None] | None = None) -> T:
        """The answer as the tables were when this process last read or wrote them: it costs no request; see `ask`."""
        try:
            return self.ask(self.tables.last_seen(), question, on_progress=on_progress)
        except NoSuchKey:
            return self.ask_newest(question, on_progress=on_progress)

    # --- coming up to date --------------------------------------------------------------------------------------------

    def _catch_up(self, snapshot: Snapshot, tell: Callable[[str], None]) -> None:
        if self._covers(snapshot):
            return
        while True:
            with self._turn(tell):
                if self._covers(snapshot) or self._step(snapshot, tell):
                    return

    def _covers(self, snapshot: Snapshot) -> bool:
        rows = self._connection.execute("SELECT name, id, version FROM state").fetchall()
        state = {name: (table, version) for name, table, version in rows}
        for name, version in snapshot.versions.items():
            table, ours = state.get(name, (None, None))
            if table != snapshot.ids[name] or ours is None or ours < version:
                return False
        return True

    def _step(self, snapshot: Snapshot, tell: Callable[[str], None]) -> bool:
        """Read some of the files that are lacking; whether none is left, and the index is that of the snapshot."""
        state = dict(self._connection.execute("SELECT name, id FROM state"))
        if any(state.get(name) not in (None, table) for name, table in snapshot.ids.items()):
            drop_everything(self._connection)  # another archive has taken the place of the one that was read
        for name in (RECORDS, CAPTURES):
            active = {file.key: file for file in snapshot.files(name)}
            held = dict(self._connection.execute("SELECT path, id FROM file WHERE name = ?", (name,)))
            lacking = [file for key, file in sorted(active.items()) if key not in held]
            if sum(file.size for file in lacking) > _STEP:
                drop_orders(self._connection)
            read = 0
            for file, batches in read_files(self.store, lacking, INDEX_COLUMNS[name]):
                if read > _STEP:
                    self._set_state(snapshot, building=True)
                    return False
                if len(lacking) > 1:
                    done = len(active) - len(lacking)
                    tell(f"reading the index of {name}: file {done + 1:,} of {len(active):,}")
                add_file(self._connection, name, file, batches)
                read += file.size
                lacking = lacking[1:]
            for key, number in held.items():
                if key not in active:
                    drop_file(self._connection, name, number)
        make_orders(self._connection)
        self._set_state(snapshot, building=False)
        return True

    def _set_state(self, snapshot: Snapshot, *, building: bool) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO state VALUES (?, ?, ?)",
            [(name, snapshot.ids[name], None if building else version) for name, version in snapshot.versions.items()],
        )

    # --- the file -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _turn(self, tell: Callable[[str], None]) -> Iterator[None]:
        """A transaction that writes, when no other process is in one."""
        told = False
        while True:
            try:
                with self._transaction("BEGIN IMMEDIATE"):
                    yield
                return
            except _Busy:
                if not told:
                    tell("waiting for another run to read the index")
                    told = True

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        try:
            self._connection.execute(begin)
        except sqlite3.OperationalError as error:
            if _code(error) in _BUSY:
                raise _Busy from error
            raise
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        """The index file of the archive, the newest if there are several, or a new one."""
        if self.folder is None:
            return self._connected(None)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _alone(self.folder / "lock"):
                files = sorted(self.folder.glob("*.sqlite"))
                with suppress(_Unreadable):
                    if files:
                        return self._connected(files[-1])
                for file in files:
                    _delete(file)
                # It gets a name of its own: whoever still has a deleted one open must not touch the new one's log.
                return self._connected(self.folder / f"{time.time_ns()}.sqlite")
        except (OSError, sqlite3.Error) as error:
            return self._temporary(error)

    def _replace(self, error: sqlite3.DatabaseError, *, last: bool) -> None:
        """Go on with another file than the one that failed; if `last`, with a temporary one."""
        if self.folder is None:
            raise StoreError(
                f"a temporary index cannot be written ({error}): free some space in the directory for temporary files, "
                "or set TMPDIR to another"
            ) from error
        self._connection.close()
        if last or _code(error) in _UNUSABLE:
            self._connection = self._temporary(error)
            return
        if self._path:
            _delete(self._path)
        self._connection = self._open()

    def _temporary(self, error: Exception) -> sqlite3.Connection:
        log.warning(
            "no index can be kept in %s (%s): the tables are read into a temporary one, by each run anew; free some "
            "space there, or set WARRAQ_CACHE to a directory that can be written",
            self.folder,
            getattr(error, "strerror", None) or error,
        )
        self.folder = None
        return self._connected(None)

    def _connected(self, path: Path | None) -> sqlite3.Connection:
        """A connection to the index at `path`, which is made if there is none; of None, to a temporary one.

        Raises:
            _Unreadable: there is something else.
            sqlite3.Error: it cannot be opened or made.
        """
        self._path = path
        # Only its thread uses it at a time, but a run may close it from another.
        connection = sqlite3.connect(path or "", timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32768"):
                connection.execute(f"PRAGMA {pragma}")
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found == 0:
                connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT")
            elif found != FORMAT:
                raise _Unreadable(f"{path} is an index of format {found}")
        except sqlite3.DatabaseError as error:
            connection.close()
            if _code(error) in _DAMAGED:
                raise _Unreadable(str(error)) from error
            raise
        except BaseException:
            connection.close()
            raise
        return connection


class _Busy(Exception):  # noqa: N818  it is waited out
    """Another process is writing to the index."""


class _Unreadable(Exception):  # noqa: N818  it is replaced
    """The file is no index, or one of another format."""


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No other process opens or makes an index in the directory meanwhile."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else sqlite3.SQLITE_ERROR
