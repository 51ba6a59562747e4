"""Selection by performance first, then by the number of weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def lexicographic(
    objectives: NDArray[np.float64], surviving: NDArray[np.int64], size: int
) -> NDArray[np.intp]:
    """Return the best by objective, then by fewer weights; of equals, those that come first.

    Parameters
    ----------
    objectives : ndarray of shape (n,), float64
        Lower is better.
    surviving : ndarray of shape (n,), int64
        Number of surviving weights of each mask.
    size : int
        How many masks live on.

    Returns
    -------
    ndarray of shape (size,) of indices
        Those that live on, best first.
    """
    return np.lexsort((surviving, objectives))[:size]
