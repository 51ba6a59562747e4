"""What evolve returns: chosen and calibrated by validation rows, and no worse than its start."""

from __future__ import annotations

import numpy as np
import pytest

from rows_apart import dense_network, is_calibrated, random_rows, share_right
from scratchcard import Genetic, Limits, Mask, Memetic, Rows, evolve
from watching import Watching

NETWORK = dense_network(6, 16, 3, seed=2, biases="zero")
TEACHER = np.random.default_rng(9).normal(size=(6, 3))
QUICK = Memetic(max_density=0.6, population=8, burst=60)


def taught(n_rows: int, seed: int, wrong: float = 0.1) -> Rows:
    """Return rows that can be told apart by lines, some of them labelled wrongly."""
    rows = random_rows(NETWORK, n_rows, seed)
    labels = (rows.inputs @ TEACHER).argmax(axis=1)
    is_wrong = np.random.default_rng(seed).random(n_rows) < wrong
    return Rows(rows.inputs, np.where(is_wrong, rows.targets, labels))


TRAIN, VALIDATION = taught(120, seed=0), taught(60, seed=1)


def last_population(seed: int, validation: Rows):
    """Return what evolve found, and the masks of the population that it ended with."""
    watching = Watching()
    found = evolve(
        NETWORK,
        TRAIN,
        validation,
        algorithm=QUICK,
        limits=Limits(generations=1),
        seed=seed,
        callbacks=[watching],
    )
    individuals = watching.populations[-1]
    return found, [Mask.from_flat(NETWORK.layers, one.mask) for one in individuals]


@pytest.mark.parametrize("seed", range(4))
def test_of_the_last_population_the_best_on_validation_rows_is_returned(seed):
    found, masks = last_population(seed, VALIDATION)
    scores = [share_right(NETWORK, mask, VALIDATION) for mask in masks]
    assert share_right(NETWORK, found.mask, VALIDATION) == pytest.approx(max(scores))
    assert found.history[-1].validation_accuracy == pytest.approx(max(scores))


def test_each_individual_is_returned_where_validation_rows_are_labelled_by_it():
    _, masks = last_population(0, VALIDATION)
    different = {mask.without_dead() for mask in masks}
    assert len(different) > 3
    for mask in different:
        labels = NETWORK.outputs(mask, VALIDATION.inputs).argmax(axis=1)
        found, again = last_population(0, Rows(VALIDATION.inputs, labels))
        assert again == masks  # the search did not notice
        assert share_right(NETWORK, found.mask, Rows(VALIDATION.inputs, labels)) == 1.0


def test_without_validation_rows_the_best_on_training_rows_is_returned():
    found, masks = last_population(0, VALIDATION)
    alone = evolve(NETWORK, TRAIN, algorithm=QUICK, limits=Limits(generations=1))
    assert alone.mask == masks[0].without_dead()
    assert alone.history[-1].validation_accuracy is None
    assert alone.history[-1].objective == found.history[-1].objective


@pytest.mark.parametrize("objective", ["cross_entropy", "accuracy", "brier"])
@pytest.mark.parametrize("algorithm", [QUICK, Genetic(population=20)], ids=["memetic", "genetic"])
def test_the_temperature_is_calibrated_on_validation_rows(algorithm, objective):
    limits = Limits(generations=15)
    settings = {"algorithm": algorithm, "limits": limits, "objective": objective}
    validation = taught(60, seed=1, wrong=0.4)
    found = evolve(NETWORK, TRAIN, validation, **settings)
    outputs = NETWORK.outputs(found.mask, validation.inputs)
    assert is_calibrated(outputs, validation.targets, found.temperature)
    outputs = NETWORK.outputs(found.mask, TRAIN.inputs)  # training rows want another one
    assert not is_calibrated(outputs, TRAIN.targets, found.temperature)


# Where to start from

WILD = Memetic(max_density=0.6, population=2, burst=50, heat=1e9, price=0.0)


@pytest.fixture(scope="module")
def good() -> Mask:
    """What a longer search finds."""
    algorithm = Memetic(max_density=0.6, population=2)
    return evolve(NETWORK, TRAIN, algorithm=algorithm, limits=Limits(generations=20)).mask


@pytest.mark.parametrize("validation", [None, VALIDATION], ids=["alone", "validated"])
@pytest.mark.parametrize("objective", ["accuracy", "cross_entropy", "macro_f1", "margin"])
def test_a_search_that_walks_off_returns_the_mask_that_it_began_with(objective, validation, good):
    found = evolve(
        NETWORK,
        TRAIN,
        validation,
        algorithm=WILD,
        objective=objective,
        limits=Limits(generations=1000),
        callbacks=[lambda _: True],  # while it is hot
        start=good,
    )
    assert share_right(NETWORK, found.mask, TRAIN) >= share_right(NETWORK, good, TRAIN)
    assert found.mask == good
    if objective == "accuracy":
        expected = 1 - share_right(NETWORK, good, TRAIN)
        assert found.objective == pytest.approx(expected)
        assert found.history[-1].objective > expected + 0.1  # it did walk off


def test_a_start_that_is_too_dense_is_not_returned(good):
    sparse = Memetic(max_density=0.05, population=1, burst=10)
    assert good.density > 0.05
    for validation in (None, VALIDATION):
        limits = Limits(generations=1)
        found = evolve(NETWORK, TRAIN, validation, algorithm=sparse, limits=limits, start=good)
        assert found.mask.density <= 0.05
        assert share_right(NETWORK, found.mask, TRAIN) < share_right(NETWORK, good, TRAIN)


@pytest.mark.parametrize(
    "algorithm",
    [Memetic(max_density=0.6, burst=60, heat=0.0, price=0.0), Genetic(population=20)],
    ids=["memetic", "genetic"],
)
def test_a_search_goes_on_from_its_start(algorithm, good):
    settings = {"algorithm": algorithm, "objective": "accuracy", "limits": Limits(generations=1)}
    found = evolve(NETWORK, TRAIN, **settings, start=good)
    begun_with = 1 - share_right(NETWORK, good, TRAIN)
    assert found.history[0].objective <= begun_with
    assert evolve(NETWORK, TRAIN, **settings).history[0].objective > begun_with
