"""`warraq promote`: a candidate becomes the archive, after the person saw what would go."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from archive.coverage.values import Run
from archive.forgotten import read_entries
from archive.promote import Promotion, promote
from archive.reextraction import Candidate, candidates, find, rules_of
from archive.settling import Difference, difference
from archive.store import NoSuchKey, Store
from archive.tables import Tables
from extract.escaping import safe_json
from flows.console import working
from flows.failures import Exit, InputError, UsageError, say
from flows.ledger import write_rows
from flows.pipeline import may_write, retrying
from flows.reextracting import file_report
from flows.settings import Settings
from flows.sources import brands_of, known_sources

Tell = Callable[[str], None]


def chosen(store: Store, wanted: str | None) -> Candidate:
    """The candidate with this id, or the newest that has not been promoted; finished.

    Raises:
        InputError: there is none, or it is not finished.
        StoreError: the store cannot be read.
    """
    if wanted:
        try:
            candidate = find(store, wanted)
        except NoSuchKey:
            known = ", ".join(each.id for each in candidates(store)[:5]) or "none"
            raise InputError(f"There is no candidate {wanted!r} in {store.root}; there is: {known}") from None
    else:
        candidate = next((each for each in candidates(store) if not each.has(store, "promoted")), None)  # type: ignore[assignment]
        if candidate is None:
            raise InputError(f"No candidate in {store.root} waits for promotion; `warraq reextract` makes one")
    if not candidate.has(store, "promoted") and (remaining := candidate.remaining(store)):
        raise InputError(
            f"Candidate {candidate.id} is not finished: {len(remaining)} of {len(candidate.files)} files are to be "
            f"read. Go on with `{command(candidate)}`"
        )
    return candidate


def command(candidate: Candidate) -> str:
    """What to type to go on with it."""
    scope = candidate.scope
    given = {"--source": scope.source, "--since": scope.since, "--until": scope.until}
    return " ".join(["warraq reextract", *(f"{name} {value}" for name, value in given.items() if value)])


def differing(settings: Settings, store: Store, candidate: Candidate, tell: Tell) -> Difference:
    """What promoting the candidate would change now.

    Raises:
        StoreError: the archive cannot be read, after retries.
    """
    tables = Tables(store)
    seen = tables.snapshot()
    entries = read_entries(store)
    brands = brands_of(settings)
    return retrying(difference, store, tables, seen, candidate, forgotten=entries, brands=brands, on_progress=tell)


def promoted(settings: Settings, store: Store, candidate: Candidate, tell: Tell) -> Promotion:
    """Promote the candidate, and report under `runs/`.

    Raises:
        StoreError: the archive cannot be read or written, after retries. Promote again.
    """
    started = datetime.now(UTC)
    may_write(store, settings)
    promotion = retrying(promote, store, candidate, brands=brands_of(settings), on_progress=tell)
    tell("entering it in the ledger")
    enter(settings, store, candidate, started)
    seconds = round((datetime.now(UTC) - started).total_seconds(), 3)
    report = {"step": "promote", "candidate": candidate.id, "seconds": seconds, **asdict(promotion)}
    file_report(store, "reextract", started, report)
    return promotion


def enter(settings: Settings, store: Store, candidate: Candidate, started_at: datetime) -> None:
    """Write the rows of a promotion into the ledger, so that a day whose pages it recovered has not regressed any more.

    Doing it again does nothing.

    Raises:
        StoreError: the archive cannot be read or written, after retries. Promote again.
    """
    sources = known_sources(settings)
    files: defaultdict[str, list[str]] = defaultdict(list)
    for key in candidate.files:
        files[key.split("/")[1]].append(key)
    tables = Tables(store)
    for source in sorted(files.keys() & sources.keys()):
        run = Run(
            source=sources[source],
            run_id=candidate.id,
            flow="reextract",
            started_at=started_at,
            ended_at=datetime.now(UTC),
            discovers=False,
        )
        retrying(write_rows, tables, store, run, (), also=files[source])


def promote_candidate(settings: Settings, store: Store, wanted: str | None, *, yes: bool, as_json: bool) -> Exit:
    """Promote a candidate, and print what that did; asked before where records would be lost.

    Raises:
        UsageError: nobody is there to say yes. Nothing was done.
        InputError: there is no such candidate, or it is not finished.
        StoreError: the archive cannot be read or written. Promote again.
    """
    candidate = chosen(store, wanted)
    if candidate.has(store, "promoted"):
        enter(settings, store, candidate, datetime.now(UTC))  # in case it died just before
        say(f"Candidate {candidate.id} has been promoted before; nothing was done")
        return Exit.OK
    if not yes:
        with working("comparing") as tell:
            found = differing(settings, store, candidate, tell)
        doubts = [*_doubts(settings, candidate, found)]
        if doubts and not _confirmed(doubts):
            say("Nothing was done")
            return Exit.FAILED
    with working("promoting") as tell:
        promotion = promoted(settings, store, candidate, lambda what: tell(f"promoting: {what}"))
    if as_json:
        sys.stdout.write(safe_json({"candidate": candidate.id, **asdict(promotion)}) + "\n")
    say(
        f"Promoted {candidate.id}: {promotion.records_gained} records gained, {promotion.records_lost} lost, "
        f"{promotion.records_changed} changed; {promotion.captures_changed} captures changed",
        f"Before it, records was at version {promotion.before['records']}, captures at {promotion.before['captures']}",
    )
    return Exit.OK


def _doubts(settings: Settings, candidate: Candidate, found: Difference) -> list[str]:
    doubts = []
    if found.lost:
        sources = sorted({row["source"] for row in found.lost.values()})
        doubts.append(f"{len(found.lost)} records of {', '.join(sources)} would be lost")
    sources_now = known_sources(settings)
    named = {key.split("/")[1] for key in candidate.files}
    known = (sources_now[each] for each in named & sources_now.keys())
    if rules_of(known, settings.page_limits) != candidate.rules:
        doubts.append("it was read by other rules than today's")
    return doubts


def _confirmed(doubts: list[str]) -> bool:
    question = f"{'; '.join(doubts)}. `warraq diff` shows what changes"
    if not sys.stdin.isatty():
        raise UsageError(f"{question}. Give --yes to promote without being asked; nothing was done")
    sys.stderr.write(f"{question}.\n")
    return input("Type yes to promote: ").strip().lower() == "yes"
