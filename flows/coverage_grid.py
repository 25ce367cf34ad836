"""The ledger on a terminal: a calendar of one source, or many side by side; below it, what is to be mended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rich.text import Text

from archive.coverage import DayCoverage, Verdict
from extract.escaping import escaped
from flows.console import console
from flows.coverage_mending import Gap


@dataclass(frozen=True, kw_only=True)
class Sign:
    """How a verdict is shown: it can be told without colours, too."""

    letter: str
    plain: str
    """Where the terminal knows ASCII only."""
    style: str
    means: str


SIGNS = {
    Verdict.COMPLETE: Sign(letter="■", plain="#", style="green", means="complete"),
    Verdict.EMPTY: Sign(letter="□", plain="o", style="cyan", means="empty"),
    Verdict.PARTIAL: Sign(letter="P", plain="P", style="bold black on yellow", means="partial"),
    Verdict.FAILED: Sign(letter="F", plain="F", style="bold white on red", means="failed"),
    Verdict.RATE_LIMITED: Sign(letter="R", plain="R", style="bold black on bright_yellow", means="rate limited"),
    Verdict.PARSE_REGRESSED: Sign(letter="X", plain="X", style="bold white on magenta", means="parse regressed"),
    Verdict.BLOCKED: Sign(letter="B", plain="B", style="bold white on red", means="blocked"),
}
"""In the order of the legend."""
_SHOWN = 25
"""Gaps that are told of; the rest is counted."""
_ORDER = list(Verdict)

States = Mapping[tuple[str, date | None], DayCoverage]


def print_coverage(rows: Sequence[DayCoverage], gaps: Sequence[Gap], since: date, until: date) -> None:
    """Write the calendar of the days from `since` to before `until` to standard output."""
    out = console(piped=120)
    for line in as_text(rows, gaps, since, until, width=out.width, plain=out.options.ascii_only):
        out.print(line, soft_wrap=True)


def as_text(
    rows: Sequence[DayCoverage], gaps: Sequence[Gap], since: date, until: date, *, width: int, plain: bool = False
) -> Iterator[Text]:
    """The lines, for a terminal that is `width` columns wide."""
    states: States = {(row.source, row.day): row for row in rows}
    sources = sorted({row.source for row in rows})
    yield _legend(plain=plain)
    yield Text("")
    if len(sources) == 1:
        yield from _months(sources[0], states, since, until, plain=plain)
    else:
        yield from _side_by_side(sources, states, since, until, width=width, plain=plain)
    undated = [row for row in rows if row.day is None]
    if undated:
        told = ", ".join(f"{row.source} {row.articles}" for row in undated if row.articles)
        yield Text(f"\nWithout a date: {told or 'no articles'}" if told else "")
    yield Text("")
    yield from _told(gaps, plain=plain)


def _legend(*, plain: bool) -> Text:
    line = Text()
    for sign in SIGNS.values():
        line.append(sign.plain if plain else sign.letter, sign.style).append(f" {sign.means}   ")
    return line.append("blank: no run has looked")


def _mark(verdicts: Sequence[str], *, plain: bool) -> tuple[str, str]:
    """The sign of the gravest of these; of none, a blank."""
    if not verdicts:
        return " ", ""
    sign = SIGNS[min(map(Verdict, verdicts), key=_ORDER.index)]
    return (sign.plain if plain else sign.letter), sign.style


def _months(source: str, states: States, since: date, until: date, *, plain: bool) -> Iterator[Text]:
    """A line a month, a column a day."""
    yield Text(source, "bold")
    yield Text("         " + "".join(f"{day:>3}" for day in range(1, 32)) + "   articles", "dim")
    first = since.replace(day=1)
    while first < until:
        following = (first + timedelta(days=31)).replace(day=1)
        line, held = Text(f"{first:%Y-%m}  "), 0
        for number in range(31):
            day = first + timedelta(days=number)
            row = states.get((source, day)) if day < following and since <= day < until else None
            line.append("  ").append(*_mark([row.verdict] if row else [], plain=plain))
            held += row.held if row else 0
        yield line.append(f"   {held:>8}" if held else "")
        first = following


def _side_by_side(
    sources: Sequence[str], states: States, since: date, until: date, *, width: int, plain: bool
) -> Iterator[Text]:
    """A line a source; a column is a day, a week or a month, as fits, and has the gravest verdict of its days."""
    room = max(20, width - max(map(len, sources)) - 12)
    columns = _columns(since, until, room)
    gap = 2 if len(columns) * 3 <= room else 1 if len(columns) * 2 <= room else 0
    label = max(map(len, sources))
    for heading in _headings(columns, gap):
        yield Text(" " * (label + 1) + heading, "dim")
    for source in sources:
        line, held = Text(f"{source:<{label}} "), 0
        for column in columns:
            days = [row for day in column if (row := states.get((source, day)))]
            line.append(" " * gap).append(*_mark([row.verdict for row in days], plain=plain))
            held += sum(row.held for row in days)
        yield line.append(f"  {held:>8}")


def _columns(since: date, until: date, room: int) -> list[list[date]]:
    """The days in columns: of a day each, else of a week, else of a month."""
    days = [since + timedelta(days=number) for number in range((until - since).days)]
    for name in ("%Y-%m-%d", "%G-%V", "%Y-%m"):
        columns: dict[str, list[date]] = {}
        for day in days:
            columns.setdefault(day.strftime(name), []).append(day)
        if len(columns) <= room:
            break
    return list(columns.values())


def _headings(columns: Sequence[Sequence[date]], gap: int) -> Iterator[str]:
    """Months (or years) over the columns where they begin, and days of the month where there is room for them."""
    step = gap + 1
    of_months = len(columns[0]) > 7 or len(columns[-1]) > 7 if columns else False
    line = ""
    for number, column in enumerate(columns):
        name = f"{column[0]:%Y}" if of_months else f"{column[0]:%Y-%m}"
        before = columns[number - 1][0] if number else None
        begins = before is None or (before.year != column[0].year if of_months else before.month != column[0].month)
        at = number * step + gap
        if begins and len(line) <= max(0, at - 1):
            line = line.ljust(at) + name
    yield line
    if gap == 2 and not of_months and all(len(column) == 1 for column in columns):
        yield "".join(f"{column[0].day:>3}" for column in columns)


def _told(gaps: Sequence[Gap], *, plain: bool) -> Iterator[Text]:
    """What is not complete, the newest first of each source, each with the command that would mend it."""
    if not gaps:
        yield Text("All days that a run has looked at are complete.")
        return
    gravest = sorted(gaps, key=lambda gap: (_ORDER.index(gap.verdict), gap.source, -(gap.last or date.max).toordinal()))
    for gap in gravest[:_SHOWN]:
        yield (
            Text()
            .append(*_mark([gap.verdict], plain=plain))
            .append(f" {gap.source} {gap.span}", "bold")
            .append(f"  {escaped(gap.why)}" + (f" (the last of {gap.days} days)" if gap.days > 1 else ""))
        )
        yield Text(f"  {gap.mend}", "cyan")
    if len(gaps) > _SHOWN:
        yield Text(f"… and {len(gaps) - _SHOWN} more: --html shows all, or give a source, --since and --until")
