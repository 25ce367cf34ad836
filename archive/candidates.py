"""Pairs of signatures that are alike enough to compare the texts, found without looking at every pair. Pure numpy.

A signature is cut into 56 bands of two bytes. Two texts that share nothing agree in a band once in 65,536 times, two
that share 40 % of their 3-grams once in six, so a pair that agrees in at least two bands is looked at more closely:
that finds 99.94 % of the pairs with a similarity of 0.4, and more of those above, at the price of one needless look in
3 million pairs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

SIGNATURE_BYTES = 112
"""Length of a signature, see `archive.dedup.signature`."""

ALIKE = 0.4
"""The estimated similarity from which on two texts are compared word by word."""

MOST = 50
"""How many others a text is compared with, the most similar first: a page that appears hourly has many siblings."""

Signatures = npt.NDArray[np.uint8]
"""A signature a row: (texts, 112)."""
Rows = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]

_FEWEST_BANDS = 2
_BLOCK = 4096  # rows of b looked up together: 450 kB, which a processor's cache holds
_MOST_HITS = 2_000_000  # of a block, else it is halved: bounds the memory where many pages share one template


def similarities(a: Signatures, b: Signatures) -> Shares:
    """Estimated Jaccard similarity of the 3-grams, row by row: 0 to 1, standard error below 0.05. Shapes broadcast."""
    equal = np.count_nonzero(a == b, axis=-1) / SIGNATURE_BYTES
    by_chance = 1 / 256  # two different minima share their lowest byte this often
    shares: Shares = np.maximum(0.0, (equal - by_chance) / (1 - by_chance))
    return shares


def candidate_pairs(a: Signatures, b: Signatures, minimum: float) -> Iterator[tuple[Rows, Rows, Shares]]:
    """Pairs with an estimated similarity of `minimum` or more: rows of `a`, rows of `b`, similarities; block by block.

    Each pair comes once; within a block pairs are in the order of `b`'s row, then `a`'s, and blocks go up the rows of
    `b`. Give the smaller set as `a`. Where `b` is `a`, each text is found alike to itself,
    and each pair in both orders.

    Args:
        a: Signatures, 450 bytes each are needed beside them while it runs, and 30 MB.
        b: Signatures to look up in `a`, 4,096 at a time.
        minimum: 0.4 or more for the figures above to hold.
    """
    if not len(a):
        return
    bands = _Bands(a)
    for start in range(0, len(b), _BLOCK):
        yield from _block(a, bands, b[start : start + _BLOCK], start, minimum)


class _Bands:
    """For each band, the rows of a set of signatures by the value they have there."""

    def __init__(self, signatures: Signatures) -> None:
        self._rows: list[Rows] = []
        self._starts: list[Rows] = []
        self._present: list[npt.NDArray[np.bool_]] = []  # 64 kB a band: most lookups end here
        for column in _bands(signatures):
            counts = np.bincount(column, minlength=65_536)
            self._rows.append(np.argsort(column, kind="stable"))
            self._starts.append(np.concatenate([[0], np.cumsum(counts)]))
            self._present.append(counts > 0)

    def hits(self, signatures: Signatures) -> list[tuple[Rows, Rows, Rows, Rows]]:
        """For each band: rows of `signatures` that agree with rows here, where these begin, how many, and all rows."""
        found = []
        for column, rows, starts, present in zip(
            _bands(signatures), self._rows, self._starts, self._present, strict=True
        ):
            hit = np.flatnonzero(present[column])
            first = starts[column[hit]]
            found.append((hit, first, starts[column[hit] + np.int64(1)] - first, rows))
        return found


def _bands(signatures: Signatures) -> npt.NDArray[np.uint16]:
    """The bands of signatures, a band a row."""
    return np.ascontiguousarray(np.ascontiguousarray(signatures).view(np.uint16).T)


def _block(
    a: Signatures, bands: _Bands, b: Signatures, start: int, minimum: float
) -> Iterator[tuple[Rows, Rows, Shares]]:
    hits = bands.hits(b)
    if sum(int(times.sum()) for _, _, times, _ in hits) > _MOST_HITS and len(b) > 1:
        half = len(b) // 2
        yield from _block(a, bands, b[:half], start, minimum)
        yield from _block(a, bands, b[half:], start + half, minimum)
        return
    found = []
    for row, first, times, rows in hits:
        # The n-th hit of a value stands n places behind the first row that has the value.
        place = np.arange(times.sum()) + np.repeat(first - np.cumsum(times) + times, times)
        found.append(np.repeat(row, times) * len(a) + rows[place])
    pairs, agreeing = np.unique(np.concatenate(found), return_counts=True)
    in_b, in_a = np.divmod(pairs[agreeing >= _FEWEST_BANDS], len(a))
    shares = similarities(a[in_a], b[in_b])
    alike = shares >= minimum
    if alike.any():
        yield in_a[alike], in_b[alike] + start, shares[alike]
