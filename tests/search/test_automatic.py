"""What a user leaves open is chosen by short searches, and what is given stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from scratchcard import Limits, TicketClassifier, TicketRegressor
from scratchcard.datasets import load
from scratchcard.find import Search, find
from scratchcard.search import Genetic, Memetic, automatic
from scratchcard.search.rule import MANY

SHORT = Limits(generations=30)  # long enough for settings to be tried


@pytest.fixture(scope="module")
def iris():
    return load("iris")


@pytest.fixture(scope="module")
def flowers():
    return load_iris(return_X_y=True)


def test_neither_threads_nor_a_second_time_change_the_ticket(iris):
    one, again, other = (
        find(iris, limits=SHORT, n_jobs=n_jobs, seed=seed).ticket
        for n_jobs, seed in ((1, 0), (2, 0), (1, 1))
    )
    assert one == again
    assert one != other


def test_threads_do_not_change_an_estimator(flowers):
    one, two = (
        TicketClassifier(max_iter=30, random_state=0, n_jobs=n_jobs).fit(*flowers)
        for n_jobs in (1, 2)
    )
    assert one.ticket_ == two.ticket_
    assert one.algorithm_ == two.algorithm_


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({"hidden_layer_sizes": (9,)}, {"sizes": (4, 9, 3)}),
        ({"hidden_layer_sizes": ()}, {"sizes": (4, 3)}),
        ({"weights": "kaiming_normal"}, {"weights": "kaiming_normal"}),
        ({"hidden_layer_sizes": (7, 5), "weights": "uniform"}, {"sizes": (4, 7, 5, 3)}),
    ],
)
def test_what_is_given_is_not_chosen(flowers, given, chosen):
    fitted = TicketClassifier(max_iter=30, random_state=0, **given).fit(*flowers)
    assert {name: getattr(fitted.network_, name) for name in chosen} == chosen


@pytest.mark.parametrize("density", [0.25, None])
def test_a_number_stays_a_number(flowers, density):
    fitted = TicketClassifier(max_iter=30, random_state=0, max_density=density).fit(*flowers)
    assert fitted.algorithm_ == Memetic(max_density=density or 0.1)
    assert fitted.density_ <= fitted.algorithm_.max_density


@pytest.mark.parametrize("algorithm", [Memetic(max_density=0.3), Genetic(population=10)])
def test_an_algorithm_is_kept_as_it_is(flowers, algorithm):
    fitted = TicketClassifier(max_iter=2, random_state=0, algorithm=algorithm).fit(*flowers)
    assert fitted.algorithm_ == algorithm
    assert fitted.network_.sizes == (4, 100, 3)


def test_with_all_given_there_is_one_search(iris, flowers):
    given = {"weights": "uniform", "max_density": 0.2}
    fitted = TicketClassifier((20,), max_iter=30, random_state=0, **given).fit(*flowers)
    assert len(fitted.loss_curve_) == 30
    seen = []
    find(iris, hidden=(20,), limits=SHORT, callbacks=[seen.append], **given)
    assert len(seen) == 30


def test_few_generations_are_not_spent_on_trying(iris):
    seen = []
    find(iris, limits=Limits(generations=5), callbacks=[seen.append])
    assert len(seen) == 5


def test_generations_are_those_of_the_last_search(iris):
    assert find(iris, limits=SHORT).outcome.generations == 30


@pytest.mark.parametrize("most", [20_000, 400_000])
def test_evaluations_are_those_of_all_that_is_tried(iris, most):
    found = find(iris, limits=Limits(evaluations=most))
    assert 0.5 * most < found.outcome.evaluations < 1.5 * most


def test_seconds_are_those_of_all_that_is_tried(iris):
    found = find(iris, limits=Limits(seconds=2.0))
    assert found.outcome.stopped_by == "seconds"
    assert found.outcome.seconds < 6.0


def test_a_callback_sees_how_far_all_of_it_is(iris):
    seen = []
    find(iris, limits=SHORT, callbacks=[seen.append])
    for name in ("fraction", "seconds", "evaluations"):
        assert (np.diff([getattr(one, name) for one in seen]) >= 0).all()
    assert seen[-1].fraction == 1.0
    assert len(seen) > 60


@pytest.mark.parametrize("most", [3, 45])  # in the first try, and in a later one
def test_a_callback_stops_all_of_it(iris, most):
    some = []
    found = find(iris, limits=SHORT, callbacks=[lambda one: some.append(one) or len(some) >= most])
    assert found.outcome.stopped_by == "callback"
    assert len(some) == most
    assert found.ticket.score(*iris.train) > 0.3


@pytest.mark.parametrize("after", [1, 20, 60])
def test_ctrl_c_keeps_the_best_so_far(iris, after):
    seen = []

    def interrupt(progress):
        seen.append(progress)
        if len(seen) == after:
            raise KeyboardInterrupt

    found = find(iris, limits=SHORT, callbacks=[interrupt])
    assert found.outcome.stopped_by == "interrupt"
    assert len(seen) == after
    assert found.report()["ticket_bytes"] > 0


@pytest.mark.parametrize("n_rows", [2, 3, 9, 12])
def test_few_rows_and_classes_of_one_row(n_rows):
    X = np.arange(n_rows, dtype=float)[:, None]
    y = np.minimum(np.arange(n_rows), 3)
    fitted = TicketClassifier(max_iter=30, random_state=0).fit(X, y)
    assert set(fitted.classes_) == set(y)


def test_weights_that_are_no_counts(flowers):
    X, y = flowers
    weights = np.random.default_rng(0).random(len(y))
    fitted = TicketClassifier(max_iter=60, random_state=0, class_weight="balanced")
    assert fitted.fit(X, y, weights).score(X, y) > 0.9


def test_a_warm_start_goes_on_with_what_was_chosen(flowers):
    fitted = TicketClassifier(max_iter=30, random_state=0, warm_start=True).fit(*flowers)
    network, algorithm, loss = fitted.network_, fitted.algorithm_, fitted.loss_
    fitted.fit(*flowers)
    assert (fitted.network_, fitted.algorithm_, fitted.n_iter_) == (network, algorithm, 60)
    assert fitted.loss_ <= loss


def test_early_stopping_watches_the_last_search(flowers):
    fitted = TicketClassifier(max_iter=60, early_stopping=True, random_state=0).fit(*flowers)
    assert len(fitted.validation_scores_) == fitted.n_iter_ <= 60


@pytest.mark.parametrize("objective", ["accuracy", "macro_f1", "brier", "margin"])
def test_other_objectives_choose_too(iris, objective):
    assert find(iris, objective=objective, limits=SHORT).ticket.score(*iris.train) > 0.8


def test_numbers_choose_too():
    X, y = load_diabetes(return_X_y=True)
    fitted = TicketRegressor(max_iter=30, random_state=0).fit(X, y)
    assert fitted.score(X, y) > 0.3


def test_where_there_is_very_much_to_read_nothing_is_tried():
    random = np.random.default_rng(0)
    X = random.integers(0, 256, (MANY // 64 + 1, 64)).astype(np.uint8)
    y = random.integers(0, 2, len(X))
    fitted = TicketClassifier(max_evaluations=200, random_state=0).fit(X, y)
    assert fitted.algorithm_ == Memetic()
    assert fitted.network_.weights == "uniform"


@pytest.mark.parametrize("density", ["none", 0, 1.5])
def test_other_densities_are_refused(iris, flowers, density):
    with pytest.raises(ValueError, match="max_density takes a number above 0"):
        Search(iris, max_density=density)
    with pytest.raises(ValueError, match="max_density takes a number above 0"):
        TicketClassifier(max_density=density).fit(*flowers)


@pytest.mark.parametrize("n_judged", [1, 6, 9])
def test_the_best_setting_so_far_is_kept_after_ctrl_c(monkeypatch, n_judged):
    # Eight folds for each setting: neither a mask that is not judged yet is lost, nor does a
    # setting win because it lacks the losses of some folds.
    calls = iter(range(100))

    def score(problem, outcome, objective):
        if next(calls) == n_judged:
            raise KeyboardInterrupt
        return -1.0

    monkeypatch.setattr(automatic, "_score", score)
    X, y = load_diabetes(return_X_y=True)
    regressor = TicketRegressor(max_iter=30, random_state=0)
    with pytest.raises(KeyboardInterrupt, match="kept in ticket_"):
        regressor.fit(X[:100], y[:100])
    assert regressor.network_.sizes == (10, 100, 1)
    assert len(regressor.predict(X)) == len(X)


@pytest.mark.parametrize("hidden", [(), (2,), (3, 3, 3), (1, 1, 1, 1)])
def test_a_density_that_nobody_gave_refuses_no_small_network(iris, flowers, hidden):
    fitted = TicketClassifier(hidden, max_iter=2, random_state=0).fit(*flowers)
    assert fitted.network_.sizes == (4, *hidden, 3)
    regressor = TicketRegressor(hidden, max_iter=2, random_state=0).fit(*flowers)
    assert regressor.network_.sizes == (4, *hidden, 1)
    found = find(iris, hidden=hidden, limits=Limits(generations=2)).ticket
    assert found.network.sizes == (4, *hidden, 3)


def test_a_warm_start_forgets_a_limit_on_bytes(flowers):
    fitted = TicketClassifier((20,), weights="uniform", random_state=0, max_iter=2, warm_start=True)
    fitted.set_params(max_bytes=90).fit(*flowers)
    assert fitted.set_params(max_bytes=None).fit(*flowers).algorithm_.max_bits is None
