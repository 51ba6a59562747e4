"""Numbers: each output stands for a number, by a straight line of its own. NumPy only.

Calibration to counts alone needs SciPy, and imports it when it is asked for.
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scratchcard.distinct import distinct
from scratchcard.ticket.codec import ByteReader, TicketError
from scratchcard.ticket.heads.base import Floats, Head, Integers, Outputs
from scratchcard.ticket.heads.exponential import exponential
from scratchcard.ticket.heads.fitting import LOSSES, fit_line, level_of, loss_named, offset_for
from scratchcard.ticket.heads.lines import Lines

__all__ = ["UNIT", "Numbers"]

UNIT = 1 << 16
"""Targets are whole multiples of one over this, of the spread of the answers."""
FURTHEST = (1 << 31) - 1  # an answer further than this from the centre, in that unit, counts as it
MOST_OUTPUTS = 1 << 16
LARGEST = 1e30  # answers are within ± this, and
LEAST_SPREAD = 1e-25  # all the same, or this far apart: then float32 holds any scale of theirs


class Numbers(Head):
    """A number for each output: ``offset + scale * output``, and for counts its exponential.

    Parameters
    ----------
    offset, scale : float or sequence of float
        A finite number for each output; the scale is kept as float32, and may be negative, or 0.
    loss : str
        What the numbers are least for: "squared_error" (they are means), "absolute_error" or
        "quantile" (medians), "quantile:LEVEL" with a level between 0 and 1, or "poisson" (means of
        counts; the answer is then ``exp(offset + scale * output)``). It is the name of the
        objective of a search.
    centre, spread : float or sequence of float
        What targets are relative to, for each output; :meth:`of` takes them from the answers of
        the rows to search. A ticket's file does not hold them.

    Raises
    ------
    ValueError
        For anything else.
    """

    name = "numbers"
    code = 1
    answers = "numbers"

    def __init__(
        self,
        offset: npt.ArrayLike,
        scale: npt.ArrayLike,
        loss: str = "squared_error",
        centre: npt.ArrayLike = 0.0,
        spread: npt.ArrayLike = 1.0,
    ) -> None:
        self._loss = loss_named(loss)
        self._offset = _as_numbers("offset", offset, None)
        self._scale = _as_float32("scale", scale, len(self._offset))
        self._centre = _as_numbers("centre", centre, len(self._offset))
        self._spread = _as_numbers("spread", spread, len(self._offset))
        if len(self._offset) > MOST_OUTPUTS:
            raise ValueError(f"offset takes at most {MOST_OUTPUTS} numbers, got {self.n_outputs}")
        self._offset.flags.writeable = self._scale.flags.writeable = False
        if not (self._spread > 0).all():
            raise ValueError(f"spread takes numbers above 0, got {self._spread.tolist()}")

    @classmethod
    def of(
        cls,
        y: npt.ArrayLike,
        weights: npt.NDArray[np.int64] | None = None,
        loss: str = "squared_error",
    ) -> Self:
        """Return a head for rows with these answers, as a search begins with it.

        It does not depend on the order of the rows, nor on whether a row of weight 2 stands there
        once or twice.

        Parameters
        ----------
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            The answers of the rows to search, within ±1e30, and for each output the same or with a
            spread of 1e-25 at least; for "poisson" at least 0, and not all of them 0.
        weights : ndarray of shape (n_rows,), int64, or None
            Weights of the rows; None for 1 everywhere.
        loss : str
            As for the class.

        Returns
        -------
        Numbers
            A head whose centre and spread are the mean and the deviation of the answers; for other
            losses than the squared error, the median or quantile and the mean distance from it;
            for counts 0 and the mean.

        Raises
        ------
        ValueError
            For answers that are not such numbers.
        """
        loss = loss_named(loss)
        answers = _as_answers(y, None, loss)
        if weights is None:
            weights = np.ones(len(answers), dtype=np.int64)
        if not weights.any():
            raise ValueError("y takes at least one row of a weight above 0")
        found = [_centre_and_spread(column, weights, loss) for column in answers.T]
        centre, spread = (np.array(numbers) for numbers in zip(*found, strict=True))
        if loss == "poisson":
            return cls(np.log(spread), np.ones(len(spread)), loss, centre, spread)
        return cls(centre, spread, loss, centre, spread)

    @classmethod
    def plain(cls, n_outputs: int, loss: str = "squared_error") -> Self:
        """Return a head of answers that are about 0 and differ by about 1, or that are about 1.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        loss : str
            As for the class.

        Returns
        -------
        Numbers
            The head.
        """
        return cls(np.zeros(n_outputs), np.ones(n_outputs), loss)

    @property
    def n_outputs(self) -> int:
        """Number of numbers in an answer."""
        return len(self._offset)

    @property
    def loss(self) -> str:
        """What the numbers are least for: the name of an objective."""
        return self._loss

    @property
    def judge(self) -> str:  # type: ignore[override]
        """Name of the objective by which masks are chosen on validation rows: the loss."""
        return self._loss

    @property
    def offset(self) -> Floats:
        """The offset of each output, (n_outputs,) float64, read-only."""
        return self._offset

    @property
    def scale(self) -> npt.NDArray[np.float32]:
        """The scale of each output, (n_outputs,) float32, read-only."""
        return self._scale

    @property
    def reading(self) -> Lines:
        """How an objective reads the outputs: the head's lines, relative to centre and spread."""
        offset, scale = self._offset, self._scale.astype(np.float64)
        if self._loss == "poisson":
            offset = offset - np.log(self._spread)
        else:
            offset, scale = (offset - self._centre) / self._spread, scale / self._spread
        return Lines(tuple(scale.tolist()), tuple(offset.tolist()))

    def targets(self, y: npt.ArrayLike) -> Integers:
        """Return how far each answer is from the centre, in multiples of 1/65536 of the spread.

        Halves are rounded to even. An answer more than 32,767 spreads away counts as that far.

        Parameters
        ----------
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Finite numbers; at least 0 for "poisson".

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            Integers within ±(2**31 - 1).

        Raises
        ------
        ValueError
            For answers that are not such numbers.
        """
        gaps = _as_answers(y, self.n_outputs, self._loss) - self._centre
        with np.errstate(over="ignore"):
            units = np.rint(gaps / self._spread * UNIT)
        found: Integers = np.clip(units, -FURTHEST, FURTHEST).astype(np.int64)
        return found

    def predict(self, outputs: Outputs) -> Floats:
        """Return the numbers that outputs stand for, the same bits in every language.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.

        Returns
        -------
        ndarray of shape (n_rows,) for one output, or (n_rows, n_outputs)
            The numbers.
        """
        found = self._scale.astype(np.float64) * np.asarray(outputs, dtype=np.float64)
        found = self._offset + found
        if self._loss == "poisson":
            found = exponential(found)
        return found[:, 0] if self.n_outputs == 1 else found

    def score(self, outputs: Outputs, y: npt.ArrayLike) -> float:
        """Return R², the share of the variance that is explained, averaged over the outputs.

        An output whose right answers are all the same scores 1 if all its numbers are right, and 0
        if not.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            The right answers.

        Returns
        -------
        float
            At most 1.
        """
        right = _as_answers(y, self.n_outputs, "squared_error", math.inf)
        found = self.predict(outputs).reshape(right.shape)
        unit = np.maximum(np.abs(right).max(axis=0), np.abs(found).max(axis=0))
        unit[unit == 0] = 1.0  # divided by this, no square overflows
        right, found = right / unit, found / unit
        errors = ((right - found) ** 2).sum(axis=0)
        gaps = right - right[0]  # 0 where all answers are the same
        spreads = ((gaps - gaps.mean(axis=0)) ** 2).sum(axis=0)
        shares = np.where(errors == 0, 0.0, 1.0)
        np.divide(errors, spreads, out=shares, where=spreads > 0)
        return float(np.mean(1.0 - shares))

    def calibrated(
        self,
        outputs: Outputs,
        targets: Integers,
        weights: Integers,
        smoothing: float | None = None,
    ) -> Numbers:
        """Return the head whose lines have the least loss on these rows.

        Each output has its own: of least squares, of a quantile regression, or of a Poisson
        regression. They do not depend on the order of the rows, nor on whether a row of weight 2
        stands there once or twice.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.
        targets : ndarray of shape (n_rows, n_outputs), int64
            What :meth:`targets` gave for the rows.
        weights : ndarray of shape (n_rows,), int64
            Weights of the rows.
        smoothing : float or None
            Not used, because a line has no more than two numbers to fit.

        Returns
        -------
        Numbers
            The head.
        """
        lines = [
            self._line(k, np.stack([outputs[:, k], targets[:, k]], axis=1), weights)
            for k in range(self.n_outputs)
        ]
        offset, scale = (np.array(numbers) for numbers in zip(*lines, strict=True))
        if self._loss == "poisson":
            offset = offset + np.log(self._spread)
        else:
            offset, scale = self._centre + offset * self._spread, scale * self._spread
        return type(self)(offset, scale, self._loss, self._centre, self._spread)

    def calibrated_as(self, other: Self) -> Self:
        """Return a head with the lines of another one, and this one's centre and spread.

        Parameters
        ----------
        other : Numbers
            A head with the same loss.

        Returns
        -------
        Numbers
            The head.
        """
        return type(self)(other.offset, other.scale, self._loss, self._centre, self._spread)

    def _line(self, k: int, pairs: Integers, weights: Integers) -> tuple[float, float]:
        """Return offset and scale for an output, from its outputs and targets, (n_rows, 2).

        They are in units of the spread, and the scale is one that float32 holds in units of the
        answers: the offset is for no other.
        """
        first, counts = distinct(pairs, weights)
        x, y = pairs[first].astype(np.float64).T
        unit = 1.0 if self._loss == "poisson" else float(self._spread[k])
        return fit_line(self._loss, x, y / UNIT, counts.astype(np.float64), unit)

    def describe(self) -> dict[str, Any]:
        """Return what the numbers are, and the lines that give them.

        Returns
        -------
        dict
            Keys "answers", "loss", "offset" and "scale".
        """
        return {
            "answers": self.name,
            "loss": self._loss,
            "offset": self._offset.tolist(),
            "scale": self._scale.tolist(),
        }

    def encode(self) -> bytes:
        """Return the loss and the lines as bytes.

        Returns
        -------
        bytes
            What :meth:`decode` reads.
        """
        kind = self._loss.partition(":")[0]
        level = b""
        if kind == "quantile":
            level = np.array([level_of(self._loss)], "<f8").tobytes()
        lines = self._offset.astype("<f8").tobytes() + self._scale.astype("<f4").tobytes()
        return bytes([LOSSES.index(kind)]) + level + lines

    @classmethod
    def decode(cls, reader: ByteReader, n_outputs: int) -> Self:
        """Read the loss and the lines from a file.

        Parameters
        ----------
        reader : ByteReader
            Its next bytes are the head's.
        n_outputs : int
            Number of outputs.

        Returns
        -------
        Numbers
            The head; its targets are the answers themselves.

        Raises
        ------
        ValueError
            For a loss or lines that no head has.
        """
        code = reader.u8("the loss")
        if code >= len(LOSSES):
            raise TicketError(f"the loss must be 0..{len(LOSSES) - 1}, the file says {code}")
        loss = LOSSES[code]
        if loss == "quantile":
            level = float(reader.floats("<f8", 1, "the level of the quantile")[0])
            if not 0 < level < 1:
                raise TicketError(f"the level must be between 0 and 1, the file says {level}")
            loss = loss_named(f"{loss}:{level!r}")
        offset = reader.floats("<f8", n_outputs, "the offsets")
        scale = reader.floats("<f4", n_outputs, "the scales")
        return cls(offset, scale, loss)

    def __repr__(self) -> str:
        if self.n_outputs > 3:
            return f"Numbers({self.n_outputs} outputs, loss={self._loss!r})"
        return f"Numbers({self._offset.tolist()}, {self._scale.tolist()}, loss={self._loss!r})"


