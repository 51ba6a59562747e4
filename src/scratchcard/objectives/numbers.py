"""Objectives of numbers: squared and absolute error, quantiles, and the deviance of counts.

Targets are in fixed point, in units of the spread of the answers
(:class:`~scratchcard.ticket.Numbers`), and outputs are read by a line for each of them
(:mod:`.lines`). The statistic of a row is the sum over its outputs. All arithmetic is a fixed
sequence of float32 operations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.cache import jit
from scratchcard.compiled.float32 import (
    clip_scalar,
    exp2,
    exp2_scalar,
    log2,
    log2_scalar,
)
from scratchcard.compiled.vectors import fill
from scratchcard.objectives.base import LARGEST, QUANTUM, Objective, one_statistic
from scratchcard.objectives.lines import StraightLines
from scratchcard.ticket.heads.fitting import level_of, loss_named
from scratchcard.ticket.heads.numbers import UNIT, Numbers

__all__ = ["ABSOLUTE_ERROR", "POISSON", "QUANTILE", "SQUARED_ERROR", "quantile_loss"]

Floats = NDArray[np.float32]

QUANTA = np.float32(QUANTUM)
STEP = np.float32(1 / UNIT)
ZERO = np.float32(0.0)
ONE = np.float32(1.0)
TWO = np.float32(2.0)
MOST = np.float32(LARGEST)  # a loss above this counts as this
FURTHEST = np.float32(256.0)  # and so does, before it is squared, an error above this
CLIP = np.float32(100.0)  # bits to which the logarithms of counts are clipped
PER_NAT, PER_BIT = np.float32(1.4426950408889634), np.float32(0.6931471805599453)
LEAST = np.float32(2.0**-20)  # stands for 0 where a logarithm is multiplied by 0


def _errors(outputs, targets, lines) -> Floats:
    """Return the target minus what was read, (n_rows, n_outputs)."""
    read = outputs.astype(np.float32) * lines[0] + lines[1]
    return targets.astype(np.float32) * STEP - read


def _summed(losses: Floats, weights) -> NDArray[np.int64]:
    """Return the weighted sum of the losses of rows, (n_rows, n_outputs), in quanta."""
    total = np.zeros(len(losses), dtype=np.float32)
    for k in range(losses.shape[1]):  # one after the other: float sums depend on the order
        total += losses[:, k]
    quanta = (np.minimum(total, MOST) * QUANTA).astype(np.int32).astype(np.int64)
    return np.array([int((quanta * weights).sum())], dtype=np.int64)


@jit(inline="always")
def _column(block, k):
    """Return outputs and targets of all rows for output ``k``."""
    n = block.quanta.size
    return block.outputs[block.where[k]], block.targets[k * n : (k + 1) * n]


@jit(inline="always")
def _line(block, k):
    """Return scale and offset of output ``k``, before a loop over rows."""
    return block.reading[k], block.reading[block.where.size - 1 + k]


@jit(inline="always")
def _read(output, scale, offset):
    return np.float32(output) * scale + offset


@jit(inline="always")
def _real(target):
    return np.float32(target) * STEP


@jit(inline="always")
def _keep(block, total):
    """Cut the losses of rows to quanta."""
    for r in range(total.size):
        block.quanta[r] = np.int32(min(total[r], MOST) * QUANTA)


def _mean(sums, total_weight):
    return sums[0] / (QUANTUM * total_weight)


# -- squared error -------------------------------------------------------------------------------


def _squares(outputs, targets, weights, lines):
    errors = np.minimum(np.abs(_errors(outputs, targets, lines)), FURTHEST)
    return _summed(errors * errors, weights)


def _squares_block(block):
    total = block.work[0]
    fill(total, ZERO)
    for k in range(block.where.size - 1):
        outputs, targets = _column(block, k)
        scale, offset = _line(block, k)
        for r in range(total.size):
            error = _read(outputs[r], scale, offset) - _real(targets[r])
            error = min(abs(error), FURTHEST)
            total[r] += error * error
    _keep(block, total)
    return 0


# -- absolute error ------------------------------------------------------------------------------


def _distances(outputs, targets, weights, lines):
    return _summed(np.abs(_errors(outputs, targets, lines)), weights)


def _distances_block(block):
    total = block.work[0]
    fill(total, ZERO)
    for k in range(block.where.size - 1):
        outputs, targets = _column(block, k)
        scale, offset = _line(block, k)
        for r in range(total.size):
            total[r] += abs(_read(outputs[r], scale, offset) - _real(targets[r]))
    _keep(block, total)
    return 0


# -- the deviance of counts ----------------------------------------------------------------------


def _deviances(outputs, targets, weights, lines):
    bits = np.clip((outputs.astype(np.float32) * lines[0] + lines[1]) * PER_NAT, -CLIP, CLIP)
    counts = targets.astype(np.float32) * STEP
    logs = (log2(np.maximum(counts, LEAST)) - bits) * PER_BIT
    return _summed(np.maximum((exp2(bits) - counts) + counts * logs, ZERO) * TWO, weights)


def _deviances_block(block):
    total = block.work[0]
    fill(total, ZERO)
    for k in range(block.where.size - 1):
        outputs, targets = _column(block, k)
        scale, offset = _line(block, k)
        for r in range(total.size):
            bits = clip_scalar(_read(outputs[r], scale, offset) * PER_NAT)
            count = _real(targets[r])
            log = (log2_scalar(max(count, LEAST)) - bits) * PER_BIT
            loss = max((exp2_scalar(bits) - count) + count * log, ZERO)
            total[r] += loss * TWO
    _keep(block, total)
    return 0


def _objective(name, statistics, block, **more) -> Objective:
    return Objective(
        name=name,
        n_statistics=one_statistic,
        statistics=statistics,
        block=block,
        value=_mean,
        is_mean=True,
        only_grows=True,
        answers="numbers",
        head=_Head(name),
        tempering=StraightLines(name),
        **more,
    )


class _Head:
    """Makes the head for outputs whose answers nobody has looked at."""

    def __init__(self, loss: str) -> None:
        self.loss = loss

    def __call__(self, n_outputs: int) -> Numbers:
        return Numbers.plain(n_outputs, self.loss)


SQUARED_ERROR = _objective("squared_error", _squares, _squares_block)
"""Mean squared error, in units of the variance of the answers: 1 minus R²."""

ABSOLUTE_ERROR = _objective("absolute_error", _distances, _distances_block)
"""Mean absolute error, in units of the mean distance from the median."""

POISSON = _objective("poisson", _deviances, _deviances_block)
"""Mean Poisson deviance of counts whose logarithm is read, in units of the mean count."""


# -- quantiles -----------------------------------------------------------------------------------


def quantile_loss(level: float) -> Objective:
    """Return the objective that is least for a quantile of the answers (the pinball loss).

    Parameters
    ----------
    level : float
        The share of the answers below it, between 0 and 1.

    Returns
    -------
    Objective
        Its name is "quantile:LEVEL", and "quantile" for the median, as
        :func:`~scratchcard.objectives.get_objective` knows them too.

    Raises
    ------
    ValueError
        For another level.
    """
    name = loss_named(f"quantile:{level!r}" if not isinstance(level, str) else level)
    above = np.float32(level_of(name))
    below = np.float32(above - ONE)

    def tilted(outputs, targets, weights, lines):
        errors = _errors(outputs, targets, lines)
        return _summed(np.maximum(errors * above, errors * below), weights)

    def tilted_block(block):
        total = block.work[0]
        fill(total, ZERO)
        for k in range(block.where.size - 1):
            outputs, targets = _column(block, k)
            scale, offset = _line(block, k)
            for r in range(total.size):
                error = _real(targets[r]) - _read(outputs[r], scale, offset)
                total[r] += max(error * above, error * below)
        _keep(block, total)
        return 0

    return _objective(
        name, tilted, tilted_block, made_by=(quantile_loss, (level_of(name),))
    )


QUANTILE = quantile_loss(0.5)
"""The pinball loss of the median: half the absolute error."""
