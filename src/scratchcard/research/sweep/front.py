"""The Pareto front: which of many sizes and scores none beats in both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def front(sizes: Sequence[float], scores: Sequence[float]) -> list[int]:
    """Return the places of the pairs that no other beats, the smallest first.

    One pair beats another that it is at least as good as in both, and better than in one. So of
    equal pairs none beats the other.

    Parameters
    ----------
    sizes : sequence of float
        Less is better.
    scores : sequence of float
        As many; more is better.

    Returns
    -------
    list of int
        Their places, from 0; of equal pairs the first comes first.
    """
    found: list[int] = []
    best = np.inf, -np.inf
    for place in np.lexsort((-np.asarray(scores), np.asarray(sizes))):
        pair = sizes[place], scores[place]
        if pair[1] > best[1] or pair == best:
            found.append(int(place))
            best = pair
    return found
