"""No way of naming an address makes the spider connect to one that is not allowed.

A site on 127.0.0.1 names forbidden hosts in every spelling and on every way there is. The allowance is for its own
address and port alone; listeners on others count who comes.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from loopback_site import Answer, Site, html, redirect, running
from spider_process import HASTE, Crawl, crawl, sources_file

from spiders.links import Links, State, read_links

REFUSED = {
    "dotted": ("http://127.0.0.2:{port}", "127.0.0.2 is a loopback address"),
    "two-numbers": ("http://127.2:{port}", "127.0.0.2 is a loopback address"),
    "three-numbers": ("http://127.0.2:{port}", "127.0.0.2 is a loopback address"),
    "decimal": ("http://2130706434:{port}", "127.0.0.2 is a loopback address"),
    "hexadecimal": ("http://0x7f000002:{port}", "127.0.0.2 is a loopback address"),
    "hexadecimal-dotted": ("http://0x7f.0x0.0x0.0x2:{port}", "127.0.0.2 is a loopback address"),
    "octal": ("http://017700000002:{port}", "127.0.0.2 is a loopback address"),
    "octal-dotted": ("http://0177.00.00.02:{port}", "127.0.0.2 is a loopback address"),
    "leading-zeros": ("http://127.000.000.002:{port}", "127.0.0.2 is a loopback address"),
    "final-dot": ("http://127.0.0.2.:{port}", "127.0.0.2 is a loopback address"),
    "wide-digits": ("http://１２７.0.0.2:{port}", "127.0.0.2 is a loopback address"),
    "ideographic-dots": ("http://127。0。0。2:{port}", "127.0.0.2 is a loopback address"),
    "user-name": ("http://127.0.0.1:{port}@127.0.0.2:{port}", "127.0.0.2 is a loopback address"),
    "at-sign-twice": ("http://a@127.0.0.1:{port}@127.0.0.2:{port}", "127.0.0.2 is a loopback address"),
    "backslash": (r"http://127.0.0.2:{port}\@127.0.0.1:{port}", "127.0.0.2 is a loopback address"),
    "another-port": ("http://127.0.0.1:{other}", "127.0.0.1 is a loopback address"),
    "localhost": ("http://localhost:{other}", "127.0.0.1 is a loopback address"),
    "circled-localhost": ("http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{other}", "127.0.0.1 is a loopback address"),
    "zero": ("http://0:{port}", "0.0.0.0 is an unspecified address"),
    "all-zeros": ("http://0.0.0.0:{port}", "0.0.0.0 is an unspecified address"),
    "https": ("https://127.0.0.2:{port}", "127.0.0.2 is a loopback address"),
    "default-port": ("http://127.0.0.1", "127.0.0.1 is a loopback address"),
    "metadata": ("http://169.254.169.254", "the address of a cloud's metadata service"),
    "metadata-decimal": ("http://2852039166", "the address of a cloud's metadata service"),
    "broadcast": ("http://255.255.255.255", "255.255.255.255 is a reserved address"),
    "name": ("http://name.test:{port}", "127.0.0.2 is a loopback address"),
    "name-of-private": ("http://private.test", "10.0.0.1 is a private address"),
    "name-of-carrier": ("http://carrier.test", "100.64.0.1 is an address of a carrier"),
    "name-of-metadata": ("http://metadata.test", "169.254.169.254 is the address of a cloud's metadata service"),
    "name-of-metadata-6": ("http://metadata6.test", "fd00:ec2::254 is the address of a cloud's metadata service"),
    "name-of-ipv6": ("http://six.test:{port}", "::1 is a loopback address"),
    "name-of-mapped": ("http://mapped.test:{port}", "::ffff:127.0.0.2 is a loopback address"),
    "name-of-compatible": ("http://compatible.test:{port}", "::127.0.0.2 is not a public address"),
    "name-of-nat64": ("http://nat64.test:{port}", "64:ff9b::7f00:2 is a loopback address"),
    "name-of-6to4": ("http://six2four.test:{port}", "2002:7f00:2::1 is an address of a 6to4 tunnel"),
    "name-of-teredo": ("http://teredo.test:{port}", "2001:0:7f00:2::1 is a reserved address"),
    "name-of-link-local": ("http://link.test:{port}", "fe80::1 is a link-local address"),
    "name-of-many": ("http://many.test:{port}", "is a loopback address"),
    "public-port": ("http://public.test:22", "port 22 of 1.1.1.1 is none of the source's (80, 443)"),
}
"""Spelling → host, and what the log of links says: these are on the source's domains."""
DNS = {
    "name.test": ["127.0.0.2"],
    "private.test": ["10.0.0.1"],
    "carrier.test": ["100.64.0.1"],
    "metadata.test": ["169.254.169.254"],
    "metadata6.test": ["fd00:ec2::254"],
    "six.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.2"],
    "compatible.test": ["::127.0.0.2"],
    "nat64.test": ["64:ff9b::7f00:2"],
    "six2four.test": ["2002:7f00:2::1"],
    "teredo.test": ["2001:0:7f00:2::1"],
    "link.test": ["fe80::1"],
    "many.test": ["127.0.0.2", "::1"],
    "public.test": ["1.1.1.1"],
    "half.test": ["127.0.0.2", "127.0.0.1", "::1"],
}
NEVER_ASKED = {
    "ipv6": "http://[::1]:{port}/x",
    "ipv6-mapped": "http://[::ffff:127.0.0.2]:{port}/x",
    "ipv6-mapped-hexadecimal": "http://[::ffff:7f00:2]:{port}/x",
    "ipv6-zone": "http://[fe80::1%25lo]:{port}/x",
    "percent-encoded": "http://%31%32%37.0.0.2:{port}/x",
    "encoded-dot": "http://127.0.0%2e2:{port}/x",
    "encoded-nul": "http://127.0.0.2%00.test:{port}/x",
    "homograph-of-test": "http://tеst:{port}/x",
    "off-domain": "http://elsewhere.example:{port}/x",
    "suffix": "http://nottest:{port}/x",
    "prefix": "http://127.0.0.2.elsewhere.example:{port}/x",
    "file": "file:///etc/passwd",
    "ftp": "ftp://127.0.0.2:{port}/x",
    "gopher": "gopher://127.0.0.2:{port}/x",
    "data": "data:text/html,x",
    "javascript": "javascript:alert(1)",
    "websocket": "ws://127.0.0.2:{port}/x",
}
"""Off the source's domains, not http, or of no sensible spelling: as if they had not been there."""
PAGES = ("link", "redirect", "sitemap", "feed", "rest")
"""Ways on which a page is named; on the first two in every spelling, on the others in a few."""
DOCUMENTS = ("index", "next", "moved")
"""Ways on which a document is named: a child of a sitemap index, the next page of a listing, a redirect."""
FEW = ("dotted", "decimal", "another-port", "metadata", "name-of-ipv6")
ROWS = [(way, each) for way in PAGES + DOCUMENTS for each in (REFUSED if way in PAGES[:2] else FEW)]
DOMAINS = [
    "127.0.0.1", "127.0.0.2", "127.2", "127.0.2", "2130706434", "0x7f000002", "0x7f.0x0.0x0.0x2", "017700000002",
    "0177.00.00.02", "127.000.000.002", "localhost", "0", "0.0.0.0", "169.254.169.254", "2852039166", "test",  # noqa: S104
    "255.255.255.255",
]  # fmt: skip


