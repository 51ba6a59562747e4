"""What an objective is: additive integer statistics of rows, and a scalar of their sums.

    objective(mask) = value( sum over rows of weight(row) * statistics(row) )

The statistics of a row are integers, so their sum is exact: it does not depend on the order of the
rows, on blocks, on threads or on whether it was kept up to date or computed afresh. A statistic
that is a real number by nature (a cross-entropy, in bits) is cut to a multiple of ``1 / QUANTUM``.

An objective states its statistics twice: for NumPy, whole arrays at once and readable, which is
what it *means*; and as a Numba function over one block of rows, which is what makes it fast. Tests
hold the two against each other bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from scratchcard.compiled.cache import cfunc

__all__ = ["QUANTUM", "Block", "Objective", "ObjectiveError", "bits_per_output"]

QUANTUM = 1 << 14
"""Quanta per unit of a real-valued statistic."""


class ObjectiveError(ValueError):
    """An objective that gave NaN, an infinity, or a number too large to be kept exactly."""


class Block(NamedTuple):
    """One block of rows, as the compiled statistics of an objective read it.

    Real rows come first; others, which pad the block, have weight 0.
    """

    outputs: NDArray[np.int32]  # (planes, rows) the network's outputs
    exps: NDArray[np.float32]  # (planes, rows) 2**logit, clipped; only if needs_exps
    where: NDArray[np.int64]  # (n_classes + 1,) plane of each class, and of the target's output
    targets: NDArray[np.int32]  # (rows,)
    weights: NDArray[np.int32]  # (rows,)
    scale: np.float32  # bits of logit per unit of output
    work: NDArray[np.float32]  # (2, rows) scratch
    quanta: NDArray[np.int32]  # (rows,) to fill if there is one statistic: each row's, unweighted
    sums: NDArray[np.int64]  # (n_statistics,) to add to if there are more: the weighted sums


BLOCK_SIGNATURE = types.int64(
    types.NamedTuple(
        [
            types.int32[:, ::1],
            types.float32[:, ::1],
            types.int64[::1],
            types.int32[::1],
            types.int32[::1],
            types.float32,
            types.float32[:, ::1],
            types.int32[::1],
            types.int64[::1],
        ],
        Block,
    )
)
"""``f(block) -> status``: 0, or 1 for a statistic that cannot be kept, left in ``block.work``."""

VALUE_SIGNATURE = types.float64(types.int64[::1], types.int64)
"""``f(sums, total_weight) -> float``, lower is better."""


def bits_per_output(temperature: float) -> np.float32:
    """Return what an output is multiplied by to be a logit in bits; temperature: nats per unit."""
    return np.float32(temperature * 1.4426950408889634)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """One notion of "good" for a set of outputs; lower is better.

    Parameters
    ----------
    name : str
        What a user calls it.
    n_statistics : callable
        Number of classes -> number of statistics of a row.
    statistics : callable
        ``(outputs, targets, weights, scale) -> sums``, the definition in NumPy. outputs (n_rows,
        n_classes) integers, targets (n_rows,) class indices, weights (n_rows,) integers, scale:
        logits in bits per unit of output, float32; sums (n_statistics,) int64.
    block : callable
        The same over one :class:`Block` of rows, for Numba (see ``BLOCK_SIGNATURE``).
    value : callable
        ``(sums, total_weight) -> float``, for Python and for Numba.
    needs_exps : bool
        Whether ``block`` reads the planes of 2**logit, which cost time to keep.
    is_mean : bool
        Whether the value is a multiple of the weighted mean of the one statistic, so that some of
        the rows estimate it and a race over blocks of rows may end early.
    only_grows : bool
        Whether, besides, the statistic is never negative, so that the value of some of the rows,
        over the weight of all, is never above the value of all.
    importance : callable or None
        Statistics of rows, (n_rows,) int32 -> what the target's probability lacks of 1, (n_rows,)
        float32: how much a row matters when rows are drawn. None if that cannot be told.
    group : int
        Rows that belong together: a statistic is that of so many rows in succession. Rows must
        be given in such groups (:class:`scratchcard.Rows`).
    compiled_to_disk : bool
        Whether Numba keeps the compiled functions in its cache.
    made_by : tuple or None
        What pickling keeps instead: a function and its arguments that make the same.
    """

    name: str
    n_statistics: Callable[[int], int] = field(repr=False)
    statistics: Callable[..., NDArray[np.int64]] = field(repr=False)
    block: Callable[..., int] = field(repr=False)
    value: Callable[[NDArray[np.int64], int], float] = field(repr=False)
    needs_exps: bool = False
    is_mean: bool = False
    only_grows: bool = False
    importance: Callable[[NDArray[np.int32]], NDArray[np.float32]] | None = field(
        default=None, repr=False
    )
    group: int = 1
    compiled_to_disk: bool = True
    made_by: tuple[Callable[..., Objective], tuple[Any, ...]] | None = field(
        default=None, repr=False
    )

    @cached_property
    def compiled_block(self) -> Any:
        """``block`` as a compiled first-class function."""
        return cfunc(BLOCK_SIGNATURE, cache=self.compiled_to_disk)(self.block)

    @cached_property
    def compiled_value(self) -> Any:
        """``value`` as a compiled first-class function."""
        return cfunc(VALUE_SIGNATURE, cache=self.compiled_to_disk)(self.value)

    def checked_value(self, sums: NDArray[np.int64], total_weight: int) -> float:
        """Return the value for these sums.

        Raises ObjectiveError for one that is not finite.
        """
        value = float(self.value(sums, total_weight))
        if not math.isfinite(value):
            raise ObjectiveError(
                f"objective {self.name!r} takes a finite value, got {value} for the sums "
                f"{sums.tolist()[:8]} of rows of weight {total_weight}"
            )
        return value

    def bad_statistic(self, value: float) -> ObjectiveError:
        """Return the error that says that a statistic of a row cannot be kept."""
        return ObjectiveError(
            f"objective {self.name!r} takes statistics within ±{LARGEST:,.0f}, got {value} for a "
            "row"
        )

    def __deepcopy__(self, memo: Any) -> Objective:
        return self  # it never changes, and what is compiled would be lost

    def __reduce__(self) -> Any:
        if self.made_by is not None:
            return self.made_by
        return _remade, (self.name,)


LARGEST = 100_000.0
"""Largest magnitude of a real-valued statistic: in quanta it fits int32 with room to spare."""


def one_statistic(n_classes: int) -> int:
    """Return 1: a row has one statistic, however many classes there are."""
    return 1


def _remade(name: str) -> Objective:
    """Return a built-in objective, for pickle."""
    from scratchcard.objectives import get_objective

    return get_objective(name)
