"""Agreement: how well clusters, which have no names, fit labels. SciPy and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["matched_accuracy", "shared_with_labels"]


def matched_accuracy(labels: npt.ArrayLike, clusters: npt.ArrayLike) -> float:
    """Return the accuracy of clusters after each was matched with a label of its own.

    The matching is the one with the highest accuracy (Kuhn 1955, the Hungarian method). Rows of
    clusters, or of labels, for which no match is left count as wrong.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)
        The label of each row.
    clusters : array-like of shape (n_rows,)
        The cluster of each row.

    Returns
    -------
    float
        From 0 to 1.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics.cluster import contingency_matrix

    table: npt.NDArray[Any] = contingency_matrix(labels, clusters)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / table.sum())


def shared_with_labels(labels: npt.ArrayLike, clusters: npt.ArrayLike) -> float:
    """Return the normalised mutual information (NMI) of clusters and labels.

    It is normalised by the arithmetic mean of the two entropies.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)
        The label of each row.
    clusters : array-like of shape (n_rows,)
        The cluster of each row.

    Returns
    -------
    float
        From 0 to 1.
    """
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(np.asarray(labels), np.asarray(clusters)))
