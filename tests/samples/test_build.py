"""The committed sample sites are what the build makes, sound, and reachable by the spider's rules alone."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import deque
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest
from lxml import html
from protego import Protego
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from extract.types import Page, Reason
from samples.build.__main__ import SAMPLES, SITES, responses
from samples.build.model import SampleResponse
from samples.build.text import line, seed
from samples.build.warc import truth_json, warc_bytes, write_site
from spiders.discovery import Kind, read_document
from spiders.replay import normal_encoding
from spiders.sources import load_sources
from spiders.templates import fill

_OUTCOMES = {"new", "revision", "unchanged", "exact_duplicate", "near_duplicate", "rejected"}

every_site = pytest.mark.parametrize("site", SITES)


@cache
def built(site: str) -> tuple[SampleResponse, ...]:
    return tuple(responses(site))


def truth(site: str) -> list[dict]:
    return json.loads((SAMPLES / f"{site}.json").read_text(encoding="utf-8"))


def exchanges(warc: bytes) -> list[tuple]:
    """The records without what depends on the machine's zlib: compressed bytes, their lengths and digests."""
    dependent = {"Content-Length", "WARC-Payload-Digest", "WARC-Block-Digest"}
    found = []
    for record in ArchiveIterator(BytesIO(warc)):
        headers = [*record.rec_headers.headers, *(record.http_headers.headers if record.http_headers else [])]
        kept = [(name, value) for name, value in headers if name not in dependent]
        found.append((kept, record.content_stream().read()))
    return found


@every_site
def test_the_same_input_gives_the_same_bytes(site: str) -> None:
    assert warc_bytes(site, responses(site)) == warc_bytes(site, responses(site))


@every_site
def test_the_committed_files_are_a_fresh_build(site: str) -> None:
    committed = (SAMPLES / f"{site}.warc.gz").read_bytes()
    assert exchanges(committed) == exchanges(warc_bytes(site, built(site)))
    assert (SAMPLES / f"{site}.json").read_text(encoding="utf-8") == truth_json(built(site))


@every_site
def test_the_warc_file_is_sound(site: str) -> None:
    class Arguments:
        inputs = (str(SAMPLES / f"{site}.warc.gz"),)
        verbose = False

    assert Checker(Arguments).process_all() == 0


@every_site
def test_request_and_response_belong_together(site: str) -> None:
    raw = (SAMPLES / f"{site}.warc.gz").read_bytes()
    records = [record.rec_headers for record in ArchiveIterator(BytesIO(raw))]
    ids = [record.get_header("WARC-Record-ID") for record in records]
    assert len(set(ids)) == len(ids)
    assert records[0].get_header("WARC-Type") == "warcinfo"
    answers = {r.get_header("WARC-Record-ID") for r in records if r.get_header("WARC-Type") == "response"}
    asked = [r.get_header("WARC-Concurrent-To") for r in records if r.get_header("WARC-Type") == "request"]
    assert set(asked) == answers
    assert len(asked) == len(answers) == len(built(site))


@every_site
def test_every_judged_url_is_in_the_warc(site: str) -> None:
    stored = {response.url for response in built(site)}
    rows = truth(site)
    assert rows
    for row in rows:
        assert row["url"] in stored
        assert row["outcome"] in _OUTCOMES
        if row["outcome"] == "rejected":
            assert row["reason"] in set(Reason)
        else:
            assert row["title"], row["url"]
            assert row["paragraphs"], row["url"]
            assert [line(text) for text in row["paragraphs"]] == row["paragraphs"]


@every_site
def test_articles_are_as_large_as_real_pages(site: str) -> None:
    for response in built(site):
        if response.truth and response.truth.outcome in ("new", "revision", "exact_duplicate", "near_duplicate"):
            assert 30_000 <= len(response.body) <= 150_000, f"{response.url}: {len(response.body)} bytes"


