"""Arrivals: the random masks of the first population and of every migration, and their bound.

The paper draws its random masks in three ways: any mask; one whose training accuracy passes a
bound; or one that passes a bound which falls while masks that pass are hard to find.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.51  # a bound that has fallen to this admits any mask that may live
REASONABLE = 0.8  # a success after this share of the draws is late: the paper's 4 s of 5 s
BATCH = 16  # masks that are drawn and evaluated at once
HOPELESS = 10_000  # draws for one mask after which a bound that does not fall is an error

Masks = NDArray[np.uint8]


class Arrivals:
    """Draws random masks, each of which passes the bound.

    Parameters
    ----------
    draw : callable
        ``n -> masks``, (n, n_weights) random masks.
    admits : callable
        ``mask -> bool``: whether a mask, (n_weights,), may live at all.
    accuracies : callable
        ``(masks, bound) -> accuracies``: accuracies, (n,), of masks, (n, n_weights), on the
        training rows. For those that fail the bound it need not tell more than that.
    bound : float or None
        Accuracy to pass; None admits every mask, and ``accuracies`` is not called.
    draws : int or None
        For an adaptive bound, how many masks are tried for one arrival before the bound falls; None
        for a bound that never falls.
    """

    def __init__(
        self,
        draw: Callable[[int], Masks],
        admits: Callable[[Masks], bool],
        accuracies: Callable[[Masks, float], NDArray[np.float64]],
        bound: float | None,
        draws: int | None,
    ) -> None:
        self.draw, self.admits, self.accuracies = draw, admits, accuracies
        self.bound, self.draws = bound, draws
        self.drawn: deque[tuple[Masks, float]] = deque()

    def __call__(self, n: int, is_over: Callable[[], bool] = lambda: False) -> Masks:
        """Return the next n masks, (n, n_weights).

        Once ``is_over`` returns True, no bound holds, and no more masks follow the one in hand.

        Parameters
        ----------
        n : int
            How many masks.
        is_over : callable
            ``() -> bool``: whether no time is left.

        Returns
        -------
        ndarray of shape (n, n_weights), uint8
            The masks; fewer once no time is left.

        Raises
        ------
        ValueError
            If none of very many random masks passes a bound that does not fall.
        """
        if self.bound is None:
            return self.draw(n)
        masks = [self._next(self.bound, is_over)]
        while len(masks) < n and not is_over():
            masks.append(self._next(self.bound, is_over))
        return np.array(masks)

    def _next(self, bound: float, is_over: Callable[[], bool]) -> Masks:
        """Draw until a mask passes; the bound falls after a late success, and if none passes."""
        tries = 0
        best = 0.0
        while True:
            tries += 1
            mask, accuracy = self._drawn(bound)
            admitted = self.admits(mask)
            if admitted and is_over():
                return mask
            if admitted and (accuracy >= bound or self._is_open(bound)):
                if self.draws is not None and tries > REASONABLE * self.draws:
                    lateness = (tries / self.draws - REASONABLE) / (1.0 - REASONABLE)
                    self._lower(bound, lateness)
                return mask
            best = max(best, accuracy if admitted else 0.0)
            if tries == self.draws and not self._is_open(bound):
                bound = self._lower(bound, 0.0)
                tries = 0
            elif tries == HOPELESS:
                raise ValueError(
                    f"bound={bound} was reached by none of {HOPELESS} connected random masks, the "
                    f"best of which had an accuracy of {best:.3f}; lower it, or take the preset "
                    "'GA (adaptive AB)'"
                )

    def _is_open(self, bound: float) -> bool:
        """Return whether the bound has fallen so far that it admits any mask."""
        return self.draws is not None and bound <= FLOOR

    def _lower(self, bound: float, lateness: float) -> float:
        """Let the bound fall by the paper's amount, and return the new one.

        ``lateness`` goes from 0 (just late) to 1 (at the end). Masks that were drawn and judged by
        the old bound are judged again.
        """
        self.bound = max(FLOOR, bound - 0.1 * (0.051 + 0.93 * math.exp(-9.36 * lateness)))
        masks = [mask for mask, _ in self.drawn]
        self.drawn.clear()
        if masks:
            self._judge(np.array(masks), self.bound)
        return self.bound

    def _drawn(self, bound: float) -> tuple[Masks, float]:
        if not self.drawn:
            self._judge(self.draw(BATCH), bound)
        return self.drawn.popleft()

    def _judge(self, masks: Masks, bound: float) -> None:
        """Put masks with their accuracies where the next are taken from."""
        known = not self._is_open(bound)
        accuracies = self.accuracies(masks, bound).tolist() if known else [0.0] * len(masks)
        self.drawn.extend(zip(masks, accuracies, strict=True))
