"""A member of the memetic search's population: one individual, and what its bursts need.

Compiled and plain members have one face. A compiled member runs its bursts in compiled code, by
several threads if there are enough, on windows of the rows. A plain member makes its trials one by
one, through the face of any engine. Both propose and accept alike, so they end with the same mask.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import Engine
from scratchcard.engines.incremental.engine import bad_statistic_in
from scratchcard.engines.incremental.threads import BAD_STATISTIC, BAD_VALUE, Threads, apart
from scratchcard.engines.incremental.windows import WindowedState
from scratchcard.engines.incremental.wiring import Net, make_net
from scratchcard.objectives.base import LARGEST
from scratchcard.rows import Rows
from scratchcard.search.memetic.burst import burst, recombine
from scratchcard.search.memetic.moves import (
    Chooser,
    Moves,
    Survivors,
    growth_of,
    hidden_units_in_random_order,
    note_flips,
    propose,
    slack_of,
    survivors_of,
    unit_difference,
)
from scratchcard.search.task import Individual
from scratchcard.ticket import Mask as NetworkMask

Mask = NDArray[np.uint8]


class Member(Protocol):
    """One individual of the population."""

    objective: float

    @property
    def mask(self) -> Mask:
        """The flat mask, (n_weights,) uint8."""
        ...

    @property
    def survivors(self) -> Survivors:
        """The surviving weights of the mask."""
        ...

    @property
    def rng(self) -> NDArray[np.uint64]:
        """The random stream, (1,) uint64."""
        ...

    def use(self, engine: Engine) -> None:
        """Use the rows of another engine from now on."""
        ...

    def share(self) -> None:
        """Give every thread the mask, survivors and random stream that the first one has."""
        ...

    def charge(self, costs: NDArray[np.float64], spent: float) -> None:
        """Let the survival of each weight cost this from now on, and all survivors together."""
        ...

    def live(self, threads: Threads, window: slice, moves: Moves, n_trials: int) -> int:
        """Do one thread's part in a burst of mutation trials; return how many were decided."""
        ...

    def mate(self, threads: Threads, window: slice, moves: Moves, other: Mask) -> int:
        """Take units' weights from a mate where that does not hurt; return the trials made."""
        ...

    def sample(self, window: slice, n_rows: int) -> tuple[NDArray[Any], Rows]:
        """Return the outputs for about ``n_rows`` rows of the window, and those rows."""
        ...

    def catch_up(self, threads: Threads) -> int:
        """Do one thread's part in bringing all rows up to date; return 0: no trial was made."""
        ...

    def outputs(self) -> NDArray[np.int64]:
        """Return the outputs for all rows of the engine, in their order, after `catch_up`."""
        ...


def make_member(engine: Engine, mask: Mask, n_threads: int, stream: int) -> Member:
    """Return an individual with this mask and a random stream that begins with these 64 bits."""
    if engine.compiled is not None:
        return CompiledMember(engine, mask, n_threads, stream)
    return PlainMember(engine, mask, stream)


def individual_of(member: Member) -> Individual:
    """Return a member as the loop sees it."""
    return Individual(member.mask, member.objective)


def surviving_in(member: Member) -> int:
    """Return the number of surviving weights."""
    return int(member.survivors.surviving[0])


class CompiledMember:
    """An individual whose bursts are compiled.

    Every thread that works on it has its own copy of the mask, of the list of survivors and of the
    random stream; they never differ between bursts.

    Parameters
    ----------
    engine : Engine
        What computes it; an engine that compiled bursts work on.
    mask : ndarray of shape (n_weights,), uint8
        Its first mask.
    n_threads : int
        The most threads that will work on it together.
    stream : int
        The 64 random bits that its random stream begins with.
    """

    def __init__(self, engine: Engine, mask: Mask, n_threads: int, stream: int) -> None:
        self.n_threads = n_threads
        self.state = WindowedState(engine.compiled, mask, n_threads)
        self.rngs = [apart(1, np.uint64) for _ in range(n_threads)]
        for rng in self.rngs:
            rng[0] = stream
        self.survivors_of_threads = [
            survivors_of(mask, engine.compiled.net) for _ in range(n_threads)
        ]
        self.objective = math.inf

    @property
    def mask(self) -> Mask:
        """The flat mask, (n_weights,) uint8."""
        return self.state.mask

    @property
    def survivors(self) -> Survivors:
        """The surviving weights of the mask."""
        return self.survivors_of_threads[0]

    @property
    def rng(self) -> NDArray[np.uint64]:
        """The random stream, (1,) uint64."""
        return self.rngs[0]

    def use(self, engine: Engine) -> None:
        """Use the rows of another engine from now on."""
        self.state = WindowedState(engine.compiled, self.mask, self.n_threads)

    def share(self) -> None:
        """Give every thread the mask, survivors and random stream that the first one has."""
        for number in range(1, self.n_threads):
            self.state.share(number)
            self.rngs[number][:] = self.rngs[0]
            for name in Survivors._fields:
                copy = getattr(self.survivors_of_threads[number], name)
                copy[:] = getattr(self.survivors, name)

    def charge(self, costs: NDArray[np.float64], spent: float) -> None:
        """Let the survival of each weight cost this from now on, and all survivors together."""
        for survivors in self.survivors_of_threads:
            survivors.costs[:] = costs
            survivors.spent[0] = spent

    def live(self, threads: Threads, window: slice, moves: Moves, n_trials: int) -> int:
        """Do one thread's part in a burst of mutation trials; return how many were decided."""
        self.state.catch_up(window, threads)
        return self._run(burst, threads, window, moves, n_trials)

    def mate(self, threads: Threads, window: slice, moves: Moves, other: Mask) -> int:
        """Take units' weights from a mate where that does not hurt; return the trials made."""
        return self._run(recombine, threads, window, moves, other)

    def sample(self, window: slice, n_rows: int) -> tuple[NDArray[Any], Rows]:
        """Return outputs for about ``n_rows`` rows of an up-to-date window, and the rows."""
        return self.state.sample(window, n_rows)

    def catch_up(self, threads: Threads) -> int:
        """Do one thread's part in bringing all rows up to date; return 0: no trial was made."""
        self.state.catch_up(slice(0, self.state.engine.n_blocks), threads)
        return 0

    def outputs(self) -> NDArray[np.int64]:
        """Return the outputs for all rows of the engine, in their order, after `catch_up`."""
        return self.state.outputs()

    def _run(
        self, kernel: Callable[..., Any], threads: Threads, window: slice, moves: Moves, last: Any
    ) -> int:
        """Let ``kernel`` change this individual, and return its trials.

        ``last`` is the kernel's last argument.
        """
        number = threads.number
        job, state = self.state.open(window, threads)
        chooser = Chooser(self.survivors_of_threads[number], moves, self.rngs[number])
        objective, tried, _ = kernel(job, state, chooser, last)
        self._check(threads, state)
        self.state.close(window, threads)
        if number > 0:
            return 0
        self.objective = objective
        return int(tried)

    def _check(self, threads: Threads, state: Any) -> None:
        """Raise the error of an objective that failed in this thread."""
        failed, engine = threads.failed[0], self.state.engine
        bad = bad_statistic_in(state.work)
        if failed == BAD_STATISTIC and not abs(bad) <= LARGEST:
            raise engine.objective.bad_statistic(bad)
        if failed == BAD_VALUE:
            engine.value(state.trial_sums)


