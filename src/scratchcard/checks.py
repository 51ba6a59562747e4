"""Checks of arguments: the value in its plain form, or a ValueError that names the argument."""

from __future__ import annotations

import operator
import sys
from numbers import Real
from typing import Any, TypeVar

import numpy as np

__all__ = ["as_family", "as_int", "as_number", "as_share"]

_F = TypeVar("_F")

TINY, HUGE = sys.float_info.min, sys.float_info.max


def as_int(name: str, value: Any, low: int, high: int) -> int:
    """Return a value as a Python int.

    Parameters
    ----------
    name : str
        The argument that the error names.
    value : object
        The value; bools and floats are refused.
    low, high : int
        The range that it must be in, both ends included.

    Returns
    -------
    int
        The value.

    Raises
    ------
    ValueError
        For anything but an integer in that range.
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} takes an integer {low}..{high}, got {value!r}") from None
    if not low <= number <= high:
        raise ValueError(f"{name} takes an integer {low}..{high}, got {number}")
    return number


def as_family(name: str, value: Any, families: dict[str, _F]) -> _F:
    """Return the entry of a table that has this name.

    Parameters
    ----------
    name : str
        The argument that the error names.
    value : object
        The name to look up.
    families : dict of str to object
        The table.

    Returns
    -------
    object
        The entry.

    Raises
    ------
    ValueError
        For anything but a name in the table; the error lists the names.
    """
    if not isinstance(value, str) or value not in families:
        known = ", ".join(repr(known) for known in families)
        raise ValueError(f"{name} takes one of {known}, got {value!r}")
    return families[value]


def as_number(
    name: str, value: Any, low: float, high: float = HUGE, takes: str | None = None
) -> float:
    """Return a value as a float.

    Parameters
    ----------
    name : str
        The argument that the error names.
    value : object
        The value; bools, NaN and text are refused.
    low, high : float
        The range that it must be in, both ends included.
    takes : str or None
        How the error describes the range; None for its two ends.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ValueError
        For anything but a number in that range.
    """
    is_number = isinstance(value, (Real, np.number)) and not isinstance(value, (bool, np.bool_))
    if is_number and low <= float(value) <= high:
        return float(value)
    if takes is None:
        takes = f"from {low:g}" if high == HUGE else f"from {low:g} to {high:g}"
    raise ValueError(f"{name} takes a number {takes}, got {value!r}")


def as_share(name: str, value: Any, zero: bool = True) -> float:
    """Return a value from 0 to 1 as a float.

    Parameters
    ----------
    name : str
        The argument that the error names.
    value : object
        The value; bools, NaN and text are refused.
    zero : bool
        Whether 0 itself is taken.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ValueError
        For anything but a number in that range.
    """
    takes = f"{'from' if zero else 'above'} 0 to 1"
    return as_number(name, value, 0.0 if zero else TINY, 1.0, takes)
