"""The index columns of a data file of the tables, read without the rest of it."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from archive.store import Store, StoreError
from archive.tables import DataFile

_WHOLE = 4 << 20
"""A file up to this size is fetched in one request, which is cheaper than three for parts of it."""
_AT_ONCE = 8
_ROWS = 1 << 15
_TEXTS = 1 << 9


def read_files(
    store: Store, files: Iterable[DataFile], columns: Sequence[str]
) -> Iterator[tuple[DataFile, Iterator[pa.RecordBatch]]]:
    """Each file with its rows, in their order, some thousands at a time; small files are fetched several at once.

    Raises:
        StoreError: a file cannot be read.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="index") as threads:
        ahead: deque[tuple[DataFile, Future[io.BufferedIOBase | io.RawIOBase]]] = deque()
        try:
            for file in files:
                ahead.append((file, threads.submit(_opened, store, file)))
                if len(ahead) > _AT_ONCE:
                    first, opened = ahead.popleft()
                    yield first, _batches(first, opened.result(), columns)
            while ahead:
                first, opened = ahead.popleft()
                yield first, _batches(first, opened.result(), columns)
        finally:
            for _, opened in ahead:
                opened.cancel()


def read_rows(store: Store, file: DataFile, rows: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Single rows of a file by their numbers, in ascending order; only the row groups they are in are read.

    Raises:
        StoreError: the file cannot be read, or has no such row.
    """
    found: list[dict[str, Any]] = []
    wanted = deque(sorted(rows))
    first = 0
    try:
        with pq.ParquetFile(_opened(store, file), pre_buffer=True) as parquet:
            for group in range(parquet.num_row_groups):
                after = first + parquet.metadata.row_group(group).num_rows
                if not (wanted and wanted[0] < after):
                    first = after
                    continue
                # Some texts at a time: a row group of a compacted file may hold a hundred megabytes of them.
                for batch in parquet.iter_batches(_TEXTS, row_groups=[group], columns=list(columns), use_threads=False):
                    while wanted and wanted[0] < first + len(batch):
                        found += batch.slice(wanted.popleft() - first, 1).to_pylist()
                    first += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(file, error) from error
    if wanted:
        raise StoreError(f"{file.key} has {first} rows, and one beyond them was asked for: run `warraq verify`")
    return found


def _batches(file: DataFile, opened: Any, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(opened, pre_buffer=True) as parquet:
            yield from parquet.iter_batches(_ROWS, columns=list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(file, error) from error


def _damaged(file: DataFile, error: Exception) -> StoreError:
    return StoreError(f"{file.key} cannot be read as Parquet ({error}): restore it from a backup, then run again")


def _opened(store: Store, file: DataFile) -> io.BufferedIOBase | io.RawIOBase:
    if file.size <= _WHOLE:
        return io.BytesIO(store.get(file.key))
    return _Ranges(store, file)


class _Ranges(io.RawIOBase):
    """A stored object as a file that can be sought in; each read is a request."""

    def __init__(self, store: Store, file: DataFile) -> None:
        self._store, self._file = store, file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._file.size - self._at)
        length = left if size < 0 else min(size, left)
        data = self._store.get_range(self._file.key, self._at, length)
        self._at += length
        return data
