# TicketClassifier: what a teacher says instead of y.
from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score

import scratchcard.search.journal
from classifiers import small
from scratchcard import TicketClassifier

NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def forest(iris):
    X, y = iris
    return RandomForestClassifier(20, random_state=0).fit(X, NAMES[y])


def test_a_forest_becomes_a_ticket():
    X, y = load_digits(return_X_y=True)
    forest = RandomForestClassifier(random_state=0).fit(X[:900], y[:900])
    ticket = TicketClassifier(max_iter=15, random_state=0).fit(X[:1400], teacher=forest)
    assert accuracy_score(forest.predict(X[1400:]), ticket.predict(X[1400:])) > 0.85
    assert ticket.density_ <= 0.1


def test_it_is_a_search_for_what_the_teacher_says(iris, forest):
    X, _ = iris
    taught = small().fit(X, teacher=forest)
    assert taught.classes_.tolist() == NAMES.tolist()
    assert taught.ticket_ == small().fit(X, forest.predict(X)).ticket_
    onehot = forest.predict(X)[:, None] == forest.classes_
    assert taught.ticket_.mask == small().fit(X, teacher=onehot).ticket_.mask


def test_a_module_is_learnt(iris):
    X, y = iris
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100)

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(X).float()), torch.tensor(y))
        loss.backward()
        return loss

    optimizer.step(step)
    said = model(torch.tensor(X).float()).argmax(1).numpy()
    ticket = small(max_iter=15).fit(X, teacher=model)
    assert ticket.classes_.tolist() == [0, 1, 2]
    assert ticket.score(X, said) > 0.9


def test_classes_that_no_row_is_of_stay_classes(iris, forest):
    X, _ = iris
    for settings in ({}, {"early_stopping": True}, {"class_weight": "balanced"}):
        ticket = small(**settings).fit(X[:100], teacher=forest)
        assert ticket.classes_.tolist() == NAMES.tolist()
        assert ticket.predict_proba(X).shape == (150, 3)
        assert ticket.score(X[:100], forest.predict(X[:100])) > 0.9


def test_rows_of_weight_0_are_not_there(iris, forest):
    X, _ = iris
    probabilities = forest.predict_proba(X)
    weights = np.arange(150) % 3 != 0
    expected = small().fit(X[weights], teacher=probabilities[weights]).ticket_
    assert small().fit(X, sample_weight=weights, teacher=probabilities).ticket_ == expected


def test_a_frame_reaches_a_teacher_that_was_fitted_to_one():
    X, y = load_iris(return_X_y=True, as_frame=True)
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ticket = small().fit(X, teacher=forest)
    assert ticket.feature_names_in_.tolist() == X.columns.tolist()
    with pytest.raises(ValueError, match="feature names"):
        small().fit(X.rename(columns=str.upper), teacher=forest)


def test_a_warm_start_goes_on_with_the_same_classes(iris, forest):
    X, y = iris
    ticket = small(warm_start=True).fit(X, NAMES[y])
    loss = ticket.fit(X, teacher=forest).loss_
    assert ticket.n_iter_ == 10
    assert loss <= small().fit(X, forest.predict(X)).loss_
    with pytest.raises(ValueError, match="teacher takes the classes of the previous fit"):
        ticket.fit(X, teacher=forest.predict_proba(X))


def test_a_clone_asks_anew(iris, forest):
    ticket = small().fit(iris[0], teacher=forest)
    with pytest.raises(NotFittedError):
        clone(ticket).predict(iris[0])
    assert "teacher" not in ticket.get_params()


def test_what_is_refused_before_the_search(iris, forest, monkeypatch):
    X, y = iris
    monkeypatch.setattr(scratchcard.search.journal, "evolve", None)
    for settings, message in (
        ({"y": y, "teacher": forest}, "fit takes y or teacher, got both"),
        ({"y": None}, "requires y to be passed, but the target y is None"),
        ({"teacher": forest.predict_proba(X)[:9]}, "a row for each of 150 rows"),
        ({"teacher": RandomForestClassifier()}, "RandomForestClassifier is not fitted"),
    ):
        with pytest.raises(ValueError, match=message):
            small().fit(X, **settings)
    with pytest.raises(ValueError, match="teacher takes rows of two classes or more, got 1 class"):
        small().fit(X[:20], teacher=forest)
    with pytest.raises(ValueError, match="RandomForestClassifier has 4, the rows 3"):
        small().fit(X[:, :3], teacher=forest)
    with pytest.raises(ValueError, match="infinity"):
        small().fit(np.where(X > 5, np.inf, X), teacher=forest)
