from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from warraq_command import SAMPLES, Command

FIELDS = [
    "id", "url", "title", "text", "authors", "published_at", "published_raw", "published_calendar",
    "published_precision", "modified_at", "language", "language_confidence", "section", "tags", "attribution",
    "site_name", "image_url", "kicker", "flags",
]  # fmt: skip
PARAGRAPH = (
    "قال وزير الخارجية اليوم إن المحادثات بين الجانبين أحرزت تقدما في عدة ملفات منها التجارة والطاقة والمياه والحدود "
    "والنقل والصحة والتعليم، وأضاف أن اللجنة المشتركة ستعود إلى الانعقاد في الشهر المقبل لمتابعة ما اتفق عليه."
)
HTML = (
    "<html lang=ar><head><title>تقدم في المحادثات بين الجانبين</title></head><body><article><h1>تقدم في المحادثات بين "
    f"الجانبين</h1><p>{PARAGRAPH}</p><p>{PARAGRAPH[::-1][::-1]} وهذا ما أكده المتحدث.</p></article></body></html>"
)


def answers(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_line_is_answered_before_the_next_is_written(warraq: Command) -> None:
    process = warraq.start("extract", "--jsonl")
    assert process.stdin
    assert process.stdout
    guard = threading.Timer(60, process.kill)
    guard.start()
    for number in range(5):
        process.stdin.write(json.dumps({"id": number, "html": HTML}).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer["id"] == number
        assert list(answer) == FIELDS
        assert PARAGRAPH in answer["text"].split("\n")
    process.stdin.close()
    assert process.wait(10) == 0
    guard.cancel()
    assert process.stderr
    assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("line", "page_id", "reason"),
    [
        ("garbage", None, "malformed_line"),
        ("[1]", None, "malformed_line"),
        ("[" * 100_000, None, "malformed_line"),
        ('{"id": "a"}', "a", "malformed_line"),
        ('{"id": "a", "html": 1}', "a", "malformed_line"),
        ('{"id": "a", "html": "x", "fetched_at": "yesterday"}', "a", "malformed_line"),
        ('{"id": "a", "html": "x", "source": "isnaa"}', "a", "unknown_source"),
        ('{"id": "a", "html": ""}', "a", None),
        ('{"id": "a", "html": "\\ud800"}', "a", None),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_and_the_next_answered(
    warraq: Command, line: str, page_id: str | None, reason: str | None
) -> None:
    good = json.dumps({"id": "good", "html": HTML})
    done = warraq("extract", "--jsonl", stdin=f"{line}\n\n{good}\n".encode())
    refused, answered = answers(done.stdout)
    assert list(refused) == ["id", "rejected", "detail"]
    assert refused["id"] == page_id
    assert reason is None or refused["rejected"] == reason
    assert answered["title"]


def test_the_source_is_found_by_the_domain_or_given(warraq: Command) -> None:
    html = HTML.replace("<h1>", "<time>۲۰:۴۷ - ۱۴۰۳/۰۹/۱۳</time><h1>")
    lines = [
        {"id": 1, "html": html, "url": "https://www.etemadonline.com/x"},
        {"id": 2, "html": html, "source": "etemadonline"},
        {"id": 3, "html": html, "source": "etemadonline", "language": "ar"},
    ]
    done = warraq("extract", "--jsonl", stdin="\n".join(map(json.dumps, lines)).encode())
    by_domain, given, other_language = answers(done.stdout)
    assert by_domain["rejected"] == given["rejected"] == "wrong_language"
    assert other_language["language"] == "ar"


def test_files_of_every_kind_in_order(warraq: Command, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(HTML, encoding="utf-8")
    (tmp_path / "b.txt").write_text(f"تقدم في المحادثات بين الجانبين\n{PARAGRAPH}\n", encoding="utf-8")
    done = warraq("extract", "a.html", SAMPLES / "arabkhabar.warc.gz", "none.html", "b.txt", status=1)
    first, *of_warc, unreadable, last = answers(done.stdout)
    assert first["id"] == "a.html"
    assert sum("title" in answer for answer in of_warc) >= 12
    assert unreadable["rejected"] == "unreadable"
    assert last["text"] == PARAGRAPH


def test_a_wet_file_gives_a_line_for_each_text(warraq: Command, tmp_path: Path) -> None:
    texts = [f"تقدم في المحادثات بين الجانبين\n{PARAGRAPH}\nأخبار ذات صلة\nخبر آخر لا علاقة له", "Cart (0)"]
    (tmp_path / "a.warc.wet.gz").write_bytes(b"".join(gzip.compress(_conversion(*each)) for each in enumerate(texts)))
    done = warraq("extract", "a.warc.wet.gz")
    article, refused = answers(done.stdout)
    assert article["text"] == PARAGRAPH
    assert article["url"] == "https://arabstoday.net/326/0"
    assert article["site_name"] == "العرب اليوم"
    assert refused["rejected"] == "too_short"


def _conversion(number: int, text: str) -> bytes:
    head = (
        "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Date: 2024-12-03T10:00:00Z\r\nContent-Type: text/plain\r\n"
        f"WARC-Target-URI: https://arabstoday.net/326/{number}\r\n"
        f"WARC-Record-ID: <urn:uuid:0ab8ecd1-7d4e-4a4b-9bb4-6b1c4bfc41a{number}>\r\n"
    )
    return f"{head}Content-Length: {len(text.encode())}\r\n\r\n{text}\r\n\r\n".encode()


def test_the_url_of_a_file_tells_its_source(warraq: Command, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(HTML, encoding="utf-8")
    done = warraq("extract", "a.html", "--url", "https://arabstoday.net/326/114830-x")
    assert answers(done.stdout)[0]["site_name"] == "العرب اليوم"


def test_a_reader_that_stops_reading_is_no_error(warraq: Command) -> None:
    process = warraq.start("extract", *[SAMPLES / "arabkhabar.warc.gz"] * 3)
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 141
