"""The dense engine: plain NumPy products of whole matrices, which all other engines must equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.checks import check_group, one_statistic_only
from scratchcard.objectives import Objective, bits_per_output
from scratchcard.rows import Rows, check_fit
from scratchcard.ticket import Mask, Network


@dataclass
class DenseState:
    """One individual, of which this engine keeps the flat mask alone."""

    mask: NDArray[np.uint8]


class DenseEngine:
    """Computes an objective of masks of one network on one set of rows, each time afresh.

    It has the face of every engine (:class:`scratchcard.engines.Engine`). Whatever only serves
    speed, which is blocks, similar states, threads and bounds, is ignored.

    Parameters
    ----------
    network : Network
        The frozen random network.
    rows : Rows
        The rows to read; inputs within the network's input limit.
    objective : Objective
        What is computed.
    temperature : float
        Nats of logit per unit of output.
    block_rows : int or None
        Ignored.
    is_shuffled : bool
        Ignored.

    Raises
    ------
    ValueError
        For rows that the network cannot read, or in other groups than the objective takes.
    """

    compiled = None
    n_blocks = 1

    def __init__(
        self,
        network: Network,
        rows: Rows,
        objective: Objective,
        temperature: float,
        block_rows: int | None = None,
        is_shuffled: bool = False,
    ) -> None:
        check_fit(network, rows)
        check_group(objective, rows)
        self.network = network
        self.rows = rows
        self.objective = objective
        self.temper(temperature)

    def temper(self, temperature: float) -> None:
        """Change the temperature.

        Parameters
        ----------
        temperature : float
            Nats of logit per unit of output.
        """
        self.temperature = temperature
        self.scale = bits_per_output(temperature)

    def _outputs(self, mask: NDArray[np.uint8], rows: Rows) -> NDArray[np.int64]:
        return self.network.outputs(Mask.from_flat(self.network.layers, mask), rows.inputs)

    def _sums(self, mask: NDArray[np.uint8], rows: Rows) -> NDArray[np.int64]:
        given = (self._outputs(mask, rows), rows.targets, rows.weights, self.scale)
        return self.objective.statistics(*given)

    def state(self, mask: NDArray[np.uint8]) -> DenseState:
        """Return an individual with this mask.

        Parameters
        ----------
        mask : ndarray of shape (n_weights,), uint8
            A flat mask, which is copied.

        Returns
        -------
        DenseState
            The individual.
        """
        return DenseState(np.array(mask, dtype=np.uint8))

    def derive(self, state: DenseState, mask: NDArray[np.uint8]) -> DenseState:
        """Return an individual with this mask; the similar one is of no use here.

        Parameters
        ----------
        state : DenseState
            Ignored.
        mask : ndarray of shape (n_weights,), uint8
            A flat mask, which is copied.

        Returns
        -------
        DenseState
            The individual.
        """
        return self.state(mask)

    def affordable_states(self, memory: int) -> int:
        """Return 0, because deriving an individual from another saves nothing here.

        Parameters
        ----------
        memory : int
            Ignored.

        Returns
        -------
        int
            0.
        """
        return 0

    def evaluate(
        self,
        masks: NDArray[np.uint8],
        near: DenseState | None = None,
        n_jobs: int = 1,
        worst: float = np.inf,
    ) -> NDArray[np.int64]:
        """Return the sums of many masks.

        Parameters
        ----------
        masks : ndarray of shape (n, n_weights), uint8
            Flat masks.
        near : DenseState or None
            Ignored.
        n_jobs : int
            Ignored.
        worst : float
            Ignored.

        Returns
        -------
        ndarray of shape (n, n_statistics), int64
            Sums of the statistics of each mask.
        """
        n_statistics = self.objective.n_statistics(self.network.n_outputs)
        sums = np.zeros((len(masks), n_statistics), dtype=np.int64)
        for found, mask in zip(sums, masks, strict=True):
            found[:] = self._sums(mask, self.rows)
        return sums

    def row_statistics(self, mask: NDArray[np.uint8], n_jobs: int = 1) -> NDArray[np.int32]:
        """Return the one statistic of each row.

        Parameters
        ----------
        mask : ndarray of shape (n_weights,), uint8
            A flat mask.
        n_jobs : int
            Ignored.

        Returns
        -------
        ndarray of shape (n_rows,), int32
            The statistics; 0 where a row weighs 0.

        Raises
        ------
        ValueError
            For an objective with more than one statistic.
        """
        one_statistic_only(self.objective, self.network.n_outputs)
        rows, found = self.rows, np.zeros(len(self.rows), dtype=np.int32)
        outputs, one = self._outputs(mask, rows), np.ones(1, dtype=np.int64)
        size = self.objective.group
        for r in np.flatnonzero(rows.weights)[::size]:
            some = slice(r, r + size)
            given = (outputs[some], rows.targets[some], one.repeat(size), self.scale)
            found[r] = self.objective.statistics(*given)[0]
        return found

    def outputs(self, mask: NDArray[np.uint8], n_rows: int) -> tuple[NDArray[Any], Rows]:
        """Return the outputs for all rows, and those rows.

        Parameters
        ----------
        mask : ndarray of shape (n_weights,), uint8
            A flat mask.
        n_rows : int
            Ignored.

        Returns
        -------
        tuple of ndarray of shape (n_rows, n_outputs) and Rows
            Outputs, and the rows that they are of.
        """
        return self._outputs(mask, self.rows), self.rows

    def sums(self, state: DenseState) -> NDArray[np.int64]:
        """Return the sums of an individual.

        Parameters
        ----------
        state : DenseState
            The individual.

        Returns
        -------
        ndarray of shape (n_statistics,), int64
            Sums of the statistics.
        """
        return self._sums(state.mask, self.rows)

    def value(self, sums: NDArray[np.int64]) -> float:
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
        return self.objective.checked_value(sums, self.rows.total_weight)

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
        return np.array([self.value(row) for row in sums])

    def trial(self, state: DenseState, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be if some weights were flipped; flips nothing.

        Parameters
        ----------
        state : DenseState
            The individual.
        flips : ndarray of shape (n_flips,), int64
            Flat weight indices.

        Returns
        -------
        ndarray of shape (n_statistics,), int64
            Sums of the statistics after the flips.
        """
        return self._sums(_flipped(state.mask, flips), self.rows)

    def trial_flips(self, state: DenseState, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be for each of several weights flipped alone.

        Parameters
        ----------
        state : DenseState
            The individual.
        flips : ndarray of shape (n,), int64
            Flat weight indices.

        Returns
        -------
        ndarray of shape (n, n_statistics), int64
            Sums of the statistics after each flip.
        """
        masks = np.array([_flipped(state.mask, flip) for flip in np.asarray(flips)[:, None]])
        return self.evaluate(masks.reshape(-1, state.mask.size))

    def apply(self, state: DenseState, flips: NDArray[np.int64]) -> None:
        """Flip some weights of an individual.

        Parameters
        ----------
        state : DenseState
            The individual, which is changed.
        flips : ndarray of shape (n_flips,), int64
            Flat weight indices.
        """
        state.mask = _flipped(state.mask, flips)


def _flipped(mask: NDArray[np.uint8], flips: NDArray[np.int64]) -> NDArray[np.uint8]:
    flipped = mask.copy()
    flipped[np.unique(np.asarray(flips, dtype=np.int64))] ^= 1
    return flipped
