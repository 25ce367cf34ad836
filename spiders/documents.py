"""What Scrapy's HTTP cache keeps for a backfill: the documents that announce articles, never an article."""

from __future__ import annotations

from scrapy import Request
from scrapy.extensions.httpcache import DummyPolicy
from scrapy.http import Response

from archive.warc import DOCUMENT, Found
from spiders.blocking import refusal
from spiders.bounds import cut_off
from spiders.capture import FOUND


class DocumentsOnly(DummyPolicy):
    """The cache policy: a backfill of a hundred days reads a sitemap once."""

    def should_cache_request(self, request: Request) -> bool:
        """Whether it is for a document."""
        found: Found | None = request.meta.get(FOUND)
        return bool(found and found.by.startswith(DOCUMENT))

    def should_cache_response(self, response: Response, request: Request) -> bool:  # noqa: ARG002 -- Scrapy's signature
        """Whether it is one, whole, and not an error that may have passed by the next day's run."""
        return not cut_off(response) and response.status in (200, 301, 308) and refusal(response) is None
