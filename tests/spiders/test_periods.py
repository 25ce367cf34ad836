"""The days that URLs name."""

from __future__ import annotations

from datetime import date

import pytest

from spiders.periods import Period, day_in_path, periods

DECEMBER = (date(2024, 12, 1), date(2025, 1, 1))
THIRD = (date(2024, 12, 3), date(2024, 12, 4))
AZAR = (date(2024, 11, 21), date(2024, 12, 21))


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("/sitemap-2024-12.xml", DECEMBER),
        ("/sitemap_202412.xml.gz", DECEMBER),
        ("/sitemap.xml?yyyy=2024&mm=12", DECEMBER),
        ("/post-sitemap-2024-12-03.xml", THIRD),
        ("/sitemap/20241203", THIRD),
        ("/sitemap.xml?yyyy=2024&mm=12&dd=03", THIRD),
        ("/sitemap-2024.xml", (date(2024, 1, 1), date(2025, 1, 1))),
        ("/1403/09/sitemap.xml", AZAR),
        ("/%D9%86%D9%82%D8%B4%D9%87-1403-09.xml", AZAR),
        ("/sitemap.xml?yr=1403&mn=9&dy=13", THIRD),
        ("/sitemap-1403.xml", (date(2024, 3, 20), date(2025, 3, 21))),
        ("/sitemap-1403-12.xml", (date(2025, 2, 19), date(2025, 3, 21))),
        ("/sitemap.xml", None),
        ("/post-sitemap2024.xml", None),  # Yoast's 2,024th
        ("/sitemap-1446-05.xml", None),  # Hijri
        ("/sitemap-17.xml", None),
        ("/sitemap.xml?id=20249999", None),
    ],
)
def test_a_name_states_its_days(name: str, days: tuple[date, date] | None) -> None:
    url = f"https://127.0.0.1:2024{name}"
    assert periods([url]) == ({url: Period(*days)} if days else {})


@pytest.mark.parametrize(
    "names",
    [("s-1403.xml", "s-17.xml"), ("s-202412.xml", "s-202413.xml"), ("s-2024-12.xml", "s-2024-11.xml", "s-2024-13.xml")],
)
def test_a_number_that_counts_is_no_date(names: tuple[str, ...]) -> None:
    dated = periods([f"https://site.example/{name}" for name in names])
    assert all((period.end - period.first).days > 31 for period in dated.values())


def test_other_names_beside_it_do_not_take_a_date_away() -> None:
    names = ("post-sitemap-2024-12.xml", "page-sitemap.xml", "category-sitemap3.xml")
    assert list(periods([f"https://site.example/{name}" for name in names])) == [f"https://site.example/{names[0]}"]


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://site.example/2024/12/03/slug/", date(2024, 12, 3)),
        ("https://site.example/fa/1403/9/13/slug", date(2024, 12, 3)),
        ("https://site.example/2024/13/03/slug", None),
        ("https://site.example/2024/12/slug", None),
        ("https://site.example/?at=/2024/12/03/", None),
    ],
)
def test_day_of_a_permalink(url: str, day: date | None) -> None:
    assert day_in_path(url) == day
