"""The kinds of operators of the genetic algorithm: plain functions over masks.

Masks are (n, n_weights) uint8 arrays of 0 and 1, in the flat order of the network. An operator
returns new masks, is never handed an empty array, and takes all chance from ``random``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scratchcard.ticket import Network

__all__ = [
    "Masks",
    "Migration",
    "Mutation",
    "Random",
    "Recombination",
    "Selection",
    "coins",
    "flipped",
]

Masks = NDArray[np.uint8]
Random = np.random.Generator

Migration = Callable[[Network, int, float, Random], Masks]
"""(network, n, density, random) -> (n, n_weights) masks out of nothing."""
Recombination = Callable[[Network, Masks, Masks, Random], Masks]
"""(network, firsts (n, n_weights), mates (n, n_weights), random) -> (n, n_weights) children."""
Mutation = Callable[[Network, Masks, Random], Masks]
"""(network, masks (n, n_weights), random) -> (n, n_weights) mutants."""
Selection = Callable[[NDArray[np.float64], NDArray[np.int64], int], NDArray[np.intp]]
"""(objectives (n,), surviving (n,), size) -> (size,) indices of those that live on, best first."""


def coins(shape: tuple[int, ...], random: Random) -> Masks:
    """Return an array of this shape whose bits are 0 or 1 with the same probability."""
    n = int(np.prod(shape))
    bits = np.frombuffer(random.bytes(-(-n // 8)), dtype=np.uint8)
    return np.unpackbits(bits, count=n).reshape(shape)


def flipped(masks: Masks, indices: NDArray[np.int64]) -> Masks:
    """Return masks, (n, n_weights), in each of which the bit at an index, (n,), is flipped."""
    masks = masks.copy()
    masks[np.arange(len(masks)), indices] ^= 1
    return masks
