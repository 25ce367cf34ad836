"""What decisions need of the tables, on local disk: read once, and afterwards only what is new.

The index is an SQLite file for each archive. It holds the identities, URLs, times and signatures of both tables (never
a text) by the immutable data file they came from. To come up to date it compares the files of a `Snapshot` with its
own, reads those it lacks and drops the rows of those that are gone. Several processes share it, and it may be deleted
at any time: it is never the truth, and what is damaged is built again.
"""

from archive.index.file import Index
from archive.index.view import Outcomes, Response, View

__all__ = ["Index", "Outcomes", "Response", "View"]
