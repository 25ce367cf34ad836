"""When a known page is fetched again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from archive.visits import Visit
from archive.warc import Original
from spiders.revisits import conditions, is_due

BORN = datetime(2024, 12, 3, 12, tzinfo=UTC)
AGES = (1, 6, 24, 168)


def visit(hours: float, *, dated: bool = True, **fields: object) -> Visit:
    """A visit so many hours after publication."""
    at = BORN + timedelta(hours=hours)
    return Visit(fetched_at=at, first_fetched_at=BORN, published_at=BORN if dated else None, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (0, 0.9, False),
        (0, 1, True),
        (1, 5.9, False),
        (1.5, 30, True),  # two ages have passed; it is fetched once
        (30, 167, False),
        (30, 168, True),
        (200, 9999, False),
    ],
)
@pytest.mark.parametrize("dated", [True, False])
def test_ages(last: float, now: float, due: bool, dated: bool) -> None:
    assert is_due(visit(last, dated=dated), AGES, BORN + timedelta(hours=now)) is due


def test_no_ages_no_revisits() -> None:
    assert not is_due(visit(0), (), BORN + timedelta(days=99))


def test_conditions_are_sent_where_the_answer_can_be_kept() -> None:
    original = Original(capture_id="x", url="https://x.example/", fetched_at=BORN)
    assert conditions(visit(0, etag='"é"', original=original)) == {"If-None-Match": '"é"'.encode("latin-1")}
    assert conditions(visit(0, last_modified="Tue, …", etag="x")) == {}
    assert conditions(None) == {}
