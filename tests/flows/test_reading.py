"""records, show, sources, doctor, ingest: what people read of an archive."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from warraq_command import SAMPLES, SIX, Command

from flows.show import escaped

Crawled = tuple[Command, list[dict[str, Any]]]


def test_every_format_holds_the_same_records(crawled: Crawled, tmp_path: Path) -> None:
    command = crawled[0]
    records = command.records()
    assert len(records) == sum(report["records_added"] for report in crawled[1])
    times = [record["published_at"] or record["first_fetched_at"] for record in records]
    assert times == sorted(times)
    rows = list(csv.DictReader(io.StringIO(command("records", "--format", "csv").stdout.decode(), newline="")))
    assert [row["text"] for row in rows] == [record["text"] for record in records]
    assert [json.loads(row["tags"]) for row in rows] == [record["tags"] for record in records]
    out = tmp_path / "records.parquet"
    command("records", "--format", "parquet", "-o", out)
    assert pq.read_table(out)["record_id"].to_pylist() == [record["record_id"] for record in records]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_days_are_half_open(crawled: Crawled) -> None:
    command = crawled[0]
    days = Counter((record["published_at"] or record["first_fetched_at"])[:10] for record in command.records())
    day, count = days.most_common(1)[0]
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    assert len(command("records", "--since", day, "--until", following).stdout.splitlines()) == count
    assert len(command("records", "--until", day).stdout.splitlines()) == sum(n for d, n in days.items() if d < day)


def test_records_of_one_source(crawled: Crawled) -> None:
    found = [json.loads(line) for line in crawled[0]("records", "--source", "jannah").stdout.splitlines()]
    assert {record["source"] for record in found} == {"jannah"}


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["records", "-o", "/proc/x/records.jsonl"], 2, "Cannot write"),
        (["show", "0123456789abcdef"], 1, "has no record"),
        (["show", "https://example.org/"], 1, "has no capture"),
        (["show", "what?"], 2, "neither a record id"),
    ],
)
def test_what_cannot_be_read_or_written_is_told(crawled: Crawled, arguments: list[str], status: int, told: str) -> None:
    warraq, _ = crawled
    assert told in " ".join(warraq(*arguments, status=status).stderr.decode().split())


def test_records_of_no_source_in_csv_are_a_line_of_names(crawled: Crawled) -> None:
    warraq, _ = crawled
    assert warraq("records", "--source", "isna", "--format", "csv").stdout.splitlines()[0].startswith(b"record_id,")


def test_show_by_id_by_its_beginning_and_by_url(crawled: Crawled) -> None:
    command = crawled[0]
    record = command.records()[0]
    by_id = command("show", record["record_id"]).stdout.decode()
    assert record["title"] in by_id
    assert record["text"].split("\n")[0] in by_id
    assert command("show", record["record_id"][:12]).stdout.decode() == by_id
    shown = json.loads(command("show", record["url"], "--json").stdout)
    assert shown["record"]["record_id"] == record["record_id"]
    assert shown["captures"][0]["outcome"] == "new"


def test_a_terminal_is_not_at_the_mercy_of_a_page() -> None:
    assert escaped("a\x1b[2Jb\u202ec\x9bd") == r"a\x1b[2Jb\u202ec\x9bd"
    assert escaped("می\u200cشود") == "می\u200cشود"


def test_sources(warraq: Command) -> None:
    listed = [json.loads(line) for line in warraq("sources", "--json").stdout.splitlines()]
    assert {source["id"] for source in listed} >= set(SIX)
    assert "replica" in warraq("sources", "etemadonline").stdout.decode()
    table = warraq("sources").stdout.decode()
    assert all(source["id"] in table for source in listed)


def test_doctor_on_a_directory(warraq: Command) -> None:
    told = warraq("doctor").stdout.decode()
    assert "exactly one won" in told
    assert "warn" in told  # there is no contact
    answer = json.loads(warraq("doctor", "--json", WARRAQ_CONTACT="me@example.org").stdout)
    assert {check["result"] for check in answer["checks"]} == {"ok"}
    assert not [path for path in warraq.root.rglob("*") if path.is_file()]


def test_doctor_says_what_to_do(warraq: Command) -> None:
    told = warraq(
        "doctor",
        status=1,
        WARRAQ_ROOT="/proc/archive",
        WARRAQ_SPOOL="/proc/spool",
        PREFECT_API_URL="http://127.0.0.1:9/api",
    ).stdout.decode()
    assert told.count("fail ") == 3


def test_a_warc_made_by_others_is_ingested_once(warraq: Command, tmp_path: Path) -> None:
    foreign = tmp_path / "CC-MAIN-20241203-00001.warc.gz"
    foreign.write_bytes((SAMPLES / "arabkhabar.warc.gz").read_bytes())
    first = json.loads(warraq("ingest", foreign, "--source", "arabkhabar", "--json").stdout)
    assert first["flow"] == "ingest"
    assert first["records_added"] == first["outcomes"]["new"] > 0
    again = json.loads(warraq("ingest", foreign, "--source", "arabkhabar", "--json").stdout)
    assert again["parameters"]["already_ingested"]
    assert again["records_added"] == again["captures_added"] == 0
    assert again["warcs"] == first["warcs"]
    warraq("verify")


def test_help_names_the_exit_statuses(warraq: Command) -> None:
    told = warraq("--help").stdout.decode()
    assert "Exit status" in told
    assert "130" in told
    assert warraq("--version").stdout.startswith(b"warraq ")
