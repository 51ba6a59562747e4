"""Fits the line that turns one output into a number, with the least loss. NumPy; SciPy for counts.

What a loss is called is agreed on here as well, since both heads and objectives go by that name.
Sums are taken over rows in the order given, so whoever wants a line that does not depend on it
gives distinct rows in an order of their own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["LOSSES", "Line", "fit_line", "level_of", "loss_named", "offset_for"]

Floats = npt.NDArray[np.float64]

LOSSES = ("squared_error", "absolute_error", "quantile", "poisson")
"""Losses of numbers; the place of one is its code in a ticket's file."""

MIDDLE = 0.5  # the level of a quantile that is named without one
HALF_A_ROW = 0.5  # what rows without any count are thought to have counted together
BISECTIONS = 64  # halvings of the range in which the slope of a quantile lies
STEEPEST = 14.0  # a count's logarithm changes by at most this for one deviation of the output


class Line(NamedTuple):
    """``offset + scale * output``."""

    offset: float
    scale: float


def loss_named(name: object) -> str:
    """Return the one name of a loss.

    Parameters
    ----------
    name : object
        "squared_error", "absolute_error", "poisson", "quantile" for the median, or
        "quantile:LEVEL" with a level between 0 and 1.

    Returns
    -------
    str
        The same loss, as it is always written.

    Raises
    ------
    ValueError
        For anything else.
    """
    if isinstance(name, str) and name in LOSSES:
        return name
    kind, _, text = name.partition(":") if isinstance(name, str) else ("", "", "")
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    if kind != "quantile" or not 0 < level < 1:
        known = ", ".join(map(repr, LOSSES))
        raise ValueError(
            f"loss takes one of {known} or 'quantile:LEVEL' with a level between 0 and 1, "
            f"got {name!r}"
        )
    return "quantile" if level == MIDDLE else f"quantile:{level!r}"


def level_of(loss: str) -> float:
    """Return which quantile a loss is least for.

    Parameters
    ----------
    loss : str
        A name that :func:`loss_named` gave.

    Returns
    -------
    float
        Between 0 and 1; 0.5, the median, for a loss that names no level.
    """
    return float(loss.partition(":")[2] or MIDDLE)


def fit_line(loss: str, x: Floats, y: Floats, weights: Floats, unit: float = 1.0) -> Line:
    """Return the line with the least loss.

    Parameters
    ----------
    loss : str
        A name that :func:`loss_named` gave.
    x : ndarray of shape (n_rows,)
        Outputs, which are whole numbers.
    y : ndarray of shape (n_rows,)
        The right answers; at least 0 for "poisson", whose line gives their logarithm.
    weights : ndarray of shape (n_rows,)
        Weights of the rows, above 0.
    unit : float
        What the scale will be a multiple of.

    Returns
    -------
    Line
        The line. Float32 holds its scale times the unit, which is 0 where all outputs are the same;
        the offset is the best for that scale.
    """
    kind = loss.partition(":")[0]
    if np.ptp(x) == 0:  # every scale is as good, and rounding would choose one
        scale = 0.0
    elif kind == "squared_error":
        scale = _least_squares(x, y, weights)
    elif kind == "poisson":
        scale = _log_linear(x, y, weights)
    else:
        scale = _quantile_slope(x, y, weights, level_of(loss))
    with np.errstate(under="ignore"):
        scale = float(np.float32(scale * unit)) / unit
    return Line(offset_for(loss, scale, x, y, weights), scale)


def offset_for(loss: str, scale: float, x: Floats, y: Floats, weights: Floats) -> float:
    """Return the offset with the least loss for a line of this scale.

    Parameters
    ----------
    loss : str
        A name that :func:`loss_named` gave.
    scale : float
        The scale.
    x, y, weights : ndarray of shape (n_rows,)
        As for :func:`fit_line`.

    Returns
    -------
    float
        The offset.
    """
    kind = loss.partition(":")[0]
    if kind == "squared_error":
        return float(np.average(y, weights=weights)) - scale * float(np.average(x, weights=weights))
    if kind == "poisson":
        total = float(weights @ y) or HALF_A_ROW  # rows that are all 0 have a logarithm, too
        logs = scale * x
        highest = logs.max()
        return math.log(total / float(weights @ np.exp(logs - highest))) - float(highest)
    return _quantile(y - scale * x, weights, level_of(loss))


def _least_squares(x: Floats, y: Floats, weights: Floats) -> float:
    gaps = x - np.average(x, weights=weights)
    variance = float(weights @ (gaps * gaps))
    return float(weights @ (gaps * y)) / variance if variance > 0 else 0.0


def _log_linear(x: Floats, y: Floats, weights: Floats) -> float:
    """Return the scale of a Poisson regression; its offset follows from it."""
    from scipy.optimize import minimize_scalar

    gaps = x - np.average(x, weights=weights)
    deviation = math.sqrt(float(np.average(gaps * gaps, weights=weights)))
    total = float(weights @ y)
    if deviation == 0 or total == 0:
        return 0.0
    gaps /= deviation
    pull = float(weights @ (gaps * y)) / total

    def loss(scale: float) -> float:
        logs = scale * gaps
        highest = float(logs.max())
        return math.log(float(weights @ np.exp(logs - highest))) + highest - scale * pull

    with np.errstate(under="ignore"):
        found = minimize_scalar(
            loss, bounds=(-STEEPEST, STEEPEST), method="bounded", options={"xatol": 1e-8}
        )
    return float(found.x) / deviation


def _quantile(values: Floats, weights: Floats, level: float) -> float:
    """Return the least value that this share of the weight does not lie above."""
    order = np.argsort(values, kind="stable")
    return float(values[order[_pivot(weights[order], level)]])


def _pivot(weights: Floats, level: float) -> int:
    """Return where the weights, summed up from the first, reach this share of all."""
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, level * sums[-1])), len(weights) - 1)


def _quantile_slope(x: Floats, y: Floats, weights: Floats, level: float) -> float:
    """Return the scale of a quantile regression on one variable.

    With the best offset for each scale, the loss is convex in the scale. Outputs are whole
    numbers, so no two rows have a line between them that is steeper than the range of ``y``.
    """
    x = x - x.min()  # exact; residuals all shift alike, and pulls, which add up to 0, are smaller
    high = float(np.ptp(y))
    low = -high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        residuals = y - middle * x
        order = np.argsort(residuals, kind="stable")
        sorted_x, sorted_weights = x[order], weights[order]
        at = _pivot(sorted_weights, level)
        pulls = sorted_weights * level
        pulls[:at] -= sorted_weights[:at]
        pulls[at] = 0.0
        pulls[at] = -pulls.sum()  # the row that the line goes through holds the others in balance
        if float(pulls @ sorted_x) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
