"""The crew: the threads of a search, in teams that work on one individual each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from scratchcard.engines import IncrementalEngine
from scratchcard.engines.team import Team

M = TypeVar("M")


class Crew:
    """``n_jobs`` threads: individuals work side by side, and what threads are left help them.

    Results do not depend on the number of threads.
    """

    def __init__(self, engine: IncrementalEngine, population: int, n_jobs: int) -> None:
        n_blocks = len(engine.data.targets)
        at_once = min(population, n_jobs)
        self.ranks = max(1, min(n_jobs // at_once, n_blocks))
        self.teams = [engine.team(self.ranks) for _ in range(population)]
        self.threads = ThreadPoolExecutor(at_once * self.ranks)

    def run(self, work: Callable[[M, Team], int], members: Sequence[M]) -> list[int]:
        """Call ``work`` with every member, by every rank of its team; returns all results."""
        try:
            # In this order no rank waits for one that is not being worked on, or next in line.
            tasks = [
                self.threads.submit(work, member, rank)
                for member, team in zip(members, self.teams, strict=False)
                for rank in team
            ]
            return [task.result() for task in tasks]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release threads; nobody waits for anybody any longer."""
        for team in self.teams:
            team[0].stop[0] = 1
        self.threads.shutdown(cancel_futures=True)
