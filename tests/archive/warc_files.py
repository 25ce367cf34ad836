"""Exchanges, and WARC files made of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.warc import Exchange, WarcWriter

START = datetime(2024, 11, 27, 12, 30, 45, 678901, tzinfo=UTC)


def exchange(number: int = 0, **changes: Any) -> Exchange:
    return Exchange(
        **{
            "url": f"https://www.arabkhabar.com/a/{number}",
            "method": "GET",
            "request_headers": (("User-Agent", "warraq/1 (+mailto:archive@example.org)"), ("Accept-Encoding", "gzip")),
            "status": 200,
            "reason": "OK",
            "protocol": "HTTP/1.1",
            "response_headers": (("Content-Type", "text/html; charset=utf-8"),),
            "body": f"<p>الخبر رقم {number}</p>".encode(),
            "fetched_at": START + timedelta(seconds=number),
            "ip": "192.0.2.7",
            **changes,
        }
    )


def writer(directory: Path, **changes: Any) -> WarcWriter:
    return WarcWriter(
        directory,
        "arabkhabar",
        "run1",
        **{
            "max_bytes": 1 << 30,
            "max_seconds": 600,
            "software": "warraq/1",
            "operator": "archive@example.org",
            "clock": lambda: START,
            **changes,
        },
    )


def warc_file(directory: Path, *exchanges: Exchange) -> Path:
    finished: list[Path] = []
    written = writer(directory, on_finished=finished.append)
    for each in exchanges:
        written.write(each)
    written.close()
    (path,) = finished
    return path


class Pipe(io.RawIOBase):
    """A stream that cannot seek and gives a few bytes at a time, as a socket does."""

    def __init__(self, data: bytes, step: int = 1000) -> None:
        self._parts: Iterator[bytes] = (data[at : at + step] for at in range(0, len(data), step))

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")
