"""Successive halving: many candidates are tried for a short time, and the best of them for longer.

Jamieson and Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter
Optimization".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple, TypeVar

__all__ = ["STAGES", "Stage", "halving", "work_of"]

C = TypeVar("C")
R = TypeVar("R")


class Stage(NamedTuple):
    """A round of trying: for how long, as a share of a whole search, and how many at most."""

    share: float
    most: int


STAGES = (Stage(0.125, 64), Stage(0.5, 4), Stage(1.0, 2))
"""The rounds. The first one tries all candidates, the last one searches to the end."""


def halving(
    candidates: Sequence[C],
    run: Callable[[C, float], R],
    score: Callable[[R], float],
    is_over: Callable[[R], bool],
    stages: Sequence[Stage] = STAGES,
) -> R:
    """Return the best result of the last round.

    Parameters
    ----------
    candidates : sequence
        What there is to choose from, at least one. A round is left out where the next one has room
        for all that are left.
    run : callable
        Called with a candidate and the share of a whole search that it gets, returns a result.
    score : callable
        How good a result is; higher is better, and of equal ones the first counts.
    is_over : callable
        Called with each result, returns whether to begin no other run; then the best result so far
        is returned.
    stages : sequence of Stage
        The rounds.

    Returns
    -------
    object
        A result.

    Raises
    ------
    KeyboardInterrupt
        If the first run raises it, or its score. Where another does, the best result so far is
        returned.
    """
    left = list(candidates)
    best: list[tuple[float, C, R]] = []
    for stage in _rounds(len(left), stages):
        tried: list[tuple[float, C, R]] = []
        for candidate in left[: stage.most]:
            try:
                result = run(candidate, stage.share)
                tried.append((score(result), candidate, result))
            except KeyboardInterrupt:
                if not tried + best:
                    raise
                return _first_best(tried + best)[0][2]
            if is_over(result):
                return _first_best(tried + best)[0][2]
        best = _first_best(tried)
        left = [candidate for _, candidate, _ in best]
    return best[0][2]


def _first_best(tried: list[tuple[float, C, R]]) -> list[tuple[float, C, R]]:
    return sorted(tried, key=lambda one: -one[0])


def work_of(n_candidates: int, stages: Sequence[Stage] = STAGES) -> float:
    """Return how long all rounds take together, in whole searches.

    Parameters
    ----------
    n_candidates : int
        How many candidates there are.
    stages : sequence of Stage
        The rounds.

    Returns
    -------
    float
        A number of at least 1.
    """
    return sum(stage.share * stage.most for stage in _rounds(n_candidates, stages))


def _rounds(n_candidates: int, stages: Sequence[Stage]) -> list[Stage]:
    """Return the rounds that so many candidates go through, each with how many are tried in it."""
    rounds = []
    for stage, following in zip_longest(stages, stages[1:]):
        if following is None or n_candidates > following.most:
            n_candidates = min(n_candidates, stage.most)
            rounds.append(Stage(stage.share, n_candidates))
    return rounds
