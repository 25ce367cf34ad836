"""Entering a run into the ledger when it has ended: by itself, or after it was killed by the next run of the source.

What it was asked for lies in its directory from its beginning, beside the spider's log of links, and leaves it when its
rows are written: a directory in which it still lies belongs to a run that is to be entered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, Self

from archive.coverage import Announced, DayCoverage, Ending, Run
from archive.store import Store
from archive.tables import Tables
from extract.types import Source
from flows.ledger import write_rows
from flows.spool import LINKS, RUN, RunDirectory
from spiders.links import Links, LoggedLink, State, read_links


@dataclass(frozen=True, kw_only=True)
class RunNote:
    """What is to be known of a run to enter it: `run.json` in its directory."""

    run_id: str
    flow: str
    started_at: datetime
    since: date | None = None
    until: date | None = None
    watermark: datetime | None = None
    discovers: bool = True
    ended_at: datetime | None = None
    """None: it was killed, or is still at work."""
    ending: Ending = "broken"
    problem: str | None = None
    discovery_ended: bool = False
    unread: Sequence[str] = ()
    """What announces links and could not be read, a phrase each."""

    @classmethod
    def read(cls, directory: RunDirectory) -> Self | None:
        """The note in a run's directory; None: there is none that can be read."""
        try:
            given: dict[str, Any] = json.loads((directory.path / RUN).read_bytes())
            for name in ("started_at", "watermark", "ended_at"):
                given[name] = given[name] and datetime.fromisoformat(given[name])
            for name in ("since", "until"):
                given[name] = given[name] and date.fromisoformat(given[name])
            return cls(**given)
        except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def write(self, directory: RunDirectory) -> None:
        """Put it into the run's directory, whole or not at all.

        Raises:
            SpoolError: it cannot be written.
        """
        directory.put(RUN, json.dumps(asdict(self), default=lambda at: at.isoformat()).encode())

    def of(self, source: Source) -> Run:
        """The run, as the ledger takes it."""
        return Run(
            source=source,
            run_id=self.run_id,
            flow=self.flow,
            started_at=self.started_at,
            ended_at=self.ended_at or self.started_at,
            since=self.since,
            until=self.until,
            watermark=self.watermark,
            discovers=self.discovers,
            ending=self.ending,
            problem=self.problem,
            discovery_ended=self.discovery_ended,
            unread=self.unread,
        )


_FORBIDDEN = "Forbidden by robots.txt"
"""What the log of links says of a page that is not asked for (`spiders.robots`)."""


def is_noted(directory: RunDirectory) -> bool:
    """Whether it is known what the run was asked for."""
    return RunNote.read(directory) is not None


def declare_dead(directory: RunDirectory) -> None:
    """Note when a run that was killed was last at work, before anything in its directory is touched.

    Raises:
        SpoolError: the directory cannot be written.
    """
    note = RunNote.read(directory)
    if note and note.ended_at is None:
        times = [each.stat().st_mtime for each in directory.path.iterdir()]
        last_sign = max(datetime.fromtimestamp(max(times), UTC), note.started_at)
        replace(note, ended_at=last_sign, problem="the run was killed before its end").write(directory)


def enter(
    directory: RunDirectory, source: Source, tables: Tables, store: Store, *, also: Iterable[str] = ()
) -> list[DayCoverage]:
    """Write the rows of the run whose directory this is, unless they are written; its pages are in the tables.

    Args:
        directory: The run's directory.
        source: The source it crawled.
        tables: The archive's tables.
        store: The archive.
        also: Keys of WARC files that it ingested, beside those that bear its name.

    Raises:
        StoreError: the archive cannot be read or written. Nothing was written; enter it again.
    """
    note = RunNote.read(directory)
    if note is None:
        return []
    links = read_links(directory.path / LINKS)
    rows = write_rows(tables, store, note.of(source), list(announced(links)), also=also)
    (directory.path / RUN).unlink()
    return rows


def announced(links: Links) -> Iterator[Announced]:
    """The links of a log, as the ledger takes them; those that are not to be fetched are left out."""
    for link in links.links.values():
        if link.state not in (State.OUTSIDE, State.LEFT_OUT):
            yield Announced(
                url=link.url,
                announced_at=link.found.announced_at,
                kind="known" if link.state is State.KNOWN else "revisit" if link.revisit else "new",
                end=_end(link),
                why=link.why,
            )


def _end(link: LoggedLink) -> Literal["fetched", "failed", "forbidden", "unreached"]:
    match link.state:
        case State.FETCHED:
            return "fetched"
        case State.FAILED:
            return "forbidden" if link.why == _FORBIDDEN else "failed"
        case _:
            return "unreached"
