"""Rates by the clock, repeated in turn, so that a slow minute of the machine hits everybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

TUNING_SECONDS = 0.2  # for each way to do the same


def per_second(step: Callable[[], int], seconds: float) -> float:
    """How many a second ``step`` does, which says how many it did; at least one step."""
    done, began = 0, time.perf_counter()
    while True:
        done += step()
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return done / elapsed


def fastest(ways: Mapping[T, Callable[[], int]]) -> T:
    """The way that does most in a second; the best of a few runs counts, the first warms up."""

    def rate(step: Callable[[], int]) -> float:
        step()
        best, until = 0.0, time.perf_counter() + TUNING_SECONDS
        while not best or time.perf_counter() < until:
            best = max(best, per_second(step, 0.0))
        return best

    return max(ways, key=lambda way: rate(ways[way]))


def interleaved(
    rates: Mapping[str, Callable[[float], float]], repeats: int, seconds: float
) -> dict[str, list[float]]:
    """Measure everybody's rate ``repeats`` times, one after the other, each for ``seconds``."""
    found: dict[str, list[float]] = {name: [] for name in rates}
    for _ in range(repeats):
        for name, rate in rates.items():
            found[name].append(rate(seconds))
    return found
