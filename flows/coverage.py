"""`warraq coverage`: the ledger for people and for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from archive.coverage import DayCoverage
from archive.store import Store
from extract.escaping import safe_json
from extract.types import Source
from flows.coverage_grid import print_coverage
from flows.coverage_mending import Gap, gaps
from flows.coverage_page import as_html
from flows.export import as_json
from flows.failures import InputError, UsageError
from flows.ledger import last_day, newest_rows

_DAY = timedelta(days=1)

FORTNIGHT = 14
"""Days that are shown of several sources, where none are asked for."""


def show_coverage(
    store: Store,
    sources: Mapping[str, Source],
    wanted: Sequence[str],
    *,
    since: date | None,
    until: date | None,
    as_lines: bool,
    html: Path | None,
) -> None:
    """Print how the days of sources stand, or write it to a page.

    Args:
        store: The archive.
        sources: The known sources by id.
        wanted: Ids of those to show; none: all that the ledger has.
        since: First day; None: a fortnight before `until`, or of one source and on a page the first that there is.
        until: First day not wanted any more; None: all that there are, but none of those to come.
        as_lines: JSON lines instead: each day's state, and the command that would mend it.
        html: Page to write instead.

    Raises:
        UsageError: the window is empty, or the page cannot be written.
        InputError: the ledger has nothing of what is wanted.
        StoreError: the ledger cannot be read.
    """
    until = until or min(last_day(store, wanted or None) or date.max, _tomorrow()) + _DAY
    if since is None and len(wanted) != 1 and not html:
        since = until - timedelta(days=FORTNIGHT)
    if since and since >= until:
        raise UsageError(f"--since {since} is not before --until {until}, the first day not wanted")
    rows = newest_rows(store, wanted or None, since, until)
    if not rows:
        of = f" of {', '.join(wanted)}" if wanted else ""
        raise InputError(
            f"The ledger of {store.root} has no day{of} between {since or 'its beginning'} and {until}: `warraq crawl` "
            "and `warraq backfill` write it; --since and --until choose other days"
        )
    since = since or min((row.day for row in rows if row.day), default=until - _DAY)
    open_ = gaps(rows, sources)
    if as_lines:
        _write_lines(rows, open_)
    elif html:
        try:
            html.write_text(as_html(rows, open_, sources, since, until), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"Cannot write {html}: {error.strerror}") from error
    else:
        print_coverage(rows, open_, since, until)


def _tomorrow() -> date:
    """Where the day begins first, it may be tomorrow by UTC."""
    return datetime.now(UTC).date() + _DAY


def _write_lines(rows: Sequence[DayCoverage], open_: Sequence[Gap]) -> None:
    for row in rows:
        mend = next((gap.mend for gap in open_ if _holds(gap, row)), None)
        shown = {**asdict(row), "reasons": json.loads(row.reasons), "mend": mend}
        line = {name: as_json(value) if isinstance(value, (date, datetime)) else value for name, value in shown.items()}
        sys.stdout.buffer.write(safe_json(line).encode() + b"\n")
    sys.stdout.buffer.flush()


def _holds(gap: Gap, row: DayCoverage) -> bool:
    if gap.source != row.source or gap.first is None or gap.last is None or row.day is None:
        return gap.source == row.source and gap.first is row.day is None
    return gap.first <= row.day <= gap.last
