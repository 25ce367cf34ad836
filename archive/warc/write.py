"""Writes the exchanges of a crawl into WARC files, and saves what a dead writer left."""

from __future__ import annotations

import io
import logging
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from archive.keys import warc_stem
from archive.warc.coding import Headers, digest
from archive.warc.found import Found, finding
from archive.warc.frames import WarcError, cut
from archive.warc.revisit import Original, referring, warc_date
from archive.warc.stated import stating

_log = logging.getLogger(__name__)

OPEN = ".open"
"""Suffix of a file that is still written to."""

# What a crawler sends to be let in or recognised; an archive is read by others.
_PRIVATE = frozenset({"authorization", "proxy-authorization", "cookie", "cookie2"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """A request and its response, as they went over the wire."""

    url: str
    """Absolute, percent-encoded, without a fragment."""
    method: str
    """`GET`, `HEAD`, …"""
    request_headers: Headers
    """As sent. Credentials and cookies are left out when it is written."""
    status: int
    """HTTP status code."""
    reason: str
    """Reason phrase as received; may be empty."""
    protocol: str
    """`HTTP/1.1`, `HTTP/2`, …"""
    response_headers: Headers
    """As received, even where they describe the transfer rather than `body`."""
    body: bytes
    """Free of transfer coding (chunks), but still content-encoded (gzip, br, …)."""
    fetched_at: datetime
    """Aware time of the response."""
    ip: str | None
    """Address the response came from, if known."""
    found: Found | None = None
    """How its URL was found, if that is known."""
    truncated: str | None = None
    """Why `body` is not all of it, by WARC 1.1 (section 5.13): `length`, `time`, …; None: it is whole."""
    directives: tuple[str, ...] | None = None
    """What the response and its site say may be done with it, see `extract.directives`; None: nobody looked."""
    withheld: str | None = None
    """The directive for which `body` is empty; None: it is as it came."""


class WarcWriter:
    """Writes exchanges into files that are finished when they are large or old enough, or when it is closed.

    A file is called `<stem>.warc.gz.open` while it is written. When finished it is flushed to disk and renamed to
    `<stem>.warc.gz`, so that a reader never sees an unfinished `.warc.gz`. A file is opened by the first exchange, so
    that none is without a response.
    """

    def __init__(
        self,
        directory: Path,
        source: str,
        run_id: str,
        *,
        max_bytes: int,
        max_seconds: float,
        software: str,
        operator: str,
        on_finished: Callable[[Path], None] = lambda _: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Write into `directory`, which is made when needed.

        Args:
            directory: Where the files go.
            source: Id of the source, for the files' names.
            run_id: Id of the run, for the files' names.
            max_bytes: A file is finished by the exchange that makes it this large.
            max_seconds: A file is finished by the first `write` or `finish_if_due` this long after it was opened.
            software: Name and version of the crawler, for the warcinfo record.
            operator: Who runs it and how to reach them, likewise.
            on_finished: Told the path of each finished file.
            clock: Gives the aware time in UTC.
        """
        self.on_finished = on_finished
        self._directory, self._source, self._run_id = directory, source, run_id
        self._max_bytes, self._max_seconds = max_bytes, max_seconds
        self._software, self._operator = software, operator
        self._clock = clock
        self._serial = 0
        self._file: io.FileIO | None = None
        self._path = Path()
        self._opened = datetime.min.replace(tzinfo=UTC)
        self._size = 0
        self._warcinfo_id = ""

    def write(self, exchange: Exchange, repeats: Original | None = None) -> None:
        """Append the response and its request; they are in the file, though not yet on disk, when this returns.

        Args:
            exchange: What went over the wire.
            repeats: An archived response with the same payload; the response is then written as a revisit of it,
                without the payload.

        Raises:
            WarcError: the file cannot be written. What was written before stays sound.
        """
        self.finish_if_due()
        with self._explained():
            start = b"" if self._file else self._open()
            self._append(start + _exchange_records(exchange, self._warcinfo_id, repeats))
        if self._size >= self._max_bytes:
            self._finish()

    def finish_if_due(self) -> None:
        """Finish the file if it is old enough. Called now and then, it hands over the file of a crawl that stalls."""
        if self._file:
            age = (self._clock() - self._opened).total_seconds()
            if age >= self._max_seconds or age < 0:  # a clock that was set back would keep it open
                self._finish()

    def close(self) -> None:
        """Finish the file. The writer can be used again, and then begins another."""
        if self._file:
            self._finish()

    def _open(self) -> bytes:
        """Open a file under a name that is not taken, and return the record that describes it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._opened = self._clock()
        while self._file is None:
            stem = warc_stem(self._source, self._opened, self._run_id, self._serial)
            self._serial += 1
            self._path = self._directory / f"{stem}.warc.gz{OPEN}"
            if not _finished(self._path).exists():
                try:
                    self._file = io.FileIO(self._path, "x")
                except FileExistsError:
                    continue
        self._size = 0
        self._warcinfo_id = _new_id()
        fields = {
            "software": self._software,
            "operator": self._operator,
            "isPartOf": self._source,
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        }
        block = "".join(f"{name}: {_line(value)}\r\n" for name, value in fields.items() if value).encode()
        head = {
            "WARC-Type": "warcinfo",
            "WARC-Record-ID": self._warcinfo_id,
            "WARC-Filename": _finished(self._path).name,
            "WARC-Date": warc_date(self._opened),
            "Content-Type": "application/warc-fields",
            "WARC-Block-Digest": digest(block),
        }
        return _record(head, block)

    def _append(self, data: bytes) -> None:
        assert self._file is not None  # noqa: S101  for the type checker
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError:
            # A disk that is full takes a part of a record: what stands before it must stay readable.
            self._file.truncate(self._size)
            self._file.seek(self._size)
            raise
        self._size += len(data)

    def _finish(self) -> None:
        file, self._file = self._file, None
        assert file is not None  # noqa: S101  for the type checker
        with self._explained():
            with file:
                os.fsync(file.fileno())
            if not self._size:  # the disk was full from the first exchange on
                self._path.unlink()
                return
            _rename(self._path, _finished(self._path))
        self.on_finished(_finished(self._path))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WarcError(
                f"cannot write a WARC file into {self._directory} ({error.strerror or error}): free or repair the "
                "disk, or spool into another directory, then run again"
            ) from error


def _exchange_records(exchange: Exchange, warcinfo_id: str, repeats: Original | None) -> bytes:
    """The response first: a file that is cut off between the two still has what cannot be had again."""
    response_id = _new_id()
    common = {"WARC-Warcinfo-ID": warcinfo_id, "WARC-Target-URI": exchange.url}
    common["WARC-Date"] = warc_date(exchange.fetched_at)
    if exchange.ip:
        common["WARC-IP-Address"] = exchange.ip

    status_line = f"{exchange.protocol} {exchange.status} {exchange.reason}"
    head = _http(status_line, _described(exchange))
    response = head if repeats else head + exchange.body
    response_head = {
        "WARC-Type": "revisit" if repeats else "response",
        "WARC-Record-ID": response_id,
        **common,
        **(referring(repeats, not_modified=exchange.status == 304) if repeats else {}),
        **(finding(exchange.found) if exchange.found else {}),
        **stating(exchange.directives, exchange.withheld),
        **({"WARC-Truncated": exchange.truncated} if exchange.truncated else {}),
        "Content-Type": "application/http; msgtype=response",
        "WARC-Payload-Digest": (repeats and repeats.payload_digest) or digest(exchange.body),
        "WARC-Block-Digest": digest(response),
    }

    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = [(name, value) for name, value in exchange.request_headers if name.lower() not in _PRIVATE]
    if not any(name.lower() == "host" for name, _ in sent):
        sent.insert(0, ("Host", parts.netloc.rpartition("@")[2]))
    request = _http(f"{exchange.method} {target} {exchange.protocol}", sent)
    request_head = {
        "WARC-Type": "request",
        "WARC-Record-ID": _new_id(),
        "WARC-Concurrent-To": response_id,
        **common,
        "Content-Type": "application/http; msgtype=request",
        "WARC-Payload-Digest": digest(b""),
        "WARC-Block-Digest": digest(request),
    }
    return _record(response_head, response) + _record(request_head, request)


def _described(exchange: Exchange) -> list[tuple[str, str]]:
    """The response headers, made to describe the body as it is stored.

    A body that came in chunks is stored without them, and one that was cut off is shorter than announced. Left as they
    are, `Transfer-Encoding: chunked` and a wrong `Content-Length` would make readers look for chunks and bytes that are
    not there. What the server sent is kept under `X-Crawler-…`, as in Common Crawl's files.
    """
    length = str(len(exchange.body))
    bodiless = exchange.method == "HEAD" or exchange.status in (204, 304)  # there it is the length of a body not sent
    transfer = any(name.lower() == "transfer-encoding" for name, _ in exchange.response_headers)
    announced = {value.strip() for name, value in exchange.response_headers if name.lower() == "content-length"}
    if bodiless or not (transfer or announced - {length}):
        return list(exchange.response_headers)
    headers = []
    for name, value in exchange.response_headers:
        if name.lower() == "transfer-encoding" or (name.lower() == "content-length" and value.strip() != length):
            headers.append((f"X-Crawler-{name}", value))
        elif name.lower() != "content-length":
            headers.append((name, value))
    return [*headers, ("Content-Length", length)]


def _http(first_line: str, headers: list[tuple[str, str]]) -> bytes:
    lines = [first_line.rstrip(), *(f"{name}: {value}" for name, value in headers)]
    return b"".join(_wire(_line(line)) + b"\r\n" for line in lines) + b"\r\n"


def _wire(text: str) -> bytes:
    try:
        return text.encode("latin-1")  # the inverse of how `Headers` are read
    except UnicodeEncodeError:
        return text.encode(errors="surrogateescape")


def _line(text: str) -> str:
    """`text` on one line: a line break would end the header it stands in."""
    return re.sub(r"[\r\n]+", " ", text)


def _record(head: dict[str, str], block: bytes) -> bytes:
    """A record as a gzip member of its own. The member has no time, so that the same record gives the same bytes."""
    lines = [f"{name}: {_line(value)}" for name, value in head.items()]
    text = "\r\n".join(["WARC/1.1", *lines, f"Content-Length: {len(block)}", "", ""])
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join(
        [
            compressor.compress(text.encode()),
            compressor.compress(block),
            compressor.compress(b"\r\n\r\n"),
            compressor.flush(),
        ]
    )


def _new_id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def _finished(path: Path) -> Path:
    """The name without `.open`."""
    return path.with_suffix("")


def _rename(path: Path, finished: Path) -> None:
    """Rename a file that is on disk, so that its new name is on disk too."""
    path.rename(finished)
    directory = os.open(finished.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def salvage(path: Path) -> Path | None:
    """Turn the `.warc.gz.open` that a dead writer left into a `.warc.gz` with every complete record.

    Returns:
        The finished file; None where no response is complete. Nothing is left at `path`.

    Raises:
        WarcError: the file cannot be read or written, or is no WARC file; it is left as it is.
    """
    finished = _finished(path)
    rescued = path.with_suffix(".salvage")
    responses = 0
    try:
        with path.open("rb") as stream, path.open("rb") as raw, rescued.open("wb") as kept:
            for frame in cut(stream):
                if frame.problem:
                    # A cut-off end is what a killed writer leaves; anything else, a disk that lost what was written.
                    level = logging.INFO if frame.cut_off else logging.WARNING
                    _log.log(level, "%s at byte %d: left out, %s", path, frame.offset, frame.problem)
                    continue
                raw.seek(frame.offset)
                kept.write(raw.read(frame.length))
                responses += re.match(rb"[^\r\n]*\r\nWARC-Type: (?:response|revisit)\r\n", frame.data) is not None
            kept.flush()
            os.fsync(kept.fileno())
        if responses:
            _rename(rescued, finished)
        path.unlink()
    except OSError as error:
        raise WarcError(
            f"cannot salvage {path} ({error.strerror or error}): repair the disk, then run again"
        ) from error
    except WarcError as error:
        raise WarcError(f"cannot salvage {path}, {error}; move it away to go on without it") from error
    finally:
        rescued.unlink(missing_ok=True)
    return finished if responses else None
