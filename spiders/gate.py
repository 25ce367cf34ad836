"""Which URLs of a run may be asked for, and what is told of those that may not. No network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import blake2b
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url, safe_url_string

from archive.forgotten import Forgotten
from archive.warc import Found
from extract.types import Source
from spiders.budget import Budget
from spiders.links import LinkLog
from spiders.traps import SESSION, Traps, without_session

MAX_SEEN = 2_000_000
"""URLs remembered, some 200 MB. Beyond them, only those are that are asked for: others are looked at again when they
are met again, which costs time alone."""


class Gate:
    """Lets a URL through once: on the source's domains, not forgotten, within its limits and in no trap."""

    def __init__(
        self, source: Source, forgotten: Forgotten, log: LinkLog, count: Callable[[str], None], today: date
    ) -> None:
        """Begin with none met.

        Args:
            source: whose URLs are met.
            forgotten: what was taken out of the archive and is not fetched again.
            log: told of what is left out.
            count: told the name of each statistic that grows by one.
            today: day of the crawl.
        """
        self._source, self._forgotten, self._log, self._count = source, forgotten, log, count
        self._seen: set[bytes] = set()
        self._left_out: dict[str, tuple[int, str]] = {}
        self.budget = Budget(source.limits)
        self.traps = Traps(source, today)

    def admits(self, url: str, found: Found, *, trusted: bool = False) -> bool:
        """Whether a URL may be asked for, which then it is not a second time.

        Args:
            url: absolute.
            found: how it was found.
            trusted: whether the user named it: then it is no trap.
        """
        if not self._source.owns(url):
            self._count("warraq/offsite")
            return False
        if self._forgotten.covers(url):
            self._count("warraq/forgotten")
            return False
        if len(url) > self._source.limits.url_bytes:
            return self.leave_out(f"the URL has more than {self._source.limits.url_bytes} bytes", url, found)
        if (key := self._key(url)) in self._seen:
            if without_session(url, self._source) != url:
                self.leave_out(SESSION, url, found)
            return False
        if len(self._seen) < MAX_SEEN:
            self._seen.add(key)
        if not trusted and (trap := self.traps.caught(url)):
            return self.leave_out(trap, url, found)
        if not self.budget.knows_host(host_of(url)):
            return self.leave_out(f"the site has more than {self._source.limits.hosts} hosts", url, found)
        return True

    def remember(self, url: str) -> None:
        """Whatever the room, do not let the URL through again."""
        self._seen.add(self._key(url))

    def leave_out(self, why: str, url: str, found: Found | None = None) -> bool:
        """Tell of something that is not asked for; False.

        Args:
            why: a phrase for people.
            url: the first such URL is an example for the others.
            found: how the URL was found; None: it is not in the log of links.
        """
        before, example = self._left_out.get(why, (0, url[:200]))
        self._left_out[why] = before + 1, example
        self._count("warraq/left_out")
        if found:
            self._log.left_out(url, found, why)
        return False

    @property
    def problems(self) -> list[str]:
        """What was left out, a phrase each."""
        return [
            f"{example}: left out, for {why}" + (f" (and {count - 1:,} more)" if count > 1 else "")
            for why, (count, example) in self._left_out.items()
        ]

    def _key(self, url: str) -> bytes:
        """Raw and percent-encoded forms of one URL are the same, and so are those of several sessions."""
        same = canonicalize_url(safe_url_string(without_session(url, self._source)))
        return blake2b(same.encode(), digest_size=16).digest()


def host_of(url: str) -> str:
    """Host of a URL, in lower case."""
    return (urlsplit(url).hostname or "").rstrip(".")
