# Objectives: what they mean, by scikit-learn's metrics; that sums of rows are exact; one's own.
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from hinge import hinge
from registered import OF_CLASSES
from scratchcard.compiled.float32 import CLIP
from scratchcard.objectives import OBJECTIVES, Objective, custom_objective, get_objective
from scratchcard.objectives.base import QUANTUM, bits_per_output

FINE = 2.0 / QUANTUM  # of the mean of a statistic that is cut to multiples of 1 / QUANTUM


def moments(logits, target, out):
    out[0] = logits[target]
    out[1] = logits[target] ** 2


def spread(means):
    return means[1] - means[0] ** 2


HINGE = custom_objective("hinge", hinge)
SPREAD = custom_objective("spread", moments, spread, 2)
ALL = {**OF_CLASSES, "hinge": HINGE, "spread": SPREAD}


class Predictions:
    """Random outputs of a network, (n_rows, n_classes), with targets and weights."""

    def __init__(self, seed: int, n_rows: int, n_classes: int, spread: float = 2.0) -> None:
        random = np.random.default_rng(seed)
        self.temperature = float(np.float32(2.0**-12))
        outputs = random.normal(size=(n_rows, n_classes)) * spread / self.temperature
        self.outputs = np.rint(outputs).astype(np.int64)
        self.targets = random.integers(0, n_classes, n_rows)
        self.weights = random.integers(0, 5, n_rows)
        self.weights[0] = 1

    @property
    def logits(self):
        return self.outputs * self.temperature

    @property
    def probabilities(self):
        exps = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return exps / exps.sum(axis=1, keepdims=True)

    @property
    def labels(self):
        return self.outputs.argmax(axis=1)

    def sums(self, objective: Objective, rows=slice(None), weights=None):
        weights = self.weights if weights is None else weights
        scale = bits_per_output(self.temperature)
        return objective.statistics(self.outputs[rows], self.targets[rows], weights[rows], scale)

    def value(self, objective: Objective) -> float:
        return objective.value(self.sums(objective), int(self.weights.sum()))


predictions = st.builds(
    Predictions,
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(1, 60),
    n_classes=st.integers(2, 6),
    spread=st.sampled_from([0.01, 2.0, 15.0]),
)


# What they mean


@pytest.mark.parametrize("name", [name for name in ALL if ALL[name].only_grows])
def test_no_row_lowers_an_objective_that_only_grows(name):
    """A sure and right row has a loss of 0, but for rounding, which must not make it negative."""
    sure = np.arange(-100, 100, 0.037)[:, None]
    logits = np.concatenate([np.where([1, 0, 0], sure, sure - gap) for gap in (0, 5, 23, 25, 200)])
    scale = bits_per_output(2.0**-12)
    weight, target = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for outputs in np.rint(logits / scale).astype(np.int64):
        assert ALL[name].statistics(outputs[None], target, weight, scale)[0] >= 0


@given(predictions)
def test_cross_entropy_is_the_log_loss(p):
    labels = np.arange(p.outputs.shape[1])
    # scikit-learn clips probabilities; these spreads stay away from that and from our own clipping
    expected = log_loss(p.targets, p.probabilities, sample_weight=p.weights, labels=labels)
    if np.ptp(p.logits) < 30:
        assert p.value(OBJECTIVES["cross_entropy"]) == pytest.approx(expected, abs=FINE)


@given(predictions)
def test_brier_is_the_squared_distance_to_the_one_hot_target(p):
    one_hot = np.eye(p.outputs.shape[1])[p.targets]
    distances = ((p.probabilities - one_hot) ** 2).sum(axis=1)
    expected = np.average(distances, weights=p.weights)
    assert p.value(OBJECTIVES["brier"]) == pytest.approx(expected, abs=FINE)


@given(predictions)
def test_accuracy(p):
    expected = accuracy_score(p.targets, p.labels, sample_weight=p.weights)
    assert p.value(OBJECTIVES["accuracy"]) == pytest.approx(1 - expected)


