# Equal rows, found by their hashes.
from __future__ import annotations

import numpy as np

from scratchcard.distinct import distinct, hashes


def test_distinct():
    values = np.array([[1, -2], [3, 4], [1, -2], [0, 0], [3, 4], [-2, 1]])
    first, weights = distinct(values, np.array([1, 2, 3, 0, 5, 7]))
    found = {tuple(values[i]): w for i, w in zip(first.tolist(), weights.tolist(), strict=True)}
    assert found == {(1, -2): 4, (3, 4): 7, (-2, 1): 7}


def test_hashes_are_of_values_alone_wherever_a_row_stands():
    values = np.random.default_rng(0).integers(-9, 9, (500, 3))
    order = np.random.default_rng(1).permutation(500)
    assert np.array_equal(hashes(values[order]), hashes(values)[order])
    assert np.array_equal(hashes(values.astype(np.int8)), hashes(values))
    kinds = len(np.unique(values, axis=0))
    assert len(np.unique(hashes(values))) == kinds
