"""The metrics that are compared: an objective, and how sharp its softmax is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import IncrementalEngine
from scratchcard.objectives import OBJECTIVES, Objective
from scratchcard.rows import Rows
from scratchcard.search import own_temperature, retempered, search_temperature
from scratchcard.ticket import Mask, Network

FlatMask = NDArray[np.uint8]  # (n_weights,)


@dataclass(frozen=True)
class Metric:
    """An objective, and whether its temperature is fitted to the mask, as in the memetic search."""

    name: str
    objective: Objective
    scaled: bool


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", OBJECTIVES["accuracy"], False),
        Metric("balanced_accuracy", OBJECTIVES["balanced_accuracy"], False),
        Metric("cross_entropy", OBJECTIVES["cross_entropy"], False),
        Metric("scaled_cross_entropy", OBJECTIVES["cross_entropy"], True),
        Metric("brier", OBJECTIVES["brier"], True),
        Metric("margin", OBJECTIVES["margin"], True),
    )
}
"""Metrics by name. ``cross_entropy`` is at the scale of the float network that the integers stand
for, as in the paper. Scaled metrics take the temperature that the memetic search would."""


def metric_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of metrics, each once; raise ValueError that lists them for an unknown one."""
    found = tuple(dict.fromkeys(names))
    unknown = [name for name in found if name not in METRICS]
    if unknown or not found:
        got = repr(unknown[0]) if unknown else "none"
        raise ValueError(f"metrics takes names among {', '.join(METRICS)}, got {got}")
    return found


class Reader:
    """Computes metrics of masks of one network on one set of rows.

    Parameters
    ----------
    network, rows
        What masks are evaluated on.
    density : float
        The largest that the search allows, from which its first temperature follows.
    metrics : iterable of str
        Names of :data:`METRICS`.
    """

    def __init__(
        self, network: Network, rows: Rows, density: float, metrics: Iterable[str] = tuple(METRICS)
    ) -> None:
        self.network, self.rows = network, rows
        self.lowest = search_temperature(network, rows, density)
        self.plain = own_temperature(network, self.lowest)
        self.engines = {
            name: IncrementalEngine(network, rows, METRICS[name].objective, self.plain)
            for name in metric_names(metrics)
        }

    def temperature(self, mask: FlatMask) -> float:
        """Return the temperature that the memetic search would give this mask, in nats per unit."""
        outputs = self.network.outputs(Mask.from_flat(self.network.layers, mask), self.rows.inputs)
        return retempered(outputs, self.rows, self.lowest, self.lowest)

    def temper(self, mask: FlatMask) -> float:
        """Fit the scaled metrics to this mask and return the temperature, in nats per unit.

        States of engines that were made before can no longer be used.
        """
        temperature = self.temperature(mask)
        for name, engine in self.engines.items():
            engine.temper(temperature if METRICS[name].scaled else self.plain)
        return temperature

    def values(self, masks: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        """Return each metric of masks, (n, n_weights), as losses, (n,); lower is better."""
        return {
            name: engine.values(engine.evaluate(masks)) for name, engine in self.engines.items()
        }
