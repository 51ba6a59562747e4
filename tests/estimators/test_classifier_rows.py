"""Promises about rows that TicketClassifier keeps: rows set aside choose, and nothing else.

Which rows are set aside is found out as a user could: a row that the search does not read can be
anything, and the losses of the search stay what they are.
"""

from __future__ import annotations

import numpy as np
import pytest

from rows_apart import blobs, fine, is_calibrated, noisily
from scratchcard import InputScaling, Memetic, TicketClassifier

N_ROWS = 60
ASIDE = 18  # three tenths of the rows, of each class alike


def stopping(**settings) -> TicketClassifier:
    """Return a classifier that sets rows aside and whose search is short."""
    defaults = {
        "hidden_layer_sizes": 6,
        "algorithm": Memetic(max_density=0.5, population=2, burst=60),
        "max_iter": 2,
        "random_state": 3,
        "early_stopping": True,
        "validation_fraction": ASIDE / N_ROWS,
    }
    return TicketClassifier(**(defaults | settings))


def elsewhere(X: np.ndarray, rows) -> np.ndarray:
    """Return the features with some rows moved across the middle, which keeps their range."""
    moved = X.copy()
    moved[rows] = -moved[rows]
    return moved


@pytest.fixture(scope="module")
def rows():
    """Rows whose range no single row decides, so that a row can move without the scaling."""
    X, y = blobs(N_ROWS, seed=5)
    X[:12] = np.repeat(np.tile([[-4.0] * 4, [4.0] * 4], (3, 1)), 2, axis=0)[:12]
    return X, y


@pytest.fixture(scope="module")
def aside(rows):
    """Indices of the rows that a classifier of these settings sets aside."""
    X, y = rows
    losses = stopping().fit(X, y).loss_curve_
    found = [i for i in range(N_ROWS) if stopping().fit(elsewhere(X, [i]), y).loss_curve_ == losses]
    return np.array(found)


def test_a_share_of_each_class_is_set_aside(rows, aside):
    assert len(aside) == ASIDE
    assert np.unique(rows[1][aside], return_counts=True)[1].tolist() == [ASIDE // 3] * 3


@pytest.mark.parametrize("algorithm", ["memetic", "genetic"])
def test_rows_set_aside_decide_neither_scaling_nor_the_search(rows, aside, algorithm):
    X, y = rows
    settings = {"algorithm": algorithm, "max_density": 0.5}
    expected = stopping(**settings).fit(X, y)
    far = X.copy()
    far[aside] *= 1000
    for other in (elsewhere(X, aside), far):
        found = stopping(**settings).fit(other, y)
        assert found.loss_curve_ == expected.loss_curve_
        assert found.ticket_.scaling == expected.ticket_.scaling
        assert found.network_ == expected.network_
    searched = np.setdiff1d(np.arange(N_ROWS), aside)
    assert expected.ticket_.scaling == InputScaling.fit(X[searched])


def test_rows_set_aside_have_no_say_in_the_bits():
    X, y = fine(blobs(60, seed=5))  # 300 rows with as many values
    fractions = {0.1: 16, 0.3: 8}  # 270 rows are searched, or 210
    for fraction, bits in fractions.items():
        assert stopping(validation_fraction=fraction).fit(X, y).network_.input_bits == bits
    assert stopping(early_stopping=False).fit(X, y).network_.input_bits == 16


def test_scores_and_choice_are_those_of_the_rows_set_aside(rows, aside):
    X, y = rows
    found = stopping(max_iter=4, n_iter_no_change=9).fit(X, y)
    # the last choice that improved is returned, and it is scored on these rows alone
    assert np.mean(found.predict(X[aside]) == y[aside]) == max(found.validation_scores_)
    searched = np.setdiff1d(np.arange(N_ROWS), aside)
    assert np.mean(found.predict(X[searched]) == y[searched]) != max(found.validation_scores_)


def test_the_temperature_is_calibrated_on_the_rows_set_aside(rows, aside):
    X, y = rows
    X = elsewhere(X, aside[::4])  # a quarter of them is wrong now, and the search as it was
    good = Memetic(max_density=1.0, population=2, burst=1000)
    found = stopping(algorithm=good, hidden_layer_sizes=12, max_iter=10).fit(X, y)
    outputs, targets = found.ticket_.outputs(X), np.searchsorted(found.classes_, y)
    temperature = found.ticket_.head.temperature
    assert is_calibrated(outputs[aside], targets[aside], temperature)
    searched = np.setdiff1d(np.arange(N_ROWS), aside)
    assert not is_calibrated(outputs[searched], targets[searched], temperature)


def test_a_warm_start_validates_on_rows_that_were_never_searched(rows, aside):
    X, y = rows

    def twice(second):
        first = stopping(warm_start=True).fit(X, y)
        return first.set_params(random_state=11).fit(second, y)

    expected = twice(X)
    found = twice(elsewhere(X, aside))
    assert found.loss_curve_ == expected.loss_curve_
    assert found.ticket_.scaling == expected.ticket_.scaling
    searched = np.setdiff1d(np.arange(N_ROWS), aside)
    assert twice(elsewhere(X, searched[:1])).loss_curve_ != expected.loss_curve_
    last = expected.validation_scores_[2:]
    assert np.mean(expected.predict(X[aside]) == y[aside]) >= max(last) - 1e-12


@pytest.mark.parametrize("settings", [{}, {"early_stopping": False}], ids=str)
@pytest.mark.parametrize("objective", ["accuracy", "cross_entropy"])
def test_a_warm_start_that_finds_nothing_better_returns_what_it_began_with(settings, objective):
    """The second search walks off at random, and has no time to come back."""
    X, y = noisily(blobs(90, seed=7), 0.05)
    good = Memetic(max_density=0.5, population=2, burst=1000)
    found = stopping(
        **settings, warm_start=True, objective=objective, algorithm=good, max_iter=20
    ).fit(X, y)
    before, loss = found.ticket_, found.loss_
    wild = Memetic(max_density=0.5, population=2, burst=20, heat=1e9, price=0.0)
    found.set_params(algorithm=wild, max_iter=2).fit(X, y)
    assert found.loss_ <= loss
    assert found.loss_curve_[-1] > loss  # it did walk off
    assert found.ticket_.mask == before.mask


def test_weights_count_where_rows_are_searched_and_where_they_are_set_aside(rows, aside):
    X, y = rows
    weights = 1 + np.arange(N_ROWS) % 4
    found = stopping(n_iter_no_change=9).fit(X, y, weights)
    right = found.predict(X[aside]) == y[aside]
    expected = np.average(right, weights=weights[aside])
    assert expected == pytest.approx(max(found.validation_scores_))
    assert found.loss_curve_ != stopping(n_iter_no_change=9).fit(X, y).loss_curve_
    weights[aside] = 5 - weights[aside]  # what they weigh is nothing to the search
    assert stopping(n_iter_no_change=9).fit(X, y, weights).loss_curve_ == found.loss_curve_
