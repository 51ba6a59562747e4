"""Masks as packed bits, for comparing many of them. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]


def packed(masks: NDArray[np.uint8]) -> Words:
    """Return masks, (n, n_weights) of 0 and 1, as (n, words) uint64, equal where the masks are."""
    bits = np.packbits(masks, axis=1)
    words = np.zeros((len(masks), -(-bits.shape[1] // 8)), dtype=np.uint64)
    words.view(np.uint8)[:, : bits.shape[1]] = bits
    return words


def distances(a: Words, b: Words) -> NDArray[np.int64]:
    """Return in how many bits masks differ: (n, words) and (m, words) give (n, m)."""
    out = np.zeros((len(a), len(b)), dtype=np.int64)
    for j, other in enumerate(b):
        out[:, j] = np.bitwise_count(a ^ other).sum(axis=1, dtype=np.int64)
    return out


def ones(words: Words) -> NDArray[np.int64]:
    """Return how many bits are set in each mask: (n, words) give (n,)."""
    counts: NDArray[np.int64] = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    return counts