class PlainMember:
    """An individual whose trials are made one by one, by any engine.

    It reads all rows in every trial, and runs no races. See :class:`CompiledMember`.
    """

    def __init__(self, engine: Engine, mask: Mask, stream: int) -> None:
        self.net: Net = make_net(engine.network, engine.objective, engine.temperature)
        self.engine = engine
        self.state = engine.state(mask)
        self.rng: NDArray[np.uint64] = np.array([stream], dtype=np.uint64)
        self.survivors = survivors_of(mask, self.net)
        self.objective = math.inf

    @property
    def mask(self) -> Mask:
        """The flat mask, (n_weights,) uint8."""
        mask: Mask = self.state.mask
        return mask

    def use(self, engine: Engine) -> None:
        """Use the rows of another engine from now on."""
        self.engine, self.state = engine, engine.state(self.mask)

    def share(self) -> None:
        """Do nothing, because one thread works on it."""

    def charge(self, costs: NDArray[np.float64], spent: float) -> None:
        """Let the survival of each weight cost this from now on, and all survivors together."""
        self.survivors.costs[:] = costs
        self.survivors.spent[0] = spent

    def live(self, threads: Threads, window: slice, moves: Moves, n_trials: int) -> int:
        """Make mutation trials, and return how many were decided."""
        chooser = Chooser(self.survivors, moves, self.rng)
        flips, tried = np.zeros(2, dtype=np.int64), 0
        self._look()
        for _ in range(n_trials):
            if threads.stop[0] > 0:
                break
            n_flips = propose(self.net, chooser, flips)
            if n_flips > 0:
                tried += 1
                self._decide(moves, flips[:n_flips], slack_of(chooser))
        return tried

    def mate(self, threads: Threads, window: slice, moves: Moves, other: Mask) -> int:
        """Take units' weights from a mate where that does not hurt; return the trials made."""
        flips, tried = np.zeros(self.net.fan_ins.max() + self.net.sizes.max(), np.int64), 0
        self._look()
        for unit in hidden_units_in_random_order(self.net, self.rng):
            if threads.stop[0] > 0:
                break
            n_flips = unit_difference(self.net, self.mask, other, unit, flips)
            growth = growth_of(self.survivors, flips, n_flips)
            spent = self.survivors.spent[0]
            if n_flips == 0 or (growth > 0 and spent + growth > moves.budget):
                continue
            tried += 1
            self._decide(moves, flips[:n_flips], 0.0)
        return tried

    def sample(self, window: slice, n_rows: int) -> tuple[NDArray[Any], Rows]:
        """Return the outputs for about ``n_rows`` rows, and those rows."""
        return self.engine.outputs(self.mask, n_rows)

    def catch_up(self, threads: Threads) -> int:
        """Do nothing, because outputs are computed when they are asked for."""
        return 0

    def outputs(self) -> NDArray[np.int64]:
        """Return the outputs for all rows of the engine, in their order."""
        rows, network = self.engine.rows, self.engine.network
        return network.outputs(NetworkMask.from_flat(network.layers, self.mask), rows.inputs)

    def _look(self) -> None:
        self.objective = self.engine.value(self.engine.sums(self.state))

    def _decide(self, moves: Moves, flips: NDArray[np.int64], slack: float) -> None:
        """Make the flips if the objective and the price grow by at most ``slack``."""
        allowed = slack - moves.price * growth_of(self.survivors, flips, flips.size)
        then = self.engine.value(self.engine.trial(self.state, flips))
        if then - self.objective <= allowed:
            self.engine.apply(self.state, flips)
            note_flips(self.net, self.survivors, flips, flips.size)
            self.objective = then
