"""Kernels that decide many masks in one call: every mask's sums, and nothing of them kept."""

from __future__ import annotations

import numpy as np
from numba import njit

from scratchcard.engines.kernels import NO_RACE, build, trial


@njit(cache=True, nogil=True)
def trial_each(block, net, data, state, masks, sums):
    """Fill ``sums[m]`` with the statistics' sums of ``masks[m]``, as a trial of ``state``.

    masks : (n, n_weights) uint8. sums : (n, n_statistics) int64.
    """
    flips = np.empty(state.mask.size, dtype=np.int64)
    for m in range(masks.shape[0]):
        n_flips = 0
        for index in range(state.mask.size):
            flips[n_flips] = index
            n_flips += masks[m, index] != state.mask[index]
            if n_flips == flips.size:
                break
        trial(block, net, data, state, flips, n_flips, NO_RACE)
        sums[m] = state.trial_sums


@njit(cache=True, nogil=True)
def build_each(block, net, biases, data, state, masks, sums):
    """The same, every mask afresh; ``state`` is overwritten."""
    for m in range(masks.shape[0]):
        state.mask[:] = masks[m]
        build(block, net, biases, data, state)
        sums[m] = 0
        for b in range(state.sums.shape[0]):
            sums[m] += state.sums[b, 0]
