# Rows: integers only, equal where their arrays are; row weights; and their order.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchcard.rows import Rows, integer_weights, shuffled


def test_rows_keep_integers():
    rows = Rows([[1, -2], [3, 4]], [0, 1])
    assert (rows.inputs.dtype, rows.targets.dtype, rows.weights.dtype) == ("i2", "i8", "i8")
    assert rows.weights.tolist() == [1, 1]
    assert (len(rows), rows.total_weight) == (2, 2)
    assert Rows([[1], [2]], [0, 1], [0, 1024]).total_weight == 1024


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [0, 1]), "inputs"),
        (([[1], [2]], [0]), "targets"),
        (([[1], [2]], [0, 1], [1]), "weights"),
        (([[1], [2]], [0, 1], [1, -1]), "weights must be integers from 0 to 1024"),
        (([[1], [2]], [0, 1], [1, 1025]), "weights must be integers from 0 to 1024"),
        (([[1], [2]], [0, 1], [0, 0]), "at least one row must have a weight above 0"),
        (([[1], [2]], [0, -1]), "targets must be class indices from 0"),
        (([[0.2], [0.9]], [0, 1]), "inputs takes integers, got float64 values"),
        (([[1], [70000]], [0, 1]), "inputs takes integers -32768..32767, got 0..70000"),
        (([[1], [2]], [0, 1.9]), "targets takes integers, got float64 values"),
        (([[1], [2]], [0, 1], [0.5, 2.5]), "weights takes integers, got float64 values"),
    ],
)
def test_rows_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Rows(*map(np.array, arguments))


def test_integer_weights():
    assert integer_weights(np.array([0.0, 3.0, 1024.0])).tolist() == [0, 3, 1024]
    assert integer_weights(np.array([0.0, 0.5, 1.0])).tolist() == [0, 512, 1024]
    assert integer_weights(np.array([2048.0, 1.0])).tolist() == [1024, 1]  # 0.5, and not 0
    assert integer_weights(np.array([1e300, 1e-300, 0.0])).tolist() == [1024, 1, 0]
    assert integer_weights(np.array([5e-324, 0.0])).tolist() == [1024, 0]
    assert integer_weights(np.zeros(2)).tolist() == [0, 0]
    assert integer_weights(np.array([2, 1])).dtype == np.int64


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_integer_weights_refused(bad):
    with pytest.raises(ValueError, match="weights takes finite numbers of at least 0"):
        integer_weights(np.array([1.0, bad]))


def test_rows_are_equal_where_their_arrays_are():
    inputs, targets, weights = np.array([[1, 2], [3, 4]]), np.array([0, 1]), np.array([1, 3])
    rows = Rows(inputs, targets, weights)
    assert rows == Rows(inputs.tolist(), targets.astype(np.uint8), weights)
    assert (rows == Rows(inputs, targets, weights)) is True
    others = (
        Rows(inputs + 1, targets, weights),
        Rows(inputs, 1 - targets, weights),
        Rows(inputs, targets),
        Rows(inputs[:1], targets[:1], weights[:1]),
    )
    assert all(rows != other for other in others)
    assert Rows(inputs, targets) != Rows(inputs, targets, group=2)
    assert rows != "rows"
    with pytest.raises(TypeError, match="unhashable"):
        hash(rows)


def test_rows_with_other_targets_keep_the_rest():
    rows = Rows([[1], [2], [3], [4]], [0, 1, 0, 1], [2, 2, 3, 3], group=2)
    assert rows.with_targets(np.array([1, 1, 0, 0])) == Rows(
        [[1], [2], [3], [4]], [1, 1, 0, 0], [2, 2, 3, 3], group=2
    )


@pytest.mark.parametrize(
    ("weights", "group", "message"),
    [
        (None, 0, r"group takes an integer 1\.\.4, got 0"),
        (None, 5, r"group takes an integer 1\.\.4, got 5"),
        (None, 2.0, r"group takes an integer 1\.\.4, got 2\.0"),
        (None, 3, "group=3 takes whole groups, got 4 rows"),
        ([1, 2, 1, 1], 2, "group=2 takes the same weight for all rows of a group"),
    ],
)
def test_groups_refused(weights, group, message):
    with pytest.raises(ValueError, match=message):
        Rows([[1], [2], [3], [4]], [0, 0, 0, 0], weights, group)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 3))
def test_groups_stay_together_in_an_order_that_does_not_depend_on_theirs(seed, n_groups, group):
    random = np.random.default_rng(seed)
    inputs = random.integers(-2, 3, (n_groups, group, 2))
    targets = random.integers(0, 2, (n_groups, group))
    weights = np.repeat(random.integers(0, 3, n_groups), group)
    weights[:group] = 1

    def in_order(groups):
        given_rows = Rows(
            inputs[groups].reshape(-1, 2),
            targets[groups].ravel(),
            weights.reshape(-1, group)[groups].ravel(),
            group,
        )
        order = shuffled(given_rows)
        firsts = order.reshape(-1, group)[:, 0]
        assert np.array_equal(order.reshape(-1, group), firsts[:, None] + np.arange(group))
        assert (firsts % group == 0).all()
        assert np.count_nonzero(given_rows.weights) == len(order)
        return given_rows.inputs[order].tolist(), given_rows.targets[order].tolist()

    assert in_order(np.arange(n_groups)) == in_order(random.permutation(n_groups))
