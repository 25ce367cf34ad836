"""A response read off the wire within the limits of its source: one too long or too slow is kept as far as it came.

This builds on private classes of Scrapy 2.19 and Twisted, as `spiders.wire` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from scrapy.core.downloader.handlers.http11 import _LenientHTTPClientParser, _ResponseReader
from scrapy.http import Response
from scrapy.utils.asyncio import call_later
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER

from extract.types import Limits, Reason

Cut = Literal["length", "time"]
"""Which kind of limit cut a response off, in the words of WARC 1.1 (section 5.13, `WARC-Truncated`)."""
FLAGS: Mapping[Cut, str] = {"length": Reason.TOO_LARGE.value, "time": Reason.TIMED_OUT.value}
"""The flag of a Scrapy response that was cut off."""

TELL: Mapping[Reason, str] = {
    Reason.TOO_LARGE: "is larger than the source's limits allow",
    Reason.TIMED_OUT: "took longer than the source's limits allow",
}
"""What is said of such a response."""


def cut_off(response: Response) -> Reason | None:
    """Why a response is not whole, or was not unpacked; None: it is."""
    return next((Reason(flag) for flag in response.flags if flag in FLAGS.values()), None)


class HeadTooLargeError(Exception):
    """A response's head went over the limits before its status was known: there is nothing to archive."""


class BoundedParser(_LenientHTTPClientParser):
    """Ends a head that is too large where it meets the limit, and counts the bytes of the body with its framing.

    Twisted bounds one line of the head, the line before a chunk and the trailers, but not how many lines there are, how
    often one is folded, nor the interim responses before the one that counts.
    """

    response: Any
    _limits: Limits
    _bytes = _lines = 0

    def bind(self, limits: Limits) -> None:
        """Set the limits, before anything is received."""
        self._limits = limits
        self.MAX_LENGTH = limits.head_bytes

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 -- Twisted's name
        """Take a line of the head."""
        self._bytes += len(line) + 1
        self._lines += 1
        if self._bytes > self._limits.head_bytes or self._lines > self._limits.head_lines:
            self._end_head()
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802
        """Take a line without end for the head's last."""
        self._end_head()

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take some of the body and its framing."""
        self.response.warraq_received = getattr(self.response, "warraq_received", 0) + len(data)
        super().rawDataReceived(data)  # type: ignore[no-untyped-call]

    def _end_head(self) -> None:
        if self.state != HEADER or 100 <= self.response.code < 200:
            limits = self._limits
            raise HeadTooLargeError(f"its head has more than {limits.head_bytes} bytes or {limits.head_lines} lines")
        self.response.warraq_cut = True
        self.connHeaders.addRawHeader(b"Connection", b"close")  # what follows is the rest of the head
        self.allHeadersReceived()  # type: ignore[no-untyped-call]


def is_over(txresponse: Any, limits: Limits) -> bool:
    """Whether a response's head was cut off, or announces a body that would be."""
    length = txresponse.length
    return hasattr(txresponse, "warraq_cut") or (isinstance(length, int) and length > limits.response_bytes)


def abort(txresponse: Any) -> None:
    """Close the connection at once: the rest of the response is not wanted."""
    if connection := txresponse._transport._producer:
        connection.abortConnection()


class BoundedReader(_ResponseReader):
    """Reads a body as far as the limits allow."""

    def __init__(self, *, on_cut: Callable[[Cut], None], limits: Limits, seconds: float, **given: Any) -> None:
        """Read a body.

        Args:
            on_cut: told if it is cut off, before the reading ends.
            limits: of the source.
            seconds: left for the body.
            given: for Scrapy.
        """
        super().__init__(maxsize=0, warnsize=0, **given)
        self._on_cut, self._most = on_cut, limits.response_bytes
        self._timer = call_later(max(0.0, seconds), self._cut, "time")

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 -- Twisted's name
        """Take some of the body."""
        if self._finished.called:
            return
        room = self._most - self._bytes_received
        self._bodybuf.write(data[:room])
        self._bytes_received += len(data)
        if len(data) > room or self._received() > self._most:
            self._cut("length")

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """End the reading: the body is whole, or will not be."""
        self._timer.cancel()
        super().connectionLost(reason)

    def _received(self) -> int:
        return getattr(self._txresponse, "warraq_received", 0)

    def _cut(self, why: Cut) -> None:
        self._timer.cancel()
        if not self._finished.called:
            self._on_cut(why)
            self._finish_response(flags=[FLAGS[why]])
            abort(self._txresponse)
