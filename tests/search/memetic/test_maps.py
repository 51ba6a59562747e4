# Searches in networks with maps: the same on every engine, with any number of threads, and resumed.
from __future__ import annotations

import numpy as np
import pytest

import contracts
from scratchcard import Conv2d, Dense, Limits, Mask, Memetic, Network, evolve
from scratchcard.engines.incremental.wiring import target_of, wiring_of
from scratchcard.search import Checkpoint, Population
from scratchcard.search.memetic.first import first_mask
from scratchcard.search.memetic.moves import Chooser, Moves, propose, survivors_of
from scratchcard.search.memetic.rates import costs_of, rates_of, runs_of

NETWORK = Network(
    [Conv2d(4, 3, pool=2), Conv2d(5, 3), Dense(6), Dense(3)],
    (1, 8, 8),
    seed=2,
    weights="signed_constant",
)


@pytest.mark.parametrize("weights", ["signed_constant", "uniform"])
def test_what_is_found_does_not_depend_on_the_engine(weights):
    network = Network(NETWORK.layers, (1, 8, 8), seed=2, weights=weights)
    rows = contracts.random_rows(network, 120)
    found = [
        evolve(
            network,
            rows,
            algorithm=Memetic(burst=80, population=2, max_density=0.5, engine=engine),
            limits=Limits(generations=3),
        )
        for engine in ("incremental", "dense")
    ]
    assert found[0].mask == found[1].mask
    assert found[0].objective == found[1].objective


def test_threads_windows_and_races_do_not_change_what_is_found():
    rows = contracts.random_rows(NETWORK, 3000)
    settings = Memetic(burst=5000, max_density=0.5, first_rows=600)
    found = [
        evolve(NETWORK, rows, algorithm=settings, limits=Limits(generations=3), n_jobs=n_jobs)
        for n_jobs in (1, 2)
    ]
    assert found[0].mask == found[1].mask
    assert found[0].evaluations == found[1].evaluations


@pytest.mark.parametrize("n_rows", [700, 20_000])  # all of them, and drawn
def test_a_search_goes_on_where_it_was(tmp_path, n_rows):
    path = tmp_path / "kept"
    rows = contracts.random_rows(NETWORK, n_rows)
    settings = {"algorithm": Memetic(burst=300, max_density=0.5), "seed": 3}
    whole = evolve(NETWORK, rows, limits=Limits(generations=12), **settings)

    def stop(progress):
        return progress.generation == 10

    callbacks = [stop, Checkpoint(path, 0)]
    evolve(NETWORK, rows, limits=Limits(generations=12), callbacks=callbacks, **settings)
    saved = Population.load(path)
    again = evolve(NETWORK, rows, limits=Limits(generations=12), resume=saved, **settings)
    assert (again.mask, again.head) == (whole.mask, whole.head)
    assert again.evaluations == whole.evaluations


@pytest.mark.parametrize("max_density", [0.05, 0.5])
def test_half_of_the_weights_below_the_last_maps_stay_at_first(max_density):
    layers = [Conv2d(32, 3, stride=2), Conv2d(64, 3, pool=2), Dense(10)]
    network = Network(layers, (1, 28, 28))
    random = np.random.default_rng(0)
    mask = Mask.from_flat(network.layers, first_mask(network, max_density, 0.5, random))
    share = 0.5 * min(max_density, 0.1)
    np.testing.assert_allclose(mask.per_layer_density, [0.5, share, share], rtol=0.2)


def test_weights_below_the_last_maps_leave_room_for_others_at_first():
    layers = [Conv2d(16, 3, pool=2), Conv2d(32, 3), Conv2d(8, 3, pool=2), Dense(3)]
    network = Network(layers, (1, 16, 16))
    mask = first_mask(network, 0.05, 0.5, np.random.default_rng(0))
    n_lower = network.offsets[2]
    assert 0 < mask[:n_lower].sum() < 0.6 * 0.05 * network.n_weights
    assert mask.sum() < 0.05 * network.n_weights


def test_proposals_are_fewer_where_a_flip_costs_more():
    costs = costs_of(NETWORK)
    # of outputs 3 * 3; a weight out of the last hidden layer adds to one of 3 sums, of which half
    # are thought to read it: 1.5, and so on
    np.testing.assert_allclose(costs, [64 + 5 * 16 * 9 / 2 + 6 * 80 / 2 + 3 * 6 / 2 + 9,
                                       16 + 6 * 16 / 2 + 3 * 6 / 2 + 9,
                                       1 + 3 / 2 + 9,
                                       1 + 9])  # fmt: skip
    early, late = rates_of(NETWORK, 0.05), rates_of(NETWORK, 0.5)
    assert (np.diff(early) > 0).all()
    assert early[-1] == 1.0
    assert late[0] == 0.0
    np.testing.assert_array_equal(late[1:], early[1:])
    assert rates_of(Network.dense((8, 7, 4)), 0.05).tolist() == [1.0, 1.0]


def proposals_into_maps(rates, runs):
    """Return the share of 20,000 proposals that lead into the second maps, and their units."""
    wiring = wiring_of(NETWORK.layers)
    mask = np.random.default_rng(0).integers(0, 2, NETWORK.n_weights, dtype=np.uint8)
    moves = Moves(0.3, 0.3, 0.0, 1e9, 0.0, 0.0, 0.0, rates, runs)
    stream, flips = np.array([5], np.uint64), np.zeros(2, np.int64)
    chooser = Chooser(survivors_of(mask, wiring), moves, stream, np.zeros(3, np.int64))
    first, last = NETWORK.offsets[1:3]
    found = [flips[0] if propose(wiring, chooser, flips) else -1 for _ in range(20_000)]
    found = np.array([index for index in found if index >= 0])
    into = found[(found >= first) & (found < last)]
    return len(into) / len(found), np.array([target_of(wiring, 1, index) for index in into])


def test_proposals_into_one_map_follow_one_another_and_are_no_more_for_it():
    rates, runs = rates_of(NETWORK, 0.05), runs_of(NETWORK)
    assert runs.tolist() == [1, 4, 1, 1]  # an eighth of the weights of a unit, 9 and 36
    assert runs_of(Network.dense((80, 70, 4))).tolist() == [1, 1]
    assert runs_of(Network([Conv2d(40, 3), Conv2d(2, 5), Dense(2)], (1, 8, 8)))[1] == 16
    alone, units = proposals_into_maps(rates, np.ones_like(runs))
    share, units_of_runs = proposals_into_maps(rates / runs, runs)
    assert share == pytest.approx(alone, rel=0.1)
    assert np.mean(np.diff(units) == 0) < 0.3  # one in five by chance
    assert np.mean(np.diff(units_of_runs) == 0) > 0.7
    counts = np.bincount(units_of_runs, minlength=5) / len(units_of_runs)
    np.testing.assert_allclose(counts, 0.2, atol=0.05)
