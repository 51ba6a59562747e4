"""What each kind of rows is for: training rows teach, validation rows choose, test rows tell.

Every test changes rows that must not matter, or must, and looks at what a user would see.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scratchcard.datasets import Part, load
from scratchcard.research.landscape.measures.guidance import guided
from scratchcard.research.shared.instance import Attempt, Effort, Instance
from scratchcard.research.shared.methods import METHODS, NEED_TORCH, make_method, pruned
from scratchcard.rows import Rows

SHORT = Effort(generations=3, epochs=3)
CHOOSING = ("memetic", "ga", "ga-adaptive")  # methods that choose between the masks they found
LAST = ("edge-popup", "biprop", "twin", "mlp")  # methods whose last state is taken


@pytest.fixture(scope="module")
def data():
    return load("digits-2")


@pytest.fixture(scope="module")
def instance(data):
    return Instance(data, (12,), seed=0)


def run(name, instance, effort=SHORT):
    if name in NEED_TORCH:
        pytest.importorskip("torch")
    return make_method(name, 0.3).run(instance, effort)


def first(part: Part, n: int) -> Part:
    return Part(part.X[:n], part.y[:n])


def with_other_labels(part: Part) -> Part:
    return Part(part.X, np.roll(part.y, 1))


def state(attempt: Attempt, rows: Rows):
    """What tells two attempts apart: the mask, its temperature, and the accuracy on rows."""
    mask = None if attempt.mask is None else attempt.mask.flat().tobytes()
    return mask, attempt.temperature, attempt.judge(rows)


class Listener:
    """The judge of an attempt, which remembers the rows that it was shown."""

    def __init__(self) -> None:
        self.rows: list[Rows] = []

    def __call__(self, rows: Rows) -> float:
        self.rows.append(rows)
        return len(rows) / 10_000


# -- scaling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits-2", "iris"])
def test_test_rows_are_scaled_as_the_training_rows_were(name):
    """Few training rows in the place of the test rows: scaled by themselves they would differ."""
    data = load(name)
    listener = Listener()
    instance = Instance(replace(data, test=first(data.train, 3)), (4,), seed=0)
    instance.report("some", Attempt(listener, 1.0))
    test = listener.rows[2]
    assert np.array_equal(test.inputs, instance.train.inputs[:3])
    assert np.array_equal(test.targets, instance.train.targets[:3])


def test_the_training_rows_alone_decide_on_the_scaling(data):
    strange = {
        part: Part(getattr(data, part).X * 7 + 3, getattr(data, part).y)
        for part in ("validation", "test")
    }
    plain, other = Instance(data, (4,), 0), Instance(replace(data, **strange), (4,), 0)
    assert plain.network == other.network
    assert np.array_equal(plain.train.inputs, other.train.inputs)
    assert not np.array_equal(plain.validation.inputs, other.validation.inputs)


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_says_of_a_row_does_not_depend_on_the_other_rows(name, instance):
    """A model that scales rows by themselves sees a faint row alone otherwise than among others."""
    attempt, full = run(name, instance, Effort(generations=3, epochs=20)), instance.validation
    faint = full.inputs // 16
    rows = Rows(np.concatenate([faint, full.inputs]), np.concatenate([full.targets] * 2))
    alone = [
        attempt.judge(Rows(rows.inputs[i : i + 1], rows.targets[i : i + 1]))
        for i in range(len(rows))
    ]
    assert set(alone) <= {0.0, 1.0}
    assert np.mean(alone) == pytest.approx(attempt.judge(rows), abs=1e-12)


# -- who reads what ------------------------------------------------------------------------------


def test_every_accuracy_is_that_of_its_own_rows(data, instance):
    listener = Listener()
    row = instance.report("some", Attempt(listener, 1.0))
    for part, rows in zip(("train", "validation", "test"), listener.rows, strict=True):
        expected = getattr(data, part)
        assert np.array_equal(rows.targets, data.targets(expected))
        assert row[f"{part}_accuracy"] == len(expected.y) / 10_000


@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_from_the_training_rows(name, data, instance):
    swapped = Part(data.train.X, data.classes[1 - data.targets(data.train)])
    other = Instance(replace(data, train=swapped), (12,), seed=0)
    rows = instance.train
    assert state(run(name, instance), rows)[::2] != state(run(name, other), rows)[::2]


@pytest.mark.parametrize("name", CHOOSING)
def test_evolution_chooses_and_calibrates_by_validation_rows(name, data, instance):
    other = Instance(replace(data, validation=with_other_labels(data.validation)), (12,), seed=0)
    found, elsewhere = run(name, instance), run(name, other)
    assert found.temperature != elsewhere.temperature


@pytest.mark.parametrize("name", LAST)
def test_methods_that_take_their_last_state_read_no_validation_rows(name, data, instance):
    other = Instance(replace(data, validation=with_other_labels(data.validation)), (12,), seed=0)
    rows = instance.train
    assert state(run(name, instance), rows) == state(run(name, other), rows)


def test_pruning_reads_training_rows_and_calibrates_by_validation_rows(data, instance):
    attempt = run("ga", instance)
    plain = pruned(instance, attempt)
    relabelled = replace(data, validation=with_other_labels(data.validation))
    other = pruned(Instance(relabelled, (12,), seed=0), attempt)
    assert np.array_equal(plain.mask.flat(), other.mask.flat())
    assert plain.temperature != other.temperature
    retrained = replace(data, train=with_other_labels(data.train))
    other = pruned(Instance(retrained, (12,), seed=0), attempt)
    assert not np.array_equal(plain.mask.flat(), other.mask.flat())


def test_validation_rows_only_measure_in_a_guided_search():
    """Its mask is the best on training rows, so that the accuracy on the others is honest."""
    data = load("digits")
    other = replace(data, validation=with_other_labels(data.validation))
    found, elsewhere = (
        guided(Instance(one, (12,), seed=0).problem, "cross_entropy", 0.3, 3000, 0)
        for one in (data, other)
    )
    for name in ("train_accuracy", "density", "better_flips", "neutral", "evaluations"):
        assert found[name] == elsewhere[name]
    assert found["validation_accuracy"] != elsewhere["validation_accuracy"]
