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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.float32 import exp2
from scratchcard.rows import Rows
from scratchcard.ticket import Lines, Network
from scratchcard.ticket.heads.fitting import level_of
from scratchcard.ticket.heads.numbers import UNIT

Outputs = NDArray[np.integer[Any]]

FLATTEST = 0.1
"""Least deviation of what a line makes of the outputs, as a multiple of that of the targets."""
CLIP = 100.0  # bits to which the logarithms of counts are clipped
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
        together, shares = np.concatenate(outputs), np.tile(weights, len(outputs))
        lines = []
        for column in together.T:
            found = _moments(column, column, shares)
            scale = 1.0 / max(found.deviation, 1.0)
            lines.append((scale, -found.mean * scale))
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

        They do not depend on the order of the rows, nor on whether a row of weight 2 stands there
        once or twice.
        """
        lines = []
        for k in range(outputs.shape[1]):
            found = _moments(outputs[:, k], rows.targets[:, k], rows.weights)
            scale = self._scale(found, now.scales[k])
            lines.append((scale, self._offset(outputs[:, k], rows, k, found, scale)))
        return _lines(lines)

    def unfitted(self, network: Network, first: Lines) -> Lines:
        """Return the lines of the beginning."""
        return first

    def _scale(self, found: _Moments, now: float) -> float:
        if found.deviation == 0:
            return now
        if self.loss == "squared_error":
            return 1.0 / found.deviation
        if found.spread == 0:
            return now
        return max(found.correlation, FLATTEST) * found.spread / UNIT / found.deviation

    def _offset(self, outputs: Outputs, rows: Rows, k: int, found: _Moments, scale: float) -> float:
        if self.loss == "squared_error":
            return -scale * found.mean
        weights, read = rows.weights, scale * outputs.astype(np.float64)
        if self.loss == "poisson":
            bits = np.clip(read * math.log2(math.e), -CLIP, CLIP).astype(np.float32)
            counts = math.fsum(exp2(bits).astype(np.float64) * weights) / int(weights.sum())
            return math.log(max(found.centre, 1.0) / UNIT / counts)
        residuals = rows.targets[:, k] / UNIT - read
        order = np.argsort(residuals, kind="stable")
        sums = np.cumsum(weights[order])
        at = int(np.searchsorted(sums, level_of(self.loss) * float(sums[-1])))
        return float(residuals[order[min(at, len(order) - 1)]])


class _Moments(NamedTuple):
    """Means, deviations and correlation of an output and its target, each rounded once."""

    mean: float
    deviation: float
    centre: float
    spread: float
    correlation: float


def _moments(x: Outputs, y: Outputs, weights: NDArray[np.int64]) -> _Moments:
    """Return the moments of integers; Python's own do not overflow, so the sums are exact."""
    first, second, shares = (numbers.astype(object) for numbers in (x, y, weights))
    weighted = first * shares
    total, of_x, of_y = sum(shares), sum(weighted), sum(second * shares)
    squares, targets = sum(weighted * first), sum(second * second * shares)
    varied, spread = total * squares - of_x * of_x, total * targets - of_y * of_y
    together = total * sum(weighted * second) - of_x * of_y
    deviation, spread = math.sqrt(varied) / total, math.sqrt(spread) / total
    correlation = 0.0
    if deviation > 0 and spread > 0:
        correlation = together / (total * total) / (deviation * spread)
    return _Moments(of_x / total, deviation, of_y / total, spread, correlation)


def _lines(pairs: list[tuple[float, float]]) -> Lines:
    scales, offsets = zip(*pairs, strict=True)
    return Lines(scales, offsets)
