"""The margin: how far the target's output lies above the best other one, without a hinge.

The loss of a row is the best other logit minus the target's, cut to ``-RANGE..RANGE`` nats; it is
above 0 where the label is wrong. Within the range the loss is as linear as the outputs, so almost
every flip changes it. Beyond the range neither an outlier nor a row that is right with ease counts
any more.
"""

from __future__ import annotations

import numpy as np

from scratchcard.compiled.vectors import fill, if_equal
from scratchcard.objectives.base import QUANTUM, Objective, one_statistic

RANGE = 2.0
"""Nats at which the margin of a row is cut."""

LN2 = 0.6931471805599453
CUT = np.float32(RANGE / LN2)  # the same in bits
QUANTA = np.float32(QUANTUM)
LOWEST = np.int32(-(2**31))  # below every output


def _margins(outputs, targets, weights, scale):
    rows = np.arange(len(targets))
    target = outputs[rows, targets].astype(np.float32)
    others = outputs.astype(np.int64)
    others[rows, targets] = LOWEST
    gaps = (others.max(axis=1).astype(np.float32) - target) * scale
    quanta = (np.clip(gaps, -CUT, CUT) * QUANTA).astype(np.int32).astype(np.int64)
    return np.array([(quanta * weights).sum()], dtype=np.int64)


def _margins_block(block):
    n_classes = block.where.size - 1
    targets = block.targets
    best = block.work[0].view(np.int32)
    fill(best, LOWEST)
    for k in range(n_classes):
        s = block.outputs[block.where[k]]
        this = np.int32(k)
        for r in range(targets.size):
            best[r] = max(best[r], if_equal(targets[r], this, LOWEST, s[r]))
    target = block.outputs[block.where[n_classes]]
    for r in range(targets.size):
        gap = (np.float32(best[r]) - np.float32(target[r])) * block.scale
        block.quanta[r] = np.int32(min(max(gap, -CUT), CUT) * QUANTA)
    return 0


def _margins_value(sums, total_weight):
    return LN2 * sums[0] / (QUANTUM * total_weight)


MARGIN = Objective(
    name="margin",
    n_statistics=one_statistic,
    statistics=_margins,
    block=_margins_block,
    value=_margins_value,
    is_mean=True,
)
"""Mean of the best other logit minus the target's, in nats, each row's within ±:data:`RANGE`."""
