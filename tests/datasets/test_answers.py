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


@pytest.mark.parametrize(
    "labels",
    [
        ["0.5", "0.25", "1e-05"],
        [".5", "1.5", "2.5"],
        ["+0.5", "1", "2"],
        ["1e-05", "2e-05", "3e-05"],
        ["-1.5E3", "0.1", "7"],
        [f"+{i}" for i in range(31)],
        [f"{i:03}" for i in range(31)],
    ],
)
def test_numbers_are_asked_about_however_they_are_written(tmp_path, labels):
    path = write(tmp_path, labels * 13)
    with pytest.raises(DataError, match=r"column 'c': .*Say --classes or --numbers"):
        load(path)
    assert load(path, answers="classes").n_classes == len(labels)
    found = load(path, answers="numbers")
    assert set(all_answers(found)) == set(map(float, labels))


@pytest.mark.parametrize(
    "labels", [["007", "008"], ["2e1", "1"], ["1_0", "0.5"], ["inf", "0.5"], ["+1", "-1"]]
)
def test_text_that_no_number_gives_back_is_text(tmp_path, labels):
    data = load(write(tmp_path, labels * 20))
    assert data.classes.tolist() == sorted(labels)


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


def test_one_constant_number_of_several_is_taken(tmp_path):
    path, numbers = tmp_path / "rows.npz", np.arange(40.0)
    np.savez(path, X=numbers[:, None], y=np.stack([numbers, np.ones(40)], axis=1))
    assert load(path, answers="numbers").train.y.shape[1] == 2
    np.savez(path, X=numbers[:, None], y=np.ones((40, 2)))
    with pytest.raises(DataError, match="all 40 rows have the same number"):
        load(path, answers="numbers")


def test_what_is_to_be_read_of_answers_is_one_of_four(tmp_path):
    for data in (write(tmp_path, ["x", "y"] * 20), "iris"):
        with pytest.raises(DataError, match="answers takes 'classes', 'numbers', 'none' or None"):
            load(data, answers="foo")


def test_without_labels_every_column_is_a_feature(tmp_path):
    data = load(write(tmp_path, FRACTIONS), answers="none")
    assert (data.answers, data.is_labelled, data.n_features) == ("none", False, 3)
    assert data.feature_names == ("a", "b", "c")


def test_without_labels_a_named_column_is_left_for_the_report(tmp_path):
    path = write(tmp_path, ["x", "y"] * 20)
    data = load(path, "c", answers="none")
    assert (data.is_labelled, data.n_features) == (True, 2)
    assert set(all_answers(data)) == {"x", "y"}
    every = load(path, answers="none")
    assert (every.is_labelled, every.columns.n_columns) == (False, 3)
    assert "2 numbers, 1 category" in every.notes


@pytest.mark.parametrize(
    ("labels", "is_labelled"),
    [
        (["x", "y"] * 20, True),
        ([str(i % 30) for i in range(60)], True),
        (["x", ""] * 20, False),
        (["x", "nan"] * 20, False),
        (FRACTIONS, False),
        (["1e-05", "2.5", ".5"] * 20, False),
        ([str(i) for i in range(60)], False),
        (["2.5"] * 40, False),
    ],
)
def test_labels_that_are_not_read_may_be_anything(tmp_path, labels, is_labelled):
    pandas = pytest.importorskip("pandas")
    path = write(tmp_path, labels)
    frame = pandas.read_csv(path, keep_default_na=False, na_values=["", "nan"])
    frame.to_parquet(tmp_path / "rows.parquet")
    read = [load(path, "c", answers="none"), load(tmp_path / "rows.parquet", "c", answers="none")]
    if "" not in labels:
        y = np.array(labels) if "x" in labels else frame["c"].to_numpy(float)
        np.savez(tmp_path / "rows.npz", X=frame[["a", "b"]].to_numpy(), c=y)
        read.append(load(tmp_path / "rows.npz", "c", answers="none"))
    for data in read:
        assert data.is_labelled == data.has_labels == is_labelled
        assert data.n_features == 2


def test_an_array_that_is_not_read_may_have_any_shape(tmp_path):
    path = tmp_path / "rows.npz"
    np.savez(path, X=np.arange(40.0)[:, None], y=np.zeros((40, 2)), z=np.zeros(7))
    for target in "yz":
        assert not load(path, target, answers="none").is_labelled


def test_numbers_are_no_labels():
    assert load("iris").has_labels
    assert load("iris", answers="none").has_labels
    assert not load("diabetes").has_labels
    assert not load("diabetes", answers="none").has_labels


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


@pytest.mark.parametrize("kind", ["decimal", "text", "float32", "integers"])
def test_parquet_of_numbers_of_other_kinds(tmp_path, kind):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    numbers = np.arange(40) / 4 if kind != "integers" else np.arange(40)
    column = {
        "decimal": lambda: pa.array([f"{n:.2f}" for n in numbers]).cast(pa.decimal128(9, 2)),
        "text": lambda: pa.array([f" {n}" for n in numbers]),
        "float32": lambda: pa.array(numbers.astype(np.float32)),
        "integers": lambda: pa.array(numbers),
    }[kind]()
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"a": np.arange(40.0), "c": column}), path)
    found = load(path, answers="numbers")
    assert_array_equal(np.sort(all_answers(found)), numbers)
    if kind != "text":
        with pytest.raises(DataError, match=r"column 'c'.*--numbers"):
            load(path)
        assert not load(path, "c", answers="none").has_labels


def test_parquet_of_whole_decimals_holds_classes(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    labels = pa.array(["1.00", "2.00"] * 20).cast(pa.decimal128(9, 2))
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"a": np.arange(40.0), "c": labels}), path)
    assert load(path).classes.tolist() == [1, 2]


def test_parquet_says_what_type_it_has(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from datetime import date

    from pyarrow import parquet

    path = tmp_path / "rows.parquet"
    days = pa.array([date(2024, 1, 1 + i % 28) for i in range(40)])
    parquet.write_table(pa.table({"a": np.arange(40.0), "c": days}), path)
    takes = {None: "strings, integers or booleans", "numbers": "numbers"}
    for answers, what in takes.items():
        with pytest.raises(DataError, match=rf"column 'c': of type date32\[day\]; takes {what}"):
            load(path, answers=answers)
    assert not load(path, "c", answers="none").has_labels


def test_very_many_different_texts_are_asked_about(tmp_path):
    """They are names or numbers of rows more often than classes, and the search would take long."""
    lines = "".join(f"{i % 7},{i % 11},name {i % 1100}\n" for i in range(22_000))
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n" + lines)
    with pytest.raises(
        DataError, match=r"column 'c': 1100 different values; .*--classes.*--target"
    ):
        load(path)
    assert load(path, answers="classes").n_classes == 1100
