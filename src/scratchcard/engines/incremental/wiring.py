"""The network as compiled code reads it: where each weight leads.

These few functions are all that compiled code knows of how a weight is addressed. They follow from
what every layer states about itself (``ticket/layers/base.py``): the weights into a unit lie side
by side, and so do the units that they read. A new kind of layer needs nothing here; where its units
are maps, what these read at each position is a geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.compiled.cache import jit
from scratchcard.engines.loose import Loose
from scratchcard.objectives import Objective
from scratchcard.ticket import Layer, Network, Reading

RELU, STEP, SIGN = 0, 1, 2
ACTIVATIONS = {"relu": RELU, "step": STEP, "sign": SIGN}
MOST_OF_A_BYTE = 255


class Wiring(NamedTuple):
    """Where each weight of L layers leads: all that proposals and recombination read.

    Units are numbered through all layers, inputs first. Layer l leads to the units of number l + 1.
    A unit's place is its number among all that are not inputs.
    """

    sizes: NDArray[np.int64]  # (L + 1,) units, inputs first
    fan_ins: NDArray[np.int64]  # (L,) weights into each unit
    spans: NDArray[np.int64]  # (L,) how many of them lead from each unit below
    starts: NDArray[np.int64]  # (L + 1,) first weight of each layer; last: how many weights
    first_units: NDArray[np.int64]  # (L + 2,) first unit of each layer; last: how many units
    places: NDArray[np.int64]  # (L + 1,) place of the first unit of each layer; [0] is unused
    first_sources: NDArray[np.int64]  # (places,) first unit below that a unit reads
    stands: bool  # whether each layer is known to lead from the units of the one before


class Maps(NamedTuple):
    """Where the weights of the M layers of maps read, which are the first of a network.

    All are (M,) but for the last three. Two number planes: of sums, at positions that count, and of
    values. They are (M + 1,), the last being how many there are.
    """

    kernels: NDArray[np.int64]
    strides: NDArray[np.int64]
    befores: NDArray[np.int64]  # rows of zeros above a map
    pools: NDArray[np.int64]
    heights: NDArray[np.int64]  # of the maps below
    widths: NDArray[np.int64]
    rows: NDArray[np.int64]  # of values
    columns: NDArray[np.int64]
    first_sums: NDArray[np.int64]
    first_values: NDArray[np.int64]
    n_bytes: int  # planes of values that eight bits hold: those of the first layers, if they fit


class Net(NamedTuple):
    """The frozen network with L layers of weights. Layer l leads from units l to units l + 1.

    The first fields are those of :class:`Wiring`. Places number the sums that an individual keeps,
    hidden units first and outputs after them.
    """

    sizes: NDArray[np.int64]
    fan_ins: NDArray[np.int64]
    spans: NDArray[np.int64]
    starts: NDArray[np.int64]
    first_units: NDArray[np.int64]
    places: NDArray[np.int64]
    first_sources: NDArray[np.int64]
    stands: bool
    weights: NDArray[np.int8]  # (n_weights,)
    biases: NDArray[np.int32]  # (places,) in the unit of the sums
    shifts: NDArray[np.int32]  # (L,) right shift of each layer of units; [0] is unused
    limits: NDArray[np.int32]  # (L,) largest activation of each layer of units
    activation: int  # RELU, STEP or SIGN
    scale: np.float32  # bits of logit per unit of output
    reading: NDArray[np.float32]  # (numbers,) how outputs are read; for classes, the scale
    needs_exps: bool  # whether the objective reads 2**logit
    has_classes: bool  # whether the target of a row is one of the outputs
    maps: Maps | None  # None for a network without, of which nothing about maps is compiled


def numbers_of(objective: Objective, reading: Reading) -> NDArray[np.float32]:
    """Return the numbers by which an objective reads outputs.

    Parameters
    ----------
    objective : Objective
        The objective.
    reading : Reading
        A temperature, or lines.

    Returns
    -------
    ndarray of shape (1,) or (2 * n_outputs,), float32
        Bits of logit per unit of output; or the scales of all outputs, and then their offsets.
    """
    return np.ravel(np.asarray(objective.tempering.scale(reading), dtype=np.float32))


def wiring_of(layers: Sequence[Layer | Loose]) -> Wiring:
    """Return where the weights of layers lead.

    Parameters
    ----------
    layers : sequence of Layer, or of Loose
        Layers that stand on each other; or layers of which nobody knows what they stand on. All
        units of the latter recombine, by the weights that lead into them, and any of their weights
        may be of use.

    Returns
    -------
    Wiring
        The wiring.
    """
    first, fan_ins = layers[0], [layer.fan_in for layer in layers]
    n_inputs = max(fan_ins) if isinstance(first, Loose) else first.units_below
    sizes = np.array([n_inputs, *(layer.units for layer in layers)], dtype=np.int64)
    first_units = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    places = first_units[:-1] - sizes[0]
    places[0] = 0
    return Wiring(
        sizes=sizes,
        fan_ins=np.array(fan_ins, dtype=np.int64),
        spans=np.array([layer.span for layer in layers], dtype=np.int64),
        starts=np.cumsum([0, *(layer.n_weights for layer in layers)], dtype=np.int64),
        first_units=first_units,
        places=places,
        first_sources=np.concatenate([layer.first_sources() for layer in layers]),
        stands=not isinstance(first, Loose),
    )


def maps_of(network: Network) -> Maps | None:
    """Return where the weights of layers of maps read; None if no layer has maps.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    Maps or None
        The geometries of those layers whose units are maps, which are the first ones.
    """
    layers = network.layers
    found = [layer.geometry for layer in layers if layer.geometry is not None]
    if not found:
        return None
    sums, values = [0], [0]
    for layer, there in zip(layers, found, strict=False):
        values.append(layer.units * layer.positions)
        sums.append(values[-1] * there.pool**2)
    columns = zip(
        *(
            (
                *(there.kernel, there.stride, there.before, there.pool),
                *(there.height, there.width),
                *(there.rows // there.pool, there.columns // there.pool),
            )
            for there in found
        ),
        strict=True,
    )
    arrays = [np.array(column, dtype=np.int64) for column in columns]
    first_sums, first_values = np.cumsum(sums), np.cumsum(values)
    first = 0  # layers of small values; what stands on the last maps reads wide ones
    while first < len(found) - 1 and _fits_a_byte(network, first + 1):
        first += 1
    return Maps._make((*arrays, first_sums, first_values, int(first_values[first])))


def _fits_a_byte(network: Network, layer: int) -> bool:
    """Return whether no value that enters a layer is below 0 or above 255."""
    return network.activation != "sign" and network.limits[layer] <= MOST_OF_A_BYTE


def make_net(network: Network, objective: Objective, reading: Reading) -> Net:
    """Return a network as compiled code reads it.

    Parameters
    ----------
    network : Network
        The network.
    objective : Objective
        What is computed.
    reading : Reading
        How it reads outputs.

    Returns
    -------
    Net
        The network in arrays.
    """
    numbers = numbers_of(objective, reading)
    return Net(
        *wiring_of(network.layers),
        weights=network.flat_weights(),
        biases=np.concatenate([network.biases_of(k) for k in range(network.n_layers)]),
        shifts=np.array([0, *network.shifts], dtype=np.int32),
        limits=np.array(network.limits, dtype=np.int32),
        activation=ACTIVATIONS[network.activation],
        scale=numbers[0],
        reading=numbers,
        needs_exps=objective.needs_exps,
        has_classes=objective.answers == "classes",
        maps=maps_of(network),
    )


@jit
def count_maps(maps):
    """Return how many layers have maps; a constant where none has."""
    if maps is None:
        return 0
    return maps.kernels.size


@jit(inline="always")
def layer_of(net, index):
    """Return the layer of the weight at this flat index."""
    layer = 0
    while index >= net.starts[layer + 1]:
        layer += 1
    return layer


@jit(inline="always")
def target_of(net, layer, index):
    """Return the unit, in the layer above, that a weight leads to."""
    return (index - net.starts[layer]) // net.fan_ins[layer]


@jit(inline="always")
def source_of(net, layer, index):
    """Return the unit, in the layer below, that a weight leads from."""
    at = index - net.starts[layer]
    unit = at // net.fan_ins[layer]
    slot = at - unit * net.fan_ins[layer]
    return net.first_sources[net.places[layer + 1] + unit] + slot // net.spans[layer]


@jit(inline="always")
def first_weight(net, layer, unit):
    """Return the first of the ``net.fan_ins[layer]`` weights into a unit of the layer above."""
    return net.starts[layer] + unit * net.fan_ins[layer]


@jit(inline="always")
def first_source(net, layer, unit):
    """Return the unit below that the first weight into a unit above leads from."""
    return net.first_sources[net.places[layer + 1] + unit]


@jit(inline="always")
def first_between(net, layer, source, unit):
    """Return the first of the ``net.spans[layer]`` weights from a unit below to a unit above.

    If there are none, return -1.
    """
    slot = (source - first_source(net, layer, unit)) * net.spans[layer]
    if slot < 0 or slot >= net.fan_ins[layer]:
        return -1
    return first_weight(net, layer, unit) + slot
