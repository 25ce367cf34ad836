"""What a response says may be done with it."""

from __future__ import annotations

import time

import pytest

from extract.directives import forbidding, read_directives, reservation

Headers = list[tuple[str, str]]


@pytest.mark.parametrize(
    ("headers", "stated"),
    [
        ([], ()),
        ([("X-Robots-Tag", "noindex")], ("noindex",)),
        ([("x-robots-tag", " NoIndex , noarchive,nofollow ")], ("noindex", "noarchive", "nofollow")),
        ([("X-Robots-Tag", "noindex"), ("X-Robots-Tag", "noarchive, noindex")], ("noindex", "noarchive")),
        ([("X-Robots-Tag", "none")], ("noindex", "nofollow")),
        ([("X-Robots-Tag", "nocache")], ("noarchive",)),
        ([("X-Robots-Tag", "all, index, follow")], ()),
        ([("X-Robots-Tag", "noai, noimageai")], ("noai", "noimageai")),
        ([("X-Robots-Tag", "googlebot: noindex, noarchive")], ()),
        ([("X-Robots-Tag", "WARRAQ: noindex, noarchive")], ("noindex", "noarchive")),
        ([("X-Robots-Tag", "nofollow, otherbot: noindex, warraq: noarchive")], ("nofollow", "noarchive")),
        ([("X-Robots-Tag", "otherbot: noindex"), ("X-Robots-Tag", "noarchive")], ("noarchive",)),
        ([("X-Robots-Tag", "max-snippet: 20, noindex")], ("noindex",)),
        ([("X-Robots-Tag", "unavailable_after: 25 Jun 2010 15:00:00 PST, noarchive")], ("noarchive",)),
        ([("X-Robots-Tag", "")], ()),
        ([("tdm-reservation", "1")], ("tdm-reservation",)),
        ([("TDM-Reservation", " 1 "), ("TDM-Policy", "https://x.example/p.json")],
         ("tdm-reservation", "tdm-policy https://x.example/p.json")),
        ([("tdm-reservation", "0"), ("tdm-policy", "https://x.example/p.json")], ()),
        ([("tdm-reservation", "2")], ()),
        ([("tdm-reservation", "1"), ("tdm-policy", "javascript:alert(1)")], ("tdm-reservation",)),
        ([("tdm-policy", "https://x.example/p.json")], ()),
    ],
)  # fmt: skip
def test_headers(headers: Headers, stated: tuple[str, ...]) -> None:
    assert read_directives(headers, b"") == stated


@pytest.mark.parametrize(
    ("page", "stated"),
    [
        ('<meta name="robots" content="noindex, noarchive">', ("noindex", "noarchive")),
        ("<META CONTENT='NOARCHIVE' NAME='Robots'/>", ("noarchive",)),
        ("<meta name=robots content=noindex>", ("noindex",)),
        ('<meta name="warraq" content="noarchive"><meta name="googlebot" content="noindex">', ("noarchive",)),
        ('<meta\n name = "robots"\n content = "noindex&#44; nofollow">', ("noindex", "nofollow")),
        ('<meta name="robots" content="index, follow, max-image-preview:large">', ()),
        ('<meta property="robots" content="noindex">', ()),
        ('<meta name="robots" content="&#' + "9" * 5000 + '; noindex">', ("noindex",)),
        ('<meta data-name="robots" content="noindex">', ()),
        ('<!-- <meta name="robots" content="noindex"> -->', ()),
        ('<script>"<meta name=robots content=noindex>"</script><meta name=robots content=noai>', ("noai",)),
        ('<title><meta name=robots content=noindex></title>', ()),
        ('<!-- no end <meta name="robots" content="noindex">', ()),
        ('<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="https://x.example/p">',
         ("tdm-reservation", "tdm-policy https://x.example/p")),
        ('<meta name="robots" content="أخبار">', ()),
    ],
)  # fmt: skip
def test_pages(page: str, stated: tuple[str, ...]) -> None:
    assert read_directives([], f"<!doctype html><html><head>{page}<body><p>نص".encode()) == stated


def test_the_page_goes_before_the_header_and_that_before_the_file() -> None:
    allowed, reserved = b'<meta name="tdm-reservation" content="0">', [("tdm-reservation", "1")]
    site = ("tdm-reservation", "tdm-policy https://x.example/p")
    assert read_directives([], b"", site=site) == site
    assert read_directives(reserved, b"", site=site) == ("tdm-reservation",)
    assert read_directives([("tdm-reservation", "0")], b"", site=site) == ()
    assert read_directives(reserved, allowed, site=site) == ()
    assert read_directives([("tdm-reservation", "yes")], b"", site=site) == site


def test_reservation() -> None:
    assert reservation("1", "https://x.example/" + "a" * 2000) == ("tdm-reservation",)
    assert reservation(None, "https://x.example/") is None


def test_what_forbids_keeping() -> None:
    stated = ("nofollow", "noindex", "tdm-reservation", "noarchive")
    assert forbidding(stated, {"noarchive", "tdm"}) == "tdm-reservation"
    assert forbidding(stated, {"noindex"}) == "noindex"
    assert forbidding(stated, set()) is None
    assert forbidding(("nofollow",), {"noarchive", "noindex", "tdm"}) is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<!--" * 500_000, id="comments"),
        pytest.param(b"<script>" * 250_000, id="scripts"),
        pytest.param(b"<meta name=robots content=" * 80_000, id="metas"),
        pytest.param(b"<meta " + b"name='" * 300_000, id="attributes"),
        pytest.param(b"<meta " + b"name=robots " * 150_000, id="names"),
        pytest.param(b"<meta name=robots content='" + b"noindex," * 250_000 + b"'>", id="rules"),
        pytest.param(b"<meta " + b" " * 2_000_000, id="spaces"),
        pytest.param(b"<meta name" + b" " * 2_000_000, id="spaces after a name"),
        pytest.param(b"<meta " + b"name" * 500_000, id="no end of a name"),
    ],
)
def test_takes_linear_time(content: bytes) -> None:
    began = time.process_time()
    read_directives([("X-Robots-Tag", "a:" * 30_000 + "noindex," * 30_000)], content)
    assert time.process_time() - began < 1
