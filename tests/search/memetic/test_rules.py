"""Rules of the memetic search as a user can see them: what it accepts, and who is best."""

from __future__ import annotations

import numpy as np
import pytest

from rows_apart import dense_network, random_rows
from scratchcard import Limits, Memetic, Rows, evolve
from watching import Watching

NETWORK = dense_network(8, 12, 3, seed=4)
ROWS = random_rows(NETWORK, 80, seed=0)


def walked(generations, limits=None, **settings):
    """Return the objective after each generation of one individual that pays no price."""
    one = {"population": 1, "burst": 60, "price": 0.0, "max_density": 1.0}
    found = evolve(
        NETWORK,
        ROWS,
        algorithm=Memetic(**(one | settings)),
        objective="accuracy",
        limits=limits or Limits(generations=generations),
    )
    return np.array([progress.objective for progress in found.history])


@pytest.mark.parametrize(
    "limits",
    [Limits(generations=40), Limits(evaluations=2400), Limits(generations=40, evaluations=9999)],
    ids=["generations", "evaluations", "both"],
)
def test_heat_cools_to_nothing(limits):
    errors = walked(40, limits, heat=300.0)
    quarter = len(errors) // 4
    assert (np.diff(errors[: 2 * quarter]) > 0).any()  # hot: it gets worse now and then
    assert errors[-quarter:].mean() < errors[:quarter].mean() - 0.1
    assert errors[-1] == errors.min()
    assert errors[-1] <= errors[-2] <= errors[-3]  # cold


def test_without_heat_nothing_gets_worse():
    assert (np.diff(walked(30, heat=0.0)) <= 0).all()


def test_heat_that_is_wanted_is_there():
    """A search that never accepts what is worse gets no further than the nearest optimum."""
    assert (np.diff(walked(10, Limits(generations=1000, evaluations=600), heat=1e9)) > 0).any()


def populations(network, rows, **settings):
    """Return (objective, survivors) of the population, best first, after each generation."""
    watching = Watching()
    found = evolve(
        network,
        rows,
        algorithm=Memetic(max_density=1.0, population=6, burst=30, **settings),
        objective="accuracy",
        limits=Limits(generations=6),
        callbacks=[watching],
    )
    seen = [
        [(one.objective, one.surviving) for one in population]
        for population in watching.populations
    ]
    densities = [progress.density for progress in found.history]
    assert densities == [population[0][1] / network.n_weights for population in seen]
    return found, seen


def test_among_equals_the_one_with_fewer_weights_is_best():
    """All inputs are 0, so that every mask of a network without hidden units is as good."""
    network = dense_network(30, 2, seed=1)
    rows = Rows(np.zeros((10, 30), np.int16), np.arange(10) % 2)
    found, seen = populations(network, rows, price=0.0)
    for population in seen:
        sizes = [surviving for _, surviving in population]
        assert len({objective for objective, _ in population}) == 1
        assert sizes == sorted(sizes)
        assert len(set(sizes)) > 1
    assert found.mask.surviving == seen[-1][0][1]


def test_objectives_within_the_tolerance_count_as_equal():
    _, seen = populations(NETWORK, ROWS, price=0.0, tolerance=1.0)
    for population in seen:
        sizes = [surviving for _, surviving in population]
        assert sizes == sorted(sizes)
    assert any(np.diff([objective for objective, _ in one]).min() < 0 for one in seen)


def test_a_better_objective_comes_before_fewer_weights():
    _, seen = populations(NETWORK, ROWS, price=0.0, tolerance=0.0)
    assert all(population == sorted(population) for population in seen)
    assert any(np.diff([surviving for _, surviving in one]).min() < 0 for one in seen)


def test_the_price_counts_in_selection():
    _, seen = populations(NETWORK, ROWS, price=0.02, tolerance=0.0, heat=0.0)
    for population in seen:
        costs = [objective + 0.02 * surviving for objective, surviving in population]
        assert costs == pytest.approx(sorted(costs), abs=1e-9)
