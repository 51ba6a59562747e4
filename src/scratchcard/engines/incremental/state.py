"""The arrays that compiled code works on: rows in blocks, what an individual keeps, and a job."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.engines.incremental.threads import Threads
from scratchcard.engines.incremental.wiring import Net


class Data(NamedTuple):
    """Rows in blocks; short blocks are padded with rows of weight 0."""

    inputs: NDArray[np.int16]  # (blocks, n_features, rows); where there are maps, one more plane: 0
    targets: NDArray[np.int32]  # (blocks, rows); of numbers (blocks, outputs * rows)
    weights: NDArray[np.int32]  # (blocks, rows)
    total_weight: int  # sum of the weights


class Job(NamedTuple):
    """What is computed, for which network, on which rows, and by which of the threads."""

    block: Any  # the objective's statistics of a block, a compiled function
    value: Any  # the objective's value for the sums of statistics, a compiled function
    net: Net
    data: Data
    threads: Threads


class MapState(NamedTuple):
    """What is kept of layers of maps. T is int16 where sums are held to 16 bits, and else int32."""

    sums: NDArray[Any]  # (blocks, planes, rows) T, those of a pooled square side by side
    bytes: NDArray[np.uint8]  # (blocks, n_bytes + 1, rows) the first n_bytes activations; last: 0
    values: NDArray[np.int16]  # (blocks, the others + 1, rows) all other activations; last: 0
    delta: NDArray[np.int16]  # (planes + 1, rows) scratch: by how much they changed; last: 0
    moved: NDArray[np.uint8]  # (planes,) scratch: whether they did
    altered: NDArray[np.int64]  # (2, most maps) scratch: maps of two layers that changed
    taps: NDArray[np.int64]  # (2, taps, 4) scratch, see taps.py
    chosen: NDArray[np.int64]  # (2, most, 2) scratch: planes and factors, of taps or of values
    work: NDArray[Any]  # (6, rows) T, scratch: four sums, the largest, a bias


class State(NamedTuple):
    """One individual: its mask and everything that is kept so that a trial is cheap.

    With K outputs, planes 0 to K - 1 of ``outputs`` and ``exps`` hold these, and planes K to
    2K - 1 hold those under trial. ``outputs`` has three more: where targets are classes, plane 2K
    holds the output of each row's target, and planes 2K + 1 and 2K + 2 the same under trial. Where
    an array's second axis is 2, ``[:, 0]`` is kept and ``[:, 1]`` is under trial. An array that is
    called padded has blocks a cache line apart, because threads that write to one line wait for
    each other.
    """

    mask: NDArray[np.uint8]  # (n_weights,)
    sums: NDArray[np.int64]  # (blocks, 2, n_statistics, padded)
    quanta: NDArray[np.int32]  # (blocks, 2, rows) the one statistic of each row
    hidden: NDArray[np.int32]  # (blocks, 2, hidden units, rows) sums; [:, 1] in moved's order
    outputs: NDArray[np.int32]  # (blocks, 2K + 3, rows)
    exps: NDArray[np.float32]  # (blocks, 2K, rows)
    where: NDArray[np.int64]  # (blocks, K + 1, padded) plane of each class, plane of the target
    moved: NDArray[
        np.int64
    ]  # (blocks, values + 1, padded) hidden units with new sums; last: how many
    changed: NDArray[np.int64]  # (values,) scratch: places of values that changed; values are
    #                             those of the last layer of maps, and hidden units
    delta: NDArray[np.int32]  # (values + 1, rows) scratch: by how much hidden units changed
    work: NDArray[np.float32]  # (2, rows) scratch
    trial_sums: NDArray[np.int64]  # (n_statistics,) sums that the last trial found
    reading: NDArray[np.float32]  # (numbers,) how outputs were read for exps and sums
    n_retargets: NDArray[np.int64]  # (1,) how often the rows had got other targets by then
    maps: MapState | None  # of a network that has some


class Place(NamedTuple):
    """One block of rows of one individual."""

    net: Net
    data: Data
    state: State
    b: int  # number of the block
