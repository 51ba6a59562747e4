"""The face of an engine: all that a search, pruning or an experiment may ask of one.

An engine imports objectives, rows and the ticket, and nothing that searches.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scratchcard.objectives import Objective
from scratchcard.rows import Rows
from scratchcard.ticket import Network, Reading

__all__ = ["Engine", "EngineMaker"]

Mask = NDArray[np.uint8]
Sums = NDArray[np.int64]


class Engine(Protocol):
    """What computes an objective of masks of one network on one set of rows.

    Masks are flat: (n_weights,) uint8 of 0 and 1. Sums are those of the objective's statistics,
    (n_statistics,) int64. They are exact integers, and so equal in all engines. A *state* is one
    individual as the engine keeps it; only its ``mask`` is for others to read.

    Attributes
    ----------
    network : Network
        The frozen random network.
    rows : Rows
        The rows that are read.
    objective : Objective
        What is computed.
    """

    network: Network
    rows: Rows
    objective: Objective

    @property
    def temperature(self) -> Reading:
        """How outputs are read: for classes, nats of logit per unit of output."""
        ...

    @property
    def compiled(self) -> Any:
        """What compiled bursts of trials work on, or None where trials are made one by one.

        The incremental engine gives itself, see :class:`.IncrementalEngine`.
        """
        ...

    @property
    def n_blocks(self) -> int:
        """Number of blocks that the rows are cut into, which may be read one by one; at least 1."""
        ...

    @property
    def at_once(self) -> int:
        """Number of masks that :meth:`evaluate` computes together in little more time than one.

        It is 1 where masks are computed one after the other.
        """
        ...

    def temper(self, temperature: Reading) -> None:
        """Change how outputs are read; states follow when they are used next.

        Parameters
        ----------
        temperature : Reading
            For classes, nats of logit per unit of output; for numbers, a line for each output.
        """
        ...

    def retarget(self, targets: NDArray[np.int64]) -> None:
        """Change what the rows should be; states follow when they are used next.

        The rows keep their order and their blocks.

        Parameters
        ----------
        targets : ndarray of shape (n_rows,), int64
            A target for each of the engine's rows, in their order.
        """
        ...

    def state(self, mask: Mask) -> Any:
        """Return an individual with this mask.

        Parameters
        ----------
        mask : ndarray of shape (n_weights,), uint8
            A flat mask, which is copied.

        Returns
        -------
        object
            The individual.
        """
        ...

    def derive(self, state: Any, mask: Mask) -> Any:
        """Return an individual with this mask, made from a similar one where that is cheaper.

        Parameters
        ----------
        state : object
            The similar individual; it is not changed.
        mask : ndarray of shape (n_weights,), uint8
            A flat mask, which is copied.

        Returns
        -------
        object
            The individual.
        """
        ...

    def affordable_states(self, memory: int) -> int:
        """Return how many individuals are worth keeping so that others are derived from them.

        Parameters
        ----------
        memory : int
            Bytes that they may take together.

        Returns
        -------
        int
            How many fit; 0 where deriving saves nothing.
        """
        ...

    def sums(self, state: Any) -> Sums:
        """Return the sums of an individual.

        Parameters
        ----------
        state : object
            The individual.

        Returns
        -------
        ndarray of shape (n_statistics,), int64
            Sums of the statistics.
        """
        ...

    def trial(self, state: Any, flips: NDArray[np.int64]) -> Sums:
        """Return what the sums would be if some weights were flipped; flips nothing.

        Parameters
        ----------
        state : object
            The individual.
        flips : ndarray of shape (n_flips,), int64
            Flat weight indices.

        Returns
        -------
        ndarray of shape (n_statistics,), int64
            Sums of the statistics after the flips.
        """
        ...

    def trial_flips(self, state: Any, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be for each of several weights flipped alone.

        Parameters
        ----------
        state : object
            The individual.
        flips : ndarray of shape (n,), int64
            Flat weight indices.

        Returns
        -------
        ndarray of shape (n, n_statistics), int64
            Sums of the statistics after each flip.
        """
        ...

    def apply(self, state: Any, flips: NDArray[np.int64]) -> None:
        """Flip some weights of an individual.

        Parameters
        ----------
        state : object
            The individual, which is changed.
        flips : ndarray of shape (n_flips,), int64
            Flat weight indices.
        """
        ...

    def evaluate(
        self,
        masks: NDArray[np.uint8],
        near: Any = None,
        n_jobs: int = 1,
        worst: float = np.inf,
    ) -> NDArray[np.int64]:
        """Return the sums of many masks, and keep nothing of them.

        Threads may call this at the same time, but not with the same ``near``.

        Parameters
        ----------
        masks : ndarray of shape (n, n_weights), uint8
            Flat masks.
        near : object or None
            An individual with similar masks, whose scratch memory is used.
        n_jobs : int
            Threads.
        worst : float
            Value above which a mask is of no interest: its sums may then be those of some of the
            rows, whose value is above it as well.

        Returns
        -------
        ndarray of shape (n, n_statistics), int64
            Sums of the statistics of each mask.
        """
        ...

    def row_statistics(self, mask: Mask, n_jobs: int = 1) -> NDArray[np.int32]:
        """Return the one statistic of each row.

        Parameters
        ----------
        mask : ndarray of shape (n_weights,), uint8
            A flat mask.
        n_jobs : int
            Threads.

        Returns
        -------
        ndarray of shape (n_rows,), int32
            The statistics; 0 where a row weighs 0.

        Raises
        ------
        ValueError
            For an objective with more than one statistic.
        """
        ...

    def outputs(self, mask: Mask, n_rows: int) -> tuple[NDArray[np.integer[Any]], Rows]:
        """Return the outputs for some rows, and those rows.

        Parameters
        ----------
        mask : ndarray of shape (n_weights,), uint8
            A flat mask.
        n_rows : int
            About how many rows.

        Returns
        -------
        tuple of ndarray of shape (rows, n_outputs) and Rows
            Outputs, and the rows that they are of.
        """
        ...

    def value(self, sums: Sums) -> float:
        """Return the value of the objective; lower is better.

        Parameters
        ----------
        sums : ndarray of shape (n_statistics,), int64
            Sums of the statistics over all rows.

        Returns
        -------
        float
            The value.

        Raises
        ------
        ObjectiveError
            If it is not finite.
        """
        ...

    def values(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of the objective for many sums.

        Parameters
        ----------
        sums : ndarray of shape (n, n_statistics), int64
            Sums of the statistics over all rows.

        Returns
        -------
        ndarray of shape (n,), float64
            The values; lower is better.

        Raises
        ------
        ObjectiveError
            If one is not finite.
        """
        ...


class EngineMaker(Protocol):
    """What makes an engine: in most cases its class."""

    def __call__(
        self,
        network: Network,
        rows: Rows,
        objective: Objective,
        temperature: Reading,
        block_rows: int | None = None,
        is_shuffled: bool = False,
    ) -> Engine:
        """Return an engine.

        Parameters
        ----------
        network : Network
            The frozen random network.
        rows : Rows
            The rows to read; inputs within the network's input limit.
        objective : Objective
            What is computed.
        temperature : Reading
            Nats of logit per unit of output.
        block_rows : int or None
            Most rows in a block; None for the engine's own choice.
        is_shuffled : bool
            Whether the rows stand in random order already, and keep it.

        Returns
        -------
        Engine
            The engine.
        """
        ...
