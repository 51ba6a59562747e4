# Objectives of numbers: what they mean, by scikit-learn's metrics; that sums of rows are exact.
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_poisson_deviance

from registered import OF_NUMBERS
from scratchcard.objectives import get_objective, quantile_loss
from scratchcard.objectives.base import QUANTUM
from scratchcard.rows import Rows
from scratchcard.ticket import Lines
from scratchcard.ticket.heads.numbers import UNIT

FINE = 4.0 / QUANTUM  # of the mean of a statistic that is cut to multiples of 1 / QUANTUM


class Readings:
    """Random outputs, (n_rows, n_outputs), the lines they are read by, targets and weights."""

    def __init__(self, seed: int, n_rows: int, n_outputs: int) -> None:
        random = np.random.default_rng(seed)
        self.outputs = random.integers(-20_000, 20_000, (n_rows, n_outputs))
        scales = random.choice([-1e-4, 5e-5, 1e-4], n_outputs)
        self.lines = Lines(tuple(scales.tolist()), tuple(random.normal(size=n_outputs).tolist()))
        self.targets = np.rint(random.gamma(2.0, UNIT, (n_rows, n_outputs))).astype(np.int64)
        self.weights = random.integers(0, 5, n_rows)
        self.weights[0] = 1

    @property
    def read(self):
        return self.outputs * np.array(self.lines.scales) + np.array(self.lines.offsets)

    @property
    def answers(self):
        return self.targets / UNIT

    def sums(self, objective, rows=slice(None), weights=None):
        weights = self.weights if weights is None else weights
        scale = objective.tempering.scale(self.lines)
        return objective.statistics(self.outputs[rows], self.targets[rows], weights[rows], scale)

    def value(self, name):
        objective = OF_NUMBERS[name]
        return objective.value(self.sums(objective), int(self.weights.sum()))

    def summed(self, metric):
        """Return the metric of each output, summed."""
        pairs = zip(self.answers.T, self.read.T, strict=True)
        return sum(metric(y, read, sample_weight=self.weights) for y, read in pairs)


readings = st.builds(
    Readings,
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(1, 60),
    n_outputs=st.integers(1, 4),
)


# What they mean


@given(readings)
def test_absolute_error(r):
    assert r.value("absolute_error") == pytest.approx(r.summed(mean_absolute_error), abs=FINE)


@given(readings)
def test_the_median_is_half_the_absolute_error(r):
    assert r.value("quantile") == pytest.approx(r.summed(mean_absolute_error) / 2, abs=FINE)


@given(readings)
def test_the_pinball_loss(r):
    expected = r.summed(lambda y, read, **more: mean_pinball_loss(y, read, alpha=0.9, **more))
    assert r.value("quantile:0.9") == pytest.approx(expected, abs=FINE)


@given(readings)
def test_the_deviance_of_counts(r):
    def deviance(y, read, **more):
        return mean_poisson_deviance(y, np.exp(read), **more)

    assert r.value("poisson") == pytest.approx(r.summed(deviance), rel=1e-3, abs=1e-3)


@given(st.integers(0, 99))
def test_the_squared_error_is_what_the_best_line_leaves(seed):
    r = Readings(seed, 200, 2)
    expected = 0.0
    for k in range(2):
        table = np.stack([r.outputs[:, k], np.ones(200)], axis=1) * np.sqrt(r.weights)[:, None]
        y = r.answers[:, k] * np.sqrt(r.weights)
        line = np.linalg.lstsq(table, y, rcond=None)[0]
        expected += ((y - table @ line) ** 2).sum() / r.weights.sum()
    assert r.value("squared_error") == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("name", [n for n in OF_NUMBERS if OF_NUMBERS[n].only_grows])
