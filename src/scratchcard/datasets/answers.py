"""Answers: the column of a file that says what rows are, as class labels or as numbers. NumPy.

Labels are strings, integers or booleans. Numbers written as 1.0 or 1.000e+00 are integers; text
such as 007, 1_0 or 2e1, which a number could not give back, is a string, and then all labels are.
Where nobody has said what they are, and all could be numbers, that is asked if one is no whole
number or many are different.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchcard.datasets.dataset import Answers, Array, DataError, check_finite

MOST_NOT_ASKED = 30
"""Labels that are more different integers than this may be numbers, so the user is asked."""

MOST_TEXT_NOT_ASKED = 1000
"""Text of more different values than this is likely no class, and a search for so many is long."""

QUESTION = (
    "Are they classes, or numbers to predict? Say --classes or --numbers (answers='classes' or "
    "'numbers')"
)
EMPTY = ("", "nan")  # cells without a label

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"(?!-0$)-?(0|[1-9][0-9]{0,17})(\.[0-9]*(e[+-][0-9]{2,3})?)?")
_LARGEST = 2.0**53  # the largest whole number up to which a float holds all of them


def answers_of_text(where: str, cells: list[str], answers: Answers | None) -> Array | None:
    """Return labels or numbers from the cells of a column.

    Parameters
    ----------
    where : str
        The file and the column, for errors.
    cells : list of str
        The cells, without blanks around them.
    answers : {"classes", "numbers", "none"} or None
        What they are; None for classes, if no more than 30 different numbers and all of them whole.

    Returns
    -------
    ndarray of shape (n_rows,) or None
        int64 or str labels, or float64 numbers. None where answers are "none", so that only the
        report would read them, and the cells are not all labels.

    Raises
    ------
    DataError
        For cells that are not what they should be.
    """
    if answers == "numbers":
        return _numbers_of_text(where, cells)
    if answers == "none":
        return _labels_or_none(answers_of_text, cells)
    if all(_INTEGER.fullmatch(cell) for cell in cells):
        return answers_of_array(where, np.array([int(cell) for cell in cells], np.int64), answers)
    if all(_NUMBER.fullmatch(cell) for cell in cells):
        return answers_of_array(where, np.array([float(cell) for cell in cells]), answers)
    labels = np.array(cells, dtype=np.str_)
    if answers is None:
        _ask_of_text(where, cells)
        _ask_of_many(where, labels)
    return labels


def _labels_or_none(
    read: Callable[[str, Any, None], Array | None], values: list[str] | Array
) -> Array | None:
    """Return what may be labels, for a report alone; None for what may be numbers, or is empty."""
    if any(isinstance(value, str) and value.strip().lower() in EMPTY for value in values):
        return None
    try:
        return read("", values, None)
    except DataError:
        return None


def _ask_of_text(where: str, cells: list[str]) -> None:
    """Raise DataError for text that may well be numbers, however they are written."""
    numbers = np.array([_number(cell) for cell in cells])
    if not np.isfinite(numbers).all():
        return
    is_broken = np.floor(numbers) != numbers
    if is_broken.any():
        raise DataError(f"{where}: numbers such as {cells[is_broken.argmax()]!r}. {QUESTION}")
    _few(where, numbers, None)


def _ask_of_many(where: str, labels: Array) -> None:
    """Raise DataError for text that has more different values than classes are likely to be."""
    n_different = len(set(labels.tolist()))
    if n_different > MOST_TEXT_NOT_ASKED:
        raise DataError(
            f"{where}: {n_different} different values; if all of them are classes, say --classes "
            "(answers='classes'), and the search takes long"
        )


def _number(cell: str) -> float:
    """Return the number that a cell holds, or NaN."""
    try:
        return math.nan if "_" in cell else float(cell)  # Python takes 1_0 for a number
    except ValueError:
        return math.nan


def _numbers_of_text(where: str, cells: list[str]) -> Array:
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells):
        numbers[row] = _number(cell)
        if not np.isfinite(numbers[row]):
            raise DataError(f"{where} must be finite numbers, but one is {cell!r}")
    return numbers


def answers_of_array(where: str, values: Array, answers: Answers | None) -> Array | None:
    """Return labels of one kind, or numbers, from an array.

    Parameters
    ----------
    where : str
        The file and the array, for errors.
    values : ndarray of shape (n_rows,), for numbers also (n_rows, n_answers)
        What it holds.
    answers : {"classes", "numbers", "none"} or None
        What they are; None for classes, if no more than 30 different numbers.

    Returns
    -------
    ndarray of the same shape, or None
        int64, bool or str labels, or float64 numbers. None where answers are "none", so that only
        the report would read them, and the values are not all labels.

    Raises
    ------
    DataError
        For values that are not what they should be.
    """
    if answers == "numbers":
        return _numbers(where, values)
    if answers == "none":
        return _labels_or_none(answers_of_array, values)
    kind = values.dtype.kind
    if kind == "O" and all(isinstance(value, str) for value in values):
        values = np.array(values, dtype=np.str_)
    if values.dtype.kind == "U":
        if answers is None:
            _ask_of_many(where, values)
        return values
    if kind == "b":
        return values
    if kind in "iu" and (kind == "i" or values.max(initial=0) <= np.iinfo(np.int64).max):
        return _few(where, values.astype(np.int64), answers)
    if kind != "f":
        raise DataError(f"{where}: of type {values.dtype}; takes strings, integers or booleans")
    whole = np.isfinite(values) & (np.floor(values) == values) & (np.abs(values) < _LARGEST)
    if not whole.all():
        first = values[np.flatnonzero(~whole)[0]]
        hint = "; if they are answers to predict as numbers, say --numbers (answers='numbers')"
        raise DataError(
            f"{where} must be classes (strings or whole numbers), but one is {first}"
            + (hint if np.isfinite(first) and answers is None else "")
        )
    return _few(where, values.astype(np.int64), answers)


def _few(where: str, labels: Array, answers: Answers | None) -> Array:
    """Return labels that are integers, unless they may well be numbers and nobody has said."""
    n_different = len(np.unique(labels))
    if answers is None and n_different > MOST_NOT_ASKED:
        raise DataError(f"{where}: {n_different} different numbers. {QUESTION}")
    return labels


def _numbers(where: str, values: Array) -> Array:
    if values.dtype.kind not in "biuf":
        raise DataError(f"{where} must be finite numbers, got type {values.dtype}")
    numbers = values.astype(np.float64)
    check_finite(where, numbers)
    return numbers
