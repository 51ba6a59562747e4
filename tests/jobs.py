"""Jobs for worker processes, which import them: the processes see this folder, not a test file."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class PickyError(Exception):
    """An exception that can be pickled and cannot be read again."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def square(n: int) -> int:
    if n < 0:
        raise ValueError("below zero")
    print("what a job prints must not reach the pipe")
    return n * n


def end_itself(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt_itself(number: int) -> int:
    """Send this process the signals that a terminal sends to all processes in it."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), name)
    return number


def raise_picky(n: int) -> None:
    raise PickyError(n, n)


def call(job: tuple[Callable[[Any], Any], Any]) -> Any:
    function, argument = job
    return function(argument)


def die_once(job: tuple[str, int]) -> int:
    """End this process for some numbers, the first time that one comes; return the number."""
    folder, n = job
    path = Path(folder, str(n))
    if n in (2, 4) and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def threads(_: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


def sleep_after_telling(folder: str) -> None:
    """Write the id of this process into a folder, and sleep much longer than any test."""
    Path(folder, str(os.getpid())).touch()
    time.sleep(1000)


class Counting:
    """Work that counts its jobs and knows where it is. A job may wait until others go on too."""

    def __init__(self, shared: Any) -> None:
        self.shared = shared
        self.n_jobs = 0

    def __call__(self, job: tuple[str, int]) -> tuple[int, int, int]:
        folder, n_together = job
        Path(folder, str(os.getpid())).touch()
        while len(list(Path(folder).iterdir())) < n_together:
            time.sleep(0.01)
        self.n_jobs += 1
        return os.getpid(), self.n_jobs - 1, int(self.shared.sum())


class Unreadable:
    """Work that can be pickled and cannot be read again."""

    def __reduce__(self) -> tuple[object, ...]:
        return never_read, ()


def never_read() -> None:
    raise ValueError("never to be read")


class Searching:
    """A short search on rows that are part of the work."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __call__(self, seed: int) -> bytes:
        from scratchcard.search import Limits, evolve
        from scratchcard.ticket import Network

        network = Network.dense((16, 6, 3), seed=1)
        mask = evolve(network, self.rows, limits=Limits(generations=2), seed=seed).mask
        bits: bytes = mask.flat().tobytes()
        return bits
