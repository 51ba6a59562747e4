"""Selection: performance first, then the number of weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def lexicographic(
    objectives: NDArray[np.float64], surviving: NDArray[np.int64], size: int
) -> NDArray[np.intp]:
    """Return the best by objective, then by fewer weights; of equals, those that were there."""
    return np.lexsort((surviving, objectives))[:size]
