"""A site that does harm in every way we know, over real sockets, and good articles among it.

    with serving() as served:
        crawled = crawl(served, tmp_path)     # the command itself, as an operator would run it
        assert crawled.wrong() == []          # of each attack, its documented end
        assert crawled.missing() == []        # good pages of which there is no record
        assert served.knocks == []            # connections to where nobody may knock

An attack is a value (`attack.Attack`): what it serves, how it is linked, how it ends. Those of a kind stand in one
file: `wire` below the page, `ways` by addresses, `documents` by what announces articles, `markup` by pages.
`python -m tests.hostile` serves the site until it is stopped; `--table` prints the table of docs/security.md.
"""

from tests.hostile.attack import FULL, SMALL, Attack, End, Scale
from tests.hostile.crawl import Crawled, command, crawl
from tests.hostile.server import Served, serving
from tests.hostile.site import ATTACKS, Site

__all__ = (
    "ATTACKS",
    "FULL",
    "SMALL",
    "Attack",
    "Crawled",
    "End",
    "Scale",
    "Served",
    "Site",
    "command",
    "crawl",
    "serving",
)
