"""Which addresses are public, and what an allowance allows: facts of IANA's special-purpose registries."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from spiders.egress import AllowanceError, Egress, ForbiddenAddress, parse_allowance, special

PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:4860:4860::8888", "2606:4700:4700::1111",
    "2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::808:808",
)  # fmt: skip
FORBIDDEN = {
    "loopback": ("127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::127.0.0.1"),
    "private": (
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "fd12:3456::1",
        "fec0::1",
        "::ffff:10.0.0.1",
    ),
    "link-local": ("169.254.0.1", "fe80::1", "fe80::1%eth0", "64:ff9b::a9fe:1"),
    "metadata": ("169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "::ffff:169.254.169.254"),
    "carrier": ("100.64.0.1", "100.127.255.255"),
    "unspecified": ("0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"),  # noqa: S104
    "multicast": ("224.0.0.1", "239.255.255.255", "ff02::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "192.0.0.192", "192.88.99.1", "2001:0:7f00:1::1", "2001:2::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "benchmarks": ("198.18.0.1", "198.19.255.255"),
    "6to4": ("2002:7f00:1::1", "2002:808:808::1"),
    "not a public": ("::127.0.0.1", "::8.8.8.8", "100::1", "64:ff9b:1::7f00:1", "5f00::1", "4000::1", "1fff::1"),
}


@pytest.mark.parametrize("address", PUBLIC)
def test_the_address_of_a_public_host_is_connected_to(address: str) -> None:
    assert special(ip_address(address)) is None
    Egress(ports=(80, 443)).check(address, 443)


@pytest.mark.parametrize(("kind", "address"), [(kind, each) for kind, all_ in FORBIDDEN.items() for each in all_])
def test_any_other_address_is_not(kind: str, address: str) -> None:
    assert kind in (special(ip_address(address)) or "")
    with pytest.raises(ForbiddenAddress, match="allow it with WARRAQ_ALLOW_ADDRESSES="):
        Egress(ports=(80, 443)).check(address, 443)


def test_what_is_not_an_address_is_not_connected_to() -> None:
    for host in ("localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "example.com", ""):
        with pytest.raises(ForbiddenAddress, match="is no IP address"):
            Egress(ports=(80,)).check(host, 80)


def test_a_port_must_be_one_of_the_sources() -> None:
    Egress(ports=(80, 8080)).check("1.1.1.1", 8080)
    with pytest.raises(ForbiddenAddress, match=r"port 22 of 1\.1\.1\.1 is none of the source's \(80, 443\)"):
        Egress(ports=(80, 443)).check("1.1.1.1", 22)


@pytest.mark.parametrize(
    ("allowance", "yes", "no"),
    [
        ("10.1.0.0/16", [("10.1.2.3", 80), ("::ffff:10.1.2.3", 443)], [("10.2.0.1", 80), ("10.1.2.3", 22)]),
        ("127.0.0.1:8080", [("127.0.0.1", 8080)], [("127.0.0.1", 80), ("127.0.0.2", 8080)]),
        ("127.0.0.0/8:*", [("127.9.9.9", 1), ("127.0.0.1", 65535)], [("128.0.0.1", 22), ("::1", 80)]),
        ("[::1]:8000-8002", [("::1", 8000), ("::1", 8002)], [("::1", 8003), ("::1", 80), ("127.0.0.1", 8000)]),
        ("fd00::/8 , [fe80::/10]:80,", [("fd00::1", 443), ("fe80::1%eth0", 80)], [("fe80::1", 443)]),
        ("8.8.8.8:53", [("8.8.8.8", 53), ("8.8.8.8", 80)], [("8.8.4.4", 53)]),
        ("", [("1.1.1.1", 80)], [("127.0.0.1", 80)]),
    ],
)
def test_an_allowance_allows_what_it_names_alone(
    allowance: str, yes: list[tuple[str, int]], no: list[tuple[str, int]]
) -> None:
    egress = Egress(ports=(80, 443), allow=parse_allowance(allowance))
    for host, port in yes:
        egress.check(host, port)
    for host, port in no:
        with pytest.raises(ForbiddenAddress):
            egress.check(host, port)


@pytest.mark.parametrize(
    "text",
    ["localhost", "10.0.0.1/8", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:9-8", "[::1", "::1:*", "127.1", "/8"],
)
def test_an_allowance_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(AllowanceError, match=r"such as|no ports from"):
        parse_allowance(text)
