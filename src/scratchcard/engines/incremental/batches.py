"""Kernels that decide many masks in one call: every mask's sums, and nothing of them kept."""

from __future__ import annotations

import numpy as np
from numba import njit

from scratchcard.engines.incremental.building import differences, forward
from scratchcard.engines.incremental.trial import NO_RACE, add_up, refresh, trial


@njit(cache=True, nogil=True)
def trial_each(block, net, data, state, masks, sums, team):
    """Fill ``sums[m]`` with the statistics' sums of ``masks[m]``, as a trial of ``state``.

    masks : (n, n_weights) uint8. sums : (n, n_statistics) int64.
    """
    flips = np.empty(state.mask.size, dtype=np.int64)
    for m in range(masks.shape[0]):
        n_flips = differences(masks[m], state.mask, flips)
        trial(block, net, data, state, flips, n_flips, NO_RACE, team)
        sums[m] = state.trial_sums


@njit(cache=True, nogil=True)
def trial_flips(block, net, data, state, flips, sums, team):
    """Fill ``sums[f]`` with the statistics' sums if ``flips[f]`` alone were flipped.

    flips : (n,) int64, flat weight indices. sums : (n, n_statistics) int64.
    """
    for f in range(flips.size):
        trial(block, net, data, state, flips[f : f + 1], 1, NO_RACE, team)
        sums[f] = state.trial_sums


@njit(cache=True, nogil=True)
def value_each(value, sums, total_weight, values):
    """Fill ``values[f]`` with the objective's value for ``sums[f]``."""
    for f in range(values.size):
        values[f] = value(sums[f], total_weight)


@njit(cache=True, nogil=True)
def compute_each(block, net, biases, data, state, masks, sums, value, total_weight, worst):
    """The same, every mask afresh; of ``state`` only the scratch arrays are used.

    A mask is left, with the sums of the blocks read, as soon as their value is above ``worst``.
    """
    n_classes = net.sizes[net.sizes.size - 1]
    for m in range(masks.shape[0]):
        sums[m] = 0
        for b in range(data.inputs.shape[0]):
            forward(net, biases, data, state, b, masks[m], False)
            for k in range(n_classes):
                state.where[b, k] = n_classes + k
            refresh(net, data, state, b)
            add_up(block, net, data, state, b)
            sums[m] += state.sums[b, 1, : sums.shape[1]]
            if worst < np.inf and value(sums[m], total_weight) > worst:
                break
