"""`warraq verify`: what the archive promises and does not keep."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from rich.console import Console

from archive.store import Store
from archive.verify import verify
from flows.failures import Exit, say


def verify_archive(store: Store, *, as_json: bool) -> Exit:
    """Print each finding as soon as it is found, and a conclusion; with JSON, a line a finding."""
    findings = files = 0
    console = Console(stderr=True)
    with console.status("verifying") as status:

        def show(checking: str) -> None:
            nonlocal files
            files += checking.endswith(".warc.gz")
            status.update(f"verifying {checking}")

        for finding in verify(store, on_progress=show):
            findings += 1
            if as_json:
                line = json.dumps(asdict(finding), ensure_ascii=False)
            else:
                line = f"{finding.invariant}: {finding.where}: {finding.problem}; {finding.next_step}"
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    say(f"{files} WARC file(s) and the tables of {store.root} checked: {findings or 'nothing'} found wrong")
    return Exit.FAILED if findings else Exit.OK
