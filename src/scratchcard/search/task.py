"""What an algorithm is given, and the face it shows to the driver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scratchcard.objectives.base import Objective
from scratchcard.rows.rows import Rows
from scratchcard.ticket.network import Network


@dataclass(frozen=True)
class Task:
    """One search: a network, the training rows, and what is good.

    ``temperature`` is in nats of logit per unit of output. ``start`` is a flat mask to begin from,
    (n_weights,) uint8, or None. ``n_jobs`` threads may be used; it never changes the result.
    ``evaluations`` and ``generations`` are limits, or None: short searches want short generations,
    and cool while they last. ``augment`` names how rows are varied when they are drawn, or is None.
    From ``deadline`` on, a time of ``time.perf_counter``, a start takes what it has.
    """

    network: Network
    rows: Rows
    objective: Objective
    temperature: float
    seed: int = 0
    n_jobs: int = 1
    start: NDArray[np.uint8] | None = None
    evaluations: int | None = None
    generations: int | None = None
    augment: str | None = None
    deadline: float = math.inf


@dataclass(frozen=True)
class Individual:
    """A mask, (n_weights,) uint8, and its objective; lower is better."""

    mask: NDArray[np.uint8]
    objective: float

    @property
    def surviving(self) -> int:
        """Number of surviving weights."""
        return int(np.count_nonzero(self.mask))

    def copy(self) -> Individual:
        """The same with a mask of its own; a search goes on changing its masks."""
        return Individual(self.mask.copy(), self.objective)


class Search(Protocol):
    """A running search. The driver calls :meth:`step` until a limit or :attr:`converged`."""

    @property
    def evaluations(self) -> int:
        """Candidates decided so far."""
        ...

    @property
    def converged(self) -> bool:
        """Whether the algorithm's own stopping rule is met."""
        ...

    def step(self, fraction: float, deadline: float) -> None:
        """Live through one generation; ``fraction`` (0 to 1) of the limits is used up.

        A generation that takes long ends early at ``deadline``, a time of ``time.perf_counter``.
        """
        ...

    def individuals(self) -> Sequence[Individual]:
        """The population, best first."""
        ...

    def close(self) -> None:
        """Release threads."""
        ...


class Algorithm(Protocol):
    """Settings of a search; :meth:`start` makes one."""

    @property
    def generations(self) -> int:
        """The limit on generations where the user sets no limit at all."""
        ...

    def start(self, task: Task) -> Search:
        """Begin a search."""
        ...
