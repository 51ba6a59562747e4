# The temperature: what it is set and fitted to, and what it must not depend on.
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from scratchcard import Conv2d, Dense
from scratchcard.objectives import get_objective
from scratchcard.rows import Rows
from scratchcard.search.temperature import (
    calibrated_temperature,
    first_reading,
    retempered,
    search_temperature,
)
from scratchcard.ticket.mask import Mask
from scratchcard.ticket.network import Network


def random_rows(network: Network, n_rows: int, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    limit = network.input_limit
    inputs = random.integers(-limit, limit, (n_rows, network.n_inputs))
    targets = random.integers(0, network.n_outputs, n_rows)
    return Rows(inputs, targets, random.integers(1, 4, n_rows))


@pytest.mark.parametrize("sizes", [(4, 3), (20, 50, 10), (64, 30, 30, 30, 5)])
@pytest.mark.parametrize("weights", ["uniform", "signed_constant", "kaiming_normal"])
def test_random_masks_get_a_spread_of_one_nat(sizes, weights):
    network = Network.dense(sizes, weights=weights)
    rows = random_rows(network, 500)
    temperature = search_temperature(network, rows, 0.3)
    random = np.random.default_rng(1)
    masks = [Mask.random(network.layers, 0.3, random) for _ in range(40)]
    logits = np.array([network.outputs(mask, rows.inputs) for mask in masks]) * temperature
    assert 0.5 < np.sqrt(logits.var(axis=2).mean()) < 2


def test_maps_are_first_read_as_if_no_more_than_a_fifth_could_stay():
    network = Network([Conv2d(4, 3, pool=2), Dense(3)], (1, 8, 8))
    rows = random_rows(network, 100)
    objective = get_objective("cross_entropy")
    first = [first_reading(objective, network, rows, density) for density in (0.05, 0.2, 0.5, 1.0)]
    assert first[0] > first[1] == first[2] == first[3]
    assert first[1] == search_temperature(network, rows, 0.2)


def test_no_temperature_of_zero_or_infinity_where_outputs_are_alike():
    network = Network.dense((2, 3), biases="zero")
    rows = Rows(np.zeros((5, 2), np.int16), [0, 1, 2, 0, 1])
    assert 0 < search_temperature(network, rows, 0.5) < np.inf
    assert 0 < calibrated_temperature(network, Mask.full(network.layers), rows) < np.inf


def rows_with_a_best_temperature(network: Network) -> tuple[Mask, np.ndarray, Rows]:
    """A mask, its outputs, and rows whose labels follow them, softly."""
    rows = random_rows(network, 400)
    mask = Mask.full(network.layers)
    outputs = network.outputs(mask, rows.inputs)
    noise = np.random.default_rng(2).gumbel(size=outputs.shape) * outputs.std()
    return mask, outputs, Rows(rows.inputs, (outputs + noise).argmax(axis=1), rows.weights)


def test_calibration_has_the_least_cross_entropy():
    network = Network.dense((5, 8, 3))
    mask, outputs, rows = rows_with_a_best_temperature(network)
    target = outputs[np.arange(400), rows.targets]

    def loss(temperature):
        losses = logsumexp(outputs * temperature, axis=1) - target * temperature
        return np.average(losses, weights=rows.weights)

    found = calibrated_temperature(network, mask, rows)
    assert found == pytest.approx(1 / outputs.std(), rel=0.5)
    assert all(loss(found) <= loss(found * factor) for factor in (0.5, 0.98, 1.02, 2))


@pytest.mark.parametrize("smoothing", [0.02, 0.3])
def test_a_search_reads_its_softmax_as_sharp_as_it_is_asked_to(smoothing):
    network = Network.dense((5, 8, 3))
    mask, outputs, rows = rows_with_a_best_temperature(network)
    lowest = 0.01 / outputs.std()
    best = calibrated_temperature(network, mask, rows, smoothing)
    for start in (lowest, 5 * best):
        found = retempered(outputs, rows, lowest, start, 1.0, smoothing)
        assert found == pytest.approx(best, rel=2**0.5 - 1)  # it goes in steps of sqrt(2)
        assert retempered(outputs, rows, lowest, start, 3.0, smoothing) == pytest.approx(3 * found)


@given(st.integers(0, 2**32 - 1), st.integers(1, 1500))
@settings(max_examples=20)
def test_neither_depends_on_order_or_on_how_often_a_row_of_what_weight_stands(seed, n_rows):
    network = Network.dense((3, 6, 3), seed=seed)
    rows = random_rows(network, n_rows, seed)
    again = np.repeat(np.arange(n_rows), rows.weights)
    np.random.default_rng(seed).shuffle(again)
    repeated = Rows(rows.inputs[again], rows.targets[again])
    with_none = Rows(
        np.vstack([rows.inputs, -rows.inputs]),
        np.tile(rows.targets, 2),
        np.concatenate([rows.weights, 0 * rows.weights]),
    )
    mask = Mask.random(network.layers, 0.7, np.random.default_rng(seed))
    for others in (repeated, with_none):
        assert search_temperature(network, others, 0.2) == search_temperature(network, rows, 0.2)
        expected = calibrated_temperature(network, mask, rows)
        assert calibrated_temperature(network, mask, others) == expected
