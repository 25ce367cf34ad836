"""Runs the spider as the pipeline does: a process that reads one JSON object and writes JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.warc import Capture, read_warc

COMMAND = (sys.executable, "-m", "spiders.run")
HASTE: Mapping[str, Any] = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_START_DELAY": 0,
    "AUTOTHROTTLE_TARGET_CONCURRENCY": 1000.0,
    "DOWNLOAD_TIMEOUT": 5,
}
"""A loopback server needs no sparing."""


@dataclass(frozen=True)
class Crawl:
    """What a spider process left behind."""

    status: int
    stderr: str
    events: list[dict[str, Any]]
    spool: Path

    @property
    def finished(self) -> dict[str, Any]:
        assert self.events[-1]["event"] == "finished"
        return self.events[-1]

    @property
    def stats(self) -> dict[str, Any]:
        stats = self.finished["stats"]
        assert isinstance(stats, dict)
        return stats

    @property
    def warcs(self) -> list[Path]:
        return [Path(event["path"]) for event in self.events if event["event"] == "warc"]

    def captures(self) -> list[Capture]:
        """All responses, in the order they were written."""
        found = []
        for path in self.warcs:
            with path.open("rb") as stream:
                found += list(read_warc(stream))
        return found


def sources_file(directory: Path, *, limits: Mapping[str, float] | None = None, **fields: Any) -> Path:
    """A TOML file with one source, `site`, of 127.0.0.1 unless `fields` say otherwise."""
    source = {"id": "site", "name": "صحيفة", "language": "ar", "timezone": "Asia/Damascus", "domains": ["127.0.0.1"]}
    path = directory / "sources.toml"
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in (source | fields).items()]
    lines += [f"\n[{(source | fields)['id']}.limits]"] if limits else []
    lines += [f"{name} = {value}" for name, value in (limits or {}).items()]
    path.write_text("[[source]]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def request(directory: Path, sources: Path | None, **fields: Any) -> dict[str, Any]:
    """A request to the spider; `fields` win."""
    return {
        "source": "site",
        "sources_file": str(sources) if sources else None,
        "run_id": "run1",
        "spool": str(directory / "spool"),
        "limit": None,
        "since": None,
        "until": None,
        "replay": [],
        "contact": "crawler@example.org",
        "allow": "127.0.0.0/8:*",
        "warc_bytes": 256 << 20,
        "warc_seconds": 600,
        "log": str(directory / "spider.log"),
        "overrides": dict(HASTE),
    } | fields


def start(asked: Mapping[str, Any]) -> subprocess.Popen[str]:
    """Start a spider process."""
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error::DeprecationWarning:spiders"},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asked))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: subprocess.Popen[str], asked: Mapping[str, Any]) -> Crawl:
    """Wait for a spider process and read what it wrote."""
    stdout, stderr = process.communicate(timeout=60)
    events = [json.loads(line) for line in stdout.splitlines()]
    return Crawl(process.returncode, stderr, events, Path(asked["spool"]))


def crawl(directory: Path, sources: Path | None, **fields: Any) -> Crawl:
    """Crawl to the end."""
    asked = request(directory, sources, **fields)
    return finish(start(asked), asked)
