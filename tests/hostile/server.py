"""The hostile site over real sockets, and a listener where nobody may knock."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.hostile.attack import SMALL, Scale, Visit
from tests.hostile.site import Site


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    at: float


@dataclass
class Served:
    """The running site and what it has seen."""

    site: Site
    asked: list[Asked] = field(default_factory=list)
    knocks: list[tuple[str, int]] = field(default_factory=list)
    """Who connected to the forbidden address."""

    @property
    def targets(self) -> list[str]:
        return [each.target for each in self.asked]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError
        ):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            target = first.split(" ")[1] if first.count(" ") == 2 else first
            fields = (line.partition(":") for line in lines if line)
            self.asked.append(Asked(target, {name.lower(): value.strip() for name, _, value in fields}, time.time()))
            visit = Visit(
                target=target,
                root=self.site.root,
                forbidden=self.site.forbidden,
                scale=self.site.scale,
                number=len(self.asked),
                good=(),
                writer=writer,
            )
            await self.site.serve(visit)
        writer.close()

    async def knock(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks.append(writer.get_extra_info("peername"))
        writer.close()


@contextmanager
def serving(scale: Scale = SMALL) -> Iterator[Served]:
    """Serve the site on a free port of 127.0.0.1; the same port of 127.0.0.2 is where nobody may knock."""
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        with socket.create_server(("127.0.0.2", port)) as theirs:
            served = Served(Site(f"http://127.0.0.1:{port}", f"http://127.0.0.2:{port}", scale))
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_run, args=(loop, served, ours, theirs), daemon=True)
            thread.start()
            try:
                yield served
            finally:
                loop.call_soon_threadsafe(loop.stop)
                thread.join()


def _run(loop: asyncio.AbstractEventLoop, served: Served, ours: socket.socket, theirs: socket.socket) -> None:
    loop.run_until_complete(asyncio.start_server(served.answer, sock=ours))
    loop.run_until_complete(asyncio.start_server(served.knock, sock=theirs))
    loop.run_forever()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.1))
    loop.close()
