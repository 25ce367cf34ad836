"""How `warraq` ends: its exit statuses, and the foreseeable errors as one sentence each."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType, TracebackType

from extract.escaping import escaped_lines


class Exit(IntEnum):
    """Exit statuses of the command."""

    OK = 0
    FAILED = 1
    """A run failed, an input could not be read, or `verify` or `doctor` found something."""
    USAGE = 2
    """Wrong arguments, settings or sources: nothing was done."""
    STORE = 3
    """The archive or the spool cannot be reached, read or written."""
    PREFECT = 4
    """Prefect cannot be reached."""
    INTERRUPTED = 130
    """Ctrl-C."""
    BROKEN_PIPE = 141
    """Whoever read our output has stopped reading, as `head` does."""
    TERMINATED = 143
    """SIGTERM."""


EXIT_STATUSES = """\
Exit status:

0   done

1   a run failed, an input could not be read, or verify or doctor found something wrong

2   wrong arguments, settings or sources; nothing was done

3   archive or spool out of reach, or access denied

4   Prefect out of reach

130 interrupted by Ctrl-C; 143 terminated. The next crawl takes up what is left.
"""
"""The same for `warraq --help`."""


class UsageError(Exception):
    """The command line asks for something that cannot be; nothing was done."""


class InputError(Exception):
    """A file that was given cannot be read or is not what it should be."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: ended in order like Ctrl-C, with another status."""


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise Terminated


def end_in_order() -> None:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does: the spider is stopped, its pages are kept."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup ignores it, and so do we then
        signal.signal(signal.SIGHUP, _terminate)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Foreseeable errors end the command with a sentence on standard error and a status; others are left to surface."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes standard output once more at exit, which would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Exit.BROKEN_PIPE) from None
    except KeyboardInterrupt as interrupt:
        say("Interrupted.", *getattr(interrupt, "__notes__", ()))
        terminated = isinstance(interrupt, Terminated)
        raise SystemExit(Exit.TERMINATED if terminated else Exit.INTERRUPTED) from None
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        say(str(error), *getattr(error, "__notes__", ()))
        raise SystemExit(status) from None


def report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What is not foreseeable ends in a traceback, as Python prints it, but for what a terminal would obey."""
    sys.stderr.write(escaped_lines("".join(traceback.format_exception(kind, error, trace))))


def say(*sentences: str) -> None:
    """Sentences to the person, on standard error."""
    ended = (s if s.endswith((".", "?", "!", ")", "`")) else f"{s}." for s in sentences)
    print("warraq:", *map(escaped_lines, ended), file=sys.stderr)  # noqa: T201


def _status(error: Exception) -> Exit | None:
    # Imported only here: a command that goes well does not pay for those it does not use.
    from archive.guarded.reader import ReaderError
    from archive.store import StoreError
    from archive.warc import WarcError
    from flows.server import PrefectError
    from flows.settings import SettingsError
    from flows.sources import UnknownSourceError
    from flows.spool import SpoolError
    from spiders.sources import SourcesError

    statuses: dict[type[Exception], Exit] = {
        UsageError: Exit.USAGE,
        SettingsError: Exit.USAGE,
        SourcesError: Exit.USAGE,
        UnknownSourceError: Exit.USAGE,
        InputError: Exit.FAILED,
        ReaderError: Exit.FAILED,
        WarcError: Exit.FAILED,
        StoreError: Exit.STORE,
        SpoolError: Exit.STORE,
        PrefectError: Exit.PREFECT,
    }
    return next((status for kind, status in statuses.items() if isinstance(error, kind)), None)
