"""Evolution: decides which connections stay."""

from __future__ import annotations

from scratchcard.search.genetic.search import Genetic, own_temperature
from scratchcard.search.loop import Limits, Outcome, Progress, accuracy, evolve
from scratchcard.search.memetic.search import Memetic, MemeticSearch
from scratchcard.search.problem import Labelled, Problem, make_algorithm
from scratchcard.search.pruning import prune
from scratchcard.search.task import Algorithm, Task
from scratchcard.search.temperature import calibrated_temperature, retempered, search_temperature

__all__ = [
    "Algorithm",
    "Genetic",
    "Labelled",
    "Limits",
    "Memetic",
    "MemeticSearch",
    "Outcome",
    "Problem",
    "Progress",
    "Task",
    "accuracy",
    "calibrated_temperature",
    "evolve",
    "make_algorithm",
    "own_temperature",
    "prune",
    "retempered",
    "search_temperature",
]
