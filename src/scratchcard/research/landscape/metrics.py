"""The metrics that are compared: an objective, and how sharp its softmax is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines import IncrementalEngine
from scratchcard.objectives import OBJECTIVES, Objective
from scratchcard.rows import Rows
from scratchcard.search.genetic.search import own_temperature
from scratchcard.search.temperature import retempered, search_temperature
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network

Flat = NDArray[np.uint8]  # (n_weights,) a flat mask


@dataclass(frozen=True)
class Metric:
    """An objective, and whether its temperature is fitted to the mask, as our search does."""

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
"""By name. ``cross_entropy`` is plain: at the scale of the float network that the integers stand
for, as in the paper. Those that are scaled take the temperature that the memetic search would."""


def metric_names(names: Iterable[str]) -> tuple[str, ...]:
    """Check the names of metrics; raises ValueError that lists those there are."""
    found = tuple(dict.fromkeys(names))
    unknown = [name for name in found if name not in METRICS]
    if unknown or not found:
        got = repr(unknown[0]) if unknown else "none"
        raise ValueError(f"metrics takes names among {', '.join(METRICS)}, got {got}")
    return found


class Reader:
    """Reads metrics of masks of one network on one set of rows, by incremental engines.

    Parameters
    ----------
    network, rows : what masks are read on.
    density : the greatest that the search allows, from which its first temperature follows.
    metrics : names of :data:`METRICS`.
    """

    def __init__(
        self, network: Network, rows: Rows, density: float, metrics: Iterable[str] = tuple(METRICS)
    ) -> None:
        self.network, self.rows = network, rows
        self.calm = search_temperature(network, rows, density)
        self.plain = own_temperature(network, self.calm)
        self.engines = {
            name: IncrementalEngine(network, rows, METRICS[name].objective, self.plain)
            for name in metric_names(metrics)
        }

    def temperature(self, mask: Flat) -> float:
        """The temperature that the memetic search would give this mask, nats per unit."""
        outputs = self.network.outputs(Mask.from_flat(self.network.layers, mask), self.rows.inputs)
        return retempered(outputs, self.rows, self.calm, self.calm)

    def temper(self, mask: Flat) -> float:
        """Fit the scaled metrics to this mask; states made before are void. Returns nats/unit."""
        temperature = self.temperature(mask)
        for name, engine in self.engines.items():
            engine.temper(temperature if METRICS[name].scaled else self.plain)
        return temperature

    def values(self, masks: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        """Each metric of masks (n, n_weights): (n,) losses, lower is better."""
        return {
            name: engine.values(engine.evaluate(masks)) for name, engine in self.engines.items()
        }
