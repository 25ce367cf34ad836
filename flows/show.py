"""`warraq show`: a record as a person reads it, with the captures that stand behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from archive.store import Store
from archive.tables import Snapshot, Tables
from extract.escaping import escaped
from extract.urls import canonical_url
from flows.export import COLUMNS, as_json
from flows.failures import InputError, UsageError
from flows.retractions import as_phrase, retractions

_RECORDS = f"SELECT {', '.join(COLUMNS)} FROM records"  # noqa: S608 -- our own names
_CAPTURES = (
    "SELECT capture_id, source, url, fetched_at, http_status, outcome, reason, detail, directives, record_id, "
    "similarity, warc_key, warc_offset, warc_length, run_id FROM captures"
)
_IN_ORDER = "ORDER BY fetched_at, capture_id"


def find(store: Store, wanted: str) -> dict[str, Any]:
    """The record with this id, or beginning of an id, or the text a URL showed last; and the captures of it.

    Returns:
        `{"record": {…} or None, "captures": [{…}, …], "retractions": [{…}]}`, captures oldest first, JSON-able. For a
        URL they are all of its captures, and the record is None where every one of them was rejected. Retractions are
        as `flows.retractions` reads them.

    Raises:
        UsageError: `wanted` is neither an id nor a URL.
        InputError: the archive does not have it.
    """
    snapshot = Tables(store).snapshot()
    if re.fullmatch(r"[0-9a-f]{8,32}", wanted):
        records = _select(snapshot, f"{_RECORDS} WHERE record_id LIKE {{beginning}}", beginning=f"{wanted}%")
        if len(records) > 1:
            ids = ", ".join(record["record_id"] for record in records)
            raise UsageError(f"Several records begin with {wanted}: {ids}")
        if not records:
            raise InputError(f"The archive at {store.root} has no record {wanted}")
        captures = _select(snapshot, f"{_CAPTURES} WHERE record_id = {{id}} {_IN_ORDER}", id=records[0]["record_id"])
        return _found(snapshot, records[0], captures)
    try:
        url = canonical_url(wanted)
    except ValueError:
        raise UsageError(f"{wanted!r} is neither a record id (8 to 32 hexadecimal digits) nor an http URL") from None
    same_url = "canonical_url = {canonical} OR url = {url}"
    captures = _select(snapshot, f"{_CAPTURES} WHERE {same_url} {_IN_ORDER}", canonical=url, url=wanted)
    if not captures:
        raise InputError(f"The archive at {store.root} has no capture of {url}")
    shown = next((capture["record_id"] for capture in reversed(captures) if capture["record_id"]), None)
    found = _select(snapshot, f"{_RECORDS} WHERE record_id = {{id}}", id=shown) if shown else [None]
    return _found(snapshot, found[0], captures)


def _found(snapshot: Snapshot, record: dict[str, Any] | None, captures: list[dict[str, Any]]) -> dict[str, Any]:
    urls = {capture["url"] for capture in captures} | ({record["url"]} if record else set())
    return {"record": record, "captures": captures, "retractions": retractions(snapshot, urls)}


def _select(snapshot: Snapshot, sql: str, **values: str) -> list[dict[str, Any]]:
    rows = snapshot.query(sql, **values).to_pylist()
    return [{name: as_json(value) for name, value in row.items()} for row in rows]


def as_text(found: Mapping[str, Any]) -> Iterator[str]:
    """Lines for a terminal: the text as it is, right to left where the terminal can; control characters escaped."""
    record = found["record"]
    if record:
        yield escaped(record["title"])
        yield ""
        for paragraph in record["text"].split("\n"):
            yield escaped(paragraph)
            yield ""
        for name in COLUMNS:
            value = record[name]
            if name not in ("title", "text") and value not in (None, []):
                shown = " · ".join(value) if isinstance(value, list) else str(value)
                yield f"{name:21} {escaped(shown)}"
        yield ""
    for retraction in found["retractions"]:
        yield as_phrase(retraction)
        yield ""
    yield f"{len(found['captures'])} capture(s):"
    for capture in found["captures"]:
        judged = f"{capture['outcome']} ({capture['reason']})" if capture["reason"] else capture["outcome"]
        yield f"  {capture['fetched_at']}  {capture['http_status']}  {judged}  {escaped(capture['url'])}"
        if capture["detail"]:
            yield f"    {escaped(capture['detail'])}"
        if capture["directives"]:
            yield f"    says {escaped(', '.join(capture['directives']))}"
        yield f"    {capture['warc_key']} at byte {capture['warc_offset']}"
