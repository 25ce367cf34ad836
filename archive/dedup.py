"""What a capture is to the archive: new, known, changed or a copy. Pure: tables and clock are the caller's.

**Outcomes**, in the order they are tried:

- `support`: robots.txt, redirects, feeds, sitemaps and listings; not judged.
- `rejected`: not kept as a record, with the reason.
- `unchanged`: the URL showed this very text in an earlier capture, be it the last or not, or brought its record.
- `exact_duplicate`: the archive holds this text, brought by another URL.
- `revision`: the URL showed another text before. `revision_of` is the record of its latest earlier capture (of the
  earliest later one where older captures are ingested after newer ones), `revision` counts the URL's texts.
- `near_duplicate`: the text says the same as an original in the archive, see `archive.sameness`.
- `new`: none of these.

A URL here is the canonical URL within its source. Every distinct text becomes one record: `new`, `revision` and
`near_duplicate` bring one, the others none.

**Near-duplicates** are looked for among originals, that is records which are not themselves near-duplicates, so that
`duplicate_of` never forms a chain. Two texts are compared if they were published within a window of each other (7 days
by default), or fetched within it where one of them is undated, and if their estimated similarity is 0.4 or more; they
are near-duplicates if nothing then contradicts that they say the same. Of several such originals the first in the order
of `archive.election` is named. What arrived late may have been first: `archive.reelect` decides that afterwards.

A batch is decided in the order of (time of fetch, URL, capture id), whatever its order in the file, and each capture
sees those before it. A record that a capture of the batch brought already, because a run died between committing
records and captures, gives that capture the outcome it had then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from rensa import RMinHash

from archive.candidates import ALIKE, MOST, SIGNATURE_BYTES, similarities
from archive.election import Text, in_order
from archive.sameness import contradiction
from archive.wording import aligned_words, without_title
from extract.text import fold
from extract.types import Article, Reason, Rejection

WINDOW = timedelta(days=7)
"""How far apart two copies of a text are published."""

_ALGORITHM = 2
if RMinHash.ALGORITHM_VERSION != _ALGORITHM:
    raise ImportError(
        f"rensa computes MinHash signatures by version {RMinHash.ALGORITHM_VERSION} of its algorithm, archives hold "
        f"signatures of version {_ALGORITHM}, which cannot be compared with them: install a rensa that has version "
        f"{_ALGORITHM} (0.5)"
    )


class Outcome(StrEnum):
    """What a capture turned out to be. The values are stored, so they never change their meaning."""

    NEW = "new"
    REVISION = "revision"
    UNCHANGED = "unchanged"
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    REJECTED = "rejected"
    SUPPORT = "support"


# --- identity and similarity of texts ---------------------------------------------------------------------------------


def record_id(text: str) -> str:
    """Identity of a text: the first 32 hexadecimal digits of the SHA-256 of its folded form in UTF-8."""
    return hashlib.sha256(fold(text).encode()).hexdigest()[:32]


def signature(text: str) -> bytes:
    """MinHash signature of the set of the text's word 3-grams: the lowest byte of each of 112 permutations.

    Texts of fewer than three words are one gram. The grams are hashed here (BLAKE2b), so that the signature depends on
    rensa's algorithm alone, whose version is checked on import: the same text has the same signature on every machine.
    """
    folded = aligned_words(text)
    grams = {" ".join(folded[at : at + 3]) for at in range(max(1, len(folded) - 2))}
    hashes = [int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest(), "big") for gram in sorted(grams)]
    row = RMinHash.digest_matrix_from_token_hash_sets([hashes], SIGNATURE_BYTES, 1).to_rows()[0]
    return bytes(value & 0xFF for value in row)


def similarity(a: bytes, b: bytes) -> float:
    """Estimated Jaccard similarity of two texts' 3-grams, from their signatures: 0 to 1, standard error below 0.05."""
    return float(similarities(np.frombuffer(a, np.uint8), np.frombuffer(b, np.uint8)))


