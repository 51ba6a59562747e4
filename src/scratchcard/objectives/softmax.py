"""Objectives that read the softmax of the outputs: cross-entropy and the Brier score.

Logits are ``output * scale``, in bits. An individual keeps 2**logit of each output, clipped to ±100
bits (:data:`.float32.CLIP`), so that a changed output costs one exponential. That is exact enough
wherever no logit comes near the clip. A row is *off the scale* where the sum of its exponentials
shows that one does; it is computed again from the outputs themselves, relative to their largest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.cache import jit
from scratchcard.compiled.float32 import (
    CLIP,
    clip_scalar,
    exp2,
    exp2_scalar,
    log2,
    log2_scalar,
)
from scratchcard.compiled.vectors import ZERO, running_sum
from scratchcard.objectives.base import LARGEST, QUANTUM, Objective, one_statistic

QUANTA = np.float32(QUANTUM)
LN2 = 0.6931471805599453
TWO = np.float32(2)
UNIT = np.float32(1)
MOST = np.float32(LARGEST)  # bits; a loss above this counts as this
# A row with a sum of exponentials outside of this range is off the scale. Positive floats have the
# same order as their bits.
LOW, HIGH = np.float32(2.0**-70), np.float32(2.0**99)
LOW_BITS, HIGH_BITS = LOW.view(np.int32), HIGH.view(np.int32)

Floats = NDArray[np.float32]


def _total(exps: Floats) -> Floats:
    total = exps[:, 0].copy()
    for k in range(1, exps.shape[1]):  # one after the other: float sums depend on the order
        total += exps[:, k]
    return total


def _exponentials(outputs: NDArray[np.integer], scale: np.float32) -> tuple[Floats, Floats]:
    """Return 2**logit, (n_rows, n_classes), and its sum over the classes, (n_rows,).

    In rows off the scale logits are relative to the largest of the row; in others they are as they
    are.
    """
    exps = exp2(np.clip(outputs.astype(np.float32) * scale, -CLIP, CLIP))
    total = _total(exps)
    off = _off(total)
    if off.any():
        gaps = outputs[off].astype(np.int64)
        gaps -= gaps.max(axis=1, keepdims=True)
        exps[off] = exp2(np.maximum(gaps.astype(np.float32) * scale, -CLIP))
        total[off] = _total(exps[off])
    return exps, total


def _off(total: Floats) -> NDArray[np.bool_]:
    return (total < LOW) | (total > HIGH)


def _target_logits(
    outputs: NDArray[np.integer], targets: NDArray[np.integer], scale: np.float32
) -> Floats:
    """Return the logit of each row's target, (n_rows,), relative to what `_exponentials` uses."""
    at = outputs[np.arange(len(targets)), targets].astype(np.int64)
    off = _off(_total(exp2(np.clip(outputs.astype(np.float32) * scale, -CLIP, CLIP))))
    at[off] -= outputs[off].max(axis=1)
    logits: Floats = at.astype(np.float32) * scale
    return logits


