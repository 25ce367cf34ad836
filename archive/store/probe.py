"""What a store allows and keeps, found out by trying: rights, clock, and whether of racing writers one wins.

The last decides whether several runs may write at once, so a run asks it before it writes to a bucket; the answer is
remembered for a day in the cache directory. Whatever a probe writes lies under `probe/` and is deleted again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Literal

from archive.store.local import LocalStore
from archive.store.protocol import Store, StoreError

PROBES = "probe"
"""Keys of probes begin with it."""
_WRITERS = 8
_ROUNDS = 4
_REMEMBERED = 86_400
_SKEW = timedelta(minutes=2)
"""S3 refuses requests from 15 minutes on; times in the archive are off long before."""
_STALE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Check:
    """What one check found."""

    name: str
    result: Literal["ok", "warn", "fail"]
    """`warn`: what is there works, but something a user may need does not."""
    detail: str
    """What was found and, unless all is well, what to do."""


def probe(store: Store) -> Iterator[Check]:
    """Check after check, as each is done.

    Raises:
        StoreError: the store cannot be listed, written or read; the message says which and what to do.
    """
    next(iter(store.list("")), None)
    yield Check(name="list", result="ok", detail=f"{store.root} can be listed")
    yield _clock(store)
    yield from _objects(store)
    yield _race(store)
    yield _parts(store)
    yield _unfinished(store)


def require_one_winner(store: Store, cache: Path | None) -> None:
    """Make sure that two runs cannot harm each other in this store, unless that was found within a day.

    Args:
        store: The archive. A directory is not tried: hard links exist once, by POSIX.
        cache: Directory for the answer; None: ask again.

    Raises:
        StoreError: of racing writers several win; or the store cannot be reached or written.
    """
    if isinstance(store, LocalStore):
        return
    digest = hashlib.blake2b(repr(sorted(_identity(store).items())).encode(), digest_size=8).hexdigest()
    known = cache / "probes" / f"{digest}.json" if cache else None
    with suppress(OSError, ValueError, TypeError, KeyError):
        if known and time.time() - json.loads(known.read_text())["one_winner_at"] < _REMEMBERED:
            return
    check = _race(store)
    if check.result == "fail":
        raise StoreError(check.detail)
    if known:
        with suppress(OSError):  # without a cache the next run asks again
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(json.dumps({"root": store.root, "one_winner_at": time.time()}))


def _identity(store: Store) -> dict[str, str]:
    endpoint = store.table_options().get("AWS_ENDPOINT_URL", "")
    return {"root": store.root, "endpoint": endpoint}


def _key() -> str:
    return f"{PROBES}/{secrets.token_hex(8)}"


def _clock(store: Store) -> Check:
    before = datetime.now(UTC)
    there = store.clock()
    after = datetime.now(UTC)
    # The store's clock is told to the second, so it may stand up to one before.
    skew = max(there - after, before - there - timedelta(seconds=1), timedelta())
    if skew > _SKEW:
        detail = f"this machine's clock and the store's differ by {skew.total_seconds():.0f} s; set this one by NTP"
        return Check(name="clock", result="warn", detail=detail)
    return Check(name="clock", result="ok", detail=f"agrees with this machine's to {skew.total_seconds():.0f} s")


def _objects(store: Store) -> Iterator[Check]:
    """Write, read, write again and delete an object."""
    key, data = _key(), secrets.token_bytes(1000)
    store.put_if_absent(key, data)
    same, refused = store.get(key) == data, not store.put_if_absent(key, data[:1])
    try:
        store.delete(key)
        deleted = ""
    except StoreError:
        deleted = "; they cannot be deleted, which `warraq maintain` and `warraq forget` need, and a crawl does not"
    if not same:
        detail = "an object read back is not what was written; use another store"
        yield Check(name="objects", result="fail", detail=detail)
    elif deleted:
        yield Check(name="objects", result="warn", detail=f"written and read back the same{deleted}")
    else:
        yield Check(name="objects", result="ok", detail="written, read back the same and deleted")
    if not refused:
        yield Check(name="second put", result="fail", detail=_several_win("a second write replaced the first"))


def _race(store: Store) -> Check:
    """Whether of several writers to one key exactly one wins, round after round."""
    for _ in range(_ROUNDS):
        key, start = _key(), Barrier(_WRITERS)

        def put(number: int, key: str = key, start: Barrier = start) -> bool:
            start.wait()
            return store.put_if_absent(key, str(number).encode())

        try:
            with ThreadPoolExecutor(_WRITERS) as threads:
                won = [number for number, created in enumerate(threads.map(put, range(_WRITERS))) if created]
            kept = store.get(key).decode()
        finally:
            with suppress(StoreError):  # a writer need not have the right
                store.delete(key)
        if [kept] != [str(number) for number in won]:
            found = f"of {_WRITERS} racing writers {len(won)} were told that they created the object"
            return Check(name="create-if-absent", result="fail", detail=_several_win(found))
    detail = f"of {_WRITERS} racing writers exactly one won, {_ROUNDS} times of {_ROUNDS}"
    return Check(name="create-if-absent", result="ok", detail=detail)


def _several_win(found: str) -> str:
    return (
        f"{found}: this store ignores If-None-Match, and two runs at once would harm the archive; use a store that "
        "honours it (AWS S3, Ceph, MinIO), or see to it that only one run writes at a time and set "
        "WARRAQ_SINGLE_WRITER=1"
    )


def _parts(store: Store) -> Check:
    key = _key()
    try:
        honoured = store.completes_only_if_absent(key)
    finally:
        with suppress(StoreError):
            store.delete(key)
    if honoured:
        return Check(name="large files", result="ok", detail="created only if absent too")
    detail = (
        "If-None-Match is ignored where parts are completed; files above 1 GiB, which only `warraq ingest` brings, are "
        "looked up before and after instead"
    )
    return Check(name="large files", result="ok", detail=detail)


def _unfinished(store: Store) -> Check:
    try:
        found = store.clear_unfinished(datetime.now(UTC) - _STALE, dry_run=True)
    except StoreError as error:
        return Check(name="unfinished writes", result="warn", detail=str(error))
    if not found:
        return Check(name="unfinished writes", result="ok", detail="none older than a day")
    detail = (
        f"{len(found)} older than a day ({found[0]} …), left by writers that were killed; `warraq maintain` clears them"
    )
    return Check(name="unfinished writes", result="warn", detail=detail)
