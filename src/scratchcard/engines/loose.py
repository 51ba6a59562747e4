"""Loose layers: weights of which nobody knows what they lead from, such as a module's parameters.

Searches need of a network no more than this: how many weights each layer has, and which of them
lead into the same unit. So whatever has weights can be searched by an engine of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

__all__ = ["Loose", "LooseNetwork"]


@dataclass(frozen=True)
class Loose:
    """A layer that stands on nothing known. The weights into one unit lie side by side.

    Parameters
    ----------
    units : int
        How many units the layer has, at least 1.
    fan_in : int
        Number of weights that lead into each unit, at least 1.
    """

    units: int
    fan_in: int

    @property
    def n_weights(self) -> int:
        """Number of weights that the layer has."""
        return self.units * self.fan_in

    @property
    def span(self) -> int:
        """One: a weight stands for itself."""
        return 1

    def first_sources(self) -> NDArray[np.int64]:
        """Return zeros: what each unit reads is not known.

        Returns
        -------
        ndarray of shape (units,), int64
            Zeros.
        """
        return np.zeros(self.units, np.int64)


@dataclass(frozen=True)
class LooseNetwork:
    """Loose layers: what a search is told of weights that only its engine knows.

    Parameters
    ----------
    layers : sequence of Loose
        The layers, at least one.
    """

    layers: Sequence[Loose]

    @property
    def has_maps(self) -> bool:
        """False: units are no maps."""
        return False

    @property
    def n_layers(self) -> int:
        """Number of layers of weights."""
        return len(self.layers)

    @property
    def n_weights(self) -> int:
        """Number of weights that a mask keeps or scratches off."""
        return self.offsets[-1]

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First weight of each layer in the flat vector of weights, then the number of weights."""
        return tuple(accumulate((layer.n_weights for layer in self.layers), initial=0))
