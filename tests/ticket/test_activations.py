"""The values of hidden units: those that a prediction goes on with."""

from __future__ import annotations

import numpy as np
import pytest

from columns import random_ticket
from convolved import convolved, images
from scratchcard import Conv2d, Dense


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


def test_dense_layers_have_theirs_too():
    ticket = random_ticket((7, 9, 5, 3), 0.6)
    network, mask = ticket.network, ticket.mask
    rows = np.random.default_rng(0).integers(-100, 100, (10, 7))
    first, second = network.activations(mask, rows)
    assert (first.shape, second.shape) == ((10, 9), (10, 5))
    weights = network.weights_of(2) * mask.array(2).astype(np.int64)
    assert np.array_equal(second @ weights.T + network.biases_of(2), network.outputs(mask, rows))
