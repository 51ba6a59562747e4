"""Pruning after a search: nothing that is needed goes, and what goes was not needed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard.rows import Rows
from scratchcard.search import prune
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network


def problem(seed, sizes=(5, 6, 3), weights=None):
    """A network, a mask, and rows that a denser mask of the network labels."""
    random = np.random.default_rng(seed)
    network = Network.dense(sizes, seed=seed)
    mask = Mask.random(network.layers, 0.7, random)
    inputs = random.integers(-network.input_limit, network.input_limit + 1, (60, sizes[0]))
    targets = network.outputs(mask, inputs).argmax(axis=1)
    noisy = np.where(random.random(60) < 0.2, random.integers(0, sizes[-1], 60), targets)
    return network, mask, Rows(inputs, noisy, weights)


def right(network, mask, rows):
    """Weight of the rows whose label is right."""
    return int(rows.weights[network.outputs(mask, rows.inputs).argmax(1) == rows.targets].sum())


def plainly_pruned(network, mask, rows):
    """The paper's pass, as plainly as it can be written."""
    flat = mask.flat()
    accuracy = right(network, mask, rows)
    for index in range(flat.size):
        if flat[index]:
            flat[index] = 0
            then = right(network, Mask.from_flat(network.layers, flat), rows)
            if then < accuracy:
                flat[index] = 1
            else:
                accuracy = then
    return Mask.from_flat(network.layers, flat)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([(5, 6, 3), (5, 3), (4, 5, 4, 2)]))
def test_it_is_one_greedy_pass_that_never_lowers_accuracy(seed, sizes):
    network, mask, rows = problem(seed, sizes)
    pruned = prune(network, mask, rows)
    assert pruned == plainly_pruned(network, mask, rows)
    assert right(network, pruned, rows) >= right(network, mask, rows)
    assert (pruned.flat() <= mask.flat()).all()


@pytest.mark.parametrize("order", [None, 0, 1])
def test_both_engines_prune_the_same_in_any_order(order):
    network, mask, rows = problem(7)
    incremental, dense = (
        prune(network, mask, rows, seed=order, engine=engine) for engine in ("incremental", "dense")
    )
    assert incremental == dense
    assert incremental == prune(network, mask, rows, seed=order)
    assert right(network, incremental, rows) >= right(network, mask, rows)


def test_the_order_matters():
    network, mask, rows = problem(7, (9, 20, 3))
    assert len({prune(network, mask, rows, seed=seed) for seed in (None, 0, 1, 2)}) > 1


def test_what_leads_nowhere_goes():
    network, _, rows = problem(3)
    flat = np.ones(network.n_weights, np.uint8)
    last = flat[network.offsets[1] :].reshape(3, 6)
    last[:, :2] = 0  # the first two hidden units feed nothing
    pruned = prune(network, Mask.from_flat(network.layers, flat), rows)
    assert not pruned.arrays()[0][:2].any()


def test_rows_of_no_weight_do_not_count():
    weights = np.arange(60) % 3
    network, mask, rows = problem(5, weights=weights)
    seen = weights > 0
    few = Rows(rows.inputs[seen], rows.targets[seen], weights[seen])
    assert prune(network, mask, rows) == prune(network, mask, few)


def test_another_objective_can_be_held():
    network, mask, rows = problem(11)

    def loss(mask):
        logits = network.outputs(mask, rows.inputs) * 1e-4
        logits -= logits.max(axis=1, keepdims=True)
        own = logits[np.arange(60), rows.targets]
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - own))

    pruned = prune(network, mask, rows, objective="cross_entropy", temperature=1e-4)
    assert pruned.surviving < mask.surviving
    assert loss(pruned) <= loss(mask) + 1e-3


def test_an_engine_that_does_not_exist_is_named():
    network, mask, rows = problem(0)
    with pytest.raises(ValueError, match=r"engine takes one of .*, got 'torch'"):
        prune(network, mask, rows, engine="torch")
