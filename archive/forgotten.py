"""What was taken out of an archive for good: the audit log, which discovery, the spider and ingest heed."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archive.keys import FORGOTTEN
from archive.store import Store, StoreError
from extract.urls import canonical_url


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the audit log. It holds no text and no title."""

    id: str
    at: datetime
    """Aware time at which it was written, in UTC."""
    reason: str
    """Who asked for it and why, as the person said who did it."""
    domain: str | None = None
    """All that is on this domain and its subdomains was taken out, and none of it is fetched again."""
    urls: tuple[str, ...] = ()
    """Canonical URLs that were taken out beside the domain, and are not fetched again."""
    record_ids: tuple[str, ...] = ()
    """The records that are gone; their texts are not kept again, whoever shows them."""
    months: tuple[str, ...] = ()
    """Partitions in which they were."""
    capture_ids: tuple[str, ...] = ()
    """The captures that are rejected now, and whose WARC records are tombstones."""
    warc_keys: tuple[str, ...] = ()
    """The files these are in."""

    def to_json(self) -> bytes:
        """The entry as it is stored."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()}, ensure_ascii=False, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Entry:
        """Read an entry.

        Raises:
            ValueError: it is none.
        """
        try:
            given: dict[str, Any] = json.loads(data)
            lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
            return cls(**{**given, **lists, "at": datetime.fromisoformat(given["at"])})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error


def new_entry_id(at: datetime) -> str:
    """A name no other entry has."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def read_entries(store: Store, cache: Path | None = None) -> list[Entry]:
    """The audit log, oldest first; with a cache, only entries that are not in it are fetched.

    Args:
        store: The archive.
        cache: A local directory for this archive alone, made when needed; entries never change.

    Raises:
        StoreError: the store cannot be read, or an entry is damaged.
    """
    entries = []
    for each in store.list(f"{FORGOTTEN}/"):
        copy = cache / "forgotten" / each.key.rpartition("/")[2] if cache else None
        entry = None
        if copy:
            with suppress(OSError, ValueError):
                entry = Entry.from_json(copy.read_bytes())
        if entry is None:
            data = store.get(each.key)
            try:
                entry = Entry.from_json(data)
            except ValueError as error:
                raise StoreError(
                    f"{each.key} in {store.root} is no audit entry ({error}): restore it from a backup; until then "
                    "nobody knows what must not be fetched again"
                ) from error
            if copy:
                with suppress(OSError):  # a cache that cannot be written is none
                    _write(copy, data)
        entries.append(entry)
    return entries


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    temporary.write_bytes(data)
    temporary.replace(path)


class Forgotten:
    """What must not be fetched or kept again.

    Attributes:
        urls: Canonical URLs, and the entry that each was taken out by.
        domains: Domains, likewise.
        records: Ids of records, likewise.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.urls: dict[str, Entry] = {}
        self.domains: dict[str, Entry] = {}
        self.records: dict[str, Entry] = {}
        for entry in entries:
            self.urls.update(dict.fromkeys(entry.urls, entry))
            self.records.update(dict.fromkeys(entry.record_ids, entry))
            if entry.domain:
                self.domains[entry.domain] = entry

    def __bool__(self) -> bool:
        return bool(self.urls or self.domains or self.records)

    def covers(self, *urls: str, record_id: str | None = None) -> Entry | None:
        """The entry by which a page was forgotten that has one of these URLs, or shows this record; None: none."""
        if record_id and (entry := self.records.get(record_id)):
            return entry
        for url in map(canonical, urls) if self.urls or self.domains else ():
            if entry := self.urls.get(url):
                return entry
            for domain in _domains(url) if self.domains else ():
                if entry := self.domains.get(domain):
                    return entry
        return None

    def to_request(self) -> dict[str, Sequence[str]]:
        """What a spider needs of it, JSON-able: `{"urls": […], "domains": […]}`."""
        return {"urls": sorted(self.urls), "domains": sorted(self.domains)}

    @classmethod
    def from_request(cls, given: Mapping[str, Sequence[str]]) -> Forgotten:
        """The inverse of `to_request`; the entries are not the real ones."""
        at = datetime.min.replace(tzinfo=UTC)
        urls = Entry(id="", at=at, reason="", urls=tuple(given.get("urls", ())))
        domains = (Entry(id="", at=at, reason="", domain=domain) for domain in given.get("domains", ()))
        return cls([urls, *domains])


def canonical(url: str) -> str:
    """The URL's canonical form, or as it is where it has none."""
    try:
        return canonical_url(url)
    except ValueError:
        return url


def _domains(url: str) -> list[str]:
    """The host and the domains it is under."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return []
    parts = host.split(".")
    return [".".join(parts[at:]) for at in range(len(parts))]
