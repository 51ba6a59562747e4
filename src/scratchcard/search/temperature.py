"""The temperature: one positive number that turns outputs into logits. It never changes a label.

Before a search it is set from the network alone: outputs of random masks, as dense as the search
may become, get a typical spread of one nat between classes. So softmax objectives start neither
flat nor saturated, whatever the network, and nothing has been trained. Where there are maps, the
random masks keep at most a fifth of the weights: outputs keep the size that they had to get in the
beginning, and if that asks for many weights, the search is slow and stays behind.

After a search it is fitted to validation rows, so that ``predict_proba`` is calibrated (temperature
scaling: Guo et al. 2017, "On Calibration of Modern Neural Networks").

Neither depends on the order of the rows, nor on whether a row of weight 2 stands there once or
twice: both read distinct rows, so that not even a rounding differs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scratchcard.distinct import distinct
from scratchcard.objectives import Objective
from scratchcard.objectives.tempering import SHARPNESS, SMOOTHING, SOFTMAX, retempered
from scratchcard.rows import Rows
from scratchcard.ticket import Classes, Head, Mask, Network, Reading

__all__ = [
    "SHARPNESS",
    "SMOOTHING",
    "accuracy",
    "calibrated",
    "calibrated_temperature",
    "first_reading",
    "retempered",
    "search_temperature",
]

# Before a search outputs are read by those of MASKS random masks, for at most ROWS rows; a row of
# maps takes a thousand times as long, and an eighth of them tells enough.
MASKS, ROWS, ROWS_OF_MAPS = 8, 1024, 128
DENSITY_OF_MAPS = 0.2  # most of these masks where there are maps, however many may survive


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
    return SOFTMAX.first(*_random_outputs(network, rows, density))


def first_reading(objective: Objective, network: Network, rows: Rows, density: float) -> Reading:
    """Return how an objective reads outputs before a search: for classes, the temperature.

    Parameters
    ----------
    objective : Objective
        The objective.
    network : Network
        The random network.
    rows : Rows
        Training rows; targets are not read.
    density : float
        Density that the search may reach, 0 to 1.

    Returns
    -------
    Reading
        The reading.
    """
    if network.has_maps:
        density = min(density, DENSITY_OF_MAPS)
    return objective.tempering.first(*_random_outputs(network, rows, density))


def _random_outputs(
    network: Network, rows: Rows, density: float
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Return the outputs of random masks for some distinct rows, and the weights of these."""
    random = np.random.default_rng(0)
    first, weights = distinct(rows.inputs, rows.weights)
    most = ROWS_OF_MAPS if network.has_maps else ROWS
    inputs, weights = rows.inputs[first[:most]], weights[:most]
    masks = [Mask.random(network.layers, density, random) for _ in range(MASKS)]
    return [network.outputs(mask, inputs) for mask in masks], weights


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
