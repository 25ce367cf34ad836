"""Content codings undone as the archive's readers undo them, so that spider and archive see the same content."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from archive.warc import decode_content, values
from extract.types import Limits, Reason


class Decoding:
    """The downloader middleware. What unpacks to more than the limit is cut there, and flagged `too_large`.

    A body that cannot be decoded stays as it is: most often it was never encoded, whatever its header says.
    """

    def __init__(self, crawler: Crawler) -> None:
        limits: Limits = crawler.settings["WARRAQ_LIMITS"]
        self._most = limits.decoded_bytes

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002 -- Scrapy's signature
        """The response with its body decoded."""
        stated = tuple(("", value.decode("latin-1")) for value in response.headers.getlist("Content-Encoding"))
        if stated and response.body:
            body, flag = decode_content(response.body, values(stated, ""), self._most)
            large = [Reason.TOO_LARGE.value] if flag == "too_large" else []
            response = response.replace(body=body, flags=[*response.flags, *large])
        if stated:
            del response.headers["Content-Encoding"]
        return response
