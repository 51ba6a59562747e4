"""Network: layers + seed, which stand for a random network of integers. NumPy only.

The arithmetic of a prediction, in integers from end to end (docs/ticket-format.md specifies it):

    sum_l[j] = bias_l[j] + sum over surviving weights of w_l[j, i] * a_{l-1}[i]
    (a map has a sum at each position, and where it is pooled the largest of each square counts)
    relu     a_l = min(max(sum_l, 0) >> shift_l, limit_l)
    step     a_l = one_l if sum_l > 0 else 0
    sign     a_l = one_l * sign(sum_l), sign(0) = 0
    the sums of the last layer are the outputs

Shifts and limits depend on layers and families only, never on data, seed or mask. Every sum stays
below 2**31 in magnitude: the limits hold fan_in products to 2**30, and a bias is below 2**30.

Sums of maps are many, so they are held to 16 bits where that leaves activations of at least 16
steps in every layer of maps. With a limit of at most (2**15 - 1) // (fan_in * max + one) on what
enters a layer, its products are below fan_in * max * limit and its bias below limit * one in
magnitude, so no sum is beyond 2**15 - 1. Shifts then bring a typical activation to a quarter of
the limit, since what is rare but large tells images apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_family, as_int
from scratchcard.ticket import live
from scratchcard.ticket.layers import Dense, Layer, Shape, architecture_of
from scratchcard.ticket.live import Floats, Ints, LiveLayer, MatrixLayer, SparseLayer
from scratchcard.ticket.mask import MAX_MASKED, Mask
from scratchcard.ticket.weights import (
    BIAS_FAMILIES,
    WEIGHT_FAMILIES,
    Int8s,
    philox2x32,
    weight_at,
)
from scratchcard.ticket.weights import biases as draw_biases
from scratchcard.ticket.weights import weights as draw_weights

__all__ = ["ACTIVATIONS", "MAX_DIMENSIONS", "Network"]

ACTIVATIONS = ("relu", "step", "sign")
MAX_DIMENSIONS = 3  # a row has at most channels, height and width of an image

_NARROW = (1 << 15) - 1  # the largest sum of maps whose sums are held to 16 bits
_STEPS = 16  # and the least that must be left of their activations
_SMALL = 1 << 20  # up to this many weights, or biases, are drawn once and kept
_EMPTY = 512  # a matrix with one survivor in this many weights is slower than a list of survivors


@dataclass(frozen=True)
class Network:
    """A multilayer network whose weights are a function of its fields; equal when these are.

    Parameters
    ----------
    layers : sequence of Layer
        The layers of weights, the first one first, as ``[Dense(100), Dense(10)]``; the last one's
        units are the outputs, so it is no convolution. Each is put on the one before it.
    input_shape : int or tuple of int
        Shape of a row: 64, or (64,); for maps (channels, height, width), as (1, 28, 28).
    seed : int
        Seed of the weights, 0 to 2**32 - 1.
    weights : {"uniform", "signed_constant", "kaiming_normal"}
        Family of the random weights.
    biases : {"uniform", "zero"}
        Family of the random biases.
    activation : {"relu", "step", "sign"}
        Activation of the hidden units.
    input_bits : {8, 16}
        Bits of a quantised input.

    Raises
    ------
    ValueError
        For anything else, for more than 2**31 weights, and for a layer so wide that its sums would
        not fit 32 bits; raised before any memory is taken.

    Examples
    --------
    >>> Network.dense((64, 100, 10)) == Network([Dense(100), Dense(10)], 64)
    True
    """

    layers: tuple[Layer, ...]
    input_shape: Shape
    seed: int = 0
    weights: str = "uniform"
    biases: str = "uniform"
    activation: str = "relu"
    input_bits: int = 8

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "input_shape", _as_shape(self.input_shape))
        put(self, "layers", _stacked(self.layers, self.input_shape))
        put(self, "seed", as_int("seed", self.seed, 0, 2**32 - 1))
        as_family("weights", self.weights, WEIGHT_FAMILIES)
        as_family("biases", self.biases, BIAS_FAMILIES)
        if not isinstance(self.activation, str) or self.activation not in ACTIVATIONS:
            known = ", ".join(repr(name) for name in ACTIVATIONS)
            raise ValueError(f"activation takes one of {known}, got {self.activation!r}")
        put(self, "input_bits", as_int("input_bits", self.input_bits, 8, 16))
        if self.input_bits not in (8, 16):
            raise ValueError(f"input_bits takes 8 or 16, got {self.input_bits}")
        self._check_widths()

    @classmethod
    def dense(cls, sizes: Sequence[int], seed: int = 0, **settings: Any) -> Network:
        """Make a network of dense layers.

        Parameters
        ----------
        sizes : sequence of int
            Units per layer, inputs first, outputs last; at least two.
        seed : int
            Seed of the weights, as for the class.
        **settings : object
            The other fields of the class.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        ValueError
            For anything that is not a network.
        """
        n_inputs, *units = _as_sizes(sizes)
        return cls(tuple(map(Dense, units)), (n_inputs,), seed, **settings)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def _check_widths(self) -> None:
        if self.n_weights > MAX_MASKED:
            raise ValueError(f"layers takes at most 2**31 weights in all, got {self.n_weights}")
        widest = (1 << 30) // WEIGHT_FAMILIES[self.weights].max
        fan_in = max(layer.fan_in for layer in self.layers)
        if fan_in > widest:
            raise ValueError(
                f"layers takes at most {widest} weights into a unit of {self.weights} weights, "
                f"got {fan_in}"
            )
        if self.layers[-1].geometry is not None:
            raise ValueError(
                f"layers takes a last layer that is no convolution, as Dense(10), got "
                f"{self.layers[-1]}"
            )
        if self.n_values > MAX_MASKED:
            raise ValueError(
                f"layers takes at most 2**31 values in a row or a layer, got {self.n_values}"
            )

    # -- shape -----------------------------------------------------------------------------------

    @property
    def n_layers(self) -> int:
        """Number of layers of weights."""
        return len(self.layers)

    @property
    def n_inputs(self) -> int:
        """Number of features in a row."""
        return math.prod(self.input_shape)

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.layers[-1].units

    @property
    def n_weights(self) -> int:
        """Number of weights that a mask keeps or scratches off; biases do not count."""
        return self.offsets[-1]

    @property
    def has_maps(self) -> bool:
        """Whether the network begins with layers of maps, such as convolutions."""
        return self.layers[0].geometry is not None

    @property
    def n_values(self) -> int:
        """Number of values of a row, or of the layer that has most."""
        return max(self.n_inputs, *(layer.units * layer.positions for layer in self.layers))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, inputs first, outputs last."""
        return (self.n_inputs, *(layer.units for layer in self.layers))

    @property
    def architecture(self) -> str:
        """The layers in a few characters, as 64-100-10 or 1x28x28-conv32x3s2-10."""
        return architecture_of(self.layers)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape (units, fan_in) of each layer of weights."""
        return tuple((layer.units, layer.fan_in) for layer in self.layers)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First weight of each layer in the flat vector of weights, then the number of weights."""
        return tuple(accumulate((layer.n_weights for layer in self.layers), initial=0))

    # -- derived integers ------------------------------------------------------------------------

    @property
    def shifts(self) -> tuple[int, ...]:
        """Right shift after each hidden layer, n_layers - 1 of them; 0 for step and sign."""
        return self._scales.shifts

    @property
    def limits(self) -> tuple[int, ...]:
        """Greatest magnitude that enters each layer of weights; the first is that of the inputs."""
        return self._scales.limits

    @property
    def one_sums(self) -> tuple[int, ...]:
        """Sum that stands for 1.0 in each layer of weights: biases are (b8 * that) >> 7."""
        return self._scales.one_sums

    @property
    def ones(self) -> tuple[int, ...]:
        """Value that stands for 1.0 in what enters each layer of weights."""
        return self._scales.ones

    @cached_property
    def has_narrow_maps(self) -> bool:
        """Whether the sums of all layers of maps are held to 16 bits."""
        family = WEIGHT_FAMILIES[self.weights]
        widest = max((one.fan_in for one in self.layers if one.geometry is not None), default=0)
        return widest > 0 and _NARROW // (widest * family.max + family.one) >= _STEPS

    @property
    def input_limit(self) -> int:
        """Greatest magnitude of a quantised input."""
        return self._scales.limits[0]

    @cached_property
    def _scales(self) -> _Scales:
        family = WEIGHT_FAMILIES[self.weights]

        def cap(layer: Layer) -> int:  # the sums of such activations stay in 16 bits, or 32
            if self.has_narrow_maps and layer.geometry is not None:
                return _NARROW // (layer.fan_in * family.max + family.one)
            return min(32767, (1 << 30) // (layer.fan_in * family.max))

        limit = min((1 << (self.input_bits - 1)) - 1, cap(self.layers[0]))
        one, typical = limit, limit // 2
        shifts, limits, one_sums, ones = [], [limit], [one * family.one], [one]
        for layer, above in pairwise(self.layers):
            if self.activation == "relu":
                spread = max(1, math.isqrt(layer.fan_in * family.mean_square // 2))
                typical, limit = max(1, typical * spread), cap(above)
                most, shift = min(2047, limit // 4) if self.has_maps else 2047, 0
                while typical >> shift > most:
                    shift += 1
                typical = max(1, typical >> shift)
                one = max(1, min(one_sums[-1] >> shift, limit))
            else:
                shift, limit = 0, min(127, cap(above))
                one, typical = limit, max(1, limit // 2)
            shifts.append(shift)
            limits.append(limit)
            ones.append(one)
            one_sums.append(one * family.one)
        return _Scales(tuple(shifts), tuple(limits), tuple(one_sums), tuple(ones))

    # -- weights ---------------------------------------------------------------------------------

    def flat_weights(self) -> Int8s:
        """Return every weight; they are drawn once and kept.

        Returns
        -------
        ndarray of shape (n_weights,), int8
            The weights in flat order, read-only.
        """
        return self._flat_weights

    def weights_of(self, layer: int) -> Int8s:
        """Return the weights of a layer.

        Parameters
        ----------
        layer : int
            The layer, counted from 0.

        Returns
        -------
        ndarray of shape (units, fan_in), int8
            A read-only view of :meth:`flat_weights`.

        Raises
        ------
        ValueError
            For a layer that the network does not have.
        """
        number = as_int("layer", layer, 0, self.n_layers - 1)
        start, stop = self.offsets[number : number + 2]
        return self._flat_weights[start:stop].reshape(self.layers[number].units, -1)

    def biases_of(self, layer: int) -> npt.NDArray[np.int32]:
        """Return the biases of a layer, in the unit of its sums.

        Parameters
        ----------
        layer : int
            The layer, counted from 0.

        Returns
        -------
        ndarray of shape (units,), int32
            The biases, read-only.

        Raises
        ------
        ValueError
            For a layer that the network does not have.
        """
        return self._biases[as_int("layer", layer, 0, self.n_layers - 1)]

    @cached_property
    def _flat_weights(self) -> Int8s:
        flat = np.empty(self.n_weights, np.int8)
        for number, layer in enumerate(self.layers):
            drawn = draw_weights(self.weights, self.seed, number, layer.units, layer.fan_in)
            flat[self.offsets[number] : self.offsets[number + 1]] = drawn.reshape(-1)
        flat.flags.writeable = False
        return flat

    @cached_property
    def _biases(self) -> tuple[npt.NDArray[np.int32], ...]:
        drawn = []
        for number, layer in enumerate(self.layers):
            b8 = draw_biases(self.biases, self.seed, number, layer.units).astype(np.int64)
            bias = ((b8 * self.one_sums[number]) >> 7).astype(np.int32)
            bias.flags.writeable = False
            drawn.append(bias)
        return tuple(drawn)

    # -- prediction ------------------------------------------------------------------------------

    def outputs(self, mask: Mask, inputs: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the sums of the last layer, exactly.

        Parameters
        ----------
        mask : Mask
            Which weights stay; its layers are this network's.
        inputs : array-like of shape (n_rows, n_inputs)
            Integers in -input_limit..input_limit.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            The sums.

        Raises
        ------
        ValueError
            For anything else.

        Notes
        -----
        Products run in float64, which holds every integer below 2**53. Every sum here is below
        2**31, so the order of summation does not matter. Only units that feed an output are
        computed.
        """
        self.check_mask(mask)
        rows = self._as_inputs(inputs)
        layers = self._live_layers(mask)
        out = np.empty((len(rows), self.n_outputs), np.int64)
        step = max(1, live.BLOCK // max(part.width for part in layers))
        for start in range(0, len(rows), step):
            values = self._read_inputs(layers[0], rows[start : start + step])
            out[start : start + step] = self._finish(layers, layers[0].sums(values))
        return out

    def first_sums(self, mask: Mask, inputs: npt.ArrayLike) -> tuple[Ints, Floats]:
        """Return the sums of those units of the first layer that feed an output.

        A sum is linear in the inputs, so what another value of one of them changes is soon added;
        :meth:`outputs_after` then gives the outputs.

        Parameters
        ----------
        mask : Mask
            Which weights stay; its layers are this network's.
        inputs : array-like of shape (n_rows, n_inputs)
            Integers in -input_limit..input_limit.

        Returns
        -------
        tuple of ndarray of shape (n_units,), int64, and ndarray of shape (n_rows, n_units), float64
            The units, ascending, and their sums, which are whole numbers.

        Raises
        ------
        ValueError
            For anything else.
        """
        self.check_mask(mask)
        rows, first = self._as_inputs(inputs), self._live_layers(mask)[0]
        return first.units, first.sums(self._read_inputs(first, rows))

    def outputs_after(self, mask: Mask, sums: Floats) -> npt.NDArray[np.int64]:
        """Return the sums of the last layer from those that :meth:`first_sums` gives.

        Parameters
        ----------
        mask : Mask
            Which weights stay.
        sums : ndarray of shape (n_rows, n_units), float64
            Sums of those units of the first layer that feed an output.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            The sums.
        """
        return self._finish(self._live_layers(mask), sums).astype(np.int64)

    def activations(self, mask: Mask, inputs: npt.ArrayLike) -> list[Floats]:
        """Return the values of all hidden units, also of those that feed no output.

        Parameters
        ----------
        mask : Mask
            Which weights stay; its layers are this network's.
        inputs : array-like of shape (n_rows, n_inputs)
            Integers in -input_limit..input_limit.

        Returns
        -------
        list of ndarray of shape (n_rows, ...), float64
            For each hidden layer whole numbers of the shape of its units.

        Raises
        ------
        ValueError
            For anything else.
        """
        self.check_mask(mask)
        values: npt.NDArray[Any] = self._as_inputs(inputs)
        found: list[Floats] = []
        for number, layer in enumerate(self.layers[:-1]):
            part = self._matrix_layer(mask, number, np.arange(layer.units))
            own = self._activate(number, part.sums(_read(part, layer.below, values)))
            found.append(own.reshape(len(own), *layer.shape))
            values = own
        return found

    def _read_inputs(self, first: LiveLayer, rows: npt.NDArray[np.integer[Any]]) -> Floats:
        """Return the inputs that the first layer reads."""
        return _read(first, self.input_shape, rows)

    def _finish(self, layers: list[LiveLayer], sums: Floats) -> Floats:
        """Return the sums of the last layer from those of the first."""
        for number, part in enumerate(layers[1:]):
            sums = part.sums(self._activate(number, sums))
        return sums

    def check_mask(self, mask: Mask, name: str = "mask") -> None:
        """Raise an error for anything that is not a mask of this network.

        Parameters
        ----------
        mask : Mask
            The mask.
        name : str
            The argument that the error names.

        Raises
        ------
        ValueError
            For another type, and for a mask of other layers.
        """
        if not isinstance(mask, Mask):
            raise ValueError(f"{name} takes a Mask, got {type(mask).__name__}")
        if mask.layers != self.layers:
            of_mask = architecture_of(mask.layers)
            raise ValueError(f"{name} takes a mask of {self.architecture}, got one of {of_mask}")

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

    def _live_layers(self, mask: Mask) -> list[LiveLayer]:
        """Return for each layer the units that feed an output, what they read, and the weights."""
        few = self.n_weights > _SMALL and mask.surviving * 16 < self.n_weights
        is_plain = all(layer.positions_below == 1 for layer in self.layers)
        only_survivors = few and is_plain and "_flat_weights" not in self.__dict__
        found: list[LiveLayer] = []
        units: Ints = np.arange(self.n_outputs)
        for number in reversed(range(self.n_layers)):
            take = self._sparse_layer if only_survivors else self._matrix_layer
            found.append(take(mask, number, units))
            units = found[-1].reads
        return found[::-1]

    def _matrix_layer(self, mask: Mask, number: int, units: Ints) -> LiveLayer:
        layer, kept = self.layers[number], mask.array(number)[units]
        weights = self.weights_of(number)[units] * kept
        return layer.live(units, kept, weights, self._biases_at(number, units))

    def _sparse_layer(self, mask: Mask, number: int, units: Ints) -> LiveLayer:
        """Draw survivors only; make a matrix of them unless that would be nearly empty."""
        layer = self.layers[number]
        index = np.concatenate([np.zeros(0, np.int64), *mask.survivors(number)])
        index = index[np.isin(layer.targets(index), units)]
        unit = np.searchsorted(units, layer.targets(index))
        reads, read = np.unique(layer.sources(index), return_inverse=True)
        weights = weight_at(self.weights, self.seed, number, index)
        bias = self._biases_at(number, units)
        if index.size * _EMPTY < units.size * reads.size:
            return SparseLayer(units, reads, unit, read, weights, bias)
        matrix = np.zeros((units.size, reads.size), np.int8)
        matrix[unit, read] = weights
        return MatrixLayer(units, reads, matrix, bias)

    def _biases_at(self, number: int, units: Ints) -> Floats:
        """Return the biases of some units of a layer: of a wide network only these are drawn."""
        if sum(layer.units for layer in self.layers) <= _SMALL:
            return self.biases_of(number)[units].astype(np.float64)
        words = philox2x32(units, 2 * number + 1, self.seed)
        b8 = BIAS_FAMILIES[self.biases].draw(*words).astype(np.int64)
        return ((b8 * self.one_sums[number]) >> 7).astype(np.float64)


def _read(part: LiveLayer, below: Shape, values: npt.NDArray[Any]) -> Floats:
    """Return those of the values below, (n_rows, n_values), that a part of a layer reads."""
    positions = math.prod(below[1:])
    by_unit = values.reshape(len(values), below[0], positions)[:, part.reads]
    return by_unit.reshape(len(values), len(part.reads) * positions).astype(np.float64)


class _Scales(NamedTuple):
    shifts: tuple[int, ...]
    limits: tuple[int, ...]
    one_sums: tuple[int, ...]
    ones: tuple[int, ...]


def _as_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    try:
        if isinstance(sizes, (str, bytes)):
            raise TypeError
        listed = tuple(sizes)
    except TypeError:
        raise ValueError(f"sizes takes a sequence of integers, got {sizes!r}") from None
    if len(listed) < 2:
        raise ValueError(f"sizes takes at least two layers, inputs and outputs, got {listed!r}")
    return tuple(as_int("sizes", size, 1, MAX_MASKED) for size in listed)


def _as_shape(shape: Any) -> Shape:
    listed = shape if isinstance(shape, (tuple, list)) else (shape,)
    if not 1 <= len(listed) <= MAX_DIMENSIONS:
        raise ValueError(
            f"input_shape takes an integer or a tuple of 1..{MAX_DIMENSIONS} of them, got {shape!r}"
        )
    return tuple(as_int("input_shape", size, 1, MAX_MASKED) for size in listed)


def _stacked(layers: Any, input_shape: Shape) -> tuple[Layer, ...]:
    """Return the layers, each standing on the one before."""
    if not isinstance(layers, (tuple, list)) or not all(isinstance(one, Layer) for one in layers):
        raise ValueError(f"layers takes a sequence of layers, as [Dense(10)], got {layers!r}")
    if not layers:
        raise ValueError("layers takes at least one layer, got none")
    found: list[Layer] = []
    for layer in layers:
        found.append(layer.on(found[-1].shape if found else input_shape))
    return tuple(found)
