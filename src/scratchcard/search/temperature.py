"""The temperature: one positive number that turns outputs into logits. It never changes a label.

Before a search it is set from the network alone: outputs of random masks, as dense as the search
may become, get a typical spread of one nat between classes. So softmax objectives start neither
flat nor saturated, whatever the network, and nothing has been trained. After a search it is fitted
to validation rows, so that ``predict_proba`` is calibrated (temperature scaling: Guo et al. 2017,
"On Calibration of Modern Neural Networks").

Neither depends on the order of the rows, nor on whether a row of weight 2 stands there once or
twice: both read distinct rows, so that not even a rounding differs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from scratchcard.distinct import distinct
from scratchcard.rows import Rows
from scratchcard.ticket import Classes, Head, Mask, Network
from scratchcard.ticket.heads.classes import spread

# What the temperature of a search is fitted with by default: the share of a target that is spread
# over all classes, and the multiple of the fitted temperature that the search takes.
SMOOTHING, SHARPNESS = 0.1, 2.0
# The fit tries lowest * 2**(k / 2) for k below this: up to 128 times; moons need 30 to 60.
STEPS = 15
# The temperature before a search gives the outputs of MASKS random masks, for at most ROWS rows, a
# spread between classes of SPREAD nats.
MASKS, ROWS, SPREAD = 8, 1024, 1.0


def search_temperature(network: Network, rows: Rows, density: float) -> float:
    """Return the temperature that gives random masks logits with a spread of one nat.

    Parameters
    ----------
    network : Network
        The random network.
    rows : Rows
        Training rows; labels are not read.
    density : float
        Density of the random masks, 0 to 1.

    Returns
    -------
    float
        Nats of logit per unit of output.
    """
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
    """Return the temperature for the next generation of a search.

    It is ``sharpness`` times the temperature at which the label-smoothed cross-entropy is least,
    and at least ``sharpness`` times ``lowest``. The fit goes in steps of a factor of sqrt(2), so
    that no rounding decides, and downhill from ``now``, because the loss is convex in the
    temperature.

    A fixed temperature would leave the softmax flat once the outputs separate the classes well, and
    rows near the boundary between classes would hardly change the loss. With a ``sharpness`` above
    1 a search gives more weight to which side of the boundary a row is on; with 1 it gives more
    weight to probabilities that fit. The smoothing keeps the temperature finite where no training
    error is left.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_outputs) of integers
        Outputs of the best individual.
    rows : Rows
        The rows that they are of; inputs are not read.
    lowest : float
        Lowest temperature that is fitted.
    now : float
        The temperature of the last generation.
    sharpness : float
        The multiple of the fitted temperature.
    smoothing : float
        Share of a target that is spread over all classes, above 0 to 1.

    Returns
    -------
    float
        Nats of logit per unit of output.
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


def answered_by_neighbours(outputs: NDArray[np.integer], rows: Rows) -> Rows:
    """Return the rows, each with what is answered for the row beside it in its group as target.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_outputs) of integers
        Outputs for the rows.
    rows : Rows
        The rows; their targets are not read.

    Returns
    -------
    Rows
        The rows with other targets.
    """
    answers = outputs.argmax(axis=1).reshape(-1, rows.group)
    return rows.with_targets(np.roll(answers, 1, axis=1).ravel())


def calibrated(
    head: Head, network: Network, mask: Mask, rows: Rows, smoothing: float | None = None
) -> Head:
    """Return the head, calibrated to what the mask answers for these rows.

    Parameters
    ----------
    head : Head
        The head.
    network : Network
        The random network.
    mask : Mask
        The mask.
    rows : Rows
        The rows to calibrate to: validation rows, or training rows where there are none.
    smoothing : float or None
        How far the rows are mistrusted because the mask was fitted to them, such as 0.1; None for
        rows that it was not fitted to.

    Returns
    -------
    Head
        The head with the fitted temperature.
    """
    outputs = network.outputs(mask, rows.inputs)
    return head.calibrated(outputs, rows.targets, rows.weights, smoothing)


def calibrated_temperature(
    network: Network, mask: Mask, rows: Rows, smoothing: float | None = None
) -> float:
    """Return the temperature at which the probabilities of classes are calibrated to these rows.

    Parameters
    ----------
    network : Network
        The random network.
    mask : Mask
        The mask.
    rows : Rows
        The rows to calibrate to: validation rows, or training rows where there are none.
    smoothing : float or None
        How far the rows are mistrusted because the mask was fitted to them, such as 0.1; None for
        rows that it was not fitted to.

    Returns
    -------
    float
        Nats of logit per unit of output.
    """
    head = Classes(network.n_outputs)
    return calibrated(head, network, mask, rows, smoothing).temperature


def accuracy(network: Network, mask: NDArray[np.uint8], rows: Rows) -> float:
    """Return the weighted share of rows whose label is right.

    Parameters
    ----------
    network : Network
        The random network.
    mask : ndarray of shape (n_weights,), uint8
        A flat mask.
    rows : Rows
        The rows.

    Returns
    -------
    float
        The accuracy, 0 to 1.
    """
    outputs = network.outputs(Mask.from_flat(network.layers, mask), rows.inputs)
    return float(np.average(outputs.argmax(axis=1) == rows.targets, weights=rows.weights))
