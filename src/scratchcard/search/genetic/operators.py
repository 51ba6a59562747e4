"""Operators of the genetic algorithm: small functions over masks, chosen by name. NumPy only.

Masks are (n, n_weights) uint8 arrays of 0 and 1, in the flat order of the network. An operator
returns new masks, is never handed an empty array, and takes all chance from ``random``. A new one
is a function here (or anywhere: the function itself can be passed) and a row in a table below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from scratchcard.ticket.network import Network

Masks = NDArray[np.uint8]
Random = np.random.Generator

#: (network, n, density, random) -> (n, n_weights) masks out of nothing.
Migration = Callable[[Network, int, float, Random], Masks]
#: (network, firsts (n, n_weights), mates (n, n_weights), random) -> (n, n_weights) children.
Recombination = Callable[[Network, Masks, Masks, Random], Masks]
#: (network, masks (n, n_weights), random) -> (n, n_weights) mutants.
Mutation = Callable[[Network, Masks, Random], Masks]
#: (objectives (n,), surviving (n,), size) -> (size,) indices of those that live on, best first.
Selection = Callable[[NDArray[np.float64], NDArray[np.int64], int], NDArray[np.intp]]

Operator = TypeVar("Operator")


def random_masks(network: Network, n: int, density: float, random: Random) -> Masks:
    """Each weight stays with probability ``density``."""
    shape = (n, network.n_weights)
    if density == 0.5:
        return _coins(shape, random)
    return (random.random(shape) < density).astype(np.uint8)


def uniform_crossover(network: Network, firsts: Masks, mates: Masks, random: Random) -> Masks:
    """Each bit comes from the one or the other (Syswerda 1989)."""
    return firsts ^ ((firsts ^ mates) & _coins(firsts.shape, random))


def flip_bit(network: Network, masks: Masks, random: Random) -> Masks:
    """One bit of each mask flips, every bit as likely as any other."""
    return _flipped(masks, random.integers(0, network.n_weights, len(masks)))


def flip_bit_of_layer(network: Network, masks: Masks, random: Random) -> Masks:
    """One bit of each mask flips: first its layer is drawn, then one of the layer's bits."""
    starts = np.array(network.offsets)
    layers = random.integers(0, network.n_layers, len(masks))
    return _flipped(masks, random.integers(starts[layers], starts[layers + 1]))


def lexicographic(
    objectives: NDArray[np.float64], surviving: NDArray[np.int64], size: int
) -> NDArray[np.intp]:
    """The best by objective, then by fewer weights; of equals, those that were there before."""
    return np.lexsort((surviving, objectives))[:size]


MIGRATIONS: dict[str, Migration] = {"random": random_masks}
RECOMBINATIONS: dict[str, Recombination] = {"uniform": uniform_crossover}
MUTATIONS: dict[str, Mutation] = {"bit": flip_bit, "layer_bit": flip_bit_of_layer}
SELECTIONS: dict[str, Selection] = {"lexicographic": lexicographic}


def operator(kind: str, known: Mapping[str, Operator], chosen: str | Operator) -> Operator:
    """The operator of this name, or the operator itself."""
    if not isinstance(chosen, str):
        if not callable(chosen):
            raise ValueError(f"{kind} takes a name or a function, got {chosen!r}")
        return chosen
    if chosen not in known:
        raise ValueError(f"{kind} takes one of {', '.join(known)}, or a function, got {chosen!r}")
    return known[chosen]


def thinned(masks: Masks, max_survivors: int, random: Random) -> Masks:
    """The masks with no more than so many survivors each, which of them left to chance."""
    masks = masks.copy()
    for mask in masks:
        kept = np.flatnonzero(mask)
        if kept.size > max_survivors:
            mask[random.choice(kept, kept.size - max_survivors, replace=False)] = 0
    return masks


def is_connected(network: Network, mask: Masks) -> bool:
    """Whether a path of survivors leads from an input to an output; mask (n_weights,)."""
    reached = np.ones(network.n_inputs, dtype=np.uint8)
    for layer, shape in enumerate(network.shapes):
        bits = mask[network.offsets[layer] : network.offsets[layer + 1]].reshape(shape)
        reached = (bits & reached).max(axis=1)
    return bool(reached.any())


def _coins(shape: tuple[int, ...], random: Random) -> Masks:
    """Fair bits."""
    n = int(np.prod(shape))
    bits = np.frombuffer(random.bytes(-(-n // 8)), dtype=np.uint8)
    return np.unpackbits(bits, count=n).reshape(shape)


def _flipped(masks: Masks, indices: NDArray[np.int64]) -> Masks:
    masks = masks.copy()
    masks[np.arange(len(masks)), indices] ^= 1
    return masks
