"""What an attack is: what is served, how it is linked, and what the archive says of it afterwards."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

HTML, XML = "text/html; charset=utf-8", "text/xml; charset=utf-8"

Way = Literal["feed", "sitemap", "listing", "robots"]
"""Where the attack's URL stands. Of a document: whether it is a feed, a child sitemap or a listing of the source, or a
sitemap that robots.txt names."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How large attacks are."""

    bomb: int
    """Bytes to which a compressed body grows."""
    line: int
    """Bytes without a line break."""
    tags: int
    """Elements within elements."""
    entries: int
    """Of a sitemap, a feed or a listing."""
    sitemap: int
    """Bytes of a sitemap."""
    many: int
    """Attributes, cookies, names: whatever else is served in floods."""


SMALL = Scale(bomb=128 << 20, line=600_000, tags=20_000, entries=20_000, sitemap=4_000_000, many=1_000)
"""For every run of the tests."""
FULL = Scale(bomb=10 << 30, line=100_000_000, tags=1_000_000, entries=1_000_000, sitemap=50_000_000, many=100_000)
"""For the long run."""


@dataclass(kw_only=True)
class Visit:
    """One request, and the means to answer it, or not to."""

    target: str
    """Path and query as requested."""
    root: str
    """`http://127.0.0.1:<port>`."""
    forbidden: str
    """The same of the address at which nobody may knock."""
    scale: Scale
    number: int
    """Of this visit among all."""
    good: Sequence[str]
    """URLs of the good pages that the document is to announce."""
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        """Write, at the pace of the reader."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def head(self, *headers: str, status: str = "HTTP/1.1 200 OK", kind: str = HTML) -> None:
        """A status line and headers, without a length: the body ends with the connection."""
        lines = [status, f"Content-Type: {kind}", "Connection: close", *headers, "", ""]
        await self.send("\r\n".join(lines).encode("utf-8", "surrogateescape"))

    async def reply(
        self, body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK", kind: str = HTML, length: bool = True
    ) -> None:
        """A whole response."""
        await self.head(*headers, *([f"Content-Length: {len(body)}"] if length else []), status=status, kind=kind)
        await self.send(body)

    async def stream(self, parts: Iterable[bytes], *headers: str, kind: str = HTML) -> None:
        """A body that is never whole in memory."""
        await self.head(*headers, kind=kind)
        for part in parts:
            await self.send(part)

    async def drip(self, parts: Iterable[bytes], seconds: float = 0.2) -> None:
        """One part after the other, slowly."""
        for part in parts:
            await self.send(part)
            await asyncio.sleep(seconds)

    def reset(self) -> None:
        """End the connection by RST."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Serve = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class End:
    """What is found afterwards. What is None or empty is not looked at."""

    asked: bool = True
    """Whether the site is asked for it at all."""
    link: str | None = None
    """Last state of the link in the log of links."""
    capture: str | None = None
    """Outcome of the last capture of the URL; `none`: there is no capture."""
    reason: str | None = None
    """Why the capture was rejected."""
    document: bool = False
    """Whether it is a document of the log of links."""
    why: str = ""
    """Words of the link's `why` or of the document's problem; of a document: empty, there is none."""
    title: str | None = None
    """Of the record, if there is one; None: the one that the page maker gives; `ANY`: whatever it is."""
    flags: tuple[str, ...] = ()
    """Of the record."""
    directives: tuple[str, ...] = ()
    """Of the capture."""
    most: int | None = None
    """Requests that are sent because of it, if that is what it is about."""

    def __str__(self) -> str:
        """For the table in the documentation."""
        if not self.asked:
            return "never asked for"
        why = f" ({self.why})" if self.why else ""
        if self.document:
            most = f", at most {self.most} requests" if self.most else ""
            return (f"document not read{why}" if self.why else "document read") + most
        said = [f"link `{self.link}`{why}"] if self.link and self.link != "fetched" else []
        match self.capture:
            case None:
                pass
            case "none":
                said.append("nothing to archive")
            case "rejected":
                said.append(f"archived, `rejected` (`{self.reason}`)")
            case "new":
                said.append("archived, a record" + ("" if self.title == ANY else " with its exact title"))
            case outcome:
                said.append(f"archived, `{outcome}`")
        said += [f"flag `{flag}`" for flag in self.flags] + [f"directive `{each}`" for each in self.directives]
        return "; ".join(said) or "fetched"


ANY = "any"


def good(title: str | None = None, *, flags: tuple[str, ...] = (), directives: tuple[str, ...] = ()) -> End:
    """A record like any other; None: with the title that the page maker gives."""
    return End(link="fetched", capture="new", title=title, flags=flags, directives=directives)


def failed(why: str, *, capture: str | None = "none", reason: str | None = None) -> End:
    """The page did not come; nothing is archived unless `capture` says so."""
    return End(link="failed", why=why, capture=capture, reason=reason)


def rejected(reason: str, *, link: str | None = "fetched", directives: tuple[str, ...] = ()) -> End:
    """Archived, and no article."""
    return End(link=link, capture="rejected", reason=reason, directives=directives)


def document(why: str = "", *, most: int | None = None) -> End:
    """A document that is read, or not, since `why`; it costs at most so many requests."""
    return End(document=True, why=why, most=most)


NEVER = End(asked=False)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One way to do harm."""

    name: str
    serves: str
    """What it does, for people."""
    way: Way
    serve: Serve = field(repr=False)
    end: End
    full: End | None = None
    """How it ends at its full size, if that is otherwise."""
    link: str = ""
    """What stands in the document that announces it: an URL, absolute or not, `{root}` and `{forbidden}` filled in;
    empty: `path`."""
    path: str = ""
    """Path and query by which the site knows it; empty: made from the name."""
    host: str = "127.0.0.1"
    """Where it is served."""
    carries: int = 0
    """Good pages that a document announces, all of which must be archived."""

    @property
    def is_document(self) -> bool:
        return self.end.document

    @property
    def target(self) -> str:
        return self.path or (f"/doc/{self.name}" if self.is_document else f"/news/{self.name}")
