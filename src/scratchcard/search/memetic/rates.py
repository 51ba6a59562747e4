"""Rates: which share of the proposals in each layer is tried, where some cost far more than others.

A flip in a layer of maps changes a sum at every position, and what changes goes up through all
layers above. In a network of two convolutions, a flip in the first costs hundreds of times one in
the last layer. So in a layer where a flip costs sixteen times as much, half as many of the
proposals are tried. Below the last layer of maps none are tried after the first tenth of a search:
what such a flip changes, everything above has to be fitted to anew.

Where there are maps, proposals into one map follow one another: what is kept of it is large, and
stays in the processor's cache meanwhile.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scratchcard.ticket import Layer, Network

__all__ = ["costs_of", "count_lower", "rates_of", "runs_of"]

EARLY = 0.1  # share of a search in which all layers change
POWER = 0.25  # a rate falls with this power of what a flip costs
RUN = 16  # most proposals that follow one another into one map; an eighth of its weights, if fewer
OF_OUTPUT = 3.0  # what it costs to read an output anew, in additions: it is exponentiated, too


def costs_of(network: Network) -> NDArray[np.float64]:
    """Return about how many additions a trial in each layer takes for one row.

    Half of the weights are thought to survive.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    ndarray of shape (n_layers,)
        The costs, the first layer first.
    """
    costs, above = [], None
    of_unit = of_all = OF_OUTPUT * network.n_outputs  # if one unit changes, if all change
    for layer in reversed(network.layers):
        if above is not None:
            weights = above.units * _sums(above) / 2
            of_unit, of_all = of_all + weights * above.span, of_all + weights * above.fan_in
        costs.append(_sums(layer) + of_unit)
        above = layer
    return np.array(costs[::-1])


def count_lower(network: Network) -> int:
    """Return how many layers are below the last one of maps.

    Parameters
    ----------
    network : Network
        A network with maps.

    Returns
    -------
    int
        The number, from the first layer on.
    """
    return sum(layer.geometry is not None for layer in network.layers) - 1


def rates_of(network: Network, fraction: float) -> NDArray[np.float64]:
    """Return which share of the proposals in each layer is tried.

    Parameters
    ----------
    network : Network
        The network.
    fraction : float
        Share of the search that is over, 0 to 1.

    Returns
    -------
    ndarray of shape (n_layers,)
        The shares, 1 for all layers of a network without maps.
    """
    if not network.has_maps:
        return np.ones(network.n_layers)
    costs = costs_of(network)
    rates = (costs.min() / costs) ** POWER
    if fraction >= EARLY:
        rates[: count_lower(network)] = 0.0
    found: NDArray[np.float64] = rates
    return found


def runs_of(network: Network) -> NDArray[np.int64]:
    """Return how many proposals follow one another into the same unit.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    ndarray of shape (n_layers,)
        The numbers, 1 for all layers without maps.
    """
    if not network.has_maps:
        return np.ones(network.n_layers, dtype=np.int64)
    lengths = [
        1 if layer.geometry is None else max(1, min(RUN, layer.fan_in // 8))
        for layer in network.layers
    ]
    return np.array(lengths, dtype=np.int64)


def _sums(layer: Layer) -> int:
    """Return how many sums a unit has."""
    there = layer.geometry
    return 1 if there is None else math.prod((there.rows, there.columns))
