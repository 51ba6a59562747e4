"""A plane of masks: from a ticket towards two other masks, bit by bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.research.landscape.measures.metrics import FlatMask


def plane_masks(
    ticket: FlatMask, right: FlatMask, top: FlatMask, steps: int, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Draw the masks of a plane that a ticket and two other masks span.

    x is the share of the bits in which ``right`` differs from the ticket that have been moved to
    it, y the same for ``top``; each in one random order. A bit that either has moved is flipped, so
    (0, 0) is the ticket, (1, 0) is ``right`` and (0, 1) is ``top``.

    Parameters
    ----------
    ticket, right, top : (n_weights,) arrays
        FlatMask masks.
    steps : int
        Masks along each side.
    random : Generator
        What the order of the bits is drawn from.

    Returns
    -------
    (steps,) array
        The shares.
    (steps, steps, n_weights) array
        The masks, by y, then x.
    """
    shares = np.linspace(0.0, 1.0, steps)
    moved = []
    for end in (right, top):
        order = random.permutation(np.flatnonzero(end != ticket))
        flips = np.zeros((steps, ticket.size), dtype=np.uint8)
        for s, share in enumerate(shares):
            flips[s, order[: round(share * len(order))]] = 1
        moved.append(flips)
    flips = moved[0][None, :] | moved[1][:, None]
    return shares, ticket ^ flips
