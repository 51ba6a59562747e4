"""Checks of arguments: the value in its plain form, or a ValueError that names the argument."""

from __future__ import annotations

import operator
from typing import Any, TypeVar

import numpy as np

__all__ = ["as_family", "as_int"]

_F = TypeVar("_F")


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
