"""The spider as a child process: started, listened to, stopped."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flows.children import bare_environment
from flows.spool import RunDirectory

COMMAND: tuple[str, ...] = (sys.executable, "-m", "spiders.run")
GRACE = 20.0
"""Seconds a spider has, once told to stop, to finish its WARC file; then it is killed."""


@dataclass
class SpiderProcess:
    """One crawl in a process group of its own. As a context it leaves no process behind, however it is left.

    It is given no credentials: it has no use for them, and reads what strangers send. The group is its own so that a
    Ctrl-C at the terminal reaches us alone and we end the spider in order, and so that killing the group ends whatever
    the spider started.
    """

    request: Mapping[str, Any]
    """What `spiders.run` reads from its standard input."""
    directory: RunDirectory
    command: Sequence[str] = COMMAND
    grace: float = GRACE
    finished: Mapping[str, Any] | None = field(default=None, init=False)
    """The spider's last event, with its reason and statistics; None: it never came."""

    _lines: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue, init=False)
    _killer: threading.Timer | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        stderr = self.directory.path / "spider.stderr"
        with stderr.open("wb") as errors:
            self._process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                pass_fds=self.directory.inherited,
                env=bare_environment(os.environ),
            )
        assert self._process.stdin is not None  # noqa: S101 -- asked for above
        with suppress(BrokenPipeError):  # it died at once: its exit status and stderr say why
            self._process.stdin.write(json.dumps(self.request).encode() + b"\n")
            self._process.stdin.close()
        self._stderr = stderr
        self._reader = threading.Thread(target=self._read, daemon=True, name="spider-events")
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._killer:
            self._killer.cancel()
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()  # the group is dead, so the pipe has ended
        if self._process.stdout:
            self._process.stdout.close()

    def events(self) -> Iterator[Mapping[str, Any]]:
        """What the spider reports, until it ends; may be taken up again after an interruption."""
        while (line := self._lines.get()) is not None:
            event: Mapping[str, Any] = json.loads(line)
            if event["event"] == "finished":
                self.finished = event
            yield event
        self._lines.put(None)
        self._process.wait()

    def wait(self) -> None:
        """Return when the spider has ended, whatever it still reports."""
        for _ in self.events():
            pass

    @contextmanager
    def stopped_after(self, seconds: float, expired: threading.Event) -> Iterator[None]:
        """The spider is told to stop when it takes longer than this, and `expired` is set."""

        def expire() -> None:
            expired.set()
            self.stop()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _read(self) -> None:
        """Run by a thread: the spider never waits for us while a file is ingested, and a signal interrupts our wait."""
        assert self._process.stdout is not None  # noqa: S101 -- a pipe, as asked for
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def stop(self) -> None:
        """Ask the spider to finish its file and end; it is killed if it does not within the grace. Does not wait."""
        if self._killer is None and self._process.poll() is None:
            self._signal(signal.SIGTERM)
            self._killer = threading.Timer(self.grace, self._signal, (signal.SIGKILL,))
            self._killer.daemon = True
            self._killer.start()

    @property
    def exit_status(self) -> int | None:
        """As a shell gives it: 128 + n when signal n ended it; None while it runs."""
        status = self._process.poll()
        return 128 - status if status is not None and status < 0 else status

    def complaint(self) -> str:
        """The last line the spider wrote to its standard error, which is its one sentence; empty if none."""
        with self._stderr.open("rb") as stream:
            stream.seek(max(0, self._stderr.stat().st_size - 4096))
            lines = stream.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _signal(self, number: int) -> None:
        if self._process.poll() is None:  # afterwards the number may be another process's
            with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a zombie's group
                os.killpg(self._process.pid, number)


def read_log(path: Path, limit: int = 1 << 20) -> bytes:
    """The last `limit` bytes of a spider's log; empty if it wrote none."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - limit))
            return stream.read()
    except FileNotFoundError:
        return b""
