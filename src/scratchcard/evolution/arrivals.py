"""Arrivals: the random masks of the first population and of every migration, and their bound.

The paper draws its random masks in three ways: any mask; one whose training accuracy passes a
bound; or one that passes a bound which falls while masks that pass are hard to find.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.51  # a bound that falls this far admits any connected mask
REASONABLE = 0.8  # share of the draws after which a success is late: the paper's 4 s of 5 s
BATCH = 16  # masks evaluated at once
HOPELESS = 10_000  # draws for one mask until a bound that does not fall is given up

Masks = NDArray[np.uint8]


class Arrivals:
    """Draws random masks, each of which passes the bound.

    Parameters
    ----------
    draw : n -> (n, n_weights) random masks.
    admits : mask (n_weights,) -> whether it may live at all.
    accuracies : (n, n_weights) masks -> (n,) accuracies on the training rows.
    bound : accuracy to pass; None admits every mask, and ``accuracies`` is not called.
    draws : of an adaptive bound, how many masks are tried for one arrival before the bound falls;
        None for a bound that never falls.
    """

    def __init__(
        self,
        draw: Callable[[int], Masks],
        admits: Callable[[Masks], bool],
        accuracies: Callable[[Masks], NDArray[np.float64]],
        bound: float | None,
        draws: int | None,
    ) -> None:
        self.draw, self.admits, self.accuracies = draw, admits, accuracies
        self.bound, self.draws = bound, draws
        self.drawn: deque[tuple[Masks, float]] = deque()

    def __call__(self, n: int, deadline: float = math.inf) -> Masks:
        """The next n masks, (n, n_weights).

        From ``deadline`` on, a time of ``time.perf_counter``, no bound holds, and no more come.
        """
        if self.bound is None:
            return self.draw(n)
        masks = [self._next(self.bound, deadline)]
        while len(masks) < n and time.perf_counter() < deadline:
            masks.append(self._next(self.bound, deadline))
        return np.array(masks)

    def _next(self, bound: float, deadline: float) -> Masks:
        """Redraw until a mask passes; the bound falls after a late success, and for want of one."""
        tries = 0
        best = 0.0
        while True:
            tries += 1
            mask, accuracy = self._drawn()
            admitted = self.admits(mask)
            if admitted and time.perf_counter() >= deadline:
                return mask
            if admitted and (accuracy >= bound or self._is_open(bound)):
                if self.draws is not None and tries > REASONABLE * self.draws:
                    lateness = (tries / self.draws - REASONABLE) / (1.0 - REASONABLE)
                    self.bound = self._lower(bound, lateness)
                return mask
            best = max(best, accuracy if admitted else 0.0)
            if tries == self.draws and not self._is_open(bound):
                self.bound = bound = self._lower(bound, 0.0)
                tries = 0
            elif tries == HOPELESS:
                raise ValueError(
                    f"bound={bound} was reached by none of {HOPELESS} connected random masks, the "
                    f"best of which had an accuracy of {best:.3f}; lower it, or take the preset "
                    "'GA (adaptive AB)'"
                )

    def _is_open(self, bound: float | None) -> bool:
        """Whether the bound has fallen so far that it admits any mask."""
        return self.draws is not None and bound is not None and bound <= FLOOR

    @staticmethod
    def _lower(bound: float, lateness: float) -> float:
        """The bound, lower by the paper's amount; lateness from 0 (just late) to 1 (at the end)."""
        return max(FLOOR, bound - 0.1 * (0.051 + 0.93 * math.exp(-9.36 * lateness)))

    def _drawn(self) -> tuple[Masks, float]:
        if not self.drawn:
            masks = self.draw(BATCH)
            known = not self._is_open(self.bound)
            accuracies = self.accuracies(masks).tolist() if known else [0.0] * BATCH
            self.drawn.extend(zip(masks, accuracies, strict=True))
        return self.drawn.popleft()
