"""All one-flip neighbours of a mask: which flips are neutral, better or worse, and by how much."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.research.landscape.measures.metrics import FlatMask, Reader
from scratchcard.ticket import Network

ROUNDING = 1e-12  # values are computed from integers: a smaller difference is no difference
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Neighbourhood:
    """What each flip of one connection does to one metric of a mask.

    Parameters
    ----------
    mask : (n_weights,) array
        The flat mask.
    value : float
        Its own loss.
    changes : (n_weights,) array
        What each flip adds to the loss; exactly 0 where nothing changes.
    seconds : float
        What computing them took.
    """

    mask: FlatMask
    value: float
    changes: NDArray[np.float64]
    seconds: float

    @property
    def is_local_optimum(self) -> bool:
        """Whether no flip makes it better."""
        return not bool((self.changes < 0).any())

    @property
    def neutral_removals(self) -> int:
        """How many survivors could be dropped, one at a time, without changing the metric."""
        return int(np.count_nonzero((self.changes == 0) & (self.mask == 1)))

    def summary(self, members: Bools) -> dict[str, Any]:
        """Return shares of neutral, better and worse flips among some flips, and their changes."""
        changes = self.changes[members]
        moved = np.abs(changes[changes != 0])
        found: dict[str, Any] = {
            "flips": changes.size,
            "better_flips": int(np.count_nonzero(changes < 0)),
            "neutral": _share(changes == 0),
            "better": _share(changes < 0),
            "worse": _share(changes > 0),
            "mean_change_if_any": float(moved.mean()) if moved.size else 0.0,
        }
        quantiles = np.quantile(changes, QUANTILES) if changes.size else np.zeros(len(QUANTILES))
        names = (f"change_{100 * q:g}%" for q in QUANTILES)
        return found | dict(zip(names, map(float, quantiles), strict=True))


def neighbourhood(reader: Reader, metric: str, mask: FlatMask) -> Neighbourhood:
    """Compute one metric of all one-flip neighbours of a mask, exactly."""
    engine = reader.engines[metric]
    state = engine.state(mask)
    flips = np.arange(mask.size)
    engine.values(engine.trial_flips(state, flips[:1]))  # compiled before the clock starts
    began = time.perf_counter()
    value = engine.values(engine.sums(state)[None])[0]
    changes = engine.values(engine.trial_flips(state, flips)) - value
    changes[np.abs(changes) < ROUNDING] = 0.0
    return Neighbourhood(mask, float(value), changes, time.perf_counter() - began)


def groups(network: Network, mask: FlatMask) -> Iterator[tuple[str, Bools]]:
    """Yield the names of groups of flips, and which flips they hold, (n_weights,) booleans.

    The groups are: all; additions and removals; each layer; and three by where the connection is:
    on a path from an input to an output; from a unit that no input reaches, so that only its bias
    counts, to an output; or into a unit that feeds no output, which is dead and always neutral.
    """
    yield "all", np.ones(mask.size, dtype=np.bool_)
    yield "additions", mask == 0
    yield "removals", mask == 1
    for layer in range(network.n_layers):
        members = np.zeros(mask.size, dtype=np.bool_)
        members[network.offsets[layer] : network.offsets[layer + 1]] = True
        yield f"layer {layer + 1}", members
    reached, feeding = _ends(network, mask)
    yield "on a path", reached & feeding
    yield "bias only", ~reached & feeding
    yield "dead", ~feeding


def _ends(network: Network, mask: FlatMask) -> tuple[Bools, Bools]:
    """Return whether inputs reach each connection's source, and its target feeds an output."""
    kept = np.split(mask == 1, network.offsets[1:-1])
    sources = [layer.sources(np.arange(layer.n_weights)) for layer in network.layers]
    targets = [layer.targets(np.arange(layer.n_weights)) for layer in network.layers]
    reached = [np.ones(network.layers[0].units_below, dtype=np.bool_)]
    for layer, bits, source, target in zip(network.layers, kept, sources, targets, strict=True):
        found = np.zeros(layer.units, dtype=np.bool_)
        found[target[bits & reached[-1][source]]] = True
        reached.append(found)
    feeding = [np.ones(network.n_outputs, dtype=np.bool_)]
    for number in reversed(range(1, network.n_layers)):
        found = np.zeros(network.layers[number].units_below, dtype=np.bool_)
        found[sources[number][kept[number] & feeding[0][targets[number]]]] = True
        feeding.insert(0, found)
    return (
        np.concatenate([one[source] for one, source in zip(reached, sources, strict=False)]),
        np.concatenate([one[target] for one, target in zip(feeding, targets, strict=True)]),
    )


def _share(members: Bools) -> float:
    return float(members.mean()) if members.size else 0.0
