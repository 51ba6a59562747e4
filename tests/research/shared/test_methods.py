# Methods: what can be compared, each on the same frozen network, rows and seed.
from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scratchcard import Conv2d, Ticket
from scratchcard.datasets import Part, load
from scratchcard.research.shared import gradients
from scratchcard.research.shared.instance import Effort, Instance
from scratchcard.research.shared.methods import (
    METHODS,
    NEED_TORCH,
    check_method,
    make_method,
    pruned,
)
from scratchcard.rows import Rows

SHORT = Effort(generations=3, epochs=3)


@pytest.fixture(scope="module")
def instance() -> Instance:
    return Instance(load("digits-2"), (12,), seed=0)


def run(name, instance, effort=SHORT):
    if name.partition("@")[0] in NEED_TORCH:
        pytest.importorskip("torch")
    return make_method(name, 0.3).run(instance, effort)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_reports_a_row_and_repeats_itself(name, instance):
    first, second = (run(name, instance) for _ in range(2))
    one, other = (instance.report(name, attempt) for attempt in (first, second))
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
def test_no_method_reads_test_rows(name, instance):
    """Until the report, they can be anything."""
    test = instance.dataset.test
    other = dataclasses.replace(instance.dataset, test=Part(test.X * 0, test.y[::-1].copy()))
    blind = Instance(other, instance.hidden, instance.seed)
    attempts = run(name, instance), run(name, blind)
    if attempts[0].mask is not None:
        assert np.array_equal(attempts[0].mask.flat(), attempts[1].mask.flat())
    rows = [each.judge(instance.train) for each in attempts]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("name", ["memetic", "edge-popup", "biprop"])
def test_density_is_the_one_given_or_the_names_own(name, instance):
    given, own = run(name, instance).mask.density, run(f"{name}@0.6", instance).mask.density
    assert given <= 0.3
    assert given < own <= 0.6


@pytest.mark.parametrize("name", ["memetic", "ga", "edge-popup"])
def test_a_ticket_predicts_as_was_reported_and_its_bytes_are_those_reported(name, instance):
    attempt = run(name, instance)
    row = instance.report(name, attempt)
    ticket = Ticket.from_bytes(instance.ticket(attempt).to_bytes())
    test = instance.dataset.test
    assert np.mean(ticket.predict(test.X) == test.y) == pytest.approx(row["test_accuracy"])
    assert len(ticket.to_bytes()) == row["bytes"]
    assert ticket.network == instance.network


@pytest.mark.parametrize("name", ["twin", "mlp"])
def test_dense_models_count_four_bytes_a_parameter(name, instance):
    row = instance.report(name, run(name, instance))
    assert row["bytes"] == 4 * (64 * 12 + 12 + 12 * 2 + 2)
    assert row["density"] == row["effective_density"] == 1
    assert row["evaluations"] is None
    assert instance.ticket(run(name, instance)) is None


def test_pruning_keeps_training_accuracy_and_takes_weights(instance):
    before = run("ga", instance)
    after = pruned(instance, before)
    assert after.judge(instance.train) >= before.judge(instance.train)
    assert after.mask.density < before.mask.density
    assert after.seconds > before.seconds


def test_training_goes_on_longer_by_default_where_rows_are_few(monkeypatch):
    instance = Instance(load("iris"), (12,), seed=0)
    monkeypatch.setattr(gradients, "DEFAULT_EPOCHS", 2)
    monkeypatch.setattr(gradients, "MIN_STEPS", 400)
    assert run("twin", instance, Effort()).judge(instance.train) > 0.9  # 2 epochs are 2 steps
    assert run("twin", instance, Effort(epochs=2)).judge(instance.train) < 0.9


def test_gradients_descend_as_was_best_on_rows_held_back(instance, monkeypatch):
    pytest.importorskip("torch")
    maps = Instance(instance.dataset, (), seed=0, layers=(Conv2d(4, 3),))

    def descent(density, instance):
        found = gradients.GradientMask("edge-popup", density).baseline(instance).descent
        return found.optimizer, found.lr

    assert descent(0.5, maps) == descent(0.05, instance) == ("sgd", 0.1)
    monkeypatch.setattr(gradients, "MIN_STEPS", 0)  # as if there were many rows
    assert descent(0.5, maps) == descent(0.05, instance) == ("adam", 0.001)
    assert descent(0.1, maps) == ("sgd", 0.03)


def test_an_interrupt_leaves_the_run_of_scikit_learn_too(instance, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn.neural_network.MLPClassifier._backprop", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run("mlp", instance, Effort(epochs=2))


@pytest.mark.parametrize("name", ["memetic", "ga", "edge-popup", "twin"])
def test_an_interrupt_leaves_a_run_instead_of_ending_it_early(name, instance, monkeypatch):
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

        def start(self, task, population=None):
            search = original(self, task, population)
            monkeypatch.setattr(type(search), "step", interrupt)
            return search

        monkeypatch.setattr(algorithm, "start", start)
    with pytest.raises(KeyboardInterrupt):
        run(name, instance)


def test_reports_judge_the_test_rows(instance):
    attempt = run("memetic", instance)
    test = instance.dataset.test
    inputs = instance.problem.scaling.quantise(test.X, instance.network.input_limit)
    rows = Rows(np.asarray(inputs), instance.dataset.targets(test))
    assert instance.report("memetic", attempt)["test_accuracy"] == attempt.judge(rows)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gradient",
        "memetic@",
        "memetic@0",
        "memetic@2",
        "ga@0.5",
        "memetic@0_1",
        "memetic@ 0.1",
        "memetic@+0.1",
        "memetic@nan",
        "memetic@inf",
        "memetic@0.1@0.1",
        "memetic@٠.١",
    ],
)
def test_names_that_are_no_method_are_refused(name):
    with pytest.raises(ValueError, match="methods"):
        make_method(name, 0.1)


@pytest.mark.parametrize("name", ["memetic", "edge-popup"])
def test_a_density_that_leaves_nothing_is_refused_beforehand(name, instance):
    check_method(name, 0.1, instance.network)
    with pytest.raises(ValueError, match="density"):
        check_method(f"{name}@0.001", 0.1, instance.network)


@pytest.mark.parametrize("limit", ["generations", "evaluations", "epochs", "seconds"])
def test_limits_are_above_zero(limit):
    with pytest.raises(ValueError, match=limit):
        Effort(**{limit: 0})


def test_gradients_get_no_handicap_on_small_data():
    """A network of this size trained whole has 96 %; floats differ between processors, by rows."""
    pytest.importorskip("torch")
    method, data = make_method("edge-popup@0.5", 0.1), load("digits")
    instances = [Instance(data, (50,), seed) for seed in range(4)]
    found = [method.run(instance, Effort()).judge(instance.validation) for instance in instances]
    assert np.mean(found) > 0.94
