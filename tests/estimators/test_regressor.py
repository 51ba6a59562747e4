# TicketRegressor: scikit-learn's own checks, and what they do not look at.
from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, mean_poisson_deviance, r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.utils.estimator_checks import parametrize_with_checks

from scratchcard import Genetic, Memetic, Ticket, TicketRegressor


def small(**settings):
    """A regressor whose searches take a moment."""
    defaults = {"hidden_layer_sizes": 20, "max_density": 0.5, "max_iter": 5, "random_state": 0}
    return TicketRegressor(**(defaults | settings))


@pytest.fixture(scope="module")
def friedman():
    X, y = make_friedman1(1200, noise=0.5, random_state=0)
    return train_test_split(X, y, random_state=0)


# No check is expected to fail. `max_evaluations` is for the check that asks for 1,000 generations.
@parametrize_with_checks([small(max_iter=10, max_evaluations=6000)])
def test_check(estimator, check):
    check(estimator)


def test_beats_ridge_where_answers_bend(friedman):
    X, test_X, y, test_y = friedman
    regressor = TicketRegressor(max_density=0.3, max_iter=60, random_state=0, n_jobs=2).fit(X, y)
    ridge = Ridge().fit(X, y)
    assert regressor.score(test_X, test_y) > ridge.score(test_X, test_y) + 0.05
    assert regressor.density_ <= 0.3


def test_prediction_goes_through_the_ticket_alone(friedman, tmp_path):
    X, test_X, y, test_y = friedman
    regressor = small().fit(X, y)
    regressor.ticket_.save(tmp_path / "numbers.ticket")
    ticket = Ticket.load(tmp_path / "numbers.ticket")
    assert_array_equal(ticket.predict(test_X), regressor.predict(test_X))
    assert ticket.score(test_X, test_y) == pytest.approx(r2_score(test_y, ticket.predict(test_X)))
    assert_array_equal(pickle.loads(pickle.dumps(regressor)).predict(X), regressor.predict(X))


def test_answers_need_no_scaling(friedman):
    """Answers a thousand times as large, and shifted, have the same mask."""
    X, test_X, y, _ = friedman
    plain, other = small().fit(X, y), small().fit(X, 1024 * y + 4096)
    assert plain.ticket_.mask == other.ticket_.mask
    expected = 1024 * plain.predict(test_X) + 4096
    assert other.predict(test_X) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("objective", ["squared_error", "absolute_error", "quantile"])
def test_answers_large_beside_their_spread_are_answered_as_well(friedman, objective, tmp_path):
    X, test_X, y, test_y = friedman
    plain, other = (small(objective=objective).fit(X, y + c) for c in (0, 1.7e9))
    assert other.ticket_.mask == plain.ticket_.mask
    assert other.predict(test_X) - 1.7e9 == pytest.approx(plain.predict(test_X), abs=1e-3)
    other.ticket_.save(tmp_path / "seconds.ticket")
    score = Ticket.load(tmp_path / "seconds.ticket").score(test_X, test_y + 1.7e9)
    assert score == pytest.approx(plain.score(test_X, test_y), abs=1e-3)


def test_several_answers(friedman):
    X, test_X, y, test_y = friedman
    both = np.stack([y, -(y**2)], axis=1)
    regressor = small(max_iter=20).fit(X, both)
    assert regressor.n_outputs_ == 2
    found = regressor.predict(test_X)
    assert found.shape == (len(test_X), 2)
    assert regressor.score(test_X, np.stack([test_y, -(test_y**2)], axis=1)) > 0.4


def test_the_ticket_does_not_depend_on_threads(friedman):
    X, _, y, _ = friedman
    assert small(n_jobs=2).fit(X, y).ticket_ == small(n_jobs=1).fit(X, y).ticket_


def test_a_row_of_weight_3_is_three_rows(friedman):
    X, _, y, _ = friedman
    weights = 1 + np.arange(len(y)) % 3
    times = np.repeat(np.arange(len(y)), weights)
    weighted, written = small().fit(X, y, weights), small().fit(X[times], y[times])
    assert weighted.ticket_ == written.ticket_


@pytest.mark.parametrize("level", [0.1, 0.9])
def test_quantiles(friedman, level):
    X, _, y, _ = friedman
    regressor = small(objective="quantile", quantile=level, max_iter=20).fit(X, y)
    assert np.mean(y <= regressor.predict(X)) == pytest.approx(level, abs=0.02)


