"""The order in which rows are read: as good as random, whatever order they came in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.distinct import hashes
from scratchcard.rows.rows import Rows

__all__ = ["shuffled"]


def shuffled(rows: Rows) -> NDArray[np.int64]:
    """Return the rows that count, in an order of which any run is a fair sample.

    The order does not depend on the order in which the rows came, and copies of a row are spread.
    Rows of a group stay together.

    Parameters
    ----------
    rows : Rows
        The rows to order.

    Returns
    -------
    ndarray of shape (n_counted,), int64
        Indices of the rows whose weight is above 0.
    """
    n_groups = len(rows) // rows.group
    inputs = rows.inputs.reshape(n_groups, -1)
    targets = rows.targets.reshape(n_groups, -1)
    weights = rows.weights[:: rows.group]
    target = targets[:, 0] if targets.shape[1] == 1 else hashes(targets).astype(np.int64)
    counted = np.flatnonzero(weights)
    names = hashes(inputs)[counted]
    order = np.lexsort((weights[counted], target[counted], names))
    counted = counted[order]
    kinds = np.stack([names[order], target[counted], weights[counted]], axis=1)
    kinds = kinds.astype(np.uint64)
    is_first = np.ones(len(counted), dtype=bool)  # whether a row is the first of its kind
    is_first[1:] = (kinds[1:] != kinds[:-1]).any(axis=1)
    number = np.arange(len(counted))
    copy = number - np.maximum.accumulate(np.where(is_first, number, 0))
    places = hashes(np.column_stack([kinds, copy.astype(np.uint64)]))
    found: NDArray[np.int64] = counted[np.argsort(places, kind="stable")]
    if rows.group == 1:
        return found
    return (found[:, None] * rows.group + np.arange(rows.group)).ravel()
