"""The temperature: one positive number that turns outputs into logits. It never changes a label.

Before a search it is set from the network alone: outputs of random masks, as dense as the search
may become, get a typical spread of one nat between classes. So softmax objectives start neither
flat nor saturated, whatever the network, and nothing has been trained. After a search it is fitted to
validation rows, so that ``predict_proba`` is calibrated (temperature scaling: Guo et al. 2017,
"On Calibration of Modern Neural Networks").
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from scratchcard.engines.rows import Rows
from scratchcard.mask import Mask
from scratchcard.network import Network

SPREAD = 1.0  # nats between classes at random masks
MASKS = 8
ROWS = 1024
WIDEST = 14.0  # the fitted temperature lies within e**±14 of the one that gives unit spread


def search_temperature(network: Network, rows: Rows, density: float) -> float:
    """Temperature that gives random masks of this density logits with a spread of one nat."""
    random = np.random.default_rng(0)
    inputs = rows.inputs[:: max(1, len(rows) // ROWS)][:ROWS]
    squares = [
        _spread(network.outputs(Mask.random(network.shapes, density, random), inputs)) ** 2
        for _ in range(MASKS)
    ]
    return float(np.float32(SPREAD / max(np.sqrt(np.mean(squares)), 1.0)))


def calibrated_temperature(network: Network, mask: Mask, rows: Rows) -> float:
    """Temperature with the least cross-entropy on ``rows``, float32."""
    outputs = network.outputs(mask, rows.inputs).astype(np.float64)
    target = outputs[np.arange(len(rows)), rows.targets]
    unit = 1.0 / max(_spread(outputs), 1.0)

    def loss(log_scale: float) -> float:
        t = unit * np.exp(log_scale)
        return float(
            np.average(logsumexp(outputs * t, axis=1) - target * t, weights=rows.weights)
        )

    found = minimize_scalar(loss, bounds=(-WIDEST, WIDEST), method="bounded")
    return float(np.float32(unit * np.exp(found.x)))


def _spread(outputs: np.ndarray) -> float:
    """Root mean square of the outputs, each row's mean taken away."""
    outputs = outputs.astype(np.float64)
    return float(np.sqrt(np.mean((outputs - outputs.mean(axis=1, keepdims=True)) ** 2)))
