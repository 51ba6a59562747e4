"""exp2 and log2 as fixed sequences of float32 operations: the same bits from NumPy and from Numba.

An objective that is a sum over rows must not depend on who adds it up. Library ``exp`` and ``log``
differ in the last bit from one machine to the next; polynomials of single float32 operations, each
rounded by IEEE 754, do not. Both are far more exact than the quantum at which statistics are summed
(``QUANTUM`` in :mod:`scratchcard.objectives.base`). Each stands here twice: for arrays, and for one
number inside a compiled loop, where it vectorises.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.cache import jit

F = np.float32

CLIP = F(100.0)
"""Bits to which logits are clipped, so that sums over any number of classes stay finite."""

# Chebyshev fits. exp2 on [-1/2, 1/2], relative error below 4e-6.
A0, A1, A2, A3, A4 = (
    F(1.0000001192092896),
    F(0.6931210160255432),
    F(0.2402210682630539),
    F(0.05592203512787819),
    F(0.009676037356257439),
)
# log2(1 + t) / t on [sqrt(1/2) - 1, sqrt(2) - 1], absolute error of the logarithm below 6e-6.
B0, B1, B2, B3, B4, B5 = (
    F(1.442701816558838),
    F(-0.7212084531784058),
    F(0.47979387640953064),
    F(-0.36641326546669006),
    F(0.3184071183204651),
    F(-0.20685812830924988),
)
ROUND = F(3 << 22)  # a number below 2**22 is rounded to an integer by adding and subtracting this
UNIT = F(1.0)
BIAS = np.int32(127)
MANTISSA = np.int32(23)
SQRT_HALF_BITS = np.int32(0x3F3504F3)


def exp2(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 2**x of each number of an array.

    Parameters
    ----------
    x : ndarray of any shape, float32
        Numbers above -126 and below 127.

    Returns
    -------
    ndarray of the same shape, float32
        2**x, with a relative error below 4e-6.
    """
    shifted = np.asarray(x + ROUND, dtype=np.float32)  # ends in the bits of x rounded
    f = x - (shifted - ROUND)
    p = A0 + f * (A1 + f * (A2 + f * (A3 + f * A4)))
    power = ((shifted.view(np.int32) + BIAS) << MANTISSA).view(np.float32)
    return np.asarray(p * power, dtype=np.float32)


def log2(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the base-2 logarithm of each number of an array.

    Parameters
    ----------
    x : ndarray of any shape, float32
        Positive numbers that are not subnormal.

    Returns
    -------
    ndarray of the same shape, float32
        Logarithms, with an absolute error below 6e-6.
    """
    bits = np.ascontiguousarray(x).view(np.int32)
    exponent = (bits - SQRT_HALF_BITS) >> MANTISSA
    t: NDArray[np.float32] = (bits - (exponent << MANTISSA)).view(np.float32) - UNIT
    p = B0 + t * (B1 + t * (B2 + t * (B3 + t * (B4 + t * B5))))
    return np.asarray(exponent.astype(np.float32) + t * p, dtype=np.float32)


@jit(inline="always")
def exp2_scalar(x):
    """Return :func:`exp2` of one float32, in compiled loops."""
    shifted = np.float32(x + ROUND)
    f = x - np.float32(shifted - ROUND)
    p = A0 + f * (A1 + f * (A2 + f * (A3 + f * A4)))
    power = np.int32(np.int32(shifted.view(np.int32) + BIAS) << MANTISSA).view(np.float32)
    return p * power


@jit(inline="always")
def log2_scalar(x):
    """Return :func:`log2` of one float32, in compiled loops."""
    bits = np.float32(x).view(np.int32)
    exponent = np.int32(np.int32(bits - SQRT_HALF_BITS) >> MANTISSA)
    t = np.int32(bits - np.int32(exponent << MANTISSA)).view(np.float32) - UNIT
    p = B0 + t * (B1 + t * (B2 + t * (B3 + t * (B4 + t * B5))))
    return np.float32(exponent) + t * p


@jit(inline="always")
def clip_scalar(x):
    """Return ``x`` limited to -CLIP..CLIP, in compiled loops."""
    return min(max(x, -CLIP), CLIP)
