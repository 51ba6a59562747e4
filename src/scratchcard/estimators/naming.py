"""Names for clusters, from a handful of labelled rows."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from scratchcard.ticket import Classes, Ticket

__all__ = ["matched", "named"]

Array = npt.NDArray[Any]


def matched(table: Array) -> tuple[Array, Array]:
    """Return which row of a table of counts belongs to which column, each to one at most.

    Of all ways to match them, it is one with the largest total (Kuhn 1955, the Hungarian method).

    Parameters
    ----------
    table : ndarray of shape (n_labels, n_clusters)
        How often each label meets each cluster.

    Returns
    -------
    tuple of two ndarray of shape (min(n_labels, n_clusters),), int64
        Indices of rows, and of the columns that belong to them.
    """
    rows, columns = linear_sum_assignment(table, maximize=True)
    return rows, columns


def named(ticket: Ticket, X: Any, y: Array) -> Ticket:
    """Return a ticket that answers with names where it answered with clusters.

    Parameters
    ----------
    ticket : Ticket
        A ticket whose classes are clusters.
    X : Table or ndarray of shape (n_rows, n_columns)
        Labelled rows, a handful of each name.
    y : ndarray of shape (n_rows,)
        Their names, text or integers.

    Returns
    -------
    Ticket
        The same network and mask with other labels.

    Raises
    ------
    ValueError
        For more names than clusters, and for names that are neither text nor integers.
    """
    names = np.unique(_of_one_kind(y))
    y = y.astype(names.dtype)
    n_clusters = ticket.head.n_outputs
    if len(names) > n_clusters:
        raise ValueError(
            f"y takes at most {n_clusters} names, one for each cluster, got {len(names)}"
        )
    clusters = ticket.outputs(X).argmax(axis=1)
    table = np.zeros((len(names), n_clusters), np.int64)
    np.add.at(table, (np.searchsorted(names, y), clusters), 1)
    found: dict[int, Any] = {}
    for name, cluster in zip(*matched(table), strict=True):
        if table[name, cluster] > 0:
            found[int(cluster)] = names.tolist()[name]
    missed = [name for name in names.tolist() if name not in found.values()]
    if missed:
        warnings.warn(
            f"no cluster is named {', '.join(map(repr, missed))}: its rows are in clusters that "
            "have another name",
            UserWarning,
            stacklevel=3,
        )
    labels = [found.get(k, _fallback(k, names.tolist())) for k in range(n_clusters)]
    head = Classes(labels, ticket.head.temperature)
    return Ticket(ticket.network, ticket.mask, ticket.scaling, head, ticket.columns)


def _of_one_kind(y: Array) -> Array:
    """Return names as an array of text or of integers, or say which of them is neither."""
    takes = "y takes names that are text or integers"
    if y.dtype.kind in "iuU":
        return y
    if y.dtype.kind != "O":
        raise ValueError(f"{takes}, got {y.dtype} values")
    kinds = []
    for name in y.tolist():
        is_integer = isinstance(name, Integral) and not isinstance(name, bool | np.bool_)
        if not isinstance(name, str) and not is_integer:
            raise ValueError(f"{takes}, got {name!r}")
        kinds.append(str if isinstance(name, str) else int)
    if len(set(kinds)) > 1:
        text, integer = (y[kinds.index(kind)] for kind in (str, int))
        raise ValueError(f"{takes}, all of one kind, got {text!r} and {integer!r}")
    found = np.array([kind(name) for kind, name in zip(kinds, y.tolist(), strict=True)])
    if found.dtype.kind not in "iuU":
        raise ValueError(f"{takes} of at most 64 bits, got one beyond")
    return found


def _fallback(cluster: int, names: list[Any]) -> Any:
    """Return what a cluster without a name is called: text, or an integer below all names."""
    if isinstance(names[0], int):
        return min(0, *names) - 1 - cluster
    name = f"cluster {cluster}"
    while name in names:
        name += "?"
    return name
