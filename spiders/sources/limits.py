"""The tables `[<id>.limits]` of a sources file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from archive.warc import MAX_CONTENT
from extract.types import Limits, Source

_FIELDS = {field.name: field for field in dataclasses.fields(Limits)}
_MOST = {"response_bytes": 2 * MAX_CONTENT, "decoded_bytes": MAX_CONTENT}
"""What the archive's readers keep of a record and of a decoded body bounds what a spider may bring."""


def limit_tables(content: dict[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Take the tables out of a file's content: id of a source → its limits."""
    found = {key: table for key, table in content.items() if isinstance(table, dict) and table.keys() == {"limits"}}
    for key in found:
        del content[key]
    return {key: table["limits"] for key, table in found.items()}


def bounded(sources: Mapping[str, Source], tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Source]:
    """The sources that these tables name, with their limits.

    Raises:
        ValueError: something in them is wrong; a line for each fault.
    """
    if faults := [
        f"[{key}.limits]: {fault}" for key, table in tables.items() for fault in _faults(key, table, sources)
    ]:
        raise ValueError("\n".join(faults))
    return {
        key: dataclasses.replace(sources[key], limits=dataclasses.replace(sources[key].limits, **table))
        for key, table in tables.items()
    }


def _faults(key: str, table: object, sources: Mapping[str, Source]) -> Iterator[str]:
    if key not in sources:
        yield f"there is no source {key!r}; `warraq sources` lists them."
    if not isinstance(table, dict):
        yield "must be a table."
        return
    for name, value in table.items():
        if name not in _FIELDS:
            yield f"{name}: is no limit; there are {', '.join(_FIELDS)}."
            continue
        fraction = _FIELDS[name].type == "float"
        fit = type(value) is int or (fraction and type(value) is float)
        if not (fit and 0 < value < float("inf")):
            yield f"{name}: {value!r} must be a{'' if fraction else ' whole'} number above 0."
        elif value > _MOST.get(name, value):
            yield f"{name}: {value} is more than the archive reads of a response, {_MOST[name]}."
