"""Objectives that a user makes of one or two small Python functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchcard.checks import as_int
from scratchcard.compiled.cache import jit
from scratchcard.objectives.base import LARGEST, QUANTUM, Objective

LN2 = np.float32(0.6931471805599453)
MAX_STATISTICS, MAX_GROUP = 1 << 16, 1 << 10


def custom_objective(
    name: str,
    statistics: Callable[[Any, Any, Any], None],
    value: Callable[[Any], float] | None = None,
    n_statistics: int = 1,
    group: int = 1,
) -> Objective:
    """Return an objective made of functions that Numba can compile.

    Parameters
    ----------
    name : str
        What it is called in reports.
    statistics : callable
        ``f(logits, target, out)`` sets ``out``, (n_statistics,) float64, to the statistics of one
        row; ``logits`` are (n_classes,) float32 in nats, and ``target`` is a class index.
        Statistics are cut to multiples of 1/16384 and must lie within ±100,000. For a ``group`` of
        more than one row it is ``f(logits, targets, out)`` with shapes (group, n_classes) and
        (group,).
    value : callable or None
        ``g(means) -> float``, lower is better; ``means``, (n_statistics,) float64, are the weighted
        means of the statistics over the rows, or over the groups. None for the mean of the one
        statistic itself; then a search may judge a candidate by some of the rows, which is faster.
    n_statistics : int
        How many statistics a row has.
    group : int
        Number of rows that belong together; the rows to search come in groups of this size
        (``Rows(..., group=2)``).

    Returns
    -------
    Objective
        The objective, to be handed to a search. A search with an objective that gives NaN, an
        infinity or a statistic beyond ±100,000 ends with an
        :class:`~scratchcard.objectives.ObjectiveError`.

    Raises
    ------
    ValueError
        For arguments other than these.

    Examples
    --------
    The mean of ``1 - margin``, never less than 0:

    >>> def hinge(logits, target, out):
    ...     other = -1e30
    ...     for k in range(logits.size):
    ...         if k != target:
    ...             other = max(other, logits[k])
    ...     out[0] = max(0.0, 1.0 - (logits[target] - other))
    >>> objective = custom_objective("hinge", hinge)
    """
    n_statistics = as_int("n_statistics", n_statistics, 1, MAX_STATISTICS)
    group = as_int("group", group, 1, MAX_GROUP)
    for what, function in (("statistics", statistics), ("value", value)):
        if not callable(function) and not (what == "value" and function is None):
            raise ValueError(f"{what} takes a function, got {function!r}")
    if value is None and n_statistics > 1:
        raise ValueError(f"value takes a function of {n_statistics} means, got None")
    row = jit(statistics)
    scalar = jit(value if value is not None else _first)

    def dense(outputs: Any, targets: Any, weights: Any, scale: Any) -> Any:
        logits = outputs.astype(np.float32) * np.float32(np.float32(scale) * LN2)
        sums = np.zeros(n_statistics, dtype=np.int64)
        out = np.zeros(n_statistics)
        indices = np.asarray(targets, dtype=np.int64)
        for r in range(0, len(targets) - group + 1, group):
            out[:] = 0.0
            rows = slice(r, r + group)
            # Compiled: Python's own float32 rounds elsewhere.
            if group == 1:
                row(logits[r], indices[r], out)
            else:
                row(logits[rows], indices[rows], out)
            bad = ~(np.abs(out) <= LARGEST)
            if bad.any() and weights[r] > 0:
                raise objective.bad_statistic(out[bad][0])
            if weights[r] > 0:
                sums += np.trunc(out * QUANTUM).astype(np.int64) * int(weights[r])
        return sums

    def one_by_one(block):
        n_classes = block.where.size - 1
        nats = np.float32(block.scale * LN2)
        logits = np.empty(n_classes, dtype=np.float32)
        out = np.empty(block.sums.size)
        for r in range(block.targets.size):
            for k in range(n_classes):
                logits[k] = np.float32(block.outputs[block.where[k], r]) * nats
            out[:] = 0.0
            row(logits, np.int64(block.targets[r]), out)
            if _keep(block, r, out) != 0:
                return 1
        return 0

    def by_groups(block):
        n_classes = block.where.size - 1
        nats = np.float32(block.scale * LN2)
        logits = np.empty((group, n_classes), dtype=np.float32)
        indices = np.empty(group, dtype=np.int64)
        out = np.empty(block.sums.size)
        block.quanta[:] = 0
        for first in range(0, block.targets.size - group + 1, group):
            for g in range(group):
                indices[g] = block.targets[first + g]
                for k in range(n_classes):
                    logits[g, k] = np.float32(block.outputs[block.where[k], first + g]) * nats
            out[:] = 0.0
            row(logits, indices, out)
            if _keep(block, first, out) != 0:
                return 1
        return 0

    def total(sums, total_weight):
        return float(scalar(sums * group / (QUANTUM * total_weight)))

    objective = Objective(
        name=name,
        n_statistics=lambda n_classes: n_statistics,
        statistics=dense,
        block=one_by_one if group == 1 else by_groups,
        value=total,
        is_mean=value is None,
        group=group,
        compiled_to_disk=False,
        made_by=(custom_objective, (name, statistics, value, n_statistics, group)),
    )
    return objective


def _first(means):
    return means[0]


@jit
def _keep(block, r, out):
    """Cut and keep the statistics of a row, or of the group that begins there; 1 if one is bad."""
    if block.weights[r] == 0:
        if block.sums.size == 1:
            block.quanta[r] = 0
        return 0
    for k in range(out.size):
        if not abs(out[k]) <= LARGEST:
            block.work[0].view(np.float64)[0] = out[k]
            return 1
    if block.sums.size == 1:
        block.quanta[r] = np.int32(out[0] * QUANTUM)
    else:
        for k in range(block.sums.size):
            block.sums[k] += np.int64(out[k] * QUANTUM) * np.int64(block.weights[r])
    return 0
