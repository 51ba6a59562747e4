"""Several searches for the sake of one ticket: they share its limits, and are told of as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from scratchcard.search.callbacks import Callback
from scratchcard.search.evolution import AnyCallback, Outcome
from scratchcard.search.limits import Limits, Progress
from scratchcard.search.problem import Problem
from scratchcard.search.task import Algorithm

__all__ = ["Run", "Together"]

R = TypeVar("R")
Run = Callable[[Problem, Algorithm, Limits, Sequence[AnyCallback]], Outcome]

OF_ITSELF = ("generations", "evaluations", "seconds", "converged", "early stopping")
"""What ends one of the searches; all else ends everything that is tried."""


class Together:
    """Searches of which one is kept, under limits that hold for all of them together.

    Parameters
    ----------
    run : callable
        Called with a problem, an algorithm, limits and callbacks, searches and returns the outcome.
    limits : Limits or None
        When to stop. Evaluations and seconds hold for all searches together, generations for one
        whole search.
    callbacks : sequence of Callback or of callable
        What is done beside each search. Callables are told how far all of them together are.
    work : float
        How long all searches take together, in whole searches.
    last : callable or None
        Runs the last, whole search in the place of ``run``; None for the same.
    """

    def __init__(
        self,
        run: Run,
        limits: Limits | None,
        callbacks: Sequence[AnyCallback],
        work: float,
        last: Run | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._run, self._work = run, work
        self._last = run if last is None else last
        self._callbacks = [
            one if isinstance(one, Callback) else self._told(one) for one in callbacks
        ]
        self._before: list[Outcome] = []
        self._done, self._share = 0.0, 1.0  # in whole searches
        self._interrupted = False

    def search(self, problem: Problem, algorithm: Algorithm, share: float) -> Outcome:
        """Run one of the searches.

        Parameters
        ----------
        problem : Problem
            The network and its rows.
        algorithm : Algorithm
            What searches.
        share : float
            How long it takes, in whole searches.

        Returns
        -------
        Outcome
            What was found.
        """
        limits = part_of(self.limits.filled(algorithm.generations), share, self._work)
        return self._searched(problem, algorithm, limits, share)

    def glance(self, problem: Problem, algorithm: Algorithm, share: float) -> Outcome:
        """Run one of the searches, for no longer than it would take if nothing were limited.

        Parameters
        ----------
        problem : Problem
            The network and its rows, without validation rows.
        algorithm : Algorithm
            What searches.
        share : float
            How long it takes, in whole searches.

        Returns
        -------
        Outcome
            What was found.
        """
        usual = max(1, round(algorithm.generations * share))
        part = part_of(self.limits, share, self._work)
        limits = replace(part, generations=min(part.generations or usual, usual), patience=None)
        return self._searched(problem, algorithm, limits, share)

    def search_on(self, problem: Problem, algorithm: Algorithm) -> Outcome:
        """Run the last search, a whole one, with all that the others have left of the limits.

        Parameters
        ----------
        problem : Problem
            The network and its rows.
        algorithm : Algorithm
            What searches.

        Returns
        -------
        Outcome
            What was found.
        """
        limits, least = self.limits, part_of(self.limits, 1.0, self._work)
        if limits.evaluations is not None and least.evaluations is not None:
            left = limits.evaluations - sum(one.evaluations for one in self._before)
            limits = replace(limits, evaluations=max(left, least.evaluations))
        if limits.seconds is not None and least.seconds is not None:
            left_seconds = limits.seconds - sum(one.seconds for one in self._before)
            limits = replace(limits, seconds=max(left_seconds, least.seconds))
        limits = limits.filled(algorithm.generations)
        return self._searched(problem, algorithm, limits, 1.0, self._last)

    def _searched(
        self,
        problem: Problem,
        algorithm: Algorithm,
        limits: Limits,
        share: float,
        run: Run | None = None,
    ) -> Outcome:
        self._share = share
        run = self._run if run is None else run
        outcome = run(problem, algorithm, limits, self._callbacks)
        self._done += share
        self._before.append(outcome)
        return outcome

    @property
    def is_over(self) -> bool:
        """Whether the last search was ended by what ends all of them."""
        return self._interrupted or self._before[-1].stopped_by not in OF_ITSELF

    def noting(self, work: Callable[..., R]) -> Callable[..., R]:
        """Return the same work, of which it is noted where Ctrl-C ended it.

        Parameters
        ----------
        work : callable
            Part of what is done.

        Returns
        -------
        callable
            Does the same.
        """

        def working(*arguments: Any) -> R:
            try:
                return work(*arguments)
            except KeyboardInterrupt:
                self._interrupted = True
                raise

        return working

    def whole(self, outcome: Outcome) -> Outcome:
        """Return an outcome with the evaluations and seconds of all searches.

        Parameters
        ----------
        outcome : Outcome
            That of the search that is kept.

        Returns
        -------
        Outcome
            The same, with what all of them took, and what ended the last one.
        """
        return replace(
            outcome,
            evaluations=sum(one.evaluations for one in self._before),
            seconds=sum(one.seconds for one in self._before),
            stopped_by="interrupt" if self._interrupted else self._before[-1].stopped_by,
        )

    def _told(self, callback: Callable[[Progress], object]) -> Callable[[Progress], object]:
        return lambda progress: callback(self._overall(progress))

    def _overall(self, progress: Progress) -> Progress:
        done = self._done + self._share * progress.fraction
        return replace(
            progress,
            evaluations=progress.evaluations + sum(one.evaluations for one in self._before),
            seconds=progress.seconds + sum(one.seconds for one in self._before),
            fraction=min(1.0, done / self._work),
        )


def part_of(limits: Limits, share: float, work: float) -> Limits:
    """Return the limits of one of several searches.

    Parameters
    ----------
    limits : Limits
        Those of one whole search in generations, and of all searches in evaluations and seconds.
    share : float
        How long this search takes, in whole searches.
    work : float
        How long all of them take.

    Returns
    -------
    Limits
        Its own.
    """
    parts = {"generations": share, "evaluations": share / work, "seconds": share / work}
    found = {
        name: getattr(limits, name) * part
        for name, part in parts.items()
        if getattr(limits, name) is not None
    }
    for name in ("generations", "evaluations"):
        if name in found:
            found[name] = max(1, round(found[name]))
    return replace(limits, **found)
