"""The crew: the threads of a search, in teams that work on one individual each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar
from weakref import WeakSet

from scratchcard.engines import IncrementalEngine
from scratchcard.engines.incremental.threads import Team

PROBE = 32  # runs between two comparisons of working together and alone
BETTER = 1.05  # how much faster the other way must be


class Shared(Protocol):
    """What a team works on: every rank has a copy of some of it."""

    def share(self) -> None:
        """Give every rank the copy that rank 0 has."""
        ...


M = TypeVar("M", bound=Shared)


class Crew:
    """``n_jobs`` threads: individuals work side by side, and what threads are left help them.

    Results do not depend on the number of threads. So where a team is slower than one thread
    alone, because other programs keep the cores busy and its ranks wait for each other, every
    individual works alone for a while.
    """

    def __init__(self, engine: IncrementalEngine, population: int, n_jobs: int) -> None:
        self.population = population
        at_once = min(population, n_jobs)
        self.ranks = max(1, min(n_jobs // at_once, len(engine.data.targets)))
        self.use(engine)
        self.threads = ThreadPoolExecutor(at_once * self.ranks)
        self.runs = 0
        self.alone = self.ranks == 1
        self.rates = {True: 0.0, False: 0.0}  # trials per second, by whether alone
        self.stale: WeakSet[Shared] = WeakSet()  # worked alone since all ranks had the same copy

    def use(self, engine: IncrementalEngine) -> None:
        """Work on states of this engine from now on."""
        self.teams = [engine.team(self.ranks) for _ in range(self.population)]
        self.loners = [engine.team(1) for _ in range(self.population)]

    def run(self, work: Callable[[M, Team], int], members: Sequence[M], even: bool) -> int:
        """Call ``work`` with every member, by every rank of its team; returns all trials.

        ``even`` says that trials cost as much as in other even runs: these are compared.
        """
        alone = self.alone
        if self.ranks > 1:
            self.runs += even
            if even and self.runs % PROBE == 0:
                alone = not alone
            for member in members:
                if alone:
                    self.stale.add(member)
                elif member in self.stale:
                    member.share()
                    self.stale.discard(member)
        began = time.perf_counter()
        try:
            # In this order no rank waits for one that is not being worked on, or next in line.
            tasks = [
                self.threads.submit(_part, work, member, rank)
                for member, team in zip(members, self.loners if alone else self.teams, strict=False)
                for rank in team
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

    def close(self) -> None:
        """Release threads: bursts end, and nobody waits for anybody any longer."""
        for team in [*self.teams, *self.loners]:
            team[0].stop[0] = 1
        self.threads.shutdown(cancel_futures=True)


def _part(work: Callable[[M, Team], int], member: M, team: Team) -> int:
    """A rank's part of the work; if it fails the others must not wait for it."""
    try:
        return work(member, team)
    except BaseException:
        team.stop[0] = 1
        raise
