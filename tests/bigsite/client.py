"""Sites in a process of their own: started, told what time it is, asked what was asked of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bigsite.announcements import FEED_ITEMS, NEWS_SITEMAP_HOURS
from tests.bigsite.articles import NAMES, ZONES, Article, Articles, Spec
from tests.bigsite.site import WAYS, Fault, Site, Way
from tests.bigsite.text import REPOSITORY


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that a site was sent."""

    site: str
    time: float
    """Seconds since 1970."""
    target: str
    """Path and query."""
    status: int
    conditional: bool
    """Whether it named a validator."""
    bytes: int


@dataclass
class RunningSite:
    """A site that answers."""

    spec: Spec
    root: str
    """`http://127.0.0.<n>:<port>`."""
    now: datetime
    ways: tuple[Way, ...]
    _log: Path
    _control: Any

    def set(
        self,
        *,
        now: datetime | None = None,
        faults: Sequence[Fault] | None = None,
        ways: Sequence[Way] | None = None,
    ) -> None:
        """Move the clock; replace the faults; choose by which ways articles are announced. None: as before."""
        asked = {
            "site": self.spec.source,
            "now": now and now.isoformat(),
            "faults": None if faults is None else [asdict(fault) for fault in faults],
            "ways": None if ways is None else list(ways),
        }
        self.now = now or self.now
        self.ways = tuple(ways) if ways is not None else self.ways
        self._control.write(json.dumps(asked) + "\n")
        self._control.flush()
        self._control.readline()

    def source(self, *ways: Way, **fields: Any) -> dict[str, Any]:
        """Fields of a `Source` that finds the site's articles by these ways; by none named: by all it has."""
        spec, root = self.spec, self.root
        urls: Mapping[Way, dict[str, list[str]]] = {
            "wordpress": {
                "feed": {"feeds": [f"{root}/feed/"], "archives": [f"{root}/feed/?paged={{page}}"]},
                "sitemap": {"sitemaps": [f"{root}/sitemap_index.xml"]},
                "rest": {"rest": [f"{root}/wp-json/"]},
                "archive": {"archives": [f"{root}/{{year}}/{{month:02}}/{{day:02}}/page/{{page}}/"]},
                "listing": {"listings": [f"{root}/"]},
            },
            "nastooh": {
                "feed": {"feeds": [f"{root}/rss"]},
                "news": {"sitemaps": [f"{root}/sitemap/news/sitemap.xml"]},
                "archive": {
                    "archives": [f"{root}/page/archive.xhtml?yr={{jyear}}&mn={{jmonth}}&dy={{jday}}&pi={{page}}"]
                },
                "listing": {"archives": [f"{root}/archive?pi={{page}}"]},
            },
            "plain": {"listing": {"archives": [f"{root}/?page={{page}}"]}},
        }[spec.kind]
        article = {"wordpress": r"^/\d{4}/\d\d/\d\d/.*-\d+/$", "nastooh": r"^/news/\d+/", "plain": r"^/article/\d+"}
        found = {
            "id": spec.source,
            "name": NAMES[spec.kind],
            "language": spec.language,
            "timezone": ZONES[spec.kind],
            "domains": [urlsplit(root).hostname],
            "article": article[spec.kind],
        }
        match spec.kind:
            case "wordpress":
                found |= {"family": "wordpress"}
            case "nastooh":
                found |= {"calendar": "jalali", "family": "nastooh"}
        for way in ways or WAYS[spec.kind]:
            for field, listed in urls[way].items():
                found[field] = [*found.get(field, ()), *listed]
        return found | fields

    def requests(self, since: int = 0) -> list[Asked]:
        """All that was asked of this site, in order, from the request of this number on."""
        with self._log.open(encoding="utf-8") as lines:
            asked = [Asked(**line) for line in map(json.loads, lines) if line["site"] == self.spec.source]
        return asked[since:]

    @cached_property
    def articles(self) -> Articles:
        """All, at all times: the truth that a crawl is compared with."""
        return Articles(self.spec)

    def truth(self, day: date) -> tuple[Article, ...]:
        """The articles published on a day of the site's clock."""
        return self.articles.by_day[day]

    def url(self, article: Article, now: datetime | None = None) -> str:
        """Where it stands at `now`, by default at the site's own time."""
        return self.root + article.path(now or self.now)

    def announced(self, way: Way, now: datetime | None = None) -> list[Article]:
        """What can be found at `now` by one way alone, followed to its end."""
        site = Site(self.spec, self.root, now=now or self.now)
        if way == "feed" and self.spec.kind == "nastooh":
            return site.out[:FEED_ITEMS]
        if way == "news":
            return [a for a in site.out if (site.now - a.published_at).total_seconds() <= NEWS_SITEMAP_HOURS * 3600]
        return site.out


@contextmanager
def running(
    *specs: Spec, directory: Path, now: datetime | None = None, ports: Sequence[int] = ()
) -> Iterator[list[RunningSite]]:
    """Serve the sites, at first as they are at `now` (by default: when the last article is out), on any free ports.

    The first is on 127.0.0.1, the second on 127.0.0.2, …, for a domain belongs to one source.
    """
    log = directory / "requests.jsonl"
    sites = [
        {
            "spec": {name: str(value) if isinstance(value, date) else value for name, value in asdict(spec).items()},
            "now": (now or spec.end).isoformat(),
            "ways": None,
            "host": f"127.0.0.{number}",
            "port": port,
        }
        for number, (spec, port) in enumerate(zip(specs, [*ports, *[0] * (len(specs) - len(ports))], strict=True), 1)
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bigsite"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps({"sites": sites, "log": str(log)}) + "\n")
        process.stdin.flush()
        ready = json.loads(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", ready["control"])) as connection:
            control = connection.makefile("rw", encoding="utf-8")
            yield [
                RunningSite(spec, ready["sites"][spec.source], now or spec.end, WAYS[spec.kind], log, control)
                for spec in specs
            ]
    finally:
        process.kill()
        process.communicate()


def write_sources(path: Path, *sources: Mapping[str, Any]) -> Path:
    """A file for WARRAQ_SOURCES."""
    tables = []
    for source in sources:
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in source.items()]
        tables.append("[[source]]\n" + "\n".join(lines) + "\n")
    path.write_text("\n".join(tables), encoding="utf-8")
    return path


HASTE = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_START_DELAY": 0,
    "AUTOTHROTTLE_TARGET_CONCURRENCY": 1000.0,  # not off: it ends the pause after a 429
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "CONCURRENT_REQUESTS": 8,
}
"""Scrapy settings for a site that needs no sparing."""


def environment(sources: Path, *, now: datetime | None = None, **settings: Any) -> dict[str, str]:
    """Variables for `warraq`: these sources, crawled in haste, by a clock that begins at `now`.

    Args:
        sources: as `write_sources` made it.
        now: when each process begins; None: when it really does.
        settings: Scrapy settings beside `HASTE`.
    """
    clock = {"WARRAQ_TEST_NOW": now.isoformat()} if now else {}
    return clock | {
        "WARRAQ_SOURCES": str(sources),
        "WARRAQ_CONTACT": "tests@warraq.example",
        "WARRAQ_ALLOW_ADDRESSES": "127.0.0.0/8:*",
        "WARRAQ_TEST_SETTINGS": json.dumps(HASTE | settings),
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).with_name("startup")), str(REPOSITORY))),
    }
