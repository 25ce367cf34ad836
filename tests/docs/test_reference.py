"""What the documentation lists is what the code has."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pytest

from archive.coverage import Verdict
from archive.dedup import Outcome
from archive.tables import CAPTURE_COLUMNS, COVERAGE_COLUMNS, RECORD_COLUMNS
from extract.types import Limits, Reason, Source
from flows.report import Status
from flows.settings import Settings
from tests.hostile.table import table

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(
    ("table", "columns"),
    [("records", RECORD_COLUMNS), ("captures", CAPTURE_COLUMNS), ("coverage", COVERAGE_COLUMNS)],
)
def test_the_tables_columns_are_documented_as_they_are_explained(table: str, columns: pa.Schema) -> None:
    section = (DOCS / "data-format.md").read_text("utf-8").split(f"## `{table}`")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", section, re.MULTILINE)
    assert rows == [(column.name, column.metadata[b"comment"].decode()) for column in columns]


@pytest.mark.parametrize("value", [*Outcome, *Reason])
def test_every_outcome_and_reason_is_explained(value: Outcome | Reason) -> None:
    assert f"`{value}`" in (DOCS / "data-format.md").read_text("utf-8")


def test_the_operators_page_has_a_section_for_each_verdict_in_their_order() -> None:
    text = (DOCS / "coverage.md").read_text("utf-8")
    found = re.findall(r"^## `(\w+)`\n\n\*\*Means\*\*", text, re.MULTILINE)
    assert found == [*Verdict]


def test_every_field_of_a_source_is_explained() -> None:
    text = (DOCS / "add-a-source.md").read_text("utf-8")
    assert [field.name for field in fields(Source) if f"`{field.name}`" not in text] == []


def test_every_setting_is_explained() -> None:
    text = (DOCS / "operations.md").read_text("utf-8")
    described = Settings.from_environment({"HOME": "/home/somebody"}).describe()
    assert [name for name in described if f"`{name}`" not in text] == []


@pytest.mark.parametrize("status", Status)
def test_every_status_of_a_run_is_named(status: Status) -> None:
    section = (DOCS / "data-format.md").read_text("utf-8").split("## Run reports")[1].split("\n## ")[0]
    assert f"`{status}`" in section


def test_the_table_of_limits_is_the_code_s() -> None:
    section = (DOCS / "security.md").read_text("utf-8").split("## Limits")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([0-9_]+) \|", section, re.MULTILINE)
    assert rows == [(field.name, f"{field.default:_}") for field in fields(Limits)]


def test_the_attacks_are_documented_as_they_are_tried() -> None:
    section = (DOCS / "security.md").read_text("utf-8").split("\n## Attacks and their outcomes\n")[1].split("\n## ")[0]
    assert table() in section, "`python -m tests.hostile --table` prints it anew"
