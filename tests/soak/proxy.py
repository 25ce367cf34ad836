"""A proxy before an S3 server that counts what passes and, by a seeded plan, does what networks and servers do.

    with Proxy("http://127.0.0.1:7480", Faults(rate=0.2, seed=1)) as proxy:
        ...  # AWS_ENDPOINT_URL=proxy.url
        proxy.requests()

It is a process of its own, as deltalake waits for answers without letting other threads of Python run. Requests are
handed on as they came, Host header and all, so that their signatures stay valid: they cover the proxy's own address,
and the server behind it takes the bucket from the path.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]

_LIMIT = 1 << 20
_SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
_UNKNOWN = b"<?xml version='1.0'?><Error><Code>NotImplemented</Code><Message>If-None-Match</Message></Error>"


class Fault(StrEnum):
    """What befalls a request."""

    LATENCY = "latency"
    """It is handed on a little later."""
    OVERLOAD = "overload"
    """It is answered with 503 and not handed on."""
    RESET = "reset"
    """The connection is reset before it is handed on."""
    TRUNCATED = "truncated"
    """Half of the answer's body arrives, then the connection is reset."""
    LOST = "lost"
    """It takes effect, and the connection is reset instead of an answer."""
    HELD = "held"
    """It is not handed on and has no answer."""


PASSING = tuple(fault for fault in Fault if fault is not Fault.HELD)
"""Those after which a client goes on."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The plan: which requests suffer what."""

    rate: float = 0.0
    """Share of the requests that suffer something, 0 to 1."""
    seed: int = 0
    kinds: tuple[Fault, ...] = PASSING
    latency: float = 0.05
    """Seconds."""
    matching: str = ""
    """Regular expression: only requests suffer in whose `METHOD /path?query` it is found."""
    most: int | None = None
    """At most so many suffer."""
    only: int | None = None
    """The request of this number suffers, the first is 0, and no other."""

    def strike(self, ordinal: int, request: str, struck: int) -> Fault | None:
        """What befalls the request of this number, after so many that suffered something."""
        if not re.search(self.matching, unquote(request)) or (self.most is not None and struck >= self.most):
            return None
        if self.only is not None:
            return self.kinds[0] if ordinal == self.only else None
        chance = random.Random(f"{self.seed}/{ordinal}")  # noqa: S311  chance, no secret
        return chance.choice(self.kinds) if chance.random() < self.rate else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request that passed, and its answer."""

    method: str
    bucket: str
    key: str
    """Empty for a request about the bucket, a listing for one."""
    query: dict[str, list[str]]
    status: int
    """0 where there was no answer, or none that was passed on."""
    sent: int
    """Bytes of its body."""
    received: int
    """Bytes of the answer's body."""
    fault: Fault | None
    """What befell it."""


