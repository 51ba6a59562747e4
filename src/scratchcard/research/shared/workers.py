"""Runs many independent jobs in worker processes, each with one thread.

So the seconds of runs that go on side by side compare, results do not depend on how many there are,
and this process never computes: it can be interrupted at once. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

J = TypeVar("J")
R = TypeVar("R")

SECONDS_BETWEEN_CHECKS = 0.1  # how long an interrupt may wait to be noticed
WORKER = "scratchcard.research.shared.worker"
THREAD_LIMITS = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Environment variables by which libraries are told how many threads to start."""

_NO_JOB_LEFT = object()


def never() -> bool:
    """Return False: nothing asks to stop."""
    return False


def run_all(
    work: Callable[[J], R], jobs: Iterable[J], n_jobs: int, stop: Callable[[], bool] = never
) -> Iterator[R]:
    """Yield the results of jobs as they are done, in any order.

    Parameters
    ----------
    work : callable
        A function of a module that can be imported; it is called with one job.
    jobs : iterable
        Anything that can be pickled. The next one is asked for when a worker is free, after the
        results so far have been yielded.
    n_jobs : int
        How many worker processes there are, at most.
    stop : callable
        Asked several times a second; when it returns True the workers are ended.

    Yields
    ------
    object
        What ``work`` returns for a job.

    Raises
    ------
    KeyboardInterrupt
        If ``stop`` returned True.
    MemoryError
        If a worker was ended from outside, which is usually for want of memory.
    Exception
        Whatever ``work`` raises.
    """
    remaining = iter(jobs)
    with _Pool(n_jobs) as pool:
        while True:
            while pool.has_room and not stop():
                job = next(remaining, _NO_JOB_LEFT)
                if job is _NO_JOB_LEFT:
                    break
                pool.begin(work, job)
            if pool.n_busy == 0 and not stop():
                return
            yield pool.next_result(stop)


class _Answer(NamedTuple):
    """What a worker says: whether its job succeeded, and the result or the exception."""

    worker: subprocess.Popen[bytes]
    succeeded: bool
    value: Any


class _Pool:
    """Worker processes, started as they are needed and ended with the context."""

    def __init__(self, n_jobs: int) -> None:
        self.n_jobs = n_jobs
        self.n_busy = 0
        self.idle: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.readers: list[threading.Thread] = []
        self.answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers:
            worker.kill()
        for worker, reader in zip(self.workers, self.readers, strict=False):
            worker.wait()
            reader.join()
            for pipe in (worker.stdin, worker.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):  # what could not be written is not wanted now
                    pipe.close()

    @property
    def has_room(self) -> bool:
        """Whether another job can begin."""
        return self.n_busy < self.n_jobs

    def begin(self, work: Callable[[Any], Any], job: Any) -> None:
        """Give a job to a worker that has none."""
        worker = self.idle.pop() if self.idle else self._start()
        assert worker.stdin is not None
        # A worker that died meanwhile is noticed by the thread that reads its answers.
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(pickle.dumps((work, job)), worker.stdin)
            worker.stdin.flush()
        self.n_busy += 1

    def next_result(self, stop: Callable[[], bool]) -> Any:
        """Wait for a worker and return the result of its job, or raise what the job raised."""
        while True:
            if stop():
                raise KeyboardInterrupt
            with contextlib.suppress(queue.Empty):
                answer = self.answers.get(timeout=SECONDS_BETWEEN_CHECKS)
                break
        if not answer.succeeded:
            if stop():  # what ended the worker may have been meant for all of us
                raise KeyboardInterrupt
            raise answer.value
        self.n_busy -= 1
        self.idle.append(answer.worker)
        return answer.value

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a worker, and a thread that reads its answers."""
        environment = os.environ | dict.fromkeys(THREAD_LIMITS, "1")
        environment["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
        with _signals_blocked():  # the worker must not be interrupted before it ignores them
            worker = subprocess.Popen(
                [sys.executable, "-P", "-m", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
            self.workers.append(worker)
        reader = threading.Thread(target=self._read_answers, args=(worker,), daemon=True)
        reader.start()
        self.readers.append(reader)
        return worker

    def _read_answers(self, worker: subprocess.Popen[bytes]) -> None:
        assert worker.stdout is not None
        try:
            while True:
                self.answers.put(_Answer(worker, *pickle.load(worker.stdout)))
        except Exception:  # the pipe is closed, or what came is cut short
            self.answers.put(_Answer(worker, False, _ended(self.n_jobs)))


def _ended(n_jobs: int) -> MemoryError:
    which = "the worker process" if n_jobs == 1 else f"one of {n_jobs} processes"
    advice = "there may be too little memory" if n_jobs == 1 else "try fewer"
    return MemoryError(f"{which} was ended; {advice}")


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Hold back signals that ask this process to end; a process started inside inherits that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
