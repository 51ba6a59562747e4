"""Vector loops: the few array operations that everything compiled is made of.

Numba widens int32 arithmetic to int64, which halves the speed of vector instructions or prevents
them. The intrinsics here say what is meant (a 32-bit shift, a choice without a branch), and the
loops are written so that LLVM vectorises each of them. None of them allocates memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from scratchcard.compiled.cache import jit

ZERO = np.int32(0)


@intrinsic
def shift_right(typing_context: Any, x: Any, shift: Any) -> Any:
    """Return ``x >> shift`` in 32 bits, arithmetic."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ashr(*arguments)

    return types.int32(types.int32, types.int32), generate


@intrinsic
def if_equal(typing_context: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """Return ``x if a == b else y`` of int32 numbers, without a branch."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, second, then, otherwise = arguments
        return builder.select(builder.icmp_signed("==", first, second), then, otherwise)

    return types.int32(types.int32, types.int32, types.int32, types.int32), generate


@intrinsic
def if_greater(typing_context: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """Return ``x if a > b else y`` of int32 numbers, without a branch."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, second, then, otherwise = arguments
        return builder.select(builder.icmp_signed(">", first, second), then, otherwise)

    return types.int32(types.int32, types.int32, types.int32, types.int32), generate


@jit
def copy(out, values):
    """Set ``out[:] = values``."""
    for r in range(out.size):
        out[r] = values[r]


@jit
def fill(out, value):
    """Set ``out[:] = value``."""
    for r in range(out.size):
        out[r] = value


@jit
def add(out, values):
    """Add ``values`` to ``out``."""
    for r in range(out.size):
        out[r] += values[r]


@jit
def add_scaled(out, w, values):
    """Add ``w * values`` to ``out`` in int32; ``values`` are int32 or int16."""
    w = np.int32(w)
    for r in range(out.size):
        out[r] += np.int32(w * np.int32(values[r]))


@jit
def set_scaled(out, base, w, values):
    """Set ``out = base + w * values`` in int32; ``values`` are int32 or int16."""
    w = np.int32(w)
    for r in range(out.size):
        out[r] = base[r] + np.int32(w * np.int32(values[r]))


@jit
def weighted_total(values, weights):
    """Return ``sum(values * weights)`` of two int32 vectors, exact in int64."""
    total = np.int64(0)
    for r in range(values.size):
        total += np.int64(values[r]) * np.int64(weights[r])
    return total


@jit(_nrt=False)
def running_sum(out, planes, where, n):
    """Set ``out`` to the sum of ``n`` float32 planes, ``planes[where[0]]`` first, in this order."""
    k = min(n, 1)
    if n == 0:
        fill(out, 0.0)
    elif n < 4:
        copy(out, planes[where[0]])
    else:  # several at once: fewer passes over memory
        k = 4
        a, b, c, d = planes[where[0]], planes[where[1]], planes[where[2]], planes[where[3]]
        for r in range(out.size):
            out[r] = ((a[r] + b[r]) + c[r]) + d[r]
    while k + 5 <= n:
        a, b, c = planes[where[k]], planes[where[k + 1]], planes[where[k + 2]]
        d, e = planes[where[k + 3]], planes[where[k + 4]]
        for r in range(out.size):
            out[r] = ((((out[r] + a[r]) + b[r]) + c[r]) + d[r]) + e[r]
        k += 5
    while k + 3 <= n:
        a, b, c = planes[where[k]], planes[where[k + 1]], planes[where[k + 2]]
        for r in range(out.size):
            out[r] = ((out[r] + a[r]) + b[r]) + c[r]
        k += 3
    while k < n:
        a = planes[where[k]]
        for r in range(out.size):
            out[r] += a[r]
        k += 1
