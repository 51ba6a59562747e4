"""Equal rows of integers, found by a hash of each row. NumPy only.

For inputs, outputs and targets, which are below 2**32 in magnitude: the factors of the hash are not
all odd, so two rows that differ by 2**63 in one column, as the bits of v and -v do, may have one
hash. The order of hashes decides temperatures, so other factors would give other tickets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distinct", "hashes"]

_BLOCK = 1 << 20  # numbers that are hashed at once, which take 8 MiB


def hashes(values: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Return a hash of each row of integers: as good as random, and the same wherever it stands.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns) of integers
        The rows, of integers below 2**32 in magnitude.

    Returns
    -------
    ndarray of shape (n_rows,), uint64
        The hashes.
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

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns) of integers
        The rows, of integers below 2**32 in magnitude.
    weights : ndarray of shape (n_rows,), int64
        Their weights; rows of weight 0 do not count.

    Returns
    -------
    tuple of two ndarray of shape (n_distinct,), int64
        Indices and summed weights, in the order of the rows' hashes: as good as random, and always
        the same.
    """
    counted = np.flatnonzero(weights)
    found = hashes(values[counted])
    _, first, which = np.unique(found, return_index=True, return_inverse=True)
    return counted[first], np.bincount(which, weights=weights[counted]).astype(np.int64)
