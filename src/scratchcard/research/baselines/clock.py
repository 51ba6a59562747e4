"""Counts the seconds of a run and limits its threads. Torch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Clock:
    """Seconds since it was made, without those spent in ``paused``."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds counted so far."""
        return time.perf_counter() - self._began

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count what happens inside."""
        before = self.seconds
        try:
            yield
        finally:
            self._began = time.perf_counter() - before


@contextmanager
def threads(n_jobs: int) -> Iterator[None]:
    """Let torch use ``n_jobs`` threads inside the context, and as many as before afterwards."""
    if n_jobs < 1:
        raise ValueError(f"n_jobs takes a number of threads from 1, got {n_jobs!r}")
    before = torch.get_num_threads()
    torch.set_num_threads(n_jobs)
    try:
        yield
    finally:
        torch.set_num_threads(before)
