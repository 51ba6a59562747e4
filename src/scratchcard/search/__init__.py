"""Search: what decides which connections of a random network stay."""

from __future__ import annotations

from scratchcard.objectives.tempering import own_temperature
from scratchcard.search.callbacks import Callback, Checkpoint
from scratchcard.search.clustering import (
    MOST_STARTS,
    Clustering,
    cluster,
    clustering_algorithm,
)
from scratchcard.search.evolution import Outcome, evolve
from scratchcard.search.genetic import Genetic
from scratchcard.search.islands import Islands
from scratchcard.search.journal import Journal
from scratchcard.search.limits import Limits, Progress
from scratchcard.search.loop import Loop
from scratchcard.search.memetic import Memetic
from scratchcard.search.memetic.search import MemeticSearch
from scratchcard.search.population import Population
from scratchcard.search.problem import Labelled, Problem, make_algorithm
from scratchcard.search.pruning import prune, shrink
from scratchcard.search.sealed import CheckpointError
from scratchcard.search.targets import (
    Consensus,
    Given,
    Neighbours,
    Targets,
)
from scratchcard.search.task import Algorithm, Individual, RunningSearch, Task
from scratchcard.search.temperature import (
    accuracy,
    calibrated_temperature,
    retempered,
    search_temperature,
)

__all__ = [
    "MOST_STARTS",
    "Algorithm",
    "Callback",
    "Checkpoint",
    "CheckpointError",
    "Clustering",
    "Consensus",
    "Genetic",
    "Given",
    "Individual",
    "Islands",
    "Journal",
    "Labelled",
    "Limits",
    "Loop",
    "Memetic",
    "MemeticSearch",
    "Neighbours",
    "Outcome",
    "Population",
    "Problem",
    "Progress",
    "RunningSearch",
    "Targets",
    "Task",
    "accuracy",
    "calibrated_temperature",
    "cluster",
    "clustering_algorithm",
    "evolve",
    "make_algorithm",
    "own_temperature",
    "prune",
    "retempered",
    "search_temperature",
    "shrink",
]
