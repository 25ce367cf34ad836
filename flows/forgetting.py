"""`warraq forget`: articles taken out of an archive for good, after the person saw what will go."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from archive.forget import Found, forget, plan, unfinished
from archive.forgotten import Entry, read_entries
from archive.keys import forgotten_key
from archive.store import Store
from archive.tables import Tables
from extract.escaping import escaped
from extract.urls import canonical_url
from flows.console import working
from flows.failures import Exit, UsageError, say
from flows.pipeline import retrying
from flows.settings import Settings
from flows.sources import brands_of

_MOST_SHOWN = 100
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")


def forget_pages(
    settings: Settings, store: Store, *, url: str | None, domain: str | None, reason: str, dry_run: bool, yes: bool
) -> Exit:
    """Show what the archive holds of a URL or domain, ask, and take it out; what was left half done before too.

    Raises:
        UsageError: what is asked for cannot be, or nobody is there to say yes. Nothing was done.
        StoreError: the archive cannot be read or written. What is left is done by the next call.
    """
    if not reason.strip():
        raise UsageError("--reason is written to the audit log: say who asked for it and why")
    tables = Tables(store)
    entry, found = plan(tables.snapshot(), url=_url(url), domain=_domain(domain), reason=reason.strip())
    for line in _shown(entry, found):
        sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()
    if dry_run:
        return Exit.OK
    if not yes and not _confirmed():
        say("Nothing was done")
        return Exit.FAILED
    with working("forgetting") as tell:
        brands = brands_of(settings)
        for each in (entry, *unfinished(store, tables, read_entries(store))):
            retrying(forget, store, each, brands=brands, on_progress=lambda what: tell(f"forgetting: {what}"))
    say(f"Done; {forgotten_key(entry.id)} in {store.root} says so")
    return Exit.OK


def _shown(entry: Entry, found: Found) -> Iterator[str]:
    what = entry.domain or entry.urls[0]
    if not found.captures and not found.records:
        yield f"The archive holds nothing of {what}; it will not be fetched or kept again."
        return
    files = {row["warc_key"] for row in found.captures}
    yield (
        f"To be taken out because of {what}: {len(found.records)} record(s), the pages of {len(found.captures)} "
        f"capture(s) in {len(files)} WARC file(s)."
    )
    yield from _some("record ", [f"{row['record_id']}  {row['source']}  {row['title']}" for row in found.records])
    yield from _some("capture", sorted({row["url"] for row in found.captures}))
    others = [url for url in entry.urls if url != what]
    if others:
        yield "These URLs will not be fetched again either:"
        yield from _some("URL    ", others)


def _some(kind: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:_MOST_SHOWN]:
        yield f"  {kind}  {escaped(line)}"
    if len(lines) > _MOST_SHOWN:
        yield f"  … and {len(lines) - _MOST_SHOWN} more"


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise UsageError("Give --yes to take this out without being asked; nothing was done")
    return input("This cannot be undone. Type yes to go on: ").strip().lower() == "yes"


def _url(url: str | None) -> str | None:
    if url is not None:
        try:
            canonical_url(url)
        except ValueError:
            raise UsageError(f"{url!r} is not an http URL") from None
    return url


def _domain(domain: str | None) -> str | None:
    """The domain as it stands in canonical URLs."""
    if domain is None:
        return None
    try:
        host = urlsplit(canonical_url(f"https://{domain}/")).hostname or ""
    except ValueError:
        host = ""
    if not _DOMAIN.fullmatch(host):
        raise UsageError(f"{domain!r} is not a domain: write example.com")
    return host
