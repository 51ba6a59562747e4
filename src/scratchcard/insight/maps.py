"""Maps: what stays of each layer of a ticket with convolutions, and what it makes of a row. NumPy.

A convolution reads all pixels alike, so what a single pixel is worth says little of such a ticket;
its layers say more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.ticket import Ticket

__all__ = ["LayerUse", "layers_of"]


class LayerUse(NamedTuple):
    """What stays of a layer.

    Attributes
    ----------
    layer : str
        The layer in a few characters, as conv32x3s2 or 10.
    shape : tuple of int
        Its units, and of maps their height and width.
    weights, survivors : int
        How many weights it has, and how many of them stay.
    units : int
        Units that a survivor leads to.
    kernels, kernels_used : int or None
        Kernels that it has, one for each map and each map below, and those of which a weight stays;
        None for a layer that is no convolution.
    """

    layer: str
    shape: tuple[int, ...]
    weights: int
    survivors: int
    units: int
    kernels: int | None
    kernels_used: int | None

    @property
    def density(self) -> float:
        """Share of the weights that stay."""
        return self.survivors / self.weights


def layers_of(ticket: Ticket) -> list[LayerUse]:
    """Return what stays of each layer of a ticket.

    Parameters
    ----------
    ticket : Ticket
        The ticket.

    Returns
    -------
    list of LayerUse
        The first layer first.
    """
    found = []
    for number, layer in enumerate(ticket.network.layers):
        kept = ticket.mask.array(number)
        weights = kept.reshape(layer.units, layer.units_below, layer.span)
        kernels: npt.NDArray[np.bool_] = weights.max(axis=2)
        found.append(
            LayerUse(
                layer=str(layer),
                shape=layer.shape,
                weights=layer.n_weights,
                survivors=int(np.count_nonzero(kept)),
                units=int(np.count_nonzero(kernels.max(axis=1))),
                kernels=kernels.size if layer.reads_maps else None,
                kernels_used=int(np.count_nonzero(kernels)) if layer.reads_maps else None,
            )
        )
    return found
