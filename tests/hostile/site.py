"""All attacks and the good pages among them: what stands where on the hostile site."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from tests.bigsite.articles import Article, Articles, small
from tests.bigsite.pages import article_page
from tests.hostile import documents, hosts, markup, ways, wire
from tests.hostile.attack import XML, Attack, Scale, Visit, Way
from tests.hostile.paper import listing, rss, sitemapindex, urlset

OURS, FORBIDDEN, PERSIAN, DEAD = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9"
ATTACKS: tuple[Attack, ...] = (*wire.ATTACKS, *hosts.ATTACKS, *ways.ATTACKS, *documents.ATTACKS, *markup.ATTACKS)


@dataclass(frozen=True)
class Site:
    """What is served at `root`: an Arabic site with all attacks, and at `persian` a site that they must not touch."""

    port: int
    scale: Scale
    root: str = field(init=False)
    persian: str = field(init=False)
    forbidden: str = field(init=False)
    """Where nobody may knock."""

    def __post_init__(self) -> None:
        for name, host in (("root", OURS), ("persian", PERSIAN), ("forbidden", FORBIDDEN)):
            object.__setattr__(self, name, f"http://{host}:{self.port}")

    @cached_property
    def good(self) -> Mapping[str, Article]:
        """URL → article."""
        found = {}
        for root, kind, count in ((self.root, "wordpress", 40), (self.persian, "nastooh", 12)):
            spec = small(kind, articles=count, edited=0, late=0, deleted=0, moved=0)  # type: ignore[arg-type]
            found.update({root + each.path(spec.end): each for each in Articles(spec).all})
        return found

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """URL of a good page → its title."""
        return {url: each.title(each.spec.end) for url, each in self.good.items()}

    @cached_property
    def _carried(self) -> Mapping[str, Sequence[str]]:
        """Attack → URLs of the good pages that its document announces."""
        urls = iter(self.good)
        return {each.name: [next(urls) for _ in range(each.carries)] for each in ATTACKS}

    @cached_property
    def _spread(self) -> Mapping[Way, Sequence[str]]:
        """Way → links of its ordinary document: the attacks, and the good pages that no attack carries among them."""
        carried = {url for urls in self._carried.values() for url in urls}
        rest = [url for url in self.good if url not in carried and url.startswith(self.root)]
        pages: dict[Way, list[str]] = {"feed": [], "sitemap": [], "listing": []}
        for each in ATTACKS:
            if not each.is_document:
                pages[each.way].append(self.link(each))
        for number, url in enumerate(rest):
            links = pages[("feed", "sitemap", "listing")[number % 3]]
            links.insert(len(links) * number // len(rest), url)
        return pages

    def link(self, attack: Attack) -> str:
        """The link as it is announced, markup apart."""
        if not attack.link:
            return self.url(attack)
        port = str(urlsplit(self.root).port)
        return attack.link.replace("{root}", self.root).replace("{forbidden}", self.forbidden).replace("{port}", port)

    def url(self, attack: Attack) -> str:
        """Where an attack is asked for."""
        return f"http://{attack.host}:{self.port}{attack.target}"

    def sources(self) -> list[dict[str, Any]]:
        """Fields of the two `Source`s: what an operator would write down."""
        doc = {way: [self.url(each) for each in ATTACKS if each.is_document and each.way == way] for way in _WAYS}
        return [
            {
                "id": "hostile",
                "name": "بريد النهرين",
                "language": "ar",
                "timezone": "Asia/Baghdad",
                "domains": [OURS, *HOSTS],
                "feeds": [f"{self.root}/feed/", *doc["feed"]],
                "sitemaps": [f"{self.root}/sitemap.xml"],
                "listings": [f"{self.root}/", *doc["listing"]],
            },
            {
                "id": "hostile-fa",
                "name": "خبرگزاری البرز",
                "language": "fa",
                "timezone": "Asia/Tehran",
                "calendar": "jalali",
                "domains": [PERSIAN],
                "feeds": [f"{self.persian}/fa/feed/"],
            },
        ]

    async def serve(self, visit: Visit) -> None:
        """Answer as the attack does, or as a site would."""
        path = visit.target.partition("?")[0]
        if good := self.good.get(visit.root + path):
            await visit.reply(article_page(good, visit.root, good.spec.end).encode())
        elif host := HOSTS.get(visit.root.split("/")[2].partition(":")[0]):
            await host.serve(visit)
        elif attack := self._attack(visit.target):
            visit.good = self._carried[attack.name]
            await attack.serve(visit)
        elif path == "/robots.txt":
            named = [self.url(each) for each in ATTACKS if each.way == "robots"]
            await visit.reply(documents.robots(self.root, self.forbidden, named), kind="text/plain")
        elif path == "/feed/":
            await visit.reply(rss(self._spread["feed"]), kind=XML)
        elif path == "/fa/feed/":
            abroad = [f"{self.forbidden}/news/fa", f"{self.root}/news/cookie-flood?fa"]
            await visit.reply(rss([*abroad, *(url for url in self.good if url.startswith(self.persian))]), kind=XML)
        elif path == "/sitemap.xml":
            children = [self.url(each) for each in ATTACKS if each.is_document and each.way == "sitemap"]
            await visit.reply(sitemapindex([f"{self.root}/map.xml", *children]), kind=XML)
        elif path == "/map.xml":
            await visit.reply(urlset(self._spread["sitemap"]), kind=XML)
        elif path == "/":
            await visit.reply(listing(self._spread["listing"]))
        elif path.split("/")[1] in _TRAPS:
            await visit.reply(listing([], title="لا شيء هنا"))
        else:
            await visit.reply(b"nothing here", status="HTTP/1.1 404 Not Found")

    def _attack(self, target: str) -> Attack | None:
        exact = _BY_TARGET.get(target)
        if exact is None and (found := re.match(r"/(news|doc)/([a-z0-9-]+)(?:\?|$)", target)):
            return _BY_TARGET.get(f"/{found[1]}/{found[2]}")
        return exact


_WAYS: tuple[Way, ...] = ("feed", "sitemap", "listing", "robots")
HOSTS = {each.host: each for each in hosts.ATTACKS}
"""Hosts of the source beside the first, and what is wrong with each."""
_TRAPS = {each.name for each in ATTACKS if each.end.most}
_BY_TARGET = {each.target: each for each in ATTACKS}
