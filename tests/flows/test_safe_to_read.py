"""What strangers wrote, through every command that shows it: it obeys no terminal, runs no formula, is no markup.

The rules of extraction take most of it out of titles; an archive may hold it all the same, by other rules or hands. So
it is written into the tables here.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from html import escape
from io import BytesIO, StringIO
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from lxml import html

from archive.store import StoreError, open_store
from extract.escaping import escaped, safe_json
from flows.artifacts import as_markdown
from flows.cli import app
from flows.failures import report_bug
from flows.progress import Progress
from flows.report import RunReport, Status
from flows.terminal import Terminal, print_reports, print_sources
from tests.archive.warcs import SOURCE, Response, article, paragraphs, write_warc

PERSIAN = "می‌شود"
"""With ZWNJ, as it is spelled."""
HOSTILE = (
    '=HYPERLINK("http://127.0.0.2/") \x1b[31m\x1b]8;;http://127.0.0.2/\x1b\\\x9b2J\x07\x08\u202e\u2066\u200b\U000e0041'
    "\u200c\u200c\ufeff\u2028 [red][/nosuch][link=file:///etc/passwd] :bomb: </title></style><script>alert(1)</script>"
    f"<img src=x onerror=alert(1)>'\"&amp; ![x](http://127.0.0.2/i.png) {PERSIAN}"
)
DAY = "2026-03-02T08:00:00+03:00"
URL = "https://alpha.example/2026/03/02/one/"
Run = Callable[..., bytes]


def unsafe(text: str) -> set[str]:
    """Characters that no output for people may hold."""
    found = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char != "\n"}
    return found - {"\u200c"} | set(re.findall("(?<![\u0621-\u06d3])\u200c", text))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose texts of others are all `HOSTILE`, and a candidate of a re-extraction of it."""
    directory = tmp_path_factory.mktemp("unsafe")
    pages = [
        Response(URL, article(paragraphs(1), published=DAY)),
        Response(f"{URL}two/", article([HOSTILE]), status=404),
    ]
    later = [Response(URL, article(paragraphs(2), title="عنوان آخر للخبر نفسه", published=DAY))]
    patch = pytest.MonkeyPatch()
    fields = {"id": SOURCE.id, "name": SOURCE.name, "language": "ar", "timezone": SOURCE.timezone}
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    lines.append(f"domains = {json.dumps(SOURCE.domains)}")
    (directory / "sources.toml").write_text("\n".join(["[[source]]", *lines]), encoding="utf-8")
    for name, value in (("ROOT", "archive"), ("SPOOL", "spool"), ("CACHE", "cache"), ("SOURCES", "sources.toml")):
        patch.setenv(f"WARRAQ_{name}", str(directory / value))
    for run, responses in (("one", pages), ("two", later)):
        (directory / run).mkdir()
        call("ingest", str(write_warc(directory / run, responses, run=run)), "--source", "alpha")
    words = dict.fromkeys(("title", "section", "site_name"), HOSTILE) | {"text": f"{HOSTILE}\n{HOSTILE}"}
    rewrite(directory, "records", words | {name: [HOSTILE] for name in ("authors", "tags", "attribution")})
    rewrite(directory, "captures", {"detail": HOSTILE})
    rewrite(directory, "coverage", {"why": HOSTILE, "verdict": "partial"})
    call("reextract")
    patch.undo()
    return directory


def rewrite(directory: Path, name: str, values: Mapping[str, object]) -> None:
    """Give each row of a table these values."""
    path = str(directory / "archive" / name)
    table = DeltaTable(path).to_pyarrow_table()
    for column, value in values.items():
        at = table.schema.get_field_index(column)
        table = table.set_column(
            at, table.schema.field(at), pa.array([value] * len(table), table.schema.field(at).type)
        )
    write_deltalake(path, table, mode="overwrite")


def call(*arguments: str) -> int:
    """The command in this process; its exit status."""
    with pytest.raises(SystemExit) as end:
        app(list(arguments), standalone_mode=True)
    return int(end.value.code or 0)


@pytest.fixture
def run(archive: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """A command on the archive; what it wrote to standard output and error."""
    for name, value in (("ROOT", "archive"), ("SPOOL", "spool"), ("CACHE", "cache"), ("SOURCES", "sources.toml")):
        monkeypatch.setenv(f"WARRAQ_{name}", str(archive / value))

    def command(*arguments: str | Path, status: int = 0) -> bytes:
        capfdbinary.readouterr()
        assert call(*map(str, arguments)) == status, capfdbinary.readouterr()
        out, err = capfdbinary.readouterr()
        return out + err

    return command


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", URL),
        ("history", URL),
        ("diff",),
        ("coverage", "alpha"),
        ("forget", URL, "--reason", "test", "--dry-run"),
        ("verify", "--deep"),
        ("records",),
        ("records", "--format", "csv"),
        ("show", URL, "--json"),
        ("history", URL, "--json"),
        ("diff", "--json"),
        ("coverage", "alpha", "--json"),
        ("verify", "--deep", "--json"),
    ],
    ids=" ".join,
)
def test_what_a_command_prints_is_text(run: Run, arguments: tuple[str, ...]) -> None:
    status = int(arguments[0] == "verify")  # the texts are not those of their ids
    said = run(*arguments, status=status).decode()
    assert unsafe(said.replace("\r\n", "\n")) == set()
    assert "[/nosuch]" in said or arguments[0] == "verify"
    assert PERSIAN in said or arguments[0] == "verify"


