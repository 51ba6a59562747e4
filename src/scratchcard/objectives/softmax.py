"""Objectives that read the softmax of the outputs: cross-entropy and the Brier score.

Logits are ``output * scale`` in bits, clipped to ±100 (:data:`.float32.CLIP`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.float32 import CLIP, clip_scalar, exp2, exp2_scalar, log2, log2_scalar
from scratchcard.compiled.vectors import running_sum
from scratchcard.objectives.base import ONE, Objective

ONE_F = np.float32(ONE)
LN2 = 0.6931471805599453
TWO = np.float32(2)
UNIT = np.float32(1)


def _logits(outputs: NDArray[np.int32], scale: np.float32) -> NDArray[np.float32]:
    logits: NDArray[np.float32] = np.clip(outputs.astype(np.float32) * scale, -CLIP, CLIP)
    return logits


def _total(exps: NDArray[np.float32]) -> NDArray[np.float32]:
    total = exps[:, 0].copy()
    for k in range(1, exps.shape[1]):  # one after the other: float sums depend on the order
        total += exps[:, k]
    return total


def _quanta(x: NDArray[np.float32], weights: NDArray[np.int64]) -> int:
    return int(((x * ONE_F).astype(np.int32).astype(np.int64) * weights).sum())


def _cross_entropy(outputs, targets, weights, scale):
    logits = _logits(outputs, scale)
    target = logits[np.arange(len(targets)), targets]
    return np.array([_quanta(log2(_total(exp2(logits))) - target, weights)], dtype=np.int64)


def _cross_entropy_block(outputs, exps, where, targets, weights, scale, work, quanta, sums):
    n_classes = where.size - 1
    total = work[0]
    running_sum(total, exps, where, n_classes - 1)
    last = exps[where[n_classes - 1]]
    target = outputs[where[n_classes]]
    for r in range(targets.size):
        loss = log2_scalar(total[r] + last[r]) - clip_scalar(np.float32(target[r]) * scale)
        quanta[r] = np.int32(loss * ONE_F)
    return 0


def _cross_entropy_value(sums, total_weight):
    return LN2 * sums[0] / (ONE * total_weight)


def _brier(outputs, targets, weights, scale):
    logits = _logits(outputs, scale)
    exps = exp2(logits)
    p = exps / _total(exps)[:, None]
    target = p[np.arange(len(targets)), targets]
    return np.array([_quanta(_total(p * p) - TWO * target + UNIT, weights)], dtype=np.int64)


def _brier_block(outputs, exps, where, targets, weights, scale, work, quanta, sums):
    n_classes = where.size - 1
    total = work[0]
    running_sum(total, exps, where, n_classes)
    squares = work[1]
    for k in range(n_classes):
        e = exps[where[k]]
        for r in range(targets.size):
            p = e[r] / total[r]
            squares[r] = p * p if k == 0 else squares[r] + p * p
    target = outputs[where[n_classes]]
    for r in range(targets.size):
        p = exp2_scalar(clip_scalar(np.float32(target[r]) * scale)) / total[r]
        quanta[r] = np.int32((squares[r] - TWO * p + UNIT) * ONE_F)
    return 0


def _brier_value(sums, total_weight):
    return sums[0] / (ONE * total_weight)


def _one(n_classes: int) -> int:
    return 1


CROSS_ENTROPY = Objective(
    "cross_entropy",
    _one,
    _cross_entropy,
    _cross_entropy_block,
    _cross_entropy_value,
    needs_exps=True,
    is_mean=True,
    only_grows=True,  # rounding may make a loss -0.13 / ONE, which is cut to 0
)
"""Mean negative log-likelihood of the target under the softmax, in nats."""

BRIER = Objective("brier", _one, _brier, _brier_block, _brier_value, True, True, True)
"""Mean squared distance between the softmax and the one-hot target, 0 to 2 (Brier 1950)."""
