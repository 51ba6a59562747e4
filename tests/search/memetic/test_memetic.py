"""The memetic search and the driver: what a user sets and what he then gets."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.datasets import load_digits

from hinge import hinge
from registered import OF_CLASSES
from scratchcard.engines import DenseEngine
from scratchcard.objectives import OBJECTIVES, custom_objective
from scratchcard.rows import Rows
from scratchcard.search import Genetic, Limits, Memetic, accuracy, evolve
from scratchcard.search.memetic.search import MemeticSearch
from scratchcard.search.task import Task
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

NETWORK = Network.dense((64, 20, 10), seed=3)
SHORT = Limits(generations=4)


@pytest.fixture(scope="module")
def digits() -> tuple[Rows, Rows]:
    X, y = load_digits(return_X_y=True)
    X = np.round((X - 8) / 8 * 127).astype(np.int16)
    return Rows(X[:600], y[:600]), Rows(X[600:800], y[600:800])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"algorithm": Memetic(max_density=0.2, race_error=0.0)},
        {"network": Network.dense((64, 20, 12, 10), seed=1, activation="sign")},
        {"objective": "macro_f1"},
    ],
)
def test_the_number_of_threads_changes_nothing(digits, settings):
    found = [
        evolve(**({"network": NETWORK} | settings), train=digits[0], limits=SHORT, n_jobs=n_jobs)
        for n_jobs in (1, 2, 3)
    ]
    assert len({(one.mask, one.temperature, one.evaluations) for one in found}) == 1


def test_seeds_count_and_zero_is_one(digits):
    masks = [evolve(NETWORK, digits[0], limits=SHORT, seed=seed).mask for seed in (0, 0, 1, 2)]
    assert masks[0] == masks[1]
    assert len(set(masks)) == 3


@pytest.mark.parametrize("objective", [*OF_CLASSES, "hinge"])
@pytest.mark.parametrize("activation", ["relu", "step", "sign"])
def test_every_objective_learns_digits(digits, objective, activation):
    if objective == "hinge":
        objective = custom_objective("hinge", hinge)
    network = Network.dense((64, 20, 10), seed=3, activation=activation)
    limits = Limits(evaluations=40_000)
    found = evolve(
        network, digits[0], algorithm=Memetic(max_density=0.3), objective=objective, limits=limits
    )
    assert accuracy(network, found.mask.flat(), digits[0]) > 0.6


def test_what_the_search_believes_is_what_the_dense_engine_computes(digits):
    task = Task(NETWORK, digits[0], OBJECTIVES["cross_entropy"], 1e-5)
    search = Memetic(max_density=0.2, population=3).start(task)
    for generation in range(3):
        search.step(generation / 3)
    dense = DenseEngine(NETWORK, digits[0], task.objective, search.engine.temperature)
    for individual in search.individuals():
        assert dense.value(dense.evaluate(individual.mask[None])[0]) == individual.objective
    search.close()


@pytest.mark.parametrize("density", [0.02, 0.1, 1.0])
def test_density_is_a_cap(digits, density):
    found = evolve(NETWORK, digits[0], algorithm=Memetic(max_density=density), limits=SHORT)
    assert 0 < found.mask.density <= density


def test_a_price_makes_masks_sparser(digits):
    sparse, dense = (
        evolve(NETWORK, digits[0], algorithm=Memetic(max_density=0.5, price=price), limits=SHORT)
        for price in (3e-3, 0.0)
    )
    assert sparse.mask.surviving < dense.mask.surviving / 2


def test_a_race_decides_nearly_as_reading_all_rows_does(digits):
    rows = Rows(
        np.repeat(digits[0].inputs, 12, axis=0), np.repeat(digits[0].targets, 12)
    )  # several blocks
    raced, read = (
        evolve(NETWORK, rows, algorithm=Memetic(max_density=0.2, race_error=error), limits=SHORT)
        for error in (0.15, 0.0)
    )
    assert raced.objective == pytest.approx(read.objective, rel=0.25)


@pytest.mark.parametrize(
    ("limits", "stopped_by"),
    [
        (Limits(generations=2), "generations"),
        (Limits(evaluations=3_000), "evaluations"),
        (Limits(seconds=0.5), "seconds"),
        (Limits(generations=500, patience=2), "early stopping"),
    ],
)
def test_limits(digits, limits, stopped_by):
    evolve(NETWORK, digits[0], limits=Limits(generations=1))  # compiled
    began = time.perf_counter()
    found = evolve(NETWORK, *digits, limits=limits)
    assert found.stopped_by == stopped_by
    assert len(found.history) == found.generations
    if limits.seconds:
        assert time.perf_counter() - began < 3  # not a whole number of long generations


@pytest.mark.parametrize(
    ("algorithm", "settings"),
    [
        ("memetic", 'load("iris")'),
        ("genetic", 'load("iris")'),
        ("memetic", 'load("digits"), layers=[Conv2d(4, 3, pool=2), Dense(8)]'),
        ("memetic", 'load("digits"), layers=[Conv2d(40, 3), Conv2d(4, 3)], weights="uniform"'),
        ("genetic", 'load("digits"), layers=[Conv2d(4, 3)]'),
    ],
)
def test_a_time_limit_does_not_count_compilation(algorithm, settings):
    """When the clock starts, all that the search will call is there."""
    code = f"""
