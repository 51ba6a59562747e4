"""How clusters are judged once labels are known: accuracy, NMI and ARI. SciPy, scikit-learn."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from scratchcard.goals import matched_accuracy, shared_with_labels

Array = NDArray[Any]


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
    from sklearn.metrics import adjusted_rand_score

    return {
        "accuracy": matched_accuracy(labels, clusters),
        "nmi": shared_with_labels(labels, clusters),
        "ari": float(adjusted_rand_score(labels, clusters)),
    }
