# TeacherGoal: what is searched, and what is judged.
from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from scratchcard import Memetic
from scratchcard.datasets import Dataset, Part, load
from scratchcard.find import Search, find
from scratchcard.goals import TeacherGoal, matched_accuracy

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


def test_what_is_right_is_what_the_teacher_says(iris, forest):
    goal = TeacherGoal(forest)
    assert goal.right(iris, iris.test).tolist() == forest.predict(iris.test.X).tolist()


def test_labels_in_the_data_are_not_searched(iris, forest):
    def with_labels(change):
        parts = {name: getattr(iris, name) for name in ("train", "validation", "test")}
        return replace(iris, **{n: Part(part.X, change(part.y)) for n, part in parts.items()})

    random = np.random.default_rng(0)
    ticket = find(iris, goal=TeacherGoal(forest), **SHORT).ticket
    for change in (random.permutation, lambda y: np.zeros(len(y), dtype=np.int64)):
        found = find(with_labels(change), goal=TeacherGoal(forest), **SHORT)
        assert found.ticket.to_bytes() == ticket.to_bytes()
    report = found.report()  # 0 is no class of the teacher, so it is matched with one
    assert report["matched"]
    assert report["test_accuracy"] == np.unique(ticket.predict(iris.test.X), return_counts=True)[
        1
    ].max() / len(iris.test.X)


@pytest.mark.parametrize("kind", ["clusterer", "other names", "one name more"])
def test_labels_that_a_teacher_does_not_list_are_matched_with_its_answers(iris, kind):
    """Numbers of clusters may be labels by chance alone."""
    names = {"clusterer": np.arange(3), "other names": np.array(["x", "y", "z"])}
    names["one name more"] = np.array(["setosa", "versicolor", "virginica"])
    order = np.array([1, 2, 0])

    def renamed(part):
        which = np.unique(part.y, return_inverse=True)[1]
        found = names[kind].astype(object)[order[which]]
        if kind == "one name more":
            found = part.y.astype(object)
            found[0] = "rosa"
        return Part(part.X, found.astype(names[kind].dtype if found[0] != "rosa" else np.str_))

    if kind == "clusterer":
        teacher = KMeans(3, random_state=0, n_init=3).fit(iris.train.X)
    else:
        teacher = DecisionTreeClassifier(random_state=0).fit(*iris.train)
    parts = {name: renamed(getattr(iris, name)) for name in ("train", "validation", "test")}
    found = find(replace(iris, **parts), goal=TeacherGoal(teacher), **SHORT)
    report = found.report()
    assert report["matched"]
    assert report["teacher_train_accuracy"] > 0.8
    answers = found.ticket.predict(iris.test.X)
    assert report["test_accuracy"] == matched_accuracy(parts["test"].y, answers)


def test_the_teacher_is_asked_once_for_each_row_and_warns_of_nothing(iris):
    pandas = pytest.importorskip("pandas")

    class Counting(DecisionTreeClassifier):
        def predict(self, X, check_input=True):
            asked.append(len(X))
            return super().predict(X, check_input)

    asked: list[int] = []
    frame = pandas.DataFrame(iris.train.X, columns=list(NAMES))
    tree = Counting(random_state=0).fit(frame, iris.train.y)
    for data in (iris, replace(iris, feature_names=None)):
        asked.clear()
        goal = TeacherGoal(tree)
        for _ in range(2):
            find(data, goal=goal, **SHORT).report()
        assert asked == [len(iris.train.X) + len(iris.validation.X), len(iris.test.X)]
        other = replace(data, train=Part(data.train.X + 0.1, data.train.y))
        assert Search(other, goal=goal, **SHORT).problem.train is not None
        assert asked[2:] == asked[:1]


def test_a_clusterer_may_say_the_same_of_all_rows_of_a_part(iris):
    far = np.concatenate([np.zeros((50, 4)), np.full((50, 4), 9.0)])
    rows, zeros = far + np.random.default_rng(0).normal(size=far.shape), np.zeros(100, np.int64)
    one = Part(rows[:50], zeros[:50])
    data = Dataset("far", Part(rows, zeros), one, one, answers="none", is_labelled=False)
    teacher = KMeans(2, random_state=0, n_init=3).fit(rows)
    assert find(data, goal=TeacherGoal(teacher), **SHORT).report()["test_agreement"] > 0.9


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
