"""What an objective is: additive integer statistics of rows, and a scalar of their sums.

    objective(mask) = value( sum over rows of weight(row) * statistics(row) )

The statistics of a row are integers, so their sum is exact: it does not depend on the order of the
rows, on blocks, on threads or on whether it was kept up to date or computed afresh. A statistic
that is a real number by nature (a cross-entropy, in bits) is cut to a multiple of ``1 / ONE``.

An objective states its statistics twice: for NumPy, whole arrays at once and readable, which is
what it *means*; and as a Numba function over one block of rows, which is what makes it fast. Tests
hold the two against each other bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numba import cfunc, types
from numpy.typing import NDArray

#: Quanta per unit of a real-valued statistic.
ONE = 1 << 14

#: Row weights are integers up to this; see :func:`scratchcard.rows.rows.integer_weights`.
MAX_ROW_WEIGHT = 1 << 10

#: ``f(outputs, exps, where, targets, weights, scale, work, quanta, sums) -> 0`` computes the
#: statistics of a block. ``outputs`` (planes, rows) int32 and ``exps`` (planes, rows) float32 hold
#: the network's outputs and 2**logit; ``where[k]`` is the plane of class k, ``where[-1]`` the
#: plane of each row's own target output. ``work`` (2, rows) float32 is scratch. An objective with
#: one statistic writes each row's, without its weight, to ``quanta`` (rows,) int32; one with more
#: adds the weighted sums to ``sums`` (n_statistics,) int64.
BLOCK_SIGNATURE = types.int64(
    types.int32[:, ::1],
    types.float32[:, ::1],
    types.int64[::1],
    types.int32[::1],
    types.int32[::1],
    types.float32,
    types.float32[:, ::1],
    types.int32[::1],
    types.int64[::1],
)

#: ``f(sums, total_weight) -> float``, lower is better.
VALUE_SIGNATURE = types.float64(types.int64[::1], types.int64)


def bits_per_output(temperature: float) -> np.float32:
    """What an output is multiplied by to be a logit in bits; temperature: nats per unit."""
    return np.float32(temperature * 1.4426950408889634)


@dataclass(frozen=True)
class Objective:
    """One notion of "good" for a set of outputs; lower is better.

    Parameters
    ----------
    name : what a user calls it.
    n_statistics : number of classes -> number of statistics of a row.
    statistics : ``(outputs, targets, weights, scale) -> sums``, the definition in NumPy.
        outputs (n_rows, n_classes) integers, targets (n_rows,) class indices, weights (n_rows,)
        integers, scale: logits in bits per unit of output, float32; sums (n_statistics,) int64.
    block : the same over one block of rows, for Numba (see :data:`BLOCK_SIGNATURE`).
    value : ``(sums, total_weight) -> float``, for Python and for Numba.
    needs_exps : whether ``block`` reads the planes of 2**logit, which cost time to keep.
    is_mean : whether the value is a multiple of the weighted mean of the one statistic, so that
        some of the rows estimate it and a race over blocks of rows may end early.
    only_grows : whether, besides, the statistic is never negative, so that the value of some of
        the rows, over the weight of all, is never above the value of all.
    compiled_to_disk : whether Numba keeps the compiled functions in its cache.
    made_by : what pickling keeps instead: a function and its arguments that make the same.
    """

    name: str
    n_statistics: Callable[[int], int] = field(repr=False)
    statistics: Callable[..., NDArray[np.int64]] = field(repr=False)
    block: Callable[..., int] = field(repr=False)
    value: Callable[[NDArray[np.int64], int], float] = field(repr=False)
    needs_exps: bool
    is_mean: bool
    only_grows: bool = False
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

    def __deepcopy__(self, memo: Any) -> Objective:
        return self  # it never changes, and what is compiled would be lost

    def __reduce__(self) -> Any:
        if self.made_by is not None:
            return self.made_by
        fields = (
            self.name,
            self.n_statistics,
            self.statistics,
            self.block,
            self.value,
            self.needs_exps,
            self.is_mean,
            self.only_grows,
            self.compiled_to_disk,
        )
        return Objective, fields
