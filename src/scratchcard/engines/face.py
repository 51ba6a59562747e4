"""The face of an engine: all that a search, pruning or an experiment may ask of one."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scratchcard.objectives import Objective
from scratchcard.rows import Rows
from scratchcard.ticket import Network

__all__ = ["Engine", "EngineMaker"]

Mask = NDArray[np.uint8]
Sums = NDArray[np.int64]


class Engine(Protocol):
    """What computes an objective of masks of one network on one set of rows.

    Masks are flat, (n_weights,) uint8 of 0 and 1. Sums are those of the objective's statistics,
    (n_statistics,) int64, exact integers, and so equal in all engines. A *state* is one
    individual as the engine keeps it; only its ``mask`` is for others to read.
    """

    network: Network
    rows: Rows
    objective: Objective

    @property
    def temperature(self) -> float:
        """Nats of logit per unit of output."""
        ...

    @property
    def compiled(self) -> Any:
        """What compiled bursts of trials work on, or None where trials are made one by one.

        The incremental engine gives itself, see :class:`.IncrementalEngine`.
        """
        ...

    @property
    def n_blocks(self) -> int:
        """How many blocks the rows are cut into, which may be read one by one; at least 1."""
        ...

    def temper(self, temperature: float) -> None:
        """Change the temperature; states follow when they are used next."""
        ...

    def state(self, mask: Mask) -> Any:
        """Return an individual with this mask."""
        ...

    def derive(self, state: Any, mask: Mask) -> Any:
        """Return an individual with this mask, from a similar one where that is cheaper."""
        ...

    def affordable_states(self, memory: int) -> int:
        """Return how many individuals fit in so many bytes and are worth it, to derive others."""
        ...

    def sums(self, state: Any) -> Sums:
        """Return the sums of an individual."""
        ...

    def trial(self, state: Any, flips: NDArray[np.int64]) -> Sums:
        """Return the sums if these flat weight indices were flipped; flips nothing."""
        ...

    def trial_flips(self, state: Any, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sums for each flat weight index flipped alone, (n, n_statistics)."""
        ...

    def apply(self, state: Any, flips: NDArray[np.int64]) -> None:
        """Flip these flat weight indices."""
        ...

    def evaluate(
        self,
        masks: NDArray[np.uint8],
        near: Any = None,
        n_jobs: int = 1,
        worst: float = np.inf,
    ) -> NDArray[np.int64]:
        """Return the sums of masks, (n, n_weights) -> (n, n_statistics); keeps nothing.

        near : an individual with similar masks, or None. n_jobs : threads. Of a mask whose value is
        above ``worst``, the sums may be those of some of the rows, whose value is above it as well.
        Threads may call this at the same time, but not with the same ``near``.
        """
        ...

    def row_statistics(self, mask: Mask, n_jobs: int = 1) -> NDArray[np.int32]:
        """Return the one statistic of each row, (n_rows,); 0 where it weighs 0.

        Raises ValueError for an objective with more than one.
        """
        ...

    def outputs(self, mask: Mask, n_rows: int) -> tuple[NDArray[np.integer[Any]], Rows]:
        """Return outputs, (rows, n_outputs), of about so many rows, and those rows."""
        ...

    def value(self, sums: Sums) -> float:
        """Return the objective's value for these sums; lower is better.

        Raises ObjectiveError for one that is not finite.
        """
        ...

    def values(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the objective's values for many sums, (n, n_statistics) -> (n,)."""
        ...


class EngineMaker(Protocol):
    """What makes an engine: a class, in most cases.

    block_rows : rows per block, at most; None for the engine's own choice. is_shuffled : whether
    the rows stand in random order, and stay so.
    """

    def __call__(
        self,
        network: Network,
        rows: Rows,
        objective: Objective,
        temperature: float,
        block_rows: int | None = None,
        is_shuffled: bool = False,
    ) -> Engine:
        """Return an engine."""
        ...
