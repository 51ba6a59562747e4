"""The task that an algorithm is given, and the protocols of algorithms and of running searches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scratchcard.objectives import Objective
from scratchcard.rows import Rows
from scratchcard.search.population import Population
from scratchcard.ticket import Network, Reading


def _never() -> NDArray[np.int64]:
    return np.zeros(1, dtype=np.int64)


@dataclass(frozen=True)
class Task:
    """One search: a network, the training rows, and what is good.

    Parameters
    ----------
    network : Network
        The random network.
    rows : Rows
        The training rows.
    objective : Objective
        What is minimised.
    temperature : Reading
        How outputs are read at the beginning: for classes, nats of logit per unit of output.
    seed : int
        Seed of the search.
    n_jobs : int
        Threads that may be used; they never change the result.
    start : ndarray of shape (n_weights,), uint8, or None
        A flat mask to begin from.
    evaluations, generations : int or None
        Limits. Short searches want short generations, and cool while they last.
    augment : str or None
        How rows are varied when they are drawn: a name of :data:`scratchcard.rows.AUGMENTATIONS`.
    deadline : float
        A time of ``time.perf_counter``, after which :meth:`Algorithm.start` returns with what it
        has.
    stop : ndarray of shape (1,), int64
        The search ends as soon as it can once this is above 0.
    first_targets : ndarray of shape (n_rows,), int64, or None
        What the rows should be when the search began, if they have got other targets since. Rows
        are put in order by these, so that a search that is resumed reads the same windows.
    """

    network: Network
    rows: Rows
    objective: Objective
    temperature: Reading
    seed: int = 0
    n_jobs: int = 1
    start: NDArray[np.uint8] | None = None
    evaluations: int | None = None
    generations: int | None = None
    augment: str | None = None
    deadline: float = math.inf
    stop: NDArray[np.int64] = field(default_factory=_never)
    first_targets: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Individual:
    """A mask and its objective.

    Attributes
    ----------
    mask : ndarray of shape (n_weights,), uint8
        A flat mask.
    objective : float
        The objective; lower is better.
    """

    mask: NDArray[np.uint8]
    objective: float

    @property
    def surviving(self) -> int:
        """Number of surviving weights."""
        return int(np.count_nonzero(self.mask))

    def copy(self) -> Individual:
        """Return the same individual with a mask of its own, because a search changes its masks.

        Returns
        -------
        Individual
            The copy.
        """
        return Individual(self.mask.copy(), self.objective)


class RunningSearch(Protocol):
    """A running search. The loop calls :meth:`step` until a limit or :attr:`converged`."""

    @property
    def evaluations(self) -> int:
        """Candidates decided so far."""
        ...

    @property
    def converged(self) -> bool:
        """Whether the algorithm's own stopping rule is met."""
        ...

    def step(self, fraction: float, deadline: float) -> None:
        """Run one generation.

        A generation that takes long ends early at the deadline, and once the task's ``stop`` is
        set.

        Parameters
        ----------
        fraction : float
            Share of the limits that is used, 0 to 1.
        deadline : float
            A time of ``time.perf_counter``.
        """
        ...

    @property
    def temperature(self) -> Reading:
        """How outputs are read: for classes nats of logit per unit of output."""
        ...

    def outputs(self) -> NDArray[np.int64]:
        """Return what the best individual answers for all rows of the task, in their order.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            Outputs of the network.
        """
        ...

    def individuals(self) -> Sequence[Individual]:
        """Return the individuals that choosing may choose from.

        Returns
        -------
        sequence of Individual
            The individuals, best first.
        """
        ...

    def retarget(self, targets: NDArray[np.int64], fraction: float) -> None:
        """Search with other targets of the task's rows from now on.

        Parameters
        ----------
        targets : ndarray of shape (n_rows,), int64
            The targets.
        fraction : float
            Share of the limits that is used, 0 to 1.
        """
        ...

    def receive(self, masks: NDArray[np.uint8], fraction: float) -> None:
        """Take in what is good of masks that other searches in the same network have found.

        Parameters
        ----------
        masks : ndarray of shape (n_masks, n_weights), uint8
            Flat masks.
        fraction : float
            Share of the limits that is used, 0 to 1.
        """
        ...

    def population(self) -> Population:
        """Return the whole state of the search as plain data.

        Returns
        -------
        Population
            The state, from which a search can go on.
        """
        ...

    def close(self) -> None:
        """Release threads."""
        ...


@runtime_checkable
class Algorithm(Protocol):
    """Settings of a search; :meth:`start` makes one."""

    @property
    def name(self) -> str:
        """What the algorithm is called in the populations of its searches."""
        ...

    @property
    def generations(self) -> int:
        """The limit on generations where the user sets no limit at all."""
        ...

    @property
    def max_density(self) -> float | None:
        """Largest share of the weights that may survive; None for no limit."""
        ...

    @property
    def draws_rows(self) -> bool:
        """Whether rows are drawn anew during a search, so that they can be varied."""
        ...

    def start(self, task: Task, population: Population | None = None) -> RunningSearch:
        """Begin a search, or go on with one that was interrupted.

        Parameters
        ----------
        task : Task
            What is searched.
        population : Population or None
            The state to go on from.

        Returns
        -------
        RunningSearch
            The search, with its first population.
        """
        ...

    def smallest(self) -> Algorithm:
        """Return settings of a search of next to nothing that runs all the same code.

        It is run once before a clock is started, so that no clock counts compilation.

        Returns
        -------
        Algorithm
            The settings.
        """
        ...
