"""Mutation that flips one bit, every layer as likely as any other."""

from __future__ import annotations

import numpy as np

from scratchcard.search.genetic.operators.base import Masks, Random, flipped
from scratchcard.ticket import Network


def flip_bit_of_layer(network: Network, masks: Masks, random: Random) -> Masks:
    """Return masks with one bit flipped: first its layer is drawn, then one of the layer's bits.

    Parameters
    ----------
    network : Network
        The network.
    masks : ndarray of shape (n, n_weights), uint8
        Flat masks.
    random : numpy.random.Generator
        Draws layers and bits.

    Returns
    -------
    ndarray of shape (n, n_weights), uint8
        One mutant of each mask.
    """
    starts = np.array(network.offsets)
    layers = random.integers(0, network.n_layers, len(masks))
    return flipped(masks, random.integers(starts[layers], starts[layers + 1]))
