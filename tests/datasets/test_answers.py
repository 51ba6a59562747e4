# What a data set says of its rows: classes, numbers, or nothing that a search may read.
from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from scratchcard.datasets import DataError, load


def write(tmp_path, labels, name="table.csv"):
    """A table of two features and these labels, in the column that is last."""
    lines = ["a,b,c"] + [f"{i},{i * i % 7},{label}" for i, label in enumerate(labels)]
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


def all_answers(data):
    return np.concatenate([part.y for part in (data.train, data.validation, data.test)])


MANY = [str(10 * (i % 31)) for i in range(310)]
FRACTIONS = [f"{i / 8}" for i in range(40)]


@pytest.mark.parametrize("labels", [MANY, FRACTIONS])
def test_numbers_that_may_be_answers_are_asked_about(tmp_path, labels):
    path = write(tmp_path, labels)
    with pytest.raises(DataError, match=r"column 'c'.*--numbers"):
        load(path)
    data = load(path, answers="numbers")
    assert data.answers == "numbers"
    assert data.train.y.dtype == np.float64
    assert_array_equal(np.sort(all_answers(data)), np.sort(np.array(labels, float)))


def test_many_integers_are_classes_where_someone_says_so(tmp_path):
    data = load(write(tmp_path, MANY), answers="classes")
    assert (data.answers, data.n_classes) == ("classes", 31)


def test_few_integers_and_text_are_classes_and_nobody_is_asked(tmp_path):
    thirty = [str(i % 30) for i in range(300)]
    assert load(write(tmp_path, thirty)).n_classes == 30
    many_words = [f"w{i % 60}" for i in range(900)]
    assert load(write(tmp_path, many_words)).n_classes == 60


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("high", "must be finite numbers, but one is 'high'"),
        ("inf", "must be finite numbers, but one is 'inf'"),
        ("1_0", "must be finite numbers, but one is '1_0'"),
    ],
)
def test_numbers_must_be_numbers(tmp_path, label, message):
    with pytest.raises(DataError, match=f"column 'c' {message}"):
        load(write(tmp_path, [*FRACTIONS, label]), answers="numbers")


def test_numbers_that_are_all_the_same_are_refused(tmp_path):
    with pytest.raises(DataError, match="all 40 rows have the same number to predict"):
        load(write(tmp_path, ["2.5"] * 40), answers="numbers")


def test_without_labels_every_column_is_a_feature(tmp_path):
    data = load(write(tmp_path, FRACTIONS), answers="none")
    assert (data.answers, data.is_labelled, data.n_features) == ("none", False, 3)
    assert data.feature_names == ("a", "b", "c")


def test_without_labels_a_named_column_is_left_for_the_report(tmp_path):
    path = write(tmp_path, ["x", "y"] * 20)
    data = load(path, "c", answers="none")
    assert (data.is_labelled, data.n_features) == (True, 2)
    assert set(all_answers(data)) == {"x", "y"}
    with pytest.raises(DataError, match="column 'c' holds 'x', not a number"):
        load(path, answers="none")


def test_without_labels_no_cut_depends_on_them(tmp_path):
    words = np.array(["x"] * 30 + ["y"] * 10)
    cuts = [
        load(write(tmp_path, labels), "c", answers="none").train.X
        for labels in (words, words[::-1])
    ]
    assert_array_equal(*cuts)


def test_a_few_rows_without_labels_are_too_few(tmp_path):
    with pytest.raises(DataError, match="5 rows are too few; takes at least 6"):
        load(write(tmp_path, FRACTIONS[:5]), answers="none")


def test_named_sets_have_answers_of_their_own():
    data = load("diabetes")
    assert (data.answers, data.n_features) == ("numbers", 10)
    assert data.feature_names[:2] == ("age", "sex")
    assert data.train.y.max() > 300
    with pytest.raises(DataError, match="diabetes has numbers to predict, not classes"):
        load("diabetes", answers="classes")
    with pytest.raises(DataError, match="iris has classes to predict, not numbers"):
        load("iris", answers="numbers")


def test_an_array_may_hold_several_numbers_for_each_row(tmp_path):
    path = tmp_path / "rows.npz"
    numbers = np.arange(80.0).reshape(40, 2)
    np.savez(path, X=np.arange(40.0)[:, None], y=numbers)
    data = load(path, answers="numbers")
    assert data.test.y.shape == (10, 2)
    with pytest.raises(DataError, match="one per row"):
        load(path, answers="classes")
    np.savez(path, X=np.arange(40.0)[:, None], y=np.full(40, np.inf))
    with pytest.raises(DataError, match=r"y\[0\] is inf; takes finite numbers"):
        load(path, answers="numbers")


def test_parquet_of_numbers(tmp_path):
    import pandas as pd

    path = tmp_path / "rows.parquet"
    pd.DataFrame({"a": np.arange(40.0), "c": np.arange(40) / 3}).to_parquet(path)
    with pytest.raises(DataError, match=r"column 'c'.*--numbers"):
        load(path)
    assert load(path, answers="numbers").answers == "numbers"
