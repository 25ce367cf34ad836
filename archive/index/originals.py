"""The originals in the index: how they are kept, and which of them resemble the articles of a batch.

They are kept as arrays, some thousands together and sorted by time, and read again for each batch: what is in no
window is not read, and memory does not grow with the archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from archive.candidates import ALIKE, MOST, SIGNATURE_BYTES, Signatures, Sought
from archive.dedup import Original, Reading, published
from archive.packing import microseconds, time

Times = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

UNDATED = np.iinfo(np.int64).min
"""Stands for a time of publication where there is none."""

_SPAN = 1 << 13
"""Most originals of a span: a megabyte."""
_TOGETHER = 1 << 16
"""Originals compared in one go: 7 MB of signatures, and some 30 MB beside them."""


def keep(
    connection: sqlite3.Connection, file: int, ids: bytes, published: Times, fetched: Times, signatures: bytes
) -> None:
    """Write originals of a data file, given in any order."""
    all_ids = np.frombuffer(ids, np.dtype("V16"))
    all_signatures = np.frombuffer(signatures, np.uint8).reshape(-1, SIGNATURE_BYTES)
    for dated in (True, False):
        rows = np.flatnonzero((published != UNDATED) == dated)
        rows = rows[np.argsort((published if dated else fetched)[rows], kind="stable")]
        for start in range(0, len(rows), _SPAN):
            part = rows[start : start + _SPAN]
            span = connection.execute(
                "INSERT INTO span (file, dated, rows, published, published_last, fetched, fetched_last) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    file,
                    int(dated),
                    len(part),
                    *((int(published[part[0]]), int(published[part[-1]])) if dated else (0, 0)),
                    int(fetched[part].min()),
                    int(fetched[part].max()),
                ),
            ).lastrowid
            columns = (each[part].tobytes() for each in (all_ids, published, fetched, all_signatures))
            connection.execute("INSERT INTO originals VALUES (?, ?, ?, ?, ?)", (span, *columns))


def resembling(
    connection: sqlite3.Connection, articles: Sequence[Reading], window: timedelta, *, without: Set[str]
) -> list[Original]:
    """Originals that may be copied by these articles, as far as signatures and times tell; in the order of their ids.

    Of each article's, the 50 most similar are among them, which is as many as are looked at.

    Args:
        connection: To the index.
        articles: Readings with a signature.
        window: See `archive.dedup`.
        without: Records that are not to be found.
    """
    if not articles:
        return []
    windows = _Articles(articles, window)
    sought = Sought(windows.signatures)
    best = _Best(without)
    for spans in _together(windows.spans(connection)):
        some = _read(connection, spans)
        for row, other, share in sought.among(some.signatures, ALIKE):
            near = windows.in_window(row, some.published[other], some.fetched[other])
            best.add(row[near], share[near], some, other[near])
    return best.all()


def _together(spans: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """The spans, as many together as are compared in one go."""
    together: list[int] = []
    rows = 0
    for number, size in spans:
        if rows + size > _TOGETHER and together:
            yield together
            together, rows = [], 0
        together.append(number)
        rows += size
    if together:
        yield together


def _read(connection: sqlite3.Connection, spans: Iterable[int]) -> _Originals:
    query = "SELECT record_id, published, fetched, signature FROM originals WHERE id = ?"
    rows = [connection.execute(query, (number,)).fetchone() for number in spans]
    ids, published, fetched, signatures = (b"".join(column) for column in zip(*rows, strict=True))
    return _Originals(
        np.frombuffer(ids, np.dtype("V16")),
        np.frombuffer(published, np.int64),
        np.frombuffer(fetched, np.int64),
        np.frombuffer(signatures, np.uint8).reshape(-1, SIGNATURE_BYTES),
    )


@dataclass(frozen=True, slots=True)
class _Originals:
    ids: npt.NDArray[np.void]
    published: Times
    fetched: Times
    signatures: Signatures

    def take(self, rows: Rows) -> _Originals:
        return _Originals(self.ids[rows], self.published[rows], self.fetched[rows], self.signatures[rows])


class _Articles:
    """The articles of a batch as arrays, and the windows around them."""

    def __init__(self, articles: Sequence[Reading], window: timedelta) -> None:
        self.signatures = np.frombuffer(b"".join(each.signature for each in articles), np.uint8).reshape(
            -1, SIGNATURE_BYTES
        )
        dates = [published(each) for each in articles]
        self._published = np.array([UNDATED if date is None else microseconds(date) for date in dates], np.int64)
        self._fetched = np.array([microseconds(each.fetched_at) for each in articles], np.int64)
        self._window = window // timedelta(microseconds=1)

    def in_window(self, rows: Rows, published: Times, fetched: Times) -> npt.NDArray[np.bool_]:
        """Whether article and original, pair by pair, are within the window, as `archive.dedup` measures it."""
        own = self._published[rows]
        dated = (own != UNDATED) & (published != UNDATED)
        apart = np.where(dated, own - published, self._fetched[rows] - fetched)
        within: npt.NDArray[np.bool_] = np.abs(apart) <= self._window
        return within

    def spans(self, connection: sqlite3.Connection) -> Iterator[tuple[int, int]]:
        """Id and number of rows of each span that reaches into the window of an article."""
        dates = np.sort(self._published[self._published != UNDATED])
        undated = np.sort(self._fetched[self._published == UNDATED])
        fetches = np.sort(self._fetched)
        query = (
            "SELECT id, dated, rows, published, published_last, fetched, fetched_last FROM span "
            "WHERE CASE dated WHEN 1 THEN (published_last >= ? AND published <= ?) "
            "OR (fetched_last >= ? AND fetched <= ?) ELSE fetched_last >= ? AND fetched <= ? END ORDER BY id"
        )
        bounds = (*self._bounds(dates), *self._bounds(undated), *self._bounds(fetches))
        for number, dated, rows, first, last, fetched, fetched_last in connection.execute(query, bounds):
            if dated:
                near = self._between(dates, first, last) or self._between(undated, fetched, fetched_last)
            else:
                near = self._between(fetches, fetched, fetched_last)
            if near:
                yield number, rows

    def _bounds(self, times: Times) -> tuple[int, int]:
        """Where the windows around (sorted) times begin and end; of none, bounds that nothing is within."""
        return (int(times[0]) - self._window, int(times[-1]) + self._window) if len(times) else (1, 0)

    def _between(self, times: Times, first: int, last: int) -> bool:
        """Whether a window around one of the (sorted) times reaches into the span from `first` to `last`."""
        at = int(np.searchsorted(times, first - self._window))
        return at < len(times) and int(times[at]) <= last + self._window


class _Best:
    """For each article the most similar originals found so far."""

    def __init__(self, without: Set[str]) -> None:
        self._without = {bytes.fromhex(each) for each in without}
        self._found: list[tuple[Rows, npt.NDArray[np.float64], _Originals]] = []
        self._count = 0

    def add(self, rows: Rows, shares: npt.NDArray[np.float64], some: _Originals, of: Rows) -> None:
        """Pairs: an article each, its similarity, and the number of an original among `some`."""
        found = some.take(of)
        if self._without:
            wanted = np.array([each.tobytes() not in self._without for each in found.ids], np.bool_)
            rows, shares, found = rows[wanted], shares[wanted], found.take(np.flatnonzero(wanted))
        self._found.append((rows, shares, found))
        self._count += len(rows)
        if self._count > _TOGETHER:
            self._found = [self._pruned()]
            self._count = len(self._found[0][0])

    def all(self) -> list[Original]:
        """Those found, each once."""
        if not self._count:
            return []
        _, _, found = self._pruned()
        by_id = {
            each.tobytes().hex(): Original(
                record_id=each.tobytes().hex(),
                published_at=None if found.published[row] == UNDATED else time(int(found.published[row])),
                first_fetched_at=time(int(found.fetched[row])),
                signature=found.signatures[row].tobytes(),
            )
            for row, each in enumerate(found.ids)
        }
        return [original for _, original in sorted(by_id.items())]

    def _pruned(self) -> tuple[Rows, npt.NDArray[np.float64], _Originals]:
        """The most similar of each article; of equally similar ones those with the lowest ids, as decisions do."""
        rows = np.concatenate([rows for rows, _, _ in self._found])
        shares = np.concatenate([shares for _, shares, _ in self._found])
        parts = [found for _, _, found in self._found]
        found = _Originals(
            np.concatenate([each.ids for each in parts]),
            np.concatenate([each.published for each in parts]),
            np.concatenate([each.fetched for each in parts]),
            np.concatenate([each.signatures for each in parts]),
        )
        words = found.ids.view(">u8").reshape(-1, 2)
        order = np.lexsort((words[:, 1], words[:, 0], -shares, rows))
        first = np.searchsorted(rows[order], rows[order])
        order = order[np.arange(len(order)) - first < MOST]
        return rows[order], shares[order], found.take(order)
