"""A site on loopback whose answers are written by the test, byte by byte and in its own time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes a response, head and all; the connection is closed after it."""


def says(data: bytes) -> Answer:
    """Writes these bytes."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def repeats(head: bytes, piece: bytes, *, pause: float = 0.0, times: int = 1 << 30) -> Answer:
    """Writes `head`, then `piece` again and again."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in range(times):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


def html(body: bytes, *headers: str) -> Answer:
    """A sound response."""
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(body)}", *headers, "", ""]
    return says("\r\n".join(lines).encode() + body)


@dataclass
class RudeSite:
    """The running server."""

    answers: Mapping[str, Answer]
    port: int = 0
    paths: list[str] = field(default_factory=list)
    """What it was asked for, in order."""

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].decode()
            self.paths.append(path)
            await self.answers.get(path, says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@contextmanager
def running(answers: Mapping[str, Answer]) -> Iterator[RudeSite]:
    """Serve `answers`, by path and query, on a free port of 127.0.0.1."""
    site = RudeSite(answers)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(site.serve, "127.0.0.1", 0))
    site.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        loop.close()
