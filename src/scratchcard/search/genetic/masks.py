"""What the genetic algorithm asks of flat masks: no more survivors than allowed, and a path."""

from __future__ import annotations

import numpy as np

from scratchcard.search.genetic.operators import Masks
from scratchcard.search.genetic.operators.base import Random
from scratchcard.ticket import Network


def thinned(masks: Masks, max_survivors: int, random: Random) -> Masks:
    """Return the masks with no more than so many survivors each, which of them left to chance."""
    masks = masks.copy()
    for mask in masks:
        kept = np.flatnonzero(mask)
        if kept.size > max_survivors:
            mask[random.choice(kept, kept.size - max_survivors, replace=False)] = 0
    return masks


def is_connected(network: Network, mask: Masks) -> bool:
    """Return whether a path of survivors leads from an input to an output; mask (n_weights,)."""
    reached = np.ones(network.n_inputs, dtype=np.uint8)
    for number, layer in enumerate(network.layers):
        bits = mask[network.offsets[number] : network.offsets[number + 1]]
        reached = (bits.reshape(layer.units, layer.fan_in) & layer.read(reached)).max(axis=1)
    return bool(reached.any())
