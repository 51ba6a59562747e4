"""The dense engine: plain NumPy products of whole matrices, which all other engines must equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.checks import (
    check_answers,
    check_group,
    check_targets,
    one_statistic_only,
)
from scratchcard.objectives import Objective
from scratchcard.rows import Rows, check_fit
from scratchcard.ticket import Mask, Network, Reading


@dataclass
class DenseState:
    """One individual, of which this engine keeps the flat mask alone."""

    mask: NDArray[np.uint8]


class DenseEngine:
    """Computes an objective of masks of one network on one set of rows, each time afresh.

    Its methods take and return what those of every engine do; see
    :class:`scratchcard.engines.Engine`. Whatever only serves speed, which is blocks, similar
    states, threads and bounds, is ignored.

    Parameters
    ----------
    network : Network
        The frozen random network.
    rows : Rows
        The rows to read; inputs within the network's input limit.
    objective : Objective
        What is computed.
    temperature : Reading
        How outputs are read: for classes, nats of logit per unit of output.
    block_rows : int or None
        Ignored.
    is_shuffled : bool
        Ignored.

    Raises
    ------
    ValueError
        For rows that the network cannot read, or whose targets or groups the objective does not
        take.
    """

    compiled = None
    n_blocks = at_once = 1

    def __init__(
        self,
        network: Network,
        rows: Rows,
        objective: Objective,
        temperature: Reading,
        block_rows: int | None = None,
        is_shuffled: bool = False,
    ) -> None:
        check_fit(network, rows)
        check_answers(objective, rows)
        check_group(objective, rows)
        self.network = network
        self.rows = rows
        self.objective = objective
        self.temper(temperature)

    def temper(self, temperature: Reading) -> None:
        """Change how outputs are read."""
        self.temperature = temperature
        self.scale = self.objective.tempering.scale(temperature)

    def retarget(self, targets: NDArray[np.int64]) -> None:
        """Change what the rows should be, in their order."""
        rows = self.rows.with_targets(targets)
        check_targets(self.network.n_outputs, rows)
        self.rows = rows

    def _outputs(self, mask: NDArray[np.uint8], rows: Rows) -> NDArray[np.int64]:
        return self.network.outputs(Mask.from_flat(self.network.layers, mask), rows.inputs)

    def _sums(self, mask: NDArray[np.uint8], rows: Rows) -> NDArray[np.int64]:
        given = (self._outputs(mask, rows), rows.targets, rows.weights, self.scale)
        return self.objective.statistics(*given)

    def state(self, mask: NDArray[np.uint8]) -> DenseState:
        """Return an individual with this flat mask, (n_weights,), which is copied."""
        return DenseState(np.array(mask, dtype=np.uint8))

    def derive(self, state: DenseState, mask: NDArray[np.uint8]) -> DenseState:
        """Return an individual with this flat mask; the similar one is of no use here."""
        return self.state(mask)

    def affordable_states(self, memory: int) -> int:
        """Return 0, because deriving an individual from another saves nothing here."""
        return 0

    def evaluate(
        self,
        masks: NDArray[np.uint8],
        near: DenseState | None = None,
        n_jobs: int = 1,
        worst: float = np.inf,
    ) -> NDArray[np.int64]:
        """Return the sums of flat masks: (n, n_weights) give (n, n_statistics)."""
        n_statistics = self.objective.n_statistics(self.network.n_outputs)
        sums = np.zeros((len(masks), n_statistics), dtype=np.int64)
        for found, mask in zip(sums, masks, strict=True):
            found[:] = self._sums(mask, self.rows)
        return sums

    def row_statistics(self, mask: NDArray[np.uint8], n_jobs: int = 1) -> NDArray[np.int32]:
        """Return the one statistic of each row, (n_rows,); 0 where a row weighs 0."""
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
        """Return the outputs for all rows, (n_rows, n_outputs), and those rows."""
        return self._outputs(mask, self.rows), self.rows

    def sums(self, state: DenseState) -> NDArray[np.int64]:
        """Return the sums of an individual's statistics, (n_statistics,)."""
        return self._sums(state.mask, self.rows)

    def value(self, sums: NDArray[np.int64]) -> float:
        """Return the objective's value for these sums, (n_statistics,); lower is better."""
        return self.objective.checked_value(sums, self.rows.total_weight)

    def values(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the objective's values for many sums: (n, n_statistics) give (n,)."""
        return np.array([self.value(row) for row in sums])

    def trial(self, state: DenseState, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be with these flat weight indices flipped; flips nothing."""
        return self._sums(_flipped(state.mask, flips), self.rows)

    def trial_flips(self, state: DenseState, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be for each flat index flipped alone, (n, n_statistics)."""
        masks = np.array([_flipped(state.mask, flip) for flip in np.asarray(flips)[:, None]])
        return self.evaluate(masks.reshape(-1, state.mask.size))

    def apply(self, state: DenseState, flips: NDArray[np.int64]) -> None:
        """Flip these flat weight indices of an individual."""
        state.mask = _flipped(state.mask, flips)


def _flipped(mask: NDArray[np.uint8], flips: NDArray[np.int64]) -> NDArray[np.uint8]:
    flipped = mask.copy()
    flipped[np.unique(np.asarray(flips, dtype=np.int64))] ^= 1
    return flipped
