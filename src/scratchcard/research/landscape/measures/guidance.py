"""Searches guided by each metric with the same budget: what a metric is good for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scratchcard.research.landscape.measures.metrics import METRICS, Reader
from scratchcard.research.landscape.measures.neighbours import neighbourhood
from scratchcard.search import (
    Limits,
    Memetic,
    MemeticSearch,
    Population,
    Problem,
    Task,
    accuracy,
    evolve,
)


@dataclass(frozen=True)
class PlainMemetic(Memetic):
    """The memetic search at the scale of the float network, which it never changes."""

    def start(self, task: Task, population: Population | None = None) -> MemeticSearch:
        """Begin a search, or go on with one that left this population."""
        own = task.objective.tempering.unfitted(task.network, task.temperature)
        return _PlainSearch(self, replace(task, temperature=own), population)


class _PlainSearch(MemeticSearch):
    def retemper(self) -> None:
        """Keep the temperature, for it is part of the metric."""


def guided(
    problem: Problem, metric: str, max_density: float, evaluations: int, seed: int, n_jobs: int = 1
) -> dict[str, Any]:
    """Search by one metric and measure how good the mask is that the search ends with.

    The mask is the best by that metric on the training rows: validation rows choose nothing here,
    so their accuracy is an honest estimate.

    Parameters
    ----------
    problem : Problem
        The network and its rows.
    metric : str
        A name of ``METRICS``.
    max_density : float
        Largest share of weights that may stay.
    evaluations : int
        Candidates that the search decides.
    seed : int
        Of the search.
    n_jobs : int
        Threads.

    Returns
    -------
    dict
        Accuracies and densities are fractions of 1; ``better_flips`` is the number of flips that
        would still improve the metric, ``neutral`` the share of those that would not change it.
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
