"""``numpy``: a ticket as arrays, for whoever computes with it in NumPy or elsewhere."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchcard.export.parts import classes_of, padding_of, plain_layers, wires_of
from scratchcard.ticket import Conv2d, Network, Ticket

__all__ = ["numpy", "numpy_file"]


def numpy(ticket: Ticket) -> dict[str, npt.NDArray[Any]]:
    """Return a ticket as arrays; all of its arithmetic is in them.

    Parameters
    ----------
    ticket : Ticket
        A ticket of dense layers and convolutions whose outputs are classes.

    Returns
    -------
    dict of str to ndarray
        ``weights_0`` (units, fan_in), int8 and ``biases_0`` (units,), int32, and so on for each
        layer; ``shifts`` after each hidden layer, ``limits`` and ``ones`` of what enters each
        layer; ``offset`` and ``scale`` of the features; ``activation``, ``labels`` and
        ``temperature``. Where there are convolutions their weights have shape
        (units, maps below, kernel, kernel), ``shape`` is that of a row, and ``strides``,
        ``befores``, ``afters`` (zeros around a map) and ``pools`` have an element for each layer,
        1, 0, 0 and 1 for a dense one. Of a ticket of tables also ``column``, ``code``,
        ``is_number`` and ``is_missing``, how rows of plain numbers become features
        (docs/guide/export.md), and ``columns``, what the columns are, as JSON.

    Raises
    ------
    ValueError
        For another ticket.
    """
    layers, network = plain_layers(ticket, "numpy"), ticket.network
    head = classes_of(ticket, "numpy")
    found: dict[str, npt.NDArray[Any]] = {}
    for number, layer in enumerate(layers):
        found[f"weights_{number}"] = _kernels(network, number, layer.weights)
        found[f"biases_{number}"] = layer.biases
    return found | {
        "shifts": np.array(network.shifts, np.int64),
        "limits": np.array(network.limits, np.int64),
        "ones": np.array(network.ones, np.int64),
        "offset": ticket.scaling.offset,
        "scale": ticket.scaling.scale,
        "activation": np.array(network.activation),
        "labels": head.labels,
        "temperature": np.array(head.temperature, np.float32),
        **_convolutions(network),
        **_columns(ticket),
    }


def _kernels(network: Network, number: int, weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    layer = network.layers[number]
    if not isinstance(layer, Conv2d):
        return weights
    return weights.reshape(layer.units, layer.units_below, layer.kernel, layer.kernel)


def _convolutions(network: Network) -> dict[str, npt.NDArray[Any]]:
    if not network.has_maps:
        return {}
    listed = [
        (layer.stride, *padding_of(layer), layer.pool)
        if isinstance(layer, Conv2d)
        else (1, 0, 0, 1)
        for layer in network.layers
    ]
    names = ("strides", "befores", "afters", "pools")
    return {
        "shape": np.array(network.input_shape, np.int64),
        **dict(zip(names, np.array(listed, np.int64).T, strict=True)),
    }


def _columns(ticket: Ticket) -> dict[str, npt.NDArray[Any]]:
    if ticket.columns is None:
        return {}
    text = json.dumps(ticket.columns.describe())
    return {**wires_of(ticket.columns)._asdict(), "columns": np.array(text)}


def numpy_file(ticket: Ticket) -> bytes:
    """Return the ``.npz`` file of :func:`numpy`; it holds no pickled objects."""
    file = io.BytesIO()
    np.savez_compressed(file, **numpy(ticket))  # type: ignore[arg-type]
    return file.getvalue()
