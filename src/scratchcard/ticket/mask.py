"""Mask: one bit per weight, stays or is scratched off; immutable and packed. NumPy only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_int
from scratchcard.ticket.layers import Dense, Layer, architecture_of
from scratchcard.ticket.packed import Bytes, Ints, clear_ones, count_ones, ones, unpacked

__all__ = ["MAX_MASKED", "Mask", "Sources", "random_bits_of"]

MAX_MASKED = 1 << 31  # most weights of a network, all layers together

Layers = Sequence[Layer | tuple[int, int]]
Bools = npt.NDArray[np.bool_]

_CHUNK = 1 << 20  # random numbers that are drawn at once


@dataclass(frozen=True, repr=False)
class Mask:
    """Which weights of a network stay. Two masks are equal when their layers and bits are.

    Parameters
    ----------
    layers : sequence of Layer, or of (fan_out, fan_in) pairs
        A network's ``layers``, each of which stands on the one before. A pair stands for a dense
        layer.
    bits : bytes or ndarray of uint8
        The bits packed as by ``np.packbits`` (the first weight in the highest bit of the first
        byte, spare bits 0) in the flat order used everywhere: layer by layer, within a layer unit
        by unit.

    Raises
    ------
    ValueError
        For layers that do not stand on each other or hold more than 2**31 weights, for a wrong
        number of bytes, and for spare bits that are not 0.
    """

    layers: tuple[Layer, ...]
    bits: bytes

    def __init__(self, layers: Layers, bits: bytes | npt.NDArray[np.uint8]) -> None:
        object.__setattr__(self, "layers", _as_layers(layers))
        if isinstance(bits, np.ndarray) and bits.dtype != np.uint8:
            raise ValueError(f"bits takes bytes or a uint8 array, got {bits.dtype} values")
        if not isinstance(bits, (bytes, bytearray, memoryview, np.ndarray)):
            raise ValueError(f"bits takes bytes or a uint8 array, got {type(bits).__name__}")
        object.__setattr__(self, "bits", bytes(bits))
        n_bytes, spare = -(-self.n_weights // 8), -self.n_weights % 8
        if len(self.bits) != n_bytes:
            raise ValueError(
                f"bits takes {n_bytes} bytes for {self.n_weights} weights, got {len(self.bits)}"
            )
        if self.bits[-1] & ((1 << spare) - 1):
            raise ValueError(f"bits takes 0 in the {spare} spare bits of the last byte")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.layers, self.bits)

    def __repr__(self) -> str:
        shape = architecture_of(self.layers)
        kept = f"{self.surviving} of {self.n_weights} weights"
        return f"<Mask {shape}: {kept}, density {self.density:.4f}>"

    # -- making one ------------------------------------------------------------------------------

    @classmethod
    def from_flat(cls, layers: Layers, flat: npt.ArrayLike) -> Mask:
        """Make a mask from a flat vector.

        Parameters
        ----------
        layers : sequence of Layer, or of (fan_out, fan_in) pairs
            The layers of a network.
        flat : array-like of shape (n_weights,)
            Booleans, or integers 0 and 1, in flat order.

        Returns
        -------
        Mask
            The mask.

        Raises
        ------
        ValueError
            For anything else.
        """
        layers = _as_layers(layers)
        array, n_weights = np.asarray(flat), _count(layers)
        if array.shape != (n_weights,):
            raise ValueError(f"flat takes shape ({n_weights},), got {array.shape}")
        if array.dtype.kind not in "biu":
            raise ValueError(f"flat takes booleans or integers 0 and 1, got {array.dtype} values")
        if array.dtype != np.bool_ and (array.min() < 0 or array.max() > 1):
            raise ValueError(f"flat takes 0 and 1, got values {array.min()}..{array.max()}")
        return cls(layers, np.packbits(array.astype(np.bool_, copy=False)).tobytes())

    @classmethod
    def from_arrays(cls, arrays: Sequence[npt.ArrayLike]) -> Mask:
        """Make a mask of dense layers from one array for each layer.

        Parameters
        ----------
        arrays : sequence of array-like of shape (fan_out, fan_in)
            Booleans, or integers 0 and 1.

        Returns
        -------
        Mask
            The mask.

        Raises
        ------
        ValueError
            For anything else.
        """
        found = [np.asarray(array) for array in arrays]
        for i, array in enumerate(found):
            if array.ndim != 2:
                raise ValueError(f"arrays takes 2-D arrays, got shape {array.shape} at {i}")
        layers = _as_layers([(a.shape[0], a.shape[1]) for a in found])
        return cls.from_flat(layers, np.concatenate([a.reshape(-1) for a in found]))

    @classmethod
    def full(cls, layers: Layers) -> Mask:
        """Make the mask that keeps every weight.

        Parameters
        ----------
        layers : sequence of Layer, or of (fan_out, fan_in) pairs
            The layers of a network.

        Returns
        -------
        Mask
            The mask.
        """
        layers = _as_layers(layers)
        n_weights = _count(layers)
        bits = bytearray(b"\xff") * -(-n_weights // 8)
        bits[-1] &= 0xFF << (-n_weights % 8) & 0xFF
        return cls(layers, bytes(bits))

    @classmethod
    def random(cls, layers: Layers, density: float, rng: np.random.Generator) -> Mask:
        """Make a mask that keeps each weight independently of the others.

        Parameters
        ----------
        layers : sequence of Layer, or of (fan_out, fan_in) pairs
            The layers of a network.
        density : float
            Probability that a weight stays, 0 to 1.
        rng : numpy.random.Generator
            Draws the mask.

        Returns
        -------
        Mask
            The mask.

        Raises
        ------
        ValueError
            For anything else.
        """
        layers = _as_layers(layers)
        number = isinstance(density, (int, float, np.integer, np.floating))
        if not number or isinstance(density, bool) or not 0.0 <= density <= 1.0:
            raise ValueError(f"density takes a number 0..1, got {density!r}")
        if not isinstance(rng, np.random.Generator):
            raise ValueError(f"rng takes a numpy.random.Generator, got {type(rng).__name__}")
        return cls.from_flat(layers, random_bits_of(_count(layers), density, rng))

    # -- reading it ------------------------------------------------------------------------------

    def flat(self) -> npt.NDArray[np.uint8]:
        """Return the bits as a flat vector.

        Returns
        -------
        ndarray of shape (n_weights,), uint8
            0 and 1 in flat order, a fresh array.
        """
        return np.unpackbits(np.frombuffer(self.bits, np.uint8), count=self.n_weights)

    def arrays(self) -> list[Bools]:
        """Return the bits of each layer.

        Returns
        -------
        list of ndarray of shape (units, fan_in), bool
            A fresh array for each layer.
        """
        return [self.array(number) for number in range(len(self.layers))]

    def array(self, number: int) -> Bools:
        """Return the bits of one layer.

        Parameters
        ----------
        number : int
            The layer, counted from 0.

        Returns
        -------
        ndarray of shape (units, fan_in), bool
            A fresh array.
        """
        layer = self.layers[number]
        return unpacked(self._packed, *self._span(number)).reshape(layer.units, layer.fan_in)

    def survivors(self, number: int) -> Iterator[Ints]:
        """Yield, in pieces, which weights of a layer stay.

        Parameters
        ----------
        number : int
            The layer, counted from 0.

        Yields
        ------
        ndarray of shape (n,), int64
            Ascending indices within the layer.
        """
        return ones(self._packed, *self._span(number))

    def surviving_in(self, number: int) -> int:
        """Return how many weights of a layer stay.

        Parameters
        ----------
        number : int
            The layer, counted from 0.

        Returns
        -------
        int
            Number of surviving weights.
        """
        return count_ones(self._packed, *self._span(number))

    @property
    def _packed(self) -> Bytes:
        return np.frombuffer(self.bits, np.uint8)

    def _span(self, number: int) -> tuple[int, int]:
        """Return where the bits of a layer start and stop."""
        start = _count(self.layers[:number])
        return start, start + self.layers[number].n_weights

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape (units, fan_in) of each layer."""
        return tuple((layer.units, layer.fan_in) for layer in self.layers)

    @property
    def n_weights(self) -> int:
        """Number of weights that the network has, surviving or not."""
        return _count(self.layers)

    @cached_property
    def surviving(self) -> int:
        """Number of weights that stay."""
        parts = (self.bits[at : at + _CHUNK] for at in range(0, len(self.bits), _CHUNK))
        return sum(int.from_bytes(part, "big").bit_count() for part in parts)

    @property
    def density(self) -> float:
        """Surviving weights divided by all weights."""
        return self.surviving / self.n_weights

    @property
    def per_layer_density(self) -> tuple[float, ...]:
        """Density of each layer, the first layer first."""
        return tuple(
            self.surviving_in(number) / layer.n_weights for number, layer in enumerate(self.layers)
        )

    # -- paths -----------------------------------------------------------------------------------

    def effective(self) -> Mask:
        """Return the mask of only those weights that lie on a path from an input to an output.

        Returns
        -------
        Mask
            A new mask.
        """
        packed, reached = self._packed.copy(), None
        for number, layer in enumerate(self.layers):
            found = np.zeros(layer.units, np.bool_)
            for index in self.survivors(number):
                if reached is not None:
                    index = _cleared(
                        packed, self._span(number)[0], index, reached[layer.sources(index)]
                    )
                found[layer.targets(index)] = True
            reached = None if found.all() else found
        return self._without_dead(packed)

    @cached_property
    def effective_density(self) -> float:
        """Weights on a path from an input to an output, divided by all weights."""
        return self.effective().surviving / self.n_weights

    @property
    def is_connected(self) -> bool:
        """Whether a path leads from some input to some output."""
        return self.effective_density > 0

    @property
    def reads(self) -> Bools:
        """Which inputs a surviving weight reads, (n_inputs,)."""
        layer = self.layers[0]
        found = np.zeros(layer.n_sources, np.bool_)
        for index in self.survivors(0):
            found |= layer.read_by(index)
        return found

    def without_dead(self) -> Mask:
        """Return the mask without the weights that enter a hidden unit which feeds no output.

        Such a unit has no surviving weight to a unit that feeds an output. No output ever changes
        by this: unlike :meth:`effective`, it keeps units that only pass on a bias.

        Returns
        -------
        Mask
            A new mask.
        """
        return self._without_dead(self._packed.copy())

    def _without_dead(self, packed: Bytes) -> Mask:
        """Clear, in place, the weights into hidden units that feed no output, last layer first."""
        feeds = None
        for number in reversed(range(len(self.layers))):
            layer, (start, stop) = self.layers[number], self._span(number)
            found = np.zeros(layer.units_below if number else 0, np.bool_)
            for index in ones(packed, start, stop):
                if feeds is not None:
                    index = _cleared(packed, start, index, feeds[layer.targets(index)])
                if number:
                    found[layer.sources(index)] = True
            feeds = None if found.all() else found
        return type(self)(self.layers, packed)


