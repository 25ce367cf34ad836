"""What Prefect's pages show of a run: its report, where that lies, and the coverage of its days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from archive.keys import run_key
from extract.escaping import escaped
from flows.limits import told
from flows.report import RunReport


def show_report(report: RunReport, root: str) -> None:
    """The report as a table, and a link to its JSON in the archive."""
    key = run_key(report.flow, report.started_at.date(), report.run_id)
    with told("file the report as an artifact"):
        create_table_artifact(
            table=[report.row()],
            key=f"{report.flow}-{report.source}",
            description=as_markdown(f"Run {report.run_id} of {report.source}: {report.problem or report.status}"),
        )
        create_link_artifact(
            link=f"{root}/{key}",
            link_text=key,
            key=f"report-{report.source}",
            description=f"The report of run {report.run_id}",
        )


def show_table(rows: Sequence[dict[str, Any]], key: str, description: str) -> None:
    """Any other table."""
    with told("file a table as an artifact"):
        safe = [{name: escaped(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in rows]
        create_table_artifact(table=safe, key=key, description=as_markdown(description))


def as_markdown(text: str) -> str:
    """Words of strangers among ours, as they read: no link, no picture, no markup."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~&])", r"\\\1", escaped(text))


class ProgressBar:
    """How far a backfill of a source is, as an artifact."""

    def __init__(self, source_id: str, partitions: int) -> None:
        self._of, self._done = partitions, 0
        self._artifact: UUID | None = None
        with told("file the progress as an artifact"):
            made = create_progress_artifact(
                0.0, key=f"backfill-progress-{source_id}", description=f"{partitions} partitions of {source_id}"
            )
            assert isinstance(made, UUID)  # noqa: S101 -- not a coroutine, in a flow that is none
            self._artifact = made

    def advance(self) -> None:
        """One more partition has ended."""
        self._done += 1
        if self._artifact:
            with told("update the progress"):
                update_progress_artifact(self._artifact, min(100.0, 100 * self._done / self._of))
