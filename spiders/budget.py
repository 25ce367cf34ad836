"""What is left of the limits of a run. Pure."""

from __future__ import annotations

from collections import Counter

from extract.types import Limits


class Budget:
    """Counts what a run takes of a source."""

    def __init__(self, limits: Limits) -> None:
        """Begin with nothing taken."""
        self._limits = limits
        self._documents = self._pages = self._bytes = 0
        self._host_pages: Counter[str] = Counter()
        self._host_bytes: Counter[str] = Counter()
        self.spent: str | None = None
        """The first limit of the run that was met: nothing more is to be asked for than what waits already."""
        self.left: set[str] = set()
        """All limits for which something was left to the next run."""

    def knows_host(self, host: str) -> bool:
        """Whether a host may be asked: it was before, or there is room for one more."""
        if host in self._host_pages:
            return True
        if len(self._host_pages) >= self._limits.hosts:
            return False
        self._host_pages[host] = 0
        return True

    def take_document(self) -> bool:
        """Whether there is room for a document, which then is taken."""
        if self._documents >= self._limits.documents:
            self._spend("documents")
            return False
        self._documents += 1
        return True

    def take_page(self, host: str) -> bool:
        """Whether there is room for a page, which then is taken."""
        if self._pages >= self._limits.pages:
            self._spend("pages")
            return False
        if self._host_pages[host] >= self._limits.host_pages:
            self.left.add("host_pages")
            return False
        self._pages += 1
        self._host_pages[host] += 1
        return True

    def received(self, host: str, count: int) -> None:
        """A response has come, of so many bytes."""
        self._bytes += count
        self._host_bytes[host] += count
        if self._bytes >= self._limits.bytes:
            self._spend("bytes")

    def has_bytes(self, host: str) -> bool:
        """Whether more may come of a host."""
        if self._host_bytes[host] >= self._limits.host_bytes:
            self.left.add("host_bytes")
            return False
        return True

    def _spend(self, limit: str) -> None:
        self.spent = self.spent or limit
        self.left.add(limit)
