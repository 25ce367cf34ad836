"""What a robots.txt allows: the examples of RFC 9309, the published cases of Google's parser, and hostile files.

The cases are facts of the RFC's text and of google/robotstxt's robots_test.cc, in a form of our own. Google's few cases
about its command line, about line numbers and about URLs without a scheme have no counterpart here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from protego import Protego

from spiders.robots_txt import MAX_BYTES, MAX_LINE, MAX_SITEMAPS, RobotsTxt, normal_form, path_of


@dataclass(frozen=True)
class Case:
    """A robots.txt and what it allows."""

    name: str
    text: str | bytes
    allowed: tuple[str, ...] = ()
    """Paths."""
    refused: tuple[str, ...] = ()
    agent: str = "FooBot"
    protego: bool = True
    """Whether Protego 0.7.0 answers the same."""

    @property
    def content(self) -> bytes:
        return self.text if isinstance(self.text, bytes) else self.text.encode()


GROUPS = """allow: /foo/bar/

user-agent: FooBot
disallow: /
allow: /x/
user-agent: BarBot
disallow: /
allow: /y/


allow: /w/
user-agent: BazBot

user-agent: FooBot
allow: /z/
disallow: /
"""
RFC_SIMPLE = """User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""
ONLY_FISH = "user-agent: FooBot\ndisallow: /\nallow: {}\n"

