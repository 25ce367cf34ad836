"""News sites that never were, over real HTTP: three years of articles, with everything that befalls a news site.

    with running(small("wordpress"), directory=tmp_path) as [site]:
        sources = write_sources(tmp_path / "sources.toml", site.source("feed", "rest"))
        site.set(now=site.spec.end, faults=[Fault(match="^/feed/", status=500)])
        ...                                     # crawl http://127.0.0.1:<port>
        site.requests()                         # what was asked, in order
        site.truth(day)                         # the articles of that day, whether or not they can be read
        site.announced("feed", site.spec.end)   # the articles that can be found in this way

All follows from `Spec`: articles, times, edits, late arrivals, deletions, moves. The site's clock stands still until
it is set. The server is a process of its own, which answers some two thousand requests a second.
"""

from tests.bigsite.articles import Article, Articles, Kind, Spec, small
from tests.bigsite.client import Asked, RunningSite, environment, running, write_sources
from tests.bigsite.site import WAYS, Fault, Way

__all__ = (
    "WAYS",
    "Article",
    "Articles",
    "Asked",
    "Fault",
    "Kind",
    "RunningSite",
    "Spec",
    "Way",
    "environment",
    "running",
    "small",
    "write_sources",
)
