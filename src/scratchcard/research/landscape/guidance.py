"""Searches guided by each metric with the same budget: what a metric is good for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scratchcard.research.landscape.metrics import METRICS, Reader
from scratchcard.research.landscape.neighbours import neighbourhood
from scratchcard.search import Limits, Memetic, accuracy, evolve
from scratchcard.search.genetic.search import own_temperature
from scratchcard.search.memetic.search import MemeticSearch
from scratchcard.search.problem import Problem
from scratchcard.search.task import Task


@dataclass(frozen=True)
class PlainMemetic(Memetic):
    """The memetic search at the scale of the float network, which it keeps."""

    def start(self, task: Task) -> MemeticSearch:
        """Begin a search."""
        return _PlainSearch(
            self, replace(task, temperature=own_temperature(task.network, task.temperature))
        )


class _PlainSearch(MemeticSearch):
    def _retemper(self) -> None:
        """Nothing: the temperature is part of the metric."""


def guided(
    problem: Problem, metric: str, max_density: float, evaluations: int, seed: int, n_jobs: int = 1
) -> dict[str, Any]:
    """Search by one metric and say how good the mask is that it ends with. Fractions of 1.

    ``better_flips`` are the flips that would still improve the metric, of all of the mask's;
    ``neutral`` is the share of those that would not change it.

    The mask is the best by that metric on the training rows: validation rows choose nothing here,
    so their accuracy is an honest estimate.
    """
    chosen = METRICS[metric]
    algorithm = (Memetic if chosen.scaled else PlainMemetic)(max_density=max_density)
    outcome = evolve(
        problem.network,
        problem.train,
        algorithm=algorithm,
        objective=chosen.objective,
        limits=Limits(evaluations=evaluations),
        seed=seed,
        n_jobs=n_jobs,
    )
    assert problem.validation is not None
    mask = outcome.mask.flat()
    reader = Reader(problem.network, problem.train, max_density, [metric])
    reader.temper(mask)
    around = neighbourhood(reader, metric, mask)
    return {
        "metric": metric,
        "search_seed": seed,
        "train_accuracy": accuracy(problem.network, mask, problem.train),
        "validation_accuracy": accuracy(problem.network, mask, problem.validation),
        "density": outcome.mask.density,
        "better_flips": int((around.changes < 0).sum()),
        "neutral": float((around.changes == 0).mean()),
        "evaluations": outcome.evaluations,
        "seconds": outcome.seconds,
    }
