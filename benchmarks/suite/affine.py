"""A network as float32 matrices: what a user of an array library would write it as.

The shifts and the temperature are multiplied into the weights, so that a layer is one affine map,
relu stands between layers, and what comes out are logits. It differs from the integers by rounding
alone; ``candidates`` prints by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scratchcard import Network
from scratchcard.rows import Rows

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class AffineNetwork:
    """Rows and layers in float32, unit-major: a column is a row of the data set."""

    inputs: Floats  # (n_features, n_rows)
    targets: NDArray[np.int64]  # (n_rows,)
    weights: tuple[Floats, ...]  # (fan_out, fan_in) of each layer
    biases: tuple[Floats, ...]  # (fan_out,) of each layer

    @property
    def n_rows(self) -> int:
        """How many rows a candidate is judged on."""
        return self.inputs.shape[1]

    @property
    def n_weights(self) -> int:
        """How many weights a mask decides on."""
        return sum(layer.size for layer in self.weights)

    @property
    def cuts(self) -> list[int]:
        """Where a flat mask is cut into layers, as ``numpy.split`` takes it."""
        return [int(end) for end in np.cumsum([layer.size for layer in self.weights])[:-1]]


def affine(network: Network, rows: Rows, temperature: float) -> AffineNetwork:
    """The float32 twin of a relu network on these rows."""
    factors = [2.0**-shift for shift in network.shifts] + [temperature]
    return AffineNetwork(
        np.ascontiguousarray(rows.inputs.T, dtype=np.float32),
        rows.targets,
        tuple(np.float32(network.weights_of(k) * factor) for k, factor in enumerate(factors)),
        tuple(np.float32(network.biases_of(k) * factor) for k, factor in enumerate(factors)),
    )
