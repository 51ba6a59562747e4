"""Lines: how an objective of numbers reads outputs, one straight line for each. NumPy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Lines", "Reading", "reading_from"]


class Lines(NamedTuple):
    """A number for each output: its scale times the output, plus its offset.

    It has no unit: 0 is the centre of the answers of a search, and 1 is their spread. For counts
    it is the logarithm of a multiple of their mean. See :class:`~scratchcard.ticket.Numbers`.

    Attributes
    ----------
    scales : tuple of float
        One for each output.
    offsets : tuple of float
        One for each output.
    """

    scales: tuple[float, ...]
    offsets: tuple[float, ...]


Reading = float | Lines
"""How an objective reads outputs: a temperature for classes, lines for numbers."""


def reading_from(array: npt.NDArray[np.float64]) -> Reading:
    """Return the reading that an array was made of.

    Parameters
    ----------
    array : ndarray of shape () or (2, n_outputs), float64
        What ``np.array(reading)`` gave.

    Returns
    -------
    Reading
        A temperature, or lines.
    """
    if array.ndim == 0:
        return float(array)
    scales, offsets = array.tolist()
    return Lines(tuple(scales), tuple(offsets))