def random_bits_of(n_weights: int, density: float, rng: np.random.Generator) -> Bytes:
    """Return a flat mask that keeps each weight independently of the others.

    Parameters
    ----------
    n_weights : int
        How many weights there are.
    density : float
        Probability that a weight stays, 0 to 1.
    rng : numpy.random.Generator
        Draws the mask.

    Returns
    -------
    ndarray of shape (n_weights,), uint8
        0 and 1.
    """
    flat = np.empty(n_weights, np.uint8)
    for start in range(0, flat.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        part[:] = rng.random(part.size) < density
    return flat


class Sources:
    """Finds which units below the survivors of a layer read.

    Parameters
    ----------
    layer : Layer
        The layer.
    count : int
        How many survivors will be added.
    """

    def __init__(self, layer: Layer, count: int) -> None:
        self._layer = layer
        few = layer.units_below > max(8 * count, _CHUNK)  # then a flag for each would be many
        self._flags = None if few else np.zeros(layer.units_below, np.bool_)
        self._units: list[Ints] = []

    def add(self, index: Ints) -> None:
        """Add survivors: indices within the layer."""
        if self._flags is None:
            self._units.append(np.unique(self._layer.sources(index)))
        else:
            self._flags[self._layer.sources(index)] = True

    def found(self) -> Ints | None:
        """Return the units below that some survivor reads, ascending; None for all of them."""
        if self._flags is None:
            return np.unique(np.concatenate([np.zeros(0, np.int64), *self._units]))
        return None if self._flags.all() else np.flatnonzero(self._flags)


def _cleared(packed: Bytes, start: int, index: Ints, stays: Bools) -> Ints:
    """Clear the survivors, bits ``start + index``, that do not stay, and return those that do."""
    if stays.all():
        return index
    clear_ones(packed, start + index[~stays])
    return index[stays]


def _count(layers: Sequence[Layer]) -> int:
    return sum(layer.n_weights for layer in layers)


def _as_layers(layers: Layers) -> tuple[Layer, ...]:
    if isinstance(layers, tuple) and all(isinstance(one, Layer) and one.below for one in layers):
        found: tuple[Layer, ...] = layers
    else:
        try:
            found = tuple(map(_as_layer, layers))
        except TypeError:
            raise ValueError(
                f"layers takes layers or (fan_out, fan_in) pairs, got {layers!r}"
            ) from None
    if not found:
        raise ValueError("layers takes at least one layer or (fan_out, fan_in) pair, got none")
    if _count(found) > MAX_MASKED:
        raise ValueError(f"layers takes at most 2**31 weights in all, got {_count(found)}")
    for first, second in pairwise(found):
        if first.shape != second.below:
            raise ValueError(
                f"layers takes layers that stand on each other, got one of shape {first.shape} "
                f"below one that stands on {second.below}"
            )
    return found


def _as_layer(layer: Layer | tuple[int, int]) -> Layer:
    if isinstance(layer, Layer):
        if not layer.below:
            raise ValueError(f"layers takes layers of a network, got {layer!r}, on its own")
        return layer
    try:
        fan_out, fan_in = layer
    except (TypeError, ValueError):
        raise TypeError from None
    sizes = (as_int("layers", size, 1, MAX_MASKED) for size in (fan_out, fan_in))
    units, below = sizes
    return Dense(units, below=(below,))
