"""Columns: how the columns of a table become the inputs of a network. NumPy only.

A number is one input. A category is one input for each of its values, 1 where a row has that value
and 0 elsewhere; a value that was never seen is 0 everywhere. Where a column may have missing cells,
one more input says so: a missing number is the zero of its column's scaling. A constant column is
no input. docs/ticket-format.md has the bytes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.text import one_line
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.table import Table, as_text, first_repeated

__all__ = ["Column", "Columns"]

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

STRANGERS = 10  # cells of a category without a known one that are no accident
MOST_COLUMNS = 1 << 16
MOST_INPUTS = 1 << 18
NOTHING, NUMBER, CATEGORY = 0, 1, 3  # codes in a file; + 1 where cells may be missing


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    kind : {"number", "category", "none"}
        What it holds; "none" for a column that becomes no input.
    name : str or None
        Its name; None where columns have none, or where the ticket does not read it.
    values : tuple of str or None
        Of a category, its values; None for one that the ticket does not read.
    missing : bool
        Whether cells may be missing.
    """

    kind: str
    name: str | None = None
    values: tuple[str | None, ...] = ()
    missing: bool = False

    @property
    def n_inputs(self) -> int:
        """Number of inputs that it becomes."""
        return (self.kind == "number") + len(self.values) + self.missing

    @property
    def code(self) -> int:
        """What stands for it in a file, but for its names and its scaling."""
        if self.kind == "category":
            return CATEGORY + 2 * (len(self.values) - 1) + self.missing
        return NUMBER + self.missing if self.kind == "number" else NOTHING


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a table, and which of their inputs a ticket reads.

    Parameters
    ----------
    columns : tuple of Column
        All of them, in order.
    is_named : bool
        Whether columns are found by their names.
    kept : ndarray of shape (n_inputs,), bool
        The inputs that are read; the others are 0. Copied and read-only.

    Raises
    ------
    ValueError
        For parts that do not fit together, and names or values that stand there twice.
    """

    columns: tuple[Column, ...]
    is_named: bool
    kept: Bools

    def __post_init__(self) -> None:
        kept = np.array(self.kept, dtype=np.bool_)
        kept.flags.writeable = False
        object.__setattr__(self, "kept", kept)
        if not 1 <= len(self.columns) <= MOST_COLUMNS:
            raise ValueError(f"columns takes 1..{MOST_COLUMNS}, got {len(self.columns)}")
        n_inputs = sum(column.n_inputs for column in self.columns)
        if not 1 <= n_inputs <= MOST_INPUTS:
            raise ValueError(
                f"columns take 1..{MOST_INPUTS} inputs in all, got {n_inputs}"
                + (": all of them are constant" if not n_inputs else "")
            )
        if kept.shape != (n_inputs,):
            raise ValueError(f"kept takes shape ({n_inputs},), got {kept.shape}")
        names = [column.name for column in self.columns if column.name is not None]
        if len(set(names)) < len(names):
            raise ValueError(f"more than one column is named {first_repeated(names)!r}")
        for column in self.columns:
            values = [value for value in column.values if value is not None]
            if len(set(values)) < len(values):
                raise ValueError(
                    f"column {column.name!r} has the value {first_repeated(values)!r} twice"
                )

    @property
    def n_columns(self) -> int:
        """Number of columns of a table."""
        return len(self.columns)

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the network."""
        return len(self.kept)

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns that are read, in order; None where they have none."""
        if not self.is_named:
            return None
        return tuple(column.name for column in self.columns if column.name is not None)

    @property
    def is_plain(self) -> bool:
        """Whether every column is a number that may not be missing, and one input."""
        return all(column.code == NUMBER for column in self.columns)

    def without_names(self) -> Columns:
        """Return the same columns without names.

        Returns
        -------
        Columns
            Columns that are found by their places.
        """
        columns = tuple(replace(column, name=None) for column in self.columns)
        return Columns(columns, False, self.kept)

    @cached_property
    def firsts(self) -> npt.NDArray[np.int64]:
        """The first input of each column, (n_columns,)."""
        counts = [column.n_inputs for column in self.columns]
        return np.cumsum([0, *counts[:-1]], dtype=np.int64)

    @cached_property
    def own(self) -> Bools:
        """Which inputs are numbers of their own scaling, and not 0 or 1, (n_inputs,)."""
        own = np.zeros(self.n_inputs, dtype=np.bool_)
        numbers = [column.kind == "number" for column in self.columns]
        own[self.firsts[numbers]] = True
        return own

    def inputs_of(self, column: int) -> range:
        """Return the inputs that a column becomes.

        Parameters
        ----------
        column : int
            Its place, from 0.

        Returns
        -------
        range
            Places of inputs.
        """
        first = int(self.firsts[column])
        return range(first, first + self.columns[column].n_inputs)

    def middles(self, scaling: InputScaling) -> npt.NDArray[np.float64]:
        """Return what a missing number of each column would be, had the column lacked some.

        Parameters
        ----------
        scaling : InputScaling
            How features become integers.

        Returns
        -------
        ndarray of shape (n_columns,)
            What becomes 0; NaN for other columns, and for those that may lack cells.
        """
        offset = np.broadcast_to(scaling.offset.astype(np.float64), self.n_inputs)
        found = np.full(self.n_columns, np.nan)
        numbers = [column.code == NUMBER for column in self.columns]
        found[numbers] = offset[self.firsts[numbers]]
        return found

    def input_names(self) -> list[str]:
        """Return a name for each input: of the column, and of the value if it is a category.

        Returns
        -------
        list of str
            One for each input; columns without names are called by their places.
        """
        found = []
        for place, column in enumerate(self.columns):
            name = str(place) if column.name is None else column.name
            found += [name] if column.kind == "number" else []
            found += [f"{name}={'?' if value is None else value}" for value in column.values]
            found += [f"{name} missing"] if column.missing else []
        return found

    # -- rows ------------------------------------------------------------------------------------

    def table_of(self, X: Any) -> Table:
        """Return rows in any form as a table; of named columns no others than those that are read.

        Parameters
        ----------
        X : Table, data frame, mapping or array-like of shape (n_rows, n_columns)
            Rows, as for :meth:`Table.of`.

        Returns
        -------
        Table
            The rows.
        """
        return Table.of(X, only=self.names or ())

    def features(self, table: Table, scaling: InputScaling) -> npt.NDArray[np.float64]:
        """Return the features that a network scales, of a table's rows.

        Parameters
        ----------
        table : Table
            Rows. Columns are found by their names if both have some, and else by their places.
        scaling : InputScaling
            How features become integers; a missing number becomes its offset, and so 0.

        Returns
        -------
        ndarray of shape (n_rows, n_inputs)
            Finite numbers.

        Raises
        ------
        ValueError
            For a table without a column that is read, and for cells that it cannot have.

        Warns
        -----
        UserWarning
            Where a category has ten cells or more, and none of them a value that is read.
        """
        places = self._places(table)
        nothing = np.broadcast_to(scaling.offset.astype(np.float64), (self.n_inputs,))
        found = np.tile(nothing, (table.n_rows, 1))
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            if not self.kept[inputs.start : inputs.stop].any():
                continue
            where = f"column {table.name_of(places[k])}"
            if column.kind == "number":
                numbers = _as_numbers(where, table, places[k])
                is_missing = np.isnan(numbers)
                if is_missing.any() and not column.missing:
                    raise ValueError(
                        f"{where} has no value in row {int(is_missing.argmax()) + 1}; it had none "
                        "missing when the ticket was found"
                    )
                if self.kept[inputs.start]:
                    found[:, inputs.start] = np.where(is_missing, nothing[inputs.start], numbers)
            else:
                codes = _as_codes(table, places[k], column.values)
                is_missing = np.isnan(table.X[:, places[k]].astype(np.float64))
                _warn_of_strangers(where, column, codes[~is_missing])
                for value in range(len(column.values)):
                    if self.kept[inputs.start + value]:
                        found[:, inputs.start + value] = codes == value
            if column.missing and self.kept[inputs.stop - 1]:
                found[:, inputs.stop - 1] = is_missing
        return found

    def codes(self, table: Table) -> npt.NDArray[np.float64]:
        """Return rows as plain numbers, as readers and exports without text take them.

        Parameters
        ----------
        table : Table
            Rows, as for :meth:`features`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Numbers as they are; of a category the place of the value among those that are read, -1
            for any other; NaN for a missing cell, and 0 in columns that are not read.

        Raises
        ------
        ValueError
            For a table without a column that is read, and for text where numbers should be.
        """
        places = self._places(table)
        found = np.zeros((table.n_rows, self.n_columns))
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            if not self.kept[inputs.start : inputs.stop].any():
                continue
            if column.kind == "number":
                found[:, k] = _as_numbers(f"column {table.name_of(places[k])}", table, places[k])
            else:
                values = [value for value in column.values if value is not None]
                is_missing = np.isnan(table.X[:, places[k]].astype(np.float64))
                found[:, k] = np.where(is_missing, np.nan, _as_codes(table, places[k], values))
        return found

    def _places(self, table: Table) -> list[int]:
        """Return where each column stands in a table; 0 for those that are not read."""
        if self.is_named and table.names is not None:
            place_of = {name: place for place, name in enumerate(table.names)}
            absent = [name for name in self.names or () if name not in place_of]
            if absent:
                raise ValueError(
                    f"X lacks {_listed(absent)}, which the ticket reads; it has "
                    f"{_listed(table.names) if table.names else 'no columns'}"
                )
            return [0 if c.name is None else place_of[c.name] for c in self.columns]
        if table.n_columns != self.n_columns:
            by_name = ", or names to find them by" if self.is_named else ""
            raise ValueError(f"X takes {self.n_columns} columns{by_name}, got {table.n_columns}")
        return list(range(self.n_columns))

    def keeping(self, kept: Bools, scaling: InputScaling) -> tuple[Columns, InputScaling]:
        """Return the same columns and scaling without what belongs to inputs that are not read.

        Parameters
        ----------
        kept : ndarray of shape (n_inputs,), bool
            The inputs that are read.
        scaling : InputScaling
            How features become integers.

        Returns
        -------
        columns : Columns
            Columns without names and values that are not read.
        scaling : InputScaling
            A scaling without the pairs that are not read.
        """
        kept = self.kept & kept
        columns = []
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            mine = kept[inputs.start : inputs.stop]
            columns.append(
                replace(
                    column,
                    name=column.name if mine.any() else None,
                    values=tuple(
                        value if is_kept else None
                        for value, is_kept in zip(column.values, mine, strict=False)
                    ),
                )
            )
        if scaling.offset.size > 1:
            mine = kept & self.own
            scaling = InputScaling(
                np.where(mine, scaling.offset, np.float32(0)),
                np.where(mine, scaling.scale, np.float32(1)),
            )
        return Columns(tuple(columns), self.is_named, kept), scaling

    def check_scaling(self, scaling: InputScaling) -> None:
        """Raise ValueError for a scaling that these columns cannot have.

        One pair for all inputs is for numbers that are never missing: what says that a row has some
        value, or lacks one, would not be 0 where it does not hold.
        """
        if scaling.offset.size == 1 and any(c.code > NUMBER for c in self.columns):
            raise ValueError(
                "scaling takes a pair for each input of categories and of numbers that may be "
                "missing, got one for all"
            )

    def describe(self) -> list[dict[str, Any]]:
        """Return a description of the columns that are read.

        Returns
        -------
        list of dict
            For each its place, name, kind, values, and whether cells may be missing.
        """
        found: list[dict[str, Any]] = []
        for k, column in enumerate(self.columns):
            inputs = self.inputs_of(k)
            if self.kept[inputs.start : inputs.stop].any():
                found.append({"column": k, "name": column.name, "kind": column.kind})
                if column.kind == "category":
                    found[-1]["values"] = [value for value in column.values if value is not None]
                found[-1]["missing"] = column.missing
        return found


def _as_numbers(where: str, table: Table, place: int) -> npt.NDArray[np.float64]:
    """Return a column's numbers, also where they came as text."""
    cells, values = table.X[:, place].astype(np.float64), table.values[place]
    if values is None:
        return cells
    numbers = np.empty(len(values) + 1)
    for code, value in enumerate(values):
        try:
            numbers[code] = np.inf if "_" in value else float(value)
        except ValueError:
            numbers[code] = np.inf
        is_here = cells == code
        if not np.isfinite(numbers[code]) and is_here.any():
            row = int(is_here.argmax()) + 1
            raise ValueError(f"{where} takes numbers, got {value!r} in row {row}")
    numbers[-1] = np.nan
    return numbers[np.where(np.isnan(cells), len(values), cells).astype(np.int64)]


