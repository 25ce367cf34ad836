"""Pages in, what they show out, in their order, whatever a page does to the process that reads it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import Any, Generic, Self, TypeVar
from weakref import WeakSet

from archive.dedup import Reading
from archive.guarded.child import Child, WorkerEnded, WorkerStuck
from archive.guarded.limits import OVERTIME, PageLimits
from archive.guarded.wire import message, read_answer
from archive.readings import read_capture, reading_of, withhold
from archive.warc import Capture
from extract.types import Rejection, Source

Tag = TypeVar("Tag")
Result = TypeVar("Result")

_AHEAD = 64
_BYTES_AHEAD = 4 << 20
"""Most pages, and bytes of them, that wait for their answer; one page may be larger."""


class ReaderError(Exception):
    """No child can be started: the machine is out of processes or memory, or the installation is damaged."""


class Reader:
    """Reads pages in a child of its own, which starts with the first page and stays for the next ones.

    Several threads may use it: each has a child while it reads. As a context it leaves no child behind; otherwise they
    end with this process.
    """

    def __init__(self, limits: PageLimits = PageLimits()) -> None:  # noqa: B008  a frozen value
        self.limits = limits
        self._idle: list[Child] = []
        _readers.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children that are at rest."""
        while self._idle:
            self._idle.pop().end()

    def captures(self, captures: Iterable[Capture], source: Source) -> Iterator[tuple[Capture, Reading]]:
        """What each capture shows, in their order, as `read_capture` says; several are asked for ahead.

        A capture over which the child ends, or goes over its limits, shows a rejection that says so; so does one whose
        text is not to be kept.

        Raises:
            ReaderError: no child can be started.
        """
        # Extraction reads `content`; `payload` is the same, or what that was decoded from.
        asked = ((capture, (replace(capture, payload=b""),)) for capture in captures)
        for capture, found in self.map(partial(read_capture, source=source), asked):
            reading = reading_of(capture, source, found) if isinstance(found, Rejection) else found
            yield capture, withhold(reading, self.limits.obey)

    def map(
        self, call: Callable[..., Result], asked: Iterable[tuple[Tag, tuple[Any, ...]]]
    ) -> Iterator[tuple[Tag, Result | Rejection]]:
        """`call(*given)` for each `(tag, given)`, in their order, or the refusal of what is over its limits.

        Several are asked for ahead.

        Args:
            call: Importable by the child; its results are values that extraction gives.
            asked: What to call it with, and what goes with the result. An error of it is raised after the results of
                what came before.

        Raises:
            ReaderError: no child can be started.
        """
        work = _Work[Tag](self, message(call, is_call=True))
        failure: Exception | None = None
        left = iter(asked)
        try:
            while True:
                while not failure and work.has_room():
                    try:
                        tag, given = next(left)
                    except StopIteration:
                        break
                    except Exception as error:
                        failure = error
                        break
                    work.ask(tag, message(given))
                if not work.waiting:
                    break
                yield work.answer()
        except BaseException:
            work.give_up()
            raise
        if work.child:
            self._idle.append(work.child)
        if failure:
            raise failure

    def take(self) -> Child:
        """A child at rest, or a new one.

        Raises:
            ReaderError: none can be started.
        """
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            child.end()
        try:
            return Child(self.limits)
        except OSError as error:
            raise ReaderError(
                f"Cannot start a process to read pages in ({error.strerror or error}): "
                "free memory, or allow more processes, then run it again"
            ) from error


@dataclass(kw_only=True)
class _Asked(Generic[Tag]):
    tag: Tag
    message: bytes


class _Work(Generic[Tag]):
    """What was asked for and not yet answered, and the child that is to answer it."""

    def __init__(self, reader: Reader, begin: bytes) -> None:
        self.waiting: deque[_Asked[Tag]] = deque()
        self.child: Child | None = None
        self._reader = reader
        self._begin_with = begin
        """Tells a worker what to do with what follows."""
        self._bytes = 0

    def has_room(self) -> bool:
        """Whether more may be asked for."""
        return not self.waiting or (len(self.waiting) < _AHEAD and self._bytes < _BYTES_AHEAD)

    def ask(self, tag: Tag, message: bytes) -> None:
        """Ask for one more."""
        self.waiting.append(_Asked(tag=tag, message=message))
        self._bytes += len(message)
        if self.child:
            self.child.send(message)
        else:
            self._begin()
        with suppress(WorkerEnded, WorkerStuck):  # whoever waits for the answer is told
            self._at_work.pump()

    def answer(self) -> tuple[Tag, Any]:
        """Wait for the first that was asked for."""
        found: Any = None
        while found is None:
            if not self.child:
                self._begin()
            try:
                found = read_answer(self._at_work.receive())
            except WorkerEnded as ended:
                found = self._refusal(ended.status)
            except WorkerStuck:
                found = self._reader.limits.stuck
                self._at_work.kill()
                self.child = None
            except Exception as error:  # what it says is no answer: whatever made it say so may do more
                found = self._reader.limits.nonsense(error)
                self.give_up()
        first = self.waiting.popleft()
        self._bytes -= len(first.message)
        return first.tag, found

    def give_up(self) -> None:
        """End the child: it may be at work on what nobody waits for."""
        if self.child:
            self.child.end()
            self.child = None

    def _refusal(self, status: int | None) -> Rejection | None:
        """Why the first page is refused, over which the worker ended; None: it is to be read once more.

        What pages before it have left in memory must not decide over it, so a fresh worker has the last word, save
        about time.
        """
        child = self._at_work
        fresh = not child.answered
        if status is None:
            complaint = child.complaint() if fresh else ""
            self.give_up()
            if fresh:
                raise ReaderError(f"The process to read pages in does not run{complaint and f': {complaint}'}")
            return None
        refused = self._reader.limits.refusal(status) if fresh or status == -OVERTIME else None
        self._ask_anew(leaving_out=1 if refused else 0)
        return refused

    def _begin(self) -> None:
        self.child = self._reader.take()
        self._tell()

    def _ask_anew(self, leaving_out: int) -> None:
        self._at_work.start_worker()
        self._tell(leaving_out)

    def _tell(self, leaving_out: int = 0) -> None:
        """Say what to do, and ask for all that was not answered."""
        for each in (self._begin_with, *(asked.message for asked in islice(self.waiting, leaving_out, None))):
            self._at_work.send(each)

    @property
    def _at_work(self) -> Child:
        assert self.child  # noqa: S101  for the type checker
        return self.child


_readers: WeakSet[Reader] = WeakSet()


def _forget_children() -> None:
    """In a fork: children are those of the process that started them."""
    for reader in _readers:
        reader.close()


os.register_at_fork(after_in_child=_forget_children)


@cache
def page_reader(limits: PageLimits = PageLimits()) -> Reader:  # noqa: B008  a frozen value
    """The reader with these limits that all of this process share."""
    return Reader(limits)
