# TicketClassifier: scikit-learn's own checks, and what they do not look at.
from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_blobs, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import scratchcard.estimators.base
import scratchcard.search.journal
import scratchcard.search.memetic.search
from classifiers import SHORT, small
from hinge import hinge
from registered import OF_CLASSES
from scratchcard import Genetic, Memetic, Network, Ticket, TicketClassifier
from scratchcard.objectives import custom_objective
from scratchcard.search import evolve
from scratchcard.ticket.network import ACTIVATIONS
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES

HINGE = custom_objective("hinge", hinge)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def iris_frame():
    data = load_iris(as_frame=True)
    return data.data, data.target.map(dict(enumerate(data.target_names))).astype(object)


# No check is expected to fail. `max_evaluations` is for the check that asks for 1,000 generations.
@parametrize_with_checks([small(max_iter=10, max_evaluations=6000)])
def test_check(estimator, check):
    check(estimator)


def test_defaults_on_digits():
    X, y = load_digits(return_X_y=True)
    X, test_X, y, test_y = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
    classifier = TicketClassifier(max_iter=15, random_state=0, n_jobs=2).fit(X, y)
    assert classifier.score(test_X, test_y) > 0.94
    assert classifier.density_ <= 0.1
    assert classifier.network_.sizes == (64, 100, 10)
    assert classifier.network_.seed == 0


# What is found


def test_attributes(iris):
    classifier = small().fit(*iris)
    assert isinstance(classifier.ticket_, Ticket)
    assert classifier.network_ == Network.dense((4, 20, 3), seed=0)
    assert 0 < classifier.density_ == classifier.ticket_.mask.density <= 0.5
    assert classifier.classes_.tolist() == classifier.ticket_.head.labels.tolist() == [0, 1, 2]
    assert classifier.n_features_in_ == 4
    assert classifier.n_iter_ == len(classifier.loss_curve_) == 5
    probabilities = classifier.predict_proba(iris[0])
    assert classifier.loss_ == pytest.approx(log_loss(iris[1], probabilities), abs=2e-4)
    assert classifier.validation_scores_ is None
    assert not hasattr(classifier, "feature_names_in_")


def test_prediction_goes_through_the_ticket_alone(iris, tmp_path):
    X, y = iris
    classifier = small().fit(X, y)
    classifier.ticket_.save(tmp_path / "iris.ticket")
    ticket = Ticket.load(tmp_path / "iris.ticket")
    assert np.array_equal(ticket.predict(X), classifier.predict(X))
    assert np.array_equal(ticket.predict_proba(X), classifier.predict_proba(X))
    assert np.array_equal(ticket.decision_function(X), classifier.decision_function(X))
    other = small(random_state=1).fit(X, y).ticket_
    classifier.ticket_ = other
    assert np.array_equal(classifier.predict(X), other.predict(X))


