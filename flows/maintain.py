"""The upkeep of an archive as a Prefect flow. The work is in `archive.upkeep`; this is its form in Prefect."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from pydantic import Field

from archive.store import open_store
from flows.maintaining import keep_up
from flows.settings import Settings


@flow(name="maintain", persist_result=False)
def maintain(
    retention_days: Annotated[int, Field(ge=1, description="Days for which replaced data files are kept.")] = 7,
) -> None:
    """Elect originals, join small files, remove what no version needs."""
    settings, logger = Settings.from_environment(), get_run_logger()
    store = open_store(settings.root, settings.s3)
    report = keep_up(settings, store, timedelta(days=retention_days), logger.info)
    create_table_artifact(
        table=[
            {"table": name, "rows": kept.after.rows, "files before": kept.before.files, "files": kept.after.files}
            for name, kept in report.tables.items()
        ],
        key="maintain",
        description=f"{report.election.changed} records changed their original",
    )
