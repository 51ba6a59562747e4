"""Pieces of C: names, types, literals, arrays, and the bounds that choose types. NumPy alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.export.parts import PlainLayer
from scratchcard.ticket import Network

__all__ = [
    "INT",
    "Bounds",
    "array",
    "bounds_of",
    "c_names",
    "check_size",
    "labels",
    "signed_type",
    "string",
    "unsigned_type",
]

INT = 32767  # what an int holds everywhere
_LONGEST_NAME = 31
_LONGEST_STRING = 4095  # characters that every C99 compiler takes
_LINE = 92
_WIDEST = 1 << 17  # values of a layer: those of two layers take 1 MiB


class Bounds(NamedTuple):
    """What no value of a layer exceeds, whatever the inputs.

    Attributes
    ----------
    value : int
        Greatest magnitude of what enters the layer.
    total : int
        Greatest magnitude of a sum, while it is added up as well.
    clipped : bool
        Whether the activation after the layer may reach its limit.
    """

    value: int
    total: int
    clipped: bool

    def __or__(self, other: Bounds) -> Bounds:
        return Bounds(
            max(self.value, other.value),
            max(self.total, other.total),
            self.clipped or other.clipped,
        )


def bounds_of(network: Network, layers: Sequence[PlainLayer]) -> list[Bounds]:
    """Return the bounds of each layer of a masked network.

    Parameters
    ----------
    network : Network
        The network.
    layers : sequence of PlainLayer
        Its layers under a mask.

    Returns
    -------
    list of Bounds
        One for each layer.
    """
    found: list[Bounds] = []
    value = network.input_limit
    for number, layer in enumerate(layers):
        reach = np.abs(layer.weights).sum(axis=1, dtype=np.int64) * value
        total = int((np.abs(layer.biases.astype(np.int64)) + reach).max())
        if number == network.n_layers - 1:
            return [*found, Bounds(value, total, False)]
        limit = network.limits[number + 1]
        after = total >> network.shifts[number] if network.activation == "relu" else limit
        found.append(Bounds(value, total, after > limit))
        value = min(after, limit)
    raise AssertionError("a network has at least one layer")


def c_names(names: Sequence[str]) -> list[str]:
    """Return a C identifier for each name.

    Parameters
    ----------
    names : sequence of str
        Names, such as those of files.

    Returns
    -------
    list of str
        Identifiers in lower case.

    Raises
    ------
    ValueError
        For names that give the same identifier twice.
    """
    found = []
    for name in names:
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST_NAME]
        found.append(plain if plain[:1].isalpha() else f"ticket_{plain}".rstrip("_"))
    for name, plain in zip(names, found, strict=True):
        if found.count(plain) > 1:
            raise ValueError(f"tickets takes names that differ in C, got {name!r} as {plain} twice")
    return found


def signed_type(most: int) -> str:
    """Return the smallest type that holds -most..most."""
    return next(f"int{bits}_t" for bits in (8, 16, 32) if most < 1 << (bits - 1))


def unsigned_type(most: int) -> str:
    """Return the smallest type that holds 0..most."""
    return next(f"uint{bits}_t" for bits in (8, 16, 32) if most < 1 << bits)


def array(kind: str, name: str, values: npt.NDArray[Any] | Sequence[Any], flash: str = "") -> str:
    """Return the definition of a constant array; an empty one gets an element, as C demands.

    Parameters
    ----------
    kind : str
        Type of the elements.
    name : str
        Name of the array.
    values : sequence
        Integers, or elements as text.
    flash : str
        What keeps it in flash where constants are copied to RAM.

    Returns
    -------
    str
        C.
    """
    listed = [str(value) for value in values] or ["0"]
    body, length = ["\n   "], 0
    for text in listed:
        if length and length + len(text) > _LINE:
            body.append("\n   ")
            length = 0
        body.append(f" {text},")
        length += len(text) + 2
    return f"static const {kind} {name}[{len(listed)}]{flash} = {{{''.join(body).rstrip(',')}}};\n"


def string(text: str) -> str:
    """Return text as a string literal of C in ASCII, whatever it holds.

    Parameters
    ----------
    text : str
        Text without NUL.

    Returns
    -------
    str
        The literal of its UTF-8.

    Raises
    ------
    ValueError
        For text that is longer than every compiler takes.
    """
    data = text.encode()
    if len(data) > _LONGEST_STRING:
        raise ValueError(
            f"export to c takes labels of at most {_LONGEST_STRING} bytes, got one of {len(data)}"
        )
    plain = set(range(32, 127)) - set(b'"\\?')  # ?? starts a trigraph
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in data) + '"'


def labels(name: str, listed: npt.NDArray[Any]) -> str:
    """Return the function that gives the label of a class.

    Parameters
    ----------
    name : str
        The ticket's name in C.
    listed : ndarray of shape (n_classes,)
        The labels.

    Returns
    -------
    str
        C.
    """
    kind = listed.dtype.kind
    values = listed.tolist()
    if kind == "i" and values == list(range(len(values))):
        body, returned = "    return index;", "int"
    else:
        returned, written = {
            "i": ("int64_t", [_integer(value) for value in values] if kind == "i" else []),
            "U": ("const char *", [string(value) for value in values] if kind == "U" else []),
            "f": ("double", [value.hex() for value in values] if kind == "f" else []),
            "b": ("int", [str(int(value)) for value in values] if kind == "b" else []),
        }[kind]
        element = "char *const" if kind == "U" else returned
        table = array(element, "labels", written).replace("\n", "\n    ").rstrip()
        body = f"    {table}\n    return labels[index];"
    space = "" if returned.endswith("*") else " "
    return (
        f"/* The label of a class. */\nstatic inline {returned}{space}{name}_label(int index)\n"
        f"{{\n{body}\n}}\n"
    )


def _integer(value: int) -> str:
    least = -(1 << 63)
    return f"(-INT64_C({(1 << 63) - 1}) - 1)" if value == least else f"INT64_C({value})"


def check_size(network: Network) -> None:
    """Raise ValueError for a network beyond what the generated C can hold."""
    if network.n_outputs > INT:
        raise ValueError(
            f"export to c takes a ticket of at most {INT} outputs, got {network.n_outputs}"
        )
    widest = network.n_values
    if widest > _WIDEST:
        raise ValueError(
            f"export to c takes a ticket of at most {_WIDEST} values in a layer, which stand on "
            f"the stack, got {widest}"
        )
