"""Tables: arrays and frames of every library become the same numbers and categories."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from scratchcard.ticket import Table
from scratchcard.ticket.table import as_text

FRAME = pd.DataFrame(
    {
        "age": [20.5, np.nan, 40.0],
        "job": ["cook", None, "baker"],
        "size": pd.Categorical(["S", "L", None]),
        "member": pd.array([True, None, False], dtype="boolean"),
        "children": pd.array([1, 2, None], dtype="Int64"),
    },
    index=pd.Index([7, 8, 9], name="id"),
)
ARROW = pa.Table.from_pandas(FRAME, preserve_index=False)
MAPPING = {name: ARROW[name].to_pylist() for name in FRAME.columns}


@pytest.mark.parametrize(
    "frame",
    [FRAME, ARROW, pl.from_arrow(ARROW), MAPPING],
    ids=["pandas", "arrow", "polars", "dict"],
)
def test_frames_of_all_libraries_are_alike(frame):
    table = Table.of(frame)
    assert table.names == ("age", "job", "size", "member", "children")
    assert table.values == (None, ("baker", "cook"), ("L", "S"), None, None)
    expected = [[20.5, 1, 1, 1, 1], [np.nan, np.nan, 0, np.nan, 2], [40, 0, np.nan, 0, np.nan]]
    assert np.array_equal(table.X, expected, equal_nan=True)


def test_an_array_of_objects_is_read_by_columns():
    table = Table.of([[1, "a", True], [2.5, None, False], [None, "b", None]])
    assert table.values == (None, ("a", "b"), None)
    assert np.array_equal(
        table.X, [[1, 0, 1], [2.5, np.nan, 0], [np.nan, 1, np.nan]], equal_nan=True
    )
    assert table.names is None


def test_plain_arrays_stay_as_they_are():
    pixels = np.zeros((3, 4), np.uint8)
    assert Table.of(pixels).X is pixels


def test_columns_that_are_said_to_be_categories():
    table = Table.of(np.array([[1.0, 7], [2, np.nan], [1, 0.5]]), categories=[1])
    assert table.values == (None, ("0.5", "7"))
    assert np.array_equal(table.X[:, 1], [1, np.nan, 0], equal_nan=True)
    named = Table.of(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), categories=["a"])
    assert named.values == (("1", "2"), None)


@pytest.mark.parametrize(
    ("number", "text"), [(1.0, "1"), (-3.0, "-3"), (0.5, "0.5"), (1e20, "1e+20")]
)
def test_numbers_as_values(number, text):
    assert as_text(number) == text


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1, 2], [3]], "X takes shape"),
        ([1, 2], "one row is X.reshape"),
        (pd.DataFrame({"day": pd.to_datetime(["2020-01-01"])}), "'day' holds dates or times"),
        ([[datetime.date(2020, 1, 1)]], "turn dates and times into numbers"),
        (np.array([["2020-01-01"]], "datetime64[D]"), "dates or times"),
        (pd.DataFrame({"a": [[1], [2]]}), "takes numbers, text or categories, got list"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column is named 'a'"),
        (pd.DataFrame({"a": [1, "x"]}), "a"),
        ([[1 + 2j]], "complex"),
        ([[np.inf, 1]], "infinity"),
        ([["a", float("inf")]], "infinity"),
        ([["a"], [float("inf")]], "infinity"),
        ([[b"a"]], "bytes"),
        ({"a": [1, 2], "b": [1]}, "columns of numbers or text"),
    ],
)
def test_refused(X, message):
    with pytest.raises(ValueError, match=message):
        Table.of(X)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="names takes one for each of 2"):
        Table(np.zeros((1, 2)), (None, None), ("a",))
    with pytest.raises(ValueError, match="values takes one for each of 2"):
        Table(np.zeros((1, 2)), (None,))
    with pytest.raises(ValueError, match="shape"):
        Table(np.zeros(2), (None,))
    with pytest.raises(ValueError, match="more than one column is named 'b'"):
        Table(np.zeros((1, 3)), (None,) * 3, ("a", "b", "b"))


BIG = 2**53


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"id": pd.Categorical([BIG, BIG + 1])}),
        pd.DataFrame({"id": [BIG, BIG + 1]}),
        pl.DataFrame({"id": [BIG, BIG + 1]}),
        np.array([[BIG], [BIG + 1]]),
        np.array([["x"], [BIG + 1]], dtype=object),
    ],
    ids=["category", "pandas", "polars", "array", "objects"],
)
def test_values_that_floats_hold_as_one_are_no_category(frame):
    with pytest.raises(ValueError, match=r"numbers below 2\*\*53"):
        Table.of(frame, [0])


def test_columns_of_a_mapping_that_are_called_alike_are_refused():
    with pytest.raises(ValueError, match="more than one column is named '1'"):
        Table.of({1: [1.0], "1": [2.0]})


def test_missing_cells_are_filled():
    table = Table.of({"a": [1.5, None], "b": ["2.5", None], "c": ["x", None]})
    filled = table.filled(np.array([7.0, 0.25, np.nan]))
    assert filled.values == (None, ("2.5", "0.25"), ("x",))
    assert np.array_equal(filled.X, [[1.5, 0, 0], [7, 1, np.nan]], equal_nan=True)
