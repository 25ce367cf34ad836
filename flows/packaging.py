"""`warraq export --wacz`: a part of the archive as one file for replay."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from archive.store import Store
from archive.tables import Tables
from archive.wacz import Selection, write_wacz
from flows.console import working
from flows.failures import InputError, UsageError


def export_wacz(store: Store, selection: Selection, output: Path, title: str) -> int:
    """Write the package, which appears only when it is complete; returns how many captures it holds.

    Raises:
        InputError: the archive has no such capture.
        UsageError: the file cannot be written.
        StoreError: the archive cannot be read.
    """
    captures = selection.captures(Tables(store).snapshot())
    if not captures:
        raise InputError(f"The archive at {store.root} has no capture of that source and those days")
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    done = 0
    try:
        with partial.open("wb") as out, working(f"writing {output}") as tell:

            def told(_: str) -> None:
                nonlocal done
                done += 1
                tell(f"writing {output}: {done} of {len(captures)} captures")

            write_wacz(
                out,
                store,
                captures,
                title=title,
                software=f"Warraq {version('warraq')}",
                created=datetime.now(UTC),
                on_capture=told,
            )
        partial.replace(output)
    except OSError as error:
        raise UsageError(f"Cannot write {output}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return len(captures)
