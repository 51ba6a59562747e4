"""Evolution: decides which connections stay."""

from __future__ import annotations

from scratchcard.evolution.driver import Limits, Outcome, Progress, accuracy, evolve
from scratchcard.evolution.genetic import Genetic
from scratchcard.evolution.memetic import Memetic
from scratchcard.evolution.pruning import prune

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
