"""Columns: the columns of a table that a ticket may read, and how far it reads each of them. NumPy.

A column is one thing to a person and one or several inputs to the network. :func:`columns_of` says
which inputs are a column's; everything else here, and all that is shown of columns, follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.ticket import Ticket

MOST_INPUTS = 1 << 16
"""Inputs of a network whose columns are listed; a file of a few bytes may claim far more."""


class ColumnInputs(NamedTuple):
    """A column of a table, and what becomes of it.

    Attributes
    ----------
    name : str
        What it is called.
    inputs : tuple of int
        The network's inputs that it becomes, ascending.
    """

    name: str
    inputs: tuple[int, ...]


class Use(NamedTuple):
    """How far a ticket reads a column.

    Attributes
    ----------
    column : ColumnInputs
        The column.
    survivors : int
        Connections of the first layer that stay and leave the column's inputs.
    units : int
        Different units of the first layer that they lead to.
    """

    column: ColumnInputs
    survivors: int
    units: int


def columns_of(ticket: Ticket, names: Sequence[str] | None = None) -> list[ColumnInputs]:
    """Return the columns that a ticket's inputs come from, in their order.

    Parameters
    ----------
    ticket : Ticket
        A ticket of at most 2**16 inputs.
    names : sequence of str or None
        Names of the columns, for those whose names the ticket does not hold; None for "column 0",
        "column 1", ..., the places that files have them at, or "feature 1", ... where the ticket
        knows no columns.

    Returns
    -------
    list of ColumnInputs
        The columns.

    Raises
    ------
    ValueError
        For another number of names, and for a ticket with more inputs.
    """
    n_inputs, columns = ticket.network.n_inputs, ticket.columns
    if n_inputs > MOST_INPUTS:
        raise ValueError(f"columns are listed for at most {MOST_INPUTS} inputs, got {n_inputs}")
    if names is not None and len(names) != ticket.n_columns:
        raise ValueError(f"names takes {ticket.n_columns} names of columns, got {len(names)}")
    if names is None:
        what, first = ("feature", 1) if columns is None else ("column", 0)
        names = [f"{what} {number + first}" for number in range(ticket.n_columns)]
    if columns is None:
        return [ColumnInputs(name, (number,)) for number, name in enumerate(names)]
    return [
        ColumnInputs(column.name or name, tuple(columns.inputs_of(number)))
        for number, (column, name) in enumerate(zip(columns.columns, names, strict=True))
    ]


def on_features(ticket: Ticket, X: Any) -> tuple[Ticket, Any]:
    """Return a ticket as one whose rows are features, and rows as features.

    Parameters
    ----------
    ticket : Ticket
        The ticket.
    X : array-like of shape (n_rows, n_columns), or data frame
        Rows as the ticket takes them.

    Returns
    -------
    tuple of Ticket, and array-like of shape (n_rows, n_inputs)
        A ticket without columns, and its rows.
    """
    if ticket.columns is None:
        return ticket, X
    table = ticket.columns.table_of(X)
    return ticket.without_columns(), ticket.columns.features(table, ticket.scaling)


def uses_of(ticket: Ticket, columns: Sequence[ColumnInputs]) -> list[Use]:
    """Return how far a ticket reads each column.

    Parameters
    ----------
    ticket : Ticket
        The ticket. All that stays of its mask leads to an output.
    columns : sequence of ColumnInputs
        Columns that share no input.

    Returns
    -------
    list of Use
        One for each column, in the same order.

    Raises
    ------
    ValueError
        For a ticket whose first layer is a convolution, which reads all pixels alike.
    """
    if ticket.network.layers[0].reads_maps:
        raise ValueError(
            "ticket takes one whose first layer has a weight for each feature, got one with "
            f"{ticket.network.layers[0]}, which reads all pixels alike"
        )
    layer = ticket.network.layers[0]
    owner = np.full(layer.n_sources, len(columns), np.int64)
    for number, column in enumerate(columns):
        owner[list(column.inputs)] = number
    has_several = np.array([len(column.inputs) > 1 for column in columns] + [False])
    survivors = np.zeros(len(columns) + 1, np.int64)
    pairs: list[npt.NDArray[np.int64]] = []  # of a column with several inputs, and a unit
    for index in ticket.mask.survivors(0):
        of = owner[layer.values(index)]
        survivors += np.bincount(of, minlength=len(survivors))
        some = has_several[of]
        pairs.append(np.unique(of[some] * layer.units + layer.targets(index)[some]))
    units = survivors.copy()  # an input leads to a unit once
    met = np.unique(np.concatenate([np.zeros(0, np.int64), *pairs])) // layer.units
    units[has_several] = np.bincount(met, minlength=len(units))[has_several]
    return [
        Use(column, int(survivors[number]), int(units[number]))
        for number, column in enumerate(columns)
    ]
