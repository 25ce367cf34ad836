"""A part of the archive as one file that a browser replays: WACZ 1.1.1, as ReplayWeb.page opens it.

A WACZ is a zip file, without compression of its own: `archive/data.warc.gz` holds the records as they are stored,
`indexes/index.cdx` says where, `pages/pages.jsonl` lists the articles, `datapackage.json` names all of it with digests.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast

from archive.store import Store, StoreError
from archive.tables import Snapshot
from archive.warc import WarcError, index_line, read_warc
from extract.escaping import safe_json

_DATA = "data.warc.gz"
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which captures a package holds; those that their revisits repeat come with them."""

    source: str | None = None
    since: date | None = None
    """First UTC day of fetch wanted."""
    until: date | None = None
    """First one not wanted any more."""

    def captures(self, now: Snapshot) -> list[dict[str, Any]]:
        """Rows of `captures` with the title of the article, by file and place."""
        conditions = {
            "captures.source = {source}": self.source,
            "captures.fetched_at >= {since} AND captures.fetched_date >= CAST({since_day} AS DATE)": self.since,
            "captures.fetched_at < {until} AND captures.fetched_date < CAST({until_day} AS DATE)": self.until,
        }
        where = " AND ".join(condition for condition, given in conditions.items() if given) or "true"
        columns = ("capture_id", "url", "fetched_at", "warc_key", "warc_offset", "warc_length", "repeats")
        chosen = (
            f"SELECT {', '.join(f'captures.{name} AS {name}' for name in columns)}, title "  # noqa: S608 -- our names
            "FROM captures LEFT JOIN records ON captures.record_id = records.record_id"
        )
        rows: list[dict[str, Any]] = now.query(
            f"{chosen} WHERE {where}",
            source=self.source,
            since=_midnight(self.since),
            until=_midnight(self.until),
            since_day=_day(self.since),
            until_day=_day(self.until),
        ).to_pylist()
        missing = {row["repeats"] for row in rows if row["repeats"]} - {row["capture_id"] for row in rows}
        if missing:
            rows += now.query(f"{chosen} WHERE captures.capture_id IN {{ids}}", ids=missing).to_pylist()
        return sorted(rows, key=lambda row: (row["warc_key"], row["warc_offset"]))


def write_wacz(
    out: BinaryIO,
    store: Store,
    captures: Sequence[Mapping[str, Any]],
    *,
    title: str,
    software: str,
    created: datetime,
    on_capture: Callable[[str], None] = lambda _: None,
) -> None:
    """Write a package.

    Args:
        out: Where to; it must seek.
        store: The archive.
        captures: As `Selection.captures` gives them.
        title: What people read above the pages.
        software: Name and version of what made it.
        created: Aware time, for the package's description.
        on_capture: Told the URL of each response when it is written.

    Raises:
        StoreError: the archive cannot be read.
    """
    digests: list[dict[str, Any]] = []
    lines: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:

        def add(path: str, chunks: Iterable[bytes]) -> None:
            digest, size = hashlib.sha256(), 0
            entry = zipfile.ZipInfo(path, created.astimezone(UTC).timetuple()[:6])
            with package.open(entry, "w", force_zip64=True) as file:
                for chunk in chunks:
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
            name = path.rpartition("/")[2]
            digests.append({"name": name, "path": path, "hash": f"sha256:{digest.hexdigest()}", "bytes": size})

        add(f"archive/{_DATA}", _members(store, captures, lines, on_capture))
        add("indexes/index.cdx", (line.encode() for line in sorted(lines)))
        add("pages/pages.jsonl", _pages(captures))
        description = {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": title,
            "software": software,
            "created": created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "resources": digests.copy(),
        }
        data = safe_json(description, indent=2).encode()
        add("datapackage.json", [data])
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        add("datapackage-digest.json", [json.dumps(digest, indent=2).encode()])


def _members(
    store: Store, captures: Sequence[Mapping[str, Any]], lines: list[str], on_capture: Callable[[str], None]
) -> Iterator[bytes]:
    """The records of the captures as they are stored, each file read once, front to back; `lines` takes their index."""
    at = 0
    for key, group in groupby(captures, key=lambda row: row["warc_key"]):
        with store.open(key) as stream:
            position = 0
            for row in group:
                _skip(stream, row["warc_offset"] - position)
                position = row["warc_offset"] + row["warc_length"]
                with _copied(stream, row["warc_length"]) as member:
                    try:
                        found = list(read_warc(member))
                    except WarcError:
                        found = []
                    if [each.capture_id for each in found] != [row["capture_id"]]:
                        raise StoreError(
                            f"{key} does not hold capture {row['capture_id']} at byte {row['warc_offset']}: "
                            "`warraq verify` says what else is wrong with it"
                        )
                    lines.append(index_line(found[0], _DATA, at))
                    on_capture(row["url"])
                    at += member.seek(0, io.SEEK_END)
                    member.seek(0)
                    yield from iter(lambda: member.read(_BLOCK), b"")


def _copied(stream: IO[bytes], length: int) -> BinaryIO:
    """The next bytes of a stream, on disk if they are many: others' records may be as large as they like."""
    copy = SpooledTemporaryFile(max_size=16 * _BLOCK, prefix="warraq-wacz-")  # noqa: SIM115  the caller closes it
    while length > 0 and (block := stream.read(min(length, _BLOCK))):
        copy.write(block)
        length -= len(block)
    copy.seek(0)
    return cast("BinaryIO", copy)


def _skip(stream: IO[bytes], length: int) -> None:
    while length > 0:
        length -= len(stream.read(min(length, _BLOCK))) or length


def _pages(captures: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    yield b'{"format": "json-pages-1.0", "id": "pages", "title": "Articles"}\n'
    for row in sorted(captures, key=lambda row: (row["fetched_at"], row["capture_id"])):
        if row["title"]:
            at = row["fetched_at"].isoformat(timespec="seconds").replace("+00:00", "Z")
            page = {"id": row["capture_id"], "url": row["url"], "ts": at, "title": row["title"]}
            yield safe_json(page).encode() + b"\n"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