@every_site
def test_the_spider_reaches_every_page(site: str) -> None:
    """From robots.txt and the source alone; and what is announced, or looks like an article in a listing, is there."""
    source = load_sources(None)[site]
    stored = {normal_encoding(response.url): response for response in built(site)}
    robots = [url for url in stored if url.endswith("/robots.txt")]
    named = [url for each in robots for url in Protego.parse(stored[each].body.decode()).sitemaps]
    archives = [fill(template, None) for template in source.archives]
    waiting = deque(map(normal_encoding, (*named, *source.sitemaps, *source.feeds, *source.listings, *archives)))
    documents = set(waiting)
    reached = set(robots)
    while waiting:
        url = waiting.popleft()
        if url in reached:
            continue
        reached.add(url)
        assert url in stored, f"{url} is announced but not in {site}.warc.gz"
        if location := dict(stored[url].headers).get("Location"):
            waiting.append(normal_encoding(urljoin(url, location)))
        elif url in documents:
            page = Page(content=stored[url].body, url=url, content_type=stored[url].content_type)
            found = read_document(page, timezone=source.timezone)
            links = [normal_encoding(urldefrag(link.url).url) for link in found.links]
            wanted = [link for link in links if source.owns(link) and not source.skips(link)]
            if found.kind is Kind.SITEMAP_INDEX:
                documents |= set(wanted)
            if found.kind is Kind.LISTING:
                # A source without a rule for articles follows menus too, of which a sample holds only some pages.
                wanted = [link for link in wanted if source.looks_like_article(link)]
                wanted = [link for link in wanted if source.article or link in stored]
            waiting += wanted
    assert reached == set(stored)


def test_a_seed_is_on_its_page_word_for_word() -> None:
    pages = {"000": "arabkhabar", "003": "arabstoday"}
    for number, site in pages.items():
        title = line(seed(number)[0])
        (row,) = [row for row in truth(site) if row["title"] == title and row["outcome"] == "new"]
        kept = [line(text) for text in seed(number)]
        assert [text for text in kept if text in row["paragraphs"]] == row["paragraphs"]


def test_all_noise_of_a_seed_is_on_its_page() -> None:
    for number, site in (("000", "arabkhabar"), ("003", "arabstoday")):
        page = next(r for r in built(site) if r.truth and r.truth.title == line(seed(number)[0]))
        tree = html.fromstring(page.body.decode())
        shown = line(" ".join(["".join(tree.itertext()), *tree.xpath("//@alt")]))
        for text in filter(str.strip, seed(number)):
            assert line(text) in shown, f"seed {number}: {text!r} is not on {page.url}"


def test_a_page_writes_addresses_both_encoded_and_raw() -> None:
    home = next(response for response in built("arabstoday") if response.url == "https://arabstoday.net/")
    addresses = html.fromstring(home.body.decode()).xpath("//h2/a/@href")
    assert any(address.isascii() for address in addresses)
    assert any(not address.isascii() for address in addresses)


def test_charsets_are_what_the_pages_declare() -> None:
    pages = [response for response in built("arabkhabar") if b"<html" in response.body]
    declared = [page for page in pages if "windows-1256" in page.content_type]
    by_meta = [page for page in pages if b"charset=windows-1256" in page.body]
    assert len(declared) == len(by_meta) == 1
    for page in (*declared, *by_meta):
        assert page.truth
        assert page.truth.paragraphs[0] in page.body.decode("windows-1256")


def test_a_body_is_mojibake_that_can_be_undone() -> None:
    (page,) = [r for r in built("arabkhabar") if r.truth and "was read as" in r.truth.note]
    (text,) = html.fromstring(page.body.decode()).xpath('//*[@class="art-text"]')
    assert page.truth
    assert page.truth.paragraphs[0] not in text.text_content()
    assert page.truth.paragraphs[0] in text.text_content().encode("windows-1256").decode()


def test_the_command_builds_a_site(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "samples.build", "arabkhabar", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=SAMPLES.parent, capture_output=True, text=True, check=True)
    assert "arabkhabar.warc.gz" in done.stdout
    assert gzip.decompress((tmp_path / "arabkhabar.warc.gz").read_bytes()).startswith(b"WARC/1.1\r\n")
    assert (tmp_path / "arabkhabar.json").exists()


def test_the_command_refuses_an_unknown_site() -> None:
    command = [sys.executable, "-m", "samples.build", "nowhere"]
    done = subprocess.run(command, cwd=SAMPLES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_site_no_crawl_could_have_given_is_refused(tmp_path: Path) -> None:
    first = built("arabkhabar")[0]
    with pytest.raises(ValueError, match="twice"):
        write_site("twice", [first, first], tmp_path)
    with pytest.raises(ValueError, match="at least one"):
        write_site("empty", [], tmp_path)
