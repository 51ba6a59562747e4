"""Windows: an individual that is kept up to date only on the rows that are being read.

A search on many rows reads a window of them, a run of blocks, for some hundred trials, and then
another. What an individual keeps of the other blocks may fall behind, and even not exist yet; it
is brought up to date when a window opens on them, which costs less than the trials it saved.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.incremental import building
from scratchcard.engines.incremental import trial as kernels
from scratchcard.engines.incremental.engine import IncrementalEngine, rows_of
from scratchcard.engines.incremental.threads import Team, apart
from scratchcard.rows.rows import Rows

NEVER = np.float32(0.0)  # the scale of a block that was never computed

BY_BLOCK = ("sums", "quanta", "hidden", "outputs", "exps", "where", "moved")
SCRATCH = ("changed", "delta", "work", "trial_sums")


class WindowedState:
    """An individual's numbers for all blocks of an engine, each as old as its last window.

    Parameters
    ----------
    engine : what computes it.
    mask : (n_weights,) uint8, its mask at the beginning.
    size : ranks of the largest team that will work on it.
    """

    def __init__(self, engine: IncrementalEngine, mask: NDArray[np.uint8], size: int = 1) -> None:
        self.engine = engine
        self.whole = engine.blank(mask)
        n_blocks = len(engine.data.targets)
        self.masks = np.empty((n_blocks, mask.size), dtype=np.uint8)  # that each block is of
        self.scales = np.full(n_blocks, NEVER)  # that each block is of
        self.hands: list[dict[str, Any]] = [
            {name: _of_its_own(getattr(self.whole, name)) for name in (*SCRATCH, "mask")}
            for _ in range(size)
        ]

    @property
    def mask(self) -> NDArray[np.uint8]:
        """The mask, (n_weights,), which every rank has a copy of."""
        mask: NDArray[np.uint8] = self.hands[0]["mask"]
        return mask

    def open(self, window: slice, rank: int) -> tuple[kernels.Data, kernels.State]:
        """Rows and numbers of a window as one rank of a team sees them, not up to date yet."""
        return rows_of(self.engine.data, window), self._part(window, self.hands[rank])

    def share(self, rank: int) -> None:
        """Give a rank the mask that rank 0 has."""
        self.hands[rank]["mask"][:] = self.mask

    def catch_up(self, window: slice, team: Team) -> None:
        """Bring this rank's share of a window up to date with the mask."""
        engine = self.engine
        masks, scales = self.masks[window], self.scales[window]
        given = (engine.block, engine.net, engine.biases, *self.open(window, team.rank))
        building.catch_up(*given, masks, scales, team)

    def sample(self, window: slice, n_rows: int) -> tuple[NDArray[np.int32], Rows]:
        """Outputs, (rows, n_classes), of about ``n_rows`` rows, and those rows without inputs.

        They are the first of a window that is up to date.
        """
        data, state = self.open(window, 0)
        some = slice(0, -(-n_rows // data.targets.shape[1]))
        n_classes = int(self.engine.net.sizes[-1])
        outputs = state.outputs[some, :n_classes].swapaxes(1, 2).reshape(-1, n_classes)
        targets, weights = data.targets[some].ravel(), data.weights[some].ravel()
        return outputs, Rows(np.empty((len(targets), 0), np.int16), targets, weights)

    def close(self, window: slice, team: Team) -> None:
        """Note that this rank's share of a window followed the mask since :meth:`catch_up`."""
        share = slice(window.start + team.rank, window.stop, team.size)
        self.masks[share] = self.hands[team.rank]["mask"]

    def _part(self, window: slice, hand: dict[str, Any]) -> kernels.State:
        cut = {name: getattr(self.whole, name)[window] for name in BY_BLOCK}
        return self.whole._replace(**cut, **hand)


def _of_its_own(array: NDArray[Any]) -> NDArray[Any]:
    """A copy that shares no cache line with anything else."""
    copy: NDArray[Any] = apart(array.size, array.dtype.type).reshape(array.shape)
    copy[:] = array
    return copy


class Windows:
    """Which blocks are read next: ever more of them, in turn.

    Parameters
    ----------
    n_blocks, n_rows : of the engine.
    first_rows : about so many rows are in the first windows.
    """

    def __init__(self, n_blocks: int, n_rows: int, first_rows: int) -> None:
        self.n_blocks = n_blocks
        self.first = min(n_blocks, max(1, round(first_rows * n_blocks / n_rows)))
        self.at = 0

    def next(self, fraction: float) -> slice:
        """The next window when this share of the search is over; at 1 it holds all blocks."""
        growth = (self.n_blocks / self.first) ** min(max(fraction, 0.0), 1.0)
        length = round(self.first * growth)
        length = min(self.n_blocks, length + length % 2)  # two threads get as many blocks each
        if self.at == self.n_blocks:
            self.at = 0
        start = min(self.at, self.n_blocks - length)
        self.at = start + length
        return slice(start, start + length)
