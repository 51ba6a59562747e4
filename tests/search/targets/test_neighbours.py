"""Neighbours: the rows that are nearest, whatever finds them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

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


def nearest_by_definition(inputs, k, others):
    """Which rows count: those nearer than the one after the k-th, or the next that are tied."""
    pool = inputs if others is None else others
    far = ((inputs[:, None].astype(int) - pool[None]) ** 2).sum(axis=2).astype(float)
    if others is None:
        np.fill_diagonal(far, np.inf)
        k = min(k, len(pool) - 1)
    found = np.zeros(far.shape, bool)
    for row, distances in enumerate(far):
        limit = np.sort(distances)[k] if k < len(pool) else np.inf
        found[row] = distances < limit
        if not found[row].any():
            tied = np.flatnonzero(distances == distances.min())
            found[row, sorted(tied, key=lambda other: (other - row - 1) % len(pool))[:k]] = True
    return found


@pytest.mark.parametrize("n_features", [3, 20])  # looked for in a tree, or among all
@pytest.mark.parametrize("has_others", [False, True])
@pytest.mark.parametrize("values", [2, 3, 100])
def test_neighbours_are_those_of_the_definition(n_features, has_others, values):
    random = np.random.default_rng(values)
    inputs = np.unique(random.integers(0, values, (150, n_features)), axis=0)
    inputs = random.permutation(inputs)
    others = random.integers(0, values, (120, n_features)) if has_others else None
    for k in (1, 5):
        expected = nearest_by_definition(inputs, k, others)
        if not has_others:
            expected |= expected.T | np.eye(len(inputs), dtype=bool)
        np.testing.assert_array_equal(shares(inputs, k, others=others) > 0, expected)


@pytest.mark.parametrize(("n_features", "images"), [(9, False), (20, False), (16, True)])
def test_rows_of_few_values_have_the_same_neighbours_with_any_number_of_threads(n_features, images):
    random = np.random.default_rng(0)
    n_rows = 2000 if images else 9000
    centres = random.random((3, n_features)) < 0.5
    rows = centres[random.integers(0, 3, n_rows)] ^ (random.random((n_rows, n_features)) < 0.15)
    rows = np.unique(rows * 254 - 127, axis=0)
    rows = random.permutation(rows)
    found = []
    for n_threads in (1, 4):
        with threadpool_limits(n_threads):
            graph = Neighbours.of(rows, 5, images=images).graph
        found.append((graph.indptr.tobytes(), graph.indices.tobytes(), graph.data.tobytes()))
    assert found[0] == found[1]
    others = np.diff(graph.indptr) - 1
    assert others.min() > 0
    assert others.max() < 50  # none is everybody's neighbour


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
