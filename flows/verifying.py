"""`warraq verify`: what the archive promises and does not keep, and what was done about it."""

from __future__ import annotations

import sys

from archive.guarded.reader import page_reader
from archive.store import Store
from archive.verify import Finding, verify
from extract.escaping import escaped, safe_json
from flows.console import working
from flows.failures import Exit, say
from flows.settings import Settings
from flows.sources import known_sources


def verify_archive(settings: Settings, store: Store, *, deep: bool, repair: bool, as_json: bool) -> Exit:
    """Print each finding as soon as it is found, and a conclusion; with JSON, a line a finding.

    Returns:
        OK if nothing is wrong any more.
    """
    findings = mended = files = 0
    with working("verifying") as tell:

        def show(checking: str) -> None:
            nonlocal files
            files += checking.endswith(".warc.gz")
            tell(f"verifying {checking}")

        sources = known_sources(settings) if repair else None
        reader = page_reader(settings.page_limits)
        for finding in verify(store, deep=deep, sources=sources, reader=reader, on_progress=show):
            findings += 1
            mended += finding.done is not None
            sys.stdout.write(f"{_as_json(finding) if as_json else escaped(_as_text(finding))}\n")
            sys.stdout.flush()
    done = f", {mended} of it mended" if repair and findings else ""
    say(f"{files} WARC file(s) and the tables of {store.root} checked: {findings or 'nothing'} found wrong{done}")
    return Exit.FAILED if findings > mended else Exit.OK


_FIELDS = ("invariant", "where", "problem", "next_step", "done")


def _as_json(finding: Finding) -> str:
    return safe_json({name: getattr(finding, name) for name in _FIELDS})


def _as_text(finding: Finding) -> str:
    what = f"{finding.invariant}: {finding.where}: {finding.problem}"
    return f"{what}; mended: {finding.done}" if finding.done else f"{what}; {finding.next_step}"
