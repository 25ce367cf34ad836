"""The issue's case by command: a template changes in mid-history, a rule is mended, the pages are recovered."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable
from warraq_command import REPOSITORY, SAMPLES, Command

from archive.reextraction import Scope
from archive.store import LocalStore
from archive.tables import Row, Tables
from archive.verify import verify
from flows.diffing import diff_candidate
from flows.failures import Exit, InputError, UsageError
from flows.promoting import promote_candidate
from flows.reextracting import reextract
from flows.runners import ProcessRunner
from flows.settings import Settings, SettingsError

OLD_RULE = '''

_by_the_rules = extract_article


def extract_article(page, source=None):
    """Rules that do not know the template which the site has had since: a third is refused, a third shortened."""
    from dataclasses import replace

    found = _by_the_rules(page, source)
    numbers = [each for each in page.url if each.isdigit()] if page.url else []
    if isinstance(found, Rejection) or not numbers or numbers[-1] in "0123":
        return found
    if numbers[-1] in "456":
        return Rejection(reason=Reason.TOO_SHORT, detail="no paragraph stands where the old template had them")
    return replace(found, paragraphs=found.paragraphs[:1])
'''


INGEST = """
import sys
from pathlib import Path
from archive.index import Index
from archive.ingest import adopt_warc, ingest
from archive.store import LocalStore
from spiders.sources import load_sources
store, sources = LocalStore(Path(sys.argv[1])), load_sources(None)
with Index(store) as index:
    for name in sys.argv[3:]:
        key = adopt_warc(store, Path(sys.argv[2], f"{name}.warc.gz"), name)
        ingest(store, key, sources[name], run_id="r", index=index)
"""
SOURCES = ("arabkhabar", "jannah")


def _archive(root: Path, *paths: Path) -> Path:
    """An archive of two samples, by the rules that are found first."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (*paths, REPOSITORY)))}
    subprocess.run([sys.executable, "-c", INGEST, root, SAMPLES, *SOURCES], env=environ, cwd=root.parent, check=True)
    return root


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive made by the rules as they are. Do not change it."""
    return _archive(tmp_path_factory.mktemp("fresh") / "archive")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive made by the rules as they were before the template changed. Do not change it."""
    directory = tmp_path_factory.mktemp("broken")
    shutil.copytree(REPOSITORY / "extract", directory / "old" / "extract", ignore=shutil.ignore_patterns("__pycache__"))
    with (directory / "old" / "extract" / "article.py").open("a", encoding="utf-8") as file:
        file.write(OLD_RULE)
    return _archive(directory / "archive", directory / "old")


def _records(root: Path) -> dict[str, Row]:
    rows = Tables(LocalStore(root)).snapshot().query("SELECT * FROM records").to_pylist()
    return {row["record_id"]: row for row in rows}


