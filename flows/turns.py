"""One at a time, and in turn: whoever wants the same thing waits, and who came first goes first.

A turn is two files under flock(2). Who wants it holds `<name>.queue` while waiting for `<name>`, so that whoever had
the turn and wants it again at once, as a backfill does for its next partition, comes after the one that waits already.
The kernel lets go of both when their holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def take_turn(directory: Path, name: str, on_wait: Callable[[], object]) -> int:
    """Wait for the turn `name` and take it; it ends when the returned descriptor, and what inherits it, is closed.

    Args:
        directory: Where the files are; made when needed.
        name: Whose turn it is about.
        on_wait: Called once if somebody else has it.

    Raises:
        OSError: the files cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    queue = _opened(directory / f"{name}.queue")
    turn = -1
    try:
        turn = _opened(directory / name)
        if not (_taken_at_once(queue) and _taken_at_once(turn)):
            on_wait()
            fcntl.flock(queue, fcntl.LOCK_EX)
            fcntl.flock(turn, fcntl.LOCK_EX)
    except BaseException:
        if turn >= 0:
            os.close(turn)
        raise
    finally:
        os.close(queue)
    return turn


def _taken_at_once(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
