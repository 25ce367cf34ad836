"""The verdict of a day, and what keeps it from being complete."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date

from archive.coverage.tally import Tally, key_of
from archive.coverage.values import SOME, DayCoverage, Run, Verdict
from archive.dedup import Outcome

LISTED = 1000
"""Missing links that a row names; it counts all."""
_NEW_AT_URL = (Outcome.NEW, Outcome.EXACT_DUPLICATE, Outcome.NEAR_DUPLICATE)
_LINK_COUNTS = ("announced", "known", "revisited", "discovered", "fetched", "failed", "unreached")


def judged_day(
    run: Run,
    day: date | None,
    tally: Tally,
    before: DayCoverage | None,
    *,
    met: set[str],
    judged: int,
    regressed: str | None,
) -> DayCoverage:
    """The row of a day.

    Args:
        run: The run.
        day: The day; None: of pages without a date.
        tally: What the run came by of it.
        before: The newest row of the day that was there before.
        met: All links of the run, in their canonical form.
        judged: Pages that the run read of any day.
        regressed: What its pages give less of than the source's did before.
    """
    left = [url for url in (before.missing_urls if before else ()) if key_of(url) not in met]
    unnamed = 0
    if before and before.missing > len(before.missing_urls) and tally.links["announced"] < before.announced:
        unnamed = before.missing - len(before.missing_urls)
    held = _held(run, tally, before)
    # Pages whose dates vanished have their days again when they are read well.
    well = judged if run.rereads and day is None else tally.gave.judged
    pages, why = _regressed(run, tally, before, regressed, well)
    asked = run.asked_for(day)
    covered = run.discovery_ended if asked else bool(before and before.covered)
    missing = len(tally.missing) + len(left) + unnamed
    findings = dict(_findings(run, day, tally, len(left) + unnamed, held, covered=covered, regressed=why))
    verdict = next((each for each in Verdict if each in findings), Verdict.COMPLETE)
    return DayCoverage(
        source=run.source.id,
        day=day,
        run_id=run.run_id,
        flow=run.flow,
        started_at=run.started_at.astimezone(UTC),
        ended_at=run.ended_at.astimezone(UTC),
        since=run.since,
        until=run.until,
        discovery_ended=run.discovery_ended,
        covered=covered,
        **{name: tally.links[name] for name in _LINK_COUNTS},
        **{each.value: tally.outcomes[each] for each in Outcome if each is not Outcome.SUPPORT},
        reasons=json.dumps(dict(sorted(tally.reasons.items()))),
        **asdict(tally.gave),
        regressed=pages,
        held=held,
        missing=missing,
        missing_urls=[*tally.missing, *left][:LISTED],
        verdict=verdict.value,
        why="; ".join(findings[each] for each in Verdict if each in findings) or None,
    )


def _held(run: Run, tally: Tally, before: DayCoverage | None) -> int:
    """Articles of the day in the archive, as far as runs saw them."""
    brought = sum(tally.outcomes[each] for each in _NEW_AT_URL)
    if run.rereads:  # its pages are counted already, but for those that it recovered
        return max(before.held if before else 0, brought)
    # Pages that are known to an archive older than its ledger count for articles, though some may have been refused.
    return (before.held if before else tally.links["known"] + tally.links["revisited"]) + brought


def _regressed(
    run: Run, tally: Tally, before: DayCoverage | None, found: str | None, well: int
) -> tuple[int, str | None]:
    """How many pages gave less than they should, and what; so it stays until one run has read as many of them well."""
    earlier, judged = (before.regressed if before else 0), tally.gave.judged
    if found:
        return (max(earlier, judged) if run.rereads else earlier + judged), found
    if before and earlier > well:
        told = before.verdict == Verdict.PARSE_REGRESSED and before.why
        return earlier, told.partition("; ")[0] if told else f"{_pages(earlier)} gave less than they should"
    return 0, None


def _findings(
    run: Run, day: date | None, tally: Tally, left: int, held: int, *, covered: bool, regressed: str | None
) -> Iterator[tuple[Verdict, str]]:
    """What keeps a day from being complete, each with a clause for people."""
    asked = run.asked_for(day)
    tried = tally.links["fetched"] + tally.links["failed"]
    if asked and run.ending == "blocked":
        yield Verdict.BLOCKED, run.problem or "the site refuses visits"
    elif tally.refused >= SOME and 2 * tally.refused >= tried:
        yield Verdict.BLOCKED, f"{tally.refused} of {_pages(tried)} refused"
    if regressed:
        yield Verdict.PARSE_REGRESSED, regressed
    if asked and run.ending == "asked_to_wait":
        yield Verdict.RATE_LIMITED, run.problem or "the site asks visitors to come back later"
    elif tally.put_off >= SOME and 2 * tally.put_off >= tried:
        yield Verdict.RATE_LIMITED, f"{tally.put_off} of {_pages(tried)} answered by asking us to come back later"
    broken = run.problem or "the run ended before its time"
    if asked and run.ending == "broken" and not tally.settled:
        yield Verdict.FAILED, broken
        broken = ""
    elif tally.links["failed"] and not tally.settled:
        yield Verdict.FAILED, "no page of the day came"
    if clauses := [*_gaps(run, tally, left, asked=asked, covered=covered, broken=broken)]:
        yield Verdict.PARTIAL, "; ".join(clauses)
    elif covered and not tally.links["announced"] and not held:
        yield Verdict.EMPTY, "nothing was announced"
    elif covered and day and run.is_over(day) and (bound := _out_of_bounds(held, run.source.daily)):
        yield Verdict.PARTIAL, bound


def _gaps(run: Run, tally: Tally, left: int, *, asked: bool, covered: bool, broken: str) -> Iterator[str]:
    if tally.missing:
        causes = Counter(tally.missing.values())
        listed = ", ".join(f"{count} {cause}" for cause, count in causes.most_common(4))
        yield f"{len(tally.missing)} missing of {_pages(tally.links['announced'])} announced ({listed})"
    if left:
        yield f"{_pages(left)} missing that earlier runs announced"
    if covered:
        return
    if not asked:
        yield "no run has looked at this day as a whole"
    elif run.ending == "broken":
        if broken:
            yield broken
    elif run.ending == "limit":
        yield run.problem or "the run was limited"
    elif run.unread:
        others = f" and {len(run.unread) - 1} more" if len(run.unread) > 1 else ""
        yield f"could not be read: {run.unread[0]}{others}"
    elif run.ending == "finished":
        yield "not all that is announced was seen"


def _pages(count: int) -> str:
    return f"{count} page" if count == 1 else f"{count} pages"


def _out_of_bounds(held: int, daily: tuple[int, int]) -> str | None:
    fewest, most = daily
    if held < fewest:
        return f"{held} of at least {fewest} articles that are expected of a day"
    if held > most:
        return f"{held} articles, and at most {most} are expected of a day: their dates may be misread"
    return None