# --- what is decided, and from what -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeated:
    """What a revisit shows of an article: the text of a record in the archive, not read again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A capture as it was read: what decisions are made about."""

    capture_id: str
    source: str
    url: str
    """As requested."""
    canonical_url: str
    """The URL's, or the one the article declares."""
    fetched_at: datetime
    result: Article | Repeated | Rejection | None
    """None: `support`."""
    record_id: str = ""
    """Of an article's text, repeated or not; empty for the others."""
    signature: bytes = b""
    """Likewise."""
    repeats: str | None = None
    """Of a revisit: the capture that holds its payload."""
    published_at: datetime | None = None
    """Aware UTC: as the page states it, or else as it was announced."""
    directives: tuple[str, ...] = ()
    """What the response says may be done with it, see `extract.directives`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A record in the archive that a batch may concern by its text or its URL."""

    record_id: str
    source: str
    url: str
    """Canonical; empty with `source` where it is none of the batch's."""
    capture_id: str
    first_fetched_at: datetime
    revision_of: str | None
    revision: int
    duplicate_of: str | None
    similarity: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A capture in the archive of a URL in the batch, which showed a text."""

    source: str
    canonical_url: str
    capture_id: str
    fetched_at: datetime
    record_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """A record that others may be near-duplicates of."""

    record_id: str
    published_at: datetime | None
    first_fetched_at: datetime
    signature: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """What the comparison of two texts reads."""

    text: str
    brands: frozenset[str]
    """Names of the site and of the agencies the text is from."""
    names: frozenset[str] = frozenset()
    """Names of the site alone."""
    credits: frozenset[str] = frozenset()
    """Agencies and papers the text says it is from."""
    precision: str | None = None
    """Smallest unit that the time of publication states."""


def _no_wordings(_: frozenset[str]) -> Mapping[str, Wording]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the archive holds that a batch may concern."""

    held: Sequence[Held] = ()
    """Every record with a text or a (source, URL) of the batch."""
    seen: Sequence[Seen] = ()
    """Every capture of a (source, URL) of the batch that has a record."""
    originals: Sequence[Original] = ()
    """Of every article of the batch at least the 50 most similar originals in its window."""
    wordings: Callable[[frozenset[str]], Mapping[str, Wording]] = _no_wordings
    """Texts of originals by record id; asked once, for the candidates alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a capture is. Whether it brings a record is `brings_record`."""

    reading: Reading
    outcome: Outcome
    brings_record: bool = False
    """The record has to be added; False for one that is there already."""
    revision_of: str | None = None
    revision: int = 0
    duplicate_of: str | None = None
    similarity: float | None = None


def decide(
    readings: Iterable[Reading], known: Known, *, window: timedelta = WINDOW, brands: frozenset[str] = frozenset()
) -> list[Decision]:
    """Decide a batch, see the module's text for the rules.

    Args:
        readings: The captures of one WARC file, in any order.
        known: What the archive holds.
        window: Days between two copies of one text.
        brands: Names by which the source calls itself.

    Returns:
        A decision for each reading, in the order in which they were made.
    """
    ordered = sorted(readings, key=lambda each: (each.fetched_at, each.url, each.capture_id))
    batch = _Batch(ordered, known, window, brands)
    return [batch.decide(reading) for reading in ordered]


class _Batch:
    """The archive as it grows while a batch is decided."""

    def __init__(self, readings: Sequence[Reading], known: Known, window: timedelta, brands: frozenset[str]) -> None:
        self._brands = brands
        captured = {capture.capture_id for capture in known.seen}
        own = {reading.capture_id for reading in readings} - captured
        self._own = {record.capture_id: record for record in known.held if record.capture_id in own}
        self._held = {record.record_id: (record.source, record.url) for record in known.held}
        self._history: dict[tuple[str, str], list[tuple[datetime, str, str]]] = {}
        for capture in known.seen:
            url = (capture.source, capture.canonical_url)
            self._remember(url, capture.fetched_at, capture.capture_id, capture.record_id)
        for record in known.held:
            if record.capture_id not in own:  # a run that died may have left records without their captures
                url = (record.source, record.url)
                self._remember(url, record.first_fetched_at, record.capture_id, record.record_id)
        self._near = _Near(readings, known, window, without={record.record_id for record in self._own.values()})

    def decide(self, reading: Reading) -> Decision:
        if reading.result is None:
            return Decision(reading=reading, outcome=Outcome.SUPPORT)
        if isinstance(reading.result, Rejection):
            return Decision(reading=reading, outcome=Outcome.REJECTED)
        if isinstance(reading.result, Repeated) and reading.record_id not in self._held:
            gone = Rejection(reason=Reason.FAILED, detail="the record that it repeats was removed meanwhile")
            return Decision(reading=replace(reading, result=gone, record_id=""), outcome=Outcome.REJECTED)
        decision = self._judge(reading)
        url = (reading.source, reading.canonical_url)
        self._remember(url, reading.fetched_at, reading.capture_id, reading.record_id)
        if decision.outcome in (Outcome.NEW, Outcome.REVISION, Outcome.NEAR_DUPLICATE):
            self._held[reading.record_id] = url
            if decision.duplicate_of is None:
                self._near.add(reading, _wording(reading, self._brands))
        return decision

    def _judge(self, reading: Reading) -> Decision:
        own = self._own.get(reading.capture_id)
        if own and own.record_id == reading.record_id:
            return _as_held(reading, own)
        url = (reading.source, reading.canonical_url)
        history = self._history.get(url, [])
        # A replay has the times of the crawl it answers from: a capture of the same time is an earlier one.
        earlier = [each for each in history if each[0] <= reading.fetched_at]
        # Captures may still name a record that a re-extraction has just removed: then the text is not held.
        if reading.record_id in self._held:
            if self._held[reading.record_id] == url or any(text == reading.record_id for *_, text in earlier):
                return Decision(reading=reading, outcome=Outcome.UNCHANGED)
            return Decision(reading=reading, outcome=Outcome.EXACT_DUPLICATE)
        if history:
            return Decision(
                reading=reading,
                outcome=Outcome.REVISION,
                brings_record=True,
                revision_of=(max(earlier) if earlier else min(history))[2],
                revision=len({text for _, _, text in history}),
            )
        near = self._near.find(reading, _wording(reading, self._brands))
        if near:
            return Decision(
                reading=reading,
                outcome=Outcome.NEAR_DUPLICATE,
                brings_record=True,
                duplicate_of=near[0],
                similarity=near[1],
            )
        return Decision(reading=reading, outcome=Outcome.NEW, brings_record=True)

    def _remember(self, url: tuple[str, str], at: datetime, capture_id: str, text: str) -> None:
        self._history.setdefault(url, []).append((at, capture_id, text))


