"""What a head is: what the outputs of a network mean. NumPy only.

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

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """How many outputs the network must have."""

    @property
    @abstractmethod
    def temperature(self) -> float:
        """Nats of logit per unit of output, for objectives and probabilities."""

    @abstractmethod
    def targets(self, y: npt.ArrayLike) -> Integers:
        """Return what a search reads of the answers of rows, int64 (n_rows,).

        Raises ValueError for answers that the head does not know.
        """

    @abstractmethod
    def predict(self, outputs: Outputs) -> npt.NDArray[Any]:
        """Return the answers for outputs (n_rows, n_outputs), (n_rows, ...)."""

    @abstractmethod
    def score(self, outputs: Outputs, y: npt.ArrayLike) -> float:
        """Return how good the answers are, higher is better, 1 is perfect."""

    @abstractmethod
    def calibrated(
        self,
        outputs: Outputs,
        targets: Integers,
        weights: Integers,
        smoothing: float | None = None,
    ) -> Self:
        """Return the head with the temperature that suits these rows best.

        outputs : (n_rows, n_outputs). targets, weights : (n_rows,). smoothing : how far the rows
        are mistrusted, because the mask was fitted to them; None where it was not.
        """

    def logits(self, outputs: Outputs) -> Floats:
        """Return outputs * temperature, float64 (n_rows, n_outputs)."""
        logits: Floats = np.multiply(outputs, self.temperature, dtype=np.float64)
        return logits

    def probabilities(self, outputs: Outputs) -> Floats:
        """Return the probability of each class, float64 (n_rows, n_classes).

        Raises ValueError where the answers are no classes.
        """
        raise ValueError(f"a ticket with a head of kind {self.name!r} has no probabilities")

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what the head is, in plain values that JSON holds."""

    @abstractmethod
    def encode(self) -> bytes:
        """Return the head's bytes in a file."""

    @classmethod
    @abstractmethod
    def decode(cls, reader: ByteReader, n_outputs: int) -> Self:
        """Read the head of a network with so many outputs; raises ValueError for what is none."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Head):
            return NotImplemented
        return (self.code, self.encode()) == (other.code, other.encode())

    def __hash__(self) -> int:
        return hash((self.code, self.encode()))
