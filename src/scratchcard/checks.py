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
    """Return value as a Python int in low..high; ValueError for all else, bools and floats too."""
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
    """Return the family of that name, or raise ValueError that lists the families there are."""
    if not isinstance(value, str) or value not in families:
        known = ", ".join(repr(known) for known in families)
        raise ValueError(f"{name} takes one of {known}, got {value!r}")
    return families[value]


def as_number(
    name: str, value: Any, low: float, high: float = HUGE, takes: str | None = None
) -> float:
    """Return value as a float in low..high; ValueError for all else, bools, NaN and text too.

    takes : how the error says what is taken, where low..high is not how a person would say it.
    """
    is_number = isinstance(value, (Real, np.number)) and not isinstance(value, (bool, np.bool_))
    if is_number and low <= float(value) <= high:
        return float(value)
    if takes is None:
        takes = f"from {low:g}" if high == HUGE else f"from {low:g} to {high:g}"
    raise ValueError(f"{name} takes a number {takes}, got {value!r}")


def as_share(name: str, value: Any, zero: bool = True) -> float:
    """Return value as a float from 0, or above 0, to 1; ValueError for all else."""
    takes = f"{'from' if zero else 'above'} 0 to 1"
    return as_number(name, value, 0.0 if zero else TINY, 1.0, takes)
