"""Rows: what a search reads. Quantised inputs, class indices and integer row weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.objectives.base import MAX_ROW_WEIGHT
from scratchcard.ticket.network import Network

_BLOCK = 1 << 20  # numbers hashed at once: 8 MiB


def hashes(values: NDArray[np.integer]) -> NDArray[np.uint64]:
    """A hash of each row of integers: as good as random, and the same wherever the row stands.

    values : (n_rows, n_columns) array. Returns (n_rows,).
    """
    found = np.empty(len(values), dtype=np.uint64)
    factors = np.random.SeedSequence(0).generate_state(values.shape[1], np.uint64)
    step = max(1, _BLOCK // max(1, values.shape[1]))
    for start in range(0, len(values), step):
        found[start : start + step] = values[start : start + step].astype(np.uint64) @ factors
    return found


def integer_weights(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row weights as integers from 0 to 1024, so that sums of statistics stay exact.

    Weights that are such integers already stay what they are: a weight of 3 is then exactly the
    row written three times. Others are scaled so that the largest becomes 1024, and rounded; what
    is above 0 stays above 0.
    """
    weights = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError("weights takes finite numbers of at least 0")
    largest = weights.max(initial=0.0)
    if largest <= MAX_ROW_WEIGHT and np.array_equal(weights, np.floor(weights)):
        return weights.astype(np.int64)
    scaled = np.rint(weights / largest * MAX_ROW_WEIGHT)
    scaled[(scaled == 0) & (weights > 0)] = 1
    integers: NDArray[np.int64] = scaled.astype(np.int64)
    return integers


@dataclass(frozen=True)
class Rows:
    """Rows as the engines read them.

    Parameters
    ----------
    inputs : (n_rows, n_features) array of integers that int16 holds, quantised inputs.
    targets : (n_rows,) int array, class indices from 0.
    weights : (n_rows,) int array, 0 to 1024; all 1 if None.

    Raises ValueError for other shapes and values; nothing is rounded.
    """

    inputs: NDArray[np.int16]
    targets: NDArray[np.int64]
    weights: NDArray[np.int64]

    def __init__(
        self,
        inputs: NDArray[np.int16],
        targets: NDArray[np.integer],
        weights: NDArray[np.integer] | None = None,
    ) -> None:
        inputs = _integers("inputs", inputs, np.int16)
        targets = _integers("targets", targets, np.int64)
        if weights is None:
            weights = np.ones(len(targets), dtype=np.int64)
        weights = _integers("weights", weights, np.int64)
        if inputs.ndim != 2 or targets.shape != inputs.shape[:1] or weights.shape != targets.shape:
            raise ValueError(
                "Rows: inputs (n_rows, n_features), targets (n_rows,) and weights (n_rows,) must "
                f"agree, got {inputs.shape}, {targets.shape} and {weights.shape}"
            )
        if weights.min(initial=0) < 0 or weights.max(initial=0) > MAX_ROW_WEIGHT:
            raise ValueError(f"Rows: weights must be integers from 0 to {MAX_ROW_WEIGHT}")
        if weights.sum() == 0:
            raise ValueError("Rows: at least one row must have a weight above 0")
        if targets.min(initial=0) < 0:
            raise ValueError("Rows: targets must be class indices from 0")
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "targets", targets)
        object.__setattr__(self, "weights", weights)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def total_weight(self) -> int:
        """Sum of the row weights."""
        return int(self.weights.sum())


def _integers(name: str, values: Any, dtype: type[np.integer]) -> NDArray[Any]:
    """The values in a contiguous array of this type, which must hold them all."""
    values = np.asarray(values)
    if values.dtype.kind not in "biu":
        raise ValueError(f"Rows: {name} takes integers, got {values.dtype} values")
    if not np.can_cast(values.dtype, dtype):
        least, most = int(values.min(initial=0)), int(values.max(initial=0))
        limits = np.iinfo(dtype)
        if least < limits.min or most > limits.max:
            raise ValueError(
                f"Rows: {name} takes integers {limits.min}..{limits.max}, got {least}..{most}"
            )
    return np.ascontiguousarray(values, dtype=dtype)


def check_fit(network: Network, rows: Rows, name: str = "rows") -> None:
    """Raise ValueError, naming the argument, for rows that the network cannot read."""
    if rows.inputs.shape[1] != network.n_inputs:
        raise ValueError(
            f"{name} takes the network's {network.n_inputs} features, got {rows.inputs.shape[1]}"
        )
    limit = network.input_limit
    least, most = int(rows.inputs.min(initial=0)), int(rows.inputs.max(initial=0))
    if least < -limit or most > limit:
        raise ValueError(f"{name} takes inputs {-limit}..{limit}, got {least}..{most}")
    if int(rows.targets.max(initial=0)) >= network.n_outputs:
        raise ValueError(
            f"{name} takes targets below the network's {network.n_outputs} outputs, "
            f"got {int(rows.targets.max())}"
        )


def shuffled(rows: Rows) -> NDArray[np.int64]:
    """Indices of the rows that count, in an order as good as random, so any run is a fair sample.

    It does not depend on the order in which the rows came, and copies of a row part company.
    """
    counted = np.flatnonzero(rows.weights)
    names = hashes(rows.inputs)[counted]
    order = np.lexsort((rows.weights[counted], rows.targets[counted], names))
    counted = counted[order]
    kinds = np.stack([names[order], rows.targets[counted], rows.weights[counted]], axis=1)
    kinds = kinds.astype(np.uint64)
    first = np.ones(len(counted), dtype=bool)  # of its kind
    first[1:] = (kinds[1:] != kinds[:-1]).any(axis=1)
    number = np.arange(len(counted))
    copy = number - np.maximum.accumulate(np.where(first, number, 0))
    places = hashes(np.column_stack([kinds, copy.astype(np.uint64)]))
    found: NDArray[np.int64] = counted[np.argsort(places, kind="stable")]
    return found
