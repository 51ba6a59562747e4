"""A user's own objective, made of two small Python functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from scratchcard.objectives.base import ONE, Objective

LN2 = np.float32(0.6931471805599453)


def custom_objective(
    name: str,
    statistics: Callable[[Any, int, Any], None],
    value: Callable[[Any], float],
    n_statistics: int = 1,
    is_mean: bool = False,
) -> Objective:
    """An objective from two functions that Numba can compile.

    Parameters
    ----------
    name : what it is called in reports.
    statistics : ``f(logits, target, out)`` sets ``out``, (n_statistics,) float64, to the statistics
        of one row; ``logits`` (n_classes,) float32 in nats, ``target`` a class index. They are cut
        to multiples of 1/16384 and must lie within ±100,000.
    value : ``g(means) -> float``, lower is better; ``means`` (n_statistics,) float64 are the
        weighted means of the statistics over the rows.
    n_statistics : how many statistics a row has.
    is_mean : whether ``value`` is a positive multiple of the one mean; races need that.

    Examples
    --------
    The mean of ``1 - margin``, never less than 0:

    >>> def hinge(logits, target, out):
    ...     other = -1e30
    ...     for k in range(logits.size):
    ...         if k != target:
    ...             other = max(other, logits[k])
    ...     out[0] = max(0.0, 1.0 - (logits[target] - other))
    >>> objective = custom_objective("hinge", hinge, lambda means: means[0])
    """
    if is_mean and not (n_statistics == 1 and value(np.ones(1)) > 0):
        raise ValueError(
            "is_mean=True takes one statistic, and a value that is a positive multiple of its mean"
        )
    row = njit(statistics)
    scalar = njit(value)

    def dense(outputs: Any, targets: Any, weights: Any, scale: Any) -> Any:
        logits = outputs.astype(np.float32) * np.float32(np.float32(scale) * LN2)
        sums = np.zeros(n_statistics, dtype=np.int64)
        out = np.zeros(n_statistics)
        for r in range(len(targets)):
            out[:] = 0.0
            row(logits[r], np.int64(targets[r]), out)  # Python's own float32 rounds elsewhere
            sums += np.trunc(out * ONE).astype(np.int64) * int(weights[r])
        return sums

    def block(outputs, exps, where, targets, weights, scale, work, quanta, sums):
        n_classes = where.size - 1
        nats = np.float32(scale * LN2)
        logits = np.empty(n_classes, dtype=np.float32)
        out = np.empty(sums.size)
        for r in range(targets.size):
            for k in range(n_classes):
                logits[k] = np.float32(outputs[where[k], r]) * nats
            out[:] = 0.0
            row(logits, np.int64(targets[r]), out)
            if sums.size == 1:
                quanta[r] = np.int32(out[0] * ONE)
            else:
                for k in range(sums.size):
                    sums[k] += np.int64(out[k] * ONE) * np.int64(weights[r])
        return 0

    def total(sums, total_weight):
        return float(scalar(sums / (ONE * total_weight)))

    return Objective(
        name,
        lambda n_classes: n_statistics,
        dense,
        block,
        total,
        False,
        is_mean,
        compiled_to_disk=False,
        made_by=(custom_objective, (name, statistics, value, n_statistics, is_mean)),
    )
