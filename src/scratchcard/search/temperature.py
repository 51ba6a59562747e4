"""The temperature: one positive number that turns outputs into logits. It never changes a label.

Before a search it is set from the network alone: outputs of random masks, as dense as the search
may become, get a typical spread of one nat between classes. So softmax objectives start neither
flat nor saturated, whatever the network, and nothing has been trained. After a search it is fitted
to validation rows, so that ``predict_proba`` is calibrated (temperature scaling: Guo et al. 2017,
"On Calibration of Modern Neural Networks").

Neither depends on the order of the rows, nor on whether a row of weight 2 stands there once or
twice: both read :func:`distinct` rows, so that not even a rounding differs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from scratchcard.rows.rows import Rows, hashes
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

SMOOTHING = 0.1  # of the labels, by default, where the temperature of a search is fitted
SHARPNESS = 2.0
STEPS = 15
SPREAD = 1.0  # nats between classes at random masks
MASKS = 8
ROWS = 1024
WIDEST = 14.0  # the fitted temperature lies within e**±14 of the one that gives unit spread


def search_temperature(network: Network, rows: Rows, density: float) -> float:
    """Temperature that gives random masks of this density logits with a spread of one nat."""
    random = np.random.default_rng(0)
    first, weights = distinct(rows.inputs, rows.weights)
    inputs, weights = rows.inputs[first[:ROWS]], weights[:ROWS]
    squares = []
    for _ in range(MASKS):
        mask = Mask.random(network.shapes, density, random)
        squares.append(_spread(network.outputs(mask, inputs), weights) ** 2)
    return float(np.float32(SPREAD / max(np.sqrt(np.mean(squares)), 1.0)))


def retempered(
    outputs: NDArray[np.integer],
    rows: Rows,
    lowest: float,
    now: float,
    sharpness: float = SHARPNESS,
    smoothing: float = SMOOTHING,
) -> float:
    """Temperature for the next generation of a search, ``sharpness`` times ``lowest`` at least.

    ``sharpness`` times the one with the least label-smoothed cross-entropy, in steps of a factor of
    sqrt(2), so that no rounding decides. Where the outputs separate the classes finely the
    softmax gets sharper, and errors near the boundary come to matter; a plain cross-entropy at a
    fixed temperature stays flat there. The smoothing keeps it finite where no error is left.
    Sharper than rows ask for, a search minds the boundary; no sharper, how sure one can be.
    The loss is convex in the temperature: from ``now`` it goes downhill.
    """
    margins = (outputs - outputs[np.arange(len(rows)), rows.targets][:, None]).astype(np.float32)
    pull = smoothing * float(np.average(margins.mean(axis=1), weights=rows.weights))

    @cache
    def loss(step: int) -> float:
        if not 0 <= step < STEPS:
            return np.inf
        t = lowest * 2.0 ** (step / 2)
        logits = margins * np.float32(t)
        highest = logits.max(axis=1)
        spread = np.log(np.exp(logits - highest[:, None]).sum(axis=1)) + highest
        return float(np.average(spread, weights=rows.weights) - pull * t)

    step = round(2 * np.log2(max(now / (sharpness * lowest), 1.0)))
    while loss(step + 1) < loss(step):
        step += 1
    while loss(step - 1) <= loss(step):
        step -= 1
    return float(np.float32(sharpness * lowest * 2.0 ** (step / 2)))


def calibrated_temperature(
    network: Network, mask: Mask, rows: Rows, smoothing: float | None = None
) -> float:
    """Temperature with the least label-smoothed cross-entropy on ``rows``, float32.

    Without smoothing, rows that are all right would ask for certainty. ``smoothing`` is 1 / (n + 2)
    for n rows if None, as befits rows that the mask was not fitted to (Laplace's rule of
    succession); rows that it was fitted to want more, such as :data:`SMOOTHING`.
    """
    if smoothing is None:
        smoothing = 1.0 / (rows.total_weight + 2)
    outputs = network.outputs(mask, rows.inputs)
    margins = outputs - outputs[np.arange(len(rows)), rows.targets][:, None]
    first, weights = distinct(margins, rows.weights)
    margins = margins[first].astype(np.float64)  # of each class against the target
    unit = 1.0 / max(_spread(margins, weights), 1.0)
    pull = np.average(margins.mean(axis=1), weights=weights)

    def loss(log_scale: float) -> float:
        t = unit * np.exp(log_scale)
        spread = np.average(logsumexp(margins * t, axis=1), weights=weights)
        return float(spread - smoothing * pull * t)

    found = minimize_scalar(loss, bounds=(-WIDEST, WIDEST), method="bounded")
    return float(np.float32(unit * np.exp(found.x)))


def distinct(
    values: NDArray[np.integer], weights: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each different row of integers first stands, and its weights summed.

    values : (n_rows, n_columns). weights : (n_rows,); rows of weight 0 do not count.

    The order is that of their hashes: as good as random, and always the same.
    """
    counted = np.flatnonzero(weights)
    found = hashes(values[counted])
    _, first, which = np.unique(found, return_index=True, return_inverse=True)
    return counted[first], np.bincount(which, weights=weights[counted]).astype(np.int64)


def _spread(outputs: NDArray[np.number], weights: NDArray[np.int64]) -> float:
    """Root mean square of the outputs, each row's mean taken away."""
    outputs = outputs.astype(np.float64)
    squares = (outputs - outputs.mean(axis=1, keepdims=True)) ** 2
    return float(np.sqrt(np.average(squares.mean(axis=1), weights=weights)))
