"""Mutation that flips one bit, every bit as likely as any other."""

from __future__ import annotations

from scratchcard.search.genetic.operators.base import Masks, Random, flipped
from scratchcard.ticket import Network


def flip_bit(network: Network, masks: Masks, random: Random) -> Masks:
    """Return masks in which one bit is flipped, every bit as likely as any other.

    Parameters
    ----------
    network : Network
        The network.
    masks : ndarray of shape (n, n_weights), uint8
        Flat masks.
    random : numpy.random.Generator
        Draws the bits.

    Returns
    -------
    ndarray of shape (n, n_weights), uint8
        One mutant of each mask.
    """
    return flipped(masks, random.integers(0, network.n_weights, len(masks)))
