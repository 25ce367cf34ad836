"""Until there is a ledger: what backfills came to, from their reports under `runs/`."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from archive.coverage import DayCoverage
from archive.store import Store


def day_states(store: Store, source: str, since: date, until: date, *, flow: str) -> dict[date, DayCoverage]:
    """The last backfill of each day that ran to its end."""
    states: dict[date, DayCoverage] = {}
    for stored in store.list(f"runs/{flow}/"):
        if not stored.key.endswith(".json"):
            continue
        report = json.loads(store.get(stored.key))
        given = report["parameters"]
        if report["source"] != source or report["status"] == "interrupted" or not given.get("since"):
            continue
        verdict = {"completed": "complete", "empty": "empty"}.get(report["status"], "failed")
        at = datetime.fromisoformat(report["started_at"])
        day = date.fromisoformat(given["since"])
        while day < date.fromisoformat(given["until"]):
            if since <= day < until and (day not in states or states[day].ended_at < at):
                states[day] = DayCoverage(
                    source=source,
                    day=day,
                    run_id=report["run_id"],
                    flow="backfill",
                    started_at=at,
                    ended_at=at,
                    discovery_ended=verdict != "failed",
                    verdict=verdict,
                    why=report["problem"],
                )
            day += timedelta(days=1)
    return states