@dataclass
class Forbidden:
    """Listeners on addresses that nobody is to connect to."""

    other: int
    """A port of 127.0.0.1 that is forbidden too."""
    listeners: list[socket.socket]

    def connections(self) -> int:
        """How many have come since the last look."""
        found = 0
        for listener in self.listeners:
            try:
                while True:
                    listener.accept()[0].close()
                    found += 1
            except BlockingIOError:
                continue
        return found


@contextmanager
def forbidden(port: int) -> Iterator[Forbidden]:
    """Listen beside a site's port."""
    with ExitStack() as stack:
        found = []
        other = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        second = other.getsockname()[1]
        for family, host, number in (
            (socket.AF_INET, "127.0.0.2", port),
            (socket.AF_INET, "127.0.0.2", second),
            (socket.AF_INET6, "::1", port),
            (socket.AF_INET6, "::1", second),
        ):
            found.append(stack.enter_context(socket.create_server((host, number), family=family)))
        for listener in (other, *found):
            listener.setblocking(False)
        yield Forbidden(second, [other, *found])


@dataclass(frozen=True)
class Seen:
    """A crawl that is over."""

    crawl: Crawl
    links: Links
    site: Site
    connections: int


def _url(way: str, spelling: str, *, port: int, other: int) -> str:
    return REFUSED[spelling][0].format(port=port, other=other) + f"/news/{way}-{spelling}"


def _sitemap(urls: list[str], entry: str = "url") -> Answer:
    root = "urlset" if entry == "url" else "sitemapindex"
    body = f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    body += "".join(f"<{entry}><loc>{url}</loc></{entry}>" for url in urls) + f"</{root}>"
    return Answer(body=body.encode(), headers=(("Content-Type", "application/xml"),))


