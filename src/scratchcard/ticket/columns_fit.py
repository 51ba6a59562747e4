"""Fitting columns: what the columns of a table become, as training rows say. NumPy only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.columns import MOST_COLUMNS, Column, Columns
from scratchcard.ticket.columns_code import encode_text
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.short_pairs import LARGEST, short_pairs
from scratchcard.ticket.table import Table

__all__ = ["fit_columns", "lacking"]

Bools = npt.NDArray[np.bool_]

MOST_VALUES = 255  # of a category; a file may have more


def fit_columns(
    table: Table,
    *,
    is_named: bool = True,
    missing: Bools | None = None,
) -> tuple[Columns | None, InputScaling]:
    """Return how the columns of a table become inputs.

    Parameters
    ----------
    table : Table
        Training rows.
    is_named : bool
        Whether a ticket is to know the names, if the table has some.
    missing : ndarray of shape (n_columns,), bool, or None
        Columns whose cells may be missing though none of these rows lacks one.

    Returns
    -------
    columns : Columns or None
        The columns; None where the rows are plain features of one unit, such as pixels, without
        names.
    scaling : InputScaling
        How features become integers.

    Raises
    ------
    ValueError
        For rows that cannot be read, or of which no column varies.
    """
    is_named = is_named and table.names is not None
    lacks = lacking(table) if missing is None else lacking(table) | missing
    if not table.n_rows or not table.n_columns:
        raise ValueError("X takes at least one column and one row, got none")
    _refuse_huge(table)
    names = table.names if is_named and table.names else (None,) * table.n_columns
    if table.is_plain and not lacks.any():
        scaling = InputScaling.fit(table.X)
        is_wide = table.n_columns > MOST_COLUMNS and not is_named
        if scaling.kind == "global" or is_wide:
            if not is_named:
                return None, scaling
            columns = tuple(Column("number", name) for name in names)
            return Columns(columns, True, np.ones(len(columns), np.bool_)), scaling
    found: list[Column] = []
    ranges: list[tuple[float, float]] = []
    for k, name in enumerate(names):
        column, least, most = _fitted(table, k, name, bool(lacks[k]))
        found.append(column)
        ranges += [(least, most)] if column.kind == "number" else []
    if not any(column.n_inputs for column in found):  # then the network only has its biases
        if not table.is_plain or lacks.any():
            raise ValueError("X takes a column that varies, got none")
        found = [Column("number", name) for name in names]
        ranges = [(float(value), float(value)) for value in table.X[0]]
    fitted = Columns(tuple(found), is_named, np.ones(sum(c.n_inputs for c in found), np.bool_))
    offset, scale = np.zeros(fitted.n_inputs, np.float32), np.ones(fitted.n_inputs, np.float32)
    ends = np.array(ranges).reshape(-1, 2)
    offset[fitted.own], scale[fitted.own] = short_pairs(ends[:, 0], ends[:, 1])
    return fitted, InputScaling(offset, scale)


def lacking(table: Table) -> Bools:
    """Return which columns of a table lack cells.

    Parameters
    ----------
    table : Table
        Rows.

    Returns
    -------
    ndarray of shape (n_columns,), bool
        Whether a cell of the column is missing.
    """
    if table.X.dtype.kind != "f":
        return np.zeros(table.n_columns, np.bool_)
    return np.asarray(np.isnan(table.X).any(axis=0))


def _refuse_huge(table: Table) -> None:
    """Raise ValueError for the first column with a number that no scaling reaches."""
    if table.X.dtype.kind != "f":
        return
    with np.errstate(invalid="ignore"):
        is_huge = (np.abs(table.X) >= 2.0**LARGEST).any(axis=0)
    if is_huge.any():
        place = int(is_huge.argmax())
        found = np.nanmax(np.abs(table.X[:, place]))
        raise ValueError(
            f"column {table.name_of(place)} takes numbers below 2**{LARGEST}, got {found:.3g}"
        )


def _fitted(table: Table, k: int, name: str | None, missing: bool) -> tuple[Column, float, float]:
    """Return a column as its rows are, and of numbers their range."""
    cells, values = table.X[:, k], table.values[k]
    present = cells[~np.isnan(cells)] if cells.dtype.kind == "f" else cells
    nothing = Column("none", name), 0.0, 0.0
    if not present.size:
        return nothing
    if values is None:
        least, most = float(present.min()), float(present.max())
        if least == most and not missing:
            return nothing
        return Column("number", name, missing=missing), least, most
    seen = tuple(values[int(code)] for code in np.unique(present))
    if len(seen) > MOST_VALUES:
        raise ValueError(
            f"column {table.name_of(k)} has {len(seen)} different values, a category takes at most "
            f"{MOST_VALUES}; leave it out, or turn it into numbers"
        )
    if len(seen) == 1 and not missing:
        return nothing
    for value in seen:
        encode_text(value)  # refuses what no file holds
    return Column("category", name, seen, missing), 0.0, 0.0
