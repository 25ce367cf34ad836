"""The ledger: how each day of a source stands after a run. Pure: what was announced and archived in, rows out.

A row says what one run found and brought of one day, and how the day stands since: a link that an earlier run announced
and the archive still does not hold keeps the day from being complete, as does a parse that regressed until the pages
have been read again. So the newest row of a day is its state. Rows are ordered by the end of their runs.
"""

from archive.coverage.cover import cover, days_of, months_of
from archive.coverage.tally import unsettled
from archive.coverage.values import SOME, Announced, Archived, DayCoverage, Ending, Run, Verdict, in_order

__all__ = [
    "SOME",
    "Announced",
    "Archived",
    "DayCoverage",
    "Ending",
    "Run",
    "Verdict",
    "cover",
    "days_of",
    "in_order",
    "months_of",
    "unsettled",
]
