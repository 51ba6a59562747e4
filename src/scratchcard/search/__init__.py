"""Evolution: decides which connections stay."""

from __future__ import annotations

from scratchcard.search.genetic.search import Genetic
from scratchcard.search.loop import Limits, Outcome, Progress, accuracy, evolve
from scratchcard.search.memetic.search import Memetic
from scratchcard.search.pruning import prune

__all__ = [
    "Genetic",
    "Limits",
    "Memetic",
    "Outcome",
    "Progress",
    "accuracy",
    "evolve",
    "prune",
]
