"""The ledger as one HTML page, which loads nothing and runs nothing.

Each square says how many articles the archive holds of the day, and the letter of its verdict unless it is complete: it
can be read without colours, without a pointer and aloud. What is not complete is told below each calendar. Tags that
HTML lets out are left out, for a page may have a hundred thousand squares.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from archive.coverage import DayCoverage, Verdict
from extract.types import Source
from flows import markup
from flows.coverage_grid import SIGNS
from flows.coverage_mending import Gap

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --faint: #595959; --line: #c8c8c8;
  --c: #d3efd6; --e: #d5ecf2; --p: #ffe08a; --f: #ffc9c4; --r: #ffd3a3; --x: #ecd0f5; --b: #f7b4bd; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #161616; --faint: #a8a8a8; --line: #484848;
  --c: #1d4425; --e: #17414d; --p: #5c4700; --f: #6e1f1a; --r: #633a08; --x: #4f2560; --b: #701a2e; } }
body { margin: 1.5rem auto; max-width: 78rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, "Noto Sans Arabic", "Noto Naskh Arabic", Tahoma, sans-serif; }
a { color: inherit; } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: separate; border-spacing: 2px; font-size: .75rem; }
th { font-weight: normal; text-align: start; color: var(--faint); white-space: nowrap; padding: 0 .4rem 0 0; }
thead th { text-align: center; padding: 0; }
.days td { min-width: 1.9rem; height: 1.4rem; padding: 0 .15rem; text-align: center; border-radius: 3px;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
.days td:empty { outline: 1px dotted var(--line); outline-offset: -3px; }
.days td.no { outline: none; }
.days td.n { text-align: end; padding-inline-start: .6rem; }
.c { background: var(--c); } .e { background: var(--e); } .p { background: var(--p); font-weight: bold; }
.f { background: var(--f); font-weight: bold; } .r { background: var(--r); font-weight: bold; }
.x { background: var(--x); font-weight: bold; } .b { background: var(--b); font-weight: bold; }
.legend { padding: 0; } .legend li { display: inline-block; margin-inline-end: 1rem; }
.legend b { display: inline-block; min-width: 1.5rem; text-align: center; border-radius: 3px; font-weight: bold; }
details { border-top: 1px solid var(--line); padding: .4rem 0; }
summary { cursor: pointer; padding: .2rem; } summary:focus-visible { outline: 2px solid; outline-offset: 2px; }
summary strong { margin-inline-end: .5rem; } summary bdi { margin-inline-end: .8rem; }
.gaps { font-size: .9rem; margin-top: .8rem; } .gaps td, .gaps th { vertical-align: top; padding: .2rem .8rem .2rem 0; }
.gaps th { color: inherit; } .gaps td { overflow-wrap: anywhere; }
.gaps .mark { display: inline-block; padding: 0 .4rem; border-radius: 3px; }
code { font: .85rem ui-monospace, monospace; }
"""
_MEANS = {
    Verdict.COMPLETE: "all that is announced of the day is settled",
    Verdict.EMPTY: "nothing was announced",
    Verdict.PARTIAL: "something is missing",
    Verdict.FAILED: "the run brought nothing",
    Verdict.RATE_LIMITED: "the site asked us to wait",
    Verdict.PARSE_REGRESSED: "pages give less than they did",
    Verdict.BLOCKED: "the site refuses us",
}
_RECENT = 14


def as_html(
    rows: Sequence[DayCoverage], gaps: Sequence[Gap], sources: Mapping[str, Source], since: date, until: date
) -> str:
    """The page: all sources side by side for the last days, then the calendar of each."""
    by_source: dict[str, dict[date | None, DayCoverage]] = {}
    for row in rows:
        by_source.setdefault(row.source, {})[row.day] = row
    last = until - timedelta(days=1)
    return markup.page(
        f"Coverage {since} to {last}",
        _STYLE,
        [
            f"<h1>Coverage {since} to {last}</h1>",
            f"<p>Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Days are those of each source's clock.",
            "<p>The number in a square is that of the day's articles in the archive.",
            f"<p><strong>{_summary(rows, gaps)}</strong>",
            '<ul class="legend">',
            *(
                f'<li><b class="{_class(verdict)}">{_letter(verdict) or "7"}</b> {sign.means}: {_MEANS[verdict]}'
                for verdict, sign in SIGNS.items()
            ),
            "<li>blank: no run has looked",
            "</ul>",
            *(_overview(by_source, sources, max(since, until - timedelta(days=_RECENT)), until) if by_source else ()),
            "<h2>Each source</h2>",
            *(line for source in by_source for line in _source(source, by_source, gaps, sources, since, until)),
        ],
    )


def _summary(rows: Sequence[DayCoverage], gaps: Sequence[Gap]) -> str:
    sources = len({gap.source for gap in gaps})
    if not gaps:
        return "All days that a run has looked at are complete."
    return f"{sum(gap.days for gap in gaps)} of {len(rows)} days, of {sources} sources, are to be mended."