def _warn_of_strangers(where: str, column: Column, codes: npt.NDArray[np.int64]) -> None:
    """Warn of a category of which no cell has a value that is read: it may be written otherwise."""
    known = [value for value in column.values if value is not None]
    if known and len(codes) >= STRANGERS and (codes < 0).all():
        warnings.warn(
            f"{where}: none of {len(codes)} cells has a value that the ticket reads, such as "
            f"{known[0]!r}; upper case, blanks and what stands for a missing cell matter",
            UserWarning,
            stacklevel=5,
        )


def _as_codes(table: Table, place: int, values: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Return which of these values each row has; -1 for none of them."""
    cells, own = table.X[:, place].astype(np.float64), table.values[place]
    place_of = {value: code for code, value in enumerate(values) if value is not None}
    if own is None:
        different, inverse = np.unique(cells, return_inverse=True)
        texts = [None if np.isnan(number) else as_text(number) for number in different]
        cells = inverse.reshape(-1).astype(np.float64)
    else:
        texts = [*own, None]
        cells = np.where(np.isnan(cells), len(own), cells)
    codes = np.array([-1 if t is None else place_of.get(t, -1) for t in texts], np.int64)
    return codes[cells.astype(np.int64)]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:12]))
    more = f", … ({len(names)} in all)" if len(names) > 12 else ""
    return one_line(f"{'the columns' if len(names) > 1 else 'the column'} {shown}{more}")