CASES = [
    # RFC 9309, section 5.1, with the user agents of its text
    Case("rfc simple all", RFC_SIMPLE, ("/publications/", "/a"), ("/example/x", "/a.gif"), agent="otherbot"),
    Case("rfc simple foobot", RFC_SIMPLE, ("/example/page.html", "/example/allowed.gif"), ("/", "/publications/")),
    Case("rfc simple barbot", RFC_SIMPLE, ("/", "/example/other", "/x.gif"), ("/example/page.html",), agent="BarBot"),
    Case("rfc simple bazbot", RFC_SIMPLE, ("/example/",), ("/example/page.html",), agent="bazbot"),
    Case("rfc simple quxbot", RFC_SIMPLE, ("/", "/example/page.html", "/a.gif"), agent="quxbot"),
    # section 5.2
    Case(
        "rfc longest match",
        "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n",
        ("/example/page/", "/example/page/other.gif"),
        ("/example/page/disallowed.gif",),
    ),
    # section 2.2.1: groups of one crawler are one
    Case(
        "rfc groups merged",
        "user-agent: ExampleBot\ndisallow: /foo\ndisallow: /bar\n\nuser-agent: ExampleBot\ndisallow: /baz\n",
        ("/qux",),
        ("/foo", "/bar", "/baz"),
        agent="ExampleBot",
    ),
    # section 2.2.2: the table of encodings
    Case("rfc query", "user-agent: *\ndisallow: /foo/bar?baz=quz", ("/foo/bar?baz=qu",), ("/foo/bar?baz=quz",)),
    Case(
        "rfc reserved in a query, raw in the rule",
        "user-agent: *\ndisallow: /foo/bar?baz=https://foo.bar",
        refused=("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar"),
        protego=False,
    ),
    Case(
        "rfc reserved in a query, encoded in the rule",
        "user-agent: *\ndisallow: /foo/bar?baz=https%3A%2F%2Ffoo.bar",
        refused=("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3a%2f%2ffoo.bar"),
        protego=False,
    ),
    Case("rfc beyond ASCII, raw", "user-agent: *\ndisallow: /foo/bar/ツ", refused=("/foo/bar/%E3%83%84",)),
    Case("rfc beyond ASCII, encoded", "user-agent: *\ndisallow: /foo/bar/%E3%83%84", refused=("/foo/bar/%e3%83%84",)),
    Case("rfc encoded for nothing", "user-agent: *\ndisallow: /foo/bar/%62%61%7A", refused=("/foo/bar/baz",)),
    Case("a slash in a path is another when encoded", "user-agent: *\ndisallow: /a/b", ("/a%2Fb",), ("/a/b",)),
    # section 2.2.3: special characters
    Case("rfc comment", "User-Agent: FooBot\nAllow: /this/path # all of it\nDisallow: /", ("/this/path",), ("/that",)),
    Case(
        "rfc end of the match",
        "User-Agent: FooBot\nAllow: /this/path/exactly$\nDisallow: /",
        ("/this/path/exactly",),
        ("/this/path/exactly/",),
    ),
    Case(
        "rfc wildcard",
        "User-Agent: FooBot\nAllow: /this/*/exactly\nDisallow: /",
        ("/this/path/exactly", "/this/a/b/exactly/c"),
        ("/this/exactly",),
    ),
    Case(
        "rfc special characters themselves",
        "User-Agent: FooBot\nDisallow: /path/file-with-a-%2A.html\nDisallow: /path/foo-%24\n",
        ("/path/file-with-a-b.html", "/path/foo-"),
        ("/path/file-with-a-*.html", "/path/foo-$", "/path/foo-%24b"),
    ),
    Case("rfc robots.txt itself", "User-Agent: *\nDisallow: /\n", ("/robots.txt",), ("/robots.txt2",)),
    # section 2.2.4: other records end no group. So Google's "OtherRules"
    Case(
        "google sitemap ends no group",
        "User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n",
        refused=("/",),
        agent="BarBot",
    ),
    Case(
        "google unknown line ends no group",
        "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n",
        refused=("/",),
        protego=False,
    ),
    Case(
        "crawl-delay ends no group",
        "User-agent: FooBot\nCrawl-delay: 5\n\nUser-agent: BarBot\nDisallow: /\n",
        refused=("/",),
        protego=False,
    ),
    # Google's
    Case("google empty file", "", ("/", "/x")),
    Case("google line", "user-agent: FooBot\ndisallow: /\n", refused=("/x/y",)),
    Case("google unknown names", "foo: FooBot\nbar: /\n", ("/x/y",)),
    Case("google colon forgotten", "user-agent FooBot\ndisallow /\n", refused=("/x/y",)),
    Case("google groups FooBot", GROUPS, ("/x/b", "/z/d"), ("/y/c", "/foo/bar/")),
    Case("google groups BarBot", GROUPS, ("/y/c", "/w/a"), ("/z/d", "/foo/bar/"), agent="BarBot"),
    Case("google groups BazBot", GROUPS, ("/z/d",), ("/foo/bar/",), agent="BazBot"),
    Case("google names upper", "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n", ("/x/y",), ("/a/b",)),
    Case("google names mixed", "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n", ("/x/y",), ("/a/b",)),
    Case("google agent FOO", "User-Agent: FOO BAR\nAllow: /x/\nDisallow: /\n", ("/x/y",), ("/a/b",), "Foo", False),
    Case("google agent foo", "User-Agent: foo bar\nAllow: /x/\nDisallow: /\n", ("/x/y",), ("/a/b",), "foo", False),
    Case("google agent FoO", "User-Agent: FoO bAr\nAllow: /x/\nDisallow: /\n", ("/x/y",), ("/a/b",), "FOO", False),
    Case(
        "google agent up to the first space",
        "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n",
        ("/x/y",),
        agent="Foo",
        protego=False,
    ),
    Case("google global", "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n", refused=("/x/y",)),
    Case("google global, other", "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n", ("/x/y",), (), "BarBot"),
    Case("google nobody named", "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\n", ("/x",), (), "Qux"),
    Case("google case of paths, lower", "user-agent: FooBot\ndisallow: /x/\n", refused=("/x/y",)),
    Case("google case of paths, upper", "user-agent: FooBot\ndisallow: /X/\n", ("/x/y",)),
    Case(
        "google longest refuses",
        "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n",
        ("/x/",),
        ("/x/page.html",),
    ),
    Case(
        "google longest allows", "user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n", ("/x/page.html",), ("/x/",)
    ),
    Case("google empty rules", "user-agent: FooBot\ndisallow: \nallow: \n", ("/x/page.html",)),
    Case("google tie", "user-agent: FooBot\ndisallow: /\nallow: /\n", ("/x/page.html",)),
    Case("google slash at the end", "user-agent: FooBot\ndisallow: /x\nallow: /x/\n", ("/x/",), ("/x",)),
    Case("google tie of long rules", "user-agent: FooBot\ndisallow: /x/p.html\nallow: /x/p.html\n", ("/x/p.html",)),
    Case(
        "google wildcard is longer",
        "user-agent: FooBot\nallow: /page\ndisallow: /*.html\n",
        ("/page",),
        ("/page.html",),
    ),
    Case(
        "google wildcard is shorter",
        "user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n",
        ("/x/page.html",),
        ("/x/y.html",),
    ),
    Case(
        "google own group alone",
        "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n",
        ("/x/page",),
        ("/y/page",),
    ),
    Case(
        "google URL in a query",
        "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par\n",
        ("/foo/bar?qux=taz&baz=http://foo.bar?tar&par",),
    ),
    Case(
        "google octets",
        "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/ツ\n",
        ("/foo/bar/%E3%83%84", "/foo/bar/ツ"),  # the second: Google leaves the encoding of the URL to its caller
    ),
    Case(
        "google star",
        "User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n",
        ("/foo/quz", "/foo//quz", "/foo/bax/quz"),
        ("/foo/bar/quz",),
    ),
    Case(
        "google dollar",
        "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n",
        ("/foo/bar/qux", "/foo/bar/", "/foo/bar/baz"),
        ("/foo/bar",),
    ),
    Case(
        "google comment",
        "User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n",
        ("/foo/bar",),
        ("/foo/quz",),
    ),
    Case(
        "google index.html",
        "User-Agent: *\nAllow: /allowed-slash/index.html\nDisallow: /\n",
        ("/allowed-slash/", "/allowed-slash/index.html"),
        ("/allowed-slash/index.htm", "/anyother-url"),
    ),
    Case(
        "google fish",
        ONLY_FISH.format("/fish"),
        ("/fish", "/fish.html", "/fish/salmon.html", "/fishheads", "/fishheads/yummy.html", "/fish.html?id=anything"),
        ("/bar", "/Fish.asp", "/catfish", "/?id=fish"),
    ),
    Case(
        "google fish*",
        ONLY_FISH.format("/fish*"),
        ("/fish", "/fish.html", "/fish/salmon.html", "/fishheads", "/fishheads/yummy.html", "/fish.html?id=anything"),
        ("/bar", "/Fish.bar", "/catfish", "/?id=fish"),
    ),
    Case(
        "google fish/",
        ONLY_FISH.format("/fish/"),
        ("/fish/", "/fish/salmon", "/fish/?salmon", "/fish/salmon.html", "/fish/?id=anything"),
        ("/bar", "/fish", "/fish.html", "/Fish/Salmon.html"),
    ),
    Case(
        "google *.php",
        ONLY_FISH.format("/*.php"),
        (
            "/filename.php", "/folder/filename.php", "/folder/filename.php?parameters", "//folder/any.php.file.html",
            "/filename.php/", "/index?f=filename.php/",
        ),
        ("/bar", "/php/", "/index?php", "/windows.PHP"),
    ),
    Case(
        "google *.php$",
        ONLY_FISH.format("/*.php$"),
        ("/filename.php", "/folder/filename.php"),
        (
            "/bar", "/filename.php?parameters", "/filename.php/", "/filename.php5", "/php/", "/filename?php",
            "/aaaphpaaa", "//windows.PHP",
        ),
    ),
    Case(
        "google fish*.php",
        ONLY_FISH.format("/fish*.php"),
        ("/fish.php", "/fishheads/catfish.php?parameters"),
        ("/bar", "/Fish.PHP"),
    ),
    Case("google precedence", "user-agent: FooBot\nallow: /p\ndisallow: /\n", ("/page",), ("/",)),
    Case("google least strict", "user-agent: FooBot\nallow: /folder\ndisallow: /folder\n", ("/folder/page",)),
    Case("google octets count", "user-agent: FooBot\nallow: /page\ndisallow: /*.htm\n", refused=("/page.htm",)),
    Case("google home page", "user-agent: FooBot\nallow: /$\ndisallow: /\n", ("/",), ("/page.html",)),
    Case("google CR LF", "User-Agent: FooBot\r\nAllow: /some\r\n\r\nDisallow: /\r\n", ("/some",), ("/x",)),
    Case("google CR", "User-Agent: FooBot\rAllow: /some\r\r\rDisallow: /\r", ("/some",), ("/x",)),
    Case("google mixed line ends", "User-Agent: FooBot\nAllow: /some\r\n\r\n\nDisallow: /", ("/some",), ("/x",)),
    Case("google mark", b"\xef\xbb\xbfUser-Agent: FooBot\nDisallow: /Any\n", ("/",), ("/AnyValue",)),
    Case("google part of a mark", b"\xef\xbbUser-Agent: FooBot\nDisallow: /Any\n", refused=("/AnyValue",)),
    Case("google less of a mark", b"\xefUser-Agent: FooBot\nDisallow: /Any\n", refused=("/AnyValue",)),
    Case("google broken mark", b"\xef\x11\xbfUser-Agent: FooBot\nDisallow: /Any\n", ("/AnyValue",)),
    Case("google mark inside", b"User-Agent: FooBot\n\xef\xbb\xbfDisallow: /Any\n", ("/AnyValue",)),
    Case("google misspelt", "useragent: FooBot\ndissallow: /a\ndisalow: /b\ndiasllow: /c", ("/d",), ("/a", "/b", "/c")),
    Case("google longer names", "user-agents: FooBot\ndisallowed: /a", ("/d",), ("/a",), protego=False),
    Case(
        "google long rule is cut",
        "user-agent: FooBot\ndisallow: /x/" + "a" * 16649 + "/qux\n",
        ("/fux",),
        ("/x/" + "a" * 16649 + "/fux",),
        protego=False,
    ),
    # Ours
    Case("version in the group", "user-agent: Warraq/0.1\ndisallow: /", refused=("/",), agent="Warraq", protego=False),
    Case("not a beginning", "user-agent: War\ndisallow: /", ("/",), agent="Warraq", protego=False),
    Case("not a longer name", "user-agent: Warraqbot\nuser-agent: Warraq-News\ndisallow: /", ("/",), agent="Warraq"),
    Case("not inside", "user-agent: raq\ndisallow: /", ("/",), agent="Warraq"),
    Case("star and more", "user-agent: * # all\ndisallow: /a\nuser-agent: *bot\ndisallow: /b", ("/b",), ("/a",)),
    Case("Arabic, raw", "user-agent: *\ndisallow: /خبر/\n", ("/صور/",), ("/خبر/1", "/%D8%AE%D8%A8%D8%B1/")),
    Case("Arabic, encoded", "user-agent: *\ndisallow: /%d8%a3%d8%ae%d8%a8%d8%a7%d8%b1$\n", ("/أخبار/",), ("/أخبار",)),
    Case("windows-1256", "user-agent: *\ndisallow: /أخبار/\ndisallow: /a".encode("windows-1256"), ("/b",), ("/a",)),
    Case("other line ends", "user-agent: *\ndisallow: /a\u2028disallow: /b", ("/b",), protego=False),
    Case("NULs", b"user-agent: *\0\ndis\0allow: /a\n", ("/b",), ("/a",), protego=False),
    Case("UTF-16", "user-agent: *\r\ndisallow: /a\r\n".encode("utf-16"), ("/b",), ("/a",), protego=False),
    Case("a page instead", "<!doctype html>\n<title>User-agent: not found</title>\n<p>Disallow: /</html>", ("/",)),
    Case("no group", "disallow: /\nallow: /a", ("/b",)),
    Case("query alone", "user-agent: *\ndisallow: /*?\n", ("/a",), ("/a?", "/a?b")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_allows(case: Case) -> None:
    robots = RobotsTxt.parse(case.content, case.agent)
    assert [path for path in case.allowed if not robots.allows(f"http://foo.bar{path}")] == []
    assert [path for path in case.refused if robots.allows(f"http://foo.bar{path}")] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_where_protego_differs(case: Case) -> None:
    """Why a parser of our own: docs/decisions.md counts these. Once none is left, Protego can take its place."""
    protego = Protego.parse(case.content.decode("utf-8-sig", "ignore"))
    same = all(protego.can_fetch(f"http://foo.bar{path}", case.agent) for path in case.allowed)
    same = same and not any(protego.can_fetch(f"http://foo.bar{path}", case.agent) for path in case.refused)
    assert same == case.protego


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://www.example.com", "/"),
        ("http://www.example.com/", "/"),
        ("http://www.example.com/a/", "/a/"),
        ("http://www.example.com/a/b?c=http://d.e/", "/a/b?c=http://d.e/"),
        ("http://www.example.com/a/b?c=d&e=f#fragment", "/a/b?c=d&e=f"),
        ("http://www.example.com?a", "/?a"),
        ("http://www.example.com/a;b#c", "/a;b"),
        ("http://www.example.com#/a", "/"),
    ],
)
def test_path_and_query(url: str, path: str) -> None:
    assert path_of(url) == path


