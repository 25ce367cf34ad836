"""Elect the originals again, so that `duplicate_of` does not depend on the order in which texts arrived.

A batch is decided against what the archive holds at that moment: an original that arrives after its copies becomes a
copy of one of them. The election takes the records that came since the last one, finds the texts near them, those near
these, and so on, and elects the originals of the groups so found by `archive.election`. Groups that nothing has joined
are as they were.

Versions of one article, shown at one URL of a source, are not copies of each other: `revision_of` tells of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from archive.candidates import ALIKE, MOST, SIGNATURE_BYTES, Signatures, candidate_pairs
from archive.dedup import WINDOW
from archive.election import Text, elect
from archive.sameness import contradiction
from archive.store import StoreError
from archive.tables import Conflict, Row, Snapshot, Tables, Value, pause
from archive.wording import without_title

_CHUNK = 5000  # texts looked at together, with all those in their window
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ElectionReport:
    """What an election did."""

    looked_at: int
    """Records that were new since the last election, and those of their groups."""
    compared: int
    """Pairs of texts whose words were compared."""
    changed: int
    """Records whose original, or their being one, changed."""
    retries: int
    """How often another writer came first."""


def reelect(
    tables: Tables,
    *,
    brands: Mapping[str, frozenset[str]] | None = None,
    window: timedelta = WINDOW,
    note: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
    patience: float = 600,
    also: Set[str] = frozenset(),
) -> ElectionReport:
    """Elect the originals of all records that came since the last election, and commit what changes.

    Args:
        tables: The archive's tables.
        brands: Source id → names by which it calls itself, as `decide` is given them.
        window: How far apart two copies of one text are published.
        note: Written into the commit, for people who read the table's history.
        on_progress: Told how many records have been looked at, from time to time.
        patience: Seconds to go on while other writers keep coming first.
        also: Ids of further records to elect the originals of.

    Raises:
        StoreError: the store cannot be read or written, or patience ran out. Nothing is half done: elect again.
    """
    deadline = time.monotonic() + patience
    judged: dict[tuple[str, str], bool] = {}
    retries = 0
    while True:
        seen = tables.snapshot()
        unelected = sorted({*tables.unelected(seen), *also})
        if not unelected:
            return ElectionReport(looked_at=0, compared=len(judged), changed=0, retries=retries)
        search = _Search(seen, window, brands or {}, judged, on_progress or (lambda _: None))
        near = search.near(unelected)
        changes = _changes(seen, search.looked_at, near)
        try:
            tables.update_originals(changes, seen, note=note or {})
        except Conflict as conflict:
            retries += 1
            if time.monotonic() > deadline:
                raise StoreError(
                    f"could not commit the election: other writers came first {retries} times in {patience:.0f} s "
                    f"({conflict}); run it again when fewer are at work",
                    retryable=True,
                ) from conflict
            pause(retries)
            continue
        return ElectionReport(
            looked_at=len(search.looked_at), compared=len(judged), changed=len(changes), retries=retries
        )


def elect_again(
    now: Snapshot,
    then: Snapshot,
    texts: Set[str],
    *,
    brands: Mapping[str, frozenset[str]],
    window: timedelta = WINDOW,
) -> list[Row]:
    """What an election would change if the tables were as `then` shows them, among the groups of some texts.

    Args:
        now: The tables as they are: the groups to which the texts belong are elected, and those to which they would.
        then: The tables as they would be.
        texts: Ids of the records that differ, be they in one or in both.
        brands: As for `reelect`.
        window: As for `reelect`.

    Returns:
        The rows for `Tables.update_originals`, in the order of their ids.
    """
    before = _Search(now, window, brands, {}, lambda _: None)
    before.near(sorted(texts))
    search = _Search(then, window, brands, {}, lambda _: None)
    near = search.near(sorted(before.looked_at))
    return _changes(then, search.looked_at, near)


# --- which texts are near one another ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Texts:
    """Records as columns: signatures and times of a million take 130 MB."""

    ids: npt.NDArray[np.object_]
    published: npt.NDArray[np.datetime64]
    fetched: npt.NDArray[np.datetime64]
    signatures: Signatures

    @classmethod
    def of(cls, table: pa.Table) -> _Texts:
        signatures = table["signature"].combine_chunks().cast(pa.binary(SIGNATURE_BYTES))
        return cls(
            table["record_id"].to_numpy(),
            table["published_at"].to_numpy(),
            table["first_fetched_at"].to_numpy(),
            np.frombuffer(signatures.buffers()[1], np.uint8).reshape(-1, SIGNATURE_BYTES)[: len(table)],
        )

    def chunks(self, window: timedelta) -> Iterator[npt.NDArray[np.int64]]:
        """Rows to look at together: close in time, the undated apart."""
        undated = np.isnat(self.published)
        for times, rows in (
            (self.published, np.flatnonzero(~undated)),
            (self.fetched, np.flatnonzero(undated)),
        ):
            ordered = rows[np.lexsort((self.ids[rows].astype(str), times[rows]))]
            apart = np.flatnonzero(np.diff(times[ordered]) > np.timedelta64(2 * window)) + 1
            for run in np.split(ordered, apart):
                yield from (run[at : at + _CHUNK] for at in range(0, len(run), _CHUNK))


_SELECT = "SELECT record_id, published_at, first_fetched_at, signature FROM records WHERE"
_FIRST, _LAST = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us")


class _Search:
    """The search for the groups of texts that given ones belong to."""

    def __init__(
        self,
        seen: Snapshot,
        window: timedelta,
        brands: Mapping[str, frozenset[str]],
        judged: dict[tuple[str, str], bool],
        on_progress: Callable[[int], None],
    ) -> None:
        self.looked_at: set[str] = set()
        self._seen = seen
        self._window = window
        self._brands = brands
        self._judged = judged
        self._on_progress = on_progress

    def near(self, ids: Sequence[str]) -> dict[tuple[str, str], float]:
        """Pairs of near-duplicates among the texts of these ids' groups, and their similarity."""
        near: dict[tuple[str, str], float] = {}
        while ids:
            self.looked_at.update(ids)
            reached: set[str] = set()
            for some in _parts(ids):
                texts = _Texts.of(self._seen.query(f"{_SELECT} record_id IN {{ids}}", ids=some))
                for chunk in texts.chunks(self._window):
                    alike = self._alike(texts, chunk)
                    self._judge(alike)
                    found = {pair: share for pair, share in alike.items() if self._judged[pair]}
                    near.update(found)
                    reached.update(each for pair in found for each in pair)
                    self._on_progress(len(chunk))
            ids = sorted(reached - self.looked_at)
        return near

    def _alike(self, texts: _Texts, chunk: npt.NDArray[np.int64]) -> dict[tuple[str, str], float]:
        """For each text of the chunk, the most similar in its window: pairs of ids in order, and their similarity."""
        dated = not np.isnat(texts.published[chunk[0]])
        others = _Texts.of(self._in_window(texts.published[chunk] if dated else None, texts.fetched[chunk]))
        width = np.timedelta64(self._window)
        best: dict[str, list[tuple[float, str]]] = {}
        for rows, columns, shares in candidate_pairs(texts.signatures[chunk], others.signatures, ALIKE):
            here = chunk[rows]
            both = ~np.isnat(texts.published[here]) & ~np.isnat(others.published[columns])
            apart = np.where(
                both,
                np.abs(texts.published[here] - others.published[columns]),
                np.abs(texts.fetched[here] - others.fetched[columns]),
            )
            kept = (apart <= width) & (texts.ids[here] != others.ids[columns])
            for one, other, share in zip(
                texts.ids[here[kept]], others.ids[columns[kept]], shares[kept].tolist(), strict=True
            ):
                best.setdefault(one, []).append((-share, other))
        return {
            (min(one, other), max(one, other)): -share
            for one, found in best.items()
            for share, other in sorted(found)[:MOST]
        }

    def _in_window(self, published: npt.NDArray[np.datetime64] | None, fetched: npt.NDArray[np.datetime64]) -> pa.Table:
        """The records that a chunk's texts may be compared with, and a few more."""
        where, bounds = "first_fetched_at BETWEEN {fetched_from} AND {fetched_to}", {"fetched": fetched}
        if published is not None:
            where = (
                f"published_at BETWEEN {{published_from}} AND {{published_to}} OR (published_at IS NULL AND {where})"
            )
            bounds["published"] = published
        values: dict[str, Value] = {}
        for name, times in bounds.items():
            width = np.timedelta64(self._window)
            ends = np.clip([times.min() - width, times.max() + width], _FIRST, _LAST).tolist()
            values[f"{name}_from"], values[f"{name}_to"] = (end.replace(tzinfo=UTC) for end in ends)
        return self._seen.query(f"{_SELECT} {where}", **values)

    def _judge(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Compare the words of the pairs that have not been compared."""
        pairs = [pair for pair in pairs if pair not in self._judged]
        if not pairs:
            return
        found = self._seen.query(
            "SELECT record_id, source, title, text, attribution, site_name FROM records WHERE record_id IN {ids}",
            ids={each for pair in pairs for each in pair},
        ).to_pylist()
        texts = {row["record_id"]: without_title(row["text"], row["title"]) for row in found}
        brands = {
            row["record_id"]: self._brands.get(row["source"], _NONE)
            | frozenset(filter(None, (*row["attribution"], row["site_name"])))
            for row in found
        }
        for one, other in pairs:
            against = contradiction(texts[one], texts[other], brands=brands[one] | brands[other])
            self._judged[one, other] = against is None


def _parts(ids: Sequence[str]) -> Iterator[set[str]]:
    """The ids, as many at a time as a query takes well."""
    return (set(ids[at : at + 50_000]) for at in range(0, len(ids), 50_000))


# --- what the election changes ----------------------------------------------------------------------------------------


def _changes(seen: Snapshot, looked_at: set[str], near: Mapping[tuple[str, str], float]) -> list[Row]:
    """The rows for `Tables.update_originals`, in the order of their ids."""
    copies = set(seen.query("SELECT record_id FROM records WHERE duplicate_of IS NOT NULL")["record_id"].to_pylist())
    concerned = sorted({each for pair in near for each in pair} | (copies & looked_at))
    rows: dict[str, Row] = {}
    pages: dict[str, set[tuple[str, str]]] = {}
    for some in _parts(concerned):
        found = seen.query(
            "SELECT record_id, source, url, published_at, published_precision, published_month, first_fetched_at, "
            "site_name, attribution, duplicate_of, similarity FROM records WHERE record_id IN {ids}",
            ids=some,
        )
        rows.update({row["record_id"]: row for row in found.to_pylist()})
        captured = seen.query(
            "SELECT record_id, source, canonical_url, min(fetched_at) AS fetched_at FROM captures "
            "WHERE record_id IN {ids} GROUP BY record_id, source, canonical_url",
            ids=some,
        )
        for capture in captured.to_pylist():
            row = rows[capture["record_id"]]
            row["first_fetched_at"] = min(row["first_fetched_at"], capture["fetched_at"])
            pages.setdefault(capture["record_id"], set()).add((capture["source"], capture["canonical_url"]))
    for row in rows.values():
        pages.setdefault(row["record_id"], set()).add((row["source"], row["url"]))
    copying = {pair: share for pair, share in near.items() if pages[pair[0]].isdisjoint(pages[pair[1]])}
    elected = elect(map(_text, rows.values()), copying)
    changes = []
    for record_id, row in rows.items():
        original, share = elected[record_id] or (None, None)
        share = None if share is None else float(np.float32(share))
        if (original, share) != (row["duplicate_of"], row["similarity"]):
            month = row["published_month"]
            changes.append(
                {"record_id": record_id, "published_month": month, "duplicate_of": original, "similarity": share}
            )
    return sorted(changes, key=lambda change: str(change["record_id"]))


def _text(row: Row) -> Text:
    return Text(
        record_id=row["record_id"],
        published_at=row["published_at"],
        precision=row["published_precision"],
        first_fetched_at=row["first_fetched_at"],
        names=frozenset(filter(None, [row["site_name"]])),
        credits=frozenset(row["attribution"]),
    )
