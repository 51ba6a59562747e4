"""Ticket: network + mask + columns and scaling + head, which predict; and its file. NumPy only.

docs/ticket-format.md specifies the file and the arithmetic of a prediction.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.files import write_whole
from scratchcard.ticket.codec import TicketError
from scratchcard.ticket.columns import Columns
from scratchcard.ticket.file import (
    MAX_BYTES,
    MAX_LAYERS,
    Parts,
    Path,
    decode,
    encode,
    version_of,
    weights_allowed,
)
from scratchcard.ticket.heads import Classes, Head
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network
from scratchcard.ticket.scaling import InputScaling
from scratchcard.ticket.table import Table, is_frame

__all__ = ["Ticket", "TicketError"]


@dataclass(frozen=True, eq=False, repr=False)
class Ticket:
    """A winning ticket: what stays of a random network, and all that prediction needs.

    Two tickets are equal when their bytes are.

    Parameters
    ----------
    network : Network
        The random network.
    mask : Mask
        Which of its weights stay. Weights into hidden units that feed no output are dropped.
    scaling : InputScaling
        Turns features into the network's integers; one pair, or one for each feature.
    head : Head or None
        What the outputs mean; None for the classes 0, 1, 2, ...
    columns : Columns or None
        How the columns of a table become features; None where rows are features. What belongs to
        columns that no survivor reads is dropped.

    Raises
    ------
    ValueError
        For anything else, and for parts that do not fit together.
    """

    network: Network
    mask: Mask
    scaling: InputScaling
    head: Head
    columns: Columns | None

    def __init__(
        self,
        network: Network,
        mask: Mask,
        scaling: InputScaling,
        head: Head | None = None,
        columns: Columns | None = None,
    ) -> None:
        _check_type("network", network, Network)
        network.check_mask(mask)
        _check_type("scaling", scaling, InputScaling)
        if network.n_layers > MAX_LAYERS:
            raise ValueError(f"network takes at most {MAX_LAYERS} layers, got {network.n_layers}")
        if scaling.offset.size not in (1, network.n_inputs):
            raise ValueError(
                f"scaling takes 1 pair or {network.n_inputs}, got {scaling.offset.size}"
            )
        head = Classes(network.n_outputs) if head is None else head
        _check_type("head", head, Head)
        if head.n_outputs != network.n_outputs:
            raise ValueError(
                f"head takes one of {network.n_outputs} outputs, as the network has, "
                f"got one of {head.n_outputs}"
            )
        mask = mask.without_dead()
        if columns is not None:
            _check_type("columns", columns, Columns)
            if columns.n_inputs != network.n_inputs or len(network.input_shape) != 1:
                raise ValueError(
                    f"columns takes those of {network.n_inputs} inputs, got {columns.n_inputs}"
                )
            columns.check_scaling(scaling)
            columns, scaling = columns.keeping(mask.reads, scaling)
        self._put(network, mask, scaling, head, columns)

    def _put(self, *values: object) -> None:
        for field, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, field.name, value)

    # -- prediction ------------------------------------------------------------------------------

    def outputs(self, X: Any) -> npt.NDArray[np.int64]:
        """Return the sums of the last layer, which are the same in every language.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns), or data frame
            Rows as they come, not scaled: the ticket scales them itself. Of a data frame, columns
            are found by name where the ticket knows names. Missing cells and categories are for
            tickets that know columns.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), int64
            The sums.

        Raises
        ------
        ValueError
            For anything else.
        """
        features = self._features(X)
        inputs = self.scaling.quantise(features, self.network.input_limit)
        return self.network.outputs(self.mask, inputs)

    def _features(self, X: Any) -> npt.NDArray[Any]:
        """Return the features of rows in any form."""
        if self.columns is not None:
            return self.columns.features(self.columns.table_of(X), self.scaling)
        if isinstance(X, Table) or is_frame(X):
            X = Table.of(X).numbers()
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
        return rows

    @property
    def n_columns(self) -> int:
        """Number of columns of the rows that it predicts."""
        return self.network.n_inputs if self.columns is None else self.columns.n_columns

    def without_names(self) -> Ticket:
        """Return the ticket without names of columns, which are then found by their places.

        Returns
        -------
        Ticket
            A ticket whose file is shorter, if it had names.
        """
        columns = None if self.columns is None else self.columns.without_names()
        return Ticket(self.network, self.mask, self.scaling, self.head, columns)

    def without_columns(self) -> Ticket:
        """Return the ticket whose rows are the features that columns become.

        Returns
        -------
        Ticket
            The same network, mask, scaling and head.
        """
        ticket = type(self).__new__(type(self))
        ticket._put(self.network, self.mask, self.scaling, self.head, None)
        return ticket

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the answer for each row, as the head gives it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns), or data frame
            Rows as for :meth:`outputs`.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            Answers; for classes, labels of shape (n_rows,).

        Raises
        ------
        ValueError
            For anything else.
        """
        return self.head.predict(self.outputs(X))

    def score(self, X: Any, y: npt.ArrayLike) -> float:
        """Return how good the answers are, as the head judges; for classes, the accuracy.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns), or data frame
            Rows as for :meth:`outputs`.
        y : array-like of shape (n_rows, ...)
            The right answer for each row.

        Returns
        -------
        float
            Higher is better, 1 is perfect.

        Raises
        ------
        ValueError
            For anything else.
        """
        return self.head.score(self.outputs(X), y)

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the logits: outputs times temperature.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns), or data frame
            Rows as for :meth:`outputs`.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), float64
            Logits in nats.

        Raises
        ------
        ValueError
            For anything else.
        """
        return self.head.logits(self.outputs(X))

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns), or data frame
            Rows as for :meth:`outputs`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes), float64
            Probabilities; each row adds up to 1.

        Raises
        ------
        ValueError
            For anything else, and where the head has no classes.
        """
        return self.head.probabilities(self.outputs(X))

    # -- bytes -----------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> Parts:
        return encode(self.network, self.mask, self.scaling, self.head, self.columns)

    def to_bytes(self) -> bytes:
        """Return the ticket's file as bytes; the same ticket always gives the same bytes.

        A ticket that was loaded can always be written.

        Returns
        -------
        bytes
            The file.

        Raises
        ------
        ValueError
            For a ticket beyond the file's limits: 2**26 bytes, 2**28 weights, or more than 2**22
            weights, or values of a layer, where too few weights survive for so small a file to
            declare that many.
        """
        data = b"".join(self._parts)
        if len(data) > MAX_BYTES:
            raise ValueError(f"a ticket file takes at most {MAX_BYTES} bytes, got {len(data)}")
        allowed = weights_allowed(len(data))
        if max(self.network.n_weights, self.network.n_values) > allowed:
            raise ValueError(
                f"network takes at most {allowed} weights in a ticket file of {len(data)} bytes, "
                f"and as many values in a row or a layer, got {self.network.n_weights} weights and "
                f"{self.network.n_values} values"
            )
        return data

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview) -> Ticket:
        """Return the ticket whose file is these bytes.

        Parameters
        ----------
        data : bytes, bytearray or memoryview
            The bytes of a file, which are never trusted.

        Returns
        -------
        Ticket
            The ticket.

        Raises
        ------
        TicketError
            For anything that is not a ticket's file.
        """
        ticket = cls.__new__(cls)
        ticket._put(*decode(data))  # which has checked them all, and has no dead weights
        return ticket

    def save(self, path: Path) -> None:
        """Write the ticket's file whole or not at all; a file that was there stays whole.

        Parameters
        ----------
        path : str or path-like
            The file.

        Raises
        ------
        OSError
            If it cannot be written: no such folder, a full disk, no permission.
        ValueError
            For a ticket beyond the file's limits, see :meth:`to_bytes`.
        """
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> Ticket:
        """Return the ticket in a file.

        Parameters
        ----------
        path : str or path-like
            The file, which is never trusted.

        Returns
        -------
        Ticket
            The ticket.

        Raises
        ------
        OSError
            If the file cannot be read.
        TicketError
            If it is not a ticket's file.
        """
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        try:
            return cls.from_bytes(data)
        except TicketError as error:
            raise TicketError(f"{os.fspath(path)}: {error}") from None

    # -- what it is ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Return a description of the ticket.

        Returns
        -------
        dict
            Plain values that JSON holds.
        """
        network, mask, scaling = self.network, self.mask, self.scaling
        return {
            "network": network.architecture,
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
            "scaling": {
                "kind": scaling.kind,
                "offset": scaling.offset.tolist(),
                "scale": scaling.scale.tolist(),
            },
            **self.head.describe(),
            **self._described_columns(),
            "format_version": version_of(network, self.head, self.columns),
        }

    def _described_columns(self) -> dict[str, Any]:
        if self.columns is None:
            return {}
        return {
            "n_columns": self.columns.n_columns,
            "columns": self.columns.describe(),
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
        return (
            f"<Ticket {self.network.architecture}, seed {self.network.seed}: "
            f"{self.mask.surviving} of {self.network.n_weights} weights, "
            f"{sum(map(len, self._parts))} bytes>"
        )


def _check_type(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ValueError(f"{name} takes a {kind.__name__}, got {type(value).__name__}")
