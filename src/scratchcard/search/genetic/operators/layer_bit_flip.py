"""Mutation: one bit, all layers alike."""

from __future__ import annotations

import numpy as np

from scratchcard.search.genetic.operators.base import Masks, Random, flipped
from scratchcard.ticket import Network


def flip_bit_of_layer(network: Network, masks: Masks, random: Random) -> Masks:
    """Return masks with one bit flipped: first its layer is drawn, then one of the layer's bits."""
    starts = np.array(network.offsets)
    layers = random.integers(0, network.n_layers, len(masks))
    return flipped(masks, random.integers(starts[layers], starts[layers + 1]))
