"""The split: how many rows become which part, and what rows are too few for one."""

from __future__ import annotations

import numpy as np
import pytest

from scratchcard.datasets import DataError, Dataset, Part, split


def numbered(n_rows: int, n_classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return rows that carry their own number, and labels in turn."""
    X = np.arange(n_rows, dtype=float)[:, None] * [1, -1]
    return X, np.array(["a", "b", "c", "d"])[np.arange(n_rows) % n_classes]


def sizes(data: Dataset) -> tuple[int, ...]:
    return tuple(len(part.y) for part in (data.train, data.validation, data.test))


@pytest.mark.parametrize(
    ("n_rows", "expected"), [(100, (63, 12, 25)), (101, (63, 12, 26)), (40, (25, 5, 10))]
)
def test_a_quarter_is_to_test_and_of_the_rest_15_percent_to_validate(n_rows, expected):
    X, y = numbered(n_rows)
    data = split("mine", X, y, feature_names=("up", "down"))
    assert sizes(data) == expected
    found = np.concatenate([data.train.X, data.validation.X, data.test.X])
    assert sorted(found[:, 0].tolist()) == list(range(n_rows))  # each row once
    for part in (data.train, data.validation, data.test):
        assert np.array_equal(part.X, X[part.X[:, 0].astype(int)])
        assert np.array_equal(part.y, y[part.X[:, 0].astype(int)])
        counts = np.unique(part.y, return_counts=True)[1]
        assert abs(counts[0] - counts[1]) <= 1
    assert (data.name, data.feature_names) == ("mine", ("up", "down"))


def test_test_rows_of_their_own_stay_as_they_are():
    X, y = numbered(100)
    test = Part(X[:3] + 1000, y[:3])
    data = split("mine", X, y, test=test)
    assert sizes(data) == (85, 15, 3)
    assert data.test.X is test.X
    assert data.test.y is test.y
    assert sizes(split("mine", X, y, test_rows=10)) == (76, 14, 10)


def test_the_split_does_not_depend_on_the_features():
    X, y = numbered(60)
    parts = [split("mine", features, y).test.y.tolist() for features in (X, X[::-1], X * 0)]
    assert parts[0] == parts[1] == parts[2]
    places = split("mine", X, y).test.X[:, 0].astype(int)
    assert np.array_equal(split("mine", X * 1000, y).test.X, X[places] * 1000)


def test_three_rows_of_a_class_are_enough_and_two_are_not():
    X, y = numbered(40)
    y = np.where(np.arange(40) < 37, y, "rare")
    assert sizes(split("mine", X, y)) == (25, 5, 10)
    y[37] = "a"
    with pytest.raises(DataError, match="3 classes in 40 rows, and class rare has only 2; each"):
        split("mine", X, y)


@pytest.mark.parametrize(("has_test", "n_rows"), [(False, 19), (True, 14)])
def test_validation_rows_must_be_one_of_each_class(has_test, n_rows):
    X, y = numbered(n_rows, n_classes=3)
    test = Part(X[:2], y[:2]) if has_test else None
    assert sizes(split("mine", X, y, test=test))[1] == 3
    X, y = X[:-1], y[:-1]
    with pytest.raises(DataError, match=f"mine: {n_rows - 1} rows are too few for 3 classes"):
        split("mine", X, y, test=test)


def test_rows_that_cannot_be_split_are_named():
    X, y = numbered(40)
    with pytest.raises(DataError, match=r"^mine: no rows$"):
        split("mine", X[:0], y[:0])
    with pytest.raises(DataError, match=r"^mine: no feature columns beside the labels$"):
        split("mine", X[:, :0], y)
    with pytest.raises(DataError, match=r"^mine: all 40 rows are of one class, a; two needed$"):
        split("mine", X, np.array(["a"] * 40))
    X[5, 1] = -np.inf
    with pytest.raises(DataError, match=r"^mine: X\[5, 1\] is -inf; takes finite numbers$"):
        split("mine", X, y)


# Parts that are put together by hand


def parts(**changes) -> Dataset:
    X, y = numbered(6)
    whole = {name: Part(X, y) for name in ("train", "validation", "test")}
    return Dataset("mine", **(whole | changes))


def test_classes_are_those_of_the_training_rows_in_order():
    X = np.zeros((3, 2))
    data = parts(train=Part(X, np.array(["c", "a", "b"])))
    assert data.classes.tolist() == ["a", "b", "c"]
    assert (data.n_classes, data.n_features) == (3, 2)
    assert data.targets(data.train).tolist() == [2, 0, 1]
    assert data.targets(data.test).dtype == np.int64


@pytest.mark.parametrize("name", ["validation", "test"])
def test_a_class_that_was_never_trained_on_is_refused(name):
    X = np.zeros((3, 2))
    with pytest.raises(DataError, match=f"class z has {name} rows but no training rows"):
        parts(**{name: Part(X, np.array(["a", "z", "b"]))})
    parts(**{name: Part(X, np.array(["a", "a", "b"]))})


@pytest.mark.parametrize("name", ["train", "validation", "test"])
@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros(3), "aab", r"rows take X \(n_rows, n_features\).*got \(3,\) and \(3,\)"),
        (np.zeros((3, 2)), "ab", r".*got \(3, 2\) and \(2,\)"),
        (np.zeros((0, 2)), "", "has no rows"),
        (np.full((3, 2), np.nan), "aab", r"X\[0, 0\] is nan"),
    ],
)
def test_every_part_is_checked(name, X, y, message):
    with pytest.raises(DataError, match=f"^mine: {name} ?{message}"):
        parts(**{name: Part(X, np.array(list(y), dtype="U1"))})


@pytest.mark.parametrize("name", ["validation", "test"])
def test_every_part_has_as_many_features(name):
    message = f"mine: {name} rows have 3 features, the training rows 2"
    with pytest.raises(DataError, match=message):
        parts(**{name: Part(np.zeros((2, 3)), np.array(["a", "b"]))})
