"""How the ledger is shown: calendars, what is to be mended and by which command, and the page for a browser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest
from lxml import html as lxml_html
from rich.cells import cell_len

from archive.coverage import DayCoverage, Verdict
from extract.types import Source
from flows.coverage_grid import SIGNS, as_text
from flows.coverage_mending import gaps
from flows.coverage_page import _STYLE, as_html

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def source(name: str, fewest: int = 1) -> Source:
    return Source(
        id=name,
        name="‏ایسنا <b>",
        language="fa",
        timezone="Asia/Tehran",
        domains=(f"{name}.example",),
        daily=(fewest, 99),
    )


SOURCES = {name: source(name) for name in ("isna", "etemadonline", "x")} | {"quiet": source("quiet", 0)}


def state(
    name: str, day: date | None, verdict: str = "complete", why: str | None = None, held: int = 20
) -> DayCoverage:
    at = datetime.combine(day or TODAY, time(20), UTC)
    return DayCoverage(
        source=name, day=day, run_id="r", flow="crawl", started_at=at, ended_at=at, verdict=verdict, why=why, held=held
    )


def before(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("states", "mended"),
    [
        (
            [state("isna", before(3), "partial"), state("isna", before(2), "partial"), state("isna", before(1))],
            ["warraq backfill isna --since 2026-11-19 --until 2026-11-21 --reprocess failed"],
        ),
        (
            [state("isna", before(3), "failed"), state("isna", before(1), "failed")],
            [
                "warraq backfill isna --since 2026-11-19 --until 2026-11-20 --reprocess failed",
                "warraq backfill isna --since 2026-11-21 --until 2026-11-22 --reprocess failed",
            ],
        ),
        (
            [state("isna", before(1), "parse_regressed"), state("isna", TODAY, "parse_regressed")],
            ["warraq reextract --source isna --since 2026-11-21 --until 2026-11-23"],
        ),
        ([state("isna", TODAY, "failed")], ["warraq crawl isna"]),
        (  # a backfill takes days that are over
            [state("isna", before(1), "blocked"), state("isna", TODAY, "blocked")],
            ["warraq backfill isna --since 2026-11-21 --until 2026-11-22 --reprocess failed"],
        ),
        (
            [state("isna", before(1), "empty")],
            ["warraq backfill isna --since 2026-11-21 --until 2026-11-22 --reprocess completed"],
        ),
        ([state("quiet", before(1), "empty")], []),
        ([state("isna", None, "partial")], ["warraq crawl isna"]),
        ([state("isna", None, "parse_regressed")], ["warraq reextract --source isna"]),
        ([state("isna", before(1)), state("x", TODAY)], []),
    ],
)
def test_what_is_to_be_mended_and_how(states: list[DayCoverage], mended: list[str]) -> None:
    assert [gap.mend for gap in gaps(states, SOURCES, NOW)] == mended


def test_today_is_that_of_the_source() -> None:
    late = datetime(2026, 11, 22, 21, tzinfo=UTC)  # the 23rd in Tehran: the 22nd is over
    [gap] = gaps([state("isna", TODAY, "partial")], SOURCES, late)
    assert gap.mend.startswith("warraq backfill isna --since 2026-11-22")


ALL = [state("isna", before(number), verdict, f"why {verdict}") for number, verdict in enumerate(Verdict)]


def lines(states: Sequence[DayCoverage], since: date, *, width: int = 100, plain: bool = False) -> list[str]:
    told = as_text(states, gaps(states, SOURCES, NOW), since, TODAY + timedelta(days=1), width=width, plain=plain)
    return [line for text in told for line in text.plain.split("\n")]


def test_one_source_is_a_calendar_with_a_line_a_month() -> None:
    shown = lines(ALL, date(2026, 10, 30))
    [name, heads, october, november] = shown[2:6]
    assert name == "isna"
    assert heads.split() == [*map(str, range(1, 32)), "articles"]
    assert october.strip() == "2026-10"
    assert november[heads.index(" 22") + 2] == SIGNS[Verdict.BLOCKED].letter
    assert november.split()[1:] == ["■", "□", "P", "F", "R", "X", "B", "140"]


@pytest.mark.parametrize(("days", "width", "columns"), [(14, 100, 14), (40, 100, 40), (200, 100, 30), (1000, 60, 33)])
def test_many_sources_stand_side_by_side_in_columns_that_fit(days: int, width: int, columns: int) -> None:
    states = [state(name, before(number)) for name, number in product(("isna", "etemadonline"), range(days))]
    first, second = [
        line for line in lines(states, before(days - 1), width=width) if "■" in line and "complete" not in line
    ]
    assert first.count("■") == second.count("■") == pytest.approx(columns, abs=1)
    assert first.index("■") == second.index("■")
    assert max(cell_len(first), cell_len(second)) <= width


def test_a_column_has_the_gravest_verdict_of_its_days() -> None:
    states = [state(name, before(number)) for name, number in product(("isna", "x"), range(300))]
    states[5] = state("isna", before(5), "failed")
    [line] = [line for line in lines(states, before(299)) if line.startswith("isna")]
    assert line.count("F") == 1


def test_every_verdict_can_be_told_without_colours_and_in_ascii() -> None:
    assert len({sign.letter for sign in SIGNS.values()}) == len(SIGNS) == len(Verdict)
    shown = "\n".join(lines(ALL, before(30), plain=True))
    assert shown.isascii()


def test_what_is_not_complete_is_told_gravest_first_and_safely() -> None:
    shown = lines([*ALL, state("x", before(1), "failed", "\x1b[31m\u202eevil")], before(30))
    told = [line for line in shown if line.startswith(("B ", "X ", "R ", "F ", "P ", "□ "))]
    assert [line[0] for line in told] == ["B", "X", "R", "F", "F", "P", "□"]
    assert not re.search("[\x1b\u202e]", "\n".join(shown))


def test_more_gaps_than_a_person_reads_are_counted() -> None:
    states = [state("isna", before(2 * number), "failed", "disk full") for number in range(40, 0, -1)]
    assert lines(states, before(90))[-1].startswith("… and 15 more")


# --- the page ---------------------------------------------------------------------------------------------------------


def page(states: Sequence[DayCoverage], since: date) -> str:
    return as_html(states, gaps(states, SOURCES, NOW), SOURCES, since, TODAY + timedelta(days=1))


def test_the_page_tells_each_day_in_words_and_loads_nothing() -> None:
    tree = lxml_html.fromstring(page([*ALL, state("x", TODAY)], before(40)))
    squares = {each.text: each for each in tree.xpath("//details[@id='isna']//table[@class='days']//td")}
    assert {"B20", "X20", "R20", "F20", "P20", "–20", "20"} <= squares.keys()
    assert squares["P20"].get("title").startswith("2026-11-18 partial: why partial. 0 announced")
    [why] = tree.xpath("//details[@id='isna']//tr[contains(., 'why parse_regressed')]")
    assert why.xpath(".//code")[0].text == "warraq reextract --source isna --since 2026-11-21 --until 2026-11-22"
    assert tree.xpath("//summary//bdi")[0].text == r"\u200fایسنا <b>"
    assert not tree.xpath("//script | //link | //img | //*[@src] | //*[@style]")
    assert "default-src 'none'" in tree.xpath("//meta[@http-equiv]/@content")[0]
    assert tree.get("lang") == "en"
    assert all(
        table.xpath(".//th[@scope='row']") and table.xpath(".//th[@scope='col']") for table in tree.xpath("//table")
    )


def test_the_page_of_a_hundred_sources_over_three_years_is_small() -> None:
    days = [before(number) for number in range(1095)]
    one = len(page([state("isna", day) for day in days], days[-1]))
    assert 100 * one < 3_000_000


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    shares = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_colours_are_in_sufficient_contrast(theme: int) -> None:
    """By WCAG 2.2, success criterion 1.4.3: 4.5 to 1."""
    root = re.findall(r":root \{(.*?)\}", _STYLE, re.DOTALL)[theme]
    colours = dict(re.findall(r"--(\w+): (#\w+)", root))
    for text, ground in [("faint", "paper"), *(("ink", name) for name in ("paper", *"cepfrxb"))]:
        light, dark = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
