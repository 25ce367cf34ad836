"""A clock that is years wrong: nothing is lost or pruned by it, people are told, and the right clock goes on."""

from __future__ import annotations

import json

import pytest
from slow_site import SlowSite
from warraq_command import Command

from archive.store import open_store
from archive.tables import Tables
from archive.verify import verify
from flows.clocks import unlike_sites
from flows.ledger import watermark
from tests.bigsite import environment


def test_runs_of_the_future_and_of_the_past_lose_nothing(warraq: Command, slow_site: SlowSite) -> None:
    """The site's own clock is right, as its `Date` headers say."""
    store = open_store(str(warraq.root))

    def crawl(clock: str | None, limit: int) -> str:
        """Two new pages, and once more those that were fetched when nobody knows."""
        environ = slow_site.environ | environment(slow_site.sources_file)
        environ |= {"WARRAQ_TEST_NOW": clock} if clock else {}
        done = warraq("crawl", "slow", "--limit", str(limit), "--json", **environ)
        report = json.loads(done.stdout)
        assert report["status"] == "completed"
        assert (report["outcomes"].get("new"), report["outcomes"].get("unchanged", 0)) == (2, limit - 2)
        assert not list(warraq.spool.rglob("*.warc.gz*"))
        return "\n".join(report["errors"])

    told = crawl("2041-01-01T00:00:00Z", 2)
    assert "ahead of that of every server which answered: set it by NTP" in told
    told = crawl("2011-01-01T00:00:00Z", 4)
    assert "behind that of every server which answered" in told
    assert "one of the two clocks is wrong" in told
    assert watermark(Tables(store), "slow") is None
    told = crawl(None, 6)
    assert "says" in told
    assert "a run of slow ended at 2041-01-01 00:00 UTC: one of the two clocks is wrong; set this one by NTP" in told
    assert "server" not in told

    names = [path.name for path in warraq.root.rglob("*.warc.gz")]
    assert [name.split("-")[1][:4] for name in sorted(names)][:1] == ["2011"]
    assert len(set(names)) == len(names)
    assert Tables(store).snapshot().query("SELECT count(*) AS n FROM records")["n"][0].as_py() == 6
    assert not list(verify(store))


@pytest.mark.parametrize(("skew", "told"), [(None, False), (3600.0, False), (-90_000.0, True), (9e7, True)])
def test_a_clock_is_doubted_from_a_day_on(skew: float | None, told: bool) -> None:
    assert bool(unlike_sites(skew)) is told
