"""The logs of the tables: Delta's rules for what must be there for a version to be read."""

from __future__ import annotations

import io
import json
import re
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq

from archive.store import NoSuchKey, Store
from archive.tables import Snapshot
from archive.verify.finding import Finding, Findings

_VERSION = re.compile(r"(\d{20})\.json")
_RESTORE = "restore it from a backup or an earlier version of the object"


def check_log(store: Store, name: str) -> Findings:
    """What is wrong with the log of a table; to be asked before the table is opened."""
    folder = f"{name}/_delta_log/"
    names = {each.key.removeprefix(folder) for each in store.list(folder)}
    versions = sorted(int(found[1]) for each in names if (found := _VERSION.fullmatch(each)))
    for before, after in pairwise(versions):
        if after != before + 1:
            yield Finding(
                invariant="table-log",
                where=folder,
                problem=f"version {before} is followed by version {after}",
                next_step=f"the log lacks what is between: {_RESTORE}",
            )
    if "_last_checkpoint" not in names:
        if versions and versions[0] != 0:
            yield Finding(
                invariant="table-log",
                where=folder,
                problem=f"it begins with version {versions[0]}, and there is no checkpoint",
                next_step=_RESTORE,
            )
        return
    key = f"{folder}_last_checkpoint"
    try:
        checkpoint = f"{folder}{int(json.loads(store.get(key))['version']):020}.checkpoint.parquet"
        key = checkpoint
        pq.read_metadata(io.BytesIO(store.get(checkpoint)))
    except (ValueError, TypeError, LookupError, pa.ArrowException, OSError, NoSuchKey) as error:
        yield Finding(
            invariant="table-log",
            where=key,
            problem=f"the checkpoint cannot be read ({error})",
            next_step=_RESTORE,
        )


def check_data_files(store: Store, now: Snapshot, name: str) -> Findings:
    """Whether every data file that the table names is there, with its size."""
    stored = {each.key: each.size for each in store.list(f"{name}/") if each.key.endswith(".parquet")}
    for file in now.files(name):
        if (size := stored.get(file.key)) != file.size:
            found = "it is not there" if size is None else f"it has {size} bytes instead of {file.size}"
            yield Finding(
                invariant="table-log", where=file.key, problem=f"a data file of {name}: {found}", next_step=_RESTORE
            )
