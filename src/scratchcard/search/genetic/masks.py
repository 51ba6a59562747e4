"""What the genetic algorithm asks of flat masks: few enough survivors, and a path through them."""

from __future__ import annotations

import numpy as np

from scratchcard.search.genetic.operators import Masks
from scratchcard.search.genetic.operators.base import Random
from scratchcard.ticket import Network


def thinned(masks: Masks, max_survivors: int, random: Random) -> Masks:
    """Return masks without survivors in excess; chance decides which of them stay.

    Parameters
    ----------
    masks : ndarray of shape (n, n_weights), uint8
        Flat masks.
    max_survivors : int
        Most survivors of a mask.
    random : numpy.random.Generator
        Decides which survivors are scratched off.

    Returns
    -------
    ndarray of shape (n, n_weights), uint8
        New masks.
    """
    masks = masks.copy()
    for mask in masks:
        kept = np.flatnonzero(mask)
        if kept.size > max_survivors:
            mask[random.choice(kept, kept.size - max_survivors, replace=False)] = 0
    return masks


def is_connected(network: Network, mask: Masks) -> bool:
    """Return whether a path of survivors leads from an input to an output.

    Parameters
    ----------
    network : Network
        The network.
    mask : ndarray of shape (n_weights,), uint8
        A flat mask.

    Returns
    -------
    bool
        Whether such a path exists.
    """
    reached = np.ones(network.layers[0].units_below, np.uint8)
    for number, layer in enumerate(network.layers):
        bits = mask[network.offsets[number] : network.offsets[number + 1]]
        first, slots = layer.first_sources(), np.arange(layer.fan_in) // layer.span
        reads = first[:, None] + slots if first.any() else slots  # all read the same, mostly
        reached = (bits.reshape(layer.units, layer.fan_in) & reached[reads]).max(axis=1)
    return bool(reached.any())
