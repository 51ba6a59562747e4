"""What a trial must touch, whoever decides it: bytes and exponentials for each row it reads.

A flip changes the sum of one hidden unit. From there the change travels along the connections that
stay. For each row that is judged, a trial that keeps what is known must at least

- read the activation that the flipped connection carries: 1 byte of an input, 2 of a hidden unit;
- read the sum of every hidden unit that is met: 4 bytes;
- read output and exponential of every class that is met, 8 bytes, and make a new exponential;
- read the sum of the exponentials, the target and the row's old loss, 9 bytes, and take a
  logarithm.

A candidate that is turned down needs nothing written. Units whose activation happens to stay the
same are counted as if it changed, so this is a little above the true least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scratchcard import Mask, Network

PROPOSALS = 2_000  # flips averaged over
REMOVED = 0.5  # of them scratch a connection off; the others add one


@dataclass(frozen=True)
class Footprint:
    """Means over random flips, for each row."""

    units: float  # hidden units met
    classes: float  # classes met
    edges: float  # connections that carry the change on
    bytes: float
    exps: float  # exponentials, and logarithms, which cost about as much


def footprint(network: Network, mask: Mask, seed: int) -> Footprint:
    """The mean over flips of which half remove and half add a connection."""
    random = np.random.default_rng(seed)
    flat = mask.flat()
    there, absent = np.flatnonzero(flat), np.flatnonzero(flat == 0)
    n_removed = int(REMOVED * PROPOSALS)
    flips = np.concatenate(
        [random.choice(there, n_removed), random.choice(absent, PROPOSALS - n_removed)]
    )
    layers = mask.arrays()
    found = np.array([_reached(network, layers, int(flip)) for flip in flips], dtype=float)
    units, classes, edges, source = found.mean(axis=0)
    met = float(np.mean(found[:, 1] > 0))  # of the flips; the others change no output
    n_bytes = source + 4 * units + 8 * classes + 9 * met
    return Footprint(units, classes, edges, n_bytes, classes + met)


def _reached(
    network: Network, layers: list[NDArray[np.bool_]], flip: int
) -> tuple[int, int, int, int]:
    """Hidden units, classes, connections, and bytes of the source of one flip."""
    layer = int(np.searchsorted(network.offsets, flip, side="right")) - 1
    fan_in = network.shapes[layer][1]
    changed = np.array([(flip - network.offsets[layer]) // fan_in])
    units = edges = 0
    for bits in layers[layer + 1 :]:
        units += len(changed)
        carried = bits[:, changed]
        edges += int(carried.sum())
        changed = np.flatnonzero(carried.any(axis=1))
    return units, len(changed), edges, 1 if layer == 0 else 2
