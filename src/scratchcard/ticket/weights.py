"""The weight function: (seed, layer, index) gives a small integer, on every machine. NumPy only.

Philox2x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
2011) is a counter-based generator: it has no state, so any weight can be drawn alone, in any order
and in any language.

    key      seed, 0..2**32 - 1
    counter  (index, 2 * layer + stream); stream 0 draws weights, stream 1 draws biases
    layer    counts weight layers from 0
    index    j * fan_in + i for the weight from unit i to unit j; j for the bias of unit j

The two 32-bit output words (x0, x1) become a weight by a family's integer map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_family, as_int

__all__ = [
    "BIAS_FAMILIES",
    "WEIGHT_FAMILIES",
    "BiasFamily",
    "WeightFamily",
    "biases",
    "philox2x32",
    "weight_at",
    "weights",
]

Words = npt.NDArray[np.uint32]
Int8s = npt.NDArray[np.int8]

_MULTIPLIER = 0xD256D193
_WEYL = 0x9E3779B9
_ROUNDS = 10
_WORD = 0xFFFFFFFF
_CHUNK = 1 << 15  # counters drawn at once: the 64-bit temporaries of a round stay in the cache


def philox2x32(
    counter0: npt.ArrayLike, counter1: npt.ArrayLike, key: npt.ArrayLike
) -> tuple[Words, Words]:
    """Return the two output words of Philox2x32-10.

    Parameters
    ----------
    counter0, counter1, key : array-like of integers
        Scalars or arrays, 0 to 2**32 - 1, that broadcast together.

    Returns
    -------
    tuple of two ndarray, uint32
        The words x0 and x1, of the broadcast shape.

    Raises
    ------
    ValueError
        For a value that is no integer or does not fit 32 bits.
    """
    c0, c1, k = np.broadcast_arrays(
        _as_words("counter0", counter0), _as_words("counter1", counter1), _as_words("key", key)
    )
    low, shift, multiplier = np.uint64(_WORD), np.uint64(32), np.uint64(_MULTIPLIER)
    for i in range(_ROUNDS):
        product = c0 * multiplier  # below 2**64: nothing overflows
        round_key = (k + np.uint64(i * _WEYL)) & low
        c0, c1 = (product >> shift) ^ round_key ^ c1, product & low
    return c0.astype(np.uint32), c1.astype(np.uint32)


def _as_words(name: str, values: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        if array.size:
            raise ValueError(f"{name} takes integers 0..2**32 - 1, got {array.dtype} values")
        array = array.astype(np.uint64)
    if array.size and array.dtype != np.uint32 and (array.min() < 0 or array.max() > _WORD):
        raise ValueError(f"{name} takes integers 0..2**32 - 1, got {array.min()}..{array.max()}")
    return array.astype(np.uint64)


def _uniform(x0: Words, x1: Words) -> Int8s:
    scaled = (x0.astype(np.uint64) * np.uint64(255)) >> np.uint64(32)  # 0..254
    return (scaled.astype(np.int16) - np.int16(127)).astype(np.int8)


def _signed_constant(x0: Words, x1: Words) -> Int8s:
    sign_bit = (x0 >> np.uint32(31)).astype(np.int8)
    return np.int8(1) - np.int8(2) * sign_bit


def _kaiming_normal(x0: Words, x1: Words) -> Int8s:
    total = np.zeros(x0.shape, np.int32)  # sum of eight uniform bytes: Irwin-Hall, nearly normal
    for word in (x0, x1):
        for shift in (0, 8, 16, 24):
            total += ((word >> np.uint32(shift)) & np.uint32(0xFF)).astype(np.int32)
    scaled = ((total - 1020) * 39 + 128) >> 8  # arithmetic shift: rounds, halves up
    clipped: Int8s = np.clip(scaled, -127, 127).astype(np.int8)
    return clipped


def _zero(x0: Words, x1: Words) -> Int8s:
    return np.zeros(x0.shape, np.int8)


@dataclass(frozen=True)
class WeightFamily:
    """A named map from random words to integer weights.

    Attributes
    ----------
    name : str
        What it is called.
    code : int
        The number that stands for it in a ticket's file.
    one : int
        The weight that stands for 1.0.
    max : int
        The greatest magnitude of a weight.
    mean_square : int
        The mean of the squared weights, rounded.
    draw : callable
        ``(x0, x1) -> weights``: uint32 arrays give an int8 array of the same shape.
    """

    name: str
    code: int
    one: int
    max: int
    mean_square: int
    draw: Callable[[Words, Words], Int8s]


@dataclass(frozen=True)
class BiasFamily:
    """A named map from random words to 8-bit biases, in 1/128 of the unit of their layer.

    Attributes
    ----------
    name : str
        What it is called.
    code : int
        The number that stands for it in a ticket's file.
    draw : callable
        ``(x0, x1) -> biases``: uint32 arrays give an int8 array of the same shape.
    """

    name: str
    code: int
    draw: Callable[[Words, Words], Int8s]


# mean_square is the mean over all 2**64 pairs of words, rounded. tests/test_weights.py computes it
# exactly: uniform 5418.67 (127 * 128 / 3), kaiming_normal 1014.06, by counting for every sum s how
# many of the 2**64 pairs of words have it (the coefficient of z**s in ((1 - z**256) / (1 - z))**8).
WEIGHT_FAMILIES: dict[str, WeightFamily] = {
    family.name: family
    for family in (
        WeightFamily("uniform", 0, 127, 127, 5419, _uniform),
        WeightFamily("signed_constant", 1, 1, 1, 1, _signed_constant),
        WeightFamily("kaiming_normal", 2, 32, 127, 1014, _kaiming_normal),
    )
}
"""Families of random weights by name. A new one is a function and a row in this table."""

BIAS_FAMILIES: dict[str, BiasFamily] = {
    family.name: family
    for family in (BiasFamily("uniform", 0, _uniform), BiasFamily("zero", 1, _zero))
}
"""Families of random biases by name."""


def weights(family: str, seed: int, layer: int, fan_out: int, fan_in: int) -> Int8s:
    """Return all weights of one layer.

    Parameters
    ----------
    family : str
        A name in :data:`WEIGHT_FAMILIES`.
    seed : int
        0 to 2**32 - 1.
    layer : int
        The layer, counted from 0.
    fan_out, fan_in : int
        Units of the layer, and weights into each; fan_out * fan_in is at most 2**32.

    Returns
    -------
    ndarray of shape (fan_out, fan_in), int8
        Row j holds the weights into unit j.

    Raises
    ------
    ValueError
        For anything else.
    """
    fan_out = as_int("fan_out", fan_out, 1, _WORD)
    fan_in = as_int("fan_in", fan_in, 1, _WORD)
    draw = as_family("family", family, WEIGHT_FAMILIES).draw
    return _draw_range(draw, seed, layer, 0, fan_out * fan_in).reshape(fan_out, fan_in)


def biases(family: str, seed: int, layer: int, fan_out: int) -> Int8s:
    """Return the 8-bit biases of one layer; ``Network.biases_of`` turns them into sums.

    Parameters
    ----------
    family : str
        A name in ``BIAS_FAMILIES``.
    seed : int
        0 to 2**32 - 1.
    layer : int
        The layer, counted from 0.
    fan_out : int
        Units of the layer.

    Returns
    -------
    ndarray of shape (fan_out,), int8
        The biases, in 1/128 of the layer's unit.

    Raises
    ------
    ValueError
        For anything else.
    """
    fan_out = as_int("fan_out", fan_out, 1, _WORD)
    draw = as_family("family", family, BIAS_FAMILIES).draw
    return _draw_range(draw, seed, layer, 1, fan_out)


def weight_at(family: str, seed: int, layer: int, index: npt.ArrayLike) -> Int8s:
    """Return the weights at some indices of a layer; only these are drawn.

    Parameters
    ----------
    family : str
        A name in :data:`WEIGHT_FAMILIES`.
    seed : int
        0 to 2**32 - 1.
    layer : int
        The layer, counted from 0.
    index : array-like of integers
        Indices 0 to 2**32 - 1, each j * fan_in + i.

    Returns
    -------
    ndarray of the shape of ``index``, int8
        The weights.

    Raises
    ------
    ValueError
        For anything else.
    """
    draw = as_family("family", family, WEIGHT_FAMILIES).draw
    key, counter1 = _key_and_counter1(seed, layer, 0)
    indices = np.asarray(index)
    flat = indices.reshape(-1)
    out = np.empty(flat.size, np.int8)
    for start in range(0, flat.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        out[start : start + _CHUNK] = draw(*philox2x32(_as_words("index", part), counter1, key))
    return out.reshape(indices.shape)


def _draw_range(
    draw: Callable[[Words, Words], Int8s], seed: int, layer: int, stream: int, count: int
) -> Int8s:
    if count > _WORD + 1:
        raise ValueError(f"fan_out * fan_in takes at most 2**32 weights in a layer, got {count}")
    key, counter1 = _key_and_counter1(seed, layer, stream)
    out = np.empty(count, np.int8)
    for start in range(0, count, _CHUNK):
        stop = min(start + _CHUNK, count)
        index = np.arange(start, stop, dtype=np.uint64).astype(np.uint32)
        out[start:stop] = draw(*philox2x32(index, counter1, key))
    return out


def _key_and_counter1(seed: int, layer: int, stream: int) -> tuple[np.uint32, np.uint32]:
    key = as_int("seed", seed, 0, _WORD)
    return np.uint32(key), np.uint32(2 * as_int("layer", layer, 0, _WORD // 2) + stream)
