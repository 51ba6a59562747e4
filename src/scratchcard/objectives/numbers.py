"""Objectives of numbers: squared and absolute error, quantiles, and the deviance of counts.

Targets are in fixed point, in units of the spread of the answers
(:class:`~scratchcard.ticket.Numbers`), and outputs are read by a line for each of them
(:mod:`.lines`). Losses are summed over the outputs. All arithmetic on a row is a fixed sequence of
float32 operations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.checks import TINY, as_number
from scratchcard.compiled.cache import jit
from scratchcard.compiled.float32 import (
    clip_scalar,
    exp2,
    exp2_scalar,
    log2,
    log2_scalar,
)
from scratchcard.compiled.vectors import fill, weighted_total
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
FURTHEST = np.float32(256.0)  # spreads to which numbers are clipped before they are squared
CLIP = np.float32(100.0)  # bits to which the logarithms of counts are clipped
PER_NAT, PER_BIT = np.float32(1.4426950408889634), np.float32(0.6931471805599453)
EPSILON, BETWEEN = 2.0**-53, "between 0 and 1"  # of the level of a quantile
LEAST = np.float32(2.0**-20)  # stands for 0 where a logarithm is multiplied by 0


def _errors(outputs, targets, lines) -> Floats:
    """Return the target minus what was read, (n_rows, n_outputs)."""
    read = outputs.astype(np.float32) * lines[0] + lines[1]
    errors: Floats = targets.astype(np.float32) * STEP - read
    return errors


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

MOMENTS = 5  # sums of an output: of what is read, of the target, of their squares and product
RIDGE = 2.0**-9  # a variance of what is read that is far below this is lost in the quanta


def _moments(outputs, targets, weights, lines):
    sums = np.zeros((outputs.shape[1], MOMENTS), dtype=np.int64)
    for k in range(outputs.shape[1]):
        read = outputs[:, k].astype(np.float32) * lines[0, k] + lines[1, k]
        read = np.clip(read, -FURTHEST, FURTHEST)
        real = np.clip(targets[:, k].astype(np.float32) * STEP, -FURTHEST, FURTHEST)
        for m, values in enumerate((read, real, read * read, real * real, read * real)):
            quanta = (values * QUANTA).astype(np.int32).astype(np.int64)
            sums[k, m] = (quanta * weights).sum()
    return sums.ravel()


def _moments_block(block):
    weights, quanta = block.weights, block.quanta
    read, real = block.work[0], block.work[1]
    for k in range(block.where.size - 1):
        outputs, targets = _column(block, k)
        scale, offset = _line(block, k)
        for r in range(quanta.size):
            read[r] = min(max(_read(outputs[r], scale, offset), -FURTHEST), FURTHEST)
            real[r] = min(max(_real(targets[r]), -FURTHEST), FURTHEST)
        sums = block.sums[MOMENTS * k : MOMENTS * (k + 1)]
        for r in range(quanta.size):
            quanta[r] = np.int32(read[r] * QUANTA)
        sums[0] += weighted_total(quanta, weights)
        for r in range(quanta.size):
            quanta[r] = np.int32(real[r] * QUANTA)
        sums[1] += weighted_total(quanta, weights)
        for r in range(quanta.size):
            quanta[r] = np.int32(read[r] * read[r] * QUANTA)
        sums[2] += weighted_total(quanta, weights)
        for r in range(quanta.size):
            quanta[r] = np.int32(real[r] * real[r] * QUANTA)
        sums[3] += weighted_total(quanta, weights)
        for r in range(quanta.size):
            quanta[r] = np.int32(read[r] * real[r] * QUANTA)
        sums[4] += weighted_total(quanta, weights)
    return 0


def _unexplained(sums, total_weight):
    """Return the squared error that the best line for each output leaves."""
    unit = 1.0 / (QUANTUM * total_weight)
    left = 0.0
    for k in range(sums.size // MOMENTS):
        read, real = sums[MOMENTS * k] * unit, sums[MOMENTS * k + 1] * unit
        variance = sums[MOMENTS * k + 2] * unit - read * read
        together = sums[MOMENTS * k + 4] * unit - read * real
        left += sums[MOMENTS * k + 3] * unit - real * real
        left -= together * together / (max(variance, 0.0) + RIDGE)
    return left


def _moments_of_all(n_outputs: int) -> int:
    return MOMENTS * n_outputs


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
    """Return the mean of one statistic as an objective."""
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


SQUARED_ERROR = Objective(
    name="squared_error",
    n_statistics=_moments_of_all,
    statistics=_moments,
    block=_moments_block,
    value=_unexplained,
    answers="numbers",
    head=_Head("squared_error"),
    tempering=StraightLines("squared_error"),
)
"""Mean squared error that the best line for each output leaves, in units of the variance: 1 - R².

A flip that moves the level of an output is no worse for that, as it would be if the line stayed.
That finds better masks, though nothing of it can be raced (docs/search.md).
"""

ABSOLUTE_ERROR = _objective("absolute_error", _distances, _distances_block)
"""Mean absolute error, in units of the mean distance from the median."""

POISSON = _objective("poisson", _deviances, _deviances_block, from_zero=True)
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
    name = loss_named(f"quantile:{as_number('level', level, TINY, 1.0 - EPSILON, BETWEEN)!r}")
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

    return _objective(name, tilted, tilted_block, made_by=(quantile_loss, (level_of(name),)))


QUANTILE = quantile_loss(0.5)
"""The pinball loss of the median: half the absolute error."""
