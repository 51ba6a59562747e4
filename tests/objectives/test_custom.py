# A user's own objective: what it may not give, and rows that belong together.
from __future__ import annotations

import numpy as np
import pytest

from hinge import hinge
from scratchcard.engines import ENGINES, DenseEngine, IncrementalEngine
from scratchcard.objectives import ObjectiveError, custom_objective
from scratchcard.objectives.base import QUANTUM
from scratchcard.rows import Rows
from scratchcard.search import Genetic, Limits, Memetic, evolve
from scratchcard.ticket.network import Network

BAD = [np.nan, np.inf, -np.inf, 100_001.0, -1e6, 1e300]
NETWORK = Network.dense((1, 2), biases="zero")
SIGN = int(np.sign(NETWORK.weights_of(0)[0, 0]))
ROWS = Rows([[100 * SIGN], [50 * SIGN]], [0, 1])  # the first weight raises the first output
GOOD, WORSE = np.array([[0, 0], [1, 0]], np.uint8)


def failing(value, n_statistics=1):
    """An objective that gives this value for rows whose first output is the larger one."""

    def statistics(logits, target, out):
        out[:] = 1.0
        if logits[0] > logits[1]:
            out[out.size - 1] = value

    mean = (lambda means: means[0]) if n_statistics > 1 else None
    return custom_objective("wild", statistics, mean, n_statistics)


def refusal(value):
    return pytest.raises(
        ObjectiveError,
        match=rf"^objective 'wild' takes statistics within ±100,000, got {value} for a row$",
    )


@pytest.mark.parametrize("n_statistics", [1, 3])
@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_a_statistic_that_cannot_be_kept_is_an_error_wherever_it_comes_up(
    make, value, n_statistics
):
    engine = make(NETWORK, ROWS, failing(value, n_statistics), 1.0)
    state, flip = engine.state(GOOD), np.array([0])
    before = engine.sums(state)
    assert (before == 2 * QUANTUM).all()
    shown = str(value).replace("+", r"\+")
    for fail in (
        lambda: engine.sums(engine.state(WORSE)),
        lambda: engine.trial(state, flip),
        lambda: engine.trial_flips(state, np.array([1, 0])),
        lambda: engine.evaluate(np.array([GOOD, WORSE])),
        lambda: engine.evaluate(np.array([GOOD, WORSE]), state),
        lambda: engine.evaluate(np.array([GOOD, WORSE]), n_jobs=2),
        lambda: engine.sums(engine.derive(state, WORSE)),
    ):
        with refusal(shown):
            fail()
    if n_statistics == 1:
        with refusal(shown):
            engine.row_statistics(WORSE)
    assert np.array_equal(engine.sums(state), before)  # what was kept is as good as before
    assert np.array_equal(engine.trial(state, np.array([1])), before)


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_rows_of_no_weight_may_have_any_statistic(make):
    rows = Rows(ROWS.inputs * [[1], [-1]], [0, 1], [0, 1])
    engine = make(NETWORK, rows, failing(np.nan), 1.0)
    assert engine.evaluate(WORSE[None]).tolist() == [[QUANTUM]]


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_statistics_up_to_the_limit_are_kept_exactly(make):
    for value in (100_000.0, -100_000.0):
        engine = make(NETWORK, ROWS, failing(value), 1.0)
        assert engine.evaluate(WORSE[None]).tolist() == [[int(2 * value * QUANTUM)]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_a_value_that_is_not_finite_is_an_error(make, value):
    objective = custom_objective("wild", hinge, lambda means: value if means[0] > 0.5 else means[0])
    engine = make(NETWORK, ROWS, objective, 1.0)
    sums = engine.evaluate(GOOD[None])
    message = rf"^objective 'wild' takes a finite value, got {value} for the sums \[{2 * QUANTUM}\]"
    with pytest.raises(ObjectiveError, match=message):
        engine.value(sums[0])
    with pytest.raises(ObjectiveError, match=message):
        engine.values(np.array([sums[0] * 0, sums[0]]))


# In a search


def learnable(n_rows):
    """Rows whose label is the sign of the first feature."""
    random = np.random.default_rng(0)
    inputs = random.integers(-127, 128, (n_rows, 4))
    return Rows(inputs, (inputs[:, 0] > 0).astype(np.int64))


def becoming(value):
    """A hinge loss that gives this value once a row is right by far: no first mask gets there."""

    def statistics(logits, target, out):
        gap = logits[target] - logits[1 - target]
        out[0] = max(0.0, 3.0 - gap)
        if gap > 1.0:
            out[0] = value

    return statistics


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e6])
@pytest.mark.parametrize(
    ("algorithm", "n_rows"),
    [
        (Memetic(max_density=0.8, population=2, burst=100), 100),
        (Memetic(max_density=0.8, population=1, burst=100), 2500),  # threads share one individual
        (Memetic(max_density=0.8, population=1, burst=50, engine="dense"), 100),
        (Genetic(population=20), 100),
        (Genetic(population=20, engine="dense"), 100),
    ],
    ids=["memetic", "memetic, many rows", "memetic, dense", "genetic", "genetic, dense"],
)
def test_a_search_ends_with_the_error(algorithm, n_rows, value, n_jobs):
    network = Network.dense((4, 8, 2))
    objective = custom_objective("wild", becoming(value))
    with refusal(value):
        evolve(
            network,
            learnable(n_rows),
            algorithm=algorithm,
            objective=objective,
            limits=Limits(generations=60),
            n_jobs=n_jobs,
        )


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("algorithm", "n_rows"),
    [
        (Memetic(max_density=0.8, population=2, burst=100), 100),
        (Memetic(max_density=0.8, population=1, burst=100), 2500),
        (Memetic(max_density=0.8, population=1, burst=50, engine="dense"), 100),
        (Genetic(population=20), 100),
    ],
    ids=["memetic", "memetic, many rows", "memetic, dense", "genetic"],
)
def test_a_search_ends_with_the_error_of_a_value(algorithm, n_rows, n_jobs):
    network = Network.dense((4, 8, 2))
    objective = custom_objective(
        "wild", hinge, lambda means: means[0] if means[0] > 0.9 else np.nan
    )
    with pytest.raises(ObjectiveError, match="objective 'wild' takes a finite value, got nan"):
        evolve(
            network,
            learnable(n_rows),
            algorithm=algorithm,
            objective=objective,
            limits=Limits(generations=60),
            n_jobs=n_jobs,
        )


