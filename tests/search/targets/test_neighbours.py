"""Neighbours: the rows that are nearest, whatever finds them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.search import Neighbours


def shares(inputs, k, **settings):
    return Neighbours.of(np.asarray(inputs), k, **settings).graph.toarray()


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(2, 30))
def test_neighbours_are_nearer_than_all_other_rows(seed, k, n_features):
    random = np.random.default_rng(seed)
    others = np.unique(random.integers(-9, 9, (20, n_features)), axis=0)
    inputs = random.integers(-9, 9, (7, n_features))
    found = shares(inputs, k, others=others)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    far = ((inputs[:, None] - others[None]) ** 2).sum(axis=2)
    for share, distances in zip(found > 0, far, strict=True):
        limit = np.sort(distances)[min(k, len(others) - 1)]
        is_closer = distances < limit
        if len(others) > k and is_closer.any():  # rows tied with the one after the last are out
            np.testing.assert_array_equal(share, is_closer)
        assert share.sum() <= k or len(others) <= k


def test_a_row_is_its_own_neighbour_and_neighbours_count_both_ways():
    found = shares([[0], [1], [3], [7]], 1)
    assert (found > 0).astype(int).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 1, 0],
        [0, 1, 1, 1],
        [0, 0, 1, 1],
    ]
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_more_neighbours_than_rows_are_all_rows():
    assert (shares([[0], [5], [9]], 10) > 0).all()


def test_an_image_is_like_its_shifted_copies():
    images = np.zeros((3, 5, 5), int)
    images[0, 2, 1:4] = 9  # a bar
    images[1, 3, 1:4] = 9  # the bar, one pixel lower
    images[2, 2, 1], images[2, 3, 2] = 9, 9  # something that shares more pixels with the first
    rows = images.reshape(3, 25)
    plain, shifted = shares(rows, 1), shares(rows, 1, images=True)
    assert plain[0, 1] < plain[0, 2]
    assert shifted[0, 1] > shifted[0, 2]


def test_averages_stay_within_the_answers_and_spread_along_the_graph():
    neighbours = Neighbours.of(np.arange(12)[:, None], 2)
    answers = np.zeros((12, 2))
    answers[0, 0] = answers[1:, 1] = 1.0
    once, often = neighbours.averaged(answers), neighbours.averaged(answers, 30)
    for found in (once, often):
        np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert once[11, 0] == 0 < often[11, 0]
    np.testing.assert_array_equal(neighbours.averaged(answers, 0), answers)


def test_a_row_without_neighbours_has_itself():
    np.testing.assert_array_equal(shares(np.arange(4)[:, None], 0), np.eye(4))
    with pytest.raises(ValueError, match="k takes"):
        Neighbours.of(np.arange(4)[:, None], -1)