def test_a_template_change_is_mended_without_touching_what_was_right(
    warraq: Command, broken: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(broken, warraq.root)
    before, version = _records(broken), DeltaTable(str(broken / "records")).version()
    [read] = [json.loads(line) for line in warraq("reextract", "--workers", "2", "--json").stdout.splitlines()]
    assert (read["files"], read["failed"], read["damaged"]) == (2, [], [])
    assert _records(warraq.root) == before

    settings, store = Settings.from_environment(warraq.environ), LocalStore(warraq.root)
    assert diff_candidate(settings, store, None, samples=1, as_json=True, html=None) == Exit.OK
    diff = json.loads(capsys.readouterr().out)
    assert [each["source"] for each in diff["sources"]] == sorted(SOURCES)
    assert any("rejected (too_short) → new" in each["outcomes"] for each in diff["sources"])
    assert all(each["characters"][0] < each["characters"][1] for each in diff["sources"])
    diff_candidate(settings, store, read["candidate"]["id"], samples=1, as_json=False, html=None)
    shown = capsys.readouterr().out
    assert "no article before: https://" in shown
    assert "another text: https://" in shown
    assert "{+" in shown
    diff_candidate(settings, store, None, samples=1, as_json=False, html=warraq.cwd / "diff.html")
    assert "<ins>" in (warraq.cwd / "diff.html").read_text("utf-8")

    with pytest.raises(UsageError, match="would be lost"):
        promote_candidate(settings, store, None, yes=False, as_json=False)
    assert _records(warraq.root) == before
    gained = sum(each["gained"] for each in diff["sources"])
    assert f"{gained} records gained" in warraq("promote", "--yes").stderr.decode()
    mended, expected = _records(warraq.root), _records(fresh)
    assert mended.keys() == expected.keys()
    for name in ("text", "title", "published_at", "authors"):
        assert {each: row[name] for each, row in mended.items()} == {each: row[name] for each, row in expected.items()}
    following = {"duplicate_of", "similarity", "revision_of", "revision"}
    for each in before.keys() & expected.keys():
        assert {name for name, value in mended[each].items() if value != before[each][name]} <= following
    assert list(verify(store, deep=True)) == []
    then = DeltaTable(str(warraq.root / "records"), version=version).to_pyarrow_table()
    assert set(then["record_id"].to_pylist()) == before.keys()

    ledger = Tables(store).ledger().query("SELECT * FROM coverage").to_pylist()
    assert {(row["run_id"], row["flow"]) for row in ledger} == {(read["candidate"]["id"], "reextract")}
    assert sum(row["held"] for row in ledger) == sum(row["new"] + row["near_duplicate"] for row in ledger) > 20
    assert promote_candidate(settings, store, read["candidate"]["id"], yes=True, as_json=False) == Exit.OK
    assert len(Tables(store).ledger().query("SELECT * FROM coverage")) == len(ledger)
    assert "nothing was done" in capsys.readouterr().err
    with pytest.raises(InputError, match="waits for promotion"):
        promote_candidate(settings, store, None, yes=True, as_json=False)
    with pytest.raises(InputError, match="no candidate 'x'"):
        promote_candidate(settings, store, "x", yes=True, as_json=False)


def test_what_is_killed_goes_on_where_it_was(warraq: Command, fresh: Path) -> None:
    shutil.copytree(fresh, warraq.root)
    process = warraq.start("reextract", "--workers", "2")
    deadline = time.monotonic() + 60
    while not (first := _readings(warraq)) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    first = _readings(warraq)
    assert first
    settings, store = Settings.from_environment(warraq.environ), LocalStore(warraq.root)
    if len(first) < len(SOURCES):
        with pytest.raises(InputError, match="not finished"):
            promote_candidate(settings, store, None, yes=True, as_json=False)
    done = reextract(settings, store, Scope(), ProcessRunner(1), lambda _: None)
    assert (done.remaining, done.files) == (0, len(SOURCES) - len(first))
    assert {path: _readings(warraq)[path] for path in first} == first
    assert len(list(warraq.root.glob("candidates/*"))) == 1


def _readings(command: Command) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in command.root.glob("candidates/*/readings/*/*.parquet")}


def test_a_file_that_is_gone_or_damaged_does_not_keep_the_others_from_being_read(warraq: Command, fresh: Path) -> None:
    shutil.copytree(fresh, warraq.root)
    settings, store = Settings.from_environment(warraq.environ), LocalStore(warraq.root)
    gone, damaged = (next(warraq.root.glob(f"warc/{name}/*/*/*/*.warc.gz")) for name in SOURCES)
    kept = gone.read_bytes()
    gone.unlink()
    broken_off = damaged.read_bytes()
    damaged.write_bytes(broken_off[: len(broken_off) // 2])
    done = reextract(settings, store, Scope(), ProcessRunner(1), lambda _: None)
    assert [each.warc_key for each in done.failed] == [str(gone.relative_to(warraq.root))]
    assert len(done.damaged) == done.remaining == 1
    assert done.articles > 0  # of the half that is left
    gone.write_bytes(kept)
    done = reextract(settings, store, Scope(), ProcessRunner(1), lambda _: None)
    assert done.remaining == 0
    before = _records(warraq.root)
    promote_candidate(settings, store, None, yes=True, as_json=False)
    assert _records(warraq.root) == before


def test_a_scope_that_is_empty_or_no_scope(warraq: Command, fresh: Path) -> None:
    shutil.copytree(fresh, warraq.root)
    settings = Settings.from_environment(warraq.environ)
    done = reextract(settings, LocalStore(warraq.root), Scope(until=date(1999, 1, 1)), ProcessRunner(1), lambda _: None)
    assert not done.candidate.files
    assert not (warraq.root / "candidates").exists()
    with pytest.raises(SettingsError, match="expected process or ray"):
        Settings.from_environment({**warraq.environ, "WARRAQ_TASK_RUNNER": "dask"})
