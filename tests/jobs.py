"""Jobs for worker processes, which import them: the processes see this folder, not a test file."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


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


def threads(_: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


def sleep_after_telling(folder: str) -> None:
    """Write the id of this process into a folder, and sleep much longer than any test."""
    Path(folder, str(os.getpid())).touch()
    time.sleep(1000)
