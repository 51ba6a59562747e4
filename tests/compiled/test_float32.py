# exp2 and log2 of single floats: right, and the same bits in NumPy and compiled.
from __future__ import annotations

import numpy as np
from numba import njit

from scratchcard.compiled.float32 import CLIP, exp2, exp2_scalar, log2, log2_scalar


@njit
def each_exp2(values):
    out = np.empty_like(values)
    for i in range(values.size):
        out[i] = exp2_scalar(values[i])
    return out


@njit
def each_log2(values):
    out = np.empty_like(values)
    for i in range(values.size):
        out[i] = log2_scalar(values[i])
    return out


def bits(values):
    return values.view(np.int32)


def test_exp2_is_right_and_has_the_same_bits_when_compiled():
    random = np.random.default_rng(0)
    values = np.concatenate(
        [np.linspace(-CLIP, CLIP, 300_001), random.uniform(-1, 1, 100_000), np.arange(-100, 101)]
    ).astype(np.float32)
    found = exp2(values)
    assert np.array_equal(bits(found), bits(each_exp2(values)))
    exact = np.exp2(values.astype(np.float64))
    assert np.abs(found / exact - 1).max() < 4e-6


def test_log2_is_right_and_has_the_same_bits_when_compiled():
    random = np.random.default_rng(0)
    patterns = random.integers(0x00800000, 0x7F800000, 400_000, dtype=np.int32)  # every exponent
    values = np.concatenate([patterns.view(np.float32), np.linspace(0.5, 2, 100_001, np.float32)])
    values = values.astype(np.float32)
    found = log2(values)
    assert np.array_equal(bits(found), bits(each_log2(values)))
    exact = np.log2(values.astype(np.float64))
    assert np.abs(found - exact).max() < 1.5e-5  # 6e-6 of the fit, the rest float32's at 127
