"""Checks of an estimator's parameters, as scikit-learn's users expect them, and rows set aside."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array, check_consistent_length

from scratchcard.checks import as_int
from scratchcard.cores import usable_cores
from scratchcard.ticket import Table
from scratchcard.ticket.layers import MAX_UNITS

Array = npt.NDArray[Any]

ASIDE = "early_stopping=True, or max_bytes where a network is chosen, takes"


def set_aside(targets: Array, share: float, seed: int) -> tuple[Array, Array]:
    """Return the rows to search and the rows to validate.

    Parameters
    ----------
    targets : ndarray of shape (n_rows,) of integers
        Class indices.
    share : float
        Share of each class that is set aside, and at least one row of each that has two.
    seed : int
        Draws the rows.

    Returns
    -------
    tuple of two ndarray of shape (n,), int64
        Indices of the rows to search, and of those to validate.

    Raises
    ------
    ValueError
        If no class has two rows.
    """
    random = np.random.default_rng(seed)
    aside = np.zeros(len(targets), dtype=np.bool_)
    for k in range(targets.max() + 1):
        rows = random.permutation(np.flatnonzero(targets == k))
        aside[rows[: min(max(1, round(share * len(rows))), len(rows) - 1)]] = True
    if not aside.any():
        raise ValueError(f"{ASIDE} a class of two rows or more, y has one of each")
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def rows_aside(n_rows: int, share: float, seed: int) -> tuple[Array, Array]:
    """Return the rows to search and the rows to validate, whatever their answers.

    Parameters
    ----------
    n_rows : int
        How many rows there are.
    share : float
        Share that is set aside, at least one row.
    seed : int
        Draws the rows.

    Returns
    -------
    tuple of two ndarray of shape (n,), int64
        Indices of the rows to search, and of those to validate.

    Raises
    ------
    ValueError
        If there is one row only.
    """
    if n_rows < 2:
        raise ValueError(f"{ASIDE} two rows or more, got 1")
    order = np.random.default_rng(seed).permutation(n_rows)
    n_aside = min(max(1, round(share * n_rows)), n_rows - 1)
    return np.sort(order[n_aside:]), np.sort(order[:n_aside])


def as_hidden(sizes: Any) -> tuple[int, ...]:
    """Return the units of each hidden layer.

    Parameters
    ----------
    sizes : int or sequence of int
        One number, or one for each layer.

    Returns
    -------
    tuple of int
        The units.

    Raises
    ------
    ValueError
        For anything else.
    """
    try:
        hidden: tuple[Any, ...] = (sizes,) if isinstance(sizes, Integral) else tuple(sizes)
        if isinstance(sizes, str) or any(not isinstance(n, Integral) or n < 1 for n in hidden):
            raise TypeError
    except TypeError:
        raise ValueError(
            f"hidden_layer_sizes takes an integer from 1, or a sequence of them, got {sizes!r}"
        ) from None
    return tuple(as_int("hidden_layer_sizes", units, 1, MAX_UNITS) for units in hidden)


def as_categories(categorical_features: Any) -> tuple[int | str, ...]:
    """Return the columns that are categories whatever they hold.

    Parameters
    ----------
    categorical_features : array-like of bool, int or str, "from_dtype" or None
        A boolean for each column, or places or names of columns.

    Returns
    -------
    tuple of int or str
        Places, or names.

    Raises
    ------
    ValueError
        For anything else.
    """
    takes = "categorical_features takes 'from_dtype', None, or booleans, integers or names"
    if categorical_features is None:
        return ()
    if isinstance(categorical_features, str):
        if categorical_features != "from_dtype":
            raise ValueError(f"{takes}, got {categorical_features!r}")
        return ()
    found = np.asarray(categorical_features, dtype=object)  # as text, 0 would be a name
    if found.ndim != 1 or not all(isinstance(one, (Integral, np.bool_, str)) for one in found):
        raise ValueError(f"{takes}, got {categorical_features!r}")
    is_flag = [isinstance(one, (bool, np.bool_)) for one in found]
    if any(is_flag) and not all(is_flag):
        raise ValueError(f"{takes}, got {categorical_features!r}")
    if any(is_flag):
        return tuple(place for place, one in enumerate(found) if one)
    return tuple(str(one) if isinstance(one, str) else int(one) for one in found)


def check_categories(categorical_features: Any, table: Table) -> None:
    """Raise ValueError for columns that are to be categories but are not there.

    Parameters
    ----------
    categorical_features : array-like of bool, int or str, "from_dtype" or None
        What :func:`as_categories` takes.
    table : Table
        The rows.

    Raises
    ------
    ValueError
        For a name or a place that no column has, and for booleans that are not one for each.
    """
    flags = () if isinstance(categorical_features, str) else categorical_features
    given = np.asarray(() if flags is None else flags, dtype=object)
    if given.size and isinstance(given[0], (bool, np.bool_)) and len(given) != table.n_columns:
        raise ValueError(
            f"categorical_features takes a boolean for each of {table.n_columns} columns, got "
            f"{len(given)}"
        )
    for one in as_categories(categorical_features):
        is_there = (
            one in (table.names or ()) if isinstance(one, str) else one in range(table.n_columns)
        )
        if not is_there:
            raise ValueError(
                f"categorical_features takes columns of X, got {one!r}, which none of its "
                f"{table.n_columns} columns is"
            )


def as_sample_weight(sample_weight: Any, X: Array) -> Array:
    """Return the weight of each row.

    Parameters
    ----------
    sample_weight : float, array-like of shape (n_rows,), or None
        Weights of at least 0; one number for all, or None for 1.
    X : ndarray of shape (n_rows, n_features)
        The rows.

    Returns
    -------
    ndarray of shape (n_rows,), float64
        The weights.

    Raises
    ------
    ValueError
        For negative weights, for weights that are all 0, and for another shape.
    """
    if sample_weight is None or isinstance(sample_weight, Real):
        sample_weight = np.full(len(X), 1.0 if sample_weight is None else sample_weight)
    found: Array = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if found.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {found.ndim}D array")
    check_consistent_length(X, found)
    if found.min() < 0:
        raise ValueError(f"sample_weight takes numbers from 0, got {found.min()}")
    if not found.any():
        raise ValueError("sample_weight takes at least one weight that is not zero, got none")
    return found


def as_threads(n_jobs: Any) -> int:
    """Return the number of threads that scikit-learn's n_jobs stands for.

    Parameters
    ----------
    n_jobs : int or None
        None is 1, -1 all cores, -2 all cores but one.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        For anything else.
    """
    if n_jobs is None:
        return 1
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise ValueError(
            f"n_jobs takes a number of threads, -1 for all cores, or None, got {n_jobs!r}"
        )
    wanted = int(n_jobs)
    return wanted if wanted > 0 else max(1, usable_cores() + 1 + wanted)
