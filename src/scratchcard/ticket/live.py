"""The part of a layer that a prediction computes: units that feed an output, from what they read.

NumPy only.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.weights import Int8s

__all__ = ["BLOCK", "LiveLayer", "MatrixLayer", "SparseLayer"]

BLOCK = 1 << 22  # float64 values in one block of weights or of activations: 32 MiB

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class LiveLayer(Protocol):
    """The part of a layer that a prediction computes."""

    @property
    def units(self) -> Ints:
        """Units of the layer that are computed, ascending, (n_units,)."""

    @property
    def reads(self) -> Ints:
        """Units of the layer before that they read, ascending, (n_reads,)."""

    @property
    def width(self) -> int:
        """How many numbers of a row it works on at a time."""

    def sums(self, values: Floats) -> Floats:
        """Return the sums of all values of its units, from all values of the units it reads.

        Both are matrices with a row for each row, in which the values of a unit lie side by side.
        """


class MatrixLayer(NamedTuple):
    """A layer as a matrix of weights, 0 where scratched off."""

    units: Ints
    reads: Ints
    weights: Int8s  # (n_units, values of the units that it reads)
    bias: Floats  # (n_units,)

    @property
    def width(self) -> int:
        """How many numbers of a row it works on at a time."""
        return max(len(self.units), int(self.weights.shape[1]))

    def sums(self, values: Floats) -> Floats:
        """Return the sums, (n_rows, n_units), of values of the units that it reads."""
        out = np.empty((len(values), len(self.units)))
        step = max(1, BLOCK // max(1, values.shape[1]))
        for start in range(0, len(self.units), step):
            part = slice(start, start + step)
            out[:, part] = values @ self.weights[part].astype(np.float64).T
        out += self.bias
        return out


class SparseLayer(NamedTuple):
    """A layer as a list of its survivors, unit by unit, where a matrix would be nearly empty.

    Units below have one value each.
    """

    units: Ints
    reads: Ints
    unit: Ints  # (n_survivors,) where in units each leads to, ascending
    read: Ints  # (n_survivors,) where in reads each leads from
    weights: Int8s  # (n_survivors,)
    bias: Floats  # (n_units,)

    @property
    def width(self) -> int:
        """How many numbers of a row it works on at a time."""
        return max(len(self.units), len(self.reads))

    def sums(self, values: Floats) -> Floats:
        """Return the sums, (n_rows, n_units), of values, (n_rows, n_reads)."""
        out = np.tile(self.bias, (len(values), 1))
        step = max(1, BLOCK // max(1, len(values)))
        for start in range(0, len(self.unit), step):
            part = slice(start, start + step)
            products = values[:, self.read[part]] * self.weights[part]
            first = np.flatnonzero(np.diff(self.unit[part], prepend=-1))
            out[:, self.unit[part][first]] += np.add.reduceat(products, first, axis=1)
        return out
