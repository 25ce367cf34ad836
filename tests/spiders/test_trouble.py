"""Names that do not resolve and TLS that does not come about: what the log of links says, and what is kept."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from loopback_site import html, running
from spider_process import HASTE, Crawl, crawl, sources_file

from spiders.links import Links, State, read_links

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

TROUBLE = {
    "nowhere": "DNS lookup failed: no results for hostname lookup: nowhere.test.",
    "plain": "TLS did not come about: wrong version number",
    "old": "TLS did not come about: tlsv1 alert protocol version",
    "handshake": "TLS did not come about: tls alert handshake failure",
    "closed": "the connection was closed before an answer came",
    "tls-on-http": "the connection was closed before an answer came",
    "refused": "Connection was refused by other side: 111: Connection refused.",
}
"""Host of `.test` → why its page failed. None of them is reached, so each is asked for its robots.txt alone."""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crawl, Links]:
    """One crawl of a page that links to hosts in trouble, and to one whose certificate is wrong in every way."""
    directory = tmp_path_factory.mktemp("trouble")
    certificate = expired_certificate(directory / "site.pem")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(certificate)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    alert = b"\x15\x03\x01\x00\x02\x02\x28"
    with ExitStack() as stack:
        site = stack.enter_context(running({}))
        secure = stack.enter_context(running({"/news/1": html("خبر")}, certificate=certificate)).port
        ports = {
            "nowhere": ("http", 80),
            "plain": ("https", _peer(stack, lambda other: other.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))),
            "old": ("https", _peer(stack, lambda other: old.wrap_socket(other, server_side=True))),
            "handshake": ("https", _peer(stack, lambda other: other.recv(9999) and other.sendall(alert))),
            "closed": ("https", _peer(stack, lambda other: other.recv(9999))),
            "tls-on-http": ("http", secure),
            "refused": ("http", 9),
            "expired": ("https", secure),
        }
        links = tuple(f"{scheme}://{name}.test:{port}/news/1" for name, (scheme, port) in ports.items())
        site.answers["/"] = html("كل شيء", links=links)
        names = {f"{name}.test": [[] if name == "nowhere" else ["127.0.0.1"]] for name in ports}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", f"{Path(__file__).parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
            done = crawl(
                directory,
                sources_file(directory, domains=["127.0.0.1", "test"], listings=[f"{site.root}/"]),
                links=str(directory / "links"),
                overrides=dict(HASTE) | {"DNS_RESOLVER": "scripted_dns.ScriptedResolver", "TEST_DNS": names},
            )
    return done, read_links(directory / "links")


@pytest.mark.parametrize("host", TROUBLE)
def test_a_page_of_a_host_in_trouble_has_failed_and_the_log_says_why(tried: tuple[Crawl, Links], host: str) -> None:
    [link] = [link for url, link in tried[1].links.items() if urlsplit(url).hostname == f"{host}.test"]
    assert link.state is State.FAILED
    assert link.why == f"robots.txt could not be read: {TROUBLE[host]}"


def test_the_others_are_fetched_whoever_signed_their_certificate(tried: tuple[Crawl, Links]) -> None:
    done, links = tried
    [fetched] = [url for url, link in links.links.items() if link.state is State.FETCHED]
    assert urlsplit(fetched).hostname == "expired.test"
    assert (done.status, done.finished["reason"], done.stderr) == (0, "finished", "")
    assert fetched in [capture.url for capture in done.captures()]


def expired_certificate(path: Path) -> Path:
    """Key and certificate of another name, signed by nobody, no longer valid."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "other.example")])
    then = datetime.now(UTC) - timedelta(days=100)
    end = then + timedelta(days=9)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), then, end)
    signed = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(*form) + signed)
    return path


def _peer(stack: ExitStack, meet: Callable[[socket.socket], object]) -> int:
    return stack.enter_context(_meeting(meet))


@contextmanager
def _meeting(meet: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port at which each connection is met so, and closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        meet(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
