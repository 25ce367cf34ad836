"""Traps are known by what no site of news has: sound sites lose nothing, and the others not before it is certain."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from archive.forgotten import Forgotten
from archive.warc import Found, read_warc
from extract.types import Limits, Source
from spiders.discovery import NotADocumentError, read_document
from spiders.gate import Gate
from spiders.links import LinkLog
from spiders.sources import BUILT_IN
from spiders.traps import BARREN, CALENDAR, DEEP, MAX_BARREN, REPEATING, SEARCH, SESSION, Traps, without_session

SITE = Source(id="site", name="x", language="ar", timezone="UTC", domains=("x.example",))
TODAY = date(2026, 11, 22)
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def gate(source: Source = SITE) -> Gate:
    return Gate(source, Forgotten(), LinkLog(None, lambda _: None), lambda _: None, TODAY)


def admitted(urls: Iterable[str], source: Source = SITE) -> tuple[list[str], list[str]]:
    """Those that pass, and the problems."""
    door = gate(source)
    return [url for url in urls if door.admits(url, Found(by="listing"))], door.problems


@pytest.mark.parametrize("parts", [("a",), ("a", "b"), ("ar", "news", "x"), ("1", "a")])
def test_a_path_that_repeats_itself(parts: tuple[str, ...]) -> None:
    urls = [f"https://x.example/{'/'.join(parts * times)}" for times in range(1, 6)]
    passed, problems = admitted(urls)
    assert passed == urls[:2]
    assert problems == [f"{urls[2]}: left out, for {REPEATING} (and 2 more)"]


def test_a_path_that_grows() -> None:
    urls = ["https://x.example/" + "/".join(f"s{number}" for number in range(depth)) for depth in range(1, 40)]
    passed, problems = admitted(urls)
    assert len(passed) == 20
    assert DEEP in problems[0]


@pytest.mark.parametrize(
    "form",
    [
        "/calendar/{:%Y/%m/%d}",
        "/events/{:%Y-%m-%d}/",
        "/agenda?month={:%Y-%m}&day={:%d}",
        "/e?year={:%Y&month=%m&d=%d}",
    ],
)
@pytest.mark.parametrize("step", [1, -1])
def test_a_calendar_without_end(form: str, step: int) -> None:
    days = [TODAY + step * timedelta(days=28 * number) for number in range(2000)]
    urls = ["https://x.example" + form.format(day, day) for day in days]
    passed, problems = admitted(urls)
    assert len(passed) < 40 if step > 0 else len(passed) < 1700
    assert CALENDAR in problems[0]


def test_days_of_every_calendar_and_of_old_papers_are_no_trap() -> None:
    years = [*range(1900, 2028), *range(1300, 1500)]
    urls = [
        f"https://x.example/{year}/{month:02}/{day:02}/slug" for year in years for month in (1, 12) for day in (1, 28)
    ]
    assert admitted(urls) == (urls, [])


def test_a_search_that_combines_its_parameters() -> None:
    names = ["colour", "size", "brand", "year", "sort", "page", "order", "view"]
    urls = [
        "https://x.example/find?" + "&".join(f"{name}={value}" for name in chosen)
        for count in range(1, 6)
        for chosen in itertools.combinations(names, count)
        for value in range(5)
    ]
    passed, problems = admitted(urls)
    assert len(passed) <= 8 * 5 + 51 * 5
    assert SEARCH in problems[0]


def test_a_cms_with_all_its_pages_under_one_path_is_no_trap() -> None:
    ways = [
        "option=com_content&view=article&id={}",
        "option=com_content&view=article&id={}&Itemid=3&lang=ar",
        "p={}&lang=ar",
    ]
    urls = [f"https://x.example/index.php?{way.format(number)}" for way in ways for number in range(500)]
    assert admitted(urls) == (urls, [])


def test_what_the_source_says_are_articles_is_no_search() -> None:
    source = replace(SITE, article=r"[?&]id=\d+")
    urls = [
        f"https://x.example/i.php?id={number}&{name}=1" for number, name in enumerate(map("n{}".format, range(300)))
    ]
    assert admitted(urls, source) == (urls, [])


@pytest.mark.parametrize(
    "form",
    [
        "https://x.example/a?id=7&PHPSESSID={}",
        "https://x.example/a?sid={}&id=7",
        "https://x.example/a;jsessionid={}?id=7",
        "https://x.example/(S({}))/a?id=7",
    ],
)
def test_a_page_under_a_session_for_each_visitor_is_one(form: str) -> None:
    urls = [form.format(f"{number:x}a7c9e2d4b1f80356e2d9"[-24:].rjust(24, "k")) for number in range(30)]
    passed, problems = admitted(urls)
    assert passed == urls[:1]
    assert problems == [f"{urls[1]}: left out, for {SESSION} (and 28 more)"]
    assert without_session(urls[0], SITE) in ("https://x.example/a?id=7", "https://x.example/(S())/a?id=7")


def test_a_number_of_an_article_is_no_session() -> None:
    urls = [f"https://x.example/modules.php?name=News&file=article&sid={number}" for number in range(20)]
    assert admitted(urls) == (urls, [])
    source = replace(SITE, article=r"[?&]sid=\w+")
    urls = [f"https://x.example/story?sid={number:024x}a1" for number in range(20)]
    assert admitted(urls, source) == (urls, [])


def test_hosts_without_end() -> None:
    source = replace(SITE, limits=Limits(hosts=10))
    urls = [f"https://r{number}.x.example/" for number in range(1000)]
    passed, problems = admitted(urls, source)
    assert passed == urls[:10]
    assert problems == ["https://r10.x.example/: left out, for the site has more than 10 hosts (and 989 more)"]


def test_a_listing_that_brings_nothing() -> None:
    traps, barren = Traps(SITE, TODAY), 0
    for page in range(1, 40):
        if barren >= MAX_BARREN:
            break
        for number in range(5):
            traps.came(f"https://x.example/list/{page}", 200, b"there is no such article" if number else b"menu")
        barren = traps.barren_pages(barren, f"https://x.example/list/{page}")
    assert page == MAX_BARREN + 2  # the first page showed both for the first time
    assert BARREN


def test_one_good_page_makes_a_listing_worth_following() -> None:
    traps = Traps(SITE, TODAY)
    traps.came("list", 404, b"gone")
    assert traps.barren_pages(5, "list") == 6
    traps.came("list", 200, b"new")
    assert traps.barren_pages(5, "list") == 0
    assert traps.barren_pages(5, "nothing of it came") == 5


def test_what_is_remembered_is_bounded() -> None:
    traps = Traps(SITE, TODAY)
    for number in range(12_000):
        assert (
            traps.caught(f"https://x.example/c{'x' * (number % 97)}y{chr(97 + number % 26) * 3}{number}z/2040/05")
            is None
        )
        traps.caught(f"https://x.example/p{number}?a=1&b=2")
        traps.came(f"list{number}", 200, b"")
    assert max(len(traps._calendars), len(traps._searches), len(traps._brought)) <= 10_000


def sample_links() -> Iterator[tuple[Source, list[str]]]:
    """Every address in the samples: those that were fetched, and those that their documents and pages link to."""
    by_domain = {domain: source for source in BUILT_IN for domain in source.domains}
    found: dict[str, list[str]] = {}
    for path in sorted(SAMPLES.rglob("*.warc.gz")):
        with path.open("rb") as stream:
            for capture in read_warc(stream):
                urls = [capture.url]
                with suppress(NotADocumentError):
                    urls += [link.url for link in read_document(capture.page(), timezone="UTC").links]
                for url in urls:
                    host = re.sub(r"^https?://(?:www\.)?([^/:]+).*", r"\1", url)
                    if source := by_domain.get(host):
                        found.setdefault(source.id, []).append(url)
    by_id = {source.id: source for source in BUILT_IN}
    return ((by_id[name], list(dict.fromkeys(urls))) for name, urls in found.items())


def test_the_sample_sites_lose_nothing() -> None:
    checked = 0
    for source, urls in sample_links():
        for each in (source, replace(source, article="")):
            traps = Traps(each, TODAY)
            caught = {url: trap for url in urls if (trap := traps.caught(url)) or without_session(url, each) != url}
            assert caught == {}
        checked += len(urls)
    assert checked > 1000


def test_entries_of_the_built_in_sources_are_no_traps() -> None:
    for source in BUILT_IN:
        traps = Traps(source, TODAY)
        entries = [*source.feeds, *source.sitemaps, *source.listings, *source.rest]
        assert [url for url in entries if traps.caught(url) or without_session(url, source) != url] == []
