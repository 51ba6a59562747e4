"""Windows: an individual that is kept up to date only on the rows that are being read.

A search on many rows reads a window of them, which is a run of blocks, for some hundred trials, and
then another. What an individual keeps of the other blocks may fall behind, or not exist yet. It is
brought up to date when a window opens on them, which costs less than the trials it saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.incremental import forward
from scratchcard.engines.incremental.engine import IncrementalEngine, rows_of
from scratchcard.engines.incremental.state import Job, State
from scratchcard.engines.incremental.threads import Threads, apart
from scratchcard.rows import Rows

NEVER = np.float32(np.nan)  # stands for how outputs of a block are read that was never computed
STALE = np.float32(np.inf)  # and this for those of rows that have got other targets since

# What each block of rows has a part of; of all else every thread has its own.
BY_BLOCK = ("sums", "quanta", "hidden", "outputs", "exps", "where", "moved")
MAPS_BY_BLOCK = ("sums", "bytes", "values")


class WindowedState:
    """The numbers of an individual for all blocks of an engine, each as old as its last window.

    Parameters
    ----------
    engine : IncrementalEngine
        What computes it.
    mask : ndarray of shape (n_weights,), uint8
        Its mask at the beginning.
    n_threads : int
        The most threads that will work on it together.
    """

    def __init__(
        self, engine: IncrementalEngine, mask: NDArray[np.uint8], n_threads: int = 1
    ) -> None:
        self.engine = engine
        self.whole = engine.blank(mask)
        # The mask for which each block was computed last, and how outputs were read then.
        self.masks = np.empty((engine.n_blocks, mask.size), dtype=np.uint8)
        self.readings = np.full((engine.n_blocks, engine.net.reading.size), NEVER)
        self.n_retargets = np.full(engine.n_blocks, engine.n_retargets)
        self.copies = [_with(self.whole, False, _of_its_own) for _ in range(n_threads)]

    @property
    def mask(self) -> NDArray[np.uint8]:
        """The flat mask, (n_weights,) uint8, of which every thread has a copy."""
        return self.copies[0].mask

    def open(self, window: slice, threads: Threads) -> tuple[Job, State]:
        """Return rows and numbers of a window as one thread sees them, not up to date yet.

        Parameters
        ----------
        window : slice
            A run of blocks.
        threads : Threads
            The thread.

        Returns
        -------
        tuple of Job and State
            What compiled code works on.
        """
        data = rows_of(self.engine.data, window)
        return self.engine.job(threads, data), self._part(window, threads.number)

    def share(self, number: int) -> None:
        """Give a thread the mask that the first thread has.

        Parameters
        ----------
        number : int
            The thread's number.
        """
        self.copies[number].mask[:] = self.mask

    def catch_up(self, window: slice, threads: Threads) -> None:
        """Bring this thread's share of a window up to date with the mask.

        Parameters
        ----------
        window : slice
            A run of blocks.
        threads : Threads
            The thread.
        """
        job, state = self.open(window, threads)
        for b in range(window.start + threads.number, window.stop, threads.n_threads):
            if self.n_retargets[b] != self.engine.n_retargets:
                self.readings[b][~np.isnan(self.readings[b])] = STALE
            self.n_retargets[b] = self.engine.n_retargets
        forward.catch_up(job, state, self.masks[window], self.readings[window])

    def sample(self, window: slice, n_rows: int) -> tuple[NDArray[np.int32], Rows]:
        """Return the outputs for the first rows of a window that is up to date, and those rows.

        Parameters
        ----------
        window : slice
            A run of blocks.
        n_rows : int
            About how many rows.

        Returns
        -------
        tuple of ndarray of shape (rows, n_outputs) and Rows
            Outputs, and targets and weights of their rows; the rows have no inputs.
        """
        data, state = rows_of(self.engine.data, window), self._part(window, 0)
        size = data.weights.shape[1]
        some = slice(0, -(-n_rows // size))
        n_outputs = self.engine.network.n_outputs
        outputs = state.outputs[some, :n_outputs].swapaxes(1, 2).reshape(-1, n_outputs)
        weights, targets = data.weights[some].ravel(), data.targets[some]
        if self.engine.net.has_classes:
            targets = targets.ravel()
        else:
            targets = targets.reshape(-1, n_outputs, size).swapaxes(1, 2).reshape(-1, n_outputs)
        return outputs, Rows(np.empty((len(targets), 0), np.int16), targets, weights)

    def outputs(self) -> NDArray[np.int64]:
        """Return the outputs for all rows of the engine, in their order; all are up to date.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            Outputs; 0 for a row that weighs 0.
        """
        engine, n_outputs = self.engine, self.engine.network.n_outputs
        found = np.zeros((len(engine.rows), n_outputs), dtype=np.int64)
        for part, outputs in zip(engine.parts(), self.whole.outputs, strict=True):
            found[part] = outputs[:n_outputs, : len(part)].T
        return found

    def close(self, window: slice, threads: Threads) -> None:
        """Note that this thread's share of a window followed the mask since :meth:`catch_up`.

        Parameters
        ----------
        window : slice
            A run of blocks.
        threads : Threads
            The thread.
        """
        share = slice(window.start + threads.number, window.stop, threads.n_threads)
        self.masks[share] = self.copies[threads.number].mask

    def _part(self, window: slice, number: int) -> State:
        return _with(self.copies[number], True, lambda array: array[window])


def _with(state: State, by_block: bool, do: Callable[[NDArray[Any]], NDArray[Any]]) -> State:
    """Return a state in which something was done to all arrays by block, or to all others."""

    def done(numbers: Any, those_by_block: Sequence[str]) -> Any:
        names = [
            name
            for name in numbers._fields
            if name != "maps" and (name in those_by_block) == by_block
        ]
        return numbers._replace(**{name: do(getattr(numbers, name)) for name in names})

    maps = None if state.maps is None else done(state.maps, MAPS_BY_BLOCK)
    whole: State = done(state, BY_BLOCK)
    return whole._replace(maps=maps)


def _of_its_own(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy that shares no cache line with anything else."""
    copy: NDArray[Any] = apart(array.size, array.dtype.type).reshape(array.shape)
    copy[:] = array
    return copy
