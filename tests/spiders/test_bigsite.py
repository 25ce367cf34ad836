"""The generated site is what it says it is: tests of crawls compare what they find with its truth."""

from __future__ import annotations

import itertools
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta

import pytest

from archive.dedup import signature, similarity
from extract.article import extract_article
from extract.types import Article, Page, Source
from spiders.discovery import Kind, read_document
from tests.bigsite import Fault, RunningSite, running, small
from tests.bigsite.pages import article_page


def get(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, response.read(), dict(response.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningSite]]:
    directory = tmp_path_factory.mktemp("bigsite")
    with running(small("wordpress"), small("nastooh"), small("plain"), directory=directory) as sites:
        yield sites


def announced(site: RunningSite, url: str) -> list[str]:
    status, content, _ = get(url)
    assert status == 200
    return [
        link.url.removeprefix(site.root)
        for link in read_document(Page(content=content, url=url), timezone="UTC").links
        if site.source()["article"].strip("^$/").split("/")[0] in link.url or "/20" in link.url
    ]


def test_pages_read_as_they_were_written(sites: list[RunningSite]) -> None:
    for site in sites:
        source = Source(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in site.source().items()}
        )
        texts = []
        for article in site.articles.all[::10]:
            page = article_page(article, site.root, site.now).encode()
            found = extract_article(Page(content=page, url=site.url(article), fetched_at=site.now), source)
            assert isinstance(found, Article), found
            assert list(found.paragraphs) == article.paragraphs(site.now)
            assert found.published is not None
            assert abs(found.published.at - article.published_at) < timedelta(minutes=1)
            texts.append(signature(found.text))
        assert max(similarity(a, b) for a, b in itertools.combinations(texts, 2)) < 0.2


def test_each_way_announces_what_the_truth_says(sites: list[RunningSite]) -> None:
    wordpress, nastooh, plain = sites
    out = {article.path(wordpress.now) for article in wordpress.announced("sitemap")}
    status, index, _ = get(f"{wordpress.root}/sitemap_index.xml")
    document = read_document(Page(content=index, url=wordpress.root), timezone="UTC")
    assert (status, document.kind) == (200, Kind.SITEMAP_INDEX)
    assert {path for child in document.links for path in announced(wordpress, child.url)} == out
    pages = (announced(wordpress, f"{wordpress.root}/feed/?paged={page}") for page in range(1, 11))
    assert {path for page in pages for path in page} == out
    assert get(f"{wordpress.root}/feed/?paged=12")[0] == 404
    headers = get(f"{wordpress.root}/wp-json/wp/v2/posts?per_page=100")[2]
    assert (headers["X-WP-Total"], headers["X-WP-TotalPages"]) == (str(len(out)), str(-(-len(out) // 100)))
    assert announced(nastooh, f"{nastooh.root}/rss") == [a.path(nastooh.now) for a in nastooh.announced("feed")]
    first = nastooh.root + "/page/archive.xhtml?yr=1402&mn=8&dy=13&pi=1"
    day = [article for article in nastooh.truth(nastooh.spec.first + timedelta(days=3)) if article.is_out(nastooh.now)]
    assert sorted(announced(nastooh, first)) == sorted(article.path(nastooh.now) for article in day)
    pages = (announced(plain, f"{plain.root}/?page={page}") for page in range(1, 16))
    assert sorted(path for page in pages for path in page) == sorted(
        a.path(plain.now) for a in plain.announced("listing")
    )
    assert sum(len(articles) for articles in wordpress.articles.by_day.values()) == 300


def test_time_changes_what_is_there(sites: list[RunningSite]) -> None:
    site = sites[0]
    for happens in ("edited_at", "moved_at", "deleted_at", "announced_at"):
        article = next(a for a in site.articles.all if getattr(a, happens) not in (None, a.published_at))
        at = getattr(article, happens)
        site.set(now=at - timedelta(seconds=1))
        status, before, headers = get(site.url(article))
        assert status == (404 if happens == "announced_at" else 200)
        if status == 200:
            assert get(site.url(article), If_None_Match=headers["ETag"])[0] == 304
            assert get(site.url(article), If_Modified_Since=headers["Last-Modified"])[0] == 304
        old = site.url(article)
        site.set(now=at)
        status, after, _ = get(old, If_None_Match=headers.get("ETag", '""'))
        assert status == (410 if happens == "deleted_at" else 200)
        assert after != before
        if happens == "moved_at":
            assert site.url(article) != old
    site.set(now=site.spec.end)


def test_faults_strike_as_often_as_they_are_told_and_every_request_is_logged(sites: list[RunningSite]) -> None:
    site, before = sites[2], len(sites[2].requests())
    site.set(faults=[Fault(match=r"^/\?page", status=429, retry_after=2, every=3, burst=1, times=2)])
    statuses = [get(f"{site.root}/?page={page}")[0] for page in range(1, 8)]
    assert statuses == [429, 200, 200, 429, 200, 200, 200]
    assert [asked.status for asked in site.requests(before)] == statuses
    site.set(faults=[Fault(match="robots", body="html"), Fault(match="page=1", status=403, body="challenge")])
    assert b"<html" in get(f"{site.root}/robots.txt")[1]
    assert get(f"{site.root}/?page=1")[0] == 403
    site.set(faults=[])
