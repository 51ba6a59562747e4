"""A member of the memetic search's population: one individual, and what its bursts need.

Compiled and plain members have one face. A compiled member runs its bursts in compiled code, by
several threads if there are enough, on windows of the rows. A plain member makes its trials one by
one, through the face of any engine. Both propose and accept alike, so they end with the same mask.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import Engine
from scratchcard.engines.incremental.engine import bad_statistic_in
from scratchcard.engines.incremental.threads import BAD_STATISTIC, BAD_VALUE, Threads, apart
from scratchcard.engines.incremental.windows import WindowedState
from scratchcard.engines.incremental.wiring import Wiring, wiring_of
from scratchcard.objectives.base import LARGEST
from scratchcard.rows import Rows
from scratchcard.search.memetic.burst import burst, recombine
from scratchcard.search.memetic.moves import (
    Chooser,
    Moves,
    Survivors,
    growth_of,
    mated_units_in_random_order,
    note_flips,
    propose,
    room_for_unit,
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
        chooser = Chooser(self.survivors_of_threads[number], moves, self.rngs[number], apart(3))
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


class _Candidate(NamedTuple):
    """A proposal, and what the random stream and the run were after it."""

    flips: NDArray[np.int64]  # none, where nothing was found to propose
    slack: float
    stream: np.uint64
    run: NDArray[np.int64]


class PlainMember:
    """An individual whose trials are made by any engine, and decided one by one.

    It reads all rows in every trial, and runs no races. Where the engine evaluates several masks
    at once, candidates are proposed ahead, as if those before them were refused. What is proposed
    after one that was accepted is forgotten, so all comes out as if nothing were done ahead. See
    :class:`CompiledMember`.
    """

    def __init__(self, engine: Engine, mask: Mask, stream: int) -> None:
        self.net: Wiring = wiring_of(engine.network.layers)
        self.engine = engine
        self.state = engine.state(mask)
        self.rng: NDArray[np.uint64] = np.array([stream], dtype=np.uint64)
        self.run = np.zeros(3, dtype=np.int64)
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
        flips = np.zeros(2, dtype=np.int64)
        chooser = Chooser(self.survivors, moves, self.rng, self.run)
        self.run[:] = 0

        def candidate(step: int) -> _Candidate:
            n_flips = propose(self.net, chooser, flips)
            slack = slack_of(chooser) if n_flips > 0 else 0.0
            return _Candidate(flips[:n_flips].copy(), slack, self.rng[0], self.run.copy())

        return self._decide(threads, moves, n_trials, candidate)

    def mate(self, threads: Threads, window: slice, moves: Moves, other: Mask) -> int:
        """Take units' weights from a mate where that does not hurt; return the trials made."""
        flips = room_for_unit(self.net)
        units = mated_units_in_random_order(self.net, self.rng)

        def candidate(step: int) -> _Candidate:
            n_flips = unit_difference(self.net, self.mask, other, units[step], flips)
            growth = growth_of(self.survivors, flips, n_flips)
            if growth > 0 and self.survivors.spent[0] + growth > moves.budget:
                n_flips = 0
            return _Candidate(flips[:n_flips].copy(), 0.0, self.rng[0], self.run.copy())

        return self._decide(threads, moves, units.size, candidate)

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

    def _decide(
        self,
        threads: Threads,
        moves: Moves,
        n_candidates: int,
        candidate: Callable[[int], _Candidate],
    ) -> int:
        """Decide candidates in their order, and return how many there were.

        ``candidate(step)`` proposes the next one, given the mask as it is.
        """
        self.objective = self.engine.value(self.engine.sums(self.state))
        step = tried = 0
        while step < n_candidates and threads.stop[0] == 0:
            ahead = range(step, min(step + self.engine.at_once, n_candidates))
            candidates = [candidate(number) for number in ahead]
            found = iter(self._trials([one.flips for one in candidates if one.flips.size]))
            for flips, slack, stream, run in candidates:
                step += 1
                if flips.size == 0:
                    continue
                tried += 1
                then = self.engine.value(next(found))
                allowed = slack - moves.price * growth_of(self.survivors, flips, flips.size)
                if then - self.objective <= allowed:
                    self.engine.apply(self.state, flips)
                    note_flips(self.net, self.survivors, flips, flips.size)
                    self.objective, self.rng[0], self.run[:] = then, stream, run
                    break
        return tried

    def _trials(self, candidates: Sequence[NDArray[np.int64]]) -> Sequence[NDArray[np.int64]]:
        """Return what the sums would be after each candidate's flips alone."""
        if self.engine.at_once == 1:
            return [self.engine.trial(self.state, flips) for flips in candidates]
        masks = np.repeat(self.mask[None], len(candidates), axis=0)
        for mask, flips in zip(masks, candidates, strict=True):
            mask[flips] ^= 1
        return list(self.engine.evaluate(masks, self.state))
