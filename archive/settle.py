"""What the archive is once captures show something else than they did. Pure, and the same whatever the order.

`archive.dedup` decides a batch in the order of arrival. Here the whole is decided at once: which capture brings each
text, what revises what, and what each capture turned out to be. **What nothing speaks against stays as it was**, so
that captures which show what they showed before change nothing:

- **A record is brought** by the capture that brought it, as long as that still shows the text. Else the first one does
  that was read again; of those that were not, the first. A text that no capture shows is lost.
- **A URL is touched** if a capture came to it, left it or shows another text. The texts that captures of a touched URL
  bring are revisions in the order of fetch: of the text that the URL showed just before it first showed them. One whose
  base is lost revises what that revised. Elsewhere `revision_of` and `revision` stay.
- **A capture that brings nothing** is `unchanged` if its URL brought the text or showed it before, else
  `exact_duplicate`; where both could be, because files arrived in another order, what was decided stays.
- **A capture that brings a text** is a `revision` if the text is one, else what it was, else a `near_duplicate` or
  `new`, as `archive.reelect` elects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from archive.dedup import Outcome

Url = tuple[str, str]
"""Source and canonical URL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a capture shows. With neither `record_id` nor `reason` it is support."""

    canonical_url: str
    record_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    published_at: datetime | None = None
    repeats: str | None = None
    directives: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Archived:
    """A capture as the tables have it, and what it is to show."""

    capture_id: str
    source: str
    url: str
    fetched_at: datetime
    outcome: str
    similarity: float | None
    before: Shown
    after: Shown
    is_read: bool
    """Whether the candidate holds the article that it is to show."""

    @property
    def at(self) -> Url:
        """Where the text is shown."""
        return self.source, self.after.canonical_url

    @property
    def moved(self) -> bool:
        """Whether it shows another text, or shows it at another URL."""
        return (self.before.record_id, self.before.canonical_url) != (self.after.record_id, self.after.canonical_url)

    @property
    def order(self) -> tuple[datetime, str, str]:
        """As `archive.dedup` orders a batch."""
        return self.fetched_at, self.url, self.capture_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """A record, but for its article."""

    record_id: str
    source: str
    url: str
    capture_id: str
    first_fetched_at: datetime
    revision_of: str | None = None
    revision: int = 0

    @property
    def at(self) -> Url:
        """Where the text is shown."""
        return self.source, self.url


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """Who brings what."""

    records: Mapping[str, Brought]
    """All that were given and are not lost, and those gained."""
    gained: Set[str]
    lost: Set[str]
    touched: Set[Url]


def settle(captures: Iterable[Archived], records: Iterable[Brought]) -> Settlement:
    """Settle who brings what, see the module's text.

    Args:
        captures: At least those that moved; all others that show a text which one of them showed or shows; and of each
            URL that these are at, or were, all that show a text.
        records: Of the texts that these show or showed, those in the tables; and those that revise one of them.
    """
    here = {each.capture_id: each for each in captures}
    held = {each.record_id: each for each in records}
    showing: dict[str, list[Archived]] = defaultdict(list)
    at: dict[Url, list[Archived]] = defaultdict(list)
    for each in sorted(here.values(), key=lambda each: each.order):
        if each.after.record_id:
            showing[each.after.record_id].append(each)
            at[each.at].append(each)
    moved = [each for each in here.values() if each.moved]
    touched = {(each.source, shown.canonical_url) for each in moved for shown in (each.before, each.after)}
    concerned = {text for each in moved for text in (each.before.record_id, each.after.record_id) if text}

    settled = dict(held)
    lost: set[str] = set()
    anew: set[str] = set()
    for text in concerned:
        record = held.get(text)
        bringer = here.get(record.capture_id) if record else None
        if record and (bringer is None or bringer.after.record_id == text):
            # One that is not there is on its way: its writer has committed the record, and not yet the capture.
            if bringer:
                settled[text] = replace(record, url=bringer.after.canonical_url)
        elif showing[text]:
            first = min(showing[text], key=lambda each: (not each.is_read, each.after.repeats is not None, each.order))
            settled[text] = _brought(text, first)
            anew.add(text)
        elif record:
            lost.add(text)
            del settled[text]

    orders = {text: _order(record, here) for text, record in settled.items()}
    for text, record in settled.items():
        if record.capture_id in here and (record.at in touched or text in anew):
            revision_of, revision = _revised(text, at[record.at], orders)
            settled[text] = replace(settled[text], revision_of=revision_of, revision=revision)
    bases = {text: record.revision_of for text, record in held.items()}
    for text, record in settled.items():
        if (base := record.revision_of) in lost:
            passed: set[str | None] = set()
            while base in lost and base not in passed:
                passed.add(base)
                base = bases.get(base)
            settled[text] = replace(record, revision_of=None if base in lost or base == text else base)
    return Settlement(records=settled, gained=settled.keys() - held.keys(), lost=lost, touched=touched)


def _brought(text: str, by: Archived) -> Brought:
    return Brought(
        record_id=text,
        source=by.source,
        url=by.after.canonical_url,
        capture_id=by.capture_id,
        first_fetched_at=by.fetched_at,
    )


def _order(record: Brought, here: Mapping[str, Archived]) -> tuple[datetime, str, str]:
    bringer = here.get(record.capture_id)
    return bringer.order if bringer else (record.first_fetched_at, record.url, record.capture_id)


def _revised(
    text: str, history: Sequence[Archived], orders: Mapping[str, tuple[datetime, str, str]]
) -> tuple[str | None, int]:
    """What a text revises at a URL with this history, and how many texts that showed before it."""
    earlier: list[str] = []
    for each in history:
        if each.after.record_id == text:
            break
        earlier.append(str(each.after.record_id))
    # A text cannot revise one that came into the archive after it: then none is its own predecessor.
    bases = [each for each in earlier if each in orders and orders[each] < orders[text]]
    return (bases[-1], len(set(earlier))) if bases else (None, 0)


def outcomes(
    captures: Iterable[Archived], settlement: Settlement, copies: Mapping[str, tuple[str, float] | None]
) -> dict[str, tuple[str, float | None]]:
    """What each capture turns out to be, and its similarity: capture id → (outcome, similarity).

    Args:
        captures: Those that were settled.
        settlement: What came of it.
        copies: Record id → what it was elected to be, of those that a capture is asked about.
    """
    captures = list(captures)
    showing: dict[tuple[Url, str], list[Archived]] = defaultdict(list)
    for each in captures:
        if each.after.record_id:
            showing[each.at, each.after.record_id].append(each)
    return {
        each.capture_id: _outcome(each, settlement, copies.get, showing[each.at, each.after.record_id or ""])
        for each in captures
    }


def _outcome(
    capture: Archived,
    settlement: Settlement,
    elected: Callable[[str], tuple[str, float] | None],
    alike: Sequence[Archived],
) -> tuple[str, float | None]:
    text = capture.after.record_id
    if text is None:
        return (Outcome.REJECTED if capture.after.reason else Outcome.SUPPORT), None
    record = settlement.records[text]
    was = capture.outcome, capture.similarity
    if record.capture_id == capture.capture_id:
        if record.revision_of:
            return Outcome.REVISION, None
        if not capture.moved and (
            capture.outcome in (Outcome.NEW, Outcome.NEAR_DUPLICATE)
            or (capture.outcome == Outcome.REVISION and capture.at not in settlement.touched)
        ):
            return was
        copy = elected(text)
        return (Outcome.NEAR_DUPLICATE, copy[1]) if copy else (Outcome.NEW, None)
    if record.at == capture.at:
        return Outcome.UNCHANGED, None
    others = [each for each in alike if each.capture_id != capture.capture_id]
    if (
        others
        and capture.at not in settlement.touched
        and capture.outcome in (Outcome.UNCHANGED, Outcome.EXACT_DUPLICATE)
    ):
        return was
    before = any(each.order < capture.order for each in others)
    return (Outcome.UNCHANGED if before else Outcome.EXACT_DUPLICATE), None
