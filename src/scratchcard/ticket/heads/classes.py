"""Classes: each output stands for a label, and the largest output wins. NumPy only.

Calibration alone needs SciPy, and imports it when it is asked for.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scratchcard.distinct import distinct
from scratchcard.ticket.codec import ByteReader, TicketError
from scratchcard.ticket.heads.base import Floats, Head, Integers, Outputs
from scratchcard.ticket.heads.labels import as_labels, decode_labels, encode_labels

__all__ = ["Classes"]

WIDEST = 14.0  # a fitted temperature lies within e**±14 of the one that gives unit spread


class Classes(Head):
    """A class for each output. The largest output wins; of several, the first.

    Parameters
    ----------
    labels : sequence or int
        A different label for each output, all of them integers, text, numbers or booleans; or how
        many classes there are, whose labels are then 0, 1, 2, ...
    temperature : float
        Nats of logit per unit of output, above 0; kept as float32. It changes no label.

    Raises
    ------
    ValueError
        For anything else.
    """

    name = "classes"
    code = 0
    judge = "accuracy"

    def __init__(self, labels: npt.ArrayLike | int, temperature: float = 1.0) -> None:
        if isinstance(labels, int) and not isinstance(labels, bool):
            self._labels = as_labels(None, labels)
        else:
            listed = np.asarray(labels, dtype=object)
            self._labels = as_labels(listed, listed.size)
        self._temperature = _as_temperature(temperature)

    @property
    def labels(self) -> npt.NDArray[Any]:
        """The label of each output, (n_classes,), read-only."""
        return self._labels

    @property
    def n_outputs(self) -> int:
        """Number of classes."""
        return len(self._labels)

    @property
    def temperature(self) -> float:
        """Nats of logit per unit of output."""
        return self._temperature

    def targets(self, y: npt.ArrayLike) -> Integers:
        """Return the index of each label.

        Parameters
        ----------
        y : array-like of shape (n_rows,)
            Labels.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Indices into :attr:`labels`.

        Raises
        ------
        ValueError
            For a label that is none of the classes.
        """
        given = np.asarray(y)
        order = np.argsort(self._labels, kind="stable")
        try:
            place = np.searchsorted(self._labels, given, sorter=order)
        except TypeError:  # text among numbers
            raise ValueError(f"y takes the labels {self._some()}, got {given.dtype}") from None
        found: Integers = order[np.minimum(place, len(order) - 1)]
        unknown = self._labels[found] != given
        if np.any(unknown):
            raise ValueError(
                f"y takes the labels {self._some()}, got {given[unknown].tolist()[0]!r}"
            )
        return found

    def predict(self, outputs: Outputs) -> npt.NDArray[Any]:
        """Return the label of the largest output of each row; of several, the first.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_classes), int64
            Sums of the last layer.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels.
        """
        labels: npt.NDArray[Any] = self._labels[np.argmax(outputs, axis=1)]
        return labels

    def score(self, outputs: Outputs, y: npt.ArrayLike) -> float:
        """Return the accuracy: the share of rows whose label is right.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_classes), int64
            Sums of the last layer.
        y : array-like of shape (n_rows,)
            The right labels.

        Returns
        -------
        float
            0 to 1.
        """
        return float(np.mean(self.predict(outputs) == np.asarray(y)))

    def probabilities(self, outputs: Outputs) -> Floats:
        """Return the probability of each class: the softmax of the logits.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_classes), int64
            Sums of the last layer.

        Returns
        -------
        ndarray of shape (n_rows, n_classes), float64
            Probabilities; each row adds up to 1.
        """
        logits = self.logits(outputs)
        logits -= logits.max(axis=1, keepdims=True)
        with np.errstate(under="ignore"):
            np.exp(logits, out=logits)
            logits /= logits.sum(axis=1, keepdims=True)
        return logits

    def calibrated(
        self,
        outputs: Outputs,
        targets: Integers,
        weights: Integers,
        smoothing: float | None = None,
    ) -> Classes:
        """Return the head at the temperature with the least label-smoothed cross-entropy.

        Temperature scaling: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural
        Networks", ICML 2017. The temperature does not depend on the order of the rows, nor on
        whether a row of weight 2 stands there once or twice.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_classes), int64
            Sums of the last layer.
        targets : ndarray of shape (n_rows,), int64
            Class indices.
        weights : ndarray of shape (n_rows,), int64
            Weights of the rows.
        smoothing : float or None
            Share of a target that is spread over all classes; without it, rows that are all right
            would ask for certainty. None is 1 / (n + 2) for n rows, as befits rows that the mask
            was not fitted to (Laplace's rule of succession); rows that it was fitted to need more.

        Returns
        -------
        Classes
            The same classes at the fitted temperature.
        """
        from scipy.optimize import minimize_scalar
        from scipy.special import logsumexp

        if smoothing is None:
            smoothing = 1.0 / (int(weights.sum()) + 2)
        gaps = outputs - outputs[np.arange(len(targets)), targets][:, None]
        first, weights = distinct(gaps, weights)
        margins = gaps[first].astype(np.float64)  # how far each class lies above the target
        unit = 1.0 / max(spread(margins, weights), 1.0)
        pull = np.average(margins.mean(axis=1), weights=weights)

        def loss(log_scale: float) -> float:
            t = unit * np.exp(log_scale)
            total = np.average(logsumexp(margins * t, axis=1), weights=weights)
            return float(total - smoothing * pull * t)

        with np.errstate(under="ignore"):
            found = minimize_scalar(loss, bounds=(-WIDEST, WIDEST), method="bounded")
            temperature = float(np.float32(unit * np.exp(found.x)))
        return type(self)(self._labels, temperature)

    def calibrated_as(self, other: Self) -> Self:
        """Return the same classes at the temperature of another head.

        Parameters
        ----------
        other : Classes
            The other head.

        Returns
        -------
        Classes
            The head.
        """
        return type(self)(self._labels, other.temperature)

    def describe(self) -> dict[str, Any]:
        """Return the labels and the temperature.

        Returns
        -------
        dict
            Keys "classes" and "temperature".
        """
        return {"classes": self._labels.tolist(), "temperature": self._temperature}

    def encode(self) -> bytes:
        """Return the temperature (float32) and the labels as bytes.

        Returns
        -------
        bytes
            What :meth:`decode` reads.
        """
        return np.array([self._temperature], "<f4").tobytes() + encode_labels(self._labels)

    @classmethod
    def decode(cls, reader: ByteReader, n_outputs: int) -> Self:
        """Read the temperature and the labels from a file.

        Parameters
        ----------
        reader : ByteReader
            Its next bytes are the head's.
        n_outputs : int
            Number of classes.

        Returns
        -------
        Classes
            The head.

        Raises
        ------
        ValueError
            For labels or a temperature that no head has.
        """
        temperature = float(reader.floats("<f4", 1, "the temperature")[0])
        if temperature <= 0:
            raise TicketError(f"the temperature must be above 0, the file says {temperature}")
        return cls(decode_labels(reader, n_outputs), temperature)

    def _some(self) -> str:
        shown = ", ".join(repr(label) for label in self._labels[:12].tolist())
        return shown + (f", … ({self.n_outputs} in all)" if self.n_outputs > 12 else "")

    def __repr__(self) -> str:
        return f"Classes([{self._some()}], temperature={self._temperature:.6g})"


def spread(outputs: npt.NDArray[np.number], weights: Integers) -> float:
    """Return the root mean square of outputs after each row's mean is taken away.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n)
        Numbers.
    weights : ndarray of shape (n_rows,), int64
        Weights of the rows.

    Returns
    -------
    float
        The weighted root mean square.
    """
    found = outputs.astype(np.float64)
    squares = (found - found.mean(axis=1, keepdims=True)) ** 2
    return float(np.sqrt(np.average(squares.mean(axis=1), weights=weights)))


def _as_temperature(value: Any) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, np.number)):
        raise ValueError(f"temperature takes a number above 0, got {value!r}")
    try:
        with np.errstate(over="ignore", under="ignore"):
            rounded = float(np.float32(value))
    except (OverflowError, TypeError):  # an integer that no float holds, a complex number
        rounded = math.nan
    if not 0 < rounded < math.inf:
        raise ValueError(f"temperature takes a number above 0 that float32 holds, got {value!r}")
    return rounded
