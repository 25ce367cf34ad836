"""Where a connection may go: which addresses and ports, decided where the socket is opened.

A name may resolve to one address when it is looked at and to another when it is connected to, so names and URLs are not
judged here. `Guarded` stands before Twisted's reactor, which is given the address itself; what is checked is what is
connected to.

Only addresses of public hosts are connected to (the special-purpose registries of IANA, RFC 6890), on the ports of the
source; beyond that, what the operator allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from zope.interface import directlyProvides, providedBy

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("168.63.129.16/32", "the address of a cloud's metadata service"),  # Azure's, in a public range
        ("169.254.169.254/32", "the address of a cloud's metadata service"),
        ("100.100.100.200/32", "the address of a cloud's metadata service"),  # Alibaba's
        ("fd00:ec2::254/128", "the address of a cloud's metadata service"),
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "an address of a carrier's own network"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an unspecified address"),
        ("::1/128", "a loopback address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("ff00::/8", "a multicast address"),
        ("2001::/23", "a reserved address"),  # Teredo, ORCHID, benchmarks
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "an address of a 6to4 tunnel"),
        ("3fff::/20", "an address for documentation"),
    )
)
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out to public hosts."""
_EMBEDDING = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""Addresses that reach the IPv4 address of their last 32 bits: mapped ones, and those of NAT64 (RFC 6052)."""


class AllowanceError(ValueError):
    """An allowance cannot be read."""


class ForbiddenAddress(Exception):  # noqa: N818 -- the outcome of a request, named as Scrapy names those
    """A connection that was not opened; the message says to which address, why, and how to allow it."""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Addresses that are connected to although they are not public, or although the port is none of the source's."""

    network: Network
    ports: range | None = None
    """None: those of the source."""


def parse_allowance(text: str) -> tuple[Allowed, ...]:
    """Read `network[:ports],…`; ports are a number, `first-last`, or `*` for all. Empty text allows nothing.

    Examples: `10.1.0.0/16`, `127.0.0.1:8080`, `127.0.0.0/8:*`, `[::1]:8000-8999`, `fd00::/8`.

    Raises:
        AllowanceError: it is of another form.
    """
    return tuple(_parse_one(part) for each in text.split(",") if (part := each.strip()))


_ENTRY = re.compile(r"(?:\[([^\[\]]+)\]|([^\[\]:]+))(?::(?:(\*)|(\d+)(?:-(\d+))?))?", re.ASCII)


def _parse_one(text: str) -> Allowed:
    parts = _ENTRY.fullmatch(text)
    bracketed, plain, every, first, last = parts.groups() if parts else (None, text, None, None, None)
    try:
        network = ip_network(bracketed or plain)
    except ValueError as error:
        raise AllowanceError(
            f"{text!r} is no network[:ports], such as 10.1.0.0/16, 127.0.0.1:8080, 127.0.0.0/8:* or [::1]:8000-8999 "
            f"({error})"
        ) from error
    if every:
        return Allowed(network=network, ports=range(65536))
    ports = range(int(first), int(last or first) + 1) if first else None
    if ports is not None and not (len(ports) and ports[-1] < 65536):
        raise AllowanceError(f"{text!r} has no ports from 0 to 65535, the lower one first")
    return Allowed(network=network, ports=ports)


def reached(address: Address) -> Address:
    """The address that is connected to in truth: of one that embeds an IPv4 address, that."""
    if isinstance(address, IPv6Address) and any(address in network for network in _EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def special(address: Address) -> str | None:
    """What kind of address it is, as a phrase, if it is not that of a public host; None: it is."""
    address = reached(address)
    kind = next((kind for network, kind in _SPECIAL if address in network), None)
    if kind is None and address.version == 6 and address not in _UNICAST:
        return "not a public address"
    return kind


@dataclass(frozen=True, kw_only=True)
class Egress:
    """What a crawl may connect to."""

    ports: tuple[int, ...]
    """Of the source."""
    allow: tuple[Allowed, ...] = ()
    """By the operator."""

    def check(self, host: str, port: int) -> None:
        """Raise unless a connection to this address, not a name, may be opened.

        Raises:
            ForbiddenAddress: it may not.
        """
        try:
            address = reached(ip_address(host.partition("%")[0]))
        except ValueError:
            raise ForbiddenAddress(f"{host!r} is no IP address, and only such are connected to") from None
        if any(address in each.network and port in (each.ports or self.ports) for each in self.allow):
            return
        if kind := special(address):
            raise ForbiddenAddress(f"{host} is {kind}, and only public hosts are connected to{_remedy(address, port)}")
        if port not in self.ports:
            known = ", ".join(map(str, self.ports))
            raise ForbiddenAddress(
                f"port {port} of {host} is none of the source's ({known}); add it to the source's `ports`"
            )


def _remedy(address: Address, port: int) -> str:
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"; if it is meant, allow it with WARRAQ_ALLOW_ADDRESSES={host}:{port}"


class Guarded:
    """A Twisted reactor that connects only to what an `Egress` lets it; all else is the reactor's own."""

    def __init__(self, reactor: Any, egress: Egress) -> None:
        self._reactor, self._egress = reactor, egress
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def connectTCP(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:  # noqa: N802 -- Twisted's name
        """Connect to an address.

        Raises:
            ForbiddenAddress: it is not to be connected to.
        """
        self._egress.check(host, port)
        return self._reactor.connectTCP(host, port, *args, **kwargs)
