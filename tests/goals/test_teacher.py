# TeacherGoal: what is searched, and what is judged.
from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from scratchcard import Memetic
from scratchcard.datasets import Dataset, Part, load
from scratchcard.find import Search, find
from scratchcard.goals import TeacherGoal

SHORT = {"hidden": (20,), "algorithm": Memetic(max_density=0.5, population=2, burst=300)}
NAMES = ("length", "width", "petal length", "petal width")


@pytest.fixture(scope="module")
def iris():
    return replace(load("iris", answers="none"), feature_names=NAMES)


@pytest.fixture(scope="module")
def forest(iris):
    return RandomForestClassifier(20, random_state=0).fit(*iris.train)


def test_agreement_is_with_the_teacher_and_accuracy_with_the_labels(iris, forest):
    found = find(iris, goal=TeacherGoal(forest), **SHORT)
    report, ticket = found.report(), found.ticket
    for name in ("train", "validation", "test"):
        X, y = getattr(iris, name)
        taught = forest.predict(X)
        assert report[f"{name}_agreement"] == np.mean(ticket.predict(X) == taught)
        assert report[f"{name}_accuracy"] == np.mean(ticket.predict(X) == y)
        assert report[f"teacher_{name}_accuracy"] == np.mean(taught == y)
    assert report["train_agreement"] > 0.9
    assert (report["goal"], report["teacher"]) == ("teacher", "RandomForestClassifier")


def test_labels_in_the_data_are_not_searched(iris, forest):
    def with_labels(change):
        parts = {name: getattr(iris, name) for name in ("train", "validation", "test")}
        return replace(iris, **{n: Part(part.X, change(part.y)) for n, part in parts.items()})

    random = np.random.default_rng(0)
    ticket = find(iris, goal=TeacherGoal(forest), **SHORT).ticket
    for change in (random.permutation, lambda y: np.zeros(len(y), dtype=np.int64)):
        found = find(with_labels(change), goal=TeacherGoal(forest), **SHORT)
        assert found.ticket.to_bytes() == ticket.to_bytes()
    assert "test_accuracy" not in found.report()  # 0 is no class of the teacher


def test_the_teacher_is_given_its_own_columns(iris):
    import pandas as pd

    frame = pd.DataFrame(iris.train.X, columns=list(NAMES))[list(NAMES[::-1])]
    tree = DecisionTreeClassifier(random_state=0).fit(frame, iris.train.y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = Search(iris, goal=TeacherGoal(tree), **SHORT).problem.train
    said = np.searchsorted(tree.classes_, tree.predict(frame))
    assert np.array_equal(rows.targets, said)
    tree.fit(frame.rename(columns={"length": "height"}), iris.train.y)
    with pytest.raises(ValueError, match="iris: no column 'height', to which the teacher was fi"):
        Search(iris, goal=TeacherGoal(tree), **SHORT)
    tree.fit(frame.drop(columns="length"), iris.train.y)
    with pytest.raises(ValueError, match="the teacher was not fitted to column 'length'; if it ho"):
        Search(iris, goal=TeacherGoal(tree), **SHORT)


def test_what_cannot_teach_is_refused(iris, forest):
    with pytest.raises(ValueError, match=r"model with predict, or a torch module, got ndarray"):
        TeacherGoal(forest.predict_proba(iris.train.X))
    tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="DecisionTreeClassifier has 1, the rows 4"):
        Search(iris, goal=TeacherGoal(tree), **SHORT)
    far = Part(iris.train.X + 100, iris.train.y)
    alike = Dataset("far", far, far, far, answers="none")
    with pytest.raises(ValueError, match="far: the teacher says virginica of every row"):
        Search(alike, goal=TeacherGoal(forest), **SHORT)
