"""`python -m tests.bigsite` serves the sites that a JSON object on standard input describes; see `server.serve`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

from tests.bigsite.server import serve

with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(serve(json.loads(sys.stdin.readline())))
