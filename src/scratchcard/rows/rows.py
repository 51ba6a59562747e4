"""Rows: what a search reads, as quantised inputs, integer targets and integer row weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchcard.checks import as_int
from scratchcard.ticket import Network

__all__ = ["MAX_ROW_WEIGHT", "Rows", "check_fit", "integer_weights"]

MAX_ROW_WEIGHT = 1 << 10
"""Row weights are integers up to this."""


def integer_weights(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return row weights as integers from 0 to 1024, so that sums of statistics stay exact.

    Weights that are such integers already stay what they are: a row of weight 3 then counts exactly
    as the row written three times. Others are scaled so that the largest becomes 1024, and rounded;
    a weight above 0 becomes at least 1.

    Parameters
    ----------
    weights : ndarray of shape (n_rows,)
        Finite numbers of at least 0.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        The integer weights, in the same order.

    Raises
    ------
    ValueError
        For a weight that is negative, NaN or infinite.
    """
    weights = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError("weights takes finite numbers of at least 0")
    largest = weights.max(initial=0.0)
    if largest <= MAX_ROW_WEIGHT and np.array_equal(weights, np.floor(weights)):
        return weights.astype(np.int64)
    with np.errstate(under="ignore"):
        scaled = np.rint(weights / largest * MAX_ROW_WEIGHT)
    scaled[(scaled == 0) & (weights > 0)] = 1
    integers: NDArray[np.int64] = scaled.astype(np.int64)
    return integers


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as the engines read them. Two are equal when their arrays and group sizes are.

    Parameters
    ----------
    inputs : ndarray of shape (n_rows, n_features)
        Quantised inputs: integers that int16 holds.
    targets : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Class indices from 0; or numbers in fixed point, of any sign, that int32 holds, one for each
        output (see :class:`~scratchcard.ticket.Numbers`).
    weights : ndarray of shape (n_rows,) or None
        Integers from 0 to 1024; None for 1 everywhere.
    group : int
        Number of successive rows that belong together. They are never separated, and have the same
        weight.

    Raises
    ------
    ValueError
        For shapes and values other than these; nothing is rounded.
    """

    inputs: NDArray[np.int16]
    targets: NDArray[np.int64]
    weights: NDArray[np.int64]
    group: int = 1

    def __init__(
        self,
        inputs: NDArray[np.int16],
        targets: NDArray[np.integer],
        weights: NDArray[np.integer] | None = None,
        group: int = 1,
    ) -> None:
        inputs = _integers("inputs", inputs, np.int16)
        targets = _integers("targets", targets, np.int64)
        if weights is None:
            weights = np.ones(targets.shape[:1], dtype=np.int64)
        weights = _integers("weights", weights, np.int64)
        shape = inputs.shape[:1]
        fits = inputs.ndim == 2 and targets.ndim in (1, 2) and targets.shape[:1] == shape
        if not fits or weights.shape != shape:
            raise ValueError(
                "Rows: inputs (n_rows, n_features), targets (n_rows,) and weights (n_rows,) must "
                f"agree, got {inputs.shape}, {targets.shape} and {weights.shape}"
            )
        if weights.min(initial=0) < 0 or weights.max(initial=0) > MAX_ROW_WEIGHT:
            raise ValueError(f"Rows: weights must be integers from 0 to {MAX_ROW_WEIGHT}")
        if weights.sum() == 0:
            raise ValueError("Rows: at least one row must have a weight above 0")
        if targets.ndim == 1 and targets.min(initial=0) < 0:
            raise ValueError("Rows: targets must be class indices from 0")
        if targets.ndim == 2:
            _integers("targets", targets, np.int32)
        group = as_int("group", group, 1, len(targets))
        if len(targets) % group:
            raise ValueError(f"group={group} takes whole groups, got {len(targets)} rows")
        if np.ptp(weights.reshape(-1, group), axis=1).any():
            raise ValueError(f"group={group} takes the same weight for all rows of a group")
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "targets", targets)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "group", group)

    def __len__(self) -> int:
        return len(self.targets)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows):
            return NotImplemented
        return self.group == other.group and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("inputs", "targets", "weights")
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def answers(self) -> str:
        """What the targets are: "classes", (n_rows,), or "numbers", (n_rows, n_outputs)."""
        return "classes" if self.targets.ndim == 1 else "numbers"

    @property
    def total_weight(self) -> int:
        """Sum of the row weights."""
        return int(self.weights.sum())

    def with_targets(self, targets: NDArray[np.integer]) -> Rows:
        """Return the same rows with other targets.

        Parameters
        ----------
        targets : ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Integers, as for the class.

        Returns
        -------
        Rows
            New rows that share inputs and weights with these.

        Raises
        ------
        ValueError
            For targets that are no such integers, or are not those of as many rows.
        """
        return Rows(self.inputs, targets, self.weights, self.group)


def _integers(name: str, values: Any, dtype: type[np.integer]) -> NDArray[Any]:
    """Return the values as a contiguous array of this type, or refuse those that it cannot hold."""
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
    """Raise an error unless the network can read the rows.

    Parameters
    ----------
    network : Network
        The network.
    rows : Rows
        The rows.
    name : str
        The argument that the error names.

    Raises
    ------
    ValueError
        If the number of features, the range of the inputs or the range of the targets does not fit.
    """
    if rows.inputs.shape[1] != network.n_inputs:
        raise ValueError(
            f"{name} takes the network's {network.n_inputs} features, got {rows.inputs.shape[1]}"
        )
    limit = network.input_limit
    least, most = int(rows.inputs.min(initial=0)), int(rows.inputs.max(initial=0))
    if least < -limit or most > limit:
        raise ValueError(f"{name} takes inputs {-limit}..{limit}, got {least}..{most}")
    if rows.answers == "numbers":
        if rows.targets.shape[1] != network.n_outputs:
            raise ValueError(
                f"{name} takes a number for each of the network's {network.n_outputs} outputs, "
                f"got {rows.targets.shape[1]}"
            )
        return
    if int(rows.targets.max(initial=0)) >= network.n_outputs:
        raise ValueError(
            f"{name} takes targets below the network's {network.n_outputs} outputs, "
            f"got {int(rows.targets.max())}"
        )
