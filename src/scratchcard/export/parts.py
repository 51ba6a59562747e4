"""What exporters read of a ticket, and what they refuse. NumPy alone."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.ticket import Classes, Conv2d, Dense, Ticket
from scratchcard.ticket.columns import Columns

__all__ = [
    "PlainLayer",
    "Wires",
    "check_layers",
    "check_ticket",
    "classes_of",
    "library",
    "padding_of",
    "plain_layers",
    "wires_of",
]


class PlainLayer(NamedTuple):
    """A dense layer, or a convolution, as plain arrays.

    Attributes
    ----------
    weights : ndarray of shape (units, fan_in), int8
        The weights, 0 where one is scratched off; of a convolution, for each map below a kernel,
        row by row.
    kept : ndarray of shape (units, fan_in), bool
        Which weights stay; one that stays may be 0.
    biases : ndarray of shape (units,), int32
        The biases, in the unit of the sums.
    """

    weights: npt.NDArray[np.int8]
    kept: npt.NDArray[np.bool_]
    biases: npt.NDArray[np.int32]


class Wires(NamedTuple):
    """How a row of columns, as plain numbers, becomes features: one element for each input.

    ``Columns.codes`` gives such rows. With ``cells = X[:, column]`` and ``lacks = isnan(cells)``,
    the features are ``cells`` where ``is_number & ~lacks``; else 1 where ``cells == code`` or
    ``is_missing & lacks``; else the offset of the scaling, which becomes 0.

    Attributes
    ----------
    column : ndarray of shape (n_inputs,), int64
        The column that is read; 0 for an input that is not.
    code : ndarray of shape (n_inputs,), float64
        The place of a value among those of its column that are read; NaN for other inputs.
    is_number : ndarray of shape (n_inputs,), bool
        Whether it is the value of a number.
    is_missing : ndarray of shape (n_inputs,), bool
        Whether it says that a cell is missing.
    """

    column: npt.NDArray[np.int64]
    code: npt.NDArray[np.float64]
    is_number: npt.NDArray[np.bool_]
    is_missing: npt.NDArray[np.bool_]


def wires_of(columns: Columns) -> Wires:
    """Return how rows of columns become features.

    Parameters
    ----------
    columns : Columns
        The columns of a ticket.

    Returns
    -------
    Wires
        What each input is.
    """
    n = columns.n_inputs
    found = Wires(
        np.zeros(n, np.int64), np.full(n, np.nan), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    )
    for k, column in enumerate(columns.columns):
        inputs = columns.inputs_of(k)
        mine = np.arange(inputs.start, inputs.stop)
        values = mine[: len(column.values)]
        values = values[columns.kept[values]]
        found.column[mine[columns.kept[mine]]] = k
        found.code[values] = np.arange(len(values))
        found.is_number[mine[:1]] = column.kind == "number"
        found.is_missing[mine[-1:]] = column.missing
    found.is_number[~columns.kept] = found.is_missing[~columns.kept] = False
    return found


def plain_layers(ticket: Ticket, to: str) -> list[PlainLayer]:
    """Return the layers of a ticket as plain arrays.

    Parameters
    ----------
    ticket : Ticket
        A ticket of dense layers and convolutions.
    to : str
        What it is exported to, for the error.

    Returns
    -------
    list of PlainLayer
        The layers, the first one first.

    Raises
    ------
    ValueError
        For anything else.
    """
    check_layers(ticket, to)
    network = ticket.network
    return [
        PlainLayer(network.weights_of(number) * kept, kept, network.biases_of(number))
        for number, kept in enumerate(ticket.mask.arrays())
    ]


def check_layers(ticket: Ticket, to: str) -> None:
    """Raise ValueError for anything but a ticket of dense layers and convolutions."""
    check_ticket(ticket)
    for layer in ticket.network.layers:
        if not isinstance(layer, (Dense, Conv2d)):
            raise ValueError(
                f"export to {to} takes a ticket of dense layers and convolutions, got one with a "
                f"{layer.name} layer"
            )


def padding_of(layer: Conv2d) -> tuple[int, int]:
    """Return how many zeros a convolution reads before and after each row and column of a map.

    Those after it are as many as the last place of the kernel may read; where the stride leaves
    fewer to read, they change nothing.

    Parameters
    ----------
    layer : Conv2d
        The convolution.

    Returns
    -------
    tuple of int
        Zeros before and after.
    """
    return (layer.geometry.before, layer.kernel // 2) if layer.padding == "same" else (0, 0)


def check_ticket(ticket: Ticket) -> None:
    """Raise ValueError for anything but a ticket."""
    if not isinstance(ticket, Ticket):
        raise ValueError(f"ticket takes a Ticket, got {type(ticket).__name__}")


def classes_of(ticket: Ticket, to: str) -> Classes:
    """Return the head of a ticket whose outputs are classes.

    Parameters
    ----------
    ticket : Ticket
        The ticket.
    to : str
        What it is exported to, for the error.

    Returns
    -------
    Classes
        The head, with labels and temperature.

    Raises
    ------
    ValueError
        For a ticket with another head.
    """
    if not isinstance(ticket.head, Classes):
        raise ValueError(
            f"export to {to} takes a ticket whose outputs are classes, "
            f"got one with a head of kind {ticket.head.name!r}"
        )
    return ticket.head


def library(name: str, to: str, extra: str = "export") -> Any:
    """Return a library that an exporter needs.

    Parameters
    ----------
    name : str
        Its module.
    to : str
        What needs it, for the error.
    extra : str
        The extra of this package that installs it.

    Returns
    -------
    module
        The library.

    Raises
    ------
    ImportError
        Where it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.split(".")[0]:
            raise
        raise ImportError(
            f"export to {to} needs {name}: pip install 'scratchcard[{extra}]'"
        ) from None
