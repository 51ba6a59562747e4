"""Migration that draws every bit by itself."""

from __future__ import annotations

import numpy as np

from scratchcard.search.genetic.operators.base import Masks, Random, coins
from scratchcard.ticket import Network


def random_masks(network: Network, n: int, density: float, random: Random) -> Masks:
    """Return masks in which each weight stays with probability ``density``.

    Parameters
    ----------
    network : Network
        The network.
    n : int
        How many masks.
    density : float
        Probability, 0 to 1.
    random : numpy.random.Generator
        Draws the bits.

    Returns
    -------
    ndarray of shape (n, n_weights), uint8
        The masks.
    """
    shape = (n, network.n_weights)
    if density == 0.5:
        return coins(shape, random)
    return (random.random(shape) < density).astype(np.uint8)
