# Methods: what can be compared, each on the same frozen network, rows and seed.
from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scratchcard import Ticket
from scratchcard.datasets import Part, load
from scratchcard.research import descents
from scratchcard.research.arena import Arena, Effort
from scratchcard.research.methods import (
    METHODS,
    NEED_TORCH,
    check_method,
    make_method,
    pruned,
)
from scratchcard.rows import Rows

SHORT = Effort(generations=3, epochs=3)


@pytest.fixture(scope="module")
def arena() -> Arena:
    return Arena(load("digits-2"), (12,), seed=0)


def run(name, arena, effort=SHORT):
    if name.partition("@")[0] in NEED_TORCH:
        pytest.importorskip("torch")
    return make_method(name, 0.3).run(arena, effort)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_reports_a_row_and_repeats_itself(name, arena):
    first, second = (run(name, arena) for _ in range(2))
    one, other = (arena.report(name, attempt) for attempt in (first, second))
    for row in (one, other):
        assert row.pop("seconds") > 0
    assert one == other
    assert (one["data"], one["network"], one["method"], one["seed"]) == (
        "digits-2",
        "64-12-2",
        name,
        0,
    )
    for part in ("train", "validation", "test"):
        assert 0 <= one[f"{part}_accuracy"] <= 1
    assert 0 <= one["effective_density"] <= one["density"] <= 1


@pytest.mark.parametrize("name", METHODS)
def test_no_method_reads_test_rows(name, arena):
    """Until the report, they can be anything."""
    test = arena.dataset.test
    other = dataclasses.replace(arena.dataset, test=Part(test.X * 0, test.y[::-1].copy()))
    blind = Arena(other, arena.hidden, arena.seed)
    attempts = run(name, arena), run(name, blind)
    if attempts[0].mask is not None:
        assert np.array_equal(attempts[0].mask.flat(), attempts[1].mask.flat())
    rows = [each.judge(arena.train) for each in attempts]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("name", ["memetic", "edge-popup", "biprop"])
def test_density_is_the_one_given_or_the_names_own(name, arena):
    given, own = run(name, arena).mask.density, run(f"{name}@0.6", arena).mask.density
    assert given <= 0.3
    assert given < own <= 0.6


@pytest.mark.parametrize("name", ["memetic", "ga", "edge-popup"])
def test_a_ticket_predicts_as_was_reported_and_its_bytes_are_those_reported(name, arena):
    attempt = run(name, arena)
    row = arena.report(name, attempt)
    ticket = Ticket.from_bytes(arena.ticket(attempt).to_bytes())
    test = arena.dataset.test
    assert np.mean(ticket.predict(test.X) == test.y) == pytest.approx(row["test_accuracy"])
    assert len(ticket.to_bytes()) == row["bytes"]
    assert ticket.network == arena.network


@pytest.mark.parametrize("name", ["twin", "mlp"])
def test_dense_models_count_four_bytes_a_parameter(name, arena):
    row = arena.report(name, run(name, arena))
    assert row["bytes"] == 4 * (64 * 12 + 12 + 12 * 2 + 2)
    assert row["density"] == row["effective_density"] == 1
    assert row["evaluations"] is None
    assert arena.ticket(run(name, arena)) is None


def test_pruning_keeps_training_accuracy_and_takes_weights(arena):
    before = run("ga", arena)
    after = pruned(arena, before)
    assert after.judge(arena.train) >= before.judge(arena.train)
    assert after.mask.density < before.mask.density
    assert after.seconds > before.seconds


def test_training_goes_on_longer_by_default_where_rows_are_few(monkeypatch):
    arena = Arena(load("iris"), (12,), seed=0)
    monkeypatch.setattr(descents, "EPOCHS", 2)
    monkeypatch.setattr(descents, "MIN_STEPS", 400)
    assert run("twin", arena, Effort()).judge(arena.train) > 0.9  # 2 epochs are 2 steps
    assert run("twin", arena, Effort(epochs=2)).judge(arena.train) < 0.9


def test_an_interrupt_leaves_the_run_of_scikit_learn_too(arena, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn.neural_network.MLPClassifier._backprop", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run("mlp", arena, Effort(epochs=2))


@pytest.mark.parametrize("name", ["memetic", "ga", "edge-popup", "twin"])
def test_an_interrupt_leaves_a_run_instead_of_ending_it_early(name, arena, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    if name in NEED_TORCH:
        pytest.importorskip("torch")
        monkeypatch.setattr("scratchcard.research.baselines.training.cross_entropy", interrupt)
    else:
        from scratchcard.search.genetic.settings import Genetic
        from scratchcard.search.memetic.settings import Memetic

        algorithm = Memetic if name == "memetic" else Genetic
        original = algorithm.start

        def start(self, task):
            search = original(self, task)
            monkeypatch.setattr(type(search), "step", interrupt)
            return search

        monkeypatch.setattr(algorithm, "start", start)
    with pytest.raises(KeyboardInterrupt):
        run(name, arena)


def test_reports_judge_the_test_rows(arena):
    attempt = run("memetic", arena)
    test = arena.dataset.test
    inputs = arena.problem.scaling.quantise(test.X, arena.network.input_limit)
    rows = Rows(np.asarray(inputs), arena.dataset.targets(test))
    assert arena.report("memetic", attempt)["test_accuracy"] == attempt.judge(rows)


@pytest.mark.parametrize("name", ["", "gradient", "memetic@", "memetic@0", "memetic@2", "ga@0.5"])
def test_names_that_are_no_method_are_refused(name):
    with pytest.raises(ValueError, match="methods"):
        make_method(name, 0.1)


@pytest.mark.parametrize("name", ["memetic", "edge-popup"])
def test_a_density_that_leaves_nothing_is_refused_beforehand(name, arena):
    check_method(name, 0.1, arena.network)
    with pytest.raises(ValueError, match="density"):
        check_method(f"{name}@0.001", 0.1, arena.network)


@pytest.mark.parametrize("limit", ["generations", "evaluations", "epochs", "seconds"])
def test_limits_are_above_zero(limit):
    with pytest.raises(ValueError, match=limit):
        Effort(**{limit: 0})


def test_gradients_get_no_handicap_on_small_data():
    """A network of this size trained whole has 96 %; floats differ between processors, by rows."""
    pytest.importorskip("torch")
    method, data = make_method("edge-popup@0.5", 0.1), load("digits")
    arenas = [Arena(data, (50,), seed) for seed in range(4)]
    found = [method.run(arena, Effort()).judge(arena.validation) for arena in arenas]
    assert np.mean(found) > 0.94
