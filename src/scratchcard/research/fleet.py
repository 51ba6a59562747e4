"""Fleet: many independent runs, each on one thread; several at a time in processes. joblib.

So seconds of runs side by side compare, and results do not depend on how many run at once.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_limits

J = TypeVar("J")
R = TypeVar("R")


def run_all(work: Callable[[J], R], jobs: Iterable[J], n_jobs: int) -> Iterator[R]:
    """Yield ``work(job)`` of each job as it is done, ``n_jobs`` at a time, in any order.

    ``work`` is a function of a module, and jobs and results can be pickled. What ``work`` raises is
    raised here. Ctrl-C interrupts this process alone, which then ends the others. Raises
    MemoryError if the system ends one of them, for that is its usual reason.
    """
    if n_jobs == 1:
        with threadpool_limits(1):
            yield from map(work, jobs)
        return
    try:
        with parallel_config("loky", inner_max_num_threads=1):
            yield from Parallel(
                n_jobs=n_jobs, return_as="generator_unordered", pre_dispatch=n_jobs
            )(delayed(_undisturbed)(work, job) for job in jobs)
    except BrokenProcessPool as error:
        raise MemoryError(f"one of {n_jobs} processes was ended; try fewer") from error


def _undisturbed(work: Callable[[J], R], job: J) -> R:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return work(job)
