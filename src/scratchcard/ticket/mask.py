"""Mask: one bit per weight, stays or is scratched off; immutable, packed. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_int

__all__ = ["MAX_WEIGHTS", "Mask"]

MAX_WEIGHTS = 1 << 31  # in a network, all layers together

Shapes = tuple[tuple[int, int], ...]
Bools = npt.NDArray[np.bool_]

_CHUNK = 1 << 20  # random numbers drawn at once


@dataclass(frozen=True, repr=False)
class Mask:
    """Which weights of a network stay. Two masks are equal when their shapes and bits are.

    shapes: one (fan_out, fan_in) pair per layer, each fan_in the fan_out of the layer before.
    bits: the bits packed as by np.packbits (the first weight in the highest bit of the first byte,
    spare bits 0) in the flat order used everywhere: layer by layer, within a layer row-major
    (out, in).
    Raises ValueError for shapes that do not chain or hold more than 2**31 weights, for a wrong
    number of bytes, and for spare bits that are not 0.
    """

    shapes: Shapes
    bits: bytes

    def __init__(
        self, shapes: Sequence[tuple[int, int]], bits: bytes | npt.NDArray[np.uint8]
    ) -> None:
        object.__setattr__(self, "shapes", _as_shapes(shapes))
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
        return type(self), (self.shapes, self.bits)

    def __repr__(self) -> str:
        shape = "-".join(str(n) for n in (self.shapes[0][1], *(out for out, _ in self.shapes)))
        kept = f"{self.surviving} of {self.n_weights} weights"
        return f"<Mask {shape}: {kept}, density {self.density:.4f}>"

    # -- making one ------------------------------------------------------------------------------

    @classmethod
    def from_flat(cls, shapes: Sequence[tuple[int, int]], flat: npt.ArrayLike) -> Mask:
        """Make a mask of flat, (n_weights,) of booleans or of integers 0 and 1, in flat order."""
        shapes = _as_shapes(shapes)
        array, n_weights = np.asarray(flat), _count(shapes)
        if array.shape != (n_weights,):
            raise ValueError(f"flat takes shape ({n_weights},), got {array.shape}")
        if array.dtype.kind not in "biu":
            raise ValueError(f"flat takes booleans or integers 0 and 1, got {array.dtype} values")
        if array.dtype != np.bool_ and (array.min() < 0 or array.max() > 1):
            raise ValueError(f"flat takes 0 and 1, got values {array.min()}..{array.max()}")
        return cls(shapes, np.packbits(array.astype(np.bool_, copy=False)).tobytes())

    @classmethod
    def from_layers(cls, layers: Sequence[npt.ArrayLike]) -> Mask:
        """Make a mask of one (fan_out, fan_in) array of booleans (or 0 and 1) per layer."""
        arrays = [np.asarray(layer) for layer in layers]
        for i, array in enumerate(arrays):
            if array.ndim != 2:
                raise ValueError(f"layers takes 2-D arrays, got shape {array.shape} at {i}")
        shapes = _as_shapes([(a.shape[0], a.shape[1]) for a in arrays])
        return cls.from_flat(shapes, np.concatenate([a.reshape(-1) for a in arrays]))

    @classmethod
    def full(cls, shapes: Sequence[tuple[int, int]]) -> Mask:
        """Make the mask that keeps every weight."""
        shapes = _as_shapes(shapes)
        n_weights = _count(shapes)
        bits = bytearray(b"\xff") * -(-n_weights // 8)
        bits[-1] &= 0xFF << (-n_weights % 8) & 0xFF
        return cls(shapes, bytes(bits))

    @classmethod
    def random(
        cls, shapes: Sequence[tuple[int, int]], density: float, rng: np.random.Generator
    ) -> Mask:
        """Make a mask that keeps each weight independently with probability density, 0..1."""
        shapes = _as_shapes(shapes)
        number = isinstance(density, (int, float, np.integer, np.floating))
        if not number or isinstance(density, bool) or not 0.0 <= density <= 1.0:
            raise ValueError(f"density takes a number 0..1, got {density!r}")
        if not isinstance(rng, np.random.Generator):
            raise ValueError(f"rng takes a numpy.random.Generator, got {type(rng).__name__}")
        flat = np.empty(_count(shapes), np.bool_)
        for start in range(0, flat.size, _CHUNK):
            part = flat[start : start + _CHUNK]
            part[:] = rng.random(part.size) < density
        return cls.from_flat(shapes, flat)

    # -- reading it ------------------------------------------------------------------------------

    def flat(self) -> npt.NDArray[np.uint8]:
        """Return the bits, uint8 (n_weights,) of 0 and 1, in flat order: a fresh array."""
        return np.unpackbits(np.frombuffer(self.bits, np.uint8), count=self.n_weights)

    def layers(self) -> list[Bools]:
        """Return one bool array (fan_out, fan_in) per layer: fresh arrays."""
        flat, ends = self.flat().view(np.bool_), list(self._ends)
        return [
            flat[end - out * inn : end].reshape(out, inn)
            for end, (out, inn) in zip(ends, self.shapes, strict=True)
        ]

    @property
    def n_weights(self) -> int:
        """How many weights the network has, surviving or not."""
        return _count(self.shapes)

    @cached_property
    def surviving(self) -> int:
        """How many weights stay."""
        return int.from_bytes(self.bits, "big").bit_count()

    @property
    def density(self) -> float:
        """Surviving weights / all weights."""
        return self.surviving / self.n_weights

    @property
    def per_layer_density(self) -> tuple[float, ...]:
        """The density of each layer, the first layer first."""
        return tuple(float(np.mean(layer)) for layer in self.layers())

    # -- paths -----------------------------------------------------------------------------------

    def effective(self) -> Mask:
        """Return the mask of only those weights that lie on a path from an input to an output."""
        layers = self.layers()
        reached: Bools = np.ones(self.shapes[0][1], np.bool_)
        for layer in layers:
            layer &= reached
            reached = np.logical_or.reduce(layer, axis=1)
        return Mask.from_layers(_drop_dead(layers))

    @cached_property
    def effective_density(self) -> float:
        """Weights on a path from an input to an output / all weights."""
        return self.effective().surviving / self.n_weights

    @property
    def is_connected(self) -> bool:
        """Whether a path leads from some input to some output."""
        return self.effective_density > 0

    def without_dead(self) -> Mask:
        """Return the mask without the weights that enter a hidden unit which feeds no output.

        Such a unit has no surviving weight to a unit that feeds an output. No output ever changes
        by this: unlike `effective`, it keeps units that only hand on a bias.
        """
        return Mask.from_layers(_drop_dead(self.layers()))

    @property
    def _ends(self) -> accumulate[int]:
        return accumulate(out * inn for out, inn in self.shapes)


def _drop_dead(layers: list[Bools]) -> list[Bools]:
    """Clear, in place, the weights into hidden units that feed no output, the last layer first."""
    feeds: Bools = np.ones(layers[-1].shape[0], np.bool_)
    for layer in reversed(layers):
        layer &= feeds[:, None]
        feeds = np.logical_or.reduce(layer, axis=0)
    return layers


def _count(shapes: Sequence[tuple[int, int]]) -> int:
    return sum(out * inn for out, inn in shapes)


def _as_shapes(shapes: Sequence[tuple[int, int]]) -> Shapes:
    try:
        pairs = tuple((out, inn) for out, inn in shapes)
    except (TypeError, ValueError):
        raise ValueError(f"shapes takes (fan_out, fan_in) pairs, got {shapes!r}") from None
    if not pairs:
        raise ValueError("shapes takes at least one (fan_out, fan_in) pair, got none")
    checked = tuple(
        (as_int("shapes", out, 1, MAX_WEIGHTS), as_int("shapes", inn, 1, MAX_WEIGHTS))
        for out, inn in pairs
    )
    if _count(checked) > MAX_WEIGHTS:
        raise ValueError(f"shapes takes at most 2**31 weights in all, got {_count(checked)}")
    for (out, _), (_, inn) in pairwise(checked):
        if out != inn:
            raise ValueError(
                f"shapes takes layers that chain, got {out} units into a fan_in of {inn}"
            )
    return checked
