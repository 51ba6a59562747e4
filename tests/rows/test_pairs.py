"""Pairs: each row beside each of its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from scratchcard.rows import Rows, paired

ROWS = Rows([[0, 1], [2, 3], [4, 5]], [2, 1, 0], [1, 0, 3])


def test_a_row_stands_before_each_of_its_neighbours():
    pairs = paired(ROWS, np.array([[1, 2], [0, 2], [0, 0]]))
    assert pairs.group == 2
    firsts, seconds = pairs.inputs[::2, 0] // 2, pairs.inputs[1::2, 0] // 2
    assert firsts.tolist() == [0, 0, 1, 1, 2, 2]
    assert seconds.tolist() == [1, 2, 0, 2, 0, 0]
    assert pairs.weights.reshape(-1, 2).tolist() == [[w, w] for w in (1, 1, 0, 0, 3, 3)]
    assert pairs.targets[1::2].tolist() == [1, 0, 2, 0, 2, 2]


@pytest.mark.parametrize(
    ("neighbours", "message"),
    [
        ([[1], [2]], r"neighbours takes shape \(3, n_neighbours\), got \(2, 1\)"),
        ([1, 2, 0], r"got \(3,\)"),
        (np.empty((3, 0), int), r"got \(3, 0\)"),
        ([[1], [2], [3]], r"indices 0\.\.2, got 1\.\.3"),
        ([[1], [2], [-1]], r"indices 0\.\.2, got -1\.\.2"),
        ([[1.0], [2.0], [0.0]], "takes indices, got float64"),
    ],
)
def test_neighbours_that_are_no_rows_are_refused(neighbours, message):
    with pytest.raises(ValueError, match=message):
        paired(ROWS, neighbours)


def test_pairs_are_not_paired_again():
    pairs = paired(ROWS, np.zeros((3, 1), int))
    with pytest.raises(ValueError, match="one by one, got groups of 2"):
        paired(pairs, np.zeros((6, 1), int))
