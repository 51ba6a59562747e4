"""The crew: the threads of a search, in teams that work on one individual each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from scratchcard.engines import IncrementalEngine
from scratchcard.engines.team import Team

PROBE = 32  # runs between two comparisons of working together and alone


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
        n_blocks = len(engine.data.targets)
        at_once = min(population, n_jobs)
        self.ranks = max(1, min(n_jobs // at_once, n_blocks))
        self.teams = [engine.team(self.ranks) for _ in range(population)]
        self.loners = [engine.team(1) for _ in range(population)]
        self.threads = ThreadPoolExecutor(at_once * self.ranks)
        self.runs = 0
        self.alone = self.ranks == 1
        self.rates = {True: 0.0, False: 0.0}  # trials per second, by whether alone
        self.stale: set[Shared] = set()  # who worked alone since all ranks had the same copy

    def run(self, work: Callable[[M, Team], int], members: Sequence[M]) -> int:
        """Call ``work`` with every member, by every rank of its team; returns all trials."""
        self.runs += 1
        alone = self.alone
        if self.ranks > 1 and self.runs % PROBE == 0:
            alone = not alone
        if alone:
            self.stale.update(members)
        else:
            for member in self.stale.intersection(members):
                member.share()
            self.stale.difference_update(members)
        began = time.perf_counter()
        try:
            # In this order no rank waits for one that is not being worked on, or next in line.
            tasks = [
                self.threads.submit(work, member, rank)
                for member, team in zip(members, self.loners if alone else self.teams, strict=False)
                for rank in team
            ]
            n_trials = sum(task.result() for task in tasks)
        except BaseException:
            self.close()
            raise
        self.rates[alone] = n_trials / (time.perf_counter() - began)
        if alone != self.alone and self.rates[alone] > self.rates[self.alone]:
            self.alone = alone
        return n_trials

    def close(self) -> None:
        """Release threads; nobody waits for anybody any longer."""
        for team in self.teams:
            team[0].stop[0] = 1
        self.threads.shutdown(cancel_futures=True)