@dataclass
class Proxy:
    """The proxy as a process, on a port of its own on loopback, before the server at `endpoint` (http://host:port)."""

    endpoint: str
    plan: Faults = field(default_factory=Faults)
    refuse_conditions: bool = False
    """Answer 501 to If-None-Match, as servers do that do not know it."""
    port: int = 0
    """Where it listens: for a server that was away and is back; 0: anywhere."""

    def __enter__(self) -> Self:
        """Start it; `url` then says where it is."""
        self._scratch = TemporaryDirectory(prefix="warraq-proxy-")
        self._log = Path(self._scratch.name) / "requests.jsonl"
        told = (int(self.refuse_conditions), self.port)
        arguments = [self.endpoint, json.dumps(asdict(self.plan)), str(self._log), *map(str, told)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.proxy", *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate(timeout=10)  # it ends with its standard input
        self._scratch.cleanup()

    def requests(self) -> list[Request]:
        """Those that have passed so far, in the order in which they ended."""
        found = (json.loads(line) for line in self._log.read_text().splitlines())
        return [Request(**{**each, "fault": Fault(each["fault"]) if each["fault"] else None}) for each in found]


# --- the process ------------------------------------------------------------------------------------------------------


@dataclass
class _Message:
    """A request or an answer as it went over the wire."""

    start: str
    lines: list[bytes]
    headers: dict[str, str]
    body: bytes = b""

    def head(self, *without: str) -> bytes:
        kept = [line for line in self.lines if line.split(b":", 1)[0].strip().lower().decode() not in without]
        return b"\r\n".join([self.start.encode("latin-1"), *kept]) + b"\r\n\r\n"


class _Server:
    def __init__(self, endpoint: str, plan: Faults, log: Path, refuse_conditions: bool, port: int) -> None:
        self._port = port
        self._refuse_conditions = refuse_conditions
        self._address, self._plan, self._log, self._ordinal = urlsplit(endpoint), plan, log.open("w", buffering=1), 0
        self._struck = 0

    async def serve(self) -> None:
        """Until standard input is closed."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, limit=_LIMIT)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._connection(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # either side hung up, or the proxy is stopped
        finally:
            writer.transport.abort()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(self._address.hostname, self._address.port, limit=_LIMIT)
        try:
            while request := await _read_request(reader, writer):
                fault = self._plan.strike(self._ordinal, request.start, self._struck)
                self._struck += fault is not None
                self._ordinal += 1
                method = request.start.split(" ", 1)[0]
                if fault is Fault.RESET:
                    return self._note(request, fault)
                if fault is Fault.HELD:
                    self._note(request, fault)
                    return await _hung_up(reader)
                if self._refuse_conditions and "if-none-match" in request.headers:
                    self._note(request, fault, status=501)
                    writer.write(
                        b"HTTP/1.1 501 Not Implemented\r\nContent-Length: %d\r\n\r\n" % len(_UNKNOWN) + _UNKNOWN
                    )
                    await writer.drain()
                    continue
                if fault is Fault.OVERLOAD:
                    self._note(request, fault, status=503)
                    body = b"" if method == "HEAD" else _SLOW_DOWN
                    writer.write(b"HTTP/1.1 503 Slow Down\r\nContent-Length: %d\r\n\r\n" % len(_SLOW_DOWN) + body)
                    await writer.drain()
                    continue
                if fault is Fault.LATENCY:
                    await asyncio.sleep(self._plan.latency)
                behind.write(request.head("expect") + request.body)
                await behind.drain()
                answer = await _read_answer(behind_reader, method)
                if fault is Fault.LOST:
                    return self._note(request, fault)
                if fault is Fault.TRUNCATED:
                    writer.write(answer.head() + answer.body[: len(answer.body) // 2])
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
                    return self._note(request, fault)
                self._note(request, fault, status=int(answer.start.split(" ", 2)[1]), received=len(answer.body))
                writer.write(answer.head() + answer.body)
                await writer.drain()
        finally:
            behind.close()

    def _note(self, request: _Message, fault: Fault | None, *, status: int = 0, received: int = 0) -> None:
        method, target, _ = request.start.split(" ", 2)
        url = urlsplit(target)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        passed = Request(
            method=method,
            bucket=bucket,
            key=key,
            query=parse_qs(url.query, keep_blank_values=True),
            status=status,
            sent=len(request.body),
            received=received,
            fault=fault,
        )
        self._log.write(json.dumps(asdict(passed)) + "\n")


async def _hung_up(reader: asyncio.StreamReader) -> None:
    """Returns when the client has gone."""
    await reader.read()


async def _read_head(reader: asyncio.StreamReader) -> _Message:
    head = await reader.readuntil(b"\r\n\r\n")
    start, *lines = head[:-4].split(b"\r\n")
    pairs = (line.decode("latin-1").split(":", 1) for line in lines)
    return _Message(start.decode("latin-1"), lines, {name.strip().lower(): value.strip() for name, value in pairs})


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    """The body as it goes over the wire, with its chunks if it comes in some."""
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        body += size
        length = int(size.split(b";")[0], 16)
        if length:
            body += await reader.readexactly(length + 2)
            continue
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":  # trailers
            body += line
        return body + line


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Message | None:
    try:
        message = await _read_head(reader)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    if "expect" in message.headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
    message.body = await _read_body(reader, message.headers)
    return message


async def _read_answer(reader: asyncio.StreamReader, method: str) -> _Message:
    message = await _read_head(reader)
    if method != "HEAD" and message.start.split(" ", 2)[1] not in ("204", "304"):
        message.body = await _read_body(reader, message.headers)
    return message


if __name__ == "__main__":
    endpoint, plan, log, refuse_conditions, port = sys.argv[1:]
    given = json.loads(plan)
    faults = Faults(**{**given, "kinds": tuple(Fault(each) for each in given["kinds"])})
    asyncio.run(_Server(endpoint, faults, Path(log), refuse_conditions == "1", int(port)).serve())
