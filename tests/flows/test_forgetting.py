"""`warraq forget` as a command: shown, asked for, done, and heeded by the next crawl."""

from __future__ import annotations

import json

from warraq_command import Command

URL = "https://arabkhabar.com/a/1046702"
REASON = ("--reason", "court order 7/2026")


def test_what_is_forgotten_is_not_fetched_again(warraq: Command) -> None:
    warraq.crawl("arabkhabar")
    [record] = [each for each in warraq.records() if each["url"] == URL]
    shown = warraq("forget", URL, *REASON, "--dry-run").stdout.decode()
    assert record["record_id"] in shown
    assert URL in shown
    assert b"Give --yes" in warraq("forget", URL, *REASON, status=2).stderr
    assert record in warraq.records()
    assert not (warraq.root / "forgotten").exists()

    assert b"says so" in warraq("forget", URL, *REASON, "--yes").stderr
    assert record["record_id"] not in {each["record_id"] for each in warraq.records()}
    warraq("verify", "--deep")
    [entry] = [json.loads(path.read_text()) for path in (warraq.root / "forgotten").rglob("*.json")]
    assert (entry["reason"], entry["record_ids"]) == (REASON[1], [record["record_id"]])
    assert record["title"] not in json.dumps(entry, ensure_ascii=False)
    shown = json.loads(warraq("show", URL, "--json").stdout)
    assert {each["reason"] for each in shown["captures"]} == {"forgotten"}

    [report] = warraq.crawl("arabkhabar")
    assert report["spider"]["stats"]["warraq/forgotten"] >= 1
    assert report["records_added"] == 0
    assert record["record_id"] not in {each["record_id"] for each in warraq.records()}


def test_what_cannot_be_is_told(warraq: Command) -> None:
    warraq.crawl("arabkhabar", "--limit", "1")
    for arguments, message in (
        ((), b"Name a URL, or a domain"),
        ((URL, "--domain", "arabkhabar.com"), b"not both"),
        (("ftp://arabkhabar.com/x",), b"is not an http URL"),
        (("--domain", "com"), b"is not a domain"),
    ):
        assert message in warraq("forget", *arguments, *REASON, status=2).stderr
    assert b"audit log" in warraq("forget", URL, "--reason", " ", status=2).stderr
    nothing = warraq("forget", "https://arabkhabar.com/a/999", *REASON, "--dry-run").stdout
    assert b"holds nothing of https://arabkhabar.com/a/999; it will not be fetched" in nothing
