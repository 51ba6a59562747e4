"""Clusterers whose searches are short, and rows in clouds. Several tests use them."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_blobs

from scratchcard import Memetic, TicketClusterer

SHORT = Memetic(max_density=0.5, population=1, burst=300)


def small(**settings) -> TicketClusterer:
    """Return a clusterer whose searches are short."""
    defaults = {
        "n_clusters": 3,
        "hidden_layer_sizes": 20,
        "algorithm": SHORT,
        "n_init": 4,
        "max_iter": 12,
        "random_state": 0,
    }
    return TicketClusterer(**(defaults | settings))


def clouds(n_rows: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows in three clouds far apart, and which cloud each row is in."""
    X, which = make_blobs(
        n_rows, 6, centers=3 * np.eye(3, 6), cluster_std=0.4, random_state=seed, shuffle=True
    )
    return X, which
