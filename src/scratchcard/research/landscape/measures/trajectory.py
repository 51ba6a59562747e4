"""Masks along a memetic search: from the best of its first masks to its ticket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scratchcard.objectives import OBJECTIVES
from scratchcard.research.landscape.measures.metrics import FlatMask
from scratchcard.search import Memetic, Problem, Task, search_temperature
from scratchcard.ticket import Mask


@dataclass(frozen=True)
class Waypoint:
    """The best mask of a search after a number of evaluations."""

    evaluations: int
    mask: FlatMask


def trajectory(
    problem: Problem, max_density: float, evaluations: int, seed: int, points: int, n_jobs: int = 1
) -> list[Waypoint]:
    """Search by cross-entropy and note the best mask at about ``points`` moments.

    The moments are about geometric in evaluations; the first is before the first mutation, the last
    is the ticket, which is the one that ``evolve`` finds without validation rows. Weights into
    units that feed nothing are dropped there, as from every ticket.

    Parameters
    ----------
    problem : Problem
        The network and its training rows.
    max_density : float
        Largest share of weights that may stay.
    evaluations : int
        Candidates that the search decides.
    seed : int
        Of the search.
    points : int
        About how many moments are noted.
    n_jobs : int
        Threads.

    Returns
    -------
    list of Waypoint
    """
    network, rows = problem.network, problem.train
    task = Task(
        network,
        rows,
        OBJECTIVES["cross_entropy"],
        search_temperature(network, rows, max_density),
        seed,
        n_jobs,
        evaluations=evaluations,
    )
    search = Memetic(max_density=max_density).start(task)
    try:
        found = [Waypoint(0, search.individuals()[0].mask.copy())]
        marks = list(np.geomspace(evaluations / 20, evaluations, max(2, points - 1))[:-1])
        while search.evaluations < evaluations:
            search.step(search.evaluations / evaluations)
            if marks and marks[0] <= search.evaluations < evaluations:
                marks = [mark for mark in marks if mark > search.evaluations]
                found.append(Waypoint(search.evaluations, search.individuals()[0].mask.copy()))
        last = Mask.from_flat(network.layers, search.individuals()[0].mask).without_dead()
        return [*found, Waypoint(search.evaluations, last.flat())]
    finally:
        search.close()


def random_like(problem: Problem, mask: FlatMask, random: np.random.Generator) -> FlatMask:
    """Draw a random mask with as many survivors as this one."""
    drawn = np.zeros_like(mask)
    drawn[random.choice(mask.size, np.count_nonzero(mask), replace=False)] = 1
    return drawn
