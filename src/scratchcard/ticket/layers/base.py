"""What a layer is: which units its weights connect. NumPy only.

A layer is a frozen dataclass. ``Dense(100)`` is a layer that stands on nothing yet; a
:class:`~scratchcard.Network` puts each layer on the one before, by :meth:`Layer.on`. Nothing
outside this folder, and outside the compiled functions in ``engines/incremental/wiring.py`` that
read the same numbers, knows where in the flat vector of weights a weight stands.

The contract that all layers keep, and that lets compiled code run any of them:

* the weights into one unit lie side by side, ``fan_in`` of them, unit after unit;
* they read ``fan_in`` units below that lie side by side too, from ``first_sources()[unit]`` on.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_int
from scratchcard.ticket.codec import ByteReader

__all__ = ["MAX_UNITS", "Layer", "Shape"]

Shape = tuple[int, ...]
Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MAX_UNITS = 1 << 31


@dataclass(frozen=True)
class Layer(ABC):
    """A layer of weights, and which units they lead from and to.

    Parameters
    ----------
    units : int
        How many units the layer has, at least 1.
    below : tuple of int
        Shape of the units below. It is given by :meth:`on`; empty before.

    Raises
    ------
    ValueError
        For a number of units that is not one.
    """

    units: int
    below: Shape = ()

    name: ClassVar[str]
    """What the layer is called in texts."""
    code: ClassVar[int]
    """The number that stands for this kind of layer in a ticket's file, 0 to 255."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", as_int("units", self.units, 1, MAX_UNITS))

    def on(self, below: Shape) -> Self:
        """Return this layer standing on units of this shape.

        Raises ValueError where it cannot stand there.
        """
        return replace(self, below=below)

    @property
    def shape(self) -> Shape:
        """Shape of the layer's units, as the next layer sees them."""
        return (self.units,)

    @property
    def n_sources(self) -> int:
        """How many units there are below."""
        return math.prod(self.below)

    @property
    @abstractmethod
    def fan_in(self) -> int:
        """How many weights lead into each unit."""

    @property
    def n_weights(self) -> int:
        """How many weights the layer has."""
        return self.units * self.fan_in

    def first_sources(self) -> Indices:
        """Return the first unit below that each unit reads, int64 (units,)."""
        return np.zeros(self.units, np.int64)

    # -- where weights lead, from the two numbers above ------------------------------------------

    def sources(self, index: npt.ArrayLike) -> Indices:
        """Return the units below that weights lead from; index counts within the layer."""
        unit, slot = np.divmod(np.asarray(index, np.int64), self.fan_in)
        found: Indices = self.first_sources()[unit] + slot
        return found

    def targets(self, index: npt.ArrayLike) -> Indices:
        """Return the units that weights lead to; index counts within the layer."""
        found: Indices = np.asarray(index, np.int64) // self.fan_in
        return found

    def read(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what each weight reads of ``values``, (n_sources,), as (units, fan_in)."""
        found: npt.NDArray[Any] = values[self.first_sources()[:, None] + np.arange(self.fan_in)]
        return found

    def feeding(self, bits: Bools) -> Bools:
        """Return which units below some surviving weight reads, (n_sources,).

        bits : (units, fan_in), which weights survive.
        """
        found = np.zeros(self.n_sources, np.bool_)
        found[self.sources(np.flatnonzero(bits))] = True
        return found

    def matrix(self, values: npt.NDArray[Any], units: Indices) -> npt.NDArray[Any]:
        """Return weights as a matrix that multiplies all units below, 0 where none leads.

        values : (len(units), fan_in), of these units. Returns (len(units), n_sources).
        """
        out = np.zeros((len(units), self.n_sources), values.dtype)
        columns = self.first_sources()[units][:, None] + np.arange(self.fan_in)
        np.put_along_axis(out, columns, values, axis=1)
        return out

    # -- its bytes in a file ---------------------------------------------------------------------

    @abstractmethod
    def encode(self) -> bytes:
        """Return what a file holds of the layer beside its code and what it stands on."""

    @classmethod
    @abstractmethod
    def decode(cls, reader: ByteReader, most: int) -> Self:
        """Read a layer that stands on nothing yet; ``most`` units are allowed."""

    def __str__(self) -> str:
        return str(self.units)
