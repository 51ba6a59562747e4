"""Fitness-distance correlation: whether a metric gets worse the farther a mask is from the ticket.

Jones and Forrest 1995, "Fitness distance correlation as a measure of problem difficulty". For a
loss +1 is the easiest landscape, and 0 one without a direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr

from scratchcard.research.landscape.measures.metrics import FlatMask

DISTANCES = 20  # about geometric


def masks_around(ticket: FlatMask, per_ring: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """Draw masks at growing Hamming distances from a ticket, all as dense as it.

    At distance 2 k, k survivors were exchanged for k other weights; up to all of them.

    Parameters
    ----------
    ticket : (n_weights,) array
        A flat mask.
    per_ring : int
        How many masks are drawn at each distance.
    random : Generator
        What they are drawn from.

    Returns
    -------
    (n_masks, n_weights) array

    Raises
    ------
    ValueError
        For a mask with all weights or none.
    """
    ones, zeros = np.flatnonzero(ticket == 1), np.flatnonzero(ticket == 0)
    most = min(len(ones), len(zeros))
    if most == 0:
        raise ValueError("ticket takes a mask with some weights and without others")
    found = []
    for k in np.unique(np.geomspace(1, most, DISTANCES).round().astype(int)):
        for _ in range(per_ring):
            mask = ticket.copy()
            mask[random.choice(ones, k, replace=False)] = 0
            mask[random.choice(zeros, k, replace=False)] = 1
            found.append(mask)
    return np.array(found)


def correlations(distances: NDArray[np.int64], values: NDArray[np.float64]) -> dict[str, Any]:
    """Return Pearson's and Spearman's correlation of distance and loss; 0 where one is constant."""
    if np.ptp(distances) == 0 or np.ptp(values) == 0:
        return {"pearson": 0.0, "spearman": 0.0}
    return {
        "pearson": float(pearsonr(distances, values).statistic),
        "spearman": float(spearmanr(distances, values).statistic),
    }
