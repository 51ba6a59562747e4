"""Autocorrelation of random walks of one-flip steps: how rugged a metric's landscape is.

Weinberger 1990, "Correlated and uncorrelated fitness landscapes and how to tell the difference".
A walk adds or removes a connection with equal chance, so it stays about as dense as it began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr

from scratchcard.research.landscape.measures.metrics import FlatMask, Reader

CORRELATION_AT_LENGTH = np.exp(-1.0)


@dataclass(frozen=True)
class Autocorrelation:
    """Correlation of a metric's values that are some steps apart, over all walks.

    ``length`` is the lag at which it falls to 1/e: interpolated, or, where that is beyond the lags
    that were computed, by the exponential through the last of them. 0 if the metric never changed.
    """

    lags: tuple[int, ...]
    correlations: tuple[float, ...]
    length: float


def walk_flips(mask: FlatMask, steps: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw the flat weight indices that a random walk flips one after the other, (steps,)."""
    now = mask.copy()
    flips = np.empty(steps, dtype=np.int64)
    adds = random.random(steps) < 0.5
    for step in range(steps):
        wanted = 0 if adds[step] else 1
        if not (now == wanted).any():
            wanted = 1 - wanted
        flips[step] = random.choice(np.flatnonzero(now == wanted))
        now[flips[step]] ^= 1
    return flips


def walk_values(
    reader: Reader, mask: FlatMask, flips: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Return each metric along a walk, (steps + 1,), the start first."""
    found = {}
    for name, engine in reader.engines.items():
        state = engine.state(mask)
        sums = [engine.sums(state)]
        for f in range(len(flips)):
            engine.apply(state, flips[f : f + 1])
            sums.append(engine.sums(state))
        found[name] = engine.values(np.array(sums))
    return found


def autocorrelation(walks: NDArray[np.float64], max_lag: int) -> Autocorrelation:
    """Correlate values of walks, (n_walks, steps + 1), with those up to ``max_lag`` steps later."""
    lags = np.unique(np.geomspace(1, max_lag, 25).round().astype(int))
    if np.ptp(walks) == 0:
        return Autocorrelation(tuple(map(int, lags)), (0.0,) * len(lags), 0.0)
    found = np.array([_lagged(walks, lag) for lag in lags])
    low = np.flatnonzero(found <= CORRELATION_AT_LENGTH)
    if low.size == 0:
        length = float(-lags[-1] / np.log(min(found[-1], 1 - 1e-12)))
    else:
        at = low[0]
        before = (0.0, 1.0) if at == 0 else (float(lags[at - 1]), float(found[at - 1]))
        length = float(
            np.interp(-CORRELATION_AT_LENGTH, [-before[1], -found[at]], [before[0], lags[at]])
        )
    return Autocorrelation(tuple(map(int, lags)), tuple(map(float, found)), length)


def _lagged(walks: NDArray[np.float64], lag: int) -> float:
    now, then = walks[:, :-lag].ravel(), walks[:, lag:].ravel()
    if np.ptp(now) == 0 or np.ptp(then) == 0:
        return 0.0
    return float(pearsonr(now, then).statistic)
