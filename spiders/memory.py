"""The memory that a spider may take: a crawl that comes to it ends in order, and one response cannot jump over it."""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.extensions.memusage import MemoryUsage
from scrapy.utils.defer import _schedule_coro

ROOM = 256
"""MiB beyond the limit that a process may allocate: what is asked for beyond them is refused (`MemoryError`)."""
_STATM = Path("/proc/self/statm")


class MemoryLimit(MemoryUsage):
    """Scrapy's extension, with two differences.

    It looks at what the process takes now, where the system tells (Linux): Scrapy looks at the most that it ever took,
    and would end the next run too at the one document that is as large as that. And it says nothing while all is well.
    Statistics: `warraq/memory_limit` in MiB, where it was met.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getint("MEMUSAGE_LIMIT_MB"):
            raise NotConfigured
        super().__init__(crawler)

    def get_virtual_size(self) -> int:
        """Bytes of memory that the process takes."""
        try:
            return int(_STATM.read_text().split()[1]) * resource.getpagesize()
        except OSError:
            return super().get_virtual_size()

    def _check_limit(self) -> None:
        if self.get_virtual_size() > self.limit:
            self._stats.set_value("warraq/memory_limit", self.limit >> 20)
            _schedule_coro(self.crawler.engine.close_spider_async(reason="memory"))


def set_ceiling(mebibytes: int) -> None:
    """Let the system refuse this process more memory than the limit and some room, where it can (Linux).

    What is limited is the data segment with private mappings, which excludes the program's own files.
    """
    with suppress(ValueError, OSError):  # somebody has set a lower one
        ceiling = (mebibytes + ROOM) << 20
        resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))
