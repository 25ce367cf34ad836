"""The built-in sources, and users' files of their own."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from spider_process import sources_file

from extract.types import Source
from spiders.sources import BUILT_IN, SourcesError, _clashes, ar, check_fields, fa, load_sources, source_for_url


def as_table(source: Source) -> dict[str, Any]:
    """The source as a TOML file would hold it."""
    values = {field.name: getattr(source, field.name) for field in dataclasses.fields(source) if field.name != "limits"}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value is not None
    }


@pytest.mark.parametrize("source", BUILT_IN, ids=lambda source: source.id)
def test_built_in_sources_keep_the_rules_for_users(source: Source) -> None:
    assert list(check_fields(as_table(source))) == []


def test_built_in_sources_have_ids_and_domains_of_their_own() -> None:
    assert list(_clashes(BUILT_IN, [])) == []
    assert {"arabkhabar", "arabstoday", "tunisiatoday", "jannah", "wordpress", "etemadonline"} <= load_sources().keys()


@pytest.mark.parametrize("module", [ar, fa])
def test_a_source_is_short(module: Any) -> None:
    text = Path(module.__file__).read_text(encoding="utf-8")
    blocks = re.findall(r"^    Source\(.*?^    \),", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == len(module.SOURCES)
    assert max(block.count("\n") + 1 for block in blocks) <= 20


@pytest.mark.parametrize(
    ("url", "article"),
    [
        ("https://arabkhabar.com/a/1046702", True),
        ("https://www.arabkhabar.com/a/1046702", True),
        ("https://arabkhabar.com/about", False),
        ("https://arabstoday.net/326/114830-الكرملين-يصعد", True),
        ("https://arabstoday.net/326/114830-%D8%A7%D9%84%D9%83", True),
        ("https://arabstoday.net/314-أخبار", False),
        ("https://arabstoday.net/en/326/114830-x", False),
        ("https://www.etemadonline.com/بخش-سیاسی-9/688273-کرملین", True),
        ("https://www.etemadonline.com/%D8%A8%D8%AE%D8%B4-%D8%B3-9/688273-x", True),
        ("https://www.etemadonline.com/688273", True),
        ("https://www.etemadonline.com/بخش-سیاسی-9", False),
        ("https://www.isna.ir/news/1403091309876/تیتر", True),
        ("https://www.isna.ir/service/Politics", False),
        ("https://www.tabnak.ir/fa/news/909490/آغاز", True),
        ("https://www.tabnak.ir/fa/archive?service_id=1", False),
        ("https://wordpress.example/wp-login.php", False),
    ],
)
def test_article_rules(url: str, article: bool) -> None:
    source = source_for_url(url, load_sources())
    assert source is not None
    assert source.looks_like_article(url) is article


def test_the_most_exact_domain_owns_a_url() -> None:
    sources = {
        name: Source(id=name, name=name, language="ar", timezone="UTC", domains=(domain,))
        for name, domain in (("paper", "paper.example"), ("sports", "sports.paper.example"))
    }
    assert source_for_url("https://www.sports.paper.example/1", sources) is sources["sports"]
    assert source_for_url("https://www.paper.example/1", sources) is sources["paper"]
    assert source_for_url("https://otherpaper.example/1", sources) is None


def test_own_source_is_added(tmp_path: Path) -> None:
    path = sources_file(tmp_path, feeds=["http://127.0.0.1:8000/feed"], daily=[1, 5], calendar="jalali")
    source = load_sources(path)["site"]
    assert (source.feeds, source.daily, source.calendar) == (("http://127.0.0.1:8000/feed",), (1, 5), "jalali")


def test_own_source_replaces_the_built_in_one(tmp_path: Path) -> None:
    path = sources_file(tmp_path, id="isna", domains=["isna.ir"], name="ایسنای من")
    sources = load_sources(path)
    assert sources["isna"].name == "ایسنای من"
    assert len(sources) == len(BUILT_IN)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"id": "My Paper"}, "id: 'My Paper' must be lower-case letters, digits and inner hyphens."),
        ({"colour": "red"}, "colour: is no field of a source; allowed are id, name, language"),
        ({"timezone": "Mars/Olympus"}, "timezone: 'Mars/Olympus' is no IANA time zone"),
        ({"timezone": "../etc/passwd"}, "timezone: '../etc/passwd' is no IANA time zone"),
        ({"calendar": "mayan"}, "calendar: 'mayan' must be one of gregorian, jalali, hijri."),
        ({"evidence": "trust me"}, "evidence: 'trust me' must be one of none, replica, recorded."),
        ({"article": "(/a/"}, "article: '(/a/' is no regular expression: missing )"),
        ({"feeds": "https://127.0.0.1/feed"}, "feeds: 'https://127.0.0.1/feed' must be a list of strings."),
        ({"feeds": ["/feed"]}, "feeds: '/feed' must be an absolute http or https URL."),
        ({"feeds": ["ftp://127.0.0.1/feed"]}, "feeds: 'ftp://127.0.0.1/feed' must be an absolute http or https URL."),
        (
            {"feeds": ["https://other.example/f"]},
            "feeds: 'https://other.example/f' is on none of its domains (127.0.0.1)",
        ),
        (
            {"feeds": ["https://me:canary@127.0.0.1/feed"]},
            "feeds: a URL on 127.0.0.1 holds a user name or a password, and none is ever sent; take it out.",
        ),
        ({"ports": [80, 65536]}, "ports: [80, 65536] must be a list of port numbers, such as [80, 443]."),
        ({"rest": ["http://127.0.0.1/wp-json"]}, "rest: 'http://127.0.0.1/wp-json' must be the root of the REST API"),
        (
            {"archives": ["http://127.0.0.1/{jahr}"]},
            "archives: 'http://127.0.0.1/{jahr}' is no URL template: 'jahr' is",
        ),
        ({"archives": ["http://127.0.0.1/{page"]}, "archives: 'http://127.0.0.1/{page' is no URL template: expected"),
        ({"archives": ["/{page}"]}, "archives: '/1' must be an absolute http or https URL."),
        ({"archives": ["http://x.example/{day}"]}, "archives: 'http://x.example/{day}' is on none of its domains"),
        ({"revisits": [0]}, "revisits: [0] must be a list of whole numbers above 0"),
        ({"revisits": [6, 1]}, "revisits: [6, 1] must grow from one to the next."),
        ({"domains": ["www.x.example"]}, "domains: 'www.x.example' must be a domain in lower case without 'www.'"),
        ({"domains": ["isna.ir"]}, "domains: 'isna.ir' belongs to source 'isna' already."),
        ({"domains": []}, "domains: must name at least one domain."),
        ({"daily": [5]}, "daily: [5] must be two whole numbers"),
        ({"daily": [5, 1]}, "daily: [5, 1] has the fewest after the most."),
        ({"language": "Arabic"}, "language: 'Arabic' must be an ISO 639 code"),
        ({"name": 5}, "name: 5 must be a string."),
        ({"name": " "}, "name: must not be empty."),
    ],
)
def test_a_fault_names_file_source_and_field(tmp_path: Path, fields: dict[str, Any], fault: str) -> None:
    path = sources_file(tmp_path, **fields)
    with pytest.raises(SourcesError) as raised:
        load_sources(path)
    assert str(raised.value).startswith(f"{path}: source {fields.get('id', 'site')!r}: {fault}")


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text('[[source]]\nid = "a"\ncolour = "red"\n[[source]]\nname = 3\n', encoding="utf-8")
    with pytest.raises(SourcesError) as raised:
        load_sources(path)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"{path}: source ") for line in lines)
    assert len(lines) == 4 + 1 + 4 + 1  # four missing fields and a wrong one in each


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[[source]\n", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"[source]\nid = 'x'\n", "must be [[source]] tables"),
        (b"sources = []\n", "unknown key 'sources'"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(content)
    with pytest.raises(SourcesError, match=re.escape(fault)):
        load_sources(path)


def test_two_sources_of_one_id(tmp_path: Path) -> None:
    path = sources_file(tmp_path)
    path.write_text(path.read_text("utf-8") * 2, "utf-8")
    with pytest.raises(SourcesError, match="source 'site': id: is given twice"):
        load_sources(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match="cannot be read"):
        load_sources(tmp_path / "none.toml")
