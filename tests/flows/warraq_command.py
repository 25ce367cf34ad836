"""The `warraq` command as a process, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY / "samples"
SIX = ("arabkhabar", "etemadonline", "jannah", "arabstoday", "tunisiatoday", "wordpress")


@dataclass(frozen=True)
class Command:
    """The `warraq` command in an environment of its own."""

    environ: dict[str, str]
    cwd: Path

    @property
    def root(self) -> Path:
        return Path(self.environ["WARRAQ_ROOT"])

    @property
    def spool(self) -> Path:
        return Path(self.environ["WARRAQ_SPOOL"])

    def start(self, *arguments: str | Path, **environ: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *map(str, arguments)],
            cwd=self.cwd,
            env=self.environ | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(
        self, *arguments: str | Path, status: int = 0, stdin: bytes = b"", **environ: str
    ) -> subprocess.CompletedProcess[bytes]:
        process = self.start(*arguments, **environ)
        out, err = process.communicate(stdin, timeout=180)
        assert b"Traceback" not in err, err.decode()
        assert b"Warning" not in err, err.decode()
        assert process.returncode == status, (process.returncode, err.decode(), out.decode()[-2000:])
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def crawl(self, *arguments: str | Path, status: int = 0, **environ: str) -> list[dict[str, Any]]:
        """Reports of a crawl answered from the samples."""
        done = self("crawl", *arguments, "--replay", SAMPLES, "--json", status=status, **environ)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self("records").stdout.splitlines()]


def make_command(directory: Path) -> Command:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WARRAQ_", "AWS_", "PREFECT_", "XDG_", "COLUMNS"))
    }
    own = {
        "HOME": str(directory / "home"),
        "PYTHONPATH": str(REPOSITORY),
        "WARRAQ_ROOT": str(directory / "archive"),
        "WARRAQ_SPOOL": str(directory / "spool"),
    }
    (directory / "home").mkdir(parents=True)
    return Command(kept | own, directory)
