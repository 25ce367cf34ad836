"""The verdicts of the ledger: what a day is called after a run, and that its counts add up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.coverage import Announced, Archived, DayCoverage, Run, Verdict, cover
from archive.dedup import Outcome
from archive.tables import COVERAGE_COLUMNS
from extract.types import Source

SITE = Source(id="site", name="Site", language="fa", timezone="Asia/Tehran", domains=("site.example",), daily=(2, 100))
NOW = datetime(2024, 12, 4, 8, tzinfo=UTC)
DAY, TODAY = date(2024, 12, 3), date(2024, 12, 4)
NOON = datetime(2024, 12, 3, 12, tzinfo=UTC)


def run(**changes: Any) -> Run:
    """A scheduled run that went well, on the morning after `DAY`."""
    given: dict[str, Any] = {
        "source": SITE,
        "run_id": "r1",
        "flow": "crawl",
        "started_at": NOW,
        "ended_at": NOW + timedelta(minutes=5),
        "watermark": NOON - timedelta(hours=6),
        "discovery_ended": changes.get("ending", "finished") == "finished",
    }
    return Run(**given | changes)


def url(number: int) -> str:
    return f"https://site.example/news/{number}"


def link(number: int, end: Any = "fetched", at: datetime | None = NOON, **changes: Any) -> Announced:
    return Announced(url=url(number), announced_at=at, end=end, **changes)


def page(number: int, outcome: str = "new", at: datetime | None = NOON, **changes: Any) -> Archived:
    given: dict[str, Any] = {
        "url": url(number),
        "http_status": 200,
        "outcome": outcome,
        "published_at": at,
        "fetched_at": NOW,
    }
    if outcome in ("new", "revision", "near_duplicate"):
        given |= {"characters": 2000, "dated": True, "with_author": True}
    return Archived(**given | changes)


def answered(number: int, status: int, reason: str = "http_error") -> Archived:
    return page(number, "rejected", reason=reason, http_status=status)


def of(day: date | None, rows: Sequence[DayCoverage]) -> DayCoverage:
    [row] = [row for row in rows if row.day == day]
    return row


def links(numbers: range, end: Any = "fetched", **changes: Any) -> list[Announced]:
    return [link(number, end, **changes) for number in numbers]


def pages(numbers: range, outcome: str = "new", **changes: Any) -> list[Archived]:
    return [page(number, outcome, **changes) for number in numbers]


GOOD = (links(range(5)), pages(range(5)))
MANY = range(100, 140)


@pytest.mark.parametrize(
    ("verdict", "why", "given", "announced", "archived"),
    [
        ("complete", None, run(), *GOOD),
        ("complete", None, run(), links(range(5), kind="known", end="unreached"), []),
        ("complete", None, run(), links(range(5)), [*pages(range(2)), *(answered(n, 404) for n in (2, 3, 4))]),
        ("complete", None, run(), links(range(5)), [*pages(range(4)), page(4, "rejected", reason="soft_404")]),
        ("complete", None, run(), [*links(range(4)), link(4, "forbidden")], pages(range(4))),
        ("complete", None, run(since=DAY, until=TODAY, flow="backfill", watermark=None), *GOOD),
        ("complete", None, run(unread=("feed: it answered 404; sitemap is read instead",)), *GOOD),
        # what an article redirects to
        (
            "complete",
            None,
            run(),
            links(range(2)),
            [page(0, "support", http_status=301, redirect_url=url(9)), page(9), page(1)],
        ),
        # known to the archive by its other URL: the target is not fetched again
        (
            "complete",
            None,
            run(),
            links(range(3)),
            [page(0, "support", http_status=301, redirect_url=url(9)), page(1), page(2)],
        ),
        # an error that passed
        ("complete", None, run(), links(range(2)), [answered(0, 503), *pages(range(2), fetched_at=NOW)]),
        ("empty", "nothing was announced", run(since=DAY, until=TODAY, watermark=None), [], []),
        ("empty", "nothing was announced", run(), [], []),
        (
            "partial",
            "1 missing of 5 pages announced (1 timeout)",
            run(),
            [*links(range(4)), link(4, "failed", why="timeout")],
            pages(range(4)),
        ),
        ("partial", "1 answered 500", run(), links(range(3)), [*pages(range(2)), answered(2, 500)]),
        (
            "partial",
            "1 answered 403 (blocked)",
            run(),
            links(range(3)),
            [*pages(range(2)), answered(2, 403, "blocked")],
        ),
        (
            "partial",
            "1 our rules failed on it",
            run(),
            links(range(3)),
            [*pages(range(2)), page(2, "rejected", reason="failed")],
        ),
        ("partial", "1 fetched, but not in the archive", run(), links(range(3)), pages(range(2))),
        (
            "partial",
            "3 not reached); the run was limited",
            run(ending="limit"),
            [*links(range(2)), *links(range(2, 5), "unreached")],
            pages(range(2)),
        ),
        ("partial", "the run was limited", run(ending="limit"), *GOOD),
        (
            "partial",
            "could not be read: sitemap 7: it answered 503",
            run(discovery_ended=False, unread=("sitemap 7: it answered 503",)),
            *GOOD,
        ),
        ("partial", "the run was killed", run(ending="broken", problem="the run was killed"), *GOOD),
        ("partial", "1 of at least 2 articles that are expected", run(), links(range(1)), pages(range(1))),
        ("partial", "150 articles, and at most 100 are expected", run(), links(range(150)), pages(range(150))),
        ("partial", "no run has looked at this day as a whole", run(since=TODAY, until=date(2024, 12, 5)), *GOOD),
        ("partial", "no run has looked at this day as a whole", run(watermark=NOW), *GOOD),
        (
            "partial",
            "no run has looked at this day as a whole",
            run(discovers=False, flow="ingest", discovery_ended=False),
            [],
            pages(range(5)),
        ),
        ("failed", "disk full", run(ending="broken", problem="disk full", since=DAY, until=TODAY), [], []),
        ("failed", "no page of the day came; 3 missing of 3", run(), links(range(3), "failed"), []),
        (
            "rate_limited",
            "asks visitors to come back in 900 s",
            run(ending="asked_to_wait", problem="it asks visitors to come back in 900 s"),
            *GOOD,
        ),
        (
            "rate_limited",
            "4 of 5 pages answered by asking",
            run(),
            links(range(5)),
            [page(0), *(answered(n, 429, "blocked") for n in range(1, 5))],
        ),
        ("blocked", "refused 20 requests", run(ending="blocked", problem="it refused 20 requests"), *GOOD),
        (
            "blocked",
            "4 of 5 pages refused",
            run(),
            links(range(5), "failed"),
            [page(0), *(answered(n, 403, "blocked") for n in range(1, 5))],
        ),
    ],
)
def test_the_verdict_of_a_day(
    verdict: str, why: str | None, given: Run, announced: list[Announced], archived: list[Archived]
) -> None:
    row = of(DAY, cover(given, announced, archived))
    assert row.verdict == verdict, row.why
    assert row.why == why if why is None else why in (row.why or "")


def broken(numbers: range) -> list[Archived]:
    return pages(numbers, "rejected", reason="not_an_article")


def history(days: int = 10, of_a_day: int = 20) -> list[DayCoverage]:
    """Good days before `DAY`, each entered by a run of its own."""
    rows: list[DayCoverage] = []
    for back in range(days, 0, -1):
        at = NOON - timedelta(days=back)
        began = NOW - timedelta(days=back)
        given = run(run_id=f"h{back}", started_at=began, ended_at=began + timedelta(minutes=5), watermark=at)
        numbers = range(10_000 + 100 * back, 10_000 + 100 * back + of_a_day)
        rows += cover(given, links(numbers, at=at), pages(numbers, at=at), rows)
    return rows


def test_a_template_that_changed_is_flagged_by_the_run_that_meets_it() -> None:
    row = of(DAY, cover(run(), links(MANY), broken(MANY), history()))
    assert row.verdict == "parse_regressed"
    assert (row.why or "").startswith("0 of 40 pages gave an article (0%), of 200 before them 100%")


def test_three_bad_pages_are_no_regression() -> None:
    assert of(DAY, cover(run(), links(range(3)), broken(range(3)), history())).verdict == "partial"  # below the bound


def later(number: int, **changes: Any) -> Run:
    began = NOW + timedelta(hours=number)
    return (
        run(run_id=f"later{number}", started_at=began, ended_at=began + timedelta(minutes=5))
        if not changes
        else run(
            **{"run_id": f"later{number}", "started_at": began, "ended_at": began + timedelta(minutes=5)} | changes
        )
    )


def test_a_regression_stays_until_as_many_pages_were_read_well() -> None:
    past = history()
    past += cover(run(), links(MANY), broken(MANY), past)
    known = links(MANY, kind="known", end="unreached")
    again = of(DAY, cover(later(1), [*known, link(1)], [page(1)], past))
    assert again.verdict == "parse_regressed"
    assert (again.why or "").split("; ")[0] == "0 of 40 pages gave an article (0%), of 200 before them 100%"
    mended = of(DAY, cover(later(2), links(MANY, kind="revisit"), pages(MANY, "new"), [*past, again]))
    assert mended.verdict == "complete"


def test_pages_read_again_by_mended_rules_end_a_regression_and_are_counted_once() -> None:
    first, numbers = history(), range(1000, 1020)
    flagged = of(DAY, cover(later(1), links(numbers), broken(numbers), first))
    assert flagged.verdict == "parse_regressed"
    again = later(2, flow="reextract", discovers=False)
    mended = of(DAY, cover(again, [], pages(numbers), [*first, flagged]))
    assert mended.verdict != "parse_regressed"
    assert mended.held == len(numbers)


def test_a_regression_stays_however_many_runs_bring_a_page_each() -> None:
    past = history()
    past += cover(run(), links(MANY), broken(MANY), past)
    for number in range(1, 5):
        past += cover(later(number), [link(number)], [page(number)], past)
    assert (past[-1].day, past[-1].verdict, past[-1].regressed) == (DAY, "parse_regressed", 40)


def test_a_reextraction_that_reads_the_pages_well_mends_their_day() -> None:
    past = history()
    past += cover(run(), links(MANY), broken(MANY), past)
    reread = later(1, flow="reextract", discovers=False, discovery_ended=False)
    mended = of(DAY, cover(reread, [], pages(MANY), past))
    assert (mended.verdict, mended.held, mended.missing, mended.regressed) == ("complete", 40, 0, 0)
    still = of(DAY, cover(reread, [], broken(MANY), past))
    assert (still.verdict, still.regressed) == ("parse_regressed", 40)


def test_pages_whose_dates_vanished_are_mended_when_they_have_their_days_again() -> None:
    past = history()
    undated = [replace(each, dated=False) for each in pages(MANY, at=None)]
    past += cover(run(), links(MANY, at=None), undated, past)
    assert (of(None, past).verdict, of(None, past).regressed) == ("parse_regressed", 40)
    reread = later(1, flow="reextract", discovers=False, discovery_ended=False)
    rows = cover(reread, [], pages(MANY), past)
    assert of(None, rows).verdict == "complete"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("blocked", run(ending="blocked")),
        ("parse_regressed", run(ending="asked_to_wait")),
        ("parse_regressed", run(ending="broken")),
        ("parse_regressed", run(ending="limit")),
    ],
)
def test_the_gravest_finding_is_the_verdict_and_all_are_told(first: str, then: Run) -> None:
    row = of(DAY, cover(then, links(MANY), broken(MANY), history()))
    assert row.verdict == first
    assert "pages gave an article" in (row.why or "")
    assert "; " in (row.why or "")


def test_precedence_is_the_order_of_the_verdicts() -> None:
    assert [*Verdict] == [
        "blocked", "parse_regressed", "rate_limited", "failed", "partial", "empty", "complete",
    ]  # fmt: skip


def test_a_link_that_is_announced_no_more_keeps_its_day_partial_until_it_is_fetched() -> None:
    first = cover(run(), [*links(range(4)), link(4, "failed")], pages(range(4)))
    then = cover(later(1), links(range(2), kind="known"), [], first)
    assert (of(DAY, then).verdict, of(DAY, then).missing_urls) == ("partial", [url(4)])
    assert "1 page missing that earlier runs announced" in (of(DAY, then).why or "")
    last = cover(later(2), [link(4)], [page(4)], [*first, *then])
    assert (of(DAY, last).verdict, of(DAY, last).held) == ("complete", 5)


def test_a_missing_link_without_a_date_is_mended_by_the_run_that_fetches_it() -> None:
    first = cover(run(), [link(1, "failed", at=None)], [])
    assert of(None, first).missing == 1
    then = cover(later(1), [link(1, at=None)], [page(1)], first)
    assert of(None, then).missing == 0
    assert of(DAY, then).announced == 1


def test_of_more_missing_links_than_are_named_the_rest_counts_until_as_many_are_announced() -> None:
    many = range(1500)
    first = of(DAY, cover(run(ending="limit"), links(many, "unreached"), []))
    assert (first.missing, len(first.missing_urls)) == (1500, 1000)
    few = of(DAY, cover(later(1), links(range(100)), pages(range(100)), [first]))
    assert few.missing == 1400
    rest = of(DAY, cover(later(2), links(many), pages(many), [few]))
    assert (rest.missing, rest.missing_urls) == (0, [])


def test_a_link_met_in_passing_leaves_a_complete_day_complete() -> None:
    done = cover(run(since=DAY, until=TODAY, watermark=None, flow="backfill"), *GOOD)
    then = of(DAY, cover(later(1, watermark=NOW), [link(9)], [page(9)], done))
    assert (then.verdict, then.held) == ("complete", 6)


def test_a_day_that_is_not_over_is_not_held_against_its_bounds() -> None:
    at = NOW - timedelta(hours=1)
    assert of(TODAY, cover(run(), [link(1, at=at)], [page(1, at=at)])).verdict == "complete"


def test_the_day_is_that_of_the_sources_clock() -> None:
    late = datetime(2024, 12, 3, 21, tzinfo=UTC)  # half past midnight in Tehran
    assert [row.day for row in cover(run(watermark=late), [link(1, at=late)], [page(1, at=late)])] == [TODAY]


def test_each_day_of_a_window_has_a_row() -> None:
    window = run(since=date(2024, 11, 28), until=date(2024, 12, 20), watermark=None)
    days = [row.day for row in cover(window, *GOOD)]
    assert days == [date(2024, 11, 28) + timedelta(days=n) for n in range(7)]  # not those to come


def test_a_run_that_breaks_off_before_it_found_anything_fails_its_own_day() -> None:
    [row] = cover(run(ending="broken", problem="no network"), [], [])
    assert (row.day, row.verdict, row.why) == (TODAY, "failed", "no network")


def test_rows_are_in_the_order_of_the_ends_of_their_runs() -> None:
    """A run that was killed and is entered days later changes nothing that came after it."""
    new = cover(later(5), *GOOD)
    dead = cover(run(ending="broken"), links(range(3), "unreached"), [], new)
    assert of(DAY, dead).verdict == "failed"
    assert max([*new, *dead], key=lambda row: (row.day == DAY, row.ended_at)).verdict == "complete"


def test_a_row_has_the_columns_of_the_table() -> None:
    assert [field.name for field in fields(DayCoverage)] + ["month"] == COVERAGE_COLUMNS.names


# --- properties -------------------------------------------------------------------------------------------------------

ends = st.sampled_from(["fetched", "failed", "forbidden", "unreached"])
kinds = st.sampled_from(["new", "known", "revisit"])
times = st.one_of(st.none(), st.integers(0, 9 * 24).map(lambda hours: NOW - timedelta(hours=hours)))
some_links = st.lists(
    st.builds(
        Announced, url=st.builds(url, st.integers(0, 30)), announced_at=times, kind=kinds, end=ends, why=st.none()
    ),
    unique_by=lambda link: link.url,
    max_size=30,
)
some_pages = st.lists(
    st.builds(
        page,
        st.integers(0, 40),
        st.sampled_from([each.value for each in Outcome]),
        times,
        http_status=st.sampled_from([200, 301, 403, 404, 429, 500]),
        reason=st.sampled_from([None, "http_error", "blocked", "soft_404", "not_an_article"]),
        redirect_url=st.one_of(st.none(), st.builds(url, st.integers(0, 40))),
        repeated=st.booleans(),
    ),
    max_size=40,
)
endings = st.sampled_from(["finished", "limit", "asked_to_wait", "blocked", "broken"])


@settings(max_examples=40)
@given(some_links, some_pages, endings, some_links, some_pages)
def test_counts_add_up_and_no_day_is_complete_with_something_missing(
    first: list[Announced], fetched: list[Archived], ending: Any, second: list[Announced], more: list[Archived]
) -> None:
    before = cover(run(), second, more)
    rows = cover(later(1, ending=ending), first, fetched, before)
    judged = [each for each in fetched if each.outcome != "support"]
    assert len({row.day for row in rows}) == len(rows)
    for name in Outcome:
        if name is not Outcome.SUPPORT:
            assert sum(getattr(row, name.value) for row in rows) == sum(each.outcome == name for each in judged)
    reasons: Counter[str] = Counter()
    for row in rows:
        assert row.announced == row.known + row.revisited + row.discovered
        assert row.revisited + row.discovered == row.fetched + row.failed + row.unreached
        assert row.texts <= row.articles <= row.judged
        assert max(row.dated, row.with_author) <= row.texts
        assert row.missing >= len(row.missing_urls)
        assert (row.verdict == "complete") == (row.why is None)
        assert row.verdict != "complete" or row.missing == 0
        reasons.update(json.loads(row.reasons))
    assert reasons == Counter(each.reason for each in judged if each.reason)
    assert sum(row.announced for row in rows) >= len(first)


@settings(max_examples=40)
@given(some_links, some_pages)
def test_what_a_run_comes_by_in_another_order_makes_the_same_rows(
    announced: list[Announced], fetched: list[Archived]
) -> None:
    apart = [replace(each, fetched_at=NOW + timedelta(seconds=n)) for n, each in enumerate(fetched)]
    rows = cover(run(), announced, apart)
    other = cover(run(), announced, apart[::-1])
    assert [(row.day, row.announced, row.verdict) for row in rows] == [
        (row.day, row.announced, row.verdict) for row in other
    ]
