"""``onnx``: a ticket as an ONNX model of standard operators, whose integers are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard import __version__
from scratchcard.export.parts import classes_of, library, plain_layers
from scratchcard.ticket import Ticket

__all__ = ["onnx", "onnx_file"]

_OPSET = 13  # of 2020; all operators here are in it
_IR_VERSION = 7


def onnx(ticket: Ticket) -> Any:
    """Return a ticket as an ONNX model.

    Parameters
    ----------
    ticket : Ticket
        A ticket of dense layers whose outputs are classes.

    Returns
    -------
    onnx.ModelProto
        A model that takes ``features``, float64 of shape (n_rows, n_features), not scaled and
        finite, and gives ``label`` (n_rows,), int64, text or float64, ``outputs``
        (n_rows, n_classes), int64, and ``probabilities`` of the same shape, float64.

    Raises
    ------
    ValueError
        For another ticket.
    ImportError
        Where the library onnx is not installed.

    Notes
    -----
    It computes in float64, which holds every integer here: all sums are below 2**31. Boolean
    labels become 0 and 1.
    """
    library("onnx", "onnx")
    layers, network = plain_layers(ticket, "onnx"), ticket.network
    graph = _Graph()
    values = _quantised(graph, ticket)
    for number, layer in enumerate(layers):
        weights = graph.add("Cast", graph.constant(layer.weights.T), to=graph.double)
        values = graph.add("MatMul", values, weights)
        values = graph.add("Add", values, graph.constant(layer.biases.astype(np.float64)))
        if number < network.n_layers - 1:
            values = _activated(graph, ticket, number, values)
    head = classes_of(ticket, "onnx")
    labels = head.labels
    named = labels.astype(np.int64) if labels.dtype.kind == "b" else labels
    winner = graph.add("ArgMax", values, axis=1, keepdims=0)
    graph.add("Gather", graph.constant(named), winner, name="label")
    graph.add("Cast", values, to=graph.integer, name="outputs")
    logits = graph.add("Mul", values, graph.constant(np.float64(head.temperature)))
    graph.add("Softmax", logits, axis=1, name="probabilities")
    return graph.model(network.n_inputs, named)


def onnx_file(ticket: Ticket) -> bytes:
    """Return the file of :func:`onnx`."""
    data: bytes = onnx(ticket).SerializeToString(deterministic=True)
    return data


def _quantised(graph: _Graph, ticket: Ticket) -> str:
    """Add what turns features into integers, step by step as the ticket does."""
    limit = graph.constant(np.float64(ticket.network.input_limit))
    values = "features"
    for operator, operand in (
        ("Sub", graph.constant(ticket.scaling.offset.astype(np.float64))),
        ("Mul", graph.constant(ticket.scaling.scale.astype(np.float64))),
        ("Mul", limit),
        ("Add", graph.constant(np.float64(0.5))),
    ):
        values = graph.add(operator, values, operand)
    low = graph.constant(np.float64(-ticket.network.input_limit))
    return graph.add("Clip", graph.add("Floor", values), low, limit)


def _activated(graph: _Graph, ticket: Ticket, number: int, values: str) -> str:
    network = ticket.network
    if network.activation == "relu":
        scale = graph.constant(np.float64(2.0 ** -network.shifts[number]))
        scaled = graph.add("Floor", graph.add("Mul", graph.add("Relu", values), scale))
        return graph.add("Min", scaled, graph.constant(np.float64(network.limits[number + 1])))
    sign = graph.add("Sign", values)
    if network.activation == "step":
        sign = graph.add("Relu", sign)
    return graph.add("Mul", sign, graph.constant(np.float64(network.ones[number + 1])))


class _Graph:
    """The nodes and constants of a graph, in the order in which they are added."""

    def __init__(self) -> None:
        import onnx as library

        self._library = library
        self.double = library.TensorProto.DOUBLE
        self.integer = library.TensorProto.INT64
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: npt.NDArray[Any] | np.float64) -> str:
        name = f"constant_{len(self._constants)}"
        array = np.ascontiguousarray(values) if np.ndim(values) else np.asarray(values)
        if array.dtype.kind == "U":
            array = array.astype(object)
        self._constants.append(self._library.numpy_helper.from_array(array, name))
        return name

    def add(self, operator: str, *inputs: str, name: str | None = None, **attributes: int) -> str:
        name = name or f"value_{len(self._nodes)}"
        self._nodes.append(
            self._library.helper.make_node(operator, list(inputs), [name], **attributes)
        )
        return name

    def model(self, n_features: int, labels: npt.NDArray[Any]) -> Any:
        helper, types = self._library.helper, self._library.TensorProto
        kind = {"i": types.INT64, "U": types.STRING, "f": types.DOUBLE}[labels.dtype.kind]
        classes = ["n_rows", len(labels)]
        graph = helper.make_graph(
            self._nodes,
            "ticket",
            [helper.make_tensor_value_info("features", types.DOUBLE, ["n_rows", n_features])],
            [
                helper.make_tensor_value_info("label", kind, ["n_rows"]),
                helper.make_tensor_value_info("outputs", types.INT64, classes),
                helper.make_tensor_value_info("probabilities", types.DOUBLE, classes),
            ],
            self._constants,
        )
        model = helper.make_model(
            graph,
            producer_name="scratchcard",
            producer_version=__version__,
            ir_version=_IR_VERSION,
            opset_imports=[helper.make_opsetid("", _OPSET)],
        )
        self._library.checker.check_model(model)
        return model
