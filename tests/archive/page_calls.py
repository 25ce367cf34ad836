"""What pages may do to the process that reads them; called in a reader's child, so nothing else is imported here."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import tempfile
import time

from extract.types import Reason, Rejection


def reads(what: str) -> Rejection:
    """Do as the page says."""
    match what:
        case "burn":
            re.match(r"(a+)+$", "a" * 60 + "b")  # exponential, and holds the interpreter's lock
        case "hoard":
            hoarded = [bytes(1 << 20) for _ in range(1 << 20)]
            del hoarded
        case "hoard at once":
            bytes(1 << 40)
        case "leave little":  # what is kept is not for the pages behind it to pay
            _KEPT.append(bytes(48 << 20))
        case "want half":
            bytes(32 << 20)
        case "crash":
            ctypes.string_at(0)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "exit":
            os._exit(3)
        case "raise":
            raise RecursionError("too deep")
        case "print":
            os.write(1, b"noise\n" * 100_000)
            print("noise")
            os.write(2, b"")
        case "tell":
            return _said("\n".join(f"{name}={value}" for name, value in os.environ.items()))
        case "pid":
            return _said(f"{os.getpid()} {os.getppid()}")
        case "sleep":
            time.sleep(30)
        case "wait":
            time.sleep(1.2)
        case "forge":
            return Forged()  # type: ignore[return-value]
        case "write":
            with tempfile.TemporaryFile(dir="/tmp") as file:
                file.write(b"x")
    return _said(what)


_KEPT: list[bytes] = []


def _said(what: str) -> Rejection:
    return Rejection(reason=Reason.NOT_HTML, detail=what)


class Forged:
    """An answer that would run a command where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/warraq-forged",)
