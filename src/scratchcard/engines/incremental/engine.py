"""The incremental engine's face in Python; the compiled functions beside this file do the work."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.checks import (
    check_answers,
    check_group,
    check_targets,
    one_statistic_only,
)
from scratchcard.engines.incremental import batches, forward, trial
from scratchcard.engines.incremental.state import Data, Job, MapState, State
from scratchcard.engines.incremental.threads import (
    BAD_STATISTIC,
    LINE,
    Threads,
    make_threads,
)
from scratchcard.engines.incremental.wiring import make_net, numbers_of
from scratchcard.objectives import Objective
from scratchcard.rows import Rows, check_fit, shuffled
from scratchcard.ticket import Mask, Network, Reading

LANES = 16  # the rows of a block are padded to a multiple of this: whole vectors of int32
# Most rows in a block: outputs and exps of ten classes then fill about a quarter of an L2 cache.
BLOCK_ROWS = 1024
ONE_BLOCK = 2048  # most rows that are left in one block
ZEROS = 1  # planes of zeros behind those that convolutions read: what is there beside a map
MAP_ROWS = 256  # most rows in a block where there are maps: a few maps then fill an L2 cache


class IncrementalEngine:
    """Computes an objective of masks of one network on one set of rows, incrementally.

    Its methods take and return what those of every engine do; see
    :class:`scratchcard.engines.Engine`. Compiled bursts of trials work on it, through
    :meth:`threads` and :meth:`job`.

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
        Most rows in a block. None puts up to 2,048 rows into one block, and more into blocks of
        1,024; where the network has maps, blocks have 256 rows.
    is_shuffled : bool
        Whether the rows stand in random order already, and keep it; if not, they are shuffled.

    Raises
    ------
    ValueError
        For rows that the network cannot read, or whose targets or groups the objective does not
        take.
    """

    at_once = 1

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
        self.block = objective.compiled_block
        self.compiled_value = objective.compiled_value
        self.temperature = temperature
        self.net = make_net(network, objective, temperature)
        self.n_statistics = objective.n_statistics(network.n_outputs)
        self.order = np.arange(len(rows)) if is_shuffled else shuffled(rows)
        if block_rows is None and network.has_maps:
            block_rows = MAP_ROWS
        self.data = _blocks(rows, self.order, block_rows, network.has_maps)
        self.n_retargets = 0  # how often the targets changed: states remember it

    @property
    def compiled(self) -> Self:
        """This engine itself, because compiled bursts of trials work on what it keeps."""
        return self

    @property
    def n_blocks(self) -> int:
        """Number of blocks that the rows are cut into."""
        return len(self.data.targets)

    def temper(self, temperature: Reading) -> None:
        """Change how outputs are read; states follow when they are used next."""
        self.temperature = temperature
        reading = numbers_of(self.objective, temperature)
        self.net = self.net._replace(scale=reading[0], reading=reading)

    def retarget(self, targets: NDArray[np.int64]) -> None:
        """Change what the rows should be; states follow when they are used next."""
        rows = self.rows.with_targets(targets)
        check_targets(self.network.n_outputs, rows)
        self.rows = rows
        columns = rows.targets.reshape(len(rows), -1)
        planes = self.data.targets.reshape(self.n_blocks, columns.shape[1], -1)
        for into, part in zip(planes, self.parts(), strict=True):
            into[:, : len(part)] = columns[part].T
        self.n_retargets += 1

    # -- individuals -----------------------------------------------------------------------------

    def state(self, mask: NDArray[np.uint8]) -> State:
        """Return an individual with this flat mask, (n_weights,), everything computed afresh."""
        state = self.blank(mask)
        job = self.job()
        forward.build(job, state)
        self._raise_bad_statistic(job.threads, state)
        return state

    def blank(
        self, mask: NDArray[np.uint8], n_blocks: int | None = None, keeps: bool = True
    ) -> State:
        """Return a state of this mask with nothing computed yet.

        Parameters
        ----------
        mask : ndarray of shape (n_weights,), uint8
            A flat mask, which is copied.
        n_blocks : int or None
            Number of blocks that it has room for; None for all.
        keeps : bool
            Whether it has room for the maps of its blocks, besides those of one that is computed.

        Returns
        -------
        State
            The state.
        """
        n_blocks = self.n_blocks if n_blocks is None else n_blocks
        size = self.data.weights.shape[1]
        n_hidden, n_most = int(self.net.sizes[1:-1].sum()), 0
        if self.net.maps is not None:
            n_most = int(np.diff(self.net.maps.first_values).max())  # values of a layer of maps
        n_classes = self.network.n_outputs
        exps_planes = 2 * n_classes if self.objective.needs_exps else 0
        return State(
            mask=np.array(mask, dtype=np.uint8),
            sums=np.zeros((n_blocks, 2, self.n_statistics + LINE), dtype=np.int64),
            quanta=np.zeros((n_blocks, 2, size), dtype=np.int32),
            hidden=np.empty((n_blocks, 2, n_hidden, size), dtype=np.int32),
            outputs=np.zeros((n_blocks, 2 * n_classes + 3, size), dtype=np.int32),
            exps=np.empty((n_blocks, exps_planes, size), dtype=np.float32),
            where=np.zeros((n_blocks, n_classes + 1 + LINE), dtype=np.int64),
            moved=np.zeros((n_blocks, n_most + n_hidden + 1 + LINE), dtype=np.int64),
            changed=np.zeros(n_most + n_hidden, dtype=np.int64),
            delta=np.empty((n_most + n_hidden + 1, size), dtype=np.int32),
            work=np.empty((2, size), dtype=np.float32),
            trial_sums=np.zeros(self.n_statistics, dtype=np.int64),
            reading=self.net.reading.copy(),
            n_retargets=np.full(1, self.n_retargets, dtype=np.int64),
            maps=self._blank_maps(n_blocks, n_most, keeps),
        )

    def _blank_maps(self, n_blocks: int, n_most: int, keeps: bool) -> MapState | None:
        maps, size = self.net.maps, self.data.weights.shape[1]
        if maps is None:
            return None
        n_sums, n_values = int(maps.first_sums[-1]), int(maps.first_values[-1])
        n_small, n_wide = maps.n_bytes + ZEROS, n_values - maps.n_bytes + ZEROS
        # A weight that is scratched off is listed twice where the map that it reads changes, too.
        n_taps = 2 * int(self.net.fan_ins[: maps.kernels.size].max())
        wide = np.int16 if self.network.has_narrow_maps else np.int32
        state = MapState(
            sums=np.empty((n_blocks, n_sums if keeps else 0, size), dtype=wide),
            bytes=np.empty((n_blocks, n_small if keeps else 0, size), dtype=np.uint8),
            values=np.empty((n_blocks, n_wide if keeps else 0, size), dtype=np.int16),
            delta=np.zeros((n_values + ZEROS, size), dtype=np.int16),
            moved=np.zeros(n_values, dtype=np.uint8),
            altered=np.zeros((2, int(self.net.sizes.max())), dtype=np.int64),
            taps=np.zeros((2, n_taps, 4), dtype=np.int64),
            chosen=np.zeros((2, max(n_taps, n_most), 2), dtype=np.int64),
            work=np.zeros((6, size), dtype=wide),
        )
        state.bytes[:, -ZEROS:] = state.values[:, -ZEROS:] = 0
        return state

    def derive(self, state: State, mask: NDArray[np.uint8]) -> State:
        """Return an individual with this flat mask, made from a similar one where cheaper."""
        flips = np.flatnonzero(state.mask != mask)
        maps = self.network.has_maps
        share = forward.DERIVE_SHARE_OF_MAPS if maps else forward.DERIVE_SHARE
        if len(flips) > share * np.count_nonzero(mask):
            return self.state(mask)
        child = copy.deepcopy(state)
        self.apply(child, flips)
        return child

    def affordable_states(self, memory: int) -> int:
        """Return how many individuals fit in this many bytes, to derive others from."""
        blank = self.blank(np.zeros(self.network.n_weights, dtype=np.uint8))
        arrays = [*blank[:-1], *(blank.maps or ())]
        return int(memory // sum(array.nbytes for array in arrays))

    def sums(self, state: State) -> NDArray[np.int64]:
        """Return the sums of an individual's statistics, (n_statistics,)."""
        self._follow(state)
        sums: NDArray[np.int64] = state.sums[:, 0, : self.n_statistics].sum(axis=0)
        return sums

    # -- trials ----------------------------------------------------------------------------------

    def trial(self, state: State, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be with these flat weight indices flipped; flips nothing."""
        self._try(state, flips)
        return state.trial_sums.copy()

    def trial_flips(self, state: State, flips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the sums would be for each flat index flipped alone, (n, n_statistics)."""
        self._follow(state)
        flips = np.ascontiguousarray(flips, dtype=np.int64)
        sums = self._no_sums(len(flips))
        job = self.job()
        batches.trial_flips(job, state, flips, sums)
        self._raise_bad_statistic(job.threads, state)
        return sums

    def apply(self, state: State, flips: NDArray[np.int64]) -> None:
        """Flip these flat weight indices of an individual."""
        job, flips = self._try(state, flips)
        trial.keep(job, state, flips, len(flips))

    def _try(self, state: State, flips: NDArray[np.int64]) -> tuple[Job, NDArray[np.int64]]:
        self._follow(state)
        flips = np.unique(np.asarray(flips, dtype=np.int64))
        job = self.job()
        trial.trial(job, state, flips, len(flips), trial.NO_RACE)
        self._raise_bad_statistic(job.threads, state)
        return job, flips

    def _follow(self, state: State) -> None:
        """Bring a state to how the engine reads outputs now, and to the targets that it has."""
        is_read = np.array_equal(state.reading, self.net.reading)
        if not is_read or state.n_retargets[0] != self.n_retargets:
            forward.rescale(self.job(), state)
            state.n_retargets[0] = self.n_retargets

    # -- many masks ------------------------------------------------------------------------------

    def evaluate(
        self,
        masks: NDArray[np.uint8],
        near: State | None = None,
        n_jobs: int = 1,
        worst: float = np.inf,
    ) -> NDArray[np.int64]:
        """Return the sums of flat masks: (n, n_weights) give (n, n_statistics); keeps nothing.

        Each mask is decided by a trial of ``near``, an individual with a similar mask, or computed
        afresh by ``n_jobs`` threads, which share the blocks of rows.
        """
        masks = np.ascontiguousarray(masks, dtype=np.uint8)
        if near is None:
            return self._afresh(masks, n_jobs, worst)[0]
        self._follow(near)
        sums = self._no_sums(len(masks))
        job = self.job()
        batches.trial_each(job, near, masks, sums)
        self._raise_bad_statistic(job.threads, near)
        return sums

    def row_statistics(self, mask: NDArray[np.uint8], n_jobs: int = 1) -> NDArray[np.int32]:
        """Return the one statistic of each row, (n_rows,); 0 where a row weighs 0."""
        one_statistic_only(self.objective, self.network.n_outputs)
        quanta = self._afresh(np.ascontiguousarray(mask[None], dtype=np.uint8), n_jobs)[1]
        found = np.zeros(len(self.rows), dtype=np.int32)
        for part, of_block in zip(self.parts(), quanta, strict=True):
            found[part] = of_block[: len(part)]
        return found

    def outputs(self, mask: NDArray[np.uint8], n_rows: int) -> tuple[NDArray[Any], Rows]:
        """Return the outputs for about ``n_rows`` rows, (rows, n_outputs), and those rows."""
        some = self.order[:n_rows]
        rows = Rows(self.rows.inputs[some], self.rows.targets[some], self.rows.weights[some])
        return self.network.outputs(Mask.from_flat(self.network.layers, mask), rows.inputs), rows

    def _afresh(
        self, masks: NDArray[np.uint8], n_jobs: int, worst: float = np.inf
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the sums of masks, and the last one's statistic of each row, by block.

        Threads share the blocks.
        """
        n_blocks, _, size = self.data.inputs.shape
        quanta = np.zeros((n_blocks, size), dtype=np.int32)
        only_grows = self.objective.only_grows
        bound = batches.Bound(worst if only_grows else np.inf, self.data.total_weight)

        def part(blocks: NDArray[np.int64]) -> NDArray[np.int64]:
            some = slice(blocks[0], blocks[-1] + 1)
            scratch = self.blank(masks[0], len(blocks), keeps=False)
            sums = self._no_sums(len(masks))
            job = self.job(data=rows_of(self.data, some))
            batches.compute_each(job, scratch, masks, sums, bound)
            self._raise_bad_statistic(job.threads, scratch)
            quanta[some] = scratch.quanta[:, 1]
            return sums

        if len(masks) == 0:
            return self._no_sums(0), quanta
        parts = np.array_split(np.arange(n_blocks), min(n_jobs, n_blocks))
        if len(parts) == 1:
            return part(parts[0]), quanta
        with ThreadPoolExecutor(len(parts)) as threads:
            return sum(threads.map(part, parts), self._no_sums(len(masks))), quanta

    def parts(self) -> list[NDArray[np.int64]]:
        """Return the indices of the rows in each block."""
        return _split(self.order, self.n_blocks, self.rows.group)

    def _no_sums(self, n_masks: int) -> NDArray[np.int64]:
        return np.zeros((n_masks, self.n_statistics), dtype=np.int64)

    # -- values ----------------------------------------------------------------------------------

    def value(self, sums: NDArray[np.int64]) -> float:
        """Return the objective's value for these sums, (n_statistics,); lower is better."""
        return self.objective.checked_value(sums, self.data.total_weight)

    def values(self, sums: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the objective's values for many sums: (n, n_statistics) give (n,)."""
        values = np.empty(len(sums))
        sums = np.ascontiguousarray(sums, dtype=np.int64)
        batches.value_each(self.compiled_value, sums, self.data.total_weight, values)
        for bad in np.flatnonzero(~np.isfinite(values)):
            self.value(sums[bad])  # raises
        return values

    # -- what compiled bursts work on ------------------------------------------------------------

    def threads(self, count: int, stop: NDArray[np.int64] | None = None) -> list[Threads]:
        """Return threads that work together on states of this engine; see :mod:`.threads`.

        Parameters
        ----------
        count : int
            How many they are.
        stop : ndarray of shape (1,), int64, or None
            Set above 0 by others to end the work.

        Returns
        -------
        list of Threads
            The view of each thread.
        """
        return make_threads(count, trial.SUMS + self.n_statistics, stop)

    def job(self, threads: Threads | None = None, data: Data | None = None) -> Job:
        """Return what compiled code is given beside a state.

        Parameters
        ----------
        threads : Threads or None
            The thread that works; None for one alone.
        data : Data or None
            The rows to read; None for all.

        Returns
        -------
        Job
            The job.
        """
        return Job(
            self.block,
            self.compiled_value,
            self.net,
            self.data if data is None else data,
            self.threads(1)[0] if threads is None else threads,
        )

    def _raise_bad_statistic(self, threads: Threads, state: State) -> None:
        if threads.failed[0] == BAD_STATISTIC:
            raise self.objective.bad_statistic(bad_statistic_in(state.work))


def bad_statistic_in(work: NDArray[np.float32]) -> float:
    """Return the bad statistic that an objective left in its scratch array, (2, n_rows)."""
    return float(work[0, :2].view(np.float64)[0])


def rows_of(data: Data, blocks: slice) -> Data:
    """Return the rows of some blocks, and the weight of these alone."""
    weights = data.weights[blocks]
    return Data(data.inputs[blocks], data.targets[blocks], weights, int(weights.sum()))


def _blocks(rows: Rows, order: NDArray[np.int64], block_rows: int | None, has_maps: bool) -> Data:
    n = len(order)
    if block_rows is None:
        block_rows = ONE_BLOCK if n <= ONE_BLOCK else BLOCK_ROWS
    n_blocks = -(-n // block_rows)
    n_blocks += n_blocks % 2 if n_blocks > 1 else 0  # so that two threads get as many each
    n_blocks = min(n_blocks, n // rows.group)
    parts = _split(order, n_blocks, rows.group)
    size = max(map(len, parts))
    size = -(-size // LANES) * LANES
    # Units that lie whole pages apart would compete for the same few cache lines.
    size += LANES if size % 1024 == 0 else 0
    n_inputs = rows.inputs.shape[1]
    inputs = np.zeros((n_blocks, n_inputs + (ZEROS if has_maps else 0), size), dtype=np.int16)
    columns = rows.targets.reshape(len(rows), -1)
    targets = np.zeros((n_blocks, columns.shape[1], size), dtype=np.int32)
    weights = np.zeros((n_blocks, size), dtype=np.int32)
    for b, part in enumerate(parts):
        length = len(part)
        inputs[b, :n_inputs, :length] = rows.inputs[part].T
        targets[b, :, :length] = columns[part].T
        weights[b, :length] = rows.weights[part]
    return Data(inputs, targets.reshape(n_blocks, -1), weights, rows.total_weight)


def _split(order: NDArray[np.int64], n_blocks: int, group: int) -> list[NDArray[np.int64]]:
    """Cut rows, in their order, into blocks of nearly the same size; no group is cut."""
    groups = np.array_split(order.reshape(-1, group), n_blocks)
    return [part.reshape(-1) for part in groups]
