"""How a run tells whoever started it how far it is: through Prefect's flow and task calls, which take values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from flows.partitions import Ended, File, Partition
from flows.report import RunReport


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands."""

    source: str
    stage: str
    """What is being done, for people: `crawling`, `ingesting …`, …"""
    discovered: int = 0
    fetched: int = 0
    bytes: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Outcome → captures so far."""


class Listener(Protocol):
    """Who follows a run."""

    def progress(self, progress: Progress) -> None:
        """The run has moved on; called up to some hundred times a second."""

    def page(self, url: str) -> None:
        """A response of the file being ingested has been read and its article extracted."""

    def waiting(self, for_what: str) -> None:
        """The run waits for something before it can go on."""

    def finished(self, report: RunReport) -> None:
        """The run has ended, well or not or by an interruption; not called when it raises an error."""

    def began(self, partition: Partition | File, number: int, of: int) -> None:
        """A backfill begins with a partition, the one with this number, from 1, of so many."""

    def ended(self, ended: Ended) -> None:
        """A partition of a backfill has ended, or is not to be run."""


class _Nobody:
    def progress(self, progress: Progress) -> None: ...

    def page(self, url: str) -> None: ...

    def waiting(self, for_what: str) -> None: ...

    def finished(self, report: RunReport) -> None: ...

    def began(self, partition: Partition | File, number: int, of: int) -> None: ...

    def ended(self, ended: Ended) -> None: ...


_listener: ContextVar[Listener] = ContextVar("listener", default=_Nobody())  # noqa: B039 -- it has no state


def listener() -> Listener:
    """Who follows the current run."""
    return _listener.get()


@contextmanager
def followed_by(follower: Listener) -> Iterator[None]:
    """Runs started within report to `follower`."""
    token = _listener.set(follower)
    try:
        yield
    finally:
        _listener.reset(token)
