"""Network: shape + seed, which stand for a random network of integers. NumPy only.

The arithmetic of a prediction, in integers from end to end (docs/ticket-format.md specifies it):

    sum_l[j] = bias_l[j] + sum over surviving weights of w_l[j, i] * a_{l-1}[i]
    relu     a_l = min(max(sum_l, 0) >> shift_l, limit_l)
    step     a_l = one_l if sum_l > 0 else 0
    sign     a_l = one_l * sign(sum_l), sign(0) = 0
    the sums of the last layer are the outputs

Shifts, limits and units depend on shape and families only, never on data, seed or mask. Every sum
stays below 2**31 in magnitude: the limits hold fan_in products to 2**30, and a bias is below 2**30.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_family, as_int
from scratchcard.ticket.mask import MAX_WEIGHTS, Mask
from scratchcard.ticket.weights import BIAS_FAMILIES, WEIGHT_FAMILIES, Int8s, weight_at
from scratchcard.ticket.weights import biases as draw_biases
from scratchcard.ticket.weights import weights as draw_weights

__all__ = ["ACTIVATIONS", "Network"]

ACTIVATIONS = ("relu", "step", "sign")

_SMALL = 1 << 20  # a network of so many weights is drawn once and kept, whatever the mask
_BLOCK = 1 << 22  # float64 values in one block of weights or of activations: 32 MiB

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """A multilayer network whose weights are a function of its fields; equal when these are.

    sizes: units per layer, inputs first, outputs last; at least two sizes, each at least 1.
    seed: 0..2**32 - 1.
    weights: "uniform", "signed_constant" or "kaiming_normal". biases: "uniform" or "zero".
    activation: "relu", "step" or "sign", of the hidden layers. input_bits: 8 or 16.
    Raises ValueError, before any memory is taken, for anything else, for more than 2**31 weights,
    and for a layer so wide that its sums would not fit 32 bits.
    """

    sizes: tuple[int, ...]
    seed: int = 0
    weights: str = "uniform"
    biases: str = "uniform"
    activation: str = "relu"
    input_bits: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", _as_sizes(self.sizes))
        object.__setattr__(self, "seed", as_int("seed", self.seed, 0, 2**32 - 1))
        as_family("weights", self.weights, WEIGHT_FAMILIES)
        as_family("biases", self.biases, BIAS_FAMILIES)
        if not isinstance(self.activation, str) or self.activation not in ACTIVATIONS:
            known = ", ".join(repr(name) for name in ACTIVATIONS)
            raise ValueError(f"activation takes one of {known}, got {self.activation!r}")
        object.__setattr__(self, "input_bits", as_int("input_bits", self.input_bits, 8, 16))
        if self.input_bits not in (8, 16):
            raise ValueError(f"input_bits takes 8 or 16, got {self.input_bits}")
        self._check_widths()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def _check_widths(self) -> None:
        n_weights = sum(out * inn for out, inn in self.shapes)
        if n_weights > MAX_WEIGHTS:
            raise ValueError(f"sizes takes at most 2**31 weights in all, got {n_weights}")
        widest = (1 << 30) // WEIGHT_FAMILIES[self.weights].max
        if max(self.sizes[:-1]) > widest:
            raise ValueError(
                f"sizes takes at most {widest} units into a layer of {self.weights} weights, "
                f"got {max(self.sizes[:-1])}"
            )

    # -- shape -----------------------------------------------------------------------------------

    @property
    def n_layers(self) -> int:
        """How many layers of weights there are: one less than sizes."""
        return len(self.sizes) - 1

    @property
    def n_inputs(self) -> int:
        """How many features a row has."""
        return self.sizes[0]

    @property
    def n_outputs(self) -> int:
        """How many sums come out."""
        return self.sizes[-1]

    @property
    def n_weights(self) -> int:
        """How many weights a mask keeps or scratches off; biases do not count."""
        return self.offsets[-1]

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(fan_out, fan_in) of each layer of weights."""
        return tuple(zip(self.sizes[1:], self.sizes[:-1], strict=True))

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each layer starts in the flat vector of weights, and last the number of weights."""
        return tuple(accumulate((out * inn for out, inn in self.shapes), initial=0))

    # -- derived integers ------------------------------------------------------------------------

    @property
    def shifts(self) -> tuple[int, ...]:
        """The right shift after each hidden layer, n_layers - 1 of them; 0 for step and sign."""
        return self._scales.shifts

    @property
    def limits(self) -> tuple[int, ...]:
        """The greatest magnitude that enters each layer of weights: limits[0] is the inputs'."""
        return self._scales.limits

    @property
    def units(self) -> tuple[int, ...]:
        """For each layer of weights the sum that stands for 1.0: biases are (b8 * unit) >> 7."""
        return self._scales.units

    @property
    def ones(self) -> tuple[int, ...]:
        """For each layer of weights the value that stands for 1.0 in what enters it."""
        return self._scales.ones

    @property
    def input_limit(self) -> int:
        """Quantised inputs lie in -input_limit..input_limit."""
        return self._scales.limits[0]

    @cached_property
    def _scales(self) -> _Scales:
        family = WEIGHT_FAMILIES[self.weights]

        def cap(fan_in: int) -> int:  # fan_in products of such an activation stay below 2**30
            return min(32767, (1 << 30) // (fan_in * family.max))

        limit = min((1 << (self.input_bits - 1)) - 1, cap(self.sizes[0]))
        one, typical = limit, limit // 2
        shifts, limits, units, ones = [], [limit], [one * family.one], [one]
        for fan_in, fan_out in zip(self.sizes[:-2], self.sizes[1:-1], strict=True):
            if self.activation == "relu":
                spread = max(1, math.isqrt(fan_in * family.mean_square // 2))
                typical = max(1, typical * spread)
                shift = max(0, typical.bit_length() - 11)  # the least shift to at most 2047
                typical = max(1, typical >> shift)
                limit = cap(fan_out)
                one = max(1, min(units[-1] >> shift, limit))
            else:
                shift, limit = 0, min(127, cap(fan_out))
                one, typical = limit, max(1, limit // 2)
            shifts.append(shift)
            limits.append(limit)
            ones.append(one)
            units.append(one * family.one)
        return _Scales(tuple(shifts), tuple(limits), tuple(units), tuple(ones))

    # -- weights ---------------------------------------------------------------------------------

    def flat_weights(self) -> Int8s:
        """Return every weight, int8 (n_weights,), in flat order: read-only, drawn once and kept."""
        return self._flat_weights

    def weights_of(self, layer: int) -> Int8s:
        """Return a layer's weights, int8 (fan_out, fan_in): read-only, a view of flat_weights()."""
        layer = as_int("layer", layer, 0, self.n_layers - 1)
        start, stop = self.offsets[layer : layer + 2]
        return self._flat_weights[start:stop].reshape(self.shapes[layer])

    def biases_of(self, layer: int) -> npt.NDArray[np.int32]:
        """Return the biases of a layer in the unit of its sums, int32 (fan_out,): read-only."""
        return self._biases[as_int("layer", layer, 0, self.n_layers - 1)]

    @cached_property
    def _flat_weights(self) -> Int8s:
        flat = np.empty(self.n_weights, np.int8)
        for layer, (fan_out, fan_in) in enumerate(self.shapes):
            drawn = draw_weights(self.weights, self.seed, layer, fan_out, fan_in)
            flat[self.offsets[layer] : self.offsets[layer + 1]] = drawn.reshape(-1)
        flat.flags.writeable = False
        return flat

    @cached_property
    def _biases(self) -> tuple[npt.NDArray[np.int32], ...]:
        drawn = []
        for layer, (fan_out, _) in enumerate(self.shapes):
            b8 = draw_biases(self.biases, self.seed, layer, fan_out).astype(np.int64)
            bias = ((b8 * self.units[layer]) >> 7).astype(np.int32)
            bias.flags.writeable = False
            drawn.append(bias)
        return tuple(drawn)

    # -- prediction ------------------------------------------------------------------------------

    def outputs(self, mask: Mask, inputs: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the sums of the last layer, int64 (n_rows, n_outputs), exact.

        mask: which weights stay; its shapes are this network's.
        inputs: integers (n_rows, n_inputs) in -input_limit..input_limit.
        Raises ValueError for anything else.

        Products run in float64, which holds every integer below 2**53; every sum here is below
        2**31, so the order of summation does not matter. Only units that feed an output are
        computed, and of their inputs only those that some survivor reads.
        """
        self.check_mask(mask)
        rows = self._as_inputs(inputs)
        layers = self._live_layers(mask)
        out = np.empty((len(rows), self.n_outputs), np.int64)
        step = max(1, _BLOCK // max(max(len(part.units), len(part.reads)) for part in layers))
        for start in range(0, len(rows), step):
            values = rows[start : start + step, layers[0].reads].astype(np.float64)
            for layer, part in enumerate(layers):
                values = part.sums(values)
                if layer < self.n_layers - 1:
                    values = self._activate(layer, values)
            out[start : start + step] = values
        return out

    def check_mask(self, mask: Mask, name: str = "mask") -> None:
        """Raise ValueError, naming the argument, for what is no mask of this network."""
        if not isinstance(mask, Mask):
            raise ValueError(f"{name} takes a Mask, got {type(mask).__name__}")
        if mask.shapes != self.shapes:
            raise ValueError(f"{name} takes shapes {self.shapes}, got {mask.shapes}")

    def _as_inputs(self, inputs: npt.ArrayLike) -> npt.NDArray[np.integer[Any]]:
        rows = np.asarray(inputs)
        if rows.ndim != 2 or rows.shape[1] != self.n_inputs:
            raise ValueError(f"inputs takes shape (n_rows, {self.n_inputs}), got {rows.shape}")
        if rows.dtype.kind not in "iu":
            raise ValueError(f"inputs takes quantised integers, got {rows.dtype} values")
        limit = self.input_limit
        if rows.size and (rows.min() < -limit or rows.max() > limit):
            raise ValueError(
                f"inputs takes integers {-limit}..{limit}, got {rows.min()}..{rows.max()}"
            )
        return rows

    def _activate(self, layer: int, sums: Floats) -> Floats:
        if self.activation == "relu":
            scaled = np.maximum(sums, 0.0) * 2.0 ** -self.shifts[layer]  # exact: a power of two
            return np.minimum(np.floor(scaled), self.limits[layer + 1])
        one = float(self.ones[layer + 1])
        return np.where(sums > 0, one, 0.0) if self.activation == "step" else one * np.sign(sums)

    def _live_layers(self, mask: Mask) -> list[_LiveLayer]:
        """Return for each layer the units that feed an output, what they read, and the weights."""
        few = self.n_weights > _SMALL and mask.surviving * 16 < self.n_weights
        only_survivors = few and "_flat_weights" not in self.__dict__
        found: list[_LiveLayer] = []
        units = np.arange(self.n_outputs)
        for layer, bits in reversed(list(enumerate(mask.layers()))):
            alive = bits[units]
            reads = np.flatnonzero(alive.any(axis=0))
            alive = alive[:, reads]
            if only_survivors:
                masked = np.zeros(alive.shape, np.int8)
                j, i = np.nonzero(alive)
                index = units[j] * self.shapes[layer][1] + reads[i]
                masked[j, i] = weight_at(self.weights, self.seed, layer, index)
            else:
                masked = self.weights_of(layer)[np.ix_(units, reads)] * alive
            bias = self.biases_of(layer)[units].astype(np.float64)
            found.append(_LiveLayer(units, reads, masked, bias))
            units = reads
        return found[::-1]


class _Scales(NamedTuple):
    shifts: tuple[int, ...]
    limits: tuple[int, ...]
    units: tuple[int, ...]
    ones: tuple[int, ...]


class _LiveLayer(NamedTuple):
    units: npt.NDArray[np.intp]  # (n_units,) units of the layer that are computed
    reads: npt.NDArray[np.intp]  # (n_reads,) units of the layer before that they read
    weights: Int8s  # (n_units, n_reads), 0 where scratched off
    bias: Floats  # (n_units,)

    def sums(self, values: Floats) -> Floats:
        """Return the sums, (n_rows, n_units), of values, (n_rows, n_reads)."""
        out = np.empty((len(values), len(self.units)))
        step = max(1, _BLOCK // max(1, len(self.reads)))
        for start in range(0, len(self.units), step):
            part = slice(start, start + step)
            out[:, part] = values @ self.weights[part].astype(np.float64).T
        out += self.bias
        return out


def _as_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    try:
        if isinstance(sizes, (str, bytes)):
            raise TypeError
        listed = tuple(sizes)
    except TypeError:
        raise ValueError(f"sizes takes a sequence of integers, got {sizes!r}") from None
    if len(listed) < 2:
        raise ValueError(f"sizes takes at least two layers, inputs and outputs, got {listed!r}")
    return tuple(as_int("sizes", size, 1, MAX_WEIGHTS) for size in listed)