import sys
from numba.core.dispatcher import Dispatcher
from scratchcard import Conv2d, Dense, Limits
from scratchcard.datasets import load
from scratchcard.search import evolution
from scratchcard.find import find

def compiled():
    modules = [m for name, m in sys.modules.items() if name.startswith("scratchcard")]
    found = {{id(f): f for m in modules for f in vars(m).values() if isinstance(f, Dispatcher)}}
    return {{f.__name__: len(f.signatures) for f in found.values()}}

seen = []
original = evolution.warm_up
evolution.warm_up = lambda *given: (original(*given), seen.append(compiled()))
limits = Limits(seconds=0.5)
find({settings}, algorithm="{algorithm}", max_density=0.5, limits=limits)
print(seen[0] == compiled(), sum(seen[0].values()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    same, functions = done.stdout.split()
    assert same == "True"
    assert int(functions) >= 4


def test_the_shortest_search_searches(digits):
    found = evolve(NETWORK, *digits, limits=Limits(seconds=1e-6))
    assert found.evaluations > 0
    assert found.stopped_by == "seconds"


@pytest.mark.parametrize("preset", ["GA", "GA (adaptive AB)"])
def test_the_genetic_algorithm_keeps_to_the_clock_too(digits, preset):
    algorithm = Genetic(preset, patience=None, target_accuracy=None)
    evolve(NETWORK, digits[0], algorithm=algorithm, limits=Limits(seconds=0.1))  # compiled
    began = time.perf_counter()
    found = evolve(NETWORK, *digits, algorithm=algorithm, limits=Limits(seconds=0.3))
    assert found.stopped_by == "seconds"
    assert time.perf_counter() - began < 3  # the first population alone takes longer


def test_an_interrupt_while_threads_are_released_keeps_what_was_found(digits, monkeypatch):
    evolve(NETWORK, *digits, limits=Limits(generations=1))  # compiled, which closes a search too
    closes = []
    close = MemeticSearch.close

    def interrupted(search):
        closes.append(search)
        if len(closes) == 1:
            raise KeyboardInterrupt
        close(search)

    monkeypatch.setattr(MemeticSearch, "close", interrupted)
    found = evolve(NETWORK, *digits, limits=Limits(generations=2))
    assert (found.stopped_by, found.generations, len(closes)) == ("interrupt", 2, 2)


@pytest.mark.parametrize("when", ["first", "third"])
def test_interrupt_keeps_what_was_found(digits, when):
    def interrupt(progress):
        if when == "first" or progress.generation == 3:
            raise KeyboardInterrupt

    found = evolve(NETWORK, *digits, callbacks=[interrupt])
    assert found.stopped_by == "interrupt"
    assert found.generations == (1 if when == "first" else 3)
    assert accuracy(NETWORK, found.mask.flat(), digits[0]) > 0.3


def test_a_true_answer_of_the_callback_stops(digits):
    found = evolve(NETWORK, *digits, callbacks=[lambda progress: progress.generation == 2])
    assert (found.stopped_by, found.generations) == ("callback", 2)


def test_validation_rows_choose_from_the_last_population(digits):
    seen = []
    found = evolve(NETWORK, *digits, limits=SHORT, callbacks=[seen.append])
    assert found.history == seen
    chosen = accuracy(NETWORK, found.mask.flat(), digits[1])
    assert chosen == pytest.approx(seen[-1].validation_accuracy)


def test_the_start_is_kept_if_nothing_better_is_found(digits):
    good = evolve(NETWORK, digits[0], objective="accuracy", limits=Limits(generations=20))
    more = evolve(
        NETWORK, digits[0], objective="accuracy", start=good.mask, limits=Limits(evaluations=1)
    )
    assert more.objective <= good.objective


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Memetic(max_density=0), "max_density takes a number above 0 to 1, got 0"),
        (lambda: Memetic(max_density=1.5), "max_density takes a number above 0 to 1, got 1.5"),
        (lambda: Memetic(max_density=float("nan")), "max_density"),
        (lambda: Memetic(remove=0.6, swap=0.4), "remove . swap takes less than 1"),
        (lambda: Memetic(price=-1), "price takes a number from 0, got -1"),
        (lambda: Memetic(sharpness=0), "sharpness takes a number from 0.1 to 10, got 0"),
        (lambda: Memetic(sharpness="high"), "sharpness takes a number from 0.1 to 10, got 'high'"),
        (lambda: Memetic(heat="high"), "heat takes a number from 0, got 'high'"),
        (lambda: Memetic(smoothing=0), "smoothing takes a number above 0 to 1, got 0"),
        (lambda: Memetic(population=0), r"population takes an integer 1\.\..*, got 0"),
        (lambda: Memetic(burst=2.5), r"burst takes an integer 1\.\..*, got 2.5"),
        (lambda: Limits(seconds=float("nan")), "seconds takes a number above 0 or None, got nan"),
        (
            lambda: Limits(generations=0),
            "generations takes an integer 1..4611686018427387904, got 0",
        ),
        (lambda: Limits(evaluations=1e4), "evaluations takes an integer .*, got 10000.0"),
        (lambda: Limits(patience=10**400), "patience takes an integer"),
    ],
)
def test_settings_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_arguments_of_evolve_are_checked(digits):
    train = digits[0]
    with pytest.raises(ValueError, match="patience takes validation rows"):
        evolve(NETWORK, train, limits=Limits(patience=3))
    few = Network.dense((64, 5, 3))
    with pytest.raises(ValueError, match="train takes targets below the network's 3 outputs"):
        evolve(few, train)
    with pytest.raises(ValueError, match="objective takes one of"):
        evolve(NETWORK, train, objective="nothing")
    for n_jobs, shown in ((1.5, "1.5"), (0, "0"), (True, "True"), ("2", "'2'")):
        with pytest.raises(ValueError, match=rf"n_jobs takes an integer 1\.\.65536, got {shown}"):
            evolve(NETWORK, train, n_jobs=n_jobs)
    with pytest.raises(ValueError, match=r"seed takes an integer 0\.\..*, got -1"):
        evolve(NETWORK, train, seed=-1)
    with pytest.raises(ValueError, match="validation takes the network's 64 features, got 63"):
        evolve(NETWORK, train, Rows(train.inputs[:, 1:], train.targets))
    sideways = Mask.full([(i, o) for o, i in reversed(NETWORK.shapes)])
    assert sideways.n_weights == NETWORK.n_weights
    with pytest.raises(ValueError, match="start takes a mask of 64-20-10, got one of 10-20-64"):
        evolve(NETWORK, train, start=sideways)


def test_memetic_beats_the_genetic_algorithm_with_fewer_candidates(digits):
    limits = Limits(evaluations=6_000)
    memetic = evolve(NETWORK, digits[0], algorithm=Memetic(max_density=0.2), limits=limits)
    genetic = evolve(NETWORK, digits[0], algorithm=Genetic(), limits=limits)
    scores = [accuracy(NETWORK, one.mask.flat(), digits[0]) for one in (memetic, genetic)]
    assert scores[0] > scores[1]
    assert memetic.mask.density < genetic.mask.density
