"""The incremental engine: exact trials at the price of what they change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.incremental import batches, building
from scratchcard.engines.incremental import trial as kernels
from scratchcard.engines.incremental.threads import LINE, Team, make_team
from scratchcard.objectives.base import Objective, bits_per_output
from scratchcard.rows.rows import Rows, check_fit, shuffled
from scratchcard.ticket.network import Network

LANES = 16  # blocks are padded to whole vectors
BLOCK_ROWS = 1024  # a block's outputs and exps of ten classes fill about a quarter of an L2 cache
ONE_BLOCK = 2048  # so few rows stay in one block

ACTIVATIONS = {"relu": kernels.RELU, "step": kernels.STEP, "sign": kernels.SIGN}


def _blocks(rows: Rows, order: NDArray[np.int64], block_rows: int | None) -> kernels.Data:
    n = len(order)
    if block_rows is None:
        block_rows = ONE_BLOCK if n <= ONE_BLOCK else BLOCK_ROWS
    n_blocks = -(-n // block_rows)
    n_blocks += n_blocks % 2 if n_blocks > 1 else 0  # so that two threads get as many each
    size = -(-n // n_blocks)
    size = -(-size // LANES) * LANES
    size += LANES if size % 1024 == 0 else 0  # units a page apart would share few cache lines
    inputs = np.zeros((n_blocks, rows.inputs.shape[1], size), dtype=np.int16)
    targets = np.zeros((n_blocks, size), dtype=np.int32)
    weights = np.zeros((n_blocks, size), dtype=np.int32)
    for b, part in enumerate(np.array_split(order, n_blocks)):
        length = len(part)
        inputs[b, :, :length] = rows.inputs[part].T
        targets[b, :length] = rows.targets[part]
        weights[b, :length] = rows.weights[part]
    return kernels.Data(inputs, targets, weights, rows.total_weight)


def rows_of(data: kernels.Data, blocks: slice) -> kernels.Data:
    """The rows of some blocks, and their weight alone."""
    weights = data.weights[blocks]
    return kernels.Data(data.inputs[blocks], data.targets[blocks], weights, int(weights.sum()))


class IncrementalEngine:
    """Computes an objective of masks of one network on one set of rows, incrementally.

    Parameters
    ----------
    network : the frozen random network.
    rows : the rows to read; ``rows.inputs`` within the network's input limit.
    objective : what is computed.
    temperature : nats of logit per unit of output.
    block_rows : rows per block, at most; None for one block of up to 2,048 rows, or 1,024.
    is_shuffled : whether the rows stand in random order, and stay so; else they are shuffled.
    """

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
        self.network = network
        self.rows = rows
        self.objective = objective
        self.temperature = temperature
        self.block = objective.compiled_block
        self.compiled_value = objective.compiled_value
        n_layers = network.n_layers
        sizes = np.array(network.sizes, dtype=np.int64)
        units = np.zeros(n_layers + 1, dtype=np.int64)
        units[2:] = np.cumsum(sizes[1:-1])
        self.net = kernels.Net(
            sizes=sizes,
            starts=np.array(network.offsets, dtype=np.int64),
            units=units,
            weights=network.flat_weights(),
            shifts=np.array([0, *network.shifts], dtype=np.int32),
            limits=np.array(network.limits, dtype=np.int32),
            activation=ACTIVATIONS[network.activation],
            scale=bits_per_output(temperature),
            needs_exps=objective.needs_exps,
        )
        self.biases = np.concatenate([network.biases_of(k) for k in range(n_layers)])
        self.order = np.arange(len(rows)) if is_shuffled else shuffled(rows)
        self.data = _blocks(rows, self.order, block_rows)

    def state(self, mask: NDArray[np.uint8]) -> kernels.State:
        """An individual with this flat mask, (n_weights,), everything computed afresh."""
        state = self.blank(mask)
        building.build(self.block, self.net, self.biases, self.data, state)
        return state

    def blank(self, mask: NDArray[np.uint8]) -> kernels.State:
        """A state of this mask with nothing computed yet."""
        return self._blank(mask, len(self.data.targets))

    def _blank(self, mask: NDArray[np.uint8], n_blocks: int) -> kernels.State:
        size = self.data.targets.shape[1]
        n_hidden = int(self.net.sizes[1:-1].sum())
        n_classes = int(self.net.sizes[-1])
        n_statistics = self.objective.n_statistics(n_classes)
        exps_planes = 2 * n_classes if self.objective.needs_exps else 0
        return kernels.State(
            mask=np.array(mask, dtype=np.uint8),
            sums=np.zeros((n_blocks, 2, n_statistics + LINE), dtype=np.int64),
            quanta=np.zeros((n_blocks, 2, size), dtype=np.int32),
            hidden=np.empty((n_blocks, 2, n_hidden, size), dtype=np.int32),
            outputs=np.zeros((n_blocks, 2 * n_classes + 3, size), dtype=np.int32),
            exps=np.empty((n_blocks, exps_planes, size), dtype=np.float32),
            where=np.zeros((n_blocks, n_classes + 1 + LINE), dtype=np.int64),
            moved=np.zeros((n_blocks, n_hidden + 1 + LINE), dtype=np.int64),
            changed=np.zeros(n_hidden, dtype=np.int64),
            delta=np.empty((n_hidden + 1, size), dtype=np.int32),
            work=np.empty((2, size), dtype=np.float32),
            trial_sums=np.zeros(n_statistics, dtype=np.int64),
        )

    def derive(self, state: kernels.State, mask: NDArray[np.uint8]) -> kernels.State:
        """An individual with this flat mask, from a similar one where that is cheaper."""
        flips = np.flatnonzero(state.mask != mask)
        if len(flips) > building.DERIVE_SHARE * np.count_nonzero(mask):
            return self.state(mask)
        child = kernels.State._make(array.copy() for array in state)
        self.apply(child, flips)
        return child

    def evaluate(
        self,
        masks: NDArray[np.uint8],
        near: kernels.State | None = None,
        n_jobs: int = 1,
        worst: float = np.inf,
    ) -> NDArray[np.int64]:
        """Sums of the statistics of flat masks, (n, n_weights) -> (n, n_statistics); keeps nothing.

        Each mask is decided by a trial of ``near``, an individual with a similar mask, or afresh
        by ``n_jobs`` threads. Of a mask whose value is above ``worst``, the sums may be those of
        some of the rows, whose value is above it as well.
        Threads may call this at the same time, but not with the same ``near``.
        """
        masks = np.ascontiguousarray(masks, dtype=np.uint8)
        if near is None:
            return self._afresh(masks, n_jobs, worst)[0]
        sums = self._no_sums(len(masks))
        alone = self.team(1)[0]
        batches.trial_each(self.block, self.net, self.data, near, masks, sums, alone)
        return sums

    def row_statistics(self, mask: NDArray[np.uint8], n_jobs: int = 1) -> NDArray[np.int32]:
        """The one statistic of each row, (n_rows,), for a mask, (n_weights,); 0 where it weighs 0.

        Of objectives that have one statistic.
        """
        quanta = self._afresh(np.ascontiguousarray(mask[None], dtype=np.uint8), n_jobs)[1]
        found = np.zeros(len(self.rows), dtype=np.int32)
        for part, of_block in zip(np.array_split(self.order, len(quanta)), quanta, strict=True):
            found[part] = of_block[: len(part)]
        return found

    def _afresh(
        self, masks: NDArray[np.uint8], n_jobs: int, worst: float = np.inf
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Sums of masks, and each block's rows' statistic of the last; threads share the blocks."""
        n_blocks, _, size = self.data.inputs.shape
        quanta = np.zeros((n_blocks, size), dtype=np.int32)
        bound = worst if self.objective.only_grows else np.inf
        value = (self.compiled_value, self.data.total_weight)

        def part(blocks: NDArray[np.int64]) -> NDArray[np.int64]:
            some = slice(blocks[0], blocks[-1] + 1)
            data = rows_of(self.data, some)
            scratch = self._blank(masks[0], len(blocks))
            sums = self._no_sums(len(masks))
            arguments = (self.block, self.net, self.biases, data, scratch, masks, sums)
            batches.compute_each(*arguments, *value, bound)
            quanta[some] = scratch.quanta[:, 1]
            return sums

        if len(masks) == 0:
            return self._no_sums(0), quanta
        parts = np.array_split(np.arange(n_blocks), min(n_jobs, n_blocks))
        if len(parts) == 1:
            return part(parts[0]), quanta
        with ThreadPoolExecutor(len(parts)) as threads:
            return sum(threads.map(part, parts), self._no_sums(len(masks))), quanta

    def _no_sums(self, n_masks: int) -> NDArray[np.int64]:
        n_statistics = self.objective.n_statistics(int(self.net.sizes[-1]))
        return np.zeros((n_masks, n_statistics), dtype=np.int64)

    def affordable_states(self, memory: int) -> int:
        """How many individuals fit in this many bytes, to derive others from."""
        blank = self.blank(np.zeros(self.network.n_weights, dtype=np.uint8))
        return memory // sum(array.nbytes for array in blank)

    def temper(self, temperature: float) -> None:
        """Change the temperature; of states, only windowed ones follow."""
        self.temperature = temperature
        self.net = self.net._replace(scale=bits_per_output(temperature))

    def sums(self, state: kernels.State) -> NDArray[np.int64]:
        """Sums of the statistics, (n_statistics,) int64."""
        n_statistics = state.trial_sums.size
        sums: NDArray[np.int64] = state.sums[:, 0, :n_statistics].sum(axis=0)
        return sums

    def value(self, sums: NDArray[np.int64]) -> float:
        """The objective's value for these sums; lower is better."""
        return float(self.objective.value(sums, self.data.total_weight))

    def values(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        """The objective's values for many sums, (n, n_statistics) -> (n,)."""
        values = np.empty(len(sums))
        sums = np.ascontiguousarray(sums, dtype=np.int64)
        batches.value_each(self.compiled_value, sums, self.data.total_weight, values)
        return values

    def trial(self, state: kernels.State, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums of the statistics if these flat weight indices were flipped; flips nothing."""
        self._try(state, flips)
        return state.trial_sums.copy()

    def trial_flips(self, state: kernels.State, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums of the statistics for each flat weight index flipped alone, (n, n_statistics)."""
        flips = np.ascontiguousarray(flips, dtype=np.int64)
        sums = np.zeros((len(flips), len(state.trial_sums)), dtype=np.int64)
        alone = self.team(1)[0]
        batches.trial_flips(self.block, self.net, self.data, state, flips, sums, alone)
        return sums

    def apply(self, state: kernels.State, flips: NDArray[np.int64]) -> None:
        """Flip these flat weight indices."""
        flips = self._try(state, flips)
        kernels.keep(self.net, state, flips, len(flips), self.team(1)[0])

    def _try(self, state: kernels.State, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        flips = np.unique(np.asarray(flips, dtype=np.int64))
        alone = self.team(1)[0]
        arguments = (self.block, self.net, self.data, state, flips, len(flips))
        kernels.trial(*arguments, kernels.NO_RACE, alone)
        return flips

    def team(self, size: int) -> list[Team]:
        """A new team of this size for states of this engine; see :mod:`.team`."""
        n_statistics = self.objective.n_statistics(int(self.net.sizes[-1]))
        return make_team(size, kernels.SUMS + n_statistics)