def test_no_row_lowers_an_objective_that_only_grows(name):
    objective = OF_NUMBERS[name]
    ones = np.ones(1, np.int64)
    for answer in (0.0, 1e-4, 0.5, 1.0, 30.0, 3000.0):
        near = np.log(max(answer, 1e-9)) if name == "poisson" else answer
        for read in (near, near + 1e-3, near - 1e-3, -50.0, 40.0, 1e9):
            scale = objective.tempering.scale(Lines((read,), (0.0,)))
            target = np.array([[round(answer * UNIT)]])
            assert objective.statistics(np.ones((1, 1), np.int64), target, ones, scale)[0] >= 0


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("size", [0.0, 1.0, 1e30, 3e38, -1e30])
def test_whatever_is_read_the_value_is_finite(name, size):
    r = Readings(0, 30, 3)
    r.lines = Lines((size,) * 3, (-size,) * 3)
    r.outputs[:10] *= 100_000
    r.targets[:5] = 2**31 - 1
    assert np.isfinite(r.value(name))
    assert r.value(name) >= -0.01


# Sums are exact


@pytest.mark.parametrize("name", OF_NUMBERS)
@given(r=readings, seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_rows_count_in_any_order_and_parts_and_as_often_as_they_weigh(name, r, seed):
    objective, n = OF_NUMBERS[name], len(r.targets)
    sums = r.sums(objective)
    assert sums.dtype == np.int64
    assert sums.shape == (objective.n_statistics(r.outputs.shape[1]),)
    random = np.random.default_rng(seed)
    order = random.permutation(n)
    assert np.array_equal(r.sums(objective, order), sums)
    cut = random.integers(0, n + 1)
    assert np.array_equal(r.sums(objective, order[:cut]) + r.sums(objective, order[cut:]), sums)
    repeated = np.repeat(np.arange(n), r.weights)
    assert np.array_equal(r.sums(objective, repeated, np.ones(n, np.int64)), sums)


@njit
def call_value(value, sums, total_weight):
    return value(sums, total_weight)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_the_compiled_value_is_the_same(name):
    sums = Readings(1, 40, 3).sums(OF_NUMBERS[name])
    assert call_value(OF_NUMBERS[name].compiled_value, sums, 77) == OF_NUMBERS[name].value(sums, 77)


# How they read


@pytest.mark.parametrize("name", OF_NUMBERS)
@given(r=readings)
@settings(max_examples=25)
def test_lines_do_not_depend_on_order_or_on_how_often_a_row_of_what_weight_stands(name, r):
    tempering = OF_NUMBERS[name].tempering
    n, k = r.outputs.shape
    now = Lines((1e-3,) * k, (0.0,) * k)
    at = np.random.default_rng(n).permutation(np.repeat(np.arange(n), r.weights))
    rows = [
        Rows(np.zeros((n, 0), np.int16), r.targets, r.weights),
        Rows(np.zeros((len(at), 0), np.int16), r.targets[at]),
    ]
    found = [
        tempering.fitted(outputs, one, now, now, 2.0, 0.1)
        for outputs, one in zip((r.outputs, r.outputs[at]), rows, strict=True)
    ]
    assert found[0] == found[1]
    assert np.isfinite(np.array(found[0])).all()
    first = tempering.first([r.outputs, -r.outputs], r.weights)
    assert np.isfinite(np.array(first)).all()


# By name


def test_a_quantile_by_its_level():
    assert get_objective("quantile:0.9") is get_objective("quantile:0.90")
    assert get_objective("quantile:0.9").name == quantile_loss(0.9).name == "quantile:0.9"
    assert get_objective("quantile:0.5") is get_objective("quantile")


@pytest.mark.parametrize("level", [0.0, 1.0, -1, 2, "0.5", None, np.nan])
def test_levels_refused(level):
    with pytest.raises(ValueError, match="level takes a number between 0 and 1, got"):
        quantile_loss(level)


@pytest.mark.parametrize("name", ["quantile:", "quantile:1", "quantile:x", "quantile:1e-320"])
def test_names_refused(name):
    with pytest.raises(ValueError, match=f"objective takes 'quantile:LEVEL' with .*, got '{name}'"):
        get_objective(name)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_copies(name):
    objective = OF_NUMBERS[name]
    assert copy.deepcopy(objective) is objective
    again = pickle.loads(pickle.dumps(objective))
    assert again.name == objective.name
    r = Readings(1, 30, 3)
    assert np.array_equal(r.sums(again), r.sums(objective))
