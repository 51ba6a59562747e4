"""The base class of heads: what the outputs of a network mean. NumPy only.

Everything else, the network, the mask, the search, deals in integers. A head says which integers a
row's answer becomes before a search, what answer the outputs give afterwards, how good that answer
is, and how it is written into a ticket's file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.codec import ByteReader
from scratchcard.ticket.heads.lines import Reading

__all__ = ["Head"]

Outputs = npt.NDArray[np.int64]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Head(ABC):
    """What the outputs of a network mean. Immutable; two heads are equal when their bytes are."""

    name: ClassVar[str]
    """What the kind of head is called in texts."""
    code: ClassVar[int]
    """The number that stands for this kind of head in a ticket's file, 0 to 255."""
    judge: ClassVar[str]
    """Name of the objective by which masks are chosen on validation rows."""
    answers: ClassVar[str] = "classes"
    """What targets stand for, "classes" or "numbers": objectives are for one of them."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Number of outputs that the network must have."""

    @property
    def temperature(self) -> float:
        """Nats of logit per unit of output, where answers are classes."""
        raise ValueError(f"a ticket with a head of kind {self.name!r} has no temperature")

    @property
    def reading(self) -> Reading:
        """How an objective reads the outputs: for classes, the temperature."""
        return self.temperature

    @abstractmethod
    def targets(self, y: npt.ArrayLike) -> Integers:
        """Return the integers that a search reads as the answers of rows.

        Parameters
        ----------
        y : array-like of shape (n_rows, ...)
            Answers.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs), int64
            Integers from 0, which are classes; or numbers of any sign, one for each output.

        Raises
        ------
        ValueError
            For answers that the head does not know.
        """

    @abstractmethod
    def predict(self, outputs: Outputs) -> npt.NDArray[Any]:
        """Return the answers that outputs stand for.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            One answer for each row.
        """

    @abstractmethod
    def score(self, outputs: Outputs, y: npt.ArrayLike) -> float:
        """Return how good the answers are that outputs stand for.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.
        y : array-like of shape (n_rows, ...)
            The right answers.

        Returns
        -------
        float
            Higher is better, 1 is perfect.
        """

    @abstractmethod
    def calibrated(
        self,
        outputs: Outputs,
        targets: Integers,
        weights: Integers,
        smoothing: float | None = None,
    ) -> Self:
        """Return the head that suits these rows best: for classes, with another temperature.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.
        targets : ndarray of shape (n_rows,) or (n_rows, n_outputs), int64
            What :meth:`targets` gave for the rows.
        weights : ndarray of shape (n_rows,), int64
            Weights of the rows.
        smoothing : float or None
            How far the rows are mistrusted, because the mask was fitted to them; None where it was
            not.

        Returns
        -------
        Head
            A head of the same kind.
        """

    def calibrated_as(self, other: Self) -> Self:
        """Return this head, calibrated as another of its kind is.

        Parameters
        ----------
        other : Head
            A head for the same rows, such as one that a file held.

        Returns
        -------
        Head
            The other one, with what a file does not hold.
        """
        return other

    def logits(self, outputs: Outputs) -> Floats:
        """Return outputs * temperature.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), float64
            Logits in nats.

        Raises
        ------
        ValueError
            Where the answers are no classes.
        """
        if self.answers != "classes":
            raise ValueError(f"a ticket with a head of kind {self.name!r} has no logits")
        logits: Floats = np.multiply(outputs, self.temperature, dtype=np.float64)
        return logits

    def probabilities(self, outputs: Outputs) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs), int64
            Sums of the last layer.

        Returns
        -------
        ndarray of shape (n_rows, n_classes), float64
            Probabilities; each row adds up to 1.

        Raises
        ------
        ValueError
            Where the answers are no classes.
        """
        raise ValueError(f"a ticket with a head of kind {self.name!r} has no probabilities")

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return a description of the head.

        Returns
        -------
        dict
            Plain values that JSON holds.
        """

    @abstractmethod
    def encode(self) -> bytes:
        """Return the head's bytes in a file.

        Returns
        -------
        bytes
            What :meth:`decode` reads.
        """

    @classmethod
    @abstractmethod
    def decode(cls, reader: ByteReader, n_outputs: int) -> Self:
        """Read a head from a file.

        Parameters
        ----------
        reader : ByteReader
            Its next bytes are the head's.
        n_outputs : int
            Outputs of the network.

        Returns
        -------
        Head
            The head.

        Raises
        ------
        ValueError
            For bytes that do not stand for a head.
        """

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Head):
            return NotImplemented
        return (self.code, self.encode()) == (other.code, other.encode())

    def __hash__(self) -> int:
        return hash((self.code, self.encode()))
