"""`warraq reextract`: stored WARC files, read again by the rules of today, by as many workers as there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from archive.keys import run_key
from archive.reextraction import Candidate, Scope, begin
from archive.reread import FileReport
from archive.store import Store
from archive.tables import Tables
from extract.escaping import safe_json
from flows.console import working
from flows.failures import Exit, say
from flows.pipeline import may_write, new_run_id, retrying, versions
from flows.rereading import Failed, FileJob, read_file
from flows.runners import Runner
from flows.settings import Settings
from flows.sources import known_sources
from flows.terminal import readable_bytes

Tell = Callable[[str], None]


@dataclass(kw_only=True)
class Reextraction:
    """What a re-extraction has done so far."""

    candidate: Candidate
    files: int = 0
    """WARC files read by this run."""
    remaining: int = 0
    """Those of the candidate that are left to read."""
    captures: int = 0
    articles: int = 0
    bytes: int = 0
    failed: list[Failed] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    """What cannot be read of files that were."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def seconds(self) -> float:
        """Since it began."""
        return (datetime.now(UTC) - self.started_at).total_seconds()

    def add(self, done: FileReport | Failed) -> None:
        """Count what came of a file."""
        if isinstance(done, Failed):
            self.failed.append(done)
            return
        self.files += 1
        self.remaining -= 1
        self.captures += done.captures
        self.articles += done.articles
        self.bytes += done.bytes
        if done.damage:
            self.damaged.append(done.damage)

    def progress(self) -> str:
        """Where it stands, for people."""
        total = len(self.candidate.files)
        pace = self.captures / self.seconds if self.seconds else 0
        return (
            f"{total - self.remaining} of {total} files · {self.captures} captures, {self.articles} of them articles · "
            f"{readable_bytes(self.bytes)} · {pace:.0f} captures/s"
        )

    def to_dict(self) -> dict[str, object]:
        """JSON-able."""
        candidate = {name: value for name, value in json.loads(self.candidate.to_json()).items() if name != "files"}
        return {
            "candidate": candidate,
            "files": self.files,
            "remaining": self.remaining,
            "captures": self.captures,
            "articles": self.articles,
            "bytes": self.bytes,
            "failed": [asdict(each) for each in self.failed],
            "damaged": self.damaged,
            "seconds": round(self.seconds, 3),
        }


def reextract(settings: Settings, store: Store, scope: Scope, runner: Runner, tell: Tell) -> Reextraction:
    """Read the WARC files of a scope again, or what an earlier run has left of it, and report under `runs/`.

    Raises:
        StoreError: the archive cannot be read or written, after retries. What was read is kept.
        InputError: a worker died. Likewise.
        KeyboardInterrupt: likewise.
    """
    may_write(store, settings)
    sources = known_sources(settings)
    candidate = retrying(begin, store, Tables(store).snapshot(), scope, sources, settings.page_limits)
    remaining = retrying(candidate.remaining, store)
    done = Reextraction(candidate=candidate, remaining=len(remaining))
    jobs = (
        FileJob(
            root=settings.root,
            s3=settings.s3,
            candidate=candidate.id,
            warc_key=key,
            source=sources[_source(key)],
            limits=settings.page_limits,
        )
        for key in remaining
    )
    try:
        tell(done.progress())
        for each in runner.run(read_file, jobs):
            done.add(each)
            tell(done.progress())
    except BaseException as error:
        error.add_note(
            f"{done.remaining} of {len(candidate.files)} files of candidate {candidate.id} are left to read; the same "
            "command goes on with them."
        )
        raise
    if candidate.files:
        file_report(store, "reextract", done.started_at, {"step": "read", "versions": versions(), **done.to_dict()})
    return done


def file_report(store: Store, flow: str, started_at: datetime, report: dict[str, object]) -> None:
    """Put a report under `runs/`."""
    run_id = new_run_id()
    filed = {"flow": flow, "run_id": run_id, "started_at": started_at.isoformat(), **report}
    data = safe_json(filed, indent=2).encode() + b"\n"
    retrying(store.put_if_absent, run_key(flow, started_at.date(), run_id), data)


def _source(key: str) -> str:
    return key.split("/")[1]


def reextract_archive(settings: Settings, store: Store, scope: Scope, runner: Runner, *, as_json: bool) -> Exit:
    """Re-extract, and print what came of it and what to type next."""
    with working("reading the tables") as tell:
        done = reextract(settings, store, scope, runner, lambda what: tell(f"reading again: {what}"))
    if as_json:
        sys.stdout.write(safe_json(done.to_dict()) + "\n")
    for sentence in _conclusion(done):
        say(sentence)
    return Exit.FAILED if done.failed or done.damaged else Exit.OK


def _conclusion(done: Reextraction) -> Sequence[str]:
    candidate = done.candidate
    if not candidate.files:
        return ["No ingested WARC file is in this scope: there is nothing to read again"]
    read = f"{done.files} WARC file(s), {done.captures} captures read again in {done.seconds:.1f} s"
    if not done.files and not done.failed:
        read = "All files of this scope have been read by the rules of today"
    problems = [f"{each}; what it held there keeps what the tables say" for each in done.damaged]
    problems += [each.problem for each in done.failed]
    left = f"{read}; {len(done.failed)} could not be read: restore them, then run the same command again"
    finished = f"{read}: candidate {candidate.id}. See what it changes with `warraq diff`, then `warraq promote`"
    return [*problems, left if done.failed else finished]
