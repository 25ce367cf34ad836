"""Takes records out of a WARC file that holds many sites, byte for byte."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archive.warc.frames import Damage, WarcError, cut
from archive.warc.read import capture_in
from archive.warc.revisit import parse_date

_FIELD = re.compile(rb"^([\w-]+)[ \t]*:(.*)$", re.MULTILINE)
_RESPONSES = (b"response", b"revisit")
_BESIDE = (b"request", b"metadata")


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Where a record lies in a file."""

    offset: int
    length: int
    capture_id: str | None = None
    """Of a response, or the revisit of one."""


@dataclass(kw_only=True)
class Contents:
    """What a WARC file holds of those who are asked for."""

    warcinfo: Span | None = None
    """The first record that describes the file."""
    records: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """Whose → responses, their requests and metadata, in the file's order."""
    others: int = 0
    """Responses that are nobody's."""
    damages: list[Damage] = field(default_factory=list)
    """What cannot be read."""


def look_through(path: Path, whose: Callable[[str, datetime], str | None]) -> Contents:
    """What a WARC file holds of whom.

    Args:
        path: The file, compressed record by record or not at all.
        whose: Tells by URL and time of fetch who is to have a response; None: nobody.

    Raises:
        WarcError: the file is no WARC file, or cannot be read.
    """
    contents = Contents()
    names: set[tuple[str, str]] = set()
    try:
        with path.open("rb") as stream:
            for frame in cut(stream):
                if frame.problem:
                    contents.damages.append(Damage(offset=frame.offset, problem=frame.problem))
                    continue
                head = {name.lower(): value.strip() for name, value in _FIELD.findall(frame.header)}
                kind = head.get(b"warc-type", b"").lower()
                if kind == b"warcinfo" and contents.warcinfo is None:
                    contents.warcinfo = Span(offset=frame.offset, length=frame.length)
                if kind not in _RESPONSES + _BESIDE:
                    continue
                try:
                    url = head.get(b"warc-target-uri", b"").strip(b"<>").decode("utf-8", "replace")
                    who = whose(url, parse_date(head.get(b"warc-date", b"").decode("ascii", "replace")))
                    # A response that is nobody's need not be sound.
                    found = capture_in(frame) if who and kind in _RESPONSES else None
                    if who and found:
                        if (who, found.capture_id) in names:
                            raise ValueError(f"the response's id, {found.capture_id}, is that of another")
                        names.add((who, found.capture_id))
                except ValueError as error:
                    contents.damages.append(Damage(offset=frame.offset, problem=str(error)))
                    continue
                if who and (found or kind in _BESIDE):
                    name = found.capture_id if found else None
                    contents.records[who].append(Span(offset=frame.offset, length=frame.length, capture_id=name))
                elif kind in _RESPONSES:
                    contents.others += 1
    except OSError as error:
        raise WarcError(f"cannot read {path} ({error.strerror or error}): check the path") from error
    except WarcError as error:
        raise WarcError(f"{path}: {error}") from error
    return contents


def copy_records(path: Path, spans: Iterable[Span], to: Path) -> None:
    """Write the records into a file of their own, as they are; those of an uncompressed file are compressed one by one.

    The same records give the same bytes.

    Raises:
        WarcError: a file cannot be read or written.
    """
    try:
        with path.open("rb") as source, to.open("wb") as copy:
            for span in spans:
                source.seek(span.offset)
                record = source.read(span.length)
                copy.write(record if record.startswith(b"\x1f\x8b") else _compressed(record))
    except OSError as error:
        raise WarcError(
            f"cannot copy from {path} to {to} ({error.strerror or error}): free or repair the disk"
        ) from error


def _compressed(record: bytes) -> bytes:
    end = b"" if record.endswith(b"\r\n\r\n") else b"\r\n\r\n"
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    return compressor.compress(record + end) + compressor.flush()
