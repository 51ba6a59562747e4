"""What a memetic search takes of masks that others have found."""

from __future__ import annotations

import numpy as np

from rows_apart import dense_network, random_rows
from scratchcard.objectives import get_objective
from scratchcard.search import Memetic, Task

NETWORK = dense_network(8, 12, 3, seed=2)


def started(seed: int, generations: int):
    rows = random_rows(NETWORK, 90, 0)
    task = Task(NETWORK, rows, get_objective("cross_entropy"), 1e-3, seed=seed, generations=20)
    search = Memetic(max_density=0.5, burst=200).start(task)
    for generation in range(generations):
        search.step(generation / 20, np.inf)
    return search


def units(mask) -> np.ndarray:
    """The weights into each hidden unit, (12, 8)."""
    return mask[: 12 * 8].reshape(12, 8)


def test_units_of_a_better_mask_are_taken_by_everyone():
    better, search = started(1, 20), started(2, 0)
    migrant = better.individuals()[0].mask.copy()
    before = [one.objective for one in search.individuals()]
    shared = [(units(one.mask) == units(migrant)).all(axis=1).sum() for one in search.individuals()]
    search.receive(migrant[None], 0.0)
    after = search.individuals()
    assert max(one.objective for one in after) < max(before)
    assert min(one.objective for one in after) < min(before)
    taken = [(units(one.mask) == units(migrant)).all(axis=1).sum() for one in after]
    assert min(taken) > max(shared)
    for one in (better, search):
        one.close()


def test_nothing_to_take_changes_nothing():
    search = started(1, 3)
    before = [one.mask.copy() for one in search.individuals()]
    search.receive(np.array([search.individuals()[0].mask]), 0.1)
    found = [one.mask for one in search.individuals()]
    np.testing.assert_array_equal(found[0], before[0])
    search.close()
