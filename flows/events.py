"""What a run tells Prefect's automations: an event for each gap that it leaves in the ledger.

    warraq.coverage.<verdict>      blocked, parse_regressed, rate_limited, failed, partial, empty
    resource                       warraq.source.<id>, named as the source names itself; label warraq.verdict
    payload                        source, verdict, days, why, missing, mend (the command), run, report (its key)

An event is of consecutive days with one verdict: a crawl that meets a blocked site emits one, not one a day.
"""

from __future__ import annotations

from prefect.events import emit_event

from archive.keys import run_key
from archive.store import Store
from extract.types import Source
from flows.artifacts import show_table
from flows.coverage_mending import gaps
from flows.ledger import newest_rows
from flows.limits import told
from flows.report import RunReport

EVENT = "warraq.coverage"


def tell_coverage(source: Source, report: RunReport, store: Store) -> None:
    """Show how the days of a run stand, as an artifact, and emit what it left open."""
    with told("tell of the coverage"):
        rows = [row for row in newest_rows(store, [source.id]) if row.run_id == report.run_id]
        table = [
            {"day": str(row.day or "no date"), "verdict": row.verdict, "announced": row.announced, "held": row.held,
             "missing": row.missing, "why": row.why}
            for row in rows
        ]  # fmt: skip
        show_table(table, f"coverage-{source.id}", f"{source.id} after run {report.run_id}")
        for gap in gaps(rows, {source.id: source}):
            emit_event(
                f"{EVENT}.{gap.verdict}",
                resource={
                    "prefect.resource.id": f"warraq.source.{source.id}",
                    "prefect.resource.name": source.name,
                    "warraq.verdict": gap.verdict.value,
                },
                payload={
                    "source": source.id,
                    "verdict": gap.verdict.value,
                    "days": gap.span,
                    "why": gap.why,
                    "missing": gap.missing,
                    "mend": gap.mend,
                    "run": report.run_id,
                    "report": run_key(report.flow, report.started_at.date(), report.run_id),
                },
            )