def _overview(
    by_source: Mapping[str, Mapping[date | None, DayCoverage]],
    sources: Mapping[str, Source],
    since: date,
    until: date,
) -> Iterator[str]:
    days = [since + timedelta(days=number) for number in range((until - since).days)]
    yield "<h2>The last days</h2>"
    yield '<div class="wide" tabindex="0" role="region" aria-label="The last days of all sources"><table class="days">'
    heads = "".join(f'<th scope="col">{day:%m-%d}' for day in days)
    yield f'<thead><tr><th scope="col">source<th scope="col">name{heads}<tbody>'
    for source, states in by_source.items():
        squares = "".join(_square(states.get(day)) for day in days)
        link = f'<a href="#{markup.text(source)}">{markup.text(source)}</a>'
        yield f'<tr><th scope="row">{link}<th>{_name(source, sources)}{squares}'
    yield "</table></div>"


def _source(
    source: str,
    by_source: Mapping[str, Mapping[date | None, DayCoverage]],
    gaps: Sequence[Gap],
    sources: Mapping[str, Source],
    since: date,
    until: date,
) -> Iterator[str]:
    states = by_source[source]
    verdicts = Counter(Verdict(row.verdict) for row in states.values())
    counts = ", ".join(f"{verdicts[each]} {sign.means}" for each, sign in SIGNS.items() if verdicts[each])
    opened = " open" if len(by_source) == 1 else ""
    yield f'<details id="{markup.text(source)}"{opened}>'
    yield f"<summary><strong>{markup.text(source)}</strong>{_name(source, sources)} {counts}</summary>"
    calendar = f"Calendar of {markup.text(source)}"
    yield f'<div class="wide" tabindex="0" role="region" aria-label="{calendar}"><table class="days">'
    numbers = "".join(f'<th scope="col">{day}' for day in range(1, 32))
    yield f'<thead><tr><th scope="col">month{numbers}<th scope="col">articles<tbody>'
    first = min((day for day in states if day), default=since).replace(day=1)
    months = []
    while first < until:
        months.append(first)
        first = (first + timedelta(days=31)).replace(day=1)
    for month in reversed(months):
        yield _month(month, states, until)
    if undated := states.get(None):
        yield f'<tr><th scope="row">no date{_square(undated)}'
    yield "</table></div>"
    if own := [gap for gap in gaps if gap.source == source]:
        yield '<table class="gaps"><thead><tr><th scope="col">days<th scope="col">verdict<th scope="col">why'
        yield '<th scope="col">what would mend it<tbody>'
        yield from (_gap(gap) for gap in reversed(own))
        yield "</table>"
    yield "</details>"


def _month(month: date, states: Mapping[date | None, DayCoverage], until: date) -> str:
    length = min(monthrange(month.year, month.month)[1], (until - month).days)
    rows = [states.get(month.replace(day=number)) for number in range(1, length + 1)]
    squares = "".join(map(_square, rows)) + "<td class=no>" * (31 - length)
    return f'<tr><th scope="row">{month:%Y-%m}{squares}<td class=n>{sum(row.held for row in rows if row) or ""}'


def _square(row: DayCoverage | None) -> str:
    if row is None:
        return "<td>"
    verdict = Verdict(row.verdict)
    told = f' title="{markup.text(_counts(row))}"' if row.why else ""
    return f"<td class={_class(verdict)}{told}>{_letter(verdict)}{row.held or ''}"


def _counts(row: DayCoverage) -> str:
    """What people want to know of a day that is not complete."""
    return (
        f"{row.day or 'no date'} {row.verdict}: {row.why}. {row.announced} announced, {row.known} known, {row.fetched} "
        f"fetched, {row.failed} failed, {row.rejected} rejected, {row.missing} missing"
    )


def _gap(gap: Gap) -> str:
    sign = SIGNS[gap.verdict]
    why = gap.why + (f" (the last of {gap.days} days)" if gap.days > 1 else "")
    return (
        f'<tr><th scope="row">{gap.span}<td><span class="mark {_class(gap.verdict)}">{_letter(gap.verdict)} '
        f"{sign.means}</span><td><bdi>{markup.text(why)}</bdi><td><code>{markup.text(gap.mend)}</code>"
    )


def _class(verdict: Verdict) -> str:
    return "x" if verdict is Verdict.PARSE_REGRESSED else verdict.value[0]


def _letter(verdict: Verdict) -> str:
    return "" if verdict is Verdict.COMPLETE else "–" if verdict is Verdict.EMPTY else SIGNS[verdict].letter


def _name(source: str, sources: Mapping[str, Source]) -> str:
    return f"<bdi>{markup.text(sources[source].name)}</bdi>" if source in sources else ""