@pytest.mark.parametrize("wanted", [f"https://alpha.example/{HOSTILE}", HOSTILE], ids=["url", "neither"])
@pytest.mark.parametrize("command", ["show", "history"])
def test_a_sentence_on_what_is_wrong_is_text(run: Run, command: str, wanted: str) -> None:
    said = b"".join(run(command, wanted, status=status) for status in [2 if wanted == HOSTILE else 1])
    assert unsafe(said.decode()) == set()


def test_json_lines_say_exactly_what_the_archive_holds(run: Run) -> None:
    rows = [json.loads(line) for line in run("records").splitlines()]
    assert {row["title"] for row in rows} == {HOSTILE}
    assert json.loads(safe_json({"x": "\ud800\x9b"})) == {"x": "\ud800\x9b"}


def test_no_cell_of_a_csv_file_is_a_formula(run: Run) -> None:
    header, *rows = csv.reader(StringIO(run("records", "--format", "csv").decode(), newline=""))
    assert len(rows) == 2
    assert all(row[header.index("title")].startswith("'=HYPERLINK") for row in rows)
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_explanations_are_text(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(article([*paragraphs(3), HOSTILE], title=escape(HOSTILE)))
    for arguments in (("extract", page), ("extract", "--explain", page)):
        said = run(*arguments).decode()
        assert unsafe(said) == set()
        assert "[/nosuch]" in said


@pytest.mark.parametrize("arguments", [("coverage",), ("diff",), ("extract", "--explain", "--url", URL)], ids=" ".join)
def test_pages_for_a_browser_neither_run_nor_load(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    out = tmp_path / "page.html"
    run(*arguments, "--html", out)
    text = out.read_text("utf-8")
    assert unsafe(text) == set()
    tree = html.document_fromstring(text)
    assert tree.xpath("//script | //img | //iframe | //object | //link | //base | //form | //svg | //video") == []
    assert [name for element in tree.iter() for name in element.attrib if name.startswith("on")] == []
    assert [link for *_, link, _ in tree.iterlinks() if not link.startswith("#")] == []
    [policy] = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/]+='; base-uri 'none'; form-action 'none'", policy)
    assert len(tree.xpath("//style")) == 1


def test_a_browser_runs_nothing_of_a_page(run: Run, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed")
    out = tmp_path / "page.html"
    run("diff", "--html", out)
    # The style's digest is right, or the browser would say so; a script that ran would leave the title changed.
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        f"--user-data-dir={tmp_path}/chromium",
    ]
    done = subprocess.run(
        [chromium, *options, "--dump-dom", out.as_uri()], capture_output=True, timeout=60, check=True, text=True
    )
    assert "Content Security Policy" not in done.stderr, done.stderr
    tree = html.document_fromstring(done.stdout)
    assert tree.xpath("//script | //img") == []
    assert "<script>alert(1)</script>" in tree.text_content()


def test_a_package_lists_pages_in_valid_json(run: Run, tmp_path: Path) -> None:
    run("export", "--wacz", tmp_path / "x.wacz")
    with zipfile.ZipFile(BytesIO((tmp_path / "x.wacz").read_bytes())) as package:
        lines = package.read("pages/pages.jsonl").decode().splitlines()
    assert {json.loads(line)["title"] for line in lines[1:]} == {HOSTILE}
    assert unsafe("\n".join(lines)) == set()


def test_tables_of_runs_and_progress_are_text(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    report = RunReport(
        flow="crawl", source="alpha", run_id="x", started_at=None, seconds=1.0, status=Status.FAILED,
        problem=HOSTILE, errors=(HOSTILE,),
    )  # fmt: skip
    with Terminal() as terminal:
        terminal.waiting(HOSTILE)
        terminal.progress(Progress(source="alpha", stage=HOSTILE))
        terminal._console.print(terminal._live.renderable)
    print_reports([report])
    print_sources([SOURCE])
    said = b"".join(capfdbinary.readouterr()).decode()
    assert unsafe(said) == set()
    assert said.count("[/nosuch]") >= 2


def test_a_traceback_is_text(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    try:
        raise RuntimeError(HOSTILE)
    except RuntimeError as error:
        report_bug(RuntimeError, error, error.__traceback__)
    assert unsafe(capfdbinary.readouterr().err.decode()) == set()


def test_markdown_for_prefect_is_text() -> None:
    said = as_markdown(HOSTILE)
    assert unsafe(said) == set()
    assert re.search(r"(?<!\\)[<>\[\]`*_]", said) is None


@pytest.mark.parametrize("key", ["../x", "warc/../../x", "/etc/passwd", "warc//x", "warc/./x", "", "warc/\x00"])
def test_no_key_leaves_the_root(tmp_path: Path, key: str) -> None:
    store = open_store(str(tmp_path / "root"))
    with pytest.raises((StoreError, ValueError)):
        store.put_if_absent(key, b"x")
    with pytest.raises((StoreError, ValueError)):
        store.get(key)
    assert not (tmp_path / "x").exists()


def test_spelling_stays_and_what_hides_is_shown() -> None:
    assert escaped(f"{PERSIAN} 👩‍💻 «علی‌اکبر»") == f"{PERSIAN} 👩‍💻 «علی‌اکبر»"
    assert escaped("می‌‌شود pay‌pal ‍x") == "می‌\\u200cشود pay\\u200cpal \\u200dx"
