"""Masks as packed bits, for comparing many of them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]

PAIRS, NIBBLES, BYTES, ONES = (
    np.uint64(0x5555555555555555),
    np.uint64(0x3333333333333333),
    np.uint64(0x0F0F0F0F0F0F0F0F),
    np.uint64(0x0101010101010101),
)
BY_1, BY_2, BY_4, BY_56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


def packed(masks: NDArray[np.uint8]) -> Words:
    """Masks (n, n_weights) of 0 and 1 as (n, words) uint64, equal where the masks are."""
    bits = np.packbits(masks, axis=1)
    words = np.zeros((len(masks), -(-bits.shape[1] // 8)), dtype=np.uint64)
    words.view(np.uint8)[:, : bits.shape[1]] = bits
    return words


def distances(a: Words, b: Words) -> NDArray[np.int64]:
    """In how many bits masks differ, (n, words) and (m, words) -> (n, m)."""
    out = np.zeros((len(a), len(b)), dtype=np.int64)
    _distances(a, b, out)
    return out


def ones(words: Words) -> NDArray[np.int64]:
    """How many bits are set, (n, words) -> (n,)."""
    return distances(words, np.zeros((1, words.shape[1]), dtype=np.uint64))[:, 0]


@njit(cache=True, nogil=True)
def _distances(a, b, out):
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            total = np.uint64(0)
            for w in range(a.shape[1]):
                x = a[i, w] ^ b[j, w]  # count its bits: pairs, nibbles, bytes, the sum of the bytes
                x -= (x >> BY_1) & PAIRS
                x = (x & NIBBLES) + ((x >> BY_2) & NIBBLES)
                x = (x + (x >> BY_4)) & BYTES
                total += (x * ONES) >> BY_56
            out[i, j] = total
