"""Recombination: each bit from one parent or the other."""

from __future__ import annotations

from scratchcard.search.genetic.operators.base import Masks, Random, coins
from scratchcard.ticket import Network


def uniform_crossover(network: Network, firsts: Masks, mates: Masks, random: Random) -> Masks:
    """Return children whose every bit comes from one parent or the other (Syswerda 1989)."""
    return firsts ^ ((firsts ^ mates) & coins(firsts.shape, random))
