"""Equal rows of integers, found by a hash of each row. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distinct", "hashes"]

_BLOCK = 1 << 20  # numbers hashed at once: 8 MiB


def hashes(values: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Return a hash of each row of integers: as good as random, wherever the row stands.

    values : (n_rows, n_columns) array. Returns (n_rows,).
    """
    found = np.empty(len(values), dtype=np.uint64)
    factors = np.random.SeedSequence(0).generate_state(values.shape[1], np.uint64)
    step = max(1, _BLOCK // max(1, values.shape[1]))
    for start in range(0, len(values), step):
        found[start : start + step] = values[start : start + step].astype(np.uint64) @ factors
    return found


def distinct(
    values: NDArray[np.integer], weights: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each different row of integers first stands, and its weights summed.

    The order is that of their hashes: as good as random, and always the same.

    values : (n_rows, n_columns). weights : (n_rows,); rows of weight 0 do not count.
    """
    counted = np.flatnonzero(weights)
    found = hashes(values[counted])
    _, first, which = np.unique(found, return_index=True, return_inverse=True)
    return counted[first], np.bincount(which, weights=weights[counted]).astype(np.int64)
