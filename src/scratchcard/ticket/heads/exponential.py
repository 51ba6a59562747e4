"""The exponential as a fixed sequence of float64 operations: the same bits in every language.

Library functions differ in the last bit from one machine to the next. docs/ticket-format.md states
the sequence; NumPy only.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["exponential"]

MOST = 700.0
"""Exponents are clipped to ±700, so that neither an infinity nor a subnormal number comes out."""

# ln 2 in two parts, the first of which has zeros at its end, so that multiples of it are exact.
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
PER_BIT = 1.44269504088896338700  # 1 / ln 2
TERMS = tuple(1.0 / math.factorial(n) for n in range(13, 1, -1))  # the last ones first


def exponential(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return e**x of each number of an array.

    Parameters
    ----------
    x : ndarray of any shape, float64
        Finite numbers, clipped to ±700.

    Returns
    -------
    ndarray of the same shape, float64
        e**x, with a relative error below 1e-15.
    """
    t = np.clip(x, -MOST, MOST)
    power = np.floor(t * PER_BIT + 0.5)
    rest = (t - power * LN2_HIGH) - power * LN2_LOW
    total = np.full_like(rest, TERMS[0])
    for term in TERMS[1:]:
        total = total * rest + term
    total = (total * rest + 1.0) * rest + 1.0
    found: npt.NDArray[np.float64] = total * np.ldexp(1.0, power.astype(np.int64))
    return found
