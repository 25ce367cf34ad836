"""The download handler: Scrapy's own, made to keep what an archive needs and Scrapy drops.

Scrapy's response has no reason phrase, and Twisted keeps the hop-by-hop headers (Transfer-Encoding, Connection, …)
from it, lower-cases names and groups values by name. Here the parser notes each header line as it arrives, and the
request as it is sent; both travel in `request.meta[WIRE]`, beside Scrapy's own `download_latency`.

This builds on private classes of Scrapy 2.19 and Twisted; the tests crawl a real server and would show a change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _ScrapyAgent,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, ResponseDataLossError
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol, ResponseNeverReceived
from twisted.web._newclient import Request as TxRequest
from twisted.web.client import Agent
from twisted.web.iweb import IResponse

from extract.types import Limits
from spiders.bounds import FLAGS, BoundedParser, BoundedReader, Cut, HeadTooLargeError, abort, is_over
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
    truncated: Cut | None = None
    """Which limit cut the response off; None: it is whole."""
    archived: bool = False
    """Whether this very exchange is in the archive already, so that writing it again would invent a second one."""


class UnreadableAnswerError(DownloadFailedError):
    """The host is there, and what it says is no HTTP, or ends before its head does."""


class WireDownloadHandler(HTTP11DownloadHandler):
    """HTTP and HTTPS over the network, to where `spiders.egress` lets it. It uses no proxy, whoever names one."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor  # once Scrapy has installed the one of its settings

        settings = crawler.settings
        ports = tuple(map(int, settings.getlist("WARRAQ_PORTS")))
        self._reactor = Guarded(reactor, Egress(ports=ports, allow=parse_allowance(settings["WARRAQ_ALLOW"])))
        self._limits: Limits = crawler.settings["WARRAQ_LIMITS"]
        self._pool._factory = partial(_Factory, self._limits)  # type: ignore[assignment]  # it is only called

    async def download_request(self, request: Request) -> Response:
        """Fetch one response. One that goes over the limits ends there, and is flagged: see `spiders.bounds`.

        Raises:
            ForbiddenAddress: it would have come from where no connection may go.
            scrapy.exceptions.ResponseDataLossError: the connection ended before the body did; nothing is archived.
            scrapy.exceptions.DownloadTimeoutError: there was no whole head in time; likewise.
            UnreadableAnswerError: what came is no HTTP; likewise.
            HeadTooLargeError: the head went over the limits before it said anything; likewise.
        """
        agent = _Agent(
            self._reactor,
            self._limits,
            contextFactory=self._contextFactory,
            pool=self._pool,
            crawler=self._crawler,
        )
        try:
            with wrap_twisted_exceptions():
                return await maybe_deferred_to_future(agent.download_request(request))
        except ResponseDataLossError as error:  # Scrapy says nothing
            raise ResponseDataLossError("the connection ended before the response did") from error
        except DownloadFailedError as error:
            for reason in getattr(error.__cause__, "reasons", ()):
                if reason.check(HeadTooLargeError):
                    raise reason.value from None  # which is not tried again
            nothing_came = isinstance(error.__cause__, ResponseNeverReceived)
            kind = DownloadFailedError if nothing_came else UnreadableAnswerError
            raise kind(_worded(error)) from error


def _worded(error: DownloadFailedError) -> str:
    """Why there is no answer, where Twisted's words are the list of its own failures."""
    reasons = getattr(error.__cause__, "reasons", ())
    last = reasons[-1].value if reasons else error
    if isinstance(last, SSL.Error):
        said = last.args[0] if last.args and isinstance(last.args[0], list) else [last.args]
        return f"TLS did not come about: {', '.join(str(each[-1]) for each in said if each) or 'the server closed'}"
    if isinstance(last, ConnectionClosed):
        return "the connection was closed before an answer came"
    return str(last) or type(last).__name__


class _Agent(_ScrapyAgent):
    def __init__(self, reactor: Guarded, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self._reactor, self._limits = reactor, limits

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
        left = self._limits.response_seconds - request.meta["download_latency"]
        timeout: Any = self._timeout_cl  # its declared type is an interface's
        timeout.reset(max(0.0, left) + 60)  # the reader's own clock comes first

        def cut(why: Cut) -> None:
            request.meta[WIRE] = replace(request.meta[WIRE], truncated=why)

        if is_over(txresponse, self._limits):
            cut("length")
            abort(txresponse)
            return {"txresponse": txresponse, "flags": [FLAGS["length"]]}
        if txresponse.length == 0:
            return super()._cb_bodyready(txresponse, request)
        self._txresponse = txresponse
        finished: Deferred[Any] = Deferred(partial(self._cancel, txresponse=txresponse))
        txresponse.deliverBody(
            BoundedReader(
                on_cut=cut,
                limits=self._limits,
                seconds=left,
                finished=finished,
                txresponse=txresponse,
                request=request,
                fail_on_dataloss=self._fail_on_dataloss,
                crawler=self._crawler,
            )
        )
        return finished


@dataclass(frozen=True)
class _Sent:
    headers: Fields
    at: datetime
    ip: str | None


class _Parser(BoundedParser):
    _fields: list[tuple[str, str]]

    def statusReceived(self, status: bytes) -> None:  # noqa: N802 -- Twisted's name
        super().statusReceived(status)  # type: ignore[no-untyped-call]
        # A 1xx response comes before the one that counts: each status line begins a list of its own.
        self.response.warraq_fields = self._fields = []

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802
        self._fields.append((name.decode("latin-1"), value.decode("latin-1")))
        super().headerReceived(name, value)  # type: ignore[no-untyped-call]


class _Protocol(_LenientHTTP11ClientProtocol):
    def __init__(self, limits: Limits, quiescent: Any) -> None:
        super().__init__(quiescent)  # type: ignore[no-untyped-call]
        self._limits = limits

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        answered: Deferred[IResponse] = super().request(request)
        parser: Any = self._parser  # made by the line above
        parser.__class__ = _Parser  # as the parent does: Twisted names its parser class in the code
        parser.bind(self._limits)
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
    def __init__(self, limits: Limits, *given: Any) -> None:
        super().__init__(*given)  # type: ignore[no-untyped-call]
        self._limits = limits

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: ARG002, N802
        return _Protocol(self._limits, self._quiescentCallback)
