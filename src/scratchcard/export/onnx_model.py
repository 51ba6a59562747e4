"""``onnx``: a ticket as an ONNX model of standard operators, whose integers are exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard import __version__
from scratchcard.export.parts import (
    PlainLayer,
    Wires,
    classes_of,
    library,
    padding_of,
    plain_layers,
    wires_of,
)
from scratchcard.ticket import Conv2d, Layer, Ticket

__all__ = ["onnx", "onnx_file"]

_OPSET = 13  # of 2020; all operators here are in it
_IR_VERSION = 7
_EXACT = 1 << 24  # single floats hold every whole number up to here
_LEAST_BITS = 2  # of a digit: with fewer, a value may have no end of digits


def onnx(ticket: Ticket) -> Any:
    """Return a ticket as an ONNX model.

    Parameters
    ----------
    ticket : Ticket
        A ticket of dense layers and convolutions whose outputs are classes.

    Returns
    -------
    onnx.ModelProto
        A model that takes ``features``, float64 of shape (n_rows, n_columns), not scaled and
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
    It computes in float64, which holds every integer here: all sums are below 2**31. Runtimes
    convolve float32 alone, so where the sums of a convolution may pass 2**24 its inputs are taken
    apart into digits, and what those give is added up. Boolean
    labels become 0 and 1. Of a ticket of tables ``features`` are ``ticket.columns.codes(table)``:
    of a category the place of a value among those that ``metadata_props`` lists under ``columns``,
    and NaN for a missing cell. A model refuses nothing: a number that is missing where none may
    be counts as the middle of its range.
    """
    library("onnx", "onnx")
    layers, network = plain_layers(ticket, "onnx"), ticket.network
    graph = _Graph()
    values = _quantised(graph, ticket)
    if network.has_maps:
        values = _reshaped(graph, values, network.input_shape)
    for number, (layer, plain) in enumerate(zip(network.layers, layers, strict=True)):
        if isinstance(layer, Conv2d):
            values = _convolved(graph, layer, plain, values, network.limits[number])
        else:
            values = _multiplied(graph, layer, plain, values)
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
    columns = None if ticket.columns is None else ticket.columns.describe()
    return graph.model(ticket.n_columns, named, columns)


def onnx_file(ticket: Ticket) -> bytes:
    """Return the file of :func:`onnx`."""
    data: bytes = onnx(ticket).SerializeToString(deterministic=True)
    return data


def _quantised(graph: _Graph, ticket: Ticket) -> str:
    """Add what turns features into integers, step by step as the ticket does."""
    limit = graph.constant(np.float64(ticket.network.input_limit))
    values = "features"
    if ticket.columns is not None:
        values = _features(graph, wires_of(ticket.columns), ticket.scaling.offset)
    for operator, operand in (
        ("Sub", graph.constant(ticket.scaling.offset.astype(np.float64))),
        ("Mul", graph.constant(ticket.scaling.scale.astype(np.float64))),
        ("Mul", limit),
        ("Add", graph.constant(np.float64(0.5))),
    ):
        values = graph.add(operator, values, operand)
    low = graph.constant(np.float64(-ticket.network.input_limit))
    return graph.add("Clip", graph.add("Floor", values), low, limit)


def _features(graph: _Graph, wires: Wires, offset: npt.NDArray[np.float32]) -> str:
    """Add what turns rows of columns into features: see Wires."""
    cells = graph.add("Gather", "features", graph.constant(wires.column), axis=1)
    there = graph.add("Equal", cells, cells)  # NaN is not
    lacks = graph.add("Not", there)
    hit = graph.add("Equal", cells, graph.constant(wires.code))
    missing = graph.add("And", lacks, graph.constant(wires.is_missing))
    hit = graph.add("Or", hit, missing)
    offsets = graph.constant(np.broadcast_to(offset.astype(np.float64), wires.code.shape))
    rest = graph.add("Where", hit, graph.constant(np.float64(1)), offsets)
    is_number = graph.add("And", there, graph.constant(wires.is_number))
    return graph.add("Where", is_number, cells, rest)


def _reshaped(graph: _Graph, values: str, shape: tuple[int, ...]) -> str:
    """Add what gives each row another shape."""
    return graph.add("Reshape", values, graph.constant(np.array((0, *shape), np.int64)))  # 0: as is


def _multiplied(graph: _Graph, layer: Layer, plain: PlainLayer, values: str) -> str:
    """Add a dense layer."""
    if len(layer.below) > 1:
        values = _reshaped(graph, values, (layer.n_sources,))
    weights = graph.add("Cast", graph.constant(plain.weights.T), to=graph.double)
    values = graph.add("MatMul", values, weights)
    return graph.add("Add", values, graph.constant(plain.biases.astype(np.float64)))


def _convolved(graph: _Graph, layer: Conv2d, plain: PlainLayer, values: str, limit: int) -> str:
    """Add a convolution of what is at most ``limit`` in magnitude."""
    shape = (layer.units, layer.units_below, layer.kernel, layer.kernel)
    kernels = graph.constant(plain.weights.reshape(shape).astype(np.float32))
    before, after = padding_of(layer)
    around: dict[str, Any] = {
        "strides": [layer.stride] * 2,
        "pads": [before, before, after, after],
        "kernel_shape": [layer.kernel] * 2,
    }
    reach = int(np.abs(plain.weights.astype(np.int64)).sum(axis=1).max())
    total = graph.constant(plain.biases.astype(np.float64)[:, None, None])
    for digit, factor in _digits(graph, values, limit, reach):
        single = graph.add("Cast", digit, to=graph.single)
        found = graph.add("Conv", single, kernels, **around)
        found = graph.add("Cast", found, to=graph.double)
        if factor > 1:
            found = graph.add("Mul", found, graph.constant(np.float64(factor)))
        total = graph.add("Add", found, total)
    if layer.pool == 2:
        total = graph.add("MaxPool", total, kernel_shape=[2, 2], strides=[2, 2])
    return total


def _digits(graph: _Graph, values: str, limit: int, reach: int) -> Iterator[tuple[str, int]]:
    """Add what takes values apart, so that their products with weights are exact in single floats.

    Yields digits and what each of them counts. ``reach`` is the most that the magnitudes of the
    weights into a map add up to.
    """
    bits = max(0, (_EXACT // max(1, reach)).bit_length() - 1)
    if bits < _LEAST_BITS:
        raise ValueError(
            f"export to onnx takes convolutions whose weights into a map add up to at most "
            f"{_EXACT >> _LEAST_BITS} in magnitude, got {reach}"
        )
    factor, base = 1, graph.constant(np.float64(1 << bits))
    while reach * limit >= _EXACT:
        scaled = graph.add("Mul", values, graph.constant(np.float64(2.0**-bits)))
        above = graph.add("Floor", scaled)  # so digits but the last are 0 to 2**bits - 1
        yield graph.add("Sub", values, graph.add("Mul", above, base)), factor
        values, limit, factor = above, (limit >> bits) + 1, factor << bits
    yield values, factor


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
        self.single = library.TensorProto.FLOAT
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

    def add(self, operator: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        name = name or f"value_{len(self._nodes)}"
        self._nodes.append(
            self._library.helper.make_node(operator, list(inputs), [name], **attributes)
        )
        return name

    def model(
        self, n_features: int, labels: npt.NDArray[Any], columns: list[dict[str, Any]] | None
    ) -> Any:
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
        if columns is not None:
            helper.set_model_props(model, {"columns": json.dumps(columns)})
        self._library.checker.check_model(model)
        return model
