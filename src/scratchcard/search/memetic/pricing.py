"""Pricing: what the survival of each weight costs, in bits of the mask's code.

Where a search has room for so many bits instead of so many weights, a weight costs what it adds to
the file: less in a dense layer than in a sparse one, and nothing where it leads into a unit that
feeds nothing, because such weights are not coded. Bits follow from how many weights of a layer
survive, so costs are computed anew before each burst.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.ticket import Mask, Network
from scratchcard.ticket.mask_code import encode_mask

__all__ = ["bits_of"]

Floats = NDArray[np.float64]


def bits_of(network: Network, mask: NDArray[np.uint8]) -> tuple[Floats, float]:
    """Return what each weight of a mask costs, and the size of the mask's code.

    Parameters
    ----------
    network : Network
        The network.
    mask : ndarray of shape (n_weights,), uint8
        A flat mask.

    Returns
    -------
    costs : ndarray of shape (n_weights,)
        Bits that one more survivor takes, or that one less saves: the derivative of the entropy of
        the weights of its layer, which the code comes close to. At least 0.
    spent : float
        Bits of the whole code, as a ticket's file holds it.
    """
    living = Mask.from_flat(network.layers, mask).without_dead()
    costs, stop = np.zeros(mask.size), mask.size
    for number in reversed(range(network.n_layers)):
        layer = network.layers[number]
        start, coded, feeding = stop - layer.n_weights, layer.n_weights, None
        if number + 1 < network.n_layers:
            above = network.layers[number + 1]
            feeding = np.zeros(layer.units, np.bool_)
            for index in living.survivors(number + 1):
                feeding[above.sources(index)] = True
            coded = int(feeding.sum()) * layer.fan_in
        n = living.surviving_in(number)
        cost = max(0.0, float(np.log2((coded - n + 0.5) / (n + 0.5))))
        of_layer = costs[start:stop].reshape(layer.units, layer.fan_in)
        of_layer[slice(None) if feeding is None else feeding] = cost
        stop = start
    return costs, 8.0 * len(encode_mask(living))
