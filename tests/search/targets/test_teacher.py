# What a teacher says of rows, and what is no teacher.
from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.mixture import GaussianMixture
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scratchcard.search.targets.teacher import ask

X, y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])
PROBABILITIES = np.array([[0.2, 0.8, 0.0], [0.5, 0.5, 0.0], [0.0, 0.1, 0.9]])


@pytest.fixture(scope="module")
def forest():
    return RandomForestClassifier(10, random_state=0).fit(X, NAMES[y])


def test_a_classifier_says_what_it_predicts(forest):
    taught = ask(forest, X)
    assert np.array_equal(taught.labels, forest.predict(X))
    assert taught.classes.tolist() == NAMES.tolist()


def test_classes_that_no_row_is_of_are_known(forest):
    taught = ask(forest, X[:20])
    assert set(taught.labels) == {"setosa"}
    assert taught.classes.tolist() == NAMES.tolist()


def test_a_classifier_without_probabilities_is_a_teacher():
    ridge = make_pipeline(StandardScaler(), RidgeClassifier()).fit(X, y)
    assert np.array_equal(ask(ridge, X).labels, ridge.predict(X))


@pytest.mark.parametrize("model", [KMeans(3, random_state=0), GaussianMixture(3, random_state=0)])
def test_clusters_can_be_taught(model):
    taught = ask(model.fit(X), X)
    assert np.array_equal(taught.labels, model.predict(X))
    assert taught.classes.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([1, "a"], None, "labels are all text, or all numbers"),
        ([1, "a"], [1, "a"], "labels are all text, or all numbers"),
        ([1, 2], [1, "a"], "classes_ are all text, or all numbers"),
        ([1, 2], [np.arange(2), np.arange(3)], "classes_ are all text, or all numbers"),
        (
            [1, 2],
            [[1, 2], [1, 2]],
            "one answer for each row, SimpleNamespace has classes_ of shape",
        ),
        ([1, 3], [1, 2], "predicts 3, not of its classes_"),
        (["a", "c"], ["a", "b"], "predicts 'c', not of its classes_"),
    ],
)
def test_labels_that_no_head_can_have_are_refused(labels, classes, message):
    said = np.empty(2, object)
    said[:] = labels
    if isinstance(classes, list) and isinstance(classes[0], int | str):
        classes = np.array(classes, object)
    teacher = SimpleNamespace(predict=lambda X: said, classes_=classes)
    with pytest.raises(ValueError, match=f"teacher.*{message}"):
        ask(teacher, X[:2])


def test_rows_are_a_table(forest):
    with pytest.raises(ValueError, match=r"X takes shape \(n_rows, n_features\), got \(4,\)"):
        ask(forest, X[0])


def test_the_largest_probability_wins_and_of_several_the_first():
    for given in (PROBABILITIES, PROBABILITIES.astype(np.float16), PROBABILITIES.tolist()):
        taught = ask(given, X[:3])
        assert taught.labels.tolist() == [1, 0, 2]
        assert taught.classes.tolist() == [0, 1, 2]


def test_torch_is_not_imported():
    code = """
import sys
import numpy as np
from sklearn.tree import DecisionTreeClassifier
from scratchcard.search.targets.teacher import ask
rows = np.arange(6.0).reshape(3, 2)
print(ask(DecisionTreeClassifier().fit(rows, [0, 1, 1]), rows).labels, "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "[0 1 1] False\n")


class _Says:
    """A model that answers with what it was made with."""

    def __init__(self, answers, **attributes):
        self.answers = answers
        self.__dict__ |= attributes

    def predict(self, rows):
        return self.answers


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (RandomForestClassifier(), "a fitted model, RandomForestClassifier is not fitted"),
        (RandomForestClassifier, "a fitted model, got the class RandomForestClassifier"),
        (KMeans(2).fit(X[:, :2]), "that it was fitted to: KMeans has 2, the rows 4"),
        (LinearRegression().fit(X, y), "classes, LinearRegression predicts numbers"),
        (
            MultiOutputClassifier(RidgeClassifier()).fit(X, np.stack([y, y], 1)),
            r"a label for each of 150 rows, MultiOutputClassifier gives shape \(150, 2\)",
        ),
        (KMeans(1, random_state=0).fit(X), "two classes or more apart, KMeans has 1"),
        (_Says(y[:9]), r"for each of 150 rows, _Says gives shape \(9,\)"),
        (_Says(y, classes_=[0, 1]), r"_Says predicts np.int64\(2\), not of its classes_"),
        (SimpleNamespace(), "takes a fitted model with predict, a torch module or an array of pro"),
        ("forest", "takes a fitted model with predict, a torch module or an array of probab"),
        (y, r"got shape \(150,\); labels go to y"),
        (PROBABILITIES, r"a row for each of 150 rows .* got shape \(3, 3\)"),
        (np.ones((150, 1)), r"two classes or more, got shape \(150, 1\)"),
        (np.full((150, 2), np.nan), r"but row 0 is \(nan, nan\)"),
        (np.tile([1.5, -0.5], (150, 1)), r"but row 0 is \(1.5, -0.5\)"),
        (np.tile([3.0, 1.0], (150, 1)), r"add up to 1 in each row, but row 0 is \(3, 1\)"),
        (np.full((150, 2), 1j), "or an array of probabilities"),
    ],
)
def test_what_is_no_teacher_is_refused(teacher, message):
    with pytest.raises(ValueError, match=message):
        ask(teacher, X)