def _as_numbers(name: str, values: npt.ArrayLike, n: int | None) -> Floats:
    """Return finite numbers, (n,), as float64 without -0; one number stands for all."""
    try:
        found = np.atleast_1d(np.asarray(values, dtype=np.float64)) + 0.0
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} takes numbers, got {values!r}") from None
    if n is not None and found.shape == (1,):
        found = np.repeat(found, n)
    if found.ndim != 1 or found.size == 0 or n not in (None, len(found)):
        expected = "one or more numbers" if n is None else f"{n} numbers, as offset does"
        raise ValueError(f"{name} takes {expected}, got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} takes finite numbers, got {found.tolist()}")
    return found


def _as_float32(name: str, values: npt.ArrayLike, n: int | None) -> npt.NDArray[np.float32]:
    """Return finite numbers, (n,), as float32 without -0."""
    with np.errstate(over="ignore", under="ignore"):
        found = _as_numbers(name, values, n).astype(np.float32) + np.float32(0.0)
    if not np.isfinite(found).all():
        raise ValueError(f"{name} takes numbers that float32 holds, got {values!r}")
    return found


def _as_answers(
    y: npt.ArrayLike, n_outputs: int | None, loss: str, most: float = LARGEST
) -> Floats:
    """Return right answers as (n_rows, n_outputs) float64, or say what is wrong with them."""
    try:
        found = np.asarray(y)
        if found.dtype.kind not in "biuf":
            found = np.asarray(y, dtype=np.float64)
        found = found.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"y takes numbers, got {type(y).__name__} that holds others") from None
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or found.shape[1] == 0 or n_outputs not in (None, found.shape[1]):
        columns = "n_outputs" if n_outputs is None else str(n_outputs)
        one = " or (n_rows,)" if n_outputs in (None, 1) else ""
        raise ValueError(f"y takes shape (n_rows, {columns}){one}, got {np.shape(y)}")
    is_fine = np.isfinite(found) & (np.abs(found) <= most)
    if not is_fine.all():
        within = f" within ±{most:g}" if most < math.inf else ""
        raise ValueError(f"y takes finite numbers{within}, got {found[~is_fine][0]:g}")
    if loss == "poisson" and found.min(initial=0.0) < 0:
        raise ValueError(f"y takes numbers from 0 for loss='poisson', got {found.min()}")
    return found


