"""The dense engine: NumPy products of whole matrices. Obvious, and what all engines must equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scratchcard.objectives.base import Objective, bits_per_output
from scratchcard.rows.rows import Rows, check_fit
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network


@dataclass
class DenseState:
    """One individual: its flat mask, and the sums of its statistics."""

    mask: NDArray[np.uint8]
    sums: NDArray[np.int64]


class DenseEngine:
    """Computes an objective of masks of one network on one set of rows, each time afresh.

    The same face as :class:`.IncrementalEngine`; whatever only
    serves its speed, blocks, similar states, threads and bounds, is ignored.
    """

    def __init__(
        self,
        network: Network,
        rows: Rows,
        objective: Objective,
        temperature: float,
        block_rows: int | None = None,
    ) -> None:
        check_fit(network, rows)
        self.network = network
        self.rows = rows
        self.objective = objective
        self.temperature = temperature
        self.scale = bits_per_output(temperature)

    def _sums_of(self, mask: NDArray[np.uint8]) -> NDArray[np.int64]:
        outputs = self.network.outputs(Mask.from_flat(self.network.shapes, mask), self.rows.inputs)
        return self.objective.statistics(outputs, self.rows.targets, self.rows.weights, self.scale)

    def state(self, mask: NDArray[np.uint8]) -> DenseState:
        """An individual with this flat mask, (n_weights,)."""
        mask = np.array(mask, dtype=np.uint8)
        return DenseState(mask, self._sums_of(mask))

    def derive(self, state: DenseState, mask: NDArray[np.uint8]) -> DenseState:
        """An individual with this flat mask."""
        return self.state(mask)

    def evaluate(
        self,
        masks: NDArray[np.uint8],
        near: DenseState | None = None,
        n_jobs: int = 1,
        worst: float = np.inf,
    ) -> NDArray[np.int64]:
        """Sums of the statistics of flat masks, (n, n_weights) -> (n, n_statistics)."""
        return np.array([self._sums_of(mask) for mask in masks])

    def affordable_states(self, memory: int) -> int:
        """How many individuals are worth keeping to derive others from: none, it saves nothing."""
        return 0

    def sums(self, state: DenseState) -> NDArray[np.int64]:
        """Sums of the statistics, (n_statistics,) int64."""
        return state.sums

    def value(self, sums: NDArray[np.int64]) -> float:
        """The objective's value for these sums; lower is better."""
        return float(self.objective.value(sums, self.rows.total_weight))

    def values(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        """The objective's values for many sums, (n, n_statistics) -> (n,)."""
        return np.array([self.value(row) for row in sums])

    def trial(self, state: DenseState, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums of the statistics if these flat weight indices were flipped; flips nothing."""
        return self._sums_of(_flipped(state.mask, flips))

    def trial_flips(self, state: DenseState, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums of the statistics for each flat weight index flipped alone, (n, n_statistics)."""
        return np.array([self.trial(state, flips[f : f + 1]) for f in range(len(flips))])

    def apply(self, state: DenseState, flips: NDArray[np.int64]) -> None:
        """Flip these flat weight indices."""
        new = self.state(_flipped(state.mask, flips))
        state.mask, state.sums = new.mask, new.sums


def _flipped(mask: NDArray[np.uint8], flips: NDArray[np.int64]) -> NDArray[np.uint8]:
    flipped = mask.copy()
    flipped[np.unique(np.asarray(flips, dtype=np.int64))] ^= 1
    return flipped
