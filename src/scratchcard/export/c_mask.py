"""The mask in the order in which generated C reads it, as one stream of Rice codes. NumPy alone.

The ticket's file gives the last layer first. Generated C runs through the units once instead: for
each hidden unit of the first layer that feeds something, the weights into it, unit by unit, and
the weights out of it. So a unit's value is handed on as soon as it is known and stored nowhere, and
units that feed nothing take no bits. Layers above the second are given by the weights out of each
unit below. Networks with convolutions keep the values of each layer: there the layers follow one
after the other, the first one first, each unit by unit.

A *walk* is a layer's survivors in that order, as gaps; a last gap leads past its end. Every gap is
coded as in the file: ``gap >> k`` zeros, a one, the k low bits of the gap. docs/guide/export.md
describes it for readers of the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scratchcard.export.parts import PlainLayer
from scratchcard.ticket.packed import set_ones
from scratchcard.ticket.rice import MAX_RICE, code_sizes

__all__ = ["Walk", "coded", "coded_by_layer", "rice_of", "walks_by_layer", "walks_of"]

Ints = npt.NDArray[np.int64]


class Walk(NamedTuple):
    """The survivors of a layer in the order in which they are read.

    Attributes
    ----------
    gaps : ndarray of shape (n_survivors + 1,), int64
        Weights between each survivor and the one before, and from the last to the end.
    steps : ndarray of shape (n_survivors + 1,), int64
        During which unit each gap is read: that of the survivor before it; -1 for the first.
    """

    gaps: Ints
    steps: Ints


def walks_of(layers: Sequence[PlainLayer]) -> list[Walk]:
    """Return the walk of each layer.

    Parameters
    ----------
    layers : sequence of PlainLayer
        The layers under a mask without dead weights.

    Returns
    -------
    list of Walk
        One for each layer.
    """
    first = layers[0].kept
    rows = np.arange(len(first))
    if len(layers) > 1:
        rows = np.flatnonzero(layers[1].kept.any(axis=0))
    return [_walk(first[rows], rows), *(_walk(layer.kept.T, None) for layer in layers[1:])]


def walks_by_layer(layers: Sequence[PlainLayer]) -> list[Walk]:
    """Return the walk of each layer of a network with convolutions.

    Parameters
    ----------
    layers : sequence of PlainLayer
        The layers under a mask without dead weights.

    Returns
    -------
    list of Walk
        One for each layer.
    """
    return [_walk(layer.kept, None) for layer in layers]


def _walk(kept: npt.NDArray[np.bool_], units: Ints | None) -> Walk:
    """Return the walk over bits, (n, width), whose rows belong to these units; None for 0, 1, …"""
    place = np.flatnonzero(kept)
    gaps = np.diff(place, prepend=-1, append=kept.size) - 1
    row = place // max(1, kept.shape[1])
    return Walk(gaps, np.concatenate(([-1], row if units is None else units[row])))


def rice_of(masks: Sequence[Sequence[Walk]]) -> list[int]:
    """Return for each layer the Rice parameter with which all masks together take fewest bits.

    Parameters
    ----------
    masks : sequence of sequence of Walk
        The walks of one or more masks of the same network.

    Returns
    -------
    list of int
        One parameter for each layer.
    """
    found = []
    for walks in zip(*masks, strict=True):
        sizes = np.sum([code_sizes(walk.gaps) for walk in walks], axis=0)
        found.append(int(np.argmin(sizes[: MAX_RICE + 1])))
    return found


def coded(walks: Sequence[Walk], rice: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Return a mask as bytes.

    Parameters
    ----------
    walks : sequence of Walk
        The walk of each layer.
    rice : sequence of int
        The Rice parameter of each layer.

    Returns
    -------
    ndarray of shape (n_bytes,), uint8
        The first two walks, gap by gap as they are read, then the others.
    """
    gaps, ks = _interleaved(walks[:2], rice[:2])
    gaps = np.concatenate([gaps, *(walk.gaps for walk in walks[2:])])
    rest = (np.full(len(walk.gaps), k) for walk, k in zip(walks[2:], rice[2:], strict=True))
    return _stream(gaps, np.concatenate([ks, *rest]))


def coded_by_layer(walks: Sequence[Walk], rice: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Return a mask as bytes, one walk after the other.

    Parameters
    ----------
    walks : sequence of Walk
        The walk of each layer, of :func:`walks_by_layer`.
    rice : sequence of int
        The Rice parameter of each layer.

    Returns
    -------
    ndarray of shape (n_bytes,), uint8
        The gaps.
    """
    gaps = np.concatenate([walk.gaps for walk in walks])
    return _stream(gaps, np.repeat(rice, [len(walk.gaps) for walk in walks]))


def _stream(gaps: Ints, ks: Ints) -> npt.NDArray[np.uint8]:
    """Return gaps with their Rice parameters as one stream of bits, filled up to a byte."""
    ends = np.cumsum((gaps >> ks) + 1 + ks)
    stream = np.zeros(-(-int(ends[-1]) // 8), np.uint8)
    set_ones(stream, ends - 1 - ks)
    for bit in range(int(ks.max(initial=0))):
        is_one = (ks > bit) & ((gaps >> bit) & 1 == 1)
        set_ones(stream, ends[is_one] - 1 - bit)
    return stream


def _interleaved(walks: Sequence[Walk], rice: Sequence[int]) -> tuple[Ints, Ints]:
    """Return the gaps of walks in the order in which they are read, and their parameters."""
    steps = np.concatenate([walk.steps for walk in walks])
    order = np.argsort(steps, kind="stable")
    gaps = np.concatenate([walk.gaps for walk in walks])
    ks = np.concatenate([np.full(len(walk.gaps), k) for walk, k in zip(walks, rice, strict=True)])
    return gaps[order], ks[order]
