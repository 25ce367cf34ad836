"""Which text of a group of near-duplicates is the original. Pure.

**The order of originality** puts first what was, as far as the texts tell, written first:

1. **Publication.** A date says when a text came out to within its precision: a text of 10:30 came out between 10:30 and
   10:31, one of 2 March on that day of its own time zone, one without a date at any time before it was fetched. A text
   that came out before another for certain comes first.
2. **Attribution**, between texts of which neither is certain to be earlier: one that credits the other's site comes
   later; then one that another credits comes first; then one that credits somebody else comes later.
3. The end of the time in which it came out, then the first fetch, then the record's id.

**The election** goes through the texts in this order. A text that is near an original elected before it is a copy of
the first such original; any other is an original. Hence no original is near another, and each copy points at an
original that says the same as itself: there are neither chains nor cycles. Nearness is not transitive: a copy of a copy
that is no longer near the original is another original. The outcome follows from the texts alone, not from the order
of their arrival.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from extract.text import words

Elected = tuple[str, float] | None
"""What a text is elected to be: a copy of this record with this similarity; None: an original."""

_SPANS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=31),
}
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """What the election knows of a record."""

    record_id: str
    published_at: datetime | None
    precision: str | None
    """Smallest unit that `published_at` states: second, minute, hour, day or month; None: as a second."""
    first_fetched_at: datetime
    names: frozenset[str] = frozenset()
    """What the site that shows it is called."""
    credits: frozenset[str] = frozenset()
    """Agencies and papers that the text says it is from."""

    def came_out(self) -> tuple[datetime, datetime]:
        """The first moment at which it may have come out, and the first at which it had."""
        if self.published_at is None:
            return _EARLIEST, self.first_fetched_at
        span = _SPANS.get(self.precision or "second", _SPANS["second"])
        return self.published_at, min(self.published_at, _LATEST - span) + span


def elect(texts: Iterable[Text], pairs: Mapping[tuple[str, str], float]) -> dict[str, Elected]:
    """What each text is, see the module's text.

    Args:
        texts: All that the pairs name, and any others.
        pairs: Ids of two texts that are near-duplicates of one another, in either order, and their similarity.

    Returns:
        record id → the record it is a copy of and their similarity; None for an original.
    """
    by_id = {text.record_id: text for text in texts}
    near: dict[str, dict[str, float]] = {each: {} for each in by_id}
    for (one, other), share in pairs.items():
        near[one][other] = near[other][one] = share
    elected: dict[str, Elected] = {}
    for group in _groups(near):
        ordered = in_order([by_id[each] for each in group], [(one, other) for one in group for other in near[one]])
        originals: list[str] = []
        for text in ordered:
            shares = near[text.record_id]
            original = next((each for each in originals if each in shares), None)
            elected[text.record_id] = (original, shares[original]) if original else None
            if not original:
                originals.append(text.record_id)
    return elected


def _groups(near: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """The texts that nearness connects, however many steps apart: what is elected together."""
    seen: set[str] = set()
    for first in near:
        if first in seen:
            continue
        seen.add(first)
        group = [first]
        for each in group:
            found = [other for other in near[each] if other not in seen]
            seen.update(found)
            group.extend(found)
        yield group


def in_order(texts: Iterable[Text], pairs: Collection[tuple[str, str]]) -> list[Text]:
    """The texts of a group in the order of originality; `pairs` as in `elect`."""
    by_id = {text.record_id: text for text in texts}
    credited, crediting = _credits(by_id, pairs)
    waiting = sorted(by_id.values(), key=lambda text: (text.came_out(), text.record_id), reverse=True)
    latest = [(text.came_out()[1], text.record_id) for text in waiting]
    heapq.heapify(latest)
    ready: list[tuple[bool, bool, bool, datetime, datetime, str]] = []
    done: set[str] = set()
    ordered: list[Text] = []
    while len(ordered) < len(by_id):
        while latest[0][1] in done:
            heapq.heappop(latest)
        # Ready is what no text still to come is certain to precede.
        while waiting and (waiting[-1].came_out()[0] < latest[0][0] or waiting[-1].record_id == latest[0][1]):
            text = waiting.pop()
            at = text.record_id
            rank = (at in crediting, at not in credited, bool(text.credits - text.names))
            heapq.heappush(ready, (*rank, text.came_out()[1], text.first_fetched_at, at))
        *_, chosen = heapq.heappop(ready)
        done.add(chosen)
        ordered.append(by_id[chosen])
    return ordered


def _credits(texts: Mapping[str, Text], pairs: Iterable[tuple[str, str]]) -> tuple[Set[str], Set[str]]:
    """The ids of texts that a near text credits, and of texts that credit one."""
    credited, crediting = set(), set()
    for pair in pairs:
        for source, copy in (pair, pair[::-1]):
            if _names_one_of(texts[copy].credits, texts[source].names - texts[copy].names):
                credited.add(source)
                crediting.add(copy)
    return credited, crediting


def _names_one_of(credited: Set[str], names: Set[str]) -> bool:
    """Whether one of the credits is one of the names: `وكالة سانا` is `سانا`."""
    return any(
        own and other and (own <= other or other <= own)
        for own in (set(words(each)) for each in names)
        for other in (set(words(each)) for each in credited)
    )
