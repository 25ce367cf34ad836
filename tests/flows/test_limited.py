"""A run that comes to a limit leaves the rest to the next, which goes on from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from archive.coverage import Verdict
from archive.store import LocalStore
from archive.tables import Tables
from archive.verify import verify
from flows.ledger import newest_rows
from tests.flows.slow_site import TEXT
from tests.flows.warraq_command import make_command
from tests.spiders.rude_site import html, repeats, running


def article(number: int) -> bytes:
    text = f"<h1>خبر رقم {number}</h1>" + f"<p>{number} {TEXT} {number}</p>" * 3
    return f"<!doctype html><html lang=ar><title>خبر رقم {number}</title><body><article>{text}</article>".encode()


def test_the_next_run_goes_on(tmp_path: Path) -> None:
    command = make_command(tmp_path)
    paths = [*(f"/news/{number}" for number in range(3)), "/news/drip", "/news/large"]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    answers = {path: html(article(number)) for number, path in enumerate(paths[:3])} | {
        "/": html("".join(f'<a href="{path}">{path}</a>' for path in reversed(paths)).encode()),
        "/news/drip": repeats(head, b"x", pause=0.2),
        "/news/large": repeats(head, b"x" * 1000),
    }
    with running(answers) as site:
        sources = tmp_path / "sources.toml"
        sources.write_text(
            f"""
            [[source]]
            id = "site"
            name = "الموقع"
            language = "ar"
            timezone = "Asia/Damascus"
            domains = ["127.0.0.1"]
            listings = ["{site.root}/"]
            article = "^/news/"

            [site.limits]
            pages = 3
            response_bytes = 20_000
            response_seconds = 1.5
            """,
            encoding="utf-8",
        )
        own = {"WARRAQ_SOURCES": str(sources), "WARRAQ_CONTACT": "a@b.example", "WARRAQ_ALLOW_ADDRESSES": "127.0.0.1:*"}

        def crawl(status: int) -> tuple[dict[str, Any], list[str]]:
            before = len(site.paths)
            done = command("crawl", "site", "--json", status=status, **own)
            return json.loads(done.stdout), [path for path in site.paths[before:] if path.startswith("/news/")]

        first, asked = crawl(1)
        assert (first["status"], first["spider"]["reason"]) == ("limited", "limit_reached")
        assert "a limit of its source, `pages`" in first["problem"]
        assert asked == ["/news/large", "/news/drip", "/news/2"]
        assert first["reasons"] == {"too_large": 1, "timed_out": 1}
        rows = newest_rows(LocalStore(command.root), ["site"])
        assert {row.verdict for row in rows} == {Verdict.PARTIAL}
        assert any("`pages`" in (row.why or "") for row in rows)

        second, asked = crawl(0)
        assert second["status"] == "completed"
        assert sorted(asked) == ["/news/0", "/news/1", "/news/drip"]  # what was too large is settled

    captures = Tables(LocalStore(command.root)).snapshot().query("SELECT url, reason FROM captures").to_pylist()
    reasons = sorted(f"{row['url'].rpartition('/')[2]} {row['reason']}" for row in captures if row["reason"])
    assert reasons == ["drip timed_out", "drip timed_out", "large too_large"]
    assert list(verify(LocalStore(command.root), deep=True)) == []
