"""Screening: which random masks pass an accuracy bound, with few rows read where that is clear.

Most random masks fail a bound by far. By Serfling's inequality (1974, "Probability inequalities for
the sum in sampling without replacement", Corollary 1.1) most of them can be told after a few
thousand rows. The chance that a mask is refused wrongly is below one in a billion.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scratchcard.rows import Rows, shuffled
from scratchcard.search.genetic.evaluation import Evaluator

SAMPLES = (2048, 8192)  # rows of the first sample and of the second
LEAST_RATIO = 3  # a sample is used if there are at least this many times as many rows
CHANCE = 1e-9  # chance that one sample refuses a mask wrongly


class Screening:
    """Gives the accuracies of masks, exactly for those that may pass a bound.

    Parameters
    ----------
    rows : Rows
        The rows that masks are judged on.
    accuracy : Evaluator
        Evaluates masks on all rows; its values are errors, as shares of 1.
    evaluator : callable
        ``rows -> Evaluator``: makes one like it for other rows.
    """

    def __init__(
        self, rows: Rows, accuracy: Evaluator, evaluator: Callable[[Rows], Evaluator]
    ) -> None:
        self.accuracy = accuracy
        self.refused = 0  # number of masks that were not evaluated on all rows
        self.samples: list[tuple[Evaluator, float]] = []
        order = shuffled(rows)
        if np.ptp(rows.weights[order]) == 0:  # the inequality is for rows of one weight
            for n in SAMPLES:
                if n * LEAST_RATIO <= len(order):
                    sample = Rows(rows.inputs[order[:n]], rows.targets[order[:n]])
                    self.samples.append((evaluator(sample), margin(n, len(order))))

    def close(self) -> None:
        """Release threads."""
        for evaluator, _ in self.samples:
            evaluator.close()

    def __call__(self, masks: NDArray[np.uint8], bound: float) -> NDArray[np.float64]:
        """Return accuracies; those below the bound may be of a sample of the rows.

        Parameters
        ----------
        masks : ndarray of shape (n, n_weights), uint8
            Flat masks.
        bound : float
            The accuracy to pass.

        Returns
        -------
        ndarray of shape (n,), float64
            Accuracies, 0 to 1.
        """
        found = np.empty(len(masks))
        open_ = np.arange(len(masks))
        for evaluator, doubt in self.samples:
            found[open_] = 1.0 - evaluator(masks[open_])
            evaluator.keep(masks[:0])
            open_ = open_[found[open_] >= bound - doubt]
        self.refused += len(masks) - len(open_)
        found[open_] = 1.0 - self.accuracy(masks[open_])
        return found


def margin(n: int, n_rows: int) -> float:
    """Return how far below the bound an accuracy on n of n_rows rows must be to refuse a mask."""
    return math.sqrt(-math.log(CHANCE) * (1.0 - (n - 1) / n_rows) / (2 * n))
