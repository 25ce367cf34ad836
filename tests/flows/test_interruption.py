"""However a crawl is ended, what was stored is ingested by the next run, and nothing is left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from slow_site import SlowSite, wait_until
from warraq_command import Command


def started(warraq: Command, site: SlowSite, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
    """A crawl in full swing: one file is stored, another is being written."""
    process = warraq.start("crawl", "slow", *arguments, **site.environ, **environ)
    wait_until(lambda: list(warraq.root.rglob("*.warc.gz")), "a stored WARC file")
    wait_until(lambda: list(warraq.spool.rglob("*.warc.gz.open")), "another one in the writing")
    served = site.articles_served()
    wait_until(lambda: site.articles_served() > served, "one more page")
    return process


def processes_of(warraq: Command) -> list[int]:
    """Processes that work in the environment of this command."""
    mark = f"WARRAQ_SPOOL={warraq.spool}".encode()
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environ.read_bytes().split(b"\0"):
                found.append(int(environ.parent.name))
        except OSError:
            continue
    return found


def test_after_sigkill_the_next_run_goes_on(warraq: Command, slow_site: SlowSite) -> None:
    process = started(warraq, slow_site)
    process.kill()
    process.communicate()
    wait_until(lambda: not processes_of(warraq), "the orphaned spider to end", 30)
    left = list(warraq.spool.rglob("*.warc.gz*"))
    assert left
    done = warraq("crawl", "slow", "--limit", "1", "--json", **slow_site.environ)
    report = json.loads(done.stdout)
    assert report["recovered"]
    assert report["recovered_outcomes"].get("new", 0) > 0
    assert not list(warraq.spool.rglob("*.warc.gz*"))
    assert len(warraq.records()) >= report["recovered_outcomes"]["new"]
    warraq("verify")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_crawl_ends_in_order(
    warraq: Command, slow_site: SlowSite, number: signal.Signals, status: int
) -> None:
    process = started(warraq, slow_site, "--json")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err.decode()
    assert b"Traceback" not in err
    assert b"Interrupted" in err
    report = json.loads(out)
    assert report["status"] == "interrupted"
    assert processes_of(warraq) == []
    assert not list(warraq.spool.rglob("*.warc.gz*"))
    assert len(warraq.records()) == report["outcomes"]["new"] >= 2
    warraq("verify")


def test_a_crawl_that_takes_too_long_is_stopped_and_what_it_fetched_is_kept(
    warraq: Command, slow_site: SlowSite
) -> None:
    done = warraq("crawl", "slow", "--json", status=1, **slow_site.environ, WARRAQ_TIMEOUT="8")
    report = json.loads(done.stdout)
    assert report["status"] == "timed_out"
    assert "WARRAQ_TIMEOUT" in report["problem"]
    assert len(warraq.records()) == report["outcomes"]["new"] > 0
    assert processes_of(warraq) == []


def test_a_spider_that_is_killed_fails_the_run_and_its_pages_are_kept(warraq: Command, slow_site: SlowSite) -> None:
    process = started(warraq, slow_site, "--json")
    [spider] = [pid for pid in processes_of(warraq) if b"spiders.run" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(spider, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err.decode()
    report = json.loads(out)
    assert report["status"] == "failed"
    assert report["spider"]["exit_status"] == 128 + signal.SIGKILL
    assert len(warraq.records()) == report["outcomes"]["new"] > 0
    assert not list(warraq.spool.rglob("*.warc.gz*"))
    warraq("verify")


def test_what_is_fetched_while_the_store_is_out_of_reach_is_kept(warraq: Command, slow_site: SlowSite) -> None:
    process = started(warraq, slow_site)
    away = warraq.root.rename(warraq.root.with_name("away"))
    warraq.root.write_text("no directory any more")
    err = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 3, err
    assert "the next run takes it up" in err
    assert "Traceback" not in err
    assert processes_of(warraq) == []
    warraq.root.unlink()
    away.rename(warraq.root)
    report = json.loads(warraq("crawl", "slow", "--limit", "1", "--json", **slow_site.environ).stdout)
    assert report["recovered_outcomes"]["new"] > 0
    assert not list(warraq.spool.rglob("*.warc.gz*"))
    warraq("verify")
