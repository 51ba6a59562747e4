"""The base class of layers: which units a layer's weights connect. NumPy only.

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
        For a number of units that is not an integer from 1.
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
        """Return this layer standing on other units.

        Parameters
        ----------
        below : tuple of int
            Shape of the units below.

        Returns
        -------
        Layer
            A layer of the same kind.

        Raises
        ------
        ValueError
            Where it cannot stand there.
        """
        return replace(self, below=below)

    @property
    def shape(self) -> Shape:
        """Shape of the layer's units, as the next layer sees them."""
        return (self.units,)

    @property
    def n_sources(self) -> int:
        """Number of units below."""
        return math.prod(self.below)

    @property
    @abstractmethod
    def fan_in(self) -> int:
        """Number of weights that lead into each unit."""

    @property
    def n_weights(self) -> int:
        """Number of weights that the layer has."""
        return self.units * self.fan_in

    def first_sources(self) -> Indices:
        """Return the first unit below that each unit reads.

        Returns
        -------
        ndarray of shape (units,), int64
            Units below.
        """
        return np.zeros(self.units, np.int64)

    # -- where weights lead, from the two numbers above ------------------------------------------

    def sources(self, index: npt.ArrayLike) -> Indices:
        """Return the units below that weights lead from.

        Parameters
        ----------
        index : array-like of integers
            Weights, counted within the layer.

        Returns
        -------
        ndarray of the shape of ``index``, int64
            Units below.
        """
        unit, slot = np.divmod(np.asarray(index, np.int64), self.fan_in)
        found: Indices = self.first_sources()[unit] + slot
        return found

    def targets(self, index: npt.ArrayLike) -> Indices:
        """Return the units that weights lead to.

        Parameters
        ----------
        index : array-like of integers
            Weights, counted within the layer.

        Returns
        -------
        ndarray of the shape of ``index``, int64
            Units of the layer.
        """
        found: Indices = np.asarray(index, np.int64) // self.fan_in
        return found

    def read(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the value that each weight reads.

        Parameters
        ----------
        values : ndarray of shape (n_sources,)
            A value for each unit below.

        Returns
        -------
        ndarray of shape (units, fan_in)
            A value for each weight.
        """
        found: npt.NDArray[Any] = values[self.first_sources()[:, None] + np.arange(self.fan_in)]
        return found

    def feeding(self, bits: Bools) -> Bools:
        """Return which units below are read by a surviving weight.

        Parameters
        ----------
        bits : ndarray of shape (units, fan_in), bool
            Which weights survive.

        Returns
        -------
        ndarray of shape (n_sources,), bool
            True for the units that are read.
        """
        found = np.zeros(self.n_sources, np.bool_)
        found[self.sources(np.flatnonzero(bits))] = True
        return found

    def matrix(self, values: npt.NDArray[Any], units: Indices) -> npt.NDArray[Any]:
        """Return weights as a matrix that multiplies all units below, 0 where no weight leads.

        Parameters
        ----------
        values : ndarray of shape (n, fan_in)
            The weights of these units.
        units : ndarray of shape (n,), int64
            Units of the layer.

        Returns
        -------
        ndarray of shape (n, n_sources)
            The matrix.
        """
        out = np.zeros((len(units), self.n_sources), values.dtype)
        columns = self.first_sources()[units][:, None] + np.arange(self.fan_in)
        np.put_along_axis(out, columns, values, axis=1)
        return out

    # -- its bytes in a file ---------------------------------------------------------------------

    @abstractmethod
    def encode(self) -> bytes:
        """Return the layer's bytes in a file, without its code and the shape that it stands on.

        Returns
        -------
        bytes
            What :meth:`decode` reads.
        """

    @classmethod
    @abstractmethod
    def decode(cls, reader: ByteReader, most: int) -> Self:
        """Read a layer from a file; it stands on nothing yet.

        Parameters
        ----------
        reader : ByteReader
            Its next bytes are the layer's.
        most : int
            Most units that are allowed.

        Returns
        -------
        Layer
            The layer.

        Raises
        ------
        TicketError
            For bytes that do not stand for a layer.
        """

    def __str__(self) -> str:
        return str(self.units)
