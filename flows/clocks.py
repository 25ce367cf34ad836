"""What tells that this machine's clock is wrong, and what a run then does: it goes on, says so, and prunes nothing.

A clock cannot be put right from here, and a crawl that refused to run would lose what a feed shows for an hour. So a
run whose clock is doubted archives what it finds, and is no watermark for the next one; and rows that were written in
the future, as this clock has it, are left aside until their time has come.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archive.tables import Tables

TOLERANCE = timedelta(hours=1)
"""How far the clocks of two machines may differ, and nobody need look."""
DOUBT = timedelta(days=1)
"""How far this clock may differ from all that sites say, whose own clocks and caches may be wrong too."""


def by_now() -> datetime:
    """The latest time that is not the future; aware UTC."""
    return datetime.now(UTC) + TOLERANCE


def behind_archive(tables: Tables, source: str, now: datetime) -> str | None:
    """What to say where runs of a source ended later than it is now; None: none did.

    Raises:
        StoreError: the ledger cannot be read.
    """
    found = tables.ledger().query(
        "SELECT max(ended_at) AS last FROM coverage WHERE source = {source} AND ended_at > {now}",
        source=source,
        now=now + TOLERANCE,
    )
    last: datetime | None = found["last"][0].as_py()
    if last is None:
        return None
    return (
        f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC, but a run of {source} ended at "
        f"{last:%Y-%m-%d %H:%M} UTC: one of the two clocks is wrong; set this one by NTP if it is. What that run said "
        "of its days is left aside until then, so this one may ask for more than is new"
    )


def unlike_sites(skew: object) -> str | None:
    """What to say where this clock differs by so many seconds from every site's; None: one agrees, or none told."""
    if not isinstance(skew, int | float) or abs(skew) < DOUBT.total_seconds():
        return None
    return (
        f"This machine's clock is {abs(skew) / 86400:.0f} day(s) {'ahead of' if skew > 0 else 'behind'} that of every "
        "server which answered: set it by NTP. What was fetched is archived under this clock's time; the next run "
        "reads all that is announced once more"
    )
