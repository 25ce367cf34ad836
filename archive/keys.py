"""The layout of an archive, which is this docstring; the functions make its keys.

    <root>/warc/<source>/<YYYY>/<MM>/<DD>/<stem>.warc.gz   what was fetched: put once, rewritten only to forget
    <root>/warc/<source>/<YYYY>/<MM>/<DD>/<stem>.cdxj      its index, beside it
    <root>/records/                                        Delta table: one row per distinct article text
    <root>/captures/                                       Delta table: one row per archived response
    <root>/coverage/                                       Delta table: one row per source, day of publication and run
    <root>/forgotten/<YYYY>/<id>.json                      what was taken out for good, when and why: the audit log
    <root>/candidates/<id>/candidate.json                  a re-extraction: what is read again, and by which rules
    <root>/candidates/<id>/readings/<source>/<stem>.parquet  what a WARC file shows by these rules; may be deleted
    <root>/candidates/<id>/promoting.json                  its promotion has begun: the tables may be changed
    <root>/candidates/<id>/promoted.json                   its promotion is done, and when
    <root>/imports/<source>/<id>.json                      a file of many sites' WARC records has been taken in
    <root>/runs/<flow>/<YYYY-MM-DD>/<run-id>.json          what a run did, for people and monitors
    <root>/probe/<id>                                      for a moment: what the store does is found out by trying
    <root>/runs/<flow>/<YYYY-MM-DD>/<run-id>.log           the spider's log, if the run did not go well

`<root>` is `s3://bucket/prefix` or a local directory. Keys use `/`, are relative to the root and hold ASCII only.
A stem is `<source>-<YYYYMMDDhhmmss>-<run-id>-<serial>`: the UTC second the file was opened, the run that wrote it, and
a number that counts the run's files from 00000, so that no two writers ever choose the same key. The id of an
audit entry or a candidate is the UTC second it was made and eight random digits.
"""

from __future__ import annotations

import re
from datetime import date, datetime

RECORDS = "records"
CAPTURES = "captures"
COVERAGE = "coverage"
WARC = "warc"
RUNS = "runs"
FORGOTTEN = "forgotten"
CANDIDATES = "candidates"
IMPORTS = "imports"

_STEM = re.compile(r"(?P<source>[a-z0-9][a-z0-9-]*)-(?P<opened>[0-9]{14})-(?P<run>[A-Za-z0-9_]+)-(?P<serial>[0-9]{5})")

_IMPORTED = re.compile(r"import[0-9a-f]{20}")
"""In place of a run: a file that others made, and the digest of its bytes."""


def warc_stem(source: str, opened: datetime, run_id: str, serial: int) -> str:
    """Name of a WARC file without `.warc.gz`; `opened` is aware UTC, `run_id` letters, digits and underscores."""
    stem = f"{source}-{opened:%Y%m%d%H%M%S}-{run_id}-{serial:05d}"
    if not _STEM.fullmatch(stem):
        raise ValueError(f"cannot name a WARC file {stem!r}: expected <source>-<time>-<run>-<serial>")
    return stem


def warc_key(stem: str) -> str:
    """Key of the WARC file with this stem.

    Raises:
        ValueError: the stem is not one that `warc_stem` makes.
    """
    match = _STEM.fullmatch(stem)
    if not match:
        raise ValueError(f"{stem!r} is not the stem of an archived WARC file (<source>-<time>-<run>-<serial>)")
    opened = match["opened"]
    return f"{WARC}/{match['source']}/{opened[:4]}/{opened[4:6]}/{opened[6:8]}/{stem}.warc.gz"


def run_of(warc: str) -> str | None:
    """The run that wrote the WARC file at this key, as its name says; None: others made it."""
    match = _STEM.fullmatch(warc.rpartition("/")[2].removesuffix(".warc.gz"))
    return None if match is None or _IMPORTED.fullmatch(match["run"]) else match["run"]


def index_key(warc: str) -> str:
    """Key of the CDXJ index that belongs to the WARC file at this key."""
    return warc.removesuffix(".warc.gz") + ".cdxj"


def warc_prefix(source: str | None = None) -> str:
    """Prefix under which the WARC files of a source, or of all, are listed."""
    return f"{WARC}/{source}/" if source else f"{WARC}/"


def import_key(source: str, file: str) -> str:
    """Key of the note that a file of others has been taken in for a source; `file` is a digest that names it."""
    return f"{IMPORTS}/{source}/{file}.json"


def forgotten_key(entry: str) -> str:
    """Key of the audit entry with this id, `<YYYYMMDDThhmmss>-<8 hexadecimal digits>`."""
    return f"{FORGOTTEN}/{entry[:4]}/{entry}.json"


def candidate_key(candidate: str, name: str) -> str:
    """Key of the object of this name (`candidate`, `promoting`, `promoted`) of a candidate."""
    return f"{CANDIDATES}/{candidate}/{name}.json"


def readings_prefix(candidate: str) -> str:
    """Prefix under which a candidate's readings are listed."""
    return f"{CANDIDATES}/{candidate}/readings/"


def readings_key(candidate: str, warc: str) -> str:
    """Key of what a candidate reads in the WARC file at this key."""
    return (
        f"{readings_prefix(candidate)}{warc.split('/')[1]}/{warc.rpartition('/')[2].removesuffix('.warc.gz')}.parquet"
    )


def run_key(flow: str, day: date, run_id: str) -> str:
    """Key of a run's report; `day` is the UTC day the run began."""
    return f"{RUNS}/{flow}/{day:%Y-%m-%d}/{run_id}.json"
