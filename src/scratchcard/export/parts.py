"""What exporters read of a ticket, and what they refuse. NumPy alone."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.ticket import Classes, Dense, Ticket

__all__ = [
    "PlainLayer",
    "check_layers",
    "check_ticket",
    "classes_of",
    "library",
    "plain_layers",
]


class PlainLayer(NamedTuple):
    """A dense layer as plain arrays.

    Attributes
    ----------
    weights : ndarray of shape (units, fan_in), int8
        The weights, 0 where one is scratched off.
    kept : ndarray of shape (units, fan_in), bool
        Which weights stay; one that stays may be 0.
    biases : ndarray of shape (units,), int32
        The biases, in the unit of the sums.
    """

    weights: npt.NDArray[np.int8]
    kept: npt.NDArray[np.bool_]
    biases: npt.NDArray[np.int32]


def plain_layers(ticket: Ticket, to: str) -> list[PlainLayer]:
    """Return the layers of a ticket as plain arrays.

    Parameters
    ----------
    ticket : Ticket
        A ticket whose layers are all dense.
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
    """Raise ValueError for anything but a ticket whose layers are all dense."""
    check_ticket(ticket)
    for layer in ticket.network.layers:
        if not isinstance(layer, Dense):
            raise ValueError(
                f"export to {to} takes a ticket of dense layers, got one with a {layer.name} layer"
            )


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
