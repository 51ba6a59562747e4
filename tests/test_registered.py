"""Every registered layer, head, objective, engine and algorithm keeps what its kind must keep."""

from __future__ import annotations

import numpy as np
import pytest

import contracts
from scratchcard.engines import ENGINES
from scratchcard.objectives import OBJECTIVES, get_objective
from scratchcard.search import Genetic, Memetic
from scratchcard.search.genetic.operators import OPERATORS
from scratchcard.search.problem import ALGORITHMS
from scratchcard.ticket import HEADS, LAYERS, Classes, Numbers

ANSWERS = np.random.default_rng(0).gamma(2.0, [3.0, 1.0, 50.0], (30, 3))
SAMPLES = {
    "classes": [(Classes(["a", "b", "c"], 0.01), ["a", "b", "c", "c", "a"] * 6)],
    "numbers": [
        (Numbers.of(ANSWERS, loss=loss), ANSWERS)
        for loss in ("squared_error", "absolute_error", "quantile", "quantile:0.9", "poisson")
    ],
}
SEARCHES = {
    "memetic": Memetic(burst=50, max_density=0.3),
    "memetic, one individual": Memetic(burst=50, population=1),
    "genetic": Genetic(population=8, patience=None, target_accuracy=None),
    "genetic, adaptive": Genetic("GA (adaptive AB)", population=8, bound=0.3, draws=5),
}


@pytest.mark.parametrize("activation", ["relu", "step", "sign"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, activation):
    contracts.check_layer(LAYERS[name], activation)


@pytest.mark.parametrize("name", HEADS)
def test_heads(name):
    for head, y in SAMPLES[name]:
        contracts.check_head(head, y)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objectives(name):
    contracts.check_objective(get_objective(name))


@pytest.mark.parametrize("name", ENGINES)
def test_engines(name):
    contracts.check_engine(ENGINES[name])
    contracts.check_engine_by_name(name)


@pytest.mark.parametrize("name", SEARCHES)
def test_algorithms(name, tmp_path):
    assert name.split(",")[0] in ALGORITHMS
    contracts.check_algorithm(SEARCHES[name], tmp_path)


@pytest.mark.parametrize("objective", ["squared_error", "poisson"])
@pytest.mark.parametrize("name", ["memetic", "memetic, one individual", "genetic"])
def test_algorithms_on_numbers(name, objective, tmp_path):
    contracts.check_algorithm(SEARCHES[name], tmp_path, objective)


def test_codes_and_names_are_each_used_once():
    for table in (LAYERS, HEADS):
        assert len({kind.code for kind in table.values()}) == len(table)
        assert all(kind.name == name for name, kind in table.items())
    assert all(get_objective(name).name == name for name in OBJECTIVES)
    assert {kind for kind, _ in OPERATORS} == {
        "migration",
        "recombination",
        "mutation",
        "selection",
    }
