"""A site on loopback that answers byte by byte as a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response."""

    body: bytes = b""
    """The entity as sent, content-coded if a header says so, before chunking."""
    status_line: str = "HTTP/1.1 200 OK"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)
    chunked: bool = False
    cut_at: int | None = None
    """Close the connection after so many bytes of the body."""
    delay: float = 0.0
    """Seconds before the answer, and again in the middle of the body."""

    def head(self) -> bytes:
        length = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(len(self.body)))
        bodiless = " 304 " in self.status_line
        lines = [
            self.status_line,
            *(f"{name}: {value}" for name, value in (*self.headers, *(() if bodiless else (length,)))),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def framed(self) -> bytes:
        if not self.chunked:
            return self.body
        pieces = [self.body[start : start + 1000] for start in range(0, len(self.body), 1000)]
        return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def page(text: str, *, links: tuple[str, ...] = ()) -> bytes:
    """A small HTML page."""
    anchors = "".join(f'<a href="{link}">{link}</a>' for link in links)
    head = f"<!doctype html><html><head><title>{text}</title></head>"
    return f"{head}<body><p>{text}</p>{anchors}</body></html>".encode()


def html(text: str, *, links: tuple[str, ...] = (), **given: object) -> Answer:
    """A small HTML page as a response."""
    return Answer(body=page(text, links=links), **given)  # type: ignore[arg-type]


def gzipped(answer_body: bytes, content_type: str = "text/html; charset=utf-8") -> Answer:
    """A body that goes gzip-coded over the wire."""
    return Answer(
        body=gzip.compress(answer_body, mtime=0), headers=(("Content-Type", content_type), ("Content-Encoding", "gzip"))
    )


def redirect(to: str, status_line: str = "HTTP/1.1 301 Moved Permanently") -> Answer:
    """A redirect."""
    return Answer(status_line=status_line, headers=(("Location", to), ("Content-Type", "text/html")), body=b"moved")


@dataclass
class Site:
    """The running server."""

    answers: dict[str, Answer | list[Answer]]
    """By path and query as requested; of a list, one answer after the other, then the last again."""
    scheme: str = "http"
    port: int = 0
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Path and headers (names in lower case) of each request, in order."""
    times: list[float] = field(default_factory=list)

    @property
    def root(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def answer(self, path: str) -> Answer:
        found = self.answers.get(path)
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found or Answer(status_line="HTTP/1.1 404 Not Found", body=b"nothing here")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                path = lines[0].split(" ")[1]
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines[1:])
                    if name
                }
                self.requests.append((path, headers))
                self.times.append(time.monotonic())
                answer = self.answer(path)
                await asyncio.sleep(answer.delay)
                writer.write(answer.head())
                if answer.cut_at is not None:
                    writer.write(answer.framed()[: answer.cut_at])
                    break
                framed = answer.framed()
                writer.write(framed[: len(framed) // 2])
                await writer.drain()
                await asyncio.sleep(answer.delay)
                writer.write(framed[len(framed) // 2 :])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@contextmanager
def running(answers: Mapping[str, Answer | list[Answer]], certificate: Path | None = None) -> Iterator[Site]:
    """Serve `answers` on a free port of 127.0.0.1; over TLS if given a PEM file of key and certificate."""
    site = Site(answers=dict(answers), scheme="https" if certificate else "http")
    loop = asyncio.new_event_loop()
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    server = loop.run_until_complete(asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=tls))
    site.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