def _summed(x: Floats, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    quanta = (x * QUANTA).astype(np.int32).astype(np.int64)
    return np.array([int((quanta * weights).sum())], dtype=np.int64)


@jit(inline="always")
def _off_sign(total):
    """Return an int32 below 0 if a row with this sum of exponentials is off the scale.

    The signs of many rows are joined by ``|``: that is a vector loop, as a sum of booleans is not.
    """
    bits = np.float32(total).view(np.int32)
    return np.int32(np.int32(bits - LOW_BITS) | np.int32(HIGH_BITS - bits))


@jit
def _largest(block, r):
    """Return the largest output of a row."""
    largest = np.int64(block.outputs[block.where[0], r])
    for k in range(1, block.where.size - 1):
        largest = max(largest, np.int64(block.outputs[block.where[k], r]))
    return largest


@jit
def _relative_exp(block, k, r, largest):
    """Return 2**logit of class ``k``, relative to the row's largest output, off the scale."""
    gap = np.float32(np.int64(block.outputs[block.where[k], r]) - largest)
    return exp2_scalar(max(gap * block.scale, -CLIP))


@jit
def _relative_total(block, r, largest):
    """Return the sum of 2**logit of a row off the scale, relative to the row's largest output."""
    total = _relative_exp(block, 0, r, largest)
    for k in range(1, block.where.size - 1):
        total += _relative_exp(block, k, r, largest)
    return total


# -- cross-entropy -------------------------------------------------------------------------------


def _cross_entropy(outputs, targets, weights, scale):
    _, total = _exponentials(outputs, scale)
    losses = np.minimum(log2(total) - _target_logits(outputs, targets, scale), MOST)
    return _summed(losses, weights)


def _cross_entropy_block(block):
    n_classes = block.where.size - 1
    total = block.work[0]
    running_sum(total, block.exps, block.where, n_classes - 1)
    last = block.exps[block.where[n_classes - 1]]
    target = block.outputs[block.where[n_classes]]
    quanta, scale = block.quanta, block.scale
    off = ZERO
    for r in range(quanta.size):
        sum_of_row = total[r] + last[r]
        off = np.int32(off | _off_sign(sum_of_row))
        loss = min(log2_scalar(sum_of_row) - np.float32(target[r]) * scale, MOST)
        quanta[r] = np.int32(loss * QUANTA)
    if off < 0:
        for r in range(quanta.size):
            if _off_sign(total[r] + last[r]) < 0:
                largest = _largest(block, r)
                gap = np.float32(np.int64(target[r]) - largest)
                loss = log2_scalar(_relative_total(block, r, largest)) - gap * scale
                quanta[r] = np.int32(min(loss, MOST) * QUANTA)
    return 0


def _cross_entropy_value(sums, total_weight):
    return LN2 * sums[0] / (QUANTUM * total_weight)


def _cross_entropy_importance(quanta):
    losses = np.clip(quanta / np.float32(-QUANTUM), -100.0, 0.0)
    return np.float32(1.0) - exp2(losses)


# -- the Brier score -----------------------------------------------------------------------------


def _brier(outputs, targets, weights, scale):
    exps, total = _exponentials(outputs, scale)
    p = exps / total[:, None]
    target = p[np.arange(len(targets)), targets]
    return _summed(_total(p * p) - TWO * target + UNIT, weights)


def _brier_block(block):
    n_classes = block.where.size - 1
    total = block.work[0]
    running_sum(total, block.exps, block.where, n_classes)
    squares = block.work[1]
    for k in range(n_classes):
        e = block.exps[block.where[k]]
        for r in range(squares.size):
            p = e[r] / total[r]
            squares[r] = p * p if k == 0 else squares[r] + p * p
    target = block.outputs[block.where[n_classes]]
    off = ZERO
    for r in range(squares.size):
        off = np.int32(off | _off_sign(total[r]))
        p = exp2_scalar(clip_scalar(np.float32(target[r]) * block.scale)) / total[r]
        block.quanta[r] = np.int32((squares[r] - TWO * p + UNIT) * QUANTA)
    if off < 0:
        for r in range(squares.size):
            if _off_sign(total[r]) < 0:
                _brier_off_the_scale(block, r)
    return 0


@jit
def _brier_off_the_scale(block, r):
    """Fill in the squared distance of a row off the scale."""
    largest = _largest(block, r)
    total = _relative_total(block, r, largest)
    squares = np.float32(0.0)
    for k in range(block.where.size - 1):
        p = _relative_exp(block, k, r, largest) / total
        squares = p * p if k == 0 else squares + p * p
    p = _relative_exp(block, np.int64(block.targets[r]), r, largest) / total
    block.quanta[r] = np.int32((squares - TWO * p + UNIT) * QUANTA)


def _brier_value(sums, total_weight):
    return sums[0] / (QUANTUM * total_weight)


def _brier_importance(quanta):
    # With two classes this is exactly what the target's probability lacks of 1; with more, nearly.
    return np.sqrt(np.clip(quanta / np.float32(2 * QUANTUM), 0.0, 1.0)).astype(np.float32)


CROSS_ENTROPY = Objective(
    name="cross_entropy",
    n_statistics=one_statistic,
    statistics=_cross_entropy,
    block=_cross_entropy_block,
    value=_cross_entropy_value,
    needs_exps=True,
    is_mean=True,
    only_grows=True,  # rounding may make a loss -0.13 quanta, which is cut to 0
    importance=_cross_entropy_importance,
)
"""Mean negative log-likelihood of the target under the softmax, in nats."""

BRIER = Objective(
    name="brier",
    n_statistics=one_statistic,
    statistics=_brier,
    block=_brier_block,
    value=_brier_value,
    needs_exps=True,
    is_mean=True,
    only_grows=True,
    importance=_brier_importance,
)
"""Mean squared distance between the softmax and the one-hot target, 0 to 2 (Brier 1950)."""
