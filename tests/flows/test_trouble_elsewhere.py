"""Trouble that is none of ours: a full disk, a store that is away for long. The run ends cleanly, the next goes on."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from pathlib import Path

import pytest
from slow_site import SlowSite, wait_until
from test_interruption import processes_of
from warraq_command import Command

from archive.store import open_store
from archive.tables import Tables
from archive.verify import verify
from tests.bigsite import environment
from tests.soak.proxy import Proxy


@pytest.fixture
def hasty(slow_site: SlowSite) -> dict[str, str]:
    """The slow site, crawled five pages a second."""
    return slow_site.environ | environment(slow_site.sources_file, DOWNLOAD_DELAY=0.2, CONCURRENT_REQUESTS_PER_DOMAIN=1)


def test_a_spool_that_is_full_ends_the_run_and_its_pages_are_kept(
    warraq: Command, slow_site: SlowSite, hasty: dict[str, str]
) -> None:
    """A disk of 64 KB where one can be mounted; else a spider that may write no file larger than 24 KB."""
    environ = hasty | {"WARRAQ_WARC_BYTES": "100000000"}
    warraq.spool.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(warraq.spool)]
    is_disk = os.geteuid() == 0 and not subprocess.run(mount, capture_output=True, check=False).returncode
    try:
        process = warraq.start("crawl", "slow", "--json", **environ)
        if not is_disk:
            wait_until(lambda: list(warraq.spool.rglob("*.warc.gz.open")), "a file in the writing")
            [spider] = [pid for pid in processes_of(warraq) if b"spiders.run" in _command(pid)]
            resource.prlimit(spider, resource.RLIMIT_FSIZE, (24_000, 24_000))
        out, err = process.communicate(timeout=120)
        assert process.returncode == 1, err.decode()
        report = json.loads(out)
        assert ("No space left" if is_disk else "File too large") in report["problem"]
        assert "Traceback" not in err.decode()
        assert not list(warraq.spool.rglob("*.warc.gz*"))
        before = _records(str(warraq.root))
        assert 0 < before == report["outcomes"]["new"] <= slow_site.articles_served()
        assert not list(verify(open_store(str(warraq.root))))

        served = len(slow_site.served)
        report = json.loads(warraq("crawl", "slow", "--limit", "3", "--json", **environ).stdout)
        assert report["outcomes"]["new"] == 3
        assert _records(str(warraq.root)) == before + 3
        assert len(slow_site.served) - served <= 6  # none of those that were archived is fetched again
        assert not list(verify(open_store(str(warraq.root))))
    finally:
        if is_disk:
            subprocess.run(["umount", "--lazy", str(warraq.spool)], check=True)


def _command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def _records(root: str) -> int:
    return int(Tables(open_store(root)).snapshot().query("SELECT count(*) AS n FROM records")["n"][0].as_py())


@pytest.mark.ceph
def test_a_store_that_is_away_for_an_hour_costs_no_page(
    s3_root: str, warraq: Command, slow_site: SlowSite, hasty: dict[str, str]
) -> None:
    """The hour is shrunk by the retries: a run gives up after six attempts (here after one), which takes it a minute or
    two, and the runs of the rest of the hour give up before they fetch anything."""
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    with Proxy(os.environ["AWS_ENDPOINT_URL"]) as there:
        environ = aws | hasty | {"WARRAQ_ROOT": s3_root, "AWS_ENDPOINT_URL": there.url, "WARRAQ_TEST_ATTEMPTS": "1"}
        process = warraq.start("crawl", "slow", **environ)
        wait_until(lambda: any(each.key.endswith(".warc.gz") for each in there.requests()), "a stored file")
    err = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 3, err
    assert "cannot be reached" in err
    assert "the next run takes it up" in err
    assert "Traceback" not in err
    assert processes_of(warraq) == []
    kept = {path.name: path.read_bytes() for path in warraq.spool.rglob("*.warc.gz*")}
    assert kept

    served = len(slow_site.served)
    assert "cannot be reached" in warraq("crawl", "slow", **environ, status=3).stderr.decode()
    assert len(slow_site.served) == served
    assert {path.name: path.read_bytes() for path in warraq.spool.rglob("*.warc.gz*")} == kept

    with Proxy(os.environ["AWS_ENDPOINT_URL"], port=there.port):
        report = json.loads(warraq("crawl", "slow", "--limit", "1", "--json", **environ).stdout)
        assert report["status"] == "completed"
        assert report["recovered_outcomes"]["new"] > 0
        assert not list(warraq.spool.rglob("*.warc.gz*"))
        articles = {path for path in slow_site.served if path.startswith("/news/")}
    assert _records(s3_root) == len(articles)
    assert not list(verify(open_store(s3_root)))