@pytest.mark.parametrize(
    "algorithm", [Memetic(population=1, max_density=0.8), Genetic(population=8)]
)
def test_an_objective_over_groups_reads_whole_groups(algorithm):
    def apart(logits, targets, out):
        """How much less the second row of a pair favours its target than the first."""
        first = logits[0, targets[0]] - logits[0, 1 - targets[0]]
        second = logits[1, targets[1]] - logits[1, 1 - targets[1]]
        out[0] = max(0.0, 1.0 - first) + max(0.0, 1.0 - second)

    single = learnable(200)
    rows = Rows(single.inputs, single.targets, group=2)
    pairs = custom_objective("pairs", apart, group=2)
    network = Network.dense((4, 8, 2))
    dense, incremental = (
        make(network, rows, pairs, 1e-4) for make in (DenseEngine, IncrementalEngine)
    )
    masks = np.random.default_rng(0).integers(0, 2, (8, network.n_weights)).astype(np.uint8)
    assert np.array_equal(dense.evaluate(masks), incremental.evaluate(masks))
    halved = DenseEngine(network, single, custom_objective("hinge", hinge), 1e-4).evaluate(masks)
    assert np.abs(dense.evaluate(masks) - halved).max() <= 200  # each row is cut, or each pair
    with pytest.raises(ValueError, match="'pairs' takes rows in groups of 2, got groups of 1"):
        DenseEngine(network, single, pairs, 1e-4)
    limits = Limits(generations=5)
    found = evolve(network, rows, algorithm=algorithm, objective=pairs, limits=limits)
    assert found.objective < dense.value(dense.evaluate(masks[:1] * 0)[0])


# What is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_statistics": 0}, r"n_statistics takes an integer 1\.\.65536, got 0"),
        ({"n_statistics": 2}, "value takes a function of 2 means, got None"),
        ({"group": 0}, r"group takes an integer 1\.\.1024, got 0"),
        ({"statistics": None}, "statistics takes a function, got None"),
        ({"value": 3}, "value takes a function, got 3"),
    ],
)
def test_arguments_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        custom_objective(**({"name": "mine", "statistics": hinge} | arguments))
