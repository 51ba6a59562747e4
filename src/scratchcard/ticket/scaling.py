"""InputScaling: turns features into quantised integers, as the ticket stores it. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.checks import as_int

__all__ = ["KINDS", "InputScaling", "needed_bits"]

KINDS = ("auto", "global", "feature")

Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]

_LEVELS = 256  # most different values of a feature that 8 bits hold
_MANY = 32  # features that may be pixels
_BLOCK = 1 << 18  # values that are quantised at once: the float64 temporaries stay in the cache


@dataclass(frozen=True, eq=False)
class InputScaling:
    """Where the zero of a feature lies and how far it reaches: one pair for all, or one for each.

    A feature x stands for (x - offset) * scale, which lies in -1..1 over the rows that were fitted.
    Two scalings are equal when their numbers are.

    Parameters
    ----------
    offset : ndarray of shape (1,) or (n_features,), float32
        The feature that becomes 0; finite. Copied and read-only.
    scale : ndarray of the same shape, float32
        Units of the network for each unit of the feature, at least 0 and finite. Copied and
        read-only.

    Raises
    ------
    ValueError
        For anything else.
    """

    offset: Float32s
    scale: Float32s

    def __post_init__(self) -> None:
        object.__setattr__(self, "offset", _as_float32("offset", self.offset))
        object.__setattr__(self, "scale", _as_float32("scale", self.scale))
        if self.offset.shape != self.scale.shape:
            raise ValueError(
                f"scale takes offset's shape {self.offset.shape}, got {self.scale.shape}"
            )
        if self.scale.min() < 0:
            raise ValueError(f"scale takes numbers of at least 0, got {self.scale.min()}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InputScaling):
            return NotImplemented
        return np.array_equal(self.offset, other.offset) and np.array_equal(self.scale, other.scale)

    def __hash__(self) -> int:
        return hash((tuple(self.offset.tolist()), tuple(self.scale.tolist())))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.offset, self.scale)

    @property
    def kind(self) -> str:
        """Kind of scaling: "global", one pair for all features, or "feature", one pair for each."""
        return "global" if self.offset.size == 1 else "feature"

    @classmethod
    def fit(
        cls, X: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None, kind: str = "auto"
    ) -> InputScaling:
        """Return the scaling that maps the range of X to -1..1.

        A range of zero gets scale 1.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Finite numbers within the range of float32, at least one row.
        sample_weight : array-like of shape (n_rows,) or None
            Numbers of at least 0; rows of weight 0 do not count.
        kind : {"auto", "global", "feature"}
            "global" takes the least and greatest value of all features together, "feature" those of
            each. "auto" takes "global" where features seem to share a unit, as pixels do: half of
            the features that vary reach over half the overall range, and where fewer than 32 vary,
            all of them over a quarter.

        Returns
        -------
        InputScaling
            The scaling.

        Raises
        ------
        ValueError
            For anything else.
        """
        rows = _as_rows(X)
        if not isinstance(kind, str) or kind not in KINDS:
            known = ", ".join(repr(name) for name in KINDS)
            raise ValueError(f"kind takes one of {known}, got {kind!r}")
        if sample_weight is not None:
            rows = rows[_as_weights(sample_weight, len(rows)) > 0]
        if not rows.size:
            raise ValueError("X takes at least one feature and one row of weight above 0, got none")
        least, most = rows.min(axis=0), rows.max(axis=0)
        if max(-least.min(), most.max()) > np.finfo(np.float32).max:
            raise ValueError(
                f"X takes numbers within the range of float32, got {least.min()}..{most.max()}"
            )
        if kind == "global" or (kind == "auto" and _share_a_unit(least, most)):
            least, most = least.min(keepdims=True), most.max(keepdims=True)
        return cls(*_middle_and_scale(least, most))

    def quantise(self, X: npt.ArrayLike, limit: int) -> npt.NDArray[np.int16]:
        """Return the quantised rows.

        The numbers are computed in float64 and in this order, so that every language gets the same
        integers: t = x - offset; t = t * scale; t = t * limit; floor(t + 0.5), clipped to
        -limit..limit.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Finite numbers.
        limit : int
            Largest magnitude, 1 to 32767: a network's ``input_limit``.

        Returns
        -------
        ndarray of shape (n_rows, n_features), int16
            Integers in -limit..limit.

        Raises
        ------
        ValueError
            For anything else.
        """
        limit = as_int("limit", limit, 1, 32767)
        rows = _as_rows(X, finite=False)
        if self.offset.size not in (1, rows.shape[1]):
            raise ValueError(f"X takes {self.offset.size} features, got {rows.shape[1]}")
        offset, scale = self.offset.astype(np.float64), self.scale.astype(np.float64)
        out = np.empty(rows.shape, np.int16)
        step = max(1, _BLOCK // max(1, rows.shape[1]))
        for start in range(0, len(rows), step):
            block = rows[start : start + step].astype(np.float64)  # a copy, changed in place
            _refuse_not_finite(block)
            with np.errstate(over="ignore"):  # beyond float64 is far beyond the limit
                block -= offset
                block *= scale
                block *= float(limit)
            np.floor(np.add(block, 0.5, out=block), out=block)
            out[start : start + step] = np.clip(block, -limit, limit, out=block)
        return out


def needed_bits(X: npt.ArrayLike) -> int:
    """Return 8, or 16 where a feature of X takes more than 256 different values.

    Pixels need 8 bits; measurements, 16.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        Numbers.

    Returns
    -------
    int
        8 or 16.

    Raises
    ------
    ValueError
        For anything but numbers of two dimensions.
    """
    rows = _as_rows(X, finite=False)
    if rows.dtype.itemsize == 1:
        return 8
    return 16 if any(len(np.unique(rows[:, k])) > _LEVELS for k in range(rows.shape[1])) else 8


def _share_a_unit(least: Floats, most: Floats) -> bool:
    """Return whether half of the features that vary, or more, reach over half the overall range.

    Where they are few, none may reach over less than a quarter: 8 bits would hardly tell its values
    apart. Of many, such as pixels, those at the edges may.
    """
    ranges, overall = most - least, most.max() - least.min()
    varying = ranges[ranges > 0]
    if not varying.size or 2 * np.median(varying) < overall:
        return False
    return varying.size >= _MANY or bool(4 * varying.min() >= overall)


def _middle_and_scale(least: Floats, most: Floats) -> tuple[Float32s, Float32s]:
    """Return the middles and the scales of ranges; no value is clipped for a rounded middle."""
    middle = (least / 2 + most / 2).astype(np.float32)
    wide = middle.astype(np.float64)
    reach = np.where(most > least, np.maximum(most - wide, wide - least), 1.0)
    with np.errstate(over="ignore"):
        scale = np.minimum(1.0 / reach, np.finfo(np.float32).max)
    return middle, scale.astype(np.float32)


def _as_rows(X: npt.ArrayLike, finite: bool = True) -> npt.NDArray[Any]:
    """Return X as a 2-D array of real numbers; float64 where it came as objects."""
    rows = np.asarray(X)
    if rows.ndim != 2:
        raise ValueError(f"X takes shape (n_rows, n_features), got {rows.shape}")
    if rows.dtype.kind == "O":
        try:
            if any(isinstance(value, (str, bytes)) for value in rows.flat):
                raise TypeError("text")
            rows = rows.astype(np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"X takes numbers, got objects that are none ({error})") from None
    if rows.dtype.kind not in "biuf":
        raise ValueError(f"X takes numbers, got {rows.dtype} values")
    if finite:
        rows = rows.astype(np.float64, copy=False)
        _refuse_not_finite(rows)
    return rows


def _refuse_not_finite(rows: npt.NDArray[Any]) -> None:
    if not np.isfinite(rows).all():
        what = "NaN" if np.isnan(rows).any() else "infinity"
        raise ValueError(f"X takes finite numbers, got {what}")


def _as_weights(sample_weight: npt.ArrayLike, n_rows: int) -> Floats:
    found = np.asarray(sample_weight)
    if found.shape != (n_rows,):
        raise ValueError(f"sample_weight takes shape ({n_rows},), got {found.shape}")
    if found.dtype.kind not in "biuf" or not (np.isfinite(found) & (found >= 0)).all():
        raise ValueError("sample_weight takes finite numbers of at least 0")
    return found.astype(np.float64)


def _as_float32(name: str, values: npt.ArrayLike) -> Float32s:
    found = np.asarray(values)
    if found.ndim != 1 or not found.size:
        raise ValueError(f"{name} takes shape (1,) or (n_features,), got {found.shape}")
    if found.dtype.kind not in "iuf":
        raise ValueError(f"{name} takes numbers, got {found.dtype} values")
    with np.errstate(over="ignore"):
        copy = found.astype(np.float32) + np.float32(0)  # turns -0.0 into 0.0: one form only
    if not np.isfinite(copy).all():
        raise ValueError(
            f"{name} takes finite float32 numbers, got NaN, infinity or too large ones"
        )
    copy.flags.writeable = False
    return copy
