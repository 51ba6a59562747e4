"""How objectives of numbers read outputs: by straight lines, fitted anew in every generation.

They are fitted to the outputs of the best individual, so that the search need not find the level
and the size of answers by itself. For the squared error they only bring outputs to about ±1, since
that objective fits a line of its own to every candidate. Elsewhere they have the least squares, but
are never flatter than ``FLATTEST``: the outputs of early masks say nearly nothing of the answers,
and a line that says so would hide what a mutation changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.float32 import exp2
from scratchcard.rows import Rows
from scratchcard.ticket import Lines, Network
from scratchcard.ticket.heads.fitting import level_of
from scratchcard.ticket.heads.numbers import UNIT

Floats = NDArray[np.float64]
Outputs = NDArray[np.integer[Any]]

FLATTEST = 0.1
"""Least deviation of what a line makes of the outputs, as a multiple of that of the targets."""
STEEPEST = 2.0**60  # most that a scale is, so that no product of float32 overflows


class StraightLines:
    """Reads outputs by a line for each.

    Parameters
    ----------
    loss : str
        A name that :func:`scratchcard.ticket.heads.fitting.loss_named` gave.
    """

    def __init__(self, loss: str) -> None:
        self.loss = loss

    def scale(self, reading: Lines) -> NDArray[np.float32]:
        """Return scales and offsets, (2, n_outputs) float32."""
        bound = np.float32(STEEPEST)
        return np.clip(np.array(reading, dtype=np.float64), -bound, bound).astype(np.float32)

    def first(self, outputs: Sequence[Outputs], weights: NDArray[np.int64]) -> Lines:
        """Return the lines that give the outputs of random masks a deviation of 1 about 0."""
        together = np.concatenate(outputs).astype(np.float64)
        shares = np.tile(weights, len(outputs))
        lines = []
        for column in together.T:
            mean, deviation = _spread(column, shares)
            scale = 1.0 / max(deviation, 1.0)
            lines.append((scale, -mean * scale))
        return _lines(lines)

    def fitted(
        self,
        outputs: Outputs,
        rows: Rows,
        first: Lines,
        now: Lines,
        sharpness: float,
        smoothing: float,
    ) -> Lines:
        """Return the lines that fit the outputs to the targets; settings for classes are ignored.

        All sums are rounded once, so that they are the same everywhere.
        """
        lines = []
        for k in range(outputs.shape[1]):
            x = outputs[:, k].astype(np.float64)
            y = rows.targets[:, k] / UNIT
            scale = self._slope(x, y, rows.weights, now.scales[k])
            lines.append((scale, self._offset(x, y, rows.weights, scale)))
        return _lines(lines)

    def unfitted(self, network: Network, first: Lines) -> Lines:
        """Return the lines of the beginning."""
        return first

    def _slope(self, x: Floats, y: Floats, weights: NDArray[np.int64], now: float) -> float:
        mean, deviation = _spread(x, weights)
        if deviation == 0:
            return now
        if self.loss == "squared_error":
            return 1.0 / deviation
        centre, spread = _spread(y, weights)
        if spread == 0:
            return now
        product = _mean((x - mean) * (y - centre), weights) / (deviation * spread)
        return max(product, FLATTEST) * spread / deviation

    def _offset(self, x: Floats, y: Floats, weights: NDArray[np.int64], scale: float) -> float:
        if self.loss == "squared_error":
            return -scale * _mean(x, weights)
        if self.loss == "poisson":
            bits = np.clip(scale * x * math.log2(math.e), -100.0, 100.0).astype(np.float32)
            counts = _mean(exp2(bits).astype(np.float64), weights)
            return math.log(max(_mean(y, weights), 1.0 / UNIT) / counts)
        residuals = y - scale * x
        order = np.argsort(residuals, kind="stable")
        sums = np.cumsum(weights[order])
        at = int(np.searchsorted(sums, level_of(self.loss) * float(sums[-1])))
        return float(residuals[order[min(at, len(order) - 1)]])


def _mean(values: Floats, weights: NDArray[np.int64]) -> float:
    return math.fsum(values * weights) / int(weights.sum())


def _spread(values: Floats, weights: NDArray[np.int64]) -> tuple[float, float]:
    """Return mean and deviation."""
    mean = _mean(values, weights)
    return mean, math.sqrt(_mean((values - mean) ** 2, weights))


def _lines(pairs: list[tuple[float, float]]) -> Lines:
    scales, offsets = zip(*pairs, strict=True)
    return Lines(scales, offsets)
