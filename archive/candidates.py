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
_BLOCK = 16_384  # signatures looked up together: 1.8 MB, which a processor's cache holds
_MOST_HITS = 2_000_000  # of a block, else it is halved: bounds the memory where many pages share one template


def similarities(a: Signatures, b: Signatures) -> Shares:
    """Estimated Jaccard similarity of the 3-grams, row by row: 0 to 1, standard error below 0.05. Shapes broadcast."""
    equal = np.count_nonzero(a == b, axis=-1) / SIGNATURE_BYTES
    by_chance = 1 / 256  # two different minima share their lowest byte this often
    shares: Shares = np.maximum(0.0, (equal - by_chance) / (1 - by_chance))
    return shares


def candidate_pairs(a: Signatures, b: Signatures, minimum: float) -> Iterator[tuple[Rows, Rows, Shares]]:
    """`Sought(a).among(b, minimum)`, for a search that is made once."""
    return Sought(a).among(b, minimum)


class Sought:
    """Signatures that others are looked up in: for each band, their rows by the value they have there.

    Args:
        signatures: The smaller set. 450 bytes each are needed beside them, and 30 MB.
    """

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._rows: list[Rows] = []
        self._starts: list[Rows] = []
        self._present: list[npt.NDArray[np.bool_]] = []  # 64 kB a band: most lookups end here
        for column in _bands(signatures):
            counts = np.bincount(column, minlength=65_536)
            self._rows.append(np.argsort(column, kind="stable"))
            self._starts.append(np.concatenate([[0], np.cumsum(counts)]))
            self._present.append(counts > 0)

    def among(self, others: Signatures, minimum: float) -> Iterator[tuple[Rows, Rows, Shares]]:
        """Pairs with an estimated similarity of `minimum` or more: own rows, rows of `others`, similarities.

        Each pair comes once, in blocks: within one in the order of the other's row, then the own, and blocks go up the
        rows of `others`. Where `others` are the signatures themselves, each text is found alike to itself, and each
        pair in both orders.

        Args:
            others: Looked up some thousands at a time.
            minimum: 0.4 or more for the figures above to hold.
        """
        if len(self._signatures):
            for start in range(0, len(others), _BLOCK):
                yield from self._block(others[start : start + _BLOCK], start, minimum)

    def _block(self, others: Signatures, start: int, minimum: float) -> Iterator[tuple[Rows, Rows, Shares]]:
        hits = self._hits(others)
        if sum(int(times.sum()) for _, _, times, _ in hits) > _MOST_HITS and len(others) > 1:
            half = len(others) // 2
            yield from self._block(others[:half], start, minimum)
            yield from self._block(others[half:], start + half, minimum)
            return
        found = []
        width = len(self._signatures)
        for row, first, times, rows in hits:
            # The n-th hit of a value stands n places behind the first row that has the value.
            place = np.arange(times.sum()) + np.repeat(first - np.cumsum(times) + times, times)
            found.append(np.repeat(row, times) * width + rows[place])
        pairs = np.sort(np.concatenate(found))
        pairs = np.unique(pairs[_FEWEST_BANDS - 1 :][pairs[_FEWEST_BANDS - 1 :] == pairs[: 1 - _FEWEST_BANDS]])
        theirs, own = np.divmod(pairs, width)
        shares = similarities(self._signatures[own], others[theirs])
        alike = shares >= minimum
        if alike.any():
            yield own[alike], theirs[alike] + start, shares[alike]

    def _hits(self, others: Signatures) -> list[tuple[Rows, Rows, Rows, Rows]]:
        """For each band: rows of `others` that agree with rows here, where these begin, how many, and all rows."""
        found = []
        for column, rows, starts, present in zip(_bands(others), self._rows, self._starts, self._present, strict=True):
            hit = np.flatnonzero(present.take(column))
            value = column[hit].astype(np.intp)
            first = starts[value]
            found.append((hit, first, starts[value + 1] - first, rows))
        return found


def _bands(signatures: Signatures) -> npt.NDArray[np.uint16]:
    """The bands of signatures, a band a row."""
    return np.ascontiguousarray(np.ascontiguousarray(signatures).view(np.uint16).T)
