"""Dense: every unit reads every unit below. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.codec import ByteReader, varint
from scratchcard.ticket.layers.base import Bools, Indices, Layer

__all__ = ["Dense"]


@dataclass(frozen=True)
class Dense(Layer):
    """A layer whose every unit reads every unit below.

    Weight ``j * n_sources + i`` leads from unit i below to unit j. See :class:`Layer`.
    """

    name = "dense"
    code = 0

    @property
    def fan_in(self) -> int:
        """How many weights lead into each unit: one from each unit below."""
        return self.n_sources

    # What the base class does by index is plain broadcasting here.

    def read(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what each weight reads of ``values``, (n_sources,), as (units, fan_in)."""
        return np.broadcast_to(values, (self.units, self.fan_in))

    def feeding(self, bits: Bools) -> Bools:
        """Return which units below some surviving weight reads, (n_sources,)."""
        found: Bools = np.logical_or.reduce(bits, axis=0)
        return found

    def matrix(self, values: npt.NDArray[Any], units: Indices) -> npt.NDArray[Any]:
        """Return the weights as a matrix, (len(units), n_sources): as they are."""
        return values

    def encode(self) -> bytes:
        """Return the number of units as a varint."""
        return varint(self.units)

    @classmethod
    def decode(cls, reader: ByteReader, most: int) -> Self:
        """Read a dense layer of at most ``most`` units."""
        return cls(reader.varint("the size of a layer", 1, most))
