"""The documents in which a site announces its articles: feeds, sitemaps, WordPress's REST API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from tests.bigsite.articles import NAMES, Article, Spec

FEED_ITEMS = 30
NEWS_SITEMAP_HOURS = 48
SITEMAP = "sitemap_index.xml"


def robots(sitemaps: Sequence[str]) -> bytes:
    return "\n".join(
        ["User-agent: *", "Disallow: /wp-admin/", "", *(f"Sitemap: {url}" for url in sitemaps), ""]
    ).encode()


def rss(spec: Spec, articles: Sequence[Article], root: str, now: datetime) -> bytes:
    """RSS 2.0 with times to the second, and summaries."""
    items = "\n".join(
        f"<item><title>{article.title(now)}</title><link>{root}{article.path(now)}</link>"
        f"<pubDate>{format_datetime(article.published_at)}</pubDate>"
        f'<guid isPermaLink="false">{root}/?p={article.id}</guid>'
        f"<description><![CDATA[{article.title(now)}]]></description></item>"
        for article in articles
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>{NAMES[spec.kind]}</title>'
        f"<link>{root}/</link><language>{spec.language}</language>\n{items}\n</channel></rss>\n"
    ).encode()


def sitemap_index(children: Iterable[tuple[str, datetime]]) -> bytes:
    """Of (URL, time of last change)."""
    rows = "\n".join(
        f"<sitemap><loc>{escape(url)}</loc><lastmod>{_utc(changed)}</lastmod></sitemap>" for url, changed in children
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{_SITEMAPS}">\n{rows}\n</sitemapindex>\n'
    ).encode()


def sitemap(articles: Sequence[Article], root: str, now: datetime) -> bytes:
    """Like WordPress's: no time of publication, but the last change."""
    rows = "\n".join(
        f"<url><loc>{root}{article.path(now)}</loc><lastmod>{_utc(article.modified_at(now))}</lastmod></url>"
        for article in articles
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAPS}">\n{rows}\n</urlset>\n'.encode()


def news_sitemap(spec: Spec, articles: Sequence[Article], root: str, now: datetime) -> bytes:
    """With Google's news extension: what was published in the last two days."""
    rows = "\n".join(
        f"<url><loc>{root}{article.path(now)}</loc><news:news><news:publication><news:name>{NAMES[spec.kind]}</news:name>"
        f"<news:language>{spec.language}</news:language></news:publication>"
        f"<news:publication_date>{article.published_at.isoformat()}</news:publication_date>"
        f"<news:title>{article.title(now)}</news:title></news:news></url>"
        for article in articles
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAPS}" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{rows}\n</urlset>\n'
    ).encode()


_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def posts(articles: Sequence[Article], root: str, now: datetime) -> bytes:
    """A page of `/wp-json/wp/v2/posts`, with the fields that a listing of articles needs and what else there is."""
    return json.dumps([_post(article, root, now) for article in articles], ensure_ascii=False).encode()


def _post(article: Article, root: str, now: datetime) -> dict[str, object]:
    published, modified = article.published_at, article.modified_at(now)
    return {
        "id": article.id,
        "date": f"{published:%Y-%m-%dT%H:%M:%S}",
        "date_gmt": f"{published.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "guid": {"rendered": f"{root}/?p={article.id}"},
        "modified": f"{modified:%Y-%m-%dT%H:%M:%S}",
        "modified_gmt": f"{modified.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "slug": article.path(now).strip("/").rpartition("/")[2],
        "status": "publish",
        "type": "post",
        "link": root + article.path(now),
        "title": {"rendered": article.title(now)},
    }


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"