def test_absolute_error_is_not_moved_by_outliers(friedman):
    X, test_X, y, test_y = friedman
    spoilt = y.copy()
    spoilt[::20] += 500
    errors = {
        name: mean_absolute_error(
            test_y, small(objective=name, max_iter=20).fit(X, spoilt).predict(test_X)
        )
        for name in ("squared_error", "absolute_error")
    }
    assert errors["absolute_error"] < errors["squared_error"] / 2


def test_counts(friedman):
    X, test_X, y, test_y = friedman
    random = np.random.default_rng(0)
    counts, test_counts = random.poisson(np.exp(y / 8)), random.poisson(np.exp(test_y / 8))
    regressor = small(objective="poisson", max_iter=20).fit(X, counts)
    found = regressor.predict(test_X)
    assert (found > 0).all()
    mean = np.full(len(test_counts), counts.mean())
    assert mean_poisson_deviance(test_counts, found) < 0.7 * mean_poisson_deviance(
        test_counts, mean
    )


def test_early_stopping_watches_rows_set_aside(friedman):
    X, _, y, _ = friedman
    regressor = small(max_iter=200, early_stopping=True, n_iter_no_change=3).fit(X, y)
    assert regressor.n_iter_ < 200
    assert len(regressor.validation_scores_) == regressor.n_iter_
    assert max(regressor.validation_scores_) > 0


def test_warm_start_goes_on(friedman):
    X, _, y, _ = friedman
    regressor = small(warm_start=True, max_iter=2).fit(X, y)
    loss = regressor.loss_
    regressor.set_params(max_iter=20).fit(X, y)
    assert (regressor.n_iter_, regressor.loss_ < loss) == (22, True)
    with pytest.raises(ValueError, match="y takes 1 numbers for each row"):
        regressor.fit(X, np.stack([y, y], axis=1))


@pytest.mark.parametrize("algorithm", [Genetic(population=20), Memetic(engine="dense", burst=20)])
def test_other_algorithms_and_engines(friedman, algorithm):
    X, _, y, _ = friedman
    regressor = small(algorithm=algorithm, max_iter=3).fit(X[:200], y[:200])
    assert np.isfinite(regressor.predict(X)).all()


def test_works_in_a_grid_search():
    X, y = load_diabetes(return_X_y=True)
    search = GridSearchCV(small(max_iter=2), {"hidden_layer_sizes": [5, 10]}, cv=2).fit(X, y)
    assert isinstance(clone(search.best_estimator_), TicketRegressor)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": "cross_entropy"}, "objective takes 'squared_error', .*'cross_entropy'"),
        ({"objective": None}, "objective takes"),
        ({"objective": "quantile", "quantile": 1.0}, "quantile takes a number between 0 and 1"),
        ({"quantile": "half"}, "quantile takes a number between 0 and 1, got 'half'"),
        ({"objective": "quantile", "quantile": 1e-320}, "quantile takes a number .*, got 1e-320"),
        ({"max_iter": 0}, "max_iter takes an integer from 1 or None, got 0"),
        ({"hidden_layer_sizes": -1}, "hidden_layer_sizes takes an integer from 1"),
    ],
)
def test_parameters_are_refused_by_name(friedman, settings, message):
    X, _, y, _ = friedman
    with pytest.raises(ValueError, match=message):
        small(**settings).fit(X, y)


@pytest.mark.parametrize(
    ("y", "settings", "message"),
    [
        (["a", "b", "c"], {}, "a"),
        ([1.0, np.nan, 2.0], {}, "NaN"),
        ([1.0, np.inf, 2.0], {}, "infinity|finite"),
        ([1.0, 1e300, 2.0], {}, "y takes finite numbers within"),
        ([1.0, -1.0, 2.0], {"objective": "poisson"}, "from 0"),
        ([0.0, 0.0, 0.0], {"objective": "poisson"}, "at least one number above 0"),
        (np.ones((3, 2, 2)), {}, "dim"),
    ],
)
def test_answers_are_refused(y, settings, message):
    with pytest.raises(ValueError, match=message):
        small(**settings).fit(np.eye(3), y)


def test_answers_that_are_all_the_same_are_given_back():
    regressor = small().fit(np.eye(4), np.full(4, 2.5))
    assert regressor.predict(np.eye(4)) == pytest.approx(2.5)
