"""Search: decides which connections stay."""

from __future__ import annotations

from scratchcard.search.callbacks import Callback, Checkpoint
from scratchcard.search.genetic import Genetic
from scratchcard.search.limits import Limits, Progress
from scratchcard.search.loop import Loop, Outcome, evolve
from scratchcard.search.memetic import Memetic
from scratchcard.search.population import Population, PopulationError
from scratchcard.search.pruning import prune
from scratchcard.search.targets import Given, Targets
from scratchcard.search.task import Algorithm, Individual, RunningSearch, Task
from scratchcard.search.temperature import accuracy, calibrated_temperature, search_temperature

__all__ = [
    "Algorithm",
    "Callback",
    "Checkpoint",
    "Genetic",
    "Given",
    "Individual",
    "Limits",
    "Loop",
    "Memetic",
    "Outcome",
    "Population",
    "PopulationError",
    "Progress",
    "RunningSearch",
    "Targets",
    "Task",
    "accuracy",
    "calibrated_temperature",
    "evolve",
    "prune",
    "search_temperature",
]
