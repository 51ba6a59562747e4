"""Rules of the genetic algorithm as a user can see them: who is best, and who is let in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rows_apart import dense_network, random_rows, share_right
from scratchcard import Genetic, Limits, Mask, Rows, evolve
from scratchcard.rows import shuffled
from scratchcard.search.genetic.screening import LEAST_RATIO, SAMPLES

STILL = {"recombination_share": 0.0, "mutation_share": 0.0, "migrants": 0}


def test_among_equals_the_one_with_fewer_weights_is_best():
    """The masks differ in weights from a feature that is always 0, which no objective sees."""
    network = dense_network(5, 6, 2, seed=1)
    rows = random_rows(network, 40, seed=0)
    rows = Rows(np.where(np.arange(5) == 4, 0, rows.inputs), rows.targets)
    useful = np.ones(network.n_weights, np.uint8)
    useful[4:30:5] = 0  # from the feature that is always 0, into each of six units
    idle = np.flatnonzero(useful == 0)
    assert len(idle) == 6

    def migrate(network, n, density, random):
        masks = np.tile(useful, (n, 1))
        for k, mask in enumerate(masks):
            mask[idle[: (4, 2, 6, 1, 3, 5)[k % 6]]] = 1
        return masks

    for objective in ("accuracy", "cross_entropy"):
        algorithm = Genetic(population=6, migration=migrate, **STILL)
        limits = Limits(generations=2)
        found = evolve(network, rows, algorithm=algorithm, objective=objective, limits=limits)
        assert found.mask.surviving == useful.sum() + 1
        assert found.history[-1].density == (useful.sum() + 1) / network.n_weights


def test_a_better_objective_comes_before_fewer_weights():
    network = dense_network(5, 6, 2, seed=1)
    rows = random_rows(network, 40, seed=0)
    full = Mask.full(network.layers)
    labels = network.outputs(full, rows.inputs).argmax(axis=1)
    rows = Rows(rows.inputs, labels)

    def migrate(network, n, density, random):
        masks = (random.random((n, network.n_weights)) < 0.2).astype(np.uint8)
        masks[n // 2] = 1
        return masks

    algorithm = Genetic(population=6, migration=migrate, **STILL)
    limits = Limits(generations=1)
    found = evolve(network, rows, algorithm=algorithm, objective="accuracy", limits=limits)
    assert found.mask == full


# Screening

BOUND = 0.6


def doubt(n: int, n_rows: int) -> float:
    """How far a share of n of the rows may lie below that of all: Serfling's bound at 1e-9."""
    return math.sqrt(-math.log(1e-9) * (1 - (n - 1) / n_rows) / (2 * n))


def unlucky(network, mask, n_rows, below):
    """Return rows of which a mask gets just the bound right, and of the first sample too few.

    below : how far the share of the first sample lies below the bound.

    A row's place in the order that samples are drawn in depends on nothing but itself, so rows that
    are right and rows that are wrong can be picked from that order.
    """
    pool = random_rows(network, 4 * n_rows, seed=6)
    labels = network.outputs(mask, pool.inputs).argmax(axis=1)
    pool = Rows(np.tile(pool.inputs, (2, 1)), np.concatenate([labels, 1 - labels]))
    order = shuffled(pool)
    is_right = np.arange(len(pool))[order] < len(labels)
    first = SAMPLES[0]
    n_right = math.ceil(BOUND * n_rows)
    first_right = math.ceil((BOUND - below) * first)
    right, wrong = order[is_right], order[~is_right]
    picked = np.concatenate([right[:first_right], wrong[: first - first_right]])
    last = max(np.flatnonzero(np.isin(order, picked)))
    later_right = right[np.isin(right, order[last + 1 :])]
    later_wrong = wrong[np.isin(wrong, order[last + 1 :])]
    n_wrong = n_rows - n_right - (first - first_right)
    chosen = np.concatenate([picked, later_right[: n_right - first_right], later_wrong[:n_wrong]])
    rows = Rows(pool.inputs[chosen], pool.targets[chosen])
    sample = shuffled(rows)[:first]
    seen = share_right(network, mask, Rows(rows.inputs[sample], rows.targets[sample]))
    assert seen == pytest.approx(BOUND - below, abs=1e-3)
    assert share_right(network, mask, rows) >= BOUND
    return rows


def test_screening_admits_a_mask_that_passes_though_its_sample_is_unlucky():
    network = dense_network(4, 5, 2, seed=3)
    mask = Mask.random(network.layers, 0.9, np.random.default_rng(1))
    n_rows = LEAST_RATIO * SAMPLES[0]
    for share in (0.3, 0.9):
        rows = unlucky(network, mask, n_rows, below=share * doubt(SAMPLES[0], n_rows))
        algorithm = Genetic(
            "GA (static AB)",
            population=1,
            bound=BOUND,
            migration=lambda network, n, density, random: np.tile(mask.flat(), (n, 1)),
            **STILL,
        )
        limits = Limits(generations=1)
        found = evolve(network, rows, algorithm=algorithm, objective="accuracy", limits=limits)
        assert found.mask == mask.without_dead()


def test_screened_or_not_the_same_masks_are_let_in():
    """Rows that stand there twice are screened; written once with a weight of 2, they are not."""
    network = dense_network(3, 8, 2, seed=5)
    rows = random_rows(network, 5000, seed=2)
    teacher = Mask.random(network.layers, 0.5, np.random.default_rng(3))
    labels = network.outputs(teacher, rows.inputs).argmax(axis=1)
    inputs, first = np.unique(rows.inputs, axis=0, return_index=True)
    labels = labels[first]
    twice = np.arange(len(labels)) % 2 == 0
    plain = Rows(np.vstack([inputs, inputs[twice]]), np.concatenate([labels, labels[twice]]))
    weighted = Rows(inputs, labels, 1 + twice)
    assert len(plain) >= LEAST_RATIO * SAMPLES[0]

    def admitted(rows):
        seen = []

        def select(objectives, surviving, size):
            seen.append(list(zip(objectives.tolist(), surviving.tolist(), strict=True)))
            return np.lexsort((surviving, objectives))[:size]

        algorithm = Genetic("GA (static AB)", population=60, bound=0.55, selection=select, **STILL)
        limits = Limits(generations=1)
        found = evolve(network, rows, algorithm=algorithm, objective="accuracy", limits=limits)
        return seen[0], found.evaluations

    screened, evaluations = admitted(plain)
    read, others = admitted(weighted)
    assert screened == read
    assert evaluations == others > 60
    assert max(objective for objective, _ in screened) <= 0.45
