"""Runs in which names do not resolve or TLS does not come about: how they end, and what the next run makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from warraq_command import Command

from tests.bigsite import environment
from tests.hostile.paper import article
from tests.spiders.loopback_site import Answer, html, running


def source_at(directory: Path, port: int) -> Path:
    """A source on `paper.test` and its subdomains."""
    text = '[[source]]\nid = "paper"\nname = "صحيفة"\nlanguage = "ar"\ntimezone = "Asia/Damascus"\n'
    text += f'domains = ["paper.test"]\nlistings = ["http://paper.test:{port}/"]\narticle = "^/news/"\n'
    (path := directory / "sources.toml").write_text(text, encoding="utf-8")
    return path


def test_what_a_run_without_dns_leaves_the_next_one_fetches_though_tls_is_broken(
    warraq: Command, tmp_path: Path
) -> None:
    """First no name resolves; then those of the paper do, another does not, and behind a third nobody speaks TLS."""
    with running({f"/news/{n}": Answer(body=article(f"page {n}").encode()) for n in range(1, 4)}) as site:
        links = (f"http://paper.test:{site.port}/news/1", f"http://gone.paper.test:{site.port}/news/2")
        site.answers["/"] = html("الكل", links=(*links, f"https://tls.paper.test:{site.port}/news/3"))

        def crawl(*resolving: str, status: int) -> dict[str, Any]:
            names = ("paper.test", "gone.paper.test", "tls.paper.test")
            answers = {name: [["127.0.0.1"] if name in resolving else []] for name in names}
            resolver = {"DNS_RESOLVER": "tests.spiders.scripted_dns.ScriptedResolver", "TEST_DNS": answers}
            environ = environment(source_at(tmp_path, site.port), **resolver, RETRY_TIMES=1, DOWNLOAD_TIMEOUT=2)
            report: dict[str, Any] = json.loads(warraq("crawl", "paper", "--json", status=status, **environ).stdout)
            return report

        report = crawl(status=1)
        assert (report["status"], report["outcomes"], site.paths) == ("failed", {}, [])
        assert "robots.txt could not be read" in report["problem"]
        assert "no results for hostname lookup: paper.test" in report["problem"]

        report = crawl("paper.test", "tls.paper.test", status=0)
        assert (report["status"], report["discovered"], report["fetched"]) == ("completed", 3, 1)
        assert report["outcomes"]["new"] == 1
        assert [path for path in site.paths if path.startswith("/news/")] == ["/news/1"]
