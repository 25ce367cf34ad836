"""Candidates: what is read again, by which rules, and how far that is. The keys are in `archive.keys`.

A candidate names its WARC files when it is begun and is finished when each of them has its readings. What is killed on
the way goes on where it was: the same scope by the same rules is the same candidate until it is finished.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path

import archive.readings
import extract
from archive.guarded.limits import PageLimits
from archive.keys import CANDIDATES, CAPTURES, RECORDS, candidate_key, readings_key, readings_prefix
from archive.store import Store, StoreError
from archive.tables import Snapshot
from extract.article import EXTRACTOR
from extract.types import Source

_EASTERNMOST, _WESTERNMOST = timedelta(hours=14), timedelta(hours=12)
"""How much earlier, and later, a day may begin than in UTC."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which WARC files are read again, whole: those with a page fetched or published in these days.

    The ledger counts days of publication, and a backfill fetches them years later.
    """

    source: str | None = None
    """None: all sources."""
    since: date | None = None
    """First day, by UTC where it is that of a fetch, by any clock where it is that of publication; None: no bound."""
    until: date | None = None
    """First day after them; None: no bound."""

    def __post_init__(self) -> None:
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"since {self.since} is not before until {self.until}: the window of days is empty")

    def files(self, now: Snapshot) -> tuple[str, ...]:
        """Keys of the ingested WARC files in it, sorted."""
        values: dict[str, str | datetime] = {"source": self.source} if self.source else {}
        fetched, published = ["TRUE"], ["TRUE"]
        if self.since:
            values["first"] = datetime.combine(self.since, time(), UTC) - _EASTERNMOST
            fetched.append(f"fetched_date >= DATE '{self.since}'")
            published.append("published_at >= {first}")
        if self.until:
            values["last"] = datetime.combine(self.until, time(), UTC) + _WESTERNMOST
            fetched.append(f"fetched_date < DATE '{self.until}'")
            published.append("published_at < {last}")
        query = (
            f"SELECT DISTINCT warc_key FROM captures WHERE {'source = {source}' if self.source else 'TRUE'} "  # noqa: S608
            f"AND (({' AND '.join(fetched)}) OR ({' AND '.join(published)})) ORDER BY warc_key"
        )
        return tuple(now.query(query, **values)["warc_key"].to_pylist())


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A re-extraction: what is read again, and by which rules."""

    id: str
    started_at: datetime
    """Aware UTC."""
    scope: Scope
    extractor: str
    """Name and version of the rules, as rows will say."""
    rules: str
    """Digest of all that decides what a page gives: equal ones read every page the same."""
    versions: Mapping[str, int]
    """Table → version from which the files were taken."""
    files: tuple[str, ...]
    """Keys of the WARC files that are read again."""

    def to_json(self) -> bytes:
        """The candidate as it is stored."""
        given = asdict(self)
        given["started_at"] = self.started_at.isoformat()
        given["scope"] = {name: day and str(day) for name, day in given["scope"].items()}
        return json.dumps(given, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Candidate:
        """Read a candidate.

        Raises:
            ValueError: it is none.
        """
        try:
            given = json.loads(data)
            days = {name: given["scope"][name] for name in ("since", "until")}
            days = {name: day and date.fromisoformat(day) for name, day in days.items()}
            given["scope"] = Scope(source=given["scope"]["source"], **days)
            return cls(
                **{**given, "started_at": datetime.fromisoformat(given["started_at"]), "files": tuple(given["files"])}
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error

    def remaining(self, store: Store) -> list[str]:
        """Keys of the WARC files that have not been read; none: the candidate is finished."""
        read = {each.key for each in store.list(readings_prefix(self.id))}
        return [key for key in self.files if readings_key(self.id, key) not in read]

    def has(self, store: Store, name: str) -> bool:
        """Whether it is marked as `promoting` or `promoted`."""
        return store.exists(candidate_key(self.id, name))


def rules_of(sources: Iterable[Source], limits: PageLimits = PageLimits()) -> str:  # noqa: B008  a frozen value
    """Digest of all that decides what a page of these sources gives: rules, libraries, limits, knowledge of them."""
    said = [_rules(), repr(limits), *sorted(map(repr, sources))]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


@cache
def _rules() -> str:
    digest = hashlib.sha256()
    package = Path(extract.__file__).parent
    for path in (*sorted(package.rglob("*.py")), *sorted(package.rglob("*.toml")), Path(archive.readings.__file__)):
        digest.update(path.read_bytes())
    libraries = ",".join(f"{name}={version(name)}" for name in ("trafilatura", "lxml", "rensa"))
    return f"{EXTRACTOR},{libraries},{digest.hexdigest()}"


def begin(
    store: Store,
    now: Snapshot,
    scope: Scope,
    sources: Mapping[str, Source],
    limits: PageLimits = PageLimits(),  # noqa: B008  a frozen value
) -> Candidate:
    """The candidate of this scope by the rules of today: the one that is not finished, or whose files are the same.

    Raises:
        StoreError: the store cannot be read or written, or a source with files in the scope is unknown.
    """
    files = scope.files(now)
    named = {key.split("/")[1] for key in files}
    if unknown := sorted(named - sources.keys()):
        raise StoreError(
            f"{', '.join(unknown)}: no known source has this id, and pages cannot be read without one; name it in the "
            "file of WARRAQ_SOURCES, or choose others with --source"
        )
    rules = rules_of((sources[each] for each in named), limits)
    for known in candidates(store):
        if (known.scope, known.rules) == (scope, rules) and not known.has(store, "promoted"):
            if known.files == files or known.remaining(store):
                return known
            break
    at = datetime.now(UTC)
    candidate = Candidate(
        id=f"{at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
        started_at=at,
        scope=scope,
        extractor=EXTRACTOR,
        rules=rules,
        versions={name: now.versions[name] for name in (RECORDS, CAPTURES)},
        files=files,
    )
    if files:
        store.put_if_absent(candidate_key(candidate.id, "candidate"), candidate.to_json())
    return candidate


def candidates(store: Store) -> list[Candidate]:
    """All candidates, the newest first.

    Raises:
        StoreError: the store cannot be read, or a candidate is damaged.
    """
    keys = [each.key for each in store.list(f"{CANDIDATES}/") if each.key.endswith("/candidate.json")]
    return [find(store, key.split("/")[1]) for key in reversed(keys)]


def find(store: Store, candidate: str) -> Candidate:
    """The candidate with this id.

    Raises:
        NoSuchKey: there is none.
        StoreError: the store cannot be read, or the candidate is damaged.
    """
    key = candidate_key(candidate, "candidate")
    data = store.get(key)
    try:
        return Candidate.from_json(data)
    except ValueError as error:
        raise StoreError(
            f"{key} in {store.root} is no candidate ({error}): delete {CANDIDATES}/{candidate}/, and re-extract again"
        ) from error


def drop_readings(store: Store, warc_keys: Iterable[str]) -> None:
    """Delete what candidates hold of these WARC files; they are read again when the re-extraction goes on."""
    ids = {each.key.split("/")[1] for each in store.list(f"{CANDIDATES}/")}
    for key in warc_keys if ids else ():
        for candidate in ids:
            store.delete(readings_key(candidate, key))


def drop_promoted(store: Store, retention: timedelta) -> int:
    """Delete the readings of candidates that were promoted longer ago than this; the number of them."""
    dropped = 0
    before = store.clock() - retention
    for each in [*store.list(f"{CANDIDATES}/")]:
        if not each.key.endswith("/promoted.json") or each.modified >= before:
            continue
        candidate = each.key.split("/")[1]
        readings = [reading.key for reading in store.list(readings_prefix(candidate))]
        for key in readings:
            store.delete(key)
        dropped += bool(readings)
    return dropped
