"""Table: rows whose columns are numbers or categories, from arrays and data frames.

NumPy only; pyarrow where a data frame is read.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Table", "as_text", "is_frame"]

Array = npt.NDArray[Any]
Values = tuple[str, ...] | None

_LARGEST = 2.0**53  # the largest whole number up to which a float holds all of them
DATES = "turn dates and times into numbers first, such as days since a day, the month, the hour"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a table. Every column is of numbers, or of categories.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Numbers, of categories their places in ``values``; NaN where there is none.
    values : tuple of tuple of str or None
        For each column the values of a category, all different; None for numbers.
    names : tuple of str or None
        Names of the columns, all different; None where they have none.

    Raises
    ------
    ValueError
        For parts that do not fit together.
    """

    X: Array
    values: tuple[Values, ...]
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or self.X.dtype.kind not in "biuf":
            raise ValueError(
                f"X takes numbers of shape (n_rows, n_columns), got {self.X.dtype} {self.X.shape}"
            )
        for name, given in (("values", self.values), ("names", self.names)):
            if given is not None and len(given) != self.n_columns:
                raise ValueError(
                    f"{name} takes one for each of {self.n_columns} columns, got {len(given)}"
                )
        if self.names is not None and len(set(self.names)) != len(self.names):
            raise ValueError(f"more than one column is named {first_repeated(self.names)!r}")

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.X)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return int(self.X.shape[1])

    @property
    def is_plain(self) -> bool:
        """Whether all columns are numbers."""
        return all(values is None for values in self.values)

    def name_of(self, column: int) -> str:
        """Return what a column is called in messages.

        Parameters
        ----------
        column : int
            Its place, from 0.

        Returns
        -------
        str
            Its name in quotes, or its place.
        """
        return str(column) if self.names is None else repr(self.names[column])

    def take(self, rows: Array) -> Table:
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray of shape (n,)
            Their indices, or a boolean for each row.

        Returns
        -------
        Table
            These rows.
        """
        return Table(self.X[rows], self.values, self.names)

    def filled(self, numbers: Array) -> Table:
        """Return the rows with a number in place of each missing cell.

        Parameters
        ----------
        numbers : ndarray of shape (n_columns,)
            The number for each column; NaN leaves its cells missing. Where a column came as text,
            so does the number.

        Returns
        -------
        Table
            The rows.
        """
        values = list(self.values)
        fills = np.array(numbers, np.float64)
        for column, known in enumerate(values):
            if known is not None and not math.isnan(fills[column]):
                values[column] = (*known, repr(float(fills[column])))
                fills[column] = len(known)
        return Table(np.where(np.isnan(self.X), fills, self.X), tuple(values), self.names)

    def numbers(self) -> Array:
        """Return the rows as numbers.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            The numbers; NaN where there is none.

        Raises
        ------
        ValueError
            For a table with categories.
        """
        for column, values in enumerate(self.values):
            if values is not None:
                found = repr(values[0]) if values else "none"
                raise ValueError(f"column {self.name_of(column)} takes numbers, got {found}")
        return self.X

    @classmethod
    def of(
        cls, X: Any, categories: Collection[int | str] = (), only: Collection[str] = ()
    ) -> Table:
        """Return a table of rows in any form that people have them in.

        Parameters
        ----------
        X : Table, data frame, mapping or array-like of shape (n_rows, n_columns)
            A data frame of pandas, polars or pyarrow, or whatever else speaks Arrow's PyCapsule
            interface; columns by name; or an array of numbers, or of objects. Text and categories
            become categories, booleans numbers. None and NaN are missing. The index of a pandas
            frame is no column.
        categories : collection of int or str
            Names or places of columns that are categories whatever they hold.
        only : collection of str
            Names of the columns to read, where there are names and all of these are among them:
            the others may then hold anything. Empty for all columns.

        Returns
        -------
        Table
            The rows.

        Raises
        ------
        ValueError
            For anything else, such as dates, infinite numbers, or two columns of one name.
        """
        if isinstance(X, Table):
            return X
        if is_frame(X):
            from scratchcard.ticket.arrow import arrow_table

            found = arrow_table(X, only)
            names: tuple[str, ...] | None = tuple(map(str, found.column_names))
            columns: Sequence[Any] = found.columns
        else:
            rows = _as_array(X)
            if rows.dtype.kind in "biuf" and not categories:
                check_finite_or_missing(rows)
                return cls(rows, (None,) * rows.shape[1])
            names, columns = None, list(rows.T)
        return cls.of_columns(columns, names, categories)

    @classmethod
    def of_columns(
        cls,
        columns: Sequence[Any],
        names: tuple[str, ...] | None,
        categories: Collection[int | str] = (),
    ) -> Table:
        """Return a table of columns.

        Parameters
        ----------
        columns : sequence of ndarray of shape (n_rows,), or of pyarrow.ChunkedArray
            The columns.
        names : tuple of str or None
            Their names.
        categories : collection of int or str
            Names or places of columns that are categories whatever they hold.

        Returns
        -------
        Table
            The rows.

        Raises
        ------
        ValueError
            For what is neither numbers nor categories.
        """
        n_rows = len(columns[0]) if len(columns) else 0
        X = np.empty((n_rows, len(columns)))
        values: list[Values] = []
        for k, column in enumerate(columns):
            name = k if names is None else names[k]
            is_category = k in categories or name in categories
            if not isinstance(column, np.ndarray):
                from scratchcard.ticket.arrow import array_of

                column = array_of(f"column {name!r}", column)
            X[:, k], found = _coded(f"column {name!r}", column, is_category)
            values.append(found)
        return cls(X, tuple(values), names)


def as_text(number: float) -> str:
    """Return the text of a number that is the value of a category: 1.0 is "1".

    Parameters
    ----------
    number : float
        A finite number.

    Returns
    -------
    str
        The text.
    """
    is_whole = math.floor(number) == number and abs(number) < _LARGEST
    return str(int(number)) if is_whole else repr(float(number))


def first_repeated(names: Sequence[str]) -> str:
    """Return the first name that stands there twice.

    Parameters
    ----------
    names : sequence of str
        Names, of which two are equal.

    Returns
    -------
    str
        The name.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise ValueError("names takes two that are equal")


