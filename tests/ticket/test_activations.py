"""The values of hidden units: those that a prediction goes on with."""

from __future__ import annotations

import numpy as np
import pytest

from columns import random_ticket
from convolved import convolved, images
from scratchcard import Conv2d, Dense, Mask, Network


@pytest.mark.parametrize("activation", ["relu", "step", "sign"])
@pytest.mark.parametrize("layers", [(Conv2d(6, 3), Dense(4)), (Conv2d(6, 3, pool=2), Dense(4))])
def test_the_last_hidden_layer_gives_the_outputs(layers, activation):
    ticket = convolved(layers=layers, activation=activation)
    network, mask = ticket.network, ticket.mask
    rows = ticket.scaling.quantise(images(20), network.input_limit)
    (maps,) = network.activations(mask, rows)
    assert maps.shape == (20, *network.layers[0].shape)
    weights = network.weights_of(1) * mask.array(1).astype(np.int64)
    outputs = maps.reshape(20, -1) @ weights.T + network.biases_of(1)
    assert np.array_equal(outputs, network.outputs(mask, rows))


def test_a_large_kernel_costs_no_more_than_what_survives_of_it():
    """One weight of 10,201 moves the map; all of them would take a thousand times as long."""
    network = Network([Conv2d(1, 101), Dense(2)], (1, 300, 300), biases="zero", activation="step")
    first = np.zeros(101**2, np.bool_)
    first[3 * 101 + 60] = True
    mask = Mask.from_flat(network.layers, np.append(first, np.ones(2 * 300**2, np.bool_)))
    row = np.random.default_rng(0).integers(-9, 10, (1, 300**2))
    (found,) = network.activations(mask, row)
    image, moved = row.reshape(300, 300), np.zeros((300, 300), np.int64)
    moved[47:, :290] = image[:253, 10:]  # reads 47 rows above and 10 columns to the right
    sums = moved * int(network.weights_of(0)[0, 3 * 101 + 60])
    assert np.array_equal(found[0, 0], np.where(sums > 0, network.ones[1], 0))
    assert found.any()


def test_dense_layers_have_theirs_too():
    ticket = random_ticket((7, 9, 5, 3), 0.6)
    network, mask = ticket.network, ticket.mask
    rows = np.random.default_rng(0).integers(-100, 100, (10, 7))
    first, second = network.activations(mask, rows)
    assert (first.shape, second.shape) == ((10, 9), (10, 5))
    weights = network.weights_of(2) * mask.array(2).astype(np.int64)
    assert np.array_equal(second @ weights.T + network.biases_of(2), network.outputs(mask, rows))
