"""The download handler: Scrapy's own, made to keep what an archive needs and Scrapy drops.

Scrapy's response has no reason phrase, and Twisted keeps the hop-by-hop headers (Transfer-Encoding, Connection, …)
from it, lower-cases names and groups values by name. Here the parser notes each header line as it arrives, and the
request as it is sent; both travel in `request.meta[WIRE]`, beside Scrapy's own `download_latency`.

This builds on private classes of Scrapy 2.19 and Twisted; the tests crawl a real server and would show a change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
    _ScrapyAgent,
)
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web._newclient import Request as TxRequest
from twisted.web.client import Agent
from twisted.web.iweb import IResponse

from spiders.egress import Egress, Guarded, parse_allowance

WIRE = "wire"
"""Key in `Request.meta` of the `Wire` of the latest download."""

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Wire:
    """What went over the wire beside the body. Header names and values are the bytes, read as Latin-1."""

    request_headers: Fields
    """Header lines of the request as sent, in order."""
    protocol: str
    """Of the status line, e.g. `HTTP/1.1`."""
    reason: str
    """Reason phrase of the status line, as the server worded it; may be empty."""
    response_headers: Fields
    """Header lines of the response in order, hop-by-hop ones too, each value of a repeated one."""
    fetched_at: datetime
    """Aware UTC time at which the request was sent."""
    ip: str | None
    """Address that answered."""
    archived: bool = False
    """Whether this very exchange is in the archive already, so that writing it again would invent a second one."""


class WireDownloadHandler(HTTP11DownloadHandler):
    """HTTP and HTTPS over the network, to where `spiders.egress` lets it. It uses no proxy, whoever names one."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor  # once Scrapy has installed the one of its settings

        settings = crawler.settings
        ports = tuple(map(int, settings.getlist("WARRAQ_PORTS")))
        self._reactor = Guarded(reactor, Egress(ports=ports, allow=parse_allowance(settings["WARRAQ_ALLOW"])))
        self._pool._factory = _Factory

    async def download_request(self, request: Request) -> Response:
        """Fetch one response.

        Raises:
            ForbiddenAddress: it would have come from where no connection may go.
            scrapy.exceptions.ResponseDataLossError: the connection ended before the body did; nothing is archived.
        """
        agent = _Agent(
            self._reactor,
            contextFactory=self._contextFactory,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            crawler=self._crawler,
        )
        with wrap_twisted_exceptions():
            return await maybe_deferred_to_future(agent.download_request(request))


class _Agent(_ScrapyAgent):
    def __init__(self, reactor: Guarded, **given: Any) -> None:
        super().__init__(**given)
        self._reactor = reactor

    def _get_agent(self, request: Request, timeout: float) -> Agent:  # noqa: ARG002
        return Agent(self._reactor, self._contextFactory, connectTimeout=timeout, pool=self._pool)  # type: ignore[no-untyped-call]

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        protocol, major, minor = txresponse.version
        sent: _Sent = txresponse.warraq_sent
        request.meta[WIRE] = Wire(
            request_headers=sent.headers,
            protocol=f"{protocol.decode('latin-1')}/{major}.{minor}",
            reason=txresponse.phrase.decode("latin-1"),
            response_headers=tuple(txresponse.warraq_fields),
            fetched_at=sent.at,
            ip=sent.ip,
        )
        return super()._cb_bodyready(txresponse, request)


@dataclass(frozen=True)
class _Sent:
    headers: Fields
    at: datetime
    ip: str | None


class _Parser(_LenientHTTPClientParser):
    response: Any
    _fields: list[tuple[str, str]]

    def statusReceived(self, status: bytes) -> None:  # noqa: N802 -- Twisted's name
        super().statusReceived(status)  # type: ignore[no-untyped-call]
        # A 1xx response comes before the one that counts: each status line begins a list of its own.
        self.response.warraq_fields = self._fields = []

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802
        self._fields.append((name.decode("latin-1"), value.decode("latin-1")))
        super().headerReceived(name, value)  # type: ignore[no-untyped-call]


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: TxRequest) -> Deferred[IResponse]:
        answered: Deferred[IResponse] = super().request(request)
        assert self._parser is not None  # noqa: S101 -- made by the line above
        self._parser.__class__ = _Parser  # as the parent does: Twisted names its parser class in the code
        fields = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in request.headers.getAllRawHeaders()
            for value in values
        )
        if not request.persistent:
            fields = (("Connection", "close"), *fields)
        transport: Any = self.transport
        sent = _Sent(fields, datetime.now(UTC), getattr(transport.getPeer(), "host", None))

        def attach(response: Any) -> Any:
            response.warraq_sent = sent
            return response

        return answered.addCallback(attach)


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: ARG002, N802
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
