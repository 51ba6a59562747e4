"""The dense layer, in which every unit reads every value below. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.codec import ByteReader, varint
from scratchcard.ticket.layers.base import Indices, Layer

__all__ = ["Dense"]


@dataclass(frozen=True)
class Dense(Layer):
    """A layer whose every unit reads every value below.

    Weight ``j * n_sources + i`` leads from value i below to unit j. See :class:`Layer`.

    Parameters
    ----------
    units : int
        How many units the layer has, at least 1.
    below : tuple of int
        Shape of what is below. It is given by :meth:`on`; empty before.

    Raises
    ------
    ValueError
        For a number of units that is not an integer from 1.
    """

    name = "dense"
    code = 0

    @property
    def fan_in(self) -> int:
        """Number of weights that lead into each unit: one from each value below."""
        return self.n_sources

    # What the base class does by index is plain arithmetic here.

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
        found = self.values(index)
        return found if self.span == 1 else found // self.span

    def values(self, index: npt.ArrayLike) -> Indices:
        """Return the value below that each weight reads.

        Parameters
        ----------
        index : array-like of integers
            Weights, counted within the layer.

        Returns
        -------
        ndarray of the shape of ``index``, int64
            Values below.
        """
        found: Indices = np.asarray(index, np.int64) % self.fan_in
        return found

    def matrix(self, values: npt.NDArray[Any], units: Indices) -> npt.NDArray[Any]:
        """Return the weights as they are, since a weight leads from each value below.

        Parameters
        ----------
        values : ndarray of shape (n, fan_in)
            The weights of these units.
        units : ndarray of shape (n,), int64
            Units of the layer.

        Returns
        -------
        ndarray of shape (n, n_sources)
            The same array.
        """
        return values

    def encode(self) -> bytes:
        """Return the number of units as a varint.

        Returns
        -------
        bytes
            What :meth:`decode` reads.
        """
        return varint(self.units)

    @classmethod
    def decode(cls, reader: ByteReader, most: int) -> Self:
        """Read a dense layer from a file; it stands on nothing yet.

        Parameters
        ----------
        reader : ByteReader
            Its next bytes are the layer's.
        most : int
            Most units that are allowed.

        Returns
        -------
        Dense
            The layer.

        Raises
        ------
        TicketError
            For bytes that do not stand for a layer.
        """
        return cls(reader.varint("the size of a layer", 1, most))
