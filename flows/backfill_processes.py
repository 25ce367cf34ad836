"""Backfills of several sources at once: a `warraq backfill` of one source each, in processes of their own.

Processes, not threads: each ends in order by itself when it is told to, and articles are extracted on all cores.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from extract.types import Source
from flows.backfilling import Days
from flows.failures import Exit
from flows.partitions import Ended
from flows.progress import Listener, listener


def side_by_side(sources: Sequence[Source], days: Days, max_active: int) -> Exit:
    """Run the backfills of the sources, at most `max_active` at a time; how they ended together.

    What they report goes to this process's listener. They end in order when this process is interrupted, and also when
    it is killed.
    """
    crew = _Crew(days=days, listener=listener())
    with ThreadPoolExecutor(max_active) as threads:
        try:
            statuses = [future.result() for future in [threads.submit(crew.run, source) for source in sources]]
        except BaseException:
            crew.stop()
            threads.shutdown(cancel_futures=True)
            raise
    return max((_exit(status) for status in statuses), key=_SEVERITY.index)


def _exit(status: int) -> Exit:
    """A process that was killed has failed; whatever it left, the next run takes up."""
    return Exit(status) if status in _SEVERITY else Exit.FAILED


_SEVERITY = (Exit.OK, Exit.FAILED, Exit.PREFECT, Exit.STORE, Exit.USAGE, Exit.TERMINATED, Exit.INTERRUPTED)


@dataclass(kw_only=True)
class _Crew:
    """The processes at work."""

    days: Days
    listener: Listener
    _at_work: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ended: int = 0
    _stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, source: Source) -> int:
        """Run one source's backfill to its end; its exit status. Run by a thread."""
        with self._started(source) as process:
            if process is None:
                return Exit.INTERRUPTED
            assert process.stdout is not None  # noqa: S101 -- a pipe, as asked for
            for line in process.stdout:
                with self._lock:
                    self._ended += 1
                    self.listener.ended(Ended.from_row(json.loads(line)))
                    self.listener.waiting(f"{self._ended} partitions ended; at work: {', '.join(self._at_work)}")
        return process.returncode

    def stop(self) -> None:
        """Tell all to end in order, and start no more."""
        with self._lock:
            self._stopped = True
            for process in self._at_work.values():
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)

    @contextmanager
    def _started(self, source: Source) -> Iterator[subprocess.Popen[bytes] | None]:
        with self._lock:
            if self._stopped:
                process = None
            else:
                process = self._at_work[source.id] = subprocess.Popen(
                    [sys.executable, "-m", "flows.cli", "backfill", source.id, *_arguments(self.days)],
                    stdin=subprocess.PIPE,  # it ends with this, however we end
                    stdout=subprocess.PIPE,
                    start_new_session=True,  # a Ctrl-C reaches us alone, and we end it in order
                )
        try:
            yield process
        finally:
            if process:
                process.wait()
                for stream in (process.stdin, process.stdout):
                    if stream:
                        stream.close()
                with self._lock:
                    del self._at_work[source.id]


def _arguments(days: Days) -> list[str]:
    return [
        f"--since={days.since}",
        f"--until={days.until}",
        f"--reprocess={days.reprocess}",
        *(["--backwards"] if days.backwards else []),
        "--json",
        "--lifeline",
    ]


def end_with(stream: int) -> None:
    """Have this process end in order, as SIGTERM ends it, when the other end of the descriptor is closed."""

    def follow() -> None:
        while os.read(stream, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, daemon=True, name="lifeline").start()