def _centre_and_spread(y: Floats, weights: Integers, loss: str) -> tuple[float, float]:
    """Return what the targets of one output, (n_rows,), are relative to."""
    counted = weights > 0
    # By their values: bits that are hashed would take v and -v for the same.
    values, which = np.unique(y[counted] + 0.0, return_inverse=True)
    shares: Floats = np.bincount(which, weights[counted]).astype(np.float64)
    if loss == "poisson":
        mean = float(np.average(values, weights=shares))
        if mean == 0:
            raise ValueError("y takes at least one number above 0 for loss='poisson', got none")
        return 0.0, mean
    if len(values) == 1:  # a mean of equal numbers can differ from them in its last bit
        return float(values[0]), 1.0
    centre = offset_for(loss, 0.0, np.zeros_like(values), values, shares)
    gaps = np.abs(values - centre)
    largest = float(gaps.max())
    gaps /= largest  # so that no square overflows
    if loss == "squared_error":
        spread = largest * math.sqrt(float(np.average(gaps * gaps, weights=shares)))
    else:
        spread = largest * float(np.average(gaps, weights=shares))
    if spread < LEAST_SPREAD:
        raise ValueError(
            f"y takes numbers that are all the same or have a spread of {LEAST_SPREAD:g} at least, "
            f"got {spread:.3g}; give them in another unit"
        )
    return centre, spread
