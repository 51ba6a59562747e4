"""What this machine reaches: a loop that copies, and one that does exponentials, on one thread.

Both are compiled by Numba as the engine's loops are. The copy is timed on arrays that fit each
level of the caches, and on arrays that fit none.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numba import njit

from scratchcard.compiled.float32 import exp2_scalar

SIZES = {"L1": 16 << 10, "L2": 256 << 10, "L3": 8 << 20, "memory": 512 << 20}  # bytes, both arrays
REPEATS = 7
SHORTEST = 0.02  # seconds


@njit
def _copies(out, values, times):
    for t in range(times):
        fill = np.float32(t)  # so that no copy can be left out
        values[0] = fill
        for k in range(out.size):
            out[k] = values[k]


@njit
def _exponentials(out, values, times):
    for t in range(times):
        shift = np.float32(t) * np.float32(1e-3)
        for k in range(out.size):
            out[k] = exp2_scalar(values[k] + shift)


def copied_bytes_per_second(size: int) -> float:
    """Bytes read plus bytes written per second, by arrays that are together this large."""
    n = size // 8
    out, values = np.zeros(n, np.float32), np.ones(n, np.float32)
    return 8 * n * _per_second(lambda times: _copies(out, values, times))


def exponentials_per_second() -> float:
    """Exponentials per second, out of the nearest cache."""
    out, values = np.zeros(2048, np.float32), np.linspace(-8, 8, 2048).astype(np.float32)
    return len(out) * _per_second(lambda times: _exponentials(out, values, times))


def _per_second(run: Callable[[int], object]) -> float:
    """Runs per second, the best of some repeats."""
    run(1)
    times, seconds = 1, 0.0
    while seconds < SHORTEST:
        times *= 2
        seconds = _timed(run, times)
    return times / min(_timed(run, times) for _ in range(REPEATS))


def _timed(run: Callable[[int], object], times: int) -> float:
    began = time.perf_counter()
    run(times)
    return time.perf_counter() - began