@pytest.mark.parametrize("algorithm", [SHORT, "genetic"], ids=["memetic", "genetic"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_floating_point_errors_that_a_user_wants_raised_break_nothing(
    algorithm, early_stopping, iris
):
    X, y = iris
    settings = {"algorithm": algorithm, "early_stopping": early_stopping, "max_iter": 8}
    expected = small(**settings).fit(X, y)
    probabilities, logs = expected.predict_proba(X), expected.predict_log_proba(X)
    before = np.seterr(all="raise")
    try:
        classifier = small(**settings).fit(X, y)
        assert np.array_equal(classifier.predict_proba(X), probabilities)
        assert np.array_equal(classifier.predict_log_proba(X), logs)
        assert classifier.predict_proba(1e6 * X).shape == (150, 3)
        assert np.isfinite(classifier.predict_log_proba(1e6 * X)).all()
        assert np.geterr() == dict.fromkeys(np.geterr(), "raise")
    finally:
        np.seterr(**before)
    assert classifier.ticket_ == expected.ticket_


def test_log_probabilities_are_those_of_the_probabilities(iris):
    X, y = iris
    classifier = small().fit(X, y)
    found = classifier.predict_log_proba(X)
    assert np.allclose(np.exp(found), classifier.predict_proba(X))
    assert np.isfinite(classifier.predict_log_proba(1e9 * X)).all()


def test_the_decision_on_two_classes_is_one_number(iris):
    X, y = iris
    X, y = X[y != 0], np.array(["no", "yes"])[y[y != 0] - 1]
    classifier = small().fit(X, y)
    decision = classifier.decision_function(X)
    assert decision.shape == (100,)
    assert np.array_equal(classifier.predict(X) == "yes", decision > 0)
    logits = classifier.ticket_.decision_function(X)
    assert np.array_equal(decision, logits[:, 1] - logits[:, 0])


def test_the_ticket_does_not_depend_on_threads(iris):
    tickets = [small(n_jobs=n_jobs).fit(*iris).ticket_ for n_jobs in (None, 1, 3, -1)]
    assert all(ticket == tickets[0] for ticket in tickets)


def test_random_state(iris):
    assert small(random_state=7).fit(*iris).network_.seed == 7
    assert small(random_state=np.int64(2**32 - 1)).fit(*iris).network_.seed == 2**32 - 1
    random = np.random.RandomState(0)
    seeds = {small(random_state=random).fit(*iris).network_.seed for _ in range(3)}
    assert len(seeds) == 3
    again = np.random.RandomState(0)
    assert small(random_state=again).fit(*iris).network_.seed in seeds
    small(random_state=None).fit(*iris)


@pytest.mark.parametrize(
    "settings",
    [
        *({"objective": name} for name in OF_CLASSES),
        {"objective": HINGE},
        *({"activation": name} for name in ACTIVATIONS),
        *({"weights": name} for name in WEIGHT_FAMILIES),
        *({"biases": name} for name in BIAS_FAMILIES),
        {"input_bits": 16},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": [12, np.int64(8)]},
        {"algorithm": "memetic", "max_density": 0.3, "max_iter": 1},
    ],
    ids=str,
)
def test_settings(settings, iris):
    classifier = small(**({"max_iter": 15} | settings)).fit(*iris)
    assert classifier.score(*iris) > 0.85


def test_genetic():
    X, y = make_blobs(60, centers=2, random_state=0)
    classifier = small(algorithm="genetic", max_density=0.4, max_iter=20).fit(X, y)
    assert classifier.n_iter_ <= 20
    assert classifier.density_ <= 0.4
    assert classifier.score(X, y) > 0.8
    settings = {"max_iter": 2, "warm_start": True, "objective": "accuracy"}
    paper = small(algorithm=Genetic("GA (static AB)"), **settings).fit(X, y)
    loss = paper.loss_
    assert paper.fit(X, y).loss_ <= loss
    with pytest.raises(ValueError, match="max_density"):
        small(algorithm="genetic", max_density=2).fit(X, y)


def test_raw_features_need_no_scaling(iris):
    X, y = iris
    wild = X * [1, 1e-6, 1e6, 1] + [0, 5, -3e7, 1e3]
    assert small(max_iter=15).fit(wild, y).score(wild, y) > 0.9
    ticket = small().fit(X, y).ticket_
    assert small().fit(X * 1024, y).ticket_.mask == ticket.mask


# Labels and frames


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["b", "a", "c"]),
        np.array(["b", "a", "c"], dtype=object),
        np.array([5, -1, 70], dtype=np.int8),
        np.array([2.0, 1.0, 3.0]),
        np.array([True, False, False]),
    ],
    ids=str,
)
def test_labels(labels, iris):
    X, y = iris
    y = labels[y]
    classifier = small(max_iter=15).fit(X, y)
    predicted = classifier.predict(X)
    assert predicted.dtype == classifier.classes_.dtype == y.dtype
    assert np.array_equal(classifier.classes_, np.unique(y))
    assert classifier.score(X, y) > 0.8
    assert classifier.ticket_.predict(X).tolist() == predicted.tolist()


