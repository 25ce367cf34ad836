"""Sites over HTTP on loopback, each on a port of its own, and a port from which they are told what time it is.

Every request to a site is a line of the log, JSON: `site`, `time` (seconds since 1970), `target`, `status`,
`conditional` (whether it named a validator), `bytes` (of the body).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from tests.bigsite.articles import Spec
from tests.bigsite.site import Fault, Response, Site


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as a crawler needs it: GET and HEAD without a body, connections that stay open."""

    def __init__(self, site: Site, log: TextIO) -> None:
        self._site, self._log = site, log
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            self._answer(head.decode("latin-1"))

    def _answer(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        fields = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        try:
            response = self._site.respond(target, headers)
        except Exception as error:  # a bug here must be seen, not look like a site that is down
            response = Response(501, (), f"{type(error).__name__}: {error}".encode())
        line = {
            "site": self._site.spec.source,
            "time": time.time(),
            "target": target,
            "status": response.status,
            "conditional": "if-none-match" in headers or "if-modified-since" in headers,
            "bytes": len(response.body),
        }
        self._log.write(json.dumps(line) + "\n")
        if response.status:
            encoded = response.encoded()
            self._transport.write(encoded if method != "HEAD" else encoded[: len(encoded) - len(response.body)])
        if not response.status or headers.get("connection", "").lower() == "close":
            self._transport.close()


async def serve(request: Mapping[str, Any]) -> None:
    """Serve until the process ends; prints one line of JSON, the ports, when ready.

    Args:
        request: `sites`, each with `spec` (fields of `Spec`), `now`, `ways`, `host`, `port` (0: any); `log`, a path.
    """
    loop = asyncio.get_running_loop()
    sites: dict[str, Site] = {}
    with Path(request["log"]).open("w", encoding="utf-8", buffering=1) as log:
        for asked in request["sites"]:
            spec = spec_from_json(asked["spec"])
            site = Site(spec, "", now=datetime.fromisoformat(asked["now"]), ways=asked["ways"])
            server = await loop.create_server(lambda site=site: _Connection(site, log), asked["host"], asked["port"])
            site.root = f"http://{asked['host']}:{server.sockets[0].getsockname()[1]}"
            sites[spec.source] = site
        control = await asyncio.start_server(lambda *streams: _control(sites, *streams), "127.0.0.1", 0)
        port = control.sockets[0].getsockname()[1]
        print(json.dumps({"control": port, "sites": {name: site.root for name, site in sites.items()}}), flush=True)
        await control.serve_forever()


async def _control(sites: Mapping[str, Site], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A line of JSON in, a line out: `site`, and what is to be set of `now`, `faults` and `ways`."""
    while line := await reader.readline():
        asked = json.loads(line)
        site = sites[asked["site"]]
        if now := asked.get("now"):
            site.now = datetime.fromisoformat(now)
        if (faults := asked.get("faults")) is not None:
            site.set_faults([Fault(**fault) for fault in faults])
        if (ways := asked.get("ways")) is not None:
            site.ways = tuple(ways)
        writer.write(b"{}\n")
        await writer.drain()
    writer.close()


def spec_from_json(fields: Mapping[str, Any]) -> Spec:
    """A spec whose days are ISO dates."""
    days = {name: fields[name] and datetime.fromisoformat(fields[name]).date() for name in ("first", "new_template")}
    return Spec(**{**fields, **days})
