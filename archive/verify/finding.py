"""What is promised of an archive, and what is found wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from archive.store import StoreError
from archive.warc import WarcError

INVARIANTS = {
    "table-log": "the log of a table is whole, and every data file that it names is there with its size",
    "warc-sound": "every record of a stored WARC file can be read and has the digests it states",
    "warc-index": "every WARC file has an index that lists its responses where they are, and every index has its file",
    "warc-ingested": "the captures of every stored WARC file are in the tables, all of them",
    "capture-warc": "every capture is a response of a stored WARC file, found at its offset",
    "capture-record": "a capture of an article names a record that exists, a rejected one a reason, no other either",
    "capture-repeats": "a revisit repeats a response of the same payload that holds it",
    "record-unique": "a text has one record",
    "record-text": "the id and the signature of a record are those of its text",
    "record-capture": "the capture that brought a record exists and shows its text",
    "duplicate-original": "what a near-duplicate copies exists and is no near-duplicate itself",
    "revision-base": "what a revision replaces exists, and no text is its own predecessor",
    "promotion": "a promotion that has begun is done",
    "forgotten": "of what was forgotten nothing is left in the tables, data files and WARC files",
    "leftovers": "nothing is left half written by writers that were killed",
}
"""What is checked, by name."""

REPORT = "no run of Warraq writes this: keep the archive as it is and report it as a bug"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something in an archive that is not as promised."""

    invariant: str
    """Its name in `INVARIANTS`."""
    where: str
    """Key of the file, or id of the row."""
    problem: str
    """What is wrong."""
    next_step: str
    """What to do about it, where nothing was done."""
    done: str | None = None
    """What was done about it; None: nothing."""
    mend: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """Does what can be done about it without guessing, and says what that was; None: nothing can."""

    def mended(self) -> Finding:
        """The finding after all was done about it that can be."""
        if self.mend is None:
            return self
        try:
            return replace(self, done=self.mend(), mend=None)
        except (StoreError, WarcError) as error:
            return replace(self, next_step=f"it could not be mended: {error}", mend=None)


Findings = Iterator[Finding]