def test_normal_form() -> None:
    assert normal_form(b"/a/b/c") == "/a/b/c"
    assert normal_form("á".encode()) == "%C3%A1"
    assert normal_form(b"%aa") == "%AA"
    assert normal_form(b"%7e%2f%2") == "~%2F%252"


def test_other_lines() -> None:
    text = """Sitemap: http://foo.bar/sitemap.xml
    user-agent: *
    crawl-delay: 7
    user-agent: Warraq
    crawl-delay: 2.5
    Crawl-Delay: 1
    crawl-delay: soon
    crawl-delay: -1
    crawl-delay: inf
    site-map: /خريطة.xml
    disallow: /x
    """
    robots = RobotsTxt.parse(text.encode(), "Warraq")
    assert robots.crawl_delay == 2.5
    assert robots.sitemaps == ("http://foo.bar/sitemap.xml", "/خريطة.xml")
    assert RobotsTxt.parse(text.encode(), "Other").crawl_delay == 7


def test_what_is_too_long_is_cut() -> None:
    head = b"user-agent: *\ndisallow: /a\n"
    filled = head + b"#" * (500 << 10) + b"\ndisallow: /read\n"
    assert not RobotsTxt.parse(filled, "Warraq").allows("http://foo.bar/read")
    beyond = head + b"#" * MAX_BYTES + b"\ndisallow: /\n"
    assert RobotsTxt.parse(beyond, "Warraq").allows("http://foo.bar/b")
    assert not RobotsTxt.parse(beyond, "Warraq").allows("http://foo.bar/a")
    sitemaps = b"sitemap: /1.xml\n" * 2 * MAX_SITEMAPS + b"sitemap: /" + b"x" * MAX_LINE
    assert len(RobotsTxt.parse(sitemaps, "Warraq").sitemaps) == MAX_SITEMAPS


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"user-agent: *\ndisallow: /" + b"*a" * 8000 + b"*b", id="stars"),
        pytest.param(b"user-agent: *\ndisallow: /" + b"a*" * 8000 + b"$", id="stars to the end"),
        pytest.param(b"user-agent: *\n" + b"disallow: /*a*a*a*a*a*a*a*b\n" * 18000, id="many"),
        pytest.param(b"user-agent: *\ndisallow: /" + b"a" * 10_000_000, id="line of 10 MB"),
        pytest.param(b"\0" * 10_000_000, id="NULs"),
        pytest.param(b"%" * 10_000_000, id="percents"),
        pytest.param(b"user-agent: *\n" * 20000 + b"disallow: /b\n" * 18000, id="agents"),
        pytest.param(b":" * 600_000, id="colons"),
        pytest.param(b" " * 600_000 + b"x", id="spaces"),
    ],
)
def test_takes_linear_time(content: bytes) -> None:
    began = time.process_time()
    robots = RobotsTxt.parse(content, "Warraq")
    robots.allows("http://foo.bar/" + "a" * 2000)
    assert time.process_time() - began < 1.5
