"""Every example of the documentation is run, in the order of its page, against an archive made from the samples.

What a fence says decides what is done with it: `sh` is run by bash, `python` in one namespace a page, `toml` is written
to the file named in its first line (`# name.toml`). `console` shows a session that cannot run here (a real bucket, a
live site) and `text`, `json` and `mermaid` show something: they are not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)[ \t]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = {"sh", "python", "toml", "console", "text", "json", "mermaid"}


def fences(page: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, kind and content of each fence."""
    text = page.read_text("utf-8")
    for fence in FENCE.finditer(text):
        yield text.count("\n", 0, fence.start()) + 1, fence[1], fence[3]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples(page: Path, sample_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(sample_archive, tmp_path / "warraq-archive")
    shutil.copytree(REPOSITORY / "samples", tmp_path / "samples", ignore=shutil.ignore_patterns("build"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    names: dict[str, object] = {}
    environment = dict(os.environ)
    for line, kind, content in fences(page):
        where = f"{page.name}:{line}"
        assert kind in KINDS, f"{where}: a fence of kind {kind!r}, which nothing runs or exempts"
        if kind == "toml":
            name = re.match(r"# (\S+\.toml)\n", content)
            assert name, f"{where}: the first line names no file"
            Path(name[1]).write_text(content, "utf-8")
        elif kind == "sh":
            run_shell(content, environment, where)
        elif kind == "python":
            if "pyspark" in content:
                need_spark()
            exec(compile(content, where, "exec"), names)  # noqa: S102


def run_shell(script: str, environment: dict[str, str], where: str) -> None:
    """Run a block; what it exports stays for the blocks after it."""
    done = subprocess.run(
        ["bash", "-eu", "-c", script + "\nenv -0 >.environment"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{where}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, f"{where}\n{done.stderr}"
    environment |= dict(item.split("=", 1) for item in Path(".environment").read_text().split("\0") if "=" in item)


def need_spark() -> None:
    """Spark is 450 MB and needs Java: CI has both, elsewhere its example is skipped visibly."""
    for present, what in ((shutil.which("java"), "Java"), (_importable("pyspark"), "pyspark")):
        if not present:
            message = (
                f"{what} is not installed; requirements/spark.txt and a Java runtime run this page's Spark example"
            )
            if os.environ.get("CI"):
                pytest.fail(message + ". In CI it may not be skipped.")
            pytest.skip(message)


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None
