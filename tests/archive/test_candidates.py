"""Candidate pairs: those that a look at every pair finds, whatever the blocks, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from archive import candidates
from archive.candidates import Signatures, candidate_pairs, similarities


def signatures(count: int, *, seed: int) -> Signatures:
    return np.random.default_rng(seed).integers(0, 256, (count, 112), np.uint8)


def varied(of: Signatures, share: float, *, seed: int) -> Signatures:
    """The signatures with about `share` of their bytes kept."""
    keep = np.random.default_rng(seed).random(of.shape) < share
    return np.where(keep, of, signatures(len(of), seed=seed + 1))


def found(a: Signatures, b: Signatures, minimum: float = 0.4) -> dict[tuple[int, int], float]:
    blocks = list(candidate_pairs(a, b, minimum))
    pairs = [pair for one, other, _ in blocks for pair in zip(one.tolist(), other.tolist(), strict=True)]
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, [share for *_, shares in blocks for share in shares.tolist()], strict=True))


def test_it_finds_what_a_look_at_every_pair_finds() -> None:
    a = signatures(300, seed=1)
    b = np.concatenate([signatures(4000, seed=2), *(varied(a, share, seed=3) for share in (0.3, 0.45, 0.6, 0.9, 1))])
    everywhere = np.array([similarities(row, b) for row in a])
    pairs = found(a, b)
    assert set(pairs) == {(int(i), int(j)) for i, j in np.argwhere(everywhere >= 0.4)}
    assert len(pairs) > 1000
    assert all(pairs[i, j] == everywhere[i, j] for i, j in pairs)


def test_many_pages_of_one_template_come_in_smaller_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    template = np.repeat(signatures(1, seed=5), 200, axis=0)
    whole = found(template, template)
    monkeypatch.setattr(candidates, "_MOST_HITS", 1000)
    assert len(list(candidate_pairs(template, template, 0.4))) == 200
    assert found(template, template) == whole
    assert len(whole) == 40_000


def test_nothing_is_alike_to_nothing() -> None:
    none = signatures(0, seed=1)
    assert not found(none, signatures(9, seed=1))
    assert not found(signatures(9, seed=1), none)