def _feed(urls: list[str]) -> Answer:
    items = "".join(f"<item><title>x</title><link>{url}</link></item>" for url in urls)
    return Answer(
        body=f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(),
        headers=(("Content-Type", "application/rss+xml"),),
    )


def _posts(urls: list[str]) -> Answer:
    posts = [{"link": url, "date_gmt": "2024-12-03T10:00:00", "title": {"rendered": "x"}} for url in urls]
    return Answer(body=json.dumps(posts).encode(), headers=(("Content-Type", "application/json"),))


def _crawl(directory: Path, site: Site, listeners: Forbidden, overrides: Mapping[str, Any], **fields: Any) -> Seen:
    sources = sources_file(directory, **{"domains": DOMAINS} | fields)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.setenv(name, f"http://127.0.0.1:{listeners.other}")  # would be the one connection to everything
        patch.setenv("PYTHONPATH", f"{Path(__file__).parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        done = crawl(
            directory,
            sources,
            allow=f"127.0.0.1:{site.port}",
            links=str(directory / "links"),
            overrides=dict(HASTE)
            | {"DNS_RESOLVER": "scripted_dns.ScriptedResolver", "TEST_DNS": {name: [DNS[name]] for name in DNS}}
            | overrides,
        )
    links = read_links(directory / "links")
    return Seen(done, links, site, listeners.connections())


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One crawl that is led to every forbidden host on every way. No robots.txt is asked for, as it would be first."""
    with running({}) as site, forbidden(site.port) as listeners:
        ports = {"port": site.port, "other": listeners.other}

        def urls(way: str) -> list[str]:
            return [_url(way, spelling, **ports) for each, spelling in ROWS if each == way]

        never = [url.format(**ports) for url in NEVER_ASKED.values()]
        half = f"http://half.test:{site.port}/news/half"
        moved = {f"/news/moves-{n}": redirect(_sent(url)) for n, url in enumerate([*urls("redirect"), *never])}
        pages = {
            f"/page/{n}": Answer(body=f'<a href="/news/shown-{n}">x</a><link rel="next" href="{url}">'.encode())
            for n, url in enumerate(urls("next"))
        }
        gone = {f"/gone/{n}": redirect(url) for n, url in enumerate(urls("moved"))}
        site.answers |= moved | pages | gone
        site.answers |= {f"/news/shown-{n}": html("خبر") for n in range(len(pages))}
        canonical = f'<link rel="canonical" href="http://127.0.0.2:{site.port}/news/canonical">'
        refresh = f'<meta http-equiv="refresh" content="0; url=http://127.0.0.2:{site.port}/news/refresh">'
        base = f'<img src="http://127.0.0.2:{site.port}/i.png"><iframe src="http://127.0.0.2:{site.port}/f"></iframe>'
        site.answers |= {
            "/": html("كل شيء", links=(*urls("link"), *never, *moved, half, "/news/embeds")),
            "/sitemap.xml": _sitemap([*urls("sitemap"), *filter(lambda url: "\0" not in url, never)]),
            "/index.xml": _sitemap(urls("index"), "sitemap"),
            "/feed": _feed([*urls("feed"), *never]),
            "/posts": _posts([*urls("rest"), *never]),
            "/news/half": html("خبر"),
            "/news/embeds": Answer(body=f"<html><head>{canonical}{refresh}</head><body>{base}</body></html>".encode()),
        }
        seen = _crawl(
            tmp_path_factory.mktemp("tried"),
            site,
            listeners,
            {"ROBOTSTXT_OBEY": False},
            feeds=[f"{site.root}/feed", f"http://127.0.0.2:{site.port}/feed"],
            sitemaps=[f"{site.root}/sitemap.xml", f"{site.root}/index.xml", f"http://six.test:{site.port}/sitemap.xml"],
            listings=[f"{site.root}{path}" for path in ("/", "/posts", *pages, *gone)],
        )
        yield seen


def test_a_crawl_that_is_led_astray_connects_to_nothing_that_is_forbidden(tried: Seen) -> None:
    assert tried.connections == 0
    assert (tried.crawl.status, tried.crawl.finished["reason"]) == (0, "finished")
    hosts = {headers["host"].partition(":")[0] for _, headers in tried.site.requests}
    assert hosts == {"127.0.0.1", "half.test"}
    assert not any(path.startswith(("/i.png", "/f?", "/x")) for path in tried.site.paths)


@pytest.mark.parametrize(("way", "spelling"), ROWS)
def test_the_log_says_which_address_it_was_and_how_to_allow_it(tried: Seen, way: str, spelling: str) -> None:
    name = f"moves-{list(REFUSED).index(spelling)}" if way == "redirect" else f"{way}-{spelling}"
    if way in DOCUMENTS:
        [why] = [document.problem for document in tried.links.documents if document.url.endswith(f"/{name}")]
    else:
        [link] = [link for url, link in tried.links.links.items() if url.endswith(f"/{name}")]
        assert link.state is State.FAILED
        why = link.why
    assert REFUSED[spelling][1] in (why or "")
    assert "WARRAQ_ALLOW_ADDRESSES" in (why or "") or spelling == "public-port"


@pytest.mark.parametrize("spelling", NEVER_ASKED)
def test_what_is_off_the_domains_or_no_http_url_is_not_even_noted(tried: Seen, spelling: str) -> None:
    url = NEVER_ASKED[spelling].format(port=tried.site.port)
    assert url not in tried.links.links
    redirected = tried.links.links[f"{tried.site.root}/news/moves-{len(REFUSED) + list(NEVER_ASKED).index(spelling)}"]
    assert redirected.state is State.FETCHED, "the redirect itself is archived, and not followed"


def test_of_a_name_with_several_addresses_only_the_allowed_one_is_connected_to(tried: Seen) -> None:
    assert tried.links.links[f"http://half.test:{tried.site.port}/news/half"].state is State.FETCHED


def test_a_name_that_changes_its_address_is_refused_when_it_has(tmp_path: Path) -> None:
    """It resolves to the site for robots.txt and the first page, then to the forbidden address, and back again."""
    with running({}) as site, forbidden(site.port) as listeners:
        root = f"http://rebind.test:{site.port}"
        closing = {"headers": (("Content-Type", "text/html"), ("Connection", "close")), "cut_at": 1 << 20}
        site.answers |= {
            "/robots.txt": Answer(body=b"", **closing),  # type: ignore[arg-type]
            "/": html("الأولى", links=("/news/1", "/news/2", "/news/3"), **closing),
            "/news/3": html("الثالثة", **closing),
        }
        answers = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.2"], ["::1"], ["127.0.0.1"]]
        seen = _crawl(
            tmp_path,
            site,
            listeners,
            {"TEST_DNS": {"rebind.test": answers}, "CONCURRENT_REQUESTS": 1},
            domains=["rebind.test"],
            listings=[f"{root}/"],
        )
        assert seen.connections == 0
        assert site.paths == ["/robots.txt", "/", "/news/3"]
        states = {url.removeprefix(root): (link.state, link.why) for url, link in seen.links.links.items()}
        assert states["/news/3"] == (State.FETCHED, None)
        assert "127.0.0.2 is a loopback address" in (states["/news/1"][1] or "")
        assert "::1 is a loopback address" in (states["/news/2"][1] or "")


def test_a_robots_txt_of_a_forbidden_address_shuts_its_host_and_the_report_says_why(tmp_path: Path) -> None:
    with running({}) as site, forbidden(site.port) as listeners:
        hidden = f"http://127.0.0.2:{site.port}"
        site.answers |= {
            "/robots.txt": Answer(
                body=f"Sitemap: {hidden}/sitemap.xml\nSitemap: http://name.test:{site.port}/s.xml".encode()
            ),
            "/": html("الأولى", links=(f"{hidden}/news/1", "/news/2")),
            "/news/2": html("الثانية"),
        }
        seen = _crawl(tmp_path, site, listeners, {}, listings=[f"{site.root}/"])
        assert (seen.connections, seen.crawl.status) == (0, 0)
        assert sorted(site.paths) == ["/", "/news/2", "/robots.txt"]
        why = seen.links.links[f"{hidden}/news/1"].why or ""
        assert why.startswith("robots.txt could not be read: 127.0.0.2 is a loopback address")
        assert "WARRAQ_ALLOW_ADDRESSES=127.0.0.2" in why
        unread = {document.url: document.problem or "" for document in seen.links.documents}
        assert "127.0.0.2 is a loopback address" in unread[f"{hidden}/sitemap.xml"]
        assert "127.0.0.2 is a loopback address" in unread[f"http://name.test:{site.port}/s.xml"]


def test_a_robots_txt_that_leads_to_a_forbidden_address_allows_nothing(tmp_path: Path) -> None:
    with running({}) as site, forbidden(site.port) as listeners:
        site.answers |= {"/robots.txt": redirect(f"http://127.0.0.2:{site.port}/robots.txt"), "/": html("الأولى")}
        seen = _crawl(tmp_path, site, listeners, {}, listings=[f"{site.root}/"])
        assert (seen.connections, seen.crawl.status, site.paths) == (0, 1, ["/robots.txt"])
        assert "127.0.0.2 is a loopback address" in seen.crawl.stderr


def _sent(url: str) -> str:
    """As a server sends it: the bytes of UTF-8."""
    return url.encode().decode("latin-1")
