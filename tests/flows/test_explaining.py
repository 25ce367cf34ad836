"""What a person sees of a page's extraction: every line with its rule, and nothing of the page that acts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from warraq_command import SAMPLES, Command

TEXT = "قال وزير الخارجية اليوم إن المحادثات بين الجانبين أحرزت تقدما في ملفات التجارة والطاقة والمياه والحدود."
HOSTILE = f"""<!doctype html><html lang=ar><head><meta charset=utf-8>
<meta property="og:image" content="https://x.example/a.png&quot;onerror=&quot;alert(1)">
<meta property="og:title" content="تقدم في المحادثات &lt;script&gt;alert(1)&lt;/script&gt; بين الجانبين"></head>
<body><div class='" onclick="alert(1)'><p>&lt;img src=x onerror=alert(1)&gt;</p></div>
<article><h1>تقدم في المحادثات &lt;script&gt;alert(1)&lt;/script&gt; بين الجانبين</h1>
<p>{TEXT}</p><p>{TEXT[:-1]} &lt;b&gt;&amp;lt;i&amp;gt; وهذا ما أكده المتحدث.</p>
<p>أقرأ أيضا :</p><p><a href="javascript:alert(1)">[bold]خبر[/bold] \u202eآخر</a></p></article></body></html>"""


def sample(source: str) -> dict[str, Any]:
    """The truth of the first page of a source that is an article, fetched once."""
    truths = json.loads((SAMPLES / f"{source}.json").read_text(encoding="utf-8"))
    urls = [truth["url"] for truth in truths]
    found: dict[str, Any] = next(
        truth for truth in truths if truth["outcome"] == "new" and urls.count(truth["url"]) == 1
    )
    return found


def test_a_page_of_a_warc_file_is_explained_line_by_line(warraq: Command) -> None:
    truth = sample("arabstoday")
    shown = warraq("extract", "--explain", SAMPLES / "arabstoday.warc.gz", "--url", truth["url"]).stdout.decode()
    kept = [line.partition(" text ")[2].strip() for line in shown.splitlines() if line.startswith("+ ")]
    assert kept == truth["paragraphs"]
    assert re.search(r"^- after:related +\S.* <div#balmon p>$", shown, re.MULTILINE)
    assert re.search(r"^body .*div#balmon  \(found by family\)$", shown, re.MULTILINE)
    assert re.search(r"^tags .*\[meta:news_keywords\]$", shown, re.MULTILINE)
    assert "labels/*.toml" in shown


def test_a_raw_text_and_a_refused_page_are_explained(warraq: Command, tmp_path: Path) -> None:
    assert "+ text " in warraq("extract", "--explain", SAMPLES / "seeds" / "003.txt").stdout.decode()
    (tmp_path / "a.html").write_text("<h1>عذراً، الصفحة غير موجودة</h1><p>ربما حذفت.</p>", encoding="utf-8")
    shown = warraq("extract", "--explain", "a.html").stdout.decode()
    assert shown.startswith("rejected: soft_404 ")
    assert "ربما حذفت." in shown


def test_the_terminal_gets_text_and_no_commands(warraq: Command, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(HOSTILE.replace("أكده", "أ\x1b[31mكده"), encoding="utf-8")
    shown = warraq("extract", "--explain", "a.html", "--url", "https://x.example/%1b%5b31m/").stdout.decode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert "[bold]خبر[/bold]" in shown
    assert "\\x1b[31m" in shown


def test_the_page_for_a_browser_loads_nothing_runs_nothing_and_shows_everything(
    warraq: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.html").write_text(HOSTILE, encoding="utf-8")
    warraq("extract", "--explain", "a.html", "--url", "https://x.example/<script>", "--html", "out.html")
    written = (tmp_path / "out.html").read_text(encoding="utf-8")
    tree = html.document_fromstring(written)
    assert {element.tag for element in tree.iter()} == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "table", "tr", "th", "td", "bdi", "input",
        "label",
    }  # fmt: skip
    assert {name for element in tree.iter() for name in element.attrib} <= {
        "lang", "dir", "charset", "http-equiv", "content", "name", "class", "id", "scope", "type", "for",
    }  # fmt: skip
    [policy] = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    digest = base64.b64encode(hashlib.sha256(tree.findtext(".//style").encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert tree.get("dir") == "rtl"
    kept = [text.strip() for text in tree.xpath("//tr[@class='kept']/td[@class='text']/text()")]
    assert kept == [TEXT, f"{TEXT[:-1]} <b>&lt;i&gt; وهذا ما أكده المتحدث."]
    assert "after:related" in tree.xpath("//tr[@class='cut']/td[1]/text()")


def test_a_page_is_explained_from_the_archive(crawled: tuple[Command, list[dict[str, Any]]]) -> None:
    command, _ = crawled
    truth = sample("jannah")
    shown = command("extract", "--explain", "--url", truth["url"]).stdout.decode()
    assert truth["paragraphs"][0] in shown


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--explain"], 2, "takes one FILE"),
        (["--explain", "a.html", "b.html"], 2, "takes one FILE"),
        (["--explain", "--jsonl"], 2, "takes one FILE"),
        (["a.html", "--html", "out.html"], 2, "give both"),
        (["--explain", "none.html"], 1, "Cannot read none.html"),
        (["--explain", str(SAMPLES)], 1, "it is a directory; name the files in it"),
        (["--explain", str(SAMPLES / "jannah.warc.gz")], 2, "choose one with --url"),
        (["--explain", str(SAMPLES / "jannah.warc.gz"), "--url", "https://x.example/"], 1, "no response for"),
        (["--explain", str(SAMPLES / "seeds" / "003.txt"), "--html", "/proc/x/out.html"], 2, "Cannot write"),
        (["--explain", "--url", "what?"], 2, "is not an http URL"),
        (["--explain", "--url", "https://x.example/"], 1, "has no capture"),
    ],
)
def test_what_cannot_be_explained_is_told(warraq: Command, arguments: list[str], status: int, told: str) -> None:
    assert told in " ".join(warraq("extract", *arguments, status=status).stderr.decode().split())


def test_standard_input_is_a_file_named_by_a_hyphen(warraq: Command) -> None:
    page = (SAMPLES / "seeds" / "003.txt").read_bytes()
    [answer] = map(json.loads, warraq("extract", "-", stdin=page).stdout.splitlines())
    assert answer["title"] in warraq("extract", "--explain", "-", stdin=page).stdout.decode()
    assert answer["text"].startswith("أعلن الكرملين")
