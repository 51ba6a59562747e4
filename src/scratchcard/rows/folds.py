"""Folds: rows held back in turn, as cross-validation does. NumPy only.

Rows are dealt by what they are, not by where they stand: a row of weight 3 goes where the same row,
written three times, would go, and their order does not matter. A row that outweighs the others of
its class by far, because it is written often, is dealt in pieces, or it would be in one fold alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.distinct import distinct
from scratchcard.rows.rows import MAX_ROW_WEIGHT, Rows

__all__ = ["count_of", "folds"]

HEAVY = 2  # a row is dealt in pieces that weigh at most so many times the mean of its class


def count_of(rows: Rows) -> int:
    """Return how many rows these stand for.

    Parameters
    ----------
    rows : Rows
        The rows.

    Returns
    -------
    int
        The sum of their weights where these are counts. Where they are scaled, so that the largest
        is 1024, only what they have in proportion to each other means anything, and it is the
        number of different rows.
    """
    if rows.weights.max() < MAX_ROW_WEIGHT:
        return rows.total_weight
    return len(_different(rows)[0])


def folds(rows: Rows, n_folds: int, most: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Return the rows to search and the rows held back, for each fold.

    Parameters
    ----------
    rows : Rows
        Rows that come one by one.
    n_folds : int
        How many folds there are, at least 2.
    most : int
        Most rows that are dealt; of more so many are drawn.
    seed : int
        Deals the rows, of each class alike.

    Returns
    -------
    list of tuple of two Rows
        One for each fold; an empty list where there are too few rows to hold one back in each.
    """
    which, weights, kinds = _pieces(rows)
    which, weights, kinds = which[:most], weights[:most], kinds[:most]
    if len(which) < 2 * n_folds:
        return []
    random = np.random.default_rng(seed)
    order = random.permutation(len(which))
    order = order[np.argsort(kinds[order], kind="stable")]
    fold = np.empty(len(which), dtype=np.int64)
    fold[order] = np.arange(len(which)) % n_folds  # class after class, so that all are spread
    parts = []
    for k in range(n_folds):
        parts.append(
            tuple(
                Rows(rows.inputs[which[one]], rows.targets[which[one]], weights[one])
                for one in (fold != k, fold == k)
            )
        )
    return parts  # type: ignore[return-value]


def _different(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each different row of inputs and targets first stands, and its weight."""
    targets = rows.targets.reshape(len(rows), -1)
    return distinct(np.column_stack((rows.inputs.astype(np.int64), targets)), rows.weights)


def _pieces(
    rows: Rows,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows, weights and classes of the pieces, in an order that is as good as random."""
    first, weights = _different(rows)
    kinds = rows.targets[first] if rows.answers == "classes" else np.zeros_like(first)
    totals, counts = np.bincount(kinds, weights=weights), np.maximum(1, np.bincount(kinds))
    most = np.clip(np.ceil(HEAVY * totals / counts), 1, MAX_ROW_WEIGHT).astype(np.int64)[kinds]
    pieces = -(-weights // most)
    which = np.repeat(np.arange(len(first)), pieces)
    number = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    each = weights[which] // pieces[which] + (number < weights[which] % pieces[which])
    # All first pieces come first: of many rows it is different ones that are drawn.
    order = np.argsort(number, kind="stable")
    return first[which][order], each[order], kinds[which][order]
