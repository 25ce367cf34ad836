"""What a run came by, counted by day: links by what became of them, pages by outcome."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from math import log

from archive.coverage.regression import Yield
from archive.coverage.values import Announced, Archived, Run
from archive.dedup import Outcome
from extract.types import Reason
from extract.urls import canonical_url

ARTICLES = frozenset(
    {Outcome.NEW, Outcome.REVISION, Outcome.UNCHANGED, Outcome.EXACT_DUPLICATE, Outcome.NEAR_DUPLICATE}
)
_UNREAD = frozenset(
    {Reason.HTTP_ERROR, Reason.BLOCKED, Reason.TIMED_OUT, Reason.TOO_LARGE, Reason.FORGOTTEN, Reason.NOT_HTML}
)
"""Reasons that say nothing of the rules that read pages."""
_WAIT = frozenset({429, 503})


class Tally:
    """What a run came by of one day."""

    def __init__(self) -> None:
        self.links: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.gave = Yield()
        self.met: set[str] = set()
        """Every link, in its canonical form."""
        self.missing: dict[str, str] = {}
        """Link that the archive does not hold → why."""
        self.refused = self.put_off = 0
        """Links answered by a refusal, and by asking us to come back later."""
        self.settled = 0
        """Links of which the archive holds what there is."""


def tallied(run: Run, links: Sequence[Announced], pages: Sequence[Archived]) -> defaultdict[date | None, Tally]:
    """Links and pages by day: that of the page's own date, else of the announcement's."""
    days: defaultdict[date | None, Tally] = defaultdict(Tally)
    best: dict[str, Archived] = {}
    for page in sorted(pages, key=lambda page: (unsettled(page) is None, page.fetched_at)):
        best[key_of(page.url)] = page
    told: dict[str, datetime] = {}
    led: set[str] = set()
    for link in links:
        chain = _chain(key_of(link.url), best)
        led.update(chain)
        if link.announced_at:
            told |= dict.fromkeys(chain, link.announced_at)
        last = best.get(chain[-1])
        at = (last and last.published_at) or link.announced_at
        _count_link(days[at and run.local_day(at)], link, chain, best.get(chain[0]), last)
    for key, page in best.items():
        if key not in led and page.outcome != Outcome.SUPPORT:
            at = page.published_at
            _count_link(days[at and run.local_day(at)], Announced(url=page.url, end="fetched"), [key], page, page)
    for page in pages:
        if page.outcome != Outcome.SUPPORT:
            at = page.published_at or told.get(key_of(page.url))
            _count_page(days[at and run.local_day(at)], page)
    return days


def _chain(key: str, pages: Mapping[str, Archived]) -> list[str]:
    """A URL and those that redirects led to, all in their canonical form."""
    chain = [key]
    while (page := pages.get(chain[-1])) and page.redirect_url and (target := key_of(page.redirect_url)) not in chain:
        chain.append(target)
    return chain


def _count_link(
    tally: Tally, link: Announced, chain: Sequence[str], first: Archived | None, last: Archived | None
) -> None:
    """Count a link; `first` is the response to it, `last` the one that redirects led to, if the run archived it."""
    tally.met.update(chain)
    tally.links["announced"] += 1
    tally.links[{"new": "discovered", "known": "known", "revisit": "revisited"}[link.kind]] += 1
    if link.kind == "known":
        tally.settled += 1
        return
    tally.links["failed" if link.end == "forbidden" else link.end] += 1
    why = unsettled(last) if last else None
    if why and last and last.http_status in _WAIT:
        tally.put_off += 1
    elif last and last.reason == Reason.BLOCKED:
        tally.refused += 1
    if link.kind == "revisit" or link.end == "forbidden":
        tally.settled += 1
    elif why:
        tally.missing[link.url] = why
    elif link.end == "failed":
        tally.missing[link.url] = link.why or "no answer"
    elif link.end == "unreached":
        tally.missing[link.url] = "not reached"
    elif first is None:
        tally.missing[link.url] = "fetched, but not in the archive"
    else:
        tally.settled += 1


def _count_page(tally: Tally, page: Archived) -> None:
    tally.outcomes[page.outcome] += 1
    if page.reason:
        tally.reasons[page.reason] += 1
    if page.repeated or page.reason in _UNREAD:
        return
    tally.gave += Yield(judged=1, articles=page.outcome in ARTICLES)
    if page.characters:
        length = log(page.characters)
        tally.gave += Yield(
            texts=1,
            dated=bool(page.dated),
            with_author=bool(page.with_author),
            characters=page.characters,
            log_characters=length,
            log_characters_squared=length * length,
        )


def unsettled(page: Archived) -> str | None:
    """Why a response does not say for good what a page is; None: it does."""
    match page.reason:
        case Reason.BLOCKED | Reason.TIMED_OUT:
            return f"answered {page.http_status} ({page.reason})"
        case Reason.HTTP_ERROR if page.http_status not in (404, 410):
            return f"answered {page.http_status}"
        case Reason.FAILED:
            return "our rules failed on it"
    return None


@lru_cache(1 << 16)
def key_of(url: str) -> str:
    """What tells links apart: the canonical form, or the URL itself where it has none."""
    try:
        return canonical_url(url)
    except ValueError:
        return url
