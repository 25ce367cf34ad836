"""A download handler that answers from WARC files, so that a spider runs offline, unchanged, against real URLs.

What was never archived is not answered: the request fails, as one to a host that is down would, and nothing is written
of it. A 404 made up for it would look like something the site once said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.utils._download_handlers import make_response
from w3lib.url import safe_url_string

from archive.warc import Capture, read_warc
from spiders.bounds import FLAGS
from spiders.wire import WIRE, Wire


class ReplayDownloadHandler(BaseDownloadHandler):
    """Serves what a `ReplayArchive` holds; `replaying` makes the class for one."""

    archive: ReplayArchive

    async def download_request(self, request: Request) -> Response:
        """The next archived response of the request's URL.

        Raises:
            IgnoreRequest: none was archived; counted as `replay/missing`.
        """
        found = self.archive.next_response(request.url)
        if found is None:
            self.crawler.stats.inc_value("replay/missing")
            raise IgnoreRequest(f"{request.url} is not in the replayed archive")
        capture, served = found
        cut = next((each for each in FLAGS if each == capture.truncated), None)
        # The request of today was not sent to anybody: what is archived is the exchange of then.
        request.meta[WIRE] = Wire(
            request_headers=(),
            protocol=capture.protocol,
            reason=capture.reason,
            response_headers=capture.headers,
            fetched_at=capture.fetched_at,
            ip=None,
            truncated=cut,
            archived=served,
        )
        return make_response(
            url=urldefrag(request.url)[0],
            status=capture.status,
            headers=Headers((name.encode("latin-1"), value.encode("latin-1")) for name, value in capture.headers),
            body=capture.payload,
            flags=[FLAGS[cut]] if cut else [],
            protocol=capture.protocol,
        )


def replaying(archive: ReplayArchive) -> type[ReplayDownloadHandler]:
    """A handler class that answers from `archive`: Scrapy wants classes, and makes one object of it for each scheme."""
    return type("ReplayDownloadHandler", (ReplayDownloadHandler,), {"archive": archive})


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    offset: int


class ReplayArchive:
    """The responses of some WARC files, each URL's in the order they were fetched.

    Only their places are held; a body is read when it is asked for.
    """

    def __init__(self, warcs: Sequence[Path]) -> None:
        """Index the files.

        Raises:
            archive.warc.WarcError: one of them cannot be read.
            OSError: one of them cannot be opened.
        """
        dated = []
        for path in warcs:
            with path.open("rb") as stream:
                # A revisit needs no place of its own: the response it repeats is served again.
                dated += [
                    (capture.fetched_at, capture.url, _Place(path, capture.offset))
                    for capture in read_warc(stream)
                    if not capture.repeats
                ]
        dated.sort(key=lambda entry: entry[0])
        self._exact: dict[str, list[_Place]] = defaultdict(list)
        self._normal: dict[str, list[_Place]] = defaultdict(list)
        for _, url, place in dated:
            self._exact[url].append(place)
            self._normal[normal_encoding(url)].append(place)
        self._served: dict[_Place, None] = {}

    def next_response(self, url: str) -> tuple[Capture, bool] | None:
        """The next response of `url`, in the end the last again, and whether it was served before; None: no such URL.

        It is looked for as it stands, then with its percent-encoding in normal form.
        """
        url = urldefrag(url)[0]
        places = self._exact.get(url) or self._normal.get(normal_encoding(url))
        if not places:
            return None
        place = next((place for place in places if place not in self._served), places[-1])
        again = place in self._served
        self._served[place] = None
        with place.path.open("rb") as stream:
            stream.seek(place.offset)
            return next(read_warc(stream)), again


def normal_encoding(url: str) -> str:
    """`url` with everything encoded that must be, nothing that need not, and capital hexadecimal digits."""
    return re.sub(r"%[0-9A-Fa-f]{2}", _normal_escape, safe_url_string(url))


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else match[0].upper()
