"""`python -m tests.hostile` serves the site until it is stopped; `--table` prints the table of docs/security.md."""

from __future__ import annotations

import argparse
import contextlib
import threading

from tests.hostile.server import serving
from tests.hostile.table import table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--table", action="store_true", help="print the attacks and how each ends, as Markdown")
    if parser.parse_args().table:
        print(table())
        return
    with serving() as served, contextlib.suppress(KeyboardInterrupt):
        print(f"{served.site.root} (nobody may knock at {served.site.forbidden})", flush=True)
        threading.Event().wait()


main()
