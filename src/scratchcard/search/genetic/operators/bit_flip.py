"""Mutation: one bit, all bits alike."""

from __future__ import annotations

from scratchcard.search.genetic.operators.base import Masks, Random, flipped
from scratchcard.ticket import Network


def flip_bit(network: Network, masks: Masks, random: Random) -> Masks:
    """Return masks in which one bit is flipped, every bit as likely as any other."""
    return flipped(masks, random.integers(0, network.n_weights, len(masks)))
