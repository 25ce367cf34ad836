"""The hostile site over real sockets, and a listener where nobody may knock."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.hostile.attack import SMALL, Scale, Visit
from tests.hostile.site import DEAD, FORBIDDEN, HOSTS, OURS, PERSIAN, Site


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

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(
                OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError
            ):
                if (begin := await reader.readexactly(1)) == b"\x16":  # TLS, which nobody speaks here
                    return
                head = (begin + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                target = first.split(" ")[1] if first.count(" ") == 2 else first
                fields = (line.partition(":") for line in lines if line)
                self.asked.append(
                    Asked(target, {name.lower(): value.strip() for name, _, value in fields}, time.time())
                )
                visit = Visit(
                    target=target,
                    root=f"http://{writer.get_extra_info('sockname')[0]}:{self.site.port}",
                    forbidden=self.site.forbidden,
                    scale=self.site.scale,
                    number=len(self.asked),
                    good=(),
                    writer=writer,
                )
                await self.site.serve(visit)
        finally:
            writer.close()

    async def knock(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks.append(writer.get_extra_info("peername"))
        writer.close()


@contextmanager
def serving(scale: Scale = SMALL) -> Iterator[Served]:
    """Serve the sites on one free port; that port of the third address is where nobody may knock."""
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(socket.create_server((OURS, 0)))
        port = ours.getsockname()[1]
        others = [host for host in HOSTS if host != DEAD]
        listening = [ours, *(stack.enter_context(socket.create_server((host, port))) for host in (PERSIAN, *others))]
        forbidden = stack.enter_context(socket.create_server((FORBIDDEN, port)))
        served = Served(Site(port, scale))
        loop = asyncio.new_event_loop()
        sockets = dict.fromkeys(listening, served.answer) | {forbidden: served.knock}
        thread = threading.Thread(target=_run, args=(loop, sockets), daemon=True)
        thread.start()
        try:
            yield served
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _run(loop: asyncio.AbstractEventLoop, sockets: Mapping[socket.socket, Handler]) -> None:
    for sock, handler in sockets.items():
        loop.run_until_complete(asyncio.start_server(handler, sock=sock))
    loop.run_forever()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.1))
    loop.close()