def _as_held(reading: Reading, record: Held) -> Decision:
    """The decision that brought this record."""
    outcome = Outcome.NEW
    if record.revision_of:
        outcome = Outcome.REVISION
    elif record.duplicate_of:
        outcome = Outcome.NEAR_DUPLICATE
    return Decision(
        reading=reading,
        outcome=outcome,
        revision_of=record.revision_of,
        revision=record.revision,
        duplicate_of=record.duplicate_of,
        similarity=record.similarity,
    )


class _Near:
    """The originals that texts of a batch may be copies of: those of the archive, then those of the batch itself."""

    def __init__(self, readings: Sequence[Reading], known: Known, window: timedelta, *, without: Set[str]) -> None:
        self._window = window
        self._originals = [each for each in known.originals if each.record_id not in without]
        self._signatures = np.zeros((len(self._originals) + len(readings), SIGNATURE_BYTES), np.uint8)
        for row, original in enumerate(self._originals):
            self._signatures[row] = np.frombuffer(original.signature, np.uint8)
        articles = [reading for reading in readings if isinstance(reading.result, Article)]
        wanted = frozenset(each.record_id for reading in articles for _, each in self._candidates(reading))
        self._wordings = dict(known.wordings(wanted)) if wanted else {}

    def add(self, reading: Reading, wording: Wording) -> None:
        """Let later texts be copies of this one."""
        self._signatures[len(self._originals)] = np.frombuffer(reading.signature, np.uint8)
        self._originals.append(_original(reading))
        self._wordings[reading.record_id] = wording

    def find(self, reading: Reading, wording: Wording) -> tuple[str, float] | None:
        """The original that the reading is a near-duplicate of, and how similar it is; None: it is none."""
        near = {
            each.record_id: (share, _text(each, other))
            for share, each in self._candidates(reading)
            if (other := self._wordings.get(each.record_id))
            and not contradiction(other.text, wording.text, brands=other.brands | wording.brands)
        }
        if not near:
            return None
        copy = _text(_original(reading), wording)
        ordered = in_order([copy, *(text for _, text in near.values())], [(each, copy.record_id) for each in near])
        first = next(text.record_id for text in ordered if text is not copy)
        return first, near[first][0]

    def _candidates(self, reading: Reading) -> list[tuple[float, Original]]:
        """Originals within the window and their similarity, the most similar first."""
        shares = similarities(self._signatures[: len(self._originals)], np.frombuffer(reading.signature, np.uint8))
        found = [
            (float(shares[row]), self._originals[row])
            for row in np.flatnonzero(shares >= ALIKE)
            if self._in_window(reading, self._originals[row])
        ]
        return sorted(found, key=lambda pair: (-pair[0], pair[1].record_id))[:MOST]

    def _in_window(self, reading: Reading, original: Original) -> bool:
        date = published(reading)
        if date and original.published_at:
            return abs(date - original.published_at) <= self._window
        return abs(reading.fetched_at - original.first_fetched_at) <= self._window


def published(reading: Reading) -> datetime | None:
    """When the article says it was published."""
    return reading.result.published.at if isinstance(reading.result, Article) and reading.result.published else None


def _original(reading: Reading) -> Original:
    return Original(
        record_id=reading.record_id,
        published_at=published(reading),
        first_fetched_at=reading.fetched_at,
        signature=reading.signature,
    )


def _text(original: Original, wording: Wording) -> Text:
    return Text(
        record_id=original.record_id,
        published_at=original.published_at,
        precision=wording.precision,
        first_fetched_at=original.first_fetched_at,
        names=wording.names,
        credits=wording.credits,
    )


def _wording(reading: Reading, brands: frozenset[str]) -> Wording:
    assert isinstance(reading.result, Article)  # noqa: S101  for the type checker
    article = reading.result
    names = frozenset([article.site_name] if article.site_name else [])
    return Wording(
        text=without_title(article.text, article.title),
        brands=brands | names | set(article.attribution),
        names=names,
        credits=frozenset(article.attribution),
        precision=article.published.precision if article.published else None,
    )
