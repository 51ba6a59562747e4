"""Checks of an estimator's parameters, as scikit-learn's users expect them, and rows set aside."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array, check_consistent_length

from scratchcard.cores import usable_cores

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
    return hidden


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
    found = np.asarray(categorical_features)
    if found.ndim != 1 or (found.dtype.kind not in "biuU" and found.dtype.kind != "O"):
        raise ValueError(f"{takes}, got {categorical_features!r}")
    if found.dtype.kind == "b":
        found = np.flatnonzero(found)
    listed = found.tolist()
    if not all(isinstance(one, (int, str)) for one in listed):
        raise ValueError(f"{takes}, got {categorical_features!r}")
    return tuple(listed)


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
