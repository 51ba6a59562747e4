"""The pool: the threads of a search, some of which work together on one individual."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import Engine
from scratchcard.engines.incremental.threads import CALLED_OFF, Threads, make_threads
from scratchcard.search.memetic.member import Member

PROBE = 32  # runs from one comparison of working together and alone to the next
BETTER = 1.05  # the other way is taken if its trials per second are more than this multiple

Work = Callable[[Member, Threads], int]


class Pool:
    """Runs the work of all individuals on ``n_jobs`` threads.

    Individuals are worked on at the same time, and threads that are left over help them. Results do
    not depend on the number of threads. So where several threads on one individual are slower than
    one, because other programs keep the cores busy and threads wait for each other, every
    individual is worked on by one thread for a while.

    Parameters
    ----------
    engine : Engine
        What computes the individuals.
    population : int
        Number of individuals.
    n_jobs : int
        Threads.
    stop : ndarray of shape (1,), int64
        Bursts end at their next trial once this is above 0.
    """

    def __init__(
        self, engine: Engine, population: int, n_jobs: int, stop: NDArray[np.int64]
    ) -> None:
        self.population = population
        self.stop = stop
        at_once = min(population, n_jobs) if engine.compiled is not None else 1
        together = n_jobs // at_once if engine.compiled is not None else 1
        self.n_threads = max(1, min(together, engine.n_blocks))
        self.use(engine)
        self.threads = ThreadPoolExecutor(at_once * self.n_threads)
        self.runs = 0
        self.alone = self.n_threads == 1
        self.rates = {True: 0.0, False: 0.0}  # trials per second, by whether alone
        self.stale: WeakSet[Member] = WeakSet()  # members whose first thread alone is up to date

    def use(self, engine: Engine) -> None:
        """Work on states of this engine from now on."""

        def groups(count: int) -> list[list[Threads]]:
            if engine.compiled is None:
                return [make_threads(count, 0, self.stop) for _ in range(self.population)]
            return [engine.compiled.threads(count, self.stop) for _ in range(self.population)]

        self.together, self.single = groups(self.n_threads), groups(1)

    def run(self, work: Work, members: Sequence[Member], even: bool) -> int:
        """Have every thread of a group call ``work`` with the group's member; return all trials.

        ``even`` says that trials cost as much as in other even runs, so that their speeds are
        compared.
        """
        alone = self.alone
        if self.n_threads > 1:
            self.runs += even
            if even and self.runs % PROBE == 0:
                alone = not alone
            self._share(members, alone)
        groups = self.single if alone else self.together
        began = time.perf_counter()
        try:
            # In this order no thread waits for one that is not at work, or next in line.
            tasks = [
                self.threads.submit(_part, work, member, thread)
                for member, group in zip(members, groups, strict=False)
                for thread in group
            ]
            n_trials = sum(task.result() for task in tasks)
        except BaseException:
            self.close()
            raise
        if even:
            self.rates[alone] = n_trials / (time.perf_counter() - began)
            if alone != self.alone and self.rates[alone] > BETTER * self.rates[self.alone]:
                self.alone = alone
        return n_trials

    def _share(self, members: Sequence[Member], alone: bool) -> None:
        """Give all threads what one has done alone, before they work together again."""
        for member in members:
            if alone:
                self.stale.add(member)
            elif member in self.stale:
                member.share()
                self.stale.discard(member)

    def close(self) -> None:
        """Release threads: bursts end, and no thread waits for another any longer."""
        for group in [*self.together, *self.single]:
            group[0].failed[0] = group[0].failed[0] or CALLED_OFF
        self.threads.shutdown(cancel_futures=True)


def _part(work: Work, member: Member, threads: Threads) -> int:
    """Do one thread's part of the work; if it fails, the others do not wait for it."""
    try:
        return work(member, threads)
    except BaseException:
        threads.failed[0] = threads.failed[0] or CALLED_OFF
        raise
