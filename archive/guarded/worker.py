"""The process that reads pages: it answers one message after the other, each within its limits."""

from __future__ import annotations

import fcntl
import os
import pickle
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive.guarded.limits import OUT_OF_MEMORY
from archive.guarded.wire import HEAD, READY, answer
from extract.types import Reason, Rejection


def work(requests: int, answers: int, lifeline: int, *, seconds: int, memory: int) -> None:
    """Answer messages until there are no more.

    Args:
        requests: A pipe to read from.
        answers: A pipe to write to.
        lifeline: A pipe; when its far end is closed, as it is when the parent dies, this process ends at once.
        seconds: Most processor time for a message. The signal that then comes ends this process.
        memory: Most bytes of memory, beyond what this process has now. It ends if it is refused more.
    """
    _live_by(lifeline)
    _limit(memory)
    call: Callable[..., Any] = _nothing
    with os.fdopen(requests, "rb") as given, os.fdopen(answers, "wb") as out:
        out.write(READY)
        out.flush()
        while head := given.read(HEAD.size):
            is_call, size = HEAD.unpack(head)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            try:
                message = pickle.loads(given.read(size))  # noqa: S301  from the parent
                if is_call:
                    call = message
                else:
                    out.write(answer(_result(call, message)))
                    out.flush()
                del message
            except MemoryError:
                os._exit(OUT_OF_MEMORY)  # what is half built in libraries is of no further use
            signal.setitimer(signal.ITIMER_PROF, 0)


def _result(call: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    try:
        return call(*given)
    except MemoryError:
        raise
    except Exception as error:  # whatever it is, it concerns this page alone
        return Rejection(reason=Reason.FAILED, detail=f"Reading it failed: {type(error).__name__}: {error}"[:500])


def _nothing(*_: Any) -> Any:
    raise LookupError("nothing was said about what to call")


def _live_by(lifeline: int) -> None:
    """Let the kernel end this process, whatever it is doing, when the pipe's far end is closed."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _limit(memory: int) -> None:
    """Let no more memory be had than this many bytes above what there is, no file be written, no core be dumped."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():  # macOS has neither this nor such a limit
        have = int(statm.read_text().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = have + memory if most == resource.RLIM_INFINITY else min(have + memory, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
