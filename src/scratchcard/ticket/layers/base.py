"""The base class of layers: which units a layer's weights connect. NumPy only.

A layer is a frozen dataclass. ``Dense(100)`` is a layer that stands on nothing yet; a
:class:`~scratchcard.Network` puts each layer on the one before, by :meth:`Layer.on`. Nothing
outside this folder, and outside the compiled functions in ``engines/incremental/wiring.py`` that
read the same numbers, knows where in the flat vector of weights a weight stands.

A unit is what a weight leads to. It has one value in a plain layer; in a layer of maps, such as a
convolution, it has one at each position of an image. The contract that all layers keep, and that
lets compiled code run any of them:

* the weights into one unit lie side by side, ``fan_in`` of them, unit after unit;
* they read units below that lie side by side too, from ``first_sources()[unit]`` on, and ``span``
  weights lead from each of them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_int
from scratchcard.ticket.codec import ByteReader
from scratchcard.ticket.live import Floats, LiveLayer, MatrixLayer
from scratchcard.ticket.weights import Int8s

__all__ = ["MAX_UNITS", "Geometry", "Layer", "Shape", "architecture_of", "read_maps"]

Shape = tuple[int, ...]
Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MAX_UNITS = 1 << 31


class Geometry(NamedTuple):
    """Where the weights of a layer of maps read: all of it are numbers of positions.

    The weight at (row, column) of a kernel reads, for the sum at (r, c), the position
    ``(r * stride + row - before, c * stride + column - before)`` below; outside of the map it
    reads 0.
    """

    kernel: int
    stride: int
    before: int  # rows of zeros above a map, and columns to the left of it
    pool: int  # on each side of the square of sums of which the largest counts
    height: int  # of what is below
    width: int
    rows: int  # of the sums, before the largest of each square is taken
    columns: int


@dataclass(frozen=True)
class Layer(ABC):
    """A layer of weights, and which units they lead from and to.

    Parameters
    ----------
    units : int
        How many units the layer has, at least 1.
    below : tuple of int
        Shape of what is below: the number of units and, where they are maps, height and width. It
        is given by :meth:`on`; empty before.

    Raises
    ------
    ValueError
        For a number of units that is not an integer from 1.
    """

    units: int
    below: Shape = field(default=(), kw_only=True)

    name: ClassVar[str]
    """What the layer is called in texts."""
    code: ClassVar[int]
    """The number that stands for this kind of layer in a ticket's file, 0 to 255."""
    reads_maps: ClassVar[bool] = False
    """Whether the layer stands on maps, as images are, and on nothing else."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", as_int("units", self.units, 1, MAX_UNITS))

    def on(self, below: Shape) -> Self:
        """Return this layer standing on other units.

        Parameters
        ----------
        below : tuple of int
            Shape of what is below.

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
    def positions(self) -> int:
        """Number of values that each unit has: 1, or the positions of a map."""
        return math.prod(self.shape[1:])

    @property
    def units_below(self) -> int:
        """Number of units below."""
        return self.below[0]

    @property
    def positions_below(self) -> int:
        """Number of values that each unit below has."""
        return math.prod(self.below[1:])

    @property
    def n_sources(self) -> int:
        """Number of values below."""
        return math.prod(self.below)

    @property
    @abstractmethod
    def fan_in(self) -> int:
        """Number of weights that lead into each unit."""

    @property
    def span(self) -> int:
        """Number of weights that lead from a unit below to a unit: one for each of its values."""
        return self.positions_below

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

    @property
    def geometry(self) -> Geometry | None:
        """Where weights read at each position of a map; None where units have one value."""
        return None

    # -- where weights lead, from the three numbers above ----------------------------------------

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
        found: Indices = self.first_sources()[unit] + slot // self.span
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

    def values(self, index: npt.ArrayLike) -> Indices:
        """Return the value below that each weight reads, where units of the layer are no maps.

        Parameters
        ----------
        index : array-like of integers
            Weights, counted within the layer.

        Returns
        -------
        ndarray of the shape of ``index``, int64
            Values below.

        Raises
        ------
        ValueError
            For a layer of maps, whose weights read a value at each position.
        """
        if self.geometry is not None:
            raise ValueError(f"layer takes one whose weights read one value each, got {self}")
        unit, slot = np.divmod(np.asarray(index, np.int64), self.fan_in)
        found: Indices = self.first_sources()[unit] * self.positions_below + slot
        return found

    def read_by(self, index: npt.ArrayLike) -> Bools:
        """Return which values below some weights read.

        Parameters
        ----------
        index : array-like of integers
            Weights, counted within the layer.

        Returns
        -------
        ndarray of shape (n_sources,), bool
            True for the values that are read.
        """
        found = np.zeros(self.n_sources, np.bool_)
        found[self.values(index)] = True
        return found

    def matrix(self, values: npt.NDArray[Any], units: Indices) -> npt.NDArray[Any]:
        """Return weights as a matrix that multiplies all values below, 0 where no weight leads.

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
        first = self.first_sources()[units][:, None] * self.positions_below
        np.put_along_axis(out, first + np.arange(self.fan_in), values, axis=1)
        return out

    # -- what a prediction computes --------------------------------------------------------------

    def live(self, units: Indices, kept: Bools, weights: Int8s, bias: Floats) -> LiveLayer:
        """Return the part of the layer that computes some units from the units that they read.

        Parameters
        ----------
        units : ndarray of shape (n,), int64
            Units of the layer, ascending.
        kept : ndarray of shape (n, fan_in), bool
            Which of their weights survive.
        weights : ndarray of shape (n, fan_in), int8
            The weights, 0 where scratched off.
        bias : ndarray of shape (n,), float64
            Their biases.

        Returns
        -------
        LiveLayer
            The part.
        """
        reads = self.matrix(kept, units).any(axis=0).reshape(self.units_below, -1).any(axis=1)
        columns = np.repeat(reads, self.positions_below)
        matrix = self.matrix(weights, units)[:, columns]
        return MatrixLayer(units, np.flatnonzero(reads), matrix, bias)

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


def architecture_of(layers: Sequence[Layer]) -> str:
    """Return layers that stand on each other in a few characters.

    Parameters
    ----------
    layers : sequence of Layer
        A network's layers.

    Returns
    -------
    str
        What is below the first one and then each of them, as 64-100-10 or
        1x28x28-conv32x3s2-10.
    """
    return "-".join(("x".join(map(str, layers[0].below)), *map(str, layers)))


def read_maps(layers: Iterable[Layer] | None) -> bool:
    """Return whether rows are images to layers: whether any of them reads maps.

    Parameters
    ----------
    layers : iterable of Layer or None
        Layers; None for none.

    Returns
    -------
    bool
        The answer.
    """
    return any(layer.reads_maps for layer in layers or ())
