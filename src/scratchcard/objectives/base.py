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
from scratchcard.objectives.tempering import SOFTMAX, Tempering, bits_per_output
from scratchcard.ticket import Classes, Head

__all__ = ["QUANTUM", "Block", "Objective", "ObjectiveError", "bits_per_output"]

QUANTUM = 1 << 14
"""Real-valued statistics are integer multiples of one over this."""


class ObjectiveError(ValueError):
    """An objective gave NaN, an infinity, or a number too large to be kept exactly."""


class Block(NamedTuple):
    """One block of rows, as the compiled statistics of an objective read it.

    Real rows come first; the rows after them only pad the block, and have weight 0.

    Attributes
    ----------
    outputs : ndarray of shape (n_planes, n_rows), int32
        Outputs of the network, one plane for each of them; which plane, ``where`` says.
    exps : ndarray of shape (n_planes, n_rows), float32
        2**logit of the same planes, clipped; empty unless the objective asks for it.
    where : ndarray of shape (n_outputs + 1,), int64
        The plane of each output; for classes, the last number is the plane that holds the output of
        each row's target.
    targets : ndarray of shape (n_rows,) or (n_outputs * n_rows,), int32
        The class index of each row; or the numbers of all rows for the first output, then for the
        next.
    weights : ndarray of shape (n_rows,), int32
        The weight of each row.
    scale : float32
        Bits of logit per unit of output.
    reading : ndarray of shape (1,) or (2 * n_outputs,), float32
        For classes, the scale; for numbers, the scale of each output, and then the offset of each.
    work : ndarray of shape (2, n_rows), float32
        Scratch memory that the function may use as it likes.
    quanta : ndarray of shape (n_rows,), int32
        To be filled by an objective with one statistic: the statistic of each row, not weighted.
    sums : ndarray of shape (n_statistics,), int64
        To be added to by an objective with several statistics: their weighted sums.
    """

    outputs: NDArray[np.int32]
    exps: NDArray[np.float32]
    where: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: NDArray[np.int32]
    scale: np.float32
    reading: NDArray[np.float32]
    work: NDArray[np.float32]
    quanta: NDArray[np.int32]
    sums: NDArray[np.int64]


BLOCK_SIGNATURE = types.int64(
    types.NamedTuple(
        [
            types.int32[:, ::1],
            types.float32[:, ::1],
            types.int64[::1],
            types.int32[::1],
            types.int32[::1],
            types.float32,
            types.float32[::1],
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


@dataclass(frozen=True, kw_only=True)
class Objective:
    """One notion of what "good" means for a set of outputs; lower is better.

    Parameters
    ----------
    name : str
        What a user calls it.
    n_statistics : callable
        ``(n_classes) -> int``, the number of statistics that a row has.
    statistics : callable
        ``(outputs, targets, weights, scale) -> sums``, the definition in NumPy. ``outputs``
        (n_rows, n_classes) and ``weights`` (n_rows,) are integers, ``targets`` (n_rows,) class
        indices, and ``scale``, a float32, is the number of bits of logit per unit of output;
        ``sums`` (n_statistics,) is int64. For numbers, ``targets`` are (n_rows, n_outputs) integers
        in fixed point, and ``scale`` (2, n_outputs) float32 holds a scale and an offset of each.
    block : callable
        The same for one :class:`Block` of rows, in what Numba can compile (see
        ``BLOCK_SIGNATURE``).
    value : callable
        ``(sums, total_weight) -> float``, for Python and for Numba.
    needs_exps : bool
        Whether ``block`` reads the planes of 2**logit, which cost time to keep.
    is_mean : bool
        Whether the value is a multiple of the weighted mean of the one statistic. Then some of the
        rows estimate it, and a race over blocks of rows may end early.
    only_grows : bool
        Whether, besides, the statistic is never negative. Then the value of some of the rows,
        divided by the weight of all, is never above the value of all.
    answers : str
        What targets are: "classes", or "numbers".
    from_zero : bool
        Whether numbers must be at least 0, because they are counts.
    head : callable
        ``(n_outputs) -> Head``, what outputs mean where nobody says.
    tempering : Tempering
        How outputs are read, and how that is fitted during a search.
    reads_labels : bool
        Whether the value depends on the largest output alone, and not on how outputs are read.
    importance : callable or None
        ``(quanta) -> importance``, from the statistics of rows, (n_rows,) int32, to what the
        probability of each row's target lacks of 1, (n_rows,) float32. It says how much a row
        matters when rows are drawn. None where that cannot be told.
    group : int
        Number of successive rows that share one statistic. Rows must come in such groups
        (:class:`scratchcard.Rows`).
    reads_targets : bool
        Whether the statistics depend on the targets. Where they do not, each row's target is, for
        the temperature alone, what is answered for the row beside it in its group.
    compiled_to_disk : bool
        Whether the compiled functions are kept in the cache on disk.
    made_by : tuple or None
        What pickling keeps instead of the functions: a function and its arguments, which make the
        same objective again.
    """

    name: str
    n_statistics: Callable[[int], int] = field(repr=False)
    statistics: Callable[..., NDArray[np.int64]] = field(repr=False)
    block: Callable[..., int] = field(repr=False)
    value: Callable[[NDArray[np.int64], int], float] = field(repr=False)
    needs_exps: bool = False
    is_mean: bool = False
    only_grows: bool = False
    answers: str = "classes"
    from_zero: bool = False
    head: Callable[[int], Head] = field(default=Classes, repr=False)
    tempering: Tempering = field(default=SOFTMAX, repr=False)
    reads_labels: bool = False
    importance: Callable[[NDArray[np.int32]], NDArray[np.float32]] | None = field(
        default=None, repr=False
    )
    group: int = 1
    reads_targets: bool = True
    compiled_to_disk: bool = True
    made_by: tuple[Callable[..., Objective], tuple[Any, ...]] | None = field(
        default=None, repr=False
    )

    @cached_property
    def compiled_block(self) -> Any:
        """The function ``block``, compiled."""
        return cfunc(BLOCK_SIGNATURE, cache=self.compiled_to_disk)(self.block)

    @cached_property
    def compiled_value(self) -> Any:
        """The function ``value``, compiled."""
        return cfunc(VALUE_SIGNATURE, cache=self.compiled_to_disk)(self.value)

    def checked_value(self, sums: NDArray[np.int64], total_weight: int) -> float:
        """Return the value for these sums of statistics.

        Parameters
        ----------
        sums : ndarray of shape (n_statistics,), int64
            Weighted sums over the rows.
        total_weight : int
            Weight of these rows.

        Returns
        -------
        float
            The value; lower is better.

        Raises
        ------
        ObjectiveError
            If the value is NaN or infinite.
        """
        value = float(self.value(sums, total_weight))
        if not math.isfinite(value):
            raise ObjectiveError(
                f"objective {self.name!r} takes a finite value, got {value} for the sums "
                f"{sums.tolist()[:8]} of rows of weight {total_weight}"
            )
        return value

    def bad_statistic(self, value: float) -> ObjectiveError:
        """Return the error that says that a statistic of a row cannot be kept.

        Parameters
        ----------
        value : float
            The statistic.

        Returns
        -------
        ObjectiveError
            The error; it names the objective and the statistic.
        """
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
