"""A member of the memetic search's population: one individual, as the engine and bursts know it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import IncrementalEngine
from scratchcard.engines.incremental.threads import Team, apart
from scratchcard.engines.incremental.windows import WindowedState
from scratchcard.search.memetic.burst import Moves, Survivors, burst, recombine
from scratchcard.search.task import Individual
from scratchcard.ticket.network import Network


class Member:
    """One individual: its engine state, its list of survivors and its random stream.

    Every rank of its team has its own list and stream; they never differ between bursts.

    Parameters
    ----------
    engine : what computes it.
    mask : (n_weights,) uint8, its first.
    n_ranks : of the largest team that will work on it.
    stream : 64 random bits that its random stream begins with.
    """

    def __init__(
        self, engine: IncrementalEngine, mask: NDArray[np.uint8], n_ranks: int, stream: int
    ) -> None:
        self.n_ranks = n_ranks
        self.state = WindowedState(engine, mask, n_ranks)
        self.rngs = [apart(1, np.uint64) for _ in range(n_ranks)]
        for rng in self.rngs:
            rng[0] = stream
        sizes = engine.network.sizes
        self.units = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.survivors = [_survivors(mask, engine.network, self.units) for _ in range(n_ranks)]
        self.objective = math.inf

    @property
    def mask(self) -> NDArray[np.uint8]:
        """The mask, (n_weights,)."""
        return self.state.mask

    @property
    def surviving(self) -> int:
        """Number of surviving weights."""
        return int(self.survivors[0].surviving[0])

    @property
    def individual(self) -> Individual:
        """What the driver sees of it."""
        return Individual(self.mask, self.objective)

    def use(self, engine: IncrementalEngine) -> None:
        """Live on the rows of another engine from now on."""
        self.state = WindowedState(engine, self.mask, self.n_ranks)

    def share(self) -> None:
        """Give every rank the mask, survivors and random stream that rank 0 has."""
        for rank in range(1, self.n_ranks):
            self.state.share(rank)
            self.rngs[rank][:] = self.rngs[0]
            for name in Survivors._fields:
                getattr(self.survivors[rank], name)[:] = getattr(self.survivors[0], name)

    def live(self, team: Team, window: slice, moves: Moves, n_trials: int) -> int:
        """This rank's part in a burst of mutation trials; returns how many were decided."""
        self.state.catch_up(window, team)
        return self._run(burst, team, window, moves, n_trials)

    def mate(self, team: Team, window: slice, moves: Moves, other: NDArray[np.uint8]) -> int:
        """Take units' connections from a mate where that does not hurt; returns trials."""
        return self._run(recombine, team, window, moves, other)

    def _run(
        self, kernel: Callable[..., Any], team: Team, window: slice, moves: Moves, last: Any
    ) -> int:
        """Let ``kernel`` change this individual; returns trials. ``last`` is its own argument."""
        engine, rank = self.state.engine, team.rank
        data, state = self.state.open(window, rank)
        objective, tried, _ = kernel(
            engine.block,
            engine.compiled_value,
            engine.net,
            data,
            state,
            self.survivors[rank],
            self.units,
            moves,
            self.rngs[rank],
            team,
            last,
        )
        self.state.close(window, team)
        if rank == 0:
            self.objective = objective
        return int(tried) if rank == 0 else 0


def _survivors(mask: NDArray[np.uint8], network: Network, units: NDArray[np.int64]) -> Survivors:
    found = np.flatnonzero(mask)
    indices = np.zeros(mask.size, dtype=np.int64)
    indices[: found.size] = found
    place = np.full(mask.size, -1, dtype=np.int32)
    place[found] = np.arange(found.size)
    fed = np.zeros(units[-1], dtype=np.int64)
    for layer, (fan_out, fan_in) in enumerate(network.shapes):
        bits = mask[network.offsets[layer] : network.offsets[layer + 1]].reshape(fan_out, fan_in)
        fed[units[layer] : units[layer] + fan_in] = bits.sum(axis=0)
    surviving = apart(1)
    surviving[0] = found.size
    return Survivors(indices, place, surviving, fed)
