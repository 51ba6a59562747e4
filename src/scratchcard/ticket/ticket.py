"""Ticket: network + mask + input scaling + labels, which predict; and its file. NumPy only.

docs/ticket-format.md specifies the file and the arithmetic of a prediction.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.ticket.codec import TicketError
from scratchcard.ticket.file import (
    MAX_BYTES,
    MAX_LAYERS,
    VERSION,
    Parts,
    Path,
    decode,
    encode,
    weights_allowed,
    write_whole,
)
from scratchcard.ticket.labels import as_labels
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling

__all__ = ["Ticket", "TicketError"]


@dataclass(frozen=True, eq=False, repr=False)
class Ticket:
    """A winning ticket: what stays of a random network, and all that prediction needs.

    network: its sizes, seed and families; one output for each class.
    mask: which weights stay. Weights into hidden units that feed no output are dropped.
    scaling: turns features into the network's integers; one pair, or one for each feature.
    classes: the label of each output, all integers, text, numbers or booleans; None: 0, 1, 2, ...
    temperature: logits = outputs * temperature; above 0, kept as float32. It changes no label.
    Raises ValueError for anything else. Two tickets are equal when their bytes are.
    """

    network: Network
    mask: Mask
    scaling: InputScaling
    classes: npt.NDArray[Any]
    temperature: float

    def __init__(
        self,
        network: Network,
        mask: Mask,
        scaling: InputScaling,
        classes: npt.ArrayLike | None = None,
        temperature: float = 1.0,
    ) -> None:
        _check_type("network", network, Network)
        _check_type("mask", mask, Mask)
        _check_type("scaling", scaling, InputScaling)
        if network.n_layers > MAX_LAYERS:
            raise ValueError(f"network takes at most {MAX_LAYERS} layers, got {network.n_layers}")
        if mask.shapes != network.shapes:
            raise ValueError(f"mask takes the network's {network.shapes}, got {mask.shapes}")
        if scaling.offset.size not in (1, network.n_inputs):
            raise ValueError(
                f"scaling takes 1 pair or {network.n_inputs}, got {scaling.offset.size}"
            )
        put = object.__setattr__
        put(self, "network", network)
        put(self, "mask", mask.without_dead())
        put(self, "scaling", scaling)
        put(self, "classes", as_labels(classes, network.n_outputs))
        put(self, "temperature", _as_temperature(temperature))

    # -- prediction ------------------------------------------------------------------------------

    def outputs(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the sums of the last layer, int64 (n_rows, n_classes), exact in every language.

        X: finite numbers (n_rows, n_features), as they come: the ticket scales them itself.
        Raises ValueError for anything else.
        """
        try:
            rows = np.asarray(X)
        except ValueError as error:  # rows of different lengths
            raise ValueError(f"X takes shape (n_rows, n_features), got {error}") from None
        n_features = self.network.n_inputs
        if rows.ndim != 2:
            hint = "; one row is X.reshape(1, -1)" if rows.ndim == 1 else ""
            raise ValueError(f"X takes shape (n_rows, {n_features}), got {rows.shape}{hint}")
        if rows.shape[1] != n_features:
            raise ValueError(f"X takes {n_features} features, got {rows.shape[1]}")
        inputs = self.scaling.quantise(rows, self.network.input_limit)
        return self.network.outputs(self.mask, inputs)

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return a label for each row, (n_rows,): the class of the largest output, first of ties.

        X: as in `outputs`.
        """
        labels: npt.NDArray[Any] = self.classes[np.argmax(self.outputs(X), axis=1)]
        return labels

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the logits, float64 (n_rows, n_classes): outputs * temperature. X: as there."""
        logits: npt.NDArray[np.float64] = np.multiply(
            self.outputs(X), self.temperature, dtype=np.float64
        )
        return logits

    def predict_proba(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the softmax of the logits, float64 (n_rows, n_classes). X: as in `outputs`."""
        logits = self.decision_function(X)
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits

    # -- bytes -----------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> Parts:
        return encode(self.network, self.mask, self.scaling, self.classes, self.temperature)

    def to_bytes(self) -> bytes:
        """Return the ticket's file as bytes; the same ticket always gives the same bytes.

        Raises ValueError for a network beyond the file's limits: 2**28 weights, or more than
        2**22 of which so few survive that the file could not vouch for its size.
        """
        data = b"".join(self._parts)
        allowed = weights_allowed(len(data))
        if self.network.n_weights > allowed:
            raise ValueError(
                f"network takes at most {allowed} weights in a ticket file of {len(data)} bytes, "
                f"got {self.network.n_weights}"
            )
        return data

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview) -> Ticket:
        """Return the ticket whose file is data; raises TicketError for whatever is not a ticket."""
        return cls(*decode(data))

    def save(self, path: Path) -> None:
        """Write the ticket's file to path, whole or not at all: a file that was there stays whole.

        Raises OSError when that fails: no such folder, a full disk, no right to write.
        """
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> Ticket:
        """Return the ticket in a file.

        Raises OSError if the file cannot be read, TicketError if it is not a ticket.
        """
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        try:
            return cls.from_bytes(data)
        except TicketError as error:
            raise TicketError(f"{os.fspath(path)}: {error}") from None

    # -- what it is ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Return what the ticket is, in plain values that JSON holds."""
        network, mask, scaling = self.network, self.mask, self.scaling
        return {
            "network": "-".join(map(str, network.sizes)),
            "seed": network.seed,
            "weights": network.weights,
            "biases": network.biases,
            "activation": network.activation,
            "input_bits": network.input_bits,
            "n_weights": network.n_weights,
            "surviving_weights": mask.surviving,
            "density": mask.density,
            "sparsity": 1.0 - mask.density,
            "effective_density": mask.effective_density,
            "density_per_layer": list(mask.per_layer_density),
            "bytes": len(self.to_bytes()),
            "mask_bytes": len(self._parts.mask),
            "classes": self.classes.tolist(),
            "scaling": {
                "kind": scaling.kind,
                "offset": scaling.offset.tolist(),
                "scale": scaling.scale.tolist(),
            },
            "temperature": self.temperature,
            "format_version": VERSION,
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ticket):
            return NotImplemented
        return self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.network.sizes))
        return (
            f"<Ticket {sizes}, seed {self.network.seed}: {self.mask.surviving} of "
            f"{self.network.n_weights} weights, {sum(map(len, self._parts))} bytes>"
        )


def _check_type(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ValueError(f"{name} takes a {kind.__name__}, got {type(value).__name__}")


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
