"""Activations of units, and by how much they change. Compiled."""

from __future__ import annotations

import numpy as np

from scratchcard.compiled.cache import jit
from scratchcard.compiled.vectors import ZERO, if_greater, shift_right
from scratchcard.engines.incremental.wiring import RELU, STEP


@jit
def activate(sums, out, activation, shift, limit):
    """Set ``out[r] = f(sums[r])``, the activations of one unit."""
    if activation == RELU:
        for r in range(out.size):
            out[r] = min(shift_right(max(np.int32(sums[r]), ZERO), shift), limit)
    else:
        below = ZERO if activation == STEP else np.int32(-limit)
        for r in range(out.size):
            x = np.int32(sums[r])
            out[r] = if_greater(x, ZERO, limit, if_greater(ZERO, x, below, ZERO))


@jit
def change(old, new, out, activation, shift, limit):
    """Set ``out[r] = f(new[r]) - f(old[r])``, and return whether any of these is not 0."""
    some = ZERO
    if activation == RELU:
        for r in range(out.size):
            a = min(shift_right(max(old[r], ZERO), shift), limit)
            b = min(shift_right(max(new[r], ZERO), shift), limit)
            out[r] = np.int32(b - a)
            some = np.int32(some | np.int32(b - a))
    else:
        below = ZERO if activation == STEP else np.int32(-limit)
        for r in range(out.size):
            a = if_greater(old[r], ZERO, limit, if_greater(ZERO, old[r], below, ZERO))
            b = if_greater(new[r], ZERO, limit, if_greater(ZERO, new[r], below, ZERO))
            out[r] = np.int32(b - a)
            some = np.int32(some | np.int32(b - a))
    return some != 0


@jit
def change_from(values, sums, out, activation, shift, limit):
    """Set ``out[r] = f(sums[r]) - values[r]``, and return whether any of these is not 0."""
    some = ZERO
    if activation == RELU:
        for r in range(out.size):
            a = min(shift_right(max(np.int32(sums[r]), ZERO), shift), limit)
            d = np.int32(a - np.int32(values[r]))
            out[r] = d
            some = np.int32(some | d)
    else:
        below = ZERO if activation == STEP else np.int32(-limit)
        for r in range(out.size):
            x = np.int32(sums[r])
            a = if_greater(x, ZERO, limit, if_greater(ZERO, x, below, ZERO))
            d = np.int32(a - np.int32(values[r]))
            out[r] = d
            some = np.int32(some | d)
    return some != 0
