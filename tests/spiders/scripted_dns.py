"""Names that resolve as a test says, and may change their answer; all others as they do."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer


@implementer(IHostnameResolver)
class ScriptedResolver:
    """Scrapy's `DNS_RESOLVER`. Setting `TEST_DNS`: name → answers, of which one is given after the other and the last
    again; an answer is a list of addresses, in the order in which they are tried."""

    def __init__(self, reactor: Any, answers: dict[str, list[list[str]]]) -> None:
        self._reactor, self._answers = reactor, answers
        self._otherwise = reactor.nameResolver

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """As Scrapy makes it."""
        return cls(reactor, crawler.settings.getdict("TEST_DNS"))

    def install_on_reactor(self) -> None:
        """As Scrapy asks for it."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 -- Twisted's name
        self, receiver: IResolutionReceiver, name: str, port: int = 0, *args: Any, **kwargs: Any
    ) -> Any:
        """Answer."""
        port = kwargs.pop("portNumber", port)
        if name not in self._answers:
            return self._otherwise.resolveHostName(receiver, name, port, *args, **kwargs)
        answers = self._answers[name]
        receiver.resolutionBegan(None)
        for address in answers.pop(0) if len(answers) > 1 else answers[0]:
            receiver.addressResolved((IPv6Address if ":" in address else IPv4Address)("TCP", address, port))
        receiver.resolutionComplete()
        return None
