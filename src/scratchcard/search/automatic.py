"""What a user leaves open is chosen by short searches on the training rows, some held back in turn.

Each setting of :mod:`scratchcard.search.rule` is searched for a while on all folds but one, as
often as there are folds, and judged by that one. The best setting then searches all the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from scratchcard.engines import IncrementalEngine
from scratchcard.objectives import Objective
from scratchcard.rows import Rows
from scratchcard.rows.folds import count_of, folds
from scratchcard.search.evolution import AnyCallback, Outcome
from scratchcard.search.halving import Stage, halving, work_of
from scratchcard.search.limits import Limits
from scratchcard.search.problem import Problem, validation_loss
from scratchcard.search.rule import Setting
from scratchcard.search.temperature import accuracy
from scratchcard.search.together import Run, Together, part_of
from scratchcard.ticket import Network

__all__ = ["search_best"]

FOLDS, DEALS = 4, 2
FEW_ROWS = 1000  # fewer are dealt twice, so that less is left to chance
SHARE = 0.15  # of a whole search, in each fold
WHOLE = 1.0
LOSS = 0.25  # what a nat of loss counts, in accuracy
AHEAD = 0.005  # what the first setting has ahead: where all are alike it is taken
ROWS = 2000  # that are tried on, at most
# Searches shorter than this would choose by chance.
LEAST = {"generations": 4.0, "evaluations": 5_000.0, "seconds": 0.05}


class Tried(NamedTuple):
    """How good a setting is, and a mask that was found with it."""

    score: float
    setting: Setting
    problem: Problem
    outcome: Outcome


def search_best(
    settings: Sequence[Setting],
    make: Callable[[Network], Problem],
    objective: Objective,
    limits: Limits | None,
    run: Run,
    callbacks: Sequence[AnyCallback],
    seed: int,
    *,
    last: Run | None = None,
) -> tuple[Problem, Outcome, Setting]:
    """Choose a setting, and search with it.

    Parameters
    ----------
    settings : sequence of Setting
        What to choose from, the most promising first.
    make : callable
        Called with a network, returns it with the rows in its integers.
    objective : Objective
        What is minimised.
    limits : Limits or None
        When to stop. Evaluations and seconds hold for all that is tried together, generations for
        the last search. Where that leaves next to nothing for trying, the first setting is taken.
    run : callable
        Called with a problem, an algorithm, limits and callbacks, searches and returns the outcome.
    callbacks : sequence of Callback or of callable
        What is done beside each search. Callables are told how far all of it is.
    seed : int
        Says which rows are held back together.
    last : callable or None
        Runs the last, whole search in the place of ``run``; None for the same.

    Returns
    -------
    problem : Problem
        The network that was chosen, with its rows.
    outcome : Outcome
        What was found in it. Its evaluations and seconds are those of all that was tried.
    setting : Setting
        What was chosen.
    """
    first, limits = make(settings[0].network), limits or Limits()
    deals = DEALS if count_of(first.train) < FEW_ROWS else 1
    stages = (Stage(deals * FOLDS * SHARE, 64), Stage(WHOLE, 1))
    parts: list[tuple[Rows, Rows]] = []
    if len(settings) > 1 and _is_long_enough(limits, work_of(len(settings), stages)):
        for deal in range(deals):
            parts += folds(first.train, FOLDS, ROWS, seed + deal)
    settings = settings if parts else settings[:1]
    together = Together(run, limits, callbacks, work_of(len(settings), stages), last)

    def searched(setting: Setting, share: float) -> Tried:
        problem = first if setting is settings[0] else make(setting.network)
        if share == WHOLE:
            outcome = together.search_on(problem, setting.algorithm(problem.train))
            return Tried(np.inf, setting, problem, outcome)
        outcomes: list[Outcome] = []
        scores: list[float] = []

        def tried(some: Rows, held: Rows) -> None:
            part = Problem(setting.network, problem.scaling, some)
            outcomes.append(together.glance(part, setting.algorithm(some), SHARE))
            if not together.is_over:
                ahead = AHEAD * held.total_weight if setting is settings[0] else 0.0
                part = replace(part, validation=held)
                scores.append(ahead + _score(part, outcomes[-1], objective))

        for some, held in parts:
            try:
                together.noting(tried)(some, held)
            except KeyboardInterrupt:
                if not outcomes:
                    raise
            if together.is_over:
                break
        is_judged = len(scores) == len(parts)  # by some of them alone it may seem better
        return Tried(sum(scores) if is_judged else -np.inf, setting, problem, outcomes[-1])

    found = halving(
        settings,
        together.noting(searched),
        lambda tried: tried.score,
        lambda tried: together.is_over,
        stages,
    )
    problem, outcome = found.problem, found.outcome
    if found.score < np.inf:  # all was ended while settings were tried
        outcome = problem.with_mask(outcome, outcome.mask, objective)
    return problem, together.whole(outcome), found.setting


def _score(problem: Problem, outcome: Outcome, objective: Objective) -> float:
    """Return how good a mask is on the rows held back, times their weight; higher is better."""
    rows, network = problem.validation, problem.network
    assert rows is not None
    if objective.name != "cross_entropy":
        engine = IncrementalEngine(network, rows, objective, outcome.head.reading)
        value = engine.value(engine.evaluate(outcome.mask.flat()[None])[0])
        return -float(value) * rows.total_weight
    right = accuracy(network, outcome.mask.flat(), rows)
    return (right - LOSS * validation_loss(problem, outcome)) * rows.total_weight


def _is_long_enough(limits: Limits, work: float) -> bool:
    """Return whether limits leave enough for settings to be told apart."""
    part = part_of(limits, SHARE, work)
    given = {name: getattr(part, name) for name in LEAST}
    return all(value is None or value >= LEAST[name] for name, value in given.items())
