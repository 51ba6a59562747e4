"""What every algorithm keeps to with every objective."""

from __future__ import annotations

import numpy as np
import pytest

from rows_apart import dense_network, random_rows, share_right
from scratchcard import Limits, Mask, Rows, evolve

LIMITS = Limits(generations=3)
TEACHER = np.random.default_rng(9).normal(size=(6, 3))


def taught(network, n_rows, seed) -> Rows:
    """Return rows that can be told apart by lines."""
    rows = random_rows(network, n_rows, seed)
    return Rows(rows.inputs, (rows.inputs @ TEACHER).argmax(axis=1))


@pytest.fixture
def case(families):
    network = dense_network(6, 10, 3, seed=2, **families)
    return network, taught(network, 90, seed=0), taught(network, 40, seed=1)


def same(one, other) -> bool:
    """Whether two outcomes are the same but for the clock."""
    return (one.mask, one.temperature, one.objective, one.evaluations) == (
        other.mask,
        other.temperature,
        other.objective,
        other.evaluations,
    )


def test_it_finds_what_is_better_than_random_masks(case, algorithm, objective):
    network, train, validation = case
    limits = Limits(generations=30)
    found = evolve(
        network, train, validation, algorithm=algorithm, objective=objective, limits=limits
    )
    random = np.random.default_rng(0)
    masks = [Mask.random(network.layers, 0.3, random) for _ in range(30)]
    typical = np.median([share_right(network, mask, train) for mask in masks])
    assert share_right(network, found.mask, train) > typical
    assert 0 < found.mask.density <= 0.6
    assert 0 < found.temperature < np.inf
    assert found.mask.without_dead() == found.mask


def test_a_seed_decides_everything_whatever_the_threads(case, algorithm):
    network, train, validation = case
    found = [
        evolve(
            network, train, validation, algorithm=algorithm, limits=LIMITS, seed=seed, n_jobs=n_jobs
        )
        for seed, n_jobs in ((1, 1), (1, 2), (2, 1))
    ]
    assert same(found[0], found[1])
    assert not same(found[0], found[2])


def test_neither_the_order_of_the_rows_nor_how_they_are_written_matters(algorithm, objective):
    network = dense_network(6, 10, 3, seed=2)
    train, validation = taught(network, 90, seed=0), taught(network, 40, seed=1)
    random = np.random.default_rng(4)
    weights = random.integers(0, 3, 90)
    weighted = Rows(train.inputs, train.targets, weights)
    at = random.permutation(np.repeat(np.arange(90), weights))
    repeated = Rows(train.inputs[at], train.targets[at])
    settings = {"algorithm": algorithm, "objective": objective, "limits": LIMITS}
    one, other = (evolve(network, rows, validation, **settings) for rows in (weighted, repeated))
    assert same(one, other)


def test_the_search_reads_no_validation_rows(algorithm, objective):
    network = dense_network(6, 10, 3, seed=2)
    train, validation = taught(network, 90, seed=0), taught(network, 40, seed=1)
    settings = {"algorithm": algorithm, "objective": objective, "limits": LIMITS}
    others = (validation, Rows(-validation.inputs, validation.targets[::-1].copy()), None)
    histories = [
        [(p.objective, p.density, p.evaluations) for p in found.history]
        for found in (evolve(network, train, rows, **settings) for rows in others)
    ]
    assert histories[0] == histories[1] == histories[2]


def test_the_history_counts(algorithm):
    network = dense_network(6, 10, 3, seed=2)
    found = evolve(network, taught(network, 90, seed=0), algorithm=algorithm, limits=LIMITS)
    assert [p.generation for p in found.history] == [1, 2, 3]
    assert [p.fraction for p in found.history] == pytest.approx([1 / 3, 2 / 3, 1])
    evaluations = [p.evaluations for p in found.history]
    assert evaluations == sorted(set(evaluations))
    assert found.evaluations == evaluations[-1] > 0
    assert all(0 < p.density <= 0.6 for p in found.history)
    assert (found.generations, found.stopped_by) == (3, "generations")
