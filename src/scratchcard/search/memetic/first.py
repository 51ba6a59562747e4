"""First masks: what a memetic search begins with where it is given none.

Weights are drawn evenly, but for those below the last layer of maps. These layers have few weights,
all of the network reads them, and they are left alone after the first tenth of a search. So they
begin with half of their weights, if that leaves room for others: at a density of a few percent,
many a map would read nothing at all. The other layers begin with few of theirs, since flips are
tried faster in a sparse network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.search.memetic.rates import count_lower
from scratchcard.ticket import Network
from scratchcard.ticket.mask import random_bits_of

__all__ = ["first_mask", "thinned"]

LOWER = 0.5  # density below the last layer of maps
MOST_OF_MAPS = 0.1  # a higher limit than this makes no first mask denser, where there are maps


def first_mask(
    network: Network, max_density: float, share: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Return a random mask to begin a search with.

    Parameters
    ----------
    network : Network
        The network.
    max_density : float
        Largest share of the weights that may stay, above 0 and at most 1.
    share : float
        Density of the mask as a share of ``max_density``, or of 0.1 if that is less and there are
        maps.
    random : numpy.random.Generator
        Draws the mask.

    Returns
    -------
    ndarray of shape (n_weights,), uint8
        The flat mask.
    """
    if not network.has_maps:
        return random_bits_of(network.n_weights, share * max_density, random)
    mask = random_bits_of(network.n_weights, share * min(max_density, MOST_OF_MAPS), random)
    n_lower = network.offsets[count_lower(network)]
    if n_lower > 0:  # they take at most half of what may survive
        density = min(LOWER, max_density * network.n_weights / (2 * n_lower))
        mask[:n_lower] = random_bits_of(n_lower, density, random)
    return mask


def thinned(
    mask: NDArray[np.uint8], max_survivors: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Return a mask with at most so many survivors; which of them stay is left to chance.

    Parameters
    ----------
    mask : ndarray of shape (n_weights,), uint8
        A flat mask.
    max_survivors : int
        Most survivors.
    random : numpy.random.Generator
        Chooses them.

    Returns
    -------
    ndarray of shape (n_weights,), uint8
        The flat mask.
    """
    kept = np.flatnonzero(mask)
    if kept.size <= max_survivors:
        return mask
    fewer = np.zeros_like(mask)
    fewer[random.choice(kept, max_survivors, replace=False)] = 1
    return fewer
