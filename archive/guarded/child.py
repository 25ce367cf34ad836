"""The process that reads pages, as its parent sees it: started, written to, read from, ended."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import weakref
from contextlib import suppress
from pathlib import Path

from archive.guarded.limits import PageLimits
from archive.guarded.wire import LENGTH, STATUS

_KEPT = ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
"""Of our environment, which holds credentials, what the child's interpreter may need."""
_OWN = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
_PIPE = 1 << 20
"""Bytes of pages, and of answers, that wait while one side is busy: an unprivileged process gets no larger pipe."""
_FAREWELL = 5.0
"""Seconds in which a fork server ends when told to."""


class WorkerEnded(Exception):  # noqa: N818  what became of it; no error of ours
    """The worker has ended, with `status`: minus the signal's number where one ended it; None: nobody knows."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class WorkerStuck(Exception):  # noqa: N818  likewise
    """Nothing was heard of the worker in all its time."""


class Child:
    """A fork server and its worker. Not for several threads at a time.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, limits: PageLimits) -> None:
        self.limits = limits
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._server = subprocess.Popen(
                    [sys.executable, "-P", "-m", "archive.guarded.server", str(limits.seconds), str(limits.memory)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    env=_environment(),
                    process_group=0,  # Ctrl-C is for the parent
                )
            except BaseException:
                ours.close()
                raise
        self._control = ours
        self._pipes: list[int] = []
        self.end = weakref.finalize(self, _end, self._server, self._control, self._pipes, os.getpid())
        """End both, and leave neither a zombie nor an open pipe; done at exit too."""
        self.start_worker()

    def start_worker(self) -> None:
        """Have a worker, new from the mould, instead of the one there was."""
        _close(self._pipes)
        requests, our_requests = os.pipe()
        our_answers, answers = os.pipe()
        lifeline, our_lifeline = os.pipe()
        self._pipes += our_requests, our_answers, our_lifeline
        try:
            os.set_blocking(our_requests, False)
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                for pipe in (our_requests, our_answers):
                    with suppress(OSError):  # the pipes of a user are limited in sum
                        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
            with suppress(BrokenPipeError):  # the server has ended: told when an answer is waited for
                socket.send_fds(self._control, [b"!"], [requests, answers, lifeline])
        finally:
            _close([requests, answers, lifeline])
        self.answered = 0
        """Messages so far; 0 of a worker that is as fresh as the next one would be."""
        self._has_begun = False
        self._ended: WorkerEnded | None = None
        self._outbox: list[memoryview] = []
        self._inbox = bytearray()

    @property
    def is_alive(self) -> bool:
        """Whether it can be given pages."""
        return self._server.poll() is None

    def kill(self) -> None:
        """End both at once, also a worker that is stopped."""
        if self.is_alive:
            os.killpg(self._server.pid, signal.SIGKILL)
        self.end()

    def send(self, message: bytes) -> None:
        """Have a message sent as soon as there is room for it; that is while something is received."""
        self._outbox.append(memoryview(message))

    def pump(self) -> None:
        """Send and receive what goes without waiting.

        Raises:
            WorkerEnded: it has ended; answers that came before may still be received.
        """
        self._exchange(0)

    def receive(self) -> bytes:
        """The next answer.

        Raises:
            WorkerEnded: it has ended before.
            WorkerStuck: the time in which it has to come is over.
        """
        while (found := self._next()) is None:
            if not self._exchange(self.limits.patience):
                raise WorkerStuck
        self.answered += 1
        return found

    def complaint(self) -> str:
        """The last line that the server, which has ended, wrote to its standard error; empty if none."""
        assert self._server.stderr is not None  # noqa: S101  a pipe, as asked for
        lines = self._server.stderr.read().decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _next(self) -> bytes | None:
        """The answer that has come whole, if one has."""
        while len(self._inbox) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._inbox)
            if size > self.limits.memory << 20:
                raise ValueError(f"it is of {size} bytes")
            end = LENGTH.size + size
            if len(self._inbox) < end:
                return None
            found = bytes(self._inbox[LENGTH.size : end])
            del self._inbox[:end]
            if self._has_begun:
                return found
            self._has_begun = True
        return None

    def _exchange(self, patience: float) -> bool:
        """Write and read what can be; whether anything was, within so many seconds."""
        requests, answers, _ = self._pipes
        poll = select.poll()
        poll.register(answers, select.POLLIN)
        if self._outbox:
            poll.register(requests, select.POLLOUT)
        events = poll.poll(patience * 1000)
        for pipe, _ in events:
            if pipe == requests:
                self._write(requests)
            elif data := os.read(answers, _PIPE):
                self._inbox += data
            else:
                self._ended = self._ended or WorkerEnded(self._status())
                raise self._ended
        return bool(events)

    def _write(self, requests: int) -> None:
        try:
            while self._outbox:
                sent = os.write(requests, self._outbox[0])
                if sent < len(self._outbox[0]):
                    self._outbox[0] = self._outbox[0][sent:]
                else:
                    del self._outbox[0]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # it has ended; what it answered before may still be read
            self._outbox.clear()

    def _status(self) -> int | None:
        """What the server says of the worker, which answers no more."""
        self._control.settimeout(self.limits.patience)
        try:
            data = self._control.recv(STATUS.size)
        except TimeoutError:
            raise WorkerStuck from None
        except ConnectionError:
            data = b""
        return int(STATUS.unpack(data)[0]) if data else None


def _end(server: subprocess.Popen[bytes], control: socket.socket, pipes: list[int], owner: int) -> None:
    _close(pipes)  # ends the worker, and the server waits for it
    control.close()
    if os.getpid() == owner:
        try:
            server.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    else:  # in a fork of the owner, whose processes they are
        server.returncode = 0
    if server.stderr:
        server.stderr.close()


def _close(pipes: list[int]) -> None:
    while pipes:
        os.close(pipes.pop())


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    return kept | _OWN | {"PYTHONPATH": os.pathsep.join(each or str(Path.cwd()) for each in sys.path)}
