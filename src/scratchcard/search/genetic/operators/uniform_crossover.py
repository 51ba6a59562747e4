"""Recombination that takes each bit from one parent or the other."""

from __future__ import annotations

from scratchcard.search.genetic.operators.base import Masks, Random, coins
from scratchcard.ticket import Network


def uniform_crossover(network: Network, firsts: Masks, mates: Masks, random: Random) -> Masks:
    """Return children whose every bit comes from one parent or the other (Syswerda 1989).

    Parameters
    ----------
    network : Network
        The network.
    firsts : ndarray of shape (n, n_weights), uint8
        The first parent of each child.
    mates : ndarray of shape (n, n_weights), uint8
        The second parent of each child.
    random : numpy.random.Generator
        Decides which parent a bit comes from.

    Returns
    -------
    ndarray of shape (n, n_weights), uint8
        One child of each pair.
    """
    return firsts ^ ((firsts ^ mates) & coins(firsts.shape, random))
