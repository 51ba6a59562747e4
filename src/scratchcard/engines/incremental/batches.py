"""Compiled loops that evaluate many masks in one call and keep nothing of them but their sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchcard.compiled.cache import jit
from scratchcard.engines.incremental.forward import differences, forward, room_for_slots
from scratchcard.engines.incremental.propagation import refresh
from scratchcard.engines.incremental.state import Place
from scratchcard.engines.incremental.trial import NO_RACE, add_up, trial


class Bound(NamedTuple):
    """When a mask is left before all of its rows are read."""

    worst: float  # value above which a mask is of no interest; inf: read all rows
    total_weight: int  # weight of all rows, those of other threads included


@jit(nogil=True)
def trial_each(job, state, masks, sums):
    """Fill ``sums[m]`` with the statistics' sums of ``masks[m]``, as a trial of ``state``.

    ``masks`` are (n, n_weights) uint8, ``sums`` (n, n_statistics) int64.
    """
    flips = np.empty(state.mask.size, dtype=np.int64)
    for m in range(masks.shape[0]):
        n_flips = differences(masks[m], state.mask, flips)
        trial(job, state, flips, n_flips, NO_RACE)
        sums[m] = state.trial_sums
        if job.threads.failed[0] != 0:
            break


@jit(nogil=True)
def trial_flips(job, state, flips, sums):
    """Fill ``sums[f]`` with the statistics' sums if ``flips[f]`` alone were flipped.

    ``flips`` are (n,) int64, flat weight indices; ``sums`` are (n, n_statistics) int64.
    """
    for f in range(flips.size):
        trial(job, state, flips[f : f + 1], 1, NO_RACE)
        sums[f] = state.trial_sums
        if job.threads.failed[0] != 0:
            break


@jit(nogil=True)
def value_each(value, sums, total_weight, values):
    """Fill ``values[f]`` with the objective's value for ``sums[f]``."""
    for f in range(values.size):
        values[f] = value(sums[f], total_weight)


@jit(nogil=True)
def compute_each(job, state, masks, sums, bound):
    """Fill ``sums[m]`` with the statistics' sums of ``masks[m]``, each mask computed afresh.

    Only the scratch arrays of ``state`` are used. A mask is left, with the sums of the blocks read,
    as soon as their value is above the bound.
    """
    n_classes = job.net.sizes[job.net.sizes.size - 1]
    chosen = room_for_slots(job.net)
    for m in range(masks.shape[0]):
        sums[m] = 0
        for b in range(job.data.inputs.shape[0]):
            forward(job, state, b, masks[m], False, chosen)
            for k in range(n_classes):
                state.where[b, k] = n_classes + k
            refresh(Place(job.net, job.data, state, b))
            add_up(job, state, b)
            if job.threads.failed[0] != 0:
                return
            sums[m] += state.sums[b, 1, : sums.shape[1]]
            if bound.worst < np.inf and job.value(sums[m], bound.total_weight) > bound.worst:
                break
