"""history: the versions of an article and what changed in them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from warraq_command import Command

from archive.store import LocalStore
from archive.tables import Tables
from flows.history import differences

Crawled = tuple[Command, list[dict[str, Any]]]

WORDS = ["قال", "الوزير", "إن", "اللقاء", "المقبل", "سيعقد", "غدا", "181", "200"]
TEXT = st.lists(st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join))


def edited(command: Command) -> str:
    """URL of a sample article that was edited between two fetches."""
    return next(str(record["url"]) for record in command.records() if record["revision_of"])


def test_an_edited_article_has_two_versions_with_the_words_that_changed(crawled: Crawled) -> None:
    command, _ = crawled
    url = edited(command)
    found = json.loads(command("history", "--json", url).stdout)
    first, second = found["versions"]
    assert (first["changes"], first["record_id"] != second["record_id"]) == ([], True)
    assert first["first_seen"] < second["first_seen"]
    assert {piece["kind"] for change in second["changes"] for piece in change} == {"same", "removed", "added"}
    shown = command("history", url).stdout.decode()
    assert "[-" in shown
    assert "{+" in shown
    assert shown.index(first["record_id"]) < shown.index(second["record_id"])


def test_an_article_that_only_its_surroundings_changed_has_one_version(crawled: Crawled) -> None:
    command, _ = crawled
    sql = "SELECT canonical_url FROM captures WHERE outcome = 'unchanged' LIMIT 1"
    [row] = Tables(LocalStore(command.root)).snapshot().query(sql).to_pylist()
    [version] = json.loads(command("history", "--json", row["canonical_url"]).stdout)["versions"]
    assert version["captures"] > 1


def test_what_has_no_history_is_told(crawled: Crawled) -> None:
    command, _ = crawled
    assert b"has no article" in command("history", "https://example.org/none", status=1).stderr
    assert b"is not an http URL" in command("history", "nothing", status=2).stderr


@given(TEXT, TEXT)
def test_differences_hold_both_texts(before: list[str], after: list[str]) -> None:
    changes = list(differences(before, after))
    for kind, text in (("removed", before), ("added", after)):
        kept = [" ".join(piece.text for piece in change if piece.kind in ("same", kind)) for change in changes]
        rest = list(text)
        for paragraph in filter(None, kept):
            rest.remove(paragraph)  # each is a paragraph of that text
