"""Ceph's S3 gateway for as long as a long test needs one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GATEWAY = Path(__file__).resolve().parents[1] / "ceph" / "gateway.sh"


@contextmanager
def gateway() -> Iterator[str]:
    """Its endpoint; the environment names it, and its credentials."""
    with tempfile.TemporaryDirectory(prefix="warraq-soak-") as scratch:
        started = subprocess.run(
            [GATEWAY, "start", f"{scratch}/ceph"],
            env=os.environ | {"PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        try:
            os.environ |= dict(line.removeprefix("export ").split("=", 1) for line in started.stdout.splitlines())
            yield os.environ["AWS_ENDPOINT_URL"]
        finally:
            subprocess.run([GATEWAY, "stop", f"{scratch}/ceph"], check=True)
