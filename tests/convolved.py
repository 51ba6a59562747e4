"""Random tickets with convolutions, and images. Several tests use them."""

from __future__ import annotations

import numpy as np

from scratchcard import Conv2d, Dense, InputScaling, Mask, Network, Ticket

LAYERS = (Conv2d(6, 3, stride=2), Conv2d(5, 3, pool=2), Dense(4))


def convolved(shape=(1, 9, 8), layers=LAYERS, density=0.4, draw=0, head=None, **families) -> Ticket:
    """Return a ticket of a random mask, for images of 0 to 16."""
    network = Network(layers, shape, seed=draw, **families)
    mask = Mask.random(network.layers, density, np.random.default_rng(draw))
    return Ticket(network, mask, InputScaling([8.0], [1 / 8]), head)


def images(n_rows, shape=(1, 9, 8), seed=0):
    """Return rows of pixels from 0 to 16."""
    return np.random.default_rng(seed).integers(0, 17, (n_rows, int(np.prod(shape))))