def check_finite_or_missing(rows: Array, where: str = "X") -> None:
    """Raise ValueError for numbers that are infinite; NaN is a missing one.

    Parameters
    ----------
    rows : ndarray
        Numbers.
    where : str
        What they are, for the error.
    """
    if rows.dtype.kind == "f" and np.isinf(rows).any():
        raise ValueError(f"{where} takes finite numbers, got infinity")


def check_exact(where: str, numbers: Array) -> None:
    """Raise ValueError for values of a category of which a float may hold several as one.

    Parameters
    ----------
    where : str
        What they are, for the error.
    numbers : ndarray
        Floats; NaN is a missing one.
    """
    is_beyond = np.abs(numbers) >= _LARGEST
    if is_beyond.any():
        raise ValueError(
            f"{where} takes as values of a category numbers below 2**53, got "
            f"{numbers[is_beyond][0]:.17g}; turn them into text"
        )


def is_frame(X: Any) -> bool:
    """Return whether something is a data frame, or columns by name.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    bool
        Whether its columns have names.
    """
    return isinstance(X, Mapping) or hasattr(X, "__arrow_c_stream__") or hasattr(X, "iloc")


def _as_array(X: Any) -> Array:
    """Return rows without names as an array of numbers, or of objects."""
    try:
        rows = np.asarray(X)
        if rows.dtype.kind in "US":  # numbers beside text would be text as well
            rows = np.asarray(X, dtype=object)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"X takes shape (n_rows, n_columns), got {error}") from None
    if rows.ndim != 2:
        hint = "; one row is X.reshape(1, -1)" if rows.ndim == 1 else ""
        raise ValueError(f"X takes shape (n_rows, n_columns), got {rows.shape}{hint}")
    if rows.dtype.kind in "mM":
        raise ValueError(f"X holds dates or times; {DATES}")
    if rows.dtype.kind not in "biufO":
        raise ValueError(f"X takes numbers or text, got {rows.dtype} values")
    return rows


def _coded(where: str, column: Array, is_category: bool) -> tuple[Array, Values]:
    """Return a column as numbers, and the values that they stand for where it is a category."""
    if column.dtype.kind == "O":
        texts = [_text_or_none(where, cell) for cell in column]
        if not is_category and not any(isinstance(cell, str) for cell in texts):
            numbers = np.array([math.nan if c is None else float(c) for c in texts])
            check_finite_or_missing(numbers, where)
            return numbers, None
        check_exact(where, np.array([c for c in texts if isinstance(c, float)]))
        texts = [c if c is None or isinstance(c, str) else as_text(c) for c in texts]
    elif column.dtype.kind in "biuf":
        check_finite_or_missing(column, where)
        if not is_category:
            return column, None
        numbers = column.astype(np.float64)
        check_exact(where, numbers)
        different, places = np.unique(numbers, return_inverse=True)
        known = [None if math.isnan(value) else as_text(value) for value in different]
        texts = [known[place] for place in places.reshape(-1)]
    elif column.dtype.kind in "mM":
        raise ValueError(f"{where} holds dates or times; {DATES}")
    else:
        raise ValueError(f"{where} takes numbers or text, got {column.dtype} values")
    values = sorted({text for text in texts if isinstance(text, str)})
    place_of = {value: float(place) for place, value in enumerate(values)}
    codes = np.array([math.nan if text is None else place_of[str(text)] for text in texts])
    return codes, tuple(values)


def _text_or_none(where: str, cell: Any) -> str | float | None:
    """Return a cell of any kind as text or as a number; None where there is nothing in it."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (bool, int, float, np.number, np.bool_)):
        try:
            number = float(cell)
        except (OverflowError, TypeError) as error:  # beyond float64, or complex
            raise ValueError(f"{where} takes numbers or text, got {cell!r} ({error})") from None
        if math.isinf(number):
            raise ValueError(f"{where} takes finite numbers, got infinity")
        return None if math.isnan(number) else number
    kind = type(cell).__name__
    if kind in ("NAType", "NaTType"):  # of pandas
        return None
    hint = f"; {DATES}" if kind in ("date", "datetime", "Timestamp", "datetime64") else ""
    raise ValueError(f"{where} takes numbers or text, got {kind} {cell!r}{hint}")
