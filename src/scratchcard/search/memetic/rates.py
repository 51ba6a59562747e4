"""Rates: which share of the proposals in each layer is tried."""

from __future__ import annotations

import os
import numpy as np
from numpy.typing import NDArray

from scratchcard.ticket import Network

__all__ = ["rates_of"]


def rates_of(network: Network, fraction: float) -> NDArray[np.float64]:
    rates = np.ones(network.n_layers)
    text = os.environ.get("RATES")
    if text and network.layers[0].positions > 1:
        first, then = text.split(";")
        given = first if fraction < 0.1 else then
        rates[:] = [float(x) for x in given.split(",")]
    return rates
