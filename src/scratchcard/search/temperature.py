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

from scratchcard.distinct import distinct
from scratchcard.rows import Rows
from scratchcard.ticket import Classes, Head, Mask, Network
from scratchcard.ticket.heads.classes import spread

SMOOTHING = 0.1  # of the labels, by default, where the temperature of a search is fitted
SHARPNESS = 2.0
STEPS = 15
SPREAD = 1.0  # nats between classes at random masks
MASKS = 8
ROWS = 1024


def search_temperature(network: Network, rows: Rows, density: float) -> float:
    """Temperature that gives random masks of this density logits with a spread of one nat."""
    random = np.random.default_rng(0)
    first, weights = distinct(rows.inputs, rows.weights)
    inputs, weights = rows.inputs[first[:ROWS]], weights[:ROWS]
    squares = []
    for _ in range(MASKS):
        mask = Mask.random(network.layers, density, random)
        squares.append(spread(network.outputs(mask, inputs), weights) ** 2)
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


def calibrated(
    head: Head, network: Network, mask: Mask, rows: Rows, smoothing: float | None = None
) -> Head:
    """Return the head, calibrated to what the mask answers for these rows.

    smoothing : how far the rows are mistrusted because the mask was fitted to them, such as
    :data:`SMOOTHING`; None for rows that it was not fitted to.
    """
    outputs = network.outputs(mask, rows.inputs)
    return head.calibrated(outputs, rows.targets, rows.weights, smoothing)


def calibrated_temperature(
    network: Network, mask: Mask, rows: Rows, smoothing: float | None = None
) -> float:
    """Return the temperature at which classes are calibrated to these rows."""
    head = Classes(network.n_outputs)
    return calibrated(head, network, mask, rows, smoothing).temperature


def accuracy(network: Network, mask: NDArray[np.uint8], rows: Rows) -> float:
    """Return the weighted share of rows whose label is right; mask: (n_weights,)."""
    outputs = network.outputs(Mask.from_flat(network.layers, mask), rows.inputs)
    return float(np.average(outputs.argmax(axis=1) == rows.targets, weights=rows.weights))