def test_frames(iris_frame):
    X, y = iris_frame
    classifier = small().fit(X, y)
    assert classifier.feature_names_in_.tolist() == X.columns.tolist()
    predicted = classifier.predict(X)
    assert set(predicted) <= {"setosa", "versicolor", "virginica"}
    with pytest.raises(ValueError, match="feature names"):
        classifier.predict(X[X.columns[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        classifier.predict(X.to_numpy())
    assert small().fit(X.to_numpy(), y).ticket_ == classifier.ticket_.without_names()


def test_categories_and_integers_in_frames(iris_frame):
    X, y = iris_frame
    expected = small().fit(X, y)
    found = small().fit(X.assign(**{X.columns[0]: X.iloc[:, 0]}), y.astype("category"))
    assert found.ticket_ == expected.ticket_
    small().fit((10 * X).astype("uint8"), y)


# Among scikit-learn's tools


def test_pipelines_searches_and_copies(iris):
    X, y = iris
    pipeline = make_pipeline(FunctionTransformer(np.log1p), small(max_iter=2))
    assert cross_val_score(pipeline, X, y, cv=2).shape == (2,)
    search = GridSearchCV(
        pipeline,
        {
            "ticketclassifier__algorithm": [SHORT, Memetic(max_density=0.2, burst=100)],
            "ticketclassifier__objective": ["accuracy", HINGE],
        },
        cv=2,
    )
    search.fit(X, y)
    copied = clone(search.best_estimator_)
    with pytest.raises(NotFittedError):
        copied.predict(X)
    assert np.array_equal(copied.fit(X, y).predict(X), search.predict(X))


@pytest.mark.parametrize("settings", [{}, {"objective": HINGE}, {"early_stopping": True}], ids=str)
def test_pickles(settings, iris):
    X, y = iris
    classifier = small(**settings).fit(X, y)
    again = pickle.loads(pickle.dumps(classifier))
    assert again.ticket_ == classifier.ticket_
    assert np.array_equal(again.predict(X), classifier.predict(X))
    assert again.fit(X, y).ticket_ == classifier.ticket_


# Weights


@pytest.fixture(scope="module")
def weighted():
    X, y = make_moons(300, noise=0.3, random_state=0)
    return X, y, np.random.default_rng(0).integers(0, 4, len(X))


def test_integer_weights_are_repeated_rows_in_any_order(weighted):
    X, y, weights = weighted
    expected = small().fit(X, y, weights).ticket_
    repeated = np.random.default_rng(1).permutation(np.repeat(np.arange(len(X)), weights))
    assert small().fit(X[repeated], y[repeated]).ticket_ == expected
    counted = weights > 0
    assert small().fit(X[counted], y[counted], weights[counted]).ticket_ == expected


def test_rows_of_no_weight_are_not_there(iris):
    X, y = iris
    weights = (y != 2).astype(float)
    X = np.where(weights[:, None] > 0, X, 1e9)  # far away: the scaling must not see them either
    classifier = small().fit(X, y, weights)
    assert classifier.ticket_ == small().fit(X[y != 2], y[y != 2]).ticket_
    assert classifier.classes_.tolist() == [0, 1]


def test_class_weights(weighted):
    X, y, weights = weighted
    fit = partial(small, max_iter=3)
    heavy = fit(class_weight={0: 3, 1: 1}).fit(X, y, weights).ticket_
    assert heavy == fit().fit(X, y, weights * np.where(y == 0, 3, 1)).ticket_
    few = (y == 0) | (np.arange(len(y)) % 5 == 0)
    X, y = X[few], y[few]
    balanced = fit(class_weight="balanced").fit(X, y)
    by_hand = fit(class_weight=dict(enumerate(1 / np.bincount(y)))).fit(X, y)
    assert balanced.ticket_ == by_hand.ticket_
    plain = fit().fit(X, y)
    assert (balanced.predict(X) == 1).sum() > (plain.predict(X) == 1).sum()


def test_weights_of_one_size_are_no_weights(weighted):
    X, y, _ = weighted
    expected = small().fit(X, y).ticket_
    assert small().fit(X, y, np.full(len(y), 2.0**-30)).ticket_.mask == expected.mask
    assert small().fit(X, y, 4).ticket_.mask == expected.mask


# Going on


def test_warm_start_goes_on(iris):
    X, y = iris
    classifier = small(warm_start=True, max_iter=2).fit(X, y)
    before, loss = classifier.ticket_, classifier.loss_
    classifier.fit(X * 1.5, y)  # other rows: the scaling stays
    assert classifier.network_ is before.network
    both = classifier.ticket_.columns.kept & before.columns.kept
    assert both.any()
    for found, expected in (
        (classifier.ticket_.scaling.offset, before.scaling.offset),
        (classifier.ticket_.scaling.scale, before.scaling.scale),
    ):
        assert np.array_equal(found[both], expected[both])
    classifier.set_params(random_state=5).fit(X, y)
    assert classifier.network_.seed == 0
    classifier.set_params(max_iter=20).fit(X, y)
    assert classifier.loss_ < loss
    assert classifier.n_iter_ == len(classifier.loss_curve_) == 26
    classifier.set_params(warm_start=False).fit(X, y)
    assert classifier.n_iter_ == len(classifier.loss_curve_) == 20
    assert classifier.network_.seed == 5


def test_warm_start_sets_the_same_rows_aside(iris, monkeypatch):
    aside = []
    original = scratchcard.search.journal.evolve

    def evolve(network, train, validation, **settings):
        aside.append(validation.inputs)
        return original(network, train, validation, **settings)

    monkeypatch.setattr(scratchcard.search.journal, "evolve", evolve)
    classifier = small(warm_start=True, early_stopping=True, max_iter=1, random_state=None)
    classifier.fit(*iris).fit(*iris)
    assert np.array_equal(*aside)


def test_warm_start_never_gets_worse(iris):
    classifier = small(warm_start=True, max_iter=3, objective="accuracy").fit(*iris)
    for _ in range(4):
        loss = classifier.loss_
        assert classifier.fit(*iris).loss_ <= loss


def test_warm_start_at_a_lower_density(iris):
    classifier = small(warm_start=True, max_iter=10, algorithm="memetic", max_density=0.5)
    classifier.set_params(max_iter=1).fit(*iris)
    for density in (0.4, 0.2):
        classifier.set_params(max_density=density, max_iter=2).fit(*iris)
        assert 0 < classifier.density_ <= density


def test_warm_start_refuses_another_network_or_other_classes(iris):
    X, y = iris
    classifier = small(warm_start=True).fit(X, y)
    before = classifier.ticket_
    with pytest.raises(ValueError, match="y takes the classes of the previous fit"):
        classifier.fit(X, y + 1)
    with pytest.raises(ValueError, match="y takes the classes of the previous fit"):
        classifier.fit(X[y != 0], y[y != 0])
    with pytest.raises(ValueError, match="X has 3 features"):
        classifier.fit(X[:, :3], y)
    with pytest.raises(ValueError, match="warm_start=True goes on with the network"):
        classifier.set_params(hidden_layer_sizes=30).fit(X, y)
    assert classifier.ticket_ == before


# Stopping


def test_early_stopping(weighted):
    X, y, weights = weighted
    settings = {"early_stopping": True, "max_iter": 200, "n_iter_no_change": 3}
    classifier = small(**settings, n_jobs=2).fit(X, y, weights)
    assert 3 < classifier.n_iter_ < 200
    assert len(classifier.validation_scores_) == classifier.n_iter_
    assert all(0 <= score <= 1 for score in classifier.validation_scores_)
    assert max(classifier.validation_scores_[:-3]) >= max(classifier.validation_scores_[-3:])
    assert small(**settings).fit(X, y, weights).ticket_ == classifier.ticket_


def test_early_stopping_sets_rows_of_each_class_aside(monkeypatch, iris):
    X, y = iris
    keep = (y < 2) | (np.arange(150) >= 147)  # 50, 50 and 3 rows
    keep[149] = True
    parts = []

    def spy(network, train, validation, **settings):
        parts.append((train, validation))
        return evolve(network, train, validation, **settings)

    monkeypatch.setattr(scratchcard.search.journal, "evolve", spy)
    small(early_stopping=True, validation_fraction=0.2).fit(X[keep], y[keep])
    train, validation = parts[-1]
    assert np.bincount(train.targets).tolist() == [40, 40, 2]
    assert np.bincount(validation.targets).tolist() == [10, 10, 1]
    small(early_stopping=True, validation_fraction=0.99).fit(X[keep], y[keep])
    assert np.bincount(parts[-1][0].targets).tolist() == [1, 1, 1]
    with pytest.raises(
        ValueError, match=r"early_stopping=True, .* takes a class of two rows or more"
    ):
        small(early_stopping=True).fit(X[[0, 60, 120]], y[[0, 60, 120]])


def test_limits(iris):
    assert small(max_iter=None, max_evaluations=2000).fit(*iris).n_iter_ == 18
    assert small(max_iter=2, max_evaluations=10**6).fit(*iris).n_iter_ == 2
    assert small(max_iter=None, max_time=0.5).fit(*iris).n_iter_ > 4
    short = Memetic(max_density=0.5, population=2, burst=10, generations=7)
    assert small(max_iter=None, algorithm=short).fit(*iris).n_iter_ == 7


def test_verbose(iris, capsys):
    small().fit(*iris)
    assert capsys.readouterr().out == ""
    small(verbose=1, early_stopping=True, max_iter=2).fit(*iris)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Generation 1: loss 0.")
    assert "density 0." in lines[0]
    assert "validation accuracy " in lines[0]


def test_an_interrupt_keeps_the_best_so_far(monkeypatch, iris):
    def interrupt(progress):
        if progress.generation == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(scratchcard.estimators.base, "_print_progress", interrupt)
    classifier = small(verbose=1, max_iter=50)
    with pytest.raises(KeyboardInterrupt, match="interrupted; the best ticket so far is kept"):
        classifier.fit(*iris)
    assert classifier.n_iter_ == len(classifier.loss_curve_) == 3
    assert classifier.score(*iris) > 0.5
    assert classifier.predict_proba(iris[0]).shape == (150, 3)
    assert classifier.ticket_.head.labels.tolist() == [0, 1, 2]


def test_an_interrupt_before_anything_is_found_leaves_the_estimator_unfitted(monkeypatch, iris):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(scratchcard.search.memetic.search.MemeticSearch, "_live", interrupted)
    classifier = small()
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(*iris)
    with pytest.raises(NotFittedError):
        classifier.predict(iris[0])


def test_an_interrupt_ends_a_grid_search(monkeypatch, iris):
    seen = []

    def interrupt(progress):
        seen.append(progress.generation)
        raise KeyboardInterrupt

    monkeypatch.setattr(scratchcard.estimators.base, "_print_progress", interrupt)
    grid = GridSearchCV(small(verbose=1), {"max_iter": [3, 4, 5]}, cv=3)
    with pytest.raises(KeyboardInterrupt):
        grid.fit(*iris)
    assert seen == [1]
    assert not hasattr(grid, "best_estimator_")
