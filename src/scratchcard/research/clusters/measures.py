"""How clusters are judged once labels are known: accuracy, NMI and ARI. SciPy, scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def accuracy_after_matching(labels: Array, clusters: Array) -> float:
    """Return the share of rows that are in the cluster which belongs to their label.

    Each label gets at most one cluster, and each cluster at most one label, so that the share is as
    large as can be (Kuhn 1955, the Hungarian method).

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Labels of any kind.
    clusters : ndarray of shape (n_rows,) of integers
        Clusters, by any numbers.

    Returns
    -------
    float
        From 0 to 1.
    """
    from scipy.optimize import linear_sum_assignment

    _, which = np.unique(labels, return_inverse=True)
    _, found = np.unique(clusters, return_inverse=True)
    table = np.zeros((which.max() + 1, found.max() + 1), np.int64)
    np.add.at(table, (which, found), 1)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / len(which))


def judged(labels: Array, clusters: Array) -> dict[str, float]:
    """Return how well clusters agree with labels, by three measures.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Labels of any kind.
    clusters : ndarray of shape (n_rows,) of integers
        Clusters, by any numbers.

    Returns
    -------
    dict
        ``accuracy`` after Hungarian matching; ``nmi``, normalised mutual information (arithmetic
        mean); ``ari``, the adjusted Rand index.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return {
        "accuracy": accuracy_after_matching(labels, clusters),
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
        "ari": float(adjusted_rand_score(labels, clusters)),
    }
