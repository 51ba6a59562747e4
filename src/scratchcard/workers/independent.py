"""Runs many independent jobs on workers, each with one thread.

So the seconds of runs that go on side by side compare, results do not depend on how many there are,
and this process never computes: it can be interrupted at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from scratchcard.workers.making import workers
from scratchcard.workers.pool import never

__all__ = ["never", "run_all"]

J = TypeVar("J")
R = TypeVar("R")

_NO_JOB_LEFT: Any = object()


def run_all(
    work: Callable[[J], R],
    jobs: Iterable[J],
    n_workers: int | None,
    stop: Callable[[], bool] = never,
    on: str = "processes",
) -> Iterator[R]:
    """Yield the results of jobs as they are done, in any order.

    Parameters
    ----------
    work : callable
        As :func:`workers` takes it; it is called with one job.
    jobs : iterable
        Anything that can be pickled. The next one is asked for when a worker is free, after the
        results so far have been yielded.
    n_workers : int or None
        How many workers there are, at most; None for as many as there are processors.
    stop : callable
        Asked several times a second; when it returns True the workers are ended.
    on : str
        Where: one of :data:`BACKENDS`.

    Yields
    ------
    object
        What ``work`` returns for a job.

    Raises
    ------
    KeyboardInterrupt
        If ``stop`` returned True.
    MemoryError
        If workers died of a job, which is usually for want of memory.
    Exception
        Whatever ``work`` raises.
    """
    numbers = itertools.count()
    remaining = iter(jobs)
    if (first := next(remaining, _NO_JOB_LEFT)) is _NO_JOB_LEFT:
        return  # no cluster is started for nothing
    remaining = itertools.chain([first], remaining)
    with workers(work, on=on, n_workers=n_workers) as pool:
        while True:
            while pool.has_room and not stop():
                job = next(remaining, _NO_JOB_LEFT)
                if job is _NO_JOB_LEFT:
                    break
                pool.begin(next(numbers), job)
            if pool.n_unfinished == 0 and not stop():
                return
            yield pool.next_result(stop)[1]
