"""Which days are wanted, and what an announcement says about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from spiders.discovery import Link
from spiders.periods import Period


@dataclass(frozen=True, kw_only=True)
class Window:
    """Days of publication that are wanted, half-open, in the source's time zone."""

    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of_days(cls, since: date | None, until: date | None, timezone: str) -> Self:
        """From the first day wanted to the first one that is not, by the clock of `timezone`."""
        zone = ZoneInfo(timezone)
        return cls(
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until, time(), zone) if until else None,
        )

    def __bool__(self) -> bool:
        """Whether it bounds anything."""
        return bool(self.since or self.until)

    def excludes(self, link: Link) -> bool:
        """Whether the announcement says that the page was published outside.

        A page last changed before `since` was published before it. One changed after `until` may have been published
        at any time, and one without a date too: such pages are fetched.
        """
        latest = link.published_at or link.modified_at
        too_old = bool(self.since and latest and latest < self.since)
        too_new = bool(self.until and link.published_at and link.published_at >= self.until)
        return too_old or too_new

    def misses(self, period: Period) -> bool:
        """Whether it and `period` have no day in common, nor the days beside theirs: clocks differ."""
        before = bool(self.since and period.end < self.since.date())
        after = bool(self.until and period.first > self.until.date())
        return before or after

    def days(self, today: date) -> Iterator[date]:
        """Each day of it up to `today`, the last first; none where it has no beginning."""
        if self.since is None:
            return
        first = self.since.date()
        last = min(today, self.until.date() - timedelta(days=1)) if self.until else today
        for back in range((last - first).days + 1):
            yield last - timedelta(days=back)