@given(predictions)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_balanced_accuracy(p):
    counted = p.weights > 0
    expected = balanced_accuracy_score(
        p.targets[counted], p.labels[counted], sample_weight=p.weights[counted]
    )
    assert p.value(OBJECTIVES["balanced_accuracy"]) == pytest.approx(1 - expected)


@given(predictions)
def test_macro_f1(p):
    counted = p.weights > 0
    expected = f1_score(
        p.targets[counted], p.labels[counted], sample_weight=p.weights[counted], average="macro"
    )
    assert p.value(OBJECTIVES["macro_f1"]) == pytest.approx(1 - expected)


def test_the_lowest_index_wins_a_tie():
    p = Predictions(0, 1, 3)
    p.outputs[:] = 7
    for target, wrong in ((0, 0.0), (1, 1.0), (2, 1.0)):
        p.targets[:] = target
        assert p.value(OBJECTIVES["accuracy"]) == wrong


def test_one_s_own():
    p = Predictions(3, 50, 4)
    own = p.logits[np.arange(50), p.targets]
    rest = np.where(np.eye(4, dtype=bool)[p.targets], -np.inf, p.logits).max(axis=1)
    expected = np.average(np.maximum(0, 1 - own + rest), weights=p.weights)
    assert p.value(HINGE) == pytest.approx(expected, abs=FINE)
    variance = np.average(own**2, weights=p.weights) - np.average(own, weights=p.weights) ** 2
    assert p.value(SPREAD) == pytest.approx(variance, abs=10 * FINE)


# Sums are exact


@pytest.mark.parametrize("name", ALL)
@given(p=predictions, seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_rows_count_in_any_order_and_parts_and_as_often_as_they_weigh(name, p, seed):
    objective, n = ALL[name], len(p.targets)
    sums = p.sums(objective)
    assert sums.dtype == np.int64
    assert sums.shape == (objective.n_statistics(p.outputs.shape[1]),)
    random = np.random.default_rng(seed)
    order = random.permutation(n)
    assert np.array_equal(p.sums(objective, order), sums)
    cut = random.integers(0, n + 1)
    assert np.array_equal(p.sums(objective, order[:cut]) + p.sums(objective, order[cut:]), sums)
    repeated = np.repeat(np.arange(n), p.weights)
    ones = np.ones(n, dtype=np.int64)
    assert np.array_equal(p.sums(objective, repeated, ones), sums)


@pytest.mark.parametrize("name", ALL)
def test_the_compiled_value_is_the_same(name):
    for seed in range(5):
        p = Predictions(seed, 40, 5)
        sums = p.sums(ALL[name])
        assert call_value(ALL[name].compiled_value, sums, 77) == ALL[name].value(sums, 77)


@njit
def call_value(value, sums, total_weight):
    return value(sums, total_weight)


@pytest.mark.parametrize("name", ["cross_entropy", "brier"])
def test_extreme_logits_stay_finite(name):
    p = Predictions(0, 20, 10)
    for factor in (0, 1 << 10, 1 << 18):
        p.outputs = np.sign(p.outputs) * factor * 1000
        assert 0 <= p.value(OBJECTIVES[name]) <= 2 * float(CLIP)


# By name


def test_names():
    assert set(OBJECTIVES) == {
        "cross_entropy", "accuracy", "balanced_accuracy", "macro_f1", "brier", "margin",
        "mutual_information",
        "squared_error", "absolute_error", "quantile", "poisson",
    }  # fmt: skip
    for name, objective in OBJECTIVES.items():
        assert objective.name == name
        assert get_objective(name) is objective
    assert get_objective(HINGE) is HINGE


@pytest.mark.parametrize("objective", ["beauty", "", None, 3, ["accuracy"]])
def test_unknown_names_are_refused(objective):
    with pytest.raises(ValueError, match=r"objective takes one of cross_entropy, .*, got"):
        get_objective(objective)


@pytest.mark.parametrize("name", ALL)
def test_copies(name):
    objective = ALL[name]
    assert copy.deepcopy(objective) is objective
    again = pickle.loads(pickle.dumps(objective))
    assert repr(again) == repr(objective)
    p = Predictions(1, 30, 3)
    assert np.array_equal(p.sums(again), p.sums(objective))
    assert p.value(again) == p.value(objective)
