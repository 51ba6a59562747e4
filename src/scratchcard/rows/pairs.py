"""Pairs of rows: each row beside its neighbours, as an objective over pairs reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.rows.rows import Rows

__all__ = ["paired"]


def paired(rows: Rows, neighbours: npt.NDArray[np.integer[Any]]) -> Rows:
    """Return each row followed by a neighbour of it, once for each of its neighbours.

    A pair weighs what its first row weighs.

    Parameters
    ----------
    rows : Rows
        The rows, which come one by one.
    neighbours : ndarray of shape (n_rows, n_neighbours) of integers
        Indices of the neighbours of each row.

    Returns
    -------
    Rows
        2 * n_rows * n_neighbours rows in groups of 2.

    Raises
    ------
    ValueError
        For rows that come in groups already, and for neighbours that are no indices of rows.
    """
    neighbours = np.asarray(neighbours)
    if rows.group != 1:
        raise ValueError(f"rows takes rows that come one by one, got groups of {rows.group}")
    if neighbours.ndim != 2 or len(neighbours) != len(rows) or neighbours.shape[1] == 0:
        raise ValueError(
            f"neighbours takes shape ({len(rows)}, n_neighbours), got {neighbours.shape}"
        )
    if neighbours.dtype.kind not in "iu":
        raise ValueError(f"neighbours takes indices, got {neighbours.dtype} values")
    if neighbours.min() < 0 or neighbours.max() >= len(rows):
        raise ValueError(
            f"neighbours takes indices 0..{len(rows) - 1}, "
            f"got {neighbours.min()}..{neighbours.max()}"
        )
    first = np.repeat(np.arange(len(rows)), neighbours.shape[1])
    at = np.column_stack([first, neighbours.ravel()]).ravel()
    return Rows(rows.inputs[at], rows.targets[at], rows.weights[first].repeat(2), group=2)
